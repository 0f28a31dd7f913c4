//! The site on paper: the hall of `deg_network` without its online service, and with a battery behind the meter.

use eca_core::{Battery, ProblemDocument};
use eca_examples::deg::{Outcome, site};

/// The region of the hall.
pub const REGION: &str = "london";
/// The battery.
pub const BATTERY: &str = "rack";
/// Its power, MW.
pub const POWER_MW: f64 = 3.0;
/// What it stores, MWh.
pub const ENERGY_MWH: f64 = 6.0;
/// What is left of energy on the way in, and on the way out.
pub const EFFICIENCY: f64 = 0.95;
/// Where the day begins and ends, MWh.
const STORED_MWH: f64 = 3.0;

/// The day with jobs and battery; nothing is sold.
pub fn document() -> Outcome<ProblemDocument> {
    let mut day = site::problem(&[])?.document().clone();
    // The cluster in memory serves no online services.
    day.services.clear();
    for job in &mut day.jobs {
        job.deadline = Some(site::start(site::PERIODS)?);
    }
    let mut battery = Battery::new(BATTERY, REGION, POWER_MW, ENERGY_MWH).soc_mwh(STORED_MWH);
    (battery.charge_efficiency, battery.discharge_efficiency) = (EFFICIENCY, EFFICIENCY);
    (battery.wear_gbp_per_mwh, battery.soc_min_mwh, battery.end_soc_min_mwh) =
        (4.0, 0.2 * ENERGY_MWH, Some(STORED_MWH));
    day.batteries.push(battery);
    Ok(day)
}
