//! The page that the network operator gets: what was asked, agreed, delivered and paid, and how to check it.

use eca_examples::deg::site;
use serde_json::Value;
use std::fmt::Write;

const STYLE: &str = include_str!("report.css");

/// The page as one HTML file that needs nothing else.
pub fn page(story: &Value) -> String {
    let mut html = String::new();
    let totals = &story["record"]["totals"];
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let passed = story["audit"]["passed"] == true;
    let (verdict, class) = if passed { ("Audit passed", "good") } else { ("Audit failed", "bad") };
    let promised: f64 = periods(story).map(|period| number(&period["committed_wh"])).sum::<f64>() / 1e6;
    let delivered = number(&totals["delivered_wh"]) / 1e6;
    let price = number(&story["price_ugbp_per_mwh"]) / 1e6;
    let avoided = number(&story["record"]["carbon"]["avoided_mg"]) / 1e6;
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Flexibility event {day}</title><style>{STYLE}</style></head><body><main>\
         <header><p class=\"over\">Flexibility event · GSP group _C · {day}, 17:00 to 18:00</p>\
         <h1>10 MW asked for, {power:.1} MW agreed, {share:.0} % of it delivered</h1>\
         <p class=\"badge {class}\">{verdict}: {records} records</p></header>",
        day = site::DAY,
        power = promised,
        share = if promised > 0.0 { delivered / promised * 100.0 } else { 0.0 },
        records = story["audit"]["records"],
    );
    html += "<section class=\"tiles\">";
    for (label, value, note) in [
        ("Promised", format!("{promised:.2} <small>MWh</small>"), "in two half hours".to_owned()),
        (
            "Delivered",
            format!("{delivered:.2} <small>MWh</small>"),
            format!("shortfall {:.3} MWh", number(&totals["shortfall_wh"]) / 1e6),
        ),
        ("Price", format!("£{price:.2}<small>/MWh</small>"), "P415, agreed at 11:30".to_owned()),
        ("Paid by the buyer", pounds(&story["grid"][0]["amount_ugbp"]), "for the block that was sold".to_owned()),
        (
            "Carbon avoided",
            format!("{avoided:.0} <small>kg</small>").replace('-', "−"),
            "average intensity, with rebound".to_owned(),
        ),
        ("Social Tariff Fund", pounds(&totals["social_tariff_ugbp"]), "5 % of the site's part".to_owned()),
    ] {
        let _ = write!(html, "<div class=\"tile\"><span>{label}</span><strong>{value}</strong><em>{note}</em></div>");
    }
    html += "</section>";
    let _ = write!(html, "<section><h2>Import of the site</h2>{}</section>", chart(story));
    html += &ladder(story);
    html += &half_hours(story);
    html += &money(story);
    html += &conversation(story);
    let _ = writeln!(
        html,
        "<section><h2>Check it yourself</h2><p>The log, the keys and every message are files. Nothing in this page has to be believed:</p>\
         <pre>python -m eca audit out/demo-network/log --trust out/demo-network/trust.json</pre>\
         <p>Two programs that share no code with ECA do the same: signatures and tree, and every figure.</p>\
         <pre>python docs/verify.py out/demo-network/log out/demo-network/trust.json\npython docs/auditor.py out/demo-network/log</pre><pre>{}</pre>\
         <table class=\"keys\"><tr><th>Contract</th><td><code>{}</code></td></tr><tr><th>Transaction</th><td><code>{}</code></td></tr>\
         <tr><th>Reference (OBP)</th><td><code>{}</code></td></tr><tr><th>Hash of the terms</th><td><code>{}</code></td></tr></table>\
         <p class=\"small\">A demonstration: prices, intensities and meters are made up, and the keys are known to everybody. The sums follow \
         docs/settlement.md; they are not settlement advice.</p></section></main></body></html>",
        escaped(story["audit"]["text"].as_str().unwrap_or_default()),
        text(&story["contract"]),
        text(&story["transaction"]),
        text(&story["obp_id"]),
        text(&story["terms_sha256"]),
    );
    html
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or("–"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn pounds(ugbp: &Value) -> String {
    let pence = (ugbp.as_f64().unwrap_or_default() / 1e4).round();
    let sign = if pence < 0.0 { "−" } else { "" };
    format!("{sign}£{:.2}", pence.abs() / 100.0)
}

fn periods(story: &Value) -> impl Iterator<Item = &Value> {
    story["periods"].as_array().into_iter().flatten()
}

fn notes<'a>(story: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let notes = story["notes"].as_array().into_iter().flatten();
    notes.filter(move |note| note["key"] == key).map(|note| &note["value"])
}

