//! A methodology is data in a controller's manifest: the phases, their gates, and what may follow what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A setting that every methodology has, because the engine reads it and no controller: how often a prompt is asked whose
/// reply scores what the gate of its phase wants, 0 or 1 for once. See [`law::samples`](crate::law::samples).
pub const SAMPLES: &str = "samples";
/// The most that [`SAMPLES`] can be.
pub const MOST_SAMPLES: u32 = 9;

/// The phases of a way of working.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Methodology {
    /// kebab-case.
    pub name: String,
    /// Of the methodology, not of the plugin.
    pub version: String,
    /// The first phase.
    pub start: String,
    /// Numbers for the controller.
    #[serde(default)]
    pub settings: BTreeMap<String, f64>,
    /// At least one.
    pub phases: Vec<Phase>,
}

/// Where a chain can stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Phase {
    /// kebab-case.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub title: String,
    /// What may be entered from here once the gate is open.
    #[serde(default)]
    pub may_follow: Vec<String>,
    /// What a stay usually runs, each once: for estimates, where nothing like it was recorded. No law looks at it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// What must hold before the phase is left forwards, or the chain finishes in it.
    #[serde(default)]
    pub gate: Gate,
}

/// What must hold. An open blocking uncertainty closes every gate besides: that is law, not data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Gate {
    /// Area → at least; `overall` is the chain's.
    pub confidence: BTreeMap<String, f64>,
    /// A proposal of this kind, approved in this visit.
    pub approval: Option<String>,
    /// Kinds of check (`test`, `lint`, `build`) that passed in this visit.
    pub evidence: Vec<String>,
    /// Phases that may be entered although the gate is shut: loops back.
    pub free_to: Vec<String>,
}

/// Why a methodology cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MethodologyError {
    /// No phase at all.
    #[error("methodology `{0}` has no phase")]
    NoPhase(String),
    /// Two phases of one name.
    #[error("phase `{0}` is defined twice")]
    Twice(String),
    /// A phase that is named but not defined.
    #[error("phase `{named}` is named by `{by}` but not defined")]
    Unknown {
        /// The name that nobody defines.
        named: String,
        /// Who names it.
        by: String,
    },
    /// A threshold outside 0..=1.
    #[error("the gate of `{phase}` wants `{area}` at {value}, which is outside 0..=1")]
    Threshold {
        /// The phase.
        phase: String,
        /// The area.
        area: String,
        /// What it says.
        value: f64,
    },
    /// A setting that is no number.
    #[error("setting `{0}` is not a finite number")]
    Setting(String),
    /// A phase that the gate would have to guard is free to enter.
    #[error("`{phase}` leaves `{free}` free, which comes later: only earlier phases are free of the gate")]
    FreeForwards {
        /// The phase.
        phase: String,
        /// What it leaves free.
        free: String,
    },
    /// Nothing can be finished: every phase leads on.
    #[error("no phase ends the methodology: every phase is followed by another")]
    Endless,
}

/// What a project asks on top, from its `certus.toml`: phase → area → at least.
pub type Tightening = BTreeMap<String, BTreeMap<String, f64>>;

/// A project tried to loosen a gate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Loosened {
    /// Below what the methodology asks.
    #[error("`{phase}` asks for {area} ≥ {floor}; {asked} would loosen it")]
    Below {
        /// The phase.
        phase: String,
        /// The area.
        area: String,
        /// What the methodology asks.
        floor: f64,
        /// What the project asks.
        asked: f64,
    },
    /// Outside 0..=1.
    #[error("`{phase}` would ask for {area} ≥ {asked}, which is outside 0..=1")]
    Range {
        /// The phase.
        phase: String,
        /// The area.
        area: String,
        /// What the project asks.
        asked: f64,
    },
    /// No such phase.
    #[error("there is no phase `{0}`")]
    NoPhase(String),
}

impl Methodology {
    /// The phase of that name.
    pub fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// Check that the data make sense.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self) -> Result<(), MethodologyError> {
        if self.phases.is_empty() {
            return Err(MethodologyError::NoPhase(self.name.clone()));
        }
        let mut names = BTreeSet::new();
        for phase in &self.phases {
            if !names.insert(phase.name.as_str()) {
                return Err(MethodologyError::Twice(phase.name.clone()));
            }
        }
        let known = |named: &String, by: &str| {
            if names.contains(named.as_str()) {
                Ok(())
            } else {
                Err(MethodologyError::Unknown { named: named.clone(), by: by.to_owned() })
            }
        };
        if let Some((name, _)) = self.settings.iter().find(|(_, value)| !value.is_finite()) {
            return Err(MethodologyError::Setting(name.clone()));
        }
        known(&self.start, "start")?;
        for phase in &self.phases {
            for name in phase.may_follow.iter().chain(&phase.gate.free_to) {
                known(name, &phase.name)?;
            }
            for (area, &value) in &phase.gate.confidence {
                if !(0.0..=1.0).contains(&value) {
                    return Err(MethodologyError::Threshold { phase: phase.name.clone(), area: area.clone(), value });
                }
            }
        }
        let position = |name: &String| self.phases.iter().position(|phase| phase.name == *name);
        for (here, phase) in self.phases.iter().enumerate() {
            if let Some(free) = phase.gate.free_to.iter().find(|name| position(name).is_some_and(|there| there > here))
            {
                return Err(MethodologyError::FreeForwards { phase: phase.name.clone(), free: free.clone() });
            }
        }
        if self.phases.iter().all(|phase| !phase.may_follow.is_empty()) {
            return Err(MethodologyError::Endless);
        }
        Ok(())
    }

    /// With other values of its settings.
    ///
    /// # Errors
    /// The name of a setting that it does not have, or whose value is no number, or for [`SAMPLES`] none from 0 to
    /// [`MOST_SAMPLES`].
    pub fn set(mut self, settings: &BTreeMap<String, f64>) -> Result<Self, String> {
        for (name, value) in settings {
            if name == SAMPLES {
                if !(0.0..=f64::from(MOST_SAMPLES)).contains(value) || value.fract() != 0.0 {
                    return Err(name.clone());
                }
                self.settings.insert(name.clone(), *value);
                continue;
            }
            match self.settings.get_mut(name) {
                Some(setting) if value.is_finite() => *setting = *value,
                _ => return Err(name.clone()),
            }
        }
        Ok(self)
    }

    /// The same with higher thresholds.
    ///
    /// # Errors
    /// The first threshold that would be lower, or names nothing.
    pub fn tightened(mut self, by: &Tightening) -> Result<Self, Loosened> {
        for (name, areas) in by {
            let Some(phase) = self.phases.iter_mut().find(|phase| phase.name == *name) else {
                return Err(Loosened::NoPhase(name.clone()));
            };
            for (area, &asked) in areas {
                let (phase_name, area_name) = (name.clone(), area.clone());
                if !(0.0..=1.0).contains(&asked) {
                    return Err(Loosened::Range { phase: phase_name, area: area_name, asked });
                }
                let floor = phase.gate.confidence.get(area).copied().unwrap_or(0.0);
                if asked < floor {
                    return Err(Loosened::Below { phase: phase_name, area: area_name, floor, asked });
                }
                phase.gate.confidence.insert(area.clone(), asked);
            }
        }
        Ok(self)
    }
}
