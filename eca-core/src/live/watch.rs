//! Whether batteries do what they were told: a write that succeeds is no delivery.

use super::deliver::net_mw;
use super::{Live, Tick};
use crate::adapter::StorageReading;
use crate::problem::Battery;

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
