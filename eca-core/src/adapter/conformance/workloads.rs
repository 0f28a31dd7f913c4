//! What [`Workloads`] must pass.

use super::{Finding, Findings, Stage};
use crate::Timestamp;
use crate::action::{Action, Command, Target};
use crate::adapter::{Answer, ApplyOptions, ReadingOptions, WorkloadReading, Workloads};
use crate::problem::{JobId, JobState, RegionId};

struct Bench<'a> {
    cluster: &'a dyn Workloads,
    id: JobId,
    region: RegionId,
    stage: &'a dyn Stage,
    findings: Findings,
    generation: u64,
}

/// Runs one job through run, pause and resume, with repetitions, late and early commands.
///
/// `job` names a preemptible job that has not started, may run in `region` at its operating point 0, and has more work
/// than the test takes. It is left paused.
pub fn workloads(
    cluster: &dyn Workloads,
    job: impl Into<JobId>,
    region: impl Into<RegionId>,
    stage: &dyn Stage,
) -> Vec<Finding> {
    let mut bench =
        Bench { cluster, id: job.into(), region: region.into(), stage, findings: Findings::default(), generation: 1 };
    bench.waits();
    bench.runs();
    bench.pauses_and_resumes();
    bench.findings.0
}

fn done(state: &JobState) -> f64 {
    state.done_inferences.max(state.done_gpu_hours)
}

impl Bench<'_> {
    fn action(&mut self, command: Command, from: Timestamp, until: Timestamp) -> Action {
        self.generation += 1;
        Action::new(self.generation, Target::Job { id: self.id.clone(), copy: 0 }, command, from, until)
    }

    /// A command that is due now.
    fn now(&mut self, command: Command) -> Action {
        let now = self.stage.now();
        self.action(command, now, now.plus_s(self.stage.command_s()))
    }

    fn apply(&mut self, action: &Action) -> super::AdapterResult<Answer> {
        self.cluster.apply(action, &ApplyOptions::new(self.stage.now()))
    }

    fn settle(&self) {
        self.stage.wait_s(self.stage.settle_s());
    }

    fn observe(&mut self) -> Option<WorkloadReading> {
        let now = self.stage.now();
        let options = ReadingOptions::new(now);
        let result = self.cluster.observe(&options);
        self.findings.expect("jobs can be observed", result.is_ok(), &result);
        let reading = result.ok()?.into_iter().find(|reading| reading.job.id == self.id);
        self.findings.expect("an open job is observed", reading.is_some(), &self.id);
        let reading = reading?;
        self.findings.time(reading.at, now, options.max_age_s);
        let power = reading.power_mw;
        self.findings.expect(
            "power is a number of at least 0",
            power.is_none_or(|mw| mw.is_finite() && mw >= 0.0),
            power,
        );
        Some(reading)
    }

    fn run(&self) -> Command {
        Command::Run { region: self.region.clone(), point: 0, power_mw: 0.0 }
    }

    fn waits(&mut self) {
        let Some(first) = self.observe() else { return };
        self.findings.expect("a job that was not started has no state", first.job.state.is_none(), &first.job.state);
        let (now, length) = (self.stage.now(), self.stage.command_s());
        let run = self.run();
        let late = self.action(run.clone(), now.plus_s(-2 * length), now.plus_s(-1));
        let answer = self.apply(&late);
        self.findings.answer("a command whose time is over is dropped", &answer, Answer::Expired);
        let early = self.action(run, now.plus_s(length), now.plus_s(2 * length));
        let answer = self.apply(&early);
        self.findings.answer("a command whose time has not come waits", &answer, Answer::Early);
        let mut other = self.now(self.run());
        other.target = Target::Job { id: "no such job".into(), copy: 0 };
        let answer = self.apply(&other);
        self.findings.expect("a command for a job that is not there is refused", answer.is_err(), &answer);
        let pause = self.now(Command::Pause);
        let answer = self.apply(&pause);
        self.findings.expect("what a job cannot do as it stands is refused", answer.is_err(), &answer);
        self.settle();
        if let Some(second) = self.observe() {
            self.findings.expect("a later reading has a later time", second.at > first.at, (first.at, second.at));
            self.findings.expect(
                "what is refused or dropped changes nothing",
                second.job.state.is_none(),
                &second.job.state,
            );
        }
    }

    fn runs(&mut self) {
        let run = self.now(self.run());
        let answer = self.apply(&run);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
        let answer = self.apply(&run);
        self.findings.answer("the same command again is already done", &answer, Answer::AlreadyDone);
        self.settle();
        let before = self.observe().and_then(|reading| reading.job.state);
        let there = before.as_ref().is_some_and(|s| s.region == self.region && s.point == Some(0));
        self.findings.expect("a job that was started runs where it was told", there, &before);
        self.stage.wait_s(self.stage.command_s() / 5);
        let after = self.observe().and_then(|reading| reading.job.state);
        if let (Some(before), Some(after)) = (before, after) {
            self.findings.expect(
                "a job that runs does work",
                done(&after) > done(&before),
                (done(&before), done(&after)),
            );
        }
    }

    fn pauses_and_resumes(&mut self) {
        let older = self.now(Command::Resume { region: self.region.clone(), point: 0, power_mw: 0.0 });
        let pause = self.now(Command::Pause);
        let before = self.observe().and_then(|reading| reading.job.state);
        let answer = self.apply(&pause);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
        self.settle();
        let paused = self.observe();
        let state = paused.as_ref().and_then(|reading| reading.job.state.clone());
        let stands = state.as_ref().is_some_and(|state| state.point.is_none());
        self.findings.expect("a job that was paused does not run", stands, &state);
        let proved = paused.and_then(|reading| reading.checkpoint_at);
        self.findings.expect("a job is paused only with a checkpoint that was proved", proved.is_some(), proved);
        if let (Some(before), Some(state)) = (&before, &state) {
            self.findings.expect("a pause loses no work", done(state) >= done(before), (done(before), done(state)));
        }
        let answer = self.apply(&older);
        self.findings.answer("an older command does not overtake a newer one", &answer, Answer::Overtaken);
        // The next period: the same place and time would be the pause again.
        self.stage.wait_s(1);
        let resume = self.now(Command::Resume { region: self.region.clone(), point: 0, power_mw: 0.0 });
        let answer = self.apply(&resume);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
        self.settle();
        let resumed = self.observe().and_then(|reading| reading.job.state);
        let runs = resumed.as_ref().is_some_and(|state| state.point == Some(0));
        self.findings.expect("a job that was resumed runs", runs, &resumed);
        if let (Some(state), Some(resumed)) = (&state, &resumed) {
            let kept = done(resumed) >= done(state) && resumed.pauses == state.pauses.max(1);
            self.findings.expect("a resumed job has its work and one pause more", kept, (state, resumed));
        }
        self.stage.wait_s(1);
        let pause = self.now(Command::Pause);
        let answer = self.apply(&pause);
        self.findings.answer("a command that is due is done", &answer, Answer::Done);
    }
}
