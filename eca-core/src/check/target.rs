//! Power targets.
//!
//! ```text
//! import[t] <= power_mw[t] + excess          in periods with a target
//! import[t] <= rebound_max_mw + excess       in every other period after one with a target
//! import[t-1] - import[t] <= fall + excess   import[t] - import[t-1] <= rise + excess    with a target in t-1 or t
//! rise = ramp_mw_per_min * step_min          fall = ramp_mw_per_min * response_s / 60 (of a whole period where it is 0)
//! ```
//! No excess where the target is strict.

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{POWER_MW, Sum};
use crate::problem::{PowerTarget, TargetKind};

/// Seconds of a minute.
const S_PER_MIN: f64 = 60.0;

/// Checks all targets.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for target in &input.problem.document().targets {
        let name = target.region.as_ref().or(target.site.as_ref());
        let Some(r) = name.and_then(|id| input.region(id.as_str())) else { continue };
        let Some(entry) = input.plan.regions.get(r) else { continue };
        // Import closes the balance of rounded numbers: facility, solar and each battery.
        let batteries = input.problem.batteries().iter().filter(|battery| Some(&battery.region) == name).count();
        #[allow(clippy::cast_precision_loss)]
        let slack = (3 + 2 * batteries) as f64 * POWER_MW;
        let import = |t: usize| Sum::mw(at(&entry.import_mw, t)).restated(slack);
        let mut asked_before = false;
        for t in 0..input.periods {
            let asked = target.power_mw.at(t);
            let most = asked.or(if asked_before { target.rebound_max_mw } else { None });
            if let Some(most) = most {
                judge(input, ledger, report, target, ("target", t), import(t).minus(Sum::exact(most)));
            }
            let around = asked.is_some() || (t > 0 && target.power_mw.at(t - 1).is_some());
            if let Some(ramp) = target.ramp_mw_per_min.filter(|_| t > 0 && around) {
                let step = f64::from(input.horizon().step_min);
                let response = if target.response_s > 0.0 { target.response_s / S_PER_MIN } else { step };
                let change = import(t).minus(import(t - 1));
                let fall = change.times(-1.0).minus(Sum::exact(ramp * response));
                let rise = change.minus(Sum::exact(ramp * step));
                let worse = if fall.value > rise.value { fall } else { rise };
                judge(input, ledger, report, target, ("target_ramp", t), worse);
            }
            asked_before |= asked.is_some();
        }
    }
}

/// A strict target is a finding, a priced one a limit with a price.
fn judge(
    input: &Input<'_>,
    ledger: &mut Ledger,
    report: &mut Report,
    target: &PowerTarget,
    (rule, t): (&'static str, usize),
    excess: Sum,
) {
    match target.kind {
        TargetKind::Strict if excess.is_over() => {
            let message = format!("is exceeded by {} MW and may not be", excess.value);
            report.add(rule, &format!("target `{}`", target.id), Some(t), message);
        }
        TargetKind::Strict => {}
        TargetKind::Priced => ledger.limit(SoftLimit {
            rule,
            object: target.id.to_string(),
            period: Some(t),
            whole_horizon: false,
            excess,
            unit: "mw",
            quantum: POWER_MW,
            price_gbp: input.h * target.price_gbp_per_mwh.unwrap_or(0.0),
        }),
    }
}
