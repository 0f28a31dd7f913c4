//! The side that answers: from catalogue to contract, delivery and settlement. The provider sells here.

mod contract;
mod delivery;
mod flexibility;

pub use contract::{Metered, Sale};
pub use flexibility::{Flexibility, PricedOffer};

use super::book::{Book, ContractStore};
use super::{Effect, Event, Incoming, Mailbox, Outgoing, Stage};
use crate::message::{Catalog, Commitment, Content, Contract, Need, Offer};
use crate::{Error, Result, Verb};
use eca_core::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The contracts of the selling side.
#[derive(Debug)]
pub struct Sales {
    provider: (String, String),
    meter_id: String,
    flexibility: Box<dyn Flexibility>,
    /// Offers that can be selected. They are of this run only: nobody relies on one before it is selected.
    offers: BTreeMap<String, PricedOffer>,
    sales: Book<Sale>,
}

impl Sales {
    /// Sells what `flexibility` can do as `provider` (id and name), measured by the meter `meter_id`.
    #[must_use]
    pub fn new(provider: (&str, &str), meter_id: &str, flexibility: Box<dyn Flexibility>) -> Self {
        let provider = (provider.0.to_owned(), provider.1.to_owned());
        Self { provider, meter_id: meter_id.into(), flexibility, offers: BTreeMap::new(), sales: Book::new("sales") }
    }

    /// Takes up the contracts of an earlier run; what is promised in them is frozen again.
    pub(super) fn open(&mut self, store: &Arc<dyn ContractStore>, now: Timestamp) -> Result<()> {
        self.sales.open(store)?;
        self.sales.values().filter(|sale| holds(sale)).try_for_each(|sale| self.flexibility.commit(&sale.offer, now))
    }

    /// All contracts, by transaction.
    pub fn all(&self) -> impl Iterator<Item = &Sale> {
        self.sales.values()
    }

    /// What stands behind the offers.
    pub fn flexibility(&mut self) -> &mut dyn Flexibility {
        &mut *self.flexibility
    }

    /// Acts on a question.
    pub(crate) fn act(&mut self, post: &mut Mailbox, asked: &Incoming, now: Timestamp) -> Result<Vec<Effect>> {
        let header = &asked.message.header;
        let verb = header.action.verb;
        let content = match (&asked.message.content, verb) {
            (Content::Intent(intent), Verb::Discover) => {
                let catalog = self.catalogue(post, intent.need.as_ref(), now)?;
                return Ok(vec![Effect::Send(post.answer(asked, Content::Catalog(catalog), now)?)]);
            }
            (Content::Contract(contract), _) => contract.clone(),
            (Content::Order(id, _), _) => Contract { id: Some(id.clone()), ..Contract::default() },
            _ => {
                return Err(Error::message(
                    "BIZ_INVALID_STATE_TRANSITION",
                    format!("`{}` is not understood", header.action),
                ));
            }
        };
        let mut sale = match (self.sales.get(&header.transaction_id), verb) {
            (Some(sale), _) => sale.clone(),
            (None, Verb::Select) => self.begin(asked, &content, now)?,
            (None, _) => {
                let reason = format!("no contract in transaction `{}`", header.transaction_id);
                return Err(Error::message("CTX_TRANSACTION_ID_UNKNOWN", reason));
            }
        };
        if header.bap.as_ref().is_none_or(|bap| bap.id != sale.bap.id) {
            return Err(Error::message("AUT_UNAUTHORIZED_ACTION", "another node began this transaction"));
        }
        let stage = sale.stage.after(verb)?;
        let before = sale.clone();
        let mut effects = Vec::new();
        let id = |sale: &Sale| sale.contract_id.clone().unwrap_or_default();
        match verb {
            Verb::Select => sale.offer = self.offer(&content, now)?.clone(),
            Verb::Init => {
                if first(&content)?.offer_id != sale.offer.id {
                    return Err(Error::message(
                        "BIZ_OFFER_NOT_FOUND",
                        "the draft is for another offer than was selected",
                    ));
                }
                sale.contract_id = Some(sale.contract_id.take().unwrap_or_else(|| post.id()));
            }
            Verb::Confirm => {
                self.agree(&mut sale, &content, now)?;
                effects.push(Effect::Tell(Event::Agreed(sale.transaction_id.clone(), id(&sale))));
            }
            Verb::Update => self.reduce(&mut sale, &content, now)?,
            Verb::Cancel => {
                named(&sale, &content)?;
                if sale.stage == Stage::Confirmed {
                    self.flexibility.release(&sale.offer);
                }
                effects.push(Effect::Tell(Event::Cancelled(sale.transaction_id.clone(), id(&sale))));
            }
            Verb::Status => named(&sale, &content)?,
            _ => return Err(Error::message("POL_UPDATE_NOT_ALLOWED", format!("`{}` is not served", header.action))),
        }
        sale.stage = stage;
        match self.finish(post, asked, sale.clone(), now) {
            Ok(answer) => effects.push(Effect::Send(answer)),
            Err(error) => {
                self.put_back(&before, &sale, now)?;
                return Err(error);
            }
        }
        Ok(effects)
    }

