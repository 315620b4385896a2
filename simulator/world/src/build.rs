//! From what a world file says to nodes that can be started.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_yaml::Spanned;
use tanglegram_mirror::Dialect as MirrorDialect;
use tanglegram_tangle::{Dialect, SUPPLY};
use tanglegram_ternary::merkle::KeyTree;
use tanglegram_ternary::wots::{self, Security};
use tanglegram_ternary::{Hash, SignatureMode};

use crate::error::{Fault, Source};
use crate::file::{CoordinatorFile, WalletFile, WorldFile, span};
use crate::files::Files;
use crate::node::{NodeBuilder, Shared};
use crate::{Issuer, Wallet, World};

/// The deepest key tree that is generated on the spot: 4096 keys take some seconds.
const MAX_GENERATED_DEPTH: u8 = 12;

/// Bytes of a key's address in a tree file.
const LEAF: usize = 49;

/// What helps with a file that is not found.
pub(crate) const RELATIVE: &str = "paths are relative to the world file";

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Reads and builds a world.
pub(crate) fn build(name: &str, source: &Arc<Source>, files: &Files) -> Result<World, Fault> {
    let file = parse(source)?;
    let builder = Builder { source, files };
    let wallet = file.wallet.as_ref().map(|wallet| builder.wallet(&wallet.value)).transpose()?;
    let coordinator = file.coordinator.as_ref().map(|c| builder.coordinator(&c.value)).transpose()?;
    let (dialect, mirror_dialect) = builder.dialects(file.dialect.as_ref())?;
    let world = Shared { dialect, wallet: wallet.as_ref(), coordinator: coordinator.as_ref() };
    let nodes = file.nodes.0.iter().map(|(name, own)| {
        let settings: Vec<_> = file.options.0.iter().chain(&own.0).collect();
        NodeBuilder { builder: &builder, world: &world, name, settings }.build()
    });
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let mirrors = file.mirrors.0.iter().map(|(name, own)| builder.mirror(name, own, mirror_dialect));
    let mirrors = mirrors.collect::<Result<Vec<_>, _>>()?;
    if nodes.is_empty() && mirrors.is_empty() {
        return Err(source
            .fault(0..0, "a world needs at least one node")
            .with_help(Some("nodes: { n0: {} }".into())));
    }
    Ok(World { name: name.to_owned(), nodes, mirrors, coordinator, wallet })
}

fn parse(source: &Arc<Source>) -> Result<WorldFile, Fault> {
    let limits = serde_yaml::options! {
        budget: serde_yaml::budget! { max_reader_input_bytes: Some(1 << 20), max_nodes: 10_000 },
    };
    serde_yaml::from_str_with_options(source.text(), limits).map_err(|error| {
        let error = error.without_snippet();
        let start =
            error.location().and_then(|at| at.span().byte_offset()).map_or(0, |offset| offset as usize);
        source.fault(start..start, text_of(error))
    })
}

/// An error's text for people who do not know the library, and without the position: that is told otherwise.
fn text_of(error: &serde_yaml::Error) -> String {
    match error {
        serde_yaml::Error::NullIntoString { .. } => "a value is missing".into(),
        serde_yaml::Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is given twice"),
        other => other.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
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
        self.source.fault(self.range(value), message)
    }

    /// The bytes of a value, at most up to the end of its first line.
    fn range<T>(&self, value: &Spanned<T>) -> Range<usize> {
        let range = span(value);
        let text = self.source.text().get(range.clone()).unwrap_or_default();
        range.start..range.start + text.lines().next().unwrap_or_default().trim_end().len()
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
        Ok(Issuer { tree: Arc::new(tree), interval })
    }

    fn generate(
        &self,
        depth: &Spanned<u8>,
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
    ) -> Result<KeyTree, Fault> {
        if depth.value > MAX_GENERATED_DEPTH {
            let message = format_args!("without a tree file the depth is at most {MAX_GENERATED_DEPTH}");
            return Err(self.fault(depth, message));
        }
        KeyTree::generate(mode, seed, security, depth.value.into()).map_err(|error| self.fault(depth, error))
    }

    fn tree(
        &self,
        file: &CoordinatorFile,
        path: &Spanned<String>,
        mode: SignatureMode,
        seed: &Hash,
        security: Security,
    ) -> Result<KeyTree, Fault> {
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
        KeyTree::from_leaves(mode, seed, security, leaves).map_err(|error| self.fault(path, error))
    }
}

/// What is told of a file that cannot be read.
pub(crate) fn unreadable(path: &str, error: &std::io::Error) -> String {
    format!("cannot read `{path}`: {error}")
}

/// A time like `500ms`, `5s` or `2m`, longer than nothing.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok().filter(|&number| number > 0)?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
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
        for bad in ["", "5", "s", "0s", "5h", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
