//! How each [`Mutant`] goes wrong: around the right answer, so that the code that gives it stays as it is.
//!
//! A request is read otherwise than it was meant ([`ask`]), or its answer is told otherwise than it is ([`tell`]).

mod ask;
mod tell;

use serde_json::Value;

use super::http::Request;
use super::{Mirror, Route};
use crate::mutant::Mutant;

pub(super) use ask::{asked, heard};
pub(super) use tell::{sent, told};

/// The vector file that holds a node to what it answers on this path.
fn home(path: &str) -> &'static str {
    match Route::find(path) {
        Some(Route::Accounts) => "accounts",
        Some(Route::Account(_)) => "account",
        Some(Route::Balances) => "balances",
        Some(Route::Transactions) => "transactions",
        Some(Route::Transaction(_)) => "transaction",
        None => "http",
    }
}

/// Whether this path is one of those where the mutant goes wrong.
fn is_concerned(mutant: Mutant, path: &str) -> bool {
    mutant.home() == "http" || mutant.home() == home(path)
}

/// The list that the answers on this path have.
fn rows_name(path: &str) -> &'static str {
    match home(path) {
        "account" | "transaction" => "transactions",
        other => other,
    }
}

/// What the mirror node answers to a GET without the mistake.
fn right(mirror: &Mirror, target: &str) -> Option<Value> {
    let mirror = Mirror { mutation: Default::default(), ..mirror.clone() };
    let body = mirror.serve(&Request::get(target)).ok()?;
    serde_json::from_str(&body).ok()
}
