//! What a [`StorageDevice`] must pass.

use super::{Finding, Findings, Stage};
use crate::action::{Action, Command, Target};
use crate::adapter::{Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading};
use crate::problem::Battery;
use crate::{Timestamp, unit};

/// Part of its power capacity by which a battery may miss a set point.
const NEAR_FRAC: f64 = 0.05;

struct Bench<'a> {
    device: &'a dyn StorageDevice,
    battery: &'a Battery,
    stage: &'a dyn Stage,
    findings: Findings,
    generation: u64,
}

/// Runs a battery through charge, discharge, rest, repetitions, late and early commands. `battery` says what it is; it
/// should be about half full, and is left at rest.
pub fn storage_device(device: &dyn StorageDevice, battery: &Battery, stage: &dyn Stage) -> Vec<Finding> {
    let mut bench = Bench { device, battery, stage, findings: Findings::default(), generation: 1 };
    bench.readings();
    bench.follows();
    bench.refuses();
    bench.ends();
    bench.findings.0
}

impl Bench<'_> {
    fn action(&mut self, command: Command, from: Timestamp, until: Timestamp) -> Action {
        self.generation += 1;
        Action::new(self.generation, Target::Battery { id: self.battery.id.clone() }, command, from, until)
    }

    fn read(&mut self) -> Option<StorageReading> {
        let now = self.stage.now();
        let options = ReadingOptions::new(now);
        let result = self.device.read(&options);
        self.findings.expect("a battery that is there can be read", result.is_ok(), &result);
        let reading = result.ok()?;
        self.findings.time(reading.at, now, options.max_age_s);
        let numbers = [reading.soc_mwh, reading.charge_mw, reading.discharge_mw, reading.reserve_mwh];
        self.findings.expect(
            "readings are numbers of at least 0",
            numbers.iter().all(|value| value.is_finite() && *value >= 0.0),
            &reading,
        );
        let most = self.battery.energy_capacity_mwh * (1.0 + NEAR_FRAC);
        self.findings.expect(
            "stored energy is within the battery",
            reading.soc_mwh.is_nan() || reading.soc_mwh <= most,
            &reading,
        );
        Some(reading)
    }

    fn shows(&mut self, rule: &'static str, wanted_mw: f64) -> Option<StorageReading> {
        let reading = self.read()?;
        let near = NEAR_FRAC * self.battery.power_capacity_mw;
        self.findings.expect(rule, (reading.net_mw() - wanted_mw).abs() <= near, reading.net_mw());
        Some(reading)
    }

    fn apply(&mut self, action: &Action) -> super::AdapterResult<Answer> {
        self.device.apply(action, &ApplyOptions::new(self.stage.now()))
    }

    fn readings(&mut self) {
        let Some(first) = self.read() else { return };
        self.stage.wait_s(self.stage.settle_s());
        if let Some(second) = self.read() {
            self.findings.expect("a later reading has a later time", second.at > first.at, (first.at, second.at));
        }
    }

    /// Half power in, half power out, rest.
    fn follows(&mut self) {
        let half = 0.5 * self.battery.power_capacity_mw;
        let (charge, discharge) = (Command::Charge { power_mw: half }, Command::Discharge { power_mw: half });
        for (rule, command, wanted) in [
            ("charge makes it take power", charge, half),
            ("discharge makes it give power", discharge, -half),
            ("idle makes it rest", Command::Idle, 0.0),
        ] {
            let now = self.stage.now();
            let action = self.action(command, now, now.plus_s(self.stage.command_s()));
            let answer = self.apply(&action);
            self.findings.answer("a command that is due is done", &answer, Answer::Done);
            self.stage.wait_s(self.stage.settle_s());
            let before = self.shows(rule, wanted);
            let again = self.apply(&action);
            self.findings.answer("the same command again is already done", &again, Answer::AlreadyDone);
            self.shows("the same command again changes nothing", wanted);
            let span_s = self.stage.command_s() / 5;
            self.stage.wait_s(span_s);
            // Keeps the timer of the device going, as a controller does.
            let kept = self.apply(&action);
            self.findings.answer("the same command again is already done", &kept, Answer::AlreadyDone);
            if let (Some(before), Some(after)) = (before, self.read()) {
                // Whole seconds of the stage, far below 2^53.
                #[allow(clippy::cast_precision_loss)]
                let least = 0.5 * half * unit::s_to_h(span_s as f64);
                let moved = after.soc_mwh - before.soc_mwh;
                let holds = if wanted == 0.0 { moved.abs() <= least } else { moved * wanted.signum() >= 0.5 * least };
                self.findings.expect("stored energy follows power", holds, moved);
            }
        }
    }

    /// Late, early, overtaken, too much, for another.
    fn refuses(&mut self) {
        let half = 0.5 * self.battery.power_capacity_mw;
        let now = self.stage.now();
        let length = self.stage.command_s();
        let older = self.action(Command::Discharge { power_mw: half }, now, now.plus_s(length));
        let newer = self.action(Command::Charge { power_mw: half }, now, now.plus_s(length));
        let answer = self.apply(&newer);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
        self.stage.wait_s(self.stage.settle_s());
        let answer = self.apply(&older);
        self.findings.answer("an older command does not overtake a newer one", &answer, Answer::Overtaken);
        let late = self.action(Command::Discharge { power_mw: half }, now.plus_s(-2 * length), now.plus_s(-1));
        let answer = self.apply(&late);
        self.findings.answer("a command whose time is over is dropped", &answer, Answer::Expired);
        let early = self.action(Command::Discharge { power_mw: half }, now.plus_s(length), now.plus_s(2 * length));
        let answer = self.apply(&early);
        self.findings.answer("a command whose time has not come waits", &answer, Answer::Early);
        let most = 10.0 * self.battery.power_capacity_mw;
        let from = self.stage.now();
        let too_much = self.action(Command::Charge { power_mw: most }, from, from.plus_s(length));
        let answer = self.apply(&too_much);
        self.findings.expect("more power than it has is refused", answer.is_err(), &answer);
        let mut other = self.action(Command::Idle, from, from.plus_s(length));
        other.target = Target::Battery { id: "no such battery".into() };
        let answer = self.apply(&other);
        self.findings.expect("a command for another battery is refused", answer.is_err(), &answer);
        self.stage.wait_s(self.stage.settle_s());
        self.shows("what is refused or dropped changes nothing", half);
    }

    /// A set point that nobody repeats ends with its action.
    fn ends(&mut self) {
        let half = 0.5 * self.battery.power_capacity_mw;
        let now = self.stage.now();
        let action = self.action(Command::Discharge { power_mw: half }, now, now.plus_s(self.stage.command_s()));
        let answer = self.apply(&action);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
        self.stage.wait_s(self.stage.command_s() + self.stage.settle_s());
        self.shows("a set point ends when its command expires", 0.0);
    }
}
