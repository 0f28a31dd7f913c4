//! One object under control: what it is, what it was told, and what a command changes in it.

use super::checkpoint::Asked;
use super::survey::{Selector, Survey};
use eca_core::action::{Command, Inbox};
use eca_core::problem::RegionId;
use eca_core::{Job, JobState, Timestamp, unit};
use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Annotations.
pub(super) const JOB: &str = "eca/job";
pub(super) const MEMORY: &str = "eca/state";
pub(super) const REPLICAS: &str = "eca/replicas";
pub(super) const MODE: &str = "eca/checkpoint-mode";
pub(super) const REQUEST: &str = "eca/checkpoint-request";
pub(super) const CAP_W: &str = "eca/power-cap-w";

/// The kinds of objects that can be under control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Job,
    Workload,
    Deployment,
}

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// What is kept in the object itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Memory {
    pub(super) inbox: Inbox,
    /// Operating point it was told last; none before it was started.
    pub(super) point: Option<usize>,
    /// Since when it goes on without a pause.
    pub(super) since: Option<Timestamp>,
    /// Work in the last checkpoint that was proved.
    pub(super) done: f64,
    pub(super) pauses: u32,
    pub(super) checkpoint_at: Option<Timestamp>,
    /// A checkpoint that was asked for and has not come.
    pub(super) asked: Option<Asked>,
    /// Nodes its pods were on when it was told to stop.
    pub(super) nodes: BTreeSet<String>,
}

/// What is written into an object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) spec: Option<Value>,
    pub(super) memory: Memory,
    pub(super) command: Option<(String, Timestamp)>,
    /// Request of a checkpoint: some to set or, with `null`, to take away.
    pub(super) request: Option<Value>,
    pub(super) cap_w: Option<String>,
}

/// An object under control.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) job: Job,
    pub(super) memory: Memory,
    pub(super) selector: Selector,
    /// Replicas of a deployment at each operating point.
    replicas: Vec<i64>,
    object: DynamicObject,
}

