//! Two participants and a log with keys that everybody knows (RFC 8032, 7.1, and one of zeros and a one).
#![allow(dead_code)]

use eca_beckn::{LogKey, MemoryKey, MemoryReplay, Node, NodeSettings, Trust, purpose};
use std::sync::Arc;

pub const BAP_SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
pub const BPP_SEED: &str = "TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=";
pub const LOG_SEED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
pub const ORIGIN: &str = "log.example.org/eca/2026";

pub fn log_signer() -> Arc<MemoryKey> {
    Arc::new(MemoryKey::from_base64(ORIGIN, purpose::LOG, LOG_SEED).unwrap())
}

pub fn log_key() -> LogKey {
    LogKey { name: ORIGIN.into(), key: log_signer().public() }
}

pub fn trust() -> Trust {
    let entry = |id: &str, seed: &str| {
        let key = MemoryKey::from_base64("k", purpose::MESSAGE, seed).unwrap().public().to_base64();
        format!(r#"{{"subscriber_id":"{id}.example.org","key_id":"k1","public_key":"{key}"}}"#)
    };
    let (bap, bpp) = (entry("bap", BAP_SEED), entry("bpp", BPP_SEED));
    Trust::parse(&format!(r#"{{"log":"{}","messages":[{bap},{bpp}]}}"#, log_key())).unwrap()
}

/// `bap` or `bpp`.
pub fn node(name: &str) -> Node {
    let seed = if name == "bap" { BAP_SEED } else { BPP_SEED };
    let id = format!("{name}.example.org|k1|ed25519");
    let signer = MemoryKey::from_base64(&id, purpose::MESSAGE, seed).unwrap();
    Node::new(Arc::new(signer), Arc::new(trust()), Arc::new(MemoryReplay::new(1000)), NodeSettings::default())
}

/// A message of version 1.1 between the two.
pub fn message(action: &str, message_id: &str, now_s: i64, message: &str) -> Vec<u8> {
    let time = eca_core::Timestamp::from_unix_s(now_s).unwrap();
    format!(
        r#"{{"context":{{"domain":"flexibility","action":"{action}","version":"1.1.0","bap_id":"bap.example.org","bap_uri":"https://bap.example.org","bpp_id":"bpp.example.org","bpp_uri":"https://bpp.example.org","transaction_id":"t-1","message_id":"{message_id}","timestamp":"{time}","ttl":"PT30S"}},"message":{message}}}"#
    )
    .into_bytes()
}
