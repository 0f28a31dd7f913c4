//! Adapters written in another language: every call is two documents.

use super::{
    AdapterError, AdapterResult, Answer, ApplyOptions, FetchOptions, Meter, MeterReading, ReadingOptions, SignalSource,
    StorageDevice, StorageReading, WorkloadReading, Workloads,
};
use crate::action::Action;
use crate::signal::{ReadOptions, Signals, parse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug, Display};

/// Somebody who answers documents with documents: code in C or Python, another process.
///
/// Unstable.
pub trait Call: Debug + Display + Send + Sync {
    /// Answers one call.
    ///
    /// | operation | request | answer |
    /// |---|---|---|
    /// | `read` of jobs | `{"now", "max_age_s"}` | list of [`WorkloadReading`] |
    /// | `read` of a battery | the same | [`StorageReading`] |
    /// | `read` of a meter | the same | [`MeterReading`] |
    /// | `read` of signals | `{"now", "from", "to", "max_age_s"}` | `{"csv": text, "retrieved_at": time}` |
    /// | `apply` | `{"action": ..., "options": {"now", "grace_s", "dry_run"}}` | an [`Answer`], such as `"done"` |
    ///
    /// Instead of any answer, `{"refused": reason}` says no, and `{"unknown": name}` that there is no such thing.
    ///
    /// # Errors
    /// In words, where there is no answer: nothing is known of what happened then.
    fn call(&self, operation: &str, request: &str) -> Result<String, String>;
}

/// An adapter of any kind around a [`Call`].
///
/// ```
/// use eca_core::adapter::foreign::{Call, Foreign};
/// use eca_core::adapter::{Meter, ReadingOptions};
///
/// #[derive(Debug)]
/// struct Elsewhere;
/// impl std::fmt::Display for Elsewhere {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("meter elsewhere")
///     }
/// }
/// impl Call for Elsewhere {
///     fn call(&self, operation: &str, _request: &str) -> Result<String, String> {
///         assert_eq!(operation, "read");
///         Ok(r#"{"at": "2026-03-02T00:00:00Z", "import_mw": 1.5, "export_mw": 0, "import_wh": 7, "export_wh": 0}"#.into())
///     }
/// }
/// let reading = Foreign(Elsewhere).read(&ReadingOptions::new("2026-03-02T00:00:10Z".parse()?))?;
/// assert_eq!(reading.import_mw, 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Foreign<T>(pub T);

impl<T: Call> Display for Foreign<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// An answer that is no.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum No {
    Refused(String),
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Csv {
    csv: String,
    retrieved_at: crate::Timestamp,
}

#[derive(Serialize)]
struct Command<'a> {
    action: &'a Action,
    options: &'a ApplyOptions,
}

impl<T: Call> Foreign<T> {
    fn ask<A: DeserializeOwned>(&self, operation: &str, request: &impl Serialize) -> AdapterResult<A> {
        let adapter = || self.to_string();
        let lost = |message: String| AdapterError::Unreachable { adapter: adapter(), message };
        let request = serde_json::to_string(request).map_err(|error| lost(error.to_string()))?;
        let text = self.0.call(operation, &request).map_err(lost)?;
        match serde_json::from_str::<No>(&text) {
            Ok(No::Refused(message)) => {
                return Err(AdapterError::Refused { adapter: adapter(), object: "the command".into(), message });
            }
            Ok(No::Unknown(id)) => {
                let known = "those that it shows".into();
                return Err(AdapterError::Unknown { adapter: adapter(), kind: "object".into(), id, known });
            }
            Err(_) => {}
        }
        crate::problem::read_json(&text).map_err(|error| self.bad(operation, &text, error.to_string()))
    }

    fn bad(&self, operation: &str, text: &str, limit: String) -> AdapterError {
        let value = text.chars().take(200).collect();
        AdapterError::BadReading {
            adapter: self.to_string(),
            object: format!("the answer to `{operation}`"),
            value,
            limit,
        }
    }

    fn apply_it(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.ask("apply", &Command { action, options })
    }

    /// Numbers that are none would go into plans.
    fn finite(&self, values: &[(&str, f64)]) -> AdapterResult<()> {
        match values.iter().find(|(_, value)| !value.is_finite() || *value < 0.0) {
            None => Ok(()),
            Some((name, value)) => {
                Err(self.bad("read", &format!("{name} {value}"), "must be a number of at least 0".into()))
            }
        }
    }
}

impl<T: Call> Workloads for Foreign<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        let readings: Vec<WorkloadReading> = self.ask("read", options)?;
        for reading in &readings {
            super::check_age(self, &format!("job `{}`", reading.job.id), reading.at, options)?;
        }
        Ok(readings)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.apply_it(action, options)
    }
}

impl<T: Call> StorageDevice for Foreign<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let reading: StorageReading = self.ask("read", options)?;
        super::check_age(self, "its state", reading.at, options)?;
        let (charge, discharge) = (("charge_mw", reading.charge_mw), ("discharge_mw", reading.discharge_mw));
        self.finite(&[("soc_mwh", reading.soc_mwh), ("reserve_mwh", reading.reserve_mwh), charge, discharge])?;
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.apply_it(action, options)
    }
}

impl<T: Call> Meter for Foreign<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        let reading: MeterReading = self.ask("read", options)?;
        super::check_age(self, "its registers", reading.at, options)?;
        self.finite(&[("import_mw", reading.import_mw), ("export_mw", reading.export_mw)])?;
        Ok(reading)
    }
}

impl<T: Call> SignalSource for Foreign<T> {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        let answer: Csv = self.ask("read", options)?;
        let read = ReadOptions::default().retrieved_at(answer.retrieved_at);
        parse::csv::read(&answer.csv, &read).map_err(|error| self.bad("read", "csv", error.to_string()))
    }
}
