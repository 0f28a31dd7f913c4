//! The site as it would have been without ECA, on paper: every job as soon as it may, batteries at rest.

use super::Policy;
use super::book::Book;
use super::ledger::Ledger;
use super::twin::{Flows, Routes, Twin, import_price};
use crate::problem::{Battery, Job, JobId, ProblemDocument, RegionId};
use crate::{Error, Problem, Result, Settings, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Follows a site on paper that runs everything at once, and books it beside what was metered. A job is taken over in the
/// state in which it is first seen, a battery once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reference {
    twin: Twin,
    book: Book,
    known: BTreeSet<JobId>,
    /// The period that has begun, and what is served in it.
    open: Option<(Timestamp, Routes)>,
    pub(super) ledger: Ledger,
}

impl Reference {
    /// Refuses a period while another one is open.
    pub(super) fn must_be_closed(&self, document: &ProblemDocument) -> Result<()> {
        match self.open.as_ref().filter(|(open, _)| *open != document.horizon.start) {
            Some((open, _)) => {
                Err(other_period(document, &format!("the period from {open} must be closed before the next step")))
            }
            None => Ok(()),
        }
    }

    /// Takes over jobs that are seen for the first time, which it gives, and batteries once.
    pub(super) fn take_over<'a>(&mut self, document: &'a ProblemDocument) -> Vec<&'a Job> {
        let new: Vec<&Job> = document.jobs.iter().filter(|job| self.known.insert(job.id.clone())).collect();
        new.iter().for_each(|job| self.twin.admit(job));
        add_batteries(&mut self.twin, &document.batteries);
        new
    }

    /// A period begins: the first one of `document`. Once it has begun, nothing changes until it is closed.
    pub(crate) fn begin(&mut self, document: &ProblemDocument, generation: u64, solve: &Settings) -> Result<()> {
        self.must_be_closed(document)?;
        self.take_over(document);
        if self.open.is_none() {
            let start = document.horizon.start;
            self.book.plan(document, &self.twin, Policy::RunAtOnce, solve)?;
            for action in self.book.actions(&self.twin, start, document.horizon.step_min, generation) {
                self.twin.receive(&action, start);
            }
            self.open = Some((start, self.book.routes(document, &self.twin, solve)?));
        }
        Ok(())
    }

    /// Books the period under the conditions of `actual`, a document of that period; `ours` is what somebody else would have
    /// done in it, by name.
    pub(crate) fn close<'a>(
        &mut self,
        actual: &ProblemDocument,
        import_mwh: &BTreeMap<RegionId, f64>,
        ours: impl IntoIterator<Item = (&'a str, Flows)>,
    ) -> Result<&Ledger> {
        check(actual, import_mwh)?;
        let Some((_, routes)) = self.open.take_if(|(start, _)| *start == actual.horizon.start) else {
            return Err(not_open(actual));
        };
        let flows = self.twin.advance(actual, 0, &routes);
        let at_once = ("run_at_once", flows);
        for (name, flows) in ours.into_iter().chain([at_once, ("site", metered(actual, import_mwh))]) {
            self.ledger.entries.entry(name.into()).or_default().book(actual, 0, &flows);
        }
        Ok(&self.ledger)
    }

    /// Whether the period that `actual` begins with is the one that has begun.
    pub(super) fn is_open(&self, actual: &ProblemDocument) -> bool {
        self.open.as_ref().is_some_and(|(start, _)| *start == actual.horizon.start)
    }

    /// A period that cannot be booked is left out.
    pub(crate) fn skip(&mut self) {
        self.open = None;
    }

    /// The sums so far.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// Batteries that a twin does not have yet.
pub(super) fn add_batteries(twin: &mut Twin, batteries: &[Battery]) {
    let known: BTreeSet<_> = twin.batteries.iter().map(|battery| battery.id.clone()).collect();
    twin.batteries.extend(batteries.iter().filter(|battery| !known.contains(&battery.id)).cloned());
}

/// Refuses a period that cannot be planned, and imports of regions that are not there.
pub(super) fn check(actual: &ProblemDocument, import_mwh: &BTreeMap<RegionId, f64>) -> Result<()> {
    Problem::from_document(super::view::cut(actual, 0, 1))?;
    import_mwh.iter().try_for_each(|(region, &mwh)| check_import(actual, region, mwh))
}

pub(super) fn not_open(actual: &ProblemDocument) -> Error {
    other_period(actual, "is not the period of the last step")
}

fn other_period(document: &ProblemDocument, reason: &str) -> Error {
    Error::Time { field: "horizon start".into(), text: document.horizon.start.to_string(), reason: reason.into() }
}

/// Refuses a meter of a region that is not there, and a reading that is none.
fn check_import(actual: &ProblemDocument, region: &RegionId, mwh: f64) -> Result<()> {
    if !actual.regions.iter().any(|known| known.id == *region) {
        let known: Vec<String> = actual.regions.iter().map(|region| format!("`{}`", region.id)).collect();
        return Err(Error::Unknown {
            object: "period to close".into(),
            field: "import_mwh",
            kind: "region",
            id: region.to_string(),
            known: known.join(", "),
        });
    }
    if !mwh.is_finite() || mwh < 0.0 {
        return Err(Error::Value {
            object: format!("region `{region}`"),
            field: "import_mwh".into(),
            value: mwh.to_string(),
            limit: "must be finite and at least 0".into(),
            unit: "MWh",
        });
    }
    Ok(())
}

/// The flows of a site of which only the imports are known.
fn metered(actual: &ProblemDocument, import_mwh: &BTreeMap<RegionId, f64>) -> Flows {
    let h = actual.horizon.step_h();
    let mut flows = Flows::default();
    for region in &actual.regions {
        let mwh = import_mwh.get(&region.id).copied().unwrap_or(0.0);
        flows.it_mw.push(0.0);
        flows.import_mw.push(mwh / h);
        flows.export_mw.push(0.0);
        flows.cost_gbp += mwh * import_price(region, 0);
        flows.carbon_kg += mwh * region.carbon_g_per_kwh.at(0);
    }
    flows
}
