//! Signals and a store that fail.

use super::random::Random;
use eca_core::adapter::memory::{MemorySignals, MemoryState};
use eca_core::adapter::{AdapterError, AdapterResult, FetchOptions, SignalSource, StateStore};
use eca_core::signal::{Duplicates, Signals};
use std::fmt;
use std::sync::Arc;

/// Prices that are good, or not.
#[derive(Debug)]
pub(super) struct BadSignals {
    pub(super) good: MemorySignals,
    pub(super) random: Random,
    pub(super) bad: f64,
}

impl fmt::Display for BadSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad signals")
    }
}

impl SignalSource for BadSignals {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        if !self.random.chance(self.bad) {
            return self.good.fetch(options);
        }
        let good = self.good.fetch(options)?;
        let kind = self.random.below(6);
        if kind == 0 {
            let (adapter, message) = (self.to_string(), "timeout".into());
            return Err(AdapterError::Unreachable { adapter, message });
        }
        let mut bad = Signals::new();
        for (region, column, signal) in good.iter() {
            let mut points = signal.points().to_vec();
            let mut provenance = signal.provenance().clone();
            match kind {
                // A gap of random length and place.
                1 => points.retain(|_| self.random.chance(0.7)),
                // Old.
                2 => provenance.retrieved_at = Some(options.now.plus_min(-60 * 24)),
                // High and low swapped.
                3 => {
                    let values: Vec<_> = points.iter().rev().map(|point| point.value).collect();
                    points.iter_mut().zip(values).for_each(|(point, value)| point.value = value);
                }
                // Impossible.
                4 => points.iter_mut().for_each(|p| p.value = Some(if self.random.chance(0.5) { 1e9 } else { 0.0 })),
                // No number: the border refuses it, as every adapter that parses does.
                _ => points.iter_mut().for_each(|p| p.value = Some(f64::NAN)),
            }
            let refused = |error: eca_core::Error| AdapterError::BadReading {
                adapter: self.to_string(),
                object: column.to_string(),
                value: "NaN".into(),
                limit: error.to_string(),
            };
            bad.insert(region, column, points, provenance, Duplicates::Refuse).map_err(refused)?;
        }
        Ok(bad)
    }
}

/// A store that fails at times.
#[derive(Debug)]
pub(super) struct BadStore {
    pub(super) inner: MemoryState,
    pub(super) random: Arc<Random>,
    pub(super) fails: f64,
}

impl fmt::Display for BadStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad store")
    }
}

impl StateStore for BadStore {
    fn load(&self) -> AdapterResult<Option<String>> {
        self.inner.load()
    }
    fn save(&self, state: &str) -> AdapterResult<()> {
        if self.random.chance(self.fails) {
            let (adapter, message) = (self.to_string(), "disk full".into());
            return Err(AdapterError::Unreachable { adapter, message });
        }
        self.inner.save(state)
    }
}
