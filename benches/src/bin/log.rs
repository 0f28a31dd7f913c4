//! How fast the DEG log and signatures are, one measure a line of JSON.
//!
//! `cargo run -p eca-benches --release --bin log -- [--folder DIR] [--records N] [--audit N]`: durable records one by one
//! and in groups of 256 on the disk of `DIR` (a folder for temporary files), the root and the whole audit of a log of `N`
//! records (1,000,000), messages signed and verified. The targets are those of trust.md, L10: 500 and 50,000 records a
//! second, 5 s for a million on two cores.

use eca_beckn::log::{FileHead, FileStore, MemoryHead, MemoryStore, read_records, tree::Tree, tree::leaf_hash};
use eca_beckn::{
    Entry, Log, LogKey, MemoryKey, MemoryReplay, Node, NodeSettings, Record, Result, Trust, audit, kind, purpose,
};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

const ORIGIN: &str = "log.example.org/bench";
const SEED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
const NOW_US: i64 = 1_795_453_200_000_000;
const GROUP: u64 = 256;

struct Ask {
    folder: PathBuf,
    records: u64,
    audited: u64,
}

fn main() -> ExitCode {
    let done = ask(std::env::args().skip(1)).and_then(|ask| run(&ask).map_err(|error| error.to_string()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("log: {message}");
            ExitCode::FAILURE
        }
    }
}

fn ask(mut args: impl Iterator<Item = String>) -> std::result::Result<Ask, String> {
    let mut ask = Ask { folder: std::env::temp_dir(), records: 2_000, audited: 1_000_000 };
    while let Some(arg) = args.next() {
        let value = args.next().ok_or(format!("{arg} is no option, or needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{arg} needs a number, not `{value}`"));
        match arg.as_str() {
            "--folder" => ask.folder = value.clone().into(),
            "--records" => ask.records = number()?,
            "--audit" => ask.audited = number()?,
            _ => return Err(format!("{arg} is no option")),
        }
    }
    Ok(ask)
}

fn run(ask: &Ask) -> Result<()> {
    let folder = ask.folder.join(format!("eca-bench-log-{}", std::process::id()));
    let done = durable(&folder, ask.records);
    let _ = std::fs::remove_dir_all(&folder);
    done?;
    verified(ask.audited)?;
    messages(20_000)
}

fn signer() -> Result<Arc<MemoryKey>> {
    Ok(Arc::new(MemoryKey::from_base64(ORIGIN, purpose::LOG, SEED)?))
}

fn key() -> Result<LogKey> {
    Ok(LogKey { name: ORIGIN.into(), key: signer()?.public() })
}

fn entry(number: u64) -> Entry {
    let entry = Entry::new(kind::SIGNAL, "grid.example.org", NOW_US).txn("5d1f0c52-8a0e-4b57-8d33-3a1f8c7e9b21");
    entry.field("price_ugbp_per_mwh", 87_500_000 + number).field("carbon_mg_per_kwh", 210_000)
}

fn line(what: &str, number: u64, seconds: f64) {
    let rate = number as f64 / seconds;
    println!("{{\"what\":\"{what}\",\"number\":{number},\"seconds\":{seconds:.3},\"per_second\":{rate:.0}}}");
}

/// Appends that wait for the disk.
fn durable(folder: &std::path::Path, records: u64) -> Result<()> {
    let store = Arc::new(FileStore::writer(folder.join("log"))?);
    let mut log = Log::open(store, Arc::new(FileHead::new(folder.join("last-head"))), signer()?, key()?)?;
    let begun = Instant::now();
    for number in 0..records {
        log.write(entry(number))?;
    }
    line("durable records, one by one", records, begun.elapsed().as_secs_f64());
    let groups = 4 * records / GROUP + 1;
    let begun = Instant::now();
    for group in 0..groups {
        let entries: Vec<Entry> = (0..GROUP).map(|number| entry(group * GROUP + number)).collect();
        log.write_all(&entries)?;
    }
    line("durable records, 256 at a time", groups * GROUP, begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    log.publish()?;
    line("records under a signed head", log.size(), begun.elapsed().as_secs_f64());
    Ok(())
}

/// A log of many records: its root, its audit, and opening it.
fn verified(records: u64) -> Result<()> {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut log = Log::open(store.clone(), heads.clone(), signer()?, key()?)?;
    let mut number = 0;
    while number < records {
        let upto = records.min(number + 50_000);
        log.write_all(&(number..upto).map(entry).collect::<Vec<_>>())?;
        log.publish()?;
        number = upto;
    }
    drop(log);
    let begun = Instant::now();
    let mut tree = Tree::default();
    read_records(&*store, records)?.iter().for_each(|record| tree.push(leaf_hash(record)));
    line("records hashed to their root", tree.size(), begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let trust = Trust::parse(&format!("{{\"log\":\"{}\"}}", key()?))?;
    let report = audit(&*store, Some(&trust), None)?;
    line("records audited", report.records, begun.elapsed().as_secs_f64());
    if !report.passed() {
        eprintln!("{report}");
    }
    let begun = Instant::now();
    let log = Log::open(store, heads, signer()?, key()?)?;
    line("records read when a log is opened", log.size(), begun.elapsed().as_secs_f64());
    let bytes = entry_bytes()?;
    let begun = Instant::now();
    (0..100_000).try_for_each(|_| Record::parse(0, &bytes).map(drop))?;
    line("records parsed", 100_000, begun.elapsed().as_secs_f64());
    Ok(())
}

fn entry_bytes() -> Result<Vec<u8>> {
    let mut record = Record::new(kind::SIGNAL, 0, NOW_US, "grid.example.org")?;
    record.body.insert("price_ugbp_per_mwh".into(), 87_500_000.into());
    record.to_bytes()
}

/// Messages of one participant to another: signed, and received with every check.
fn messages(number: u64) -> Result<()> {
    let now_s = NOW_US / 1_000_000;
    let signer = MemoryKey::from_base64("bap.example.org|k1|ed25519", purpose::MESSAGE, SEED)?;
    let trust = Trust::parse(&format!(
        "{{\"log\":\"{}\",\"messages\":[{{\"subscriber_id\":\"bap.example.org\",\"key_id\":\"k1\",\"public_key\":\"{}\"}}]}}",
        key()?,
        signer.public().to_base64()
    ))?;
    let replay = Arc::new(MemoryReplay::new(usize::MAX));
    let node = Node::new(Arc::new(signer), Arc::new(trust), replay, NodeSettings::default());
    let body = |id: u64| {
        let context = format!(
            "\"context\":{{\"domain\":\"flexibility\",\"action\":\"search\",\"version\":\"1.1.0\",\"bap_id\":\"bap.example.org\",\
             \"bap_uri\":\"https://bap.example.org\",\"transaction_id\":\"t-1\",\"message_id\":\"m-{id}\",\
             \"timestamp\":\"2026-11-23T17:00:00Z\",\"ttl\":\"PT30S\"}}"
        );
        format!("{{{context},\"message\":{{\"intent\":{{\"descriptor\":{{\"name\":\"10 MW\"}}}}}}}}").into_bytes()
    };
    let begun = Instant::now();
    let sent: Vec<_> = (0..number).map(|id| node.send(body(id), now_s, None)).collect::<Result<_>>()?;
    line("messages signed", number, begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    for signed in &sent {
        node.receive(signed, "search", now_s, None)?;
    }
    line("messages verified and received", number, begun.elapsed().as_secs_f64());
    Ok(())
}
