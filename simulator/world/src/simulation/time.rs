//! Virtual times as they are written: `500ms`, `5s`, `2m`, `1h`.

use tanglegram_tangle::Millis;

/// The longest time anybody may name: thirty days.
pub(crate) const LONGEST: Millis = 30 * 24 * 3_600_000;

/// The units, the longest first.
const UNITS: [(&str, Millis); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Milliseconds of a text; `None` if it is no time.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: i64 = text[..digits].parse().ok()?;
    let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == &text[digits..])?;
    let millis = number.checked_mul(i64::try_from(*unit).ok()?)?;
    Some(if negative { -millis } else { millis })
}

/// Milliseconds of a time as world files write it, such as `90s`, of at most thirty days.
pub fn positive(text: &str) -> Option<Millis> {
    parse(text).and_then(|millis| Millis::try_from(millis).ok()).filter(|millis| *millis <= LONGEST)
}

/// The shortest exact text of a time.
pub fn show(millis: Millis) -> String {
    let fits = |unit: Millis| millis.is_multiple_of(unit) && millis >= unit;
    let (name, unit) = UNITS.iter().find(|(_, unit)| fits(*unit)).unwrap_or(&UNITS[2]);
    format!("{}{name}", millis / unit)
}

/// The same for a time that may be negative.
pub(crate) fn show_signed(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}", show(millis.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, millis) in
            [("500ms", 500), ("5s", 5000), ("2m", 120_000), ("1h", 3_600_000), ("0s", 0), ("-3s", -3000)]
        {
            assert_eq!(parse(text), Some(millis), "{text}");
        }
        for bad in
            ["", "5", "s", "5d", "--1s", "1.5s", "9223372036854775807h", "99999999999999999999s", "5 s"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_shown_exactly() {
        for (millis, text) in [(0, "0s"), (1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (120_000, "2m")] {
            assert_eq!(show(millis), text);
            assert_eq!(parse(text), Some(millis as i64));
        }
        assert_eq!(show_signed(-60_000), "-1m");
    }
}
