//! Every figure of an event record computed again from the record alone: no event document, no meter file, no price file, and
//! no code of the library but its clock.

use eca_core::{SettlementDate, SettlementPeriod, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const M: i128 = 1_000_000;

/// The nearest whole number, half away from zero.
fn div(a: i128, b: i128) -> i128 {
    let (size, sign) = (a.abs() * 2 + b, a.signum());
    sign * (size / (2 * b))
}

/// `wh * rate` where the rate has millionths.
fn times(wh: i128, rate: i128) -> i128 {
    div(wh * rate, M)
}

fn int(value: &Value) -> i128 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number")).into()
}

fn maybe(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from)
}

fn micro(value: &Value) -> i128 {
    int(&json!(value.as_str().unwrap().parse::<eca_core::settle::Micro>().unwrap().millionths()))
}

fn num(value: i128) -> Value {
    json!(i64::try_from(value).unwrap())
}

fn or_null(value: Option<i128>) -> Value {
    value.map_or(Value::Null, num)
}

fn total(rows: &[Value], name: &str) -> i128 {
    rows.iter().map(|row| int(&row[name])).sum()
}

fn period(row: &Value) -> SettlementPeriod {
    let date: SettlementDate = row["settlement_date"].as_str().unwrap().parse().unwrap();
    SettlementPeriod::new(date, row["settlement_period"].as_u64().unwrap().try_into().unwrap()).unwrap()
}

