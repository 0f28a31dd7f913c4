//! What ECA saved where it acts: sums worked by hand, and a second site on which nobody acts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_core::adapter::memory::{MemorySite, MemoryState};
use eca_core::adapter::{Meter, ReadingOptions};
use eca_core::live::{Live, LiveSettings, Plant};
use eca_core::{Battery, Error, Horizon, Job, JobPoint, ProblemDocument, Region, Timestamp};
use std::sync::Arc;

const HOURS: usize = 24;

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// A site with these prices, GBP/MWh by hour.
fn site(prices: &[f64]) -> ProblemDocument {
    let mut site = ProblemDocument::new(Horizon::new(start(), 60, prices.len()).unwrap());
    site.regions.push(
        Region::new("london")
            .it_capacity_mw(5.0)
            .import_limit_mw(8.0)
            .import_price_gbp_per_mwh(prices.to_vec())
            .carbon_g_per_kwh(200.0),
    );
    site
}

fn job(id: &str, power_mw: f64, hours: f64, earliest: i64) -> Job {
    Job::gpu_hours(id, hours, [JobPoint::gpu_hours(power_mw, 1.0)]).earliest_start(start().plus_min(60 * earliest))
}

/// Lives through a site that ECA acts on, with a restart in the middle if asked for; gives it at the end.
fn live_through(site: &ProblemDocument, restarts: bool) -> Live {
    let memory = MemorySite::new(site.clone());
    let mut plant = Plant::new(site.clone())
        .cluster(Arc::new(memory.cluster()))
        .meter("london", Arc::new(memory.meter("london").unwrap()));
    for battery in &site.batteries {
        plant = plant.battery(battery.id.clone(), Arc::new(memory.battery(battery.id.clone()).unwrap()));
    }
    let periods = site.horizon.periods;
    let settings = LiveSettings::default().shadow(false).view_periods(periods);
    let store = Arc::new(MemoryState::default());
    let new = || Live::new(plant.clone(), settings.clone(), store.clone()).unwrap();
    let mut live = new();
    for turn in 0..2 * periods as i64 {
        if restarts && turn % 5 == 3 {
            live = new();
        }
        let tick = live.tick(start().plus_min(30 * turn));
        assert_eq!(tick.problems, Vec::<String>::new());
    }
    live.close(site.horizon.end());
    live
}

#[test]
fn a_job_that_waited_for_the_cheap_hour_saved_the_difference() {
    let mut site = site(&[90.0, 40.0, 70.0]);
    site.jobs.push(job("train", 1.0, 1.0, 0));
    let live = live_through(&site, false);
    let ledger = live.ledger();
    assert_eq!(ledger.entries["site"].cost_gbp, 40.0);
    assert_eq!(ledger.entries["run_at_once"].cost_gbp, 90.0);
    assert_eq!((live.saved_gbp(), live.saved_kg()), (50.0, 0.0));
    assert!(!ledger.entries.contains_key("eca"));
}

#[test]
fn a_site_on_which_nobody_acts_pays_what_the_ledger_says() {
    let prices: Vec<f64> = (0..HOURS).map(|h| 60.0 + 50.0 * (h as f64 / 3.0).sin()).collect();
    let mut site = site(&prices);
    site.jobs = vec![job("a", 2.0, 5.0, 0), job("b", 1.5, 3.0, 4), job("c", 3.0, 4.0, 10)];
    site.batteries.push(Battery::new("rack", "london", 1.0, 2.0).soc_mwh(1.0));
    // The judge: meters times prices of a site that starts its jobs by itself. It shares no code with the ledger.
    let alone = MemorySite::new(site.clone()).self_starting();
    let meter = alone.meter("london").unwrap();
    let (mut before_wh, mut paid_gbp) = (0, 0.0);
    for (hour, price) in (1..).zip(&prices) {
        let wh = meter.read(&ReadingOptions::new(start().plus_min(60 * hour))).unwrap().import_wh;
        paid_gbp += (wh - before_wh) as f64 / 1e6 * price;
        before_wh = wh;
    }
    let live = live_through(&site, false);
    let ledger = live.ledger();
    assert!((ledger.entries["run_at_once"].cost_gbp - paid_gbp).abs() < 0.01, "{paid_gbp} {ledger:?}");
    assert_eq!(ledger.entries["site"].periods, HOURS);
    assert!(live.saved_gbp() > 0.1 * paid_gbp, "{ledger:?}");
    // Restarts change nothing of it.
    assert_eq!(live_through(&site, true).ledger(), ledger);
}

#[test]
fn devices_of_what_the_site_does_not_have_are_refused_by_name() {
    let mut other = site(&[50.0]);
    other.regions.push(Region::new("north").it_capacity_mw(1.0).import_limit_mw(1.0));
    other.batteries.push(Battery::new("rick", "london", 1.0, 1.0));
    let memory = MemorySite::new(other);
    let refused = |plant: Plant| {
        let error = Live::new(plant, LiveSettings::default(), Arc::new(MemoryState::default())).unwrap_err();
        assert!(matches!(error, Error::Unknown { .. }));
        error.to_string()
    };
    let plant = || Plant::new(site(&[50.0]));
    let text = refused(plant().battery("rick", Arc::new(memory.battery("rick").unwrap())));
    assert!(text.contains("`rick`") && text.contains("battery"), "{text}");
    let text = refused(plant().meter("north", Arc::new(memory.meter("north").unwrap())));
    assert!(text.contains("`north`") && text.contains("known: `london`"), "{text}");
}
