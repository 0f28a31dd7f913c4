//! Messages that come again, at every age and after every restart; and messages with anything in them.
//! `ECA_TEST_SCALE=large` makes it 100,000 attempts and 1,000,000 mutated messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/network.rs"]
mod network;
#[path = "common/random.rs"]
mod random;

use common::{BAP_SEED, BPP_SEED, message, trust};
use eca_beckn::log::{LogStore, MemoryStore};
use eca_beckn::{Dialect, MemoryKey, Node, NodeSettings, ReplayStore, Seen, Signed, StoredReplay, Verdict, purpose};
use network::{Network, need, party};
use random::Random as Numbers;
use std::collections::BTreeSet;
use std::sync::Arc;

const NOW: i64 = 1_795_453_200;

fn scaled(quick: usize, large: usize) -> usize {
    if std::env::var("ECA_TEST_SCALE").as_deref() == Ok("large") { large } else { quick }
}

/// Random indices.
struct Random(Numbers);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Numbers(seed))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit as u64) as usize
    }
}

fn node(name: &str, replay: Arc<dyn ReplayStore>) -> Node {
    let seed = if name == "bap" { BAP_SEED } else { BPP_SEED };
    let key = MemoryKey::from_base64(&format!("{name}.example.org|k1|ed25519"), purpose::MESSAGE, seed).unwrap();
    Node::new(Arc::new(key), Arc::new(trust()), replay, NodeSettings::default())
}

fn opened(store: &Arc<MemoryStore>) -> Arc<StoredReplay> {
    Arc::new(StoredReplay::open(store.clone(), "seen", 100_000).unwrap())
}