    /// The answer that tells how the sale stands after a step, once the step is kept.
    fn finish(&mut self, post: &mut Mailbox, asked: &Incoming, sale: Sale, now: Timestamp) -> Result<Outgoing> {
        let answer = post.answer(asked, Content::Contract(self.contract(&sale)), now)?;
        self.sales.insert(&asked.message.header.transaction_id, sale)?;
        Ok(answer)
    }

    /// A step could not be kept: what it froze is free, and what it freed is frozen again.
    fn put_back(&mut self, before: &Sale, after: &Sale, now: Timestamp) -> Result<()> {
        if holds(before) == holds(after) && before.offer == after.offer {
            return Ok(());
        }
        if holds(after) {
            self.flexibility.release(&after.offer);
        }
        if holds(before) { self.flexibility.commit(&before.offer, now) } else { Ok(()) }
    }

    fn catalogue(&mut self, post: &mut Mailbox, need: Option<&Need>, now: Timestamp) -> Result<Catalog> {
        need.map(usable).transpose()?;
        let mut offers = Vec::new();
        for mut offer in need.map(|need| self.flexibility.offers(need, now)).transpose()?.unwrap_or_default() {
            offer.id = post.id();
            offers.push(Offer {
                id: offer.id.clone(),
                name: offer.name.clone(),
                resource_ids: vec![offer.resource_id.clone()],
                validity: Some((now, offer.valid_to)),
                series: Some(offer.series()),
            });
            self.offers.insert(offer.id.clone(), offer);
        }
        let (id, name) = &self.provider;
        Ok(Catalog {
            id: post.id(),
            name: format!("Flexibility of {name}"),
            provider: (id.clone(), name.clone()),
            resources: self.flexibility.resources(now),
            offers,
        })
    }

    fn offer(&self, contract: &Contract, now: Timestamp) -> Result<&PricedOffer> {
        let id = &first(contract)?.offer_id;
        let offer = self.offers.get(id);
        let offer = offer.ok_or_else(|| Error::message("BIZ_OFFER_NOT_FOUND", format!("no offer `{id}` was made")))?;
        valid(offer, now)?;
        Ok(offer)
    }

    fn begin(&self, asked: &Incoming, contract: &Contract, now: Timestamp) -> Result<Sale> {
        let header = &asked.message.header;
        let bap = header.bap.clone().ok_or_else(|| Error::message("CTX_MISSING_FIELD", "nobody asks"))?;
        Ok(Sale {
            transaction_id: header.transaction_id.clone(),
            contract_id: None,
            bap,
            stage: Stage::Offered,
            offer: self.offer(contract, now)?.clone(),
            metered: Vec::new(),
            settled_ugbp: None,
        })
    }

