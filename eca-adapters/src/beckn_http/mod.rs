//! Agents of `eca-beckn` with an address: a server for what comes in, a client for what goes out.
//!
//! [`BecknHost::start`] listens, gives what comes to the agent, keeps it in the [`Journal`] before it is acknowledged,
//! and posts what the agent wants to say. A message that cannot be delivered is posted again as it is: the receiver knows
//! it by its id, so that nothing happens twice.

mod client;
mod server;

use eca_beckn::agent::{Agent, Answer, Effect, Event, Incoming, Outgoing};
use eca_beckn::{Reply, Result, Signed};
use eca_core::Timestamp;
use eca_core::adapter::Clock;
use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// What is done with everything that passes: written to a log, shown, counted.
pub trait Journal: Debug + Send + Sync {
    /// A message was taken. It is acknowledged, and acted on, only when this has kept it.
    ///
    /// # Errors
    /// When it could not be kept: the sender is told that this node failed.
    fn taken(&self, incoming: &Incoming, now: Timestamp) -> Result<()>;

    /// A message was refused, and why.
    fn refused(&self, endpoint: &str, answer: &Answer, now: Timestamp);

    /// A message is about to be posted. It is posted only when this has kept it.
    ///
    /// # Errors
    /// When it could not be kept.
    fn sending(&self, outgoing: &Outgoing, now: Timestamp) -> Result<()>;

    /// A message was posted, and what the receiver said; `Err` if it could not be delivered. `signed` says whether the
    /// answer carries a good signature of the receiver.
    fn posted(&self, outgoing: &Outgoing, reply: std::result::Result<&Reply, &str>, signed: bool, now: Timestamp);

    /// Something happened that the host may want to act on.
    fn event(&self, event: &Event, now: Timestamp);
}

/// How an agent is reached, and how it reaches others.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HostSettings {
    /// Path below which actions are (`/beckn`).
    pub path: String,
    /// Largest body, bytes (256 KiB).
    pub max_bytes: usize,
    /// Seconds for one delivery (10).
    pub timeout_s: u64,
    /// How often a message is posted until it is given up (3).
    pub attempts: u32,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self { path: "/beckn".into(), max_bytes: eca_beckn::json::MAX_BYTES, timeout_s: 10, attempts: 3 }
    }
}

/// An agent with an address.
#[derive(Debug)]
pub struct BecknHost<A: Agent + 'static> {
    inner: Arc<Inner<A>>,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner<A: Agent> {
    agent: Mutex<A>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    outbox: Mutex<Option<Sender<Outgoing>>>,
    waiting: AtomicU64,
}

impl<A: Agent + 'static> BecknHost<A> {
    /// Listens on `listener` for the agent, until the host is dropped.
    ///
    /// # Errors
    /// When the runtime cannot be started or the socket not be used.
    pub fn start(
        agent: A,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        listener: TcpListener,
        settings: HostSettings,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let (outbox, letters) = channel();
        let inner = Arc::new(Inner {
            agent: Mutex::new(agent),
            clock,
            journal,
            outbox: Mutex::new(Some(outbox)),
            waiting: AtomicU64::new(0),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_io().build()?;
        let routes = server::routes(inner.clone(), &settings);
        let serve = std::thread::Builder::new().name("beckn-server".into()).spawn(move || {
            runtime.block_on(server::serve(listener, routes, stopped));
            // Requests under way are not waited for: their senders post them again.
            runtime.shutdown_background();
        })?;
        let posting = inner.clone();
        let post = std::thread::Builder::new().name("beckn-client".into()).spawn(move || {
            let client = client::Client::new(&settings);
            for letter in letters {
                posting.deliver(&client, &letter);
                posting.waiting.fetch_sub(1, Ordering::SeqCst);
            }
        })?;
        Ok(Self { inner, address, stop: Some(stop), threads: vec![serve, post] })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the agent do something, and posts what it says.
    ///
    /// # Errors
    /// Those of `act`; nothing is posted then.
    pub fn act<T>(&self, act: impl FnOnce(&mut A, Timestamp) -> Result<(T, Vec<Effect>)>) -> Result<T> {
        let now = self.inner.clock.now();
        let (value, effects) = act(&mut self.inner.agent(), now)?;
        self.inner.follow(effects, now);
        Ok(value)
    }

    /// Lets time pass for the agent.
    ///
    /// # Errors
    /// Those of [`Agent::tick`].
    pub fn tick(&self) -> Result<()> {
        self.act(|agent, now| Ok(((), agent.tick(now)?)))
    }

    /// Number of messages that wait to be delivered.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.inner.waiting.load(Ordering::SeqCst)
    }
}

impl<A: Agent + 'static> Drop for BecknHost<A> {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        drop(self.inner.outbox.lock().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<A: Agent> Inner<A> {
    fn agent(&self) -> MutexGuard<'_, A> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what came to the address of `endpoint`.
    fn receive(&self, endpoint: &str, signed: Signed) -> Answer {
        let now = self.clock.now();
        // One message at a time: what it leads to is kept before the next one is looked at.
        let mut agent = self.agent();
        let outcome = agent.receive(endpoint, signed, now);
        match outcome.taken {
            Some(taken) => {
                if let Err(error) = self.journal.taken(&taken, now) {
                    let body = Reply::nack(Some(&taken.message.header.message_id), &error).to_body(taken.dialect);
                    let answer = Answer { status: 500, body: body.into_bytes(), signature: None, error: None };
                    self.journal.refused(endpoint, &answer, now);
                    return answer;
                }
            }
            None if outcome.answer.error.is_some() => self.journal.refused(endpoint, &outcome.answer, now),
            None => {}
        }
        self.follow(outcome.effects, now);
        outcome.answer
    }

    fn follow(&self, effects: Vec<Effect>, now: Timestamp) {
        for effect in effects {
            match effect {
                Effect::Send(outgoing) => {
                    let outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
                    // Without an outbox the host is being dropped.
                    if let Some(outbox) = &*outbox {
                        self.waiting.fetch_add(1, Ordering::SeqCst);
                        if outbox.send(outgoing).is_err() {
                            self.waiting.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                }
                Effect::Tell(event) => self.journal.event(&event, now),
                _ => {}
            }
        }
    }

    fn deliver(&self, client: &client::Client, letter: &Outgoing) {
        let now = self.clock.now();
        let answer = match self.journal.sending(letter, now) {
            Ok(()) => client.post(letter),
            Err(error) => Err(error.to_string()),
        };
        let now = self.clock.now();
        match answer {
            Ok((status, signature, body)) => {
                let signed = signature
                    .is_some_and(|header| self.agent().mailbox().verify_reply(letter, &body, &header, now).is_ok());
                match Reply::parse(status, &body) {
                    Ok(reply) => self.journal.posted(letter, Ok(&reply), signed, now),
                    Err(error) => self.journal.posted(letter, Err(&error.to_string()), signed, now),
                }
            }
            Err(reason) => self.journal.posted(letter, Err(&reason), false, now),
        }
    }
}
