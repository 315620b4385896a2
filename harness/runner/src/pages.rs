//! The pages of a list, one after the other.

use std::collections::BTreeSet;

use serde_json::Value;
use tanglegram_target::Reply;
use tanglegram_vector::{Dotted, Scope, Sorted, Walk, shorten};

/// Most pages that are followed: a list that goes on is taken for endless.
const MOST_PAGES: usize = 1_000;

/// What the pages so far had.
#[derive(Debug)]
pub(crate) struct Pages<'w> {
    walk: &'w Walk,
    /// The rows that are to come, where they are known.
    same: Option<Vec<Value>>,
    count: usize,
    seen: BTreeSet<String>,
    last: Option<Dotted>,
}

impl<'w> Pages<'w> {
    /// No page yet.
    ///
    /// # Errors
    /// In one sentence why the rows to compare with are none.
    pub(crate) fn new(walk: &'w Walk, scope: &Scope<'_>) -> Result<Self, String> {
        let same = match &walk.same {
            None => None,
            Some(same) => match same.resolve(scope).map_err(|error| error.to_string())? {
                Value::Array(rows) => Some(rows),
                other => {
                    return Err(format!("`same` is no list of rows but {}", shorten(&other.to_string(), 80)));
                }
            },
        };
        Ok(Self { walk, same, count: 0, seen: BTreeSet::new(), last: None })
    }

    /// Takes a page; returns the link to the next one.
    ///
    /// # Errors
    /// In one sentence what is wrong with the page, or with all of them together at the end.
    pub(crate) fn add(&mut self, reply: &Reply) -> Result<Option<String>, String> {
        let page: Value =
            serde_json::from_slice(&reply.body).map_err(|error| format!("the page is no JSON: {error}"))?;
        let list = &self.walk.list;
        let rows = page.get(list).and_then(Value::as_array);
        for row in rows.ok_or_else(|| format!("the page has no list `{list}`"))? {
            self.row(row)?;
        }
        self.count += 1;
        if self.walk.pages == Some(self.count) {
            return Ok(None);
        }
        if self.count > MOST_PAGES {
            return Err(format!("there are more than {MOST_PAGES} pages"));
        }
        match page.pointer("/links/next") {
            Some(Value::String(next)) => Ok(Some(path(next).to_owned())),
            Some(Value::Null) => self.end().map(|()| None),
            _ => Err("the page has neither a link nor null at /links/next".to_owned()),
        }
    }

    fn row(&mut self, row: &Value) -> Result<(), String> {
        let by = &self.walk.by;
        let key = row.get(by).ok_or_else(|| format!("a row has no `{by}`"))?;
        if let Some(expected) = self.same.as_ref().and_then(|rows| rows.get(self.seen.len()))
            && expected.get(by) != Some(key)
        {
            let expected = expected.get(by).unwrap_or(&Value::Null);
            return Err(format!("the row with `{by}` {expected} is to come, not that with {}", shown(key)));
        }
        if let Some(order) = &self.walk.order {
            self.last = Some(in_order(order, self.last.as_ref(), row)?);
        }
        if !self.seen.insert(key.to_string()) {
            return Err(format!("the row with `{by}` {} comes twice", shown(key)));
        }
        Ok(())
    }

    fn end(&self) -> Result<(), String> {
        let count = self.seen.len();
        if let Some(rows) = self.walk.rows.filter(|rows| *rows != count) {
            return Err(format!("all pages have {count} rows together, not {rows}"));
        }
        match &self.same {
            Some(rows) if rows.len() > count => {
                Err(format!("all pages have {count} rows together, the list has {} at least", rows.len()))
            }
            _ => Ok(()),
        }
    }
}

/// The place of a row that comes after another one.
fn in_order(order: &Sorted, before: Option<&Dotted>, row: &Value) -> Result<Dotted, String> {
    let by = &order.by;
    let place =
        order.place(row).ok_or_else(|| format!("a row's `{by}` is not whole numbers joined by dots"))?;
    match before.filter(|before| !order.may_follow(before, &place)) {
        Some(before) => Err(format!("the row with `{by}` {place} comes after that with {before}")),
        None => Ok(place),
    }
}

fn shown(key: &Value) -> String {
    shorten(&key.to_string(), 80)
}

/// The path and query of a link, which may be a whole URL.
fn path(link: &str) -> &str {
    let Some((_, rest)) = link.split_once("://") else { return link };
    rest.find('/').map_or("/", |at| &rest[at..])
}
