//! The worked event with everything told about it, and the same on other routes and with other baselines.

use crate::settle_support::{DAYS, event, meters, prices, reading};
use serde_json::{Value, json};

/// A hash, as documents have it.
fn hash(digit: char) -> String {
    String::from(digit).repeat(64)
}

/// The worked event with every field that can be told.
pub(crate) fn full_event() -> Value {
    let behind = |sp: u8, before: f64, after: f64| {
        json!({"settlement_date": "2026-02-19", "settlement_period": sp, "offered_mwh": 2.6, "accepted_mwh": 2.5,
               "soc_before_mwh": before, "soc_after_mwh": after, "discharge_mwh": 0.9, "it_mwh": 2.4,
               "facility_mwh": 3.6, "forecast_carbon_g_per_kwh": 215})
    };
    let source = |column: &str, source: &str| json!({"column": column, "source": source, "retrieved_at": "2026-02-20T08:00:00Z"});
    let mut event = event();
    for (period, plan) in [(0, 5.7), (1, 5.8)] {
        event["periods"][period]["counterfactual_mwh"] = json!(plan);
    }
    for (number, each) in event["submissions"].as_array_mut().unwrap().iter_mut().enumerate() {
        each["file_id"] = json!(format!("file-{number}"));
        each["sequence"] = json!(100 + number);
    }
    event["submissions"].as_array_mut().unwrap().push(json!(
        {"flow": "sev", "status": "rejected", "sent_at": "2026-02-19T11:00:00Z", "file_id": "sev-1", "sequence": 7,
         "reason": "pair is baselined"}
    ));
    event["operations"] = json!({"inferences_before": 40_000_000, "inferences_after": 34_000_000, "sla_breaches": 2});
    event["references"] = json!({
        "obp_id": "OBP-1", "neso_unit_id": "UNIT-1", "boa_acceptance_number": "17", "dso_dispatch_id": "D-1",
        "transaction_id": "t-1", "trading_party_id": "VTPCO", "supplier_id": "SUPP"
    });
    event["evidence"] = json!({
        "meter_point": {"msid_import": hash('1'), "msid_export": hash('2'), "amsid": "7000000000001",
                        "differencing": true, "serial": "E12", "class": "0.5S", "consent_import": true,
                        "consent_export": true, "consent_from": "2026-01-01", "consent_to": "2026-12-31"},
        "contract": {"product_id": "wholesale_p415", "product_version": "2026-11-23", "notice_s": 18000, "min_mw": 1,
                     "max_mw": 6, "tolerance_frac": 0.05, "penalty_rule": "p415_imbalance", "currency": "GBP",
                     "counterparty_signature": "ed25519:abc"},
        "messages": [{"action": "confirm", "message_id": "m-4", "sha256": hash('a'), "signer_key_id": "key-1"}],
        "baseline_document": "Baselining Methodology 3.0",
        "jobs": [{"job_sha256": hash('b'), "change": "migrated", "energy_mwh": 1.5, "from_region": "london",
                  "to_region": "scotland", "checkpoint_mwh": 0.02}],
        "periods": [behind(35, 4.0, 3.0), behind(36, 3.0, 2.0), behind(37, 2.0, 3.0), behind(38, 3.0, 4.0)],
        "pue_model": "1.2 MW fixed and 1.0 of IT", "model_id": "llm-8b", "inference_definition": "one request",
        "carbon": {"source": "NESO", "region_id": "13", "actual": true, "retrieved_at": "2026-02-20T08:00:00Z",
                   "average_id": "neso-regional", "marginal_id": "long-run", "embodied_kg": 12.5,
                   "sci_boundary": "hall, cooling, network", "green_certificates": ["urn:gc:1"],
                   "claim_transferred": true},
        "decision": {"decided_at": "2026-02-19T11:55:00Z", "problem_sha256": hash('c'), "plan_sha256": hash('d'),
                     "counterfactual_plan_sha256": hash('e'), "config_sha256": hash('f'), "solver": "highs 1.15.1",
                     "seed": 0, "gap_frac": 0.001},
        "trading_party_role": "vtp",
        "price_sources": [source("system_price_gbp_per_mwh", "Elexon Insights system-prices"),
                          source("carbon_g_per_kwh", "NESO regional intensity")],
        "event_days": [{"settlement_date": "2026-02-19", "kind": "market", "status": "accepted",
                        "sent_at": "2026-02-20T09:00:00Z", "file_id": "ED-1", "sequence": 3, "reason": "first"}]
    });
    event
}

/// The worked meter file with the periods SP27 to SP32 before the event, and some export in the rebound.
fn long_meters() -> String {
    let mut text = meters().replace("6500000,0,A", "6700000,200000,A");
    for (date, _) in DAYS {
        (27..=32).for_each(|sp| text += &reading(date, sp, 6.1, "A"));
    }
    for (sp, mwh) in (27..=32).zip([6.3, 6.4, 6.2, 6.5, 6.3, 6.1]) {
        text += &reading("2026-02-19", sp, mwh, "A");
    }
    text
}

