//! Files of the network's nodes: written, read, checked and taken into a store.

mod faults;
mod formats;
mod network;
mod recorded;
mod services;
