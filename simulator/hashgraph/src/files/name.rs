//! File names: they hold the time, so that their alphabetical order is that of time.

use crate::{SECOND, Timestamp};

/// The name of the record file whose first transaction has this consensus time (in nanoseconds since 1970).
pub fn record(time: i64) -> String {
    format!("{}.rcd", instant(time, '_'))
}

/// The name of the balance file of a time (in nanoseconds since 1970).
pub fn balance(time: i64) -> String {
    format!("{}_Balances.csv", instant(time, '_'))
}

/// The name of the signature file of a file.
pub fn signature(file: &str) -> String {
    format!("{file}_sig")
}

/// What a file holds, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Balances.
    Balances,
    /// Transactions with their records.
    Records,
}

/// What a file of this name holds, the name of the file with the content, and whether this one only signs it.
pub fn classify(name: &str) -> Option<(Kind, &str, bool)> {
    let (content, signs) = name.strip_suffix("_sig").map_or((name, false), |content| (content, true));
    let kind = match content.rsplit('.').next()? {
        "rcd" => Kind::Records,
        "csv" => Kind::Balances,
        _ => return None,
    };
    Some((kind, content, signs))
}

/// The time in the name of a record or balance file, or of its signature, in nanoseconds since 1970.
pub fn time(name: &str) -> Option<i64> {
    let (kind, name, _) = classify(name)?;
    let instant = match kind {
        Kind::Records => name.strip_suffix(".rcd"),
        Kind::Balances => name.strip_suffix("_Balances.csv"),
    };
    read_instant(instant?, '_').map(|time| time.0)
}

/// A time as `2019-08-30T18:10:00.419072Z`, with another character in place of the colons; zeros at the end are left out, save the first.
pub(super) fn instant(time: i64, colon: char) -> String {
    let (seconds, nanos) = Timestamp(time).parts();
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let digits = format!("{nanos:09}");
    let fraction = match digits.trim_end_matches('0') {
        "" => "0",
        significant => significant,
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}{colon}{minute:02}{colon}{second:02}.{fraction}Z")
}

/// Reads what [`instant`] writes; the fraction may be absent.
pub(super) fn read_instant(text: &str, colon: char) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let numbers = |text: &str, separator| -> Option<[i64; 3]> {
        let is_number =
            |part: &&str| (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<i64> = text
            .split(separator)
            .map(|part| Some(part).filter(is_number)?.parse().ok())
            .collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, colon)?;
    let days = days_from_civil(year, month, day);
    let is_date = civil(days) == (year, month, day) && (1..=12).contains(&month);
    let is_fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_date || !is_fraction || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = days.checked_mul(86_400)? + hour * 3600 + minute * 60 + second;
    Some(Timestamp(seconds.checked_mul(SECOND)?.checked_add(nanos)?))
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, the leap day ends a year, and a cycle of 400 years has 146097 days.
    let days = days + 719_468;
    let of_cycle = days.rem_euclid(146_097);
    let year_of_cycle = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (days.div_euclid(146_097) * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_cycle = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + of_year;
    year.div_euclid(400) * 146_097 + of_cycle - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_real_network() {
        assert_eq!(record(1_567_188_600_419_072_000), "2019-08-30T18_10_00.419072Z.rcd");
        assert_eq!(balance(1_567_189_800_010_147_001), "2019-08-30T18_30_00.010147001Z_Balances.csv");
        assert_eq!(record(1_567_188_600_000_000_000), "2019-08-30T18_10_00.0Z.rcd");
        assert_eq!(classify("a.rcd_sig"), Some((Kind::Records, "a.rcd", true)));
        assert_eq!(classify("a.txt"), None);
    }

    proptest! {
        #[test]
        fn instants_read_back(time in 0i64..i64::MAX) {
            prop_assert_eq!(read_instant(&instant(time, '_'), '_'), Some(Timestamp(time)));
        }

        #[test]
        fn what_is_no_instant_is_refused(text in "[0-9TZ:. -]{0,30}") {
            if let Some(time) = read_instant(&text, ':') {
                prop_assert_eq!(read_instant(&instant(time.0, ':'), ':'), Some(time));
            }
        }
    }
}
