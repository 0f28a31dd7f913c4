//! Batch jobs: fields, state, and whether the job can meet a hard deadline alone.

use super::guard::{Guard, NOT_NEGATIVE, SHARE};
use super::{ProblemDocument, Warning, known_region, known_regions};
use crate::problem::{DeadlineKind, Job, JobState, RunWhen};
use crate::schedule::{Shape, can_go_on, most_work};
use crate::{Error, Result};

/// More work than any job has.
const MOST_WORK: f64 = 1e18;
/// A single job above this looks like kW.
const LARGE_JOB_MW: f64 = 500.0;
/// More operating points than a power cap has levels.
const MOST_POINTS: usize = 64;

pub(super) fn job(document: &ProblemDocument, index: usize, job: &Job, warnings: &mut Vec<Warning>) -> Result<Shape> {
    let guard = Guard::new(format!("job `{}`", job.id));
    if job.count == 0 {
        return Err(guard.refuse("count", 0.0, "must be at least 1", "jobs"));
    }
    let work = work(job, &guard)?;
    points(job, &guard, warnings)?;
    window(document, job, &guard)?;
    known_regions(document, &guard, "regions", job.regions.as_ref())?;
    numbers(job, &guard)?;
    run_when(document, job, &guard)?;
    if job.divisible {
        divisible(job, &guard)?;
    }
    if let Some(given) = &job.state {
        state(document, job, given, work, &guard)?;
    }
    let shape = Shape::new(document, index, job);
    if !can_go_on(&shape) {
        let feature = if shape.pinned { "can_stop = false" } else { "a running state" };
        return Err(Error::Unsupported {
            object: guard.name().into(),
            feature,
            reason: "it runs and its rules (can_stop, preemptible, min_run_periods) make it go on, but it may not work without a break \
                     from period 0 on; allow it in its region, give it a migration, or say it can stop"
                .into(),
        });
    }
    match job.deadline_kind {
        DeadlineKind::Hard => fits(document, job, &shape)?,
        DeadlineKind::Priced => promised(job, &shape, &guard)?,
    }
    Ok(shape)
}

fn work(job: &Job, guard: &Guard) -> Result<f64> {
    match (job.inferences, job.gpu_hours) {
        (Some(work), None) => guard.positive("inferences", work, MOST_WORK, "inferences").map(|()| work),
        (None, Some(work)) => guard.positive("gpu_hours", work, MOST_WORK, "GPU h").map(|()| work),
        (None, None) => Err(guard.refuse("inferences", f64::NAN, "must be given (or gpu_hours)", "inferences")),
        (Some(work), Some(_)) => {
            Err(guard.refuse("inferences", work, "must not be given together with gpu_hours", "inferences"))
        }
    }
}

fn points(job: &Job, guard: &Guard, warnings: &mut Vec<Warning>) -> Result<()> {
    if job.points.is_empty() || job.points.len() > MOST_POINTS {
        #[allow(clippy::cast_precision_loss)]
        let given = job.points.len() as f64;
        return Err(guard.refuse("points", given, &format!("must be 1 to {MOST_POINTS} operating points"), ""));
    }
    for (l, point) in job.points.iter().enumerate() {
        guard.number(&format!("points[{l}].power_mw"), point.power_mw, &NOT_NEGATIVE, "MW")?;
        let (field, rate, other, unit) = if job.inferences.is_some() {
            ("inferences_per_h", point.inferences_per_h, point.gpu_hours_per_h, "inferences/h")
        } else {
            ("gpu_hours_per_h", point.gpu_hours_per_h, point.inferences_per_h, "GPU h/h")
        };
        let field = format!("points[{l}].{field}");
        let Some(rate) = rate.filter(|_| other.is_none()) else {
            return Err(guard.refuse(&field, f64::NAN, "must be given, and no other rate", unit));
        };
        guard.positive(&field, rate, MOST_WORK, unit)?;
        if point.power_mw > LARGE_JOB_MW {
            warnings.push(
                guard.warn("power_mw", format!("{} MW for one job looks like kW; powers are in MW", point.power_mw)),
            );
        }
    }
    Ok(())
}

