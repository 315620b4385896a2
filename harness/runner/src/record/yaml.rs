//! Values as YAML.

use serde_json::Value;

/// A value on one line. JSON is YAML, but for characters that YAML wants escaped; those stand within texts only.
pub(super) fn flow(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{fe00}'..='\u{feff}'
            | '\u{fff0}'..='\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => text.push(other),
        }
    }
    text
}

/// A text that stands for itself, whatever dollars are in it.
pub(super) fn literal(text: &str) -> Value {
    Value::from(text.replace('$', "$$"))
}
