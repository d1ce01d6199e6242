//! Find a Rust toolchain that can build guests. Nothing is installed here; what is missing is said.
//!
//! With rustup it is the target `wasm32-unknown-unknown`. Where that target cannot be had, Debian packages a compiler with
//! the sources of the standard library, and the library is built from them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

const TARGET: &str = "wasm32-unknown-unknown";

/// Native code overflows its own stack at the same depth of recursion as before this: parsers need it.
const STACK_BYTES: u32 = 4 * 1024 * 1024;

const MISSING: &str = "no Rust toolchain here can build for wasm32-unknown-unknown
  hint: with rustup: rustup target add wasm32-unknown-unknown
  hint: on Debian: apt-get install --no-install-recommends rustc-web cargo-web rust-web-src";

/// How the standard library for the target comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// rustup's, prebuilt.
    RustupTarget,
    /// Debian's compiler; the library is built from `rust-web-src`.
    DebianBuildStd,
}

/// What decides the bytes of a component, besides its sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Toolchain {
    /// How the standard library comes about.
    pub(crate) kind: Kind,
    /// As `rustc --version` says.
    pub(crate) rustc: String,
    /// As the linker says; absent for the compiler's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) linker: Option<String>,
    /// Digest of where the checkout and cargo's home lie: their paths decide the order of functions even where no path is
    /// in the bytes, because cargo's names for crates outside its workspace are made from them.
    #[serde(default)]
    pub(crate) place: String,
    #[serde(skip)]
    program: Program,
}

/// What to call.
#[derive(Debug, Clone, Default)]
struct Program {
    cargo: PathBuf,
    rustc: PathBuf,
    linker: Option<PathBuf>,
}

/// Paths differ between machines, and do not make a difference.
impl PartialEq for Program {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Program {}

impl Toolchain {
    /// A toolchain of this machine: the recorded one where it is here, else the first that can build.
    pub(crate) fn find(root: &Path, recorded: Option<&Self>) -> Result<Self> {
        let place = place(root);
        let found: Vec<Self> = [rustup(&place), debian(&place)].into_iter().flatten().collect();
        let same = found.iter().find(|toolchain| recorded == Some(*toolchain));
        same.or(found.first()).cloned().context(MISSING)
    }

    /// Run cargo for one package of the guests' workspace. No path of this machine gets into
    /// the bytes.
    pub(crate) fn build(&self, root: &Path, package: &str) -> Result<()> {
        let workspace = root.join("plugins");
        let mut cargo = Command::new(&self.program.cargo);
        cargo.current_dir(&workspace).args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"]);
        cargo.arg(target_dir(root)).args(["--package", package]);
        // What a developer sets for other builds must not change the bytes.
        let settings = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
        let families = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if settings.contains(&&*text) || families.iter().any(|family| text.starts_with(family)) {
                cargo.env_remove(&name);
            }
        }
        let mut flags = vec![format!("-Clink-arg=-zstack-size={STACK_BYTES}")];
        flags.push(format!("--remap-path-prefix={}=/certus", root.display()));
        if let Some(home) = cargo_home() {
            flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")).env("RUSTC", &self.program.rustc);
        if self.kind == Kind::DebianBuildStd {
            cargo.arg("-Zbuild-std=std,panic_abort").env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(linker) = &self.program.linker {
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        let status = cargo.status().with_context(|| format!("cannot run {}", self.program.cargo.display()))?;
        ensure!(status.success(), "{package} does not build");
        Ok(())
    }
}

/// Where guests are built.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    root.join("plugins/target")
}

fn rustup(place: &str) -> Option<Toolchain> {
    let rustc = PathBuf::from(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let library = says(&rustc, &["--print", "target-libdir", "--target", TARGET]).ok()?;
    let mut files = std::fs::read_dir(library).ok()?.flatten();
    files.find(|file| file.file_name().to_string_lossy().starts_with("libstd-"))?;
    let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let version = says(&rustc, &["--version"]).ok()?;
    let program = Program { cargo, rustc, linker: None };
    Some(Toolchain { kind: Kind::RustupTarget, rustc: version, linker: None, place: place.to_owned(), program })
}

fn debian(place: &str) -> Option<Toolchain> {
    let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
    let version = says(&rustc, &["--version"]).ok()?;
    let sysroot = PathBuf::from(says(&rustc, &["--print", "sysroot"]).ok()?);
    if !cargo.is_file() || !sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file() {
        return None;
    }
    // Debian's compiler has no linker for wasm of its own, rustup's has even without the target.
    let program = linker()?;
    let linker = says(&program, &["-flavor", "wasm", "--version"]).or_else(|_| says(&program, &["--version"])).ok()?;
    let program = Program { cargo, rustc, linker: Some(program) };
    Some(Toolchain {
        kind: Kind::DebianBuildStd,
        rustc: version,
        linker: Some(linker),
        place: place.to_owned(),
        program,
    })
}

fn linker() -> Option<PathBuf> {
    let sysroot = PathBuf::from(says(Path::new("rustc"), &["--print", "sysroot"]).ok()?);
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?.flatten();
    let bundled = hosts.map(|host| host.path().join("bin/rust-lld"));
    let system = ["/usr/bin/rust-lld", "/usr/bin/wasm-ld"].into_iter().map(PathBuf::from);
    bundled.chain(system).find(|path| path.is_file())
}

fn cargo_home() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

fn place(root: &Path) -> String {
    let home = cargo_home().unwrap_or_default();
    let paths = [root.as_os_str().as_encoded_bytes(), b"\0", home.as_os_str().as_encoded_bytes()].concat();
    certus_packages::Digest::of(&paths).to_string()
}

fn says(program: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        bail!("{} failed", program.display());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
