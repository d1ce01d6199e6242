//! Requests and tokens a minute. A sliding window rather than a bucket: a full bucket lets twice the limit through in its
//! first minute, and a service that counts in windows answers that with 429. Tokens are reserved at their upper estimate and
//! corrected when the call has ended, which no library of rate limits has a way to say.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Limits;

const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    window: Mutex<Window>,
    /// Held by whoever waits at the head of the queue: turns are taken in the order of asking.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Window {
    /// Number, start and tokens of what began in the last minute.
    taken: VecDeque<(u64, Instant, u64)>,
    next: u64,
}

/// A turn that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn(Option<u64>);

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, window: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Wait until so many tokens fit. Who stops waiting leaves the queue.
    pub(crate) async fn turn(&self, tokens: u64) -> Turn {
        if self.limits == Limits::default() {
            return Turn(None);
        }
        let _head = self.turn.lock().await;
        loop {
            match self.take(tokens, Instant::now()) {
                Ok(turn) => return turn,
                Err(until) => tokio::time::sleep_until(until).await,
            }
        }
    }

    /// What the call really took.
    pub(crate) fn settle(&self, turn: Turn, tokens: u64) {
        let Turn(Some(number)) = turn else { return };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = window.taken.iter_mut().find(|entry| entry.0 == number) {
            entry.2 = tokens;
        }
    }

    /// Take a turn, or say when to look again.
    fn take(&self, tokens: u64, now: Instant) -> Result<Turn, Instant> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        while window.taken.front().is_some_and(|(_, at, _)| *at + WINDOW <= now) {
            window.taken.pop_front();
        }
        let requests = self.limits.requests_per_minute.map_or(u64::MAX, |most| u64::from(most.max(1)));
        let most = self.limits.tokens_per_minute.unwrap_or(u64::MAX).max(1);
        // A call that is larger than a whole minute's worth goes alone.
        let tokens = tokens.min(most);
        let used: u64 = window.taken.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.2));
        let fits = (window.taken.len() as u64) < requests && used.saturating_add(tokens) <= most;
        match window.taken.front() {
            Some((_, oldest, _)) if !fits => Err(*oldest + WINDOW),
            _ => {
                let number = window.next;
                window.next += 1;
                window.taken.push_back((number, now, tokens));
                Ok(Turn(Some(number)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_of(limiter: &Limiter, calls: &[u64]) -> Vec<u64> {
        let start = Instant::now();
        let mut at = Vec::new();
        for tokens in calls {
            limiter.turn(*tokens).await;
            at.push(start.elapsed().as_secs());
        }
        at
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_limit() {
        let limiter = Limiter::new(Limits { requests_per_minute: Some(2), tokens_per_minute: None });
        assert_eq!(seconds_of(&limiter, &[1, 1, 1, 1, 1]).await, [0, 0, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_tokens_than_the_limit() {
        let limiter = Limiter::new(Limits { requests_per_minute: None, tokens_per_minute: Some(100) });
        assert_eq!(seconds_of(&limiter, &[60, 40, 1, 1000, 1]).await, [0, 0, 60, 120, 180]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_used_comes_back() {
        let limiter = Limiter::new(Limits { requests_per_minute: None, tokens_per_minute: Some(100) });
        let turn = limiter.turn(100).await;
        limiter.settle(turn, 10);
        assert_eq!(seconds_of(&limiter, &[90, 1]).await, [0, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_leaves_the_queue() {
        let limiter = Limiter::new(Limits { requests_per_minute: Some(1), tokens_per_minute: None });
        limiter.turn(1).await;
        let waiting = tokio::time::timeout(Duration::from_secs(1), limiter.turn(1)).await;
        assert!(waiting.is_err());
        assert_eq!(seconds_of(&limiter, &[1]).await, [59]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nobody_waits() {
        let limiter = Limiter::new(Limits::default());
        assert_eq!(seconds_of(&limiter, &[u64::MAX; 3]).await, [0, 0, 0]);
    }
}
