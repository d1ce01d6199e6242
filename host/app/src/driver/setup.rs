//! What a chain goes on with: the installed version of its controller, who answers, its caps, and what was interrupted.

use certus_engine::{Body, EffectId, EffectState, budget};

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

    pub(super) fn choose_provider(&mut self) {
        let provider = self.provider_name.clone();
        if provider != self.chain.provider() {
            self.note(Body::ProviderChosen { provider });
        }
    }

    pub(super) fn set_caps(&mut self) {
        let config = self.session.config();
        let own = budget::own(&self.chain, config.own_cap);
        if let Some(body) = budget::set(&self.chain, config.caps(own), own) {
            self.note(body);
        }
    }

    /// Whatever was begun and has no outcome was in flight when the process before this one ended, or could not be done
    /// then. Effects inside a command are taken up when the command reaches them again.
    pub(super) fn reissue_interrupted(&mut self) {
        for id in std::mem::take(&mut self.interrupted) {
            self.reissue(id);
        }
    }

    pub(crate) fn reissue(&mut self, id: EffectId) {
        let Some(effect) = self.chain.effect(id) else { return };
        if effect.request.waits_for_person() || !effect.is_open() {
            return;
        }
        let in_flight = effect.state == EffectState::Pending;
        let attempt = effect.attempt.saturating_add(1);
        // Of whoever was asked, not of whoever answers now: it was set aside before the call was made.
        let possibly_billed_twice = in_flight && effect.reserved.is_some_and(certus_engine::Amount::is_billed);
        self.note(Body::Reissued { effect: id, attempt, possibly_billed_twice, leftover: None });
    }
}
