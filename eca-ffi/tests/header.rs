//! `include/eca.h` is what these sources say. `ECA_UPDATE=1` (`make header`) writes it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// What stands above everything else.
const INTRODUCTION: &str = "
/*
 * ECA: least-cost computing under a carbon cap.
 *
 * - Every function that can fail returns an eca_status; 0 is success, eca_last_error() says what went wrong.
 * - Outputs are written only on success. Inputs are copied.
 * - Every eca_..._new, _from_json, _build and _solve is undone by the _free of its type, every char * by eca_string_free.
 *   Freeing NULL is allowed; freeing twice is refused.
 * - Every handle may be used from several threads at once.
 * - Power is in MW, energy in MWh, money in GBP, carbon in kg (totals) or g/kWh (intensity), time in UTC.
 *
 * Guide: docs/guide/c.md. Example: examples/c/plan_day.c.
 */
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The header of the sources, with the headings of Rust documentation in the words of C.
fn generated() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(manifest.join("cbindgen.toml")).unwrap();
    config.header = Some(INTRODUCTION.trim().to_owned());
    let bindings = cbindgen::Builder::new().with_crate(manifest).with_config(config).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).unwrap().replace(" * # Safety\n", " * Pointers:\n")
}

#[test]
fn committed_header_is_generated_from_the_sources() {
    let path = root().join("include/eca.h");
    let (wanted, found) = (generated(), fs::read_to_string(&path).unwrap_or_default());
    if wanted == found {
        return;
    }
    if std::env::var_os("ECA_UPDATE").is_some() {
        fs::create_dir_all(root().join("include")).unwrap();
        fs::write(&path, wanted).unwrap();
        return;
    }
    let first = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    panic!("include/eca.h is not what the sources say; run `make header`. First difference: {first:?}");
}

/// Rules of docs/guide/c.md that a header can break without any test of behaviour noticing.
#[test]
fn header_keeps_the_rules_of_the_abi() {
    let text = generated();
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).collect::<Vec<_>>().join("\n");
    let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    for word in ["long", "enum", "bool", "eca_test_panic_next"] {
        assert!(!words.contains(&word), "`{word}` in the header");
    }
    assert!(!code.contains(" : "), "a bit field in the header");
    // A table of functions may grow: it begins with its size, and only its address is passed on.
    for body in code.split("struct {").skip(1) {
        assert!(body.trim_start().starts_with("size_t size;"), "a struct without its size: {body}");
        let name = body.split("} ").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
        let by_value = |line: &&str| {
            line.contains('(') && line.contains(&format!("{name} ")) && !line.contains(&format!("{name} *"))
        };
        assert_eq!(code.lines().find(by_value), None, "a struct by value in the header");
    }
    for line in code.lines().filter(|line| line.contains("eca_") && line.contains('(') && !line.contains("typedef")) {
        let free = line.contains("_free(");
        assert!(!free || line.starts_with("eca_status "), "{line}");
    }
}

#[test]
fn every_function_says_what_it_does_for_threads_and_errors() {
    let text = generated();
    let mut doc = String::new();
    let mut undocumented = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("/**") {
            doc.clear();
        }
        if line.starts_with(['*', '/']) {
            doc.push_str(line);
        } else if let Some(name) = line
            .split('(')
            .next()
            .and_then(|head| head.split([' ', '*']).find(|w| w.starts_with("eca_") && *w != "eca_status"))
        {
            let says = ["thread", "eca_", "static"].iter().any(|word| doc.contains(word));
            if line.contains('(') && !(says && doc.len() > 40) {
                undocumented.push(name.to_owned());
            }
        }
    }
    assert!(undocumented.is_empty(), "{undocumented:?}");
}
