//! The controller step by step, with commands worked out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::action::{Action, Command, Inbox, Target, Verdict};
use eca_core::mpc::{Controller, ControllerSettings, Source, Step, Uncertainty};
use eca_core::{
    Battery, Control, Horizon, Job, JobPoint, JobState, Migration, Problem, ProblemDocument, Region, Timestamp,
};
use rule_support::{at, job, near, site};

fn later(from: u32, periods: usize) -> Horizon {
    Horizon::new(at(from), 60, periods).unwrap()
}

fn document(horizon: Horizon, regions: impl IntoIterator<Item = Region>, jobs: Vec<Job>) -> ProblemDocument {
    let builder = regions.into_iter().fold(Problem::builder(horizon), |builder, region| builder.region(region));
    let mut document = builder.build().unwrap().document().clone();
    // As it comes from outside: not validated.
    document.jobs = jobs;
    document
}

fn running(region: &str, point: Option<usize>, done_gpu_hours: f64, since: Option<Timestamp>) -> JobState {
    JobState {
        region: region.into(),
        point,
        done_inferences: 0.0,
        done_gpu_hours,
        running_since: since,
        can_stop: true,
        pauses: 0,
    }
}

fn controller(committed_periods: usize) -> Controller {
    let mut settings = ControllerSettings::default();
    settings.solve.gap = 0.0;
    settings.committed_periods = committed_periods;
    Controller::new(settings).unwrap()
}

/// Commands in short: what, where, when.
fn short(actions: &[Action]) -> Vec<String> {
    let each = actions.iter().map(|action| {
        let what = match &action.command {
            Command::Run { region, point, .. } => format!("run {region}/{point}"),
            Command::SetPower { point, power_mw } => format!("set {point} {power_mw}"),
            Command::Pause => "pause".to_owned(),
            Command::Resume { region, point, .. } => format!("resume {region}/{point}"),
            Command::Migrate { region, point, .. } => format!("migrate {region}/{point}"),
            Command::SetShares { shares, power_mw } => format!("shares {shares:?} {power_mw}"),
            Command::Charge { power_mw } => format!("charge {power_mw}"),
            Command::Discharge { power_mw } => format!("discharge {power_mw}"),
            Command::Idle => "idle".to_owned(),
        };
        assert_eq!(action.expires.minutes_since(action.not_before), 60);
        format!("{}h {what}", action.not_before.minutes_since(at(0)) / 60)
    });
    each.collect()
}

fn step(controller: &mut Controller, document: &ProblemDocument) -> Step {
    let step = controller.step(document.horizon.start, document).unwrap();
    if let (Some(plan), Some(problem)) = (&step.plan, &step.problem) {
        assert!(plan.check(problem).passed());
    }
    step
}

#[test]
fn one_job_is_run_paused_resumed_and_left_to_end() {
    // Cheap in hours 1, 2 and 4.
    let price = [90.0, 10.0, 10.0, 80.0, 10.0, 90.0];
    let work = || job("j", 3.0, 1.0).preemptible(true).pause_cost_gbp(1.0);
    let mut eca = controller(0);
    let mut go = |from: u32, state: Option<JobState>| {
        let work = state.map_or_else(work, |state| work().state(state));
        let step =
            step(&mut eca, &document(later(from, 6 - from as usize), [site("a", &price[from as usize..])], vec![work]));
        assert_eq!(step.source, Source::Optimal);
        short(&step.actions)
    };
    assert!(go(0, None).is_empty());
    assert_eq!(go(1, None), ["1h run a/0"]);
    assert!(go(2, Some(running("a", Some(0), 1.0, Some(at(1))))).is_empty());
    assert_eq!(go(3, Some(running("a", Some(0), 2.0, Some(at(1))))), ["3h pause"]);
    assert_eq!(go(4, Some(running("a", None, 2.0, None))), ["4h resume a/0"]);
    // Hour 5: the work is done, the job ends by itself and is no longer in the document.
}

#[test]
fn power_is_set_and_jobs_move() {
    // Slow in `a` while it is dear, then fast; the move to `b` takes one hour.
    let points = [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(2.0, 2.0)];
    let work = || {
        Job::gpu_hours("j", 5.0, points).preemptible(true).max_pauses(0).migration(Migration {
            cost_gbp: 0.0,
            periods: 1,
            energy_mwh: 0.0,
        })
    };
    let (a, b) = ([60.0, 10.0, 99.0, 99.0], [99.0, 99.0, 99.0, 10.0]);
    let regions = |from: usize| [site("a", &a[from..]), site("b", &b[from..])];
    let mut eca = controller(0);
    let mut go = |from: u32, work: Job| {
        short(&step(&mut eca, &document(later(from, 4 - from as usize), regions(from as usize), vec![work])).actions)
    };
    assert_eq!(go(0, work()), ["0h run a/0"]);
    assert_eq!(go(1, work().state(running("a", Some(0), 1.0, Some(at(0))))), ["1h set 1 2"]);
    assert_eq!(go(2, work().state(running("a", Some(1), 3.0, Some(at(0))))), ["2h migrate b/1"]);
    // On its way it is written as running where it will arrive: nothing more is to be said.
    assert!(go(3, work().state(running("b", Some(1), 3.0, Some(at(0))))).is_empty());
}

