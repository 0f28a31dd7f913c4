//! Conflicts between capacity, a carbon cap and deadlines: which limits, and repairs that are enough.
//!
//! `ECA_TEST_SCALE=large` looks at 200 of them. Times are printed, not judged.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub, missing_docs)]

#[path = "explain_conflict/dice.rs"]
mod dice;
#[path = "explain_conflict/instances.rs"]
mod instances;

use eca_core::explain::{Currency, Limit, Setting};
use eca_core::{CapMetric, CapWindow, CarbonCap, Horizon, Job, JobPoint, Problem, Region, Settings};
use std::collections::BTreeMap;
use std::time::Instant;

fn count() -> usize {
    // How many instances a test draws is a choice of who runs it.
    #[allow(clippy::disallowed_methods)]
    let scale = std::env::var("ECA_TEST_SCALE").unwrap_or_default();
    if scale == "large" { 200 } else { 30 }
}

#[test]
fn every_conflict_has_a_repair_that_is_enough() {
    let (mut conflicts, mut proved, mut none, mut seed) = (0, 0, 0, 0);
    let mut walls = Vec::new();
    let mut kinds = BTreeMap::<String, u64>::new();
    let mut gaps = BTreeMap::<Currency, Vec<f64>>::new();
    let mut sets = BTreeMap::<usize, u64>::new();
    while conflicts < count() {
        seed += 1;
        assert!(seed < 20 * count() as u64, "{conflicts} conflicts among {seed} problems");
        let (problem, tight) = instances::drawn(seed);
        #[allow(clippy::disallowed_methods)]
        let begun = Instant::now();
        let found = problem.conflict().unwrap();
        let wall = begun.elapsed().as_secs_f64();
        let Some(conflict) = found else {
            none += 1;
            continue;
        };
        conflicts += 1;
        walls.push(wall);
        proved += usize::from(conflict.proved);
        if conflicts <= 3 {
            println!("{tight:?}: {conflict}");
        }
        assert!(!conflict.limits.is_empty() && !conflict.repairs.is_empty(), "seed {seed} {tight:?}: {conflict}");
        *sets.entry(conflict.limits.len()).or_default() += 1;
        let names: Vec<String> = conflict.repairs.iter().map(|r| format!("{:?}", r.currency)).collect();
        *kinds.entry(names.join(" ")).or_default() += 1;
        for repair in &conflict.repairs {
            // The changes make a problem, and a plan of it that breaks nothing passes the check.
            let mended = repair.apply(&problem).unwrap();
            let plan = repair.plan().unwrap();
            let check = plan.check(&mended);
            assert!(check.passed(), "seed {seed}: {check}");
            assert!(plan.broken_limits.is_empty(), "seed {seed}: {:?}", plan.broken_limits);
            assert!(!plan.check(&problem).passed(), "seed {seed}: the plan needs no repair");
            if let Some(least) = repair.at_least {
                assert!(repair.amount >= least - 1e-6, "seed {seed}: {} below {least}", repair.amount);
                gaps.entry(repair.currency).or_default().push(least / repair.amount);
            }
        }
        assert!(conflict.repairs.windows(2).all(|pair| pair[0].relative <= pair[1].relative));
    }
    walls.sort_by(f64::total_cmp);
    println!(
        "{conflicts} conflicts, {proved} of them proved; {none} problems without; repairs: {kinds:?}; set sizes {sets:?}"
    );
    println!("wall: median {:.3} s, most {:.3} s", walls[walls.len() / 2], walls[walls.len() - 1]);
    for (currency, mut parts) in gaps {
        parts.sort_by(f64::total_cmp);
        println!(
            "  {currency:?}: proved least over offered, median {:.3}, tenth {:.3}",
            parts[parts.len() / 2],
            parts[parts.len() / 10]
        );
    }
}

