//! Compiled code on disk: private, checked, repaired.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use certus_runtime::{CacheWarning, Options, Plugin, Runtime};
use tempfile::TempDir;

use crate::support::names;

fn runtime(cache: &Path) -> Runtime {
    Runtime::new(Options { cache_dir: Some(cache.to_owned()), ..Options::default() }).unwrap()
}

fn load(cache: &Path) -> Plugin {
    let runtime = runtime(cache);
    let plugin = runtime.load(&names("(i32.const 8)")).unwrap();
    let warnings = runtime.take_warnings();
    assert!(warnings.is_empty(), "{warnings:?}");
    plugin
}

/// A directory for the cache that does not exist yet.
fn home() -> (TempDir, PathBuf) {
    let home = TempDir::new().unwrap();
    let cache = home.path().join("cache");
    (home, cache)
}

/// The one entry: its code and its checksum.
fn entry(cache: &Path) -> (PathBuf, PathBuf) {
    let dirs: Vec<_> = fs::read_dir(cache).unwrap().map(|dir| dir.unwrap().path()).collect();
    let mut files: Vec<_> = fs::read_dir(&dirs[0]).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!((dirs.len(), files.len()), (1, 2), "{files:?}");
    (files[0].clone(), files[1].clone())
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

async fn works(plugin: &Plugin) {
    assert!(plugin.prompt_names().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_entry_is_private_and_used_again() {
    let (_home, cache) = home();
    let cache = cache.join("deeper");
    works(&load(&cache)).await;
    let (code, _) = entry(&cache);
    assert_eq!(code.extension().unwrap(), "cwasm");
    for dir in [cache.as_path(), code.parent().unwrap()] {
        assert_eq!(fs::metadata(dir).unwrap().mode() & 0o777, 0o700);
    }
    let before = inode(&code);
    works(&load(&cache)).await;
    assert_eq!(inode(&code), before, "the entry was written again");
}

#[tokio::test]
async fn a_damaged_entry_is_not_run_but_replaced() {
    let (_home, cache) = home();
    load(&cache);
    let (code, sum) = entry(&cache);
    let whole = fs::read(&code).unwrap();
    let flipped: Vec<u8> = whole.iter().map(|byte| byte ^ 1).collect();
    let damages: [(&Path, &[u8]); 5] =
        [(&code, &flipped), (&code, &whole[..whole.len() / 2]), (&code, b""), (&sum, b"feed"), (&sum, b"\xff\xff")];
    for (path, bytes) in damages {
        fs::write(path, bytes).unwrap();
        works(&load(&cache)).await;
        assert!(fs::read(&code).unwrap() == whole, "not repaired after damage to {}", path.display());
    }
    fs::remove_file(&sum).unwrap();
    works(&load(&cache)).await;
    assert!(sum.exists());
}

/// As after a crash of the writer, or with a file that was never ours: sound by its checksum, but nothing wasmtime wrote.
#[tokio::test]
async fn garbage_with_a_matching_checksum_is_replaced() {
    let (_home, cache) = home();
    load(&cache);
    let (code, sum) = entry(&cache);
    for garbage in [b"".as_slice(), b"garbage", &[0x7f; 4096]] {
        fs::write(&code, garbage).unwrap();
        fs::write(&sum, certus_engine::Digest::of(garbage).to_string()).unwrap();
        works(&load(&cache)).await;
        assert!(fs::metadata(&code).unwrap().len() > 4096);
    }
}

#[tokio::test]
async fn a_directory_that_others_can_enter_is_not_used() {
    let (_home, cache) = home();
    fs::create_dir(&cache).unwrap();
    for mode in [0o755, 0o770, 0o701] {
        fs::set_permissions(&cache, fs::Permissions::from_mode(mode)).unwrap();
        let runtime = runtime(&cache);
        assert!(matches!(&runtime.take_warnings()[..], [CacheWarning::Unsafe { path }] if *path == cache));
        works(&runtime.load(&names("(i32.const 8)")).unwrap()).await;
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_link_or_a_file_in_the_place_of_the_directory_is_not_used() {
    let home = TempDir::new().unwrap();
    let (link, file, target) = (home.path().join("link"), home.path().join("file"), home.path().join("target"));
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    fs::write(&file, "").unwrap();
    assert!(matches!(runtime(&link).take_warnings()[..], [CacheWarning::Unsafe { .. }]));
    let runtime = runtime(&file);
    assert!(matches!(runtime.take_warnings()[..], [CacheWarning::Unusable { .. }]));
    works(&runtime.load(&names("(i32.const 8)")).unwrap()).await;
}

#[test]
fn processes_that_load_at_once_do_not_harm_each_other() {
    let (_home, cache) = home();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load(&cache));
        }
    });
    entry(&cache);
}
