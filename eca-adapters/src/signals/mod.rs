//! Prices and carbon over HTTP: NESO Carbon Intensity, Elexon Insights, Octopus Agile.
//!
//! A [`Feed`] says which service and what of it; [`HttpSignals`] asks it. What a service answers is read by the parsers of
//! [`eca_core::signal::parse`]; this module asks, pages, waits, keeps and judges the age.
//!
//! - Asked is for whole UTC days, so that the same question comes again and an answer that was kept fits.
//! - An answer younger than [`Settings::fresh_s`] is taken from the cache without asking. Where a service does not answer, an
//!   older one counts up to the age that the caller allows, with a warning; beyond it is [`AdapterError::Stale`].
//! - Lost connections, timeouts, 429 and 5xx are tried again with growing pauses, or after what `Retry-After` says; all of it
//!   within [`Settings::patience`], because a controller has more to do. Other refusals are final.
//! - An answer of another form is [`AdapterError::BadReading`] with the record and field; it is not kept.
//! - [`Settings::offline`] asks nobody: a day that was kept is played again.
//!
//! ```no_run
//! use eca_adapters::signals::{Feed, HttpSignals, Settings};
//! use eca_core::adapter::{FetchOptions, SignalSource};
//!
//! let source = HttpSignals::new(Feed::neso_region(13, "london"), Settings::default().cache("out/cache"));
//! let now: eca_core::Timestamp = "2026-03-02T09:00:00Z".parse()?;
//! let signals = source.fetch(&FetchOptions::new(now, now, now.plus_min(48 * 60)))?;
//! println!("{:?}", signals.columns("london").collect::<Vec<_>>());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod feed;
mod retry_after;
mod web;

pub use feed::Feed;

use cache::{Answers, Cache};
use eca_core::adapter::{AdapterError, AdapterResult, FetchOptions, SignalSource};
use eca_core::signal::{Duplicates, Signals};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use web::Web;

/// How a service is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Address before the paths of the service; its public one by default.
    pub base_url: Option<String>,
    /// Time for one answer; 10 s by default.
    pub timeout: Duration,
    /// Most attempts for one answer; 4 by default.
    pub attempts: u32,
    /// Pause before the second attempt, doubled before each further one; 0.5 s by default.
    pub back_off: Duration,
    /// Time for all that one fetch asks; 30 s by default.
    pub patience: Duration,
    /// An answer so young is taken from the cache without asking, s; 600 by default.
    pub fresh_s: i64,
    /// Folder in which answers are kept; in memory by default.
    pub cache: Option<PathBuf>,
    /// Whether nobody is asked: only what was kept counts.
    pub offline: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: None,
            timeout: Duration::from_secs(10),
            attempts: 4,
            back_off: Duration::from_millis(500),
            patience: Duration::from_secs(30),
            fresh_s: 600,
            cache: None,
            offline: false,
        }
    }
}

impl Settings {
    /// Sets the address before the paths of the service, such as a proxy or a test server.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Sets the folder in which answers are kept.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Sets the time for one answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how often and with which first pause an answer is asked for.
    #[must_use]
    pub fn attempts(mut self, attempts: u32, back_off: Duration) -> Self {
        (self.attempts, self.back_off) = (attempts, back_off);
        self
    }

    /// Sets the time for all that one fetch asks.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how young an answer is taken from the cache without asking, s.
    #[must_use]
    pub fn fresh_s(mut self, fresh_s: i64) -> Self {
        self.fresh_s = fresh_s;
        self
    }

    /// Sets whether nobody is asked.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }
}

/// A service as a source of signals.
#[derive(Debug)]
pub struct HttpSignals {
    feed: Feed,
    base_url: String,
    settings: Settings,
    cache: Cache,
    web: Web,
}

impl HttpSignals {
    /// The source. Nothing is asked before it is needed.
    #[must_use]
    pub fn new(feed: Feed, settings: Settings) -> Self {
        let base_url =
            settings.base_url.as_deref().unwrap_or_else(|| feed.public_url()).trim_end_matches('/').to_owned();
        Self { cache: Cache::new(settings.cache.clone()), web: Web::new(&settings), feed, base_url, settings }
    }

    /// Signals of one question, from the cache or the service.
    fn answer(&self, url: &str, options: &FetchOptions) -> AdapterResult<Signals> {
        let kept = self.cache.get(url, options.now);
        let age_s = |answers: &Answers| options.now.seconds_since(answers.retrieved_at);
        let good = |answers: &&Answers| age_s(answers) <= options.max_age_s;
        if let Some(kept) = kept.as_ref().filter(good)
            && (self.settings.offline || age_s(kept) <= self.settings.fresh_s)
        {
            return self.read(kept);
        }
        let asked = if self.settings.offline {
            let message = format!("it is offline, and no answer to {url} was kept");
            Err(AdapterError::Unreachable { adapter: self.to_string(), message })
        } else {
            self.web.pages(url, &self.feed, self)
        };
        match (asked, kept) {
            (Ok(pages), _) => {
                let answers = Answers { url: url.to_owned(), retrieved_at: options.now, pages };
                let mut signals = self.read(&answers)?;
                if let Err(error) = self.cache.put(answers) {
                    signals.warn(format!("the answer could not be kept: {error}"));
                }
                Ok(signals)
            }
            (Err(error), Some(kept)) if error.is_passing() && good(&&kept) => {
                let mut signals = self.read(&kept)?;
                signals.warn(format!("{error}; the answer of {} is used", kept.retrieved_at));
                Ok(signals)
            }
            (Err(error), Some(kept)) if error.is_passing() => Err(AdapterError::Stale {
                adapter: self.to_string(),
                object: format!("the answer that was kept is all there is ({error}); it"),
                age_s: age_s(&kept),
                limit_s: options.max_age_s,
            }),
            (Err(error), _) => Err(error),
        }
    }

    fn read(&self, answers: &Answers) -> AdapterResult<Signals> {
        let mut signals = Signals::new();
        for page in &answers.pages {
            let part = self.feed.read(page, answers.retrieved_at).map_err(|error| self.drift(&answers.url, &error))?;
            signals.merge(part, Duplicates::Refuse).map_err(|error| self.drift(&answers.url, &error))?;
        }
        Ok(signals)
    }

    /// An answer of another form than the one that is known.
    fn drift(&self, url: &str, error: &eca_core::Error) -> AdapterError {
        AdapterError::BadReading {
            adapter: self.to_string(),
            object: url.to_owned(),
            value: "another form than is known".into(),
            limit: error.to_string(),
        }
    }
}

impl fmt::Display for HttpSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.feed, self.base_url)
    }
}

impl SignalSource for HttpSignals {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        self.web.begin();
        let mut signals = Signals::new();
        for path in self.feed.questions(options) {
            let url = format!("{}{path}", self.base_url);
            let answer = self.answer(&url, options)?;
            let answer = self.feed.settle(answer).map_err(|error| self.drift(&url, &error))?;
            // Two questions may overlap at a day's edge, and a forecast may have moved in between.
            signals.merge(answer, Duplicates::KeepLast).map_err(|error| self.drift(&url, &error))?;
        }
        Ok(signals.between(options.from, options.to))
    }
}