fn window(document: &ProblemDocument, job: &Job, guard: &Guard) -> Result<()> {
    let horizon = &document.horizon;
    let refuse = |field: &str, instant: crate::Timestamp, reason: String| {
        Err(Error::Time { field: format!("{} {field}", guard.name()), text: instant.to_string(), reason })
    };
    if let Some(deadline) = job.deadline {
        if deadline > horizon.end() {
            return refuse(
                "deadline",
                deadline,
                format!(
                    "is after the end of the horizon, {}; lengthen the horizon or move the deadline",
                    horizon.end()
                ),
            );
        }
        if deadline <= horizon.start {
            return refuse("deadline", deadline, format!("is not after the start of the horizon, {}", horizon.start));
        }
    }
    if let Some(earliest) = job.earliest_start {
        if earliest >= horizon.end() {
            return refuse(
                "earliest_start",
                earliest,
                format!("is not before the end of the horizon, {}", horizon.end()),
            );
        }
        if let Some(deadline) = job.deadline.filter(|&deadline| earliest >= deadline) {
            return refuse("earliest_start", earliest, format!("is not before the deadline, {deadline}"));
        }
    }
    Ok(())
}

fn numbers(job: &Job, guard: &Guard) -> Result<()> {
    if job.min_run_periods == 0 {
        return Err(guard.refuse("min_run_periods", 0.0, "must be at least 1", "periods"));
    }
    if job.tier > 3 {
        return Err(guard.refuse("tier", f64::from(job.tier), "must be 0 to 3", ""));
    }
    guard.number("startup_cost_gbp", job.startup_cost_gbp, &NOT_NEGATIVE, "GBP")?;
    guard.number("pause_cost_gbp", job.pause_cost_gbp, &NOT_NEGATIVE, "GBP")?;
    guard.number("pause_energy_mwh", job.pause_energy_mwh, &NOT_NEGATIVE, "MWh")?;
    if let Some(most) = job.undone_max_frac {
        guard.number("undone_max_frac", most, &SHARE, "")?;
        if job.deadline_kind == DeadlineKind::Hard {
            return Err(guard.refuse("undone_max_frac", most, "must be left out where deadline_kind is hard", ""));
        }
    }
    if let Some(penalty) = job.undone_penalty_gbp {
        guard.number("undone_penalty_gbp", penalty, &(0.0..=1e12), "GBP")?;
        if job.deadline_kind == DeadlineKind::Hard {
            return Err(guard.refuse(
                "undone_penalty_gbp",
                penalty,
                "must be left out where deadline_kind is hard",
                "GBP",
            ));
        }
    }
    if let Some(migration) = &job.migration {
        guard.number("migration.cost_gbp", migration.cost_gbp, &NOT_NEGATIVE, "GBP")?;
        guard.number("migration.energy_mwh", migration.energy_mwh, &NOT_NEGATIVE, "MWh")?;
        guard.number("migration.periods", f64::from(migration.periods), &(0.0..=1e4), "periods")?;
    }
    Ok(())
}

fn run_when(document: &ProblemDocument, job: &Job, guard: &Guard) -> Result<()> {
    match job.run_when {
        None => Ok(()),
        Some(RunWhen::CarbonBelowGPerKwh(limit)) => {
            guard.number("run_when.carbon_below_g_per_kwh", limit, &(0.0..=5000.0), "g/kWh")
        }
        Some(RunWhen::RenewableShareMin(least)) => {
            guard.number("run_when.renewable_share_min", least, &SHARE, "(a share)")?;
            let mut regions = document
                .regions
                .iter()
                .filter(|region| job.regions.as_ref().is_none_or(|ids| ids.contains(&region.id)));
            match regions.find(|region| region.renewable_share_frac.is_none()) {
                None => Ok(()),
                Some(region) => Err(Error::Unknown {
                    object: guard.name().into(),
                    field: "run_when.renewable_share_min",
                    kind: "series",
                    id: "renewable_share_frac".into(),
                    known: format!(
                        "region `{}` has none; give it, or leave the region out of the job's regions",
                        region.id
                    ),
                }),
            }
        }
    }
}

/// A fluid job has no pauses, moves, runs or state.
fn divisible(job: &Job, guard: &Guard) -> Result<()> {
    let set = [
        ("preemptible", job.preemptible),
        ("min_run_periods", job.min_run_periods != 1),
        ("max_pauses", job.max_pauses.is_some()),
        ("startup_cost_gbp", job.startup_cost_gbp != 0.0),
        ("pause_cost_gbp", job.pause_cost_gbp != 0.0),
        ("pause_energy_mwh", job.pause_energy_mwh != 0.0),
        ("migration", job.migration.is_some()),
        ("state", job.state.is_some()),
    ];
    match set.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((field, _)) => Err(Error::Unsupported {
            object: guard.name().into(),
            feature: field,
            reason: "a divisible job is fluid and has no runs; leave the field out, or divisible".into(),
        }),
    }
}

