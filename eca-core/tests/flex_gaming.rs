//! Sixty days in a closed loop: what is metered on one day is part of the baselines of the next. With the guards a site claims
//! what it has truly reduced; without them it claims more, and nobody has planned to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::flex::OfferRequest;
use eca_core::flex::baseline::{
    Baseline, BaselineParams, Bl01, DayClass, EventDay, EventDayKind, Holidays, Question, Upkeep,
};
use eca_core::settle::{PeriodVolume, Quality, Volumes};
use eca_core::{Horizon, Penalty, Plan, Problem, Region, Route, SettlementDate, SettlementPeriod};
use rule_support::*;
use std::collections::BTreeMap;

/// Periods of a day from noon to ten in the evening, London winter time.
const PERIODS: usize = 20;
/// The event: 17:00 to 18:00.
const EVENT: [u8; 2] = [35, 36];
/// Days before the loop, without events, and days of the loop.
const HISTORY: i64 = 21;
const DAYS: i64 = 60;
/// Sold in each half hour: less than the 5 MW that stop, so that noise of the baseline does not matter.
const SOLD_MW: f64 = 4.5;

#[derive(Clone, Copy)]
struct Guards {
    /// C12: no work is moved into the window before the event.
    window: bool,
    /// C13: no event day that a baseline needs.
    upkeep: bool,
}

#[derive(Default)]
struct Story {
    metered: BTreeMap<SettlementPeriod, PeriodVolume>,
    event_days: Vec<EventDay>,
    claimed_wh: i64,
    true_wh: i64,
    /// Fewest days behind the baseline of an event.
    fewest_days: Option<usize>,
}

/// Noise from a seed, -1 to 1.
fn noise(seed: u64) -> f64 {
    let z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635;
    let z = (z ^ (z >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z >> 33) as f64) / f64::from(1_u32 << 30) - 1.0
}

/// Six half hours of work at 5 MW, cheapest from four to seven; next cheapest before four, where the baseline looks.
fn day(date: SettlementDate) -> Problem {
    let start = date.midnight().plus_min(12 * 60);
    let price = |t: usize| match t {
        0..2 => 90.0,
        2..8 => 60.0,
        8..14 => 40.0 + t as f64,
        _ => 80.0,
    };
    let seed = u64::try_from(date.midnight().unix_s()).unwrap();
    let base = |t: usize| 6.0 + 0.1 * noise(seed) + 0.05 * noise(seed + 17 * t as u64);
    let region = Region::new("a")
        .it_capacity_mw(10.0)
        .import_limit_mw(20.0)
        .import_price_gbp_per_mwh((0..PERIODS).map(price).collect::<Vec<_>>())
        .overhead_mw((0..PERIODS).map(base).collect::<Vec<_>>())
        .carbon_g_per_kwh(100.0);
    let horizon = Horizon::new(start, 30, PERIODS).unwrap();
    Problem::builder(horizon).region(region).job(job("train", 3.0, 5.0).preemptible(true)).build().unwrap()
}

fn event(date: SettlementDate) -> [SettlementPeriod; 2] {
    EVENT.map(|k| SettlementPeriod::new(date, k).unwrap())
}

impl Story {
    fn meter(&mut self, problem: &Problem, plan: &Plan) {
        for (t, mw) in plan.regions[0].import_mw.iter().enumerate() {
            let import_wh = (0.5e6 * mw).round() as i64;
            let volume = PeriodVolume { import_wh, export_wh: 0, quality: Quality::Actual };
            self.metered.insert(problem.horizon().settlement_period_of(t), volume);
        }
    }

    /// The baseline of the event, adjusted by the window before it: an acceptance in the balancing mechanism.
    fn baseline(&self, date: SettlementDate, balancing: bool) -> (Vec<i64>, usize) {
        let periods = event(date);
        let answer = Bl01
            .baseline(&Question {
                event_id: "e",
                periods: &periods,
                event_start: periods[0],
                event_end: periods[1],
                volumes: &Volumes::from_periods(self.metered.clone()),
                event_days: &self.event_days,
                holidays: &Holidays::england_and_wales(),
                params: &BaselineParams::default(),
                balancing,
            })
            .unwrap();
        let days = answer.days.iter().map(|set| set.used.len() - set.event_days_used.len()).min().unwrap();
        (answer.periods.iter().map(|period| period.baseline_wh).collect(), days)
    }

