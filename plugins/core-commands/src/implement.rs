//! `/implement`: plan how the approved solution is carried out, and say what happens next.
//!
//! Nothing is written here. The controller goes on from the plan; it reads the mode off the command line, which the chain keeps.

use crate::host::{Host, prompt_call};
use certus_sdk::{Answer, Error};

/// What comes first, tests or code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Tdd,
    Direct,
}

const TDD: &str = "Next come the tests. You see them as a diff, they are written once you approve them, and run: they should \
    fail. Then comes the code, in small pieces, each shown, approved, written and tested in the same way.";

const DIRECT: &str = "Next comes the code, in small pieces. You see each as a diff, it is written once you approve it, and the \
    project's tests run after each. No new tests are written before the code.";

pub(crate) fn run(host: &mut impl Host, arguments: &[String]) -> Result<Answer, Error> {
    let mode = mode(arguments)?;
    let reply = host.run_prompt(&prompt_call("solution_designer", &[]))?;
    if !reply.blockers.is_empty() {
        return Ok(Answer::Done(format!("Not planned. Unresolved: {}.", reply.blockers.join(", "))));
    }
    let mut next = match mode {
        Mode::Tdd => TDD,
        Mode::Direct => DIRECT,
    }
    .to_owned();
    if !host.chain()?.commands.iter().any(|check| check == "test") {
        next.push_str(
            " No test command of the project is known, and without a passed test run the work cannot be completed.",
        );
    }
    host.say(&next)?;
    let plan = reply.documents.iter().find(|document| document.kind == "plan");
    let title = plan.map(|plan| plan.title.trim_end_matches('.').trim()).filter(|title| !title.is_empty());
    Ok(Answer::Done(title.map_or_else(|| "Planned.".into(), |title| format!("Planned: {title}."))))
}

/// `--mode tdd`, `--mode=tdd`, or the mode alone.
fn mode(arguments: &[String]) -> Result<Mode, Error> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let word = match words.as_slice() {
        [] => return Ok(Mode::Tdd),
        ["--mode", word] => word,
        [word] => word.strip_prefix("--mode=").unwrap_or(word),
        _ => "",
    };
    match word {
        "tdd" => Ok(Mode::Tdd),
        "direct" => Ok(Mode::Direct),
        _ => Err(Error::Invalid(format!(
            "/implement takes `--mode tdd` or `--mode direct`, but was given `{}`",
            words.join(" ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, reply};
    use certus_sdk::{Proposal, prompt::Reply};

    fn planned() -> Fake {
        let plan = Proposal { kind: "plan".into(), title: "Three pieces.".into(), body: "1. …".into() };
        let mut fake = Fake::in_phase("implementation").replying(Reply { documents: vec![plan], ..reply() });
        fake.view.commands = vec!["test".into()];
        fake
    }

    fn run_with(fake: &mut Fake, arguments: &[&str]) -> Result<Answer, Error> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).into()).collect();
        run(fake, &arguments)
    }

    #[test]
    fn it_plans_and_says_that_tests_come_first() {
        for arguments in [&[][..], &["--mode", "tdd"], &["--mode=tdd"], &["tdd"]] {
            let mut fake = planned();
            assert_eq!(run_with(&mut fake, arguments), Ok(Answer::Done("Planned: Three pieces.".into())));
            assert_eq!(fake.ran, [prompt_call("solution_designer", &[])]);
            assert_eq!(fake.said, [TDD]);
            assert!(fake.shown.is_empty());
        }
    }

    #[test]
    fn the_direct_mode_says_that_code_comes_at_once() {
        let mut fake = planned();
        assert!(matches!(run_with(&mut fake, &["--mode", "direct"]), Ok(Answer::Done(_))));
        assert_eq!(fake.said, [DIRECT]);
    }

    #[test]
    fn a_project_without_tests_is_named_before_anything_is_written() {
        let mut fake = planned();
        fake.view.commands.clear();
        assert!(matches!(run_with(&mut fake, &[]), Ok(Answer::Done(_))));
        assert!(fake.said.iter().any(|said| said.contains("No test command")), "{:?}", fake.said);
    }

    #[test]
    fn other_modes_are_refused_before_anything_runs() {
        for arguments in [&["--mode"][..], &["--mode", "yolo"], &["--fast"], &["--mode", "tdd", "now"]] {
            let mut fake = planned();
            assert!(matches!(run_with(&mut fake, arguments), Err(Error::Invalid(_))), "{arguments:?}");
            assert!(fake.ran.is_empty());
        }
    }

    #[test]
    fn a_blocker_is_the_answer() {
        let blockers = vec!["token_storage".to_owned()];
        let mut fake = Fake::in_phase("implementation").replying(Reply { blockers, ..reply() });
        let answer = "Not planned. Unresolved: token_storage.";
        assert_eq!(run_with(&mut fake, &[]), Ok(Answer::Done(answer.into())));
        assert!(fake.said.is_empty());
    }
}
