//! What the parameters of a request ask for.

use super::failure::Failure;
use super::js;
use super::query::{Query, Value};
use crate::store::{Direction, IdSet, Op, Outcome, Span};
use crate::{Dialect, EntityId};

/// How many rows a page has when nothing is said, and at most.
pub(super) const ROWS: usize = 1000;
/// What comes before the 32 bytes of an Ed25519 key in its DER form, in hexadecimal digits.
const DER_PREFIX: &str = "302a300506032b6570032100";

/// The parameters, with the dialect that says how to read them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Params<'a> {
    pub(super) query: &'a Query,
    pub(super) dialect: Dialect,
}

/// How great the numbers of account ids may be before the real server's database refuses them.
#[derive(Clone, Copy, Debug)]
pub(super) enum IdColumns {
    /// Shard of 32, realm of 16, number of 32 bits.
    Narrow,
    /// 64 bits each.
    Wide,
}

/// The operator and the value of `op:value` or `value`.
fn operator(text: &str) -> Option<(Op, &str)> {
    let Some((op, value)) = text.split_once(':') else { return Some((Op::Eq, text)) };
    if value.contains(':') {
        return None;
    }
    let op = match op {
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "lt" => Op::Lt,
        "lte" => Op::Lte,
        "gt" => Op::Gt,
        "gte" => Op::Gte,
        _ => return None,
    };
    Some((op, value))
}

/// Whether the text has between 1 and `most` digits and nothing else.
fn is_digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_account_id(text: &str) -> bool {
    let parts = text.split('.').count();
    (parts == 1 || parts == 3) && text.split('.').all(|part| is_digits(part, 10))
}

