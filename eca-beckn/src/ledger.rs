//! Requests to the DEG Ledger Service, API 0.3.0 of April 2026, read on 2026-11-23: a projection of the log.
//!
//! The ledger keeps one row for each trade and lets its writers merge into it; the log is the evidence behind the rows. A row
//! is one half hour of a contract. Platforms put what was agreed (`/ledger/put`), network operators record what was
//! delivered (`/ledger/record`); nobody may do both, so a projection is made for one role. Objects are closed: carbon, money
//! and references of the balancing platform stay in the log.

use crate::log::{LogStore, read_records, sha256_hex, tile};
use crate::message::{Attributes, Content, Contract, ContractState, Delivery, MarketRole};
use crate::{Envelope, Error, Message, Record, Result, Verb, kind};
use eca_core::SettlementPeriod;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who writes to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerRole {
    /// Platform of the buyer.
    Buyer,
    /// Platform of the seller.
    Seller,
    /// Network operator of the buyer.
    BuyerDiscom,
    /// Network operator of the seller.
    SellerDiscom,
}

/// Who writes, and where the sites are connected, which no message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSettings {
    /// Who writes.
    pub role: LedgerRole,
    /// Network operator of the buyer.
    pub discom_buyer: String,
    /// Network operator of the seller.
    pub discom_seller: String,
}

/// One request, to be signed and posted.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRequest {
    /// Where to, behind the address of the ledger: `/ledger/put` or `/ledger/record`.
    pub path: &'static str,
    /// The body, `ledgerPutRequest` or `ledgerRecordRequest`.
    pub body: Value,
}

/// The requests that follow from the messages under the head of a log, in their order. The same log gives the same
/// requests; each has a `clientReference`, so that one that is sent twice is taken once.
///
/// # Errors
/// [`Error::NotVerified`] names the record or file that cannot be read. Audit the log first: nothing is verified here.
pub fn project(store: &dyn LogStore, size: u64, settings: &LedgerSettings) -> Result<Vec<LedgerRequest>> {
    let mut rows = Rows { settings, put: BTreeMap::new(), recorded: BTreeMap::new(), requests: Vec::new() };
    for (seq, bytes) in (0..).zip(read_records(store, size)?) {
        let record = Record::parse(seq, &bytes)?;
        if record.kind != kind::MESSAGE {
            continue;
        }
        let place = format!("record {seq}");
        let cited = record.refs.iter().find(|reference| reference.name == "body");
        let body = cited.map(|cited| store.read(&tile::blob(&cited.sha256))).transpose()?.flatten();
        let body = body.ok_or_else(|| Error::not_verified(&place, "the body of its message is not kept"))?;
        // A message of a dialect or form without contracts tells the ledger nothing.
        let Ok(message) = Envelope::parse(&body).and_then(|envelope| Message::read(&envelope)) else { continue };
        rows.follow(&message)?;
    }
    Ok(rows.requests)
}

/// What the ledger was told so far, by transaction and item.
struct Rows<'a> {
    settings: &'a LedgerSettings,
    put: BTreeMap<(String, String), Value>,
    recorded: BTreeMap<(String, String), Value>,
    requests: Vec<LedgerRequest>,
}

