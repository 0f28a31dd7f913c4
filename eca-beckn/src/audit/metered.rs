//! Deliveries beside the readings that were settled: a half hour has one energy, carbon and cost, wherever it is told.

use super::AuditReport;
use super::part::Part;
use super::settlements::text;
use crate::{Error, Record, Result, kind};
use eca_core::settle::{Event, Micro, PriceTable, Readings, Volumes};
use eca_core::{SettlementPeriod, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// Readings and prices of the settlements of a meter.
type Settled = BTreeMap<String, Vec<(Volumes, PriceTable)>>;

/// Compares every delivery with the settlements of its meter. Readings are revised from run to run: one run must agree.
pub(super) fn check(parts: &[Part<'_>], report: &mut AuditReport) -> Result<()> {
    let mut settled = Settled::new();
    for part in parts {
        for record in part.records.iter().filter(|record| record.kind == kind::SETTLEMENT) {
            match documents(part, record) {
                Ok((meter, found)) => settled.entry(meter).or_default().push(found),
                Err(error @ Error::Store { .. }) => return Err(error),
                // What is wrong with it is said where it is settled again.
                Err(_) => {}
            }
        }
    }
    let mut good = 0;
    for part in parts {
        for record in part.records.iter().filter(|record| record.kind == kind::DELIVERY) {
            match delivered(record, &settled) {
                Ok(compared) => good += usize::from(compared),
                Err(reason) => report.fault(part.place(record), reason),
            }
        }
    }
    if good > 0 {
        report.checked.push(format!("{good} deliveries are what the meters of their settlements read"));
    }
    Ok(())
}

fn documents(part: &Part<'_>, record: &Record) -> Result<(String, (Volumes, PriceTable))> {
    let meter = Event::from_json(&text(part.store, record, "event")?)?.site.meter_id;
    let as_of = record.body.get("as_of").and_then(Value::as_str).map(Timestamp::parse).transpose()?;
    let volumes = Readings::parse(&text(part.store, record, "meters")?)?.volumes(&meter, as_of)?;
    Ok((meter, (volumes, PriceTable::parse(&text(part.store, record, "prices")?)?)))
}

/// Whether a delivery was compared, or what it should have said.
fn delivered(record: &Record, settled: &Settled) -> std::result::Result<bool, String> {
    let text = |name: &str| record.body.get(name).and_then(Value::as_str);
    let number = |name: &str| record.body.get(name).and_then(Value::as_i64);
    let period = || {
        let number = u8::try_from(number("settlement_period")?).ok()?;
        SettlementPeriod::new(text("settlement_date")?.parse().ok()?, number).ok()
    };
    let (Some(of_meter), Some(period)) = (text("meter_id").and_then(|meter| settled.get(meter)), period()) else {
        return Ok(false);
    };
    let mut differs = None;
    for (volumes, prices) in of_meter {
        let Some(volume) = volumes.complete(period) else { continue };
        let row = prices.get(period);
        let retail = row.import_price_gbp_per_mwh.map(|price| {
            let charge = row.network_charge_gbp_per_mwh.map_or(0, Micro::millionths);
            price.millionths().saturating_add(charge)
        });
        let of = |rate: i64| product(volume.import_wh, rate);
        let expected = [
            ("energy_wh", Some(volume.import_wh)),
            ("carbon_mg", row.carbon_g_per_kwh.and_then(|rate| of(rate.millionths()))),
            ("cost_ugbp", retail.and_then(of)),
        ];
        let other = expected.into_iter().find_map(|(name, value)| {
            let value = value?;
            // Carbon and cost may be left out, the energy may not.
            number(name).filter(|said| *said != value).map(|said| (name, said, value))
        });
        match other {
            None => return Ok(true),
            Some((name, said, value)) => {
                let reason = format!(
                    "`{name}` is {said}, but {value} by the readings and prices that {period} was settled with"
                );
                differs = Some(reason);
            }
        }
    }
    differs.map_or(Ok(false), Err)
}

/// Energy times a rate in millionths, half away from zero; none beyond 64 bits.
fn product(energy_wh: i64, millionths: i64) -> Option<i64> {
    let exact = i128::from(energy_wh) * i128::from(millionths);
    i64::try_from((exact.abs() + 500_000) / 1_000_000 * exact.signum()).ok()
}
