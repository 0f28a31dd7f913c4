//! Offers of random problems, judged by plans made without the code of offers: prices between what planning with and without
//! them costs, never more than can be delivered, sold once. `ECA_TEST_SCALE=large`: 500 problems.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod rule_support;

use eca_core::flex::{OfferRequest, Offers, Rung, check_offer};
use eca_core::{
    Battery, Commitment, DeadlineKind, Job, JobPoint, Outcome, Penalty, Plan, Problem, Route, Service, ServicePoint,
    Settings, SettlementPeriod,
};
use rule_support::*;

/// Money that rounding plans to the watt may move, GBP.
const ROUNDING_GBP: f64 = 2e-3;
/// Energy that rounding to the watt may move, MWh.
const ROUNDING_MWH: f64 = 5e-6;
/// What `check_offer` may leave out in a settlement period, MWh: 2 Wh, as it says.
const LEFT_OUT_MWH: f64 = 2e-6;
/// A shortfall costs more than anything else.
const DEAR_GBP_PER_MWH: f64 = 1e5;

fn instances() -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 500 } else { 24 }
}

/// Splitmix64: the same problems on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        let n = self.below(values.len() as u64);
        values[usize::try_from(n).unwrap()]
    }
}

const PERIODS: usize = 8;

fn job_of(dice: &mut Dice, i: usize) -> Job {
    let points = [JobPoint::gpu_hours(2.0, 1.0), JobPoint::gpu_hours(1.0, 0.6)];
    let points = &points[..dice.of(&[1, 1, 2])];
    let mut job = Job::gpu_hours(format!("j{i}"), dice.of(&[0.5, 1.0, 1.5]), points.to_vec());
    if dice.below(2) == 0 {
        job = job.preemptible(true).pause_cost_gbp(dice.of(&[0.0, 5.0])).pause_energy_mwh(dice.of(&[0.0, 0.1]));
    }
    if dice.below(2) == 0 {
        job = job.deadline(at(dice.of(&[2, 3, 4])));
        if dice.below(3) == 0 {
            // Cheaper than the shortfalls of the test by far: it must not give way all the same.
            job = job.deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(dice.of(&[20.0, 400.0]));
        }
    }
    job
}

fn problem(seed: u64) -> Problem {
    let dice = &mut Dice(seed);
    let price: Vec<f64> = (0..PERIODS).map(|_| dice.of(&[-10.0, 20.0, 45.0, 60.0, 90.0, 150.0])).collect();
    let mut builder = Problem::builder(half_hours(PERIODS))
        .region(site("a", price).overhead_mw(dice.of(&[0.0, 0.5, 2.0])).pue_slope(dice.of(&[1.0, 1.2])));
    let two = dice.below(3) == 0;
    if two {
        builder = builder.region(site("b", dice.of(&[50.0, 100.0])));
    }
    for i in 0..1 + dice.of(&[0, 1, 1, 2]) {
        builder = builder.job(job_of(dice, i));
    }
    if dice.below(2) == 0 {
        let battery =
            Battery::new("battery", "a", dice.of(&[0.5, 1.0]), dice.of(&[0.5, 2.0])).soc_mwh(dice.of(&[0.0, 0.5]));
        builder = builder.battery(battery.charge_efficiency(0.9).wear_gbp_per_mwh(dice.of(&[0.0, 3.0])));
    }
    if dice.below(3) == 0 {
        let points = [ServicePoint { wh_per_inference: 1.0, latency_ms: 5.0 }];
        let demand: Vec<f64> = (0..PERIODS).map(|_| dice.of(&[0.0, 2e5, 5e5])).collect();
        builder =
            builder.service(Service::new("s", demand, points).shed_penalty_gbp_per_million(dice.of(&[200.0, 2e4])));
    }
    builder.build().unwrap()
}

fn periods(from: u8, count: u8) -> Vec<SettlementPeriod> {
    (from..from + count).map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap()).collect()
}

fn optimum(problem: &Problem) -> Plan {
    let mut settings = exact();
    settings.references = false;
    let plan = problem.solve(&settings).unwrap();
    assert_eq!(plan.outcome, Outcome::Optimal, "{plan}");
    plan
}

