//! Worlds to walk through, and dice.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

/// A file of the real data, read in place; none, with the reason, where it is absent.
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a test may look for its data")]
pub fn file(name: &str) -> Option<String> {
    let here = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data").to_owned();
    let path = Path::new(&std::env::var("ECA_TEST_DATA").unwrap_or_else(|_| here())).join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: the public data file {name} is not here");
    }
    text
}

/// A column of numbers.
pub fn column(text: &str, name: &str) -> Vec<f64> {
    let mut lines = text.lines();
    let i = lines.next().unwrap().split(',').position(|known| known == name).unwrap();
    lines.map(|line| line.split(',').nth(i).unwrap().parse().unwrap()).collect()
}
