//! The library as C and C++ see it: compiled with every warning as an error, run, and run under valgrind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

mod exports;
mod guide;
mod toolchain;

use toolchain::{C, CPP, Program, skip};

#[test]
fn header_in_two_files_as_c_and_as_cpp() {
    for (name, language) in [("two_units_c", C), ("two_units_cpp", CPP)] {
        let program = Program::compile(name, language, &["c/two_units_a.c", "c/two_units_b.c"]);
        program.run(&[]).ends("two_units: 11 cases, 0 failed\n");
    }
}

#[test]
fn every_export_refuses_every_misuse() {
    let source = exports::write_misuse_program();
    let program = Program::compile("exports", C, &[source.to_str().unwrap()]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn values_that_make_no_sense_are_refused_by_name() {
    let program = Program::compile("misuse", C, &["c/misuse.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn fields_set_by_calls_are_those_of_the_document() {
    let program = Program::compile("fields", C, &["c/fields.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn plans_come_out_as_numbers() {
    let program = Program::compile("getters", C, &["c/getters.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn plans_are_explained_and_conflicts_mended() {
    let program = Program::compile("explain", C, &["c/explain.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
    Program::compile("explain_cpp", CPP, &["c/explain.c"]).run(&[]).ends(", 0 failed\n");
}

#[test]
fn a_horizon_rolls_and_a_shadow_keeps_a_ledger() {
    let program = Program::compile("rolling", C, &["c/rolling.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
    Program::compile("rolling_cpp", CPP, &["c/rolling.c"]).run(&[]).ends(", 0 failed\n");
}

#[test]
fn events_are_settled_and_booked() {
    let program = Program::compile("settle", C, &["c/settle.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn flexibility_is_priced() {
    let program = Program::compile("offers", C, &["c/offers.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn a_log_is_audited() {
    let program = Program::compile("audit", C, &["c/audit.c"]);
    let vectors = toolchain::root().join("docs/format/vectors");
    let vectors = vectors.to_str().unwrap();
    program.run(&[vectors]).ends(", 0 failed\n");
    program.run_under_valgrind(&[vectors]).ends(", 0 failed\n");
}

#[test]
fn a_day_is_planned_from_series() {
    let program = Program::compile("plan_day", C, &["../../examples/c/plan_day.c"]);
    let csv = toolchain::root().join("examples/c/day.csv");
    let ran = program.run(&[csv.to_str().unwrap()]);
    for part in guide::output_of("plan_day") {
        assert!(ran.stdout.contains(&part), "`{part}` is not in\n{}", ran.stdout);
    }
    program.run_under_valgrind(&[csv.to_str().unwrap()]);
    Program::compile("plan_day_cpp", CPP, &["../../examples/c/plan_day.c"]).run(&[csv.to_str().unwrap()]);
}

#[test]
fn a_conflict_is_mended_by_the_example() {
    let program = Program::compile("mend_conflict", C, &["../../examples/c/mend_conflict.c"]);
    let ran = program.run(&[]);
    for part in guide::output_of("mend_conflict") {
        assert!(ran.stdout.contains(&part), "`{part}` is not in\n{}", ran.stdout);
    }
    Program::compile("mend_conflict_cpp", CPP, &["../../examples/c/mend_conflict.c"]).run(&[]);
}

#[test]
fn a_battery_in_c_conforms_and_follows_the_loop() {
    let program = Program::compile("own_battery", C, &["../../examples/c/own_battery.c"]);
    let expected = "findings: []\n0: battery at -2.00 MW\n1: battery at 2.00 MW\n2: battery at -2.00 MW\n";
    program.run(&[]).ends(expected);
    program.run_under_valgrind(&[]).ends(expected);
}

#[test]
fn adapters_in_c_are_judged() {
    let program = Program::compile("adapters", C, &["c/adapters.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn threads_callbacks_and_cancellation() {
    let program = Program::compile("threads", C, &["c/threads.c"]);
    program.run(&[]).ends(", 0 failed\n");
}

#[test]
fn progress_holds_and_stops_a_solve() {
    let program = Program::compile("progress", C, &["c/progress.c"]);
    program.run(&[]).ends(", 0 failed\n");
    program.run_under_valgrind(&[]).ends(", 0 failed\n");
}

#[test]
fn forked_children_solve() {
    if !cfg!(unix) {
        return skip("fork: not on this system");
    }
    let program = Program::compile("forks", C, &["c/forks.c"]);
    program.run(&[]).ends(", 0 failed\n");
}

#[test]
fn library_exports_the_header_and_nothing_else() {
    let Some(symbols) = toolchain::exported_symbols() else {
        return skip("exported symbols: nm is not installed");
    };
    let mut wanted: Vec<String> = exports::functions().into_iter().map(|function| function.name).collect();
    if toolchain::TEST_HOOKS {
        wanted.push("eca_test_panic_next".to_owned());
    }
    wanted.sort();
    assert_eq!(symbols, wanted);
}

#[test]
fn snippets_of_the_guide_compile_and_run() {
    let programs = guide::programs();
    assert!(programs.len() >= 4, "only {} snippets", programs.len());
    for (number, source) in programs.iter().enumerate() {
        let name = format!("guide_{number}");
        let path = toolchain::written(&format!("{name}.c"), source);
        Program::compile(&name, C, &[path.to_str().unwrap()]).run(&[]);
    }
}
