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
    whole_life(Dialect::Lts, "discover");
}

#[test]
fn from_search_to_settlement() {
    whole_life(Dialect::V1, "search");
}

fn whole_life(dialect: Dialect, first: &str) {
    let mut network = Network::new(dialect);
    let (transaction, contract) = sold(&mut network);
    measure(&mut network, &contract, [1_000_000, 1_500_000]);
    let effects = network.compute.settled(&contract, 3_800_000_000, network.now).unwrap();
    network.follow("compute", effects);

    let actions: Vec<&str> = network.posted.iter().map(|(_, outgoing)| outgoing.action.as_str()).collect();
    let answer = format!("on_{first}");
    let expected = [first, &answer, "select", "on_select", "init", "on_init", "confirm", "on_confirm"];
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
        assert_eq!(envelope.schema(), Verdict::Valid, "{}", outgoing.action);
    }
    let report = network.audit();
    assert!(report.passed() && report.records == 11, "{report}");
}

#[test]
fn asked_again_a_contract_tells_how_it_stands_until_it_is_given_up() {
    [Dialect::Lts, Dialect::V1].into_iter().for_each(asked_again);
}

fn asked_again(dialect: Dialect) {
    let mut network = Network::new(dialect);
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

/// The last message of an action, as it was posted.
fn posted(network: &Network, action: &str) -> (String, eca_beckn::agent::Outgoing) {
    network.posted.iter().rev().find(|(_, outgoing)| outgoing.action == action).unwrap().clone()
}

/// Gives an agent a message that another signed, with something in it replaced.
fn forged(network: &mut Network, from: &str, to: &str, action: &str, replace: &[(&str, &str)]) -> Vec<String> {
    let mut text = String::from_utf8(posted(network, action).1.signed.body).unwrap();
    for (old, new) in replace {
        assert!(text.contains(old), "{old} is not in {text}");
        text = text.replace(old, new);
    }
    let now = network.now;
    let signed = network.agent(from).mailbox().sign_bytes(text.into_bytes(), now).unwrap();
    network.refused.clear();
    network.deliver(to, action, signed);
    network.refused.clone()
}

#[test]
fn steps_out_of_order_and_changed_terms_are_refused() {
    let mut network = Network::new(Dialect::Lts);
    sold(&mut network);
    let id = Envelope::parse(&posted(&network, "confirm").1.signed.body).unwrap().message_id;
    let fresh = |id: &str, n: u32| (id.to_owned(), format!("00000000-0000-4000-8000-00000000000{n}"));
    let mut refused = |action: &str, more: &[(&str, &str)]| {
        let id = Envelope::parse(&posted(&network, action).1.signed.body).unwrap().message_id;
        let (old, new) = fresh(&id, 1 + action.len() as u32 % 9);
        let replace: Vec<(&str, &str)> =
            [(old.as_str(), new.as_str())].into_iter().chain(more.iter().copied()).collect();
        forged(&mut network, "grid", "compute", action, &replace)
    };
    assert_eq!(refused("confirm", &[]), ["BIZ_ALREADY_CONFIRMED"]);
    assert_eq!(refused("init", &[]), ["BIZ_INVALID_STATE_TRANSITION"]);
    assert_eq!(refused("select", &[]), ["BIZ_INVALID_STATE_TRANSITION"]);
    assert_eq!(refused("discover", &[("compute.example.org", "other.example.org")]), ["CTX_INVALID_FIELD"]);
    // The same id with another body.
    assert_eq!(forged(&mut network, "grid", "compute", "confirm", &[("OBP-1", "OBP-2")]), ["CTX_MESSAGE_ID_DUPLICATE"]);
    // An answer that was given before, and one that nobody asked for.
    assert_eq!(
        forged(&mut network, "compute", "grid", "on_confirm", &[("OBP-1", "OBP-2")]),
        ["CTX_MESSAGE_ID_DUPLICATE"]
    );
    let answer = Envelope::parse(&posted(&network, "on_confirm").1.signed.body).unwrap();
    assert_eq!(answer.message_id, id);
    let other = [
        (answer.transaction_id.as_str(), "11111111-0000-4000-8000-000000000001"),
        (id.as_str(), "22222222-0000-4000-8000-000000000001"),
    ];
    assert_eq!(forged(&mut network, "compute", "grid", "on_confirm", &other), ["CTX_TRANSACTION_ID_UNKNOWN"]);
    // Another node cannot go on with this transaction.
    let from_der = [("grid.example.org", "der.example.org"), (id.as_str(), "33333333-0000-4000-8000-000000000001")];
    assert_eq!(forged(&mut network, "der", "compute", "confirm", &from_der), ["AUT_UNAUTHORIZED_ACTION"]);
    assert!(network.audit().passed());
}

#[test]
fn a_confirmation_of_other_terms_without_reference_or_too_late_is_refused() {
    // The confirmation is held back and forged instead.
    let drafted = || {
        let mut network = Network::new(Dialect::Lts);
        network.hold = Some("confirm".into());
        let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
        network.post(question);
        assert_eq!(network.compute.sales.all().next().unwrap().stage, Stage::Drafted);
        network
    };
    let text = |network: &Network| String::from_utf8(posted(network, "confirm").1.signed.body).unwrap();
    let mut network = drafted();
    let refused =
        forged(&mut network, "grid", "compute", "confirm", &[(r#""priceGbpPerKwh":0.4"#, r#""priceGbpPerKwh":0.3"#)]);
    assert_eq!(refused, ["BIZ_QUOTE_EXPIRED_OR_CHANGED"]);
    // With the hash of what it says now it is consistent in itself, and still not what was drafted.
    let mut network = drafted();
    let message = eca_beckn::Message::read(&Envelope::parse(text(&network).as_bytes()).unwrap()).unwrap();
    let eca_beckn::message::Content::Contract(contract) = &message.content else { panic!() };
    let terms = contract.terms.clone().unwrap();
    let cheaper = eca_beckn::message::FlexTerms { price_ugbp_per_mwh: 300_000_000, ..terms.clone() };
    let (old, new) = (terms.hash().unwrap(), cheaper.hash().unwrap());
    let replace = [(r#""priceGbpPerKwh":0.4"#, r#""priceGbpPerKwh":0.3"#), (old.as_str(), new.as_str())];
    assert_eq!(forged(&mut network, "grid", "compute", "confirm", &replace), ["BIZ_QUOTE_EXPIRED_OR_CHANGED"]);
    let mut network = drafted();
    assert_eq!(
        forged(&mut network, "grid", "compute", "confirm", &[(r#""obpId":"OBP-1","#, "")]),
        ["SCH_REQUIRED_FIELD_MISSING"]
    );
    let mut network = drafted();
    assert_eq!(forged(&mut network, "grid", "compute", "confirm", &[("OBP-1", "OBP 1")]), ["SCH_INVALID_FORMAT"]);
    // The offer ends at 16:30.
    let mut network = drafted();
    let made = Envelope::parse(text(&network).as_bytes()).unwrap().timestamp.to_string();
    network.now = at("2026-02-19T16:30:01Z");
    let refused = forged(&mut network, "grid", "compute", "confirm", &[(made.as_str(), "2026-02-19T16:30:01Z")]);
    assert_eq!(refused, ["BIZ_QUOTE_EXPIRED_OR_CHANGED"]);
    // As it was meant, it is taken.
    let mut network = drafted();
    assert_eq!(forged(&mut network, "grid", "compute", "confirm", &[]), Vec::<String>::new());
    assert_eq!(network.compute.sales.all().next().unwrap().stage, Stage::Confirmed);
}

#[test]
fn the_answer_of_another_node_does_not_keep_the_true_one_out() {
    let mut network = Network::new(Dialect::Lts);
    network.hold = Some("on_discover".into());
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let stranger = [("compute.example.org", "der.example.org")];
    assert_eq!(forged(&mut network, "der", "grid", "on_discover", &stranger), ["AUT_UNAUTHORIZED_ACTION"]);
    network.refused.clear();
    let genuine = posted(&network, "on_discover").1;
    let follows = network.deliver("grid", "on_discover", genuine.signed);
    assert_eq!((network.refused.len(), follows.len()), (0, 1), "{:?}", network.refused);
    assert_eq!(follows[0].action, "select");
}

#[test]
fn an_answer_that_stays_away_is_missed_once_and_refused_when_it_comes() {
    let mut network = Network::new(Dialect::Lts);
    network.hold = Some("on_discover".into());
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let late = posted(&network, "on_discover").1;
    network.now = eca_core::Timestamp::from_unix_s(network.now.unix_s() + 62).unwrap();
    let now = network.now;
    let effects = eca_beckn::agent::Agent::tick(&mut network.grid, now).unwrap();
    assert_eq!(effects.len(), 1, "{effects:?}");
    assert!(eca_beckn::agent::Agent::tick(&mut network.grid, now).unwrap().is_empty());
    network.deliver("grid", "on_discover", late.signed);
    // Nobody waits for it any more, so that its signature cannot be tied to a question.
    assert_eq!(network.refused, ["AUT_SIGNATURE_INVALID"]);
    assert_eq!(network.grid.purchases.all().next().unwrap().stage, Stage::Offered);
}
