//! What a [`Meter`] must pass.

use super::{Finding, Findings, Stage};
use crate::adapter::{Meter, MeterReading, ReadingOptions};
use crate::unit;

/// Reads a meter a few times while the load behind it hardly changes.
pub fn meter(meter: &dyn Meter, stage: &dyn Stage) -> Vec<Finding> {
    let mut findings = Findings::default();
    let mut last: Option<MeterReading> = None;
    for _ in 0..4 {
        let now = stage.now();
        let options = ReadingOptions::new(now);
        let result = meter.read(&options);
        findings.expect("a meter can be read", result.is_ok(), &result);
        let Ok(reading) = result else { break };
        findings.time(reading.at, now, options.max_age_s);
        let power = [reading.import_mw, reading.export_mw];
        findings.expect(
            "power is a number of at least 0, in one direction",
            power.iter().all(|mw| mw.is_finite() && *mw >= 0.0) && power.contains(&0.0),
            &reading,
        );
        if let Some(last) = &last {
            findings.expect("a later reading has a later time", reading.at > last.at, (last.at, reading.at));
            let grows = reading.import_wh >= last.import_wh && reading.export_wh >= last.export_wh;
            findings.expect("registers never go back", grows, (last, &reading));
            counts(&mut findings, last, &reading);
        }
        last = Some(reading);
        stage.wait_s(stage.command_s() / 5);
    }
    findings.0
}

/// Registers count what power says, within a tenth.
fn counts(findings: &mut Findings, from: &MeterReading, to: &MeterReading) {
    // Seconds and Wh of a test, far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    let (h, wh) = (
        unit::s_to_h(to.at.seconds_since(from.at) as f64),
        to.import_wh as f64 - from.import_wh as f64 - (to.export_wh as f64 - from.export_wh as f64),
    );
    let mean_mw = 0.5 * (from.import_mw - from.export_mw + to.import_mw - to.export_mw);
    let expected = unit::mwh_to_wh(mean_mw * h);
    let holds = (wh - expected).abs() <= 2.0 + 0.1 * expected.abs().max(wh.abs());
    findings.expect("registers count what power says", holds, (expected, wh));
}
