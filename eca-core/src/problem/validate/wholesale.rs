//! Who may trade wholesale: the largest half-hourly export of a metering point decides (P511).
//!
//! It holds for every half hour, not for events alone, so it is no row of a plan: an export limit above it is refused.

use super::ProblemDocument;
use super::guard::{Guard, NOT_NEGATIVE};
use crate::Result;
use crate::problem::{Region, Route};

pub(super) fn export(document: &ProblemDocument, region: &Region) -> Result<()> {
    let guard = Guard::new(format!("region `{}`", region.id));
    if let Some(most) = region.p511_export_max_mw {
        guard.number("p511_export_max_mw", most, &NOT_NEGATIVE, "MW")?;
    }
    let sold = document.commitments.iter().map(|one| (&one.region, one.route));
    let mut all = sold.chain(document.opportunities.iter().map(|one| (&one.region, one.route)));
    let wholesale = all.any(|(id, route)| *id == region.id && route == Route::WholesaleP415);
    let export = region.export_limit_mw.max();
    match region.p511_export_max_mw {
        _ if !wholesale || export <= 0.0 => Ok(()),
        None => {
            let limit = "must be 0 where wholesale_p415 is sold, or p511_export_max_mw must say up to which half-hourly \
                         export the metering point may trade";
            Err(guard.refuse("export_limit_mw", export, limit, "MW"))
        }
        Some(most) if export > most => {
            let limit = format!(
                "must be at most p511_export_max_mw, {most} MW, where wholesale_p415 is sold: one half hour above it ends it"
            );
            Err(guard.refuse("export_limit_mw", export, &limit, "MW"))
        }
        Some(_) => Ok(()),
    }
}
