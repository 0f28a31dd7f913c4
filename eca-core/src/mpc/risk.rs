//! Forecasts may be wrong: planning on a quantile, or against the worst of a budget of wrong periods.
//!
//! *Quantile*: prices, carbon and demand are taken at a quantile of their forecast, as normal deviations.
//!
//! *Budget* (Bertsimas and Sim): in each region the price may be up by `width` standard deviations in at most `periods`
//! periods, whichever hurt the plan most. What a plan then costs is its cost at the forecast and the `periods` largest
//! of its exposures, import energy times deviation. The plan with the least such cost is looked for by fictitious play:
//! the adversary's mean answer to the plans so far goes onto the prices of the next one. Of all plans made, the first of
//! them the one for the forecast itself, the one that costs least in its own worst case is taken: it is never worse
//! there than planning on the forecast.

use crate::plan::Plan;
use crate::problem::{CapKind, ProblemDocument, RegionId, Series, ServiceId};
use crate::{Control, Error, Problem, Result, Settings, Solved, Warm};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done about forecasts that may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Risk {
    /// They are taken as they are.
    #[default]
    Expected,
    /// Prices, carbon and demand are taken at this quantile of their forecast.
    Quantile {
        /// Between 0 and 1; 0.5 is the forecast itself.
        level: f64,
    },
    /// Prices are up in at most so many periods of each region, whichever hurt most; carbon with a price moves with
    /// them, and demand is up throughout.
    Budget {
        /// Periods in which a price may be up.
        periods: usize,
        /// How far, in standard deviations.
        width: f64,
        /// Plans that are made; 1 is planning on the forecast.
        rounds: usize,
    },
}

/// Standard deviations of forecasts over the horizon of a document; what is not named is certain.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Uncertainty {
    /// Of import prices, GBP/MWh.
    pub import_price_sd_gbp_per_mwh: BTreeMap<RegionId, Series>,
    /// Of carbon intensities, g/kWh.
    pub carbon_sd_g_per_kwh: BTreeMap<RegionId, Series>,
    /// Of the demand of services, inferences.
    pub demand_sd_inferences: BTreeMap<ServiceId, Series>,
}

/// What protection against a budget of wrong periods costs and saves, as planned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Protection {
    /// Objective of the plan at the forecast, GBP.
    pub expected_gbp: f64,
    /// The same in its worst case, GBP.
    pub worst_gbp: f64,
    /// Objective at the forecast of the plan that trusts it, GBP.
    pub trusting_expected_gbp: f64,
    /// The same in its own worst case, GBP.
    pub trusting_worst_gbp: f64,
}

/// A plan, the problem it was made for, and what its protection is worth.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) problem: Problem,
    pub(crate) solved: Solved,
    pub(crate) protection: Option<Protection>,
}

impl Risk {
    pub(crate) fn check(self) -> Result<()> {
        let refuse = |field: &str, value: f64, limit: &str| {
            Err(Error::Value {
                object: "controller".into(),
                field: field.into(),
                value: value.to_string(),
                limit: limit.into(),
                unit: "",
            })
        };
        match self {
            Self::Quantile { level } if !(0.001..=0.999).contains(&level) => {
                refuse("risk.quantile.level", level, "must be between 0.001 and 0.999")
            }
            Self::Budget { width, .. } if !(0.0..=100.0).contains(&width) => {
                refuse("risk.budget.width", width, "must be between 0 and 100 standard deviations")
            }
            Self::Budget { rounds: 0, .. } => refuse("risk.budget.rounds", 0.0, "must be at least 1"),
            _ => Ok(()),
        }
    }
}

/// Plans a problem as the risk says.
pub(crate) fn solve(
    problem: Problem,
    risk: Risk,
    uncertainty: &Uncertainty,
    settings: &Settings,
    control: &Control,
    warm: Option<&Warm>,
) -> Result<Guarded> {
    match risk {
        Risk::Expected => {
            let solved = problem.solve_warm(settings, control, warm)?;
            Ok(Guarded { problem, solved, protection: None })
        }
        Risk::Quantile { level } => {
            let mut document = problem.document().clone();
            let width = normal_quantile(level);
            shift_demand(&mut document, uncertainty, width);
            for region in &mut document.regions {
                shift(&mut region.import_price_gbp_per_mwh, uncertainty.price(&region.id), width, f64::NEG_INFINITY);
                shift(&mut region.carbon_g_per_kwh, uncertainty.carbon_sd_g_per_kwh.get(&region.id), width, 0.0);
            }
            let problem = Problem::from_document(document)?;
            let solved = problem.solve_warm(settings, control, warm)?;
            Ok(Guarded { problem, solved, protection: None })
        }
        Risk::Budget { periods, width, rounds } => {
            let mut document = problem.document().clone();
            shift_demand(&mut document, uncertainty, width);
            let game = Game { deviation: deviations(&document, uncertainty, width), document, periods };
            game.play(rounds, settings, control, warm)
        }
    }
}

impl Uncertainty {
    fn price(&self, region: &RegionId) -> Option<&Series> {
        self.import_price_sd_gbp_per_mwh.get(region)
    }
}

fn shift(series: &mut Series, sd: Option<&Series>, width: f64, least: f64) {
    let Some(sd) = sd else { return };
    let periods = series.values().len().max(sd.values().len());
    *series = Series::Values((0..periods).map(|t| (series.at(t) + width * sd.at(t)).max(least)).collect());
}

