//! `check --faults`: a bad connection to the target.

use clap::Args;
use tanglegram_target::Faults;

/// Faults between the harness and the target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bad connection")]
pub(crate) struct FaultArgs {
    /// Put a faulting proxy before the target: latency=TIME or FROM..TO, slow=BYTES_PER_SECOND, and the shares of replies
    /// that are cut off or damaged: reset=, truncate=, garbage=
    ///
    /// What they do to a vector is told as if the target had done it. Feeding a node and the look whether it is still there
    /// are not disturbed. Vectors run one after the other, else no seed would say what is hit; a recording has no
    /// connection, and no baseline is to be learnt from a bad one.
    #[arg(
        long,
        value_name = "FAULTS",
        value_parser = Wanted::parse,
        conflicts_with_all = ["jobs", "recorded", "update_baseline"],
    )]
    pub(crate) faults: Option<Wanted>,
    /// Which replies the faults hit: the same seed hits the same ones of the same vectors
    #[arg(long, value_name = "N", default_value_t = 0, requires = "faults")]
    pub(crate) fault_seed: u64,
}

/// Faults as they were written.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) faults: Faults,
    text: String,
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, String> {
        let faults = text.parse().map_err(|error: tanglegram_target::BadFaults| error.to_string())?;
        Ok(Self { faults, text: text.to_owned() })
    }
}

impl FaultArgs {
    /// The faults as reports tell them.
    pub(crate) fn told(&self) -> Option<String> {
        let wanted = self.faults.as_ref()?;
        Some(format!("{} (seed {})", wanted.text, self.fault_seed))
    }
}
