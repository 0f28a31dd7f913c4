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

/// SplitMix64: small, seeded, the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from `low` to `high`.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    /// Normal with mean 0 and standard deviation 1: twelve uniform numbers added up.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.part()).sum::<f64>() - 6.0
    }
}
