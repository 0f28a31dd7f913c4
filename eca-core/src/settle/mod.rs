//! Settlement: meter readings become period volumes, volumes become cash and carbon, all in whole units.
//!
//! ```text
//! Event + meter readings + prices -> baseline -> deviation D = B - M -> cash by route -> EventRecord
//! ```
//!
//! Energy is Wh, money µGBP, carbon mg, each an `i64`; pounds and megawatt hours are for display. Nothing here computes
//! with floats. Every amount is rounded once, for its period and flow, half away from zero; totals are sums of what was
//! rounded, so parts add up to totals to the unit.
//!
//! The rules are those of docs/settlement.md, with their sources and dates. What is contract or changes with time (prices,
//! regimes, pay factors, days) comes in with the event and is never a constant here.
#![deny(clippy::float_arithmetic)]

mod amount;
mod baseline;
mod document;
mod due;
mod event;
mod evidence;
mod fund;
mod ledger;
mod meter;
mod prices;
mod product;
mod record;
mod recorded;
mod report;
mod route;
mod run;
mod sources;
mod submission;
mod table;
mod terms;
mod text;
mod work;
mod workings;

pub use amount::Micro;
pub use baseline::{BaselineRequest, baseline};
pub use due::{DueSubmission, Standing as SubmissionStanding};
pub use event::{BaselineTerms, Direction, Event, EventPeriod, Operations, References, Route, Sharing, Site};
pub use evidence::{
    CarbonEvidence, Contract, Decision, EventEvidence, JobChange, JobMoved, MessageReference, MeterPoint, PeriodBehind,
};
pub use fund::{Allocation, Beneficiary, Contribution, FundEntry, FundEntryKind, distribute};
pub use ledger::{Change, Ledger};
pub use meter::{PeriodVolume, Quality, Reading, Readings, Volumes};
pub use prices::{PriceRow, PriceTable};
pub use product::{Pay, ProductSpec, Standing, products};
pub use record::{
    CarbonTotals, Compensation, CustomerTotals, EventRecord, Flow, FlowKind, PeriodRecord, ReboundRecord, Totals,
};
pub use recorded::{Evidence, Inputs, PeriodEvidence, SubmissionRecord};
pub use report::{Consumption, Embodied, Matched, Month, Report, Sci, parse_consumption, report};
pub use run::SettlementRun;
pub use sources::{DayNotice, DayNoticeKind, PartyRole, PriceSource};
pub use submission::{Flow as SubmissionFlow, Status, Submission};
pub use terms::{DatedPrice, DatedRegime, PayPoint, Regime, Terms};
pub use work::settle;
pub use workings::{ReboundEvidence, Workings};

pub(crate) use amount::{divided, product, sum};
