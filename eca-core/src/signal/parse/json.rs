//! Shared steps of the JSON parsers.

use crate::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The error of a source: `record` from 1, 0 for the whole text.
pub(super) fn wrong(source: &str, record: usize, message: impl Into<String>) -> Error {
    Error::Parse { source_name: source.to_owned(), line: record, message: message.into() }
}

/// The text as JSON, with what the service says where it answers with an error.
pub(super) fn body(source: &str, text: &str) -> Result<Value> {
    let text = text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text)
        .map_err(|error| wrong(source, error.line(), format!("is not the JSON of this service: {error}")))?;
    if let Some(error) = value.get("error").or_else(|| value.get("errors")).filter(|error| !error.is_null()) {
        let part = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let said = if error.is_object() { format!("{} {}", part("code"), part("message")) } else { error.to_string() };
        return Err(wrong(source, 0, format!("the service answered with an error: {}", said.trim())));
    }
    Ok(value)
}

/// The records below `name`: a list, or one object where `one` record stands without its list.
pub(super) fn records<'a>(source: &str, value: &'a Value, name: &str) -> Result<Vec<&'a Value>> {
    match value.get(name) {
        Some(Value::Array(list)) => Ok(list.iter().collect()),
        Some(one @ Value::Object(_)) => Ok(vec![one]),
        _ => {
            let start: String = value.to_string().chars().take(80).collect();
            Err(wrong(source, 0, format!("has no list `{name}`; it begins with {start}")))
        }
    }
}

/// One record, with the path of what is wrong in it.
pub(super) fn record<T: DeserializeOwned>(source: &str, number: usize, value: &Value) -> Result<T> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| wrong(source, number, format!("{}: {}", error.path(), error.inner())))
}

/// Adds the record number to an error about a time stamp or period.
pub(super) fn in_record<T>(source: &str, number: usize, result: Result<T>) -> Result<T> {
    result.map_err(|error| wrong(source, number, error.to_string()))
}
