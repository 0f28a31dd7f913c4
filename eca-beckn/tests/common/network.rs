//! Agents that talk to each other in one process; every message that is taken is a record of one log.
#![allow(dead_code)]

use eca_beckn::agent::{
    Agent, ComputeAgent, DerAgent, Effect, Event, Flexibility, GridAgent, Mailbox, Outgoing, PricedOffer,
};
use eca_beckn::log::{MemoryHead, MemoryStore};
use eca_beckn::message::{Column, ComputeSlot, FlexTerms, Need, Party, Resource, TermPeriod, TimeSeries};
use eca_beckn::{
    Dialect, Error, Log, LogKey, MemoryKey, MemoryReplay, Node, NodeSettings, ReplayStore, Result, Signed, Trust,
    audit, purpose,
};
use eca_core::{SettlementPeriod, Timestamp};
use std::sync::Arc;

pub const EVENT: &str = "2026-02-19T17:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(id: &str, purpose: &'static str, number: u8) -> Arc<MemoryKey> {
    let mut seed = [0; 32];
    seed[31] = number;
    Arc::new(MemoryKey::from_seed(id, purpose, &seed))
}

/// A site that can give up to so many kW for one price.
#[derive(Debug)]
pub struct Fixed {
    pub power_kw: f64,
    pub price_ugbp_per_mwh: i64,
    pub free_kw: f64,
}

impl Flexibility for Fixed {
    fn resources(&self, _: Timestamp) -> Vec<Resource> {
        let slot = ComputeSlot {
            power_kw: self.power_kw,
            start: at(EVENT),
            end: at("2026-02-19T19:00:00Z"),
            tier: "batch".into(),
            deadline: Some(at("2026-02-20T06:00:00Z")),
            carbon_budget_kg: Some(900.0),
            regions: vec!["london".into()],
            min_duration_s: 1800,
            notice_s: 600,
            reversible: true,
        };
        vec![Resource::slot("slot-1", "Batch work that can wait", slot)]
    }

    fn offers(&mut self, need: &Need, _: Timestamp) -> Result<Vec<PricedOffer>> {
        let asked = need.series.values("CAPACITY_REQUESTED").unwrap();
        let offer = |share: f64, price: i64| {
            let offered_kw: Vec<f64> = asked.iter().map(|kw| kw.min(self.power_kw) * share).collect();
            let mut periods = Vec::new();
            for (i, kw) in offered_kw.iter().enumerate() {
                let period = SettlementPeriod::containing(need.series.start_of(i)?);
                periods.push(TermPeriod { period, committed_wh: (kw * 500.0) as i64, baseline_wh: 6_000_000 });
            }
            let terms = FlexTerms {
                route: "wholesale_p415".into(),
                obp_id: None,
                bm_unit: "V__AECA001".into(),
                periods,
                baseline_method: "bl01".into(),
                baseline_document: "BSC baselining methodology 2.0".into(),
                price_ugbp_per_mwh: price,
                penalty_ugbp_per_mwh: 100_000_000,
                compensation: "mutualised_by_suppliers".into(),
            };
            Ok(PricedOffer {
                id: String::new(),
                name: format!("{} kW", offered_kw[0]),
                resource_id: "slot-1".into(),
                need: need.clone(),
                offered_kw,
                terms,
                valid_to: at("2026-02-19T16:30:00Z"),
            })
        };
        [offer(0.5, self.price_ugbp_per_mwh / 2), offer(1.0, self.price_ugbp_per_mwh)].into_iter().collect()
    }

    fn commit(&mut self, offer: &PricedOffer, _: Timestamp) -> Result<()> {
        if offer.offered_kw[0] > self.free_kw {
            return Err(Error::refuse("BIZ_QUANTITY_UNAVAILABLE", "it is promised to others"));
        }
        self.free_kw -= offer.offered_kw[0];
        Ok(())
    }

    fn release(&mut self, offer: &PricedOffer) {
        self.free_kw += offer.offered_kw[0];
    }
}

pub fn party(name: &str) -> Party {
    Party { id: format!("{name}.example.org"), uri: format!("http://{name}.example.org/beckn") }
}

pub fn need(capacity_kw: f64, price: f64) -> Need {
    let columns = [
        Column::new("CAPACITY_REQUESTED", "KW", [capacity_kw; 2]).by("buyer"),
        Column::new("PRICE", "GBP_PER_KWH", [price; 2]).by("buyer"),
    ];
    Need { gsp_group: Some("_C".into()), series: TimeSeries::new(at(EVENT), 1800, columns) }
}

const NAMES: [&str; 3] = ["grid", "compute", "der"];

fn message_key(index: usize) -> Arc<MemoryKey> {
    key(&format!("{}.example.org|k1|ed25519", NAMES[index]), purpose::MESSAGE, index as u8 + 1)
}

/// The post of participant `index` in its run number `run`.
pub fn mailbox(
    index: usize,
    uri: String,
    dialect: Dialect,
    trust: &Arc<Trust>,
    replay: Arc<dyn ReplayStore>,
    run: u8,
) -> Mailbox {
    let node = Node::new(message_key(index), trust.clone(), replay, NodeSettings::default());
    let me = Party { uri, ..party(NAMES[index]) };
    Mailbox::new(me, "example.org/deg", dialect, node, [index as u8 + 16 * run; 32])
}