fn series(value: &Value) -> Vec<(usize, f64)> {
    value.as_array().into_iter().flatten().enumerate().filter_map(|(t, mw)| Some((t, mw.as_f64()?))).collect()
}

/// Plan before, plan agreed, meter, and the baseline of the event, as steps.
fn chart(story: &Value) -> String {
    const LEFT: f64 = 46.0;
    const TOP: f64 = 16.0;
    const WIDTH: f64 = 880.0;
    const HEIGHT: f64 = 250.0;
    let metered: Vec<(usize, f64)> =
        notes(story, "metered").filter_map(|note| Some((note["t"].as_u64()? as usize, note["mw"].as_f64()?))).collect();
    let baseline: Vec<(usize, f64)> = periods(story)
        .enumerate()
        .filter_map(|(i, p)| Some((site::EVENT.0 + i, p["baseline_wh"].as_f64()? / 0.5e6)))
        .collect();
    let x = |t: usize| LEFT + t as f64 / site::PERIODS as f64 * WIDTH;
    let y = |mw: f64| TOP + HEIGHT * (1.0 - mw / 18.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"import of the site by half hour\"><rect class=\"event\" x=\"{}\" y=\"{TOP}\" width=\"{}\" height=\"{HEIGHT}\"/>",
        LEFT + WIDTH + 24.0,
        TOP + HEIGHT + 30.0,
        x(site::EVENT.0),
        x(site::EVENT.0 + site::EVENT.1) - x(site::EVENT.0),
    );
    for mw in [0.0, 4.0, 8.0, 12.0, 16.0] {
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{1}\" y2=\"{1}\"/><text x=\"{2}\" y=\"{3}\" class=\"end\">{mw:.0}</text>",
            LEFT + WIDTH,
            y(mw),
            LEFT - 6.0,
            y(mw) + 4.0
        );
    }
    for hour in (0..=24).step_by(3) {
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" class=\"middle\">{hour:02}:00</text>",
            x(2 * hour),
            TOP + HEIGHT + 18.0
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"11\">MW</text><text x=\"{}\" y=\"11\" class=\"middle strong\">event</text>",
        (x(site::EVENT.0) + x(site::EVENT.0 + site::EVENT.1)) / 2.0
    );
    for (class, points) in [
        ("before", series(&story["base_mw"])),
        ("agreed", series(&story["agreed_mw"])),
        ("baseline", baseline),
        ("meter", metered),
    ] {
        let mut path = String::new();
        let mut last = None;
        for (t, mw) in points {
            let join = if last == Some(t) { 'L' } else { 'M' };
            let _ = write!(path, "{join}{:.1} {2:.1}L{:.1} {2:.1}", x(t), x(t + 1), y(mw));
            last = Some(t + 1);
        }
        let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
    }
    svg + "</svg><p class=\"legend\"><span class=\"before\">planned before</span><span class=\"agreed\">planned after the contract</span>\
           <span class=\"baseline\">baseline (bl01)</span><span class=\"meter\">meter</span></p>"
}

fn ladder(story: &Value) -> String {
    let mut html = "<section><h2>What was offered</h2><table><tr><th class=\"l\">Offer</th><th>Power</th><th>Plan costs more</th><th>Price</th><th></th></tr>".to_owned();
    for (i, rung) in notes(story, "ladder").enumerate() {
        let price = rung["price_gbp_per_mwh"].as_f64().unwrap_or_default();
        let taken = (price * 1e6 - story["price_ugbp_per_mwh"].as_f64().unwrap_or_default()).abs() < 0.5;
        let _ = write!(
            html,
            "<tr{}><td class=\"l\">{}</td><td>{:.1} MW</td><td>£{:.2}</td><td>£{price:.2}/MWh</td><td class=\"l\">{}</td></tr>",
            if taken { " class=\"taken\"" } else { "" },
            i + 1,
            rung["kw"].as_f64().unwrap_or_default() / 1e3,
            rung["extra_gbp"].as_f64().unwrap_or_default(),
            if taken { "agreed" } else { "" },
        );
    }
    html + "</table><p class=\"small\">Each price compares plans of the whole day with the offer and without it, every promise to users kept; £20/MWh of \
            margin are added. The buyer takes the most energy within its price limit of £250/MWh.</p></section>"
}

