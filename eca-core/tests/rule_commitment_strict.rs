//! Strict commitments: what is due comes and costs no promise to a user, or the problem is refused with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod rule_support;

use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, Commitment, CommitmentKind, DeadlineKind, Direction, Engine, Error,
    Horizon, Job, Opportunity, Penalty, Plan, PowerTarget, Problem, ProblemBuilder, Route, Service, ServicePoint,
    Settings, SettlementPeriod,
};
use proptest::prelude::*;
use rule_support::*;

fn sps<const N: usize>(numbers: [u8; N]) -> [SettlementPeriod; N] {
    numbers.map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap())
}

/// `mw` less than 4 MW in these settlement periods; nothing that is due may be missing.
fn strict<const N: usize>(numbers: [u8; N], mw: f64) -> Commitment {
    Commitment::new("c", Route::DsoFlex, "a", sps(numbers), mw, 4.0).kind(CommitmentKind::Strict)
}

/// Half an hour at 4 MW: 20, 40, 100 or 100 GBP.
fn builder(job: Job) -> ProblemBuilder {
    Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0])).job(job)
}

fn half_an_hour() -> Job {
    job("j", 0.5, 4.0)
}

/// Until the end of period `end`.
fn until(end: usize) -> Job {
    half_an_hour().deadline(half_hours(end).end())
}

fn delivered(plan: &Plan) -> Vec<f64> {
    plan.commitments[0].delivered_mwh.iter().map(|mwh| mwh.unwrap()).collect()
}

/// The reasons of a refusal.
#[track_caller]
fn refused(problem: &Problem, settings: &Settings) -> Vec<String> {
    match problem.solve(settings) {
        Err(Error::Infeasible { rules }) => rules,
        other => panic!("{other:?}"),
    }
}

const REST: &str = "in the plan that comes nearest and breaks no promise to a user further; sell less, make it priced, or \
                    move deadlines";

#[test]
fn what_is_due_comes_whatever_energy_costs() {
    // SP1 to SP3 are sold: 100 GBP in SP4, where a shortfall of 2 MWh at 10 GBP would be 20 + 20 in SP1.
    let problem = builder(half_an_hour()).commitment(strict([1, 2, 3], 4.0)).build().unwrap();
    let plan = solve(&problem);
    assert_eq!(places(&plan, 0), "...a");
    costs(&plan, 100.0);
    assert_eq!(delivered(&plan), [2.0, 2.0, 2.0]);
    // 0.01 MWh missing at the default price of 100 GBP/MWh would cost 1 GBP, moving the job 80: it moves all the same.
    assert_eq!(
        places(&solve(&builder(half_an_hour()).commitment(strict([1, 2, 3], 0.02)).build().unwrap()), 0),
        "...a"
    );
    let cheap = Commitment::new("c", Route::DsoFlex, "a", sps([1, 2, 3]), 4.0, 4.0).penalty(Penalty::price(10.0));
    assert_eq!(places(&solve(&builder(half_an_hour()).commitment(cheap).build().unwrap()), 0), "a...");
}

#[test]
fn a_tolerance_may_be_missing() {
    // 4 MW of a load of 3 MW: of the 2 MWh that are sold half an hour of work leaves 0.5; a quarter is due.
    let part = |tolerance: f64| strict([1], 4.0).penalty(Penalty::default().tolerance_frac(tolerance));
    let problem = |tolerance| builder(job("j", 0.5, 3.0).deadline(half_hours(1).end())).commitment(part(tolerance));
    let plan = solve(&problem(0.75).build().unwrap());
    assert_eq!(delivered(&plan), [0.5]);
    let rules = refused(&problem(0.7).build().unwrap(), &exact());
    assert_eq!(rules, ["commitment `c`: 0.100000 of 0.600000 MWh due in 2026-03-02 SP1 are missing", REST]);
}

#[test]
fn one_that_collides_with_a_hard_deadline_is_refused_with_the_reason() {
    let problem = builder(until(2)).commitment(strict([1, 2], 3.0)).build().unwrap();
    // 1.5 MWh are due in each; 4 MW in one of them leave nothing there.
    let rules = refused(&problem, &exact());
    let one = |k| format!("commitment `c`: 1.500000 of 1.500000 MWh due in 2026-03-02 SP{k} are missing");
    assert!(rules == [one(1), REST.to_owned()] || rules == [one(2), REST.to_owned()], "{rules:?}");
    let conflict = problem.conflict().unwrap().unwrap().to_string();
    assert!(conflict.contains("the deadline of job `j` and commitment `c`"), "{conflict}");
    let text = Error::Infeasible { rules }.to_string();
    assert!(text.starts_with("no plan satisfies these limits together: commitment `c`: 1.5"), "{text}");
}

