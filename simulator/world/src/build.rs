//! From what a world file says to nodes that can be started.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_yaml::Spanned;
use tanglegram_mirror::Dialect as MirrorDialect;
use tanglegram_tangle::{Dialect, SUPPLY};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::wots::{self, Security};
use tanglegram_ternary::{Hash, SignatureMode};

use crate::error::{Fault, Source, nearest};
use crate::file::{CoordinatorFile, LIKE, Nodes, Options, Setting, WalletFile, WorldFile};
use crate::files::Files;
use crate::node::{NodeBuilder, Shared};
use crate::sim::{CoordinatorPlan, Scenario};
use crate::simulated;
use crate::simulation::{self, Frame, Names, Section};
use crate::{Issuer, Wallet, World, trees};

/// The deepest key tree that is generated on the spot: 4096 keys take some seconds.
const MAX_GENERATED_DEPTH: u8 = 12;

/// The most checkpoints of a milestone: each takes proof of work.
const MAX_CHECKPOINTS: u16 = 1_000;

/// Bytes of a key's address in a tree file.
const LEAF: usize = 49;

/// What helps with a file that is not found.
pub(crate) const RELATIVE: &str = "paths are relative to the world file";

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Most nodes of a world.
const MAX_NODES: u64 = 10_000;

/// The seed of the wallet of a simulated world that does not say.
const SIMULATED_WALLET: &str = "SIMULATED9WALLET";

/// Reads and builds a world.
pub(crate) fn build(name: &str, source: &Arc<Source>, files: &Files) -> Result<World, Fault> {
    let mut file: WorldFile = parse(source)?;
    let section = file.section();
    let builder = Builder { source, files };
    let named = builder.named(file.nodes.take())?;
    let wallet = file.wallet.as_ref().map(|wallet| builder.wallet(&wallet.value)).transpose()?;
    let coordinator = file.coordinator.as_ref().map(|c| builder.coordinator(&c.value)).transpose()?;
    let wallet = wallet.or_else(|| section.is_given().then(simulated_wallet).flatten());
    let coordinator = coordinator.or_else(|| section.is_given().then(simulated_coordinator).flatten());
    let (dialect, mirror_dialect) = builder.dialects(file.dialect.as_ref())?;
    let names = named.iter().map(|(name, _)| name.value.clone()).collect();
    let world = Shared { dialect, wallet: wallet.as_ref(), coordinator: coordinator.as_ref(), names };
    let settings = named.iter().map(|(_, own)| {
        let mut settings: Vec<_> = file.options.0.iter().collect();
        settings.extend(builder.settings(own, &named)?);
        Ok(settings)
    });
    let settings = settings.collect::<Result<Vec<_>, Fault>>()?;
    let nodes = named.iter().zip(&settings).map(|((name, _), settings)| {
        NodeBuilder { builder: &builder, world: &world, name, settings }.build()
    });
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let mirrors = file.mirrors.0.iter().map(|(name, own)| builder.mirror(name, own, mirror_dialect));
    let mirrors = mirrors.collect::<Result<Vec<_>, _>>()?;
    let hedera = file.hedera.as_ref().map(|tree| simulation::read_hedera(tree, source)).transpose()?;
    if nodes.is_empty() && mirrors.is_empty() && hedera.is_none() {
        return Err(source
            .fault(0..0, "a world needs at least one node")
            .with_help(Some("nodes: { n0: {} }".into())));
    }
    let written = simulated::Nodes { builder: &builder, plans: &nodes, settings: &settings };
    let frame = Frame {
        names: Names::new(nodes.iter().map(|node| node.name.clone()).collect()),
        dialect,
        mwm: nodes.first().map_or(0, |node| node.config.mwm),
        coordinator: coordinator.as_ref(),
        configs: written.configs(),
        neighbors: written.topology(),
    };
    let mut scenario = simulation::build(&section, &frame, source)?;
    let unsimulated = written.refused().or_else(|| builder.too_few_keys(&file, &section, &scenario));
    scenario.hedera = hedera.map(Box::new);
    Ok(World {
        name: name.to_owned(),
        nodes,
        mirrors,
        coordinator,
        wallet,
        seed: file.seed.unwrap_or_default(),
        scenario,
        unsimulated: unsimulated.map(Arc::new),
    })
}

/// The owner of the funds of a world that is made to be simulated.
fn simulated_wallet() -> Option<Wallet> {
    /// Making it takes a moment, and it is always the same.
    static ADDRESS: OnceLock<Hash> = OnceLock::new();
    let (seed, security) = (Hash::from_trytes_padded(SIMULATED_WALLET).ok()?, Security::Medium);
    let address = *ADDRESS.get_or_init(|| wots::address(&seed, 0, security));
    Some(Wallet { seed, security, address, balance: SUPPLY })
}

