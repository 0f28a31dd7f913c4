//! Elexon Insights API, <https://data.elexon.co.uk/bmrs/api/v1>: system prices and market index.
//!
//! The key of a record is settlement date and period; UTC is computed from them. `startTime` is only compared,
//! because it has been seen one hour wrong in summer.

use super::json::{body, in_record, record, records, wrong};
use crate::signal::{Column, Point, ReadOptions, Signals};
use crate::{Result, SettlementDate, SettlementPeriod, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const SYSTEM: &str = "elexon system-prices";
const INDEX: &str = "elexon market-index";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    settlement_date: SettlementDate,
    settlement_period: u8,
    start_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SystemPrice {
    #[serde(flatten)]
    key: Key,
    system_sell_price: Option<f64>,
    system_buy_price: Option<f64>,
}

#[derive(Deserialize)]
struct MarketIndex {
    #[serde(flatten)]
    key: Key,
    price: Option<f64>,
    volume: Option<f64>,
}

/// Settlement periods whose `startTime` disagrees.
#[derive(Default)]
struct Clock {
    wrong: usize,
    first: Option<String>,
}

impl Clock {
    fn period(&mut self, source: &str, number: usize, key: &Key) -> Result<SettlementPeriod> {
        let period = in_record(source, number, SettlementPeriod::new(key.settlement_date, key.settlement_period))?;
        if let Some(text) = &key.start_time
            && Timestamp::parse(text).ok() != Some(period.start_utc())
        {
            self.wrong += 1;
            self.first.get_or_insert_with(|| format!("{period} says {text} and starts {}", period.start_utc()));
        }
        Ok(period)
    }

    fn warn(self, signals: &mut Signals) {
        if let Some(first) = self.first {
            signals.warn(format!(
                "startTime disagrees with settlement date and period in {} records, which are right; first {first}",
                self.wrong
            ));
        }
    }
}

/// Records of the answer: below `data`, or a bare list as the streaming paths give it.
fn list<'a>(source: &str, answer: &'a Value) -> Result<Vec<&'a Value>> {
    match answer {
        Value::Array(list) => Ok(list.iter().collect()),
        answer => records(source, answer, "data"),
    }
}

/// Reads `/balancing/settlement/system-prices/...` into `system_price_gbp_per_mwh` (or [`ReadOptions::column`]).
///
/// Great Britain has one imbalance price. Where buy and sell differ, the buy price is taken, with a warning.
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) with the record for an answer of another form or a period that its day does
/// not have; [`Error::Time`](crate::Error::Time) for two different prices of one period.
pub fn system_prices(text: &str, options: &ReadOptions) -> Result<Signals> {
    let answer = body(SYSTEM, text)?;
    let mut clock = Clock::default();
    let mut differing = 0;
    let mut points = Vec::new();
    for (number, item) in (1..).zip(list(SYSTEM, &answer)?) {
        let price: SystemPrice = record(SYSTEM, number, item)?;
        let period = clock.period(SYSTEM, number, &price.key)?;
        differing += usize::from(price.system_buy_price != price.system_sell_price);
        let value = price.system_buy_price.or(price.system_sell_price);
        points.push(Point::new(period.start_utc(), period.end_utc(), value));
    }
    let mut signals = Signals::new();
    let column = options.column.unwrap_or(Column::SystemPriceGbpPerMwh);
    signals.insert(options.region_or_gb(), column, points, options.provenance(SYSTEM), options.duplicates)?;
    clock.warn(&mut signals);
    if differing > 0 {
        signals.warn(format!("system buy and sell price differ in {differing} records, the buy price is taken"));
    }
    Ok(signals)
}

/// Reads `/balancing/pricing/market-index` into `import_price_gbp_per_mwh` (or [`ReadOptions::column`]).
///
/// `market_index = sum(price * volume) / sum(volume)` over the providers of a period. A record without volume is no
/// trade, so its price of zero says nothing; a period without any volume is a gap.
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) with the record for an answer of another form, a negative volume, or a
/// period that its day does not have.
pub fn market_index(text: &str, options: &ReadOptions) -> Result<Signals> {
    let answer = body(INDEX, text)?;
    let mut clock = Clock::default();
    let mut trades: BTreeMap<SettlementPeriod, Vec<(f64, f64)>> = BTreeMap::new();
    for (number, item) in (1..).zip(list(INDEX, &answer)?) {
        let index: MarketIndex = record(INDEX, number, item)?;
        let period = clock.period(INDEX, number, &index.key)?;
        let volume = index.volume.unwrap_or(0.0);
        if volume < 0.0 {
            return Err(wrong(INDEX, number, format!("volume is {volume} MWh, must be at least 0")));
        }
        let traded = index.price.filter(|_| volume > 0.0).map(|price| (price, volume));
        trades.entry(period).or_default().extend(traded);
    }
    let empty = trades.values().filter(|traded| traded.is_empty()).count();
    let points = trades
        .into_iter()
        .map(|(period, traded)| Point::new(period.start_utc(), period.end_utc(), weighted(&traded)))
        .collect();
    let mut signals = Signals::new();
    let column = options.column.unwrap_or(Column::ImportPriceGbpPerMwh);
    let mut provenance = options.provenance(INDEX);
    provenance.notes.push("wholesale market index, weighted by volume".to_owned());
    signals.insert(options.region_or_gb(), column, points, provenance, options.duplicates)?;
    clock.warn(&mut signals);
    if empty > 0 {
        signals.warn(format!("{empty} settlement periods have no traded volume and are left as gaps"));
    }
    Ok(signals)
}

/// The mean price, weighted by volume; none without a trade.
fn weighted(trades: &[(f64, f64)]) -> Option<f64> {
    match trades {
        [] => None,
        // Taken as it is: the quotient could differ in the last digit.
        [(price, _)] => Some(*price),
        trades => {
            let volume: f64 = trades.iter().map(|(_, volume)| volume).sum();
            Some(trades.iter().map(|(price, volume)| price * volume).sum::<f64>() / volume)
        }
    }
}
