//! Upkeep: event days use up the days that baselines are made of.

use super::{BaselineParams, DayClass, EventDay, Holidays};
use crate::{Result, SettlementDate};

/// Periods of a day on which the clocks do not change; others do not count.
const NORMAL_PERIODS: u8 = 48;

/// What is left for the baselines of the days after an event day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upkeep {
    /// Days of the class that could stand for the next such day, the event day itself left out.
    pub eligible_days: u16,
    /// Days that its baseline wants.
    pub wanted_days: u16,
}

impl Upkeep {
    /// How it would stand for the next day of the class of `date`, if `date` became an event day too. All days are taken to
    /// have readings.
    ///
    /// # Errors
    /// [`crate::Error::Unknown`] for a year whose bank holidays are not known.
    pub fn after(
        date: SettlementDate,
        event_days: &[EventDay],
        holidays: &Holidays,
        params: &BaselineParams,
    ) -> Result<Self> {
        let class = DayClass::of(date, holidays)?;
        let mut next = date.plus_days(1);
        while DayClass::of(next, holidays)? != class {
            next = next.plus_days(1);
        }
        let mut eligible_days = 0;
        for back in 1..=i64::from(params.lookback_days) {
            let day = next.plus_days(-back);
            let event = day == date || event_days.iter().any(|event| event.settlement_date == day);
            if DayClass::of(day, holidays)? == class && day.periods() == NORMAL_PERIODS && !event {
                eligible_days += 1;
            }
        }
        let wanted_days = match class {
            DayClass::Working => params.working_days,
            DayClass::NonWorking => params.other_days,
        };
        Ok(Self { eligible_days, wanted_days: wanted_days.into() })
    }

    /// How many event days there may be, this one counted, so that the baseline keeps all the days it wants.
    #[must_use]
    pub fn event_days_left(self) -> u16 {
        if self.eligible_days < self.wanted_days { 0 } else { self.eligible_days - self.wanted_days + 1 }
    }
}
