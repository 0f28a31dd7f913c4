//! Writes every message that the agents say, in both dialects, to files: `cargo run -p eca-beckn --example own_messages -- FOLDER [LOGS]`.
//! With a second folder, the logs that keep them go there, one for each dialect.
//!
//! A judge with the published schemas takes them from there; the pages of `docs/format` show some of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/common/network.rs"]
mod network;

use eca_beckn::agent::Metered;
use eca_beckn::log::LogStore as _;
use eca_beckn::message::{Column, DerReport, GridSignal, TimeSeries};
use eca_beckn::{Dialect, Verb};
use network::{EVENT, Network, at, need, party};

fn main() {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).expect("give a folder"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut written = 0;
    for dialect in [Dialect::Lts, Dialect::V1] {
        let mut network = talk(dialect);
        if let Some(logs) = std::env::args().nth(2) {
            network.log.publish().unwrap();
            for path in network.store.list().unwrap() {
                let file = std::path::Path::new(&logs).join(dialect.to_string()).join(&path);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, network.store.read(&path).unwrap().unwrap()).unwrap();
            }
        }
        for (i, (_, outgoing)) in network.posted.iter().enumerate() {
            let name = format!("{dialect}-{:02}-{}.json", i + 1, outgoing.action);
            std::fs::write(folder.join(name), &outgoing.signed.body).unwrap();
            written += 1;
        }
    }
    println!("{written} messages");
}

/// A day of everything: signals, a contract that is changed, asked about, delivered and settled, another that is given up.
fn talk(dialect: Dialect) -> Network {
    let mut network = Network::new(dialect);
    let price = Column::new("PRICE", "GBP_PER_KWH", [0.142, 0.131]);
    let series =
        TimeSeries::new(at(EVENT), 1800, [price, Column::new("CARBON_INTENSITY", "G_PER_KWH", [210.0, 205.0])]);
    network.grid.publish(GridSignal { gsp_group: "_C".into(), carbon_region: Some(13), series });
    let question = network.compute.ask_signals(&party("grid"), network.now).unwrap();
    network.post(question);

    let question =
        network.grid.ask(&party("compute"), "10 MW reduction", need(10_000.0, 0.5), "OBP-1", network.now).unwrap();
    network.post(question);
    let sale = network.compute.sales.all().next().unwrap().clone();
    let contract = sale.contract_id.unwrap();
    for verb in [Verb::Update, Verb::Status] {
        let question = network.grid.again(verb, &sale.transaction_id, network.now).unwrap();
        network.post(question);
    }

    let question =
        network.compute.hire(&party("der"), "2 MW discharge", need(2_000.0, 0.2), "BAT-1", network.now).unwrap();
    network.post(question);
    let hired = network.der.sales.all().next().unwrap().clone();
    let battery = hired.contract_id.unwrap();
    let soc = Column::new("SOC", "KWH", [3600.0]).reported();
    let report = DerReport {
        device: "battery-1".into(),
        as_of: network.now,
        quality: "A".into(),
        series: TimeSeries::new(at(EVENT), 1800, [soc, Column::new("SOLAR_FORECAST", "KW", [0.0]).reported()]),
    };
    let effects = network.der.report(&battery, report, network.now).unwrap();
    network.follow("der", effects);
    let question = network.compute.again(Verb::Cancel, &hired.transaction_id, network.now).unwrap();
    network.post(question);

    for (period, metered_wh) in sale.offer.terms.periods.iter().zip([1_000_000, 1_500_000]) {
        network.now = period.period.end_utc();
        let metered = Metered { period: period.period, baseline_wh: 6_000_000, metered_wh };
        let effects = network.compute.measured(&contract, metered, network.now).unwrap();
        network.follow("compute", effects);
    }
    let effects = network.compute.settled(&contract, 3_800_000_000, network.now).unwrap();
    network.follow("compute", effects);
    assert_eq!(network.refused, Vec::<String>::new());
    network
}
