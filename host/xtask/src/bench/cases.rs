//! The benchmarks, each with what was promised. What needs a room's own types measures itself in an example of that room
//! and prints numbers; what is about a whole process is measured from here.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::process::{alternate, peak_memory};
use super::row::{Bound, Row};
use super::workshop::Workshop;

type Measure = fn(&Workshop) -> Result<Vec<Row>>;

/// All of them, by name.
pub(crate) const CASES: [(&str, Measure); 7] = [
    ("steps", steps),
    ("status", status),
    ("version", version),
    ("controller", controller),
    ("memory", memory),
    ("prompts", prompts),
    ("waiting", waiting),
];

/// Pairs of processes that are compared.
const PROCESSES: usize = 300;
/// Runs of the README's command.
const README_RUNS: usize = 5;

/// What an example prints: as many numbers of one as of the other, taken in turn.
#[derive(Deserialize)]
struct Samples {
    ours: Vec<f64>,
    floor: Vec<f64>,
}

impl Samples {
    fn pairs(self) -> Vec<(f64, f64)> {
        self.ours.into_iter().zip(self.floor).collect()
    }
}

fn rows<const N: usize>(rows: [Option<Row>; N]) -> Result<Vec<Row>> {
    rows.into_iter().collect::<Option<_>>().context("nothing was measured")
}

/// Appends against the disk's own sync rate.
fn steps(workshop: &Workshop) -> Result<Vec<Row>> {
    #[derive(Deserialize)]
    struct Both {
        one_chain: Samples,
        many_chains: Samples,
    }
    workshop.release()?;
    let both: Both = workshop.ask("release/examples/bench_appends", workshop.folder("steps")?)?;
    rows([
        Row::of_pairs("durable steps, one chain", "1/s", Bound::between(0.5, 1.1), &both.one_chain.pairs()),
        Row::of_pairs("durable steps, 1,000 chains", "1/s", Bound::at_least(3.0), &both.many_chains.pairs()),
    ])
}

/// `certus status` where there are many chains, against reading one row.
fn status(workshop: &Workshop) -> Result<Vec<Row>> {
    workshop.release()?;
    let project = workshop.folder("project")?;
    let state = project.join(".certus");
    let made = workshop.program("release/examples/many_chains").arg(&state).arg("1000").status()?;
    ensure!(made.success(), "many_chains ended with {made}");
    let mut ours = workshop.program("release/certus");
    ours.arg("status").arg("--project").arg(&project);
    let mut floor = workshop.program("release/examples/read_row");
    floor.arg(state.join("certus.db"));
    let pairs = alternate(PROCESSES, &mut ours, &mut floor)?;
    rows([Row::of_pairs("certus status, 1,000 chains", "ms", Bound::at_most(3.0), &pairs)])
}

/// `certus --version` against printing one line.
fn version(workshop: &Workshop) -> Result<Vec<Row>> {
    workshop.release()?;
    let mut ours = workshop.program("release/certus");
    ours.arg("--version");
    let mut floor = workshop.program("release/examples/one_line");
    let pairs = alternate(PROCESSES, &mut ours, &mut floor)?;
    rows([Row::of_pairs("certus --version", "ms", Bound::at_most(2.0), &pairs)])
}

/// A controller's call through the runtime against bare wasmtime.
fn controller(workshop: &Workshop) -> Result<Vec<Row>> {
    workshop.release()?;
    let component = workshop.root().join("plugins/dist/certainty.wasm");
    let samples: Samples = workshop.ask("release/examples/bench_controller", component)?;
    rows([Row::of_pairs("controller call, 16 KB view", "µs", Bound::at_most(1.5), &samples.pairs())])
}

/// The README's first command, in its own profile, with everything to compile.
fn memory(workshop: &Workshop) -> Result<Vec<Row>> {
    workshop.build(&["--workspace", "--bin", "certus"])?;
    let readme = fs::read_to_string(workshop.root().join("README.md")).context("cannot read README.md")?;
    let arguments = first_command(&readme).context("README.md has no `cargo run -- …`")?;
    let run = |number: usize| -> Result<f64> {
        let folder = workshop.folder(&format!("readme-{number}"))?;
        let mut command: Command = workshop.program("debug/certus");
        command.args(&arguments).arg("--state").arg(folder.join("state"));
        for home in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(home, &folder);
        }
        Ok(peak_memory(&mut command)? / 1e6)
    };
    let peaks: Vec<f64> = (0..README_RUNS).map(run).collect::<Result<_>>()?;
    rows([Row::of_numbers("peak memory of the README run", "MB", Bound::at_most(150.0), &peaks)])
}

