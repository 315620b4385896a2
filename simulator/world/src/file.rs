//! The world file as written: which keys there are and of what shape, not yet what they mean.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use crate::mirrors::MirrorFile;
use crate::options;
use crate::simulation::{Section, Tree};

/// The key of a node that has the options of another.
pub(crate) const LIKE: &str = "like";

/// A world file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorldFile {
    #[serde(default, rename = "about")]
    _about: Option<String>,
    pub(crate) dialect: Option<Spanned<String>>,
    pub(crate) seed: Option<u64>,
    pub(crate) wallet: Option<Spanned<WalletFile>>,
    pub(crate) coordinator: Option<Spanned<CoordinatorFile>>,
    #[serde(default)]
    pub(crate) options: Options,
    pub(crate) nodes: Option<Spanned<Nodes>>,
    #[serde(default)]
    pub(crate) mirrors: Mirrors,
    pub(crate) hedera: Option<Spanned<Tree>>,
    topology: Option<Spanned<Tree>>,
    link: Option<Spanned<Tree>>,
    links: Option<Spanned<Tree>>,
    workload: Option<Spanned<Tree>>,
    misbehaving: Option<Spanned<Tree>>,
    faults: Option<Spanned<Tree>>,
    swarm: Option<Spanned<Tree>>,
    duration: Option<Spanned<Tree>>,
    recovery: Option<Spanned<Tree>>,
}

impl WorldFile {
    /// What it says about a simulation.
    pub(crate) fn section(&mut self) -> Section {
        Section {
            topology: self.topology.take(),
            link: self.link.take(),
            links: self.links.take(),
            workload: self.workload.take(),
            misbehaving: self.misbehaving.take(),
            faults: self.faults.take(),
            swarm: self.swarm.take(),
            duration: self.duration.take(),
            recovery: self.recovery.take(),
        }
    }
}

/// The seed that owns the genesis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalletFile {
    pub(crate) seed: Spanned<String>,
    pub(crate) security: Option<Spanned<u8>>,
}

/// The world's own coordinator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoordinatorFile {
    pub(crate) seed: Spanned<String>,
    pub(crate) depth: Spanned<u8>,
    pub(crate) security: Spanned<u8>,
    pub(crate) mode: Spanned<String>,
    pub(crate) tree: Option<Spanned<String>>,
    pub(crate) interval: Option<Spanned<String>>,
    pub(crate) checkpoints: Option<Spanned<u16>>,
}

/// The nodes of a world.
#[derive(Debug)]
pub(crate) enum Nodes {
    /// By name, in the order written.
    Named(Vec<(Spanned<String>, Options)>),
    /// So many, called `n0`, `n1`, ….
    Count(u64),
}

/// Mirror nodes by name, in the order written.
#[derive(Debug, Default)]
pub(crate) struct Mirrors(pub(crate) Vec<(Spanned<String>, MirrorFile)>);

/// A node's options, in the order written.
#[derive(Debug, Default)]
pub(crate) struct Options(pub(crate) Vec<Setting>);

/// One option and its value; the elements of a list are joined by commas.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: Spanned<String>,
    pub(crate) value: Spanned<Text>,
}

/// A scalar in its own spelling (so that `81` nines stay 81 nines), or a list of them.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

/// The bytes of the file a value was written in.
pub(crate) fn span<T>(value: &Spanned<T>) -> Range<usize> {
    let span = value.referenced.span();
    let start = span.byte_offset().map_or(0, |offset| offset as usize);
    start..start + span.byte_len().map_or(0, |length| length as usize)
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Nodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nodes by name, each with its options, or how many there are")
            }

            fn visit_u64<E>(self, count: u64) -> Result<Nodes, E> {
                Ok(Nodes::Count(count))
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Nodes, E> {
                u64::try_from(count)
                    .map(Nodes::Count)
                    .map_err(|_| E::custom("the number of nodes cannot be negative"))
            }

            /// Numbers so large that YAML takes them for fractions are told at their place as too large.
            fn visit_f64<E: Error>(self, count: f64) -> Result<Nodes, E> {
                if count >= 0.0 && count.fract() == 0.0 {
                    Ok(Nodes::Count(count as u64))
                } else {
                    Err(E::custom("the number of nodes is a whole one, at least 1"))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Nodes, A::Error> {
                pairs(map).map(Nodes::Named)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Mirrors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "mirror nodes by name").map(Mirrors)
    }
}

/// Things by name, in the order written.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<Vec<(Spanned<String>, T)>, D::Error> {
    struct Pairs<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
        type Value = Vec<(Spanned<String>, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            pairs(map)
        }
    }
    deserializer.deserialize_map(Pairs(expected, PhantomData))
}

fn pairs<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    mut map: A,
) -> Result<Vec<(Spanned<String>, T)>, A::Error> {
    let mut pairs = Vec::new();
    while let Some(name) = map.next_key()? {
        pairs.push((name, map.next_value()?));
    }
    Ok(pairs)
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Options;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node's options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Options, A::Error> {
                let mut settings = Vec::new();
                while let Some(name) = map.next_key::<Spanned<String>>()? {
                    let value = value(&mut map, &name)?;
                    settings.push(Setting { name, value });
                }
                Ok(Options(settings))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Reads a value in the shape its option has; of an unknown option, nothing.
fn value<'de, A: MapAccess<'de>>(map: &mut A, name: &Spanned<String>) -> Result<Spanned<Text>, A::Error> {
    let shape = if name.value == LIKE { Some(options::Shape::Scalar) } else { options::shape(&name.value) };
    match shape {
        Some(options::Shape::List) => map.next_value(),
        Some(options::Shape::Scalar) => {
            let Spanned { value, referenced, defined } = map.next_value::<Spanned<String>>()?;
            Ok(Spanned { value: Text(value), referenced, defined })
        }
        None => {
            map.next_value::<IgnoredAny>()?;
            Ok(Spanned { value: Text(String::new()), referenced: name.referenced, defined: name.defined })
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Joined;
        impl<'de> Visitor<'de> for Joined {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
                let mut texts: Vec<String> = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Text(texts.join(",")))
            }
        }
        deserializer.deserialize_any(Joined)
    }
}
