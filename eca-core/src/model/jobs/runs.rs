//! One copy of a job in full: points, pauses, moves, runs and state.
//!
//! Columns by period `t` (and region `r`): `run[r,t,l]` works at a point; `segment[r,t]` begins to work there;
//! `at[r,t]` the checkpoint is there; `arrive[r,t]` comes from another region; `live[r,t]` arrives without a pause;
//! `resume[r,t]` begins after a pause; `begun[t]` has started; `done[t]` has no work left. All but `run`, `done` and the
//! first `at` are continuous: the rows make them 0 or 1 once `run` is.

mod doneness;
mod moves;
mod order;
mod segments;

use super::{Draft, Frame, counts_inferences, millions, undone_column};
use crate::milp::{Col, Milp, Tag};
use crate::model::{JobColumns, draft::Grid2};
use crate::problem::Job;
use crate::schedule::Shape;

const FREE: f64 = f64::INFINITY;

/// Work is counted in thousandths of the whole, so that solver tolerances stay far below one period's work.
const SCALE: f64 = 1e3;
/// Work this close below what is left, as a part of the fastest period, is not told from done. Five times what a solver
/// takes for a whole number: with less, `done` may be 3e-8 and count as 0.
const NEARLY: f64 = 5e-7;

struct Block<'a, 'f> {
    frame: &'a Frame<'f>,
    job: &'a Job,
    shape: &'a Shape,
    copy: u32,
    regions: Vec<usize>,
    /// Points running, by region and period.
    run: Grid2<Vec<(usize, Col)>>,
    segment: Grid2<Option<Col>>,
    at: Grid2<Option<Col>>,
    arrive: Grid2<Option<Col>>,
    live: Grid2<Option<Col>>,
    resume: Grid2<Option<Col>>,
    begun: Vec<Option<Col>>,
    done: Vec<Option<Col>>,
}

type Terms = Vec<(Col, f64)>;

pub(super) fn columns(frame: &Frame<'_>, draft: &mut Draft, shape: &Shape, copy: u32) {
    let (regions, periods) = (frame.regions(), frame.periods);
    let mut block = Block {
        frame,
        job: &frame.problem.jobs()[shape.job],
        shape,
        copy,
        regions: shape.regions(),
        run: Grid2::new(regions, periods),
        segment: Grid2::new(regions, periods),
        at: Grid2::new(regions, periods),
        arrive: Grid2::new(regions, periods),
        live: Grid2::new(regions, periods),
        resume: Grid2::new(regions, periods),
        begun: vec![None; periods],
        done: vec![None; periods],
    };
    block.points(draft);
    block.work(draft);
    if block.knows_done() {
        block.doneness(&mut draft.milp);
    }
    if block.knows_segments() {
        block.segments(draft);
        block.min_run(&mut draft.milp);
        block.no_pause(&mut draft.milp);
    } else {
        block.one_place(&mut draft.milp);
    }
}

impl Block<'_, '_> {
    fn tag(&self, rule: &'static str) -> Tag {
        Tag::new(rule).object(self.shape.job).part(self.copy as usize)
    }

    /// Whether rules look at when it begins and stops, not only at where it works.
    fn knows_segments(&self) -> bool {
        let (job, shape) = (self.job, self.shape);
        !shape.preemptible
            || shape.pauses_left.is_some()
            || shape.min_run > 1
            || shape.migration.is_some()
            || shape.home.is_some()
            || job.startup_cost_gbp > 0.0
            || job.pause_cost_gbp > 0.0
            || job.pause_energy_mwh > 0.0
    }

    /// Whether rules look at when its work is done.
    fn knows_done(&self) -> bool {
        let shape = self.shape;
        let lazy = self.frame.lazy.waste.contains(&(shape.job, self.copy));
        shape.min_run > 1 || (!shape.preemptible && shape.priced) || shape.must_continue || lazy
    }

    /// Terms of "works in period t", in all regions or one.
    fn working(&self, t: usize, only: Option<usize>) -> Terms {
        let regions = self.regions.iter().filter(|&&r| only.is_none_or(|one| one == r));
        regions.flat_map(|&r| self.run.at((r, t)).iter().map(|&(_, col)| (col, 1.0))).collect()
    }

    /// Work done in periods before `t`, scaled.
    fn work_before(&self, t: usize) -> Terms {
        (self.shape.first..t)
            .flat_map(|k| self.regions.iter().map(move |&r| (r, k)))
            .flat_map(|cell| self.run.at(cell).iter().map(|&(l, col)| (col, SCALE * self.shape.rate[l])))
            .collect()
    }