/// The coordinator of a world that is made to be simulated: the simulation's own.
fn simulated_coordinator() -> Option<Issuer> {
    let plan = CoordinatorPlan::default();
    let interval = Duration::from_millis(plan.every);
    Some(Issuer { tree: plan.tree().ok()?, interval, checkpoints: plan.checkpoints })
}

pub(crate) fn parse<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Fault> {
    let limits = serde_yaml::options! {
        budget: serde_yaml::budget! { max_reader_input_bytes: Some(1 << 20), max_nodes: 100_000, max_depth: 64 },
    };
    serde_yaml::from_str_with_options(source.text(), limits).map_err(|error| {
        let error = error.without_snippet();
        let start =
            error.location().and_then(|at| at.span().byte_offset()).map_or(0, |offset| offset as usize);
        let text = text_of(error);
        let help = nearest_field(&text);
        source.fault(start..start, text).with_help(help)
    })
}

/// An error's text for people who do not know the library, and without the position: that is told otherwise.
fn text_of(error: &serde_yaml::Error) -> String {
    match error {
        serde_yaml::Error::NullIntoString { .. } => "a value is missing".into(),
        serde_yaml::Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is given twice"),
        other => plain(&other.to_string()),
    }
}

/// The known key nearest to an unknown one.
fn nearest_field(text: &str) -> Option<String> {
    let (name, known) = text.strip_prefix("unknown field `")?.split_once("`, expected one of ")?;
    nearest(name, known.split(", ")).map(|near| format!("did you mean `{near}`?"))
}

/// The library's words, but for those that speak of the inside of programs.
fn plain(text: &str) -> String {
    match text.split(" at line ").next().unwrap_or_default() {
        "recursive references require weak recursion types" => {
            "a cycle: the alias stands for a value that it is a part of".into()
        }
        "recursion limit exceeded" => "lists and maps are nested too deeply".into(),
        infinite if infinite.starts_with("non-finite float ") => "expected a finite number".into(),
        other => other.to_owned(),
    }
}

/// What a world file's values are read with.
pub(crate) struct Builder<'a> {
    source: &'a Arc<Source>,
    pub(crate) files: &'a Files,
}

