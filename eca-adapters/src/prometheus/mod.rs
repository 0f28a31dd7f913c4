//! Power telemetry from Prometheus, by its HTTP API (`/api/v1/query`, `/api/v1/query_range`).
//!
//! A query gives the power of a connection in W, import positive; what it gives must be one number. Registers are read by
//! queries of their own (`import_wh`, `export_wh`), or counted here from the power between two readings: then they begin at 0
//! when the program does, and time without samples counts nothing.
//!
//! Prometheus answers with the time of the question, not of the sample, and shows a sample for five minutes after its source
//! went silent. So the time of a reading is asked for: `min(timestamp(...))` of the power where that is a plain selector, else
//! [`Settings::sampled_at`], without which a query with functions is refused.
//!
//! ```no_run
//! use eca_adapters::prometheus::{PrometheusMeter, Settings};
//! use eca_core::adapter::{Meter, ReadingOptions};
//!
//! let settings = Settings::new("sum(pdu_power_watts{hall=\"1\"})").sampled_at("min(timestamp(pdu_power_watts{hall=\"1\"}))");
//! let meter = PrometheusMeter::new("http://prometheus.example:9090", settings)?;
//! let now: eca_core::Timestamp = "2026-03-02T09:00:00Z".parse()?;
//! println!("{} MW", meter.read(&ReadingOptions::new(now))?.import_mw);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;

use api::Api;
use eca_core::adapter::{AdapterError, AdapterResult, Meter, MeterReading, ReadingOptions, check_age};
use eca_core::{Timestamp, unit};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Most points of one answer; Prometheus allows 11,000.
const MOST_POINTS: i64 = 10_000;

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Power in W, import positive.
    pub power_w: String,
    /// Unix time of the oldest sample in it.
    pub sampled_at: Option<String>,
    /// Register of imported energy, Wh.
    pub import_wh: Option<String>,
    /// Register of exported energy, Wh.
    pub export_wh: Option<String>,
    /// Distance of the points from which energy is counted, s; 15 by default.
    pub step_s: i64,
    /// Time for one answer; 5 s by default.
    pub timeout: Duration,
    /// Token that is sent as `Authorization: Bearer`.
    pub token: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.power_w)
    }
}

impl Settings {
    /// Power by this query, in W, import positive.
    #[must_use]
    pub fn new(power_w: impl Into<String>) -> Self {
        let (sampled_at, import_wh, export_wh, token) = (None, None, None, None);
        Self {
            power_w: power_w.into(),
            sampled_at,
            import_wh,
            export_wh,
            step_s: 15,
            timeout: Duration::from_secs(5),
            token,
        }
    }

    /// Sets the query for the unix time of the oldest sample.
    #[must_use]
    pub fn sampled_at(mut self, query: impl Into<String>) -> Self {
        self.sampled_at = Some(query.into());
        self
    }

    /// Sets the queries for the registers, Wh.
    #[must_use]
    pub fn registers_wh(mut self, import: impl Into<String>, export: Option<String>) -> Self {
        (self.import_wh, self.export_wh) = (Some(import.into()), export);
        self
    }

    /// Sets the distance of the points from which energy is counted, s.
    #[must_use]
    pub fn step_s(mut self, step_s: i64) -> Self {
        self.step_s = step_s.max(1);
        self
    }

    /// Sets the token of the reader.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the time for one answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// A connection whose power Prometheus knows.
#[derive(Debug)]
pub struct PrometheusMeter {
    api: Api,
    settings: Settings,
    sampled_at: String,
    counted: Mutex<Counted>,
}

/// Energy that was counted here, and until when.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    until: Option<Timestamp>,
    import_wh: f64,
    export_wh: f64,
}

impl PrometheusMeter {
    /// The meter at the address of a Prometheus server. Nothing is asked before it is needed.
    ///
    /// # Errors
    /// [`AdapterError::NotSupported`] for a query with functions and no [`Settings::sampled_at`].
    pub fn new(base_url: &str, settings: Settings) -> AdapterResult<Self> {
        let api = Api::new(base_url, settings.timeout, settings.token.clone());
        let plain = is_selector(&settings.power_w).then(|| format!("min(timestamp({}))", settings.power_w));
        let sampled_at = settings.sampled_at.clone().or(plain).ok_or_else(|| AdapterError::NotSupported {
            adapter: api.to_string(),
            operation: format!("the age of `{}`", settings.power_w),
            reason: "it has functions or operators; give `sampled_at`, such as min(timestamp(power_watts))".into(),
        })?;
        Ok(Self { api, settings, sampled_at, counted: Mutex::default() })
    }

