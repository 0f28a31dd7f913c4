//! The side that asks: looks for offers, takes the best, confirms it, and watches the delivery.

use super::book::{Book, ContractStore};
use super::{Effect, Event, Incoming, Mailbox, Metered, Outgoing, Stage};
use crate::message::{
    Attributes, Catalog, Commitment, Content, Contract, ContractState, Delivery, FlexTerms, Intent, MarketRole, Need,
    Offer, Party,
};
use crate::{Error, Result, Verb};
use eca_core::{SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One purchase, from the question on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// Its transaction.
    pub transaction_id: String,
    /// Whom is asked.
    pub bpp: Party,
    /// What is needed; nothing where only a catalogue is asked for.
    pub need: Option<Need>,
    /// Opaque reference of the balancing platform, which the confirmation brings.
    pub obp_id: String,
    /// How far it is.
    pub stage: Stage,
    /// The offers that came.
    pub offers: Vec<Offer>,
    /// The contract as the provider last told it.
    pub contract: Option<Contract>,
    /// What was measured, as the provider says.
    pub metered: Vec<Metered>,
}

/// The purchases of a participant.
#[derive(Debug)]
pub struct Purchases {
    purchases: Book<Purchase>,
}

impl Default for Purchases {
    fn default() -> Self {
        Self { purchases: Book::new("purchases") }
    }
}

impl Purchases {
    /// Takes up the purchases of an earlier run.
    pub(super) fn open(&mut self, store: &Arc<dyn ContractStore>) -> Result<()> {
        self.purchases.open(store)
    }

    /// All purchases, by transaction.
    pub fn all(&self) -> impl Iterator<Item = &Purchase> {
        self.purchases.values()
    }

    /// Asks a provider for offers; the best is then selected, drafted and confirmed without another call.
    ///
    /// # Errors
    /// When the question cannot be signed.
    pub fn ask(
        &mut self,
        post: &mut Mailbox,
        to: &Party,
        text: &str,
        need: Option<Need>,
        obp_id: &str,
        now: Timestamp,
    ) -> Result<Outgoing> {
        let transaction_id = post.id();
        let content = Content::Intent(Intent { text: text.into(), need: need.clone() });
        let outgoing = post.ask(Verb::Discover, to, &transaction_id, content, now)?;
        let purchase = Purchase {
            transaction_id: transaction_id.clone(),
            bpp: to.clone(),
            need,
            obp_id: obp_id.into(),
            stage: Stage::Offered,
            offers: Vec::new(),
            contract: None,
            metered: Vec::new(),
        };
        self.purchases.insert(&transaction_id, purchase)?;
        Ok(outgoing)
    }

    /// Asks how a contract stands, to change it, or to give it up.
    ///
    /// # Errors
    /// [`Error::Message`] if the stage of the purchase does not allow it.
    pub fn again(&mut self, post: &mut Mailbox, verb: Verb, transaction_id: &str, now: Timestamp) -> Result<Outgoing> {
        let purchase = self.get(transaction_id)?;
        purchase.stage.after(verb)?;
        let contract = purchase.contract.clone().filter(|contract| contract.id.is_some());
        let contract =
            contract.ok_or_else(|| Error::message("BIZ_INVALID_STATE_TRANSITION", "there is no contract yet"))?;
        let contract = Contract { performance: Vec::new(), considerations: Vec::new(), ..contract };
        post.ask(verb, &purchase.bpp, transaction_id, Content::Contract(contract), now)
    }

    fn get(&self, transaction_id: &str) -> Result<&Purchase> {
        let reason = || format!("transaction `{transaction_id}` is not ours");
        self.purchases.get(transaction_id).ok_or_else(|| Error::message("CTX_TRANSACTION_ID_UNKNOWN", reason()))
    }

    /// Acts on an answer, or on news.
    pub(crate) fn act(&mut self, post: &mut Mailbox, incoming: &Incoming, now: Timestamp) -> Result<Vec<Effect>> {
        let header = &incoming.message.header;
        let verb = header.action.verb;
        let mut purchase = self.get(&header.transaction_id)?.clone();
        if header.bpp.as_ref().is_none_or(|bpp| bpp.id != purchase.bpp.id) {
            return Err(Error::message("AUT_UNAUTHORIZED_ACTION", "another node was asked"));
        }
        let effects = match &incoming.message.content {
            Content::Error(error) => {
                vec![Effect::Tell(Event::Refused(header.action, header.transaction_id.clone(), error.clone()))]
            }
            Content::Catalog(catalog) => self.choose(post, &mut purchase, catalog, now)?,
            Content::Contract(contract) => self.follow(post, &mut purchase, verb, contract, now)?,
            _ => {
                return Err(Error::message(
                    "SCH_REQUIRED_FIELD_MISSING",
                    "the answer has neither catalogue nor contract",
                ));
            }
        };
        self.purchases.insert(&header.transaction_id, purchase)?;
        Ok(effects)
    }