impl Rows<'_> {
    fn follow(&mut self, message: &Message) -> Result<()> {
        let header = &message.header;
        let Content::Contract(contract) = &message.content else { return Ok(()) };
        let agreed =
            matches!(contract.state, ContractState::Active | ContractState::Complete | ContractState::Cancelled);
        if !header.action.callback || !agreed {
            return Ok(());
        }
        match self.settings.role {
            LedgerRole::Buyer | LedgerRole::Seller => match header.action.verb {
                Verb::Confirm | Verb::Update | Verb::Cancel => self.agreed(message, contract),
                _ => Ok(()),
            },
            LedgerRole::BuyerDiscom | LedgerRole::SellerDiscom => self.delivered(message, contract),
        }
    }

    /// One row for each half hour that is promised; nothing of it once the contract is given up.
    fn agreed(&mut self, message: &Message, contract: &Contract) -> Result<()> {
        let header = &message.header;
        let (Some(terms), Some(id)) = (&contract.terms, &contract.id) else { return Ok(()) };
        let of = |role: MarketRole| {
            let found = contract.roles.iter().find(|(known, _)| *known == role).map(|(_, party)| party.clone());
            found.ok_or_else(|| Error::message("SCH_REQUIRED_FIELD_MISSING", format!("`{id}` has no {}", role.name())))
        };
        let (buyer, seller) = (of(MarketRole::Buyer)?, of(MarketRole::Seller)?);
        let role = if self.settings.role == LedgerRole::Buyer { "BUYER" } else { "SELLER" };
        for promised in &terms.periods {
            let energy_wh = if contract.state == ContractState::Cancelled { 0 } else { promised.committed_wh };
            let row = json!({
                "role": role,
                "transactionId": header.transaction_id,
                "orderItemId": item(id, promised.period),
                "platformIdBuyer": buyer,
                "platformIdSeller": seller,
                "discomIdBuyer": self.settings.discom_buyer,
                "discomIdSeller": self.settings.discom_seller,
                "buyerId": buyer,
                "sellerId": terms.bm_unit,
                "tradeTime": header.timestamp.to_string(),
                "deliveryStartTime": promised.period.start_utc().to_string(),
                "deliveryEndTime": promised.period.end_utc().to_string(),
                "tradeDetails": [{"tradeQty": kwh(energy_wh), "tradeType": "BDR", "tradeUnit": "KWH"}],
            });
            let key = (header.transaction_id.clone(), item(id, promised.period));
            // What was put before only changes by its quantity.
            if self.put.get(&key).is_none_or(|known| known["tradeDetails"] != row["tradeDetails"]) {
                self.put.insert(key, row.clone());
                self.send("/ledger/put", row);
            }
        }
        Ok(())
    }

    /// What was measured of a row, once.
    fn delivered(&mut self, message: &Message, contract: &Contract) -> Result<()> {
        let Some(id) = &contract.id else { return Ok(()) };
        let deliveries = contract.performance.iter().filter_map(|performance| match &performance.attributes {
            Some(Attributes::Delivery(delivery)) => Some(delivery),
            _ => None,
        });
        // The schema asks for energy pulled or pushed; of a reduction that is what was not used.
        let (role, discom, own, moved, metrics, status) = match self.settings.role {
            LedgerRole::BuyerDiscom => {
                let discom = &self.settings.discom_buyer;
                let metrics = "buyerFulfillmentValidationMetrics";
                ("BUYER_DISCOM", "discomIdBuyer", discom, "ACTUAL_PULLED", metrics, "statusBuyerDiscom")
            }
            _ => {
                let discom = &self.settings.discom_seller;
                let metrics = "sellerFulfillmentValidationMetrics";
                ("SELLER_DISCOM", "discomIdSeller", discom, "ACTUAL_PUSHED", metrics, "statusSellerDiscom")
            }
        };
        for (period, reduced_kwh) in deliveries.flat_map(reductions) {
            let transaction = message.header.transaction_id.clone();
            let row = json!({
                "role": role,
                "transactionId": transaction,
                "orderItemId": item(id, period),
                discom: own,
                metrics: [
                    {"validationMetricType": moved, "validationMetricValue": reduced_kwh},
                    {"validationMetricType": "ACTUAL_DEMAND_REDUCTION", "validationMetricValue": reduced_kwh},
                ],
                status: "COMPLETED",
            });
            let key = (transaction, item(id, period));
            if self.recorded.get(&key) != Some(&row) {
                self.recorded.insert(key, row.clone());
                self.send("/ledger/record", row);
            }
        }
        Ok(())
    }

    fn send(&mut self, path: &'static str, mut body: Value) {
        body["clientReference"] = sha256_hex(body.to_string().as_bytes()).into();
        self.requests.push(LedgerRequest { path, body });
    }
}

/// The row of one half hour of a contract.
fn item(contract: &str, period: SettlementPeriod) -> String {
    format!("{contract}/{}/{:02}", period.settlement_date(), period.settlement_period())
}

fn kwh(wh: i64) -> f64 {
    wh as f64 / 1e3
}

/// Less than the baseline in each half hour, kWh, over all meters.
fn reductions(delivery: &Delivery) -> Vec<(SettlementPeriod, f64)> {
    let mut sums: BTreeMap<SettlementPeriod, i64> = BTreeMap::new();
    for (_, series) in delivery.meters.iter().filter(|(_, series)| series.step_s == 1800) {
        let (Some(baseline), Some(usage)) = (series.values("BASELINE"), series.values("USAGE")) else { continue };
        for (index, (baseline, usage)) in baseline.into_iter().zip(usage).enumerate() {
            // kW over half an hour in Wh.
            let Ok(start) = series.start_of(index) else { continue };
            *sums.entry(SettlementPeriod::containing(start)).or_default() +=
                ((baseline - usage) * 500.0).round() as i64;
        }
    }
    sums.into_iter().map(|(period, wh)| (period, kwh(wh))).collect()
}
