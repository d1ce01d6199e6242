//! A plugin that means harm: everything that a plugin must not get away with, chosen by the goal of the chain, the name of
//! the command or the content of the file. Only tests run it.

mod commands;
mod controller;
mod interpreter;

/// The plugin.
struct Hostile;

certus_sdk::phase_controller!(Hostile);
certus_sdk::command!(Hostile);
certus_sdk::stack_interpreter!(Hostile);

/// Runs until somebody stops it.
fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}
