//! What plans say of their solver is true.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use eca_core::{Solver, milp};

#[test]
#[cfg(feature = "microlp")]
fn microlp_is_the_version_of_the_lock_file() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let locked = lock.split("name = \"microlp\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    let (name, version) = milp::solver_version(Solver::Microlp).unwrap();
    assert_eq!((name, Some(version.as_str())), ("microlp", locked));
}

#[test]
#[cfg(feature = "highs")]
fn highs_says_its_own_version() {
    let (name, version) = milp::solver_version(Solver::Auto).unwrap();
    assert_eq!(name, "highs");
    assert!(version.starts_with("1."), "{version}");
}
