//! The side that answers: from catalogue to contract, delivery and settlement. The provider sells here.

use super::{Effect, Event, Incoming, Mailbox, Stage};
use crate::message::{
    Attributes, Catalog, Column, Commitment, Consideration, Content, Contract, ContractState, Delivery, FlexTerms,
    MarketRole, Need, Offer, Party, Performance, Resource, Settlement, TimeSeries,
};
use crate::{Error, Result, Verb};
use eca_core::{SettlementPeriod, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What a seller can do, and at which price: the optimiser stands behind this.
pub trait Flexibility: Debug + Send {
    /// What there is to sell.
    fn resources(&self, now: Timestamp) -> Vec<Resource>;

    /// Offers for a need, the best for the buyer first. Each must be deliverable as it stands. The need has
    /// `CAPACITY_REQUESTED` from 0 in each of its intervals, of which there are 1 to 1000; its times are the peer's.
    ///
    /// # Errors
    /// When they cannot be computed.
    fn offers(&mut self, need: &Need, now: Timestamp) -> Result<Vec<PricedOffer>>;

    /// Whether an offer can still be delivered. It is asked before a contract is agreed, and freezes what it answers
    /// yes to.
    ///
    /// # Errors
    /// [`Error::Message`] with `BIZ_QUANTITY_UNAVAILABLE` if it cannot.
    fn commit(&mut self, offer: &PricedOffer, now: Timestamp) -> Result<()>;

    /// A contract was given up: what was frozen for it is free again.
    fn release(&mut self, offer: &PricedOffer);
}

/// An offer that can be delivered as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedOffer {
    /// Its id; empty until it is published.
    pub id: String,
    /// In words.
    pub name: String,
    /// Which resource it uses.
    pub resource_id: String,
    /// What it answers.
    pub need: Need,
    /// What is promised in each interval of the need, kW.
    pub offered_kw: Vec<f64>,
    /// The terms, as they will stand in the contract.
    pub terms: FlexTerms,
    /// Until when it can be confirmed.
    pub valid_to: Timestamp,
}

impl PricedOffer {
    fn series(&self) -> TimeSeries {
        let price = self.terms.price_ugbp_per_mwh as f64 / 1e9;
        let offered = self.offered_kw.iter().copied();
        let columns = [
            Column::new("CAPACITY_OFFERED", "KW", offered).by("seller"),
            Column::new("OFFER_PRICE", "GBP_PER_KWH", vec![price; self.offered_kw.len()]).by("seller"),
        ];
        TimeSeries::new(self.need.series.start, self.need.series.step_s, columns)
    }
}

/// A half hour as it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metered {
    /// Which half hour.
    pub period: SettlementPeriod,
    /// What would have been used, Wh.
    pub baseline_wh: i64,
    /// What was used, Wh.
    pub metered_wh: i64,
}

/// One contract of the selling side.
#[derive(Debug, Clone, PartialEq)]
pub struct Sale {
    /// The transaction it came from.
    pub transaction_id: String,
    /// Its id, from the draft on.
    pub contract_id: Option<String>,
    /// Who asked.
    pub bap: Party,
    /// How far it is.
    pub stage: Stage,
    /// What was sold.
    pub offer: PricedOffer,
    /// What was measured.
    pub metered: Vec<Metered>,
    /// What was settled, µGBP.
    pub settled_ugbp: Option<i64>,
}

/// The contracts of the selling side.
#[derive(Debug)]
pub struct Sales {
    provider: (String, String),
    meter_id: String,
    flexibility: Box<dyn Flexibility>,
    offers: BTreeMap<String, PricedOffer>,
    sales: BTreeMap<String, Sale>,
}

