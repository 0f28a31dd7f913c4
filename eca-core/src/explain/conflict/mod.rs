//! Which limits cannot be kept together, and the cheapest repair in each currency: carbon, power, sold energy, time.
//!
//! 1. An elastic model ([`elastic`]) says what must give, and proves the conflict where its relaxation must.
//! 2. For each currency, schedules are looked for that give way in it alone ([`search`]). What they need is measured by
//!    the same model with the schedules given; it is enough by construction.
//! 3. A repair is offered once a plan of the repaired problem that keeps every limit has passed its check.
//! 4. The smallest set of limits in conflict is found by giving up one after the other ([`filter`]).

mod changes;
mod currency;
mod dice;
mod document;
mod elastic;
mod filter;
mod market;
mod pool;
mod repair;
mod scale;
mod search;
mod sold;

pub use document::{Change, Conflict, ConflictLimit, Currency, Repair, Setting};

use crate::{DeadlineKind, Problem, Result};
use currency::Workshop;
use elastic::Elastic;

/// A model with more columns is not solved for a proof: it would take longer than the search.
const MOST_COLUMNS: usize = 60_000;

impl Problem {
    /// Which limits cannot be kept together, and what would mend it; none if a plan that keeps them all was found.
    ///
    /// Limits are IT capacity, import limits, carbon caps, power targets and commitments (priced ones too: whether they
    /// could be kept, not whether that pays) and deadlines (hard and priced). Demand of services and energy wanted at the
    /// end stand.
    ///
    /// # Errors
    /// [`crate::Error::Infeasible`] if they cannot be kept whatever gives way; [`crate::Error::Solver`] if the solver is
    /// missing, fails, or tells no prices (microlp).
    pub fn conflict(&self) -> Result<Option<Conflict>> {
        // What may be left is in nobody's way.
        self.selling_nothing()?.conflict_of_promises()
    }

    fn conflict_of_promises(&self) -> Result<Option<Conflict>> {
        let open = open_ended(self)?;
        let elastic = Elastic::planned(self, &open);
        let shop = Workshop::new(self, &open, &elastic)?;
        let proof = if elastic.columns() <= MOST_COLUMNS { shop.proof()? } else { None };
        if proof.is_none() && (shop.keeps_all()? || crate::engine::keeps_all(self)?) {
            return Ok(None);
        }
        // What is proved to be in conflict comes first: only a repair that gives some of it can be enough.
        let smallest = proof.as_ref().map(|terms| filter::smallest(self, &elastic, terms)).transpose()?;
        let mut repairs = shop.repairs(smallest.as_deref())?;
        repairs.sort_by(|a, b| a.relative.total_cmp(&b.relative));
        let limits = smallest.unwrap_or_else(|| filter::changed(self, &repairs));
        let mut conflict = Conflict { proved: proof.is_some(), limits, repairs, text: String::new() };
        conflict.text = repair::say(&conflict);
        Ok(Some(conflict))
    }
}

/// The same problem with every deadline at the end of the horizon, and hard.
fn open_ended(problem: &Problem) -> Result<Problem> {
    let mut document = problem.document().clone();
    for job in &mut document.jobs {
        job.deadline = None;
        job.deadline_kind = DeadlineKind::Hard;
    }
    Problem::from_document(document)
}
