//! The contract as wasmtime sees it, and the way between its types and the engine's.
//!
//! The generated types never leave this crate: what a guest sends is checked while it is converted.

mod from_guest;
mod to_guest;
mod view;

pub(crate) use from_guest::*;
pub(crate) use to_guest::*;
pub(crate) use view::View as BorrowedView;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "everything",
        imports: {
            "certus:plugin/log.write": trappable,
            default: async | trappable,
        },
        exports: { default: async },
    });
}

pub(crate) use bindings::Everything;
pub(crate) use bindings::certus::plugin::{chain, log, prompt, types, user, views, workspace};
pub(crate) use bindings::exports::certus::plugin::{command, phase_controller, prompts, stack_interpreter};
