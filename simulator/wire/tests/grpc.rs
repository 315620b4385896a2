//! A served Hedera network, and clients of all kinds.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use h2::client::SendRequest;
use hyper::body::Bytes;
use prost::Message;
use tanglegram_hashgraph::services::client::{Asked, Draft, Form, SigningKey, query};
use tanglegram_hashgraph::services::messages::{Answer, Response, TransactionResponse};
use tanglegram_hashgraph::services::{QUERY_FEE, ResponseCode, TransactionId};
use tanglegram_hashgraph::{EntityId, hex};
use tanglegram_wire::{HederaNet, RunningHedera, serve_hedera};

fn network() -> RunningHedera {
    let any = ([127, 0, 0, 1], 0).into();
    serve_hedera(&HederaNet { grpc: any, rest: any, ..HederaNet::default() }).unwrap()
}

fn signer(running: &RunningHedera) -> SigningKey {
    let der = hex::decode(&running.operator.key).unwrap();
    SigningKey::from_bytes(der[16..].try_into().unwrap())
}

/// An id of the operator's that nobody used before.
#[expect(clippy::disallowed_methods, reason = "clients look at their clock")]
fn fresh(running: &RunningHedera) -> TransactionId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    TransactionId {
        payer: running.operator.account,
        valid_start: i64::try_from(now).unwrap() - 1_000_000_000,
    }
}

fn transfer(running: &RunningHedera, id: TransactionId, node: EntityId, amount: i64) -> Vec<u8> {
    let draft = Draft::transfer(id, node, &[(running.operator.account, -amount), (node, amount)]);
    draft.sign(&[&signer(running)], Form::SignedBytes)
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

fn request(path: &str) -> hyper::Request<()> {
    let request = hyper::Request::post(format!("http://node{path}"));
    request.header("content-type", "application/grpc").header("te", "trailers").body(()).unwrap()
}

/// A message as gRPC frames it.
fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], length.as_slice(), message].concat().into()
}

/// Makes a call; returns the status, and the message if there is one.
async fn call(client: &SendRequest<Bytes>, path: &str, body: Bytes) -> (u32, Option<Vec<u8>>) {
    let mut client = client.clone().ready().await.unwrap();
    let (response, mut stream) = client.send_request(request(path), false).unwrap();
    // A server that says no early may stop reading.
    let _ = stream.send_data(body, true);
    let response = response.await.unwrap();
    let status = |headers: &hyper::HeaderMap| {
        headers.get("grpc-status").map(|status| status.to_str().unwrap().parse().unwrap())
    };
    if let Some(status) = status(response.headers()) {
        return (status, None);
    }
    let mut body = response.into_body();
    let mut message = Vec::new();
    while let Some(piece) = body.data().await {
        message.extend_from_slice(&piece.unwrap());
    }
    let trailers = body.trailers().await.unwrap().unwrap();
    (status(&trailers).unwrap(), message.get(5..).map(<[u8]>::to_vec))
}

async fn submit(client: &SendRequest<Bytes>, bytes: &[u8]) -> ResponseCode {
    let (status, message) = call(client, "/proto.CryptoService/cryptoTransfer", framed(bytes)).await;
    assert_eq!(status, 0);
    let response = TransactionResponse::decode(message.unwrap().as_slice()).unwrap();
    ResponseCode::from_number(response.precheck).unwrap()
}

async fn ask(client: &SendRequest<Bytes>, method: &str, asked: Asked, payment: Option<&[u8]>) -> Answer {
    let path = format!("/proto.CryptoService/{method}");
    let (status, message) = call(client, &path, framed(&query(asked, payment).encode_to_vec())).await;
    assert_eq!(status, 0);
    Response::decode(message.unwrap().as_slice()).unwrap().answer.unwrap()
}

