//! One planted fault: by it a test proves that it would see that fault in a real adapter.

use super::lock;
use crate::action::{Action, Command, Target};
use crate::adapter::{
    AdapterResult, Answer, ApplyOptions, FetchOptions, Meter, MeterReading, ReadingOptions, SignalSource,
    StorageDevice, StorageReading, WorkloadReading, Workloads,
};
use crate::problem::Job;
use crate::signal::{Duplicates, Point, Signals};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// What is wrong with an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It acknowledges commands and does nothing.
    Ignores,
    /// It does not know a command again, and carries it out once more.
    ForgetsKeys,
    /// It carries out commands whose time is over.
    ActsLate,
    /// It carries out commands whose time has not come.
    ActsEarly,
    /// An older command overtakes a newer one.
    Reorders,
    /// A set point does not end when its action expires.
    NeverEnds,
    /// Charge is discharge.
    SwapsSigns,
    /// It takes MW for kW.
    WrongScale,
    /// It shows the first reading for ever, as if it were new.
    Frozen,
    /// Its readings are from tomorrow.
    Tomorrow,
    /// It shows no numbers.
    NotANumber,
    /// It acknowledges commands for what is not there.
    KnowsEverything,
    /// A job that was paused has lost its work.
    LosesWork,
    /// A register goes back.
    GoesBack,
    /// Old signals are said to be new.
    HidesAge,
}

/// An adapter with one planted fault.
#[derive(Debug)]
pub struct Faulty<T> {
    inner: T,
    fault: Fault,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: u64,
    jobs: Option<Vec<WorkloadReading>>,
    work: BTreeMap<String, f64>,
    storage: Option<StorageReading>,
    meter: Option<MeterReading>,
}

impl<T> Faulty<T> {
    /// Around `inner`.
    pub fn new(inner: T, fault: Fault) -> Self {
        Self { inner, fault, kept: Mutex::default() }
    }

    fn apply(
        &self,
        action: &Action,
        options: &ApplyOptions,
        inner: impl Fn(&Action) -> AdapterResult<Answer>,
    ) -> AdapterResult<Answer> {
        let mut sent = action.clone();
        let calls = {
            let mut kept = lock(&self.kept);
            kept.calls += 1;
            kept.calls
        };
        let (from, until) = (action.not_before, action.expires);
        let remade =
            |command: Command, from, until| Action::new(action.generation, action.target.clone(), command, from, until);
        match self.fault {
            Fault::Ignores if action.is_due(options.now) => return Ok(Answer::Done),
            Fault::ForgetsKeys => {
                let calls = i64::try_from(calls).unwrap_or(0);
                sent = remade(action.command.clone(), from, until.plus_s(calls));
                sent.generation += calls.unsigned_abs();
            }
            Fault::ActsLate if options.now >= until => {
                sent = remade(action.command.clone(), options.now, options.now.plus_min(30));
            }
            Fault::ActsEarly if options.now < from => sent = remade(action.command.clone(), options.now, until),
            Fault::Reorders => sent.generation = (1 << 40) + calls,
            Fault::NeverEnds => sent = remade(action.command.clone(), from, until.plus_min(60 * 24 * 365)),
            Fault::SwapsSigns => {
                let swapped = match action.command.clone() {
                    Command::Charge { power_mw } => Command::Discharge { power_mw },
                    Command::Discharge { power_mw } => Command::Charge { power_mw },
                    other => other,
                };
                sent = remade(swapped, from, until);
            }
            Fault::WrongScale => {
                let smaller = crate::unit::kw_to_mw;
                let scaled = match action.command.clone() {
                    Command::Charge { power_mw } => Command::Charge { power_mw: smaller(power_mw) },
                    Command::Discharge { power_mw } => Command::Discharge { power_mw: smaller(power_mw) },
                    other => other,
                };
                sent = remade(scaled, from, until);
            }
            _ => {}
        }
        let result = inner(&sent);
        match (self.fault, &result) {
            (Fault::KnowsEverything, Err(_)) => Ok(Answer::Done),
            _ => result,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with the fault {:?}", self.inner, self.fault)
    }
}

impl<T: Workloads> Workloads for Faulty<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        let mut readings = self.inner.observe(options)?;
        let mut kept = lock(&self.kept);
        match self.fault {
            Fault::Frozen => {
                readings.clone_from(kept.jobs.get_or_insert(readings.clone()));
                readings.iter_mut().for_each(|reading| reading.at = options.now);
            }
            Fault::Tomorrow => readings.iter_mut().for_each(|reading| reading.at = reading.at.plus_min(24 * 60)),
            Fault::NotANumber => readings.iter_mut().for_each(|reading| reading.power_mw = Some(f64::NAN)),
            Fault::LosesWork => readings.iter_mut().for_each(|reading| lose_work(&mut reading.job, &mut kept.work)),
            _ => {}
        }
        Ok(readings)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, options, |action| self.inner.apply(action, options))
    }
}

