//! Why an effect of a draft failed: what a model can mend goes back to it, what only a person can stops the chain.

use certus_engine::{EffectId, ErrorCode, Outcome};
use certus_workspace::edit::EditError;

use super::{Driver, Stop};
use crate::Failure;

/// Why an effect of a draft failed, as it is recorded.
pub(super) struct Fault(pub(super) ErrorCode, pub(super) String);

impl Fault {
    /// The system does not let it be done, and no other draft mends that: a person has to.
    pub(super) fn is_for_a_person(&self) -> bool {
        self.0 == ErrorCode::Unavailable
    }
}

impl From<EditError> for Fault {
    fn from(error: EditError) -> Self {
        let code = match &error {
            EditError::Conflict { .. }
            | EditError::CutShort { .. }
            | EditError::Exists { .. }
            | EditError::Missing { .. } => ErrorCode::Diverged,
            EditError::Protected { .. } | EditError::Hidden { .. } => ErrorCode::Denied,
            EditError::TooLarge { .. } | EditError::TooMany { .. } | EditError::TooMuch { .. } => ErrorCode::Limit,
            EditError::ReadOnly { .. } => ErrorCode::Unavailable,
            EditError::HalfDone { .. } | EditError::Io { .. } | EditError::Damaged { .. } => ErrorCode::Failed,
            _ => ErrorCode::Invalid,
        };
        Self(code, error.to_string())
    }
}

pub(super) fn damaged(what: &str) -> Fault {
    Fault(ErrorCode::Failed, format!("what was stored of {what} cannot be read"))
}

impl From<Fault> for Outcome {
    fn from(Fault(code, message): Fault) -> Self {
        Self::Failed { code, message: crate::clean::clean(&message) }
    }
}

impl Driver<'_> {
    pub(super) fn is_first(&self, id: EffectId) -> bool {
        self.chain.effect(id).is_some_and(|effect| effect.attempt == 1)
    }

    /// Stop, and say what a person can do. Who goes on without doing it wants a draft that does without: the model is told then.
    pub(super) async fn for_a_person(
        &mut self,
        id: EffectId,
        draft: &str,
        Fault(_, message): Fault,
    ) -> Result<Stop, Failure> {
        let again = crate::report::FlowReport::again(self.id, &self.chain);
        let message = crate::clean::clean(&format!(
            "{draft} cannot be written: {message}; make that possible (as with `chmod u+w`) and go on: {again} (without \
             that, the model is told and drafts something else)"
        ));
        // The code of the fault is a provider's, where a chain pauses.
        let code = ErrorCode::Failed;
        self.defer(id, code, &message, false, None);
        self.commit().await?;
        Ok(Stop::Paused { code, message })
    }
}
