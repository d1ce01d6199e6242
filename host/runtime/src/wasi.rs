//! WASI 0.2 for guests whose toolchain needs it, and none of the world: no environment, arguments, files or sockets;
//! standard output and error go to the log; clocks and random numbers follow from the invocation, so that a command that
//! runs again computes the same.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rand_core::TryRng;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

use crate::store::{Shared, State};
use crate::{Invocation, Limits, LogLevel};

/// What WASI needs of a store, made when a guest first calls it.
pub(crate) struct Wasi {
    recipe: Recipe,
    made: Option<Box<(WasiCtx, ResourceTable)>>,
}

struct Recipe {
    shared: Arc<Shared>,
    invocation: Invocation,
    handles: usize,
    random_bytes: u64,
}

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)
}

impl Wasi {
    pub(crate) fn new(limits: &Limits, shared: Arc<Shared>, invocation: Invocation) -> Self {
        let recipe = Recipe { shared, invocation, handles: limits.handles, random_bytes: limits.random_bytes };
        Self { recipe, made: None }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { recipe, made } = &mut self.wasi;
        let (ctx, table) = &mut **made.get_or_insert_with(|| Box::new(recipe.make()));
        WasiCtxView { ctx, table }
    }
}

impl Recipe {
    fn make(&self) -> (WasiCtx, ResourceTable) {
        let clock =
            Clock { started_ms: u64::try_from(self.invocation.started_ms).unwrap_or(0), readings: Arc::default() };
        let stream = |level| LogStream { shared: Arc::clone(&self.shared), level, line: Vec::new() };
        let mut builder = WasiCtx::builder();
        builder
            .stdout(stream(LogLevel::Info))
            .stderr(stream(LogLevel::Warn))
            .wall_clock(clock.clone())
            .monotonic_clock(clock)
            .secure_random(Stream::new(self.invocation.seed, b"secure"))
            .insecure_random(Stream::new(self.invocation.seed, b"insecure"))
            .insecure_random_seed(u128::from(self.invocation.seed))
            .max_random_size(self.random_bytes)
            .socket_addr_check(|_, _| Box::pin(async { false }))
            .allow_ip_name_lookup(false)
            .allow_tcp(false)
            .allow_udp(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(self.handles);
        (builder.build(), table)
    }
}

/// The invocation's start, and a millisecond for each reading of either clock.
#[derive(Clone)]
struct Clock {
    started_ms: u64,
    readings: Arc<AtomicU64>,
}

impl Clock {
    fn read(&self) -> Duration {
        Duration::from_millis(self.readings.fetch_add(1, Ordering::Relaxed))
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.started_ms) + self.read()
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.read().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Random numbers for replay: sha-256 over a seed, a purpose and a counter. Unpredictable to whoever lacks the seed, and the
/// same in every version of every library.
struct Stream {
    key: Sha256,
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Stream {
    fn new(seed: u64, purpose: &[u8]) -> Self {
        let key = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(purpose);
        Self { key, counter: 0, block: [0; 32], used: 32 }
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == self.block.len() {
                self.block = self.key.clone().chain_update(self.counter.to_le_bytes()).finalize().into();
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

/// Standard output or error, as lines of the log.
struct LogStream {
    shared: Arc<Shared>,
    level: LogLevel,
    line: Vec<u8>,
}

/// Longest part of a line that is kept until its end arrives; the log cuts lines shorter than this.
const LINE: usize = 4096;

impl LogStream {
    fn again(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), level: self.level, line: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.shared.log().write(self.level, &String::from_utf8_lossy(&line));
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.again())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.again())
    }
}

#[async_trait::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_follow_from_seed_and_purpose() {
        let bytes = |seed, purpose: &[u8]| {
            let mut bytes = [0; 100];
            Stream::new(seed, purpose).fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(7, b"a"), bytes(7, b"a"));
        assert_ne!(bytes(7, b"a"), bytes(8, b"a"));
        assert_ne!(bytes(7, b"a"), bytes(7, b"b"));
        let mut pieces = Stream::new(7, b"a");
        let mut together = [0; 100];
        let (head, tail) = together.split_at_mut(33);
        pieces.fill(head);
        pieces.fill(tail);
        assert_eq!(together, bytes(7, b"a"));
    }

    #[test]
    fn a_clock_shows_its_start_and_its_readings() {
        let clock = Clock { started_ms: 1_000, readings: Arc::default() };
        assert_eq!(HostWallClock::now(&clock), Duration::from_millis(1_000));
        assert_eq!(HostMonotonicClock::now(&clock), 1_000_000);
        assert_eq!(HostWallClock::now(&clock), Duration::from_millis(1_002));
    }

    #[test]
    fn output_becomes_lines_and_the_last_one_needs_no_end() {
        let shared = Shared::new(&Limits::default(), None);
        let mut stream = LogStream { shared: Arc::clone(&shared), level: LogLevel::Info, line: Vec::new() };
        stream.take(b"one\ntw");
        stream.take(b"o\n\xff");
        drop(stream);
        let (lines, _) = shared.log().take_tail();
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", "\u{fffd}"]);
    }
}
