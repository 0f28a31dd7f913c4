//! Batteries over Modbus TCP, by the SunSpec information models.
//!
//! The models of a device are found by walking its map. Used are 1 (who it is), 701 or 103 (power), 713 or 802 (stored
//! energy), 802 and 124 (reserve), 704 (set point) and 715 (heartbeat). A device without 704 can be read, not told.
//!
//! A set point is written in this order: where the device falls back to (rest), after how long, the set point, and last
//! that it counts. Everything is read back. Repeating the command winds up the timer of the device; when nobody does, the
//! device rests after at most [`Settings::revert_s`], and never later than the command expires.
//!
//! A device that acknowledges and ignores is found by reading back; one whose timer does not run, by watching what is left
//! of it. Both are [`AdapterError::NotFollowed`], and shown as not dispatchable until a later command is followed.
//!
//! Modbus TCP knows no passwords: keep the device in a network of its own.

mod link;
mod map;

use eca_core::action::{Action, Command, Inbox, Target, Verdict};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading,
};
use eca_core::problem::BatteryId;
use eca_core::unit;
use link::Link;
use map::Map;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A timer is looked at this long after it was wound up, s.
const WATCH_S: f64 = 2.0;

/// What is left of it may differ by so much from what should be, s: it counts whole seconds.
const NEAR_S: f64 = 1.5;

/// How a device is reached and watched.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Unit of the device behind the address; 1 by default.
    pub unit: u8,
    /// Time for one exchange; 2 s by default.
    pub timeout: Duration,
    /// The device rests when it hears nothing for so long, s; 180 by default. Turns should come three times as often.
    pub revert_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { unit: 1, timeout: Duration::from_secs(2), revert_s: 180 }
    }
}

impl Settings {
    /// Sets after how long the device rests when it hears nothing, s.
    #[must_use]
    pub fn revert_s(mut self, revert_s: u32) -> Self {
        self.revert_s = revert_s;
        self
    }

    /// Sets the unit of the device.
    #[must_use]
    pub fn unit(mut self, unit: u8) -> Self {
        self.unit = unit;
        self
    }
}

/// A battery behind a SunSpec map.
#[derive(Debug)]
pub struct ModbusBattery {
    battery: BatteryId,
    address: SocketAddr,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Option<Link>,
    map: Option<Map>,
    inbox: Inbox,
    /// Why it is not dispatchable.
    lies: Option<String>,
    /// When the timer was wound up last, and to what.
    wound: Option<Wound>,
    heartbeat: u32,
}

/// A timer was wound up to `revert_s` between two instants.
#[derive(Debug, Clone, Copy)]
struct Wound {
    before: Instant,
    after: Instant,
    revert_s: u32,
}

impl ModbusBattery {
    /// The battery `battery` at `address`. It is not connected before it is needed.
    #[must_use]
    pub fn new(battery: impl Into<BatteryId>, address: SocketAddr, settings: Settings) -> Self {
        Self { battery: battery.into(), address, settings, state: Mutex::default() }
    }

