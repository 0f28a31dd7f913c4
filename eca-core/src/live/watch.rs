//! Whether batteries do what they were told: a write that succeeds is no delivery. And whether jobs can still end in time: a
//! command that was lost or came late is known long before the next plan.

use super::deliver::net_mw;
use super::{Live, Tick};
use crate::adapter::StorageReading;
use crate::problem::{Battery, Job, JobId};
use crate::{Timestamp, unit};

impl Live {
    /// Compares what each battery shows with its set point. One that misses it too often in a row is given up: it is left
    /// out of plans and gets no commands until somebody clears it.
    pub(super) fn watch(&mut self, tick: &mut Tick) {
        let settings = &self.settings;
        for (id, reading) in &tick.storage {
            let Some(battery) = self.plant.site.batteries.iter().find(|b| b.id == *id) else { continue };
            let told = self.state.set_points.get(id).filter(|sent| sent.settled && sent.action.is_due(tick.at));
            let wanted = told.and_then(|sent| net_mw(&sent.action.command));
            let tolerance = settings.follow_tolerance_frac * battery.power_capacity_mw;
            let follows = wanted.is_none_or(|wanted| follows(battery, reading, wanted, tolerance));
            let missed = self.state.missed.entry(id.clone()).or_default();
            *missed = if follows { 0 } else { *missed + 1 };
            if *missed >= settings.follow_ticks && self.state.lost.insert(id.clone()) {
                self.state.totals.lost_batteries += 1;
                self.unsaved = true;
                tick.problems.push(format!(
                    "battery `{id}` shows {:.3} MW and was told {:.3} MW, {missed} times in a row; it is no longer used until \
                     somebody clears it",
                    reading.net_mw(),
                    wanted.unwrap_or(0.0)
                ));
            }
        }
    }
}

impl Live {
    /// Lists as at risk the jobs that cannot end in time any more, even at their highest rate from `now` on.
    pub(super) fn watch_jobs(&self, now: Timestamp, tick: &mut Tick) {
        let late = self.known.iter().filter(|job| !job.divisible && ends_late(job, now));
        let late: Vec<_> = late.map(|job| job.id.clone()).filter(|id| !tick.at_risk.contains(id)).collect();
        tick.at_risk.extend(late);
    }

    /// Whether a job whose command was held back may be late for it. One that runs goes on where it is; one that stands
    /// waits for the next plan. Of what a divisible job has left nothing is known.
    pub(super) fn waits_too_long(&self, id: &JobId, now: Timestamp, period: Timestamp) -> bool {
        let Some(job) = self.known.iter().find(|job| job.id == *id && !job.divisible) else { return true };
        let runs = job.state.as_ref().is_some_and(|state| state.point.is_some());
        let next_plan = period.plus_min(i64::from(self.plant.site.horizon.step_min));
        ends_late(job, if runs { now } else { now.max(next_plan) })
    }
}

/// Whether a job misses its deadline even at its highest rate from then on.
fn ends_late(job: &Job, from: Timestamp) -> bool {
    let from = from.max(job.earliest_start.unwrap_or(from));
    // Rounding of a rate is no delay.
    #[allow(clippy::cast_precision_loss)]
    job.deadline.is_some_and(|due| needs_s(job) > due.seconds_since(from) as f64 + 1.0)
}

/// How long a job still takes at its highest rate, s.
fn needs_s(job: &Job) -> f64 {
    let done = job.state.as_ref().map_or(0.0, |state| state.done_inferences.max(state.done_gpu_hours));
    let left = (job.inferences.or(job.gpu_hours).unwrap_or(0.0) - done).max(0.0);
    let rates = job.points.iter().filter_map(|point| point.inferences_per_h.or(point.gpu_hours_per_h));
    let best = rates.fold(0.0, f64::max);
    if best > 0.0 { unit::h_to_s(left / best) } else { 0.0 }
}

/// A battery follows if its power is the one wanted, or less where it is full or down to its reserve.
fn follows(battery: &Battery, reading: &StorageReading, wanted_mw: f64, tolerance_mw: f64) -> bool {
    let net = reading.net_mw();
    let near = tolerance_mw.max(1e-6);
    let floor = battery.soc_min_mwh.max(reading.reserve_mwh);
    // Devices taper off near the ends of their range.
    let margin = 0.02 * battery.energy_capacity_mwh;
    let full = wanted_mw > 0.0 && reading.soc_mwh >= battery.energy_capacity_mwh - margin;
    let empty = wanted_mw < 0.0 && reading.soc_mwh <= floor + margin;
    let between = net >= wanted_mw.min(0.0) - near && net <= wanted_mw.max(0.0) + near;
    (net - wanted_mw).abs() <= near || ((full || empty) && between)
}
