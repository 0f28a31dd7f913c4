//! Which days a baseline is made of.

use super::answer::{DaySet, Excluded, WhyExcluded};
use super::{Holidays, Question};
use crate::{Error, Result, SettlementDate, SettlementPeriod};
use serde::{Deserialize, Serialize};

/// Periods of a day on which no clock changes.
const NORMAL_PERIODS: u8 = 48;
/// Minutes of a settlement period.
const PERIOD_MIN: i32 = 30;

/// The class of a day: only days of one class stand for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayClass {
    /// Monday to Friday, no bank holiday.
    Working,
    /// Weekend or bank holiday.
    NonWorking,
}

/// What happened on an event day. The letters are those of the register (SVA Data Catalogue v52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventDayKind {
    /// Wholesale trading or a balancing service (`B`).
    Market,
    /// Another reason (`O`).
    Other,
}

/// A day on which consumption was not the usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EventDay {
    /// The day.
    pub settlement_date: SettlementDate,
    /// What happened.
    pub kind: EventDayKind,
}

impl DayClass {
    /// The class of a date.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a year whose bank holidays are not known.
    pub fn of(date: SettlementDate, holidays: &Holidays) -> Result<Self> {
        let working = date.weekday() <= 5 && !holidays.contains(date)?;
        Ok(if working { Self::Working } else { Self::NonWorking })
    }
}

/// The period of another day that stands for `period`: the one at the same London wall clock time.
///
/// On most days that is the same number. On a day when clocks change it is not: what people do follows the wall clock
/// (assumed). The hour that comes twice has the same two half hours of other days twice.
pub(super) fn same_time(period: SettlementPeriod, date: SettlementDate) -> Result<SettlementPeriod> {
    let local = period.start_utc().london();
    let since_midnight = i32::from(local.hour()) * 60 + i32::from(local.minute());
    SettlementPeriod::new(date, u8::try_from(since_midnight / PERIOD_MIN + 1).unwrap_or(u8::MAX))
}

/// The most recent days before `date` that may stand for it in all of `slots`.
pub(super) fn choose(
    question: &Question<'_>,
    date: SettlementDate,
    slots: &[SettlementPeriod],
    count: Option<u8>,
) -> Result<DaySet> {
    let params = question.params;
    let class = DayClass::of(date, question.holidays)?;
    let (wanted, floor) = match class {
        DayClass::Working => (count.unwrap_or(params.working_days), params.working_floor),
        DayClass::NonWorking => (count.unwrap_or(params.other_days).min(params.other_days), params.other_floor),
    };
    let (wanted, floor) = (usize::from(wanted), usize::from(floor.min(wanted)));
    let own = question.event_start.settlement_date()..=question.event_end.settlement_date();
    let mut set = DaySet { settlement_date: date, class, used: vec![], event_days_used: vec![], excluded: vec![] };
    let mut events = Vec::new();
    for back in 1..=i64::from(params.lookback_days) {
        if set.used.len() == wanted {
            break;
        }
        let day = date.plus_days(-back);
        if DayClass::of(day, question.holidays)? != class {
            continue;
        }
        let event = own.contains(&day) || question.event_days.iter().any(|event| event.settlement_date == day);
        let reason = if day.periods() != NORMAL_PERIODS {
            Some(WhyExcluded::ClockChange)
        } else if !metered(question, day, slots)? {
            Some(WhyExcluded::MissingData)
        } else if event {
            events.push(day);
            Some(WhyExcluded::EventDay)
        } else {
            None
        };
        match reason {
            Some(reason) => set.excluded.push(Excluded { settlement_date: day, reason }),
            None => set.used.push(day),
        }
    }
    if set.used.len() < floor {
        // Event days count where nothing better is there, the most recent first; never those of this event.
        let fill = events.into_iter().filter(|day| !own.contains(day)).take(floor - set.used.len());
        set.event_days_used = fill.collect();
        set.excluded.retain(|excluded| !set.event_days_used.contains(&excluded.settlement_date));
        set.used.extend(set.event_days_used.iter().copied());
        set.used.sort_unstable_by(|a, b| b.cmp(a));
    }
    if set.used.is_empty() || set.used.len() < floor {
        return Err(Error::Gap {
            column: "metered volume".into(),
            region: format!("event `{}`", question.event_id),
            missing: floor.max(1) - set.used.len(),
            periods: floor.max(1),
            first: format!("the {} days before {date}", params.lookback_days),
            hint: format!(
                "the baseline of a {} day needs {} such days with readings; give older readings or another method",
                class.word(),
                floor.max(1)
            ),
        });
    }
    Ok(set)
}

impl DayClass {
    /// For messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::NonWorking => "non-working",
        }
    }
}

/// Whether a day has complete readings in all slots.
fn metered(question: &Question<'_>, day: SettlementDate, slots: &[SettlementPeriod]) -> Result<bool> {
    if day.periods() != NORMAL_PERIODS {
        return Ok(false);
    }
    for slot in slots {
        if question.volumes.complete(same_time(*slot, day)?).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
