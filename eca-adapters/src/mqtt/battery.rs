//! The controller's side of a battery.

use super::message::{OFFLINE, Order, Reply, start};
use super::{Event, Topics, Transport, listen};
use eca_core::action::{Action, Command, Inbox, Target, Verdict};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading, check_age,
};
use eca_core::problem::BatteryId;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A battery behind a broker.
///
/// A command is sent until it is answered or `patience` is over; then it may be repeated with the same key.
#[derive(Debug)]
pub struct MqttBattery {
    battery: BatteryId,
    topics: Topics,
    transport: Box<dyn Transport>,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    inbox: Inbox,
    /// Number of the last sending.
    seq: u64,
    reply: Option<Reply>,
    reading: Option<StorageReading>,
    /// A payload that is no reading, since the last one that was.
    garbled: Option<String>,
    lost: Option<String>,
}

impl MqttBattery {
    /// The battery `battery` of the device whose topics begin with `prefix`.
    #[must_use]
    pub fn new(battery: impl Into<BatteryId>, prefix: &str, transport: Box<dyn Transport>) -> Self {
        let (battery, topics) = (battery.into(), Topics::new(prefix));
        Self { battery, topics, transport, patience: Duration::from_secs(5), state: Mutex::default() }
    }

    /// Sets how long an answer, or a first reading, is waited for; 5 s by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The topics below `prefix` that its transport must listen to.
    #[must_use]
    pub fn listens_to(prefix: &str) -> Vec<String> {
        let topics = Topics::new(prefix);
        ["answer", "state", "device"].map(|name| topics.of(name)).to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, state: &mut State, enough: impl Fn(&State) -> bool) {
        listen(&*self.transport, self.patience, state, |state, event| self.take(state, event), enough);
    }

    fn take(&self, state: &mut State, event: Event) {
        let (topic, payload) = match event {
            Event::Message { topic, payload, .. } => (topic, payload),
            Event::Connected => {
                state.lost = None;
                return;
            }
            Event::Lost(why) => {
                state.lost = Some(why);
                return;
            }
        };
        match self.topics.name(&topic) {
            Some("answer") => {
                let reply = serde_json::from_str::<Reply>(&payload).ok();
                // An answer to an earlier sending says nothing of this one.
                if let Some(reply) = reply.filter(|reply| reply.seq == state.seq) {
                    state.reply = Some(reply);
                }
            }
            Some("state") => match serde_json::from_str::<StorageReading>(&payload) {
                // Readings arrive in any order too.
                Ok(reading) => {
                    if state.reading.as_ref().is_none_or(|known| known.at <= reading.at) {
                        state.reading = Some(reading);
                        state.garbled = None;
                    }
                }
                Err(error) => state.garbled = Some(format!("{error}: {}", start(&payload))),
            },
            Some("device") if payload == OFFLINE => state.reading = None,
            _ => {}
        }
    }

    fn gone(&self, state: &State, what: &str) -> AdapterError {
        let why = state.lost.as_deref().map_or(String::new(), |why| format!("; the connection is lost: {why}"));
        let message = format!("{what} within {} s{why}", self.patience.as_secs_f64());
        AdapterError::Unreachable { adapter: self.to_string(), message }
    }
}

impl fmt::Display for MqttBattery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "battery `{}` at mqtt {}", self.battery, self.topics.0)
    }
}

impl StorageDevice for MqttBattery {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut state = self.lock();
        self.listen(&mut state, |state| state.reading.is_some() || state.garbled.is_some());
        let bad = |value: String, limit: &str| AdapterError::BadReading {
            adapter: self.to_string(),
            object: "its state".into(),
            value,
            limit: limit.into(),
        };
        if let Some(garbled) = &state.garbled {
            return Err(bad(garbled.clone(), "which is no reading of a battery"));
        }
        let Some(reading) = state.reading.clone() else { return Err(self.gone(&state, "no reading came")) };
        check_age(self, "its state", reading.at, options)?;
        let numbers = [reading.soc_mwh, reading.charge_mw, reading.discharge_mw, reading.reserve_mwh];
        if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
            return Err(bad(format!("{reading:?}"), "must be numbers of at least 0"));
        }
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        match (&action.target, &action.command) {
            (Target::Battery { id }, Command::Charge { .. } | Command::Discharge { .. } | Command::Idle)
                if *id == self.battery => {}
            (Target::Battery { id }, _) if *id != self.battery => {
                let (kind, known) = ("battery".into(), self.battery.to_string());
                return Err(AdapterError::Unknown { adapter: self.to_string(), kind, id: id.to_string(), known });
            }
            (target, command) => {
                return Err(AdapterError::NotSupported {
                    adapter: self.to_string(),
                    operation: format!("{command:?} for {target:?}"),
                    reason: "it is a battery".into(),
                });
            }
        }
        let mut state = self.lock();
        let mut inbox = state.inbox.clone();
        let verdict = inbox.accept(action, options.now);
        match verdict {
            Verdict::Apply => {}
            // Repeating the last one winds up the timer of the device.
            Verdict::Duplicate if inbox.is_last(action) => {}
            verdict => return Ok(verdict.into()),
        }
        if options.dry_run {
            return Ok(Answer::WouldDo);
        }
        // Above every number of an earlier process: its answers may still be on their way.
        let by_clock = u64::try_from(options.now.unix_s()).unwrap_or(0).saturating_mul(1_000_000);
        state.seq = state.seq.saturating_add(1).max(by_clock);
        state.reply = None;
        let order = Order { seq: state.seq, action: action.clone() };
        let refused = |message: String| AdapterError::Refused {
            adapter: self.to_string(),
            object: format!("battery `{}`", self.battery),
            message,
        };
        let text = serde_json::to_string(&order).map_err(|error| refused(error.to_string()))?;
        self.transport
            .publish(&self.topics.of("command"), &text)
            .map_err(|message| AdapterError::Unreachable { adapter: self.to_string(), message })?;
        self.listen(&mut state, |state| state.reply.is_some());
        match state.reply.take() {
            None => Err(self.gone(&state, "no answer came")),
            Some(Reply { refused: Some(why), .. }) => Err(refused(why)),
            Some(Reply { answer: Some(answer), .. }) => {
                if matches!(answer, Answer::Done | Answer::AlreadyDone) {
                    state.inbox = inbox;
                }
                Ok(answer)
            }
            Some(reply) => Err(refused(format!("its answer says nothing: {reply:?}"))),
        }
    }
}
