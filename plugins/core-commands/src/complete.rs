//! `/complete`: check that the change is ready to go out, and say how to commit it. Committing is the person's to do.

use crate::host::{Host, prompt_call};
use certus_sdk::{Answer, Error, prompt::Reply};

pub(crate) fn run(host: &mut impl Host) -> Result<Answer, Error> {
    let checked = host.run_prompt(&prompt_call("deployment_checker", &[]))?;
    say(host, &checked)?;
    if !checked.blockers.is_empty() {
        let blockers = checked.blockers.join(", ");
        return Ok(Answer::Done(format!("Not ready for deployment. Unresolved: {blockers}.")));
    }
    let advice = host.run_prompt(&prompt_call("git_advisor", &[]))?;
    say(host, &advice)?;
    Ok(Answer::Done("Checked; nothing blocks. Nothing was committed: that is yours to do.".into()))
}

/// What a prompt found: its notes, then its documents.
fn say(host: &mut impl Host, reply: &Reply) -> Result<(), Error> {
    let documents = reply.documents.iter().map(|document| document.body.as_str());
    for text in std::iter::once(reply.notes.as_str()).chain(documents).filter(|text| !text.trim().is_empty()) {
        host.say(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, reply};
    use certus_sdk::Proposal;

    #[test]
    fn it_says_what_was_found_and_how_to_commit() {
        let advice = Proposal { kind: "advice".into(), title: "Commit".into(), body: "git add src".into() };
        let mut fake = Fake::in_phase("deployment-readiness")
            .replying(Reply { notes: "- Tests: ready".into(), ..reply() })
            .replying(Reply { notes: "One commit.".into(), documents: vec![advice], ..reply() });
        assert!(matches!(run(&mut fake), Ok(Answer::Done(said)) if said.contains("Nothing was committed")));
        assert_eq!(fake.said, ["- Tests: ready", "One commit.", "git add src"]);
        assert_eq!(fake.ran, [prompt_call("deployment_checker", &[]), prompt_call("git_advisor", &[])]);
    }

    #[test]
    fn what_is_not_ready_gets_no_advice() {
        let blockers = vec!["migration".to_owned(), "rollback".to_owned()];
        let notes = "- Data: not ready".to_owned();
        let mut fake = Fake::in_phase("deployment-readiness").replying(Reply { notes, blockers, ..reply() });
        let answer = "Not ready for deployment. Unresolved: migration, rollback.";
        assert_eq!(run(&mut fake), Ok(Answer::Done(answer.into())));
        assert_eq!(fake.said, ["- Data: not ready"]);
        assert_eq!(fake.ran.len(), 1);
    }

    #[test]
    fn an_error_of_the_host_is_passed_on() {
        let mut fake = Fake::in_phase("deployment-readiness").replying(reply());
        assert!(matches!(run(&mut fake), Err(Error::Unavailable(_))));
        assert_eq!(fake.ran.len(), 2);
    }
}