    /// Who the device says it is: manufacturer, model, serial number.
    ///
    /// # Errors
    /// [`AdapterError::Unreachable`], or [`AdapterError::BadReading`] for what is no SunSpec map.
    pub fn identity(&self) -> AdapterResult<String> {
        self.with(&mut self.lock(), |map, link| map.identity(link))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects and finds the models if need be. After an error the next call connects anew.
    fn with<T>(
        &self,
        state: &mut State,
        call: impl FnOnce(&Map, &mut Link) -> Result<T, link::Error>,
    ) -> AdapterResult<T> {
        let attempt = || {
            if state.link.is_none() {
                state.link = Some(Link::open(self.address, self.settings.unit, self.settings.timeout)?);
            }
            let link = state.link.as_mut().ok_or(link::Error::NotOpen)?;
            if state.map.is_none() {
                state.map = Some(Map::discover(link)?);
            }
            call(state.map.as_ref().ok_or(link::Error::NotOpen)?, link)
        };
        attempt().map_err(|error| {
            if error.is_broken() {
                state.link = None;
            }
            error.into_adapter(self)
        })
    }

    fn refused(&self, message: impl Into<String>) -> AdapterError {
        let object = format!("battery `{}`", self.battery);
        AdapterError::Refused { adapter: self.to_string(), object, message: message.into() }
    }

    /// Looks whether the timer has run since it was wound up.
    fn watch_timer(&self, state: &mut State) -> AdapterResult<()> {
        let Some(Wound { before, after, revert_s }) = state.wound else { return Ok(()) };
        // The exchanges take time too: the timer was wound up between two instants, and is read between two.
        let least_s = after.elapsed().as_secs_f64();
        if least_s < WATCH_S {
            return Ok(());
        }
        let left_s = f64::from(self.with(state, |map, link| map.timer(link))?);
        let most_s = before.elapsed().as_secs_f64();
        let left_of = |elapsed_s: f64| (f64::from(revert_s) - elapsed_s).max(0.0);
        let dead = left_s > left_of(least_s) + NEAR_S || left_s < left_of(most_s) - NEAR_S;
        if dead {
            let seen = format!("{left_s} s left of {revert_s} s after {least_s:.1} s");
            return Err(self.lie(state, "a timer that runs".into(), seen));
        }
        Ok(())
    }

    fn lie(&self, state: &mut State, wanted: String, seen: String) -> AdapterError {
        state.lies = Some(format!("{wanted}, shows {seen}"));
        AdapterError::NotFollowed {
            adapter: self.to_string(),
            object: format!("battery `{}`", self.battery),
            wanted,
            seen,
        }
    }

    fn write(&self, state: &mut State, inject_w: f64, revert_s: u32) -> AdapterResult<()> {
        state.heartbeat = state.heartbeat.wrapping_add(1);
        let (beat, before) = (state.heartbeat, Instant::now());
        let seen = self.with(state, |map, link| {
            map.beat(link, beat)?;
            map.write_set_point(link, inject_w, revert_s)?;
            map.read_set_point(link)
        })?;
        let Some(wrong) = seen.differs(inject_w, revert_s) else {
            state.wound = Some(Wound { before, after: Instant::now(), revert_s });
            return Ok(());
        };
        Err(self.lie(state, format!("{inject_w} W for {revert_s} s"), wrong))
    }
}

impl fmt::Display for ModbusBattery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "battery `{}` at modbus {}", self.battery, self.address)
    }
}

impl StorageDevice for ModbusBattery {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut state = self.lock();
        // A timer that stands still shows in the next command too; a reading is a reading.
        let _ = self.watch_timer(&mut state);
        let shown = self.with(&mut state, |map, link| map.read(link))?;
        let numbers = [shown.soc_wh, shown.inject_w, shown.reserve_wh];
        if !numbers.iter().all(|value| value.is_finite()) {
            return Err(AdapterError::BadReading {
                adapter: self.to_string(),
                object: "state".into(),
                value: format!("{shown:?}"),
                limit: "which are no numbers; the device does not implement what it lists".into(),
            });
        }
        let mut reading = StorageReading::new(options.now, unit::wh_to_mwh(shown.soc_wh));
        reading.charge_mw = unit::w_to_mw(-shown.inject_w).max(0.0);
        reading.discharge_mw = unit::w_to_mw(shown.inject_w).max(0.0);
        reading.reserve_mwh = unit::wh_to_mwh(shown.reserve_wh);
        reading.dispatchable = state.lies.is_none() && shown.remote;
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let charge_mw = match (&action.target, &action.command) {
            (Target::Battery { id }, _) if *id != self.battery => {
                let (kind, known) = ("battery".into(), self.battery.to_string());
                return Err(AdapterError::Unknown { adapter: self.to_string(), kind, id: id.to_string(), known });
            }
            (Target::Battery { .. }, Command::Charge { power_mw }) => *power_mw,
            (Target::Battery { .. }, Command::Discharge { power_mw }) => -power_mw,
            (Target::Battery { .. }, Command::Idle) => 0.0,
            (target, command) => {
                return Err(AdapterError::NotSupported {
                    adapter: self.to_string(),
                    operation: format!("{command:?} for {target:?}"),
                    reason: "it is a battery".into(),
                });
            }
        };
        let mut state = self.lock();
        let mut inbox = state.inbox.clone();
        let verdict = inbox.accept(action, options.now);
        if !matches!(verdict, Verdict::Apply | Verdict::Duplicate) {
            return Ok(verdict.into());
        }
        if options.dry_run {
            return Ok(Answer::WouldDo);
        }
        let overtaken = verdict == Verdict::Duplicate && !inbox.is_last(action);
        if overtaken {
            return Ok(Answer::AlreadyDone);
        }
        let most_w = self.with(&mut state, |map, link| map.most_w(link))?;
        let inject_w = -unit::mw_to_w(charge_mw);
        if !inject_w.is_finite() || inject_w.abs() > most_w * 1.001 {
            return Err(self.refused(format!("{inject_w} W is beyond its power of {most_w} W")));
        }
        self.watch_timer(&mut state)?;
        let left_s = u32::try_from(action.expires.seconds_since(options.now).max(1)).unwrap_or(u32::MAX);
        self.write(&mut state, inject_w, self.settings.revert_s.min(left_s))?;
        state.lies = None;
        state.inbox = inbox;
        Ok(verdict.into())
    }
}
