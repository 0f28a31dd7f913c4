//! The data centre and its day: a made-up Thursday in February, prices with an evening peak, work that can wait.

use super::Outcome;
use eca_core::{Commitment, Horizon, Job, JobPoint, Problem, Region, Service, ServicePoint, SettlementDate, Timestamp};

/// London is on UTC in February.
pub const DAY: &str = "2026-02-19";
pub const METER: &str = "did:web:compute.example.org:meters:hall-a";
pub const PERIODS: usize = 48;
/// First line of a meter file.
pub const HEADER: &str = "meter_id,start,end,import_wh,export_wh,quality\n";

/// First interval of the event and number of intervals: 17:00 to 18:00, settlement periods 35 and 36.
pub const EVENT: (usize, usize) = (34, 2);

fn bump(t: usize, centre: f64, width: f64) -> f64 {
    let hour = (t as f64 + 0.5) / 2.0;
    (-((hour - centre) / width).powi(2)).exp()
}

fn rounded(values: impl Iterator<Item = f64>, places: f64) -> Vec<f64> {
    values.map(|value| (value * places).round() / places).collect()
}

/// Wholesale price, GBP/MWh.
pub fn price() -> Vec<f64> {
    rounded(
        (0..PERIODS).map(|t| 62.0 + 24.0 * bump(t, 8.0, 1.8) - 14.0 * bump(t, 13.5, 2.5) + 70.0 * bump(t, 18.6, 1.4)),
        100.0,
    )
}

/// Imbalance price, GBP/MWh: the evening was tight.
pub fn system_price() -> Vec<f64> {
    rounded(price().into_iter().enumerate().map(|(t, price)| price * (1.0 + 0.35 * bump(t, 17.4, 1.0))), 100.0)
}

/// Network charges, GBP/MWh, in three bands.
pub fn charge() -> Vec<f64> {
    (0..PERIODS)
        .map(|t| {
            if (32..38).contains(&t) {
                38.0
            } else if (14..44).contains(&t) {
                11.0
            } else {
                3.0
            }
        })
        .collect()
}

/// Average carbon intensity, g/kWh.
pub fn carbon() -> Vec<f64> {
    rounded((0..PERIODS).map(|t| 150.0 + 75.0 * bump(t, 17.2, 2.0) - 20.0 * bump(t, 4.0, 3.0)), 1.0)
}

/// Marginal carbon intensity, g/kWh: a gas turbine most of the time.
pub fn marginal() -> Vec<f64> {
    rounded(carbon().into_iter().map(|average| 260.0 + 0.45 * average), 1.0)
}

/// Start of interval `t` of the day.
pub fn start(t: usize) -> Outcome<Timestamp> {
    Ok(SettlementDate::parse(DAY)?.midnight().plus_min(30 * i64::try_from(t)?))
}

/// The problem of the day, with what is sold of it.
pub fn problem(sold: &[Commitment]) -> Outcome<Problem> {
    let horizon = Horizon::new(start(0)?, 30, PERIODS)?;
    let region = Region::new("london")
        .it_capacity_mw(14.0)
        .overhead_mw(0.5)
        .pue_slope(1.12)
        .import_limit_mw(18.0)
        .import_price_gbp_per_mwh(price())
        .network_charge_gbp_per_mwh(charge())
        .carbon_g_per_kwh(carbon())
        .marginal_carbon_g_per_kwh(marginal());
    // Training has an hour of slack in the day: it pauses where energy is dearest, and runs into the evening otherwise.
    let mut training = Job::inferences(
        "training",
        9.2 * 23.0 * 2.0e6,
        [JobPoint::inferences(9.2, 9.2 * 2.0e6), JobPoint::inferences(5.0, 5.0 * 1.9e6)],
    );
    (training.preemptible, training.max_pauses, training.pause_cost_gbp, training.tier) = (true, Some(3), 6.0, 3);
    let mut tuning = Job::inferences("fine-tuning", 2.0 * 9.0 * 2.0e6, [JobPoint::inferences(2.0, 2.0 * 2.0e6)]);
    (tuning.preemptible, tuning.max_pauses, tuning.pause_cost_gbp, tuning.tier) = (true, Some(2), 3.0, 2);
    let demand: Vec<f64> = (0..PERIODS).map(|t| (1.6e6 * (0.7 + 0.5 * bump(t, 15.0, 5.0))).round()).collect();
    let chat = Service::new("chat", demand, [ServicePoint { wh_per_inference: 0.3, latency_ms: 40.0 }]);
    let day = Problem::builder(horizon).region(region).job(training).job(tuning).service(chat);
    Ok(sold.iter().cloned().fold(day, |day, sold| day.commitment(sold)).build()?)
}

/// Numbers between -1 and 1 that are the same everywhere.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> f64 {
        // Knuth's MMIX generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

/// Meter readings of the 28 days before, as the base plan with a little noise: a file in the form of docs/format/series.md.
pub fn history(base_mw: &[f64]) -> Outcome<String> {
    let mut noise = Noise::new(20_260_219);
    let mut text = HEADER.to_owned();
    for days in (1..=28).rev() {
        let midnight = SettlementDate::parse(DAY)?.plus_days(-days).midnight();
        for (t, mw) in (0_i64..).zip(base_mw) {
            let wh = (mw * 0.5e6 * (1.0 + 0.015 * noise.draw())).round() as i64;
            text += &reading(midnight.plus_min(30 * t), wh);
        }
    }
    Ok(text)
}

/// One line of a meter file.
pub fn reading(start: Timestamp, wh: i64) -> String {
    format!("{METER},{start},{},{wh},0,A\n", start.plus_min(30))
}