/// Name, event document, meter file and price file.
pub(crate) type Story = (&'static str, Value, String, String);

/// The full event on every route, with every baseline and regime, and with what goes wrong.
pub(crate) fn all_stories() -> Vec<Story> {
    let all = |change: &dyn Fn(&mut Value)| {
        let mut event = full_event();
        change(&mut event);
        event
    };
    let method = |name: &'static str| all(&|e| e["baseline"]["method"] = json!(name));
    let direct = all(&|e| {
        e["terms"]["compensation"] = json!([
            {"route": "wholesale_p415", "effective_from": "2026-02-19", "regime": "direct_party_pays_supplier"}
        ]);
        e["site"]["loss_factor"] = json!(1.0123);
    });
    let lost = all(&|e| e["submissions"][0]["status"] = json!("rejected"));
    let unsold = all(&|e| e["submissions"][1]["sent_at"] = json!("2026-02-19T16:00:00Z"));
    let balancing = all(&|e| {
        e["route"] = json!("balancing_mechanism");
        e["submissions"] = json!([]);
        e["terms"]["compensation"] = json!([
            {"route": "balancing_mechanism", "effective_from": "2026-02-01", "regime": "direct_party_pays_supplier"}
        ]);
    });
    let distribution = all(&|e| {
        e["route"] = json!("dso_flex");
        e["submissions"] = json!([]);
        e["baseline"] = json!({"method": "fixed", "fixed_mwh": 5.9});
        e["terms"]["pay_factor"] = json!([
            {"delivered_frac": 0.5, "paid_frac": 0}, {"delivered_frac": 0.99, "paid_frac": 0.9},
            {"delivered_frac": 1, "paid_frac": 1}
        ]);
        for period in [0, 1] {
            e["periods"][period]["available_mw"] = json!(5);
            e["periods"][period]["availability_price_gbp_per_mw_h"] = json!(12.345_678);
        }
    });
    let factor = all(&|e| {
        e["route"] = json!("neso_dfs");
        e["submissions"] = json!([]);
        e["baseline"]["method"] = json!("ten_in_ten");
    });
    let nominated = all(&|e| {
        let periods: Vec<Value> = (35..=38)
            .map(|sp| {
                json!({"settlement_date": "2026-02-19", "settlement_period": sp, "mwh": 6.123_456,
                       "submitted_at": "2026-02-18T11:00:00Z"})
            })
            .collect();
        e["baseline"] = json!({"method": "nominated", "nominated": periods});
        e["submissions"][3]["status"] = json!("accepted");
    });
    let up = all(&|e| {
        e["direction"] = json!("up");
        e["baseline"] = json!({"method": "zero"});
    });
    let gap = meters().replace(&reading("2026-02-19", 36, 3.8, "A"), "");
    vec![
        ("wholesale", full_event(), meters(), prices()),
        ("direct regime and losses", direct, long_meters(), prices()),
        ("lost notification", lost, meters(), prices()),
        ("contract notified too late", unsold, meters(), prices()),
        ("balancing, adjusted", balancing, long_meters(), prices()),
        ("distribution, fixed", distribution, meters(), prices()),
        ("same-day factor", factor, long_meters(), prices()),
        ("middle days", method("mid_8_of_10"), meters(), prices()),
        ("high days", method("high_5_of_10"), meters(), prices()),
        ("nominated", nominated, meters(), prices()),
        ("turn-up against nothing", up, meters(), prices()),
        ("missing metering", full_event(), gap, prices()),
        ("no price of import", full_event(), meters(), prices().replace(",import_price_gbp_per_mwh", ",unknown")),
    ]
}

/// Every field that an auditor asks for, as a path of the full record.
pub(crate) const FIELDS: &[&str] = &[
    // Identity.
    "/format",
    "/event_id",
    "/evidence/record_id",
    "/references/transaction_id",
    "/evidence/messages/0/message_id",
    "/evidence/messages/0/sha256",
    "/evidence/messages/0/signer_key_id",
    "/references/obp_id",
    "/references/dso_dispatch_id",
    "/references/boa_acceptance_number",
    "/references/neso_unit_id",
    "/route",
    "/evidence/contract/product_id",
    "/evidence/contract/product_version",
    // Parties and meters.
    "/site_id",
    "/evidence/meter_point/msid_import",
    "/evidence/meter_point/msid_export",
    "/evidence/meter_point/consent_import",
    "/evidence/meter_point/consent_export",
    "/evidence/meter_point/consent_from",
    "/evidence/meter_point/consent_to",
    "/evidence/meter_point/amsid",
    "/evidence/meter_point/differencing",
    "/bm_unit",
    "/gsp_group",
    "/references/supplier_id",
    "/references/trading_party_id",
    "/evidence/trading_party_role",
    "/evidence/meter_point/serial",
    "/evidence/meter_point/class",
    "/evidence/loss_factor_micro",
    // Commitment.
    "/evidence/periods/0/offered_wh",
    "/evidence/periods/0/accepted_wh",
    "/periods/0/committed_wh",
    "/direction",
    "/evidence/periods/0/price_ugbp_per_mwh",
    "/evidence/contract/notice_s",
    "/evidence/periods/0/gate_closure",
    "/evidence/contract/min_mw",
    "/evidence/contract/max_mw",
    "/evidence/contract/tolerance_frac",
    "/evidence/contract/penalty_rule",
    "/evidence/contract/currency",
    "/evidence/contract/counterparty_signature",
    // Submissions: four flows by period, and the event day.
    "/evidence/submissions/0/file_id",
    "/evidence/submissions/0/sent_at",
    "/evidence/submissions/0/status",
    "/evidence/submissions/0/sequence",
    "/evidence/submissions/0/due",
    "/evidence/submissions/1/volume_mwh",
    "/evidence/submissions/2/reason",
    "/evidence/submissions/3/in_force",
    "/evidence/event_days/0/kind",
    "/evidence/event_days/0/file_id",
    "/evidence/event_days/0/sent_at",
    "/evidence/event_days/0/status",
    "/evidence/event_days/0/sequence",
    "/evidence/event_days/0/reason",
    // Baseline.
    "/baseline/method",
    "/evidence/baseline_document",
    "/baseline/days/0/class",
    "/baseline/days/0/used/9",
    "/baseline/days/0/excluded/1/reason",
    "/baseline/periods/0/unadjusted_wh",
    "/baseline/periods/0/baseline_wh",
    "/baseline/params/window_periods",
    "/evidence/inputs/meters_sha256",
    "/evidence/workings/baseline_days/9/net_wh/3",
    "/evidence/decision/counterfactual_plan_sha256",
    // Delivery.
    "/periods/0/import_wh",
    "/periods/0/export_wh",
    "/evidence/periods/0/metering_interval_s",
    "/periods/0/quality",
    "/periods/0/deviation_wh",
    "/periods/0/delivered_wh",
    "/periods/0/shortfall_wh",
    "/periods/0/counterfactual_wh",
    "/periods/0/true_reduction_wh",
    "/periods/0/baseline_effect_wh",
    "/evidence/periods/0/over_delivered_wh",
    "/rebound/1/rebound_wh",
    "/evidence/workings/rebound/1/import_wh",
    "/evidence/periods/0/soc_before_wh",
    "/evidence/periods/0/soc_after_wh",
    "/evidence/periods/0/discharge_wh",
    "/evidence/workings/rebound/1/soc_after_wh",
    // Operations.
    "/evidence/jobs/0/job_sha256",
    "/evidence/jobs/0/change",
    "/evidence/jobs/0/energy_mwh",
    "/evidence/jobs/0/from_region",
    "/evidence/jobs/0/to_region",
    "/evidence/jobs/0/checkpoint_mwh",
    "/evidence/sla_breaches",
    "/evidence/workings/inferences_after",
    "/evidence/model_id",
    "/evidence/inference_definition",
    "/evidence/it_wh",
    "/evidence/facility_wh",
    "/evidence/pue_model",
    // Money.
    "/run",
    "/evidence/price_sources/0/source",
    "/evidence/price_sources/0/retrieved_at",
    "/evidence/inputs/prices_sha256",
    "/periods/0/flows/0/cash_ugbp",
    "/evidence/periods/0/system_price_ugbp_per_mwh",
    "/periods/0/flows/1/cash_ugbp",
    "/evidence/periods/0/regime",
    "/evidence/periods/0/supplier_compensation_price_ugbp_per_mwh",
    "/periods/0/supplier_compensation_ugbp",
    "/compensation/own_part_ugbp",
    "/evidence/retained_ugbp",
    "/totals/site_ugbp",
    "/totals/social_tariff_ugbp",
    "/evidence/workings/site_frac_micro",
    "/evidence/workings/social_tariff_frac_micro",
    "/evidence/cost_before_ugbp_per_million_inferences",
    "/evidence/cost_after_ugbp_per_million_inferences",
    // Carbon.
    "/evidence/carbon/source",
    "/evidence/carbon/region_id",
    "/evidence/carbon/actual",
    "/evidence/periods/0/carbon_ug_per_kwh",
    "/evidence/periods/0/forecast_carbon_ug_per_kwh",
    "/evidence/periods/0/marginal_carbon_ug_per_kwh",
    "/evidence/carbon/retrieved_at",
    "/evidence/carbon/average_id",
    "/evidence/carbon/marginal_id",
    "/carbon/location_based_mg",
    "/carbon/avoided_mg",
    "/carbon/marginal_avoided_mg",
    "/evidence/carbon/embodied_kg",
    "/evidence/workings/sci/operational_mg",
    "/evidence/carbon/sci_boundary",
    "/evidence/carbon/green_certificates/0",
    "/evidence/periods/0/claim_id",
    "/evidence/carbon/claim_transferred",
    // Integrity; signature and inclusion proof stand in the log.
    "/event_hash",
    "/eca_version",
    "/evidence/decision/problem_sha256",
    "/evidence/decision/plan_sha256",
    "/evidence/decision/config_sha256",
    "/evidence/decision/solver",
    "/evidence/decision/seed",
    "/evidence/decision/gap_frac",
    "/evidence/decision/decided_at",
];