fn is_public_key(text: &str) -> bool {
    matches!(text.len(), 64 | 88) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl<'a> Params<'a> {
    /// Checks every parameter, also those that the endpoint does not use.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let mut bad = Vec::new();
        for (name, value) in self.query {
            let Some(texts) = value.texts() else {
                if !self.dialect.uniform_errors {
                    return Err(Failure::Exception);
                }
                bad.push(name.clone());
                continue;
            };
            let is_bad = |text: &&str| !operator(text).is_some_and(|(_, value)| self.is_valid(name, value));
            let bad_values = texts.iter().filter(|text| is_bad(text)).count();
            let disobeyed =
                bad_values == 0 && self.dialect.strict_parameters && is_choice(name) && !is_plain(value);
            bad.extend(std::iter::repeat_n(name.clone(), bad_values + usize::from(disobeyed)));
        }
        if bad.is_empty() { Ok(()) } else { Err(Failure::Parameters(bad)) }
    }

    fn is_valid(&self, name: &str, value: &str) -> bool {
        match name {
            "account.id" => is_account_id(value),
            "account.balance" => is_digits(value, 19),
            "account.publickey" => is_public_key(value),
            "timestamp" => self.is_timestamp(value),
            "limit" => {
                is_digits(value, 4)
                    && !(self.dialect.strict_parameters && value.bytes().all(|digit| digit == b'0'))
            }
            "order" => matches!(value, "asc" | "desc"),
            "type" => matches!(value, "credit" | "debit"),
            "result" => matches!(value, "success" | "fail") || (self.dialect.takes_faill && value == "faill"),
            _ => false,
        }
    }

    fn is_timestamp(&self, value: &str) -> bool {
        let seconds_digits = if self.dialect.short_seconds { 10 } else { 11 };
        match value.split_once('.') {
            None => is_digits(value, seconds_digits),
            Some((seconds, fraction)) => is_digits(seconds, seconds_digits) && is_digits(fraction, 9),
        }
    }

    /// The comparisons with a parameter; those that make no sense are left out.
    fn comparisons(&self, name: &str) -> Result<Vec<(Op, &'a str)>, Failure> {
        let Some(value) = self.query.get(name) else { return Ok(Vec::new()) };
        let texts = value.texts().ok_or(Failure::Exception)?;
        Ok(texts.into_iter().filter_map(operator).collect())
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.query.get(name)?.text()
    }

    /// The accounts asked for by `account.id`.
    pub(super) fn accounts(&self, columns: IdColumns) -> Result<IdSet, Failure> {
        let comparisons = self.comparisons("account.id")?.into_iter();
        let read = |(op, text): (Op, &str)| Some((op, account_id(text)?));
        let conditions: Vec<(Op, EntityId)> = comparisons.filter_map(read).collect();
        if self.dialect.database_limits && conditions.iter().any(|(_, id)| overflows(*id, columns)) {
            return Err(Failure::Database);
        }
        Ok(IdSet::new(conditions, self.dialect.whole_ids))
    }

    /// The span of time asked for by `timestamp`.
    pub(super) fn time(&self) -> Result<Span, Failure> {
        let mut span = Span::all();
        for (op, text) in self.comparisons("timestamp")? {
            let nanos = nanoseconds(text);
            if self.dialect.database_limits && nanos > i128::from(i64::MAX) {
                return Err(Failure::Database);
            }
            span.restrict(op, nanos);
        }
        Ok(span)
    }

    /// The balances asked for by `account.balance`.
    pub(super) fn balances(&self) -> Result<Span, Failure> {
        let mut span = Span::all();
        for (op, text) in self.comparisons("account.balance")? {
            let Ok(value) = text.parse::<i128>() else { continue };
            if self.dialect.database_limits && value > i128::from(i64::MAX) {
                return Err(Failure::Database);
            }
            span.restrict(op, value);
        }
        Ok(span)
    }

    /// The comparisons with the Ed25519 key asked for by `account.publickey`, in lower-case hexadecimal digits.
    pub(super) fn keys(&self) -> Result<Vec<(Op, String)>, Failure> {
        let key = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.strip_prefix(DER_PREFIX).filter(|_| text.len() == 88).map(str::to_owned).unwrap_or(text)
        };
        Ok(self.comparisons("account.publickey")?.into_iter().map(|(op, text)| (op, key(text))).collect())
    }

    /// How many rows a page has.
    ///
    /// The real server reads the number as JavaScript does and hands it to the database as it was sent, which is stricter.
    pub(super) fn limit(&self) -> Result<usize, Failure> {
        let Some(value) = self.query.get("limit") else { return Ok(ROWS) };
        let text = value.to_script_text();
        let number = js::number(&text);
        if number.is_nan() || value.text() == Some("") {
            return Ok(ROWS);
        }
        if number > ROWS as f64 {
            return Ok(ROWS);
        }
        let rows = value.text().and_then(js::database_integer);
        rows.and_then(|rows| usize::try_from(rows).ok()).ok_or(Failure::Database)
    }

    /// Whether rows are asked for in ascending order; `otherwise` where nothing is said.
    pub(super) fn ascending(&self, otherwise: bool) -> bool {
        match self.text("order") {
            Some("asc") => true,
            Some("desc") => false,
            _ => otherwise,
        }
    }

    /// The outcome asked for by `result`.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.text("result") {
            Some("success") => Some(Outcome::Success),
            Some("fail") => Some(Outcome::Fail),
            Some("faill") if self.dialect.takes_faill => Some(Outcome::Fail),
            _ => None,
        }
    }

    /// The direction asked for by `type`.
    pub(super) fn direction(&self) -> Option<Direction> {
        match self.text("type") {
            Some("credit") => Some(Direction::Credit),
            Some("debit") => Some(Direction::Debit),
            _ => None,
        }
    }
}

/// Whether the parameter is one choice for the whole request, so that neither an operator nor a repeat makes sense.
fn is_choice(name: &str) -> bool {
    matches!(name, "limit" | "order" | "type" | "result")
}

/// Whether the value is given once and without an operator.
fn is_plain(value: &Value) -> bool {
    value.text().is_some_and(|text| !text.contains(':'))
}

/// The id of `shard.realm.num` or `num`.
fn account_id(text: &str) -> Option<EntityId> {
    match text.parse::<i64>() {
        Ok(num) => Some(EntityId::new(0, 0, num)),
        Err(_) => text.parse().ok(),
    }
}

fn overflows(id: EntityId, columns: IdColumns) -> bool {
    match columns {
        IdColumns::Wide => false,
        IdColumns::Narrow => {
            i32::try_from(id.shard).is_err()
                || i16::try_from(id.realm).is_err()
                || i32::try_from(id.num).is_err()
        }
    }
}

/// The nanoseconds of `seconds[.fraction]`; a part that is not of digits counts as 0, of the fraction nine digits count.
fn nanoseconds(text: &str) -> i128 {
    let digits = |text: &str| if is_digits(text, usize::MAX) { text.to_owned() } else { "0".to_owned() };
    let mut parts = text.split('.');
    let seconds = digits(parts.next().unwrap_or_default());
    let fraction = parts.next().filter(|_| parts.next().is_none()).map_or("0".to_owned(), digits);
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    // A number of more digits than these is beyond every column.
    format!("{seconds}{nanos}").parse().unwrap_or(i128::MAX)
}
