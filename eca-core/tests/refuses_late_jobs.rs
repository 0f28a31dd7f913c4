//! A job that cannot meet its hard deadline even alone is refused before any solver runs, with what it needs and what fits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{DeadlineKind, Error, Job, JobPoint, JobState, Migration, Problem, Region, RunWhen};
use rule_support::*;

#[track_caller]
fn cannot_fit(region: Region, job: Job, needs: f64, fits: f64, reason: &str) {
    let build = |job: Job| Problem::builder(hours(6)).region(region.clone()).job(job).build();
    let error = build(job.clone()).expect_err("it fits");
    let message = error.to_string();
    let Error::CannotFit { needs_mwh, fits_mwh, .. } = error else { panic!("{message}") };
    near(needs_mwh, needs, "needs_mwh");
    near(fits_mwh, fits, "fits_mwh");
    assert!(message.contains(&format!("job `j` needs {needs:.3} MWh before 2026-03-02T")), "{message}");
    assert!(message.contains(&format!("but {fits:.3} MWh fit")), "{message}");
    assert!(message.contains(reason), "`{message}` does not say `{reason}`");
    // The same job with a priced deadline is taken.
    build(job.deadline_kind(DeadlineKind::Priced)).unwrap();
}

#[track_caller]
fn fits(job: Job) {
    Problem::builder(hours(6)).region(site("a", 50.0)).job(job).build().unwrap();
}

#[test]
fn a_window_that_is_too_short() {
    // Three hours of 2 MW between 01:00 and 03:00: 6 MWh needed, 4 fit.
    let late = job("j", 3.0, 2.0).earliest_start(at(1)).deadline(at(3));
    cannot_fit(site("a", 50.0), late, 6.0, 4.0, "periods 1 to 3");
    fits(job("j", 3.0, 2.0).earliest_start(at(1)).deadline(at(4)));
    // A deadline inside a period ends before it.
    let inside = job("j", 3.0, 2.0).deadline(time("2026-03-02T02:59:00Z"));
    cannot_fit(site("a", 50.0), inside, 6.0, 4.0, "periods 0 to 2");
}

#[test]
fn a_site_that_is_too_small() {
    cannot_fit(
        site("a", 50.0).it_capacity_mw(1.5),
        job("j", 1.0, 2.0),
        2.0,
        0.0,
        "more than the 1.5 MW of the largest site",
    );
    // Only the slow point fits: 1 of 4 GPU h each hour, six hours, of which four are enough; with six GPU h and a
    // deadline at 05:00 five of six fit. Needed at the fast point: 3 MW for 3 h = 9 MWh; 5/6 of it fit.
    let points = [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(3.0, 2.0)];
    let small = site("a", 50.0).it_capacity_mw(2.0);
    cannot_fit(small, Job::gpu_hours("j", 6.0, points).deadline(at(5)), 9.0, 7.5, "periods 0 to 5");
}

#[test]
fn too_few_hours_that_satisfy_run_when() {
    // Below 150 g/kWh only in hours 1 and 4: 2 of 3 MWh, where it may pause; 1 where it may not.
    let region = || site("a", 50.0).carbon_g_per_kwh([200.0, 100.0, 200.0, 150.0, 100.0, 200.0]);
    let green = job("j", 3.0, 1.0).run_when(RunWhen::CarbonBelowGPerKwh(150.0));
    cannot_fit(region(), green.clone().preemptible(true), 3.0, 2.0, "where allowed");
    cannot_fit(region(), green.clone(), 3.0, 1.0, "where allowed");
    let never = green.run_when(RunWhen::CarbonBelowGPerKwh(50.0));
    cannot_fit(region(), never, 3.0, 0.0, "no region and period is allowed");
}

