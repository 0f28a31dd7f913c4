//! The shed ladder: steps by what they cost, within tiers, in time, with a ramp; or the reason why not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::action::{Command, Target};
use eca_core::flex::{ShedLadder, ShedRequest, ShedSettings, Undoing};
use eca_core::{Battery, DeadlineKind, Job, JobPoint, Migration, Plan, Problem};
use rule_support::*;

/// 4 MW at full speed, 3 MW at 0.9, 2 MW at 0.7, 1 MW at 0.2 of it.
fn capped(id: &str, penalty: f64, most_undone: f64) -> Job {
    let points = [(4.0, 1.0), (3.0, 0.9), (2.0, 0.7), (1.0, 0.2)].map(|(mw, rate)| JobPoint::gpu_hours(mw, rate));
    Job::gpu_hours(id, 4.0, points)
        .preemptible(true)
        .deadline_kind(DeadlineKind::Priced)
        .undone_penalty_gbp(penalty)
        .undone_max_frac(most_undone)
}

fn ladder(problem: &Problem, t: usize) -> (Plan, ShedLadder) {
    let plan = solve(problem);
    let ladder = plan.shed_ladder(problem, "a", t, &ShedSettings::default()).unwrap();
    (plan, ladder)
}

fn two_jobs() -> Problem {
    // Work of 4 h in 4 h: 1,000 and 4,000 GBP, and energy costs nothing.
    Problem::builder(hours(4))
        .region(site("a", 0.0).overhead_mw(1.0))
        .job(capped("low", 1000.0, 0.5))
        .job(capped("high", 4000.0, 0.1))
        .build()
        .unwrap()
}

fn reason(ladder: &ShedLadder, request: ShedRequest) -> String {
    ladder.answer(&request).unwrap_err().to_string()
}

#[test]
fn caps_come_in_the_order_of_what_they_cost_and_stop_at_the_tier() {
    let (_, ladder) = ladder(&two_jobs(), 0);
    near(ladder.power_mw, 9.0, "import");
    // GBP an hour for each MW: low 25, 50, 125; high 100, 200, 500. Low may fall to half its speed, high to 0.9.
    let steps: Vec<(String, f64, bool)> = ladder
        .steps
        .iter()
        .map(|step| {
            let Target::Job { id, .. } = &step.target else { panic!("{step:?}") };
            (id.to_string(), (step.cost_gbp_per_h / step.shed_mw).round(), step.hold_max_s.is_none())
        })
        .collect();
    let expected = [("low", 25.0, true), ("low", 50.0, true), ("high", 100.0, true), ("low", 125.0, true)];
    for (found, (id, price, held)) in steps.iter().zip(expected) {
        assert_eq!((found.0.as_str(), found.1, found.2), (id, price, held), "{steps:?}");
    }
    // What lies below the tiers may be held for a while only.
    assert!(steps[4..].iter().all(|step| !step.2), "{steps:?}");
}

#[test]
fn thirty_per_cent_in_thirty_seconds() {
    let (_, ladder) = ladder(&two_jobs(), 0);
    let answer = ladder.answer(&ShedRequest::new(6.3).hold_s(4.0 * 3600.0)).unwrap();
    // 2.7 MW: 1 + 1 of the cheap job, 0.7 of the dear one.
    near(answer.power_mw, 6.3, "power");
    near_all(&answer.steps.iter().map(|step| step.shed_mw).collect::<Vec<_>>(), &[1.0, 1.0, 0.7], "steps");
    near(answer.cost_gbp, 4.0 * (25.0 + 50.0 + 70.0), "cost");
    near(answer.response_s, 5.0, "response");
    assert!(
        matches!(answer.steps[2].command, Command::SetPower { point: 1, power_mw } if (power_mw - 3.3).abs() < 1e-9)
    );
    // Nothing to do where the target is not below the plan.
    let nothing = ladder.answer(&ShedRequest::new(9.0)).unwrap();
    assert!(nothing.steps.is_empty() && nothing.cost_gbp == 0.0);
}

#[test]
fn a_ramp_is_kept_between() {
    let (_, ladder) = ladder(&two_jobs(), 0);
    let request = ShedRequest::new(7.0).ramp_mw_per_min(6.0).response_s(20.0).hold_s(60.0).rebound_max_mw(8.0);
    let answer = ladder.answer(&request).unwrap();
    // 2 MW at 0.1 MW/s: 20 s down, held for 60 s, 1 MW back up in 10 s.
    let (times, mw): (Vec<f64>, Vec<f64>) = answer.import_mw.iter().copied().unzip();
    near_all(&times, &[0.0, 20.0, 80.0, 90.0], "times");
    near_all(&mw, &[9.0, 7.0, 7.0, 8.0], "import");
    near_all(&[answer.steps[0].end_s, answer.steps[1].start_s, answer.steps[1].end_s], &[10.0, 10.0, 20.0], "steps");
    let text = reason(&ladder, request.response_s(19.0));
    assert!(text.contains("region `a`: a fall of 2.000000 MW takes 20.0 s at 6 MW/min, 19 s are given"), "{text}");
}