#[test]
fn a_battery_gets_a_set_point_for_every_period() {
    let region = |price: &[f64]| {
        Region::new("a")
            .import_limit_mw(5.0)
            .export_limit_mw(5.0)
            .import_price_gbp_per_mwh(price)
            .export_price_gbp_per_mwh(price)
    };
    let with = |from: u32, price: &[f64], soc: f64| {
        let mut document = document(later(from, price.len()), [region(price)], Vec::new());
        document.batteries = vec![Battery::new("b", "a", 1.0, 1.0).soc_mwh(soc)];
        document
    };
    let price = [10.0, 50.0, 90.0];
    let mut eca = controller(0);
    assert_eq!(short(&step(&mut eca, &with(0, &price, 0.0)).actions), ["0h charge 1"]);
    assert_eq!(short(&step(&mut eca, &with(1, &price[1..], 1.0)).actions), ["1h idle"]);
    assert_eq!(short(&step(&mut eca, &with(2, &price[2..], 1.0)).actions), ["2h discharge 1"]);
}

#[test]
fn divisible_jobs_get_shares_for_every_period() {
    let mut eca = controller(1);
    let work = job("j", 1.5, 2.0).divisible(true);
    let step = step(&mut eca, &document(later(0, 3), [site("a", [10.0, 20.0, 90.0])], vec![work]));
    assert_eq!(short(&step.actions), ["0h shares [1.0] 2", "1h shares [0.5] 1"]);
}

#[test]
fn copies_are_jobs_of_their_own() {
    let mut eca = controller(0);
    let region = site("a", [10.0, 20.0]).it_capacity_mw(1.0);
    let step = step(&mut eca, &document(later(0, 2), [region], vec![job("j", 1.0, 1.0).count(2)]));
    let targets: Vec<_> = step.actions.iter().map(|action| action.target.clone()).collect();
    assert_eq!(targets.len(), 1);
    assert!(matches!(&targets[0], Target::Job { id, copy: 0 } if id.as_str().starts_with("j#")), "{targets:?}");
}

#[test]
fn what_was_sent_ahead_stays_when_prices_turn() {
    let work = || job("j", 1.0, 1.0);
    let mut eca = controller(2);
    let first = step(&mut eca, &document(later(0, 6), [site("a", [90.0, 90.0, 10.0, 90.0, 90.0, 90.0])], vec![work()]));
    assert_eq!(short(&first.actions), ["2h run a/0"]);
    // Now hour 1 would be the cheapest: it is committed to nothing, and hour 2 to the job.
    let second = step(&mut eca, &document(later(1, 5), [site("a", [1.0, 99.0, 5.0, 90.0, 90.0])], vec![work()]));
    assert_eq!(second.actions, first.actions);
    assert_eq!(second.generation, 2);
    // Planning again at the same instant changes nothing either.
    let again = step(&mut eca, &document(later(1, 5), [site("a", [1.0, 1.0, 99.0, 1.0, 1.0])], vec![work()]));
    assert_eq!(again.actions, first.actions);
    assert_eq!(again.source, Source::Optimal);
}

#[test]
fn a_view_that_ends_before_the_commitment_plans_nothing() {
    let mut eca = controller(2);
    let work = || job("j", 1.0, 1.0);
    step(&mut eca, &document(later(0, 3), [site("a", [90.0, 10.0, 90.0])], vec![work()]));
    let second = step(&mut eca, &document(later(1, 2), [site("a", [10.0, 90.0])], vec![work()]));
    assert_eq!((second.source, short(&second.actions)), (Source::Committed, vec!["1h run a/0".to_owned()]));
}

#[test]
fn work_due_after_the_view_is_done_where_it_is_cheap() {
    // Due in 20 hours, of which 4 are seen: 4 h of work, so the cheapest quarter or so of the view is worth taking.
    let mut eca = controller(0);
    let with = |price: [f64; 4]| {
        let work = job("j", 4.0, 1.0).preemptible(true).deadline(at(20));
        document(later(0, 4), [site("a", price)], vec![work])
    };
    assert_eq!(short(&step(&mut eca, &with([10.0, 50.0, 60.0, 70.0])).actions), ["0h run a/0"]);
    assert!(short(&step(&mut controller(0), &with([70.0, 60.0, 50.0, 10.0])).actions).is_empty());
    // Due in 6 hours: there is no time to wait for better ones.
    let work = job("j", 6.0, 1.0).preemptible(true).deadline(at(6));
    let document = document(later(0, 4), [site("a", [99.0, 10.0, 10.0, 10.0])], vec![work]);
    assert_eq!(short(&step(&mut eca, &document).actions), ["0h run a/0"]);
}

