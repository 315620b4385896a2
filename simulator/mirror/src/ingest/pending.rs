//! A file that waits, with the signatures that came for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::Obstacle;
use crate::EntityId;
use crate::files::address_book::AddressBook;
use crate::files::signature::SignatureFile;
use crate::files::{FileError, FileHash};

/// What the nodes offered under one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    contents: BTreeMap<EntityId, Arc<[u8]>>,
    signatures: BTreeMap<EntityId, Arc<[u8]>>,
}

/// A file of a node.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) node: EntityId,
    pub(super) bytes: Arc<[u8]>,
}

impl Content {
    pub(super) fn bad(&self, error: FileError) -> Obstacle {
        Obstacle::unreadable(self.node, &error)
    }
}

type Found = (Result<Content, Obstacle>, Vec<Obstacle>);

impl Pending {
    pub(super) fn offer(&mut self, node: EntityId, signs: bool, bytes: Vec<u8>) {
        let files = if signs { &mut self.signatures } else { &mut self.contents };
        files.insert(node, bytes.into());
    }

    fn contents(&self) -> impl Iterator<Item = Content> {
        self.contents.iter().map(|(node, bytes)| Content { node: *node, bytes: Arc::clone(bytes) })
    }

    /// The file of the first node.
    pub(super) fn any(&self) -> Result<Content, Obstacle> {
        self.contents().next().ok_or(Obstacle::NoContent)
    }

    /// The file of the first node whose file has the hash that more than two thirds of the nodes signed; and what is wrong with others.
    pub(super) fn signed(
        &self,
        book: &AddressBook,
        hash_of: impl Fn(&[u8]) -> Result<FileHash, FileError>,
    ) -> Found {
        let (hash, mut notes) = match self.agreed_hash(book) {
            (Ok(hash), notes) => (hash, notes),
            (Err(obstacle), notes) => return (Err(obstacle), notes),
        };
        for content in self.contents() {
            let problem = match hash_of(&content.bytes) {
                Ok(found) if found == hash => return (Ok(content), notes),
                Ok(found) => format!("its hash is {found}"),
                Err(error) => error.to_string(),
            };
            notes.push(Obstacle::WrongContent { node: content.node, problem });
        }
        (Err(Obstacle::NoContent), notes)
    }

    /// The hash that more than two thirds of the nodes signed.
    fn agreed_hash(&self, book: &AddressBook) -> (Result<FileHash, Obstacle>, Vec<Obstacle>) {
        let nodes = book.nodes.len();
        if !book.is_super_majority(self.signatures.len()) {
            return (Err(Obstacle::Signatures { agreeing: self.signatures.len(), nodes }), Vec::new());
        }
        let mut votes: BTreeMap<FileHash, usize> = BTreeMap::new();
        let mut notes = Vec::new();
        for (node, bytes) in &self.signatures {
            match check(book, *node, bytes) {
                Ok(hash) => *votes.entry(hash).or_default() += 1,
                Err(problem) => notes.push(Obstacle::BadSignature { node: *node, problem }),
            }
        }
        let most = votes.into_iter().max_by_key(|(_, votes)| *votes);
        let agreeing = most.map_or(0, |(_, votes)| votes);
        match most.filter(|_| book.is_super_majority(agreeing)) {
            Some((hash, _)) => (Ok(hash), notes),
            None => (Err(Obstacle::Signatures { agreeing, nodes }), notes),
        }
    }
}

/// The hash that a node signed.
fn check(book: &AddressBook, node: EntityId, bytes: &[u8]) -> Result<FileHash, String> {
    let key = book.key(node).ok_or("the address book does not have the node")?;
    let signature = SignatureFile::read(bytes).map_err(|error| error.to_string())?;
    if signature.is_by(key) { Ok(signature.hash) } else { Err("it does not fit the node's key".to_owned()) }
}
