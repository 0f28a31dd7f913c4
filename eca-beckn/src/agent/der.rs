//! The agent of a battery with solar panels: sells discharge, and reports how the battery is and what sun is expected.

use super::{Agent, ContractStore, Effect, Flexibility, Incoming, Mailbox, Metered, Sales};
use crate::Result;
use crate::message::{Attributes, DerReport};
use eca_core::Timestamp;
use std::sync::Arc;

/// The agent of a battery. It provides (BPP) and sells.
#[derive(Debug)]
pub struct DerAgent {
    post: Mailbox,
    /// What it sells.
    pub sales: Sales,
}

impl DerAgent {
    /// The agent `post` that sells what `flexibility` can do, as provider (id and name), by one meter.
    #[must_use]
    pub fn new(post: Mailbox, provider: (&str, &str), meter_id: &str, flexibility: Box<dyn Flexibility>) -> Self {
        Self { post, sales: Sales::new(provider, meter_id, flexibility) }
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
        Ok(self)
    }

    /// Tells the buyer of a contract how the battery is.
    ///
    /// # Errors
    /// Those of [`Sales::report`].
    pub fn report(&mut self, contract_id: &str, report: DerReport, now: Timestamp) -> Result<Vec<Effect>> {
        self.sales.report(&mut self.post, contract_id, Attributes::Der(report), now)
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

impl Agent for DerAgent {
    fn mailbox(&mut self) -> &mut Mailbox {
        &mut self.post
    }

    fn act(&mut self, incoming: &Incoming, now: Timestamp) -> Result<Vec<Effect>> {
        super::only_questions(incoming)?;
        self.sales.act(&mut self.post, incoming, now)
    }

    fn tick(&mut self, now: Timestamp) -> Result<Vec<Effect>> {
        self.sales.tick(now);
        super::overdue(&mut self.post, now)
    }
}
