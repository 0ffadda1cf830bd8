//! The words in a schema.

use serde_json::Value;

use crate::words;

/// The longest description of one part.
const LONGEST: usize = 4096;
/// What is only read, and may be cleaned without changing what fits.
const WORDS: [&str; 3] = ["description", "title", "$comment"];

/// The schema with its words cleaned, and whether any had to be. What decides which values fit must be clean by itself: there
/// is no telling what a caller would have to send.
pub(crate) fn cleaned(mut schema: Value) -> Result<(Value, bool), String> {
    let mut changed = false;
    walk(&mut schema, &mut changed)?;
    Ok((schema, changed))
}

fn walk(part: &mut Value, changed: &mut bool) -> Result<(), String> {
    match part {
        Value::String(text) if !words::is_clean(text) => {
            Err("it has characters that cannot be seen in something other than a description".to_owned())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| walk(item, changed)),
        Value::Object(fields) => fields.iter_mut().try_for_each(|(name, field)| {
            if !words::is_clean(name) {
                return Err("it has characters that cannot be seen in a field's name".to_owned());
            }
            match field {
                Value::String(text) if WORDS.contains(&name.as_str()) => clean(text, changed),
                other => walk(other, changed),
            }
        }),
        _ => Ok(()),
    }
}

fn clean(text: &mut String, changed: &mut bool) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("a description of {} bytes is above the limit of {LONGEST}", text.len()));
    }
    if !words::is_clean(text) {
        *text = words::cleaned(text);
        *changed = true;
    }
    Ok(())
}
