//! The elastic model: the rules of the plan with limits that stand, give way at a price, or are gone.
//!
//! It is the linear relaxation of the model behind the plan, so that what it cannot do no plan can. Where it must give,
//! the limits are in conflict; what it gives is the least that any repair needs.

use super::market::{self, Owed};
use crate::milp::{self, Basis, Col, Milp, MilpOptions, MilpSolution, MilpStatus, Tag};
use crate::model::{self, Draft, Frame, JobColumns, JobLoad, Ladder, Lazy};
use crate::schedule::Account;
use crate::{Control, Problem, Result, Solver};
use std::cell::RefCell;

const FREE: f64 = f64::INFINITY;

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Give {
    /// It stands.
    Hard,
    /// Each unit beyond it costs so much.
    Priced(f64),
    /// Each unit costs so much, and each unit of room left earns as much: the direction in which a limit is relieved.
    Balance(f64),
    /// It is gone.
    Free,
}

/// What becomes of every limit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// IT capacity, by region.
    pub(super) it: Vec<Give>,
    /// Import limits, by region.
    pub(super) import: Vec<Give>,
    /// Carbon caps.
    pub(super) caps: Vec<Give>,
    /// Power targets, strict and priced.
    pub(super) targets: Vec<Give>,
    /// Commitments, with their guards, rebounds and reserves.
    pub(super) commitments: Vec<Give>,
    /// Deadlines, by job.
    pub(super) deadlines: Vec<Give>,
}

impl Terms {
    /// Every limit stands.
    pub(super) fn hard(problem: &Problem) -> Self {
        Self::all(problem, Give::Hard)
    }

    /// The same becomes of every limit.
    fn all(problem: &Problem, give: Give) -> Self {
        Self {
            it: vec![give; problem.regions().len()],
            import: vec![give; problem.regions().len()],
            caps: vec![give; problem.carbon_caps().len()],
            targets: vec![give; problem.targets().len()],
            commitments: vec![give; problem.commitments().len()],
            deadlines: vec![give; problem.jobs().len()],
        }
    }
}

/// A model whose limits can be bent again and again.
pub(super) struct Elastic<'a> {
    problem: &'a Problem,
    /// Period after the last before each deadline, by job.
    ends: Vec<usize>,
    draft: Draft,
    /// Where the last solve ended: the next one begins there, as it bends only a few limits in another way.
    ended: RefCell<Option<Basis>>,
}

/// What a solve found.
pub(super) struct Bent {
    /// Price of all that gave way.
    pub(super) price: f64,
    pub(super) solution: MilpSolution,
    milp: Milp,
    /// How far IT capacity and import limits gave way, by region, MW.
    pub(super) it_mw: Vec<f64>,
    pub(super) import_mw: Vec<f64>,
    /// How far targets and commitments gave way.
    pub(super) owed: Owed,
}

impl<'a> Elastic<'a> {
    /// Jobs planned, in the windows of `open`; their own deadlines are those of `problem`.
    pub(super) fn planned(problem: &'a Problem, open: &Problem) -> Self {
        let ends = problem.shapes().iter().map(|shape| shape.end).collect();
        Self { problem, ends, draft: draft(open, JobLoad::Planned), ended: RefCell::default() }
    }

    /// Jobs as given.
    pub(super) fn given(problem: &'a Problem, accounts: &[Account]) -> Self {
        Self { problem, ends: Vec::new(), draft: draft(problem, JobLoad::Given(accounts)), ended: RefCell::default() }
    }

    pub(super) fn columns(&self) -> usize {
        self.draft.milp.columns()
    }

