use std::path::PathBuf;

use certus_app::{Answers, Failure, Kind};
use clap::Args;

use crate::args::Global;
use crate::context::{self, Drive};
use crate::output::Output;

/// Answer questions of a chain, or correct an answer; once none is open, the chain goes on
///
/// Without arguments, in a terminal, the open questions are asked one at a time. A question that was answered before may be
/// answered anew by its id: the chain goes back to the phase that asked, what was made of the old answer is made again, and
/// a solution that was shown since has to be approved again.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// The question's id, then its answer, for one or several questions; or each as id=answer; or only the answer when one
    /// question is open
    #[arg(value_name = "ID ANSWER | ID=ANSWER")]
    words: Vec<String>,
    /// Another chain than the active one
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
    /// A TOML file with [answers] question-id = "answer"
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Take the recommended answer to every question not answered otherwise
    #[arg(long)]
    recommended: bool,
    /// Stop once this phase is entered and its proposal shown
    #[arg(long, value_name = "PHASE")]
    until: Option<String>,
}

pub(crate) fn run(args: AnswerArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let chain = args.chain.clone();
    answer(args, global, output).map_err(|failure| context::of_chain(failure, chain.as_deref()))
}

fn answer(args: AnswerArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = context::session(global)?;
    let id = context::chain(&session, args.chain.as_deref())?;
    let mut answers = args.file.as_deref().map(Answers::read).transpose()?.unwrap_or_default();
    answers.typed.recommended = args.recommended;
    let open = session.open_questions(id)?;
    let answered = session.answered_questions(id)?;
    if open.is_empty() && args.words.is_empty() {
        let failure = Failure::of(Kind::Usage, format!("chain {id} waits for no answer"))
            .hint("see where it stands: certus status");
        return Err(match answered.first() {
            Some(one) => failure.hint(format!("or correct an answer: certus answer {} \"your answer\"", one.id)),
            None => failure,
        });
    }
    let named = certus_app::named_answers(&args.words, &open, &answered)?;
    let (corrections, new): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|(id, _)| answered.iter().any(|one| one.id == *id));
    answers.typed.answers = new.into_iter().collect();
    let how = Drive { until: args.until, answers, ..Drive::default() };
    context::drive(&session, id, global, output, how, async |driver| {
        for (question, text) in &corrections {
            driver.correct(question, text).await?;
        }
        Ok(())
    })
}
