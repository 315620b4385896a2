//! Trytes, transactions, bundles, gossip and local snapshots.

use arbitrary::{Arbitrary, Unstructured};
use tanglegram_tangle::Snapshot;
use tanglegram_tangle::gossip::codec::{Decoder, Memory, encode};
use tanglegram_ternary::transaction::field::{TRANSACTION_BYTES, TRANSACTION_TRYTES};
use tanglegram_ternary::{Transaction, bundle, trytes};

/// The longest text of trytes.
const MOST_TRYTES: usize = 1 << 16;
/// The most members of a bundle: checking signatures is slow.
const MOST_MEMBERS: usize = 8;

/// What is read as trytes is written as the same trytes.
pub(crate) fn trytes(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_TRYTES)]);
    match trytes::decode(&text) {
        Ok(trits) => {
            assert_eq!(trytes::encode(&trits).as_deref(), Ok(&*text));
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty() && trytes::check(&text).is_err());
            false
        }
    }
}

/// A transaction is the same whether it comes as trytes, as bytes or as trits, alone or with others.
pub(crate) fn transaction(bytes: &[u8]) -> bool {
    let from_bytes = Transaction::from_bytes(bytes);
    if let Ok(transaction) = &from_bytes {
        assert_eq!(&transaction.as_bytes()[..], bytes);
        let text = transaction.to_trytes();
        let again = Transaction::from_trytes(&text).expect("what was written can be read");
        assert_eq!((again.hash(), again.as_bytes()), (transaction.hash(), transaction.as_bytes()));
        let trits = transaction.trits();
        assert_eq!(Transaction::from_trits(&trits).map(|other| other.hash()), Ok(transaction.hash()));
    }
    let text = String::from_utf8_lossy(bytes);
    let alone = Transaction::from_trytes(&text);
    let among = Transaction::from_trytes_many([&*text, ""]).swap_remove(0);
    assert_eq!(alone.as_ref().map(Transaction::hash).ok(), among.map(|other| other.hash()).ok());
    if let Ok(transaction) = &alone {
        assert_eq!(transaction.to_trytes(), text);
    }
    alone.is_ok() || from_bytes.is_ok()
}

/// Bytes as transactions one after the other: judging them never panics, and a good bundle stays good.
pub(crate) fn bundle(bytes: &[u8]) -> bool {
    let members: Vec<Transaction> = bytes
        .chunks_exact(TRANSACTION_BYTES)
        .take(MOST_MEMBERS)
        .filter_map(|member| Transaction::from_bytes(member).ok())
        .collect();
    let members: Vec<&Transaction> = members.iter().collect();
    let verdict = bundle::validate(&members);
    assert_eq!(verdict, bundle::validate(&members));
    if verdict.is_ok() {
        assert!(bundle::verify_signatures(&members), "a valid bundle has good signatures");
    }
    verdict.is_ok()
}

/// A stream of messages in pieces: the pieces do not matter, and what was understood is sent as it came.
pub(crate) fn gossip(bytes: &[u8]) -> bool {
    let mut source = Unstructured::new(bytes);
    let piece = usize::from(u8::arbitrary(&mut source).unwrap_or(1)).max(1);
    let stream = source.take_rest();
    let (mut whole, mut memory, mut messages) = (Decoder::default(), Memory::default(), Vec::new());
    whole.push(stream);
    let end = drain(&mut whole, &mut memory, &mut messages);
    let (mut pieces, mut others, mut seen) = (Decoder::default(), Memory::default(), Vec::new());
    let mut other_end = Ok(());
    for part in stream.chunks(piece) {
        pieces.push(part);
        other_end = drain(&mut pieces, &mut others, &mut seen);
        if other_end.is_err() {
            break;
        }
    }
    assert_eq!((&messages, end), (&seen, other_end), "pieces matter");
    for message in &messages {
        let mut sent = Vec::new();
        encode(message, &mut sent);
        let (mut decoder, mut again) = (Decoder::default(), Vec::new());
        decoder.push(&sent);
        assert_eq!(drain(&mut decoder, &mut memory, &mut again), Ok(()));
        assert!(sent.is_empty() || again.first() == Some(message), "{message:?} is sent as something else");
    }
    end.is_ok() && !messages.is_empty()
}

fn drain(
    decoder: &mut Decoder,
    memory: &mut Memory,
    messages: &mut Vec<tanglegram_tangle::gossip::Message>,
) -> Result<(), tanglegram_tangle::gossip::codec::FrameError> {
    while let Some(message) = decoder.next(memory)? {
        messages.push(message);
    }
    Ok(())
}

/// The two files of a local snapshot, joined by a zero byte.
pub(crate) fn snapshot(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (state, meta) = text.split_once('\0').unwrap_or((&text, ""));
    let read = Snapshot::parse(state, meta);
    if let Ok(snapshot) = &read {
        let again = Snapshot::parse(&snapshot.state_text(), &snapshot.meta_text());
        assert_eq!(again.as_ref(), Ok(snapshot), "what was written can be read");
    }
    read.is_ok()
}

/// Trytes of so many transactions are this long.
pub(crate) const TRYTES: usize = TRANSACTION_TRYTES;
