//! The link to the next page.

use super::query::{Query, Value};

/// The link that goes on after `last`: the request's own path and parameters, with `field` bounded by `last` in place of the bounds
/// in that direction that it had.
pub(super) fn next(path: &str, query: &Query, field: &str, last: &str, ascending: bool) -> String {
    let mut query = query.clone();
    let bounds: [&str; 2] = if ascending { ["gt:", "gte:"] } else { ["lt:", "lte:"] };
    let is_replaced =
        |value: &Value| value.text().is_some_and(|text| bounds.iter().any(|bound| text.contains(bound)));
    let bound = Value::Text(format!("{}{last}", bounds[0]));
    let remaining = match query.get(field) {
        Some(Value::List(items)) => {
            Some(items.iter().filter(|item| !item.as_ref().is_some_and(is_replaced)).cloned().collect())
        }
        Some(single) if !is_replaced(single) => Some(vec![Some(single.clone())]),
        _ => None,
    };
    match remaining {
        Some(mut values) => {
            values.push(Some(bound));
            query.insert(field.to_owned(), Value::List(values));
        }
        None => {
            query.shift_remove(field);
            query.insert(field.to_owned(), bound);
        }
    }
    let pairs: Vec<String> = query.iter().flat_map(|(name, value)| pairs(name, value)).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn pairs(name: &str, value: &Value) -> Vec<String> {
    let pair = |value: &Value| format!("{name}={}", value.to_script_text());
    match value {
        Value::List(items) => items.iter().flatten().map(pair).collect(),
        single => vec![pair(single)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::parse;
    use super::next;

    fn link(query: &str, ascending: bool) -> String {
        next("/a", &parse(query), "account.id", "0.0.5", ascending)
    }

    #[test]
    fn bounds_in_the_direction_of_the_walk_are_replaced() {
        assert_eq!(link("", true), "/a?account.id=gt:0.0.5");
        assert_eq!(link("account.id=gt:1&limit=2", true), "/a?limit=2&account.id=gt:0.0.5");
        assert_eq!(link("account.id=gt:1&limit=2", false), "/a?account.id=gt:1&account.id=lt:0.0.5&limit=2");
        assert_eq!(
            link("account.id=gte:1&account.id=lte:9&limit=2", true),
            "/a?account.id=lte:9&account.id=gt:0.0.5&limit=2"
        );
        assert_eq!(link("account.id=gt:1&account.id=gt:2&limit=2", true), "/a?account.id=gt:0.0.5&limit=2");
        assert_eq!(link("account.id=5&x=%26", true), "/a?account.id=5&account.id=gt:0.0.5&x=&");
    }
}
