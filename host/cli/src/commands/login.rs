use std::io::{IsTerminal, Read};

use certus_app::{Failure, Kind};
use clap::Args;

use crate::args::Global;
use crate::context;
use crate::output::Output;
use crate::terminal::Resumed;
use crate::typed::Typed;

/// Keys are no longer than this.
const MOST_BYTES: u64 = 64 * 1024;
/// What is shorter was typed for something else, such as a command of the shell: nobody sees what they type here. Shorter keys, such
/// as those of a service of one's own, can be piped.
const LEAST_TYPED: usize = 8;

/// Store the key of a model service, or remove it
///
/// The key is typed without being shown, or comes through stdin: certus login anthropic < FILE. It goes into the keyring of
/// the system, or where there is none into a file of your configuration directory that only you can read. A key in the
/// environment comes before a stored one.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Whose key: anthropic, openai, gemini, or a service of your configuration
    #[arg(value_name = "PROVIDER")]
    name: String,
    /// Forget the stored key
    #[arg(long)]
    remove: bool,
}

pub(crate) fn run(args: &LoginArgs, global: &Global, output: &Output) -> Result<u8, Failure> {
    let session = if args.remove { context::spending_nothing(global, output)? } else { context::session(global)? };
    // The key of a service whose description is broken can still be forgotten.
    if !args.remove || session.passed_over().next().is_none() {
        session.check_login(&args.name)?;
    }
    if args.remove {
        let place = session.forget_key(&args.name)?;
        output.object(&serde_json::json!({ "provider": args.name, "removed": place }));
        match place {
            Some(place) => output.line(format!("The key of {} is removed from {place}", args.name)),
            None => output.line(format!("No key of {} was stored", args.name)),
        }
        return Ok(0);
    }
    let stored = session.store_key(&args.name, &key(&args.name, global, output)?)?;
    output.object(&serde_json::json!({ "provider": args.name, "stored": stored.place }));
    output.line(format!("The key of {} is stored in {}", args.name, stored.place));
    if stored.in_file {
        output.note("This machine has no keyring that Certus can reach, so it is a file that only you can read");
    }
    if let Some(nearer) = stored.nearer {
        output.warning(&format!("{nearer} comes before it"));
    }
    Ok(0)
}

/// The key, from stdin or typed.
fn key(name: &str, global: &Global, output: &Output) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if !std::io::stdin().is_terminal() {
        std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text).map(|_| text)
    } else if global.no_input {
        return Err(Failure::usage("there is no key").hint(format!("pipe it: certus login {name} < FILE")));
    } else {
        let typed = context::block_on(typed(name, output)).map_err(|mut failure| {
            // There is no chain to go on with.
            failure.hints.retain(|hint| hint != context::GO_ON);
            failure
        })?;
        if typed.trim().chars().count() < LEAST_TYPED {
            return Err(Failure::usage(format!("what was typed is too short for a key of {name}, and was not stored"))
                .hint(format!(
                    "type or paste the whole key: certus login {name}; or pipe it: certus login {name} < FILE"
                )));
        }
        Ok(typed)
    };
    read.map_err(|error| Failure::failed(format!("cannot read the key: {error}")))
}

/// The key as it is typed from now on. Whoever comes back to a process that was stopped (Ctrl-Z, then `fg`) is asked again.
async fn typed(name: &str, output: &Output) -> Result<String, Failure> {
    let prompt = || output.prompt(&format!("Key of {name} (it is not shown): "));
    let mut resumed = Resumed::new();
    crate::typed::ask();
    prompt();
    let mut read = tokio::task::spawn_blocking(crate::typed::read_hidden);
    loop {
        let read = tokio::select! {
            read = &mut read => read,
            () = resumed.next() => {
                crate::typed::ask_again();
                prompt();
                continue;
            }
        };
        output.prompt_answered();
        return match read {
            Ok(Ok(Some(Typed::Text(text)))) => Ok(text),
            Ok(Ok(Some(Typed::TooLong))) => {
                Err(Failure::usage("what was typed is too long for a key, and was not stored"))
            }
            Ok(Ok(None)) => Err(Failure::usage("the terminal was closed; no key was stored")),
            Ok(Err(error)) => Err(Failure::failed(format!("cannot read the key: {error}"))),
            Err(_) => Err(Failure::of(Kind::Interrupted, "interrupted")),
        };
    }
}
