//! The one shared wasmtime engine: which features guests may use, and how their instances are allocated.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, Memory, MemoryType, OptLevel, PoolingAllocationConfig, Store,
    Strategy, WasmFeatures,
};

use crate::Limits;

/// Guests with recursive parsers need more than the default of 512 KiB.
const WASM_STACK: usize = 4 << 20;
/// What host functions have left on the same stack when a guest has used all of its own.
const HOST_STACK: usize = 1 << 20;

/// Frames of a backtrace: enough to tell a recursion from a plain trap.
pub(crate) const FRAMES: usize = 64;

/// Calls that a pool has room for at once, those that wait for people included. Reserving it takes milliseconds.
const POOLED_CALLS: u32 = 1_000;

/// What guests may use. Everything else that wasmtime knows is off, also what a later version turns on.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    // Component tools make modules with several memories.
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::COMPONENT_MODEL)
    // Part of the first version only in the parser's books.
    .difference(WasmFeatures::GC_TYPES);

/// How the instances of an engine are allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// Slots reserved beforehand: fast calls, a slower start.
    Pooled,
    /// As needed: for processes that make few calls.
    OnDemand,
    /// As needed and without large reservations of address space, where those fail (`ulimit -v`, small containers).
    Frugal,
}

/// The best engine that this machine allows.
pub(crate) fn build(limits: &Limits, pooled: bool) -> wasmtime::Result<(Engine, Allocation)> {
    let wishes = [Allocation::Pooled, Allocation::OnDemand];
    for wish in wishes.into_iter().skip(usize::from(!pooled)) {
        if let Ok(engine) = Engine::new(&config(limits, wish)?)
            && (wish == Allocation::Pooled || can_reserve(&engine))
        {
            return Ok((engine, wish));
        }
    }
    let engine = Engine::new(&config(limits, Allocation::Frugal)?)?;
    Ok((engine, Allocation::Frugal))
}

/// Whether a memory can be reserved at all. A pool has reserved its memories when it is made.
fn can_reserve(engine: &Engine) -> bool {
    Memory::new(&mut Store::new(engine, ()), MemoryType::new(1, None)).is_ok()
}

pub(crate) fn config(limits: &Limits, allocation: Allocation) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    config
        .wasm_features(FEATURES.complement(), false)
        .wasm_features(FEATURES, true)
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // Two runs of a guest must not differ in the bits of a NaN, nor two machines in relaxed SIMD.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(WASM_STACK + HOST_STACK)
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES))
        // Only debuggers and profilers outside read it.
        .native_unwind_info(false);
    match allocation {
        Allocation::Pooled => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
        }
        Allocation::OnDemand => {}
        Allocation::Frugal => {
            // Room for the largest memory, so that growing never copies; the guest's addresses are checked one by one.
            config.memory_reservation(limits.memory_bytes as u64).memory_guard_size(0);
        }
    }
    Ok(config)
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = POOLED_CALLS;
    let each = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls * 16)
        .total_memories(calls * 2)
        .total_tables(calls * 16)
        .total_stacks(calls)
        .max_core_instances_per_component(each(limits.instances))
        .max_memories_per_component(each(limits.memories))
        .max_tables_per_component(each(limits.tables))
        .max_memory_size(limits.memory_bytes)
        .table_elements(limits.table_elements)
        // Pages that a call has touched are kept and cleared, which is cheaper than giving them back and faulting them in.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .decommit_batch_size(16)
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allocation_makes_an_engine() {
        for allocation in [Allocation::Pooled, Allocation::OnDemand, Allocation::Frugal] {
            Engine::new(&config(&Limits::default(), allocation).unwrap()).unwrap();
        }
    }

    #[test]
    fn engines_that_allocate_differently_do_not_share_compiled_code() {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let hash = |allocation| {
            let engine = Engine::new(&config(&Limits::default(), allocation).unwrap()).unwrap();
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        assert_ne!(hash(Allocation::OnDemand), hash(Allocation::Frugal));
    }
}
