//! Bad documents are refused at the border, with the object, the field, the value and the unit; no solver is called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_core::ErrorKind::{self, *};
use eca_core::Problem;
use serde_json::{Value, json};

/// A document with one of everything.
fn good() -> Value {
    json!({
        "format": "eca-problem/1",
        "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 60, "periods": 4},
        "regions": [
            {
                "id": "london", "it_capacity_mw": 4.0, "overhead_mw": 0.5, "pue_slope": 1.2, "import_limit_mw": 10.0,
                "import_price_gbp_per_mwh": [80.0, 60.0, 50.0, 90.0], "carbon_g_per_kwh": [200.0, 150.0, 100.0, 180.0],
                "solar_mw": [0.0, 0.1, 0.2, 0.1], "congestion_limit_mw": 9.0
            },
            {
                "id": "fife", "it_capacity_mw": 2.0, "import_limit_mw": 5.0, "import_price_gbp_per_mwh": 40.0,
                "carbon_g_per_kwh": 30.0, "renewable_share_frac": 0.8
            }
        ],
        "batteries": [{"id": "cell", "region": "london", "power_capacity_mw": 1.0, "energy_capacity_mwh": 2.0}],
        "jobs": [
            {"id": "embed", "inferences": 2e6, "points": [{"power_mw": 1.0, "inferences_per_h": 1e6}]},
            {
                "id": "train", "gpu_hours": 2.0, "points": [{"power_mw": 1.0, "gpu_hours_per_h": 1.0}],
                "preemptible": true, "migration": {"cost_gbp": 1.0, "periods": 0, "energy_mwh": 0.0}
            }
        ],
        "services": [
            {"id": "chat", "demand_inferences": 1e5, "points": [{"wh_per_inference": 0.3, "latency_ms": 20.0}],
             "latency_limit_ms": 100.0, "network_latency_ms": {"london": 5.0, "fife": 30.0}}
        ],
        "carbon_caps": [{"id": "day", "metric": "kg", "limit": 1e6}]
    })
}

/// The good document with one value put in at a JSON pointer; `null` for a missing parent is a mistake of the table.
fn with(pointer: &str, value: Value) -> String {
    let mut document = good();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let place = document.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    match place {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(items) => match key.parse::<usize>() {
            Ok(at) => items[at] = value,
            Err(_) => items.push(value),
        },
        _ => panic!("{pointer} is in no object or array"),
    }
    document.to_string()
}

#[track_caller]
fn refused(text: &str, kind: ErrorKind, fragments: &[&str]) {
    let error = Problem::from_json(text).expect_err(text);
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    for fragment in fragments {
        assert!(message.contains(fragment), "`{message}` does not say `{fragment}`");
    }
    assert!(!message.ends_with('.'), "{message}");
}

#[test]
fn the_good_document_is_taken() {
    let problem = Problem::from_json(&good().to_string()).unwrap();
    assert!(problem.warnings().is_empty(), "{:?}", problem.warnings());
    let again = Problem::from_json(&problem.to_json().unwrap()).unwrap();
    assert_eq!(again.hash(), problem.hash());
}

