//! The Hedera API of a node: gRPC over HTTP/2.
//!
//! tonic frames and answers the calls; HTTP/2 is hyper's, on the same thread as everything else, so that nothing needs a lock.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use prost::Message;
use tanglegram_hashgraph::services::messages::{Query, TransactionResponse};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_local};
use tokio::time;
use tonic::body::Body;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::codec::Raw;
use super::net::Net;
use crate::listener::Listener;

/// Connections open at once to one node.
const MAX_CONNECTIONS: usize = 128;
/// Calls under way at once on one connection; clients wait for their turn beyond that.
const MAX_STREAMS: u32 = 256;
/// Bytes of a request's headers.
const MAX_HEADERS: u32 = 16 << 10;
/// Bytes of a message: no transaction may have as many, nor a query with one that pays for it.
const MAX_MESSAGE: usize = 64 << 10;
/// How long a call may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);
/// How long a connection may be open without a call ever having been made.
const FIRST_CALL: Duration = Duration::from_secs(60);
/// From one sign of life to the next, and how long the other side may take to give one.
const ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Transaction,
    Query,
}

/// The methods of the API of 2019. Transactions that the network does not do are submitted all the same, for their receipt.
fn method(path: &str) -> Option<Method> {
    let (service, name) = path.strip_prefix("/proto.")?.split_once('/')?;
    match (service, name) {
        (
            "CryptoService",
            "cryptoGetBalance" | "getAccountInfo" | "getTransactionReceipts" | "getTxRecordByTxID",
        ) => Some(Method::Query),
        (
            "CryptoService",
            "createAccount" | "updateAccount" | "cryptoTransfer" | "cryptoDelete" | "addClaim"
            | "deleteClaim",
        )
        | (
            "FileService",
            "createFile" | "updateFile" | "deleteFile" | "appendContent" | "systemDelete" | "systemUndelete",
        )
        | (
            "SmartContractService",
            "createContract" | "updateContract" | "contractCallMethod" | "deleteContract" | "systemDelete"
            | "systemUndelete",
        )
        | ("FreezeService", "freeze") => Some(Method::Transaction),
        _ => None,
    }
}

/// One node's API.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) net: Rc<RefCell<Net>>,
    pub(super) member: u16,
}

/// A call, for tonic.
struct Call {
    api: Api,
    method: Method,
}

impl UnaryService<Bytes> for Call {
    type Response = Vec<u8>;
    type Future = Ready<Result<tonic::Response<Vec<u8>>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        ready(self.api.answer(self.method, &request.into_inner()).map(tonic::Response::new))
    }
}

impl Api {
    fn answer(&self, method: Method, message: &[u8]) -> Result<Vec<u8>, Status> {
        let mut net = self.net.borrow_mut();
        match method {
            Method::Transaction => {
                let precheck = net.submit(self.member, message).number();
                Ok(TransactionResponse { precheck, cost: 0 }.encode_to_vec())
            }
            Method::Query => {
                let query = Query::decode(message).map_err(|error| {
                    Status::invalid_argument(format!("the query cannot be read: {error}"))
                })?;
                let response = net.answer(self.member, &query);
                if response.answer.is_none() {
                    return Err(Status::unimplemented("no such query is answered here"));
                }
                Ok(response.encode_to_vec())
            }
        }
    }

    async fn call(self, request: Request<Incoming>) -> Response<Body> {
        let Some(method) = method(request.uri().path()) else {
            return Status::unimplemented("no such method is served here").into_http();
        };
        let mut grpc = Grpc::new(Raw).max_decoding_message_size(MAX_MESSAGE);
        match time::timeout(ARRIVAL, grpc.unary(Call { api: self, method }, request)).await {
            Ok(response) => response,
            Err(_) => Status::new(Code::DeadlineExceeded, "the call did not arrive in time").into_http(),
        }
    }

    /// Accepts connections and answers calls until the task is aborted.
    pub(super) async fn accept(self, listener: tokio::net::TcpListener) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            while connections.try_join_next().is_some() {}
            match Listener::accept(&listener).await {
                Ok((stream, peer)) => {
                    let api = self.clone();
                    connections.spawn_local(async move {
                        let _place = place;
                        api.serve(stream, peer).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let called = Rc::new(std::cell::Cell::new(false));
        let calls = Rc::clone(&called);
        let service = service_fn(move |request| {
            calls.set(true);
            let api = self.clone();
            async move { Ok::<_, Infallible>(api.call(request).await) }
        });
        let connection = http2::Builder::new(Local)
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADERS)
            .keep_alive_interval(ALIVE.0)
            .keep_alive_timeout(ALIVE.1)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = match time::timeout(FIRST_CALL, connection.as_mut()).await {
            Ok(ended) => ended,
            Err(_) if called.get() => connection.await,
            Err(_) => return,
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    }
}

/// Runs what HTTP/2 leaves to others on this thread.
#[derive(Clone, Copy, Debug)]
struct Local;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_apart() {
        assert_eq!(method("/proto.CryptoService/cryptoTransfer"), Some(Method::Transaction));
        assert_eq!(method("/proto.CryptoService/getTxRecordByTxID"), Some(Method::Query));
        assert_eq!(method("/proto.FileService/createFile"), Some(Method::Transaction));
        for unknown in
            ["/", "", "/proto.CryptoService", "/proto.CryptoService/x", "/proto.TokenService/createToken"]
        {
            assert_eq!(method(unknown), None, "{unknown}");
        }
    }
}