    fn points(&mut self, draft: &mut Draft) {
        let shape = self.shape;
        let mut runs = Vec::new();
        let mut inferences = Vec::new();
        for t in shape.first..shape.end {
            for &r in self.regions.iter().filter(|&&r| shape.allowed(r, t)) {
                for l in (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l)) {
                    let col = draft.milp.binary(0.0, self.tag("run").period(t));
                    runs.push((r, t, l, col));
                    self.run.at_mut((r, t)).push((l, col));
                    draft.it_load.at_mut((r, t)).columns.push((col, shape.power_mw[l]));
                }
            }
            let all = self.working(t, None);
            if all.len() > 1 {
                draft.milp.row(0.0, 1.0, &all, self.tag("one_place").period(t));
            }
        }
        if counts_inferences(self.frame) && shape.inferences > 0.0 {
            inferences = self.inferences(draft);
        }
        draft.jobs.push(JobColumns::Runs { job: shape.job, copy: self.copy, runs, inferences });
    }

    /// Inferences in each region and period: at most what the point does, in all the work done.
    fn inferences(&self, draft: &mut Draft) -> Vec<(usize, Col)> {
        let mut all = Vec::new();
        for t in self.shape.first..self.shape.end {
            for &r in &self.regions {
                let mut terms: Terms = self.run.at((r, t)).iter().map(|&(l, col)| (col, -self.shape.rate[l])).collect();
                if terms.is_empty() {
                    continue;
                }
                let done = draft.milp.continuous(0.0, FREE, 0.0, self.tag("work_counted").period(t));
                terms.push((done, 1.0));
                draft.milp.row(-FREE, 0.0, &terms, self.tag("work_counted").period(t));
                draft.inferences.at_mut((r, t)).columns.push((done, millions(self.shape)));
                all.push((t, done));
            }
        }
        let terms: Terms = all.iter().map(|&(_, col)| (col, 1.0)).collect();
        draft.milp.row(0.0, self.shape.left, &terms, self.tag("work_counted"));
        all
    }

    fn work(&self, draft: &mut Draft) {
        let shape = self.shape;
        let left = SCALE * shape.left;
        let undone = undone_column(self.frame, draft, shape, shape.left, self.copy);
        let mut terms = self.work_before(shape.end);
        // Half the tolerance that counts as done, so that rounding in the solver cannot cost a period.
        let slack = SCALE * 5e-10;
        if let Some(undone) = undone {
            terms.push((undone, SCALE));
        }
        draft.milp.row(left - slack, FREE, &terms, self.tag("work"));
        if shape.rate.len() == 1 {
            // With one point the number of periods says it all, and no more are used than needed.
            let all: Terms = (shape.first..shape.end).flat_map(|t| self.working(t, None)).collect();
            #[allow(clippy::cast_precision_loss)]
            let need = shape.need(0) as f64;
            draft.milp.row(if undone.is_some() { 0.0 } else { need }, need, &all, self.tag("periods"));
        }
    }

    /// Without any rule on segments: it stays in one region.
    fn one_place(&self, milp: &mut Milp) {
        if self.regions.len() < 2 {
            return;
        }
        let homes: Vec<Col> = self.regions.iter().map(|&r| milp.binary(0.0, self.tag("at").period(r))).collect();
        let all: Terms = homes.iter().map(|&home| (home, 1.0)).collect();
        milp.row(0.0, 1.0, &all, self.tag("one_region"));
        for (&r, &home) in self.regions.iter().zip(&homes) {
            for t in self.shape.first..self.shape.end {
                let mut terms = self.working(t, Some(r));
                if !terms.is_empty() {
                    terms.push((home, -1.0));
                    milp.row(-FREE, 0.0, &terms, self.tag("one_region").period(t));
                }
            }
        }
    }

    /// Terms and constant of "worked in period t"; none is the period before the horizon.
    fn worked(&self, t: Option<usize>, only: Option<usize>) -> (Terms, f64) {
        match t {
            Some(t) => (self.working(t, only), 0.0),
            None => {
                let there = self.shape.running.is_some_and(|running| only.is_none_or(|r| r == running.region));
                (Vec::new(), if there { 1.0 } else { 0.0 })
            }
        }
    }

    fn sum_at(&self, columns: &Grid2<Option<Col>>, t: usize) -> Terms {
        self.regions.iter().filter_map(|&r| columns.at((r, t)).map(|col| (col, 1.0))).collect()
    }

    fn sum(&self, columns: &Grid2<Option<Col>>) -> Terms {
        (self.shape.first..self.shape.end).flat_map(|t| self.sum_at(columns, t)).collect()
    }
}
