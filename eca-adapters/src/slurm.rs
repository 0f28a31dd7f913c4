//! Jobs of a Slurm cluster, through `squeue` and `scontrol`.
//!
//! Under control is what opts in: a job whose comment is `eca:` and a job of the problem document as JSON, submitted held
//! (`sbatch --hold --comment 'eca:{"id": "train", ...}'`). `run` releases it, `pause` suspends, `resume` resumes. Slurm keeps
//! a suspended job in memory: what it has done is not lost while its nodes live, which is the checkpoint that Slurm itself
//! gives; work is counted as time run at the rate of operating point 0.
//!
//! One cluster is one region. Moving jobs and power levels are refused: Slurm has neither for a job that runs.

use eca_core::action::{Action, Command as Do, Inbox, Target, Verdict};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, WorkloadReading, Workloads,
};
use eca_core::problem::{JobId, RegionId};
use eca_core::{Job, JobState, Timestamp, unit};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A Slurm cluster.
#[derive(Debug)]
pub struct Slurm {
    region: RegionId,
    /// Folder of `squeue` and `scontrol`; none to search the path.
    programs: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    inbox: Inbox,
    /// Slurm's number of each job, and its state there.
    seen: BTreeMap<JobId, (u64, String)>,
    pauses: BTreeMap<JobId, u32>,
    paused_at: BTreeMap<JobId, Timestamp>,
}

impl Slurm {
    /// The cluster as `region`, by the programs in `programs` or in the path.
    #[must_use]
    pub fn new(region: impl Into<RegionId>, programs: Option<PathBuf>) -> Self {
        Self { region: region.into(), programs, state: Mutex::default() }
    }

    fn call(&self, program: &str, args: &[&str]) -> AdapterResult<String> {
        let path = self.programs.as_ref().map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
        let gone = |message: String| AdapterError::Unreachable { adapter: self.to_string(), message };
        let output = Command::new(path).args(args).output().map_err(|error| gone(format!("{program}: {error}")))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let message = format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        Err(gone(message))
    }

    fn bad(&self, value: &str, limit: impl Into<String>) -> AdapterError {
        let value = value.chars().take(200).collect();
        AdapterError::BadReading { adapter: self.to_string(), object: "the queue".into(), value, limit: limit.into() }
    }

    /// One entry of `squeue --json`; none for what did not opt in.
    fn entry(&self, entry: &Value, state: &mut State, now: Timestamp) -> AdapterResult<Option<WorkloadReading>> {
        let text = entry["comment"].as_str().unwrap_or_default();
        let Some(text) = text.strip_prefix("eca:") else { return Ok(None) };
        let number = entry["job_id"].as_u64().ok_or_else(|| self.bad(text, "without a job_id"))?;
        let mut job: Job =
            serde_json::from_str(text).map_err(|error| self.bad(text, format!("which is no job: {error}")))?;
        let shown = &entry["job_state"];
        let shown = shown.as_str().or_else(|| shown[0].as_str()).unwrap_or_default().to_owned();
        let is_running = shown == "RUNNING";
        // Slurm counts the time before a suspension apart.
        let seconds = |key: &str| entry[key]["number"].as_i64().or_else(|| entry[key].as_i64()).unwrap_or(0);
        let ran_s = match (is_running, seconds("start_time")) {
            (true, start) => seconds("pre_sus_time") + (now.unix_s() - start.max(seconds("suspend_time"))).max(0),
            (false, _) => seconds("pre_sus_time"),
        };
        if is_running || shown == "SUSPENDED" {
            // Days of seconds, far below 2^53.
            #[allow(clippy::cast_precision_loss)]
            let h = unit::s_to_h(ran_s as f64);
            let point = job.points.first();
            let rate = point.and_then(|p| p.inferences_per_h.or(p.gpu_hours_per_h)).unwrap_or(0.0);
            let work = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
            let done = (rate * h).min(work);
            job.state = Some(JobState {
                region: self.region.clone(),
                point: is_running.then_some(0),
                done_inferences: if job.inferences.is_some() { done } else { 0.0 },
                done_gpu_hours: if job.inferences.is_some() { 0.0 } else { done },
                running_since: None,
                can_stop: true,
                pauses: state.pauses.get(&job.id).copied().unwrap_or(0),
            });
        }
        state.seen.insert(job.id.clone(), (number, shown));
        let mut reading = WorkloadReading::new(now, job);
        reading.checkpoint_at = state.paused_at.get(&reading.job.id).copied();
        Ok(Some(reading))
    }
}

impl fmt::Display for Slurm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slurm cluster `{}`", self.region)
    }
}

impl Workloads for Slurm {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        let text = self.call("squeue", &["--json"])?;
        let queue: Value = serde_json::from_str(&text).map_err(|error| self.bad(&text, error.to_string()))?;
        let entries = queue["jobs"].as_array().ok_or_else(|| self.bad(&text, "without a list of jobs"))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seen.clear();
        let mut readings = Vec::new();
        for entry in entries {
            readings.extend(self.entry(entry, &mut state, options.now)?);
        }
        Ok(readings)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let refused = |message: String| AdapterError::Refused {
            adapter: self.to_string(),
            object: format!("{:?}", action.target),
            message,
        };
        let Target::Job { id, .. } = &action.target else { return Err(refused("it has only whole jobs".into())) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((number, shown)) = state.seen.get(id).cloned() else {
            let known: Vec<String> = state.seen.keys().map(ToString::to_string).collect();
            let (kind, id) = ("job".into(), id.to_string());
            return Err(AdapterError::Unknown { adapter: self.to_string(), kind, id, known: known.join(", ") });
        };
        let mut inbox = state.inbox.clone();
        let verdict = inbox.accept(action, options.now);
        if verdict != Verdict::Apply {
            return Ok(verdict.into());
        }
        let verb = match (&action.command, shown.as_str()) {
            (Do::Run { region, .. } | Do::Resume { region, .. }, _) if *region != self.region => {
                return Err(refused(format!("it is in `{}`, not in `{region}`", self.region)));
            }
            (Do::Run { point: 0, .. }, "PENDING") => "release",
            (Do::Pause, "RUNNING") => "suspend",
            (Do::Resume { point: 0, .. }, "SUSPENDED") => "resume",
            (command, shown) => return Err(refused(format!("{command:?} does not go with {shown}"))),
        };
        if options.dry_run {
            return Ok(Answer::WouldDo);
        }
        self.call("scontrol", &[verb, &number.to_string()])?;
        match verb {
            "suspend" => {
                state.paused_at.insert(id.clone(), options.now);
                state.seen.insert(id.clone(), (number, "SUSPENDED".into()));
            }
            "resume" => *state.pauses.entry(id.clone()).or_default() += 1,
            _ => {}
        }
        state.inbox = inbox;
        Ok(Answer::Done)
    }
}
