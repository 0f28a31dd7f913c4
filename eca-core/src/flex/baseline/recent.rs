//! The mean of recent days, which most methods begin with.

use super::adjust::window;
use super::answer::{Adjustment, Answer, DaySet, Excluded, PeriodBaseline, WhyExcluded};
use super::{Question, days};
use crate::settle::divided;
use crate::{Error, Result, SettlementDate, SettlementPeriod};
use std::collections::{BTreeMap, BTreeSet};

/// How a method differs from the plain mean of recent days.
pub(super) struct Recent {
    /// Name of the method.
    pub(super) name: &'static str,
    /// Days to look for where it is not the number of the parameters.
    pub(super) count: Option<u8>,
    /// Which of the days found are left out, given the days from least to most energy in the event.
    pub(super) leave_out: fn(&[SettlementDate]) -> Vec<(SettlementDate, WhyExcluded)>,
    /// Whether the window before the event is needed.
    pub(super) windowed: bool,
    /// What the window does to a period's mean.
    pub(super) adjust: fn(&Question<'_>, &mut Adjustment) -> Result<()>,
}

/// Leaves out nothing.
pub(super) fn keep_all(_: &[SettlementDate]) -> Vec<(SettlementDate, WhyExcluded)> {
    Vec::new()
}

impl Recent {
    /// The baseline of the question.
    pub(super) fn answer(&self, question: &Question<'_>) -> Result<Answer> {
        let window = if self.windowed { window(question) } else { Vec::new() };
        let mut by_date: BTreeMap<SettlementDate, Vec<SettlementPeriod>> = BTreeMap::new();
        let all: BTreeSet<SettlementPeriod> = question.periods.iter().chain(&window).copied().collect();
        for period in &all {
            by_date.entry(period.settlement_date()).or_default().push(*period);
        }
        let mut sets = Vec::new();
        let mut mean: BTreeMap<SettlementPeriod, i64> = BTreeMap::new();
        for (date, slots) in by_date {
            let set = self.narrowed(question, days::choose(question, date, &slots, self.count)?)?;
            for slot in slots {
                mean.insert(slot, mean_of(question, &set, slot)?);
            }
            sets.push(set);
        }
        let unadjusted = |period: &SettlementPeriod| mean.get(period).copied().unwrap_or_default();
        let mut adjustment = None;
        if !window.is_empty() {
            let mut made = Adjustment {
                metered_wh: metered(question, &window)?,
                unadjusted_wh: window.iter().map(unadjusted).sum(),
                window,
                added_wh: 0,
                factor: None,
            };
            (self.adjust)(question, &mut made)?;
            adjustment = Some(made);
        }
        let periods = question.periods.iter().map(|period| {
            let unadjusted_wh = unadjusted(period);
            let baseline_wh = adjustment.as_ref().map_or(unadjusted_wh, |made| made.apply(unadjusted_wh));
            PeriodBaseline { period: *period, unadjusted_wh, baseline_wh }
        });
        let periods = periods.collect();
        Ok(Answer { method: self.name.into(), params: question.params.clone(), days: sets, adjustment, periods })
    }

    /// Without the days that the method leaves out, ranked by energy in the event (not by single periods).
    fn narrowed(&self, question: &Question<'_>, mut set: DaySet) -> Result<DaySet> {
        let during: Vec<SettlementPeriod> = question
            .periods
            .iter()
            .filter(|period| (question.event_start..=question.event_end).contains(*period))
            .filter(|period| period.settlement_date() == set.settlement_date)
            .copied()
            .collect();
        let mut ranked = Vec::new();
        for day in &set.used {
            let mut energy = 0;
            for period in &during {
                energy += volume(question, *day, *period)?;
            }
            ranked.push((energy, *day));
        }
        ranked.sort_unstable();
        let order: Vec<SettlementDate> = ranked.into_iter().map(|(_, day)| day).collect();
        for (day, reason) in (self.leave_out)(&order) {
            set.used.retain(|used| *used != day);
            set.excluded.push(Excluded { settlement_date: day, reason });
        }
        Ok(set)
    }
}

impl Adjustment {
    /// The adjusted volume of a period.
    fn apply(&self, unadjusted_wh: i64) -> i64 {
        let scaled = self.factor.map_or(i128::from(unadjusted_wh), |factor| {
            divided(i128::from(unadjusted_wh) * i128::from(factor.numerator), factor.denominator.into())
        });
        i64::try_from(scaled + i128::from(self.added_wh)).unwrap_or(i64::MAX)
    }
}

/// The mean of a period over the days of a set, to the Wh.
fn mean_of(question: &Question<'_>, set: &DaySet, period: SettlementPeriod) -> Result<i64> {
    let mut total: i128 = 0;
    for day in &set.used {
        total += i128::from(volume(question, *day, period)?);
    }
    let count = i128::try_from(set.used.len()).unwrap_or(1).max(1);
    Ok(i64::try_from(divided(total, count)).unwrap_or(i64::MAX))
}

/// Net volume of another day at the time of `period`; the day was chosen because it has one.
fn volume(question: &Question<'_>, day: SettlementDate, period: SettlementPeriod) -> Result<i64> {
    let there = question.volumes.complete(days::same_time(period, day)?);
    Ok(there.map_or(0, |volume| volume.net_wh()))
}

/// What was metered in the window of the event's own day.
fn metered(question: &Question<'_>, window: &[SettlementPeriod]) -> Result<i64> {
    let found: Vec<_> = window.iter().map(|period| question.volumes.complete(*period)).collect();
    if let Some(first) = found.iter().position(Option::is_none) {
        return Err(Error::Gap {
            column: "metered volume".into(),
            region: format!("event `{}`", question.event_id),
            missing: found.iter().filter(|volume| volume.is_none()).count(),
            periods: window.len(),
            first: window.get(first).map(ToString::to_string).unwrap_or_default(),
            hint: "the in-day adjustment needs the whole window before the event; wait for its readings".into(),
        });
    }
    Ok(found.into_iter().flatten().map(|volume| volume.net_wh()).sum())
}
