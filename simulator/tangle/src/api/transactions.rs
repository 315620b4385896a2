//! `storeTransactions` and `broadcastTransactions`.

use std::sync::Arc;

use tanglegram_ternary::Transaction;
use tanglegram_ternary::transaction::field::TRANSACTION_TRYTES;

use super::params::{Params, invalid};
use super::reply::{Failure, Object, Thrown};
use crate::node::{Millis, Node, Output};
use crate::validity;

/// Stores valid transactions, all or none.
pub(super) fn store(node: &mut Node, now: Millis, params: &Params<'_>) -> Result<Object, Failure> {
    let valid = checked(node, now, params).map_err(|thrown| refusal(node, &thrown))?;
    for transaction in valid {
        node.store(now, transaction);
    }
    Ok(Object::new())
}

fn refusal(node: &Node, thrown: &Thrown) -> Failure {
    if node.config.dialect.store_says_why {
        Failure::error(format!("Error: {}", thrown.text().unwrap_or("null")))
    } else {
        Failure::error("Invalid trytes input")
    }
}

fn checked(node: &Node, now: Millis, params: &Params<'_>) -> Result<Vec<Arc<Transaction>>, Thrown> {
    let transactions = parsed(params)?;
    for transaction in &transactions {
        validity::check(&node.config, &node.tangle, now, transaction)
            .map_err(|r| Thrown::validation(r.to_string()))?;
    }
    Ok(transactions)
}

/// Takes transactions in as if a neighbour had sent them: invalid ones are dropped without a word.
pub(super) fn broadcast(
    node: &mut Node,
    now: Millis,
    params: &Params<'_>,
    out: &mut Vec<Output>,
) -> Result<Object, Failure> {
    for transaction in parsed(params)? {
        node.admit(now, transaction, out);
    }
    Ok(Object::new())
}

fn parsed(params: &Params<'_>) -> Result<Vec<Arc<Transaction>>, Thrown> {
    let trytes = params.trytes_list("trytes", TRANSACTION_TRYTES)?;
    let transactions = Transaction::from_trytes_many(trytes).into_iter();
    transactions.map(|tx| tx.map(Arc::new).map_err(|_| invalid("trytes"))).collect()
}
