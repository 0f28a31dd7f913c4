//! Seeded problems in which capacity, a carbon cap and deadlines pull against each other: 20 jobs of one run each over 48
//! half hours and three regions with a battery each.

use eca_core::{Battery, CapMetric, CapWindow, CarbonCap, Horizon, Job, JobPoint, Problem, Region, Timestamp};

use crate::dice::Dice;

pub const PERIODS: usize = 48;

/// How a problem is made tight.
#[derive(Debug, Clone, Copy)]
pub struct Tight {
    /// IT capacity of all sites over the mean load of all jobs.
    pub capacity: f64,
    /// The cap over the carbon of running everything at once in the region where it is cleanest then.
    pub cap: f64,
    /// Periods that a window is longer than its job, at most.
    pub slack: usize,
}

pub fn problem(seed: u64, tight: Tight) -> Problem {
    let dice = &mut Dice::new(seed);
    let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let horizon = Horizon::new(start, 30, PERIODS).unwrap();
    #[allow(clippy::cast_precision_loss)]
    let phase = |t: usize| (t as f64 / PERIODS as f64 * std::f64::consts::TAU).sin();
    let mut jobs = Vec::new();
    let (mut energy, mut largest) = (0.0, 0.0_f64);
    for j in 0..20 {
        let (length, power) = (dice.whole(2, 10), dice.between(0.5, 2.0));
        let first = dice.whole(0, PERIODS - length - 2);
        let end = (first + length + dice.whole(1, tight.slack)).min(PERIODS - 2);
        #[allow(clippy::cast_precision_loss)]
        let hours = length as f64 * 0.5;
        energy += power * hours;
        largest = largest.max(power);
        let job = Job::gpu_hours(format!("J{j}").as_str(), hours, [JobPoint::gpu_hours(power, 1.0)]);
        jobs.push((job.earliest_start(horizon.start_of(first)).deadline(horizon.start_of(end)), first, length, power));
    }
    let mean = energy / 24.0;
    let mut intensity = Vec::new();
    let regions = ["london", "wales", "north-scotland"].into_iter().enumerate().map(|(r, id)| {
        let (price, carbon) = (dice.between(60.0, 100.0), [220.0, 160.0, 60.0][r] * dice.between(0.8, 1.2));
        let shift = dice.whole(0, PERIODS - 1);
        let prices: Vec<f64> =
            (0..PERIODS).map(|t| price + 30.0 * phase(t + shift) + dice.between(-5.0, 5.0)).collect();
        let grams: Vec<f64> = (0..PERIODS).map(|t| carbon * (1.0 + 0.4 * phase(t + shift))).collect();
        let capacity = (tight.capacity * mean / 3.0).max(largest);
        intensity.push(grams.clone());
        Region::new(id)
            .it_capacity_mw(capacity)
            .import_limit_mw(1.2 * capacity + 1.0)
            .pue_slope(1.2)
            .import_price_gbp_per_mwh(prices)
            .carbon_g_per_kwh(grams)
    });
    let regions: Vec<Region> = regions.collect();
    let least = |t: usize| intensity.iter().map(|grams| grams[t]).fold(f64::INFINITY, f64::min);
    let at_once: f64 = jobs
        .iter()
        .map(|(_, first, length, power)| (*first..first + length).map(|t| 1.2 * 0.5 * power * least(t)).sum::<f64>())
        .sum();
    let mut builder = Problem::builder(horizon);
    for region in regions {
        let mut battery = Battery::new(format!("{}-battery", region.id).as_str(), region.id.as_str(), 1.0, 2.0);
        (battery.charge_efficiency, battery.discharge_efficiency) = (0.95, 0.95);
        (battery.soc_mwh, battery.end_soc_min_mwh) = (1.0, Some(1.0));
        builder = builder.region(region).battery(battery);
    }
    for (job, ..) in jobs {
        builder = builder.job(job);
    }
    let cap = CarbonCap::strict("day", CapMetric::Kg, (tight.cap * at_once).round(), CapWindow::Horizon);
    builder.carbon_cap(cap).build().unwrap()
}

/// The problem of a seed, with a tightness drawn for it.
pub fn drawn(seed: u64) -> (Problem, Tight) {
    let dice = &mut Dice::new(seed ^ 0xA5A5);
    let tight = Tight { capacity: dice.between(1.2, 2.4), cap: dice.between(0.9, 1.8), slack: dice.whole(1, 8) };
    (problem(seed, tight), tight)
}
