//! Telemetry from Prometheus against a server that answers as its documentation says, and the metrics of the controller
//! against a strict reader of the text format (version 0.0.4).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "support/http.rs"]
mod http;

use eca_adapters::prometheus::{PrometheusMeter, Settings};
use eca_core::Timestamp;
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::adapter::{AdapterError, Meter, ReadingOptions};
use http::{Reply, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const POWER: &str = "site_power_watts";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Name and value of each part of a query string.
fn query(path: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let (_, text) = path.split_once('?').unwrap();
    text.split('&').map(|part| part.split_once('=').unwrap()).map(|(name, value)| (plain(name), plain(value))).collect()
}

fn vector(time: i64, value: &str) -> Reply {
    Reply::ok(format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{time}.123,"{value}"]}}]}}}}"#
    ))
}

/// A site that takes `watts` of time; sampled every 15 s.
fn site(watts: impl Fn(i64) -> f64 + Send + Sync + 'static) -> Server {
    Server::new(move |_, path| {
        let asked = query(path);
        let number = |name: &str| asked[name].parse::<i64>().unwrap();
        let sample = |time: i64| time - time.rem_euclid(15);
        if path.starts_with("/api/v1/query_range?") {
            assert_eq!(asked["query"], POWER);
            let count = (number("end") - number("start")) / number("step");
            let times = (0..=count).map(|n| number("start") + n * number("step"));
            let points: Vec<String> = times.map(|time| format!(r#"[{time},"{}"]"#, watts(sample(time)))).collect();
            let points = points.join(",");
            return Reply::ok(format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{points}]}}]}}}}"#
            ));
        }
        assert!(path.starts_with("/api/v1/query?"), "{path}");
        let time = number("time");
        match asked["query"].as_str() {
            POWER => vector(time, &watts(sample(time)).to_string()),
            "min(timestamp(site_power_watts))" => vector(time, &format!("{}.5", sample(time))),
            "import_wh" => Reply::ok(format!(
                r#"{{"status":"success","data":{{"resultType":"scalar","result":[{time},"{}"]}}}}"#,
                time - 1_700_000_000
            )),
            other => {
                Reply::status(400, format!(r#"{{"status":"error","errorType":"bad_data","error":"unknown {other}"}}"#))
            }
        }
    })
}

fn meter(server: &Server) -> PrometheusMeter {
    PrometheusMeter::new(server.url(), Settings::new(POWER)).unwrap()
}

#[test]
fn power_and_energy_of_a_site_conform_and_faults_are_found() {
    let start = at("2026-03-02T00:00:00Z");
    for watts in [2_500_000.0, -400_000.0] {
        let server = site(move |_| watts);
        assert_eq!(conformance::meter(&meter(&server), &FakeTime::new(start)), [], "{watts}");
    }
    for fault in [Fault::Frozen, Fault::Tomorrow, Fault::NotANumber, Fault::GoesBack, Fault::WrongScale] {
        let server = site(|_| 2_500_000.0);
        assert_ne!(conformance::meter(&Faulty::new(meter(&server), fault), &FakeTime::new(start)), [], "{fault:?}");
    }
}

#[test]
fn energy_is_counted_from_the_power_between_two_readings() {
    // 1 MW for ten minutes, then 3 MW: after twenty minutes 1/6 + 1/2 MWh, up to one step between them.
    let start = at("2026-03-02T00:00:00Z");
    let server = site(move |time| if time < start.unix_s() + 600 { 1e6 } else { 3e6 });
    let meter = meter(&server);
    let first = meter.read(&ReadingOptions::new(start)).unwrap();
    assert_eq!((first.at, first.import_mw, first.import_wh), (start, 1.0, 0));
    let last = meter.read(&ReadingOptions::new(start.plus_s(1200))).unwrap();
    assert_eq!(last.import_mw, 3.0);
    // The trapezoid across the step is 15 s at 2 MW instead of 1 MW.
    let exact = 1e6 / 6.0 + 0.5e6 + 15.0 / 3600.0 * 1e6;
    assert!((last.import_wh as f64 - exact).abs() < 2.0, "{last:?}");
    let history = meter.history(start, start.plus_s(60)).unwrap();
    assert_eq!(history, (0..5).map(|n| (start.plus_s(15 * n), 1.0)).collect::<Vec<_>>());
    // Registers of the site itself are taken as they are.
    let own = Settings::new(POWER).registers_wh("import_wh", None);
    let own = PrometheusMeter::new(server.url(), own).unwrap();
    let reading = own.read(&ReadingOptions::new(start)).unwrap();
    assert_eq!((reading.import_wh, reading.export_wh), (u64::try_from(start.unix_s()).unwrap() - 1_700_000_000, 0));
}