    /// A confirmation echoes the terms of the draft by their hash and brings the reference of the platform.
    fn agree(&mut self, sale: &mut Sale, confirmed: &Contract, now: Timestamp) -> Result<()> {
        named(sale, confirmed)?;
        valid(&sale.offer, now)?;
        let terms = confirmed
            .terms
            .as_ref()
            .ok_or_else(|| Error::message("SCH_REQUIRED_FIELD_MISSING", "a confirmation has no terms"))?;
        if terms.hash()? != sale.offer.terms.hash()? {
            return Err(Error::message("BIZ_QUOTE_EXPIRED_OR_CHANGED", "the terms are not those of the draft"));
        }
        if terms.obp_id.is_none() {
            return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "a confirmation has no `obpId`"));
        }
        self.flexibility.commit(&sale.offer, now)?;
        sale.offer.terms.obp_id.clone_from(&terms.obp_id);
        Ok(())
    }

    /// An update asks for less before delivery begins; prices stay.
    fn reduce(&mut self, sale: &mut Sale, asked: &Contract, now: Timestamp) -> Result<()> {
        named(sale, asked)?;
        let not_allowed = |reason: &str| Error::message("POL_UPDATE_NOT_ALLOWED", reason);
        let series = first(asked)?.series.as_ref().ok_or_else(|| not_allowed("an update has no series"))?;
        let wanted = series.values("CAPACITY_OFFERED").filter(|_| series.same_grid(&sale.offer.series()));
        let wanted = wanted.ok_or_else(|| not_allowed("an update has another grid, or no CAPACITY_OFFERED"))?;
        if wanted.iter().zip(&sale.offer.offered_kw).any(|(new, old)| *new < 0.0 || new > old) {
            return Err(not_allowed("an update may only ask for less"));
        }
        let mut offer = sale.offer.clone();
        let hours = sale.offer.need.series.step_s as f64 / 3600.0;
        for (period, kw) in offer.terms.periods.iter_mut().zip(&wanted) {
            // kW over hours in Wh, down: never more than was asked for.
            period.committed_wh = (kw * hours * 1e3 + 1e-6).floor() as i64;
        }
        offer.offered_kw = wanted;
        self.flexibility.release(&sale.offer);
        if let Err(error) = self.flexibility.commit(&offer, now) {
            self.flexibility.commit(&sale.offer, now)?;
            return Err(error);
        }
        sale.offer = offer;
        Ok(())
    }

    /// Forgets offers that cannot be confirmed any more.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.offers.retain(|_, offer| offer.valid_to >= now);
    }
}

/// Whether something is frozen for a sale.
fn holds(sale: &Sale) -> bool {
    matches!(sale.stage, Stage::Confirmed | Stage::Delivering)
}

/// A need that an optimiser can be asked about: so many kW in each of not too many intervals.
fn usable(need: &Need) -> Result<()> {
    let asked = need.series.values("CAPACITY_REQUESTED");
    if asked.is_some_and(|kw| (1..=1000).contains(&kw.len()) && kw.iter().all(|kw| *kw >= 0.0)) {
        return Ok(());
    }
    Err(Error::message(
        "SCH_REQUIRED_FIELD_MISSING",
        "the need has no CAPACITY_REQUESTED from 0 in 1 to 1000 intervals",
    ))
}

fn first(contract: &Contract) -> Result<&Commitment> {
    contract.commitments.first().ok_or_else(|| Error::message("SCH_REQUIRED_FIELD_MISSING", "there is no commitment"))
}

/// A question about a contract names it.
fn named(sale: &Sale, contract: &Contract) -> Result<()> {
    if contract.id.is_some() && contract.id == sale.contract_id {
        return Ok(());
    }
    Err(Error::message("BIZ_OFFER_NOT_FOUND", "the contract that is named is not the one of this transaction"))
}

fn valid(offer: &PricedOffer, now: Timestamp) -> Result<()> {
    if now <= offer.valid_to {
        return Ok(());
    }
    Err(Error::message("BIZ_QUOTE_EXPIRED_OR_CHANGED", format!("offer `{}` ended {}", offer.id, offer.valid_to)))
}
