//! Requests and tokens a minute. A sliding window rather than a bucket: a full bucket lets twice the limit through in its
//! first minute, and a service that counts in windows answers that with 429. Tokens are reserved at their upper estimate and
//! corrected when the call has ended, which no library of rate limits has a way to say.
//!
//! A service counts what a person asks, not what a process does: the window lies in a file that all processes of a user share.

mod shared;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Limits;

/// Milliseconds.
const WINDOW: u64 = 60_000;
/// How often, and after how long, the file is tried that another process is writing.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    /// Where processes share the window; by itself where there is no such place, or it cannot be used.
    shared: Option<PathBuf>,
    window: Mutex<Window>,
    /// The beginning of time in `window`.
    begun: Instant,
    /// Held by whoever waits at the head of the queue: turns are taken in the order of asking.
    turn: tokio::sync::Mutex<()>,
}

/// What began in the last minute, in order.
#[derive(Debug, Default)]
struct Window(VecDeque<Taken>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    /// Of the turn: no two of a minute have the same.
    number: u64,
    /// Milliseconds.
    at: u64,
    tokens: u64,
}

/// A turn that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(Option<u64>);

impl Limiter {
    /// `folder` is where processes share what they took, each service of that name and address by itself.
    pub(crate) fn new(limits: Limits, folder: Option<&Path>, name: &str, address: &str) -> Self {
        let shared = folder.filter(|_| limits != Limits::default()).map(|folder| {
            // The address may have a password in it.
            folder.join(format!("{name}-{}", certus_engine::Digest::of(address).short()))
        });
        let turn = tokio::sync::Mutex::default();
        Self { limits, shared, window: Mutex::default(), begun: Instant::now(), turn }
    }

    pub(crate) fn limits(&self) -> bool {
        self.limits != Limits::default()
    }

    /// Wait until so many tokens fit. Who stops waiting leaves the queue.
    pub(crate) async fn turn(&self, tokens: u64) -> Turn {
        if !self.limits() {
            return Turn(None);
        }
        let _head = self.turn.lock().await;
        let number = number();
        loop {
            let taken = |window: &mut Window, at| window.take(&self.limits, Taken { number, at, tokens });
            match self.look(taken).await {
                Ok(()) => return Turn(Some(number)),
                Err(wait) => tokio::time::sleep(Duration::from_millis(wait)).await,
            }
        }
    }

    /// What the call really took.
    pub(crate) async fn settle(&self, turn: Turn, tokens: u64) {
        let Turn(Some(number)) = turn else { return };
        self.look(|window, _| {
            if let Some(taken) = window.0.iter_mut().find(|taken| taken.number == number) {
                taken.tokens = tokens;
            }
        })
        .await;
    }

