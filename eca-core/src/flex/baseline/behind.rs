//! The volumes behind a baseline, so that it can be computed again without the meter file.

use super::days::same_time;
use super::{Answer, WhyExcluded};
use crate::settle::Volumes;
use crate::{Result, SettlementDate, SettlementPeriod};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a day had at the times that a baseline asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DayVolumes {
    /// The day that it stands for.
    pub stands_for: SettlementDate,
    /// The day.
    pub settlement_date: SettlementDate,
    /// Import minus export, Wh, at the London times of the periods of `stands_for` in question, in order of time: those of the
    /// adjustment window, then those of event and rebound.
    pub net_wh: Vec<i64>,
}

impl Answer {
    /// Volumes of the days used, and of those that the method looked at and left out as the highest or the lowest.
    pub(crate) fn day_volumes(&self, volumes: &Volumes) -> Result<Vec<DayVolumes>> {
        let window = self.window().iter().copied();
        let slots: BTreeSet<SettlementPeriod> = self.periods.iter().map(|each| each.period).chain(window).collect();
        let mut found = Vec::new();
        for set in &self.days {
            let ranked = |reason| matches!(reason, WhyExcluded::Highest | WhyExcluded::Lowest);
            let left_out = set.excluded.iter().filter(|day| ranked(day.reason)).map(|day| day.settlement_date);
            for day in set.used.iter().copied().chain(left_out) {
                let mut net_wh = Vec::new();
                for slot in slots.iter().filter(|slot| slot.settlement_date() == set.settlement_date) {
                    // The day was chosen because it has a volume there.
                    net_wh.push(volumes.complete(same_time(*slot, day)?).map_or(0, |volume| volume.net_wh()));
                }
                found.push(DayVolumes { stands_for: set.settlement_date, settlement_date: day, net_wh });
            }
        }
        Ok(found)
    }

    /// What was metered in the adjustment window, import minus export, Wh by period.
    pub(crate) fn window_wh(&self, volumes: &Volumes) -> Vec<i64> {
        let net = |period: &SettlementPeriod| volumes.complete(*period).map_or(0, |volume| volume.net_wh());
        self.window().iter().map(net).collect()
    }

    fn window(&self) -> &[SettlementPeriod] {
        self.adjustment.as_ref().map_or(&[], |made| made.window.as_slice())
    }
}
