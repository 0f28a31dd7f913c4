//! What a [`SignalSource`] must pass.

use super::{Finding, Findings, Stage};
use crate::adapter::{FetchOptions, SignalSource};
use crate::signal::Column;

/// Fetches `column` of `region` for the next `hours`, of which the source knows at least the first.
pub fn signal_source(
    source: &dyn SignalSource,
    region: &str,
    column: Column,
    hours: i64,
    stage: &dyn Stage,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    let now = stage.now();
    let options = FetchOptions::new(now, now, now.plus_min(60 * hours));
    let first = source.fetch(&options);
    findings.expect("what a source knows can be fetched", first.is_ok(), first.as_ref().err());
    let Ok(signals) = first else { return findings.0 };
    let signal = signals.get(region, column);
    findings.expect("the column of the region is there", signal.is_ok(), signals.regions().collect::<Vec<_>>());
    let Ok(signal) = signal else { return findings.0 };
    let known = signal.mean(now, now.plus_min(30));
    findings.expect("the present has a value", known.is_some_and(f64::is_finite), known);
    let provenance = signal.provenance();
    findings.expect("provenance names the source", !provenance.source.is_empty(), provenance);
    let age_s = provenance.retrieved_at.map(|at| now.seconds_since(at));
    findings.expect(
        "provenance says when it was retrieved, and that is not long ago nor still to come",
        age_s.is_some_and(|age_s| (-60..=options.max_age_s).contains(&age_s)),
        age_s,
    );
    // Nobody knows the prices of the year 2150.
    let far = now.plus_min(60 * 24 * 365 * 100);
    if let Ok(later) = source.fetch(&FetchOptions::new(now, far, far.plus_min(60 * hours))) {
        let invented = later.get(region, column).ok().and_then(|signal| signal.mean(far, far.plus_min(30)));
        findings.expect("what nobody knows is a gap", invented.is_none(), invented);
    }
    stage.wait_s(1);
    let again = source.fetch(&FetchOptions::new(stage.now(), now, now.plus_min(60 * hours)));
    let same =
        again.as_ref().ok().and_then(|again| again.get(region, column).ok().map(|s| s.points() == signal.points()));
    findings.expect("the same question gets the same points", same == Some(true), same);
    findings.0
}
