//! The mathematics: one rule for each file, written into one sparse model.
//!
//! [`Frame`] is what every rule reads, [`Draft`] what it writes. A rule first adds its columns, and to the balances it
//! takes part in; then its rows. Adding a rule touches one new file and the list [`RULES`].

mod capacity;
mod carbon;
mod commitment;
mod demand_charge;
mod draft;
mod frame;
mod grid;
mod jobs;
mod ladder;
mod opportunity;
mod service;
mod solar;
mod storage;
mod target;

pub(crate) use carbon::windows;
pub(crate) use commitment::{
    MARKET, Meter, MeterColumns, Window, covered, guarded, guarded_of, held, meters, rebounding, settlement_h,
};
pub(crate) use draft::{CapColumn, Draft, JobColumns, ServiceColumns, StorageColumns};
pub(crate) use frame::{Frame, JobLoad, Lazy};
pub(crate) use grid::import_limit_mw;
pub(crate) use jobs::{Choice, Group, Offer};
pub(crate) use ladder::Ladder;
pub(crate) use opportunity::{OpportunityColumns, sign};
pub(crate) use service::in_time;
pub(crate) use target::{ramps_at, ramps_mw, target_price};

/// One rule of the model.
pub(crate) trait Rule: Sync {
    /// Adds its columns, with their costs, and its terms to the balances.
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft);
    /// Adds its rows.
    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft);
}

/// Every rule, in the order in which columns are added.
pub(crate) const RULES: [&dyn Rule; 14] = [
    &jobs::Jobs,
    &service::Services,
    &capacity::Capacity,
    &storage::Storage,
    &solar::Solar,
    &grid::Grid,
    &target::Targets,
    &demand_charge::DemandCharge,
    &carbon::CarbonCaps,
    &commitment::Commitments,
    &commitment::Guards,
    &commitment::Rebounds,
    &commitment::Reserves,
    &opportunity::Opportunities,
];

/// Writes the whole model.
pub(crate) fn build(frame: &Frame<'_>) -> Draft {
    let mut draft = Draft::new(frame);
    for rule in RULES {
        rule.columns(frame, &mut draft);
    }
    for rule in RULES {
        rule.rows(frame, &mut draft);
    }
    draft
}