    /// Gives way at least price; none where what stands cannot be kept at any price.
    pub(super) fn solve(&self, terms: &Terms) -> Result<Option<Bent>> {
        let mut lp = self.draft.milp.relaxed();
        lp.set_costs(|_| 0.0);
        let nothing = self.draft.services.iter().flat_map(|service| &service.shed);
        let nothing = nothing.chain(self.draft.storage.iter().filter_map(|battery| battery.end_shortfall.as_ref()));
        nothing.chain(&self.draft.undone).for_each(|&col| lp.set_bounds(col, 0.0, 0.0));
        for column in &self.draft.caps {
            let (lower, upper, price) = match terms.caps[column.cap] {
                Give::Hard => (0.0, 0.0, 0.0),
                Give::Priced(price) => (0.0, FREE, price),
                Give::Balance(price) => (-FREE, FREE, price),
                Give::Free => (0.0, FREE, 0.0),
            };
            lp.set_bounds(column.excess, lower, upper);
            lp.add_cost(column.excess, price);
        }
        let it = self.sites(&mut lp, &terms.it, "it_overload");
        let import = self.sites(&mut lp, &terms.import, "import_overload");
        self.deadlines(&mut lp, &terms.deadlines);
        let reliefs = market::bend(&mut lp, self.problem, &self.draft, terms);
        lp.start_from(self.ended.borrow().clone());
        let options = MilpOptions::exact();
        let mut solution = milp::solve(&lp, Solver::Auto, &options, &Control::default())?;
        if let Some(basis) = solution.basis.take() {
            self.ended.replace(Some(basis));
        }
        if solution.status != MilpStatus::Optimal {
            return Ok(None);
        }
        let value = |(col, give): (&Col, &Give)| match (give, &solution.values) {
            (Give::Priced(_) | Give::Balance(_), Some(values)) => values[col.index()].max(0.0),
            _ => 0.0,
        };
        Ok(Some(Bent {
            price: solution.objective,
            it_mw: it.iter().zip(&terms.it).map(value).collect(),
            import_mw: import.iter().zip(&terms.import).map(value).collect(),
            owed: solution
                .values
                .as_ref()
                .map_or_else(Owed::default, |values| market::read(self.problem, &self.draft, terms, &reliefs, values)),
            solution,
            milp: lp,
        }))
    }

    /// One more column for each region: how far its limit is raised in every period in which it is open. It is there also
    /// where the limit stands or is gone, so that every model has the same shape.
    fn sites(&self, lp: &mut Milp, gives: &[Give], rule: &'static str) -> Vec<Col> {
        let mut peaks = Vec::new();
        for (r, (region, give)) in self.problem.regions().iter().zip(gives).enumerate() {
            let (upper, price) = match give {
                Give::Hard => (0.0, 0.0),
                Give::Priced(price) | Give::Balance(price) => (FREE, *price),
                Give::Free => (FREE, 0.0),
            };
            let peak = lp.continuous(0.0, upper, price, Tag::new("relief").object(r));
            for t in 0..self.problem.horizon().periods {
                let table = if rule == "it_overload" { &self.draft.it_overload } else { &self.draft.import_overload };
                let Some(overload) = *table.at((r, t)) else { continue };
                let closed = rule == "it_overload" && region.it_capacity_mw.at(t) <= 0.0;
                lp.set_bounds(overload, 0.0, if closed { 0.0 } else { upper });
                lp.row(-FREE, 0.0, &[(overload, 1.0), (peak, -1.0)], Tag::new("relief").object(r).period(t));
            }
            peaks.push(peak);
        }
        peaks
    }

    /// Late columns of every job: gone, free, or at the price of the periods that they are late.
    fn deadlines(&self, lp: &mut Milp, gives: &[Give]) {
        for (job, col, late) in self.late() {
            match gives[job] {
                Give::Hard => lp.set_bounds(col, 0.0, 0.0),
                // A count of periods is small.
                #[allow(clippy::cast_precision_loss)]
                Give::Priced(price) | Give::Balance(price) => lp.add_cost(col, price * late as f64),
                Give::Free => {}
            }
        }
    }

    /// Job, column and periods of every column that works after the deadline of its job.
    fn late(&self) -> Vec<(usize, Col, usize)> {
        let mut all = Vec::new();
        for columns in &self.draft.jobs {
            match columns {
                JobColumns::Starts { job, length, starts } => {
                    let end = self.ends[*job];
                    let late = starts.iter().map(|&(_, from, col)| (*job, col, (from + length).saturating_sub(end)));
                    all.extend(late.filter(|&(.., late)| late > 0));
                }
                // Each late period is one; that a job waits before it is not counted, so this is a bound.
                JobColumns::Runs { job, runs, .. } => {
                    let late = runs.iter().filter(|&&(_, t, ..)| t >= self.ends[*job]);
                    all.extend(late.map(|&(.., col)| (*job, col, 1)));
                }
                JobColumns::Shares { job, shares, .. } => {
                    let late = shares.iter().filter(|&&(_, t, ..)| t >= self.ends[*job]);
                    all.extend(late.map(|&(.., col)| (*job, col, 1)));
                }
                // Schedules made elsewhere are within their deadlines.
                JobColumns::Chosen(_) => {}
            }
        }
        all
    }

