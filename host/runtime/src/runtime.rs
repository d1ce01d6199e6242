//! The shared engine, and how bytes become plugins.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use certus_engine::Digest;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::cache::{Cache, CacheWarning};
use crate::engine::{self, Allocation};
use crate::error::{LoadError, RuntimeError};
use crate::store::State;
use crate::ticker::Ticker;
use crate::{Limits, Plugin, imports, wasi};

/// Threads that compile one component at most. Why four: `docs/decisions/four-threads-compile.md`.
const COMPILING_THREADS: usize = 4;

/// How a runtime works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where compiled code is kept; `None` compiles each time. A directory of the user, not of a project: whoever can write
    /// there can run native code.
    pub cache_dir: Option<PathBuf>,
    /// Reserve room for a thousand instances beforehand: a call costs half as much, starting costs milliseconds more, and
    /// a call for which there is no room fails as the host's error. For servers. Where the address space cannot be
    /// reserved, instances are made on demand all the same.
    pub pooled: bool,
    /// The limits of each call.
    pub limits: Limits,
    /// The largest component that is compiled, in bytes.
    pub component_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_dir: None, pooled: false, limits: Limits::default(), component_bytes: 64 << 20 }
    }
}

/// Loads plugins. Cheap to clone; all clones share one engine.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
    loader: Arc<Loader>,
}

/// What calls need.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
}

struct Loader {
    allocation: Allocation,
    limits: Arc<Limits>,
    component_bytes: usize,
    cache: Option<Cache>,
    warnings: Mutex<Vec<CacheWarning>>,
    linker: Linker<State>,
    with_wasi: OnceLock<Linker<State>>,
}

impl Runtime {
    /// Start the engine. Costs less than a millisecond without a pool, but do it when the first plugin is loaded,
    /// not before.
    ///
    /// # Errors
    /// When wasmtime cannot run on this machine.
    pub fn new(options: Options) -> Result<Self, RuntimeError> {
        let failed = |error: wasmtime::Error| RuntimeError(format!("{error:#}"));
        let (engine, allocation) = engine::build(&options.limits, options.pooled).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        imports::add_to_linker(&mut linker).map_err(failed)?;
        let mut warnings = Vec::new();
        let cache = options.cache_dir.and_then(|dir| Cache::open(&dir, &engine).map_err(|w| warnings.push(w)).ok());
        let loader = Loader {
            allocation,
            limits: Arc::new(options.limits),
            component_bytes: options.component_bytes,
            cache,
            warnings: Mutex::new(warnings),
            linker,
            with_wasi: OnceLock::new(),
        };
        let ticker = Ticker::new(engine.clone());
        Ok(Self { shared: Arc::new(Shared { engine, ticker }), loader: Arc::new(loader) })
    }

    /// Whether instances come from a pool. `false` also where a pool was asked for and could not be reserved.
    pub fn is_pooled(&self) -> bool {
        self.loader.allocation == Allocation::Pooled
    }

    /// What went wrong with the cache since the last time this was asked. Nothing depends on it but speed.
    pub fn take_warnings(&self) -> Vec<CacheWarning> {
        std::mem::take(&mut *self.loader.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Make a plugin of a component: compile it, or find it compiled in the cache, and link it. Blocks; compiling takes
    /// from milliseconds to seconds.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(&self, bytes: &[u8]) -> Result<Plugin, LoadError> {
        let most = self.loader.component_bytes;
        if bytes.len() > most {
            return Err(LoadError::TooLarge { bytes: bytes.len(), most });
        }
        check_header(bytes)?;
        let digest = Digest::of(bytes);
        let component = self.compiled(bytes, &digest)?;
        let linker = self.linker_for(&component)?;
        let pre = linker.instantiate_pre(&component).map_err(|error| LoadError::Contract(format!("{error:#}")))?;
        Plugin::new(Arc::clone(&self.shared), pre, digest, Arc::clone(&self.loader.limits))
    }

    fn compiled(&self, bytes: &[u8], digest: &Digest) -> Result<Component, LoadError> {
        let engine = &self.shared.engine;
        if let Some(component) = self.loader.cache.as_ref().and_then(|cache| cache.get(engine, digest)) {
            return Ok(component);
        }
        let component = compile(engine, bytes)?;
        if let Some(cache) = &self.loader.cache
            && let Err(warning) = cache.put(&component, digest)
        {
            self.loader.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
        }
        Ok(component)
    }

    /// WASI is linked for those alone that import it.
    fn linker_for(&self, component: &Component) -> Result<&Linker<State>, LoadError> {
        let mut needs_wasi = false;
        for (name, _) in component.component_type().imports(&self.shared.engine) {
            match name.split_once('/').map_or(name, |(package, _)| package) {
                "certus:plugin" => {}
                "wasi:cli" | "wasi:clocks" | "wasi:filesystem" | "wasi:io" | "wasi:random" | "wasi:sockets" => {
                    needs_wasi = true;
                }
                _ => return Err(LoadError::UnsupportedImport(name.to_owned())),
            }
        }
        if !needs_wasi {
            return Ok(&self.loader.linker);
        }
        if let Some(linker) = self.loader.with_wasi.get() {
            return Ok(linker);
        }
        let mut linker = self.loader.linker.clone();
        wasi::add_to_linker(&mut linker).map_err(|error| LoadError::Contract(format!("{error:#}")))?;
        Ok(self.loader.with_wasi.get_or_init(|| linker))
    }
}

/// Compile on a few threads that end with it: each takes memory of its own, and left to itself the compiler takes as many
/// threads as there are processors.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, LoadError> {
    let failed = |error: String| LoadError::Compile(error);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(COMPILING_THREADS);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "certus-compile".to_owned())
        .build()
        .map_err(|error| failed(format!("no thread can be started: {error}")))?;
    pool.install(|| Component::new(engine, bytes)).map_err(|error| failed(format!("{error:#}")))
}

/// A component's first eight bytes: the magic, the version, the layer.
fn check_header(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.first_chunk::<8>() {
        Some(b"\0asm\x0d\0\x01\0") => Ok(()),
        Some(b"\0asm\x01\0\0\0") => Err(LoadError::NotAComponent("it is a core module")),
        Some([0, b'a', b's', b'm', ..]) => Err(LoadError::NotAComponent("it is of another version of WebAssembly")),
        Some(_) => Err(LoadError::NotAComponent("it is no WebAssembly at all")),
        None => Err(LoadError::NotAComponent("it is too short")),
    }
}
