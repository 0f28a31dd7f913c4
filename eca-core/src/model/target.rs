//! Power targets: `import <= power_mw + target_excess` in periods with a target, `import <= rebound_max_mw + target_excess`
//! in those after one, and around a target `import[t-1] - import[t] <= fall + target_ramp`,
//! `import[t] - import[t-1] <= rise + target_ramp`.
//!
//! `rise = ramp_mw_per_min * step_min`; `fall = ramp_mw_per_min * response_s / 60`, with a response of a whole period where
//! none is given. A strict target has no excess in a plan that the model decides; see `engine/exact.rs`.

use super::draft::TargetColumn;
use super::{Draft, Frame, Rule};
use crate::milp::Tag;
use crate::problem::{PowerTarget, TargetKind};

pub(super) struct Targets;

/// Most fall and most rise of the import between two periods around a target, MW; none without a ramp.
pub(crate) fn ramps_mw(target: &PowerTarget, step_min: f64) -> Option<(f64, f64)> {
    let ramp = target.ramp_mw_per_min?;
    let response_min = if target.response_s > 0.0 { crate::unit::s_to_min(target.response_s) } else { step_min };
    Some((ramp * response_min, ramp * step_min))
}

/// Whether the ramp of a target holds between period `t - 1` and `t`.
pub(crate) fn ramps_at(target: &PowerTarget, t: usize) -> bool {
    t > 0 && (target.power_mw.at(t).is_some() || target.power_mw.at(t - 1).is_some())
}

/// What import beyond a target costs, GBP/MWh.
pub(crate) fn target_price(target: &PowerTarget, ladder: &super::Ladder) -> f64 {
    match target.kind {
        TargetKind::Strict => ladder.target_gbp_per_mwh,
        TargetKind::Priced => target.price_gbp_per_mwh.unwrap_or(0.0),
    }
}

impl Rule for Targets {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (k, target) in frame.problem.targets().iter().enumerate() {
            let price = frame.h * target_price(target, frame.ladder);
            let strict = target.kind == TargetKind::Strict;
            let mut add = |rule, t| {
                let excess = draft.milp.continuous(0.0, f64::INFINITY, price, Tag::new(rule).object(k).period(t));
                draft.targets.push(TargetColumn { target: k, period: t, ramp: rule == "target_ramp", strict, excess });
            };
            for t in 0..frame.periods {
                if target.limit_mw(t).is_some() {
                    add("target", t);
                }
                if target.ramp_mw_per_min.is_some() && ramps_at(target, t) {
                    add("target_ramp", t);
                }
            }
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let step_min = f64::from(frame.problem.horizon().step_min);
        for column in draft.targets.clone() {
            let target = &frame.problem.targets()[column.target];
            let t = column.period;
            let Some(r) = frame.problem.regions().iter().position(|region| region.id.as_str() == target.place()) else {
                continue;
            };
            let Some(import) = *draft.import.at((r, t)) else { continue };
            let tag = |rule| Tag::new(rule).object(column.target).period(t);
            if !column.ramp {
                let limit = target.limit_mw(t).unwrap_or(f64::INFINITY);
                draft.milp.row(f64::NEG_INFINITY, limit, &[(import, 1.0), (column.excess, -1.0)], tag("target_limit"));
                continue;
            }
            let (Some((fall, rise)), Some(before)) = (ramps_mw(target, step_min), *draft.import.at((r, t - 1))) else {
                continue;
            };
            for (from, to, most) in [(before, import, fall), (import, before, rise)] {
                let terms = [(from, 1.0), (to, -1.0), (column.excess, -1.0)];
                draft.milp.row(f64::NEG_INFINITY, most, &terms, tag("target_ramp_limit"));
            }
        }
    }
}
