//! The pages of a list, one after the other.

use std::collections::BTreeSet;

use serde_json::Value;
use tanglegram_target::Reply;
use tanglegram_vector::{Walk, shorten};

/// Most pages that are followed: a list that goes on is taken for endless.
const MOST_PAGES: usize = 1_000;

/// What the pages so far had.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    count: usize,
    seen: BTreeSet<String>,
}

impl Pages {
    /// Takes a page; returns the link to the next one.
    ///
    /// # Errors
    /// In one sentence what is wrong with the page, or with all of them together at the end.
    pub(crate) fn add(&mut self, walk: &Walk, reply: &Reply) -> Result<Option<String>, String> {
        let page: Value =
            serde_json::from_slice(&reply.body).map_err(|error| format!("the page is no JSON: {error}"))?;
        let rows = page.get(&walk.list).and_then(Value::as_array);
        for row in rows.ok_or_else(|| format!("the page has no list `{}`", walk.list))? {
            let key = row.get(&walk.by).ok_or_else(|| format!("a row has no `{}`", walk.by))?.to_string();
            if !self.seen.insert(key.clone()) {
                return Err(format!("the row with `{}` {} comes twice", walk.by, shorten(&key, 80)));
            }
        }
        self.count += 1;
        if walk.pages == Some(self.count) {
            return Ok(None);
        }
        if self.count > MOST_PAGES {
            return Err(format!("there are more than {MOST_PAGES} pages"));
        }
        match page.pointer("/links/next") {
            Some(Value::String(next)) => Ok(Some(path(next).to_owned())),
            Some(Value::Null) => self.end(walk).map(|()| None),
            _ => Err("the page has neither a link nor null at /links/next".to_owned()),
        }
    }

    fn end(&self, walk: &Walk) -> Result<(), String> {
        match walk.rows {
            Some(rows) if rows != self.seen.len() => {
                Err(format!("all pages have {} rows together, not {rows}", self.seen.len()))
            }
            _ => Ok(()),
        }
    }
}

/// The path and query of a link, which may be a whole URL.
fn path(link: &str) -> &str {
    let Some((_, rest)) = link.split_once("://") else { return link };
    rest.find('/').map_or("/", |at| &rest[at..])
}
