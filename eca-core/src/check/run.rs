//! Segments, pauses, moves and runs of one job, from where it works in each period.
//!
//! A segment is a longest sequence of consecutive periods in one region. Between two of them there are `g` idle
//! periods: in the same region that is a pause; in another one it is a move, live if `g = d` (the periods of a
//! migration), with a pause if `g > d`. A run is a sequence of segments joined by live moves.

use super::ledger::{Input, Report};
use crate::{Horizon, Job, JobState};

/// Where a job works in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub region: usize,
    pub point: usize,
}

/// The first period of a segment that follows a pause or a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub period: usize,
    pub paused: bool,
    pub moved: bool,
}

/// The periods `first..=last` of one run; negative before the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub first: i64,
    pub last: i64,
}

impl Run {
    /// Working and moving periods.
    pub(super) fn length(self) -> i64 {
        self.last - self.first + 1
    }
}

/// What a job did in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct History {
    pub arrivals: Vec<Arrival>,
    pub runs: Vec<Run>,
}

impl History {
    pub(super) fn pauses(&self) -> u32 {
        u32::try_from(self.arrivals.iter().filter(|arrival| arrival.paused).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn migrations(&self) -> u32 {
        u32::try_from(self.arrivals.iter().filter(|arrival| arrival.moved).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn arrival(&self, t: usize) -> Option<Arrival> {
        self.arrivals.iter().copied().find(|arrival| arrival.period == t)
    }
}

/// Follows a job through the horizon. Moves that are not allowed are reported and then taken as made.
pub(super) fn follow(
    input: &Input<'_>,
    report: &mut Report,
    job: &Job,
    object: &str,
    cells: &[Option<Cell>],
) -> History {
    let mut history = History::default();
    // The last working period and its region; a paused job has a region but no such period.
    let mut last: Option<(Option<i64>, usize)> = None;
    if let Some(state) = &job.state {
        let region = input.region(state.region.as_str()).unwrap_or(usize::MAX);
        last = Some((state.point.map(|_| -1), region));
        if state.point.is_some() {
            history.runs.push(Run { first: -periods_before(state, input.horizon()), last: -1 });
        }
    }
    for (t, cell) in cells.iter().enumerate() {
        let Some(cell) = cell else { continue };
        let now = i64::try_from(t).unwrap_or(i64::MAX);
        let arrival = last.map(|(since, region)| {
            let moved = region != cell.region;
            let idle = since.map(|since| now - since - 1);
            let paused = if moved { move_pauses(report, job, object, t, idle) } else { idle != Some(0) };
            Arrival { period: t, paused, moved }
        });
        match (arrival, history.runs.last_mut()) {
            (Some(arrival), Some(run)) if !arrival.paused => run.last = now,
            _ => history.runs.push(Run { first: now, last: now }),
        }
        history.arrivals.extend(arrival.filter(|arrival| arrival.paused || arrival.moved));
        last = Some((Some(now), cell.region));
    }
    history
}

/// Whether a move is also a pause; reports a move that is not allowed. `idle` is none where the job was paused before
/// the horizon: those periods are enough for any move.
fn move_pauses(report: &mut Report, job: &Job, object: &str, t: usize, idle: Option<i64>) -> bool {
    let Some(migration) = job.migration else {
        report.add("migration", object, Some(t), "works in another region, but it may not move".to_owned());
        return idle != Some(0);
    };
    let needed = i64::from(migration.periods);
    match idle {
        None => true,
        Some(idle) if idle < needed => {
            let message = format!("arrives in another region after {idle} periods, a move takes {needed}");
            report.add("migration", object, Some(t), message);
            false
        }
        Some(idle) => idle > needed,
    }
}

/// Periods of the first run that lie before the horizon: whole ones since `running_since`, at least one.
fn periods_before(state: &JobState, horizon: &Horizon) -> i64 {
    let minutes = state.running_since.map_or(0, |since| horizon.start.minutes_since(since));
    (minutes / i64::from(horizon.step_min.max(1))).max(1)
}
