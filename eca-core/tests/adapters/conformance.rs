//! The reference passes; every planted fault is found, by the rule that is about it.

use super::{rack, site, start};
use eca_core::adapter::conformance::{self, FakeTime, Finding};
use eca_core::adapter::memory::MemorySignals;
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::signal::{Column, ReadOptions, parse};

fn prices() -> MemorySignals {
    let text = "start,region,import_price_gbp_per_mwh\n2026-03-01T00:00Z,london,70\n2026-03-02T00:00Z,london,80\n\
                2026-03-02T01:00Z,london,95\n";
    MemorySignals::new(parse::csv::read(text, &ReadOptions::default()).unwrap())
}

#[test]
fn the_site_in_memory_conforms() {
    let stage = FakeTime::new(start());
    assert_eq!(conformance::storage_device(&site().battery("rack").unwrap(), &rack(), &stage), []);
    assert_eq!(conformance::workloads(&site().cluster(), "train", "london", &FakeTime::new(start())), []);
    assert_eq!(conformance::meter(&site().meter("london").unwrap(), &FakeTime::new(start())), []);
    let column = Column::ImportPriceGbpPerMwh;
    assert_eq!(conformance::signal_source(&prices(), "london", column, 2, &FakeTime::new(start())), []);
}

fn names(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn planted_faults_of_a_battery_are_found() {
    let cases = [
        (Fault::Ignores, "charge makes it take power"),
        (Fault::ForgetsKeys, "the same command again is already done"),
        (Fault::ActsLate, "a command whose time is over is dropped"),
        (Fault::ActsEarly, "a command whose time has not come waits"),
        (Fault::Reorders, "an older command does not overtake a newer one"),
        (Fault::NeverEnds, "a set point ends when its command expires"),
        (Fault::SwapsSigns, "discharge makes it give power"),
        (Fault::WrongScale, "charge makes it take power"),
        (Fault::Frozen, "charge makes it take power"),
        (Fault::Tomorrow, "a reading is from now, neither old nor still to come"),
        (Fault::NotANumber, "readings are numbers of at least 0"),
        (Fault::KnowsEverything, "a command for another battery is refused"),
    ];
    for (fault, rule) in cases {
        let device = Faulty::new(site().battery("rack").unwrap(), fault);
        let findings = conformance::storage_device(&device, &rack(), &FakeTime::new(start()));
        assert!(names(&findings).contains(&rule), "{fault:?}: {findings:#?}");
    }
}

#[test]
fn planted_faults_of_a_cluster_are_found() {
    let cases = [
        (Fault::Ignores, "a job that was started runs where it was told"),
        (Fault::ForgetsKeys, "the same command again is already done"),
        (Fault::ActsLate, "a command whose time is over is dropped"),
        (Fault::ActsEarly, "a command whose time has not come waits"),
        (Fault::Reorders, "an older command does not overtake a newer one"),
        (Fault::Frozen, "a job that was started runs where it was told"),
        (Fault::Tomorrow, "a reading is from now, neither old nor still to come"),
        (Fault::NotANumber, "power is a number of at least 0"),
        (Fault::KnowsEverything, "a command for a job that is not there is refused"),
        (Fault::LosesWork, "a pause loses no work"),
    ];
    for (fault, rule) in cases {
        let cluster = Faulty::new(site().cluster(), fault);
        let findings = conformance::workloads(&cluster, "train", "london", &FakeTime::new(start()));
        assert!(names(&findings).contains(&rule), "{fault:?}: {findings:#?}");
    }
}

#[test]
fn planted_faults_of_meters_and_signals_are_found() {
    for (fault, rule) in [
        (Fault::Tomorrow, "a reading is from now, neither old nor still to come"),
        (Fault::NotANumber, "power is a number of at least 0, in one direction"),
        (Fault::GoesBack, "registers never go back"),
        (Fault::WrongScale, "registers count what power says"),
        (Fault::Frozen, "registers count what power says"),
    ] {
        let meter = Faulty::new(site().meter("london").unwrap(), fault);
        let findings = conformance::meter(&meter, &FakeTime::new(start()));
        assert!(names(&findings).contains(&rule), "{fault:?}: {findings:#?}");
    }
    let when = "provenance says when it was retrieved, and that is not long ago nor still to come";
    for (fault, rule) in
        [(Fault::HidesAge, when), (Fault::Tomorrow, when), (Fault::KnowsEverything, "what nobody knows is a gap")]
    {
        let source = Faulty::new(prices(), fault);
        let column = Column::ImportPriceGbpPerMwh;
        let findings = conformance::signal_source(&source, "london", column, 2, &FakeTime::new(start()));
        assert!(names(&findings).contains(&rule), "{fault:?}: {findings:#?}");
    }
}