#[test]
fn late_jobs_are_done_as_well_as_can_be_and_reported() {
    let late = [
        ("is over", job("j", 1.0, 1.0).deadline(at(3)).earliest_start(at(1))),
        ("cannot be kept", job("j", 3.0, 1.0).deadline(at(5))),
    ];
    for (what, work) in late {
        let step = step(&mut controller(0), &document(later(3, 4), [site("a", 50.0)], vec![work]));
        assert_eq!(step.late.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["j"], "{what}");
        assert_eq!(short(&step.actions), ["3h run a/0"], "{what}");
    }
    // A running job whose site is gone may stop although its rules say no.
    let work = job("j", 3.0, 1.0).state(running("a", Some(0), 1.0, Some(at(2))));
    let gone = site("a", 50.0).it_capacity_mw([0.0, 5.0, 5.0, 5.0]);
    let step = step(&mut controller(0), &document(later(3, 4), [gone], vec![work]));
    assert_eq!(short(&step.actions), ["3h pause"]);
    assert_eq!(step.late.len(), 1);
}

#[test]
fn without_any_plan_what_runs_goes_on_and_batteries_rest() {
    let bad_price = site("a", [f64::NAN, 10.0]).it_capacity_mw(2.0);
    let on =
        |id: &str, tier: u8| job(id, 2.0, 1.0).preemptible(true).tier(tier).state(running("a", Some(0), 0.5, None));
    let must = job("must", 2.0, 1.0).tier(3).state(running("a", Some(0), 0.5, None));
    let mut document =
        document(later(0, 2), [site("a", 10.0)], vec![on("low", 2), on("high", 0), must, job("new", 1.0, 1.0)]);
    document.regions = vec![bad_price];
    document.batteries = vec![Battery::new("b", "a", 1.0, 1.0).soc_mwh(1.0)];
    let mut eca = controller(0);
    let step = step(&mut eca, &document);
    assert_eq!(step.source, Source::Safe);
    assert!(step.reason.contains("import_price_gbp_per_mwh[0]"), "{}", step.reason);
    // 2 MW are there: `must` may not stop, `high` is less willing to wait than `low`.
    assert_eq!(short(&step.actions), ["0h pause", "0h idle"]);
    assert!(matches!(&step.actions[0].target, Target::Job { id, .. } if id.as_str() == "low"));
}

#[test]
fn without_a_solver_the_last_plan_goes_on_or_a_simple_one_begins() {
    let price = [90.0, 10.0, 50.0, 20.0];
    let with =
        |from: usize| document(later(from as u32, 4 - from), [site("a", &price[from..])], vec![job("j", 1.0, 1.0)]);
    let cancelled = || {
        let control = Control::default();
        control.cancel.cancel();
        control
    };
    let stopped = |eca: &mut Controller, document: &ProblemDocument| {
        let control = cancelled();
        eca.step_with(document.horizon.start, document, &Uncertainty::default(), &control).unwrap()
    };
    let mut eca = controller(0);
    step(&mut eca, &with(0));
    let second = stopped(&mut eca, &with(1));
    assert_eq!((second.source, short(&second.actions)), (Source::Shifted, vec!["1h run a/0".to_owned()]));
    let mut new = controller(0);
    let first = stopped(&mut new, &with(0));
    assert_eq!(first.source, Source::Greedy, "{}", first.reason);
    assert!(first.actions.is_empty() && first.plan.is_none());
    assert_eq!(short(&stopped(&mut new, &with(1)).actions), ["1h run a/0"]);
}

#[test]
fn the_last_plan_gives_way_where_capacity_is_gone() {
    let jobs = || vec![job("i", 1.0, 1.0), job("j", 1.0, 1.0)];
    let mut eca = controller(0);
    step(&mut eca, &document(later(0, 3), [site("a", [90.0, 10.0, 50.0])], jobs()));
    let next = document(later(1, 2), [site("a", [10.0, 50.0]).it_capacity_mw(1.0)], jobs());
    let control = Control::default();
    control.cancel.cancel();
    let second = eca.step_with(at(1), &next, &Uncertainty::default(), &control).unwrap();
    // Each of them fits, both do not: without a solver nothing starts.
    assert_eq!((second.source, second.actions.len()), (Source::Safe, 0));
}

