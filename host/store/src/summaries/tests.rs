use tempfile::TempDir;

use super::*;

const NODE: &[u8] = b"the plugin";

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn index(folder: &TempDir) -> PathBuf {
    folder.path().join("cache/index")
}

fn open(folder: &TempDir) -> SummaryCache {
    SummaryCache::open(&index(folder)).expect("it opens")
}

fn file(name: &str) -> Digest {
    Digest::of(name)
}

fn put(cache: &SummaryCache, name: &str, data: &[u8]) {
    cache.put_many(&Digest::of(NODE), &[(file(name), data, None)]);
}

fn known(cache: &SummaryCache, names: &[&str]) -> Vec<bool> {
    let files: Vec<Digest> = names.iter().map(|name| file(name)).collect();
    cache.get_many(&Digest::of(NODE), &files).iter().map(Option::is_some).collect()
}

/// Change the file behind the cache's back.
fn change(folder: &TempDir, sql: &str) {
    Connection::open(index(folder).join("summaries.db")).and_then(|db| db.execute_batch(sql)).expect("changed");
}

#[test]
fn what_was_put_comes_back_in_order_for_that_plugin_only() {
    let folder = folder();
    let (node, php) = (Digest::of(NODE), Digest::of("another plugin"));
    let (a, b, c) = (file("a"), file("b"), file("c"));
    {
        let cache = open(&folder);
        assert_eq!(cache.get_many(&node, &[a]), [None]);
        cache.put_many(&node, &[(a, &[1, 0, 2], None), (b, &[], Some("line 3"))]);
        cache.put_many(&php, &[(c, b"c", None)]);
    }
    let cache = open(&folder);
    let said = |data: &[u8], problem: Option<&str>| {
        Some(CachedSummary { data: data.to_vec(), problem: problem.map(str::to_owned) })
    };
    assert_eq!(
        cache.get_many(&node, &[b, c, a, b]),
        [said(&[], Some("line 3")), None, said(&[1, 0, 2], None), said(&[], Some("line 3"))]
    );
    assert_eq!(cache.get_many(&php, &[a, c]), [None, said(b"c", None)]);
    assert_eq!(cache.get_many(&php, &[]), []);
}

#[test]
fn what_is_too_large_is_not_kept() {
    let folder = folder();
    let cache = open(&folder);
    put(&cache, "fits", &vec![7; MOST_SUMMARY]);
    put(&cache, "does not", &vec![7; MOST_SUMMARY + 1]);
    assert_eq!(known(&cache, &["fits", "does not"]), [true, false]);
}

#[test]
fn what_was_used_last_stays() {
    let folder = folder();
    let cache = SummaryCache::bounded(&index(&folder), Bounds { summaries: 16, bytes: 1 << 20 }).expect("it opens");
    for number in 0..16 {
        put(&cache, &number.to_string(), b"x");
    }
    assert_eq!(known(&cache, &["0", "15"]), [true, true]);
    // One too many: 17 become 14, and 0, the oldest, was read since.
    put(&cache, "16", b"x");
    assert_eq!(known(&cache, &["0", "1", "2", "3", "4", "16"]), [true, false, false, false, true, true]);
}

#[test]
fn bytes_are_bounded_too() {
    let folder = folder();
    let cache = SummaryCache::bounded(&index(&folder), Bounds { summaries: 100, bytes: 1000 }).expect("it opens");
    put(&cache, "a", &[1; 400]);
    put(&cache, "b", &[1; 400]);
    put(&cache, "b", &[1; 400]);
    assert_eq!(known(&cache, &["a", "b"]), [true, true], "what is there already is not counted again");
    put(&cache, "c", &[1; 400]);
    assert_eq!(known(&cache, &["a", "b", "c"]), [false, true, true]);
    put(&cache, "more than all", &[1; 2000]);
    assert_eq!(known(&cache, &["b", "c", "more than all"]), [false, false, false]);
    put(&cache, "d", &[1; 400]);
    assert_eq!(known(&cache, &["d"]), [true]);
}

#[test]
fn a_damaged_file_is_made_anew() {
    let folder = folder();
    let path = index(&folder).join("summaries.db");
    let damages: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(100),
        |bytes| bytes.truncate(5000),
        |bytes| bytes[..64].fill(0xaa),
        |bytes| bytes[100..4096].fill(0xaa),
        |bytes| bytes[4096..].fill(0xaa),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        put(&open(&folder), "a", &[1; 40_000]);
        assert_eq!(known(&open(&folder), &["a"]), [true], "damage {number}");
        let mut bytes = fs::read(&path).expect("it is there");
        damage(&mut bytes);
        fs::write(&path, bytes).expect("written");
        let cache = open(&folder);
        assert_eq!(known(&cache, &["a"]), [false], "damage {number}");
        put(&cache, "b", b"b");
        drop(cache);
        assert_eq!(known(&open(&folder), &["b"]), [true], "damage {number}");
    }
}