/// What a prompt run takes beside its call.
fn prompts(workshop: &Workshop) -> Result<Vec<Row>> {
    #[derive(Deserialize)]
    struct Added {
        added_ms: Vec<f64>,
    }
    workshop.release()?;
    // What a sync takes is the disk's affair, and `steps` looks at it; here it would hide everything else.
    let memory = Path::new("/dev/shm");
    let folder = match tempfile::Builder::new().prefix("certus-bench-").tempdir_in(memory) {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().context("cannot make a folder for the state")?,
    };
    let mut command = workshop.program("release/examples/bench_prompts");
    command.arg(sample(workshop)).arg(folder.path().join("state"));
    let added: Added = workshop.answer(&mut command)?;
    rows([Row::of_numbers("added to one prompt run", "ms", Bound::at_most(1.5), &added.added_ms)])
}

/// Chains that wait at once, in one process.
const WAITING: &str = "1000";
/// What keeps them waiting: a model that says nothing for twenty seconds.
const SLOW: &str = r#"{"key": "test-key", "otherwise": {"reply": {"pieces": 1, "delay_ms": 20000, "text": "{\"notes\": \"Clear.\",
    \"confidence\": [{\"area\": \"requirements\", \"confidence\": 0.95}]}"}}}"#;

/// A thousand chains that wait for slow replies.
fn waiting(workshop: &Workshop) -> Result<Vec<Row>> {
    #[derive(Deserialize)]
    struct Waited {
        waiting_mb: Option<f64>,
    }
    workshop.release()?;
    let folder = workshop.folder("waiting")?;
    let script = folder.join("script.json");
    fs::write(&script, SLOW.replace('\n', " ")).context("cannot write the script")?;
    // Every chain has a lock and a connection: more files than a process may usually open.
    let mut server = many_files(&workshop.program("release/fake-api"));
    let mut server = server.arg(&script).stdout(std::process::Stdio::piped()).spawn().context("cannot run fake-api")?;
    let mut url = String::new();
    let said = server.stdout.take().context("fake-api has no output")?;
    let read = std::io::BufRead::read_line(&mut std::io::BufReader::new(said), &mut url);
    let measure = || -> Result<f64> {
        read.context("fake-api says no address")?;
        let mut command = many_files(&workshop.program("release/examples/many_waiting"));
        command.arg(sample(workshop)).arg(folder.join("state")).arg(url.trim()).arg(WAITING);
        let waited: Waited = workshop.answer(&mut command)?;
        waited.waiting_mb.context("the system does not say how much memory a process has")
    };
    let memory = measure();
    // It serves until it is killed.
    let _ = server.kill();
    let _ = server.wait();
    rows([Row::of_numbers("memory of 1,000 chains that wait", "MB", Bound::at_most(150.0), &[memory?])])
}

/// The same program, where it may open as many files as the system lets it.
fn many_files(program: &Command) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""]).arg(program.get_program());
    command.current_dir(program.get_current_dir().unwrap_or(std::path::Path::new("."))).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// The sample project.
fn sample(workshop: &Workshop) -> std::path::PathBuf {
    workshop.root().join("tests/projects/express-shop")
}

/// What the README passes to the binary in its first command.
fn first_command(readme: &str) -> Option<Vec<String>> {
    shlex::split(readme.lines().find_map(|line| line.strip_prefix("cargo run -- "))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_is_found_and_split() {
        let readme =
            "Try it:\n\n```sh\ncargo run -- flow \"Add it\" --project x\n```\n\n```sh\ncargo run -- list\n```\n";
        assert_eq!(first_command(readme).expect("a command"), ["flow", "Add it", "--project", "x"]);
        assert_eq!(first_command("nothing"), None);
    }
}
