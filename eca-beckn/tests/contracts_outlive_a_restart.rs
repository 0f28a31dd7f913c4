//! Agents that are started again go on where they were: what is promised stays promised, what is asked is still waited for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/network.rs"]
mod network;

use eca_beckn::agent::{
    Agent as _, ComputeAgent, ContractStore, Event, GridAgent, Metered, Purchase, Sale, Stage, StoredContracts,
};
use eca_beckn::log::{LogStore, MemoryStore};
use eca_beckn::{Dialect, Error, Result, StoredReplay};
use network::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The disks of grid and data centre.
struct Disks([Arc<MemoryStore>; 2]);

impl Disks {
    fn contracts(&self, index: usize) -> Arc<dyn ContractStore> {
        Arc::new(StoredContracts::new(self.0[index].clone(), "contracts"))
    }

    fn post(&self, network: &Network, index: usize, dialect: Dialect, run: u8) -> eca_beckn::agent::Mailbox {
        let replay = Arc::new(StoredReplay::open(self.0[index].clone(), "seen", 1000).unwrap());
        mailbox(index, party(["grid", "compute"][index]).uri, dialect, &network.trust, replay, run)
    }

    /// Both agents from their disks alone.
    fn restart(&self, network: &mut Network, dialect: Dialect, run: u8) {
        let name = ("compute.example.org", "Compute");
        let compute =
            ComputeAgent::new(self.post(network, 1, dialect, run), name, "did:web:compute.example.org:meter:1", site());
        network.compute = compute.with_contracts(&self.contracts(1), network.now).unwrap();
        let grid = GridAgent::new(self.post(network, 0, dialect, run), "DSO");
        network.grid = grid.with_contracts(&self.contracts(0)).unwrap();
    }
}

fn started(dialect: Dialect) -> (Network, Disks) {
    let mut network = Network::new(dialect);
    let disks = Disks([Arc::default(), Arc::default()]);
    disks.restart(&mut network, dialect, 1);
    (network, disks)
}

fn sale(network: &Network) -> Sale {
    network.compute.sales.all().next().unwrap().clone()
}

fn purchase(network: &Network) -> Purchase {
    network.grid.purchases.all().next().unwrap().clone()
}

#[test]
fn a_restart_between_any_two_messages_changes_nothing() {
    for dialect in [Dialect::Lts, Dialect::V1] {
        // Without a restart, and with one before each message is delivered.
        let stories: Vec<(Sale, Purchase)> = [false, true]
            .into_iter()
            .map(|restarts| {
                let (mut network, disks) = started(dialect);
                let question =
                    network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
                let (mut queue, mut run) = (vec![question], 1);
                let mut measured = 0;
                while let Some(outgoing) = queue.pop() {
                    network.now = eca_core::Timestamp::from_unix_s(network.now.unix_s() + 1).unwrap();
                    let to = outgoing.uri.trim_start_matches("http://").split('.').next().unwrap().to_owned();
                    // Offers that nobody selected are forgotten, so that none between them and the selection.
                    if restarts && !["on_discover", "on_search", "select"].contains(&outgoing.action.as_str()) {
                        run += 1;
                        disks.restart(&mut network, dialect, run);
                    }
                    queue.extend(network.deliver(&to, &outgoing.action, outgoing.signed));
                    assert_eq!(network.refused, Vec::<String>::new(), "{dialect:?} {}", outgoing.action);
                    let terms = &sale_terms(&network);
                    if queue.is_empty() && measured < terms.len() {
                        network.now = terms[measured].end_utc();
                        let contract = sale(&network).contract_id.unwrap();
                        let metered =
                            Metered { period: terms[measured], baseline_wh: 6_000_000, metered_wh: 1_000_000 };
                        let effects = network.compute.measured(&contract, metered, network.now).unwrap();
                        measured += 1;
                        queue.extend(sent(effects));
                    } else if queue.is_empty() && sale(&network).stage == Stage::Delivered {
                        let contract = sale(&network).contract_id.unwrap();
                        queue.extend(sent(network.compute.settled(&contract, 4_000_000_000, network.now).unwrap()));
                    }
                }
                (sale(&network), purchase(&network))
            })
            .collect();
        for (sale, purchase) in &stories {
            assert_eq!((sale.stage, purchase.stage), (Stage::Settled, Stage::Settled), "{dialect:?}");
            assert_eq!(sale.metered, purchase.metered);
            assert_eq!(purchase.contract.as_ref().unwrap().terms.as_ref(), Some(&sale.offer.terms));
            assert_eq!(sale.offer.terms.obp_id.as_deref(), Some("OBP-1"));
        }
        let figures = |(sale, _): &(Sale, Purchase)| {
            (sale.metered.clone(), sale.offer.offered_kw.clone(), sale.settled_ugbp, sale.offer.terms.committed_wh())
        };
        assert_eq!(figures(&stories[0]), figures(&stories[1]));
    }
}

fn sale_terms(network: &Network) -> Vec<eca_core::SettlementPeriod> {
    let sale = network.compute.sales.all().next();
    sale.map(|sale| sale.offer.terms.periods.iter().map(|period| period.period).collect()).unwrap_or_default()
}

