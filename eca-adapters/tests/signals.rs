//! Prices and carbon against a local server that answers in the documented shapes: pages, nulls, both regional forms,
//! refusals, delays, other forms, what is kept, days on which the clock changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "signals/cache.rs"]
mod cache;
#[path = "signals/carbon.rs"]
mod carbon;
#[path = "signals/conforms.rs"]
mod conforms;
#[path = "signals/controller.rs"]
mod controller;
#[path = "signals/failures.rs"]
mod failures;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "support/http.rs"]
mod http;
#[path = "signals/prices.rs"]
mod prices;

use eca_adapters::signals::Settings;
use eca_core::Timestamp;
use eca_core::adapter::FetchOptions;
use eca_core::signal::{Column, Signals};
use http::Server;
use std::path::PathBuf;
use std::time::Duration;

const CARBON: Column = Column::CarbonGPerKwh;
const PRICE: Column = Column::ImportPriceGbpPerMwh;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Quick attempts at a server.
fn settings(server: &Server) -> Settings {
    Settings::default().base_url(server.url()).attempts(3, Duration::from_millis(5)).timeout(Duration::from_secs(5))
}

fn span(from: &str, to: &str) -> FetchOptions {
    FetchOptions::new(at(from), at(from), at(to))
}

fn values(signals: &Signals, region: &str, column: Column) -> Vec<Option<f64>> {
    signals.get(region, column).unwrap().points().iter().map(|point| point.value).collect()
}

/// A folder of its own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("signals").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

const NATIONAL: &str = r#"{"data":[
  {"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","intensity":{"forecast":210,"actual":205,"index":"moderate"}},
  {"from":"2026-02-19T17:30Z","to":"2026-02-19T18:00Z","intensity":{"forecast":null,"actual":null,"index":"moderate"}},
  {"from":"2026-02-19T18:00Z","to":"2026-02-19T18:30Z","intensity":{"forecast":190,"actual":null,"index":"moderate"}}]}"#;
