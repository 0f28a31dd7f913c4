//! Who takes part, with which keys. The seeds are hashes of names, so that everybody can check: never use them live.

use super::Outcome;
use eca_beckn::agent::Mailbox;
use eca_beckn::certificate::did_key;
use eca_beckn::message::Party;
use eca_beckn::{Dialect, LogKey, MemoryKey, MemoryReplay, Node, NodeSettings, Trust, purpose};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub const NAMES: [&str; 3] = ["grid", "compute", "der"];
const NETWORK: &str = "example.org/deg-demo";
const ORIGIN: &str = "compute.example.org/eca/2026";

fn seed(name: &str) -> [u8; 32] {
    Sha256::digest(format!("a key of the demonstration of ECA, known to everybody: {name}")).into()
}

fn message_key(name: &str) -> MemoryKey {
    MemoryKey::from_seed(&format!("{}|k1|ed25519", id(name)), purpose::MESSAGE, &seed(name))
}

/// Subscriber id.
pub fn id(name: &str) -> String {
    format!("{name}.example.org")
}

/// Key of the log, and its public half.
pub fn log_key() -> (Arc<MemoryKey>, LogKey) {
    let key = MemoryKey::from_seed(ORIGIN, purpose::LOG, &seed("log"));
    let public = LogKey { name: ORIGIN.into(), key: key.public() };
    (Arc::new(key), public)
}

/// Issuer of certificates, and the key.
pub fn certificate_key() -> (String, Arc<MemoryKey>) {
    let public = MemoryKey::from_seed("", purpose::CERTIFICATE, &seed("certificates")).public();
    let did = did_key(&public);
    let method = format!("{did}#{}", did.trim_start_matches("did:key:"));
    (did, Arc::new(MemoryKey::from_seed(&method, purpose::CERTIFICATE, &seed("certificates"))))
}

/// The trust file: what an auditor has to know from elsewhere.
pub fn trust_file() -> Outcome<String> {
    let messages: Vec<_> = NAMES
        .iter()
        .map(|name| json!({"subscriber_id": id(name), "key_id": "k1", "public_key": message_key(name).public().to_base64()}))
        .collect();
    let (_, certificates) = certificate_key();
    let certificates =
        json!([{"key_id": eca_beckn::Signer::key_id(&*certificates), "public_key": certificates.public().to_base64()}]);
    let file = json!({"log": log_key().1.to_string(), "messages": messages, "certificates": certificates});
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// The post of an agent.
pub fn mailbox(name: &str, uri: &str) -> Outcome<Mailbox> {
    let trust = Arc::new(Trust::parse(&trust_file()?)?);
    let node =
        Node::new(Arc::new(message_key(name)), trust, Arc::new(MemoryReplay::new(10_000)), NodeSettings::default());
    let me = Party { id: id(name), uri: uri.into() };
    Ok(Mailbox::new(me, NETWORK, Dialect::Lts, node, seed(&format!("ids of {name}"))))
}
