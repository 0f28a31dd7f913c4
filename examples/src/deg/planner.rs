//! What stands behind the offers: the price ladder of `eca_core::flex`, from plans of the day with and without each offer;
//! and a battery that knows its state of charge.

use super::diary::Diary;
use super::site;
use super::{Outcome, settlement};
use eca_beckn::agent::{Flexibility, PricedOffer};
use eca_beckn::message::{Column, ComputeSlot, FlexTerms, Need, Resource, TermPeriod, TimeSeries};
use eca_beckn::{Error, Result, kind};
use eca_core::flex::{OfferRequest, check_offer};
use eca_core::{Commitment, Penalty, Plan, Problem, ProblemDocument, Route, Settings, SettlementPeriod, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the operator wants for its trouble on top of what the plan costs more, GBP/MWh.
const MARGIN_GBP_PER_MWH: f64 = 20.0;
/// Planned for beyond what is sold, so that noise of the meter does not become a shortfall, MW.
const RESERVE_MW: f64 = 0.15;

/// What a missing MWh of what is sold costs in the plan, GBP/MWh.
const SHORTFALL_GBP_PER_MWH: f64 = 2000.0;

/// Plans of the day.
#[derive(Debug)]
pub struct Plans {
    /// What is planned, with nothing sold.
    pub day: ProblemDocument,
    /// Without any contract.
    pub base: Plan,
    /// With what is agreed.
    pub agreed: Option<Plan>,
    /// What each offer would be as a commitment of the problem, by the hash of its terms.
    offered: BTreeMap<String, Commitment>,
    /// What is sold.
    pub sold: Option<Commitment>,
    /// Readings of the days before.
    pub history: String,
}

/// A plan that passed the check.
pub fn solve(problem: &Problem) -> Outcome<Plan> {
    let plan = problem.solve(&Settings::default())?;
    let check = plan.check(problem);
    if check.passed() { Ok(plan) } else { Err(format!("the plan does not pass the check: {check:?}").into()) }
}

/// Energy that a plan imports in each half hour, MW.
pub fn import_mw(plan: &Plan) -> Vec<f64> {
    plan.regions.first().map(|region| region.import_mw.clone()).unwrap_or_default()
}

impl Plans {
    /// Plans of a day, and 28 days before it that were like it.
    pub fn new(day: ProblemDocument) -> Outcome<Self> {
        let base = solve(&Problem::from_document(day.clone())?)?;
        let history = site::history(&import_mw(&base))?;
        Ok(Self { day, base, agreed: None, offered: BTreeMap::new(), sold: None, history })
    }

    /// The day with what is sold of it.
    fn with(&self, sold: &[Commitment]) -> Outcome<Problem> {
        let mut day = self.day.clone();
        day.commitments.extend_from_slice(sold);
        Ok(Problem::from_document(day)?)
    }
}

/// The data centre as a seller.
#[derive(Debug)]
pub struct SitePlanner {
    pub plans: Arc<Mutex<Plans>>,
    pub diary: Arc<Diary>,
}

impl SitePlanner {
    fn ladder(&self, need: &Need) -> Outcome<Vec<PricedOffer>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = need.series.values("CAPACITY_REQUESTED").ok_or("the need has no CAPACITY_REQUESTED")?;
        let mut periods = Vec::new();
        for i in 0..asked.len() {
            periods.push(SettlementPeriod::containing(need.series.start_of(i)?));
        }
        // What the settlement will compare the meter with, known beforehand: the days are over.
        let baseline_wh = settlement::baseline_wh(&periods, &plans.history)?;
        let hours = need.series.step_s as f64 / 3600.0;
        // An offer is the same power in all of its half hours, in three sizes.
        let most_kw = asked.iter().copied().fold(f64::INFINITY, f64::min);
        let powers_kw = [1.0, 0.75, 0.5].map(|share| (most_kw * share).floor());
        let mut request = OfferRequest::new(
            "london",
            Route::WholesaleP415,
            periods.clone(),
            powers_kw.map(|kw| kw / 1e3 + RESERVE_MW),
        );
        request.baseline_mw = Some(baseline_wh.iter().map(|wh| *wh as f64 / 0.5e6).collect::<Vec<f64>>().into());
        request.margin_gbp_per_mwh = MARGIN_GBP_PER_MWH;
        let problem = plans.with(&[])?;
        let ladder = problem.offers(&request, &Settings::default())?;
        let mut offers = Vec::new();
        for (kw, rung) in powers_kw.iter().zip(&ladder.rungs) {
            // What cannot be delivered with every promise kept has no price.
            let Some(price) = rung.price_gbp_per_mwh else { continue };
            // The reserve is planned for but not sold: its cost is part of the price.
            let price = (price * (kw / 1e3 + RESERVE_MW) / (kw / 1e3) * 100.0).ceil() / 100.0;
            let terms = FlexTerms {
                route: "wholesale_p415".into(),
                obp_id: None,
                bm_unit: "V__AECA001".into(),
                periods: periods
                    .iter()
                    .zip(&baseline_wh)
                    .map(|(period, wh)| TermPeriod {
                        period: *period,
                        committed_wh: (kw * 1e3 * hours) as i64,
                        baseline_wh: *wh,
                    })
                    .collect(),
                baseline_method: "bl01".into(),
                baseline_document: "docs/settlement.md of ECA, 2026-11-23".into(),
                price_ugbp_per_mwh: (price * 1e6).round() as i64,
                // Under P415 what is not delivered is bought back at the imbalance price: there is no other penalty.
                penalty_ugbp_per_mwh: 0,
                compensation: "mutualised_by_suppliers".into(),
            };
            let ugbp = |gbp: f64| (gbp * 1e6).round() as i64;
            self.diary.write(
                self.diary
                    .entry(kind::OFFER)
                    .cite("offers", ladder.to_json()?)
                    .cite("request", serde_json::to_string(&request)?)
                    .cite("problem", problem.to_json()?)
                    .field("committed_wh", terms.committed_wh())
                    .field("cost_with_ugbp", ugbp(rung.cost_with_gbp.unwrap_or_default()))
                    .field("cost_without_ugbp", ugbp(rung.cost_without_gbp))
                    .field("price_ugbp_per_mwh", terms.price_ugbp_per_mwh)
                    .field("terms_sha256", terms.hash()?),
            )?;
            let extra_gbp = rung.cost_gbp.unwrap_or_default();
            self.diary.note("ladder", json!({"kw": kw, "price_gbp_per_mwh": price, "extra_gbp": extra_gbp}));
            let sold = ladder.commitment("event", rung, Penalty::price(SHORTFALL_GBP_PER_MWH));
            plans.offered.insert(terms.hash()?, sold);
            offers.push(PricedOffer {
                id: String::new(),
                name: format!("{kw} kW less for {} half hours", periods.len()),
                resource_id: "slot-training".into(),
                need: need.clone(),
                offered_kw: vec![*kw; periods.len()],
                terms,
                // One hour before the first half hour: gate closure.
                valid_to: need.series.start.plus_min(-60),
            });
        }
        Ok(offers)
    }
}

