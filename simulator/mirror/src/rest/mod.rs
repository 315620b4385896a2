//! The REST API: from a request to its response.

mod accounts;
mod balances;
mod failure;
mod http;
mod js;
mod link;
#[cfg(feature = "mutants")]
mod mutate;
mod params;
mod query;
mod transactions;
mod views;

use serde::Serialize;

use crate::{Dialect, Mutation, Store};
use failure::Failure;
use params::Params;
use query::Query;

pub use http::{Request, Response};

/// One mirror node: what it knows, and how it talks.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    /// What it knows.
    pub store: Store,
    /// How it answers where the document and the real server differ.
    pub dialect: Dialect,
    /// What is wrong with its answers on purpose: nothing, but in tests.
    pub mutation: Mutation,
}

/// What a handler needs to know of the request.
#[derive(Debug)]
struct Context<'a> {
    store: &'a Store,
    dialect: Dialect,
    path: &'a str,
    query: Query,
}

impl Context<'_> {
    fn params(&self) -> Params<'_> {
        Params { query: &self.query, dialect: self.dialect }
    }
}

/// The endpoints.
enum Route<'a> {
    Accounts,
    Account(&'a str),
    Balances,
    Transactions,
    Transaction(&'a str),
}

impl<'a> Route<'a> {
    /// The endpoint of a path: letters of any case, one slash at the end is allowed.
    fn find(path: &'a str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let fixed: Vec<String> = parts.iter().take(4).map(|part| part.to_ascii_lowercase()).collect();
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        match (&fixed[..], parts.get(4..).unwrap_or_default()) {
            (["", "api", "v1", "accounts"], []) => Some(Route::Accounts),
            (["", "api", "v1", "accounts"], [id]) if !id.is_empty() => Some(Route::Account(id)),
            (["", "api", "v1", "balances"], []) => Some(Route::Balances),
            (["", "api", "v1", "transactions"], []) => Some(Route::Transactions),
            (["", "api", "v1", "transactions"], [id]) if !id.is_empty() => Some(Route::Transaction(id)),
            _ => None,
        }
    }
}

impl Mirror {
    /// A mirror node that knows what the store knows.
    pub fn new(store: Store, dialect: Dialect) -> Self {
        Mirror { store, dialect, mutation: Mutation::default() }
    }

    /// Answers a request.
    pub fn handle(&self, request: &Request<'_>) -> Response {
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.mutation.mutant() {
            return mutate::sent(mutant, request, self.respond(request));
        }
        self.respond(request)
    }

    fn respond(&self, request: &Request<'_>) -> Response {
        if request.head_length() > http::HEAD_LIMIT {
            return self.refuse(431).without_body_for(request);
        }
        if self.dialect.announces_express && http::has_bad_json(request) {
            return Response::page(400, "Bad Request")
                .with_length()
                .without_body_for(request)
                .announce(self.dialect);
        }
        let response = if request.method == "OPTIONS" {
            Response::preflight(request)
        } else {
            #[cfg(feature = "mutants")]
            let heard = mutate::heard(self.mutation, request);
            #[cfg(feature = "mutants")]
            let request = &Request { headers: &heard, ..*request };
            self.answer(request).finish(request)
        };
        response.allow_any_origin().announce(self.dialect)
    }

    /// The answer to a request that cannot be read as far as its path, of this status; a path that is too long counts as a head that is.
    pub fn refuse(&self, status: u16) -> Response {
        let status = if status == 414 { 431 } else { status };
        if self.dialect.uniform_errors {
            failure::unreadable(status).allow_any_origin().with_length()
        } else {
            Response::empty(status)
        }
    }

    /// The answer, before it is made fit for this client.
    fn answer(&self, request: &Request<'_>) -> Response {
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.mutation.mutant() {
            let (method, target) = mutate::asked(mutant, request);
            let asked = Request { method, target: &target, ..*request };
            return mutate::told(mutant, self, request, self.right_answer(&asked));
        }
        self.right_answer(request)
    }

    fn right_answer(&self, request: &Request<'_>) -> Response {
        let served = self.serve(request).map(|body| Response::json(200, body));
        served.unwrap_or_else(|failure| failure.response(self.dialect))
    }

    fn serve(&self, request: &Request<'_>) -> Result<String, Failure> {
        let path = request.path();
        let (method, owned) = (request.method.to_owned(), path.to_owned());
        let Some(route) = Route::find(path) else { return Err(Failure::Route { method, path: owned }) };
        let decode = |id| query::percent_decode(id).ok_or(Failure::Path);
        let id =
            if let Route::Account(id) | Route::Transaction(id) = route { decode(id)? } else { String::new() };
        if !matches!(request.method, "GET" | "HEAD") {
            return Err(Failure::Method { method, path: owned });
        }
        let query = query::parse(request.query());
        let context = Context { store: &self.store, dialect: self.dialect, path, query };
        match route {
            Route::Accounts => accounts::list(&context),
            Route::Account(_) => accounts::single(&context, &id),
            Route::Balances => balances::list(&context),
            Route::Transactions => transactions::list(&context),
            Route::Transaction(_) => transactions::single(&context, &id),
        }
    }
}

/// Bytes that most answers fit in.
const ROOM: usize = 16 << 10;

/// An answer as JSON text.
fn json(answer: &impl Serialize) -> String {
    let mut text = Vec::with_capacity(ROOM);
    // Structs of texts, numbers and lists always serialise, and to UTF-8.
    let _ = serde_json::to_writer(&mut text, answer);
    String::from_utf8(text).unwrap_or_default()
}
