//! Signals on the grid of a horizon, and what happens to gaps.
//!
//! `mean_hold`: the value of a period is the mean over the period, weighted by time, of the points that cover it; a
//! period that is not fully covered is a gap.

use super::{Column, Provenance, Signal, Signals};
use crate::{Error, Horizon, Result, Timestamp, forecast};
use serde::{Deserialize, Serialize};

/// Most periods of history that a forecast of gaps looks at.
const HISTORY_PERIODS: i64 = 10_000;

/// What to do with periods that have no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapPolicy {
    /// Refuse: a plan on invented numbers should be somebody's decision.
    #[default]
    Error,
    /// Hold the last value before the gap, for gaps of at most `max_periods`.
    Hold {
        /// Longest gap that is filled, in periods of the horizon.
        max_periods: usize,
    },
    /// Fill with a [`forecast`] trained on all known values of the signal.
    Forecast,
}

/// A signal on the periods of a horizon, without gaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Aligned {
    /// One value for each period, in the unit of the column.
    pub values: Vec<f64>,
    /// The periods that had no value and were filled by the policy.
    pub filled: Vec<usize>,
    /// Where the values come from; says how many were filled.
    pub provenance: Provenance,
}

impl Signals {
    /// The values of `column` in `region` for each period; a gap stays none.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such signal.
    pub fn align_gaps(&self, region: &str, column: Column, horizon: &Horizon) -> Result<Vec<Option<f64>>> {
        let signal = self.get(region, column)?;
        Ok((0..horizon.len()).map(|t| signal.mean(horizon.start_of(t), horizon.start_of(t + 1))).collect())
    }

    /// The values of `column` in `region` for each period, with gaps treated as `policy` says.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such signal; [`Error::Gap`] where a gap remains.
    pub fn align(&self, region: &str, column: Column, horizon: &Horizon, policy: GapPolicy) -> Result<Aligned> {
        let signal = self.get(region, column)?;
        let gapped = self.align_gaps(region, column, horizon)?;
        let missing: Vec<usize> = (0..).zip(&gapped).filter(|(_, value)| value.is_none()).map(|(t, _)| t).collect();
        let mut provenance = signal.provenance().clone();
        let filled = match policy {
            _ if missing.is_empty() => gapped,
            GapPolicy::Error => gapped,
            GapPolicy::Hold { max_periods } => hold(signal, horizon, gapped, max_periods),
            GapPolicy::Forecast => fill_by_forecast(signal, column, horizon, gapped),
        };
        let left: Vec<usize> = (0..).zip(&filled).filter(|(_, value)| value.is_none()).map(|(t, _)| t).collect();
        if let Some(first) = left.first() {
            return Err(Error::Gap {
                column: column.to_string(),
                region: region.to_owned(),
                missing: left.len(),
                periods: horizon.len(),
                first: horizon.start_of(*first).to_string(),
                hint: hint(policy, signal),
            });
        }
        match policy {
            _ if missing.is_empty() => {}
            GapPolicy::Hold { .. } => provenance.notes.push(format!("{} periods held from before", missing.len())),
            _ => provenance.notes.push(format!("{} periods filled by forecast", missing.len())),
        }
        Ok(Aligned { values: filled.into_iter().flatten().collect(), filled: missing, provenance })
    }
}

fn hint(policy: GapPolicy, signal: &Signal) -> String {
    let span = signal.span().map_or_else(
        || "the signal has no value at all".to_owned(),
        |(start, end)| format!("the signal has values from {start} to {end}"),
    );
    let cure = match policy {
        GapPolicy::Error => "give the missing values or choose a gap policy (hold or forecast)".to_owned(),
        GapPolicy::Hold { max_periods } => {
            format!("hold fills at most {max_periods} periods after a value; allow more or choose forecast")
        }
        GapPolicy::Forecast => "too few known values to forecast from; give more history".to_owned(),
    };
    format!("{span}; {cure}")
}

/// Fills each gap of at most `max_periods` with the value of the period before it, which may be before the horizon.
fn hold(signal: &Signal, horizon: &Horizon, gapped: Vec<Option<f64>>, max_periods: usize) -> Vec<Option<f64>> {
    let step_min = i64::from(horizon.step_min);
    let mut last = None;
    let mut age = 0;
    for back in 1..=i64::try_from(max_periods).unwrap_or(HISTORY_PERIODS).min(HISTORY_PERIODS) {
        let start = horizon.start.plus_min(-back * step_min);
        last = signal.mean(start, start.plus_min(step_min));
        if last.is_some() {
            break;
        }
        age += 1;
    }
    let mut filled = gapped.clone();
    for (t, value) in gapped.iter().enumerate() {
        if value.is_some() {
            (last, age) = (*value, 0);
            continue;
        }
        age += 1;
        if let Some(slot) = filled.get_mut(t).filter(|_| age <= max_periods) {
            *slot = last;
        }
    }
    unfill_long(&gapped, filled)
}

/// A gap longer than allowed stays a gap as a whole: half of it held would only hide it.
fn unfill_long(gapped: &[Option<f64>], mut filled: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let mut gap_start = None;
    for t in 0..=gapped.len() {
        let gap = gapped.get(t).is_some_and(Option::is_none);
        if gap {
            gap_start.get_or_insert(t);
        } else if let Some(start) = gap_start.take()
            && let Some(run) = filled.get_mut(start..t)
            && run.iter().any(Option::is_none)
        {
            run.fill(None);
        }
    }
    filled
}

/// Fills gaps with the forecast; leaves them where the history is too short.
fn fill_by_forecast(signal: &Signal, column: Column, horizon: &Horizon, gapped: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let Some((first, last)) = signal.span() else { return gapped };
    let step_min = i64::from(horizon.step_min);
    let end = last.max(horizon.end());
    let reach = |from: Timestamp, to: Timestamp| to.minutes_since(from).div_euclid(step_min);
    // Counted back from the horizon, so that the history lies on its grid.
    let back = reach(first, horizon.start).clamp(0, HISTORY_PERIODS);
    let ahead = reach(horizon.start, end).clamp(0, HISTORY_PERIODS - 1).max(i64::try_from(horizon.len()).unwrap_or(0));
    let start = horizon.start.plus_min(-back * step_min);
    let Ok(periods) = usize::try_from(back + ahead) else { return gapped };
    let history = Horizon { start, step_min: horizon.step_min, periods };
    let known: Vec<Option<f64>> =
        (0..periods).map(|t| signal.mean(history.start_of(t), history.start_of(t + 1))).collect();
    let (low, high) = column.limits();
    let settings = forecast::Settings::default().limits(low, high);
    let Ok(model) = forecast::Model::fit(&history, &known, &settings) else { return gapped };
    let filled = model.fill(&history, &known);
    let offset = usize::try_from(back).unwrap_or(0);
    gapped.iter().enumerate().map(|(t, value)| value.or_else(|| filled.get(offset + t).copied())).collect()
}
