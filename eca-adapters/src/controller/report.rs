//! Metrics and status.

use eca_core::live::{Live, Tick};
use serde_json::{Value, json};
use std::fmt::Write;

/// Metrics in the text form of Prometheus.
#[must_use]
pub fn metrics(live: &Live, tick: &Tick) -> String {
    let mut text = String::new();
    let totals = live.totals();
    let mut put = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    // Counters are far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    let number = |n: u64| n as f64;
    #[allow(clippy::cast_precision_loss)]
    let second = |s: i64| s as f64;
    let alone = |value: f64| vec![(String::new(), value)];
    put("eca_last_tick_unix_s", "gauge", "Instant of the last turn.", &alone(second(tick.at.unix_s())));
    put("eca_shadow", "gauge", "1 where nothing is acted on.", &alone(f64::from(u8::from(tick.shadow))));
    put("eca_stopped", "gauge", "1 while the kill switch is on.", &alone(f64::from(u8::from(tick.stopped.is_some()))));
    put("eca_ticks_total", "counter", "Turns.", &alone(number(totals.ticks)));
    let plans = totals.plans.iter().map(|(source, n)| (format!("{{source=\"{source}\"}}"), number(*n)));
    put("eca_plans_total", "counter", "Plans by where they came from.", &plans.collect::<Vec<_>>());
    put("eca_actions_done_total", "counter", "Commands that were carried out.", &alone(number(totals.done)));
    put("eca_actions_failed_total", "counter", "Commands that were not.", &alone(number(totals.failed)));
    put("eca_problems_total", "counter", "Problems said in the log.", &alone(number(totals.problems)));
    let lost = number(u64::try_from(tick.lost.len()).unwrap_or(0));
    put("eca_batteries_lost", "gauge", "Batteries given up because they did not follow.", &alone(lost));
    let label = |name: &dyn std::fmt::Display, key: &str| format!("{{{key}=\"{}\"}}", escape(&name.to_string()));
    let soc = tick.storage.iter().map(|(id, reading)| (label(id, "battery"), reading.soc_mwh));
    put("eca_battery_soc_mwh", "gauge", "Stored energy, MWh.", &soc.collect::<Vec<_>>());
    let power = tick.storage.iter().map(|(id, reading)| (label(id, "battery"), reading.net_mw()));
    put("eca_battery_mw", "gauge", "Power at the grid terminals, MW, charge positive.", &power.collect::<Vec<_>>());
    let import = tick.meters.iter().map(|(id, reading)| (label(id, "region"), reading.import_mw));
    put("eca_import_mw", "gauge", "Power from the grid, MW.", &import.collect::<Vec<_>>());
    let ledger = live.ledger();
    let cost = ledger.entries.iter().map(|(name, entry)| (label(name, "who"), entry.cost_gbp));
    put("eca_cost_gbp", "gauge", "Paid so far, GBP.", &cost.collect::<Vec<_>>());
    let carbon = ledger.entries.iter().map(|(name, entry)| (label(name, "who"), entry.carbon_kg));
    put("eca_carbon_kg", "gauge", "Emitted so far, kg.", &carbon.collect::<Vec<_>>());
    put("eca_saved_gbp", "gauge", "What ECA saved, in shadow mode would have saved, GBP.", &alone(live.saved_gbp()));
    put("eca_saved_kg", "gauge", "What ECA avoided, in shadow mode would have avoided, kg.", &alone(live.saved_kg()));
    text
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The status, one JSON object.
pub(super) fn status(live: &Live, tick: &Tick) -> Value {
    let ledger = live.ledger();
    json!({
        "format": "eca-controller-status/1",
        "tick": tick,
        "totals": live.totals(),
        "holds": live.holds(),
        "ledger": ledger,
        "saved_gbp": live.saved_gbp(),
        "saved_kg": live.saved_kg(),
    })
}
