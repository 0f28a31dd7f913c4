//! What follows from a log for the DEG Ledger Service. That the requests have the published form, jsonschema judges in
//! `eca-py/tests/test_beckn_schemas.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/network.rs"]
mod network;

use eca_beckn::agent::Metered;
use eca_beckn::ledger::{LedgerRole, LedgerSettings, project};
use eca_beckn::{Dialect, Verb};
use network::*;
use serde_json::json;

fn settings(role: LedgerRole) -> LedgerSettings {
    LedgerSettings { role, discom_buyer: "dso.example.org".into(), discom_seller: "dso.example.org".into() }
}

/// A contract of 5 MWh in each of two half hours, of which 5 and 4.5 MWh are delivered.
fn told(dialect: Dialect) -> Network {
    let mut network = Network::new(dialect);
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let sale = network.compute.sales.all().next().unwrap().clone();
    for (promised, metered_wh) in sale.offer.terms.periods.iter().zip([1_000_000, 1_500_000]) {
        network.now = promised.period.end_utc();
        let metered = Metered { period: promised.period, baseline_wh: 6_000_000, metered_wh };
        let contract = sale.contract_id.as_ref().unwrap();
        let effects = network.compute.measured(contract, metered, network.now).unwrap();
        network.follow("compute", effects);
    }
    network.log.publish().unwrap();
    network
}

#[test]
fn platforms_put_what_is_agreed_and_operators_record_what_is_delivered() {
    for dialect in [Dialect::Lts, Dialect::V1] {
        let network = told(dialect);
        let sale = network.compute.sales.all().next().unwrap().clone();
        let requests = |role| project(&*network.store, network.log.size(), &settings(role)).unwrap();
        let put = requests(LedgerRole::Seller);
        assert_eq!(put.iter().map(|request| request.path).collect::<Vec<_>>(), ["/ledger/put"; 2]);
        let mut first = put[0].body.clone();
        let reference = first.as_object_mut().unwrap().remove("clientReference").unwrap();
        let item = format!("{}/2026-02-19/35", sale.contract_id.as_ref().unwrap());
        let traded = first["tradeTime"].clone();
        let expected = json!({
            "role": "SELLER", "transactionId": sale.transaction_id, "orderItemId": item,
            "platformIdBuyer": "grid.example.org", "platformIdSeller": "compute.example.org",
            "discomIdBuyer": "dso.example.org", "discomIdSeller": "dso.example.org",
            "buyerId": "grid.example.org", "sellerId": "V__AECA001", "tradeTime": traded,
            "deliveryStartTime": "2026-02-19T17:00:00Z", "deliveryEndTime": "2026-02-19T17:30:00Z",
            "tradeDetails": [{"tradeQty": 5000.0, "tradeType": "BDR", "tradeUnit": "KWH"}],
        });
        assert_eq!(first, expected);
        assert_ne!(put[1].body["clientReference"], reference);
        assert_eq!(requests(LedgerRole::Buyer)[1].body["deliveryStartTime"], "2026-02-19T17:30:00Z");

        let recorded = requests(LedgerRole::SellerDiscom);
        assert_eq!(recorded.iter().map(|request| request.path).collect::<Vec<_>>(), ["/ledger/record"; 2]);
        let values: Vec<_> = recorded
            .iter()
            .map(|request| request.body["sellerFulfillmentValidationMetrics"][0]["validationMetricValue"].clone())
            .collect();
        assert_eq!(values, [json!(5000.0), json!(4500.0)]);
        assert_eq!(recorded[0].body["orderItemId"], expected["orderItemId"]);
        assert_eq!(recorded[0].body["statusSellerDiscom"], "COMPLETED");
        assert_eq!(requests(LedgerRole::BuyerDiscom)[0].body["discomIdBuyer"], "dso.example.org");
        // The same log gives the same requests.
        assert_eq!(requests(LedgerRole::SellerDiscom), recorded);
    }
}

#[test]
fn what_is_given_up_is_put_as_nothing() {
    let mut network = Network::new(Dialect::Lts);
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let transaction = network.grid.purchases.all().next().unwrap().transaction_id.clone();
    let cancel = network.grid.again(Verb::Cancel, &transaction, network.now).unwrap();
    network.post(cancel);
    network.log.publish().unwrap();
    let put = project(&*network.store, network.log.size(), &settings(LedgerRole::Buyer)).unwrap();
    let quantities: Vec<_> = put.iter().map(|request| request.body["tradeDetails"][0]["tradeQty"].clone()).collect();
    assert_eq!(quantities, [json!(5000.0), json!(5000.0), json!(0.0), json!(0.0)]);
}
