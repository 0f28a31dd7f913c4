//! Adapters: the site in memory conforms, planted faults do not, wrappers keep what they promise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conformance;
mod wrappers;

use eca_core::action::{Action, Command, Target};
use eca_core::adapter::memory::MemorySite;
use eca_core::{Battery, Horizon, Job, JobPoint, ProblemDocument, Region, Timestamp};

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn rack() -> Battery {
    Battery::new("rack", "london", 2.0, 4.0).soc_mwh(2.0).soc_min_mwh(0.4).charge_efficiency(0.9)
}

/// One region, one battery, one job of 100 GPU hours.
fn site() -> MemorySite {
    let mut site = ProblemDocument::new(Horizon::new(start(), 30, 48).unwrap());
    site.regions.push(Region::new("london").it_capacity_mw(4.0).import_limit_mw(8.0).overhead_mw(0.5));
    site.batteries.push(rack());
    site.jobs.push(Job::gpu_hours("train", 100.0, [JobPoint::gpu_hours(1.0, 10.0)]).preemptible(true));
    MemorySite::new(site)
}

fn action(generation: u64, command: Command, from_min: i64, to_min: i64) -> Action {
    let target = match command {
        Command::Charge { .. } | Command::Discharge { .. } | Command::Idle => Target::Battery { id: "rack".into() },
        _ => Target::Job { id: "train".into(), copy: 0 },
    };
    Action::new(generation, target, command, start().plus_min(from_min), start().plus_min(to_min))
}
