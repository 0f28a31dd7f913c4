//! The device's side: any battery behind a broker.

use super::message::{OFFLINE, Order, Reply, start};
use super::{Event, Topics, Transport};
use eca_core::Timestamp;
use eca_core::action::{Action, Command, Inbox, Verdict};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, Meter, ReadingOptions, StateStore, StorageDevice,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Puts a battery, and the meter beside it, behind a broker.
///
/// What was carried out is kept before the device is told: after a restart no command is carried out twice, and a set point
/// that has not ended is given to the device again.
#[derive(Debug)]
pub struct Endpoint<D> {
    device: D,
    meter: Option<Box<dyn Meter>>,
    topics: Topics,
    transport: Box<dyn Transport>,
    store: Box<dyn StateStore>,
    kept: Kept,
}

/// What survives a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    inbox: Inbox,
    /// The last command that was carried out.
    last: Option<Action>,
    /// Whether the device rests because the controller is lost.
    rests: bool,
    /// How often the device was told to rest, or to go on, within the last command.
    turns: u32,
}

impl<D: StorageDevice> Endpoint<D> {
    /// `device` behind topics that begin with `prefix`; what it did before is in `store`.
    ///
    /// # Errors
    /// Where the store cannot be read, or holds something else.
    pub fn new(
        device: D,
        prefix: &str,
        transport: Box<dyn Transport>,
        store: Box<dyn StateStore>,
        now: Timestamp,
    ) -> AdapterResult<Self> {
        let kept = match store.load()? {
            None => Kept::default(),
            Some(text) => serde_json::from_str(&text).map_err(|error| AdapterError::BadReading {
                adapter: format!("endpoint of {device}"),
                object: "its state".into(),
                value: start(&text),
                limit: format!("which is not what it keeps: {error}"),
            })?,
        };
        let endpoint = Self { device, meter: None, topics: Topics::new(prefix), transport, store, kept };
        if let Some(last) = endpoint.kept.last.as_ref().filter(|last| !endpoint.kept.rests && last.is_due(now)) {
            endpoint.tell(last.command.clone(), last, now)?;
        }
        Ok(endpoint)
    }

    /// Publishes the readings of a meter too.
    #[must_use]
    pub fn meter(mut self, meter: Box<dyn Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// The topics below `prefix` that its transport must listen to.
    #[must_use]
    pub fn listens_to(prefix: &str) -> Vec<String> {
        let topics = Topics::new(prefix);
        ["command", "controller"].map(|name| topics.of(name)).to_vec()
    }

    /// Waits at most `wait` for a message, takes all that is there, and publishes state and meter. What went wrong, in
    /// words.
    pub fn turn(&mut self, now: Timestamp, wait: Duration) -> Vec<String> {
        let mut said = Vec::new();
        let mut event = self.transport.next(wait);
        while let Some(Event::Message { topic, payload, retained }) = event {
            let name = self.topics.name(&topic);
            let result = match name {
                // Somebody's old command is nobody's order.
                Some("command") if retained => Err("a retained command is dropped; publish without retain".to_owned()),
                Some("command") => self.order(&payload, now),
                Some("controller") if payload == OFFLINE => self.rest(now).map_err(|error| error.to_string()),
                _ => Ok(()),
            };
            said.extend(result.err());
            event = self.transport.next(Duration::ZERO);
        }
        if let Some(Event::Lost(why)) = event {
            said.push(why);
        }
        let options = ReadingOptions::new(now);
        let state = self.device.read(&options).map_err(|error| error.to_string());
        let state = state.and_then(|reading| self.publish("state", &reading));
        let meter = self.meter.as_ref().map_or(Ok(()), |meter| {
            meter.read(&options).map_err(|error| error.to_string()).and_then(|reading| self.publish("meter", &reading))
        });
        said.extend(state.err().into_iter().chain(meter.err()));
        said
    }

    fn publish(&self, name: &str, what: &impl Serialize) -> Result<(), String> {
        let text = serde_json::to_string(what).map_err(|error| error.to_string())?;
        self.transport.publish(&self.topics.of(name), &text)
    }

    fn order(&mut self, payload: &str, now: Timestamp) -> Result<(), String> {
        let Order { seq, action } =
            serde_json::from_str(payload).map_err(|error| format!("{error}, in {}", start(payload)))?;
        let reply = match self.carry_out(&action, now) {
            Ok(answer) => Reply::answer(seq, answer),
            Err(error) => Reply::refused(seq, error.to_string()),
        };
        self.publish("answer", &reply)
    }

    fn carry_out(&mut self, action: &Action, now: Timestamp) -> AdapterResult<Answer> {
        let before = self.kept.clone();
        let verdict = self.kept.inbox.accept(action, now);
        let mut last = action.clone();
        match verdict {
            Verdict::Apply => {
                (self.kept.rests, self.kept.turns) = (false, 0);
            }
            // Repeated: the timer of the device is wound up, and a device that rests goes on.
            Verdict::Duplicate if self.kept.inbox.is_last(action) => {
                // A later plan may have given the same command: it stays the later one.
                let known = self.kept.last.as_ref().map_or(0, |known| known.generation);
                last.generation = last.generation.max(known);
                self.kept.turns += u32::from(std::mem::take(&mut self.kept.rests));
            }
            verdict => return Ok(verdict.into()),
        }
        // Kept first: a command that was carried out and forgotten would be carried out again.
        self.kept.last = Some(last.clone());
        let told = self.save().and_then(|()| self.tell(last.command.clone(), &last, now));
        match told {
            Ok(Answer::Done | Answer::AlreadyDone) => Ok(verdict.into()),
            // The device knows better, or refused.
            other => {
                self.kept = before;
                self.save()?;
                other
            }
        }
    }

    /// The controller is lost: the device rests until the controller speaks again.
    fn rest(&mut self, now: Timestamp) -> AdapterResult<()> {
        let Some(last) = self.kept.last.clone().filter(|last| !self.kept.rests && last.is_due(now)) else {
            return Ok(());
        };
        self.kept.rests = true;
        self.kept.turns += 1;
        self.save()?;
        self.tell(Command::Idle, &last, now).map(|_| ())
    }

    fn save(&self) -> AdapterResult<()> {
        let text = serde_json::to_string(&self.kept)
            .map_err(|error| AdapterError::Unreachable { adapter: self.to_string(), message: error.to_string() })?;
        self.store.save(&text)
    }

    /// Tells the device. It has an inbox of its own: resting within a command, and going on, are later generations of it.
    fn tell(&self, command: Command, last: &Action, now: Timestamp) -> AdapterResult<Answer> {
        let turns = self.kept.turns;
        let generation = last.generation.saturating_mul(1 << 20).saturating_add(u64::from(turns));
        let action = Action::new(generation, last.target.clone(), command, last.not_before, last.expires);
        self.device.apply(&action, &ApplyOptions::new(now))
    }
}

impl<D: StorageDevice> fmt::Display for Endpoint<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint of {} at mqtt {}", self.device, self.topics.0)
    }
}
