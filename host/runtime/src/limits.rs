//! What one call may use. Every limit is on by default.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The limits of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories of the instance together.
    pub memory_bytes: usize,
    /// Time that the guest itself may run. Waiting in the host does not count; work that the host does on the guest's
    /// behalf without the port (lifting strings, keeping log lines) does.
    pub guest_time: Duration,
    /// Time from start to end, without waiting for a person.
    pub wall_time: Duration,
    /// Bytes that one call may carry from the guest to the host, as arguments or as a result.
    pub hostcall_bytes: usize,
    /// The same for the result of `link`: a large project has a large report.
    pub report_bytes: usize,
    /// Calls to the port.
    pub host_calls: u32,
    /// Core instances.
    pub instances: usize,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Live handles, and entries of the host's own resource table.
    pub handles: usize,
    /// Log lines kept; more are dropped and counted.
    pub log_lines: usize,
    /// Bytes kept of one log line.
    pub log_line_bytes: usize,
    /// Bytes said to the person in one call of a command, all together.
    pub output_bytes: usize,
    /// Bytes that one call for random numbers may ask for.
    pub random_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            guest_time: Duration::from_secs(5),
            wall_time: Duration::from_secs(600),
            hostcall_bytes: 1 << 20,
            report_bytes: 8 << 20,
            host_calls: 10_000,
            instances: 64,
            memories: 8,
            tables: 64,
            table_elements: 100_000,
            handles: 1_000,
            log_lines: 1_000,
            log_line_bytes: 1 << 10,
            output_bytes: 1 << 20,
            random_bytes: 64 << 10,
        }
    }
}

/// Which limit ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LimitKind {
    /// The guest's own time.
    #[error("guest time")]
    GuestTime,
    /// The whole call's time, without waiting for a person.
    #[error("wall time")]
    WallTime,
    /// Linear memory.
    #[error("memory")]
    Memory,
    /// The call stack, or the guest's own stack in linear memory.
    #[error("stack")]
    Stack,
    /// Bytes carried by one call.
    #[error("size of one call")]
    HostcallBytes,
    /// Table elements.
    #[error("table elements")]
    Tables,
    /// Core instances, memories or tables.
    #[error("number of instances")]
    Instances,
    /// Live handles.
    #[error("handles")]
    Handles,
}

/// Counts what a store's instances take together, so that many small memories are no way around the limit.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_left: usize,
    elements_left: usize,
    instances: usize,
    memories: usize,
    tables: usize,
    /// The last thing refused. A guest may live with a refusal; when it does not, this says why it ended.
    pub(crate) refused: Option<LimitKind>,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_left: limits.memory_bytes,
            elements_left: limits.table_elements,
            instances: limits.instances,
            memories: limits.memories,
            tables: limits.tables,
            refused: None,
        }
    }
}

/// Take the growth out of what is left, or leave it as it is.
fn take(left: &mut usize, current: usize, desired: usize) -> bool {
    match left.checked_sub(desired.saturating_sub(current)) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

// A growth that is allowed here and fails below is not given back: it can only make the limit stricter.
impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = take(&mut self.memory_left, current, desired);
        if !allowed {
            self.refused = Some(LimitKind::Memory);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = take(&mut self.elements_left, current, desired);
        if !allowed {
            self.refused = Some(LimitKind::Tables);
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_limit() {
        let mut limiter = Limiter::new(&Limits { memory_bytes: 100, ..Limits::default() });
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(limiter.refused, Some(LimitKind::Memory));
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert!(!limiter.memory_growing(100, usize::MAX, None).unwrap());
    }
}
