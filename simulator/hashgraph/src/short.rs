//! Short texts of numbers, put together without an allocation: every row of an answer has a dozen of them.

/// The longest text: three numbers of 20 characters with two characters between, and some to spare.
const LENGTH: usize = 80;

/// A short text that is being put together. What does not fit is cut off.
#[derive(Clone, Debug)]
pub struct Short {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Default for Short {
    fn default() -> Self {
        Short::new()
    }
}

impl Short {
    /// An empty text.
    pub fn new() -> Self {
        Short { bytes: [0; LENGTH], length: 0 }
    }

    /// Appends an ASCII character.
    pub fn letter(mut self, letter: u8) -> Self {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = letter & 0x7f;
            self.length += 1;
        }
        self
    }

    /// Appends a number.
    pub fn number(self, number: i64) -> Self {
        // Shards, realms and small numbers are most of what is written.
        if let 0..=9 = number {
            return self.letter(b'0' + number as u8);
        }
        let signed = if number < 0 { self.letter(b'-') } else { self };
        let digits = number.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
        signed.digits(number.unsigned_abs(), digits)
    }

    /// Appends so many digits of a number, zeros in front.
    pub fn digits(mut self, mut number: u64, digits: usize) -> Self {
        let end = (self.length + digits).min(LENGTH);
        for place in self.bytes[self.length..end].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.length = end;
        self
    }

    /// What was put together.
    pub fn as_str(&self) -> &str {
        // Nothing but ASCII is ever put in.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Short;

    proptest! {
        #[test]
        fn numbers_are_written_as_they_are_displayed(first: i64, second in 0u64..1_000_000_000) {
            let short = Short::new().number(first).letter(b'.').digits(second, 9);
            prop_assert_eq!(short.as_str(), format!("{first}.{second:09}"));
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for number in [0, 9, 10, -1, i64::MIN, i64::MAX] {
            assert_eq!(Short::new().number(number).as_str(), number.to_string());
        }
        let many = (0..9).fold(Short::new(), |short, _| short.number(i64::MIN));
        assert_eq!(many.as_str().len(), 80);
    }
}
