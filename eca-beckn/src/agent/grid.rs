//! The agent of a network operator: asks for reductions, takes the best offer, and says what its zone is like.

use super::{Agent, ContractStore, Effect, Incoming, Mailbox, Outgoing, Purchases};
use crate::message::{Attributes, Catalog, Content, GridSignal, Need, Party, Resource};
use crate::{Error, Result, Verb};
use eca_core::Timestamp;
use std::sync::Arc;

/// The agent of a network operator. It asks (BAP) for what it buys and provides (BPP) signals.
#[derive(Debug)]
pub struct GridAgent {
    post: Mailbox,
    name: String,
    signal: Option<GridSignal>,
    /// What it buys.
    pub purchases: Purchases,
}

impl GridAgent {
    /// The agent `post` of the operator `name`.
    #[must_use]
    pub fn new(post: Mailbox, name: &str) -> Self {
        Self { post, name: name.into(), signal: None, purchases: Purchases::default() }
    }

    /// The same with the contracts that an earlier run kept in `store`, which keeps those to come: each is on disk before a
    /// peer is told of it.
    ///
    /// # Errors
    /// [`crate::Error::NotVerified`] if one is damaged, [`crate::Error::Store`].
    pub fn with_contracts(mut self, store: &Arc<dyn ContractStore>) -> Result<Self> {
        self.post.open(store)?;
        self.purchases.open(store)?;
        Ok(self)
    }

    /// Sets what is told of the zone from now on.
    pub fn publish(&mut self, signal: GridSignal) {
        self.signal = Some(signal);
    }

    /// Asks a provider for a reduction, such as `10 MW reduction`. The best offer within the prices of the need is
    /// confirmed with `obp_id`.
    ///
    /// # Errors
    /// When the question cannot be signed.
    pub fn ask(&mut self, to: &Party, text: &str, need: Need, obp_id: &str, now: Timestamp) -> Result<Outgoing> {
        self.purchases.ask(&mut self.post, to, text, Some(need), obp_id, now)
    }

    /// Asks how a contract stands, or gives it up.
    ///
    /// # Errors
    /// Those of [`Purchases::again`].
    pub fn again(&mut self, verb: Verb, transaction_id: &str, now: Timestamp) -> Result<Outgoing> {
        self.purchases.again(&mut self.post, verb, transaction_id, now)
    }

    fn catalogue(&mut self) -> Catalog {
        let me = self.post.me().id.clone();
        let signal = self.signal.clone().map(|signal| Resource {
            id: format!("signal-{}", signal.gsp_group.trim_start_matches('_')),
            name: format!("Signals of GSP group {}", signal.gsp_group),
            attributes: Some(Attributes::Signal(signal)),
        });
        Catalog {
            id: self.post.id(),
            name: format!("Signals of {}", self.name),
            provider: (me, self.name.clone()),
            resources: signal.into_iter().collect(),
            offers: Vec::new(),
        }
    }
}

impl Agent for GridAgent {
    fn mailbox(&mut self) -> &mut Mailbox {
        &mut self.post
    }

    fn act(&mut self, incoming: &Incoming, now: Timestamp) -> Result<Vec<Effect>> {
        let action = incoming.message.header.action;
        match action.verb {
            _ if action.callback => self.purchases.act(&mut self.post, incoming, now),
            Verb::Discover => {
                let catalog = self.catalogue();
                Ok(vec![Effect::Send(self.post.answer(incoming, Content::Catalog(catalog), now)?)])
            }
            _ => Err(Error::message("BIZ_INVALID_STATE_TRANSITION", format!("a grid agent sells nothing: `{action}`"))),
        }
    }

    fn tick(&mut self, now: Timestamp) -> Result<Vec<Effect>> {
        super::overdue(&mut self.post, now)
    }
}
