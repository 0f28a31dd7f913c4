//! Random days and sites.

use super::random::Random;
use eca_core::signal::{Column, Duplicates, Point, Provenance, Signals};
use eca_core::{Battery, Horizon, Job, JobPoint, ProblemDocument, Region, SettlementDate};

/// Minutes of a period.
pub(super) const STEP_MIN: u32 = 60;

/// A day of 23, 24 or 25 hours, its site and its prices.
pub(super) fn day(random: &Random) -> (ProblemDocument, Signals) {
    let dates = ["2026-03-29", "2026-10-25", "2026-03-02", "2026-06-01", "2026-12-24"];
    let date: SettlementDate = dates[random.below(5) as usize].parse().unwrap();
    let horizon = Horizon::settlement_day(date, STEP_MIN).unwrap();
    let mut site = ProblemDocument::new(horizon);
    let mut signals = Signals::new();
    for name in ["london", "north"].iter().take(1 + random.below(2) as usize) {
        site.regions.push(
            Region::new(*name)
                .it_capacity_mw(3.0)
                .overhead_mw(0.3)
                .pue_slope(1.2)
                .import_limit_mw(4.2)
                .export_limit_mw(0.5),
        );
        for (column, base, spread) in [(Column::ImportPriceGbpPerMwh, 60.0, 80.0), (Column::CarbonGPerKwh, 80.0, 200.0)]
        {
            let point = |t: i64| {
                let from = horizon.start.plus_min(60 * t);
                Point::new(from, from.plus_min(60), Some(base + spread * random.unit()))
            };
            let points = (-24..49).map(point).collect();
            signals.insert(name, column, points, Provenance::new("desk"), Duplicates::Refuse).unwrap();
        }
    }
    site.batteries.push(
        Battery::new("rack", "london", 1.0, 2.0)
            .soc_mwh(1.0)
            .soc_min_mwh(0.3)
            .charge_efficiency(0.9)
            .wear_gbp_per_mwh(1.0),
    );
    for j in 0..2 + random.below(2) {
        let hours = 2 + random.below(4);
        let earliest = random.below(6);
        let slack = 5 + random.below(6);
        let power = 1.0 + 0.5 * random.below(3) as f64;
        let mut job = Job::gpu_hours(format!("job{j}"), 10.0 * hours as f64, [JobPoint::gpu_hours(power, 10.0)])
            .preemptible(random.chance(0.7))
            .earliest_start(horizon.start.plus_min(60 * earliest))
            .deadline(horizon.start.plus_min(60 * (earliest + hours + slack)));
        if random.chance(0.5) {
            job =
                job.migration(eca_core::Migration { cost_gbp: 1.0, periods: random.below(2) as u32, energy_mwh: 0.0 });
        }
        site.jobs.push(job);
    }
    (site, signals)
}
