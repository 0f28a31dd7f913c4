//! Shapes of JSON: which fields an object must have, may have, and of what form.

use serde_json::{Map, Value};

/// What a value must be.
pub(super) enum Form {
    Text,
    OneOf(&'static [&'static str]),
    /// A list with at least so many items.
    List(usize, &'static Form),
    Object(&'static Shape),
    Anything,
}

/// What an object must be.
pub(super) struct Shape {
    pub(super) required: &'static [&'static str],
    /// Where not empty: all fields of at least one of these must be there.
    pub(super) one_of: &'static [&'static [&'static str]],
    /// Whether other fields than these are refused.
    pub(super) closed: bool,
    pub(super) fields: &'static [(&'static str, Form)],
}

/// The first place where `value` is not of the form, and why.
pub(super) fn misfit(path: &str, value: &Value, form: &Form) -> Option<(String, String)> {
    let wrong = |what: &str| Some((path.to_owned(), what.to_owned()));
    match (form, value) {
        (Form::Anything, _) | (Form::Text, Value::String(_)) => None,
        (Form::OneOf(known), Value::String(text)) if known.contains(&text.as_str()) => None,
        (Form::OneOf(known), _) => wrong(&format!("is not one of {}", known.join(", "))),
        (Form::List(least, _), Value::Array(items)) if items.len() < *least => {
            wrong(&format!("has fewer than {least} items"))
        }
        (Form::List(_, item), Value::Array(items)) => {
            items.iter().enumerate().find_map(|(i, value)| misfit(&format!("{path}/{i}"), value, item))
        }
        (Form::Object(shape), Value::Object(fields)) => object(path, fields, shape),
        (Form::Text, _) => wrong("is not a text"),
        (Form::List(..), _) => wrong("is not a list"),
        (Form::Object(_), _) => wrong("is not an object"),
    }
}

fn object(path: &str, fields: &Map<String, Value>, shape: &Shape) -> Option<(String, String)> {
    let wrong = |what: String| Some((path.to_owned(), what));
    if let Some(missing) = shape.required.iter().find(|name| !fields.contains_key(**name)) {
        return wrong(format!("has no `{missing}`"));
    }
    if !shape.one_of.is_empty() && !shape.one_of.iter().any(|all| all.iter().all(|name| fields.contains_key(*name))) {
        let ways: Vec<String> = shape.one_of.iter().map(|all| all.join(" and ")).collect();
        return wrong(format!("has none of {}", ways.join(", ")));
    }
    for (name, value) in fields {
        match shape.fields.iter().find(|(known, _)| known == name) {
            Some((_, form)) => {
                if let Some(found) = misfit(&format!("{path}/{name}"), value, form) {
                    return Some(found);
                }
            }
            None if shape.closed => return wrong(format!("has `{name}`, which is not a field of it")),
            None => {}
        }
    }
    None
}
