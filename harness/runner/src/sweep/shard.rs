//! Which seeds a sweep runs, and which of them are this process's share.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Most seeds of a sweep.
const MOST: u64 = 100_000_000;

/// The seeds of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Range<u64>);

/// One of `count` equal parts of a sweep, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

/// Why a range of seeds or a shard makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// No range.
    #[error("expected seeds like 0..10000 (without the last), not `{0}`")]
    Seeds(String),
    /// A range of none, or of too many.
    #[error("{0} seeds are too few or too many: 1 to {MOST}")]
    Count(u64),
    /// No shard.
    #[error("expected a shard like 1/8 (the first of eight) up to 8/8, not `{0}`")]
    Shard(String),
    /// An environment variable that says something unexpected.
    #[error("{name}={value} makes no sense; say --shard i/n to overrule the environment")]
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// A Kubernetes Indexed Job that does not say how many pods it has.
    #[error(
        "JOB_COMPLETION_INDEX is set: set JOB_COMPLETIONS to the job's `completions`, too, or say --shard i/n"
    )]
    Completions,
}

impl Seeds {
    /// How many.
    pub fn count(&self) -> u64 {
        self.0.end - self.0.start
    }

    /// Whether a seed is one of them.
    pub fn contains(&self, seed: u64) -> bool {
        self.0.contains(&seed)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = u64> + use<> {
        self.0.clone()
    }

    /// A shard's: every `count`th, so that all shards take about as long.
    pub fn of(&self, shard: Shard) -> impl Iterator<Item = u64> + use<> {
        let step = usize::try_from(shard.count).unwrap_or(usize::MAX);
        (self.0.start + (shard.index - 1)..self.0.end).step_by(step)
    }
}

impl FromStr for Seeds {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let wrong = || ShardError::Seeds(text.to_owned());
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let range = match text.split_once("..") {
            Some((from, to)) => number(from)?..number(to)?,
            None => number(text).map(|seed| seed..seed.saturating_add(1))?,
        };
        match range.end.saturating_sub(range.start) {
            1..=MOST => Ok(Seeds(range)),
            count => Err(ShardError::Count(count)),
        }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

impl Shard {
    /// The whole.
    pub const ALL: Shard = Shard { index: 1, count: 1 };

    /// The `index`th (from 1) of `count`.
    pub fn new(index: u64, count: u64) -> Option<Shard> {
        (1..=count).contains(&index).then_some(Shard { index, count })
    }

    /// The name of the file of its results.
    pub fn file_name(self) -> String {
        format!("results-{}-of-{}.jsonl", self.index, self.count)
    }

    /// The share that a Slurm array, a Kubernetes Indexed Job or a CI matrix gives this process; `variable` looks up an
    /// environment variable. `None` where there is no sign of any.
    pub fn of_environment(
        variable: &dyn Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Shard>, ShardError> {
        let number = |name| read(variable, name);
        if let Some(task) = number("SLURM_ARRAY_TASK_ID")? {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            let last = number("SLURM_ARRAY_TASK_MAX")?.unwrap_or(task);
            let count =
                number("SLURM_ARRAY_TASK_COUNT")?.unwrap_or_else(|| last.saturating_sub(first) / step + 1);
            return share("SLURM_ARRAY_TASK_ID", task, task.saturating_sub(first) / step + 1, count);
        }
        if let Some(index) = number("JOB_COMPLETION_INDEX")? {
            let count = number("JOB_COMPLETIONS")?.ok_or(ShardError::Completions)?;
            return share("JOB_COMPLETION_INDEX", index, index.saturating_add(1), count);
        }
        match (number("CI_NODE_INDEX")?, number("CI_NODE_TOTAL")?) {
            (Some(index), Some(count)) => share("CI_NODE_INDEX", index, index, count),
            _ => Ok(None),
        }
    }
}

fn read(
    variable: &dyn Fn(&'static str) -> Option<String>,
    name: &'static str,
) -> Result<Option<u64>, ShardError> {
    let Some(value) = variable(name) else { return Ok(None) };
    value.trim().parse().map(Some).map_err(|_| ShardError::Environment { name, value })
}

fn share(name: &'static str, value: u64, index: u64, count: u64) -> Result<Option<Shard>, ShardError> {
    let wrong = || ShardError::Environment { name, value: value.to_string() };
    Shard::new(index, count).map(Some).ok_or_else(wrong)
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parts =
            text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        parts
            .and_then(|(index, count)| Shard::new(index, count))
            .ok_or_else(|| ShardError::Shard(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_seeds_out() {
        let seeds: Seeds = "3..20".parse().unwrap();
        let mut shared: Vec<u64> =
            (1..=5).flat_map(|index| seeds.of(Shard::new(index, 5).unwrap())).collect();
        shared.sort_unstable();
        assert_eq!(shared, seeds.all().collect::<Vec<_>>());
        assert_eq!(seeds.of("5/5".parse().unwrap()).collect::<Vec<_>>(), [7, 12, 17]);
        assert_eq!("9..10".parse::<Seeds>().unwrap().of("2/2".parse().unwrap()).count(), 0);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for seeds in ["", "..", "5..5", "7..3", "a..b", "-1..4", "0..100000001", "1...5"] {
            assert!(seeds.parse::<Seeds>().is_err(), "{seeds}");
        }
        for shard in ["0/4", "5/4", "1", "1/0", "a/b", "1/2/3"] {
            assert!(shard.parse::<Shard>().is_err(), "{shard}");
        }
        assert_eq!("7".parse::<Seeds>().unwrap().all().collect::<Vec<_>>(), [7]);
    }

    fn environment(variables: &'static [(&'static str, &'static str)]) -> Result<Option<Shard>, ShardError> {
        Shard::of_environment(&|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_tells_the_shard() {
        let shard = |index, count| Ok(Shard::new(index, count));
        assert_eq!(environment(&[]), Ok(None));
        let slurm = &[
            ("SLURM_ARRAY_TASK_ID", "14"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_MAX", "18"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "5"),
        ];
        assert_eq!(environment(slurm), shard(3, 5));
        assert_eq!(
            environment(&[
                ("SLURM_ARRAY_TASK_ID", "0"),
                ("SLURM_ARRAY_TASK_MIN", "0"),
                ("SLURM_ARRAY_TASK_MAX", "3")
            ]),
            shard(1, 4)
        );
        assert_eq!(environment(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "3")]), shard(1, 3));
        assert_eq!(environment(&[("JOB_COMPLETION_INDEX", "0")]), Err(ShardError::Completions));
        assert_eq!(environment(&[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "3")]), shard(3, 3));
        assert!(environment(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "3")]).is_err());
        assert!(environment(&[("SLURM_ARRAY_TASK_ID", "x")]).is_err());
    }
}