fn sent(effects: Vec<eca_beckn::agent::Effect>) -> Vec<eca_beckn::agent::Outgoing> {
    let send = effects.into_iter().filter_map(|effect| match effect {
        eca_beckn::agent::Effect::Send(outgoing) => Some(outgoing),
        _ => None,
    });
    send.collect()
}

#[test]
fn what_is_promised_before_a_restart_is_not_promised_again() {
    let (mut network, disks) = started(Dialect::Lts);
    let ask = |network: &mut Network, obp: &str| {
        let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), obp, network.now).unwrap();
        network.post(question);
    };
    ask(&mut network, "OBP-1");
    assert_eq!(sale(&network).stage, Stage::Confirmed);
    disks.restart(&mut network, Dialect::Lts, 2);
    ask(&mut network, "OBP-2");
    assert_eq!(network.refused, ["BIZ_QUANTITY_UNAVAILABLE"]);
    // An answer that stays away is missed by the next run, too.
    network.hold = Some("on_discover".into());
    ask(&mut network, "OBP-3");
    disks.restart(&mut network, Dialect::Lts, 3);
    let later = eca_core::Timestamp::from_unix_s(network.now.unix_s() + 100).unwrap();
    let missed = network.grid.tick(later).unwrap();
    let discover = eca_beckn::Action::ask(eca_beckn::Verb::Discover);
    let is_missed = |effect: &eca_beckn::agent::Effect| matches!(effect, eca_beckn::agent::Effect::Tell(Event::NoAnswer(action, _)) if *action == discover);
    assert!(missed.iter().any(is_missed), "{missed:?}");
}

#[test]
fn a_second_answer_is_refused_also_by_a_run_that_has_seen_no_message() {
    let (mut network, disks) = started(Dialect::Lts);
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    assert_eq!(purchase(&network).stage, Stage::Confirmed);
    // The window of messages that were seen is empty; the questions are where they were.
    let empty = Arc::new(eca_beckn::MemoryReplay::new(1000));
    let post = mailbox(0, party("grid").uri, Dialect::Lts, &network.trust, empty, 2);
    network.grid = GridAgent::new(post, "DSO").with_contracts(&disks.contracts(0)).unwrap();
    for action in ["on_discover", "on_select", "on_confirm"] {
        let again = network.posted.iter().find(|(_, posted)| posted.action == action).unwrap().1.clone();
        network.refused.clear();
        network.deliver("grid", action, again.signed);
        assert_eq!(network.refused, ["CTX_MESSAGE_ID_DUPLICATE"], "{action}");
    }
}

/// A disk that fails when it is told to.
#[derive(Debug, Default)]
struct Failing(std::sync::atomic::AtomicBool);

impl std::fmt::Display for Failing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a disk that fails")
    }
}

impl ContractStore for Failing {
    fn keep(&self, name: &str, _: &str) -> Result<()> {
        if self.0.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Error::Store { place: name.into(), source: std::io::Error::other("no space") });
        }
        Ok(())
    }

    fn kept(&self) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }
}

#[test]
fn what_cannot_be_kept_is_not_agreed_and_nothing_stays_frozen() {
    let (mut network, disks) = started(Dialect::Lts);
    let failing = Arc::new(Failing::default());
    let store: Arc<dyn ContractStore> = failing.clone();
    let post = disks.post(&network, 1, Dialect::Lts, 2);
    network.compute =
        ComputeAgent::new(post, ("compute.example.org", "Compute"), "did:web:compute.example.org:meter:1", site())
            .with_contracts(&store, network.now)
            .unwrap();
    network.hold = Some("confirm".into());
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let (_, confirm) = network.posted.last().unwrap().clone();
    failing.0.store(true, std::sync::atomic::Ordering::Relaxed);
    network.deliver("compute", "confirm", confirm.signed);
    assert_eq!((network.refused.len(), sale(&network).stage), (1, Stage::Drafted), "{:?}", network.refused);
    // All 10 MW are free: another buyer's confirmation takes them.
    failing.0.store(false, std::sync::atomic::Ordering::Relaxed);
    (network.hold, network.refused) = (None, Vec::new());
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-2", network.now).unwrap();
    network.post(question);
    assert_eq!(network.refused, Vec::<String>::new());
    assert!(network.compute.sales.all().any(|sale| sale.stage == Stage::Confirmed));
}

#[test]
fn a_damaged_contract_is_not_forgotten_in_silence() {
    let (mut network, disks) = started(Dialect::Lts);
    let question = network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let store = &disks.0[1];
    for path in store.list().unwrap().into_iter().filter(|path| path.starts_with("contracts/")) {
        let good = store.read(&path).unwrap().unwrap();
        for at in (0..good.len()).step_by(1 + good.len() / 40) {
            let mut bad = good.clone();
            bad[at] ^= 4;
            store.write(&path, &bad).unwrap();
            let error = disks.contracts(1).kept().unwrap_err().to_string();
            assert!(error.contains(&path) && error.contains("is damaged"), "{error}");
        }
        store.write(&path, &good).unwrap();
    }
    assert!(disks.contracts(1).kept().unwrap().keys().any(|name| name.starts_with("sales/")));
}