/// A job has done only what it did since its last pause.
fn lose_work(job: &mut Job, lost: &mut BTreeMap<String, f64>) {
    let Some(state) = &mut job.state else { return };
    let done = state.done_inferences.max(state.done_gpu_hours);
    if state.point.is_none() {
        lost.insert(job.id.to_string(), done);
    }
    let gone = lost.get(job.id.as_str()).copied().unwrap_or(0.0);
    state.done_inferences = (state.done_inferences - gone).max(0.0);
    state.done_gpu_hours = (state.done_gpu_hours - gone).max(0.0);
}

impl<T: StorageDevice> StorageDevice for Faulty<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut reading = self.inner.read(options)?;
        let mut kept = lock(&self.kept);
        match self.fault {
            Fault::Frozen => {
                reading = kept.storage.get_or_insert(reading).clone();
                reading.at = options.now;
            }
            Fault::Tomorrow => reading.at = reading.at.plus_min(24 * 60),
            Fault::NotANumber => reading.soc_mwh = f64::NAN,
            _ => {}
        }
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, options, |action| {
            // What knows everything takes a command for another battery as its own word.
            let known = matches!(action.target, Target::Battery { .. });
            if known { self.inner.apply(action, options) } else { Ok(Answer::Done) }
        })
    }
}

impl<T: Meter> Meter for Faulty<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        let mut reading = self.inner.read(options)?;
        let mut kept = lock(&self.kept);
        kept.calls += 1;
        match self.fault {
            Fault::Frozen => {
                reading = kept.meter.get_or_insert(reading).clone();
                reading.at = options.now;
            }
            Fault::Tomorrow => reading.at = reading.at.plus_min(24 * 60),
            Fault::NotANumber => reading.import_mw = f64::NAN,
            // From a high register down.
            Fault::GoesBack => reading.import_wh += (1_u64 << 40).saturating_sub(kept.calls * 1_000_000),
            Fault::WrongScale => reading.import_mw = crate::unit::mw_to_kw(reading.import_mw),
            _ => {}
        }
        Ok(reading)
    }
}

impl<T: SignalSource> SignalSource for Faulty<T> {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        let signals = self.inner.fetch(options)?;
        let mut spoiled = Signals::new();
        for (region, column, signal) in signals.iter() {
            let mut provenance = signal.provenance().clone();
            let mut points = signal.points().to_vec();
            match self.fault {
                Fault::HidesAge => {
                    provenance.retrieved_at = None;
                    provenance.issued_at = None;
                }
                Fault::Tomorrow => provenance.retrieved_at = Some(options.now.plus_min(24 * 60)),
                // Where nothing is known it says something.
                Fault::KnowsEverything if points.is_empty() => {
                    points.push(Point::new(options.from, options.to, Some(0.0)));
                }
                _ => {}
            }
            // A signal that was taken once is taken again.
            let _ = spoiled.insert(region, column, points, provenance, Duplicates::KeepLast);
        }
        Ok(spoiled)
    }
}
