//! Which instants the loop gets: those of the wall clock, or simulated ones.

use super::config::{Config, ConfigError};
use crate::SystemClock;
use eca_core::Timestamp;
use eca_core::adapter::Clock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The instants of the turns.
#[derive(Debug)]
pub(super) struct Pace {
    tick_s: i64,
    end: Option<Timestamp>,
    simulated: Option<Timestamp>,
    wait: Option<Duration>,
    last: Option<Instant>,
}

impl Pace {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let time = &config.time;
        let tick_s = time.tick_s.as_ref().map_or(60, |tick_s| *tick_s.get_ref());
        if let Some(given) = time.tick_s.as_ref().filter(|_| !(1..=3600).contains(&tick_s)) {
            return Err(config.wrong(given, format!("{tick_s} s must be 1 to 3600")));
        }
        let instant = |text: &Option<toml::Spanned<String>>| match text {
            Some(text) => {
                text.get_ref().parse::<Timestamp>().map(Some).map_err(|error| config.wrong(text, error.to_string()))
            }
            None => Ok(None),
        };
        let wait = match &time.speed {
            Some(speed) if !(*speed.get_ref() > 0.0 && speed.get_ref().is_finite()) => {
                return Err(config.wrong(speed, "must be above 0"));
            }
            // At most an hour over a positive number: a span.
            #[allow(clippy::cast_precision_loss)]
            Some(speed) => Some(Duration::from_secs_f64((tick_s as f64 / speed.get_ref()).min(86_400.0))),
            None => None,
        };
        Ok(Self { tick_s, end: instant(&time.end)?, simulated: instant(&time.start)?, wait, last: None })
    }

    /// The instant of the next turn, when it has come; none at the end.
    pub(super) fn next(&mut self) -> Option<Timestamp> {
        let now = match self.simulated {
            Some(now) => {
                self.sleep(self.wait);
                self.simulated = Some(now.plus_s(self.tick_s));
                now
            }
            None => {
                self.sleep(u64::try_from(self.tick_s).ok().map(Duration::from_secs));
                SystemClock.now()
            }
        };
        self.end.is_none_or(|end| now < end).then_some(now)
    }

    /// Waits until `span` after the turn before.
    fn sleep(&mut self, span: Option<Duration>) {
        if let (Some(span), Some(last)) = (span, self.last) {
            sleep(span.saturating_sub(last.elapsed()));
        }
        self.last = Some(Instant::now());
    }

    /// Where the run ended.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.end
    }
}
