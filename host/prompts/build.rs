//! Lists `prompts/**/*.md` for embedding, so that adding a prompt means adding a file. `prompts/custom` belongs to users;
//! `README.md` is for them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// From this package's folder.
const PROMPTS: &str = "../../prompts";

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let root = here.join(PROMPTS).canonicalize()?;
    // Relative, so that a build directory that was copied with its project sees the copy.
    println!("cargo::rerun-if-changed={PROMPTS}");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let relative = file.strip_prefix(&root).map_err(io::Error::other)?;
        let name = relative.to_string_lossy().replace('\\', "/");
        code += &format!("    ({name:?}, include_bytes!({:?}).as_slice()),\n", file.display().to_string());
    }
    code += "]\n";
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("bundled.rs"), code)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let cases = path.extension().is_some_and(|extension| extension == "cases");
        let custom = path.file_name().is_some_and(|name| name == "custom");
        if path.is_dir() && !cases && !custom {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("README.md") {
            files.push(path);
        }
    }
    Ok(())
}
