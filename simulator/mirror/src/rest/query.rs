//! The query string, taken apart as `qs` does for the real server: repeated names make lists, brackets make lists and maps.

use indexmap::IndexMap;

use super::js;

/// How many `&`-separated pieces are read.
const PIECES: usize = 1000;
/// How many brackets after a name are taken apart.
const DEPTH: usize = 5;
/// The greatest index in brackets that makes a list.
const LIST_LIMIT: u32 = 20;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Given once.
    Text(String),
    /// Given more than once, or with `[]`; holes are indexes left out.
    List(Vec<Option<Value>>),
    /// Given with a name in brackets.
    Map(IndexMap<String, Value>),
}

/// The parameters of a request, in order.
pub(super) type Query = IndexMap<String, Value>;

impl Value {
    /// The text, where it was given once.
    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// Every text, where the value is a text or a list of texts.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Value::Text(text) => Some(vec![text]),
            Value::List(items) => items.iter().flatten().map(Value::text).collect(),
            Value::Map(_) => None,
        }
    }

    /// What JavaScript makes of the value as a text.
    pub(super) fn to_script_text(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::List(items) => {
                let texts: Vec<String> = items.iter().flatten().map(Value::to_script_text).collect();
                texts.join(",")
            }
            Value::Map(_) => "[object Object]".to_owned(),
        }
    }

    fn combine(self, other: Value) -> Value {
        let items = |value| if let Value::List(items) = value { items } else { vec![Some(value)] };
        let mut all = items(self);
        all.extend(items(other));
        Value::List(all)
    }

    /// Brings together what two names with brackets say of the same parameter.
    fn merge(self, source: Value) -> Value {
        match (self, source) {
            (target, Value::Text(text)) if text.is_empty() => target,
            (Value::Text(text), Value::List(items)) => Value::Text(text).combine(Value::List(items)),
            (Value::Text(text), source) => Value::List(vec![Some(Value::Text(text)), Some(source)]),
            (Value::List(mut items), Value::Text(text)) => {
                items.push(Some(Value::Text(text)));
                Value::List(items)
            }
            (Value::List(items), Value::List(source)) => Value::List(merge_lists(items, source)),
            (Value::List(items), Value::Map(source)) => {
                let numbered = items.into_iter().enumerate();
                let map = numbered.filter_map(|(at, item)| Some((at.to_string(), item?))).collect();
                Value::Map(merge_maps(map, source))
            }
            (Value::Map(mut map), Value::Text(text)) => {
                map.insert(text, Value::Text("true".to_owned()));
                Value::Map(map)
            }
            (Value::Map(map), Value::List(source)) => {
                let numbered = source.into_iter().enumerate();
                let source = numbered.filter_map(|(at, item)| Some((at.to_string(), item?))).collect();
                Value::Map(merge_maps(map, source))
            }
            (Value::Map(map), Value::Map(source)) => Value::Map(merge_maps(map, source)),
        }
    }

    /// Takes the holes out of lists.
    fn compact(self) -> Value {
        match self {
            Value::List(items) => {
                Value::List(items.into_iter().flatten().map(|item| Some(item.compact())).collect())
            }
            Value::Map(map) => {
                Value::Map(map.into_iter().map(|(name, value)| (name, value.compact())).collect())
            }
            text @ Value::Text(_) => text,
        }
    }
}

fn merge_lists(mut items: Vec<Option<Value>>, source: Vec<Option<Value>>) -> Vec<Option<Value>> {
    for (at, item) in source.into_iter().enumerate() {
        let Some(item) = item else { continue };
        items.resize(items.len().max(at + 1), None);
        match items[at].take() {
            None => items[at] = Some(item),
            Some(old @ (Value::List(_) | Value::Map(_))) if item.text().is_none() => {
                items[at] = Some(old.merge(item))
            }
            old => {
                items[at] = old;
                items.push(Some(item));
            }
        }
    }
    items
}

fn merge_maps(mut map: IndexMap<String, Value>, source: IndexMap<String, Value>) -> IndexMap<String, Value> {
    for (name, value) in source {
        let merged = match map.get_mut(&name) {
            Some(old) => std::mem::replace(old, Value::List(Vec::new())).merge(value),
            None => value,
        };
        map.insert(name, merged);
    }
    map
}

/// Takes a query string apart (without its `?`).
pub(super) fn parse(text: &str) -> Query {
    let mut flat: IndexMap<String, Value> = IndexMap::new();
    for piece in text.split('&').take(PIECES).filter(|piece| !piece.is_empty()) {
        let (name, value) = split(piece);
        let value = Value::Text(value);
        let combined = match flat.get_mut(&name) {
            Some(old) => std::mem::replace(old, Value::List(Vec::new())).combine(value),
            None => value,
        };
        flat.insert(name, combined);
    }
    let mut query = Query::new();
    for (name, value) in flat {
        // An assignment to this name is lost on a JavaScript object, and so is a parameter without a name.
        if name.is_empty() || name == "__proto__" {
            continue;
        }
        if let Some((parent, value)) = nest(&name, value) {
            query = merge_maps(query, IndexMap::from([(parent, value)]));
        }
    }
    let mut query: Query = query.into_iter().map(|(name, value)| (name, value.compact())).collect();
    query.sort_by_key(|name, _| js::array_index(name).map_or(u64::MAX, u64::from));
    query
}

