//! The price of a rung: planning without it and with it.

use super::deliverable::{most, with_offer};
use super::ladder::{OfferCost, Offers, Rung};
use super::probability::{at_most, expected_above};
use super::request::OfferRequest;
use crate::engine::offer::{Before, Goal, plan};
use crate::flex::{excludes, settlement_h};
use crate::model::covered;
use crate::problem::{BaselineGuard, Commitment, Job, Penalty, Route};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::unit::{mwh_to_kwh, round_to};
use crate::{Control, Error, Outcome, Plan, Problem, Result, Settings, SettlementDate, SettlementPeriod};
use std::collections::BTreeSet;

/// Prices are rounded up to this, GBP/MWh.
const PRICE_QUANTUM: f64 = 1e-6;
/// Power that rounding may add to the import of a guarded window, MW.
const GUARD_ROOM_MW: f64 = 1e-5;
/// Energy that a number in double precision may be off, kWh.
const ROUND_OFF_KWH: f64 = 1e-6;

/// What all rungs share.
struct Case<'a> {
    problem: &'a Problem,
    request: &'a OfferRequest,
    settings: Settings,
    control: &'a Control,
    region: usize,
    plan: Plan,
    before: Before,
}

pub(super) fn ladder(
    problem: &Problem,
    request: &OfferRequest,
    settings: &Settings,
    control: &Control,
) -> Result<Offers> {
    request.check()?;
    // What may be sold besides is neither sold nor in the way.
    let problem = &problem.selling_nothing()?;
    // A commitment of the same terms passes the border, or says what is wrong.
    let terms = Commitment::new(
        "offer",
        request.route,
        request.region.clone(),
        request.settlement_periods.iter().copied(),
        0.0,
        request.baseline_mw.clone().unwrap_or_default(),
    );
    with_offer(problem, &terms.ramp_min(request.ramp_min))?;
    let region = problem.regions().iter().position(|region| region.id == request.region);
    let region = region.ok_or_else(|| Error::Internal { message: "the region of an offer is lost".into() })?;
    let settings = Settings { references: false, ..settings.clone() };
    let plan = problem.solve_with(&settings, control)?.plan;
    let before = Before::new(problem, &plan);
    let case = Case { problem, request, settings, control, region, plan, before };
    let all = request.settlement_periods.len();
    let lengths = request.lengths.clone().unwrap_or_else(|| vec![all]);
    let mut rungs = Vec::new();
    for length in lengths {
        let headroom = case.most_mw(length)?;
        for &mw in &request.mw {
            // A rung that was stopped half way looks like one that cannot be delivered.
            if control.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            rungs.push(case.rung(mw, length, &headroom)?);
        }
    }
    if control.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    Ok(Offers {
        format: Offers::FORMAT.into(),
        problem_hash: problem.hash(),
        region: request.region.clone(),
        route: request.route,
        ramp_min: request.ramp_min,
        rungs,
    })
}

