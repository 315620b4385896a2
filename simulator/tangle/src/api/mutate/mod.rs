//! How each [`Mutant`] goes wrong: around the node's right answer, so that the code that gives it stays as it is.
//!
//! A request is refused that should not be ([`refuse`]), or asked otherwise than it was ([`ask`]), or asked of a node with
//! other settings, or its answer is told otherwise ([`tell`]). What happens during proof of work is in [`attach`].

mod ask;
mod attach;
mod refuse;
mod tell;
mod tell_ledger;

use serde_json::{Map, Value};
use tanglegram_ternary::Hash;

pub(super) use attach::{attached, prepared};

use crate::mutant::{Mutant, Mutation};
use crate::node::{ApiRequest, Millis, Node, Output, Reply, RequestId, Status};
use crate::store::TxId;

/// The mutants of what all commands share.
const SHARED: [&str; 3] = ["envelope", "auth", "limits"];

/// The parameters of a request, its command among them.
type Fields = Map<String, Value>;

/// A request, and what is answered to it.
struct Exchange<'n> {
    node: &'n mut Node,
    now: Millis,
    fields: Fields,
    status: Status,
    body: Fields,
}

/// Answers a request as the mutant does.
pub(super) fn handle(
    mutant: Mutant,
    node: &mut Node,
    now: Millis,
    id: RequestId,
    request: &ApiRequest,
    out: &mut Vec<Output>,
) {
    let fields = fields(&request.body);
    let is_asked = SHARED.contains(&mutant.home()) || command(&fields) == mutant.home();
    let right = node.config.clone();
    if !is_asked {
        node.config.mutation = Mutation::default();
        super::serve(node, now, id, request, out);
        node.config = right;
        return;
    }
    if let Some((status, body)) = refuse::refuse(mutant, node, now, &fields) {
        return out.push(Output::Reply { id, reply: written(status, &body, true) });
    }
    let unchanged = keeps_nothing(mutant).then(|| node.clone());
    let request = ask::rewritten(mutant, node, now, request);
    ask::set(mutant, node, &request, &fields);
    let from = out.len();
    super::serve(node, now, id, &request, out);
    node.config = right;
    if let Some(unchanged) = unchanged {
        *node = unchanged;
    }
    for output in &mut out[from..] {
        if let Output::Reply { reply, .. } = output {
            *reply = told(mutant, node, now, &fields, reply);
        }
    }
}

/// Whether the request leaves no traces in the node.
fn keeps_nothing(mutant: Mutant) -> bool {
    use Mutant as M;
    matches!(mutant, M::NeighborsNotKept | M::NeighborsStay | M::BroadcastStoresNothing | M::StoreNothing)
}

/// The reply as the mutant tells it.
fn told(mutant: Mutant, node: &mut Node, now: Millis, fields: &Fields, reply: &Reply) -> Reply {
    let Ok(Value::Object(body)) = serde_json::from_str(&reply.body) else { return reply.clone() };
    let mut exchange = Exchange { node, now, fields: fields.clone(), status: reply.status, body };
    let right = exchange.body.clone();
    tell::tell(mutant, &mut exchange);
    let is_right = exchange.status == reply.status && exchange.body == right;
    if is_right && mutant != Mutant::HtmlNotEscaped {
        return reply.clone();
    }
    written(exchange.status, &exchange.body, mutant != Mutant::HtmlNotEscaped)
}

fn written(status: Status, body: &Fields, escaped: bool) -> Reply {
    let mut text = Value::from(body.clone()).to_string();
    if escaped {
        // Outside of texts JSON has none of them.
        for c in ['<', '>', '&', '=', '\''] {
            text = text.replace(c, &format!("\\u{:04x}", u32::from(c)));
        }
    }
    Reply { status, body: text }
}

fn fields(body: &str) -> Fields {
    serde_json::from_str(body).unwrap_or_default()
}

fn command(fields: &Fields) -> &str {
    fields.get("command").and_then(Value::as_str).unwrap_or_default()
}

fn list<'f>(fields: &'f Fields, name: &str) -> &'f [Value] {
    fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The transaction of a hash in JSON, if it is stored.
fn stored(node: &Node, hash: &Value) -> Option<TxId> {
    node.tangle.stored(&Hash::from_trytes(hash.as_str()?).ok()?)
}

impl Exchange<'_> {
    /// Asks the node something else, with its right answer.
    fn ask(&mut self, change: impl FnOnce(&mut Fields)) -> (Status, Fields) {
        let mut fields = self.fields.clone();
        change(&mut fields);
        self.ask_as(Mutation::default(), fields)
    }

    /// Asks the node something with a mistake that is built into its own code.
    fn ask_as(&mut self, mutation: Mutation, fields: Fields) -> (Status, Fields) {
        let request = ApiRequest { body: Value::from(fields).to_string(), versioned: true, trusted: true };
        let mutation = std::mem::replace(&mut self.node.config.mutation, mutation);
        let mut out = Vec::new();
        super::serve(self.node, self.now, 0, &request, &mut out);
        self.node.config.mutation = mutation;
        let reply = out.into_iter().find_map(|output| match output {
            Output::Reply { reply, .. } => Some(reply),
            _ => None,
        });
        reply.map_or((Status::Exception, Map::new()), |reply| (reply.status, self::fields(&reply.body)))
    }

    /// Makes it another answer.
    fn answer(&mut self, (status, body): (Status, Fields)) {
        (self.status, self.body) = (status, body);
    }

    /// Makes it an error.
    fn fail(&mut self, text: &str) {
        self.status = Status::BadRequest;
        self.body.retain(|name, _| name == "duration");
        self.body.insert("error".to_owned(), text.into());
    }

    /// What went wrong, in the node's words.
    fn failure(&self) -> &str {
        let text = self.body.get("error").or_else(|| self.body.get("exception"));
        text.and_then(Value::as_str).unwrap_or_default()
    }

    fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(field) = self.body.get_mut(name) {
            *field = value.into();
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(value) = self.body.remove(from) {
            self.body.insert(to.to_owned(), value);
        }
    }

    fn asked(&self, name: &str) -> &[Value] {
        list(&self.fields, name)
    }

    fn list(&mut self, name: &str, change: impl FnOnce(&mut Vec<Value>)) {
        if let Some(list) = self.body.get_mut(name).and_then(Value::as_array_mut) {
            change(list);
        }
    }

    /// Makes a field the text of what it is.
    fn as_text(&mut self, name: &str) {
        if let Some(field) = self.body.get_mut(name).filter(|field| !field.is_string()) {
            *field = field.to_string().into();
        }
    }
}
