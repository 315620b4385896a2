//! The RSA keys that nodes sign files with. They guard nothing: everybody has them.

use std::sync::OnceLock;

use crate::EntityId;
use crate::files::address_book::{AddressBook, BookNode};
use crate::files::signature::NodeKey;

/// The keys of nodes 0.0.3 to 0.0.6; making one takes a minute.
const PEM: [&str; 4] = [
    include_str!("../../../../fixtures/keys/mirror-nodes/0.0.3.pem"),
    include_str!("../../../../fixtures/keys/mirror-nodes/0.0.4.pem"),
    include_str!("../../../../fixtures/keys/mirror-nodes/0.0.5.pem"),
    include_str!("../../../../fixtures/keys/mirror-nodes/0.0.6.pem"),
];

/// The key of a node, by its place in the roster; the fifth has that of the first, and so on. `None` only if the keys this
/// program was built with are damaged.
pub fn of(member: u16) -> Option<&'static NodeKey> {
    static KEYS: [OnceLock<Option<NodeKey>>; 4] = [const { OnceLock::new() }; 4];
    let place = usize::from(member) % PEM.len();
    KEYS[place].get_or_init(|| NodeKey::from_pem(PEM[place])).as_ref()
}

/// The address book of nodes with these accounts, in the order of the roster.
pub fn address_book(nodes: &[EntityId]) -> AddressBook {
    let node = |(member, account): (u16, &EntityId)| {
        of(member).map(|key| BookNode { account: *account, key: key.public().clone() })
    };
    AddressBook { nodes: (0..).zip(nodes).filter_map(node).collect() }
}
