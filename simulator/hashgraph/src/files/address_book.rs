//! The address book: the nodes of a network and their public keys.

use prost::Message;
use rsa::RsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};

use super::{FileError, hapi};
use crate::{EntityId, hex};

/// A node of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookNode {
    /// The node's account.
    pub account: EntityId,
    /// The key its files are signed with.
    pub key: RsaPublicKey,
}

/// The nodes of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressBook {
    /// The nodes, in the order of the book.
    pub nodes: Vec<BookNode>,
}

impl AddressBook {
    /// Reads an address book.
    ///
    /// # Errors
    /// When the bytes are no address book, or a node has no proper account or key.
    pub fn read(file: &[u8]) -> Result<Self, FileError> {
        let book = hapi::NodeAddressBook::decode(file)
            .map_err(|error| FileError::Message { what: "the address book", problem: error.to_string() })?;
        let nodes: Result<Vec<BookNode>, FileError> = book.node_address.iter().map(read_node).collect();
        Ok(AddressBook { nodes: nodes? })
    }

    /// The bytes of the book.
    ///
    /// # Errors
    /// When a key cannot be encoded.
    pub fn write(&self) -> Result<Vec<u8>, FileError> {
        let nodes: Result<Vec<hapi::NodeAddress>, FileError> = self.nodes.iter().map(write_node).collect();
        Ok(hapi::NodeAddressBook { node_address: nodes? }.encode_to_vec())
    }

    /// The key of a node.
    pub fn key(&self, account: EntityId) -> Option<&RsaPublicKey> {
        self.nodes.iter().find(|node| node.account == account).map(|node| &node.key)
    }

    /// Whether so many nodes are more than two thirds of all.
    pub fn is_super_majority(&self, nodes: usize) -> bool {
        nodes * 3 > self.nodes.len() * 2
    }
}

fn key_error(node: &str, problem: impl ToString) -> FileError {
    FileError::Key { node: node.to_owned(), problem: problem.to_string() }
}

fn read_node(node: &hapi::NodeAddress) -> Result<BookNode, FileError> {
    let memo = String::from_utf8_lossy(&node.memo);
    let what = "a node of the address book";
    let account = memo.parse().map_err(|error| FileError::Message { what, problem: format!("{error}") })?;
    let der =
        hex::decode(&node.rsa_pub_key).ok_or_else(|| key_error(&memo, "other than hexadecimal digits"))?;
    let key = RsaPublicKey::from_public_key_der(&der).map_err(|error| key_error(&memo, error))?;
    Ok(BookNode { account, key })
}

fn write_node(node: &BookNode) -> Result<hapi::NodeAddress, FileError> {
    let memo = node.account.to_string();
    let der = node.key.to_public_key_der().map_err(|error| key_error(&memo, error))?;
    let rsa_pub_key = hex::encode(der.as_bytes());
    Ok(hapi::NodeAddress {
        ip_address: b"127.0.0.1".to_vec(),
        portno: 50211,
        memo: memo.into_bytes(),
        rsa_pub_key,
    })
}
