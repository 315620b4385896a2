//! Texts of whole numbers joined by dots, such as `0.0.1001` or `1568542814.468848000`.

use std::fmt;
use std::str::FromStr;

/// Most numbers of such a text.
const NUMBERS: usize = 8;

/// Whole numbers that were joined by dots; compared number by number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dotted(Vec<u128>);

/// A text is not whole numbers joined by dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not whole numbers joined by dots")]
pub struct NotDotted;

impl FromStr for Dotted {
    type Err = NotDotted;

    fn from_str(text: &str) -> Result<Self, NotDotted> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let numbers: Option<Vec<u128>> = text.split('.').take(NUMBERS + 1).map(number).collect();
        numbers.filter(|numbers| numbers.len() <= NUMBERS).map(Self).ok_or(NotDotted)
    }
}

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u128::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::Dotted;

    #[test]
    fn numbers_compare_one_by_one() {
        let read = |text: &str| text.parse::<Dotted>().ok();
        assert!(read("0.0.9") < read("0.0.10") && read("0.0.10") < read("0.1.2"));
        assert!(read("1568542814.068848000") < read("1568542814.468848000"));
        assert_eq!(read("0.0.0010"), read("0.0.10"));
        for text in ["", ".", "1.", "a", "1.-2", "1 ", "+1", "1.2.3.4.5.6.7.8.9", &"9".repeat(50)] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