/// Two jobs of 1 MW and two hours in a window of two hours on a site of 1 MW: nothing but power or time can mend it.
#[test]
fn two_jobs_in_one_place() {
    let horizon = Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 60, 6).unwrap();
    let job = |id: &str| Job::gpu_hours(id, 2.0, [JobPoint::gpu_hours(1.0, 1.0)]).deadline(horizon.start_of(2));
    let site = Region::new("london").it_capacity_mw(1.0).import_limit_mw(9.0).carbon_g_per_kwh(100.0);
    let cap = CarbonCap::strict("day", CapMetric::Kg, 500.0, CapWindow::Horizon);
    let problem = Problem::builder(horizon)
        .region(site.import_price_gbp_per_mwh(50.0))
        .job(job("J1"))
        .job(job("J2"))
        .carbon_cap(cap)
        .build()
        .unwrap();
    let conflict = problem.conflict().unwrap().unwrap();
    assert!(conflict.proved);
    let limits: Vec<(Limit, &str)> = conflict.limits.iter().map(|l| (l.limit, l.object.as_str())).collect();
    assert_eq!(limits, [(Limit::Deadline, "J1"), (Limit::Deadline, "J2"), (Limit::ItCapacity, "london")]);
    let power = conflict.repairs.iter().find(|repair| repair.currency == Currency::Mw).unwrap();
    assert_eq!((power.amount, power.at_least), (1.0, Some(1.0)));
    assert_eq!(power.text, "1 MW more IT capacity in `london`");
    let time = conflict.repairs.iter().find(|repair| repair.currency == Currency::Periods).unwrap();
    assert_eq!(time.amount, 2.0);
    assert_eq!(time.changes.len(), 1);
    assert_eq!(time.changes[0].to, Setting::Time(horizon.start_of(4)));
    assert!(conflict.repairs.iter().all(|repair| repair.currency != Currency::Kg), "{conflict}");
    assert_eq!(power.cost_gbp, 200.0);
    for repair in &conflict.repairs {
        let mended = repair.apply(&problem).unwrap();
        assert_eq!(mended.conflict().unwrap(), None);
        assert!(mended.solve(&Settings::default()).unwrap().broken_limits.is_empty());
    }
}

/// 4 MWh at 100 g under a cap of 250 kg: 150 kg are missing, whenever and wherever it runs.
#[test]
fn a_cap_that_cannot_be_kept_names_itself() {
    let horizon = Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 60, 6).unwrap();
    let site = Region::new("london").it_capacity_mw(4.0).import_limit_mw(9.0).carbon_g_per_kwh(100.0);
    let problem = Problem::builder(horizon)
        .region(site.import_price_gbp_per_mwh(50.0))
        .job(Job::gpu_hours("J1", 2.0, [JobPoint::gpu_hours(2.0, 1.0)]))
        .carbon_cap(CarbonCap::strict("day", CapMetric::Kg, 250.0, CapWindow::Horizon))
        .build()
        .unwrap();
    let conflict = problem.conflict().unwrap().unwrap();
    assert!(conflict.proved);
    assert_eq!(
        conflict.to_string(),
        "carbon cap `day` cannot be kept; what would mend it: 150 kg more for carbon cap `day`"
    );
    assert_eq!((conflict.repairs[0].amount, conflict.repairs[0].at_least), (150.0, Some(150.0)));
    assert_eq!(conflict.repairs[0].relative, 0.6);
}

#[test]
fn a_problem_whose_limits_can_be_kept_has_no_conflict() {
    let horizon = Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 60, 6).unwrap();
    let site = Region::new("london").it_capacity_mw(1.0).import_limit_mw(9.0).carbon_g_per_kwh(100.0);
    let job = |id: &str| Job::gpu_hours(id, 3.0, [JobPoint::gpu_hours(1.0, 1.0)]);
    let builder = Problem::builder(horizon).region(site.import_price_gbp_per_mwh(50.0)).job(job("J1")).job(job("J2"));
    assert_eq!(builder.build().unwrap().conflict().unwrap(), None);
}
