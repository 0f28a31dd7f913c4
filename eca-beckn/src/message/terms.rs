//! What buyer and seller of flexibility agree on: the contract attributes `FlexTerms`.

use super::attributes::{ECA_CONTEXT, invalid, missing, text};
use super::series::number;
use crate::log::sha256_hex;
use crate::{Error, Result, json};
use eca_core::SettlementPeriod;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Terms of a contract for flexibility, from the draft on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlexTerms {
    /// How it is sold, such as `wholesale_p415`.
    pub route: String,
    /// Opaque reference of the balancing platform, set when the contract is confirmed.
    pub obp_id: Option<String>,
    /// BM unit of the trading party.
    pub bm_unit: String,
    /// What is promised in each half hour.
    pub periods: Vec<TermPeriod>,
    /// How the baseline is made, such as `bl01`.
    pub baseline_method: String,
    /// Version of the document that says so.
    pub baseline_document: String,
    /// Price of what is delivered, µGBP for each MWh.
    pub price_ugbp_per_mwh: i64,
    /// Penalty for what is promised and not delivered, µGBP for each MWh.
    pub penalty_ugbp_per_mwh: i64,
    /// Who compensates the supplier, such as `mutualised_by_suppliers`.
    pub compensation: String,
}

/// What is promised in one half hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermPeriod {
    /// Which half hour.
    pub period: SettlementPeriod,
    /// What is promised, Wh.
    pub committed_wh: i64,
    /// What would be used without the promise, Wh, as it was planned when the offer was made.
    pub baseline_wh: i64,
}

impl FlexTerms {
    /// SHA-256 of the canonical terms without the reference that the confirmation adds: both sides name the same
    /// agreement by it.
    ///
    /// # Errors
    /// [`Error::Json`] if they have no canonical form.
    pub fn hash(&self) -> Result<String> {
        let value = Self { obp_id: None, ..self.clone() }.fields();
        Ok(sha256_hex(&json::canonical("terms", &value)?))
    }

    /// Sum of what is promised, Wh.
    #[must_use]
    pub fn committed_wh(&self) -> i64 {
        self.periods.iter().fold(0, |sum, period| sum.saturating_add(period.committed_wh))
    }

    fn fields(&self) -> Value {
        let periods: Vec<Value> = self
            .periods
            .iter()
            .map(|p| {
                json!({"settlementDate": p.period.settlement_date().to_string(),
                    "settlementPeriod": p.period.settlement_period(),
                    "committedWh": p.committed_wh, "baselineWh": p.baseline_wh})
            })
            .collect();
        let mut object = json!({"@context": ECA_CONTEXT, "@type": "FlexTerms", "route": self.route,
            "bmUnit": self.bm_unit, "settlementPeriods": periods,
            "baselineMethod": {"id": self.baseline_method, "document": self.baseline_document},
            "priceGbpPerKwh": per_kwh(self.price_ugbp_per_mwh),
            "penalty": {"kind": "shortfall", "gbpPerKwh": per_kwh(self.penalty_ugbp_per_mwh)},
            "compensation": self.compensation});
        if let Some(obp) = &self.obp_id {
            object["obpId"] = obp.as_str().into();
        }
        object
    }

    pub(crate) fn write(&self) -> Value {
        let mut object = self.fields();
        // Terms are strings, integers and two finite prices: they always have a canonical form.
        object["termsHash"] = self.hash().unwrap_or_default().into();
        object
    }

    /// Reads terms; the hash in them must be theirs.
    pub(crate) fn read(object: &Value) -> Result<Self> {
        let whole = |value: &Value, key: &str| {
            let number = number(&value[key]).filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            number.map(|n| n as i64).ok_or_else(|| invalid(key, "is not a whole number"))
        };
        let mut periods = Vec::new();
        for entry in object["settlementPeriods"].as_array().into_iter().flatten() {
            let date = text(entry, "settlementDate")?.parse()?;
            let number = u8::try_from(whole(entry, "settlementPeriod")?)
                .map_err(|_| invalid("settlementPeriod", "is not 1 to 50"))?;
            periods.push(TermPeriod {
                period: SettlementPeriod::new(date, number)?,
                committed_wh: whole(entry, "committedWh")?,
                baseline_wh: whole(entry, "baselineWh")?,
            });
        }
        let terms = Self {
            route: text(object, "route")?,
            obp_id: object.get("obpId").map(|_| reference(object)).transpose()?,
            bm_unit: text(object, "bmUnit")?,
            periods,
            baseline_method: text(&object["baselineMethod"], "id")?,
            baseline_document: text(&object["baselineMethod"], "document")?,
            price_ugbp_per_mwh: ugbp_per_mwh(&object["priceGbpPerKwh"], "priceGbpPerKwh")?,
            penalty_ugbp_per_mwh: ugbp_per_mwh(&object["penalty"]["gbpPerKwh"], "penalty.gbpPerKwh")?,
            compensation: text(object, "compensation")?,
        };
        if text(object, "termsHash")? != terms.hash()? {
            return Err(Error::message("BIZ_QUOTE_EXPIRED_OR_CHANGED", "`termsHash` is not the hash of these terms"));
        }
        Ok(terms)
    }
}

/// The reference of the platform: opaque, but fit to be written down. Never parsed.
fn reference(object: &Value) -> Result<String> {
    let text = text(object, "obpId")?;
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("obpId", "is not 1 to 64 visible ASCII characters"));
    }
    Ok(text)
}

/// GBP for each kWh: 1 GBP/kWh is 1000 GBP/MWh, thus 10^9 µGBP/MWh. Nine decimals are exact in both forms.
fn per_kwh(ugbp_per_mwh: i64) -> Value {
    super::series::plain(ugbp_per_mwh as f64 / 1e9)
}

fn ugbp_per_mwh(value: &Value, key: &str) -> Result<i64> {
    let gbp = number(value).ok_or_else(|| missing(key))?;
    let exact = (gbp * 1e9).round();
    if exact.abs() >= 9e15 { Err(invalid(key, "is beyond every price")) } else { Ok(exact as i64) }
}
