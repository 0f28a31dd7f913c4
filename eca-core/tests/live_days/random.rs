//! Seeded numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Seeded numbers (splitmix64).
#[derive(Debug)]
pub(super) struct Random(AtomicU64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
    pub(super) fn bits(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(super) fn unit(&self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
    pub(super) fn below(&self, n: i64) -> i64 {
        (self.bits() % n as u64) as i64
    }
    pub(super) fn chance(&self, p: f64) -> bool {
        self.unit() < p
    }
}