#[test]
fn in_shadow_mode_nothing_is_acted_on() {
    let mut settings = ControllerSettings::default();
    settings.shadow = true;
    let mut eca = Controller::new(settings).unwrap();
    let step = step(&mut eca, &document(later(0, 2), [site("a", [10.0, 20.0])], vec![job("j", 1.0, 1.0)]));
    assert!(step.actions.is_empty());
    assert_eq!(short(&step.proposed), ["0h run a/0"]);
}

#[test]
fn a_clock_that_goes_wrong_is_refused() {
    let mut eca = controller(0);
    let with = |from: u32| document(later(from, 4), [site("a", 10.0)], Vec::new());
    let over = eca.step(at(2), &with(1)).unwrap_err().to_string();
    assert!(over.contains("its first period is over at 2026-03-02T02:00:00Z"), "{over}");
    eca.step(at(1).plus_min(59), &with(1)).unwrap();
    eca.step(at(0), &with(2)).unwrap();
    assert!(eca.step(at(1), &with(1)).unwrap_err().to_string().contains("before the one of the last step"));
    let mut halves = with(3);
    halves.horizon.step_min = 30;
    assert!(eca.step(at(3), &halves).unwrap_err().to_string().contains("cannot change"));
}

#[test]
fn an_action_is_carried_out_once_in_its_time() {
    let target = Target::Battery { id: "b".into() };
    let action = |generation: u64, power_mw: f64, from: u32| {
        Action::new(generation, target.clone(), Command::Charge { power_mw }, at(from), at(from + 1))
    };
    let (first, second) = (action(1, 1.0, 0), action(2, 2.0, 0));
    assert_eq!(first.id, action(7, 1.0, 0).id, "the same command has the same key in every generation");
    assert!(first.id != second.id && first.id != action(1, 1.0, 1).id);
    let mut inbox = Inbox::new();
    assert_eq!(inbox.accept(&first, at(0).plus_min(-1)), Verdict::Early);
    assert_eq!(inbox.accept(&first, at(0)), Verdict::Apply);
    assert_eq!(inbox.accept(&first, at(0)), Verdict::Duplicate);
    assert_eq!(inbox.accept(&second, at(0)), Verdict::Apply);
    assert_eq!(inbox.accept(&action(1, 3.0, 0), at(0)), Verdict::Overtaken);
    let json = serde_json::to_string(&inbox).unwrap();
    let mut inbox: Inbox = serde_json::from_str(&json).unwrap();
    assert_eq!(inbox.accept(&second, at(0).plus_min(59)), Verdict::Duplicate);
    assert_eq!(inbox.accept(&second, at(1)), Verdict::Expired);
    assert_eq!(inbox.accept(&action(3, 1.0, 0), at(1)), Verdict::Expired);
    assert_eq!(inbox.accept(&action(1, 1.0, 1), at(1)), Verdict::Apply, "a later period, though an older step");
}

#[test]
fn protection_against_wrong_prices_is_never_worse_in_its_worst_case() {
    // Hour 0 is the cheapest by a little, but nobody knows it well.
    let mut settings = ControllerSettings::default();
    settings.risk = serde_json::from_str(r#"{"budget": {"periods": 1, "width": 1.0, "rounds": 8}}"#).unwrap();
    let mut eca = Controller::new(settings).unwrap();
    let uncertainty: Uncertainty =
        serde_json::from_str(r#"{"import_price_sd_gbp_per_mwh": {"a": [40.0, 1.0, 1.0]}}"#).unwrap();
    let with = document(later(0, 3), [site("a", [10.0, 12.0, 90.0])], vec![job("j", 1.0, 1.0)]);
    let step = eca.step_with(at(0), &with, &uncertainty, &Control::default()).unwrap();
    assert!(step.actions.is_empty(), "hour 1 costs 13 at worst, hour 0 costs 50");
    let protection = step.protection.unwrap();
    near(protection.expected_gbp, 12.0, "expected");
    near(protection.worst_gbp, 13.0, "worst");
    near(protection.trusting_expected_gbp, 10.0, "trusting, expected");
    near(protection.trusting_worst_gbp, 50.0, "trusting, worst");
    // On the 90 % quantile hour 0 costs 10 + 1.2816 * 40.
    let mut settings = ControllerSettings::default();
    settings.risk = serde_json::from_str(r#"{"quantile": {"level": 0.9}}"#).unwrap();
    let step = Controller::new(settings).unwrap().step_with(at(0), &with, &uncertainty, &Control::default()).unwrap();
    near(step.plan.unwrap().totals.cost_gbp, 12.0 + 1.281_551_6, "at the quantile");
}