/// Asks for a receipt until the network has handled the transaction.
async fn receipt(client: &SendRequest<Bytes>, id: TransactionId) -> ResponseCode {
    for _ in 0..600 {
        let Answer::Receipt(answer) = ask(client, "getTransactionReceipts", Asked::Receipt(id), None).await
        else {
            panic!("no receipt")
        };
        if let Some(receipt) =
            answer.receipt.filter(|receipt| receipt.status != ResponseCode::UNKNOWN.number())
        {
            return ResponseCode::from_number(receipt.status).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited in vain for a receipt")
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[tokio::test]
async fn from_a_signed_transaction_to_a_rest_answer() {
    let running = network();
    let [first, second] = [0, 1].map(|node: usize| running.nodes[node]);
    let (client, other) = (connect(first.1).await, connect(second.1).await);
    let id = fresh(&running);
    assert_eq!(submit(&client, &transfer(&running, id, first.0, 1234)).await, ResponseCode::OK);
    assert_eq!(receipt(&client, id).await, ResponseCode::SUCCESS);
    let forged = Draft::transfer(fresh(&running), first.0, &[])
        .sign(&[&SigningKey::from_bytes(&[1; 32])], Form::BodyBytes);
    assert_eq!(submit(&client, &forged).await, ResponseCode::INVALID_SIGNATURE);
    // A record has to be paid for; the payment goes through the network itself.
    let pays = fresh(&running);
    let payment = transfer(&running, pays, first.0, QUERY_FEE);
    let record = ask(&client, "getTxRecordByTxID", Asked::Record(id), Some(&payment)).await;
    let Answer::Record(record) = record else { panic!("no record") };
    assert_eq!(record.record.unwrap().transaction_fee, 85_828);
    assert_eq!(receipt(&client, pays).await, ResponseCode::SUCCESS);
    // Another node, too, knows what the network agreed on.
    assert_eq!(receipt(&other, id).await, ResponseCode::SUCCESS);
    let path = format!(
        "/api/v1/transactions/{}-{}-{:09}",
        id.payer,
        id.valid_start / 1_000_000_000,
        id.valid_start % 1_000_000_000
    );
    for round in 0.. {
        let reply = get(running.mirror, &path);
        if reply.starts_with("HTTP/1.1 200") {
            assert!(reply.contains("\"amount\":1234") && reply.contains("\"result\":\"SUCCESS\""), "{reply}");
            break;
        }
        assert!(round < 600, "waited in vain for the mirror node: {reply}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.shutdown();
}

#[tokio::test]
async fn who_means_no_good_is_refused_and_nobody_else_suffers() {
    let running = network();
    let (account, address) = running.nodes[0];
    let client = connect(address).await;
    for path in [
        "/proto.TokenService/createToken",
        "/",
        "/proto.CryptoService/nothing",
        "/grpc.health.v1.Health/Check",
    ] {
        assert_eq!(call(&client, path, framed(b"")).await.0, 12, "{path} is not implemented");
    }
    assert_eq!(submit(&client, b"garbage").await, ResponseCode::INVALID_TRANSACTION);
    assert_eq!(submit(&client, &[7; 7000]).await, ResponseCode::TRANSACTION_OVERSIZE);
    let balance = "/proto.CryptoService/cryptoGetBalance";
    assert_eq!(call(&client, balance, framed(b"\xff\xff")).await.0, 3, "an invalid argument");
    assert_eq!(call(&client, balance, framed(b"")).await.0, 12, "an empty query");
    assert_ne!(
        call(&client, balance, Bytes::from_static(b"\x00\x7f\xff\xff\xff")).await.0,
        0,
        "a length without end"
    );
    assert_ne!(call(&client, balance, framed(&vec![0; 100_000])).await.0, 0, "too long a message");
    // Two hundred calls that never end.
    let mut open = Vec::new();
    for _ in 0..200 {
        let mut client = client.clone().ready().await.unwrap();
        open.push(client.send_request(request(balance), false).unwrap());
    }
    // Strangers who do not speak the protocol.
    for noise in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        &[0xff; 4000],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00",
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(noise); // the other side may have closed
    }
    for each in [&client, &connect(address).await] {
        let id = fresh(&running);
        assert_eq!(submit(each, &transfer(&running, id, account, 1)).await, ResponseCode::OK);
        assert_eq!(receipt(each, id).await, ResponseCode::SUCCESS);
    }
    assert_eq!(open.len(), 200);
    running.shutdown();
}

/// A node that has no room says so, loses nothing that it took, and takes more as soon as that is handled.
#[tokio::test]
async fn a_node_without_room_is_busy() {
    let any = ([127, 0, 0, 1], 0).into();
    let running = serve_hedera(&HederaNet { grpc: any, rest: any, room: 5, ..HederaNet::default() }).unwrap();
    let (account, address) = running.nodes[0];
    let client = connect(address).await;
    let ids: Vec<_> = (0..100).map(|_| fresh(&running)).collect();
    let sent = ids.iter().map(|id| transfer(&running, *id, account, 1)).collect::<Vec<_>>();
    let mut calls = tokio::task::JoinSet::new();
    for (id, bytes) in ids.into_iter().zip(sent) {
        let client = client.clone();
        calls.spawn(async move { (id, submit(&client, &bytes).await) });
    }
    let told = calls.join_all().await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(_, code)| *code == ResponseCode::OK);
    assert!(taken.len() >= 5 && !refused.is_empty(), "{} taken", taken.len());
    assert!(refused.iter().all(|(_, code)| *code == ResponseCode::BUSY), "{refused:?}");
    for (id, _) in taken {
        assert_eq!(receipt(&client, id).await, ResponseCode::SUCCESS);
    }
    let (again, _) = refused[0];
    assert_eq!(submit(&client, &transfer(&running, again, account, 1)).await, ResponseCode::OK);
    assert_eq!(receipt(&client, again).await, ResponseCode::SUCCESS);
    running.shutdown();
}

#[test]
fn files_of_two_networks_do_not_go_together() {
    let folder = std::env::temp_dir().join(format!("tanglegram-hedera-{}", std::process::id()));
    let any = ([127, 0, 0, 1], 0).into();
    let plan = HederaNet { grpc: any, rest: any, files: Some(folder.clone()), ..HederaNet::default() };
    serve_hedera(&plan).unwrap().shutdown();
    assert!(folder.join("addressbook.bin").is_file());
    let error = serve_hedera(&plan).err().map(|error| error.to_string());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(error.as_ref().is_some_and(|error| error.contains("not empty")), "{error:?}");
}
