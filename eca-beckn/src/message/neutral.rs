//! Messages apart from any dialect: who, what, in which transaction; intents, catalogues and contracts.

use super::attributes::{Attributes, ComputeSlot, Need};
use super::{Action, FlexTerms, TimeSeries};
use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Place in the network: who asks (BAP), who answers (BPP). It says nothing of who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetworkRole {
    /// Asks, and receives callbacks.
    Bap,
    /// Provides, and sends callbacks.
    Bpp,
}

/// Place in the market: who pays and who delivers flexibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MarketRole {
    /// Pays.
    Buyer,
    /// Delivers.
    Seller,
}

impl MarketRole {
    /// `buyer` or `seller`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Buyer, Self::Seller].into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for MarketRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A node of the network and where it listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Subscriber id.
    pub id: String,
    /// Address; actions are appended to it.
    pub uri: String,
}

/// The context of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What is asked or answered.
    pub action: Action,
    /// Network (2.0.0) or domain (1.1) it belongs to.
    pub network: String,
    /// Transaction.
    pub transaction_id: String,
    /// Message; an answer repeats that of the request.
    pub message_id: String,
    /// When it is made.
    pub timestamp: Timestamp,
    /// Seconds in which it may be acted on.
    pub ttl_s: Option<i64>,
    /// The asking node; nobody where a catalogue is published.
    pub bap: Option<Party>,
    /// The providing node; nobody where everybody is asked.
    pub bpp: Option<Party>,
}

/// A message apart from its dialect. Fields that it has no place for stay in [`crate::Envelope::whole`].
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its context.
    pub header: Header,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// What is looked for.
    Intent(Intent),
    /// What there is.
    Catalog(Catalog),
    /// A quote, draft, contract, or how it stands.
    Contract(Contract),
    /// Which contract is meant (version 1.1), and where given why.
    Order(String, Option<String>),
    /// An error in place of an answer.
    Error(super::ErrorReply),
    /// Ratings, support, tracking and others, as they are.
    Other(Value),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// In words, such as `10 MW reduction`.
    pub text: String,
    /// When, where and how much, if it says so.
    pub need: Option<Need>,
}

/// What there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is: id and name.
    pub provider: (String, String),
    /// What can be had.
    pub resources: Vec<Resource>,
    /// On which terms.
    pub offers: Vec<Offer>,
}

/// Something that can be had.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub attributes: Option<Attributes>,
}

impl Resource {
    /// A compute slot.
    #[must_use]
    pub fn slot(id: &str, name: &str, slot: ComputeSlot) -> Self {
        Self { id: id.into(), name: name.into(), attributes: Some(Attributes::Slot(slot)) }
    }
}

/// Terms on which something can be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub resource_ids: Vec<String>,
    /// From when and until when it holds.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// `CAPACITY_OFFERED` (KW) and `OFFER_PRICE` (GBP_PER_KWH) by interval.
    pub series: Option<TimeSeries>,
}

/// How far a contract or one of its commitments is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ContractState {
    /// Not agreed.
    #[default]
    Draft,
    /// Agreed.
    Active,
    /// Given up.
    Cancelled,
    /// Delivered and settled.
    Complete,
}

impl ContractState {
    /// Its code in both dialects.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Cancelled => "CANCELLED",
            Self::Complete => "COMPLETE",
        }
    }

    /// The state of a code; of an unknown one it is a draft. Commitments are `CLOSED`, settlements `COMMITTED`.
    pub(super) fn of(code: &Value) -> Self {
        match code.as_str() {
            Some("ACTIVE" | "COMMITTED") => Self::Active,
            Some("CANCELLED") => Self::Cancelled,
            Some("COMPLETE" | "CLOSED") => Self::Complete,
            _ => Self::Draft,
        }
    }
}

/// A contract, from the first quote on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Contract {
    /// Its id, from the draft on.
    pub id: Option<String>,
    /// How far it is.
    pub state: ContractState,
    /// What is promised.
    pub commitments: Vec<Commitment>,
    /// What is paid for it.
    pub considerations: Vec<Consideration>,
    /// Who does what in the market.
    pub roles: Vec<(MarketRole, String)>,
    /// What happened so far.
    pub performance: Vec<Performance>,
    /// What was paid.
    pub settlements: Vec<Settlement>,
    /// What is agreed.
    pub terms: Option<FlexTerms>,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Commitment {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: ContractState,
    /// What it is about.
    pub resource_id: String,
    /// What was asked for.
    pub need: Option<Need>,
    /// On which offer.
    pub offer_id: String,
    /// What is promised: `CAPACITY_OFFERED`, and what the buyer took of it.
    pub series: Option<TimeSeries>,
}

/// A sum that is owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consideration {
    /// Its id.
    pub id: String,
    /// `ESTIMATE`, `AGREED` or `FINAL`.
    pub status: String,
    /// From the buyer to the seller, µGBP.
    pub amount_ugbp: i64,
    /// Whether it was paid.
    pub paid: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Its id.
    pub id: String,
    /// How it stands, such as `DELIVERY_COMPLETE`.
    pub code: String,
    /// In words.
    pub name: String,
    /// Which promises.
    pub commitment_ids: Vec<String>,
    /// The measurements.
    pub attributes: Option<Attributes>,
}

/// What was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    /// Its id.
    pub id: String,
    /// For which sum.
    pub consideration_id: String,
    /// How it stands.
    pub state: ContractState,
}
