//! What is being written, as bytes: for a node that comes late.

use prost::Message;

use super::{Streams, Timetable};
use crate::files::FileHash;
use crate::files::record::Item;

#[derive(Clone, PartialEq, Message)]
struct StreamState {
    #[prost(bytes = "vec", tag = "1")]
    previous: Vec<u8>,
    #[prost(int64, tag = "2")]
    start: i64,
    #[prost(int64, tag = "3")]
    last: i64,
    #[prost(message, repeated, tag = "4")]
    open: Vec<ItemState>,
}

#[derive(Clone, PartialEq, Message)]
struct ItemState {
    #[prost(bytes = "vec", tag = "1")]
    transaction: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    record: Vec<u8>,
}

/// Bytes are no state of streams.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no state of streams: {0}")]
pub struct BadStreamState(String);

impl Streams {
    /// All that later files depend on. It does not tell what was given out already: that may be done earlier or later.
    pub fn write(&self) -> Vec<u8> {
        let item = |item: &Item<'_>| ItemState {
            transaction: item.transaction.to_vec(),
            record: item.record.to_vec(),
        };
        StreamState {
            previous: self.previous.0.to_vec(),
            start: self.start,
            last: self.last,
            open: self.open.iter().map(item).collect(),
        }
        .encode_to_vec()
    }

    /// The streams of some bytes. Files that were given out before may be given out again, the same.
    ///
    /// # Errors
    /// When [`Streams::write`] cannot have given them.
    pub fn read(timetable: Timetable, bytes: &[u8]) -> Result<Self, BadStreamState> {
        let state = StreamState::decode(bytes).map_err(|error| BadStreamState(error.to_string()))?;
        let previous = state.previous.try_into();
        let previous = previous.map_err(|_| BadStreamState("a hash that has not 48 bytes".into()))?;
        let item =
            |item: ItemState| Item { transaction: item.transaction.into(), record: item.record.into() };
        let mut streams = Streams::new(timetable);
        streams.previous = FileHash(previous);
        (streams.start, streams.last) = (state.start, state.last);
        streams.open = state.open.into_iter().map(item).collect();
        let period = streams.timetable.balances;
        streams.told =
            Some(state.last).filter(|last| *last > 0).map(|last| (last - 1).div_euclid(period) * period);
        Ok(streams)
    }
}
