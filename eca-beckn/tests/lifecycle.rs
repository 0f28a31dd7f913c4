//! The whole life of a contract between agents in one process: question, offers, draft, contract, delivery, settlement.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/network.rs"]
mod network;

use eca_beckn::agent::{Event, Metered, Stage};
use eca_beckn::{Dialect, Envelope, Verb, Verdict};
use network::*;

fn sold(network: &mut Network) -> (String, String) {
    let question =
        network.grid.ask(&party("compute"), "10 MW reduction", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    assert_eq!(network.refused, Vec::<String>::new());
    let sale = network.compute.sales.all().next().unwrap();
    assert_eq!(sale.stage, Stage::Confirmed);
    (sale.transaction_id.clone(), sale.contract_id.clone().unwrap())
}

fn measure(network: &mut Network, contract: &str, used_wh: [i64; 2]) {
    let periods: Vec<_> = network.compute.sales.all().next().unwrap().offer.terms.periods.clone();
    for (period, metered_wh) in periods.iter().zip(used_wh) {
        network.now = period.period.end_utc();
        let metered = Metered { period: period.period, baseline_wh: 6_000_000, metered_wh };
        let effects = network.compute.measured(contract, metered, network.now).unwrap();
        network.follow("compute", effects);
    }
}

#[test]
fn from_question_to_settlement() {
    let mut network = Network::new(Dialect::Lts);
    let (transaction, contract) = sold(&mut network);
    measure(&mut network, &contract, [1_000_000, 1_500_000]);
    let effects = network.compute.settled(&contract, 3_800_000_000, network.now).unwrap();
    network.follow("compute", effects);

    let actions: Vec<&str> = network.posted.iter().map(|(_, outgoing)| outgoing.action.as_str()).collect();
    let expected = ["discover", "on_discover", "select", "on_select", "init", "on_init", "confirm", "on_confirm"];
    assert_eq!(actions, [&expected[..], &["on_status", "on_status", "on_status"]].concat());
    assert_eq!(network.refused, Vec::<String>::new());

    // Both sides tell the same story.
    let sale = network.compute.sales.all().next().unwrap();
    let purchase = network.grid.purchases.all().next().unwrap();
    assert_eq!((sale.stage, purchase.stage), (Stage::Settled, Stage::Settled));
    assert_eq!(sale.metered, purchase.metered);
    assert_eq!(sale.offer.terms.obp_id.as_deref(), Some("OBP-1"));
    assert_eq!(purchase.contract.as_ref().unwrap().terms.as_ref(), Some(&sale.offer.terms));
    assert_eq!(sale.offer.terms.committed_wh(), 10_000_000);
    let told: Vec<&Event> = network.events.iter().filter(|(who, _)| who == "grid").map(|(_, event)| event).collect();
    assert_eq!(told[0], &Event::Agreed(transaction, contract.clone()));
    assert!(matches!(told[1], Event::Measured(_, _, 5_000_000)) && matches!(told[2], Event::Measured(_, _, 4_500_000)));
    assert_eq!(told[3], &Event::Settled(contract, 3_800_000_000));

    for (_, outgoing) in &network.posted {
        let envelope = Envelope::parse(&outgoing.signed.body).unwrap();
        assert!(!matches!(envelope.schema(), Verdict::Invalid(..)), "{}: {}", outgoing.action, envelope.schema());
    }
    let report = network.audit();
    assert!(report.passed() && report.records == 11, "{report}");
}

#[test]
fn asked_again_a_contract_tells_how_it_stands_until_it_is_given_up() {
    let mut network = Network::new(Dialect::Lts);
    let (transaction, contract) = sold(&mut network);
    for verb in [Verb::Status, Verb::Cancel] {
        let question = network.grid.again(verb, &transaction, network.now).unwrap();
        network.post(question);
    }
    assert_eq!(network.refused, Vec::<String>::new());
    assert_eq!(
        network.events.last().unwrap(),
        &("grid".into(), Event::Cancelled(transaction.clone(), contract.clone()))
    );
    assert_eq!(network.grid.purchases.all().next().unwrap().stage, Stage::Cancelled);
    assert_eq!(
        network.grid.again(Verb::Cancel, &transaction, network.now).unwrap_err().code(),
        "BIZ_ALREADY_CANCELLED"
    );
    // What was frozen is free again: the same can be sold once more.
    let question =
        network.grid.ask(&party("compute"), "10 MW reduction", need(10_000.0, 0.5), "OBP-2", network.now).unwrap();
    network.post(question);
    assert_eq!(network.refused, Vec::<String>::new());
    assert!(network.audit().passed());
}

#[test]
fn what_is_promised_once_is_not_promised_again() {
    let mut network = Network::new(Dialect::Lts);
    sold(&mut network);
    let question =
        network.grid.ask(&party("compute"), "10 MW reduction", need(10_000.0, 0.5), "OBP-2", network.now).unwrap();
    network.post(question);
    assert_eq!(network.refused, ["BIZ_QUANTITY_UNAVAILABLE"]);
    assert!(network.audit().passed());
}

#[test]
fn the_best_offer_within_the_price_is_taken_or_none() {
    for (price, kw) in [(0.5, Some(10_000.0)), (0.3, Some(5_000.0)), (0.1, None)] {
        let mut network = Network::new(Dialect::Lts);
        let question = network
            .grid
            .ask(&party("compute"), "10 MW reduction", need(10_000.0, price), "OBP-1", network.now)
            .unwrap();
        network.post(question);
        let sold = network.compute.sales.all().next().map(|sale| sale.offer.offered_kw[0]);
        assert_eq!(sold, kw, "at {price}");
        assert_eq!(kw.is_none(), network.events.iter().any(|(_, event)| matches!(event, Event::NothingFits(_))));
    }
}

#[test]
fn a_data_centre_hires_a_battery_and_sells_at_the_same_time() {
    let mut network = Network::new(Dialect::Lts);
    sold(&mut network);
    let question =
        network.compute.hire(&party("der"), "2 MW discharge", need(2_000.0, 0.2), "BAT-1", network.now).unwrap();
    network.post(question);
    assert_eq!(network.refused, Vec::<String>::new());
    assert_eq!(network.der.sales.all().next().unwrap().stage, Stage::Confirmed);
    assert_eq!(network.compute.purchases.all().next().unwrap().stage, Stage::Confirmed);
}
