//! What was answered is kept, and as old as it is.

use super::{CARBON, NATIONAL, at, folder, settings, span};
use crate::http::{Reply, Server};
use eca_adapters::signals::{Feed, HttpSignals};
use eca_core::adapter::{AdapterError, FetchOptions, SignalSource};
use eca_core::signal::Signals;

#[test]
fn answers_are_kept_and_their_age_is_judged() {
    let folder = folder("ages");
    let server = Server::new(|before, _| if before < 2 { Reply::ok(NATIONAL) } else { Reply::status(500, "") });
    let source = HttpSignals::new(Feed::neso_national(), settings(&server).cache(&folder).fresh_s(600));
    let (from, to) = (at("2026-02-19T17:00:00Z"), at("2026-02-19T17:30:00Z"));
    let ask = |source: &HttpSignals, after_s: i64| source.fetch(&FetchOptions::new(from.plus_s(after_s), from, to));
    let retrieved = |signals: &Signals| signals.get("gb", CARBON).unwrap().provenance().retrieved_at.unwrap();
    assert_eq!(retrieved(&ask(&source, 0).unwrap()), from);
    assert_eq!(retrieved(&ask(&source, 600).unwrap()), from);
    assert_eq!(server.asked().len(), 1);
    assert_eq!(retrieved(&ask(&source, 601).unwrap()), from.plus_s(601));
    assert_eq!(server.asked().len(), 2);
    // From here on there is no answer. Half an hour is allowed.
    let old = ask(&source, 2401).unwrap();
    assert_eq!(retrieved(&old), from.plus_s(601));
    assert!(old.warnings()[0].contains("status 500") && old.warnings()[0].contains("2026-02-19T17:10:01Z"), "{old:?}");
    let error = ask(&source, 2402).unwrap_err();
    assert!(matches!(error, AdapterError::Stale { age_s: 1801, limit_s: 1800, .. }), "{error:?}");
    // Another process, offline: the same answer, and nobody is asked.
    let asked = server.asked().len();
    let offline = HttpSignals::new(Feed::neso_national(), settings(&server).cache(&folder).offline(true));
    assert_eq!(retrieved(&ask(&offline, 1800).unwrap()), from.plus_s(601));
    assert!(matches!(ask(&offline, 2402).unwrap_err(), AdapterError::Stale { .. }));
    // What was answered later is not known yet.
    assert!(matches!(ask(&offline, 0).unwrap_err(), AdapterError::Unreachable { .. }));
    let other = offline.fetch(&span("2026-02-25T17:00:00Z", "2026-02-25T17:30:00Z")).unwrap_err();
    assert!(other.to_string().contains("offline"), "{other}");
    assert_eq!(server.asked().len(), asked);
    // A file that somebody broke is none.
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(file, "{").unwrap();
    assert!(matches!(ask(&offline, 1800).unwrap_err(), AdapterError::Unreachable { .. }));
}