    fn choose(
        &self,
        post: &mut Mailbox,
        purchase: &mut Purchase,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Effect>> {
        if purchase.stage != Stage::Offered {
            return Err(Error::message("BIZ_INVALID_STATE_TRANSITION", "an offer was chosen already"));
        }
        purchase.offers.clone_from(&catalog.offers);
        let mut effects = Vec::new();
        for resource in &catalog.resources {
            if let Some(Attributes::Signal(signal)) = &resource.attributes {
                effects.push(Effect::Tell(Event::Signal(signal.clone())));
            }
        }
        let Some(need) = &purchase.need else { return Ok(effects) };
        let Some(offer) = best(need, &catalog.offers, now) else {
            effects.push(Effect::Tell(Event::NothingFits(purchase.transaction_id.clone())));
            return Ok(effects);
        };
        let contract = Contract {
            commitments: vec![Commitment {
                id: "commitment-1".into(),
                state: ContractState::Draft,
                resource_id: offer.resource_ids.first().cloned().unwrap_or_default(),
                need: Some(need.clone()),
                offer_id: offer.id.clone(),
                series: offer.series.clone(),
            }],
            roles: vec![(MarketRole::Buyer, post.me().id.clone()), (MarketRole::Seller, catalog.provider.0.clone())],
            ..Contract::default()
        };
        purchase.contract = Some(contract.clone());
        effects.push(Effect::Send(post.ask(
            Verb::Select,
            &purchase.bpp,
            &purchase.transaction_id,
            Content::Contract(contract),
            now,
        )?));
        Ok(effects)
    }

    fn follow(
        &self,
        post: &mut Mailbox,
        purchase: &mut Purchase,
        verb: Verb,
        contract: &Contract,
        now: Timestamp,
    ) -> Result<Vec<Effect>> {
        let stage = purchase.stage.after(verb)?;
        let known = purchase.contract.as_ref().and_then(|contract| contract.id.clone());
        if known.is_some() && contract.id != known {
            return Err(Error::message("BIZ_INVALID_STATE_TRANSITION", "the answer is about another contract"));
        }
        let mut effects = Vec::new();
        let transaction = purchase.transaction_id.clone();
        let id = contract.id.clone().unwrap_or_default();
        match verb {
            Verb::Select => {
                fits(purchase, contract)?;
                let draft = Contract { considerations: Vec::new(), ..contract.clone() };
                effects.push(Effect::Send(post.ask(
                    Verb::Init,
                    &purchase.bpp,
                    &transaction,
                    Content::Contract(draft),
                    now,
                )?));
            }
            Verb::Init => {
                let terms = fits(purchase, contract)?;
                if contract.id.is_none() {
                    return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "the draft has no id"));
                }
                let terms = FlexTerms { obp_id: Some(purchase.obp_id.clone()), ..terms.clone() };
                let confirm = Contract { terms: Some(terms), ..contract.clone() };
                effects.push(Effect::Send(post.ask(
                    Verb::Confirm,
                    &purchase.bpp,
                    &transaction,
                    Content::Contract(confirm),
                    now,
                )?));
            }
            Verb::Confirm => {
                let terms = fits(purchase, contract)?;
                if contract.state != ContractState::Active || terms.obp_id.as_deref() != Some(&purchase.obp_id) {
                    return Err(Error::message(
                        "BIZ_QUOTE_EXPIRED_OR_CHANGED",
                        "it is not the contract that was confirmed",
                    ));
                }
                effects.push(Effect::Tell(Event::Agreed(transaction, id.clone())));
            }
            Verb::Cancel => effects.push(Effect::Tell(Event::Cancelled(transaction, id.clone()))),
            _ => {}
        }
        purchase.stage = stage;
        purchase.contract = Some(contract.clone());
        if verb == Verb::Status {
            effects.extend(watch(purchase, contract, &id)?);
        }
        Ok(effects)
    }
}

/// The terms of an answer, which must be those of the answer before, and within what was asked for.
fn fits<'a>(purchase: &Purchase, contract: &'a Contract) -> Result<&'a FlexTerms> {
    let changed = |reason: &str| Error::message("BIZ_QUOTE_EXPIRED_OR_CHANGED", reason);
    let terms = contract.terms.as_ref().ok_or_else(|| changed("the contract has no terms"))?;
    let before = purchase.contract.as_ref();
    if let Some(known) = before.and_then(|contract| contract.terms.as_ref())
        && known.hash()? != terms.hash()?
    {
        return Err(changed("the terms are not those of before"));
    }
    let offer = |contract: &Contract| contract.commitments.first().map(|commitment| commitment.offer_id.clone());
    if before.and_then(offer) != offer(contract) {
        return Err(changed("it is for another offer"));
    }
    let limit = purchase.need.as_ref().and_then(|need| need.series.values("PRICE"));
    let price = terms.price_ugbp_per_mwh as f64 / 1e9;
    if limit.is_some_and(|limit| limit.iter().any(|limit| price > limit + 1e-12)) {
        return Err(changed("the price is above the one that was asked for"));
    }
    Ok(terms)
}