    /// Which limits the proof of a conflict rests on: those whose price is not zero.
    pub(super) fn support(&self, terms: &Terms, bent: &Bent) -> Terms {
        const NOTHING: f64 = 1e-9;
        let mut kept = Terms::all(self.problem, Give::Free);
        let (Some(duals), Some(reduced)) = (&bent.solution.row_duals, &bent.solution.reduced_costs) else {
            return terms.clone();
        };
        for (tag, dual) in bent.milp.row_tags.iter().zip(duals) {
            let Some(object) = tag.object.and_then(|object| usize::try_from(object).ok()) else { continue };
            if dual.abs() <= NOTHING {
                continue;
            }
            match tag.rule {
                "it_capacity" => kept.it[object] = terms.it[object],
                "import_limit" => kept.import[object] = terms.import[object],
                "carbon_cap" => kept.caps[object] = terms.caps[object],
                "target_limit" | "target_ramp_limit" => kept.targets[object] = terms.targets[object],
                "baseline_guard" | "rebound" | "reserve" => kept.commitments[object] = terms.commitments[object],
                "delivery" => {
                    let start = tag.period.map_or(0, |t| t as usize);
                    market::at_meter(&self.draft, object, start)
                        .for_each(|f| kept.commitments[f] = terms.commitments[f]);
                }
                _ => {}
            }
        }
        for (job, col, _) in self.late() {
            // Worth while but for the price of being late.
            if reduced[col.index()] - bent.milp.cost(col) < -NOTHING {
                kept.deadlines[job] = terms.deadlines[job];
            }
        }
        kept
    }

    /// Excess of each cap, the most of its windows, kg; and as a part of what is allowed.
    pub(super) fn excess(&self, bent: &Bent) -> Vec<(f64, f64)> {
        let mut most = vec![(0.0_f64, 0.0_f64); self.problem.carbon_caps().len()];
        let Some(values) = &bent.solution.values else { return most };
        for column in &self.draft.caps {
            let excess = values[column.excess.index()];
            let tag = self.draft.milp.column_tag(column.excess);
            let row = bent.milp.row_tags.iter().position(|other| *other == tag);
            let mut allowed = row.map_or(0.0, |i| bent.milp.row_upper[i]);
            for (j, kg) in row.into_iter().flat_map(|i| bent.milp.terms(i)) {
                if !["import_mw", "carbon_cap"].contains(&bent.milp.column_tags[j].rule) {
                    allowed -= kg * values[j];
                }
            }
            if excess > most[column.cap].0 {
                most[column.cap] = (excess, excess / allowed.max(1e-9));
            }
        }
        most
    }

    /// What one MW more of IT capacity saves in each region and period.
    pub(super) fn capacity_rent(&self, bent: &Bent) -> Vec<f64> {
        let periods = self.problem.horizon().periods;
        let mut rent = vec![0.0; self.problem.regions().len() * periods];
        for (tag, dual) in bent.milp.row_tags.iter().zip(bent.solution.row_duals.iter().flatten()) {
            if let (Some(r), Some(t), "it_capacity") = (tag.object, tag.period, tag.rule) {
                rent[r as usize * periods + t as usize] -= dual;
            }
        }
        rent
    }

    /// IT load of services by region and period, MW.
    pub(super) fn service_mw(&self, bent: &Bent) -> Vec<f64> {
        let periods = self.problem.horizon().periods;
        let mut load = vec![0.0; self.problem.regions().len() * periods];
        let Some(values) = &bent.solution.values else { return load };
        for (service, columns) in self.problem.services().iter().zip(&self.draft.services) {
            for &(r, l, t, col) in &columns.served {
                let mw = service.points[l].wh_per_inference / self.problem.horizon().step_h();
                load[r * periods + t] += mw * values[col.index()];
            }
        }
        load
    }
}

fn draft(problem: &Problem, load: JobLoad<'_>) -> Draft {
    let ladder = Ladder::new(problem.document(), problem.shapes());
    let lazy = Lazy::default();
    model::build(&Frame {
        problem,
        shapes: problem.shapes(),
        ladder: &ladder,
        h: problem.horizon().step_h(),
        periods: problem.horizon().periods,
        lazy: &lazy,
        load,
    })
}
