//! Prints what follows from a log for the DEG Ledger Service, one request a line:
//! `cargo run -p eca-beckn --example ledger_requests -- LOGDIR BUYER|SELLER|BUYER_DISCOM|SELLER_DISCOM [DISCOM]`.
//!
//! Nothing is posted. Audit the log before.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use eca_beckn::ledger::{LedgerRole, LedgerSettings, project};
use eca_beckn::log::{FileStore, LogHead, LogStore as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = match arguments.get(1).map(String::as_str) {
        Some("BUYER") => LedgerRole::Buyer,
        Some("SELLER") => LedgerRole::Seller,
        Some("BUYER_DISCOM") => LedgerRole::BuyerDiscom,
        Some("SELLER_DISCOM") => LedgerRole::SellerDiscom,
        _ => {
            eprintln!("give a log and a role: LOGDIR BUYER|SELLER|BUYER_DISCOM|SELLER_DISCOM [DISCOM]");
            return ExitCode::from(2);
        }
    };
    let discom = arguments.get(2).cloned().unwrap_or_else(|| "dso.example.org".into());
    match printed(&arguments[0], &LedgerSettings { role, discom_buyer: discom.clone(), discom_seller: discom }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn printed(folder: &str, settings: &LedgerSettings) -> eca_beckn::Result<()> {
    let store = FileStore::reader(folder)?;
    let note = store.read("checkpoint")?.unwrap_or_default();
    let head = LogHead::read("checkpoint", &String::from_utf8_lossy(&note))?;
    for request in project(&store, head.size, settings)? {
        println!("{}", serde_json::json!({"path": request.path, "body": request.body}));
    }
    Ok(())
}
