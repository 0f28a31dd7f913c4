//! A signed search and its answer in a log on disk, and its audit: `cargo run -p eca-beckn --example search_in_a_log -- out/log`.
//!
//! Writes the log to the folder, and beside it `trust.json` and the last head. The keys are test keys of RFC 8032.
#![allow(clippy::print_stdout)]

use eca_beckn::log::{FileHead, FileStore};
use eca_beckn::{Log, LogKey, MemoryKey, MemoryReplay, Node, NodeSettings, Trust, audit, purpose};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

const GRID: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const COMPUTE: &str = "TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=";
const LOG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
const ORIGIN: &str = "log.example.org/eca/2026";

fn message(action: &str, time: &str, message: &str) -> Vec<u8> {
    format!(
        r#"{{"context":{{"domain":"flexibility","action":"{action}","version":"1.1.0","bap_id":"grid.example.org","bap_uri":"https://grid.example.org","bpp_id":"compute.example.org","bpp_uri":"https://compute.example.org","transaction_id":"0b9c7f4e-6d7a-4c2e-9f55-2f6c1a3d8e10","message_id":"5d1f0c52-8a0e-4b57-8d33-3a1f8c7e9b21","timestamp":"{time}","ttl":"PT30S"}},"message":{message}}}"#
    )
    .into_bytes()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder for the log")?);
    let beside = folder.parent().ok_or("give a folder below another")?.to_owned();
    let key = |id: &str, purpose, seed| MemoryKey::from_base64(id, purpose, seed).map(Arc::new);
    let grid_key = key("grid.example.org|k1|ed25519", purpose::MESSAGE, GRID)?;
    let compute_key = key("compute.example.org|k1|ed25519", purpose::MESSAGE, COMPUTE)?;
    let log_signer = key(ORIGIN, purpose::LOG, LOG)?;
    let log_key = LogKey { name: ORIGIN.into(), key: log_signer.public() };
    let entry = |id: &str, key: &MemoryKey| {
        format!(r#"{{"subscriber_id": "{id}", "key_id": "k1", "public_key": "{}"}}"#, key.public().to_base64())
    };
    let (grid_entry, compute_entry) =
        (entry("grid.example.org", &grid_key), entry("compute.example.org", &compute_key));
    let file = format!("{{\"log\": \"{log_key}\",\n \"messages\": [{grid_entry},\n  {compute_entry}]}}\n");
    let trust = Arc::new(Trust::parse(&file)?);
    let node = |key| Node::new(key, trust.clone(), Arc::new(MemoryReplay::new(1000)), NodeSettings::default());
    let (grid, compute) = (node(grid_key), node(compute_key));

    let store = Arc::new(FileStore::writer(&folder)?);
    let mut log = Log::open(store.clone(), Arc::new(FileHead::new(beside.join("last-head"))), log_signer, log_key)?;
    let now_s = 1_795_453_200;
    let search = message("search", "2026-11-23T17:00:00Z", r#"{"intent":{"descriptor":{"name":"10 MW reduction"}}}"#);
    let search = grid.send(search, now_s, None)?;
    let heard = compute.receive(&search, "search", now_s, None)?;
    log.record_message(&search, None, now_s * 1_000_000)?;

    let catalog = r#"{"catalog":{"descriptor":{"name":"Compute slots"},"providers":[{"id":"p1","items":[{"id":"pause-5-mw"}]}]}}"#;
    let answer = compute.send(message("on_search", "2026-11-23T17:00:01Z", catalog), now_s + 1, Some(&heard.header))?;
    grid.receive(&answer, "on_search", now_s + 1, Some(&search.authorization))?;
    log.record_message(&answer, Some(&search.authorization), (now_s + 1) * 1_000_000)?;

    print!("{}", log.publish()?);
    std::fs::write(beside.join("trust.json"), file)?;
    println!("\n{}", audit(&*store, Some(&trust), None)?);
    Ok(())
}
