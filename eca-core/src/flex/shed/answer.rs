//! Walking down a ladder: which steps, when, and what the power then is. No solve.

use super::{ShedLadder, ShedStep};
use crate::action::{Command, Target};
use crate::unit::{min_to_s, s_to_h};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Power below this is rounding, MW.
const ROUNDING_MW: f64 = 1e-9;

/// A power that a site is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShedRequest {
    /// Import to stay at or under, MW.
    pub power_mw: f64,
    /// Seconds until it has to be reached.
    #[serde(default = "half_a_minute")]
    pub response_s: f64,
    /// Seconds for which it is held from then on.
    #[serde(default)]
    pub hold_s: f64,
    /// Most change of the import, MW/min, down and back up. None: no limit.
    #[serde(default)]
    pub ramp_mw_per_min: Option<f64>,
    /// Most import after the hold, MW. None: what was planned.
    #[serde(default)]
    pub rebound_max_mw: Option<f64>,
}

fn half_a_minute() -> f64 {
    30.0
}

impl ShedRequest {
    /// A power to be reached within 30 s.
    #[must_use]
    pub fn new(power_mw: f64) -> Self {
        Self { power_mw, response_s: half_a_minute(), hold_s: 0.0, ramp_mw_per_min: None, rebound_max_mw: None }
    }

    /// Sets the seconds until it has to be reached.
    #[must_use]
    pub fn response_s(mut self, seconds: f64) -> Self {
        self.response_s = seconds;
        self
    }

    /// Sets the seconds for which it is held.
    #[must_use]
    pub fn hold_s(mut self, seconds: f64) -> Self {
        self.hold_s = seconds;
        self
    }

    /// Sets the most change of the import, MW/min.
    #[must_use]
    pub fn ramp_mw_per_min(mut self, ramp: f64) -> Self {
        self.ramp_mw_per_min = Some(ramp);
        self
    }

    /// Sets the most import after the hold, MW.
    #[must_use]
    pub fn rebound_max_mw(mut self, power: f64) -> Self {
        self.rebound_max_mw = Some(power);
        self
    }
}

/// A step that is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TakenStep {
    /// Its place in the ladder.
    pub step: usize,
    /// What it acts on.
    pub target: Target,
    /// What is to be done: the command of the step, with the power that a part of it sets.
    pub command: Command,
    /// Power that it gives up, MW.
    pub shed_mw: f64,
    /// Seconds after the request at which its power begins to fall.
    pub start_s: f64,
    /// Seconds after the request at which its power is gone; in a straight line from `start_s`.
    pub end_s: f64,
    /// Cost of the whole hold, GBP.
    pub cost_gbp: f64,
}

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShedAnswer {
    /// Steps in the order in which they are taken.
    pub steps: Vec<TakenStep>,
    /// Import from `response_s` on until the hold ends, MW.
    pub power_mw: f64,
    /// Seconds after the request at which that is reached.
    pub response_s: f64,
    /// Cost of the whole hold, GBP.
    pub cost_gbp: f64,
    /// Import over time: seconds after the request, MW; in straight lines between.
    pub import_mw: Vec<(f64, f64)>,
}

impl ShedLadder {
    /// The cheapest steps that bring the import to the power asked for in time and may be held so long.
    ///
    /// # Errors
    /// [`Error::Value`] for a number that is none, [`Error::Infeasible`] with the reason where the ladder does not reach: how
    /// far it does, and what is too slow or may not be held.
    pub fn answer(&self, request: &ShedRequest) -> Result<ShedAnswer> {
        check(request)?;
        let need = (self.power_mw - request.power_mw).max(0.0);
        let picked = self.pick(request, need);
        let got: f64 = picked.iter().map(|(_, mw)| mw).sum();
        if got < need - ROUNDING_MW {
            return Err(self.out_of_reach(request, got));
        }
        let lag = picked.iter().map(|(k, _)| self.steps[*k].effect_s).fold(0.0, f64::max);
        let taken_s = request.ramp_mw_per_min.map_or(0.0, |ramp| min_to_s(got / ramp)).max(lag);
        if taken_s > request.response_s + 1e-9 {
            let ramp = request.ramp_mw_per_min.unwrap_or(f64::INFINITY);
            return Err(infeasible(format!(
                "region `{}`: a fall of {got:.6} MW takes {taken_s:.1} s at {ramp} MW/min, {} s are given; raise power_mw, ramp_mw_per_min or response_s",
                self.region, request.response_s
            )));
        }
        Ok(self.timed(request, &picked, got, taken_s))
    }

