//! Which files an interpreter must read: those whose summary is not kept from an earlier run. A summary is a pure function
//! of plugin, path and content, so these three are what it is kept under.

use certus_engine::Digest;
use certus_runtime::{File, Indexed, Summary};
use certus_store::{CachedSummary, SummaryCache};

/// The files of one interpreter, some of them known.
pub(crate) struct Known<'a> {
    cache: Option<&'a SummaryCache>,
    plugin: &'a Digest,
    /// In the project's order.
    files: Vec<Slot>,
}

struct Slot {
    path: String,
    digest: Digest,
    kept: Option<CachedSummary>,
}

impl<'a> Known<'a> {
    /// Look files up; what comes second must be read.
    pub(crate) fn look_up(
        cache: Option<&'a SummaryCache>,
        plugin: &'a Digest,
        sources: Vec<File>,
    ) -> (Self, Vec<File>) {
        let digest = |file: &File| Digest::of_parts([file.path.as_bytes(), file.content.as_bytes()]);
        let digests: Vec<Digest> = sources.iter().map(digest).collect();
        let kept = cache.map_or_else(|| vec![None; digests.len()], |cache| cache.get_many(plugin, &digests));
        let mut unknown = Vec::new();
        let files = sources
            .into_iter()
            .zip(digests.into_iter().zip(kept))
            .map(|(file, (digest, kept))| {
                let path = file.path.clone();
                if kept.is_none() {
                    unknown.push(file);
                }
                Slot { path, digest, kept }
            })
            .collect();
        (Self { cache, plugin, files }, unknown)
    }

    /// Keep what was read now, and put it where it belongs among what was known. A file that the interpreter failed on has
    /// no summary, and is tried again the next time.
    pub(crate) fn complete(self, read: Indexed) -> Indexed {
        let mut read_now = read.summaries.into_iter().peekable();
        let mut summaries = Vec::with_capacity(self.files.len());
        let mut new = Vec::new();
        for Slot { path, digest, kept } in self.files {
            if let Some(CachedSummary { data, problem }) = kept {
                summaries.push(Summary { path, data, problem });
            } else if let Some(summary) = read_now.next_if(|summary| summary.path == path) {
                new.push((digest, summaries.len()));
                summaries.push(summary);
            }
        }
        if let Some(cache) = self.cache {
            let said = |&(digest, at): &(Digest, usize)| {
                let summary: &Summary = &summaries[at];
                (digest, summary.data.as_slice(), summary.problem.as_deref())
            };
            cache.put_many(self.plugin, &new.iter().map(said).collect::<Vec<_>>());
        }
        Indexed { summaries, problems: read.problems }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> Vec<File> {
        all.iter().map(|(path, content)| File { path: (*path).to_owned(), content: (*content).to_owned() }).collect()
    }

    /// Which files are read, and the paths of all summaries. The interpreter fails on `bad`, has a problem with `odd`.
    fn run(cache: Option<&SummaryCache>, plugin: &str, all: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let plugin = Digest::of(plugin);
        let (known, unknown) = Known::look_up(cache, &plugin, files(all));
        let asked = unknown.iter().map(|file| file.path.clone()).collect();
        let said = |path: &str, content: &str| Summary {
            path: path.to_owned(),
            data: format!("{path}: {content}").into_bytes(),
            problem: (content == "odd").then(|| "odd".to_owned()),
        };
        let read = unknown.iter().filter(|file| file.content != "bad").map(|file| said(&file.path, &file.content));
        let complete = known.complete(Indexed { summaries: read.collect(), problems: Vec::new() });
        let good = all.iter().filter(|(_, content)| *content != "bad");
        let expected: Vec<Summary> = good.map(|(path, content)| said(path, content)).collect();
        assert_eq!(complete.summaries, expected, "known or not, the summaries are the same");
        (asked, complete.summaries.into_iter().map(|summary| summary.path).collect())
    }

    #[test]
    fn only_what_is_new_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = SummaryCache::open(&folder.path().join("index")).expect("it opens");
        let project = [("a", "1"), ("b", "odd"), ("c", "bad"), ("d", "1"), ("e", "")];
        assert_eq!(run(Some(&cache), "p", &project).0, ["a", "b", "c", "d", "e"]);
        assert_eq!(run(Some(&cache), "p", &project).0, ["c"], "a failure is not kept");
        let changed = [("new", "1"), ("a", "2"), ("b", "odd"), ("c", "mended"), ("d", "1"), ("moved", "")];
        let (read, summaries) = run(Some(&cache), "p", &changed);
        assert_eq!(read, ["new", "a", "c", "moved"], "the path counts as well as the content");
        assert_eq!(summaries, ["new", "a", "b", "c", "d", "moved"]);
        assert_eq!(run(Some(&cache), "p", &changed).0, [""; 0]);
        assert_eq!(run(Some(&cache), "p", &project).0, ["c"], "what was before is still known");
        assert_eq!(run(Some(&cache), "another", &changed).0.len(), 6);
    }

    #[test]
    fn without_a_cache_everything_is_read() {
        let project = [("a", "1"), ("b", "bad"), ("c", "1")];
        for _ in 0..2 {
            assert_eq!(run(None, "p", &project).0, ["a", "b", "c"]);
        }
    }
}