fn shift_demand(document: &mut ProblemDocument, uncertainty: &Uncertainty, width: f64) {
    let periods = document.horizon.periods;
    for service in &mut document.services {
        let sd = uncertainty.demand_sd_inferences.get(&service.id);
        let values = (0..periods).map(|t| service.demand_inferences.at(t)).collect::<Vec<_>>();
        service.demand_inferences = Series::Values(values);
        shift(&mut service.demand_inferences, sd, width, 0.0);
    }
}

/// By how much an imported MWh may be dearer than forecast, GBP, by region and period.
fn deviations(document: &ProblemDocument, uncertainty: &Uncertainty, width: f64) -> Vec<Vec<f64>> {
    let priced = document.carbon_caps.iter().filter(|cap| cap.kind == CapKind::Priced);
    let gbp_per_kg: f64 = priced.filter_map(|cap| cap.price_gbp_per_kg).sum();
    let at = |series: Option<&Series>, t: usize| series.map_or(0.0, |sd| sd.at(t).max(0.0));
    let each = document.regions.iter().map(|region| {
        let carbon = uncertainty.carbon_sd_g_per_kwh.get(&region.id);
        let deviation = |t| width * (at(uncertainty.price(&region.id), t) + gbp_per_kg * at(carbon, t));
        (0..document.horizon.periods).map(deviation).collect()
    });
    each.collect()
}

/// The planner against an adversary who chooses where prices are up.
struct Game {
    document: ProblemDocument,
    deviation: Vec<Vec<f64>>,
    periods: usize,
}

impl Game {
    fn play(&self, rounds: usize, settings: &Settings, control: &Control, warm: Option<&Warm>) -> Result<Guarded> {
        let mut up: Vec<Vec<f64>> = self.deviation.iter().map(|row| vec![0.0; row.len()]).collect();
        let mut trusting: Option<(f64, f64)> = None;
        let mut best: Option<Guarded> = None;
        for round in 1..=rounds {
            let problem = self.problem(&up)?;
            let solved = match problem.solve_warm(settings, control, warm) {
                // A later round that was stopped leaves the best plan so far.
                Err(error) => return best.ok_or(error),
                Ok(solved) => solved,
            };
            let exposure = self.exposure(&solved.plan);
            let added: f64 = pairs(&exposure, &up).map(|(exposure, up)| exposure * up).sum();
            let expected_gbp = solved.plan.objective_gbp - added;
            let answer = worst(&exposure, self.periods);
            let worst_gbp = expected_gbp + pairs(&exposure, &answer).map(|(exposure, up)| exposure * up).sum::<f64>();
            let (trusting_expected_gbp, trusting_worst_gbp) = *trusting.get_or_insert((expected_gbp, worst_gbp));
            let protection = Protection { expected_gbp, worst_gbp, trusting_expected_gbp, trusting_worst_gbp };
            let known = best.as_ref().and_then(|best| best.protection).map_or(f64::INFINITY, |known| known.worst_gbp);
            if worst_gbp < known {
                best = Some(Guarded { problem, solved, protection: Some(protection) });
            }
            #[allow(clippy::cast_precision_loss)]
            let weight = 1.0 / round as f64;
            up.iter_mut()
                .flatten()
                .zip(answer.iter().flatten())
                .for_each(|(up, answer)| *up += weight * (answer - *up));
        }
        best.ok_or_else(|| Error::Internal { message: "a game without rounds".into() })
    }

    /// The problem with part of the deviations on its prices.
    fn problem(&self, up: &[Vec<f64>]) -> Result<Problem> {
        let mut document = self.document.clone();
        for (r, region) in document.regions.iter_mut().enumerate() {
            let price = |t: usize| region.import_price_gbp_per_mwh.at(t) + up[r][t] * self.deviation[r][t];
            region.import_price_gbp_per_mwh = Series::Values((0..up[r].len()).map(price).collect());
        }
        Problem::from_document(document)
    }

    /// What the full deviation of one period costs the plan, GBP, by region and period.
    fn exposure(&self, plan: &Plan) -> Vec<Vec<f64>> {
        let h = self.document.horizon.step_h();
        let row = |(import, deviation): (&Vec<f64>, &Vec<f64>)| {
            import.iter().zip(deviation).map(|(mw, deviation)| h * mw * deviation).collect()
        };
        plan.regions.iter().map(|region| &region.import_mw).zip(&self.deviation).map(row).collect()
    }
}

fn pairs<'a>(a: &'a [Vec<f64>], b: &'a [Vec<f64>]) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.iter().flatten().copied().zip(b.iter().flatten().copied())
}

/// One where the deviation hurts most, in so many periods of each region; zero elsewhere.
fn worst(exposure: &[Vec<f64>], periods: usize) -> Vec<Vec<f64>> {
    let row = |row: &Vec<f64>| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let mut up = vec![0.0; row.len()];
        order.into_iter().take(periods).filter(|&t| row[t] > 0.0).for_each(|t| up[t] = 1.0);
        up
    };
    exposure.iter().map(row).collect()
}

/// Quantile of the standard normal distribution, by bisection on its distribution function.
fn normal_quantile(level: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_below(middle) < level { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Probability that a standard normal variable is below `x`, by Simpson's rule from 0.
fn normal_below(x: f64) -> f64 {
    const STEPS: u32 = 400;
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = x / f64::from(STEPS);
    let weight = |i: u32| {
        if i == 0 || i == STEPS {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    0.5 + h / 3.0 * (0..=STEPS).map(|i| weight(i) * density(h * f64::from(i))).sum::<f64>()
}
