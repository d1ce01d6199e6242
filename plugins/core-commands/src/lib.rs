//! The commands of the default flow.
//!
//! | command | module |
//! |---|---|
//! | `/uncertainty-check` | [`uncertainty_check`] |
//! | `/present-solution` | [`present_solution`] |
//! | `/implement` | [`implement`] |
//! | `/complete` | [`complete`] |
//!
//! A command talks to the host through [`Host`], which the tests play.

mod complete;
#[cfg(test)]
mod fake;
mod host;
mod implement;
mod present_solution;
mod uncertainty_check;

use certus_sdk::{Answer, Call, Command, Error};
use host::{Host, Imports};

fn run(host: &mut impl Host, call: &Call) -> Result<Answer, Error> {
    if call.name == "implement" {
        return implement::run(host, &call.arguments);
    }
    if let Some(argument) = call.arguments.first() {
        return Err(Error::Invalid(format!("/{} takes no argument, but was given `{argument}`", call.name)));
    }
    match call.name.as_str() {
        "uncertainty-check" => uncertainty_check::run(host),
        "present-solution" => present_solution::run(host),
        "complete" => complete::run(host),
        other => Err(Error::Invalid(format!("there is no command /{other} here"))),
    }
}

struct CoreCommands;

impl Command for CoreCommands {
    fn run(call: Call) -> Result<Answer, Error> {
        run(&mut Imports, &call)
    }
}

certus_sdk::command!(CoreCommands);

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Fake;

    fn call(name: &str, arguments: &[&str]) -> Call {
        Call { name: name.into(), arguments: arguments.iter().map(|argument| (*argument).into()).collect() }
    }

    #[test]
    fn unknown_commands_and_arguments_are_refused() {
        let mut fake = Fake::default();
        assert!(matches!(run(&mut fake, &call("dance", &[])), Err(Error::Invalid(_))));
        assert!(matches!(run(&mut fake, &call("present-solution", &["--fast"])), Err(Error::Invalid(_))));
        assert!(fake.said.is_empty() && fake.ran.is_empty());
    }
}
