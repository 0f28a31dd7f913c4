//! Asking over HTTP: attempts, pauses, pages.

use super::{Feed, Settings, retry_after};
use crate::SystemClock;
use eca_core::adapter::{AdapterError, AdapterResult, Clock};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Largest answer that is read, bytes.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;
/// Most pages of one answer.
const MAX_PAGES: usize = 100;

#[derive(Debug)]
pub(super) struct Web {
    agent: ureq::Agent,
    attempts: u32,
    back_off: Duration,
    patience: Duration,
    times: Mutex<Times>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    /// When this fetch gives up.
    until: Instant,
    /// Until when the service wants to be left alone.
    quiet: Option<Instant>,
}

/// Why there is no answer.
enum Failure {
    /// It may be there later: after so long, if the service says so.
    Passing(String, Option<Duration>),
    Final(AdapterError),
}

impl Web {
    pub(super) fn new(settings: &Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            .max_redirects(3)
            .user_agent(concat!("eca/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            attempts: settings.attempts.max(1),
            back_off: settings.back_off,
            patience: settings.patience,
            times: Mutex::new(Times { until: Instant::now(), quiet: None }),
        }
    }

    /// A fetch begins: all that it asks shares its time.
    pub(super) fn begin(&self) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).until = Instant::now() + self.patience;
    }

    fn times(&self) -> Times {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer with all its pages.
    pub(super) fn pages(&self, url: &str, feed: &Feed, adapter: &dyn fmt::Display) -> AdapterResult<Vec<String>> {
        let mut pages = Vec::new();
        let mut asked = vec![url.to_owned()];
        loop {
            let text = self.text(asked.last().map_or(url, String::as_str), adapter)?;
            let bad = |limit: String| AdapterError::BadReading {
                adapter: adapter.to_string(),
                object: asked.last().cloned().unwrap_or_default(),
                value: "another form than is known".into(),
                limit,
            };
            let next = feed.next_page(&text).map_err(|error| bad(error.to_string()))?;
            pages.push(text);
            let Some(next) = next else { return Ok(pages) };
            // Only the query is taken: a service does not lead anywhere else, and one behind a proxy is asked through it.
            let (base, _) = url.split_once('?').unwrap_or((url, ""));
            let next = format!("{base}?{}", next.split_once('?').map_or("", |(_, query)| query));
            if asked.contains(&next) || pages.len() >= MAX_PAGES {
                return Err(bad(format!("whose pages have no end: {next} after {} pages", pages.len())));
            }
            asked.push(next);
        }
    }

    fn text(&self, url: &str, adapter: &dyn fmt::Display) -> AdapterResult<String> {
        let gone = |message: String| AdapterError::Unreachable { adapter: adapter.to_string(), message };
        let Times { until, quiet } = self.times();
        if let Some(left) = quiet.and_then(|quiet| quiet.checked_duration_since(Instant::now())) {
            return Err(gone(format!("it wants to be left alone for another {} s", left.as_secs() + 1)));
        }
        let mut attempt = 0;
        loop {
            let (message, wanted) = match self.once(url, adapter) {
                Ok(text) => return Ok(text),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(message, wanted)) => (message, wanted),
            };
            attempt += 1;
            let pause = wanted.unwrap_or_else(|| self.back_off.saturating_mul(1 << (attempt - 1).min(10)));
            let over = Instant::now().checked_add(pause).is_none_or(|then| then > until);
            if let Some(wanted) = wanted.filter(|_| over) {
                self.times.lock().unwrap_or_else(PoisonError::into_inner).quiet = Instant::now().checked_add(wanted);
                return Err(gone(format!("{url}: {message}; it asks to wait {} s", wanted.as_secs())));
            }
            if attempt >= self.attempts || over {
                return Err(gone(format!("{url}: {message}, after {attempt} attempts")));
            }
            thread::sleep(pause);
        }
    }

    fn once(&self, url: &str, adapter: &dyn fmt::Display) -> Result<String, Failure> {
        let passing = |error: ureq::Error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::BodyExceedsLimit(_) => {
                Failure::Final(refused(adapter, url, error.to_string()))
            }
            error => Failure::Passing(error.to_string(), None),
        };
        let mut response = self.agent.get(url).header("accept", "application/json").call().map_err(passing)?;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wanted = header("retry-after")
            .filter(|_| matches!(status, 429 | 503))
            .and_then(|value| retry_after::wait(value, header("date"), SystemClock.now()));
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(passing)?;
        match status {
            200 => String::from_utf8(body)
                .map_err(|_| Failure::Final(refused(adapter, url, "its answer is no text".into()))),
            408 | 429 | 500..=599 => Err(Failure::Passing(format!("status {status}"), wanted)),
            _ => {
                let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
                Err(Failure::Final(refused(adapter, url, format!("status {status}: {}", said.trim()))))
            }
        }
    }
}

fn refused(adapter: &dyn fmt::Display, url: &str, message: String) -> AdapterError {
    AdapterError::Refused { adapter: adapter.to_string(), object: url.to_owned(), message }
}