fn and(problem: &Problem, commitment: Commitment) -> Problem {
    let mut document = problem.document().clone();
    document.commitments.push(commitment);
    Problem::from_document(document).unwrap()
}

/// Penalties for promises to users, GBP.
fn promises(plan: &Plan) -> f64 {
    let users = ["undone", "shed", "it_overload", "import_overload"];
    plan.broken_limits.iter().filter(|limit| users.contains(&&*limit.rule)).map(|limit| limit.price_gbp).sum()
}

fn missing(plan: &Plan) -> f64 {
    plan.commitments.iter().flat_map(|one| one.shortfall_mwh.iter().flatten()).sum()
}

/// The price is what planning with and without the offer differ by; what is not offered cannot be delivered.
fn judge(seed: u64, problem: &Problem, offers: &Offers, rung: &Rung) {
    let what = format!("seed {seed}, {} MW in {} periods", rung.mw, rung.energy_mwh.len());
    let energy: f64 = rung.energy_mwh.iter().sum();
    let mut unpaid = rung.clone();
    unpaid.price_gbp_per_mwh = None;
    let commitment = offers.commitment("offer", &unpaid, Penalty::price(DEAR_GBP_PER_MWH));
    let (without, with) = (optimum(problem), optimum(&and(problem, commitment.clone())));
    let most = check_offer(problem, &commitment, &exact()).unwrap();
    assert!(
        promises(&with) <= promises(&without) + ROUNDING_GBP,
        "{what}: a promise gives way: {:?}",
        with.broken_limits
    );
    // What a plan made for its penalties delivers of it, and what could be delivered of twice as much, is within the most.
    let delivered = energy - missing(&with);
    let room = LEFT_OUT_MWH * most.len() as f64;
    assert!(delivered <= most.iter().sum::<f64>() + room, "{what}: {delivered} MWh delivered, {most:?} said");
    let mut larger = commitment.clone();
    larger.committed_mw = rung.energy_mwh.iter().map(|mwh| 4.0 * mwh).collect::<Vec<f64>>().into();
    let of_twice = check_offer(problem, &larger, &exact()).unwrap();
    assert!(
        of_twice.iter().sum::<f64>() >= most.iter().sum::<f64>() - room,
        "{what}: {most:?}, of twice as much {of_twice:?}"
    );
    let Some(price) = rung.price_gbp_per_mwh else {
        assert!(missing(&with) > ROUNDING_MWH, "{what}: refused ({:?}) and delivered", rung.refused);
        assert!(most.iter().sum::<f64>() < energy - ROUNDING_MWH, "{what}: refused, {most:?} can be delivered");
        return;
    };
    assert!(missing(&with) < ROUNDING_MWH, "{what}: {:?}", with.broken_limits);
    for (sold, most) in rung.energy_mwh.iter().zip(&most) {
        assert!(sold <= most, "{what}: {sold} MWh offered, {most} can be delivered");
    }
    let cost = with.objective_gbp - without.objective_gbp;
    let (least, most) = (cost / energy, cost / energy + rung.margin_gbp_per_mwh + rung.gap_gbp_per_mwh);
    let room = ROUNDING_GBP / energy;
    assert!(price >= least + rung.margin_gbp_per_mwh - room, "{what}: {price} below cost {least} and margin");
    assert!(price <= most + room, "{what}: {price} above {most}");
    assert!(rung.cost_gbp.unwrap() >= cost - ROUNDING_GBP, "{what}");
}