    /// The cheapest steps and what is taken of each, MW.
    fn pick(&self, request: &ShedRequest, need: f64) -> Vec<(usize, f64)> {
        let mut picked: Vec<(usize, f64)> = Vec::new();
        let mut closed: Vec<&Target> = Vec::new();
        let mut missing = need;
        for (k, step) in self.steps.iter().enumerate() {
            if missing <= ROUNDING_MW {
                break;
            }
            if closed.contains(&&step.target) {
                continue;
            }
            let most = most_mw(step, request);
            if most <= ROUNDING_MW {
                closed.push(&step.target);
                continue;
            }
            let mw = if step.divisible { most.min(missing) } else { most };
            if mw < step.shed_mw - ROUNDING_MW {
                closed.push(&step.target);
            }
            picked.push((k, mw));
            missing -= mw;
        }
        give_back(&self.steps, &mut picked, -missing);
        picked
    }

    fn out_of_reach(&self, request: &ShedRequest, got: f64) -> Error {
        let slow: f64 =
            self.steps.iter().filter(|step| step.effect_s > request.response_s).map(|step| step.shed_mw).sum();
        let short: f64 =
            self.steps.iter().filter(|step| !may_be_held(step, request.hold_s)).map(|step| step.shed_mw).sum();
        let steep: f64 = self.steps.iter().filter(|step| !is_gentle(step, request)).map(|step| step.shed_mw).sum();
        let mut reasons = vec![format!(
            "region `{}` reaches {:.6} MW within {} s for {} s, {:.6} MW are asked for",
            self.region,
            self.power_mw - got,
            request.response_s,
            request.hold_s,
            request.power_mw
        )];
        for (mw, reason) in
            [(slow, "take longer"), (short, "may not be held so long"), (steep, "fall faster than the ramp")]
        {
            if mw > ROUNDING_MW {
                reasons.push(format!("steps of {mw:.6} MW {reason}"));
            }
        }
        infeasible(reasons.join("; "))
    }

    /// When each step begins and ends, and the import over time.
    fn timed(&self, request: &ShedRequest, picked: &[(usize, f64)], got: f64, taken_s: f64) -> ShedAnswer {
        let hold_h = s_to_h(request.hold_s);
        let (mut gone, mut steps) = (0.0, Vec::new());
        for &(k, mw) in picked {
            let step = &self.steps[k];
            let part = mw / step.shed_mw;
            let at = |mw: f64| if got > 0.0 { taken_s * mw / got } else { 0.0 };
            // With a ramp one after the other, all falling in one line; without one all at once.
            let (start_s, end_s) = match request.ramp_mw_per_min {
                Some(_) => (at(gone), at(gone + mw)),
                None => (0.0, step.effect_s),
            };
            gone += mw;
            steps.push(TakenStep {
                step: k,
                target: step.target.clone(),
                command: part_of(step, part),
                shed_mw: mw,
                start_s,
                end_s,
                cost_gbp: part * (step.cost_gbp + hold_h * step.cost_gbp_per_h),
            });
        }
        let power_mw = self.power_mw - got;
        let after = request.rebound_max_mw.map_or(self.power_mw, |most| self.power_mw.min(most)).max(power_mw);
        let until = taken_s.max(request.response_s) + request.hold_s;
        let back_s = request.ramp_mw_per_min.map_or(taken_s, |ramp| min_to_s((after - power_mw) / ramp));
        ShedAnswer {
            power_mw,
            response_s: taken_s,
            // The sum of nothing is -0 in floating point.
            cost_gbp: steps.iter().map(|step| step.cost_gbp).sum::<f64>() + 0.0,
            import_mw: vec![(0.0, self.power_mw), (taken_s, power_mw), (until, power_mw), (until + back_s, after)],
            steps,
        }
    }
}

