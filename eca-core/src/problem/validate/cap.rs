//! Carbon caps.

use super::guard::Guard;
use super::{ProblemDocument, Warning, known_regions};
use crate::problem::{CapKind, CapMetric, CapWindow, CarbonCap};
use crate::{Error, Result};

/// A cap on g/kWh below this looks like kg/kWh.
const SMALL_CAP: f64 = 1.0;

pub(super) fn cap(document: &ProblemDocument, cap: &CarbonCap, warnings: &mut Vec<Warning>) -> Result<()> {
    let guard = Guard::new(format!("carbon cap `{}`", cap.id));
    let unit = match cap.metric {
        CapMetric::Kg => "kg",
        CapMetric::GPerKwh => "g/kWh",
        CapMetric::GPerInference => "g per inference",
    };
    guard.number("limit", cap.limit, &(0.0..=1e12), unit)?;
    known_regions(document, &guard, "regions", cap.regions.as_ref())?;
    match (cap.kind, cap.price_gbp_per_kg) {
        (CapKind::Priced, Some(price)) => guard.number("price_gbp_per_kg", price, &(0.0..=1e6), "GBP/kg")?,
        (CapKind::Priced, None) => {
            return Err(guard.refuse("price_gbp_per_kg", f64::NAN, "must be given where kind is priced", "GBP/kg"));
        }
        (CapKind::Strict, Some(price)) => {
            return Err(guard.refuse(
                "price_gbp_per_kg",
                price,
                "must be left out where kind is strict; a price makes it priced",
                "GBP/kg",
            ));
        }
        (CapKind::Strict, None) => {}
    }
    if let CapWindow::RollingH(hours) = cap.window {
        guard.positive("window.rolling_h", hours, 1e5, "h")?;
        let periods = hours / document.horizon.step_h();
        if (periods - periods.round()).abs() > 1e-9 {
            let limit = format!("must be a multiple of the step of {} min", document.horizon.step_min);
            return Err(guard.refuse("window.rolling_h", hours, &limit, "h"));
        }
    }
    if cap.metric == CapMetric::GPerInference && !has_inferences(document) {
        return Err(Error::Unsupported {
            object: guard.name().into(),
            feature: "g_per_inference",
            reason: "nothing in this problem counts inferences; use kg or g_per_kwh".into(),
        });
    }
    if cap.metric == CapMetric::GPerKwh && cap.limit > 0.0 && cap.limit < SMALL_CAP {
        warnings.push(guard.warn("limit", format!("{} g/kWh looks like kg/kWh; the limit is in g/kWh", cap.limit)));
    }
    Ok(())
}

fn has_inferences(document: &ProblemDocument) -> bool {
    !document.services.is_empty() || document.jobs.iter().any(|job| job.inferences.is_some())
}
