//! What a package asks for, and what may be left of it.
//!
//! Each domain of the host has levels, and a higher level includes the lower. There is nothing in between and no
//! exception, so rights can be compared, narrowed and shown in one line.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! levels {
    ($(#[$doc:meta])* $name:ident { $($(#[$level_doc:meta])* $level:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            /// No access.
            #[default]
            None,
            $($(#[$level_doc])* $level,)+
        }

        impl $name {
            /// As written in a manifest.
            pub fn name(self) -> &'static str {
                match self {
                    Self::None => "none",
                    $(Self::$level => $text,)+
                }
            }
        }
    };
}

levels! {
    /// The chain that a call belongs to.
    ChainRight {
        /// Read the view.
        Read = "read",
        /// Propose facts, uncertainties and decisions.
        Propose = "propose",
    }
}

levels! {
    /// The prompt library.
    PromptRight {
        /// Search and render.
        Search = "search",
        /// Run, which costs money.
        Run = "run",
    }
}

levels! {
    /// The person.
    UserRight {
        /// Show text.
        Say = "say",
        /// Ask, and request approval.
        Ask = "ask",
    }
}

levels! {
    /// The project's files.
    WorkspaceRight {
        /// Read what is not excluded.
        Read = "read",
    }
}

/// What a package asks for, or was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rights {
    /// The chain.
    pub chain: ChainRight,
    /// The prompt library.
    pub prompt: PromptRight,
    /// The person.
    pub user: UserRight,
    /// The project's files.
    pub workspace: WorkspaceRight,
}

/// What a project leaves of a package's rights: a domain that is not named stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Narrowing {
    /// The chain.
    pub chain: Option<ChainRight>,
    /// The prompt library.
    pub prompt: Option<PromptRight>,
    /// The person.
    pub user: Option<UserRight>,
    /// The project's files.
    pub workspace: Option<WorkspaceRight>,
}

impl Rights {
    /// Everything in `asked` is included.
    pub fn cover(&self, asked: &Self) -> bool {
        asked.beyond(self).is_empty()
    }

    /// What these rights ask for beyond what is granted, each as a line of a manifest: `workspace = "read"`.
    pub fn beyond(&self, granted: &Self) -> Vec<String> {
        let domains = [
            (self.chain > granted.chain, "chain", self.chain.name()),
            (self.prompt > granted.prompt, "prompt", self.prompt.name()),
            (self.user > granted.user, "user", self.user.name()),
            (self.workspace > granted.workspace, "workspace", self.workspace.name()),
        ];
        let beyond = domains.into_iter().filter(|(is_beyond, ..)| *is_beyond);
        beyond.map(|(_, domain, level)| format!("{domain} = \"{level}\"")).collect()
    }

    /// What a project leaves: in each domain the lower of the two.
    #[must_use]
    pub fn narrowed(&self, by: &Narrowing) -> Self {
        Self {
            chain: by.chain.map_or(self.chain, |most| most.min(self.chain)),
            prompt: by.prompt.map_or(self.prompt, |most| most.min(self.prompt)),
            user: by.user.map_or(self.user, |most| most.min(self.user)),
            workspace: by.workspace.map_or(self.workspace, |most| most.min(self.workspace)),
        }
    }
}

/// As one line for people: `chain = "read", user = "ask"`, or `none`.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.beyond(&Self::default());
        if lines.is_empty() { f.write_str("none") } else { f.write_str(&lines.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rights() -> impl Strategy<Value = Rights> {
        (
            prop::sample::select(vec![ChainRight::None, ChainRight::Read, ChainRight::Propose]),
            prop::sample::select(vec![PromptRight::None, PromptRight::Search, PromptRight::Run]),
            prop::sample::select(vec![UserRight::None, UserRight::Say, UserRight::Ask]),
            prop::sample::select(vec![WorkspaceRight::None, WorkspaceRight::Read]),
        )
            .prop_map(|(chain, prompt, user, workspace)| Rights { chain, prompt, user, workspace })
    }

    proptest! {
        #[test]
        fn a_project_can_only_narrow(asked in rights(), most in rights()) {
            let by = Narrowing {
                chain: Some(most.chain),
                prompt: Some(most.prompt),
                user: Some(most.user),
                workspace: Some(most.workspace),
            };
            let left = asked.narrowed(&by);
            prop_assert!(asked.cover(&left) && most.cover(&left));
            prop_assert_eq!(asked.narrowed(&Narrowing::default()), asked);
        }

        #[test]
        fn what_is_covered_is_not_beyond(granted in rights(), asked in rights()) {
            prop_assert_eq!(granted.cover(&asked), asked.beyond(&granted).is_empty());
            prop_assert!(asked.cover(&Rights::default()));
        }
    }

    #[test]
    fn a_denial_can_print_the_line_that_would_allow_it() {
        let asked = Rights { chain: ChainRight::Read, user: UserRight::Ask, ..Rights::default() };
        let granted = Rights { user: UserRight::Say, ..Rights::default() };
        assert_eq!(asked.beyond(&granted), ["chain = \"read\"", "user = \"ask\""]);
        assert_eq!(asked.to_string(), "chain = \"read\", user = \"ask\"");
        assert_eq!(Rights::default().to_string(), "none");
    }
}
