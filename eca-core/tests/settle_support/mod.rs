//! The event that docs/settlement.md works through, as documents.
#![allow(dead_code)]

use eca_core::settle::{Event, EventRecord, PriceTable, Readings, SettlementRun, settle};
use serde_json::{Value, json};

/// Working days before 19 February 2026 with what SP35 to SP38 used, MWh. Two of them are event days.
pub(crate) const DAYS: [(&str, f64); 12] = [
    ("2026-02-18", 6.2),
    ("2026-02-17", 3.1),
    ("2026-02-16", 5.8),
    ("2026-02-13", 6.1),
    ("2026-02-12", 3.4),
    ("2026-02-11", 6.0),
    ("2026-02-10", 5.9),
    ("2026-02-09", 6.3),
    ("2026-02-06", 5.7),
    ("2026-02-05", 6.4),
    ("2026-02-04", 5.6),
    ("2026-02-03", 6.0),
];

/// One reading of a half hour of the meter `hall-a`, in the settlement period of a date.
pub(crate) fn reading(date: &str, sp: u8, mwh: f64, quality: &str) -> String {
    let period = eca_core::SettlementPeriod::new(date.parse().unwrap(), sp).unwrap();
    let wh = (mwh * 1e6).round() as i64;
    format!("hall-a,{},{},{wh},0,{quality}\n", period.start_utc(), period.end_utc())
}

/// The meter file: SP35 to SP38 of the days before and of the event.
pub(crate) fn meters() -> String {
    let mut text = "meter_id,start,end,import_wh,export_wh,quality\n".to_owned();
    for (date, mwh) in DAYS {
        (35..=38).for_each(|sp| text += &reading(date, sp, mwh, "A"));
    }
    for (sp, mwh) in [(35, 3.4), (36, 3.8), (37, 6.5), (38, 6.5)] {
        text += &reading("2026-02-19", sp, mwh, "A");
    }
    text
}

/// Imbalance prices and intensities of the event and its rebound.
pub(crate) fn prices() -> String {
    "start,system_price_gbp_per_mwh,carbon_g_per_kwh,marginal_carbon_g_per_kwh,import_price_gbp_per_mwh\n\
     2026-02-19T17:00:00Z,180,210,350,140\n\
     2026-02-19T17:30:00Z,210,205,350,150\n\
     2026-02-19T18:00:00Z,,200,350,120\n\
     2026-02-19T18:30:00Z,,195,350,110\n"
        .to_owned()
}

/// The event document.
pub(crate) fn event() -> Value {
    let period = |sp: u8, price: f64| json!({"settlement_date": "2026-02-19", "settlement_period": sp, "committed_mwh": 2.5, "price_gbp_per_mwh": price});
    json!({
        "format": "eca-event/1",
        "event_id": "evening",
        "site": {"site_id": "london-1", "meter_id": "hall-a", "bm_unit": "V__CABCD001", "gsp_group": "_C"},
        "route": "wholesale_p415",
        "periods": [period(35, 120.0), period(36, 135.0)],
        "rebound_periods": [
            {"settlement_date": "2026-02-19", "settlement_period": 37},
            {"settlement_date": "2026-02-19", "settlement_period": 38}
        ],
        "baseline": {"method": "bl01", "event_days": [
            {"settlement_date": "2026-02-17", "kind": "market"}, {"settlement_date": "2026-02-12", "kind": "market"}
        ]},
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
    })
}

/// Settles documents.
pub(crate) fn settled(event: &Value, meters: &str, prices: &str) -> EventRecord {
    try_settled(event, meters, prices).unwrap()
}

/// The same where it may be refused.
pub(crate) fn try_settled(event: &Value, meters: &str, prices: &str) -> eca_core::Result<EventRecord> {
    let event = Event::from_json(&event.to_string())?;
    let volumes = Readings::parse(meters)?.volumes(&event.site.meter_id, None)?;
    settle(&event, &volumes, &PriceTable::parse(prices)?, SettlementRun::Sf)
}