fn half_hours(story: &Value) -> String {
    let mut html = "<section><h2>Delivery by half hour</h2><table><tr><th class=\"l\">Settlement period</th><th>Baseline</th><th>Meter</th><th>Reduction</th><th>Mean power</th><th>Promised</th><th>Shortfall</th></tr>".to_owned();
    let mwh = |value: &Value| format!("{:.3} MWh", value.as_f64().unwrap_or_default() / 1e6);
    // Half an hour: twice the MWh.
    let mw = |value: &Value| format!("{:.2} MW", value.as_f64().unwrap_or_default() / 0.5e6);
    let name = |period: &Value| format!("{} SP{}", text(&period["settlement_date"]), period["settlement_period"]);
    for period in story["record"]["periods"].as_array().into_iter().flatten() {
        let _ = write!(
            html,
            "<tr><td class=\"l\">{}</td><td>{}</td><td>{}</td><td><b>{}</b></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            name(period),
            mwh(&period["baseline_wh"]),
            mwh(&period["import_wh"]),
            mwh(&period["deviation_wh"]),
            mw(&period["deviation_wh"]),
            mwh(&period["committed_wh"]),
            mwh(&period["shortfall_wh"]),
        );
    }
    let mut rebound_wh = 0.0;
    for period in story["record"]["rebound"].as_array().into_iter().flatten() {
        let _ = write!(
            html,
            "<tr class=\"dim\"><td class=\"l\">{} after the event</td><td>{}</td><td>{}</td><td>−{}</td><td>−{}</td><td></td><td></td></tr>",
            name(period),
            mwh(&period["baseline_wh"]),
            mwh(&period["metered_wh"]),
            mwh(&period["rebound_wh"]),
            mw(&period["rebound_wh"]),
        );
        rebound_wh += period["rebound_wh"].as_f64().unwrap_or_default();
    }
    html += "</table>";
    let soc: Vec<String> = notes(story, "soc")
        .map(|note| {
            format!(
                "{} at {}",
                format_args!("{:.0} kWh", note["soc_kwh"].as_f64().unwrap_or_default()),
                text(&note["time"]).get(11..16).unwrap_or_default()
            )
        })
        .collect();
    let _ = write!(
        html,
        "<p class=\"small\">Rebound: in the hour after the event the site used {:.2} MWh more than its baseline; the break that its plan had there \
         came an hour earlier. Reserve: the battery next door held {}. It took 0.6 MW of the first half hour, in which training stopped late.</p></section>",
        rebound_wh / 1e6,
        soc.join(", ")
    );
    html
}

fn money(story: &Value) -> String {
    let record = &story["record"];
    let mut html =
        "<section><h2>Settlement (P415, run SF)</h2><table><tr><th class=\"l\">Flow</th><th>Amount</th></tr>"
            .to_owned();
    let flows = |index: usize| -> f64 {
        let periods = record["periods"].as_array().into_iter().flatten();
        periods.map(|period| period["flows"][index]["cash_ugbp"].as_f64().unwrap_or_default()).sum()
    };
    for (label, amount, class) in [
        ("Block sold to the buyer", Value::from(flows(0)), ""),
        ("Imbalance: delivered beyond or short of the block, at the imbalance price", Value::from(flows(1)), ""),
        ("Trading party", record["totals"]["cash_ugbp"].clone(), "taken"),
        ("of it to the site", record["totals"]["site_ugbp"].clone(), ""),
        ("of that to the Social Tariff Fund", record["totals"]["social_tariff_ugbp"].clone(), ""),
        ("Supplier compensation, funded by all suppliers", record["compensation"]["received_ugbp"].clone(), "dim"),
        ("Import the site did not buy", record["customer"]["avoided_import_ugbp"].clone(), "dim"),
        ("Rebound the site bought later", record["customer"]["rebound_ugbp"].clone(), "dim"),
    ] {
        let _ = write!(html, "<tr class=\"{class}\"><td class=\"l\">{label}</td><td>{}</td></tr>", pounds(&amount));
    }
    html + "</table></section>"
}

fn conversation(story: &Value) -> String {
    let mut html = "<section><h2>What was said</h2><table class=\"talk\">".to_owned();
    for line in story["lines"].as_array().into_iter().flatten() {
        let time = line["time"].as_str().unwrap_or_default();
        let _ = write!(
            html,
            "<tr class=\"{}\"><td>{}</td><td>{}</td><td class=\"l\">{}</td></tr>",
            text(&line["kind"]),
            escaped(&time.replace('T', " ").replace('Z', "")),
            text(&line["who"]),
            text(&line["text"]),
        );
    }
    html + "</table></section>"
}