#[test]
fn no_message_has_a_second_effect() {
    let mut random = Random::new(20_261_123);
    let store = Arc::new(MemoryStore::default());
    let sender = node("bap", opened(&Arc::new(MemoryStore::default())));
    let mut receiver = node("bpp", opened(&store));
    let mut acted: BTreeSet<String> = BTreeSet::new();
    let mut sent: Vec<(Signed, i64, String)> = Vec::new();
    let (mut now_s, mut repeated, mut conflicts, mut fresh) = (NOW, 0, 0, 0);
    let attempts = scaled(4_000, 100_000);
    for attempt in 0..attempts {
        if attempt % 10 == 0 {
            now_s += random.below(20) as i64;
            let id = format!("m-{attempt}");
            let body = message("confirm", &id, now_s, r#"{"order":{"id":"o"}}"#);
            let signed = sender.send(body, now_s, None).unwrap();
            assert_eq!(receiver.receive(&signed, "confirm", now_s, None).unwrap().seen, Seen::New);
            acted.insert(id.clone());
            fresh += 1;
            sent.push((signed, now_s, id));
        }
        // Two of three attempts repeat one of the last messages, which can still be believed; the others any of the last forty.
        let last = if random.below(3) > 0 { 3 } else { 40 };
        let back = random.below(sent.len().min(last));
        let (signed, made_s, id) = sent[sent.len() - 1 - back].clone();
        // Between the first effect and now, and at every edge: time to live 30 s, signature 300 s, window 310 s.
        let edges = [0, 1, 29, 30, 31, 299, 300, 301, 309, 310, 311];
        let at_s = (made_s + edges[random.below(edges.len())] as i64).max(now_s.min(made_s + 400));
        let (tried, endpoint) = match random.below(5) {
            0 | 1 => (signed, "confirm"),
            2 => (signed, "init"),
            3 => {
                // Signed again by its owner, with another body under the same id.
                let body = message("confirm", &id, at_s, &format!(r#"{{"order":{{"id":"o-{attempt}"}}}}"#));
                (sender.send(body, at_s, None).unwrap(), "confirm")
            }
            _ => {
                // A restart, after a crash that tore the last line.
                if attempt % 50 == 4 {
                    let mut file = store.read("seen").unwrap().unwrap();
                    file.extend(b"[\"seen\",\"bap.exam");
                    store.write("seen", &file).unwrap();
                    receiver = node("bpp", opened(&store));
                }
                (signed, "confirm")
            }
        };
        match receiver.receive(&tried, endpoint, at_s, None) {
            Ok(received) => {
                assert!(received.seen != Seen::New, "attempt {attempt}: `{id}` again at {} s", at_s - made_s);
                repeated += 1;
            }
            Err(error) if error.code() == "CTX_MESSAGE_ID_DUPLICATE" => conflicts += 1,
            Err(_) => {}
        }
        now_s = now_s.max(at_s - 330);
    }
    // Of ten attempts for each message six are exact ones at its own address, of which a third are within its time to live.
    assert!(repeated > fresh && conflicts > fresh / 2, "{repeated} repeated, {conflicts} conflicts, {fresh} fresh");
    println!(
        "{attempts} attempts on {fresh} messages: {repeated} answered as repetitions, {conflicts} refused as other bodies, the \
         others too late or elsewhere; 0 second effects"
    );
}

#[test]
fn answers_and_what_has_ended_outlive_a_restart_and_a_smaller_file() {
    let store = Arc::new(MemoryStore::default());
    let small = || StoredReplay::open(store.clone(), "seen", 10).unwrap();
    let key =
        |i: i64| eca_beckn::MessageKey { sender: "a".into(), action: "confirm".into(), message_id: format!("{i}") };
    let first = small();
    for i in 0..500 {
        assert_eq!(first.insert(&key(i), "d", NOW + i, NOW + i + 5).unwrap(), Seen::New);
        first.answered(&key(i), format!("200\n{i}").as_bytes()).unwrap();
    }
    assert!(store.read("seen").unwrap().unwrap().len() < 10_000, "the file only grows");
    let again = small();
    for i in 494..500 {
        let answer = format!("200\n{i}").into_bytes();
        assert_eq!(again.insert(&key(i), "d", NOW + 499, NOW + 505).unwrap(), Seen::Same(Some(answer)), "{i}");
    }
    assert_eq!(again.insert(&key(499), "other", NOW + 499, NOW + 505).unwrap(), Seen::Conflict);
    // What is damaged is not taken for what was never there.
    let text = String::from_utf8(store.read("seen").unwrap().unwrap()).unwrap().replacen("seen", "sean", 1);
    store.write("seen", text.as_bytes()).unwrap();
    assert!(StoredReplay::open(store, "seen", 10).unwrap_err().to_string().contains("line 1 is damaged"));
}

/// Something else in the place of some part of a document.
fn mutated(random: &mut Random, text: &[u8]) -> Vec<u8> {
    const PIECES: [&str; 20] = [
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "-1",
        "1e308",
        "9007199254740993",
        "\"\\u0000\"",
        "\"PT0S\"",
        "\"P1M\"",
        "\"2026-02-30T00:00:00Z\"",
        "[[[[[[[[]]]]]]]]",
        "{\"a\":1,\"a\":2}",
        "\"CAPACITY_OFFERED\"",
        "0.1",
        "\"é😀\"",
        "-0",
        "\"NaN\"",
        "\"1000\"",
    ];
    let mut bytes = text.to_vec();
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            // A value in the place of the next one.
            _ => {
                let from = bytes[at..].iter().position(|b| *b == b':').map_or(at, |i| at + i + 1);
                let len = bytes[from..].iter().position(|b| b",}]".contains(b)).unwrap_or(0);
                let piece = PIECES[random.below(PIECES.len())].bytes();
                bytes.splice(from..from + len, piece);
            }
        }
    }
    bytes
}

#[test]
fn mutated_messages_are_refused_or_understood_and_never_more() {
    let mut random = Random::new(7);
    let mut accepted = 0;
    let count = scaled(3_000, 1_000_000);
    for dialect in [Dialect::Lts, Dialect::V1] {
        // A conversation up to the draft, and then anything in the place of each message of it.
        let drafted = || {
            let mut network = Network::new(dialect);
            network.hold = Some("confirm".into());
            let question =
                network.grid.ask(&party("compute"), "10 MW", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
            network.post(question);
            network
        };
        let mut origin = drafted();
        let posted: Vec<_> = origin.posted.iter().map(|(to, outgoing)| (to.clone(), outgoing.clone())).collect();
        let now = origin.now;
        for i in 0..count / 2 {
            if i % 100 == 0 {
                origin = drafted();
            }
            let (to, outgoing) = &posted[random.below(posted.len())];
            // Under an id of its own, so that it is not refused as a repetition.
            let said = String::from_utf8(outgoing.signed.body.clone()).unwrap();
            let id = eca_beckn::Envelope::parse(said.as_bytes()).unwrap().message_id;
            let question = said.replace(&id, &format!("00000000-0000-4000-8000-{i:012}"));
            let said = if outgoing.action.starts_with("on_") { said } else { question };
            let body = mutated(&mut random, said.as_bytes());
            // Not signed again: nothing but the original can be taken.
            let broken = Signed { body: body.clone(), authorization: outgoing.signed.authorization.clone() };
            let same = broken.body == outgoing.signed.body;
            let outcome = origin.agent(to).receive(&outgoing.action, broken, now);
            assert!(same || outcome.taken.is_none(), "{}", String::from_utf8_lossy(&body));
            // Signed by its sender: whatever it says must be understood or refused.
            let from = if to == "grid" { "compute" } else { "grid" };
            let signed = origin.agent(from).mailbox().sign_bytes(body, now).unwrap();
            let outcome = origin.agent(to).receive(&outgoing.action, signed, now);
            accepted += usize::from(outcome.taken.is_some());
            for effect in outcome.effects {
                if let eca_beckn::agent::Effect::Send(said) = effect {
                    let envelope = eca_beckn::Envelope::parse(&said.signed.body).unwrap();
                    assert_eq!(envelope.schema(), Verdict::Valid, "{}", String::from_utf8_lossy(&said.signed.body));
                }
            }
        }
    }
    assert!(accepted > 0, "nothing was understood");
    println!("{count} mutated messages: {accepted} understood when signed, none taken without a good signature");
}