#[test]
fn what_the_tiers_do_not_allow_is_refused_with_the_reason() {
    let (_, ladder) = ladder(&two_jobs(), 0);
    // Held to the end: low to 1.6 MW (half its speed), high to 3 MW: 9 - 2.4 - 1 = 5.6 MW.
    assert!(ladder.answer(&ShedRequest::new(5.61).hold_s(4.0 * 3600.0)).is_ok());
    let text = reason(&ladder, ShedRequest::new(5.59).hold_s(4.0 * 3600.0));
    assert!(text.contains("region `a` reaches 5.600000 MW within 30 s for 14400 s"), "{text}");
    assert!(text.contains("may not be held so long") && text.contains("take longer"), "{text}");
    // For an hour more may go: high does its part at full speed afterwards, at 0.7 for a third of its allowance and more.
    let hour = ladder.answer(&ShedRequest::new(5.0).hold_s(3600.0)).unwrap();
    assert!(hour.power_mw <= 5.0 + 1e-9);
    // Below what is not IT nothing goes.
    assert!(reason(&ladder, ShedRequest::new(0.9)).contains("are asked for"));
    assert!(reason(&ladder, ShedRequest::new(f64::NAN)).contains("power_mw = NaN"));
    assert!(reason(&ladder, ShedRequest::new(5.0).ramp_mw_per_min(0.0)).contains("must be above 0"));
}

#[test]
fn a_hold_never_costs_a_hard_job_its_deadline() {
    // 2 h of work in 4 h, running in the first two: it may stop for 2 h, and no longer.
    let problem = Problem::builder(hours(4))
        .region(site("a", [10.0, 10.0, 50.0, 50.0]))
        .job(job("hard", 2.0, 2.0).preemptible(true).pause_cost_gbp(3.0))
        .build()
        .unwrap();
    let (_, ladder) = ladder(&problem, 0);
    let step = &ladder.steps[0];
    assert_eq!((step.undoing, step.command.clone(), step.hold_max_s), (Undoing::Resume, Command::Pause, Some(7200.0)));
    // 2 MWh later at 50 instead of now at 10, each hour; and the pause.
    near(step.cost_gbp_per_h, 80.0, "cost for each hour");
    near(step.cost_gbp, 3.0, "cost of the pause");
    assert!(ladder.answer(&ShedRequest::new(0.0).response_s(60.0).hold_s(7200.0)).is_ok());
    assert!(reason(&ladder, ShedRequest::new(0.0).response_s(60.0).hold_s(7201.0)).contains("may not be held"));
    assert!(reason(&ladder, ShedRequest::new(0.0).response_s(59.0)).contains("take longer"));
    // A stop within 60 s falls by 2 MW/min.
    assert!(
        reason(&ladder, ShedRequest::new(0.0).response_s(90.0).ramp_mw_per_min(1.9)).contains("faster than the ramp")
    );
}

#[test]
fn a_battery_gives_what_it_has_and_a_job_may_move() {
    let mut battery = Battery::new("b", "a", 2.0, 4.0).soc_mwh(1.0).end_soc_min_mwh(1.0).wear_gbp_per_mwh(1.0);
    battery.soc_min_mwh = 0.5;
    let problem = Problem::builder(hours(2))
        .region(site("a", 50.0))
        .region(site("z", 60.0))
        .battery(battery)
        .job(job("solid", 1.0, 2.0).in_regions(["a"]))
        .job(job("free", 1.0, 1.0).migration(Migration { cost_gbp: 200.0, periods: 0, energy_mwh: 0.0 }))
        .build()
        .unwrap();
    let plan = problem.solve(&exact()).unwrap();
    let t = (0..2).max_by(|&a, &b| plan.regions[0].it_mw[a].total_cmp(&plan.regions[0].it_mw[b])).unwrap();
    let ladder = plan.shed_ladder(&problem, "a", t, &ShedSettings::default()).unwrap();
    let battery = ladder.steps.iter().find(|step| matches!(step.target, Target::Battery { .. })).unwrap();
    near(battery.energy_mwh.unwrap(), 0.5, "energy");
    let solid =
        |step: &&eca_core::flex::ShedStep| matches!(&step.target, Target::Job { id, .. } if id.as_str() == "solid");
    assert!(!ladder.steps.iter().any(|step| solid(&step)), "it may neither pause nor move");
    // Half a MWh lasts 15 minutes at 2 MW, and gives 1 MW for half an hour.
    let now = ladder.power_mw;
    let quarter = ladder.answer(&ShedRequest::new((now - 2.0).max(0.0)).response_s(0.0 + 120.0).hold_s(600.0)).unwrap();
    assert!(quarter.power_mw <= (now - 2.0).max(0.0) + 1e-6);
    let moves = ladder.steps.iter().find(|step| matches!(step.command, Command::Migrate { .. }));
    if let Some(step) = moves {
        assert_eq!((step.undoing, step.effect_s, step.cost_gbp), (Undoing::Move, 120.0, 200.0));
    }
}

#[test]
fn answers_are_arithmetic_on_the_ladder_alone() {
    let (plan, ladder) = ladder(&two_jobs(), 0);
    // It travels as a document, and the copy gives the same answers.
    let copy = ShedLadder::from_json(&ladder.to_json().unwrap()).unwrap();
    assert_eq!(copy, ladder);
    let request = ShedRequest::new(6.0).hold_s(600.0);
    assert_eq!(copy.answer(&request).unwrap(), ladder.answer(&request).unwrap());
    assert!(ShedLadder::from_json("{}").is_err());
    let other = Problem::builder(hours(4)).region(site("a", 1.0)).build().unwrap();
    let text = |result: eca_core::Result<ShedLadder>| result.unwrap_err().to_string();
    assert!(text(plan.shed_ladder(&other, "a", 0, &ShedSettings::default())).contains("its own problem"));
    assert!(text(plan.shed_ladder(&two_jobs(), "x", 0, &ShedSettings::default())).contains("region `x`"));
    assert!(text(plan.shed_ladder(&two_jobs(), "a", 4, &ShedSettings::default())).contains("must be below 4"));
}
