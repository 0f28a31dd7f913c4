//! From column values to schedules.

use crate::Problem;
use crate::model::{Draft, JobColumns};
use crate::schedule::{Schedule, Shares};
use crate::unit::millions_to_inferences;

/// The schedule of every job and copy, in document order.
pub(crate) fn schedules(problem: &Problem, draft: &Draft, values: &[f64]) -> Vec<Schedule> {
    let periods = problem.horizon().periods;
    let regions = problem.regions().len();
    let mut all = Vec::new();
    for columns in &draft.jobs {
        match columns {
            JobColumns::Starts { job, length, starts } => {
                let shape = &problem.shapes()[*job];
                let wanted = all.len() + shape.count as usize;
                for &(r, from, col) in starts {
                    let mut copies = values[col.index()].round();
                    while copies >= 1.0 && all.len() < wanted {
                        let to = (from + length).min(shape.end);
                        all.push(Schedule::from_works((from..to).map(|t| (t, r, 0))));
                        copies -= 1.0;
                    }
                }
                all.resize_with(wanted, Schedule::idle);
            }
            JobColumns::Runs { runs, .. } => {
                let chosen = runs.iter().filter(|(.., col)| values[col.index()] > 0.5);
                let mut works: Vec<_> = chosen.map(|&(r, t, l, _)| (t, r, l)).collect();
                works.sort_unstable();
                all.push(Schedule::from_works(works));
            }
            JobColumns::Shares { job, shares, .. } => {
                let points = problem.shapes()[*job].rate.len();
                let mut table: Shares = vec![vec![vec![0.0; points]; periods]; regions];
                for &(r, t, l, col) in shares {
                    table[r][t][l] = values[col.index()].clamp(0.0, 1.0);
                }
                all.push(Schedule::fluid(table));
            }
            JobColumns::Chosen(_) => {}
        }
    }
    all
}

/// Steps of power taken of each opportunity, by its settlement periods.
pub(crate) fn taken(problem: &Problem, draft: &Draft, values: &[f64]) -> Vec<Vec<f64>> {
    let each = problem.opportunities().iter().zip(&draft.opportunities).map(|(one, columns)| {
        let mut steps = vec![0.0; one.settlement_periods.len()];
        for slot in &columns.slots {
            steps[slot.slot.index] = values[slot.steps.index()].round();
        }
        steps
    });
    each.collect()
}

/// Inferences by service, region, point and period.
pub(crate) fn services(problem: &Problem, draft: &Draft, values: &[f64]) -> Vec<Vec<Vec<Vec<f64>>>> {
    let (periods, regions) = (problem.horizon().periods, problem.regions().len());
    let each = problem.services().iter().zip(&draft.services).map(|(service, columns)| {
        let mut served = vec![vec![vec![0.0; periods]; service.points.len()]; regions];
        for &(r, l, t, col) in &columns.served {
            served[r][l][t] = millions_to_inferences(values[col.index()]).max(0.0);
        }
        served
    });
    each.collect()
}

/// Part of the whole work counted in each period, for jobs whose model decides it; none for the others.
pub(crate) fn inferences(problem: &Problem, draft: &Draft, values: &[f64]) -> Vec<Option<Vec<f64>>> {
    let mut all = Vec::new();
    for columns in &draft.jobs {
        match columns {
            JobColumns::Starts { job, .. } => {
                all.extend(std::iter::repeat_n(None, problem.shapes()[*job].count as usize));
            }
            JobColumns::Shares { .. } => all.push(None),
            JobColumns::Chosen(_) => {}
            JobColumns::Runs { inferences, .. } if inferences.is_empty() => all.push(None),
            JobColumns::Runs { inferences, .. } => {
                let mut work = vec![0.0; problem.horizon().periods];
                for &(t, col) in inferences {
                    work[t] += values[col.index()].max(0.0);
                }
                all.push(Some(work));
            }
        }
    }
    all
}

/// Values of the columns that say what jobs do, for given schedules: a point for the solver to start from.
pub(crate) fn start(problem: &Problem, draft: &Draft, schedules: &[Schedule]) -> Vec<(usize, f64)> {
    let mut schedules = schedules.iter();
    let mut values = Vec::new();
    for columns in &draft.jobs {
        match columns {
            JobColumns::Starts { job, starts, .. } => {
                let shape = &problem.shapes()[*job];
                let mut counts = vec![0.0; starts.len()];
                for schedule in schedules.by_ref().take(shape.count as usize) {
                    let first = schedule.works().next().map(|(t, r, _)| (r, t));
                    if let Some(place) =
                        first.and_then(|(r, t)| starts.iter().position(|&(sr, st, _)| (sr, st) == (r, t)))
                    {
                        counts[place] += 1.0;
                    }
                }
                values.extend(starts.iter().zip(counts).map(|(&(_, _, col), count)| (col.index(), count)));
            }
            JobColumns::Runs { runs, .. } => {
                let Some(schedule) = schedules.next() else { continue };
                let at = schedule.by_period(problem.horizon().periods);
                let working = |r, t: usize, l| if at[t] == Some((r, l)) { 1.0 } else { 0.0 };
                values.extend(runs.iter().map(|&(r, t, l, col)| (col.index(), working(r, t, l))));
            }
            JobColumns::Shares { .. } => {
                schedules.next();
            }
            JobColumns::Chosen(_) => {}
        }
    }
    values
}