impl Sales {
    /// Sells what `flexibility` can do as `provider` (id and name), measured by the meter `meter_id`.
    #[must_use]
    pub fn new(provider: (&str, &str), meter_id: &str, flexibility: Box<dyn Flexibility>) -> Self {
        let provider = (provider.0.to_owned(), provider.1.to_owned());
        Self { provider, meter_id: meter_id.into(), flexibility, offers: BTreeMap::new(), sales: BTreeMap::new() }
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
        let contract = self.contract(&sale);
        effects.push(Effect::Send(post.answer(asked, Content::Contract(contract), now)?));
        self.sales.insert(header.transaction_id.clone(), sale);
        Ok(effects)
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

    /// The contract as it stands.
    #[must_use]
    pub fn contract(&self, sale: &Sale) -> Contract {
        let (state, promise) = match sale.stage {
            Stage::Offered | Stage::Selected | Stage::Drafted => (ContractState::Draft, ContractState::Draft),
            Stage::Cancelled => (ContractState::Cancelled, ContractState::Complete),
            Stage::Settled => (ContractState::Complete, ContractState::Complete),
            _ => (ContractState::Active, ContractState::Active),
        };
        let terms = &sale.offer.terms;
        let estimate = cash_ugbp(terms.committed_wh(), terms.price_ugbp_per_mwh);
        let status = match (sale.settled_ugbp, state) {
            (Some(_), _) => "FINAL",
            (None, ContractState::Draft) => "ESTIMATE",
            _ => "AGREED",
        };
        let settled = sale.stage == Stage::Settled;
        let settlement = settled.then(|| Settlement {
            id: "settlement-1".into(),
            consideration_id: "payment-1".into(),
            state: ContractState::Complete,
        });
        Contract {
            id: sale.contract_id.clone(),
            state,
            commitments: vec![Commitment {
                id: "commitment-1".into(),
                state: promise,
                resource_id: sale.offer.resource_id.clone(),
                need: Some(sale.offer.need.clone()),
                offer_id: sale.offer.id.clone(),
                series: Some(sale.offer.series()),
            }],
            considerations: vec![Consideration {
                id: "payment-1".into(),
                status: status.into(),
                amount_ugbp: sale.settled_ugbp.unwrap_or(estimate),
                paid: settled,
            }],
            roles: vec![(MarketRole::Buyer, sale.bap.id.clone()), (MarketRole::Seller, self.provider.0.clone())],
            performance: self.performance(sale),
            settlements: settlement.into_iter().collect(),
            terms: Some(terms.clone()),
        }
    }

    fn performance(&self, sale: &Sale) -> Vec<Performance> {
        if sale.metered.is_empty() {
            return Vec::new();
        }
        // Half an hour: 1 Wh is 2 W.
        let kw = |wh: i64| wh as f64 * 2.0 / 1e3;
        let columns = [
            Column::new("BASELINE", "KW", sale.metered.iter().map(|m| kw(m.baseline_wh))).reported(),
            Column::new("USAGE", "KW", sale.metered.iter().map(|m| kw(m.metered_wh))).reported(),
        ];
        let start = sale.metered.first().map_or(Timestamp::EPOCH, |first| first.period.start_utc());
        let (code, name) = match sale.stage {
            Stage::Settled => ("SETTLED", "settled"),
            Stage::Delivered => ("DELIVERY_COMPLETE", "every half hour is measured"),
            _ => ("DELIVERY_COMPLETE_PARTIAL", "half hours measured so far"),
        };
        vec![Performance {
            id: "performance-1".into(),
            code: code.into(),
            name: name.into(),
            commitment_ids: vec!["commitment-1".into()],
            attributes: Some(Attributes::Delivery(Delivery {
                event: sale.contract_id.clone().unwrap_or_default(),
                methodology: sale.offer.terms.baseline_method.clone(),
                meters: vec![(self.meter_id.clone(), TimeSeries::new(start, 1800, columns))],
            })),
        }]
    }

    fn find(&self, contract_id: &str) -> Result<Sale> {
        let found = self.sales.values().find(|sale| sale.contract_id.as_deref() == Some(contract_id));
        found
            .cloned()
            .ok_or_else(|| Error::message("BIZ_OFFER_NOT_FOUND", format!("there is no contract `{contract_id}`")))
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
        self.sales.insert(sale.transaction_id.clone(), sale);
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
        self.sales.insert(sale.transaction_id.clone(), sale);
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

    /// Forgets offers that cannot be confirmed any more.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.offers.retain(|_, offer| offer.valid_to >= now);
    }
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

/// Energy at a price, µGBP, half away from zero.
pub(crate) fn cash_ugbp(wh: i64, price_ugbp_per_mwh: i64) -> i64 {
    let exact = i128::from(wh) * i128::from(price_ugbp_per_mwh);
    let half = if exact < 0 { -500_000 } else { 500_000 };
    i64::try_from((exact + half) / 1_000_000).unwrap_or(i64::MAX)
}
