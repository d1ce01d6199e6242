//! Which commit is checked out, read from git's own files: no process is started, so no hook or configuration of a cloned
//! repository runs.

use std::io::{BufRead, BufReader, Read};

use cap_std::fs::Dir;

use crate::open;
use crate::path::{is_at_or_below, is_inside};
use crate::project::Project;

/// Longest file of one line that is read, in bytes.
const LONGEST: u64 = 4096;
/// How much of `packed-refs` is read, in bytes.
const PACKED_LIMIT: u64 = 32 * 1024 * 1024;
/// How often a ref may name another.
const MOST_HOPS: usize = 5;

impl Project {
    /// The commit that `HEAD` names, in hex; absent where the root is no git repository, has no commit yet, keeps its data
    /// outside the project (a linked worktree or a submodule), or uses a ref format other than files.
    #[must_use]
    pub fn git_head(&self) -> Option<String> {
        let root = self.directory.try_clone().ok()?;
        let (own, at) = match open::directory(&root, ".git") {
            Ok(own) => (own, ".git".to_owned()),
            Err(_) => {
                let link = line(&root, ".git")?;
                let at = inside("", link.strip_prefix("gitdir:")?.trim())?;
                (descend(&root, &at)?, at)
            }
        };
        // Branches of a linked worktree stand in the repository that it belongs to.
        let common = match line(&own, "commondir") {
            Some(common) => descend(&root, &inside(&at, &common)?)?,
            None => own.try_clone().ok()?,
        };
        let mut value = line(&own, "HEAD")?;
        for _ in 0..MOST_HOPS {
            if is_commit(&value) {
                return Some(value);
            }
            let name = value.strip_prefix("ref:")?.trim().to_owned();
            if !is_inside(&name) || !is_at_or_below(&name, "refs") {
                return None;
            }
            value = loose(&own, &name).or_else(|| loose(&common, &name)).or_else(|| packed(&common, &name))?;
        }
        None
    }
}

/// The first line of a small file.
fn line(directory: &Dir, name: &str) -> Option<String> {
    let bytes = open::bytes(directory, name, LONGEST).ok()??;
    Some(String::from_utf8(bytes).ok()?.lines().next()?.trim().to_owned())
}

fn loose(directory: &Dir, name: &str) -> Option<String> {
    let (parent, name) = name.rsplit_once('/')?;
    line(&descend(directory, parent)?, name)
}

fn packed(directory: &Dir, name: &str) -> Option<String> {
    let (file, _) = open::file(directory, "packed-refs").ok()?;
    BufReader::new(file.take(PACKED_LIMIT)).lines().map_while(Result::ok).find_map(|line| {
        let (commit, packed) = line.split_once(' ')?;
        (packed.trim() == name).then(|| commit.to_owned())
    })
}

fn descend(start: &Dir, path: &str) -> Option<Dir> {
    path.split('/').try_fold(start.try_clone().ok()?, |directory, name| open::directory(&directory, name).ok())
}

/// Resolve `path` against `base` by its letters; absent when it leaves the project.
fn inside(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    is_inside(&path).then_some(path)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