#[test]
fn prices_lie_between_plans_with_and_without_and_nothing_is_offered_that_cannot_be_delivered() {
    let (mut priced, mut refused) = (0, 0);
    for seed in 0..instances() {
        let problem = problem(seed);
        let dice = &mut Dice(seed ^ 0xdead);
        let from = dice.of(&[1, 2, 4]);
        let mut request = OfferRequest::new("a", Route::DsoFlex, periods(from, 2), [0.5, dice.of(&[1.0, 2.0, 4.0])]);
        request.margin_gbp_per_mwh = dice.of(&[0.0, 7.0]);
        if dice.below(3) == 0 {
            request.baseline_mw = Some(dice.of(&[1.0, 3.0]).into());
        }
        request.ramp_min = dice.of(&[0.0, 0.0, 10.0]);
        let mut settings = Settings::default();
        settings.gap = dice.of(&[0.0, 0.0, 0.05]);
        let offers = problem.offers(&request, &settings).unwrap();
        for rung in &offers.rungs {
            *(if rung.price_gbp_per_mwh.is_some() { &mut priced } else { &mut refused }) += 1;
            judge(seed, &problem, &offers, rung);
        }
    }
    println!("{priced} rungs priced, {refused} refused");
    assert!(priced >= instances() / 2 && refused >= instances() / 10, "{priced} priced, {refused} refused");
}

#[test]
fn overlapping_offers_of_two_routes_deliver_their_sum_and_sell_no_mwh_twice() {
    let mut both = 0;
    for seed in 1000..1000 + instances() {
        let original = problem(seed);
        let dice = &mut Dice(seed ^ 0xbeef);
        // The wholesale gate is open for the fifth settlement period when the horizon starts.
        let (one, two) = (periods(4, 2), periods(5, 2));
        let mut sold = original.clone();
        let mut of: Vec<(Vec<SettlementPeriod>, Vec<f64>)> = Vec::new();
        for (route, periods) in [(Route::DsoFlex, one), (Route::WholesaleP415, two)] {
            let mut request = OfferRequest::new("a", route, periods.clone(), [dice.of(&[2.0, 3.0]), 1.0, 0.5, 0.2]);
            request.baseline_mw = Some(3.0.into());
            let offers = sold.offers(&request, &exact()).unwrap();
            let Some(rung) = offers.rungs.iter().find(|rung| rung.price_gbp_per_mwh.is_some()) else { continue };
            sold = and(&sold, offers.commitment(format!("{route:?}").as_str(), rung, Penalty::price(DEAR_GBP_PER_MWH)));
            of.push((periods, rung.energy_mwh.clone()));
        }
        let plan = optimum(&sold);
        assert!(missing(&plan) < ROUNDING_MWH, "seed {seed}: {:?}", plan.broken_limits);
        assert!(promises(&plan) <= promises(&optimum(&original)) + ROUNDING_GBP, "seed {seed}");
        both += u64::from(of.len() == 2);
        // By the meter: in each settlement period the import is below the baseline by all that is sold in it.
        for t in 0..PERIODS {
            let period = sold.horizon().settlement_period_of(t);
            let in_it = |(periods, energy): &(Vec<SettlementPeriod>, Vec<f64>)| {
                periods.iter().position(|known| *known == period).map(|i| energy[i])
            };
            let all: Vec<f64> = of.iter().filter_map(in_it).collect();
            let metered = 0.5 * plan.regions[0].import_mw[t];
            let owed: f64 = all.iter().sum();
            assert!(all.is_empty() || 1.5 - metered >= owed - ROUNDING_MWH, "seed {seed}: {metered} MWh, {all:?} sold");
        }
    }
    println!("{both} with two routes sold");
    assert!(both >= instances() / 4, "{both}");
}

#[test]
fn a_commitment_that_collides_with_hard_deadlines_falls_short_and_no_job_is_late() {
    let mut short = 0;
    for seed in 2000..2000 + instances() {
        let problem = problem(seed);
        let commitment = Commitment::new("much", Route::DsoFlex, "a", periods(1, 7), 4.0, 4.0);
        let plan = optimum(&and(&problem, commitment.penalty(Penalty::price(DEAR_GBP_PER_MWH))));
        short += u64::from(missing(&plan) > ROUNDING_MWH);
        for job in &plan.jobs {
            let wanted = problem.jobs().iter().find(|known| known.id == job.id).unwrap();
            if wanted.deadline_kind == DeadlineKind::Hard {
                let end = wanted.deadline.unwrap_or(problem.horizon().end());
                assert!(job.finished_at.is_some_and(|at| at <= end), "seed {seed}: `{}` is late", job.id);
            }
        }
    }
    assert!(short >= instances() / 2, "{short}");
}
