//! Ending the process at a chosen moment, as `kill -9` would: so that a test can stand on every boundary between intent
//! and outcome. In debug builds only; a release build has no such switch.

/// `CERTUS_ABORT=before:7` ends the process before its seventh commit, `after:7` right after it.
#[cfg(debug_assertions)]
pub(crate) fn at(moment: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PLAN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let plan = PLAN.get_or_init(|| {
        let plan = std::env::var("CERTUS_ABORT").ok()?;
        let (moment, count) = plan.split_once(':')?;
        Some((moment.to_owned(), count.parse().ok()?))
    });
    if let Some((planned, count)) = plan
        && planned == moment
        && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count
    {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn at(_: &str) {}