    /// Do something with the window, at a time in it.
    async fn look<T>(&self, act: impl Fn(&mut Window, u64) -> T) -> T {
        if let Some(file) = &self.shared {
            for _ in 0..TRIES {
                match shared::with(file, |window| act(window, unix())) {
                    Ok(Some(result)) => return result,
                    Ok(None) => tokio::time::sleep(PAUSE).await,
                    // Better a limit of this process alone than no answer.
                    Err(_) => break,
                }
            }
        }
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        act(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

impl Window {
    /// Take a turn, or say in how many milliseconds to look again.
    fn take(&mut self, limits: &Limits, wanted: Taken) -> Result<(), u64> {
        let now = wanted.at;
        // What is ahead of the clock was written before somebody set it back.
        self.0.retain(|taken| taken.at <= now && now - taken.at < WINDOW);
        let requests = limits.requests_per_minute.map_or(u64::MAX, |most| u64::from(most.max(1)));
        let most = limits.tokens_per_minute.unwrap_or(u64::MAX).max(1);
        // A call that is larger than a whole minute's worth goes alone.
        let tokens = wanted.tokens.min(most);
        let used = self.0.iter().fold(0, |sum: u64, taken| sum.saturating_add(taken.tokens));
        let fits = (self.0.len() as u64) < requests && used.saturating_add(tokens) <= most;
        match self.0.front() {
            Some(oldest) if !fits => Err((oldest.at + WINDOW).saturating_sub(now)),
            _ => {
                self.0.push_back(Taken { tokens, ..wanted });
                Ok(())
            }
        }
    }
}

fn number() -> u64 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    u64::from(std::process::id()) << 32 | u64::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Milliseconds since 1970.
fn unix() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(limits: Limits) -> Limiter {
        Limiter::new(limits, None, "s", "a")
    }

    async fn seconds_of(limiter: &Limiter, calls: &[u64]) -> Vec<u64> {
        let start = Instant::now();
        let mut at = Vec::new();
        for tokens in calls {
            limiter.turn(*tokens).await;
            at.push((start.elapsed().as_millis() + 5) as u64 / 1000);
        }
        at
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        let limiter = alone(Limits { requests_per_minute: Some(2), tokens_per_minute: None });
        assert_eq!(seconds_of(&limiter, &[1, 1, 1, 1, 1]).await, [0, 0, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_tokens_than_the_limit() {
        let limiter = alone(Limits { requests_per_minute: None, tokens_per_minute: Some(100) });
        assert_eq!(seconds_of(&limiter, &[60, 40, 1, 1000, 1]).await, [0, 0, 60, 120, 180]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_used_comes_back() {
        let limiter = alone(Limits { requests_per_minute: None, tokens_per_minute: Some(100) });
        let turn = limiter.turn(100).await;
        limiter.settle(turn, 10).await;
        assert_eq!(seconds_of(&limiter, &[90, 1]).await, [0, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_leaves_the_queue() {
        let limiter = alone(Limits { requests_per_minute: Some(1), tokens_per_minute: None });
        limiter.turn(1).await;
        let waiting = tokio::time::timeout(Duration::from_secs(1), limiter.turn(1)).await;
        assert!(waiting.is_err());
        assert_eq!(seconds_of(&limiter, &[1]).await, [59]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nobody_waits() {
        let limiter = alone(Limits::default());
        assert_eq!(seconds_of(&limiter, &[u64::MAX; 3]).await, [0, 0, 0]);
    }

    async fn waits(limiter: &Limiter) -> bool {
        tokio::time::timeout(Duration::from_millis(300), limiter.turn(60)).await.is_err()
    }

    #[tokio::test]
    async fn processes_share_a_minute_of_one_service() {
        let folder = tempfile::tempdir().expect("a folder");
        // Made when it is needed.
        let folder = folder.path().join("turns");
        let limits = Limits { requests_per_minute: Some(9), tokens_per_minute: Some(100) };
        let of = |address| Limiter::new(limits, Some(&folder), "s", address);
        let (one, other, elsewhere) = (of("a"), of("a"), of("b"));
        let turn = one.turn(60).await;
        assert!(waits(&other).await, "the other one took most of it");
        assert!(!waits(&elsewhere).await);
        one.settle(turn, 40).await;
        assert!(!waits(&other).await, "less was used");
        assert!(waits(&one).await);
    }

    #[tokio::test]
    async fn what_cannot_be_shared_limits_one_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { requests_per_minute: Some(1), tokens_per_minute: None };
        let limiter = Limiter::new(limits, Some(folder.path()), "s", "a");
        let file = limiter.shared.clone().expect("a place");
        // Somebody else's bytes say nothing, and are replaced.
        std::fs::write(&file, b"\xff\xfe no numbers\n1 2\n").expect("written");
        assert!(!waits(&limiter).await && waits(&limiter).await);
        std::fs::remove_file(&file).expect("removed");
        std::fs::create_dir(&file).expect("a folder in its place");
        assert!(!waits(&limiter).await && waits(&limiter).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_file_for_ever_stops_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { requests_per_minute: Some(1), tokens_per_minute: None };
        let limiter = Limiter::new(limits, Some(folder.path()), "s", "a");
        let held = std::fs::File::create(limiter.shared.clone().expect("a place")).expect("a file");
        held.lock().expect("locked");
        assert_eq!(seconds_of(&limiter, &[1]).await, [1]);
    }
}
