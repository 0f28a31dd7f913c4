//! Where a period lies in the London day and week.

use crate::{Horizon, SettlementDate};

/// Minutes of a day on the clock.
const DAY_MIN: u32 = 24 * 60;

/// Place of a period in the day and week.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Period of the day by the London clock, from 0.
    pub(super) slot: usize,
    /// Day of the week, Monday = 0.
    pub(super) weekday: usize,
    /// Share of the day gone, 0 to 1.
    pub(super) day_frac: f64,
}

impl Moment {
    /// True on Saturday and Sunday.
    pub(super) fn is_weekend(self) -> bool {
        self.weekday >= 5
    }

    /// Share of the week gone, 0 to 1.
    pub(super) fn week_frac(self) -> f64 {
        (f64::from(u32::try_from(self.weekday).unwrap_or(0)) + self.day_frac) / 7.0
    }
}

/// The place of period `t`.
pub(super) fn moment(horizon: &Horizon, t: usize) -> Moment {
    let start = horizon.start_of(t);
    let time = start.london().time();
    let minute = u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs());
    Moment {
        slot: usize::try_from(minute / horizon.step_min.max(1)).unwrap_or(0),
        weekday: usize::from(SettlementDate::containing(start).weekday()).saturating_sub(1),
        day_frac: f64::from(minute) / f64::from(DAY_MIN),
    }
}

/// The places of all periods.
pub(super) fn moments(horizon: &Horizon) -> Vec<Moment> {
    (0..horizon.len()).map(|t| moment(horizon, t)).collect()
}

/// Periods of a day of 24 hours.
pub(super) fn periods_per_day(step_min: u32) -> usize {
    usize::try_from(DAY_MIN / step_min.max(1)).unwrap_or(1)
}