pub fn site() -> Box<Fixed> {
    Box::new(Fixed { power_kw: 10_000.0, price_ugbp_per_mwh: 400_000_000, free_kw: 10_000.0 })
}

/// Grid, data centre and battery, with a log.
pub struct Network {
    pub grid: GridAgent,
    pub compute: ComputeAgent,
    pub der: DerAgent,
    pub log: Log,
    pub store: Arc<MemoryStore>,
    pub trust: Arc<Trust>,
    pub now: Timestamp,
    pub events: Vec<(String, Event)>,
    pub posted: Vec<(String, Outgoing)>,
    pub refused: Vec<String>,
    /// An action whose messages are posted but never arrive.
    pub hold: Option<String>,
}

impl Network {
    pub fn new(dialect: Dialect) -> Self {
        Self::at(dialect, &|name| party(name).uri)
    }

    /// The same where agents have other addresses.
    pub fn at(dialect: Dialect, uri: &dyn Fn(&str) -> String) -> Self {
        let log_key = key("log.example.org/eca/2026", purpose::LOG, 9);
        let verifier = LogKey { name: "log.example.org/eca/2026".into(), key: log_key.public() };
        let entry = |i: usize| {
            let (name, key) = (NAMES[i], message_key(i).public().to_base64());
            format!(r#"{{"subscriber_id":"{name}.example.org","key_id":"k1","public_key":"{key}"}}"#)
        };
        let entries: Vec<String> = (0..3).map(entry).collect();
        let trust =
            Arc::new(Trust::parse(&format!(r#"{{"log":"{verifier}","messages":[{}]}}"#, entries.join(","))).unwrap());
        let replay = || Arc::new(MemoryReplay::new(10_000));
        let post = |i: usize| mailbox(i, uri(NAMES[i]), dialect, &trust, replay(), 0);
        let battery = Box::new(Fixed { power_kw: 2_000.0, price_ugbp_per_mwh: 90_000_000, free_kw: 2_000.0 });
        let store = Arc::new(MemoryStore::default());
        Self {
            grid: GridAgent::new(post(0), "DSO"),
            compute: ComputeAgent::new(
                post(1),
                ("compute.example.org", "Compute"),
                "did:web:compute.example.org:meter:1",
                site(),
            ),
            der: DerAgent::new(post(2), ("der.example.org", "Battery"), "did:web:der.example.org:meter:1", battery),
            log: Log::open(store.clone(), Arc::new(MemoryHead::default()), log_key, verifier).unwrap(),
            store,
            trust,
            now: at("2026-02-19T16:00:00Z"),
            events: Vec::new(),
            posted: Vec::new(),
            refused: Vec::new(),
            hold: None,
        }
    }

    pub fn agent(&mut self, name: &str) -> &mut dyn Agent {
        match name {
            "grid" => &mut self.grid,
            "compute" => &mut self.compute,
            _ => &mut self.der,
        }
    }

    /// Posts a message, and all that follows from it.
    pub fn post(&mut self, outgoing: Outgoing) {
        let mut queue = vec![outgoing];
        while !queue.is_empty() {
            let outgoing = queue.remove(0);
            self.now = Timestamp::from_unix_s(self.now.unix_s() + 1).unwrap();
            let name = outgoing.uri.trim_start_matches("http://").split('.').next().unwrap().to_owned();
            self.posted.push((name.clone(), outgoing.clone()));
            if self.hold.as_ref() == Some(&outgoing.action) {
                continue;
            }
            queue.extend(self.deliver(&name, &outgoing.action.clone(), outgoing.signed));
        }
    }

    /// Gives a message to an agent; what follows is returned.
    pub fn deliver(&mut self, name: &str, endpoint: &str, signed: Signed) -> Vec<Outgoing> {
        let now = self.now;
        let outcome = self.agent(name).receive(endpoint, signed, now);
        match (&outcome.taken, &outcome.answer.error) {
            (Some(taken), _) => {
                self.log.record_message(&taken.signed, taken.request.as_deref(), now.unix_s() * 1_000_000).unwrap();
            }
            (None, Some(error)) => self.refused.push(error.code.clone()),
            (None, None) => {}
        }
        self.effects(name, outcome.effects)
    }

    fn effects(&mut self, name: &str, effects: Vec<Effect>) -> Vec<Outgoing> {
        let mut out = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send(outgoing) => out.push(outgoing),
                Effect::Tell(event) => self.events.push((name.into(), event)),
                _ => {}
            }
        }
        out
    }

    pub fn follow(&mut self, name: &str, effects: Vec<Effect>) {
        for outgoing in self.effects(name, effects) {
            self.post(outgoing);
        }
    }

    pub fn audit(&mut self) -> eca_beckn::AuditReport {
        self.log.publish().unwrap();
        audit(&*self.store, Some(&self.trust), None).unwrap()
    }
}
