//! Agents over real HTTP on loopback: a whole conversation, and what is refused at the door.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../eca-beckn/tests/common/network.rs"]
mod network;

use eca_adapters::beckn_http::{BecknHost, HostSettings, Journal};
use eca_beckn::agent::{Answer, ComputeAgent, Effect, Event, GridAgent, Incoming, Outgoing, Stage};
use eca_beckn::message::Party;
use eca_beckn::{Dialect, Reply, Result};
use eca_core::Timestamp;
use eca_core::adapter::FixedClock;
use network::{Network, at, need};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Keeps the actions of what passed.
#[derive(Debug, Default)]
struct Kept {
    taken: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
    posted: Mutex<Vec<(String, bool, bool)>>,
    last: Mutex<Option<Outgoing>>,
}

impl Journal for Kept {
    fn taken(&self, incoming: &Incoming, _: Timestamp) -> Result<()> {
        self.taken.lock().unwrap().push(incoming.message.header.action.to_string());
        Ok(())
    }

    fn refused(&self, _: &str, answer: &Answer, _: Timestamp) {
        self.refused.lock().unwrap().push(answer.error.as_ref().map(|error| error.code.clone()).unwrap_or_default());
    }

    fn sending(&self, _: &Outgoing, _: Timestamp) -> Result<()> {
        Ok(())
    }

    fn posted(&self, outgoing: &Outgoing, reply: std::result::Result<&Reply, &str>, signed: bool, _: Timestamp) {
        let taken = reply.is_ok_and(|reply| reply.taken);
        self.posted.lock().unwrap().push((outgoing.action.clone(), taken, signed));
        *self.last.lock().unwrap() = Some(outgoing.clone());
    }

    fn event(&self, _: &Event, _: Timestamp) {}
}

struct Pair {
    grid: BecknHost<GridAgent>,
    compute: BecknHost<ComputeAgent>,
    to: Party,
    seen: [Arc<Kept>; 2],
}

fn pair() -> Pair {
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses: Vec<String> =
        sockets.iter().map(|socket| format!("http://{}/beckn", socket.local_addr().unwrap())).collect();
    let network = Network::at(Dialect::Lts, &|name| addresses[usize::from(name != "grid")].clone());
    let clock = Arc::new(FixedClock::new(at("2026-02-19T16:00:00Z")));
    let seen = [Arc::new(Kept::default()), Arc::new(Kept::default())];
    let [first, second] = sockets;
    let settings = HostSettings::default;
    Pair {
        to: Party { id: "compute.example.org".into(), uri: addresses[1].clone() },
        grid: BecknHost::start(network.grid, clock.clone(), seen[0].clone(), first, settings()).unwrap(),
        compute: BecknHost::start(network.compute, clock, seen[1].clone(), second, settings()).unwrap(),
        seen,
    }
}

impl Pair {
    /// Asks, and waits until a contract is there.
    fn trade(&self) {
        self.grid
            .act(|grid, now| {
                Ok(((), vec![Effect::Send(grid.ask(&self.to, "10 MW reduction", need(10_000.0, 0.5), "OBP-1", now)?)]))
            })
            .unwrap();
        let begun = Instant::now();
        let confirmed = || {
            self.grid
                .act(|grid, _| {
                    Ok((grid.purchases.all().any(|purchase| purchase.stage == Stage::Confirmed), Vec::new()))
                })
                .unwrap()
        };
        while !confirmed() || self.grid.waiting() + self.compute.waiting() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "no contract came about: {:?}", self.seen);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Posts a body; gives status, body and whether the answer is signed.
fn post(uri: &str, authorization: &str, body: &[u8]) -> (u16, String, bool) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent: ureq::Agent = config.into();
    let mut answer = agent.post(uri).header("authorization", authorization).send(body).unwrap();
    let signed = answer.headers().contains_key("signature");
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap(), signed)
}

#[test]
fn a_contract_over_http_with_signed_receipts() {
    let pair = pair();
    pair.trade();
    assert_eq!(*pair.seen[1].taken.lock().unwrap(), ["discover", "select", "init", "confirm"]);
    assert_eq!(*pair.seen[0].taken.lock().unwrap(), ["on_discover", "on_select", "on_init", "on_confirm"]);
    for seen in &pair.seen {
        assert!(seen.posted.lock().unwrap().iter().all(|(_, taken, signed)| *taken && *signed), "{seen:?}");
        assert_eq!(seen.refused.lock().unwrap().len(), 0);
    }
}

#[test]
fn what_is_repeated_changed_or_no_message_has_no_effect() {
    let pair = pair();
    pair.trade();
    let confirm = pair.seen[0].last.lock().unwrap().clone().unwrap();
    assert_eq!(confirm.action, "confirm");
    let authorization = &confirm.signed.authorization;

    // The same again: the same answer, signed, and nothing else.
    let (status, first, signed) = post(&confirm.uri, authorization, &confirm.signed.body);
    assert!(status == 200 && signed && first.contains("\"ACK\""), "{status} {first}");
    assert_eq!(post(&confirm.uri, authorization, &confirm.signed.body).1, first);
    assert_eq!(pair.seen[1].taken.lock().unwrap().len(), 4);

    // Another byte, another address, no signature, too much, no JSON.
    let mut changed = confirm.signed.body.clone();
    *changed.last_mut().unwrap() = b' ';
    assert_eq!(post(&confirm.uri, authorization, &changed).0, 401);
    assert_eq!(post(&confirm.uri.replace("/confirm", "/init"), authorization, &confirm.signed.body).0, 400);
    assert_eq!(post(&confirm.uri, "", &confirm.signed.body).0, 401);
    assert_eq!(post(&confirm.uri, authorization, &vec![b' '; 300_000]).0, 413);
    let (_, told, signed) = post(&confirm.uri, authorization, b"{");
    assert!(!signed && told.contains("AUT_SIGNATURE_INVALID") && !told.contains("not one of"), "{told}");
    assert_eq!(pair.seen[1].taken.lock().unwrap().len(), 4);
    assert_eq!(pair.compute.act(|compute, _| Ok((compute.sales.all().count(), Vec::new()))).unwrap(), 1);
    pair.grid.tick().unwrap();
}

#[test]
fn a_receiver_that_is_not_there_is_told_to_the_journal() {
    let pair = pair();
    let nobody = Party { id: "compute.example.org".into(), uri: "http://127.0.0.1:9/beckn".into() };
    pair.grid
        .act(|grid, now| Ok(((), vec![Effect::Send(grid.ask(&nobody, "10 MW", need(1.0, 0.5), "OBP-1", now)?)])))
        .unwrap();
    while pair.grid.waiting() > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(*pair.seen[0].posted.lock().unwrap(), [("discover".to_owned(), false, false)]);
}