/// What the provider says of the delivery. A half hour that was told once stays as it was told.
fn watch(purchase: &mut Purchase, contract: &Contract, id: &str) -> Result<Vec<Effect>> {
    let mut effects = Vec::new();
    for attributes in contract.performance.iter().filter_map(|performance| performance.attributes.as_ref()) {
        match attributes {
            Attributes::Der(report) => effects.push(Effect::Tell(Event::Der(report.clone()))),
            Attributes::Signal(signal) => effects.push(Effect::Tell(Event::Signal(signal.clone()))),
            Attributes::Delivery(delivery) => {
                for metered in half_hours(delivery)? {
                    match purchase.metered.iter().find(|known| known.period == metered.period) {
                        Some(known) if *known != metered => {
                            let reason = format!("{} was told otherwise before", metered.period);
                            return Err(Error::message("BIZ_INVALID_STATE_TRANSITION", reason));
                        }
                        Some(_) => {}
                        None => {
                            let delivered = metered.baseline_wh.saturating_sub(metered.metered_wh);
                            effects.push(Effect::Tell(Event::Measured(id.into(), metered.period, delivered)));
                            purchase.metered.push(metered);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let promised = contract.terms.as_ref().map_or(0, |terms| terms.periods.len());
    if !purchase.metered.is_empty() && purchase.stage < Stage::Settled {
        purchase.stage = if purchase.metered.len() < promised { Stage::Delivering } else { Stage::Delivered };
    }
    if contract.state == ContractState::Complete && purchase.stage == Stage::Delivered {
        purchase.stage = Stage::Settled;
        let amount = contract.considerations.first().map_or(0, |sum| sum.amount_ugbp);
        effects.push(Effect::Tell(Event::Settled(id.into(), amount)));
    }
    Ok(effects)
}

fn half_hours(delivery: &Delivery) -> Result<Vec<Metered>> {
    let wrong = |reason: &str| Error::message("SCH_INVALID_FORMAT", format!("telemetry: {reason}"));
    let mut sums: BTreeMap<SettlementPeriod, Metered> = BTreeMap::new();
    for (_, series) in &delivery.meters {
        if series.step_s != 1800 {
            return Err(wrong("it is not by half hours"));
        }
        let column = |name: &str| series.values(name).ok_or_else(|| wrong(&format!("no {name} in every interval")));
        for (index, (baseline, usage)) in column("BASELINE")?.into_iter().zip(column("USAGE")?).enumerate() {
            // kW over half an hour in Wh.
            let wh = |kw: f64| (kw * 500.0).round() as i64;
            let period = SettlementPeriod::containing(series.start_of(index)?);
            let sum = sums.entry(period).or_insert(Metered { period, baseline_wh: 0, metered_wh: 0 });
            sum.baseline_wh = sum.baseline_wh.saturating_add(wh(baseline));
            sum.metered_wh = sum.metered_wh.saturating_add(wh(usage));
        }
    }
    Ok(sums.into_values().collect())
}

/// The offer of most energy at no more than the price that was asked for; of equals the cheapest.
fn best<'a>(need: &Need, offers: &'a [Offer], now: Timestamp) -> Option<&'a Offer> {
    let asked = need.series.values("CAPACITY_REQUESTED")?;
    let limit = need.series.values("PRICE");
    let score = |offer: &Offer| {
        let series = offer.series.as_ref().filter(|series| series.same_grid(&need.series))?;
        let offered = series.values("CAPACITY_OFFERED")?;
        let price = series.values("OFFER_PRICE")?;
        let dear = limit.as_ref().is_some_and(|limit| price.iter().zip(limit).any(|(p, l)| *p > l + 1e-12));
        let late = offer.validity.is_some_and(|(_, to)| to < now);
        let used = offered.iter().zip(&asked).map(|(offered, asked)| offered.min(*asked)).sum::<f64>();
        let cost: f64 = price.iter().zip(&offered).map(|(price, kw)| price * kw).sum();
        (!dear && !late && used > 0.0).then_some((used, -cost))
    };
    let scored = offers.iter().filter_map(|offer| Some((score(offer)?, offer)));
    scored.max_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, offer)| offer)
}
