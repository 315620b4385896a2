//! How JavaScript and PostgreSQL read numbers, where the real server leaves it to them.

/// Whether JavaScript's `trim` takes the character away.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// What `Number(text)` gives; NaN where it is no number.
pub(super) fn number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let radix = |digits: &str, radix| {
        let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        let value =
            |sum: f64, digit: char| sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or(0));
        if valid { digits.chars().fold(0.0, value) } else { f64::NAN }
    };
    match text.as_bytes() {
        [] => 0.0,
        [b'0', b'x' | b'X', ..] => radix(&text[2..], 16),
        [b'0', b'o' | b'O', ..] => radix(&text[2..], 8),
        [b'0', b'b' | b'B', ..] => radix(&text[2..], 2),
        _ => decimal(text),
    }
}

fn decimal(text: &str) -> f64 {
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "Infinity" if text.starts_with('-') => f64::NEG_INFINITY,
        "Infinity" => f64::INFINITY,
        rest if rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')) => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// Whether a text passes the real server's test of a number: it is one, finite, and not blank.
pub(super) fn is_numeric(text: &str) -> bool {
    !text.trim_matches(is_space).is_empty() && number(text).is_finite()
}

/// The integer that PostgreSQL takes a text for.
pub(super) fn database_integer(text: &str) -> Option<i64> {
    let text = text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer { text.parse().ok() } else { None }
}

/// Whether an object of JavaScript lists this key before others, in numerical order: a canonical array index.
pub(super) fn array_index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index != u32::MAX && index.to_string() == key).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in
            [("", 0.0), (" 12 ", 12.0), ("0x1F", 31.0), ("0b11", 3.0), ("0o17", 15.0), ("1e3", 1000.0)]
        {
            assert_eq!(number(text), value, "{text}");
        }
        for (text, value) in [(".5", 0.5), ("5.", 5.0), ("+5", 5.0), ("-0x1", f64::NAN), ("1_0", f64::NAN)] {
            assert!(number(text) == value || number(text).is_nan() && value.is_nan(), "{text}");
        }
        for text in ["abc", "inf", "nan", "infinity", "0x", "1 2", "--1", "."] {
            assert!(number(text).is_nan(), "{text}");
        }
        assert!(is_numeric("1001 ") && is_numeric("0x10") && !is_numeric("Infinity") && !is_numeric(" "));
    }

    #[test]
    fn integers_of_the_database() {
        assert_eq!(database_integer(" +5\t"), Some(5));
        assert_eq!(database_integer("-1"), Some(-1));
        for text in ["", "1e3", "0x10", "1.5", "9999999999999999999", "5\u{a0}", "+-5"] {
            assert_eq!(database_integer(text), None, "{text}");
        }
    }
}