impl Flexibility for SitePlanner {
    fn resources(&self, _: Timestamp) -> Vec<Resource> {
        let (Ok(start), Ok(end)) = (site::start(0), site::start(site::PERIODS)) else { return Vec::new() };
        let slot = ComputeSlot {
            power_kw: 10_000.0,
            start,
            end,
            tier: "3".into(),
            deadline: Some(end),
            carbon_budget_kg: None,
            regions: vec!["london".into()],
            min_duration_s: 1800,
            notice_s: 3600,
            reversible: true,
        };
        vec![Resource::slot("slot-training", "Training that can pause", slot)]
    }

    fn offers(&mut self, need: &Need, _: Timestamp) -> Result<Vec<PricedOffer>> {
        self.ladder(need).map_err(|error| Error::refuse("NET_INTERNAL_ERROR", error.to_string()))
    }

    fn commit(&mut self, offer: &PricedOffer, _: Timestamp) -> Result<()> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let unavailable = |reason: &str| Error::refuse("BIZ_QUANTITY_UNAVAILABLE", reason);
        if plans.agreed.is_some() {
            return Err(unavailable("this day is sold"));
        }
        let failed =
            |error: Box<dyn std::error::Error + Send + Sync>| Error::refuse("NET_INTERNAL_ERROR", error.to_string());
        let sold =
            plans.offered.get(&offer.terms.hash()?).cloned().ok_or_else(|| unavailable("it was never offered"))?;
        // Asked again at the last moment: can all of it be delivered with every promise kept?
        let free = plans.with(&[]).map_err(failed)?;
        let most_mwh = check_offer(&free, &sold, &Settings::default())?;
        let promised = offer.terms.periods.iter().map(|period| period.committed_wh as f64 / 1e6);
        if promised.zip(&most_mwh).any(|(promised, most)| promised > most + 1e-9) {
            return Err(unavailable("less of it can be delivered now"));
        }
        let problem = plans.with(std::slice::from_ref(&sold)).map_err(failed)?;
        let plan = solve(&problem).map_err(failed)?;
        self.diary.write(
            self.diary
                .entry(kind::PLAN)
                .cite("problem", problem.to_json()?)
                .cite("plan", plan.to_json()?)
                .field("outcome", plan.outcome.to_string())
                .field("objective_ugbp", (plan.objective_gbp * 1e6).round() as i64)
                .field("terms_sha256", offer.terms.hash()?),
        )?;
        (plans.agreed, plans.sold) = (Some(plan), Some(sold));
        Ok(())
    }

    fn release(&mut self, _: &PricedOffer) {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        (plans.agreed, plans.sold) = (None, None);
    }
}

