//! Bindings generated from the contract in `wit/`.
//!
//! The imports are generated once, and the world of each kind of plugin maps onto them: a `Question` is the same type
//! for a controller and for a command.
#![allow(missing_docs, clippy::all)]

mod host {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "host",
        additional_derives: [PartialEq],
    });
}

pub use host::certus::plugin::{chain, log, prompt, types, user, views, workspace};

pub mod controller {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "controller",
        pub_export_macro: true,
        default_bindings_module: "certus_sdk::exported::controller",
        export_macro_name: "export_controller",
        additional_derives: [PartialEq],
        with: {
            "certus:plugin/types@0.1.0": crate::bindings::types,
            "certus:plugin/views@0.1.0": crate::bindings::views,
            "certus:plugin/log@0.1.0": crate::bindings::log,
        },
    });
}

pub mod command {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "commands",
        pub_export_macro: true,
        default_bindings_module: "certus_sdk::exported::command",
        export_macro_name: "export_command",
        additional_derives: [PartialEq],
        with: {
            "certus:plugin/types@0.1.0": crate::bindings::types,
            "certus:plugin/views@0.1.0": crate::bindings::views,
            "certus:plugin/log@0.1.0": crate::bindings::log,
            "certus:plugin/chain@0.1.0": crate::bindings::chain,
            "certus:plugin/prompt@0.1.0": crate::bindings::prompt,
            "certus:plugin/user@0.1.0": crate::bindings::user,
            "certus:plugin/workspace@0.1.0": crate::bindings::workspace,
        },
    });
}

pub mod interpreter {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "interpreter",
        pub_export_macro: true,
        default_bindings_module: "certus_sdk::exported::interpreter",
        export_macro_name: "export_interpreter",
        additional_derives: [PartialEq],
        with: {
            "certus:plugin/types@0.1.0": crate::bindings::types,
            "certus:plugin/log@0.1.0": crate::bindings::log,
        },
    });
}

pub mod source {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "prompt-source",
        pub_export_macro: true,
        default_bindings_module: "certus_sdk::exported::source",
        export_macro_name: "export_source",
        additional_derives: [PartialEq],
        with: {
            "certus:plugin/types@0.1.0": crate::bindings::types,
            "certus:plugin/log@0.1.0": crate::bindings::log,
        },
    });
}
