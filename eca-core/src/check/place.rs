//! Where and when a job may work, and at which points.
//!
//! ```text
//! a <= t < b;   region in regions;   it_capacity_mw > 0;   power_mw <= it_capacity_mw
//! run_when: carbon_g_per_kwh < carbon_below_g_per_kwh, or renewable_share_frac >= renewable_share_min
//! ```

use super::ledger::{Input, Report};
use crate::{Job, RunWhen};

/// Reports what speaks against working in region `r` at point `l` in period `t`.
pub(super) fn check(
    input: &Input<'_>,
    report: &mut Report,
    job: &Job,
    object: &str,
    (a, b): (usize, usize),
    (t, r, l): (usize, usize, usize),
) {
    let Some(region) = input.problem.regions().get(r) else { return };
    if t < a || t >= b {
        let span = if a < b { format!("periods {a} to {}", b - 1) } else { "no period".to_owned() };
        report.add("window", object, Some(t), format!("works, but its window has {span}"));
    }
    if !input.in_scope(job.regions.as_deref(), r) {
        report.add("regions", object, Some(t), format!("works in `{}`, which is not among its regions", region.id));
    }
    let capacity = region.it_capacity_mw.at(t);
    let power = job.points.get(l).map_or(0.0, |point| point.power_mw);
    if capacity <= 0.0 {
        let message = format!("works in `{}`, whose IT capacity is {capacity} MW", region.id);
        report.add("regions", object, Some(t), message);
    } else if power > capacity {
        let message = format!("point {l} takes {power} MW, the IT capacity of `{}` is {capacity} MW", region.id);
        report.add("point", object, Some(t), message);
    }
    let refusal = match job.run_when {
        None => None,
        Some(RunWhen::CarbonBelowGPerKwh(limit)) => {
            let value = region.carbon_g_per_kwh.at(t);
            (value >= limit).then(|| format!("carbon is {value} g/kWh, it runs only below {limit} g/kWh"))
        }
        Some(RunWhen::RenewableShareMin(limit)) => {
            let value = region.renewable_share_frac.as_ref().map_or(0.0, |share| share.at(t));
            (value < limit).then(|| format!("the renewable share is {value}, it runs only from {limit} on"))
        }
    };
    if let Some(message) = refusal {
        report.add("run_when", object, Some(t), format!("works in `{}`: {message}", region.id));
    }
}
