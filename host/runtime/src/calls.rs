//! The calls that the contract knows. Each gets a fresh instance.

use certus_engine::{Action, ErrorCode, View};

use crate::abi::{self, Invalid, phase_controller::Action as Wanted};
use crate::error::{CallError, CallErrorKind};
use crate::plugin::{Export, Plugin};
use crate::report::{File, Report, Summary};
use crate::store::Context;
use crate::{CommandAnswer, CommandCall, Host, Invocation};

fn error(export: Export, kind: CallErrorKind) -> CallError {
    CallError { export, kind, log: Vec::new(), log_dropped: 0 }
}

fn invalid(export: Export) -> impl Fn(Invalid) -> CallError {
    move |Invalid(message)| error(export, CallErrorKind::Invalid(message))
}

impl Plugin {
    /// What the chain does next, in the controller's opinion.
    ///
    /// # Errors
    /// See [`CallErrorKind`].
    pub async fn next(&self, view: &View) -> Result<Action, CallError> {
        let export = Export::PhaseController;
        let next = self.indices().controller.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let view = abi::BorrowedView::from(view);
        let (action,) = self
            .begin(export, Context::default())?
            .end(async |store| {
                let instance = self.instance(store).await?;
                let next = instance.get_typed_func::<(&abi::BorrowedView<'_>,), (Wanted,)>(&mut *store, next)?;
                next.call_async(store, (&view,)).await
            })
            .await?;
        abi::action(action).map_err(invalid(export))
    }

    /// Run a command. Its imports reach the world through `host` alone.
    ///
    /// # Errors
    /// See [`CallErrorKind`]; among them is [`CallErrorKind::Waiting`], which is none. A command that says itself that it
    /// failed is an answer.
    pub async fn run_command(
        &self,
        call: CommandCall,
        host: Box<dyn Host>,
        invocation: Invocation,
    ) -> Result<CommandAnswer, CallError> {
        let export = Export::Command;
        let indices = self.indices().command.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let call = abi::command::Call { name: call.name, arguments: call.arguments };
        let answer = self
            .begin(export, Context { host: Some(host), invocation })?
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_run(store, &call).await
            })
            .await?;
        Ok(abi::answer(answer))
    }

    /// What each file says. See [`index_all`](Self::index_all) for many.
    ///
    /// # Errors
    /// See [`CallErrorKind`]; [`CallErrorKind::Invalid`] also when there is not one summary a file, in order.
    pub async fn index(&self, files: Vec<File>) -> Result<Vec<Summary>, CallError> {
        self.index_given(&abi::all(files, abi::file)).await
    }

    /// [`index`](Self::index) of files that can be given again.
    pub(crate) async fn index_given(&self, files: &[abi::stack_interpreter::File]) -> Result<Vec<Summary>, CallError> {
        let export = Export::StackInterpreter;
        let indices = self.indices().interpreter.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let summaries = self
            .begin(export, Context::default())?
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_index(store, files).await
            })
            .await?;
        if !summaries.iter().map(|summary| &summary.path).eq(files.iter().map(|file| &file.path)) {
            let (given, came) = (files.len(), summaries.len());
            let message = format!("not one summary a file, in order: {given} files were given, {came} summaries came");
            return Err(error(export, CallErrorKind::Invalid(message)));
        }
        Ok(abi::all(summaries, abi::summary))
    }

    /// What the whole project is made of.
    ///
    /// # Errors
    /// See [`CallErrorKind`].
    pub async fn link(&self, summaries: Vec<Summary>) -> Result<Report, CallError> {
        let export = Export::StackInterpreter;
        let indices = self.indices().interpreter.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let summaries = abi::all(summaries, abi::known_summary);
        let mut call = self.begin(export, Context::default())?;
        call.store.set_hostcall_fuel(self.limits().report_bytes);
        let report = call
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_link(store, &summaries).await
            })
            .await?;
        abi::report(report).map_err(invalid(export))
    }

    /// How the project says a concept, if the interpreter knows.
    ///
    /// # Errors
    /// See [`CallErrorKind`].
    pub async fn idiom(&self, concept: &str, report: &Report) -> Result<Option<String>, CallError> {
        let export = Export::StackInterpreter;
        let indices = self.indices().interpreter.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let report = abi::known_report(report);
        self.begin(export, Context::default())?
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_idiom(store, concept, &report).await
            })
            .await
    }

    /// The names of the prompts that the plugin computes.
    ///
    /// # Errors
    /// See [`CallErrorKind`].
    pub async fn prompt_names(&self) -> Result<Vec<String>, CallError> {
        let export = Export::Prompts;
        let indices = self.indices().prompts.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        self.begin(export, Context::default())?
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_names(store).await
            })
            .await
    }

    /// A whole prompt file; the inner error is the guest's own.
    ///
    /// # Errors
    /// See [`CallErrorKind`].
    pub async fn prompt(&self, name: &str) -> Result<Result<String, (ErrorCode, String)>, CallError> {
        let export = Export::Prompts;
        let indices = self.indices().prompts.as_ref().ok_or_else(|| error(export, CallErrorKind::Missing))?;
        let file = self
            .begin(export, Context::default())?
            .end(async |store| {
                let instance = self.instance(store).await?;
                indices.load(&mut *store, &instance)?.call_get(store, name).await
            })
            .await?;
        Ok(file.map_err(abi::error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every call can be spawned.
    #[allow(dead_code)]
    fn calls_are_send(plugin: &'static Plugin, view: &'static View, report: &'static Report, host: Box<dyn Host>) {
        fn send(_: impl Send) {}
        let call = CommandCall { name: String::new(), arguments: Vec::new() };
        send(plugin.next(view));
        send(plugin.run_command(call, host, Invocation::default()));
        send(plugin.index(Vec::new()));
        send(plugin.index_all(Vec::new()));
        send(plugin.link(Vec::new()));
        send(plugin.idiom("model", report));
        send(plugin.prompt_names());
        send(plugin.prompt("name"));
    }
}