impl Builder<'_> {
    /// A mistake at a value.
    pub(crate) fn fault<T>(&self, value: &Spanned<T>, message: impl std::fmt::Display) -> Fault {
        self.source.fault_at(value, message)
    }

    /// The nodes by name.
    fn named(&self, nodes: Option<Spanned<Nodes>>) -> Result<Vec<(Spanned<String>, Options)>, Fault> {
        let Some(nodes) = nodes else { return Ok(Vec::new()) };
        let count = match &nodes.value {
            Nodes::Named(named) => named.len() as u64,
            Nodes::Count(count) => *count,
        };
        if count > MAX_NODES {
            return Err(self.fault(&nodes, format_args!("a world has at most {MAX_NODES} nodes")));
        }
        let Spanned { value, referenced, defined } = nodes;
        Ok(match value {
            Nodes::Named(named) => {
                named.iter().try_for_each(|(name, _)| self.check_name(name))?;
                named
            }
            Nodes::Count(count) => (0..count)
                .map(|number| {
                    (Spanned { value: format!("n{number}"), referenced, defined }, Options::default())
                })
                .collect(),
        })
    }

    /// Names stand in traces, reports and commands.
    fn check_name(&self, name: &Spanned<String>) -> Result<(), Fault> {
        let is_odd = |letter: char| letter.is_control() || "\"\\".contains(letter);
        if (1..=200).contains(&name.value.len()) && !name.value.chars().any(is_odd) {
            return Ok(());
        }
        Err(self.fault(name, "a node's name has 1 to 200 letters, without quotes and backslashes"))
    }

    /// A node's own options after those of the node it is like.
    fn settings<'b>(
        &self,
        own: &'b Options,
        named: &'b [(Spanned<String>, Options)],
    ) -> Result<Vec<&'b Setting>, Fault> {
        let mut chain = vec![own];
        while let Some(like) = chain[chain.len() - 1].0.iter().find(|setting| setting.name.value == LIKE) {
            let name = &like.value.value.0;
            let Some((_, next)) = named.iter().find(|(other, _)| other.value == *name) else {
                let near = nearest(name, named.iter().map(|(other, _)| other.value.as_str()));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                return Err(self
                    .fault(&like.value, format_args!("there is no node `{name}`"))
                    .with_help(help));
            };
            if chain.iter().any(|seen| std::ptr::eq(*seen, next)) {
                let message = format_args!("a cycle: the node is in the end like itself, by way of `{name}`");
                return Err(self.fault(&like.value, message));
            }
            chain.push(next);
        }
        let settings = chain.into_iter().rev().flat_map(|options| &options.0);
        Ok(settings.filter(|setting| setting.name.value != LIKE).collect())
    }

    /// What the nodes and the mirror nodes speak: the world's dialect is of the one kind or the other.
    fn dialects(&self, name: Option<&Spanned<String>>) -> Result<(Dialect, MirrorDialect), Fault> {
        let Some(name) = name else { return Ok(Default::default()) };
        match name.value.parse() {
            Ok(mirror) => Ok((Dialect::default(), mirror)),
            Err(_) => Ok((self.value(name)?, MirrorDialect::default())),
        }
    }

    pub(crate) fn value<T>(&self, text: &Spanned<String>) -> Result<T, Fault>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        text.value.parse().map_err(|error| self.fault(text, error))
    }

    pub(crate) fn unreadable(&self, path: &Spanned<String>, error: &std::io::Error) -> Fault {
        self.fault(path, unreadable(&path.value, error)).with_help(Some(RELATIVE.into()))
    }

    fn seed(&self, text: &Spanned<String>) -> Result<Hash, Fault> {
        Hash::from_trytes_padded(&text.value)
            .map_err(|error| self.fault(text, format_args!("not a seed: {error}")))
    }

    fn security(&self, level: &Spanned<u8>) -> Result<Security, Fault> {
        level.value.try_into().map_err(|error| self.fault(level, error))
    }

    fn wallet(&self, wallet: &WalletFile) -> Result<Wallet, Fault> {
        let seed = self.seed(&wallet.seed)?;
        let security = wallet.security.as_ref().map_or(Ok(Security::Medium), |level| self.security(level))?;
        Ok(Wallet { seed, security, address: wots::address(&seed, 0, security), balance: SUPPLY })
    }

    fn coordinator(&self, file: &CoordinatorFile) -> Result<Issuer, Fault> {
        let (seed, security) = (self.seed(&file.seed)?, self.security(&file.security)?);
        let mode = self.value(&file.mode)?;
        let interval = file.interval.as_ref().map_or(Ok(DEFAULT_INTERVAL), |text| {
            duration(&text.value).ok_or_else(|| self.fault(text, "expected a time like 500ms, 5s or 2m"))
        })?;
        let tree = match &file.tree {
            Some(path) => self.tree(file, path, mode, &seed, security)?,
            None => self.generate(&file.depth, mode, &seed, security)?,
        };
        let checkpoints = file.checkpoints.as_ref().map_or(Ok(0), |count| match count.value {
            0..=MAX_CHECKPOINTS => Ok(usize::from(count.value)),
            _ => {
                Err(self.fault(count, format_args!("a milestone has at most {MAX_CHECKPOINTS} checkpoints")))
            }
        })?;
        Ok(Issuer { tree, interval, checkpoints })
    }

    /// Where the coordinator has fewer keys than a simulation has milestones: its depth, or what makes the run so long.
    fn too_few_keys(&self, file: &WorldFile, section: &Section, scenario: &Scenario) -> Option<Fault> {
        let (keys, wanted) = (scenario.coordinator.keys_for_milestones(), scenario.most_milestones());
        let message = format_args!(
            "the coordinator has keys for {keys} milestones, and in a simulation so long up to {wanted} are due"
        );
        let fault = match (&file.coordinator, &section.duration) {
            _ if keys >= wanted => return None,
            (Some(written), _) => self.fault(&written.value.depth, message),
            (None, Some(duration)) => self.fault(duration, message),
            (None, None) => self.source.fault(0..0, message),
        };
        Some(fault.with_help(Some("give the coordinator a larger depth or interval".to_owned())))
    }

    fn generate(
        &self,
        depth: &Spanned<u8>,
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
    ) -> Result<Arc<KeyTree>, Fault> {
        if depth.value > MAX_GENERATED_DEPTH {
            let message = format_args!("without a tree file the depth is at most {MAX_GENERATED_DEPTH}");
            return Err(self.fault(depth, message));
        }
        trees::tree(mode, seed, security, depth.value.into()).map_err(|error| self.fault(depth, error))
    }

    fn tree(
        &self,
        file: &CoordinatorFile,
        path: &Spanned<String>,
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
    ) -> Result<Arc<KeyTree>, Fault> {
        let bytes = self.files.read(&path.value).map_err(|error| self.unreadable(path, &error))?;
        let expected = LEAF << file.depth.value.min(20);
        if bytes.len() != expected {
            let message = format!(
                "a tree file of depth {} has {expected} bytes, not {}",
                file.depth.value,
                bytes.len()
            );
            return Err(self.fault(path, message));
        }
        let leaves: Result<_, _> = bytes.chunks(LEAF).map(Hash::from_bytes).collect();
        let leaves = leaves.map_err(|error| self.fault(path, error))?;
        let tree = KeyTree::from_leaves(mode, seed, security, leaves);
        tree.map(Arc::new).map_err(|error| self.fault(path, error))
    }
}

/// What is told of a file that cannot be read.
pub(crate) fn unreadable(path: &str, error: &std::io::Error) -> String {
    format!("cannot read `{path}`: {error}")
}

/// A time like `500ms`, `5s`, `2m` or `1h`, longer than nothing.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok().filter(|&number| number > 0)?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3_600)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        for bad in ["", "5", "s", "0s", "5d", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
