//! JSON with one meaning for each byte string: strict reading, canonical writing (RFC 8785).

mod plain;

pub(crate) use plain::plainly_canonical;

use crate::{Error, Result};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Largest body that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 32;
/// Largest integer that every JSON reader keeps exactly: 2^53 - 1.
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// Reads a JSON text that has one meaning for all readers.
///
/// `object` names the document in errors.
///
/// # Errors
/// [`Error::Json`] for more than [`MAX_BYTES`], more than [`MAX_DEPTH`] levels, a key that stands twice in one object
/// (readers keep different ones), text after the value, or what is no JSON.
pub fn parse(object: &str, bytes: &[u8]) -> Result<Value> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::json(object, format!("{} bytes are more than the limit of {MAX_BYTES}", bytes.len())));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { left: MAX_DEPTH }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Error::json(object, error.to_string()))?;
    Ok(value)
}

/// The canonical bytes of a value, RFC 8785.
///
/// # Errors
/// [`Error::Json`] if the value has no canonical form.
pub fn canonical(object: &str, value: &Value) -> Result<Vec<u8>> {
    serde_jcs::to_vec(value).map_err(|error| Error::json(object, error.to_string()))
}

/// The canonical bytes of a record: objects, arrays, strings, and integers up to 2^53 - 1, nothing else.
///
/// # Errors
/// [`Error::Json`] names the path of a fraction, a boolean, a null or an integer that readers round.
pub fn canonical_record(object: &str, value: &Value) -> Result<Vec<u8>> {
    let mut plain = true;
    if let Err((path, what)) = check_record(value, &mut plain) {
        return Err(Error::json(object, format!("`{path}` is {what}; records hold strings and integers")));
    }
    if plain {
        // Nothing is left that serde_json would write in another way than RFC 8785.
        return serde_json::to_vec(value).map_err(|error| Error::json(object, error.to_string()));
    }
    canonical(object, value)
}

/// Looks for what no record may hold, and gives its path. `plain` becomes false if keys are not of ASCII, or not in order:
/// RFC 8785 has an order of its own for other letters.
fn check_record(value: &Value, plain: &mut bool) -> std::result::Result<(), (String, String)> {
    let refused = |what: String| Err((String::new(), what));
    let inside = |key: &dyn fmt::Display, (path, what): (String, String)| (format!("/{key}{path}"), what);
    match value {
        Value::String(_) => Ok(()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) if (-MAX_INTEGER..=MAX_INTEGER).contains(&integer) => Ok(()),
            Some(integer) => refused(format!("{integer}, beyond 2^53 - 1")),
            None => refused(format!("{number}, not an integer up to 2^53 - 1")),
        },
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(i, item)| check_record(item, plain).map_err(|wrong| inside(&i, wrong))),
        Value::Object(fields) => {
            *plain &= fields.keys().is_sorted() && fields.keys().all(|key| key.is_ascii());
            fields.iter().try_for_each(|(key, item)| check_record(item, plain).map_err(|wrong| inside(key, wrong)))
        }
        Value::Bool(_) => refused("true or false".into()),
        Value::Null => refused("null".into()),
    }
}

/// Reads one value with `left` levels of nesting allowed.
struct Strict {
    left: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> std::result::Result<usize, E> {
        self.left.checked_sub(1).ok_or_else(|| E::custom(format!("nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> std::result::Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> std::result::Result<Value, A::Error> {
        let left = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(Self { left })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> std::result::Result<Value, A::Error> {
        let left = self.deeper()?;
        let mut fields = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            let value = from.next_value_seed(Self { left })?;
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format!("key `{key}` stands twice in one object")));
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}
