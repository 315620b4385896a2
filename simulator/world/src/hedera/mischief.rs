//! Members that do not keep the rules: Byzantine nodes.

use std::sync::Arc;

use tanglegram_hashgraph::consensus::{Event, EventHash, KeyPair, Parent};
use tanglegram_hashgraph::gossip::Message;
use tanglegram_tangle::Millis;

use crate::sim::Stream;

/// What a member does that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Misdeed {
    /// Creates two events with the same self-parent again and again: it tells the members with odd numbers another story.
    Fork,
    /// Keeps its own events from half of the members, in turn.
    Withhold,
    /// Its events have times of all sorts, up to an hour off.
    WrongTime,
    /// Refuses to gossip: nobody hears from it.
    Silent,
    /// Sends events with flipped bits, wrong signatures, wrong creators and parents that do not exist.
    Garbage,
}

impl Misdeed {
    /// All of them.
    pub const ALL: [Misdeed; 5] =
        [Misdeed::Fork, Misdeed::Withhold, Misdeed::WrongTime, Misdeed::Silent, Misdeed::Garbage];

    /// Its name in world files and traces.
    pub fn name(self) -> &'static str {
        match self {
            Misdeed::Fork => "fork",
            Misdeed::Withhold => "withhold",
            Misdeed::WrongTime => "wrong-time",
            Misdeed::Silent => "silent",
            Misdeed::Garbage => "garbage",
        }
    }

    /// The misdeed of this name.
    pub(crate) fn named(name: &str) -> Option<Misdeed> {
        Misdeed::ALL.into_iter().find(|misdeed| misdeed.name() == name)
    }
}

/// Milliseconds for which the same half of the members is kept in the dark.
const TURN: Millis = 5_000;

/// What becomes of a message that a misbehaving member is to send; `None`: nothing.
pub(crate) fn twisted(
    misdeed: Option<Misdeed>,
    me: usize,
    to: usize,
    now: Millis,
    message: Message,
) -> Option<Message> {
    let is_in_the_dark = (to as Millis + now / TURN).is_multiple_of(2);
    let foreign = |events: Vec<Arc<Event>>| {
        events.into_iter().filter(|event| usize::from(event.creator()) != me).collect()
    };
    match (misdeed, message) {
        (Some(Misdeed::Silent), _) => None,
        (Some(Misdeed::Withhold), Message::Reply(known, events)) if is_in_the_dark => {
            Some(Message::Reply(known, foreign(events)))
        }
        (Some(Misdeed::Withhold), Message::Events(events)) if is_in_the_dark => {
            Some(Message::Events(foreign(events)))
        }
        (_, message) => Some(message),
    }
}

/// Events that no honest member may take.
pub(crate) fn garbage(stream: &mut Stream, members: usize, key: &KeyPair, time: i64) -> Vec<Arc<Event>> {
    let creator = stream.index(members + 2) as u16;
    let sequence = 1 + stream.below(50);
    let mut hash = [0; 48];
    hash.iter_mut().for_each(|byte| *byte = stream.below(256) as u8);
    let parent = |creator| Parent { creator, sequence, generation: sequence, hash: EventHash(hash) };
    let made = |own, other| Event::create(key, creator, own, other, time, vec![hash[..].into()]);
    let events = [
        made(None, None),
        made(Some(parent(creator)), None),
        made(Some(parent(creator)), Some(parent(creator.wrapping_add(1)))),
    ];
    let mut garbage: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
    garbage.extend(flipped(&garbage[0].encode(), stream).map(Arc::new));
    garbage
}

/// An event's bytes with a bit flipped, if that is still an event in form.
pub(crate) fn flipped(bytes: &[u8], stream: &mut Stream) -> Option<Event> {
    let mut bytes = bytes.to_vec();
    let bit = stream.index(bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    Event::decode(&bytes).ok()
}