#[test]
fn no_promise_to_a_user_pays_for_it() {
    // Leaving the job undone would keep it; done without it, it must be done with it.
    let late = until(1).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(21.0);
    let problem = builder(late).commitment(strict([1], 4.0)).build().unwrap();
    assert_eq!(
        refused(&problem, &exact()),
        ["commitment `c`: 2.000000 of 2.000000 MWh due in 2026-03-02 SP1 are missing", REST]
    );
    // Undone at 19 GBP, less than the 20 GBP of doing it, it is undone without the commitment too: nothing is worse.
    let late = until(1).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(19.0);
    let plan = solve(&builder(late).commitment(strict([1], 4.0)).build().unwrap());
    breaks(&plan, "undone", "j", 1.0, "frac", 19.0);
    assert_eq!(delivered(&plan), [2.0]);
    // Shed inferences neither: a million of 1 Wh is 1 MWh.
    let service = Service::new("s", [1e6, 0.0], [ServicePoint { wh_per_inference: 1.0, latency_ms: 1.0 }])
        .shed_penalty_gbp_per_million(11.0);
    let served = |mw: f64| {
        let sold = Commitment::new("c", Route::DsoFlex, "a", sps([1]), mw, 4.0).kind(CommitmentKind::Strict);
        Problem::builder(half_hours(2)).region(site("a", 10.0)).service(service.clone()).commitment(sold).build()
    };
    assert_eq!(delivered(&solve(&served(2.0).unwrap())), [1.0]);
    let rules = refused(&served(2.2).unwrap(), &exact());
    assert_eq!(rules, ["commitment `c`: 0.100000 of 1.100000 MWh due in 2026-03-02 SP1 are missing", REST]);
}

#[test]
fn a_strict_cap_gives_way_to_it() {
    // SP1 is sold. 200 kg of carbon later, where the cap allows 150: the cap is last in the order.
    let mut region = site("a", [10.0, 20.0, 50.0, 50.0]);
    region.carbon_g_per_kwh = [10.0, 100.0, 120.0, 130.0].into();
    let cap = CarbonCap::strict("day", CapMetric::Kg, 150.0, CapWindow::Horizon);
    let problem = Problem::builder(half_hours(4)).region(region).job(half_an_hour()).carbon_cap(cap);
    let plan = solve(&problem.commitment(strict([1], 4.0)).build().unwrap());
    assert_eq!((places(&plan, 0).as_str(), delivered(&plan)), (".a..", vec![2.0]));
    let broken: Vec<_> = plan.broken_limits.iter().map(|limit| (limit.rule.as_str(), limit.amount.round())).collect();
    assert_eq!(broken, [("carbon_cap", 50.0)]);
}

#[test]
fn priced_ones_at_the_meter_give_way_first() {
    // 1 MWh below 4 MW is all there is: 2 MW for half an hour. Both sell 2 MW; the dear one is not strict.
    let dear = Commitment::new("d", Route::DsoFlex, "a", sps([1]), 2.0, 4.0).penalty(Penalty::price(900.0));
    let load = job("j", 0.5, 2.0).deadline(half_hours(1).end());
    let plan = solve(&builder(load).commitment(strict([1], 2.0)).commitment(dear).build().unwrap());
    breaks(&plan, "shortfall", "d", 1.0, "mwh", 900.0);
    assert_eq!(delivered(&plan), [1.0]);
}

#[test]
fn more_import_is_held_too() {
    // 4 MW more than nothing in SP3, where work costs 100 GBP instead of 20.
    let more = |mw: f64| {
        let mut more = Commitment::new("c", Route::DsoFlex, "a", sps([3]), mw, 0.0).kind(CommitmentKind::Strict);
        more.direction = Direction::Up;
        builder(half_an_hour()).commitment(more).build().unwrap()
    };
    let plan = solve(&more(4.0));
    assert_eq!((places(&plan, 0).as_str(), delivered(&plan)), ("..a.", vec![2.0]));
    let rules = refused(&more(5.0), &exact());
    assert_eq!(rules[0], "commitment `c`: 0.500000 of 2.500000 MWh due in 2026-03-02 SP3 are missing");
}

