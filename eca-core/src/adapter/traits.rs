//! The traits. They are unstable: they may change in any release until more unlike implementations exist.

use super::{
    AdapterResult, Answer, ApplyOptions, FetchOptions, MeterReading, ReadingOptions, StorageReading, WorkloadReading,
};
use crate::action::Action;
use crate::signal::Signals;
use crate::{Result, Timestamp};
use std::fmt::{Debug, Display};
use std::sync::Arc;

/// Tells the time. The core never reads a clock itself.
pub trait Clock: Debug + Display + Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

/// Signs bytes with a key the core never sees.
pub trait Signer: Debug + Display + Send + Sync {
    /// The identifier of the key, as the verifier looks it up.
    fn key_id(&self) -> &str;

    /// The signature of `bytes` for one purpose.
    ///
    /// `domain` names the purpose (a message, a log head, a certificate), so that bytes signed for one are
    /// never good for another.
    ///
    /// # Errors
    /// When the key store cannot be reached or refuses the purpose.
    fn sign(&self, domain: &str, bytes: &[u8]) -> Result<Vec<u8>>;
}

/// Jobs on a cluster: what they are and have done, and how they are told what to do.
///
/// Unstable. Every call is safe to repeat.
pub trait Workloads: Debug + Display + Send + Sync {
    /// Every job under control that is not finished, with its state.
    ///
    /// # Errors
    /// [`super::AdapterError::Unreachable`] where nothing is known, [`super::AdapterError::Stale`] where what is known
    /// is older than asked for.
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>>;

    /// Carries out a command for a job or a share of one, at most once for each `id`.
    ///
    /// A job is paused only after its checkpoint was proved written and readable.
    ///
    /// # Errors
    /// [`super::AdapterError::Unknown`] for a job that is not there, [`super::AdapterError::Refused`] for what it cannot
    /// do as it stands; then nothing was changed.
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer>;
}

/// One battery.
///
/// Unstable. A set point ends when its action expires, also if nobody says so: the battery is then at rest. Repeating an
/// action winds up the timer of the device that watches the controller; nothing else.
pub trait StorageDevice: Debug + Display + Send + Sync {
    /// State of charge and power.
    ///
    /// # Errors
    /// As [`Workloads::observe`].
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading>;

    /// Carries out `charge`, `discharge` or `idle`.
    ///
    /// # Errors
    /// [`super::AdapterError::Refused`] above the power of the device, [`super::AdapterError::NotFollowed`] where what is
    /// read back is not what was written.
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer>;
}

/// One connection to the grid.
///
/// Unstable.
pub trait Meter: Debug + Display + Send + Sync {
    /// Power and registers.
    ///
    /// # Errors
    /// As [`Workloads::observe`].
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading>;
}

/// Prices, carbon and limits.
///
/// Unstable.
pub trait SignalSource: Debug + Display + Send + Sync {
    /// The signals of a span of time, with provenance: when they were retrieved. What is not known stays a gap.
    ///
    /// # Errors
    /// [`super::AdapterError::Unreachable`] without an answer, [`super::AdapterError::Stale`] where the last answer is
    /// older than asked for, [`super::AdapterError::BadReading`] for an answer of another form.
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals>;
}

/// Where a controller keeps what must survive its own end.
///
/// Unstable.
pub trait StateStore: Debug + Display + Send + Sync {
    /// What was saved last; none if nothing was.
    ///
    /// # Errors
    /// [`super::AdapterError::Unreachable`] where it cannot be read: a controller does not begin without it.
    fn load(&self) -> AdapterResult<Option<String>>;

    /// Replaces it. After `Ok` it is durable.
    ///
    /// # Errors
    /// [`super::AdapterError::Unreachable`] where that is not certain: nothing new is sent out then.
    fn save(&self, state: &str) -> AdapterResult<()>;
}

/// `Arc<T>` and `Box<T>` are adapters where `T` is.
macro_rules! forward {
    ($($pointer:ident),+) => {$(
        impl<T: Clock + ?Sized> Clock for $pointer<T> {
            fn now(&self) -> Timestamp {
                (**self).now()
            }
        }
        impl<T: Workloads + ?Sized> Workloads for $pointer<T> {
            fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
                (**self).observe(options)
            }
            fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
                (**self).apply(action, options)
            }
        }
        impl<T: StorageDevice + ?Sized> StorageDevice for $pointer<T> {
            fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
                (**self).read(options)
            }
            fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
                (**self).apply(action, options)
            }
        }
        impl<T: Meter + ?Sized> Meter for $pointer<T> {
            fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
                (**self).read(options)
            }
        }
        impl<T: SignalSource + ?Sized> SignalSource for $pointer<T> {
            fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
                (**self).fetch(options)
            }
        }
        impl<T: StateStore + ?Sized> StateStore for $pointer<T> {
            fn load(&self) -> AdapterResult<Option<String>> {
                (**self).load()
            }
            fn save(&self, state: &str) -> AdapterResult<()> {
                (**self).save(state)
            }
        }
    )+};
}

forward!(Arc, Box);
