//! What happens next: a timing wheel, whose cost for an event does not depend on how many are waiting.

use std::collections::{BTreeMap, VecDeque};

use tanglegram_tangle::Millis;

/// How many milliseconds ahead the wheel reaches; what is later waits in a map.
const SPAN: Millis = 4096;

/// Events by time; those of the same millisecond in the order they were scheduled.
pub(crate) struct Queue<E> {
    /// No event is earlier.
    now: Millis,
    /// The events of the millisecond `t` with `now <= t < now + SPAN` are at `t % SPAN`.
    wheel: Vec<VecDeque<E>>,
    in_wheel: usize,
    later: BTreeMap<Millis, VecDeque<E>>,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Queue<E> {
        let wheel = (0..SPAN).map(|_| VecDeque::new()).collect();
        Queue { now: 0, wheel, in_wheel: 0, later: BTreeMap::new() }
    }

    /// Schedules an event; one for the past happens next.
    pub(crate) fn push(&mut self, at: Millis, event: E) {
        let at = at.max(self.now);
        if at - self.now < SPAN {
            self.wheel[(at % SPAN) as usize].push_back(event);
            self.in_wheel += 1;
        } else {
            self.later.entry(at).or_default().push_back(event);
        }
    }

    /// The next event up to and including a time.
    pub(crate) fn pop(&mut self, until: Millis) -> Option<(Millis, E)> {
        while self.now <= until {
            if let Some(event) = self.wheel[(self.now % SPAN) as usize].pop_front() {
                self.in_wheel -= 1;
                return Some((self.now, event));
            }
            let next = match self.in_wheel {
                0 => *self.later.keys().next()?,
                _ => self.now + 1,
            };
            if next > until {
                return None;
            }
            self.turn(next);
        }
        None
    }

    /// Moves on in time. What comes into reach goes into the wheel before anything can be scheduled behind it.
    fn turn(&mut self, now: Millis) {
        self.now = now;
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key() - now < SPAN) {
            let (at, mut events) = entry.remove_entry();
            self.in_wheel += events.len();
            self.wheel[(at % SPAN) as usize].append(&mut events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::streams::Stream;

    #[test]
    fn events_come_in_order_of_time_and_then_of_scheduling() {
        let (mut queue, mut stream, mut model) = (Queue::new(), Stream::new(1, "test"), BTreeMap::new());
        let (mut now, mut came) = (0, Vec::new());
        for number in 0..20_000_u64 {
            let reach = [3, 100, 5_000, 100_000][stream.index(4)];
            let at = now + stream.below(reach);
            queue.push(at, number);
            model.insert((at, number), ());
            if stream.index(2) == 0 {
                let next = queue.pop(now + 50);
                now = next.map_or(now + 50, |(at, _)| at);
                if next.is_some() {
                    came.push(next);
                    assert_eq!(model.pop_first().map(|(place, ())| place), next);
                }
            }
        }
        while let Some(place) = queue.pop(Millis::MAX - SPAN) {
            assert_eq!(model.pop_first().map(|(place, ())| place), Some(place));
        }
        assert!(model.is_empty() && came.len() > 100);
    }

    #[test]
    fn nothing_later_than_asked_for_comes() {
        let mut queue = Queue::new();
        queue.push(10, 'a');
        queue.push(10_000, 'b');
        assert_eq!(queue.pop(9), None);
        assert_eq!(queue.pop(10), Some((10, 'a')));
        assert_eq!(queue.pop(9_999), None);
        queue.push(50, 'c');
        assert_eq!(queue.pop(10_000), Some((50, 'c')));
        assert_eq!(queue.pop(10_000), Some((10_000, 'b')));
    }
}
