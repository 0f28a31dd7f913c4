//! Failures: those that pass are tried again, refusals are final, other forms are named.

use super::{CARBON, NATIONAL, settings, span, values};
use crate::http::{Reply, Server};
use eca_adapters::signals::{Feed, HttpSignals, Settings};
use eca_core::adapter::{AdapterError, SignalSource};
use std::time::{Duration, Instant};

#[test]
fn failures_that_pass_are_tried_again() {
    let failures = [
        Reply::status(500, "oops"),
        Reply::status(429, "slow down").header("Retry-After", "0"),
        Reply::ok(NATIONAL).cut(),
        Reply::ok(NATIONAL).late(Duration::from_millis(700)),
    ];
    for failure in failures {
        let said = failure.clone();
        let server = Server::new(move |before, _| if before < 2 { failure.clone() } else { Reply::ok(NATIONAL) });
        let source = HttpSignals::new(Feed::neso_national(), settings(&server).timeout(Duration::from_millis(300)));
        let signals = source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
        assert_eq!(values(&signals, "gb", CARBON), [Some(210.0)], "{said:?}");
        assert_eq!(server.asked().len(), 3, "{said:?}");
    }
    let server = Server::new(|_, _| Reply::status(503, "never"));
    let error = HttpSignals::new(Feed::neso_national(), settings(&server))
        .fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T18:00:00Z"));
    let error = error.unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("status 503, after 3 attempts"), "{error}");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn pauses_grow_and_a_service_that_wants_to_be_left_alone_is() {
    let server = Server::new(|before, _| if before < 2 { Reply::status(500, "") } else { Reply::ok(NATIONAL) });
    let source = HttpSignals::new(Feed::neso_national(), settings(&server).attempts(3, Duration::from_millis(100)));
    let begun = Instant::now();
    source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100 + 200));
    // One second is waited for; an hour is not, and nothing is asked before it is over.
    let server = Server::new(|before, _| match before {
        0 => Reply::status(429, "").header("Retry-After", "1"),
        1 => Reply::ok(NATIONAL),
        _ => Reply::status(429, "").header("Retry-After", "3600"),
    });
    let source = HttpSignals::new(Feed::neso_national(), settings(&server).fresh_s(0));
    let begun = Instant::now();
    source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1) && server.asked().len() == 2);
    let next_day = span("2026-02-20T17:00:00Z", "2026-02-20T17:30:00Z");
    let error = source.fetch(&next_day).unwrap_err();
    assert!(error.to_string().contains("asks to wait 3600 s") && error.is_passing(), "{error}");
    let error = source.fetch(&next_day).unwrap_err();
    assert!(error.to_string().contains("left alone") && server.asked().len() == 3, "{error}");
}

#[test]
fn refusals_are_final_and_other_forms_are_named() {
    let options = span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z");
    let server = Server::new(|_, _| Reply::status(404, "no such thing"));
    let error = HttpSignals::new(Feed::neso_national(), settings(&server)).fetch(&options).unwrap_err();
    assert!(
        matches!(&error, AdapterError::Refused { message, .. } if message.contains("404: no such thing")),
        "{error}"
    );
    assert_eq!(server.asked().len(), 1);
    let period = r#""from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z""#;
    let drifts = [
        (format!(r#"{{"data":[{{{period},"intensity":{{"forecast":"high"}}}}]}}"#), "intensity.forecast"),
        (format!(r#"{{"data":[{{{period},"carbon":{{"forecast":1}}}}]}}"#), "neither `intensity` nor `generationmix`"),
        (r#"{"items":[]}"#.to_owned(), "no list `data`"),
        ("<html>maintenance</html>".to_owned(), "is not the JSON"),
        (r#"{"error":{"code":"400 Bad Request","message":"Please enter a valid date"}}"#.to_owned(), "valid date"),
    ];
    for (drift, named) in drifts {
        let good = Server::new(move |before, _| Reply::ok(if before == 0 { drift.as_str() } else { NATIONAL }));
        let source = HttpSignals::new(Feed::neso_national(), settings(&good));
        let error = source.fetch(&options).unwrap_err();
        assert!(matches!(error, AdapterError::BadReading { .. }) && error.to_string().contains(named), "{error}");
        // It was not kept: the next question is asked again.
        assert!(source.fetch(&options).is_ok() && good.asked().len() == 2);
    }
}

#[test]
fn no_network_is_an_error_that_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let quick = Settings::default().base_url(address).attempts(2, Duration::from_millis(5));
    let error =
        HttpSignals::new(Feed::neso_national(), quick).fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z"));
    assert!(matches!(error.unwrap_err(), AdapterError::Unreachable { .. }));
}