#[test]
fn an_opportunity_is_no_way_out_and_takes_nothing_from_it() {
    // 4 MW are due in SP1; work moves to SP2, so the 2 MW offered there are left. In SP3 they are taken.
    let offered =
        |k| Opportunity::new("o", Route::DsoFlex, "a", sps([k]), 2.0, 2.0).price_gbp_per_mwh(1000.0).min_mw(2.0);
    let problem = |k, job: Job| builder(job).commitment(strict([1], 4.0)).opportunity(offered(k)).build().unwrap();
    assert!(!solve(&problem(2, until(2))).opportunities[0].taken);
    assert!(solve(&problem(3, until(2))).opportunities[0].taken);
    assert_eq!(refused(&problem(3, until(1)), &exact())[1], REST);
}

#[test]
fn a_conflict_with_a_strict_target_names_what_is_in_the_way() {
    // Work in SP1 keeps the target and breaks the commitment; the target leaves no other place.
    let target = PowerTarget::strict("dso", "a", [None, Some(1.0), Some(1.0), Some(1.0)]);
    let problem = builder(half_an_hour()).target(target.clone()).commitment(strict([1], 4.0)).build().unwrap();
    assert_eq!(
        refused(&problem, &exact()),
        ["commitment `c`: 2.000000 of 2.000000 MWh due in 2026-03-02 SP1 are missing", REST]
    );
    // A target that nothing keeps is named as without the commitment.
    let closed = PowerTarget::strict("dso", "a", [Some(1.0), Some(1.0), Some(1.0), Some(1.0)]);
    let rules =
        refused(&builder(half_an_hour()).target(closed).commitment(strict([1], 1.0)).build().unwrap(), &exact());
    assert!(rules[0].starts_with("target `dso`: the import is 3.000000 MW too high"), "{rules:?}");
}

#[test]
fn no_engine_hands_out_a_plan_that_falls_short() {
    let possible = builder(half_an_hour()).commitment(strict([1], 4.0)).build().unwrap();
    let impossible = builder(until(1)).commitment(strict([1], 4.0)).build().unwrap();
    let priced = until(1).deadline_kind(DeadlineKind::Priced);
    let at_a_cost = builder(priced).commitment(strict([1], 4.0)).build().unwrap();
    for engine in [Engine::Auto, Engine::Exact, Engine::Columns, Engine::Fleet, Engine::Greedy] {
        let mut settings = Settings::default();
        settings.engine = engine;
        let plan = possible.solve(&settings).unwrap();
        assert!(plan.check(&possible).passed() && plan.broken_limits.is_empty(), "{engine:?}: {plan}");
        for problem in [&impossible, &at_a_cost] {
            let rules = refused(problem, &settings);
            assert!(rules[0].starts_with("commitment `c`: 2.000000 of 2.000000 MWh due"), "{engine:?}: {rules:?}");
        }
        // Without time nothing is promised: a plan that holds, or a refusal.
        settings.time_limit_s = Some(0.0);
        match possible.solve(&settings) {
            Ok(plan) => assert!(plan.check(&possible).passed(), "{engine:?}"),
            Err(Error::Infeasible { rules }) => assert!(rules[0].contains("commitment `c`"), "{engine:?}: {rules:?}"),
            Err(other) => panic!("{engine:?}: {other}"),
        }
    }
}

#[test]
fn the_check_lets_no_shortfall_pass() {
    // The plan of the priced problem falls short; it is none of the strict one.
    let sold = |kind| strict([1], 4.0).kind(kind);
    let priced = builder(until(1)).commitment(sold(CommitmentKind::Priced)).build().unwrap();
    let held = builder(until(1)).commitment(sold(CommitmentKind::Strict)).build().unwrap();
    let plan = priced.solve(&exact()).unwrap();
    assert!(plan.check(&priced).passed());
    let check = plan.check(&held);
    let found = check.findings.iter().find(|finding| finding.rule == "shortfall").expect("a finding");
    assert!(found.to_string().contains("2 MWh that are due in 2026-03-02 SP1 are missing, and none may be"), "{found}");
}