impl Case<'_> {
    /// What would be imported, MW by settlement period: as asked, else what other commitments of the meter count against,
    /// else what is planned.
    fn baseline_mw(&self, length: usize) -> Vec<f64> {
        let periods = self.request.settlement_periods[..length].iter().enumerate();
        periods
            .map(|(i, &period)| {
                let sold = self.sold(period).map(|(one, k)| one.baseline_mw.at(k)).fold(f64::INFINITY, f64::min);
                match &self.request.baseline_mw {
                    Some(given) => given.at(i),
                    None if sold.is_finite() => sold,
                    None => self.planned_mw(period),
                }
            })
            .collect()
    }

    /// Commitments of the same meter in a settlement period, and which of their own it is.
    fn sold(&self, period: SettlementPeriod) -> impl Iterator<Item = (&Commitment, usize)> {
        let here = self.problem.commitments().iter().filter(|one| one.region == self.request.region);
        here.filter_map(move |one| Some((one, one.settlement_periods.iter().position(|known| *known == period)?)))
    }

    fn planned_mw(&self, period: SettlementPeriod) -> f64 {
        let horizon = self.problem.horizon();
        let import = &self.plan.regions[self.region].import_mw;
        let mwh: f64 = covered(horizon, period).into_iter().flatten().map(|t| horizon.step_h() * import[t]).sum();
        round_to(mwh / settlement_h(), PRICE_QUANTUM)
    }

    /// The window before the event, with what the plan without the offer imports in it.
    fn guard(&self) -> Option<BaselineGuard> {
        let gate = self.request.settlement_periods.first()?.gate_closure();
        let back = (1..=i64::from(self.request.guard_settlement_periods)).rev();
        let window = back.map(|k| SettlementPeriod::containing(gate.plus_min(-SETTLEMENT_PERIOD_MIN * k)));
        let horizon = self.problem.horizon();
        let window: Vec<SettlementPeriod> =
            window.filter(|&p| p.start_utc() >= horizon.start && covered(horizon, p).is_some()).collect();
        let import: Vec<f64> = window.iter().map(|&period| self.planned_mw(period)).collect();
        let guard = BaselineGuard { room_mw: GUARD_ROOM_MW, ..BaselineGuard::new(window.clone(), import) };
        (!window.is_empty()).then_some(guard)
    }

    fn offer(&self, energy_mwh: &[f64], baseline_mw: &[f64]) -> Commitment {
        let committed: Vec<f64> = energy_mwh.iter().map(|mwh| mwh / settlement_h()).collect();
        let periods = self.request.settlement_periods[..energy_mwh.len()].iter().copied();
        let region = self.request.region.clone();
        let offer = Commitment::new("offer", self.request.route, region, periods, committed, baseline_mw.to_vec());
        Commitment { guard: self.guard(), ..offer.penalty(Penalty::price(0.0)).ramp_min(self.request.ramp_min) }
    }

    /// The most power that can be delivered in each settlement period, MW; only looked for where it says how sure a delivery
    /// is.
    fn most_mw(&self, length: usize) -> Result<Vec<f64>> {
        if self.request.import_error_mw.is_empty() {
            return Ok(Vec::new());
        }
        let baseline = self.baseline_mw(length);
        let whole: Vec<f64> = baseline.iter().map(|mw| mw.max(0.0) * settlement_h()).collect();
        let most = most(self.problem, &self.before, &self.offer(&whole, &baseline), &self.settings, self.control)?;
        Ok(most.into_iter().map(|mwh| mwh / settlement_h()).collect())
    }

    fn rung(&self, mw: f64, length: usize, most_mw: &[f64]) -> Result<Rung> {
        let baseline_mw = self.baseline_mw(length);
        // Sold energy is whole kWh, rounded down: what is sold is never more than what is planned.
        let kwh = (mwh_to_kwh(mw * settlement_h()) + ROUND_OFF_KWH).floor();
        let energy_mwh = vec![crate::unit::kwh_to_mwh(kwh); length];
        let spare = most_mw.iter().map(|most| most - mw).fold(f64::INFINITY, f64::min).max(0.0);
        let quantiles = &self.request.import_error_mw;
        let delivery_probability_frac = at_most(quantiles, spare);
        let expected = if mw > 0.0 { expected_above(quantiles, spare) / mw } else { 0.0 };
        let risk = self.request.shortfall_gbp_per_mwh * expected;
        let mut rung = Rung {
            mw,
            settlement_periods: self.request.settlement_periods[..length].to_vec(),
            deliverable_mwh: vec![0.0; length],
            price_gbp_per_mwh: None,
            refused: self.refusal(mw, kwh, length),
            cost_with_gbp: None,
            cost_without_gbp: self.plan.bound_gbp,
            cost_gbp: None,
            parts: None,
            margin_gbp_per_mwh: self.request.margin_gbp_per_mwh + self.request.compensation_gbp_per_mwh + risk,
            risk_gbp_per_mwh: risk,
            gap_gbp_per_mwh: 0.0,
            exact: false,
            delivery_probability_frac,
            guard: self.guard(),
            baseline_mw,
            energy_mwh,
        };
        let least = self.request.least_probability_frac;
        let unsure = rung.delivery_probability_frac.filter(|&probability| probability < least);
        if let (None, Some(probability)) = (&rung.refused, unsure) {
            rung.refused = Some(format!("delivered with probability {probability:.2}, least is {least}"));
        }
        if rung.refused.is_none() {
            self.price(&mut rung)?;
        }
        Ok(rung)
    }

    /// Plans with the offer; without a plan says how much could be delivered.
    fn price(&self, rung: &mut Rung) -> Result<()> {
        let offer = self.offer(&rung.energy_mwh, &rung.baseline_mw);
        let with = with_offer(self.problem, &offer)?;
        let Some(plan) = plan(&with, &self.before, Goal::Whole, &self.settings, self.control)? else {
            rung.deliverable_mwh = most(self.problem, &self.before, &offer, &self.settings, self.control)?;
            let least = rung.deliverable_mwh.iter().copied().fold(f64::INFINITY, f64::min) / settlement_h();
            rung.refused = Some(format!("{least:.3} MW can be delivered in every period"));
            return Ok(());
        };
        rung.deliverable_mwh.clone_from(&rung.energy_mwh);
        let energy: f64 = rung.energy_mwh.iter().sum();
        let cost = plan.objective_gbp - self.plan.bound_gbp;
        let price = cost / energy + rung.margin_gbp_per_mwh;
        let unproved = (plan.objective_gbp - plan.bound_gbp) + (self.plan.objective_gbp - self.plan.bound_gbp);
        rung.cost_with_gbp = Some(plan.objective_gbp);
        rung.cost_gbp = Some(cost);
        rung.parts = Some(self.parts(&plan, &rung.settlement_periods, cost));
        rung.gap_gbp_per_mwh = unproved / energy;
        rung.exact = plan.outcome == Outcome::Optimal && self.plan.outcome == Outcome::Optimal;
        rung.price_gbp_per_mwh = Some((price / PRICE_QUANTUM - ROUND_OFF_KWH).ceil() * PRICE_QUANTUM);
        Ok(())
    }

    /// Why this is not offered, whatever it costs.
    fn refusal(&self, mw: f64, kwh: f64, length: usize) -> Option<String> {
        let request = self.request;
        let horizon = self.problem.horizon();
        let periods = &request.settlement_periods[..length];
        let first = periods.first()?;
        if mw < request.min_mw {
            return Some(format!("below the least power of {} MW", request.min_mw));
        }
        if kwh <= 0.0 {
            return Some("less than 1 kWh in a settlement period".into());
        }
        if let Some(outside) = periods.iter().find(|&&p| covered(horizon, p).is_none() || p.start_utc() < horizon.start)
        {
            return Some(format!("`{outside}` is not within the horizon"));
        }
        let ahead_s = first.start_utc().unix_s() - horizon.start.unix_s();
        #[allow(clippy::cast_precision_loss)]
        let ahead_s = ahead_s as f64;
        if ahead_s < request.notice_s {
            return Some(format!("{ahead_s} s ahead; the notice is {} s", request.notice_s));
        }
        if request.route == Route::WholesaleP415 && first.gate_closure() <= horizon.start {
            return Some(format!("the gate of `{first}` closed at {}", first.gate_closure()));
        }
        let days: BTreeSet<SettlementDate> = periods.iter().map(|period| period.settlement_date()).collect();
        if let Some(left) = request.event_days_left.filter(|&left| days.len() > usize::from(left)) {
            return Some(format!("{} event days more, {left} leave the baseline the days it needs", days.len()));
        }
        let forbidden = periods.iter().find_map(|&period| {
            let other = self.sold(period).find(|(one, _)| excludes(one.route, request.route));
            other.map(|(one, _)| format!("commitment `{}` excludes this route in `{period}`", one.id))
        });
        if forbidden.is_some() {
            return forbidden;
        }
        None
    }

    /// Where the cost comes from.
    fn parts(&self, with: &Plan, periods: &[SettlementPeriod], cost_gbp: f64) -> OfferCost {
        let (before, after) = (self.energy_gbp(&self.plan, periods), self.energy_gbp(with, periods));
        let checkpoint_gbp = jobs_gbp(self.problem, with) - jobs_gbp(self.problem, &self.plan);
        let penalty_gbp = with.totals.penalty_gbp - self.plan.totals.penalty_gbp;
        let gap_gbp = self.plan.objective_gbp - self.plan.bound_gbp;
        let (event_energy_gbp, rebound_energy_gbp) = (after.0 - before.0, after.1 - before.1);
        let known = event_energy_gbp + rebound_energy_gbp + checkpoint_gbp + penalty_gbp + gap_gbp;
        OfferCost {
            event_energy_gbp,
            rebound_energy_gbp,
            checkpoint_gbp,
            other_gbp: cost_gbp - known,
            penalty_gbp,
            gap_gbp,
        }
    }

    /// Energy at the meter of the offer in its periods, and everywhere else, GBP.
    fn energy_gbp(&self, plan: &Plan, periods: &[SettlementPeriod]) -> (f64, f64) {
        let horizon = self.problem.horizon();
        let (mut event, mut rest) = (0.0, 0.0);
        for (r, (region, power)) in self.problem.regions().iter().zip(&plan.regions).enumerate() {
            for t in 0..horizon.periods {
                let price = region.import_price_gbp_per_mwh.at(t)
                    + region.network_charge_gbp_per_mwh.at(t)
                    + region.congestion_gbp_per_mwh.at(t);
                let sold = power.export_mw[t] * region.export_price_gbp_per_mwh.at(t);
                let gbp = horizon.step_h() * (power.import_mw[t] * price - sold);
                let inside = r == self.region && periods.contains(&horizon.settlement_period_of(t));
                *(if inside { &mut event } else { &mut rest }) += gbp;
            }
        }
        (event, rest)
    }
}

/// Starts, pauses and moves of all jobs, GBP.
fn jobs_gbp(problem: &Problem, plan: &Plan) -> f64 {
    let of = |job: &Job, entry: &crate::plan::JobPlan| {
        let starts = job.state.is_none() && entry.region.iter().any(Option::is_some);
        let move_gbp = job.migration.map_or(0.0, |migration| migration.cost_gbp);
        f64::from(entry.pauses) * job.pause_cost_gbp
            + f64::from(entry.migrations) * move_gbp
            + if starts { job.startup_cost_gbp } else { 0.0 }
    };
    let copies = problem.jobs().iter().flat_map(|job| std::iter::repeat_n(job, job.count as usize));
    copies.zip(&plan.jobs).map(|(job, entry)| of(job, entry)).sum()
}
