//! Which version of its controller a chain goes on with.

use certus_engine::Body;

use super::Driver;
use crate::Failure;

impl Driver<'_> {
    /// A chain outlives the version of the controller that it began with: it goes on with the one that is installed, in the
    /// phases that this one has. Before anything is begun or paid for that nobody could follow.
    ///
    /// # Errors
    /// No such controller is installed, it has another methodology, or the user has not let this version run.
    pub(super) fn take_controller(&mut self) -> Result<(), Failure> {
        let Some(started) = self.chain.started().filter(|_| self.chain.ended().is_none()) else { return Ok(()) };
        let installed = self.session.registry().installed(&started.controller.name)?;
        if installed.reference == started.controller {
            return Ok(());
        }
        // Who may not run says how that is allowed.
        installed.load(&*self.session.runtime()?, self.session.config_dir())?;
        let (controller, methodology) = self.session.methodology(Some(&started.methodology.name))?;
        if controller.name != started.controller.name {
            let (plugin, methodology) = (&started.controller.name, crate::clean::line(&started.methodology.name, 60));
            return Err(Failure::failed(format!("`{plugin}` has the methodology `{methodology}` no more"))
                .hint("install a version that has it: certus plugin list"));
        }
        let phases = if methodology.phases == started.methodology.phases { Vec::new() } else { methodology.phases };
        self.note(Body::ControllerChanged { controller, phases });
        Ok(())
    }
}
