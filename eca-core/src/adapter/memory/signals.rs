//! Signals that are there already.

use crate::adapter::{AdapterError, AdapterResult, FetchOptions, SignalSource};
use crate::signal::{Duplicates, Point, Signals};
use std::fmt;

/// Signals read before, such as from a file: each fetch gives the part asked for, retrieved now.
#[derive(Debug, Clone)]
pub struct MemorySignals(Signals);

impl MemorySignals {
    /// A source of these signals.
    #[must_use]
    pub fn new(signals: Signals) -> Self {
        Self(signals)
    }
}

impl fmt::Display for MemorySignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signals in memory")
    }
}

impl SignalSource for MemorySignals {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        let mut part = Signals::new();
        for (region, column, signal) in self.0.iter() {
            let inside = |point: &&Point| point.end > options.from && point.start < options.to;
            let points: Vec<Point> = signal.points().iter().filter(inside).copied().collect();
            let mut provenance = signal.provenance().clone();
            provenance.retrieved_at = Some(options.now);
            part.insert(region, column, points, provenance, Duplicates::Refuse).map_err(|error| {
                AdapterError::BadReading {
                    adapter: self.to_string(),
                    object: format!("{column} of `{region}`"),
                    value: "a series".into(),
                    limit: error.to_string(),
                }
            })?;
        }
        Ok(part)
    }
}
