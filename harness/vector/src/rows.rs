//! What holds of the rows of a list together: `$sorted` and `$sum`.

use serde_json::Value;

use crate::bounds::Bounds;
use crate::diff::{Differences, Path, elements, integer, shown};
use crate::dotted::Dotted;
use crate::fields::{Fields, word};
use crate::problem::{Mistake, Problems};
use crate::yaml::{Node, Yaml};

/// Rows that come in strict order of a field that holds whole numbers joined by dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// The field.
    pub by: String,
    /// The least first.
    pub ascending: bool,
}

/// The sum of a field of all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The field.
    pub of: String,
    /// What the sum must be.
    pub is: Bounds,
}

impl Sorted {
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::read(node, "`$sorted`", &["by", "order"], problems)?;
        let by = fields.need("by", problems).and_then(|by| word(by, "`by`", problems));
        let ascending = fields.need("order", problems).and_then(|order| is_ascending(order, problems));
        Some(Self { by: by?.to_owned(), ascending: ascending? })
    }

    /// Where a row belongs in the order; `None` where the field is not there or no such text.
    pub fn place(&self, row: &Value) -> Option<Dotted> {
        row.get(&self.by)?.as_str()?.parse().ok()
    }

    /// Whether a row may come right after another one.
    pub fn may_follow(&self, before: &Dotted, after: &Dotted) -> bool {
        if self.ascending { before < after } else { before > after }
    }

    pub(crate) fn diff(&self, got: &Value, path: &Path<'_>, out: &mut Differences) {
        let mut before: Option<Dotted> = None;
        for (index, row) in elements(got, path, out).unwrap_or_default().iter().enumerate() {
            let path = Path::Index(path, index);
            let Some(place) = self.place(row) else {
                let wanted = || format!("whole numbers joined by dots under `{}`", self.by);
                return out.add(&path, wanted, || shown(row));
            };
            if let Some(before) = before.filter(|before| !self.may_follow(before, &place)) {
                let relation = if self.ascending { "above" } else { "below" };
                out.add(&path, || format!("`{}` {relation} {before}", self.by), || place.to_string());
            }
            before = Some(place);
        }
    }
}

/// `asc` or `desc`.
pub(crate) fn is_ascending(node: &Node, problems: &mut Problems) -> Option<bool> {
    match word(node, "`order`", problems)? {
        "asc" => Some(true),
        "desc" => Some(false),
        other => {
            let mistake = Mistake::BadValue { what: "`order`", value: other.to_owned() };
            problems.add_with_help(node.span, mistake, "`asc` or `desc`");
            None
        }
    }
}

impl Sum {
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::read(node, "`$sum`", &["of", "is"], problems)?;
        let of = fields.need("of", problems).and_then(|of| word(of, "`of`", problems));
        let is = fields.need("is", problems)?;
        let bounds = match &is.value {
            Yaml::Text(text) => Bounds::parse(text),
            Yaml::Number(number) => number.as_i64().map(|number| Bounds::exactly(number.into())),
            _ => None,
        };
        if bounds.is_none() {
            let mistake = Mistake::BadValue { what: "`is`", value: is.kind().to_owned() };
            problems.add_with_help(is.span, mistake, "a number or comparisons");
        }
        Some(Self { of: of?.to_owned(), is: bounds? })
    }

    pub(crate) fn diff(&self, got: &Value, path: &Path<'_>, out: &mut Differences) {
        let Some(rows) = elements(got, path, out) else { return };
        let amounts = rows.iter().map(|row| row.get(&self.of).and_then(integer));
        let Some(amounts) = amounts.collect::<Option<Vec<i128>>>() else {
            return out.add(path, || format!("rows with an integer `{}`", self.of), || shown(got));
        };
        let sum: i128 = amounts.iter().sum();
        if !self.is.hold(&sum) {
            out.add(path, || format!("a sum of `{}`{}", self.of, self.is), || sum.to_string());
        }
    }
}
