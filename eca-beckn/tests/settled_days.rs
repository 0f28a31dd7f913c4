//! Event days in a log: settled again by the audit, and by a script of plain Python that knows nothing of ECA.
//!
//! 100 event days of four routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/certificates.rs"]
mod certified;
mod common;
#[path = "common/days.rs"]
mod days;
#[path = "common/random.rs"]
mod random;

use certified::*;
use common::*;
use days::{Day, day};
use eca_beckn::certificate::{Delivery, WhRange};
use eca_beckn::log::{FileHead, FileStore, sha256_hex};
use eca_beckn::settled::{FundInput, SettlementInput};
use eca_beckn::{AuditReport, Entry, Log, Trust, audit, kind};
use eca_core::settle::{Allocation, Beneficiary, Contribution, EventRecord, SettlementRun};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Clock of the log: after all event days.
const LATER_US: i64 = 1_798_761_600_000_000;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("eca-beckn-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    folder
}

fn open(folder: &Path) -> Log {
    let store = Arc::new(FileStore::writer(folder.join("log")).unwrap());
    Log::open(store, Arc::new(FileHead::new(folder.join("last-head"))), log_signer(), log_key()).unwrap()
}

fn run(folder: &Path) -> AuditReport {
    let trust = Trust::parse(&trust_text()).unwrap();
    audit(&FileStore::reader(folder.join("log")).unwrap(), Some(&trust), None).unwrap()
}

fn input(day: &Day) -> SettlementInput<'_> {
    SettlementInput { event: &day.event, meters: &day.meters, prices: &day.prices, run: SettlementRun::Sf, as_of: None }
}

/// Settles days, delivers and certifies what was used in them; gives the event records.
fn write_days(log: &mut Log, days: &[Day]) -> Vec<EventRecord> {
    let mut registry = registry(&[]);
    let mut records = Vec::new();
    for day in days {
        let (entry, record) = input(day).entry("compute.example.org", LATER_US).unwrap();
        log.write(entry).unwrap();
        records.push(record);
        for (period, [energy_wh, inferences, carbon_mg, cost_ugbp]) in &day.deliveries {
            let slot = (day.meter.clone(), period.settlement_date().to_string(), period.settlement_period());
            let delivery = Delivery {
                slot: slot.clone(),
                energy_wh: *energy_wh,
                inferences: *inferences,
                carbon_mg: *carbon_mg,
                cost_ugbp: *cost_ugbp,
                actor: "compute.example.org".into(),
            };
            registry.deliver(log, &delivery, LATER_US).unwrap();
            for wh_range in
                [WhRange { start: 0, end: energy_wh / 3 }, WhRange { start: energy_wh / 3, end: *energy_wh }]
            {
                let mut subject = subject(&day.meter, 0, 1);
                (subject.settlement_date, subject.settlement_period) = (slot.1.clone(), slot.2);
                (subject.wh_range, subject.energy_wh) = (wh_range, wh_range.energy_wh());
                (subject.inferences, subject.carbon_mg_location, subject.cost_ugbp) = delivery.part(wh_range);
                registry.issue(log, &subject, "buyer.example.org", LATER_US).unwrap();
            }
        }
    }
    records
}

fn auditor(folder: &Path) -> Option<(bool, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/auditor.py");
    let ran = Command::new("python3").arg(script).arg(folder.join("log")).output().ok()?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    Some((ran.status.success(), said))
}

