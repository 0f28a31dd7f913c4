//! From the first half hour to the sum: what is measured and settled, and told to the buyer.

use super::{Metered, Sale, Sales};
use crate::agent::{Effect, Event, Mailbox, Stage};
use crate::message::{Attributes, Content, Performance};
use crate::{Error, Result, Verb};
use eca_core::Timestamp;

impl Sales {
    fn find(&self, contract_id: &str) -> Result<Sale> {
        let found = self.sales.values().find(|sale| sale.contract_id.as_deref() == Some(contract_id));
        found
            .cloned()
            .ok_or_else(|| Error::message("BIZ_OFFER_NOT_FOUND", format!("there is no contract `{contract_id}`")))
    }

    fn keep(&mut self, sale: Sale) -> Result<()> {
        let transaction = sale.transaction_id.clone();
        self.sales.insert(&transaction, sale)
    }

    /// A half hour of a contract was measured: the buyer is told.
    ///
    /// # Errors
    /// [`Error::Message`] if it is not the next half hour of a contract that is agreed.
    pub fn measured(
        &mut self,
        post: &mut Mailbox,
        contract_id: &str,
        metered: Metered,
        now: Timestamp,
    ) -> Result<Vec<Effect>> {
        let mut sale = self.find(contract_id)?;
        let promised = &sale.offer.terms.periods;
        let next = promised.get(sale.metered.len()).map(|period| period.period);
        if !matches!(sale.stage, Stage::Confirmed | Stage::Delivering) || next != Some(metered.period) {
            let reason = format!("{} is not the next half hour of contract `{contract_id}`", metered.period);
            return Err(Error::message("BIZ_INVALID_STATE_TRANSITION", reason));
        }
        sale.metered.push(metered);
        sale.stage = if sale.metered.len() == promised.len() { Stage::Delivered } else { Stage::Delivering };
        let delivered = metered.baseline_wh.saturating_sub(metered.metered_wh);
        let mut effects = self.tell(post, &sale, now)?;
        effects.push(Effect::Tell(Event::Measured(contract_id.into(), metered.period, delivered)));
        self.keep(sale)?;
        Ok(effects)
    }

    /// A contract was settled: the buyer is told the sum.
    ///
    /// # Errors
    /// [`Error::Message`] if not every half hour of it is measured.
    pub fn settled(
        &mut self,
        post: &mut Mailbox,
        contract_id: &str,
        amount_ugbp: i64,
        now: Timestamp,
    ) -> Result<Vec<Effect>> {
        let mut sale = self.find(contract_id)?;
        if sale.stage != Stage::Delivered {
            let reason = format!("contract `{contract_id}` is {:?}, not Delivered", sale.stage);
            return Err(Error::message("BIZ_INVALID_STATE_TRANSITION", reason));
        }
        (sale.stage, sale.settled_ugbp) = (Stage::Settled, Some(amount_ugbp));
        let mut effects = self.tell(post, &sale, now)?;
        effects.push(Effect::Tell(Event::Settled(contract_id.into(), amount_ugbp)));
        self.keep(sale)?;
        Ok(effects)
    }

    /// Tells the buyer of a contract something else about it, such as how a battery is.
    ///
    /// # Errors
    /// [`Error::Message`] if there is no such contract.
    pub fn report(
        &mut self,
        post: &mut Mailbox,
        contract_id: &str,
        attributes: Attributes,
        now: Timestamp,
    ) -> Result<Vec<Effect>> {
        let sale = self.find(contract_id)?;
        let mut contract = self.contract(&sale);
        contract.performance.push(Performance {
            id: post.id(),
            code: "REPORT_DELIVERED".into(),
            name: "report".into(),
            commitment_ids: vec!["commitment-1".into()],
            attributes: Some(attributes),
        });
        let news = post.tell(Verb::Status, &sale.bap, &sale.transaction_id, Content::Contract(contract), now)?;
        Ok(vec![Effect::Send(news)])
    }

    fn tell(&self, post: &mut Mailbox, sale: &Sale, now: Timestamp) -> Result<Vec<Effect>> {
        let content = Content::Contract(self.contract(sale));
        Ok(vec![Effect::Send(post.tell(Verb::Status, &sale.bap, &sale.transaction_id, content, now)?)])
    }
}
