//! Agents of the network: a message goes in; messages and events come out. They open no connection and read no clock.
//!
//! [`ComputeAgent`] sells flexibility of a data centre (and may buy that of others), [`GridAgent`] buys it, [`DerAgent`]
//! sells that of a battery. Who asks and who answers (the network role) is apart from who pays (the market role).

mod book;
mod buying;
mod compute;
mod der;
mod grid;
mod mailbox;
mod selling;
mod stage;

pub use book::{ContractStore, StoredContracts};
pub use buying::{Purchase, Purchases};
pub use compute::ComputeAgent;
pub use der::DerAgent;
pub use grid::GridAgent;
pub use mailbox::Mailbox;
pub use selling::{Flexibility, Metered, PricedOffer, Sale, Sales};
pub use stage::Stage;

use crate::message::{DerReport, ErrorReply, GridSignal};
use crate::node::Signed;
use crate::replay::MessageKey;
use crate::verify::SignatureHeader;
use crate::{Action, Dialect, Error, Message, Result};
use eca_core::Timestamp;
use mailbox::Arrival;
use std::fmt::Debug;

/// A message that passed every check, with what is needed to answer it and to prove it.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The protocol it speaks.
    pub dialect: Dialect,
    /// What it says.
    pub message: Message,
    /// Its signature.
    pub header: SignatureHeader,
    /// Under what it is remembered.
    pub key: MessageKey,
    /// Its exact bytes and the header that came with them.
    pub signed: Signed,
    /// The authorization of our question, where its signature is bound to one.
    pub request: Option<String>,
}

/// A message to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub uri: String,
    /// Its action as its dialect names it.
    pub action: String,
    /// Body and `Authorization` header.
    pub signed: Signed,
    /// The authorization of the question that its signature is bound to.
    pub request: Option<String>,
}

/// What the sender of a message is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The exact body.
    pub body: Vec<u8>,
    /// Value of the `Signature` header.
    pub signature: Option<String>,
    /// Why it was refused, for the own log only.
    pub error: Option<ErrorReply>,
}

/// What an agent wants its host to do or know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Post this.
    Send(Outgoing),
    /// Something happened.
    Tell(Event),
}

/// What a host may want to act on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A contract is agreed: deliver it, or rely on it. Transaction and contract id.
    Agreed(String, String),
    /// A contract was given up.
    Cancelled(String, String),
    /// A half hour was measured; delivered Wh.
    Measured(String, eca_core::SettlementPeriod, i64),
    /// A contract is settled; µGBP from buyer to seller.
    Settled(String, i64),
    /// The grid says what its zone is like.
    Signal(GridSignal),
    /// A battery says how it is.
    Der(DerReport),
    /// Nothing was offered that fits.
    NothingFits(String),
    /// No answer came in time.
    NoAnswer(Action, String),
    /// The peer answered with an error.
    Refused(Action, String, ErrorReply),
}

/// What came of a message that arrived.
#[derive(Debug)]
pub struct Outcome {
    /// What the sender is told.
    pub answer: Answer,
    /// The message, if it was taken: to be recorded before anything is done.
    pub taken: Option<Box<Incoming>>,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// A participant of the network.
pub trait Agent: Debug + Send {
    /// Its post.
    fn mailbox(&mut self) -> &mut Mailbox;

    /// Acts on a message that passed every check. When this fails, nothing has changed.
    ///
    /// # Errors
    /// [`crate::Error::Message`] with the code that the sender gets.
    fn act(&mut self, incoming: &Incoming, now: Timestamp) -> Result<Vec<Effect>>;

    /// What the passing of time brings: offers end, answers stay away.
    ///
    /// # Errors
    /// When something to be sent cannot be signed.
    fn tick(&mut self, now: Timestamp) -> Result<Vec<Effect>>;

    /// Takes what came to the address of `endpoint`: checks it, acts on it once, and says what the sender is told.
    fn receive(&mut self, endpoint: &str, signed: Signed, now: Timestamp) -> Outcome {
        let incoming = match self.mailbox().receive(endpoint, signed, now) {
            Arrival::Done(answer) => return Outcome { answer, taken: None, effects: Vec::new() },
            Arrival::New(incoming) => incoming,
        };
        match self.act(&incoming, now) {
            Ok(effects) => {
                let answer = self.mailbox().accept(&incoming, now);
                Outcome { answer, taken: Some(incoming), effects }
            }
            Err(error) => {
                let mut answer = self.mailbox().decline(&incoming, &error, now);
                answer.error = Some(ErrorReply { code: error.code().into(), message: error.to_string(), path: None });
                Outcome { answer, taken: None, effects: Vec::new() }
            }
        }
    }
}

fn overdue(post: &mut Mailbox, now: Timestamp) -> Result<Vec<Effect>> {
    let late = post.overdue(now).into_iter();
    Ok(late.map(|(action, transaction)| Effect::Tell(Event::NoAnswer(action, transaction))).collect())
}

fn only_questions(incoming: &Incoming) -> Result<()> {
    let action = incoming.message.header.action;
    if action.callback {
        return Err(Error::message("CTX_TRANSACTION_ID_UNKNOWN", format!("nobody asked for `{action}`")));
    }
    Ok(())
}
