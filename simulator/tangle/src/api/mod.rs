//! The 18 commands of the IRI HTTP API, from the text of a request to the text of its reply.
//!
//! The order of checks is the real node's: version header, body length, JSON, command, remote limit, then the command's
//! own parameters in its own order.

mod attach;
mod json;
mod ledger_queries;
#[cfg(feature = "mutants")]
mod mutate;
mod neighbor_commands;
mod node_info;
mod params;
mod reply;
mod tangle_queries;
mod transactions;

use crate::node::{ApiRequest, Millis, Node, Output, Reply, RequestId};

pub(crate) use attach::{AttachQueue, mined};
use json::Body;
use params::Params;
use reply::{Failure, Object, Thrown};

/// What the real node says while it has confirmed nothing or is more than a milestone behind.
const NOT_SYNCHRONIZED: &str = "This operation cannot be executed: The subtangle has not been updated yet.";

/// The reply of a node that cannot do its work.
pub(crate) fn exception(text: &str) -> Reply {
    Failure::from(Thrown::illegal_state(text)).reply(0)
}

/// A command that was carried out: a reply, or proof of work that will lead to one.
enum Answer {
    Now(Object),
    Later,
}

/// Answers an API request, now or, for proof of work, later.
pub(crate) fn handle(
    node: &mut Node,
    now: Millis,
    id: RequestId,
    request: &ApiRequest,
    out: &mut Vec<Output>,
) {
    #[cfg(feature = "mutants")]
    if let Some(mutant) = node.config.mutation.mutant() {
        return mutate::handle(mutant, node, now, id, request, out);
    }
    serve(node, now, id, request, out);
}

fn serve(node: &mut Node, now: Millis, id: RequestId, request: &ApiRequest, out: &mut Vec<Output>) {
    let reply = match answer(node, now, id, request, out) {
        Ok(Answer::Now(object)) => object.reply(0),
        Ok(Answer::Later) => return,
        Err(failure) => failure.reply(0),
    };
    out.push(Output::Reply { id, reply });
}

fn answer(
    node: &mut Node,
    now: Millis,
    id: RequestId,
    request: &ApiRequest,
    out: &mut Vec<Output>,
) -> Result<Answer, Failure> {
    if !request.versioned {
        return Err(Failure::error("Invalid API Version"));
    }
    if exceeds(&request.body, node.config.limits.max_body_length) {
        return Err(Failure::error("Request too long"));
    }
    let body = Body::parse(&request.body)?;
    let params = Params::new(body.parameters, node.config.limits.max_requests_list);
    let command = params.command()?;
    if !request.trusted && node.config.remote_limit_api.contains(command) {
        return Err(Failure::denied(command));
    }
    run(node, now, id, command, &params, out)
}

/// Whether a text has more UTF-16 code units than `limit`.
fn exceeds(text: &str, limit: usize) -> bool {
    text.len() > limit && text.encode_utf16().count() > limit
}

fn run(
    node: &mut Node,
    now: Millis,
    id: RequestId,
    command: &str,
    params: &Params<'_>,
    out: &mut Vec<Output>,
) -> Result<Answer, Failure> {
    let object = match command {
        "addNeighbors" => neighbor_commands::add(node, now, params),
        "attachToTangle" => return attach::attach(node, now, id, params, out).map(|()| Answer::Later),
        "broadcastTransactions" => transactions::broadcast(node, now, params, out),
        "checkConsistency" => ledger_queries::check_consistency(node, params),
        "findTransactions" => tangle_queries::find_transactions(node, params),
        "getBalances" => ledger_queries::balances(node, params),
        "getInclusionStates" => ledger_queries::inclusion_states(node, params),
        "getMissingTransactions" => tangle_queries::missing_transactions(node),
        "getNeighbors" => neighbor_commands::list(node),
        "getNodeAPIConfiguration" => Ok(node_info::api_configuration(node)),
        "getNodeInfo" => Ok(node_info::node_info(node, now)),
        "getTips" if node.config.dialect.has_get_tips => Ok(tangle_queries::tips(node)),
        "getTransactionsToApprove" => ledger_queries::transactions_to_approve(node, params),
        "getTrytes" => tangle_queries::trytes(node, params),
        "interruptAttachingToTangle" => Ok(attach::interrupt(node, out)),
        "removeNeighbors" => neighbor_commands::remove(node, params, out),
        "storeTransactions" => transactions::store(node, now, params),
        "wereAddressesSpentFrom" => ledger_queries::spent(node, params),
        "" => Err(Failure::error("Command can not be null or empty")),
        unknown => Err(Failure::error(format!("Command [{unknown}] is unknown"))),
    };
    object.map(Answer::Now)
}
