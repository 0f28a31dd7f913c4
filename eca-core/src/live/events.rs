//! What the loop saw, decided and did, for whoever keeps evidence of it.

use super::Tick;
use crate::Timestamp;
use crate::action::Action;
use crate::adapter::{AdapterResult, Answer, MeterReading, StorageReading};
use crate::mpc::{Ledger, Source};
use crate::problem::{BatteryId, Commitment, CommitmentId, RegionId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

/// Keeps what happens in a running loop.
///
/// Events are numbered from 1 on, without a gap, over restarts too: what was decided is kept before anything of it is sent,
/// and an event that may not have been kept comes again under its number.
///
/// ```
/// use eca_core::adapter::AdapterResult;
/// use eca_core::live::{Event, Sink};
/// use std::sync::Mutex;
///
/// #[derive(Debug, Default)]
/// struct Lines(Mutex<Vec<String>>);
///
/// impl std::fmt::Display for Lines {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("lines in memory")
///     }
/// }
///
/// impl Sink for Lines {
///     fn last(&self) -> AdapterResult<u64> {
///         Ok(self.0.lock().unwrap().len() as u64)
///     }
///
///     fn keep(&self, events: &[Event]) -> AdapterResult<()> {
///         let mut lines = self.0.lock().unwrap();
///         let known = lines.len() as u64;
///         let new = events.iter().filter(|event| event.number > known);
///         lines.extend(new.map(|event| format!("{} {:?}", event.at, event.what)));
///         Ok(())
///     }
/// }
/// ```
pub trait Sink: Debug + Display + Send + Sync {
    /// Number of the last event that is kept; 0 where there is none.
    ///
    /// # Errors
    /// Where that cannot be read.
    fn last(&self) -> AdapterResult<u64>;

    /// Keeps events; when it returns they are kept. Those with a number that it has are skipped.
    ///
    /// # Errors
    /// Where it is not certain that they are kept. Nothing is sent then, and they come again.
    fn keep(&self, events: &[Event]) -> AdapterResult<()>;
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Event {
    /// Its place among the events of this loop, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Happened {
    /// A period begins, or the run ends: what is shown.
    Observed {
        /// By batteries.
        storage: BTreeMap<BatteryId, StorageReading>,
        /// By meters.
        meters: BTreeMap<RegionId, MeterReading>,
        /// The sums after the period that ended; none where none was booked.
        ledger: Option<Ledger>,
    },
    /// Flexibility was sold.
    Sold(Box<Commitment>),
    /// A plan was made.
    Planned {
        /// Number of the step.
        generation: u64,
        /// Start of the period.
        period: Timestamp,
        /// How it was found.
        source: Source,
        /// Why not in a better way, or how it was.
        reason: String,
        /// Whether nothing is acted on.
        shadow: bool,
        /// Why nothing is done at all; none where the loop runs.
        stopped: Option<String>,
        /// Whether the check of the plan passed; none without a plan.
        check_passed: Option<bool>,
        /// The document `eca-problem/1`; none where nothing could be planned.
        problem: Option<String>,
        /// The document `eca-plan/1`; none where nothing could be planned.
        plan: Option<String>,
        /// What would be done, also in shadow mode.
        proposed: Vec<Action>,
    },
    /// A device or a cluster was told something.
    Told {
        /// The command.
        action: Box<Action>,
        /// The answer; none where there was an error.
        answer: Option<Answer>,
        /// The error, in words.
        error: Option<String>,
    },
}

/// Events that a sink has not kept for certain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Waiting {
    /// Number of the last event.
    last: u64,
    pub(super) events: Vec<Event>,
    /// What is known to be sold.
    sold: BTreeSet<CommitmentId>,
}

impl Waiting {
    fn push(&mut self, at: Timestamp, what: Happened) {
        self.last += 1;
        self.events.push(Event { number: self.last, at, what });
    }

    /// Goes on behind what a sink has. One that has more than this loop knows of means that the state was lost or is an old
    /// one: its events go on behind those of the sink.
    pub(super) fn follow(&mut self, kept: u64) {
        if kept > self.last {
            self.events.clear();
            self.last = kept;
        }
    }

    /// What was sold since the last time.
    pub(super) fn sold(&mut self, at: Timestamp, commitments: &[Commitment]) {
        for commitment in commitments {
            if self.sold.insert(commitment.id.clone()) {
                self.push(at, Happened::Sold(Box::new(commitment.clone())));
            }
        }
    }

    /// What a turn saw, as it stands.
    pub(super) fn observed(&mut self, tick: &Tick) {
        let (storage, meters, ledger) = (tick.storage.clone(), tick.meters.clone(), tick.ledger.clone());
        self.push(tick.at, Happened::Observed { storage, meters, ledger });
    }

    /// What a turn decided.
    pub(super) fn decided(&mut self, tick: &Tick, stopped: Option<&String>) {
        let Some(planned) = &tick.planned else { return };
        self.observed(tick);
        let what = Happened::Planned {
            generation: planned.generation,
            period: tick.period,
            source: planned.source,
            reason: planned.reason.clone(),
            shadow: tick.shadow,
            stopped: stopped.cloned(),
            check_passed: planned.check_passed,
            // A problem and a plan that were made are numbers, which have a form in JSON.
            problem: planned.problem.as_ref().and_then(|problem| problem.to_json().ok()),
            plan: planned.plan.as_ref().and_then(|plan| plan.to_json().ok()),
            proposed: planned.proposed.clone(),
        };
        self.push(tick.at, what);
    }

    /// What a turn told others.
    pub(super) fn told(&mut self, tick: &Tick) {
        for sent in &tick.deliveries {
            let action = Box::new(sent.action.clone());
            self.push(tick.at, Happened::Told { action, answer: sent.answer, error: sent.error.clone() });
        }
    }
}