    fn import_wh(plan: &Plan, problem: &Problem, date: SettlementDate) -> Vec<i64> {
        let at = |period: SettlementPeriod| problem.horizon().period_of(period.start_utc()).unwrap();
        event(date).map(|period| (0.5e6 * plan.regions[0].import_mw[at(period)]).round() as i64).to_vec()
    }

    /// Offers, sells, plans, meters and settles one day.
    fn live(&mut self, date: SettlementDate, guards: Guards) {
        let problem = day(date);
        let without = solve(&problem);
        let (unadjusted, _) = self.baseline(date, false);
        let mut request = OfferRequest::new("a", Route::BalancingMechanism, event(date), [SOLD_MW]);
        request.baseline_mw = Some(unadjusted.iter().map(|wh| *wh as f64 / 0.5e6).collect::<Vec<_>>().into());
        if guards.window {
            request.guard_settlement_periods = 6;
        }
        if guards.upkeep {
            let holidays = Holidays::england_and_wales();
            let upkeep = Upkeep::after(date, &self.event_days, &holidays, &BaselineParams::default()).unwrap();
            request.event_days_left = Some(upkeep.event_days_left());
        }
        let offers = problem.offers(&request, &exact()).unwrap();
        if offers.rungs[0].price_gbp_per_mwh.is_none() {
            return self.meter(&problem, &without);
        }
        let mut document = problem.document().clone();
        document.commitments.push(offers.commitment("sold", &offers.rungs[0], Penalty::price(500.0)));
        let problem = Problem::from_document(document).unwrap();
        let with = solve(&problem);
        self.meter(&problem, &with);
        self.event_days.push(EventDay { settlement_date: date, kind: EventDayKind::Market });
        let (baseline, days) = self.baseline(date, true);
        self.fewest_days = Some(self.fewest_days.map_or(days, |known| known.min(days)));
        let metered = Self::import_wh(&with, &problem, date);
        let would_be = Self::import_wh(&without, &problem, date);
        self.claimed_wh += baseline.iter().zip(&metered).map(|(b, m)| b - m).sum::<i64>();
        self.true_wh += would_be.iter().zip(&metered).map(|(w, m)| w - m).sum::<i64>();
    }
}

fn sixty_days(guards: Guards) -> Story {
    let first: SettlementDate = "2026-01-26".parse().unwrap();
    let holidays = Holidays::england_and_wales();
    let working = |date| DayClass::of(date, &holidays).unwrap() == DayClass::Working;
    let mut story = Story::default();
    for back in (1..=HISTORY).rev() {
        let problem = day(first.plus_days(-back));
        story.meter(&problem, &solve(&problem));
    }
    for date in (0..DAYS).map(|n| first.plus_days(n)) {
        if working(date) {
            story.live(date, guards);
        } else {
            let problem = day(date);
            story.meter(&problem, &solve(&problem));
        }
    }
    story
}

/// The promise: what is claimed is at most what is true, and 2 %.
fn is_honest(story: &Story) -> bool {
    story.claimed_wh * 100 <= story.true_wh * 102
}

#[test]
fn with_the_guards_the_claim_is_at_most_the_true_reduction_and_two_percent() {
    let story = sixty_days(Guards { window: true, upkeep: true });
    assert!(is_honest(&story), "{} Wh claimed, {} Wh true", story.claimed_wh, story.true_wh);
    assert!(story.claimed_wh * 100 >= story.true_wh * 98, "{} Wh claimed, {} Wh true", story.claimed_wh, story.true_wh);
    assert!(story.event_days.len() >= 20, "{} events", story.event_days.len());
    assert_eq!(story.fewest_days, Some(10));
}

#[test]
fn without_the_guards_the_same_loop_claims_more_than_it_reduces() {
    let story = sixty_days(Guards { window: false, upkeep: false });
    assert!(!is_honest(&story), "{} Wh claimed, {} Wh true", story.claimed_wh, story.true_wh);
    assert!(story.fewest_days < Some(10), "{:?}", story.fewest_days);
}

#[test]
fn each_guard_does_its_part() {
    let no_window = sixty_days(Guards { window: false, upkeep: true });
    assert!(!is_honest(&no_window), "{} Wh claimed, {} Wh true", no_window.claimed_wh, no_window.true_wh);
    let no_upkeep = sixty_days(Guards { window: true, upkeep: false });
    // The baseline wants ten days, and event after event leaves fewer.
    assert!(no_upkeep.fewest_days < Some(10), "{:?}", no_upkeep.fewest_days);
}
