//! The floor under `certus --version`: a Rust program that prints one line.
#![allow(clippy::print_stdout, reason = "what it prints is its whole purpose")]

fn main() {
    println!("certus 0.1.0");
}