#[test]
fn a_hundred_event_days_are_computed_again_without_a_difference() {
    let folder = folder("days");
    let mut log = open(&folder);
    let days: Vec<Day> = (0..100).map(day).collect();
    let records = write_days(&mut log, &days);
    let contributions: Vec<Contribution> = records
        .iter()
        .map(|record| Contribution { id: record.event_id.clone(), amount_ugbp: record.totals.social_tariff_ugbp })
        .collect();
    let homes: Vec<Beneficiary> =
        (0..7).map(|i| Beneficiary { id: format!("home-{i}"), weight: 1 + i, cap_ugbp: None }).collect();
    let fund = FundInput {
        contributions: &contributions,
        beneficiaries: &homes,
        allocation: Allocation::ByWeight,
        carried_in_ugbp: 0,
    };
    let (entry, lines) = fund.entry("fund.example.org", LATER_US).unwrap();
    assert_eq!(lines.iter().map(|line| line.amount_ugbp).sum::<i64>(), 0);
    log.write(entry).unwrap();
    log.publish().unwrap();

    let report = run(&folder);
    assert!(report.passed(), "{report}");
    assert!(report.checked.iter().any(|line| line.starts_with("100 settlements computed again")), "{report}");
    assert!(report.checked.iter().any(|line| line.starts_with("1 settlements of the fund sum to zero")), "{report}");

    let Some((passed, said)) = auditor(&folder) else {
        println!("skipped: python3 is not here, so no second auditor looked");
        return;
    };
    println!("{said}");
    assert!(passed && said.contains("100 settlement records") && said.ends_with("0 differences\n"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Writes a log whose settlement was changed by `change` before it was signed: every hash and signature is right.
fn forged(name: &str, change: impl Fn(&mut EventRecord)) -> (AuditReport, Option<(bool, String)>) {
    let folder = folder(name);
    let mut log = open(&folder);
    let day = day(2);
    let (_, mut record) = input(&day).entry("compute.example.org", LATER_US).unwrap();
    change(&mut record);
    let mut entry = Entry::new(kind::SETTLEMENT, "compute.example.org", LATER_US)
        .cite("event", day.event.as_str())
        .cite("meters", day.meters.as_str())
        .cite("prices", day.prices.as_str())
        .cite("event_record", record.to_json().unwrap())
        .field("event_id", record.event_id.as_str())
        .field("run", "SF");
    for (name, value) in eca_beckn::settled::figures(&record) {
        entry = entry.field(name, value);
    }
    log.write(entry).unwrap();
    log.publish().unwrap();
    let found = (run(&folder), auditor(&folder));
    std::fs::remove_dir_all(&folder).unwrap();
    found
}

#[test]
fn a_settlement_that_was_signed_wrong_is_found_by_both() {
    let (good, script) = forged("good", |_| {});
    assert!(good.passed() && script.is_none_or(|(passed, _)| passed), "{good}");
    type Change = (&'static str, fn(&mut EventRecord));
    let changes: [Change; 4] = [
        ("totals/cash_ugbp", |record| record.totals.cash_ugbp += 1),
        ("totals/delivered_wh", |record| record.totals.delivered_wh -= 1),
        ("carbon/avoided_mg", |record| record.carbon.avoided_mg = record.carbon.avoided_mg.map(|mg| mg + 1)),
        ("totals/social_tariff_ugbp", |record| record.totals.social_tariff_ugbp = 0),
    ];
    for (path, change) in changes {
        let (report, script) = forged(&path.replace('/', "-"), change);
        let fault = report.faults.iter().find(|fault| fault.place == "record 0").unwrap();
        assert!(fault.reason.contains(path), "{path}: {fault}");
        if let Some((passed, said)) = script {
            assert!(!passed && said.contains("DIFFERENCE record 0"), "{path}: {said}");
        }
    }
}

#[test]
fn records_of_versions_before_the_evidence_are_computed_again_too() {
    // Earlier versions wrote no evidence; those after them evidence without workings. What stands there is held to.
    let older = |name: &str, change: fn(&mut EventRecord)| {
        forged(name, |record| {
            record.evidence.as_mut().unwrap().workings = None;
            change(record);
        })
    };
    for (good, script) in [older("no-workings", |_| {}), older("no-evidence", |record| record.evidence = None)] {
        assert!(good.passed() && script.is_none_or(|(passed, _)| passed), "{good}");
        assert!(good.checked.iter().any(|line| line.starts_with("1 settlements computed again")), "{good}");
    }
    // A record that is asked for less is still not free to say what it likes: of figures or of what they rest on.
    type Change = (&'static str, fn(&mut EventRecord));
    let changes: [Change; 4] = [
        ("totals/cash_ugbp", |record| record.totals.cash_ugbp += 1),
        ("evidence/loss_factor_micro", |record| record.evidence.as_mut().unwrap().loss_factor_micro += 1),
        ("evidence/periods/0/import_price_ugbp_per_mwh", |record| {
            let price = &mut record.evidence.as_mut().unwrap().periods[0].import_price_ugbp_per_mwh;
            *price = price.map(|ugbp| ugbp - 1);
        }),
        ("evidence/inputs/meters_sha256", |record| {
            record.evidence.as_mut().unwrap().inputs.meters_sha256 = Some(sha256_hex(b"another file"));
        }),
    ];
    for (path, change) in changes {
        refused(path, older(&format!("older-{}", path.replace('/', "-")), change).0);
    }
    let without = forged("no-evidence-cash", |record| {
        record.evidence = None;
        record.totals.cash_ugbp += 1;
    });
    refused("totals/cash_ugbp", without.0);
    // Workings that are there must be right.
    let (report, _) = forged("workings", |record| {
        record.evidence.as_mut().unwrap().workings.as_mut().unwrap().site_frac_micro += 1;
    });
    refused("evidence/workings/site_frac_micro", report);
}

/// The audit found the settlement to be wrong in this field.
fn refused(path: &str, report: AuditReport) {
    let fault = report.faults.iter().find(|fault| fault.place == "record 0");
    assert!(fault.is_some_and(|fault| fault.reason.ends_with(&format!("differs in `/{path}`"))), "{path}: {report}");
}

/// A log with one settled event and this settlement of the fund.
fn funded(contribution: i64, carried_in_ugbp: i64, repeat: usize) -> AuditReport {
    let (store, mut log) = new_log();
    let day = day(2);
    let (entry, record) = input(&day).entry("compute.example.org", LATER_US).unwrap();
    log.write(entry).unwrap();
    let amount_ugbp = record.totals.social_tariff_ugbp + contribution;
    let homes = [Beneficiary { id: "home".into(), weight: 1, cap_ugbp: Some(10) }];
    for _ in 0..repeat {
        let fund = FundInput {
            contributions: &[Contribution { id: record.event_id.clone(), amount_ugbp }],
            beneficiaries: &homes,
            allocation: Allocation::Equal,
            carried_in_ugbp,
        };
        log.write(fund.entry("fund.example.org", LATER_US).unwrap().0).unwrap();
    }
    log.publish().unwrap();
    audit(&*store, Some(&Trust::parse(&trust_text()).unwrap()), None).unwrap()
}

#[test]
fn the_fund_gets_what_was_settled_for_it_once() {
    assert!(funded(0, 0, 1).passed());
    for (report, reason) in [
        (funded(1, 0, 1), "was settled with"),
        (funded(0, 5, 1), "`carried_in_ugbp` is not 0"),
        (funded(0, 0, 2), "`carried_in_ugbp` is not"),
    ] {
        assert!(report.faults.iter().any(|fault| fault.reason.contains(reason)), "{reason}: {report}");
    }
}

#[test]
fn a_delivery_is_what_the_settled_meter_read() {
    let day = day(2);
    let (period, figures) = day.deliveries[0];
    // Wh, mg and µGBP beside the truth, another half hour, another meter.
    let told = |[energy, carbon, cost]: [i64; 3], later: u8, meter: &str| {
        let (store, mut log) = new_log();
        let (entry, _) = input(&day).entry("compute.example.org", LATER_US).unwrap();
        log.write(entry).unwrap();
        let [energy_wh, inferences, carbon_mg, cost_ugbp] = figures;
        let entry = Entry::new(kind::DELIVERY, "compute.example.org", LATER_US)
            .field("meter_id", meter)
            .field("settlement_date", period.settlement_date().to_string())
            .field("settlement_period", period.settlement_period() + later)
            .field("energy_wh", energy_wh + energy)
            .field("inferences", inferences)
            .field("carbon_mg", carbon_mg + carbon)
            .field("cost_ugbp", cost_ugbp + cost);
        log.write(entry).unwrap();
        log.publish().unwrap();
        audit(&*store, Some(&Trust::parse(&trust_text()).unwrap()), None).unwrap()
    };
    let compared = "1 deliveries are what the meters of their settlements read";
    let report = told([0; 3], 0, &day.meter);
    assert!(report.passed() && report.checked.iter().any(|line| line == compared), "{report}");
    for (change, name) in [([1, 0, 0], "energy_wh"), ([0, -1, 0], "carbon_mg"), ([0, 0, 1], "cost_ugbp")] {
        let report = told(change, 0, &day.meter);
        assert!(!report.passed() && report.faults[0].place == "record 1", "{report}");
        assert!(report.faults[0].reason.starts_with(&format!("`{name}` is ")), "{report}");
    }
    // What was not settled has nothing beside it.
    for report in [told([1, 0, 0], 10, &day.meter), told([1, 0, 0], 0, "another")] {
        assert!(report.passed() && !report.checked.iter().any(|line| line == compared), "{report}");
    }
}

#[test]
fn plans_roots_and_corrections_are_what_they_say() {
    let (store, mut log) = new_log();
    let readings = "meter_id,start,import_wh\nm1,2026-11-23T16:30:00Z,617283\nm1,2026-11-23T16:45:00Z,617284\n";
    let entry = |root: &str, rows: u64| {
        Entry::new(kind::TELEMETRY_ROOT, "meter.example.org", NOW_US)
            .cite("readings", readings)
            .field("meter_id", "m1")
            .field("rows", rows)
            .field("root", root)
    };
    // Two leaves: SHA-256 of 01 and of the hashes of 00 and the line, made here from their definition.
    use sha2::{Digest as _, Sha256};
    let leaf = |line: &str| Sha256::digest([&[0], line.as_bytes()].concat());
    let [a, b] = [leaf("m1,2026-11-23T16:30:00Z,617283"), leaf("m1,2026-11-23T16:45:00Z,617284")];
    let root = eca_beckn::log::hex(&Sha256::digest([&[1][..], &a, &b].concat()));
    log.write(entry(&root, 2)).unwrap();
    log.write(Entry::new(kind::CORRECTION, "a", NOW_US).field("corrects", 0).field("reason", "clock")).unwrap();
    let note = log.publish().unwrap();
    let trust = Trust::parse(&trust_text()).unwrap();
    let report = audit(&*store, Some(&trust), Some(&note)).unwrap();
    assert!(
        report.passed() && report.checked.iter().any(|line| line == "1 roots are those of their readings"),
        "{report}"
    );
    log.write(entry(&root, 3)).unwrap();
    log.write(entry(&sha256_hex(b"x"), 2)).unwrap();
    log.write(Entry::new(kind::CORRECTION, "a", NOW_US).field("corrects", 9)).unwrap();
    log.write(
        Entry::new(kind::PLAN, "a", NOW_US)
            .cite("problem", r#"{"format":"eca-problem/1"}"#)
            .cite("plan", r#"{"format":"eca-plan/1"}"#),
    )
    .unwrap();
    log.publish().unwrap();
    let report = audit(&*store, Some(&trust), None).unwrap();
    let places: Vec<&str> = report.faults.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(places, ["record 2", "record 3", "record 4", "record 5"], "{report}");
}
