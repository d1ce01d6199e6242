//! `/present-solution`: synthesize a solution, put it before the person, answer what the person wants to know.
//!
//! A rejection ends the command. What follows from it is the controller's to decide.

use crate::host::{Host, prompt_call};
use certus_sdk::{Answer, Error, Proposal, Verdict};

/// Presentations before the command gives up.
const ROUNDS: usize = 8;

pub(crate) fn run(host: &mut impl Host) -> Result<Answer, Error> {
    let mut question: Option<String> = None;
    for _ in 0..ROUNDS {
        let solution = synthesize(host, question.as_deref())?;
        match host.request_approval(&solution)? {
            Verdict::Approved => {
                return Ok(Answer::Done(format!("Approved: {}.", solution.title.trim_end_matches('.'))));
            }
            Verdict::Rejected(why) => return Ok(Answer::Done(format!("Rejected: {why}"))),
            Verdict::MoreInfo(asked) => {
                let call = prompt_call("uncertainty_resolver", &[("specific_question", asked.as_str())]);
                let reply = host.run_prompt(&call)?;
                if !reply.notes.trim().is_empty() {
                    host.say(&reply.notes)?;
                }
                question = Some(asked);
            }
        }
    }
    Ok(Answer::Done(format!("Not decided: more was asked {ROUNDS} times.")))
}

fn synthesize(host: &mut impl Host, focus: Option<&str>) -> Result<Proposal, Error> {
    let arguments: Vec<(&str, &str)> = focus.iter().map(|focus| ("focus", *focus)).collect();
    let reply = host.run_prompt(&prompt_call("solution_synthesizer", &arguments))?;
    let solution = reply.documents.into_iter().find(|document| document.kind == "solution");
    solution.ok_or_else(|| Error::Failed("solution_synthesizer answered without a document of kind `solution`".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, reply, solution};
    use certus_sdk::prompt::Reply;

    fn presenting() -> Fake {
        Fake::in_phase("solution-approval").replying(Reply { documents: vec![solution()], ..reply() })
    }

    #[test]
    fn approved() {
        let mut fake = presenting().saying(Verdict::Approved);
        assert_eq!(run(&mut fake), Ok(Answer::Done("Approved: Tokens beside sessions.".into())));
        assert_eq!(fake.shown, [solution()]);
    }

    #[test]
    fn rejected_keeps_the_reason_and_runs_nothing_more() {
        let mut fake = presenting().saying(Verdict::Rejected("no Redis here".into()));
        assert_eq!(run(&mut fake), Ok(Answer::Done("Rejected: no Redis here".into())));
        assert_eq!(fake.ran.len(), 1);
    }

    #[test]
    fn more_information_is_found_said_and_worked_in() {
        let mut fake = presenting()
            .replying(Reply { notes: "Logout blacklists the token.".into(), ..reply() })
            .replying(Reply { documents: vec![solution()], ..reply() })
            .saying(Verdict::MoreInfo("how to log out?".into()))
            .saying(Verdict::Approved);
        assert!(matches!(run(&mut fake), Ok(Answer::Done(_))));
        assert_eq!(fake.said, ["Logout blacklists the token."]);
        assert_eq!(
            fake.ran,
            [
                prompt_call("solution_synthesizer", &[]),
                prompt_call("uncertainty_resolver", &[("specific_question", "how to log out?")]),
                prompt_call("solution_synthesizer", &[("focus", "how to log out?")]),
            ]
        );
    }

    #[test]
    fn it_does_not_answer_for_ever() {
        let mut fake = Fake::in_phase("solution-approval");
        for _ in 0..20 {
            fake = fake
                .replying(Reply { documents: vec![solution()], ..reply() })
                .replying(reply())
                .saying(Verdict::MoreInfo("and?".into()));
        }
        assert_eq!(run(&mut fake), Ok(Answer::Done("Not decided: more was asked 8 times.".into())));
        assert_eq!(fake.shown.len(), ROUNDS);
    }

    #[test]
    fn a_reply_without_a_solution_is_an_error() {
        let mut fake = Fake::in_phase("solution-approval").replying(reply());
        assert!(matches!(run(&mut fake), Err(Error::Failed(_))));
    }
}
