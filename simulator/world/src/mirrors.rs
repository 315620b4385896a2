//! Mirror nodes of a world: what they know, or where they learn it, and how they answer.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde_yaml::Spanned;
use tanglegram_mirror::files::address_book::AddressBook;
use tanglegram_mirror::ingest::Trust;
use tanglegram_mirror::{Dialect, Mutation, Store, dataset};

use crate::build::Builder;
use crate::error::Fault;
use crate::files::Files;

/// Where mirror nodes listen when nothing is said.
const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A mirror node to be started.
#[derive(Clone, Debug)]
pub struct MirrorPlan {
    /// Its name in the world.
    pub name: String,
    /// How it answers.
    pub dialect: Dialect,
    /// What it knows from the start.
    pub store: Store,
    /// Where it learns more.
    pub intake: Option<IntakePlan>,
    /// What is wrong with its answers on purpose: nothing, but in tests.
    pub mutation: Mutation,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port; 0 for any free one.
    pub port: u16,
}

/// A folder of record and balance files that a mirror node reads, also those that come later.
#[derive(Clone, Debug)]
pub struct IntakePlan {
    /// The folder; files may lie in folders below it, one for each node, named as `record0.0.3` or `balance0.0.3`.
    pub folder: PathBuf,
    /// The shard whose balances it keeps.
    pub shard: i64,
    /// Whose files it believes.
    pub trust: Trust,
}

/// A mirror node as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MirrorFile {
    dataset: Option<Spanned<String>>,
    files: Option<Spanned<String>>,
    address_book: Option<Spanned<String>>,
    dialect: Option<Spanned<String>>,
    host: Option<IpAddr>,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    shard: i64,
}

impl Builder<'_> {
    /// A mirror node that speaks `dialect` unless it says otherwise.
    pub(crate) fn mirror(
        &self,
        name: &Spanned<String>,
        file: &MirrorFile,
        dialect: Dialect,
    ) -> Result<MirrorPlan, Fault> {
        if file.dataset.is_none() && file.files.is_none() {
            let help = "give it a `dataset` (a JSON file) or `files` (a folder of record and balance files)";
            return Err(self.fault(name, "the mirror node knows nothing").with_help(Some(help.into())));
        }
        let store = file.dataset.as_ref().map(|path| self.dataset(path)).transpose()?.unwrap_or_default();
        let own = file.dialect.as_ref().map(|dialect| self.value(dialect)).transpose()?;
        let intake = file.files.as_ref().map(|folder| self.intake(folder, file)).transpose()?;
        Ok(MirrorPlan {
            name: name.value.clone(),
            dialect: own.unwrap_or(dialect),
            store,
            intake,
            mutation: Mutation::default(),
            host: file.host.unwrap_or(LOOPBACK),
            port: file.port,
        })
    }

    fn dataset(&self, path: &Spanned<String>) -> Result<Store, Fault> {
        let text = self.files.read_text(&path.value).map_err(|error| self.unreadable(path, &error))?;
        dataset::load(&text).map_err(|error| self.fault(path, format_args!("{}: {error}", path.value)))
    }

    fn intake(&self, folder: &Spanned<String>, file: &MirrorFile) -> Result<IntakePlan, Fault> {
        let Files::Folder(base) = self.files else {
            return Err(self.fault(folder, "a built-in world has no folders"));
        };
        let path = base.join(&folder.value);
        if !path.is_dir() {
            return Err(self.fault(folder, format_args!("there is no folder {}", path.display())));
        }
        let trust = match &file.address_book {
            None => Trust::Anyone,
            Some(path) => {
                let bytes = self.files.read(&path.value).map_err(|error| self.unreadable(path, &error))?;
                Trust::SignedBy(AddressBook::read(&bytes).map_err(|error| self.fault(path, error))?)
            }
        };
        Ok(IntakePlan { folder: path, shard: file.shard, trust })
    }
}
