//! Edits as a model would propose them after reading.

use certus_workspace::Project;
use certus_workspace::edit::{Change, FileEdit, Replacement, Written};

pub fn base(project: &Project, path: &str) -> Option<String> {
    project.digest(path).ok()
}

pub fn whole(project: &Project, path: &str, text: &str) -> FileEdit {
    FileEdit { path: path.to_owned(), base: base(project, path), change: Change::Whole(text.to_owned()) }
}

pub fn delete(project: &Project, path: &str) -> FileEdit {
    FileEdit { path: path.to_owned(), base: base(project, path), change: Change::Delete }
}

pub fn replace(project: &Project, path: &str, list: &[(&str, &str)]) -> FileEdit {
    let list = list.iter().map(|(find, replace)| Replacement { find: (*find).into(), replace: (*replace).into() });
    FileEdit { path: path.to_owned(), base: base(project, path), change: Change::Replace(list.collect()) }
}

/// What a caller that kept the bytes looks up.
pub fn restored(written: &Written) -> impl Fn(&str) -> Option<Vec<u8>> {
    let bytes = written.bytes.clone();
    move |digest| bytes.iter().find(|(kept, _)| kept == digest).map(|(_, bytes)| bytes.clone())
}
