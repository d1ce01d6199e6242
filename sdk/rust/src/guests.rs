//! The traits that a plugin implements, and the macros that export them.
//!
//! The macros export for wasm only: the names of a component's exports (`certus:plugin/command@0.1.0#run`) are more than
//! a native linker takes. In native tests they check that the trait is implemented.
//!
//! The generated traits are not shown to plugins, because an adapter stands between: it installs the panic hook before
//! the plugin's own code runs. Without the hook, a panic is a bare `unreachable` in the host's log.

use crate::bindings::{command, controller, interpreter, source};
use crate::{Action, Answer, Call, Error, View, log, stack};
use std::marker::PhantomData;
use std::sync::Once;

/// Decides what a chain does next.
pub trait PhaseController {
    /// The next action. Must depend on the view alone.
    fn next(view: View) -> Action;
}

/// Slash commands.
pub trait Command {
    /// Run the command that the call names.
    ///
    /// # Errors
    /// Whatever the host answered, or the command's own failure as [`Error::Failed`].
    fn run(call: Call) -> Result<Answer, Error>;
}

/// Reads the source files of one stack.
pub trait StackInterpreter {
    /// One summary a file, in order; a pure function of each file.
    fn index(files: Vec<stack::File>) -> Vec<stack::Summary>;

    /// The whole project, from all its summaries.
    fn link(summaries: Vec<stack::Summary>) -> stack::Report;

    /// How this project says a concept, as one sentence.
    fn idiom(concept: String, report: stack::Report) -> Option<String>;
}

/// Computes prompts.
pub trait PromptSource {
    /// Names of the prompts.
    fn names() -> Vec<String>;

    /// The whole prompt file.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that [`names`](PromptSource::names) does not list.
    fn get(name: String) -> Result<String, Error>;
}

/// Stands between the generated exports and the plugin's type.
pub struct Exported<T>(PhantomData<T>);

fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            log::write(log::Level::Error, &panic.to_string());
        }));
    });
}

impl<T: PhaseController> controller::exports::certus::plugin::phase_controller::Guest for Exported<T> {
    fn next(view: View) -> Action {
        report_panics();
        T::next(view)
    }
}

impl<T: Command> command::exports::certus::plugin::command::Guest for Exported<T> {
    fn run(call: Call) -> Result<Answer, Error> {
        report_panics();
        T::run(call)
    }
}

impl<T: StackInterpreter> interpreter::exports::certus::plugin::stack_interpreter::Guest for Exported<T> {
    fn index(files: Vec<stack::File>) -> Vec<stack::Summary> {
        report_panics();
        T::index(files)
    }

    fn link(summaries: Vec<stack::Summary>) -> stack::Report {
        report_panics();
        T::link(summaries)
    }

    fn idiom(concept: String, report: stack::Report) -> Option<String> {
        report_panics();
        T::idiom(concept, report)
    }
}

impl<T: PromptSource> source::exports::certus::plugin::prompts::Guest for Exported<T> {
    fn names() -> Vec<String> {
        report_panics();
        T::names()
    }

    fn get(name: String) -> Result<String, Error> {
        report_panics();
        T::get(name)
    }
}

/// Export a type that implements [`PhaseController`].
#[macro_export]
macro_rules! phase_controller {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Plugin = $crate::exported::Exported<$plugin>;
    $crate::exported::controller::export_controller!(Plugin with_types_in $crate::exported::controller);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn implements<T: $crate::PhaseController>() {}
            implements::<$plugin>();
        };
    };
}

/// Export a type that implements [`Command`].
#[macro_export]
macro_rules! command {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Plugin = $crate::exported::Exported<$plugin>;
    $crate::exported::command::export_command!(Plugin with_types_in $crate::exported::command);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn implements<T: $crate::Command>() {}
            implements::<$plugin>();
        };
    };
}

/// Export a type that implements [`StackInterpreter`].
#[macro_export]
macro_rules! stack_interpreter {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Plugin = $crate::exported::Exported<$plugin>;
    $crate::exported::interpreter::export_interpreter!(Plugin with_types_in $crate::exported::interpreter);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn implements<T: $crate::StackInterpreter>() {}
            implements::<$plugin>();
        };
    };
}

/// Export a type that implements [`PromptSource`].
#[macro_export]
macro_rules! prompt_source {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Plugin = $crate::exported::Exported<$plugin>;
    $crate::exported::source::export_source!(Plugin with_types_in $crate::exported::source);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn implements<T: $crate::PromptSource>() {}
            implements::<$plugin>();
        };
    };
}