fn state(document: &ProblemDocument, job: &Job, state: &JobState, work: f64, guard: &Guard) -> Result<()> {
    known_region(document, guard, "state.region", &state.region)?;
    let allowed = job.regions.as_ref().is_none_or(|ids| ids.contains(&state.region));
    if !allowed && job.migration.is_none() {
        let known: Vec<String> = job.regions.iter().flatten().map(|id| format!("`{id}`")).collect();
        return Err(Error::Unknown {
            object: guard.name().into(),
            field: "state.region",
            kind: "allowed region",
            id: state.region.to_string(),
            known: known.join(", "),
        });
    }
    if let Some(point) = state.point.filter(|&point| point >= job.points.len()) {
        #[allow(clippy::cast_precision_loss)]
        let given = point as f64;
        return Err(guard.refuse(
            "state.point",
            given,
            &format!("must be below {}, the number of points", job.points.len()),
            "",
        ));
    }
    let (field, done, other) = if job.inferences.is_some() {
        ("state.done_inferences", state.done_inferences, state.done_gpu_hours)
    } else {
        ("state.done_gpu_hours", state.done_gpu_hours, state.done_inferences)
    };
    guard.number(field, done, &(0.0..=MOST_WORK), "")?;
    if done >= work * (1.0 - 1e-9) {
        return Err(guard.refuse(
            field,
            done,
            &format!("must be below the work of {work}; a finished job is left out"),
            "",
        ));
    }
    if other != 0.0 {
        return Err(guard.refuse(field, other, "counts in another unit than the job's work", ""));
    }
    if let Some(since) = state.running_since.filter(|&since| since > document.horizon.start) {
        return Err(Error::Time {
            field: format!("{} state.running_since", guard.name()),
            text: since.to_string(),
            reason: format!("is after the start of the horizon, {}", document.horizon.start),
        });
    }
    if state.point.is_none() && (!job.preemptible || !state.can_stop) {
        return Err(Error::Unsupported {
            object: guard.name().into(),
            feature: "state without point",
            reason: "a job that may not pause cannot be paused; give the point it runs at, or make it preemptible"
                .into(),
        });
    }
    Ok(())
}

/// Whether a job alone can do what its tier promises.
fn promised(job: &Job, shape: &Shape, guard: &Guard) -> Result<()> {
    let Some(limit) = job.undone_max_frac else { return Ok(()) };
    let least = shape.left - most_work(shape);
    if limit < least - 1e-9 {
        let reason = format!("must be at least {least:.6}: even alone so much of its work is left at its deadline");
        return Err(guard.refuse("undone_max_frac", limit, &reason, ""));
    }
    Ok(())
}

fn fits(document: &ProblemDocument, job: &Job, shape: &Shape) -> Result<()> {
    let most = most_work(shape);
    if shape.is_done(most) {
        return Ok(());
    }
    let h = document.horizon.step_h();
    let fastest = (0..shape.rate.len()).max_by(|&a, &b| shape.rate[a].total_cmp(&shape.rate[b])).unwrap_or(0);
    #[allow(clippy::cast_precision_loss)]
    let needs = shape.power_mw[fastest] * h * shape.need(fastest) as f64;
    let too_big =
        shape.power_mw.iter().all(|&power| document.regions.iter().all(|region| power > region.it_capacity_mw.max()));
    let reason = if too_big {
        let most = document.regions.iter().map(|region| region.it_capacity_mw.max()).fold(0.0, f64::max);
        format!("its smallest point needs more than the {most} MW of the largest site")
    } else if shape.regions().is_empty() {
        "no region and period is allowed".to_owned()
    } else {
        format!(
            "periods {} to {} of its window, where allowed, with its rules on runs and pauses",
            shape.first, shape.end
        )
    };
    Err(Error::CannotFit {
        job: job.id.to_string(),
        needs_mwh: needs,
        fits_mwh: needs * most / shape.left,
        deadline: job.deadline.unwrap_or(document.horizon.end()).to_string(),
        reason,
    })
}
