//! The fields of a job, by the names they have in the problem document.

use super::job::Time;
use crate::error::{Failure, Result};
use crate::fields::{Field, count, flag, put};
use crate::settings::choose;
use eca_core::{DeadlineKind, Job, JobState, Migration, RunWhen, Timestamp};

fn migration(job: &mut Job) -> &mut Migration {
    job.migration.get_or_insert(Migration { cost_gbp: 0.0, periods: 0, energy_mwh: 0.0 })
}

/// The state of a job that has one; `eca_builder_job_set_state` gives it one.
fn state(job: &mut Job) -> Result<&mut JobState, (&'static str, &'static str)> {
    job.state.as_mut().ok_or(("needs eca_builder_job_set_state before", "in its state"))
}

/// Numbers. Whole numbers and flags are judged here, the rest by eca-core.
pub(super) const NUMBERS: [Field<Job, f64>; 20] = [
    ("count", |j, v| count(v).map(|v| j.count = v)),
    ("undone_penalty_gbp", |j, v| put(&mut j.undone_penalty_gbp, Some(v))),
    ("preemptible", |j, v| flag(v).map(|v| j.preemptible = v)),
    ("divisible", |j, v| flag(v).map(|v| j.divisible = v)),
    ("min_run_periods", |j, v| count(v).map(|v| j.min_run_periods = v)),
    ("max_pauses", |j, v| count(v).map(|v| j.max_pauses = Some(v))),
    ("startup_cost_gbp", |j, v| put(&mut j.startup_cost_gbp, v)),
    ("pause_cost_gbp", |j, v| put(&mut j.pause_cost_gbp, v)),
    ("pause_energy_mwh", |j, v| put(&mut j.pause_energy_mwh, v)),
    ("tier", |j, v| count(v).map(|v| j.tier = v)),
    ("migration.cost_gbp", |j, v| put(&mut migration(j).cost_gbp, v)),
    ("migration.periods", |j, v| count(v).map(|v| migration(j).periods = v)),
    ("migration.energy_mwh", |j, v| put(&mut migration(j).energy_mwh, v)),
    ("run_when.carbon_below_g_per_kwh", |j, v| put(&mut j.run_when, Some(RunWhen::CarbonBelowGPerKwh(v)))),
    ("run_when.renewable_share_min", |j, v| put(&mut j.run_when, Some(RunWhen::RenewableShareMin(v)))),
    ("state.point", |j, v| {
        let point = count::<u32>(v)?;
        state(j)?.point = Some(point as usize);
        Ok(())
    }),
    ("state.done_inferences", |j, v| state(j).map(|s| s.done_inferences = v)),
    ("state.done_gpu_hours", |j, v| state(j).map(|s| s.done_gpu_hours = v)),
    ("state.can_stop", |j, v| {
        let can_stop = flag(v)?;
        state(j)?.can_stop = can_stop;
        Ok(())
    }),
    ("state.pauses", |j, v| {
        let pauses = count(v)?;
        state(j)?.pauses = pauses;
        Ok(())
    }),
];

/// Instants.
pub(super) const TIMES: [Field<Job, Time>; 3] = [
    ("earliest_start", |j, v| put(&mut j.earliest_start, Some(v.0))),
    ("deadline", |j, v| put(&mut j.deadline, Some(v.0))),
    ("state.running_since", |j, v| state(j).map(|s| s.running_since = Some(v.0))),
];

const DEADLINE_KINDS: [(&str, DeadlineKind); 2] = [("hard", DeadlineKind::Hard), ("priced", DeadlineKind::Priced)];

/// Sets a text: a choice, or an instant as text.
pub(super) fn set_text(job: &mut Job, id: &str, field: &str, value: &str) -> Result<()> {
    if field == "deadline_kind" {
        job.deadline_kind = choose("deadline kind", &DEADLINE_KINDS, value)?;
        return Ok(());
    }
    if TIMES.iter().any(|known| known.0 == field) {
        return set_time(job, id, field, Timestamp::parse(value)?);
    }
    let known = ["deadline_kind"].into_iter().chain(TIMES.iter().map(|known| known.0));
    Err(Failure::unknown("job text", field, known))
}

/// Sets an instant.
pub(super) fn set_time(job: &mut Job, id: &str, field: &str, value: Timestamp) -> Result<()> {
    crate::fields::set(&TIMES, job, "job time", || format!("job `{id}`"), field, Time(value))
}
