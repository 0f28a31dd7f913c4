//! The master: one LP or MILP in which each class takes as many of its schedules as it has jobs, and services, batteries
//! and imports follow.

use super::super::bound::Lagrangian;
use super::super::dual::Point;
use super::super::fleet::{Found, Services};
use super::super::watch::Heard;
use super::super::{Run, decode};
use super::offers::Offers;
use crate::milp::{Basis, Col, MilpOptions, MilpStatus};
use crate::model::{self, Choice, Draft, Frame, Group, JobColumns, JobLoad, Lazy};
use crate::schedule::Schedule;
use crate::{Error, Result};

/// The model over all offers.
pub(super) struct Master {
    draft: Draft,
    /// Whether each class takes whole schedules.
    whole: Vec<bool>,
}

/// What the LP says.
#[derive(Debug, Clone)]
pub(super) struct Relaxed {
    pub(super) objective: f64,
    /// How many jobs of each class take each schedule.
    pub(super) taken: Vec<Vec<f64>>,
    /// IT load, MW by cell.
    pub(super) it_mw: Vec<f64>,
    /// The prices.
    pub(super) point: Point,
    pub(super) basis: Option<Basis>,
}

impl Relaxed {
    /// Schedules that came later are not taken.
    pub(super) fn fit(&mut self, offers: &Offers) {
        for (taken, offers) in self.taken.iter_mut().zip(&offers.0) {
            taken.resize(offers.len(), 0.0);
        }
    }
}

/// What a MILP over some of the offers found.
pub(super) struct Taken {
    pub(super) objective: f64,
    pub(super) taken: Vec<Vec<f64>>,
    pub(super) services: Services,
}

impl Master {
    pub(super) fn new(run: &Run<'_>, lagrangian: &Lagrangian<'_>, offers: &Offers) -> Self {
        let (pool, grid) = (lagrangian.pool, lagrangian.grid);
        let mut choice = Choice { given_mw: vec![0.0; pool.cells], ..Choice::default() };
        if grid.counts_inferences() {
            choice.given_millions = vec![0.0; pool.cells];
        }
        let groups = pool.classes.iter().zip(&offers.0).map(|(class, offers)| Group {
            count: class.count(),
            whole: !class.shape.divisible,
            offers: offers.iter().map(|(_, offer)| offer.clone()).collect(),
        });
        choice.groups = groups.collect();
        let (ladder, problem, lazy) = (&run.ladder, run.problem, Lazy::default());
        let frame = Frame {
            problem,
            shapes: problem.shapes(),
            ladder,
            h: problem.horizon().step_h(),
            periods: problem.horizon().periods,
            lazy: &lazy,
            load: JobLoad::Chosen(&choice),
        };
        let mut draft = model::build(&frame);
        for cap in draft.caps.clone().into_iter().filter(|cap| cap.strict) {
            draft.milp.add_cost(cap.excess, ladder.strict_gbp_per_kg);
        }
        Self { draft, whole: pool.classes.iter().map(|class| !class.shape.divisible).collect() }
    }

    /// The LP, if it comes to its end in time; from where the LP of another master ended.
    pub(super) fn relax(
        &self,
        run: &mut Run<'_>,
        lagrangian: &Lagrangian<'_>,
        start: Option<Basis>,
    ) -> Result<Option<Relaxed>> {
        let options = MilpOptions { time_limit_s: run.left_for_search_s(), ..run.options() };
        let mut lp = self.draft.milp.relaxed();
        lp.start_from(start);
        let solution = match run.call(&lp, &options, Heard::Points) {
            Err(Error::Cancelled) => return Ok(None),
            other => other?,
        };
        let (Some(values), Some(duals)) = (solution.values, solution.row_duals) else { return Ok(None) };
        if solution.status != MilpStatus::Optimal {
            return Ok(None);
        }
        Ok(Some(Relaxed {
            objective: solution.objective,
            taken: self.taken(&values),
            it_mw: self.it_mw(lagrangian, &values),
            point: self.point(lagrangian, &duals),
            basis: solution.basis,
        }))
    }

    /// A basis of another master for this one.
    pub(super) fn carry(&self, basis: &Basis, of: &Self) -> Basis {
        basis.carried(&of.draft.milp, &self.draft.milp)
    }

    fn chosen(&self) -> impl Iterator<Item = &Vec<Col>> {
        self.draft.jobs.iter().filter_map(|columns| match columns {
            JobColumns::Chosen(columns) => Some(columns),
            _ => None,
        })
    }