fn split(piece: &str) -> (String, String) {
    let place = piece.find("]=").map(|at| at + 1).or_else(|| piece.find('='));
    match place {
        Some(place) => (decode(&piece[..place]), decode(&piece[place + 1..])),
        None => (decode(piece), String::new()),
    }
}

/// Decodes `+` and percent signs; where those are malformed they stay as they are.
fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode(&text).unwrap_or(text)
}

/// Decodes percent signs; `None` where they are malformed or do not make UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.as_bytes().get(..2)?;
        bytes.extend(tanglegram_hashgraph::hex::decode(std::str::from_utf8(digits).ok()?)?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The parameter a name with brackets belongs to, and the value with the brackets' lists and maps around it.
fn nest(name: &str, value: Value) -> Option<(String, Value)> {
    let segments = segments(name);
    let (parent, brackets) = segments.split_first()?;
    let value = brackets.iter().rev().fold(value, |leaf, segment| wrap(segment, leaf));
    let parent = match inner(parent) {
        "" => "0",
        parent => parent,
    };
    Some((parent.to_owned(), value))
}

/// The name before the brackets, then each bracket, the last with all that is beyond [`DEPTH`].
fn segments(name: &str) -> Vec<String> {
    let Some(start) = find_bracket(name, 0).map(|(start, _)| start) else { return vec![name.to_owned()] };
    let mut segments: Vec<String> = if start > 0 { vec![name[..start].to_owned()] } else { Vec::new() };
    let mut from = start;
    for _ in 0..DEPTH {
        let Some((start, end)) = find_bracket(name, from) else { return segments };
        segments.push(name[start..end].to_owned());
        from = end;
    }
    if let Some((start, _)) = find_bracket(name, from) {
        segments.push(format!("[{}]", &name[start..]));
    }
    segments
}

/// Where the next `[…]` without brackets inside is.
fn find_bracket(name: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let close = from + name.get(from..)?.find(']')?;
        if let Some(open) = name[from..close].rfind('[') {
            return Some((from + open, close + 1));
        }
        from = close + 1;
    }
}

/// What stands in the brackets, or the whole where there are none.
fn inner(segment: &str) -> &str {
    segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(segment)
}

fn wrap(segment: &str, leaf: Value) -> Value {
    let inner = inner(segment);
    if inner.is_empty() {
        return if let Value::List(items) = leaf {
            Value::List(items)
        } else {
            Value::List(vec![Some(leaf)])
        };
    }
    match js::array_index(inner).filter(|index| *index <= LIST_LIMIT) {
        Some(index) => {
            let mut items = vec![None; index as usize];
            items.push(Some(leaf));
            Value::List(items)
        }
        None => Value::Map(IndexMap::from([(inner.to_owned(), leaf)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn list(texts: &[&str]) -> Value {
        Value::List(texts.iter().map(|item| Some(text(item))).collect())
    }

    #[test]
    fn names_and_values() {
        let query = parse("a=1&&b=%32&c&=x&d=x+y&e=%E0%A4%A&__proto__=1&f=a=b");
        let expected = [("a", "1"), ("b", "2"), ("c", ""), ("d", "x y"), ("e", "%E0%A4%A"), ("f", "a=b")];
        let expected: Query =
            expected.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
        assert_eq!(query, expected);
    }

    #[test]
    fn repeats_and_brackets() {
        let one = |query: &str| parse(query).swap_remove("a");
        assert_eq!(one("a=1&a=2"), Some(list(&["1", "2"])));
        assert_eq!(one("a[]=1"), Some(list(&["1"])));
        assert_eq!(one("a=1&a[]=2"), Some(list(&["1", "2"])));
        assert_eq!(one("a[1]=x&a[0]=y"), Some(list(&["y", "x"])));
        assert_eq!(one("a[5]=x"), Some(list(&["x"])));
        assert!(matches!(one("a[21]=x"), Some(Value::Map(_))));
        assert!(matches!(one("a[gt]=x"), Some(Value::Map(_))));
        let deep = format!("a{}=x", "[b]".repeat(5000));
        assert!(matches!(one(&deep), Some(Value::Map(_))));
    }

    #[test]
    fn integer_names_come_first() {
        let names: Vec<String> = parse("b=1&10=1&a=1&9=1&01=1").into_keys().collect();
        assert_eq!(names, ["9", "10", "b", "a", "01"]);
    }
}
