//! Jobs that have started before the horizon.

use crate::support::*;
use eca_core::{DeadlineKind, Job, JobPoint, JobState, Migration, Plan, Problem, Region};

type Cells = [Option<(&'static str, usize)>; 4];

const A: Option<(&str, usize)> = Some(("a", 0));
const B: Option<(&str, usize)> = Some(("b", 0));
const NO: Option<(&str, usize)> = None;

/// Four hours of work, two of them done before the horizon in region `a`.
fn half_done() -> Job {
    Job::gpu_hours("job", 4.0, [JobPoint::gpu_hours(1.0, 1.0)])
        .startup_cost_gbp(50.0)
        .pause_cost_gbp(3.0)
        .pause_energy_mwh(0.1)
        .preemptible(true)
}

fn moving() -> Job {
    half_done().migration(Migration { cost_gbp: 7.0, periods: 1, energy_mwh: 0.2 })
}

fn state(point: Option<usize>) -> JobState {
    JobState {
        region: "a".into(),
        point,
        done_inferences: 0.0,
        done_gpu_hours: 2.0,
        running_since: None,
        can_stop: true,
        pauses: 0,
    }
}

fn problem(job: Job) -> Problem {
    let region = |id: &str| Region::new(id).it_capacity_mw(2.0).import_limit_mw(4.0).import_price_gbp_per_mwh(10.0);
    Problem::builder(horizon(60, 4)).region(region("a")).region(region("b")).job(job).build().unwrap()
}

/// A plan from where it works and what it takes; energy costs 10 GBP/MWh.
fn plan(problem: &Problem, cells: Cells, power: [f64; 4], pauses: u32, migrations: u32, extra_gbp: f64) -> Plan {
    let mut plan = empty(problem);
    let last = cells.iter().rposition(Option::is_some).map_or(0, |t| t + 1);
    let mut entry = job("job", &cells, &power, &[0.0; 4], &format!("2026-03-02T0{last}:00:00Z"));
    (entry.pauses, entry.migrations) = (pauses, migrations);
    plan.jobs.push(entry);
    for id in ["a", "b"] {
        let mw: Vec<f64> =
            (0..4).map(|t| if cells[t].is_some_and(|(region, _)| region == id) { power[t] } else { 0.0 }).collect();
        plan.regions.push(plain(id, &mw));
    }
    let energy: f64 = power.iter().sum();
    totals(&mut plan, 10.0 * energy + extra_gbp, 0.0, energy, 0.0, 0.0);
    plan
}

#[test]
fn a_running_job_goes_on_without_startup() {
    let problem = problem(half_done().state(state(Some(0))));
    passes(&problem, &plan(&problem, [A, A, NO, NO], [1.0, 1.0, 0.0, 0.0], 0, 0, 0.0));
    let right = plan(&problem, [NO, A, A, NO], [0.0, 1.1, 1.0, 0.0], 1, 0, 3.0);
    breaks(&problem, &right, "pauses", |plan| plan.jobs[0].pauses = 0);
    breaks(&problem, &right, "run_no_longer", |plan| {
        plan.jobs[0].region[3] = Some("a".into());
        plan.jobs[0].point[3] = Some(0);
    });
}

#[test]
fn startup_is_due_without_state() {
    let mut fresh = half_done();
    fresh.gpu_hours = Some(2.0);
    let problem = problem(fresh);
    passes(&problem, &plan(&problem, [A, A, NO, NO], [1.0, 1.0, 0.0, 0.0], 0, 0, 50.0));
}

#[test]
fn a_running_job_may_move_in_the_first_period() {
    let problem = problem(moving().preemptible(false).state(state(Some(0))));
    let live = plan(&problem, [NO, B, B, NO], [0.0, 1.2, 1.0, 0.0], 0, 1, 7.0);
    passes(&problem, &live);
    breaks_in(&self::problem(half_done().state(state(Some(0)))), &live, "migration");
    let late = plan(&problem, [NO, NO, B, B], [0.0, 0.0, 1.3, 1.0], 1, 1, 10.0);
    passes_in(&self::problem(moving().state(state(Some(0)))), &late);
    breaks_in(&problem, &late, "preemptible");
    let hasty = plan(&problem, [B, B, NO, NO], [1.2, 1.0, 0.0, 0.0], 0, 1, 7.0);
    breaks_in(&problem, &hasty, "migration");
}

#[test]
fn what_ran_before_counts_towards_a_run() {
    let running = |hours: &str| {
        let mut state = state(Some(0));
        state.running_since = Some(time(hours));
        problem(half_done().min_run_periods(3_u32).state(state))
    };
    // One period more, then a pause: three periods in all where it has run for two hours.
    let right = plan(&running("2026-03-01T22:00:00Z"), [A, NO, A, NO], [1.0, 0.0, 1.1, 0.0], 1, 0, 3.0);
    passes_in(&running("2026-03-01T22:00:00Z"), &right);
    breaks_in(&running("2026-03-01T23:00:00Z"), &right, "min_run_periods");
    breaks_in(&problem(half_done().min_run_periods(3_u32).state(state(Some(0)))), &right, "min_run_periods");
}

#[test]
fn a_job_that_may_not_be_stopped() {
    let mut pinned = state(Some(0));
    pinned.can_stop = false;
    let problem = problem(moving().state(pinned));
    passes(&problem, &plan(&problem, [A, A, NO, NO], [1.0, 1.0, 0.0, 0.0], 0, 0, 0.0));
    breaks_in(&problem, &plan(&problem, [NO, B, B, NO], [0.0, 1.2, 1.0, 0.0], 0, 1, 7.0), "can_stop");
    breaks_in(&problem, &plan(&problem, [A, NO, A, NO], [1.0, 0.0, 1.1, 0.0], 1, 0, 3.0), "preemptible");
    let mut never = state(Some(0));
    never.can_stop = false;
    let late = self::problem(moving().deadline_kind(DeadlineKind::Priced).state(never));
    breaks_in(&late, &plan(&late, [NO; 4], [0.0; 4], 0, 0, 0.0), "preemptible");
}

#[test]
fn a_paused_job_resumes() {
    let paused = |job: Job| problem(job.state(state(None)));
    let right = plan(&paused(half_done()), [NO, A, A, NO], [0.0, 1.1, 1.0, 0.0], 1, 0, 3.0);
    passes(&paused(half_done()), &right);
    breaks(&paused(half_done()), &right, "pauses", |plan| plan.jobs[0].pauses = 0);
    let unsure = || half_done().deadline_kind(DeadlineKind::Priced);
    breaks_in(&paused(unsure().max_pauses(0)), &right, "max_pauses");
    let moved = plan(&paused(moving()), [B, B, NO, NO], [1.3, 1.0, 0.0, 0.0], 1, 1, 10.0);
    passes(&paused(moving()), &moved);
    breaks(&paused(moving()), &moved, "migrations", |plan| plan.jobs[0].migrations = 0);
    breaks_in(&paused(half_done()), &moved, "migration");
    let mut tired = state(None);
    tired.pauses = 2;
    passes_in(&problem(half_done().max_pauses(3).state(tired.clone())), &right);
    breaks_in(&problem(unsure().max_pauses(2).state(tired)), &right, "max_pauses");
}

#[test]
fn a_running_job_need_not_wait_for_its_earliest_start() {
    let problem = problem(half_done().earliest_start(time("2026-03-02T01:00:00Z")).state(state(Some(0))));
    passes(&problem, &plan(&problem, [A, A, NO, NO], [1.0, 1.0, 0.0, 0.0], 0, 0, 0.0));
}

/// Work left costs 2 * 4 * (10 * 4 + 50 + 3) = 744 GBP for all of it.
#[test]
fn a_job_that_may_not_pause_works_until_its_deadline() {
    let problem = problem(half_done().preemptible(false).deadline_kind(DeadlineKind::Priced));
    let late = |cells: Cells, power: [f64; 4]| {
        let mut plan = plan(&problem, cells, power, 0, 0, 50.0);
        (plan.jobs[0].finished_at, plan.jobs[0].undone_frac) = (None, 0.25);
        plan.broken_limits.push(broken("undone", "job", None, 0.25, "frac", 186.0));
        totals(&mut plan, 80.0, 186.0, 3.0, 0.0, 0.0);
        plan
    };
    passes(&problem, &late([NO, A, A, A], [0.0, 1.0, 1.0, 1.0]));
    breaks_in(&problem, &late([A, A, A, NO], [1.0, 1.0, 1.0, 0.0]), "preemptible");
}
