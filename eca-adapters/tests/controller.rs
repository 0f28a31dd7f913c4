//! The program `eca-controller`: a day in shadow mode, a day that acts, orders from outside, restarts, wrong files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with the example site, its day and a configuration.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, changes: &[(&str, &str)]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        fs::copy(examples.join("live/site.json"), folder.join("site.json")).unwrap();
        fs::copy(examples.join("c/day.csv"), folder.join("day.csv")).unwrap();
        let mut text = fs::read_to_string(examples.join("live/shadow.toml")).unwrap();
        for (old, new) in [("../c/day.csv", "day.csv"), ("../../out/live/shadow/", ""), ("../../out/live/", "")] {
            text = text.replace(old, new);
        }
        for (old, new) in changes {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        fs::write(folder.join("config.toml"), text).unwrap();
        Self(folder)
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_eca-controller")).arg(self.0.join("config.toml")).output().unwrap()
    }

    fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.0.join("events.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn status(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.0.join("status.json")).unwrap()).unwrap()
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn near(value: &Value, expected: f64, tolerance: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() <= tolerance
}

/// Minutes of the ticks: fewer turns, the same periods.
const HALF_HOURS: (&str, &str) = ("tick_s = 300", "tick_s = 1800");

#[test]
fn a_day_in_shadow_mode_acts_on_nothing_and_says_what_it_would_have_saved() {
    let folder = Folder::new("shadow_day", &[HALF_HOURS]);
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    let events = folder.events();
    assert_eq!(events.len(), 49); // 48 turns and the close
    assert!(events.iter().all(|e| e["deliveries"] == Value::Array(vec![]) && e["problems"] == Value::Array(vec![])));
    assert!(events[..48].iter().all(|e| e["planned"]["check_passed"] == true));
    let status = folder.status();
    let entry = |who: &str, what: &str| status["ledger"]["entries"][who][what].clone();
    // The site in memory runs every job at once, and shares no code with the ledger's own run-at-once: registers show
    // whole Wh, which is all that they may differ by.
    let site_gbp = entry("site", "cost_gbp").as_f64().unwrap();
    assert!(near(&entry("run_at_once", "cost_gbp"), site_gbp, 0.02), "{status:#}");
    assert!(near(&entry("run_at_once", "carbon_kg"), entry("site", "carbon_kg").as_f64().unwrap(), 0.02));
    // The first plan of the day saw the whole day: what was paid in the end is what it promised, apart from the battery,
    // whose end is open in every plan.
    let promised = events[0]["planned"]["cost_gbp"].as_f64().unwrap();
    assert!(near(&entry("eca", "cost_gbp"), promised, 0.05 * promised), "{status:#}");
    assert!(near(&status["saved_gbp"], site_gbp - entry("eca", "cost_gbp").as_f64().unwrap(), 1e-6));
    assert!(status["saved_gbp"].as_f64().unwrap() > 0.3 * site_gbp);
    let metrics = fs::read_to_string(folder.0.join("metrics.prom")).unwrap();
    assert!(metrics.contains("\neca_shadow 1\n") && metrics.contains("\neca_ticks_total 48\n"), "{metrics}");
}

#[test]
fn a_day_that_acts_follows_the_plan() {
    let folder = Folder::new("acting_day", &[HALF_HOURS, ("mode = \"shadow\"", "mode = \"act\"")]);
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    let events = folder.events();
    let deliveries: Vec<&Value> = events.iter().flat_map(|e| e["deliveries"].as_array().unwrap()).collect();
    assert!(deliveries.len() > 48 && deliveries.iter().all(|d| d["answer"] == "done" && d["error"].is_null()));
    // Without ECA the site would have paid what it pays in shadow mode, where its jobs start by themselves.
    let alone = Folder::new("alone_day", &[HALF_HOURS]);
    assert!(alone.run().status.success());
    let (status, alone) = (folder.status(), alone.status());
    let without = &alone["ledger"]["entries"]["site"]["cost_gbp"];
    assert!(near(&status["ledger"]["entries"]["run_at_once"]["cost_gbp"], without.as_f64().unwrap(), 0.02));
    let saved = without.as_f64().unwrap() - status["ledger"]["entries"]["site"]["cost_gbp"].as_f64().unwrap();
    assert!(saved > 0.0 && near(&status["saved_gbp"], saved, 0.02), "{status:#}");
    let metrics = fs::read_to_string(folder.0.join("metrics.prom")).unwrap();
    assert!(metrics.contains("\neca_cost_gbp{who=\"run_at_once\"} "), "{metrics}");
    // No command twice, and the battery had a set point in each of 48 periods.
    let ids: std::collections::BTreeSet<&str> =
        deliveries.iter().map(|d| d["action"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), deliveries.len());
    let to_battery = deliveries.iter().filter(|d| d["action"]["target"]["battery"]["id"] == "rack").count();
    assert_eq!(to_battery, 48);
    // Meters: London and Scotland together used the energy of all jobs, overheads and the losses of the battery.
    let last = events.last().unwrap();
    let wh: f64 = ["london", "north-scotland"].iter().map(|r| last["meters"][r]["import_wh"].as_f64().unwrap()).sum();
    let it_mwh = 4.0 * 2.5 + 3.0 * 6.0 + 3.0 * 0.5 * 2.0;
    let least = 1.10 * it_mwh + 0.5 * 24.0 - 1.6;
    assert!(wh / 1e6 > least && wh / 1e6 < 1.15 * it_mwh + 0.5 * 24.0 + 2.0, "{wh}");
}

#[test]
fn the_kill_switch_sends_rest_to_batteries_and_nothing_else() {
    let folder = Folder::new("stopped", &[HALF_HOURS, ("mode = \"shadow\"", "mode = \"act\"")]);
    fs::write(folder.0.join("stop"), "maintenance\n").unwrap();
    assert!(folder.run().status.success());
    let events = folder.events();
    assert!(events[..48].iter().all(|e| e["stopped"] == "maintenance"));
    for delivery in events.iter().flat_map(|e| e["deliveries"].as_array().unwrap()) {
        assert_eq!(delivery["action"]["command"], "idle");
    }
}

#[test]
fn a_restart_goes_on_with_the_same_keys() {
    let half = ("end = \"2026-03-03T00:00:00Z\"", "end = \"2026-03-02T12:10:00Z\"");
    let act = ("mode = \"shadow\"", "mode = \"act\"");
    let folder = Folder::new("restart", &[("tick_s = 300", "tick_s = 600"), act, half]);
    assert!(folder.run().status.success());
    let first = folder.events();
    let config = fs::read_to_string(folder.0.join("config.toml")).unwrap();
    let config = config.replace("start = \"2026-03-02T00:00:00Z\"", "start = \"2026-03-02T12:10:00Z\"");
    fs::write(folder.0.join("config.toml"), config.replace("12:10:00Z\"\n\n", "12:20:00Z\"\n\n")).unwrap();
    assert!(folder.run().status.success());
    let all = folder.events();
    // Same period: nothing is planned anew after the restart, and generations go on.
    let second = &all[first.len()..];
    assert!(second.iter().all(|e| e["planned"].is_null()), "{second:#?}");
    let total = folder.status()["totals"]["ticks"].as_u64().unwrap();
    assert!(total as usize >= first.len() - 1, "{total}");
}

#[test]
fn what_is_wrong_in_a_configuration_is_said_with_line_and_key() {
    let cases = [
        (("tick_s = 300", "tick_s = 0"), "line 14: `tick_s`: 0 s must be 1 to 3600"),
        (("tick_s = 300", "tick = 300"), "line 14: `tick`: unknown field `tick`"),
        (("view_periods = 48", "view_periods = \"48\""), "line 10: `view_periods`: invalid type"),
        (("mode = \"shadow\"", "mode = \"real\""), "line 9: `mode`: is `real`, must be `shadow` or `act`"),
        (("id = \"rack\"", "id = \"rick\""), "`id`: the site has no battery `rick`; known: rack"),
        (("kind = \"file\"", "kind = \"fax\""), "`kind`: is `fax`; this program was built with: file"),
        (("path = \"day.csv\"", ""), "`kind`: `file` needs the key `path`, which is missing"),
        (("start = \"2026-03-02T00:00:00Z\"", "start = \"noon\""), "`start`: time stamp `noon`: is not a time"),
        (("problem = \"site.json\"", "problem = \"none.json\""), "line 6: `problem`: "),
        (("[time]", "[time"), "line 13"),
    ];
    for (i, (change, expected)) in cases.into_iter().enumerate() {
        let folder = Folder::new(&format!("wrong_{i}"), &[change]);
        let output = folder.run();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(expected), "{} lacks {expected}", text(&output));
    }
}
