//! The program `eca-controller` with sources of signals over HTTP.

use super::{at, folder};
use crate::http::{Reply, Server};
use eca_core::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// A day of the example as the two services would answer it: region, start, price, carbon.
fn day_server(csv: &str) -> Server {
    let mut rows: BTreeMap<String, Vec<(Timestamp, f64, f64)>> = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let row = (at(cells[0]), cells[2].parse().unwrap(), cells[3].parse().unwrap());
        rows.entry(cells[1].to_owned()).or_default().push(row);
    }
    Server::new(move |_, path| {
        let of = |marks: [&str; 2]| {
            if path.contains(marks[0]) {
                &rows["london"]
            } else {
                assert!(path.contains(marks[1]));
                &rows["north-scotland"]
            }
        };
        let list: Vec<String> = if path.contains("/standard-unit-rates/") {
            let rate = |(start, price, _): &(Timestamp, f64, f64)| {
                let end = start.plus_min(30);
                format!(
                    r#"{{"value_exc_vat":{0},"value_inc_vat":0,"valid_from":"{start}","valid_to":"{end}"}}"#,
                    price / 10.0
                )
            };
            of(["-C/", "-P/"]).iter().rev().map(rate).collect()
        } else {
            let period = |(start, _, g): &(Timestamp, f64, f64)| {
                format!(r#"{{"from":"{start}","to":"{}","intensity":{{"forecast":{g}}}}}"#, start.plus_min(30))
            };
            of(["/regionid/13", "/regionid/1"]).iter().map(period).collect()
        };
        let list = list.join(",");
        if path.contains("/standard-unit-rates/") {
            return Reply::ok(format!(r#"{{"count":1,"next":null,"previous":null,"results":[{list}]}}"#));
        }
        let id = if path.ends_with("/13") { 13 } else { 1 };
        Reply::ok(format!(r#"{{"data":{{"regionid":{id},"data":[{list}]}}}}"#))
    })
}

/// Runs the controller on the example, with these sources of signals, for four hours.
fn controller(name: &str, signals: &str) -> (Output, serde_json::Value) {
    let folder = folder(name);
    std::fs::create_dir_all(&folder).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    std::fs::copy(examples.join("live/site.json"), folder.join("site.json")).unwrap();
    let config = format!(
        "[site]\nproblem = \"site.json\"\n[controller]\nview_periods = 24\n[time]\ntick_s = 1800\n\
         start = \"2026-03-02T00:00:00Z\"\nend = \"2026-03-02T04:00:00Z\"\n{signals}\n[[clusters]]\nkind = \"memory\"\n\
         [[meters]]\nkind = \"memory\"\nregion = \"london\"\n[output]\nstatus = \"status.json\"\nevents = \"events\"\n"
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eca-controller")).arg(folder.join("config.toml")).output().unwrap();
    let status = std::fs::read_to_string(folder.join("status.json")).unwrap_or_else(|_| "null".into());
    (output, serde_json::from_str(&status).unwrap())
}

#[test]
fn the_controller_plans_the_same_over_http_as_from_a_file() {
    let csv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c/day.csv");
    let server = day_server(&std::fs::read_to_string(&csv).unwrap());
    let url = server.url();
    let cache = folder("controller_cache");
    let mut http = String::new();
    for (region, group) in [("london", "_C"), ("north-scotland", "_P")] {
        let at = format!("region = \"{region}\"\nbase_url = \"{url}\"\ncache = {cache:?}");
        http += &format!("[[signals]]\nkind = \"octopus\"\nproduct = \"AGILE-1\"\ngsp_group = \"{group}\"\n{at}\n");
        http += &format!("[[signals]]\nkind = \"neso\"\n{at}\n");
    }
    let (output, over_http) = controller("over_http", &http);
    assert!(output.status.success(), "{output:?}");
    let (_, from_file) = controller("from_file", &format!("[[signals]]\nkind = \"file\"\npath = {csv:?}"));
    assert_eq!(over_http["ledger"]["entries"], from_file["ledger"]["entries"], "{over_http:#}");
    assert!(over_http["ledger"]["entries"]["eca"]["cost_gbp"].as_f64().unwrap() > 0.0);
    // Offline from what was kept: nobody is asked, and a kept answer is as old as it is.
    let asked = server.asked().len();
    let offline = http.replace("cache =", "offline = true\ncache =");
    let (output, _) = controller("offline", &offline);
    assert!(output.status.success() && server.asked().len() == asked, "{output:?}");
}

#[test]
fn a_wrong_source_is_said_with_line_and_key() {
    let of = |text: &str| {
        let (output, _) = controller("wrong", &format!("[[signals]]\n{text}"));
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for (text, expected) in [
        (
            "kind = \"neso\"\nregion = \"hall-1\"",
            "line 11: `region`: is no region of the service; give `gsp_group`, one of _P north-scotland",
        ),
        ("kind = \"neso\"\nbase_url = \"localhost\"", "line 11: `base_url`: must begin with http:// or https://"),
        (
            "kind = \"neso\"\nvalue = \"real\"",
            "line 11: `value`: is `real`, must be forecast, actual or actual_else_forecast",
        ),
        ("kind = \"octopus\"", "line 10: `kind`: `octopus` needs the key `product`, which is missing"),
        ("kind = \"entsoe\"", "line 10: `kind`: is `entsoe`; this program was built with: file, neso,"),
    ] {
        let said = of(text);
        assert!(said.contains(expected), "{said}");
    }
}