#[test]
fn a_hole_in_the_samples_counts_nothing() {
    let start = at("2026-03-02T00:00:00Z");
    let whole = start.unix_s();
    let server = Server::new(move |_, path| {
        let asked = query(path);
        if path.starts_with("/api/v1/query_range?") {
            // A minute at the beginning, then nothing for half an hour, then a minute.
            let times = (0..5).map(|n| whole + 15 * n).chain((0..5).map(|n| whole + 1860 + 15 * n));
            let points: Vec<String> = times.map(|time| format!(r#"[{time},"1000000"]"#)).collect();
            let points = points.join(",");
            return Reply::ok(format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{points}]}}]}}}}"#
            ));
        }
        let time: i64 = asked["time"].parse().unwrap();
        vector(time, &if asked["query"] == POWER { "1000000".to_owned() } else { time.to_string() })
    });
    let meter = meter(&server);
    meter.read(&ReadingOptions::new(start)).unwrap();
    let reading = meter.read(&ReadingOptions::new(start.plus_s(1920))).unwrap();
    assert_eq!(reading.import_wh, 33_333);
}

#[test]
fn what_is_no_number_is_said() {
    let now = at("2026-03-02T00:00:00Z");
    let cases = [
        (r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, "is its source being scraped?"),
        (
            r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]},{"value":[1,"2"]}]}}"#,
            "2 series, must be one; take their sum()",
        ),
        (r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"NaN"]}]}}"#, "which is no number"),
        (
            r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"+Inf"]}]}}"#,
            "which is no number",
        ),
        (r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#, "a vector or a scalar"),
        ("<html>", "which is no JSON"),
    ];
    for (body, said) in cases {
        let server = Server::new(move |_, _| Reply::ok(body));
        let error = meter(&server).read(&ReadingOptions::new(now)).unwrap_err();
        assert!(matches!(error, AdapterError::BadReading { .. }) && error.to_string().contains(said), "{error}");
    }
    let server =
        Server::new(|_, _| Reply::status(422, r#"{"status":"error","errorType":"execution","error":"too much"}"#));
    let error = meter(&server).read(&ReadingOptions::new(now)).unwrap_err();
    assert!(matches!(&error, AdapterError::Refused { message, .. } if message.contains("422 too much")), "{error}");
    for failure in [Reply::status(503, ""), Reply::ok("{}").late(Duration::from_secs(2)), Reply::ok("{ }").cut()] {
        let server = Server::new(move |_, _| failure.clone());
        let quick = Settings::new(POWER).timeout(Duration::from_millis(200));
        let error = PrometheusMeter::new(server.url(), quick).unwrap().read(&ReadingOptions::new(now)).unwrap_err();
        assert!(error.is_passing(), "{error}");
    }
}

#[test]
fn an_old_sample_is_stale_though_prometheus_shows_it() {
    let now = at("2026-03-02T00:10:00Z");
    let server = Server::new(move |_, path| {
        let value = if query(path)["query"] == POWER { 1e6 } else { (now.unix_s() - 121) as f64 };
        vector(now.unix_s(), &value.to_string())
    });
    let error = meter(&server).read(&ReadingOptions::new(now)).unwrap_err();
    assert!(matches!(error, AdapterError::Stale { age_s: 121, limit_s: 120, .. }), "{error}");
    // The age of a sum has to be asked for in words.
    let error = PrometheusMeter::new(server.url(), Settings::new("sum(site_power_watts)")).unwrap_err();
    assert!(error.to_string().contains("sampled_at"), "{error}");
    let settings = Settings::new("sum(site_power_watts)").sampled_at("min(timestamp(site_power_watts))");
    assert!(PrometheusMeter::new(server.url(), settings).is_ok());
}

/// Reads the text format strictly: `HELP` and `TYPE` once, before the samples of a name, samples of a name together, none
/// twice, labels escaped, values that are numbers, counters that end in `_total` and are not negative.
fn strict(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let (mut kinds, mut helped, mut done) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let (mut samples, mut current) = (BTreeMap::new(), String::new());
    if !text.ends_with('\n') {
        return Err("the last line has no end".into());
    }
    let is_name = |name: &str| {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
        name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
    };
    for line in text.lines() {
        let wrong = |why: &str| Err(format!("{why}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, _) = rest.split_once(' ').ok_or(format!("no help: {line}"))?;
            if !is_name(name) || !helped.insert(name.to_owned()) {
                return wrong("a name that is none, or has help twice");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(format!("no type: {line}"))?;
            if !["gauge", "counter"].contains(&kind) || kinds.insert(name.to_owned(), kind.to_owned()).is_some() {
                return wrong("a type that is none, or given twice");
            }
            if (kind == "counter") != name.ends_with("_total") {
                return wrong("counters, and only they, end in _total");
            }
            done.insert(std::mem::replace(&mut current, name.to_owned()));
        } else {
            let (key, value) = line.rsplit_once(' ').ok_or(format!("no value: {line}"))?;
            let (name, labels) = key.split_once('{').map_or((key, None), |(name, labels)| (name, Some(labels)));
            if name != current || done.contains(name) || !helped.contains(name) {
                return wrong("a sample outside of its group");
            }
            if let Some(labels) = labels {
                let inner = labels.strip_suffix('}').ok_or(format!("labels do not end: {line}"))?;
                let (label, text) = inner.split_once("=\"").ok_or(format!("no label: {line}"))?;
                let text = text.strip_suffix('"').ok_or(format!("a label does not end: {line}"))?;
                let bare = text.replace("\\\\", "").replace("\\\"", "").replace("\\n", "");
                if !is_name(label) || bare.contains(['"', '\\', '\n']) {
                    return wrong("a label that is not escaped");
                }
            }
            let number: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
            if kinds[name] == "counter" && (number.is_nan() || number < 0.0) {
                return wrong("a counter below 0");
            }
            if samples.insert(key.to_owned(), number).is_some() {
                return wrong("a sample twice");
            }
        }
    }
    Ok(samples)
}

#[test]
fn the_metrics_of_the_controller_are_the_text_format() {
    use eca_core::adapter::memory::{MemorySite, MemoryState};
    use eca_core::live::{Live, LiveSettings, Plant};
    use eca_core::{Battery, Horizon, ProblemDocument, Region};
    let start = at("2026-03-02T00:00:00Z");
    let mut document = ProblemDocument::new(Horizon::new(start, 30, 4).unwrap());
    let odd = "hall \"1\"\\north";
    let region = |name: &str| Region::new(name).import_limit_mw(4.0).overhead_mw(0.5).import_price_gbp_per_mwh(80.0);
    document.regions = vec![region(odd).carbon_g_per_kwh(100.0), region("b").carbon_g_per_kwh(100.0)];
    document.batteries.push(Battery::new("rack", odd, 1.0, 2.0).soc_mwh(1.0));
    let memory = MemorySite::new(document.clone());
    let mut plant = Plant::new(document).battery("rack", std::sync::Arc::new(memory.battery("rack").unwrap()));
    for name in [odd, "b"] {
        plant = plant.meter(name, std::sync::Arc::new(memory.meter(name).unwrap()));
    }
    let mut live = Live::new(plant, LiveSettings::default(), std::sync::Arc::new(MemoryState::default())).unwrap();
    let mut last = 0.0;
    for turn in 0..4 {
        let tick = live.tick(start.plus_min(15 * turn));
        let text = eca_adapters::controller::metrics(&live, &tick);
        let samples = strict(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(samples["eca_import_mw{region=\"hall \\\"1\\\"\\\\north\"}"], 0.5, "{text}");
        assert!(
            samples["eca_ticks_total"] > last && samples.contains_key("eca_battery_soc_mwh{battery=\"rack\"}"),
            "{text}"
        );
        last = samples["eca_ticks_total"];
    }
    // The reader itself is strict.
    for bad in [
        "eca_x 1\n",
        "# HELP a_total x\n# TYPE a_total counter\na_total -1\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 2\n",
    ] {
        assert!(strict(bad).is_err(), "{bad}");
    }
}