#[test]
fn a_file_of_another_shape_is_made_anew() {
    let folder = folder();
    for sql in [
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 1",
        "DROP TABLE summaries",
        "DROP TABLE total",
        "DELETE FROM total",
        "UPDATE summaries SET data = x'00'",
        "UPDATE summaries SET problem = 'none'",
        "UPDATE summaries SET data = zeroblob(20000000)",
    ] {
        put(&open(&folder), "a", b"a");
        change(&folder, sql);
        let cache = open(&folder);
        let before = known(&cache, &["a"]);
        put(&cache, "b", b"b");
        put(&cache, "b", b"b");
        assert_eq!(known(&cache, &["b"]), [true], "{sql}");
        assert_eq!(before, [sql.contains("total")], "{sql}: a missing total is only found by a write");
        drop(cache);
        fs::remove_dir_all(index(&folder)).expect("removed");
    }
}

#[test]
fn one_summary_is_never_taken_for_another() {
    let folder = folder();
    put(&open(&folder), "a", b"a");
    put(&open(&folder), "b", b"b");
    change(
        &folder,
        "UPDATE summaries SET data = x'61', checksum = (SELECT checksum FROM summaries WHERE data = x'61')",
    );
    let cache = open(&folder);
    assert_eq!(known(&cache, &["a"]), [true]);
    assert_eq!(known(&cache, &["b"]), [false]);
}

#[cfg(unix)]
#[test]
fn only_a_directory_of_this_user_alone_is_used() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = folder();
    drop(open(&folder));
    let index = index(&folder);
    assert_eq!(fs::metadata(&index).expect("made").mode() & 0o777, 0o700);
    let exposed = |path: &Path| {
        let opened = SummaryCache::open(path);
        assert!(matches!(opened, Err(StoreError::Exposed { .. })), "{opened:?}");
    };
    let mode = |mode| fs::set_permissions(&index, fs::Permissions::from_mode(mode)).expect("changed");
    for open in [0o755, 0o770, 0o701] {
        mode(open);
        exposed(&index);
    }
    mode(0o700);
    let link = folder.path().join("link");
    symlink(&index, &link).expect("linked");
    exposed(&link);

    let target = folder.path().join("elsewhere.db");
    for name in ["summaries.db", "summaries.lock"] {
        fs::remove_dir_all(&index).expect("removed");
        fs::create_dir(&index).expect("made");
        mode(0o700);
        symlink(&target, index.join(name)).expect("linked");
        let opened = SummaryCache::open(&index);
        assert!(matches!(opened, Err(StoreError::Link { .. })), "{opened:?}");
        assert!(!target.exists());
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_an_error_once_and_nothing_after() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    fs::write(folder.path().join("cache"), "a file where the folder should be").expect("written");
    assert!(SummaryCache::open(&index(&folder)).is_err());
    fs::remove_file(folder.path().join("cache")).expect("removed");

    put(&open(&folder), "a", b"a");
    let allow = |mode| fs::set_permissions(index(&folder), fs::Permissions::from_mode(mode)).expect("changed");
    allow(0o500);
    // For root nothing is read-only; then this only shows that it works.
    match SummaryCache::open(&index(&folder)) {
        Ok(cache) => assert_eq!(known(&cache, &["a"]), [true]),
        Err(error) => assert!(matches!(error, StoreError::Denied { .. } | StoreError::ReadOnly { .. }), "{error:?}"),
    }
    allow(0o700);
    assert_eq!(known(&open(&folder), &["a"]), [true], "it was not deleted");
}

#[test]
fn a_file_deleted_under_a_running_process_harms_nobody() {
    let folder = folder();
    let first = open(&folder);
    put(&first, "a", b"a");
    fs::remove_dir_all(index(&folder)).expect("removed");
    let second = open(&folder);
    put(&second, "b", b"b");
    put(&first, "c", b"c");
    drop(first);
    put(&second, "d", b"d");
    assert_eq!(known(&second, &["a", "b", "c", "d"]), [false, true, false, true]);
    assert_eq!(known(&open(&folder), &["a", "b", "c", "d"]), [false, true, false, true]);
}
