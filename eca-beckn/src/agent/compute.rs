//! The agent of a data centre: sells its flexibility, asks the grid for signals, and may hire a battery.

use super::{Agent, ContractStore, Effect, Event, Flexibility, Incoming, Mailbox, Metered, Outgoing, Purchases, Sales};
use crate::message::{Attributes, Content, Need, Party};
use crate::{Result, Verb};
use eca_core::Timestamp;
use std::sync::Arc;

/// The agent of a data centre. It provides (BPP) what it sells and asks (BAP) for what it needs.
#[derive(Debug)]
pub struct ComputeAgent {
    post: Mailbox,
    /// What it sells.
    pub sales: Sales,
    /// What it buys.
    pub purchases: Purchases,
}

impl ComputeAgent {
    /// The agent `post` that sells what `flexibility` can do, as provider (id and name), by one meter.
    #[must_use]
    pub fn new(post: Mailbox, provider: (&str, &str), meter_id: &str, flexibility: Box<dyn Flexibility>) -> Self {
        Self { post, sales: Sales::new(provider, meter_id, flexibility), purchases: Purchases::default() }
    }

    /// The same with the contracts that an earlier run kept in `store`, which keeps those to come: each is on disk before a
    /// peer is told of it. What is promised in them is frozen again.
    ///
    /// # Errors
    /// [`crate::Error::NotVerified`] if one is damaged, [`crate::Error::Store`], and what the planner says if a promise
    /// cannot be delivered any more.
    pub fn with_contracts(mut self, store: &Arc<dyn ContractStore>, now: Timestamp) -> Result<Self> {
        self.post.open(store)?;
        self.sales.open(store, now)?;
        self.purchases.open(store)?;
        Ok(self)
    }

    /// Asks a grid agent what its zone is like.
    ///
    /// # Errors
    /// When the question cannot be signed.
    pub fn ask_signals(&mut self, grid: &Party, now: Timestamp) -> Result<Outgoing> {
        self.purchases.ask(&mut self.post, grid, "grid signals", None, "", now)
    }

    /// Hires flexibility of another, such as a battery.
    ///
    /// # Errors
    /// When the question cannot be signed.
    pub fn hire(&mut self, from: &Party, text: &str, need: Need, obp_id: &str, now: Timestamp) -> Result<Outgoing> {
        self.purchases.ask(&mut self.post, from, text, Some(need), obp_id, now)
    }

    /// Asks how a purchase stands, or gives it up.
    ///
    /// # Errors
    /// Those of [`Purchases::again`].
    pub fn again(&mut self, verb: Verb, transaction_id: &str, now: Timestamp) -> Result<Outgoing> {
        self.purchases.again(&mut self.post, verb, transaction_id, now)
    }

    /// A half hour of a contract was measured.
    ///
    /// # Errors
    /// Those of [`Sales::measured`].
    pub fn measured(&mut self, contract_id: &str, metered: Metered, now: Timestamp) -> Result<Vec<Effect>> {
        self.sales.measured(&mut self.post, contract_id, metered, now)
    }

    /// A contract was settled.
    ///
    /// # Errors
    /// Those of [`Sales::settled`].
    pub fn settled(&mut self, contract_id: &str, amount_ugbp: i64, now: Timestamp) -> Result<Vec<Effect>> {
        self.sales.settled(&mut self.post, contract_id, amount_ugbp, now)
    }
}

impl Agent for ComputeAgent {
    fn mailbox(&mut self) -> &mut Mailbox {
        &mut self.post
    }

    fn act(&mut self, incoming: &Incoming, now: Timestamp) -> Result<Vec<Effect>> {
        let action = incoming.message.header.action;
        match &incoming.message.content {
            // A catalogue that was published to us: only signals in it concern us.
            Content::Catalog(catalog) if action.verb == Verb::Publish => {
                let attributes = catalog.resources.iter().filter_map(|resource| resource.attributes.as_ref());
                let signals = attributes.filter_map(|attributes| match attributes {
                    Attributes::Signal(signal) => Some(Effect::Tell(Event::Signal(signal.clone()))),
                    _ => None,
                });
                Ok(signals.collect())
            }
            _ if action.callback => self.purchases.act(&mut self.post, incoming, now),
            _ => self.sales.act(&mut self.post, incoming, now),
        }
    }

    fn tick(&mut self, now: Timestamp) -> Result<Vec<Effect>> {
        self.sales.tick(now);
        super::overdue(&mut self.post, now)
    }
}