/// Takes too much back from divisible steps, the dearest first: a step that is not divisible may have gone too far.
fn give_back(steps: &[ShedStep], picked: &mut Vec<(usize, f64)>, mut too_much: f64) {
    for i in (0..picked.len()).rev() {
        let (k, mw) = picked[i];
        // Of a chain only the last step that was taken: those before it lead there.
        let last = picked[i + 1..].iter().all(|(later, _)| steps[*later].target != steps[k].target);
        if too_much > ROUNDING_MW && steps[k].divisible && last {
            let back = mw.min(too_much);
            picked[i].1 -= back;
            too_much -= back;
        }
    }
    picked.retain(|(_, mw)| *mw > ROUNDING_MW);
}

/// How much of a step a request leaves, MW.
fn most_mw(step: &ShedStep, request: &ShedRequest) -> f64 {
    if step.effect_s > request.response_s || !may_be_held(step, request.hold_s) || !is_gentle(step, request) {
        return 0.0;
    }
    match step.energy_mwh {
        Some(energy) if request.hold_s > 0.0 => step.shed_mw.min(energy / s_to_h(request.hold_s + request.response_s)),
        _ => step.shed_mw,
    }
}

fn may_be_held(step: &ShedStep, hold_s: f64) -> bool {
    step.hold_max_s.is_none_or(|most| hold_s <= most + 1e-6)
}

/// Whether a step that is taken whole falls no faster than the ramp.
fn is_gentle(step: &ShedStep, request: &ShedRequest) -> bool {
    let steepness = |step: &ShedStep| step.shed_mw * min_to_s(1.0) / step.effect_s;
    step.divisible || request.ramp_mw_per_min.is_none_or(|ramp| steepness(step) <= ramp)
}

/// The command of a part of a step.
fn part_of(step: &ShedStep, part: f64) -> Command {
    let between = |to: f64| step.from_mw + part * (to - step.from_mw);
    match &step.command {
        Command::SetPower { point, power_mw } => Command::SetPower { point: *point, power_mw: between(*power_mw) },
        Command::Discharge { power_mw } => Command::Discharge { power_mw: between(*power_mw) },
        Command::Idle if part < 1.0 - 1e-12 => Command::Charge { power_mw: between(0.0) },
        other => other.clone(),
    }
}

fn check(request: &ShedRequest) -> Result<()> {
    let fields = [
        ("power_mw", Some(request.power_mw), "MW"),
        ("response_s", Some(request.response_s), "s"),
        ("hold_s", Some(request.hold_s), "s"),
        ("ramp_mw_per_min", request.ramp_mw_per_min, "MW/min"),
        ("rebound_max_mw", request.rebound_max_mw, "MW"),
    ];
    for (field, value, unit) in fields.into_iter().filter_map(|(field, value, unit)| Some((field, value?, unit))) {
        let least_is_above = field == "ramp_mw_per_min";
        if !value.is_finite() || value < 0.0 || (least_is_above && value <= 0.0) {
            return Err(Error::Value {
                object: "shed request".into(),
                field: field.into(),
                value: value.to_string(),
                limit: if least_is_above { "must be above 0".into() } else { "must be at least 0".into() },
                unit,
            });
        }
    }
    Ok(())
}

fn infeasible(reason: String) -> Error {
    Error::Infeasible { rules: vec![reason] }
}
