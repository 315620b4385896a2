//! The faulting proxy between a client and a server: what the client sees of each fault.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tanglegram_target::{Client, Endpoint, ExchangeError, FaultyProxy, Limits, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const BODY: usize = 3_000;

/// A server that answers whatever comes with a body of x.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n");
                    let reply = [head.into_bytes(), vec![b'x'; BODY]].concat();
                    if stream.write_all(&reply).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// What comes of so many exchanges, one after the other, under faults.
async fn exchanges(faults: &str, seed: u64, count: usize) -> (Vec<Result<Vec<u8>, ExchangeError>>, [u64; 4]) {
    let upstream = server().await;
    let listen = "127.0.0.1:0".parse().unwrap();
    let upstream = (upstream.ip().to_string(), upstream.port());
    let proxy = FaultyProxy::bind(listen, upstream, faults.parse().unwrap(), seed).await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", proxy.address().unwrap())).unwrap();
    let counts = proxy.counts();
    let serving = tokio::spawn(proxy.serve());
    // A reply whose length was garbled never ends.
    let exchange = Duration::from_millis(if faults.contains("garbage") { 500 } else { 30_000 });
    let limits = Limits { exchange, ..Limits::default() };
    let mut client = Client::new(endpoint, limits);
    let mut replies = Vec::new();
    for _ in 0..count {
        let reply = client.exchange(&Request::command("{}")).await;
        replies.push(reply.map(|reply| reply.body.to_vec()));
    }
    serving.abort();
    let counts = [&counts.passed, &counts.garbled, &counts.truncated, &counts.reset];
    (replies, counts.map(|count| count.load(Ordering::Relaxed)))
}

#[tokio::test]
async fn without_faults_everything_goes_through() {
    let (replies, counts) = exchanges("", 1, 20).await;
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap() == &vec![b'x'; BODY]));
    assert_eq!(counts, [20, 0, 0, 0]);
}

#[tokio::test]
async fn a_cut_reply_is_never_taken_for_a_whole_one() {
    for faults in ["truncate=1", "reset=1"] {
        let (replies, _) = exchanges(faults, 1, 12).await;
        for reply in replies {
            let error = reply.expect_err("cut");
            assert!(matches!(error, ExchangeError::Closed | ExchangeError::Cut { .. }), "{faults}: {error}");
        }
    }
}

#[tokio::test]
async fn garbage_is_told_or_shown_as_it_came() {
    let (replies, counts) = exchanges("garbage=1", 1, 6).await;
    assert!(replies.iter().flatten().all(|body| body != &vec![b'x'; BODY]));
    assert!(counts[1] >= 6, "{counts:?}");
}

#[tokio::test]
async fn the_same_seed_does_the_same() {
    let faults = "reset=0.3,truncate=0.3";
    let shown = |replies: Vec<Result<Vec<u8>, ExchangeError>>| -> Vec<bool> {
        replies.iter().map(|reply| reply.as_ref().is_ok_and(|body| body == &vec![b'x'; BODY])).collect()
    };
    let (first, _) = exchanges(faults, 5, 30).await;
    let (second, _) = exchanges(faults, 5, 30).await;
    let (first, second) = (shown(first), shown(second));
    assert_eq!(first, second);
    assert!(first.contains(&true) && first.contains(&false));
}

#[tokio::test]
async fn slow_and_late_replies_come_whole() {
    let (replies, _) = exchanges("latency=1ms..5ms,slow=100000", 1, 3).await;
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap() == &vec![b'x'; BODY]));
}
