//! Baseline and settlement of the event by `eca_core::settle`, in whole Wh and µGBP.

use super::diary::Diary;
use super::site::HEADER;
use super::{Outcome, setup, site};
use eca_beckn::agent::Sale;
use eca_beckn::log::hex;
use eca_beckn::log::tree::{Tree, leaf_hash};
use eca_beckn::settled::{FundInput, SettlementInput};
use eca_beckn::{Entry, kind};
use eca_core::SettlementPeriod;
use eca_core::settle::{
    Allocation, Beneficiary, Contribution, Event, EventRecord, PriceTable, Readings, SettlementRun, settle,
};
use serde_json::{Value, json};

/// The event document. What is promised is in Wh, the price in µGBP/MWh.
pub fn event(
    promised: &[(SettlementPeriod, i64)],
    price_ugbp_per_mwh: i64,
    transaction: &str,
    obp_id: &str,
) -> Outcome<Value> {
    let place = |period: &SettlementPeriod| json!({"settlement_date": period.settlement_date().to_string(), "settlement_period": period.settlement_period()});
    let periods: Vec<Value> = promised
        .iter()
        .map(|(period, wh)| {
            let mut entry = place(period);
            entry["committed_mwh"] = decimal(*wh).into();
            entry["price_gbp_per_mwh"] = decimal(price_ugbp_per_mwh).into();
            entry
        })
        .collect();
    let last = promised.last().map(|(period, _)| *period).ok_or("nothing is promised")?;
    let rebound = [last.next(), last.next().next()];
    Ok(json!({
        "format": "eca-event/1",
        "event_id": transaction,
        "site": {"site_id": "london-1", "meter_id": site::METER, "bm_unit": "V__AECA001", "gsp_group": "_C"},
        "route": "wholesale_p415",
        "periods": periods,
        "rebound_periods": rebound.iter().map(place).collect::<Vec<_>>(),
        "baseline": {"method": "bl01"},
        "references": {"obp_id": obp_id, "transaction_id": transaction},
        "submissions": [
            {"flow": "wman", "status": "accepted", "sent_at": "2026-02-19T12:00:00Z"},
            {"flow": "ecvn", "status": "accepted", "sent_at": "2026-02-19T12:05:00Z"},
            {"flow": "delivered_volume", "status": "accepted", "sent_at": "2026-02-20T09:00:00Z"}
        ],
        "terms": {
            "supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 87.21}],
            "supplier_final_demand_frac": 0.04
        },
        "sharing": {"site_frac": 0.8, "social_tariff_frac": 0.05}
    }))
}

/// Millionths as an exact decimal text.
fn decimal(micro: i64) -> String {
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Prices and intensities of the day, as a file.
pub fn prices() -> Outcome<String> {
    let mut text = "start,system_price_gbp_per_mwh,import_price_gbp_per_mwh,network_charge_gbp_per_mwh,carbon_g_per_kwh,marginal_carbon_g_per_kwh\n".to_owned();
    let columns = [site::system_price(), site::price(), site::charge(), site::carbon(), site::marginal()];
    for t in 0..site::PERIODS {
        let cells: Vec<String> = columns.iter().filter_map(|column| column.get(t).map(f64::to_string)).collect();
        text += &format!("{},{}\n", site::start(t)?, cells.join(","));
    }
    Ok(text)
}

/// A record of the root over the readings of the day: afterwards none of them can be another.
pub fn readings_root(readings: &str, actor: &str, time_us: i64) -> Entry {
    let mut tree = Tree::default();
    readings.lines().for_each(|line| tree.push(leaf_hash(line.as_bytes())));
    let root = tree.root(tree.size()).unwrap_or_default();
    Entry::new(kind::TELEMETRY_ROOT, actor, time_us)
        .cite("readings", format!("{HEADER}{readings}"))
        .field("rows", tree.size())
        .field("root", hex(&root))
}

/// Settles what was sold from the meter of the days before and of the day, and writes readings, settlement and the fund's
/// part into the log. Gives the record of the event, and what the buyer pays for the block, µGBP.
pub fn book(sale: &Sale, history: &str, readings: &str, diary: &Diary) -> Outcome<(EventRecord, i64)> {
    let terms = &sale.offer.terms;
    let promised: Vec<_> = terms.periods.iter().map(|period| (period.period, period.committed_wh)).collect();
    let obp = terms.obp_id.clone().unwrap_or_default();
    let event = event(&promised, terms.price_ugbp_per_mwh, &sale.transaction_id, &obp)?.to_string();
    let (meters, prices) = (history.to_owned() + readings, prices()?);
    let input =
        SettlementInput { event: &event, meters: &meters, prices: &prices, run: SettlementRun::Sf, as_of: None };
    let me = setup::id("compute");
    let mut settled = None;
    diary.with_log(|log, time_us| {
        log.write(readings_root(readings, &me, time_us))?;
        let (entry, record) = input.entry(&me, time_us)?;
        log.write(entry)?;
        settled = Some(record);
        Ok(())
    })?;
    let record = settled.ok_or("there is no log")?;
    // The site's part for the Social Tariff Fund reaches three households at once.
    let paid = [Contribution { id: record.event_id.clone(), amount_ugbp: record.totals.social_tariff_ugbp }];
    let homes = homes()?;
    let fund =
        FundInput { contributions: &paid, beneficiaries: &homes, allocation: Allocation::ByWeight, carried_in_ugbp: 0 };
    diary.with_log(|log, time_us| log.write(fund.entry(&me, time_us)?.0).map(|_| ()))?;
    // The buyer pays for the block that was sold; what the meter says otherwise is cashed out at the imbalance price.
    let sold_ugbp = record.periods.iter().flat_map(|period| period.flows.first()).map(|flow| flow.cash_ugbp).sum();
    Ok((record, sold_ugbp))
}

/// Three households that the fund supports, by weight.
pub fn homes() -> Outcome<Vec<Beneficiary>> {
    let homes = json!([{"id": "home-1", "weight": 1}, {"id": "home-2", "weight": 2}, {"id": "home-3", "weight": 3}]);
    Ok(serde_json::from_value(homes)?)
}

/// What the method says would be used in each half hour, from the days before.
pub fn baseline_wh(periods: &[SettlementPeriod], history: &str) -> Outcome<Vec<i64>> {
    let promised: Vec<(SettlementPeriod, i64)> = periods.iter().map(|period| (*period, 1)).collect();
    let record = settled(&event(&promised, 1, "baseline", "none")?, history)?;
    Ok(record.baseline.periods.iter().take(periods.len()).map(|period| period.baseline_wh).collect())
}

/// Settles the event.
pub fn settled(event: &Value, meters: &str) -> Outcome<EventRecord> {
    let event = Event::from_json(&event.to_string())?;
    let volumes = Readings::parse(meters)?.volumes(site::METER, None)?;
    Ok(settle(&event, &volumes, &PriceTable::parse(&prices()?)?, SettlementRun::Sf)?)
}
