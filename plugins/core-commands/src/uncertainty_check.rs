//! `/uncertainty-check`: measure; present a solution when it is enough, plan more discovery when it is not.
//!
//! What is enough is what the gate of this phase asks, where it asks for overall confidence: a project may have raised it.

use crate::host::{Host, prompt_call};
use certus_sdk::{Answer, Error, Lack, View, prompt::Reply};

/// Overall confidence for a solution, where the methodology does not say.
const ENOUGH: f64 = 0.80;
/// The phase that `/present-solution` belongs to.
const APPROVAL: &str = "solution-approval";

pub(crate) fn run(host: &mut impl Host) -> Result<Answer, Error> {
    let reply = host.run_prompt(&prompt_call("uncertainty_analysis", &[]))?;
    let view = host.chain()?;
    let need = need(&view);
    let percent = format!("Overall confidence: {:.0} % (needs {:.0} %).", reply.overall * 100.0, need * 100.0);
    let missing = missing(&reply, &view, need);
    if !missing.is_empty() {
        host.say(&format!("{percent} Missing:\n{}", missing.join("\n")))?;
        let plan = host.run_prompt(&prompt_call("chain_planner", &[("focus", "reduce_uncertainty")]))?;
        let next: Vec<&str> = plan.next.iter().map(|call| call.name.as_str()).collect();
        let outlook = match next.as_slice() {
            // The methodology asks what is open, looks once more, or gives up.
            [] => "the plan names no further prompt, so the chain goes on as its methodology says".into(),
            next => format!("next: {}", next.join(", ")),
        };
        return Ok(Answer::Done(format!("{percent} Not enough for a solution yet; {outlook}.")));
    }
    host.say(&format!("{percent} Nothing blocks."))?;
    let here = view.phase == APPROVAL;
    let follows = view
        .phases
        .iter()
        .any(|phase| phase.name == view.phase && phase.may_follow.iter().any(|next| next == APPROVAL));
    if here || follows {
        Ok(Answer::Then("/present-solution".into()))
    } else {
        Ok(Answer::Done(format!("{percent} Enough for a solution, which is not presented in {}.", view.phase)))
    }
}

/// What the methodology asks, or what the gate asks if that is more.
fn need(view: &View) -> f64 {
    let setting = view.settings.iter().find(|setting| setting.area == "present-at").map(|setting| setting.confidence);
    let gate = view.lacks.iter().filter_map(|lack| match lack {
        Lack::Confidence(short) if short.area == "overall" => Some(short.need),
        _ => None,
    });
    gate.fold(setting.unwrap_or(ENOUGH), f64::max)
}

/// What stands against a solution, one line each.
fn missing(reply: &Reply, view: &View, need: f64) -> Vec<String> {
    let mut lines: Vec<String> =
        reply.blockers.iter().map(|area| format!("- {area} is unresolved and blocks")).collect();
    // A hair of slack: thresholds are written in decimal, confidences computed in binary.
    if reply.overall.is_nan() || reply.overall + 1e-9 < need {
        let mut weak: Vec<_> =
            view.scores.iter().filter(|score| score.area != "overall" && score.confidence < need).collect();
        weak.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
        lines.extend(weak.iter().map(|score| format!("- {}: {:.0} %", score.area, score.confidence * 100.0)));
        if lines.is_empty() {
            lines.push("- more evidence: no single area stands out".into());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, reply};
    use certus_sdk::{PromptCall, Score, Shortfall};

    #[test]
    fn enough_leads_to_a_solution() {
        let mut fake = Fake::in_phase("uncertainty-analysis").replying(Reply { overall: 0.80, ..reply() });
        assert_eq!(run(&mut fake), Ok(Answer::Then("/present-solution".into())));
        assert_eq!(fake.said, ["Overall confidence: 80 % (needs 80 %). Nothing blocks."]);
    }

    #[test]
    fn too_little_is_named_and_planned_for() {
        let next = vec![prompt_call("trace_existing_flow", &[])];
        let mut fake = Fake::in_phase("uncertainty-analysis")
            .replying(Reply { overall: 0.68, ..reply() })
            .replying(Reply { next, ..reply() });
        let score = |area: &str, confidence| Score { area: area.into(), confidence };
        fake.view.scores = vec![score("technical_approach", 0.7), score("requirements", 0.9), score("migration", 0.4)];
        let answer = "Overall confidence: 68 % (needs 80 %). Not enough for a solution yet; next: trace_existing_flow.";
        assert_eq!(run(&mut fake), Ok(Answer::Done(answer.into())));
        assert_eq!(
            fake.said,
            ["Overall confidence: 68 % (needs 80 %). Missing:\n- migration: 40 %\n- technical_approach: 70 %"]
        );
        let plan: Vec<PromptCall> = vec![prompt_call("chain_planner", &[("focus", "reduce_uncertainty")])];
        assert_eq!(fake.ran.get(1..), Some(plan.as_slice()));
    }

    #[test]
    fn a_blocker_outweighs_any_average() {
        let blockers = vec!["token_storage".to_owned()];
        let mut fake = Fake::in_phase("uncertainty-analysis")
            .replying(Reply { overall: 0.95, blockers, ..reply() })
            .replying(reply());
        let answer = "Overall confidence: 95 % (needs 80 %). Not enough for a solution yet; the plan names no further prompt, so \
             the chain goes on as its methodology says.";
        assert_eq!(run(&mut fake), Ok(Answer::Done(answer.into())));
        assert_eq!(
            fake.said,
            ["Overall confidence: 95 % (needs 80 %). Missing:\n- token_storage is unresolved and blocks"]
        );
    }

    #[test]
    fn a_raised_gate_is_heeded() {
        let mut fake =
            Fake::in_phase("uncertainty-analysis").replying(Reply { overall: 0.85, ..reply() }).replying(reply());
        fake.view.lacks = vec![Lack::Confidence(Shortfall { area: "overall".into(), have: 0.85, need: 0.90 })];
        assert!(matches!(run(&mut fake), Ok(Answer::Done(_))));
    }

    #[test]
    fn where_no_solution_may_follow_it_only_says_so() {
        let mut fake = Fake::in_phase("context-building").replying(Reply { overall: 0.9, ..reply() });
        let answer =
            "Overall confidence: 90 % (needs 80 %). Enough for a solution, which is not presented in context-building.";
        assert_eq!(run(&mut fake), Ok(Answer::Done(answer.into())));
    }

    #[test]
    fn an_error_of_the_host_is_passed_on() {
        let mut fake = Fake::in_phase("uncertainty-analysis");
        assert!(matches!(run(&mut fake), Err(Error::Unavailable(_))));
    }
}