/// Where, what, and how it is refused. `Problem::from_json` returns an error, so nothing is left that could be solved.
#[test]
fn bad_values_are_refused_with_object_field_value_and_unit() {
    let job = |fields: Value| {
        let mut job = json!({"id": "x", "gpu_hours": 1.0, "points": [{"power_mw": 1.0, "gpu_hours_per_h": 1.0}]});
        job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        job
    };
    let state = |fields: Value| {
        let mut state = json!({"region": "london", "point": 0});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        job(json!({"state": state}))
    };
    let cap = |fields: Value| {
        let mut cap = json!({"id": "x", "metric": "kg", "limit": 1.0});
        cap.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        cap
    };
    let table: Vec<(&str, Value, ErrorKind, &[&str])> = vec![
        // The document itself.
        ("/format", json!("eca-problem/2"), Document, &["format", "`eca-problem/2` is not `eca-problem/1`"]),
        ("/colour", json!(1), Document, &["unknown field `colour`"]),
        ("/opportunities", json!([{}]), Document, &["opportunities[0]", "missing field"]),
        ("/commitments", json!([{}]), Document, &["commitments[0]", "missing field"]),
        ("/commitments", json!([[1]]), Document, &["commitments[0]"]),
        ("/targets", json!([{}]), Document, &["targets[0]", "id"]),
        (
            "/horizon",
            json!(["2026-03-02T00:00:00Z", 30, 4]),
            Document,
            &["horizon", "must be an object with named fields"],
        ),
        ("/jobs/0/points/0", json!([5.0, 15.5e6, null]), Document, &["jobs[0].points[0]", "named fields"]),
        ("/regions", json!([]), Value, &["problem has regions = 0", "at least one region"]),
        ("/regions", json!({}), Document, &["regions"]),
        // Horizon.
        ("/horizon/step_min", json!(20), Value, &["horizon has step_min = 20 min", "must be 5, 15, 30 or 60"]),
        ("/horizon/periods", json!(0), Value, &["horizon has periods = 0 periods", "1 to 20000"]),
        ("/horizon/periods", json!(20_001), Value, &["20001"]),
        (
            "/horizon/start",
            json!("2026-03-02T00:30:00Z"),
            Time,
            &["not on the UTC grid of 60 min", "2026-03-02T00:00:00Z"],
        ),
        ("/horizon/start", json!("2026-03-02T00:00:00"), Document, &["horizon.start", "write Z or +00:00"]),
        ("/horizon/start", json!("yesterday"), Document, &["horizon.start", "is not a time"]),
        ("/horizon/step_s", json!(60), Document, &["unknown field `step_s`"]),
        // Regions.
        ("/regions/1/id", json!("london"), Duplicate, &["region `london` is defined twice"]),
        ("/regions/1/id", json!(" "), Value, &["a region has id", "must be a name"]),
        (
            "/regions/0/it_capacity_mw",
            json!(-1.0),
            Value,
            &["region `london` has it_capacity_mw = -1 MW, must be at least 0"],
        ),
        ("/regions/0/overhead_mw", json!([0.5, -0.5, 0.5, 0.5]), Value, &["overhead_mw[1] = -0.5 MW"]),
        ("/regions/0/pue_slope", json!(0.9), Value, &["pue_slope = 0.9 MW/MW, must be at least 1"]),
        ("/regions/0/pue_slope", json!(11.0), Value, &["pue_slope = 11 MW/MW, must be at most 10"]),
        ("/regions/0/import_limit_mw", json!(-5.0), Value, &["import_limit_mw = -5 MW"]),
        ("/regions/0/nonfirm_import_mw", json!(-5.0), Value, &["nonfirm_import_mw = -5 MW"]),
        ("/regions/0/export_limit_mw", json!(2e6), Value, &["export_limit_mw = 2000000 MW, must be at most 1000000"]),
        ("/regions/0/congestion_limit_mw", json!(-1), Value, &["congestion_limit_mw = -1 MW"]),
        ("/regions/0/solar_mw", json!([0.0, 0.0, -0.2, 0.0]), Value, &["solar_mw[2] = -0.2 MW"]),
        ("/regions/0/demand_charge_gbp_per_mw", json!(-1.0), Value, &["demand_charge_gbp_per_mw = -1 GBP/MW"]),
        (
            "/regions/0/import_price_gbp_per_mwh",
            json!([80.0, 60.0, 50.0]),
            Length,
            &["region `london` has 3 values in import_price_gbp_per_mwh, the horizon has 4 periods"],
        ),
        ("/regions/0/import_price_gbp_per_mwh", json!([80.0, 60.0, 50.0, 90.0, 90.0]), Length, &["5 values"]),
        ("/regions/0/import_price_gbp_per_mwh", json!([]), Length, &["0 values"]),
        (
            "/regions/0/import_price_gbp_per_mwh",
            json!([80.0, null, 50.0, 90.0]),
            Document,
            &["regions[0].import_price_gbp_per_mwh[1]", "null is not a number", "gap policy"],
        ),
        ("/regions/0/import_price_gbp_per_mwh", json!(null), Document, &["regions[0].import_price_gbp_per_mwh"]),
        ("/regions/0/import_price_gbp_per_mwh", json!("80"), Document, &["a number or an array"]),
        ("/regions/0/import_price_gbp_per_mwh", json!(1e7), Value, &["10000000 GBP/MWh, must be at most 1000000"]),
        ("/regions/0/export_price_gbp_per_mwh", json!(-1e7), Value, &["-10000000 GBP/MWh, must be at least -1000000"]),
        ("/regions/0/network_charge_gbp_per_mwh", json!(-1.0), Value, &["network_charge_gbp_per_mwh = -1 GBP/MWh"]),
        ("/regions/0/congestion_gbp_per_mwh", json!([1.0, 2.0]), Length, &["congestion_gbp_per_mwh"]),
        ("/regions/0/carbon_g_per_kwh", json!(-10.0), Value, &["carbon_g_per_kwh = -10 g/kWh"]),
        ("/regions/0/carbon_g_per_kwh", json!(200_000.0), Value, &["200000 g/kWh, must be at most 5000"]),
        ("/regions/0/marginal_carbon_g_per_kwh", json!(6000.0), Value, &["marginal_carbon_g_per_kwh = 6000 g/kWh"]),
        ("/regions/0/renewable_share_frac", json!(80.0), Value, &["renewable_share_frac = 80", "at most 1"]),
        ("/regions/0/import_price", json!(1.0), Document, &["regions[0]", "unknown field `import_price`"]),
        // Batteries.
        (
            "/batteries/0/region",
            json!("leeds"),
            Unknown,
            &["battery `cell` names region `leeds`", "known: `london`, `fife`"],
        ),
        ("/batteries/0/power_capacity_mw", json!(-1.0), Value, &["battery `cell` has power_capacity_mw = -1 MW"]),
        ("/batteries/0/energy_capacity_mwh", json!(-1.0), Value, &["energy_capacity_mwh = -1 MWh"]),
        ("/batteries/0/charge_efficiency", json!(0.0), Value, &["charge_efficiency = 0 MWh/MWh, must be above 0"]),
        (
            "/batteries/0/discharge_efficiency",
            json!(90.0),
            Value,
            &["discharge_efficiency = 90 MWh/MWh, must be at most 1"],
        ),
        ("/batteries/0/wear_gbp_per_mwh", json!(-1.0), Value, &["wear_gbp_per_mwh = -1 GBP/MWh"]),
        ("/batteries/0/soc_mwh", json!(2.1), Value, &["soc_mwh = 2.1 MWh, must be at most 2"]),
        ("/batteries/0/soc_min_mwh", json!(2.1), Value, &["soc_min_mwh = 2.1 MWh"]),
        ("/batteries/0/end_soc_min_mwh", json!(2.1), Value, &["end_soc_min_mwh = 2.1 MWh"]),
        // Jobs.
        ("/jobs/1/id", json!("embed"), Duplicate, &["job `embed` is defined twice"]),
        ("/jobs/0/count", json!(0), Value, &["job `embed` has count = 0 jobs, must be at least 1"]),
        ("/jobs/0/count", json!(200_001), Value, &["at most 200000"]),
        ("/jobs/0/count", json!(1.5), Document, &["jobs[0].count"]),
        ("/jobs/0/inferences", json!(0.0), Value, &["inferences = 0 inferences, must be above 0"]),
        ("/jobs/0/inferences", json!(-5.0), Value, &["inferences = -5 inferences"]),
        ("/jobs/0/gpu_hours", json!(1.0), Value, &["together with gpu_hours"]),
        (
            "/jobs/-",
            json!({"id": "x", "points": [{"power_mw": 1.0}]}),
            Value,
            &["job `x` has inferences", "must be given (or gpu_hours)"],
        ),
        ("/jobs/0/points", json!([]), Value, &["job `embed` has points = 0", "1 to 64"]),
        ("/jobs/0/points/0/power_mw", json!(-1.0), Value, &["points[0].power_mw = -1 MW"]),
        (
            "/jobs/0/points/0/inferences_per_h",
            json!(0.0),
            Value,
            &["points[0].inferences_per_h = 0 inferences/h, must be above 0"],
        ),
        ("/jobs/0/points/0/gpu_hours_per_h", json!(1.0), Value, &["points[0].inferences_per_h", "no other rate"]),
        (
            "/jobs/1/points/0",
            json!({"power_mw": 1.0, "inferences_per_h": 1.0}),
            Value,
            &["points[0].gpu_hours_per_h", "must be given"],
        ),
        (
            "/jobs/0/deadline",
            json!("2026-03-02T05:00:00Z"),
            Time,
            &["job `embed` deadline `2026-03-02T05:00:00Z`", "after the end of the horizon, 2026-03-02T04:00:00Z"],
        ),
        ("/jobs/0/deadline", json!("2026-03-02T00:00:00Z"), Time, &["not after the start of the horizon"]),
        ("/jobs/0/deadline", json!("2026-03-02"), Document, &["jobs[0].deadline", "no time of day"]),
        (
            "/jobs/0/earliest_start",
            json!("2026-03-02T04:00:00Z"),
            Time,
            &["earliest_start", "not before the end of the horizon"],
        ),
        (
            "/jobs/-",
            job(json!({"earliest_start": "2026-03-02T02:00:00Z", "deadline": "2026-03-02T02:00:00Z"})),
            Time,
            &["job `x` earliest_start", "not before the deadline"],
        ),
        ("/jobs/0/deadline_kind", json!("soft"), Document, &["jobs[0].deadline_kind", "unknown variant `soft`"]),
        (
            "/jobs/0/undone_penalty_gbp",
            json!(5.0),
            Value,
            &["undone_penalty_gbp = 5 GBP, must be left out where deadline_kind is hard"],
        ),
        (
            "/jobs/-",
            job(json!({"deadline_kind": "priced", "undone_penalty_gbp": -1.0})),
            Value,
            &["undone_penalty_gbp = -1 GBP"],
        ),
        ("/jobs/0/regions", json!([]), Value, &["regions = 0 regions", "left out for all"]),
        ("/jobs/0/regions", json!(["london", "leeds"]), Unknown, &["job `embed` names region `leeds` in regions"]),
        ("/jobs/0/min_run_periods", json!(0), Value, &["min_run_periods = 0 periods, must be at least 1"]),
        ("/jobs/0/tier", json!(4), Value, &["tier = 4", "must be 0 to 3"]),
        ("/jobs/0/startup_cost_gbp", json!(-1.0), Value, &["startup_cost_gbp = -1 GBP"]),
        ("/jobs/0/pause_cost_gbp", json!(-1.0), Value, &["pause_cost_gbp = -1 GBP"]),
        ("/jobs/0/pause_energy_mwh", json!(-1.0), Value, &["pause_energy_mwh = -1 MWh"]),
        ("/jobs/1/migration/cost_gbp", json!(-1.0), Value, &["migration.cost_gbp = -1 GBP"]),
        ("/jobs/1/migration/energy_mwh", json!(-1.0), Value, &["migration.energy_mwh = -1 MWh"]),
        ("/jobs/1/migration/periods", json!(20_000), Value, &["migration.periods = 20000 periods"]),
        (
            "/jobs/0/run_when",
            json!({"carbon_below_g_per_kwh": -1.0}),
            Value,
            &["run_when.carbon_below_g_per_kwh = -1 g/kWh"],
        ),
        ("/jobs/0/run_when", json!({"renewable_share_min": 1.5}), Value, &["run_when.renewable_share_min = 1.5"]),
        (
            "/jobs/0/run_when",
            json!({"renewable_share_min": 0.5}),
            Unknown,
            &["renewable_share_frac", "region `london` has none"],
        ),
        ("/jobs/0/run_when", json!({"full_moon": 1}), Document, &["jobs[0].run_when"]),
        (
            "/jobs/-",
            job(json!({"divisible": true, "preemptible": true})),
            Unsupported,
            &["job `x`: preemptible", "divisible job is fluid"],
        ),
        ("/jobs/-", job(json!({"divisible": true, "startup_cost_gbp": 1.0})), Unsupported, &["startup_cost_gbp"]),
        ("/jobs/-", job(json!({"divisible": true, "max_pauses": 1})), Unsupported, &["max_pauses"]),
        ("/jobs/-", state(json!({"region": "leeds"})), Unknown, &["job `x` names region `leeds` in state.region"]),
        ("/jobs/-", state(json!({"point": 1})), Value, &["state.point = 1", "below 1, the number of points"]),
        ("/jobs/-", state(json!({"done_gpu_hours": 1.0})), Value, &["state.done_gpu_hours = 1", "below the work of 1"]),
        ("/jobs/-", state(json!({"done_gpu_hours": -1.0})), Value, &["state.done_gpu_hours = -1"]),
        ("/jobs/-", state(json!({"done_inferences": 5.0})), Value, &["another unit"]),
        (
            "/jobs/-",
            state(json!({"running_since": "2026-03-02T01:00:00Z"})),
            Time,
            &["running_since", "after the start of the horizon"],
        ),
        ("/jobs/-", state(json!({"point": null})), Unsupported, &["may not pause cannot be paused"]),
        (
            "/jobs/-",
            job(json!({"regions": ["fife"], "state": {"region": "london", "point": 0}})),
            Unknown,
            &["allowed region `london`", "known: `fife`"],
        ),
        // Services.
        (
            "/services/0/demand_inferences",
            json!(-1.0),
            Value,
            &["service `chat` has demand_inferences = -1 inferences"],
        ),
        ("/services/0/demand_inferences", json!([1.0]), Length, &["1 values in demand_inferences"]),
        ("/services/0/points", json!([]), Value, &["service `chat` has points = 0"]),
        ("/services/0/points/0/wh_per_inference", json!(-0.3), Value, &["points[0].wh_per_inference = -0.3 Wh"]),
        ("/services/0/points/0/latency_ms", json!(-1.0), Value, &["points[0].latency_ms = -1 ms"]),
        ("/services/0/latency_limit_ms", json!(24.0), Value, &["latency_limit_ms = 24 ms", "at least 25 ms"]),
        ("/services/0/network_latency_ms", json!({}), Value, &["network_latency_ms names none"]),
        (
            "/services/0/network_latency_ms/leeds",
            json!(1.0),
            Unknown,
            &["service `chat` names region `leeds` in network_latency_ms"],
        ),
        ("/services/0/network_latency_ms/fife", json!(-1.0), Value, &["network_latency_ms.fife = -1 ms"]),
        (
            "/services/0/routing_cost_gbp_per_million",
            json!(-1.0),
            Value,
            &["routing_cost_gbp_per_million = -1 GBP per million"],
        ),
        ("/services/0/routing_cost_gbp_per_million", json!({"leeds": 1.0}), Unknown, &["leeds"]),
        ("/services/0/shed_penalty_gbp_per_million", json!(-1.0), Value, &["shed_penalty_gbp_per_million = -1"]),
        // Carbon caps.
        ("/carbon_caps/0/limit", json!(-1.0), Value, &["carbon cap `day` has limit = -1 kg"]),
        ("/carbon_caps/0/metric", json!("tonnes"), Document, &["carbon_caps[0].metric", "unknown variant `tonnes`"]),
        (
            "/carbon_caps/0/price_gbp_per_kg",
            json!(1.0),
            Value,
            &["price_gbp_per_kg = 1 GBP/kg, must be left out where kind is strict"],
        ),
        ("/carbon_caps/0/kind", json!("priced"), Value, &["price_gbp_per_kg", "must be given where kind is priced"]),
        ("/carbon_caps/0/regions", json!(["leeds"]), Unknown, &["carbon cap `day` names region `leeds`"]),
        ("/carbon_caps/0/window", json!({"rolling_h": 0.0}), Value, &["window.rolling_h = 0 h, must be above 0"]),
        (
            "/carbon_caps/0/window",
            json!({"rolling_h": 1.5}),
            Value,
            &["window.rolling_h = 1.5 h, must be a multiple of the step of 60 min"],
        ),
        ("/carbon_caps/0/window", json!("week"), Document, &["carbon_caps[0].window"]),
        (
            "/carbon_caps/-",
            cap(json!({"kind": "priced", "price_gbp_per_kg": -1.0})),
            Value,
            &["price_gbp_per_kg = -1 GBP/kg"],
        ),
    ];
    assert!(table.len() >= 60, "{}", table.len());
    for (pointer, value, kind, fragments) in table {
        refused(&with(pointer, value), kind, fragments);
    }
}