    /// Power from `from` to `to`, MW, import positive, every [`Settings::step_s`]; what was not sampled is not there.
    ///
    /// # Errors
    /// As [`Meter::read`].
    pub fn history(&self, from: Timestamp, to: Timestamp) -> AdapterResult<Vec<(Timestamp, f64)>> {
        let step_s = self.settings.step_s;
        let mut points = Vec::new();
        let mut start = from;
        while start <= to {
            let end = to.min(start.plus_s(step_s * (MOST_POINTS - 1)));
            let part = self.api.range(&self.settings.power_w, start, end, step_s)?;
            points.extend(part.into_iter().map(|(at, w)| (at, unit::w_to_mw(w))));
            start = end.plus_s(step_s);
        }
        Ok(points)
    }

    /// Counts on until `at`. What is between two points counts where they are neighbours; longer gaps count nothing.
    fn count(&self, counted: &mut Counted, at: Timestamp, now_mw: f64) -> AdapterResult<()> {
        let Some(from) = counted.until.filter(|from| *from < at) else {
            counted.until = counted.until.or(Some(at));
            return Ok(());
        };
        let mut points = self.history(from, at)?;
        if points.last().is_none_or(|(last, _)| *last < at) {
            points.push((at, now_mw));
        }
        for pair in points.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            let span_s = right.0.seconds_since(left.0);
            if span_s > 2 * self.settings.step_s {
                continue;
            }
            // Seconds between two points, far below 2^53.
            #[allow(clippy::cast_precision_loss)]
            let wh = unit::mwh_to_wh(0.5 * (left.1 + right.1) * unit::s_to_h(span_s as f64));
            counted.import_wh += wh.max(0.0);
            counted.export_wh += (-wh).max(0.0);
        }
        counted.until = Some(at);
        Ok(())
    }
}

impl fmt::Display for PrometheusMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "meter `{}` at {}", self.settings.power_w, self.api)
    }
}

impl Meter for PrometheusMeter {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        let ask = |query: &str| self.api.instant(query, options.now);
        let sampled = ask(&self.sampled_at)?;
        // Unix time in seconds, far below 2^53; a part of a second does not matter.
        #[allow(clippy::cast_possible_truncation)]
        let at = Timestamp::from_unix_s(sampled as i64)
            .map_err(|error| self.api.bad(&self.sampled_at, sampled.to_string(), &error.to_string()))?;
        check_age(self, "its power", at, options)?;
        let net_mw = unit::w_to_mw(ask(&self.settings.power_w)?);
        let register = |query: &str| whole(ask(query)?).ok_or_else(|| self.api.bad(query, "less than 0".into(), "Wh"));
        let (import_wh, export_wh) = match (&self.settings.import_wh, &self.settings.export_wh) {
            (Some(import), export) => (register(import)?, export.as_deref().map_or(Ok(0), register)?),
            (None, _) => {
                let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
                self.count(&mut counted, at, net_mw)?;
                (whole(counted.import_wh).unwrap_or(0), whole(counted.export_wh).unwrap_or(0))
            }
        };
        Ok(MeterReading::new(at, net_mw.max(0.0), (-net_mw).max(0.0), import_wh, export_wh))
    }
}

/// Whole Wh; none below 0 or beyond what a register holds.
fn whole(wh: f64) -> Option<u64> {
    // Checked: it fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..9e15).contains(&wh).then_some(wh as u64)
}

/// Whether a query is a metric with labels and nothing else.
fn is_selector(query: &str) -> bool {
    let (name, labels) = query.trim().split_once('{').unwrap_or((query.trim(), "}"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    !name.is_empty() && name.chars().all(plain) && labels.ends_with('}') && labels.matches('}').count() == 1
}