/// A battery that sells discharge for a fixed price.
#[derive(Debug)]
pub struct BatteryPlanner {
    pub power_kw: f64,
    pub price_gbp_per_mwh: f64,
    pub sold: bool,
}

impl Flexibility for BatteryPlanner {
    fn resources(&self, _: Timestamp) -> Vec<Resource> {
        vec![Resource {
            id: "battery-1".into(),
            name: "2 MW, 4 MWh, with 0.5 MW of solar panels".into(),
            attributes: None,
        }]
    }

    fn offers(&mut self, need: &Need, _: Timestamp) -> Result<Vec<PricedOffer>> {
        let asked = need.series.values("CAPACITY_REQUESTED").unwrap_or_default();
        let offered_kw: Vec<f64> = asked.iter().map(|kw| kw.min(self.power_kw)).collect();
        let mut periods = Vec::new();
        for (i, kw) in offered_kw.iter().enumerate() {
            let period = SettlementPeriod::containing(need.series.start_of(i)?);
            periods.push(TermPeriod { period, committed_wh: (kw * 500.0) as i64, baseline_wh: 0 });
        }
        let terms = FlexTerms {
            route: "bilateral".into(),
            obp_id: None,
            bm_unit: "none".into(),
            periods,
            baseline_method: "zero".into(),
            baseline_document: "docs/settlement.md of ECA, 2026-11-23".into(),
            price_ugbp_per_mwh: (self.price_gbp_per_mwh * 1e6) as i64,
            penalty_ugbp_per_mwh: 0,
            compensation: "none".into(),
        };
        Ok(vec![PricedOffer {
            id: String::new(),
            name: "discharge as reserve".into(),
            resource_id: "battery-1".into(),
            need: need.clone(),
            offered_kw,
            terms,
            valid_to: need.series.start,
        }])
    }

    fn commit(&mut self, _: &PricedOffer, _: Timestamp) -> Result<()> {
        if std::mem::replace(&mut self.sold, true) {
            return Err(Error::refuse("BIZ_QUANTITY_UNAVAILABLE", "the battery is hired"));
        }
        Ok(())
    }

    fn release(&mut self, _: &PricedOffer) {
        self.sold = false;
    }
}

/// So many kW less in the intervals of the event, at no more than this price.
pub fn need(capacity_kw: f64, limit_gbp_per_mwh: f64) -> Outcome<Need> {
    let (first, count) = site::EVENT;
    let columns = [
        Column::new("CAPACITY_REQUESTED", "KW", vec![capacity_kw; count]).by("buyer"),
        Column::new("PRICE", "GBP_PER_KWH", vec![limit_gbp_per_mwh / 1e3; count]).by("buyer"),
    ];
    Ok(Need { gsp_group: Some("_C".into()), series: TimeSeries::new(site::start(first)?, 1800, columns) })
}