#[test]
fn runs_that_must_be_longer_than_the_open_hours() {
    // Open in hours 0, 1, 3 and 5; four hours of work. Runs of one hour: it fits. Runs of two: only hours 0 and 1 are one;
    // the message counts the hour in which a further run would begin: 3 MWh. Runs of three: none; hours 0 and 1 begin one.
    let region = || site("a", 50.0).it_capacity_mw([10.0, 10.0, 0.0, 10.0, 0.0, 10.0]);
    let long = |n: u32| job("j", 4.0, 1.0).preemptible(true).min_run_periods(n);
    Problem::builder(hours(6)).region(region()).job(long(1)).build().unwrap();
    cannot_fit(region(), long(2), 4.0, 3.0, "with its rules on runs and pauses");
    cannot_fit(region(), long(3), 4.0, 2.0, "with its rules on runs and pauses");
}

#[test]
fn more_pauses_than_are_allowed() {
    // Open in hours 0, 2 and 4: three hours need two pauses.
    let region = || site("a", 50.0).it_capacity_mw([10.0, 0.0, 10.0, 0.0, 10.0, 0.0]);
    let few = |n: u32| job("j", 3.0, 1.0).preemptible(true).max_pauses(n);
    Problem::builder(hours(6)).region(region()).job(few(2)).build().unwrap();
    cannot_fit(region(), few(1), 3.0, 2.0, "with its rules on runs and pauses");
    cannot_fit(region(), few(0), 3.0, 1.0, "with its rules on runs and pauses");
    cannot_fit(region(), job("j", 3.0, 1.0), 3.0, 1.0, "with its rules on runs and pauses");
    // Pauses made before the horizon count: one of two is left.
    let state = JobState {
        region: "a".into(),
        point: Some(0),
        done_inferences: 0.0,
        done_gpu_hours: 0.0,
        running_since: None,
        can_stop: true,
        pauses: 1,
    };
    cannot_fit(region(), few(2).state(state), 3.0, 2.0, "with its rules on runs and pauses");
}

#[test]
fn migration_makes_room_where_one_region_does_not() {
    // Four hours: a is open in 0 and 1, b from 3 on: 3 hours in b alone, two in a and two in b with a move of one hour.
    let build = |job: Job| {
        Problem::builder(hours(5))
            .region(site("a", 50.0).it_capacity_mw([10.0, 10.0, 0.0, 0.0, 0.0]))
            .region(site("b", 50.0).it_capacity_mw([0.0, 0.0, 0.0, 10.0, 10.0]))
            .job(job)
            .build()
    };
    let message = build(job("j", 4.0, 1.0)).unwrap_err().to_string();
    assert!(message.contains("needs 4.000 MWh before 2026-03-02T05:00:00Z but 2.000 MWh fit"), "{message}");
    let moves = |periods| Migration { cost_gbp: 0.0, periods, energy_mwh: 0.0 };
    build(job("j", 4.0, 1.0).migration(moves(1))).unwrap();
    // Two hours on the way: one hour of b is lost, and without a pause the job leaves a after one hour or arrives late.
    let message = build(job("j", 4.0, 1.0).migration(moves(2))).unwrap_err().to_string();
    assert!(message.contains("but 3.000 MWh fit"), "{message}");
    let message = build(job("j", 4.0, 1.0).migration(moves(0))).unwrap_err().to_string();
    assert!(message.contains("but 2.000 MWh fit"), "{message}");
    build(job("j", 4.0, 1.0).migration(moves(0)).preemptible(true)).unwrap();
}

#[test]
fn divisible_work_counts_every_region() {
    let build = |work: f64| {
        Problem::builder(hours(2))
            .region(site("a", 50.0))
            .region(site("b", 50.0))
            .job(job("j", work, 1.0).divisible(true))
            .build()
    };
    build(4.0).unwrap();
    let message = build(5.0).unwrap_err().to_string();
    assert!(message.contains("needs 5.000 MWh") && message.contains("but 4.000 MWh fit"), "{message}");
}

#[test]
fn every_message_says_what_to_do() {
    let error = Problem::builder(hours(1)).region(site("a", 50.0)).job(job("j", 2.0, 1.0)).build().unwrap_err();
    assert!(
        error.to_string().ends_with("move the deadline, allow more regions or make deadline_kind priced"),
        "{error}"
    );
}
