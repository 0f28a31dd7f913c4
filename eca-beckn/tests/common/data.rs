//! Public vectors, read in place and skipped where they are absent.
#![allow(dead_code, reason = "not every test reads every kind")]

use serde_json::Value;

/// A file of the shared data.
pub fn file(name: &str) -> Option<Vec<u8>> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    // ECA_TEST_DATA names the folder `data` of it, as for the other tests.
    let named = std::env::var_os("ECA_TEST_DATA").map(|folder| std::path::Path::new(&folder).join(".."));
    let bytes = std::fs::read(named.unwrap_or(beside).join(name)).ok();
    if bytes.is_none() {
        println!("skipped: the public data file {name} is not here");
    }
    bytes
}

/// A JSON file of the shared data.
pub fn json(name: &str) -> Option<Value> {
    file(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}