#[test]
fn text_that_is_no_document_is_refused() {
    refused("", Document, &["EOF"]);
    refused("{", Document, &["EOF"]);
    refused("[]", Document, &["expected"]);
    refused(&format!("{} x", good()), Document, &["text after the document"]);
    let mut document = good();
    document["regions"][0].as_object_mut().unwrap().remove("carbon_g_per_kwh");
    refused(&document.to_string(), Document, &["missing field `carbon_g_per_kwh`"]);
    refused(&with("/regions/0/it_capacity_mw", json!(4.0)).replace("4.0", "NaN"), Document, &["expected"]);
}

#[test]
fn a_cap_for_each_inference_needs_something_that_counts_them() {
    let mut document = good();
    document["services"] = json!([]);
    document["jobs"].as_array_mut().unwrap().remove(0);
    document["carbon_caps"][0]["metric"] = json!("g_per_inference");
    refused(&document.to_string(), Unsupported, &["carbon cap `day`: g_per_inference", "counts inferences"]);
}

/// Values that are allowed but look like another unit.
#[test]
fn suspicious_magnitudes_are_pointed_out() {
    let table: Vec<(&str, Value, &str)> = vec![
        ("/regions/0/it_capacity_mw", json!(4000.0), "region `london` it_capacity_mw: 4000 MW looks like kW"),
        ("/regions/0/import_limit_mw", json!(10_000.0), "region `london` import_limit_mw: 10000 MW looks like kW"),
        ("/regions/0/solar_mw", json!([0.0, 2500.0, 0.0, 0.0]), "solar_mw: 2500 MW looks like kW"),
        (
            "/regions/0/import_price_gbp_per_mwh",
            json!([0.08, 0.06, 0.05, 0.09]),
            "at most 0.09 GBP/MWh looks like GBP/kWh",
        ),
        ("/regions/0/carbon_g_per_kwh", json!([0.2, 0.15, 0.1, 0.18]), "at most 0.2 g/kWh looks like kg/kWh"),
        ("/services/0/points/0/wh_per_inference", json!(1500.0), "1500 Wh for one inference looks like another unit"),
        ("/services/0/shed_penalty_gbp_per_million", json!(1.0), "it will be shed"),
        ("/carbon_caps/0", json!({"id": "c", "metric": "g_per_kwh", "limit": 0.2}), "0.2 g/kWh looks like kg/kWh"),
    ];
    for (pointer, value, fragment) in table {
        let problem = Problem::from_json(&with(pointer, value)).unwrap();
        let warnings: Vec<String> = problem.warnings().iter().map(ToString::to_string).collect();
        assert!(warnings.iter().any(|warning| warning.contains(fragment)), "{warnings:?} lacks `{fragment}`");
    }
    let mut document = good();
    document["regions"][0]["it_capacity_mw"] = json!(1000.0);
    document["jobs"][0]["points"][0]["power_mw"] = json!(800.0);
    let problem = Problem::from_json(&document.to_string()).unwrap();
    assert_eq!(
        problem.warnings()[0].to_string(),
        "job `embed` power_mw: 800 MW for one job looks like kW; powers are in MW"
    );
    // Zero and negative prices are no units gone wrong.
    assert!(
        Problem::from_json(&with("/regions/0/import_price_gbp_per_mwh", json!(0.0))).unwrap().warnings().is_empty()
    );
    assert!(
        Problem::from_json(&with("/regions/0/import_price_gbp_per_mwh", json!(-5.0))).unwrap().warnings().is_empty()
    );
}