#[test]
fn a_price_of_what_may_not_be_missing_is_refused() {
    let priced = strict([1], 4.0).penalty(Penalty::price(100.0));
    let error = builder(half_an_hour()).commitment(priced).build().unwrap_err().to_string();
    assert_eq!(
        error,
        "commitment `c` has penalty.price_gbp_per_mwh = 100 GBP/MWh, must be left out where kind is strict: nothing that is \
         due may be missing"
    );
}

#[test]
fn documents_without_a_kind_stay_as_they_are() {
    let one = strict([1], 4.0);
    let text = serde_json::to_string(&one).unwrap();
    assert!(text.contains(r#""kind":"strict""#), "{text}");
    assert_eq!(Commitment::from_json(&text).unwrap(), one);
    let priced = serde_json::to_string(&one.kind(CommitmentKind::Priced)).unwrap();
    assert!(!priced.contains("kind"), "{priced}");
}

fn hours(periods: usize) -> Horizon {
    half_hours(periods)
}

/// Up to three jobs (first period, periods, MW, hard deadline), the part sold of a baseline from one settlement period on, and
/// a battery.
type Drawn = (Vec<(u8, u8, f64, bool)>, f64, f64, u8, Option<f64>);

fn drawn() -> impl Strategy<Value = Drawn> {
    let job = (0..5_u8, 1..4_u8, 0.5..3.0_f64, any::<bool>());
    (prop::collection::vec(job, 1..4), 0.3..1.0_f64, 1.0..5.0_f64, 1..5_u8, prop::option::of(0.2..1.5_f64))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    /// Either refused with a reason, or nothing is missing and nobody is worse off than without the commitment.
    #[test]
    fn held_without_a_cost_to_users_or_refused((jobs, part, baseline, k, battery) in drawn()) {
        let build = |sold: Option<CommitmentKind>| {
            let mut builder = Problem::builder(hours(8)).region(site("a", [10.0, 60.0, 30.0, 80.0, 20.0, 50.0, 40.0, 70.0]));
            if let Some(mw) = battery {
                builder = builder.battery(Battery::new("b", "a", mw, mw).soc_mwh(mw / 2.0));
            }
            for (j, &(first, length, mw, hard)) in jobs.iter().enumerate() {
                let end = usize::from(first + length + 1).min(8);
                let mut one = job(&format!("j{j}"), f64::from(length) / 2.0, mw).preemptible(true);
                one = one.earliest_start(hours(usize::from(first) + 1).start_of(usize::from(first)));
                one = one.deadline(hours(end).end());
                if !hard {
                    one = one.deadline_kind(DeadlineKind::Priced);
                }
                builder = builder.job(one);
            }
            if let Some(kind) = sold {
                let sold = Commitment::new("c", Route::DsoFlex, "a", sps([k, k + 1]), part * baseline, baseline);
                let dear = if kind == CommitmentKind::Priced { Penalty::price(1e5) } else { Penalty::default() };
                builder = builder.commitment(sold.kind(kind).penalty(dear));
            }
            builder.build()
        };
        // A job that cannot keep its own deadline alone is refused before.
        let Ok(without) = build(None) else { return Ok(()) };
        let undone = |plan: &Plan| plan.broken_limits.iter().filter(|l| l.rule == "undone").map(|l| l.amount).sum::<f64>();
        let without = solve(&without);
        let held = build(Some(CommitmentKind::Strict)).unwrap();
        // A price that no energy has leaves a shortfall only for promises.
        let priced = solve(&build(Some(CommitmentKind::Priced)).unwrap());
        let short: f64 = priced.commitments[0].shortfall_mwh.iter().flatten().sum();
        match held.solve(&exact()) {
            Ok(plan) => {
                prop_assert!(plan.check(&held).passed());
                prop_assert!(plan.commitments[0].shortfall_mwh.iter().flatten().all(|&mwh| mwh <= 1e-6));
                prop_assert!(undone(&plan) <= undone(&without) + 1e-6);
                prop_assert!(short <= 1e-6, "held, but priced it is short of {short} MWh");
            }
            Err(Error::Infeasible { rules }) => {
                prop_assert!(rules[0].starts_with("commitment `c`: "), "{rules:?}");
                prop_assert!(short > 1e-6, "refused, but priced it is delivered: {rules:?}");
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
