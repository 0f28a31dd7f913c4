//! The agent of a battery with solar panels: sells discharge, and reports how the battery is and what sun is expected.

use super::{Agent, Effect, Flexibility, Incoming, Mailbox, Metered, Sales};
use crate::Result;
use crate::message::{Attributes, DerReport};
use eca_core::Timestamp;

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