impl Item {
    /// Reads what opted in; otherwise the value and what is wrong with it.
    pub(super) fn read(kind: Kind, object: DynamicObject) -> Result<Self, (String, String)> {
        let name = object.metadata.name.clone().unwrap_or_default();
        let notes = object.metadata.annotations.clone().unwrap_or_default();
        let wrong = |what: &str, why: String| (format!("{what} of `{name}`"), why);
        let text = notes.get(JOB).ok_or_else(|| wrong(JOB, "which is not there; give the job as JSON".into()))?;
        let mut job: Job =
            serde_json::from_str(text).map_err(|error| wrong(JOB, format!("which is no job: {error}")))?;
        job.state = None;
        if job.count != 1 || job.divisible || job.points.is_empty() {
            return Err(wrong(JOB, "must be one job, not divisible, with operating points".into()));
        }
        let memory = match notes.get(MEMORY) {
            None => Memory::default(),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| wrong(MEMORY, format!("which ECA did not write: {error}")))?,
        };
        let mut replicas = Vec::new();
        if kind == Kind::Deployment {
            let text = notes.get(REPLICAS).map_or("", String::as_str);
            let parsed: Result<Vec<i64>, _> = text.split(',').map(|part| part.trim().parse::<i64>()).collect();
            replicas = parsed.unwrap_or_default();
            if replicas.len() != job.points.len() || replicas.iter().any(|&n| n < 1) {
                return Err(wrong(REPLICAS, "must be one number above 0 for each operating point, as in `4,2`".into()));
            }
        }
        let selector = Selector::of(kind, &object).map_err(|why| wrong("the pods", why))?;
        Ok(Self { place: Place { kind, name }, job, memory, selector, replicas, object })
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.object.metadata.resource_version.as_deref()
    }

    fn spec(&self, key: &str) -> &Value {
        &self.object.data["spec"][key]
    }

    /// Whether its specification lets it run.
    fn is_on(&self) -> bool {
        match self.place.kind {
            Kind::Job => self.spec("suspend").as_bool() != Some(true),
            Kind::Workload => self.spec("active").as_bool() != Some(false),
            Kind::Deployment => self.spec("replicas").as_i64() != Some(0),
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        let conditions = self.object.data["status"]["conditions"].as_array();
        let over = |condition: &Value| {
            condition["status"] == "True"
                && matches!(condition["type"].as_str(), Some("Complete" | "Failed" | "Finished"))
        };
        conditions.is_some_and(|all| all.iter().any(over))
    }

    /// Whether a pause has to wait for a checkpoint.
    pub(super) fn wants_checkpoint(&self) -> bool {
        self.is_on() && self.needs_checkpoint()
    }

    fn needs_checkpoint(&self) -> bool {
        let mode = self.object.metadata.annotations.as_ref().and_then(|notes| notes.get(MODE));
        mode.is_none_or(|mode| mode != "stateless")
    }

    fn work(&self) -> f64 {
        self.job.inferences.or(self.job.gpu_hours).unwrap_or(0.0)
    }

    /// The operating point of the highest power: what it may draw where nothing else is proved.
    fn highest(&self) -> usize {
        let by_power = |a: &usize, b: &usize| self.job.points[*a].power_mw.total_cmp(&self.job.points[*b].power_mw);
        (0..self.job.points.len()).max_by(by_power).unwrap_or(0)
    }

    /// The operating point that pods are proved not to exceed.
    fn point(&self, survey: &Survey) -> usize {
        let told = self.memory.point.unwrap_or(0).min(self.job.points.len() - 1);
        let highest = self.highest();
        if self.place.kind == Kind::Deployment {
            let most = i64::try_from(survey.drawing(self).len()).unwrap_or(i64::MAX);
            return if self.replicas[told] >= most { told } else { highest };
        }
        if told == highest || survey.is_capped(self, unit::mw_to_w(self.job.points[told].power_mw)) {
            told
        } else {
            highest
        }
    }

    /// Work done at `at`: what is in the checkpoint, and what it has worked since, as far as its pods surely ran.
    pub(super) fn done(&self, survey: &Survey, at: Timestamp) -> f64 {
        let Some(since) = self.is_on().then(|| survey.working_since(self)).flatten() else { return self.memory.done };
        let since = self.memory.since.map_or(since, |told| told.max(since));
        let rate = |p: &eca_core::JobPoint| p.inferences_per_h.or(p.gpu_hours_per_h).unwrap_or(0.0);
        // The slowest it may have worked at: what is counted is surely done.
        let slowest = self.job.points.iter().map(rate).fold(f64::INFINITY, f64::min);
        // Seconds of weeks, far below 2^53.
        #[allow(clippy::cast_precision_loss)]
        let h = unit::s_to_h(at.seconds_since(since).max(0) as f64);
        (self.memory.done + slowest * h).min(self.work())
    }

    /// Its state, as the problem document has it; none before it was started.
    pub(super) fn state(&self, survey: &Survey, region: &RegionId, now: Timestamp) -> Option<JobState> {
        let runs = self.is_on() || !survey.drawing(self).is_empty();
        if !runs && self.memory.point.is_none() {
            return None;
        }
        let done = self.done(survey, now);
        Some(JobState {
            region: region.clone(),
            point: runs.then(|| self.point(survey)),
            done_inferences: if self.job.inferences.is_some() { done } else { 0.0 },
            done_gpu_hours: if self.job.inferences.is_some() { 0.0 } else { done },
            running_since: self.memory.since.filter(|_| runs),
            can_stop: true,
            pauses: self.memory.pauses,
        })
    }

    /// What has not come about that it was told; none where all of it has.
    pub(super) fn unproved(&self, survey: &Survey) -> Option<String> {
        let drawing = survey.drawing(self);
        if !self.is_on() {
            return (!drawing.is_empty()).then(|| format!("not proved to be off: {}", drawing.join(", ")));
        }
        let told = self.memory.point?;
        (self.point(survey) != told).then(|| format!("operating point {told} is not confirmed by its pods"))
    }

    /// What a command changes, or why it cannot.
    pub(super) fn change(
        &self,
        command: &Command,
        mut memory: Memory,
        region: &RegionId,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<Change, String> {
        let is_started = self.memory.point.is_some();
        if let Command::Run { region: to, .. } | Command::Resume { region: to, .. } = command
            && to != region
        {
            return Err(format!("it is in `{region}`, not in `{to}`"));
        }
        let point = match command {
            Command::Run { point, .. } | Command::Resume { point, .. } | Command::SetPower { point, .. } => {
                Some(*point)
            }
            _ => None,
        };
        if let Some(point) = point.filter(|point| *point >= self.job.points.len()) {
            return Err(format!("operating point {point} of {} does not exist", self.job.points.len()));
        }
        if self.is_finished() {
            return Err("it is finished".into());
        }
        if self.place.kind == Kind::Job && self.queue().is_some() {
            return Err("Kueue suspends and resumes it: label its Workload instead of the Job".into());
        }
        match (command, self.is_on()) {
            (Command::Run { .. }, false) if !is_started => memory.since = Some(now),
            (Command::Resume { .. }, false) if is_started => {
                let drawing = survey.drawing(self);
                if !drawing.is_empty() {
                    return Err(format!("its old pods are not proved to be off: {}", drawing.join(", ")));
                }
                memory.pauses += 1;
                memory.since = Some(now);
                memory.nodes.clear();
            }
            (Command::SetPower { .. }, true) => {
                // What was done at the old rate is not in a checkpoint; it counts at the slowest rate.
            }
            (Command::Pause, on) if on || !survey.drawing(self).is_empty() => {
                if !self.job.preemptible {
                    return Err("it is not preemptible".into());
                }
                if on {
                    survey.allows_end(self)?;
                    memory.nodes.extend(survey.nodes_of(self));
                    if !self.needs_checkpoint() {
                        memory.checkpoint_at = Some(now);
                        memory.done = self.done(survey, now);
                    }
                }
                memory.point = memory.point.or(Some(0));
            }
            (command, on) => {
                let shown = if on {
                    "running"
                } else if is_started {
                    "paused"
                } else {
                    "waiting"
                };
                return Err(format!("{command:?} does not go with a job that is {shown}"));
            }
        }
        memory.point = point.or(memory.point);
        let spec = match (self.place.kind, command, point) {
            (Kind::Deployment, _, point) => Some(json!({"replicas": point.map_or(0, |point| self.replicas[point])})),
            (_, Command::SetPower { .. }, _) => None,
            (Kind::Job, _, point) => Some(json!({"suspend": point.is_none()})),
            (Kind::Workload, _, point) => Some(json!({"active": point.is_some()})),
        };
        if self.place.kind == Kind::Deployment && matches!(command, Command::SetPower { .. }) {
            let fewer = spec.as_ref().and_then(|spec| spec["replicas"].as_i64()) < self.spec("replicas").as_i64();
            if fewer {
                survey.allows_end(self)?;
            }
        }
        let cap_w = point.map(|point| format!("{:.0}", unit::mw_to_w(self.job.points[point].power_mw)));
        // A request that was answered has served.
        let request = (*command == Command::Pause).then_some(Value::Null);
        Ok(Change { spec, memory, command: None, request, cap_w })
    }

    fn queue(&self) -> Option<&String> {
        self.object.metadata.labels.as_ref()?.get("kueue.x-k8s.io/queue-name")
    }

    /// Asks for a checkpoint.
    pub(super) fn ask(&self, asked: &Asked) -> Change {
        let memory = Memory { asked: Some(asked.clone()), ..self.memory.clone() };
        Change { spec: None, memory, command: None, request: Some(json!(asked.request)), cap_w: None }
    }

    /// Forgets that a checkpoint was asked for.
    pub(super) fn give_up(&self) -> Change {
        let memory = Memory { asked: None, ..self.memory.clone() };
        Change { spec: None, memory, command: None, request: Some(Value::Null), cap_w: None }
    }
}
