//! The choice of a kernel: by the environment, or by a short race at the first use.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::pow::Race;

/// The environment variable that forces a kernel, and forbids the instructions of wider ones to hashes and permutations.
pub const VARIABLE: &str = "TANGLEGRAM_POW";

/// The index in [`Kernel::ALL`] of what [`Kernel::force`] got.
static OVERRIDE: AtomicU8 = AtomicU8::new(NO_OVERRIDE);
const NO_OVERRIDE: u8 = u8::MAX;

/// How nonces are tried. All kernels find the same nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kernel {
    /// Safe code for every CPU, 128 nonces at a time.
    Portable,
    /// 256 nonces at a time, on x86-64 with AVX2.
    Avx2,
    /// 512 nonces at a time, on x86-64 with AVX-512F and AVX-512BW.
    Avx512,
}

impl Kernel {
    /// Every kernel, the most portable first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The name that [`FromStr`] reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this CPU can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
                wide && is_x86_feature_detected!("avx2")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The kernel that the environment variable [`VARIABLE`] names, or else the fastest.
    ///
    /// # Errors
    /// When the variable names no kernel, or one that this CPU cannot run.
    pub fn chosen() -> Result<Self, KernelError> {
        Ok(Self::forced()?.unwrap_or_else(Self::fastest))
    }

    /// The kernel given to [`Kernel::force`], else the one that the environment variable [`VARIABLE`] names; `None` if it
    /// is unset or empty. It is read once per process.
    ///
    /// # Errors
    /// As of [`Kernel::chosen`].
    pub fn forced() -> Result<Option<Self>, KernelError> {
        let forced = Self::ALL.get(usize::from(OVERRIDE.load(Ordering::Relaxed)));
        if let Some(kernel) = forced {
            return Ok(Some(*kernel));
        }
        static FORCED: OnceLock<Result<Option<Kernel>, KernelError>> = OnceLock::new();
        let read = || match std::env::var_os(VARIABLE) {
            Some(name) if !name.is_empty() => name.to_string_lossy().parse::<Self>()?.usable().map(Some),
            _ => Ok(None),
        };
        FORCED.get_or_init(read).clone()
    }

    /// Takes the place of the environment variable from now on, for the whole process; `None` gives it back. It changes
    /// how fast hashes, signatures and nonces are found, never which.
    ///
    /// # Errors
    /// When the CPU cannot run the kernel; then nothing changes.
    pub fn force(kernel: Option<Self>) -> Result<(), KernelError> {
        let kernel = kernel.map(Self::usable).transpose()?;
        let index = kernel.and_then(|kernel| Self::ALL.iter().position(|one| *one == kernel));
        OVERRIDE.store(index.map_or(NO_OVERRIDE, |index| index as u8), Ordering::Relaxed);
        Ok(())
    }

    /// This kernel, if the CPU can run it.
    ///
    /// # Errors
    /// When it cannot.
    pub fn usable(self) -> Result<Self, KernelError> {
        if self.is_available() { Ok(self) } else { Err(KernelError::Unavailable(self)) }
    }

    /// Whether this CPU can run code for it, and the variable forces no lesser one: it holds for hashes, too.
    pub(crate) fn is_permitted(self) -> bool {
        self.is_available() && Self::forced().ok().flatten().is_none_or(|most| self <= most)
    }

    /// The kernel that wins a race of a few milliseconds; it is run once per process.
    pub fn fastest() -> Self {
        static FASTEST: OnceLock<Kernel> = OnceLock::new();
        *FASTEST.get_or_init(|| {
            let vector =
                Self::ALL.into_iter().filter(|kernel| *kernel != Self::Portable && kernel.is_available());
            vector.min_by_key(|kernel| race(|race| race.run(*kernel))).unwrap_or(Self::Portable)
        })
    }
}

#[cfg(target_arch = "x86_64")]
/// Whether the mixed form of the AVX-512 kernel is the faster one here.
pub(super) fn prefers_mixed() -> bool {
    static MIXED: OnceLock<bool> = OnceLock::new();
    *MIXED.get_or_init(|| race(|race| race.run_avx512(true)) < race(|race| race.run_avx512(false)))
}

/// The shortest time of a few short runs. What it decides changes the speed, never the result.
#[expect(clippy::disallowed_methods, reason = "the race between kernels needs a clock")]
fn race(run: impl Fn(&Race)) -> Duration {
    let race = Race::new();
    let time = || {
        let start = std::time::Instant::now();
        run(&race);
        start.elapsed()
    };
    (0..4).map(|_| time()).min().unwrap_or_default()
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a kernel cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// No kernel has this name.
    Unknown(String),
    /// This CPU lacks the instructions.
    Unavailable(Kernel),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "no kernel is named {name:?}: use portable, avx2 or avx512"),
            Self::Unavailable(kernel) => {
                let able = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(Kernel::name);
                write!(
                    f,
                    "this CPU cannot run the kernel {kernel}: use {}",
                    able.collect::<Vec<_>>().join(" or ")
                )
            }
        }
    }
}

impl std::error::Error for KernelError {}

impl FromStr for Kernel {
    type Err = KernelError;

    fn from_str(name: &str) -> Result<Self, KernelError> {
        Self::ALL
            .into_iter()
            .find(|kernel| kernel.name() == name)
            .ok_or_else(|| KernelError::Unknown(name.to_owned()))
    }
}
