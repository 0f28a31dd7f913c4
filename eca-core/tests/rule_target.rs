//! Power targets: met from the period on, with ramps and a limit on the rebound, or refused with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    Battery, DeadlineKind, Engine, Error, Job, JobPoint, JobState, PowerTarget, Problem, ProblemBuilder, Settings,
};
use rule_support::*;

/// Two hours of work at 2 MW, or three hours at 1 MW and more: 0.6 of the speed.
fn capped(id: &str, hours: f64) -> Job {
    Job::gpu_hours(id, hours, [JobPoint::gpu_hours(2.0, 1.0), JobPoint::gpu_hours(1.0, 0.6)]).preemptible(true)
}

fn import(problem: &Problem) -> Vec<f64> {
    solve(problem).regions[0].import_mw.clone()
}

fn refused(builder: ProblemBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_target_moves_load_out_of_its_periods() {
    // 2 MW for two of four hours, cheapest in hours 1 and 2 (20 GBP/MWh); with at most 0.5 MW there it pays 50 in 0 and 3.
    let site = || site("a", [50.0, 20.0, 20.0, 50.0]);
    let job = || job("j", 2.0, 2.0).preemptible(true);
    let free = Problem::builder(hours(4)).region(site()).job(job()).build().unwrap();
    costs(&solve(&free), 80.0);
    let target = PowerTarget::strict("dso", "a", [None, Some(0.5), Some(0.5), None]);
    let held = Problem::builder(hours(4)).region(site()).job(job()).target(target).build().unwrap();
    let plan = solve(&held);
    costs(&plan, 200.0);
    near_all(&plan.regions[0].import_mw, &[2.0, 0.0, 0.0, 2.0], "import");
}

#[test]
fn a_power_cap_comes_before_a_pause_where_it_is_cheaper() {
    // Pausing costs 30; running at 1 MW through the target costs energy only.
    let target = PowerTarget::strict("dso", "a", [None, Some(1.0), None]);
    let job = capped("j", 2.6).pause_cost_gbp(30.0);
    let problem = Problem::builder(hours(3)).region(site("a", 50.0)).job(job).target(target).build().unwrap();
    near_all(&import(&problem), &[2.0, 1.0, 2.0], "import");
}

#[test]
fn a_battery_serves_a_target_where_work_cannot_wait() {
    let target = PowerTarget::strict("dso", "a", [None, Some(1.5)]);
    let mut battery = Battery::new("b", "a", 2.0, 2.0);
    battery.soc_mwh = 0.5;
    let builder = || Problem::builder(hours(2)).region(site("a", 50.0)).job(job("j", 2.0, 2.0)).target(target.clone());
    let with = builder().battery(battery).build().unwrap();
    near_all(&import(&with), &[2.0, 1.5], "import");
    let error = builder().build().unwrap().solve(&exact()).unwrap_err();
    assert!(matches!(error, Error::Infeasible { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("target `dso`") && text.contains("0.500000 MW") && text.contains("period 1"), "{text}");
}

#[test]
fn the_rebound_stays_under_its_limit() {
    // Work for 2 MW in three of four hours; after the hold no more than 1 MW.
    let target = PowerTarget::strict("dso", "a", [None, Some(0.0), None, None]).rebound_max_mw(1.0);
    let job =
        Job::gpu_hours("j", 2.0, [JobPoint::gpu_hours(2.0, 1.0), JobPoint::gpu_hours(1.0, 0.5)]).preemptible(true);
    let problem = Problem::builder(hours(4)).region(site("a", 50.0)).job(job).target(target).build().unwrap();
    near_all(&import(&problem), &[2.0, 0.0, 1.0, 1.0], "import");
}

#[test]
fn a_ramp_limits_the_step_at_both_ends_and_the_response_the_fall() {
    // 0.05 MW/min: 3 MW in an hour up, 1.5 MW within 1,800 s down.
    let target =
        PowerTarget::strict("dso", "a", [None, None, Some(1.0), None]).ramp_mw_per_min(0.05).response_s(1800.0);
    let load = |k: usize| {
        Job::gpu_hours(format!("j{k}"), 4.0, [JobPoint::gpu_hours(1.0, 1.0)])
            .divisible(true)
            .deadline_kind(DeadlineKind::Priced)
            .undone_penalty_gbp(400.0)
    };
    let mut builder = Problem::builder(hours(4)).region(site("a", 10.0)).target(target);
    for k in 0..8 {
        builder = builder.job(load(k));
    }
    // Eight loads of up to 1 MW, worth 100 GBP/MWh: full power but around the target.
    near_all(&import(&builder.build().unwrap()), &[8.0, 2.5, 1.0, 4.0], "import");
}

#[test]
fn a_priced_target_is_exceeded_where_that_is_cheaper() {
    // The job must run in the hour: 1 MW above the target at 300 GBP/MWh.
    let target = PowerTarget::priced("dso", "a", 1.0, 300.0);
    let problem =
        Problem::builder(hours(1)).region(site("a", 50.0)).job(job("j", 1.0, 2.0)).target(target).build().unwrap();
    let plan = solve(&problem);
    breaks(&plan, "target", "dso", 1.0, "mw", 300.0);
    near(plan.totals.cost_gbp, 100.0, "cost");
}

#[test]
fn every_engine_meets_a_strict_target_and_refuses_what_it_cannot_say() {
    let build = |target: PowerTarget| {
        let mut builder =
            Problem::builder(hours(6)).region(site("a", [50.0, 20.0, 20.0, 20.0, 50.0, 60.0])).target(target);
        for k in 0..4 {
            builder = builder.job(job(&format!("j{k}"), 2.0, 1.0).preemptible(true));
        }
        builder.build().unwrap()
    };
    let target = PowerTarget::strict("dso", "a", [None, None, Some(1.0), Some(1.0), None, None]);
    let plain = build(target.clone());
    let ramped = build(target.ramp_mw_per_min(1.0));
    for engine in [Engine::Exact, Engine::Columns, Engine::Fleet] {
        let mut settings = Settings::default();
        settings.engine = engine;
        let plan = plain.solve(&settings).unwrap();
        assert!(plan.check(&plain).passed());
        assert!(plan.regions[0].import_mw[2..4].iter().all(|&mw| mw <= 1.000_001), "{engine:?}: {plan}");
        let answer = ramped.solve(&settings);
        if engine == Engine::Exact {
            assert!(answer.is_ok());
        } else {
            let text = answer.unwrap_err().to_string();
            assert!(text.contains("target `dso`: ramp_mw_per_min is not supported"), "{text}");
        }
    }
}

#[test]
fn what_no_plan_could_meet_is_refused_before_planning() {
    let builder =
        |target: PowerTarget| Problem::builder(hours(2)).region(site("a", 50.0).overhead_mw(0.8)).target(target);
    let text = refused(builder(PowerTarget::strict("dso", "a", [None, Some(0.5)])));
    assert!(
        text.contains("target `dso` has power_mw[1] = 0.5 MW, must be at least 0.8") && text.contains("overhead"),
        "{text}"
    );
    // A job that may not be stopped adds its least power.
    let state = JobState {
        region: "a".into(),
        point: Some(0),
        done_inferences: 0.0,
        done_gpu_hours: 0.0,
        running_since: None,
        can_stop: false,
        pauses: 0,
    };
    let running = builder(PowerTarget::strict("dso", "a", [Some(1.5), None])).job(capped("j", 1.5).state(state));
    assert!(refused(running).contains("must be at least 1.8"));
    // The rebound limit too.
    let rebound = builder(PowerTarget::strict("dso", "a", [Some(1.0), None]).rebound_max_mw(0.1));
    assert!(refused(rebound).contains("rebound_max_mw = 0.1 MW, must be at least 0.8"));
    // Fields.
    assert!(refused(builder(PowerTarget::strict("dso", "b", 1.0))).contains("names region `b`"));
    assert!(refused(builder(PowerTarget::strict("dso", "a", [1.0]))).contains("1 values in power_mw"));
    assert!(refused(builder(PowerTarget::strict("dso", "a", 1.0).ramp_mw_per_min(0.0))).contains("must be above 0"));
    let twice = builder(PowerTarget::strict("dso", "a", 1.0)).target(PowerTarget::strict("dso", "a", 2.0));
    assert!(refused(twice).contains("target `dso` is defined twice"));
}

#[test]
fn a_tier_keeps_its_throughput() {
    // Two jobs of 2 MW through 2 MW: the dearer one runs all the time, but the other may lose at most half.
    let target = PowerTarget::strict("dso", "a", 2.0);
    let tier = |id: &str, penalty: f64, most: f64| {
        job(id, 4.0, 2.0)
            .preemptible(true)
            .deadline_kind(DeadlineKind::Priced)
            .undone_penalty_gbp(penalty)
            .undone_max_frac(most)
    };
    let build = |most: f64| {
        Problem::builder(hours(4))
            .region(site("a", 0.0))
            .job(tier("gold", 900.0, 1.0))
            .job(tier("silver", 100.0, most))
            .target(target.clone())
            .build()
    };
    let undone = |most: f64| {
        let plan = solve(&build(most).unwrap());
        plan.jobs.iter().map(|job| job.undone_frac).collect::<Vec<_>>()
    };
    assert_eq!(undone(1.0), [0.0, 1.0]);
    assert_eq!(undone(0.5), [0.5, 0.5]);
    assert_eq!(undone(0.6), [0.5, 0.5]);
    // Alone it would do all of five hours' work but an hour.
    let short = Problem::builder(hours(4)).region(site("a", 0.0)).job(five_hours(tier("j", 1.0, 0.1)));
    assert!(refused(short).contains("undone_max_frac = 0.1, must be at least 0.2"));
}

fn five_hours(mut job: Job) -> Job {
    job.gpu_hours = Some(5.0);
    job
}

#[test]
fn a_check_sees_a_target_that_is_exceeded() {
    let with = |power: f64| {
        let target = PowerTarget::strict("dso", "a", [None, Some(power)]).ramp_mw_per_min(power / 60.0);
        Problem::builder(hours(2)).region(site("a", 50.0)).job(job("j", 2.0, 2.0)).target(target).build().unwrap()
    };
    let mut plan = solve(&with(2.0));
    plan.problem_hash = with(1.5).hash();
    let check = plan.check(&with(1.5));
    assert_eq!(
        check.findings.iter().map(|f| (&*f.rule, f.period)).collect::<Vec<_>>(),
        [("target", Some(1))],
        "{check}"
    );
}

#[test]
fn simple_policies_are_mended_where_they_break_a_strict_target() {
    // The job is cheapest in the first half hour, which is closed to it: greedy moves it, whatever that costs.
    let problem = |ramp: Option<f64>| {
        let target = PowerTarget::strict("t", "a", [Some(3.0), None, None, None]);
        let target = ramp.map_or(target.clone(), |ramp| target.ramp_mw_per_min(ramp));
        let builder = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 30.0, 40.0]));
        builder.job(job("j", 0.5, 4.0)).target(target).build().unwrap()
    };
    let mut settings = exact();
    settings.engine = Engine::Greedy;
    for ramp in [None, Some(0.15)] {
        let problem = problem(ramp);
        let plan = problem.solve(&settings).unwrap();
        assert!(plan.check(&problem).passed() && plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
        assert_eq!(plan.engine, "greedy");
        assert!(plan.engine_reason.contains("moved by a MILP"), "{}", plan.engine_reason);
    }
    // Where nothing keeps it, the reason is that of the target.
    let job = job("j", 0.5, 4.0).deadline(half_hours(1).end());
    let target = PowerTarget::strict("t", "a", [Some(3.0), None, None, None]);
    let builder = Problem::builder(half_hours(4)).region(site("a", 10.0)).job(job).target(target);
    let error = builder.build().unwrap().solve(&settings).unwrap_err().to_string();
    assert!(error.contains("target `t`") && error.contains("1.000000 MW too high"), "{error}");
}