    /// Prices from the duals of the rows.
    fn point(&self, lagrangian: &Lagrangian<'_>, duals: &[f64]) -> Point {
        let grid = lagrangian.grid;
        let mut point = grid.plain();
        let place = |n: Option<u32>| n.map_or(0, |n| n as usize);
        let mut cap = 0;
        for (tag, &dual) in self.draft.milp.row_tags.iter().zip(duals) {
            let cell = place(tag.object) * grid.periods + place(tag.period);
            match tag.rule {
                // Written as `loads - it = -given`: a load more is a right-hand side less.
                "it_load" => point.it[cell] = -dual,
                "balance" => point.node[cell] = dual,
                "demand_charge" => point.peak[cell] = dual.max(0.0),
                "carbon_cap" => {
                    // Windows stand in the same order there and here.
                    point.cap[cap] = (-dual).clamp(0.0, grid.windows[cap].price_gbp_per_kg);
                    cap += 1;
                }
                _ => {}
            }
        }
        point
    }

    fn it_mw(&self, lagrangian: &Lagrangian<'_>, values: &[f64]) -> Vec<f64> {
        let grid = lagrangian.grid;
        let cells = (0..grid.regions).flat_map(|r| (0..grid.periods).map(move |t| (r, t)));
        cells.map(|cell| self.draft.it.at(cell).map_or(0.0, |column| values[column.index()])).collect()
    }

    fn taken(&self, values: &[f64]) -> Vec<Vec<f64>> {
        self.chosen().map(|columns| columns.iter().map(|column| values[column.index()].max(0.0)).collect()).collect()
    }

    /// The best choice among the offers that may be taken, from the plan as it is.
    pub(super) fn choose(
        &self,
        run: &mut Run<'_>,
        offers: &Offers,
        may: &[Vec<bool>],
        best: &Found,
        options: MilpOptions,
    ) -> Result<Option<Taken>> {
        let mut milp = self.draft.milp.clone();
        let mut start = Vec::new();
        for (c, columns) in self.chosen().enumerate() {
            for (p, &column) in columns.iter().enumerate() {
                if !may[c][p] {
                    milp.set_bounds(column, 0.0, 0.0);
                }
                if self.whole[c] {
                    let used = best.schedules[c].iter().filter(|other| **other == offers.0[c][p].0).count();
                    #[allow(clippy::cast_precision_loss)]
                    start.push((column.index(), used as f64));
                }
            }
        }
        let options = MilpOptions { start, ..options };
        let solution = match run.call(&milp, &options, Heard::Points) {
            Err(Error::Cancelled) => return Ok(None),
            other => other?,
        };
        let Some(values) = solution.values.filter(|_| solution.status != MilpStatus::Infeasible) else {
            return Ok(None);
        };
        Ok(Some(Taken {
            objective: solution.objective,
            taken: self.taken(&values),
            services: decode::services(run.problem, &self.draft, &values),
        }))
    }
}

/// The schedules of the jobs of one class that take offers in these numbers; none where they do not add up.
pub(super) fn members(
    whole: bool,
    count: usize,
    offers: &[(Schedule, model::Offer)],
    taken: &[f64],
) -> Option<Vec<Schedule>> {
    if !whole {
        #[allow(clippy::cast_precision_loss)]
        let parts = taken.iter().zip(offers).map(|(number, (schedule, _))| (number / count as f64, schedule));
        return Some(vec![mixed(parts); count]);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let each = taken
        .iter()
        .zip(offers)
        .flat_map(|(number, (schedule, _))| std::iter::repeat_n(schedule, number.round().max(0.0) as usize));
    let all: Vec<Schedule> = each.take(count).cloned().collect();
    (all.len() == count).then_some(all)
}

/// Shares of several fluid schedules.
fn mixed<'s>(parts: impl Iterator<Item = (f64, &'s Schedule)>) -> Schedule {
    let mut sum: Option<crate::schedule::Shares> = None;
    for (part, schedule) in parts.filter(|(part, _)| *part > 0.0) {
        let Some(shares) = &schedule.shares else { continue };
        let sum = sum.get_or_insert_with(|| {
            shares.iter().map(|by| by.iter().map(|points| vec![0.0; points.len()]).collect()).collect()
        });
        for (to, from) in sum.iter_mut().flatten().flatten().zip(shares.iter().flatten().flatten()) {
            *to += part * from;
        }
    }
    sum.map_or_else(Schedule::idle, Schedule::fluid)
}
