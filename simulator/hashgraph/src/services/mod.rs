//! The crypto service of 2019: accounts, hbars, fees, receipts and records.
//!
//! A [`Ledger`] is the state that all nodes agree on: it handles the transactions in the order of consensus. A [`Gateway`] is
//! what clients meet at one node: it checks what they send before the node submits it, and answers their queries.

mod account;
pub mod client;
mod code;
mod crypto;
mod envelope;
mod fees;
mod gateway;
mod genesis;
mod history;
mod key;
mod ledger;
pub mod messages;
mod query;
mod state;
mod verdict;

pub use account::{Account, Accounts, SYSTEM_ACCOUNTS};
pub use code::ResponseCode;
pub use envelope::{Kind, MAX_TRANSACTION, TransactionId};
pub use fees::{FEE_ACCOUNT, Fees, QUERY_FEE};
pub use gateway::{Gateway, Submitted};
pub use genesis::{FIRST_CLIENT, FIRST_NODE, Genesis, SUPPLY, TREASURY};
pub use history::{Handled, History, KEPT};
pub use key::{BadKey, Key};
pub use ledger::Ledger;
pub use query::Answered;
pub use state::BadLedgerState;
