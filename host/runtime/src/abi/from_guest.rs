//! What guests send, checked: numbers in 0..=1, names that are unique. How much they send was bounded before, by
//! [`Limits::hostcall_bytes`](crate::Limits::hostcall_bytes).

use std::collections::BTreeMap;

use certus_engine::{
    Action, Asking, Check, Decision, Discovery, ErrorCode, Place, PromptCall, Proposal, Question, RepliedUncertainty,
};

use super::{command, phase_controller as wit, stack_interpreter as stack, types};
use crate::report::{Commands, Finding, Framework, Model, Report, Route, Stack, Summary};
use crate::{CommandAnswer, LogLevel};

/// What a guest sent is not of the required form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid(pub(crate) String);

pub(crate) fn action(action: wit::Action) -> Result<Action, Invalid> {
    Ok(match action {
        wit::Action::RunPrompts(calls) => Action::RunPrompts(each(calls, prompt_call)?),
        wit::Action::Ask(list) => Action::Ask(list.into_iter().map(asking).collect()),
        wit::Action::RequestApproval(shown) => Action::RequestApproval(proposal(shown)),
        wit::Action::EnterPhase((phase, why)) => Action::EnterPhase { phase, why },
        wit::Action::RunCommand(line) => Action::RunCommand(line),
        wit::Action::ProposeEdits(draft) => Action::ProposeEdits(draft),
        wit::Action::RunCheck(check) => Action::RunCheck(match check {
            wit::Check::Test => Check::Test,
            wit::Check::Lint => Check::Lint,
            wit::Check::Build => Check::Build,
        }),
        wit::Action::Finish(sentence) => Action::Finish(sentence),
        wit::Action::GiveUp(why) => Action::GiveUp(why),
    })
}

fn asking(asking: wit::Asking) -> Asking {
    match asking {
        wit::Asking::Raised(id) => Asking::Raised(id),
        wit::Asking::New(new) => Asking::New(question(new)),
    }
}

pub(crate) fn prompt_call(call: types::PromptCall) -> Result<PromptCall, Invalid> {
    let mut arguments = BTreeMap::new();
    for (name, value) in call.arguments {
        if let Some(twice) = arguments.insert(name.clone(), value) {
            drop(twice);
            return Err(Invalid(format!("argument {name} of prompt {} is given twice", call.name)));
        }
    }
    Ok(PromptCall { name: call.name, arguments, why: String::new() })
}

pub(crate) fn question(question: types::Question) -> Question {
    let types::Question { id, text, why, options, recommended, area } = question;
    Question { id, text, why, options, recommended, area }
}

pub(crate) fn proposal(proposal: types::Proposal) -> Proposal {
    let types::Proposal { kind, title, body } = proposal;
    Proposal { kind, title, body }
}

/// A proposed fact. Its id and whether it is cited are the host's to say.
pub(crate) fn discovery(fact: types::Fact) -> Discovery {
    Discovery { key: fact.key, value: fact.value, evidence: fact.source.map(place), cited: false }
}

pub(crate) fn uncertainty(uncertainty: types::Uncertainty) -> Result<RepliedUncertainty, Invalid> {
    let types::Uncertainty { area, claim, confidence, blocking, resolution } = uncertainty;
    let confidence = number(confidence, || format!("confidence of uncertainty {area}"))?;
    Ok(RepliedUncertainty { area, claim, confidence, blocking, resolution })
}

pub(crate) fn decision(decision: types::Decision) -> Decision {
    let types::Decision { key, value, because } = decision;
    Decision { key, value, because }
}

pub(crate) fn answer(answer: Result<command::Answer, types::Error>) -> CommandAnswer {
    match answer {
        Ok(command::Answer::Done(sentence)) => CommandAnswer::Done(sentence),
        Ok(command::Answer::Then(line)) => CommandAnswer::Then(line),
        Err(error) => {
            let (code, message) = self::error(error);
            CommandAnswer::Failed { code, message }
        }
    }
}

pub(crate) fn error(error: types::Error) -> (ErrorCode, String) {
    match error {
        types::Error::Denied(message) => (ErrorCode::Denied, message),
        types::Error::Limit(message) => (ErrorCode::Limit, message),
        types::Error::Invalid(message) => (ErrorCode::Invalid, message),
        types::Error::Unavailable(message) => (ErrorCode::Unavailable, message),
        types::Error::Cancelled(message) => (ErrorCode::Cancelled, message),
        types::Error::Diverged(message) => (ErrorCode::Diverged, message),
        types::Error::Failed(message) => (ErrorCode::Failed, message),
    }
}

pub(crate) fn level(level: super::log::Level) -> LogLevel {
    match level {
        super::log::Level::Debug => LogLevel::Debug,
        super::log::Level::Info => LogLevel::Info,
        super::log::Level::Warn => LogLevel::Warn,
        super::log::Level::Error => LogLevel::Error,
    }
}

pub(crate) fn summary(summary: stack::Summary) -> Summary {
    let stack::Summary { path, data, problem } = summary;
    Summary { path, data, problem }
}

pub(crate) fn report(report: stack::Report) -> Result<Report, Invalid> {
    let stack::Report { stacks, routes, models, findings, commands } = report;
    let stack::Commands { test, lint, build } = commands;
    Ok(Report {
        stacks: each(stacks, |stack| {
            let confidence = number(stack.confidence, || format!("confidence of stack {}", stack.name))?;
            let frameworks = stack.frameworks.into_iter().map(|f| Framework { name: f.name, version: f.version });
            Ok(Stack { name: stack.name, root: stack.root, confidence, frameworks: frameworks.collect() })
        })?,
        routes: all(routes, |route| Route {
            method: route.method,
            path: route.path,
            handler: route.handler,
            place: place(route.place),
        }),
        models: all(models, |model| Model { name: model.name, fields: model.fields, place: place(model.place) }),
        findings: all(findings, |found| Finding { key: found.key, value: found.value, place: place(found.place) }),
        commands: Commands { test, lint, build },
    })
}

fn place(place: types::Place) -> Place {
    let types::Place { path, line, quote } = place;
    Place { path, line, quote }
}

fn number(value: f64, what: impl FnOnce() -> String) -> Result<f64, Invalid> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(Invalid(format!("{} is {value}, outside 0..=1", what()))) }
}

pub(crate) fn each<A, B>(list: Vec<A>, convert: impl FnMut(A) -> Result<B, Invalid>) -> Result<Vec<B>, Invalid> {
    list.into_iter().map(convert).collect()
}

pub(crate) fn all<A, B>(list: Vec<A>, convert: impl FnMut(A) -> B) -> Vec<B> {
    list.into_iter().map(convert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_are_refused() {
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let sent = types::Uncertainty {
                area: "scope".into(),
                claim: String::new(),
                confidence: value,
                blocking: false,
                resolution: None,
            };
            assert!(uncertainty(sent).is_err(), "{value}");
        }
    }

    #[test]
    fn an_argument_is_given_once() {
        let arguments = vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert!(prompt_call(types::PromptCall { name: "p".into(), arguments }).is_err());
    }

    #[test]
    fn a_guest_cannot_cite_its_own_fact() {
        let fact = types::Fact { id: "F1".into(), key: "k".into(), value: "v".into(), source: None, cited: true };
        assert!(!discovery(fact).cited);
    }
}
