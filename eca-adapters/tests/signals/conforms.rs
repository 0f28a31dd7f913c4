//! Conformance of each feed.

use super::prices::{agile, system_prices};
use super::{CARBON, PRICE, at, settings};
use crate::http::{Reply, Server};
use eca_adapters::signals::{Feed, HttpSignals};
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::signal::Column;
use eca_core::{SettlementDate, Timestamp};

/// Every half hour of the days that are asked for, until two days after `now`.
fn forecast(path: &str, now: Timestamp) -> Reply {
    let times: Vec<&str> = path.split('/').filter(|part| part.contains('T')).collect();
    let (from, to) = (at(times[0]), at(times[1]).unix_s().min(now.plus_min(2880).unix_s()));
    let count = (to - from.unix_s()) / 1800;
    let minute = |at: Timestamp| at.to_string().replace(":00Z", "Z");
    let periods: Vec<String> = (0..count.max(0))
        .map(|n| {
            let (start, end) = (from.plus_min(30 * n), from.plus_min(30 * (n + 1)));
            format!(
                r#"{{"from":"{}","to":"{}","intensity":{{"forecast":{}}}}}"#,
                minute(start),
                minute(end),
                100 + n % 48
            )
        })
        .collect();
    Reply::ok(format!(r#"{{"data":[{}]}}"#, periods.join(",")))
}

#[test]
fn every_feed_conforms() {
    let now = at("2026-03-02T09:00:00Z");
    let day = SettlementDate::parse("2026-03-02").unwrap();
    let server = Server::new(move |_, path| forecast(path, now));
    let source = HttpSignals::new(Feed::neso_national(), settings(&server));
    assert_eq!(conformance::signal_source(&source, "gb", CARBON, 24, &FakeTime::new(now)), []);
    let server =
        Server::new(move |_, path| if path.contains("period_from=21") { agile_empty() } else { agile(path, day) });
    let source = HttpSignals::new(Feed::octopus_agile("A", "_C", "london"), settings(&server));
    assert_eq!(conformance::signal_source(&source, "london", PRICE, 12, &FakeTime::new(now)), []);
    let server = Server::new(|_, path| system_prices(path));
    let source = HttpSignals::new(Feed::elexon_system_prices("gb"), settings(&server));
    assert_eq!(conformance::signal_source(&source, "gb", Column::SystemPriceGbpPerMwh, 12, &FakeTime::new(now)), []);
}

fn agile_empty() -> Reply {
    Reply::ok(r#"{"count":0,"next":null,"previous":null,"results":[]}"#)
}