fn rows(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The record with every figure computed again.
pub(crate) fn computed(record: &Value) -> Value {
    let mut made = record.clone();
    baseline(&mut made);
    submissions(&mut made);
    let mut periods = rows(&made["periods"]);
    let behind = rows(&made["evidence"]["periods"]);
    for (at, row) in periods.iter_mut().enumerate() {
        row["baseline_wh"] = made["baseline"]["periods"][at]["baseline_wh"].clone();
        one_period(&made, row, &behind[at]);
    }
    made["periods"] = json!(periods);
    let sources = rows(&made["evidence"]["workings"]["rebound"]);
    let mut rebound = rows(&made["rebound"]);
    for (at, row) in rebound.iter_mut().enumerate() {
        row["baseline_wh"] = made["baseline"]["periods"][periods.len() + at]["baseline_wh"].clone();
        one_rebound(row, &sources[at]);
    }
    made["rebound"] = json!(rebound);
    made["complete"] = json!(periods.iter().chain(&rebound).all(|row| row["quality"] == "actual"));
    totals(&mut made, &periods, &rebound);
    customer(&mut made, &periods, &rebound, &behind, &sources);
    evidence(&mut made, &periods, &behind);
    made
}

fn baseline(made: &mut Value) {
    let base = made["baseline"].clone();
    let workings = made["evidence"]["workings"].clone();
    let own: Vec<SettlementPeriod> = rows(&made["periods"]).iter().map(period).collect();
    let all: Vec<SettlementPeriod> = rows(&base["periods"]).iter().map(period).collect();
    let window: Vec<SettlementPeriod> = rows(&base["adjustment"]["window"]).iter().map(period).collect();
    let mut slots: Vec<SettlementPeriod> = all.iter().chain(&window).copied().collect();
    slots.sort_unstable();
    slots.dedup();
    let method = base["method"].as_str().unwrap();
    let mut mean: BTreeMap<SettlementPeriod, i128> = BTreeMap::new();
    for (number, set) in rows(&base["days"]).iter().enumerate() {
        let mine: Vec<SettlementPeriod> =
            slots.iter().filter(|slot| json!(slot.settlement_date()) == set["settlement_date"]).copied().collect();
        let days = rows(&workings["baseline_days"]);
        let mut days: Vec<Value> = days.into_iter().filter(|day| day["stands_for"] == set["settlement_date"]).collect();
        // By energy in the event, then by date: what the method leaves out is at the ends.
        let energy = |day: &Value| -> i128 {
            let volumes = rows(&day["net_wh"]);
            mine.iter().zip(&volumes).filter(|(slot, _)| own.contains(slot)).map(|(_, wh)| int(wh)).sum()
        };
        days.sort_by_key(|day| (energy(day), day["settlement_date"].as_str().unwrap().to_owned()));
        let days = match method {
            "mid_8_of_10" => days[1..days.len() - 1].to_vec(),
            "high_5_of_10" => days[days.len() - 5..].to_vec(),
            _ => days,
        };
        let mut used: Vec<&Value> = days.iter().map(|day| &day["settlement_date"]).collect();
        used.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
        made["baseline"]["days"][number]["used"] = json!(used);
        for (at, slot) in mine.iter().enumerate() {
            let sum: i128 = days.iter().map(|day| int(&day["net_wh"][at])).sum();
            mean.insert(*slot, div(sum, days.len().try_into().unwrap()));
        }
    }
    let (mut numerator, mut denominator, mut added) = (1, 1, 0);
    if !window.is_empty() {
        let metered: i128 = rows(&workings["window_wh"]).iter().map(int).sum();
        let unadjusted: i128 = window.iter().map(|slot| mean[slot]).sum();
        let moved = &mut made["baseline"]["adjustment"];
        moved["metered_wh"] = num(metered);
        moved["unadjusted_wh"] = num(unadjusted);
        if method == "ten_in_ten" {
            let percent = |name: &str| int(&base["params"][name]);
            let (low, high) = (percent("factor_min_percent"), percent("factor_max_percent"));
            (numerator, denominator) = (metered, unadjusted);
            for (limit, over) in [(low, metered * 100 < unadjusted * low), (high, metered * 100 > unadjusted * high)] {
                if over {
                    (numerator, denominator) = (limit, 100);
                }
            }
            moved["factor"] = json!({"numerator": num(numerator), "denominator": num(denominator)});
        } else {
            added = div(metered - unadjusted, window.len().try_into().unwrap());
        }
        moved["added_wh"] = num(added);
    }
    for (at, slot) in all.iter().enumerate() {
        let nominated = rows(&workings["nominated"]).into_iter().filter(|one| period(one) == *slot);
        let last = nominated.max_by_key(|one| one["submitted_at"].as_str().unwrap().to_owned());
        let row = &mut made["baseline"]["periods"][at];
        let unadjusted = match method {
            "zero" => 0,
            // The one volume of a fixed baseline is told by every period of it.
            "fixed" => int(&base["periods"][0]["unadjusted_wh"]),
            "nominated" => micro(&last.unwrap()["mwh"]),
            _ => mean[slot],
        };
        row["unadjusted_wh"] = num(unadjusted);
        row["baseline_wh"] = num(div(unadjusted * numerator, denominator) + added);
    }
}

fn submissions(made: &mut Value) {
    for row in made["evidence"]["submissions"].as_array_mut().unwrap() {
        let gate = period(row).gate_closure();
        let due = match row["flow"].as_str().unwrap() {
            "delivered_volume" => period(row).settlement_date().plus_days(2).midnight(),
            _ => gate,
        };
        let sent = row["sent_at"].as_str().map(|sent| sent.parse::<Timestamp>().unwrap());
        row["due"] = json!(due);
        row["in_force"] = json!(row["status"] == "accepted" && sent.is_some_and(|sent| sent < due));
    }
}

fn in_force(made: &Value, row: &Value, flow: &str) -> bool {
    let all = rows(&made["evidence"]["submissions"]);
    all.iter().any(|each| period(each) == period(row) && each["flow"] == flow && each["in_force"] == true)
}

fn retail(source: &Value) -> Option<i128> {
    let network = maybe(&source["network_charge_ugbp_per_mwh"]).unwrap_or(0);
    maybe(&source["import_price_ugbp_per_mwh"]).map(|price| price + network)
}

fn one_period(made: &Value, row: &mut Value, behind: &Value) {
    let wholesale = made["route"] == "wholesale_p415";
    let nominated = made["baseline"]["method"] == "nominated";
    let active = !wholesale || (in_force(made, row, "wman") && (!nominated || in_force(made, row, "sev")));
    let there = row["quality"] != "missing";
    let sign = if made["direction"] == "up" { -1 } else { 1 };
    let net = int(&row["import_wh"]) - int(&row["export_wh"]);
    let reduction = int(&row["baseline_wh"]) - net;
    let deviation = if active && there { times(reduction, int(&made["evidence"]["loss_factor_micro"])) } else { 0 };
    let committed = int(&row["committed_wh"]);
    let delivered = (sign * deviation).max(0);
    let truth = maybe(&row["counterfactual_wh"]).filter(|_| there).map(|plan| plan - net);
    row["active"] = json!(active);
    row["deviation_wh"] = num(deviation);
    row["delivered_wh"] = num(delivered);
    row["shortfall_wh"] = num(if there { (committed - delivered).max(0) } else { 0 });
    row["true_reduction_wh"] = or_null(truth);
    row["baseline_effect_wh"] = or_null(truth.map(|truth| deviation - truth));
    let (mut flows, compensated) = if there { cash(made, row, behind, sign * committed) } else { (vec![], 0) };
    let mut supplier = 0;
    if let Some(price) = maybe(&behind["supplier_compensation_price_ugbp_per_mwh"]) {
        supplier = times(compensated, price);
        if behind["regime"] == "direct_party_pays_supplier" {
            flows.push(flow("supplier_compensation", compensated, price, -supplier));
        }
    }
    row["cash_ugbp"] = num(total(&flows, "cash_ugbp"));
    row["flows"] = json!(flows);
    row["supplier_compensation_ugbp"] = num(supplier);
    let known = |rate: Option<i128>, wh: i128| or_null(rate.filter(|_| there).map(|rate| times(wh, rate)));
    row["avoided_import_ugbp"] = known(retail(behind), reduction);
    row["carbon_mg"] = known(maybe(&behind["carbon_ug_per_kwh"]), int(&row["import_wh"]));
    row["carbon_avoided_mg"] = known(maybe(&behind["carbon_ug_per_kwh"]), reduction);
    row["marginal_carbon_avoided_mg"] = known(maybe(&behind["marginal_carbon_ug_per_kwh"]), reduction);
}

fn flow(kind: &str, wh: i128, price: i128, cash: i128) -> Value {
    json!({"flow": kind, "volume_wh": num(wh), "price_ugbp_per_mwh": num(price), "cash_ugbp": num(cash)})
}

/// The flows of a period, and the volume that the supplier is compensated for.
fn cash(made: &Value, row: &Value, behind: &Value, committed: i128) -> (Vec<Value>, i128) {
    let (deviation, delivered) = (int(&row["deviation_wh"]), int(&row["delivered_wh"]));
    let price = int(&behind["price_ugbp_per_mwh"]);
    let system = || int(&behind["system_price_ugbp_per_mwh"]);
    let plain = |kind: &str, wh: i128, price: i128| flow(kind, wh, price, times(wh, price));
    match made["route"].as_str().unwrap() {
        "wholesale_p415" => {
            let sold = if in_force(made, row, "ecvn") { committed } else { 0 };
            (vec![plain("sale", sold, price), plain("imbalance", deviation - sold, system())], deviation)
        }
        "balancing_mechanism" => {
            let lost = (committed - deviation).clamp(committed.min(0), committed.max(0));
            let charge = times(lost, price - system()).max(0);
            let flows = vec![
                plain("acceptance", committed, price),
                flow("non_delivery", lost, price - system(), -charge),
                plain("imbalance", deviation - committed, system()),
            ];
            (flows, committed - lost)
        }
        "neso_dfs" => (vec![plain("utilisation", delivered.min(committed.abs()), price)], 0),
        _ => (distribution(made, behind, delivered, committed.abs(), price), 0),
    }
}

fn distribution(made: &Value, behind: &Value, delivered: i128, instructed: i128, price: i128) -> Vec<Value> {
    let mut flows = Vec::new();
    let held = maybe(&behind["available_w"]).zip(maybe(&behind["availability_price_ugbp_per_mw_h"]));
    if let Some((watts, rate)) = held {
        flows.push(flow("availability", watts, rate, div(watts * rate, 2 * M)));
    }
    let paid = delivered.min(instructed);
    // As a fraction: paid * price * f / 1e6, with f linear between the corners.
    let corners: Vec<(i128, i128)> = rows(&made["evidence"]["workings"]["pay_factor"])
        .iter()
        .map(|corner| (micro(&corner["delivered_frac"]), micro(&corner["paid_frac"])))
        .collect();
    let at = |x: i128| delivered * M <= x * instructed;
    let (above, below) = match (corners.first(), corners.last()) {
        (Some(first), _) if instructed == 0 || at(first.0) => (first.1, M),
        (Some(_), Some(last)) => {
            let next = corners.windows(2).find(|pair| at(pair[1].0));
            next.map_or((last.1, M), |pair| {
                let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                let width = (x1 - x0) * instructed;
                (y0 * width + (delivered * M - x0 * instructed) * (y1 - y0), width * M)
            })
        }
        _ => (1, 1),
    };
    flows.push(flow("utilisation", paid, price, div(paid * price * above, below * M)));
    flows
}

fn one_rebound(row: &mut Value, source: &Value) {
    let there = row["quality"] != "missing";
    let (import, net) = (int(&source["import_wh"]), int(&source["import_wh"]) - int(&source["export_wh"]));
    let above = if there { net - int(&row["baseline_wh"]) } else { 0 };
    let known = |rate: Option<i128>, wh: i128| or_null(rate.filter(|_| there).map(|rate| times(wh, rate)));
    row["metered_wh"] = num(net);
    row["rebound_wh"] = num(above);
    row["import_ugbp"] = known(retail(source), above);
    row["carbon_mg"] = known(maybe(&source["carbon_ug_per_kwh"]), import);
    row["carbon_avoided_mg"] = known(maybe(&source["carbon_ug_per_kwh"]), -above);
    row["marginal_carbon_avoided_mg"] = known(maybe(&source["marginal_carbon_ug_per_kwh"]), -above);
}

fn settled(rows: &[Value]) -> Vec<Value> {
    rows.iter().filter(|row| row["quality"] != "missing").cloned().collect()
}

fn totals(made: &mut Value, periods: &[Value], rebound: &[Value]) {
    let counted = settled(periods);
    let workings = made["evidence"]["workings"].clone();
    for name in ["committed_wh", "deviation_wh", "delivered_wh", "shortfall_wh", "cash_ugbp"] {
        made["totals"][name] = num(total(&counted, name));
    }
    made["totals"]["rebound_wh"] = num(total(rebound, "rebound_wh"));
    let site = times(int(&made["totals"]["cash_ugbp"]), int(&workings["site_frac_micro"]));
    made["totals"]["site_ugbp"] = num(site);
    made["totals"]["social_tariff_ugbp"] = num(times(site.max(0), int(&workings["social_tariff_frac_micro"])));
    let regimes: Vec<Value> = rows(&made["evidence"]["periods"]).iter().map(|each| each["regime"].clone()).collect();
    made["compensation"] = if regimes.iter().all(|regime| regime == "none") {
        Value::Null
    } else {
        let received = total(periods, "supplier_compensation_ugbp");
        let mutualised = regimes.iter().any(|regime| regime == "mutualised_by_suppliers");
        let own = maybe(&workings["supplier_final_demand_frac_micro"]).filter(|_| mutualised);
        let own = own.map(|part| times(received, part));
        let net = own.map(|own| received - own);
        json!({"received_ugbp": num(received), "own_part_ugbp": or_null(own), "net_ugbp": or_null(net)})
    };
    for (total, part) in [
        ("location_based_mg", "carbon_mg"),
        ("avoided_mg", "carbon_avoided_mg"),
        ("marginal_avoided_mg", "marginal_carbon_avoided_mg"),
    ] {
        let parts: Option<Vec<i128>> = counted.iter().chain(&settled(rebound)).map(|row| maybe(&row[part])).collect();
        made["carbon"][total] = or_null(parts.map(|parts| parts.iter().sum()));
    }
}

fn customer(made: &mut Value, periods: &[Value], rebound: &[Value], behind: &[Value], sources: &[Value]) {
    let (counted, after) = (settled(periods), settled(rebound));
    let unknown = counted.iter().any(|row| row["avoided_import_ugbp"].is_null())
        || after.iter().any(|row| row["import_ugbp"].is_null());
    if unknown {
        made["customer"] = Value::Null;
        return;
    }
    let priced = periods.iter().zip(behind).chain(rebound.iter().zip(sources));
    let before: i128 = priced
        .filter(|(row, _)| row["quality"] != "missing")
        .filter_map(|(row, source)| Some(times(int(&row["baseline_wh"]), retail(source)?)))
        .sum();
    let (avoided, extra) = (total(&counted, "avoided_import_ugbp"), total(&after, "import_ugbp"));
    let income = int(&made["totals"]["site_ugbp"]) - int(&made["totals"]["social_tariff_ugbp"]);
    let workings = made["evidence"]["workings"].clone();
    made["customer"] = json!({
        "avoided_import_ugbp": num(avoided), "rebound_ugbp": num(extra), "net_ugbp": num(income + avoided - extra),
        "cost_before_ugbp": num(before), "cost_after_ugbp": num(before - avoided + extra - income),
        "inferences_before": workings["inferences_before"], "inferences_after": workings["inferences_after"]
    });
}

fn evidence(made: &mut Value, periods: &[Value], behind: &[Value]) {
    let meter = made["meter_id"].as_str().unwrap().to_owned();
    let route = made["route"].as_str().unwrap().to_owned();
    for (row, each) in periods.iter().zip(made["evidence"]["periods"].as_array_mut().unwrap()) {
        let over = int(&row["delivered_wh"]) - int(&row["committed_wh"]);
        each["over_delivered_wh"] = num(over.max(0));
        each["gate_closure"] = json!(period(row).gate_closure());
        let (date, number) = (row["settlement_date"].as_str().unwrap(), &row["settlement_period"]);
        each["claim_id"] = json!(format!("{meter}/{date}/{number}/{route}"));
    }
    for name in ["it_wh", "facility_wh"] {
        let parts: Option<Vec<i128>> = behind.iter().map(|each| maybe(&each[name])).collect();
        made["evidence"][name] = or_null(parts.map(|parts| parts.iter().sum()));
    }
    let sign = if made["direction"] == "up" { -1 } else { 1 };
    for each in made["evidence"]["submissions"].as_array_mut().unwrap() {
        let row = periods.iter().find(|row| period(row) == period(each)).unwrap();
        each["volume_mwh"] = match each["flow"].as_str().unwrap() {
            "wman" => Value::Null,
            "ecvn" => json!(decimal(sign * int(&row["committed_wh"]) / 1000, 3)),
            "sev" => json!(decimal(div(-int(&row["baseline_wh"]), 100), 4)),
            _ => json!(decimal(div(int(&row["deviation_wh"]), 100), 4)),
        };
    }
    let run = made["run"].as_str().unwrap().to_owned();
    made["evidence"]["record_id"] = json!(format!("{}/{run}", made["event_id"].as_str().unwrap()));
    let totals = made["totals"].clone();
    made["evidence"]["retained_ugbp"] = num(int(&totals["cash_ugbp"]) - int(&totals["site_ugbp"]));
    for (name, cost, count) in [
        ("cost_before_ugbp_per_million_inferences", "cost_before_ugbp", "inferences_before"),
        ("cost_after_ugbp_per_million_inferences", "cost_after_ugbp", "inferences_after"),
    ] {
        let pair = maybe(&made["customer"][cost]).zip(maybe(&made["customer"][count]).filter(|count| *count > 0));
        made["evidence"][name] = or_null(pair.map(|(cost, count)| div(cost * M, count)));
    }
    let embodied = made["evidence"]["carbon"]["embodied_kg"].as_str().map(|kg| micro(&json!(kg)));
    let served = maybe(&made["evidence"]["workings"]["inferences_after"]).filter(|count| *count > 0);
    let emitted = maybe(&made["carbon"]["location_based_mg"]);
    made["evidence"]["workings"]["sci"] = match (emitted, embodied, served) {
        (Some(operational), Some(embodied), Some(served)) => {
            json!({"operational_mg": num(operational), "embodied_mg": num(embodied), "inferences": num(served)})
        }
        _ => Value::Null,
    };
}

/// A whole number of the last place as a decimal.
fn decimal(units: i128, places: u32) -> String {
    let base = 10_i128.pow(places);
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap();
    format!("{sign}{}.{:0width$}", units.abs() / base, units.abs() % base)
}
