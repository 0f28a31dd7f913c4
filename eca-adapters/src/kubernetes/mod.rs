//! Jobs, Kueue workloads and deployments of a Kubernetes cluster.
//!
//! Under control is what opts in with the label `eca/control=yes`, and nothing else. The annotation `eca/job` is a job of
//! the problem document as JSON. One cluster (one context of the kubeconfig) is one region.
//!
//! What was told and done is kept in annotations of the object itself, changed in one step with what it does and only from
//! the version that was read (`resourceVersion`): it survives a restart, and two controllers cannot both act on what one of
//! them has changed. `eca/command` and `eca/expires` show the last idempotency key and its expiry.
//!
//! | command | job | Kueue workload | deployment |
//! |---|---|---|---|
//! | run, resume | `suspend: false` | `active: true` | `replicas` of the operating point |
//! | pause | `suspend: true` | `active: false` | `replicas: 0` |
//! | set power | annotation `eca/power-cap-w` | the same | `replicas` of the operating point |
//!
//! **A pause loses nothing and is not believed.** Suspending deletes pods, so first a checkpoint is asked for
//! (`eca/checkpoint-request`), and every pod has to report that it wrote one *and read it back* (`eca/checkpoint`). A job is
//! shown as paused only when its pods are gone from nodes that answer: a pod that ignores its end, or whose node is not
//! reachable, draws power.

mod checkpoint;
mod item;
mod link;
mod survey;

use eca_core::Timestamp;
use eca_core::action::{Action, Command, Target, Verdict};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, WorkloadReading, Workloads,
};
use eca_core::problem::{JobId, RegionId};
use item::{Change, Item, Place};
use link::{Fault, Link};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use survey::Survey;

/// Times that a change is begun again because somebody else changed the object in between.
const ATTEMPTS: u32 = 8;

/// Which cluster, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The kubeconfig; none for `KUBECONFIG`, `~/.kube/config` or the service account of the pod, in this order.
    pub kubeconfig: Option<PathBuf>,
    /// Context in it; none for the current one.
    pub context: Option<String>,
    /// Namespace under control.
    pub namespace: String,
    /// Whether Kueue is there.
    pub kueue: bool,
    /// Longest time that a command waits for a checkpoint or for the end of pods, s; then it has to be sent again.
    pub wait_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { kubeconfig: None, context: None, namespace: "default".into(), kueue: false, wait_s: 10 }
    }
}

impl Settings {
    /// Sets the kubeconfig.
    #[must_use]
    pub fn kubeconfig(mut self, path: impl Into<PathBuf>) -> Self {
        self.kubeconfig = Some(path.into());
        self
    }

    /// Sets the context.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// Sets the namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Sets whether Kueue is there.
    #[must_use]
    pub fn kueue(mut self, kueue: bool) -> Self {
        self.kueue = kueue;
        self
    }

    /// Sets the longest time that a command waits, s.
    #[must_use]
    pub fn wait_s(mut self, wait_s: u32) -> Self {
        self.wait_s = wait_s;
        self
    }
}

/// A Kubernetes cluster. Not to be called from within an asynchronous runtime: it has one of its own.
#[derive(Debug)]
pub struct Kubernetes {
    region: RegionId,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Option<Link>,
    seen: BTreeMap<JobId, Place>,
    /// Nodes on which pods of a job were seen: one of them may run on after its pod was removed by force.
    nodes: BTreeMap<JobId, BTreeSet<String>>,
}

impl Kubernetes {
    /// The cluster as `region`. It is connected to at the first call.
    #[must_use]
    pub fn new(region: impl Into<RegionId>, settings: Settings) -> Self {
        Self { region: region.into(), settings, state: Mutex::default() }
    }

    fn link<'a>(&self, state: &'a mut State) -> AdapterResult<&'a Link> {
        let link = match state.link.take() {
            Some(link) => link,
            None => Link::open(&self.settings).map_err(|fault| self.error(fault, "the connection"))?,
        };
        Ok(state.link.insert(link))
    }

    fn error(&self, fault: Fault, object: &str) -> AdapterError {
        let (adapter, object) = (self.to_string(), object.to_owned());
        match fault {
            Fault::Lost(message) => AdapterError::Unreachable { adapter, message },
            Fault::No(message) => AdapterError::Refused { adapter, object, message },
            Fault::Conflict => {
                AdapterError::Unreachable { adapter, message: format!("{object} is being changed by somebody else") }
            }
        }
    }

    fn refused(&self, id: &JobId, message: impl Into<String>) -> AdapterError {
        AdapterError::Refused { adapter: self.to_string(), object: format!("job `{id}`"), message: message.into() }
    }

    /// It is under way, and not proved: the command has to be sent again.
    fn not_yet(&self, id: &JobId, message: impl fmt::Display) -> AdapterError {
        AdapterError::Unreachable { adapter: self.to_string(), message: format!("job `{id}`: {message}") }
    }

    /// Everything that opted in, and what is known of pods and nodes.
    fn look(&self, state: &mut State) -> AdapterResult<(Vec<Item>, Survey)> {
        let link = self.link(state)?;
        let objects = link.objects().map_err(|fault| self.error(fault, "the objects under control"))?;
        let survey = link.survey().map_err(|fault| self.error(fault, "pods and nodes"))?;
        let mut items = Vec::new();
        for (kind, object) in objects {
            let item = Item::read(kind, object).map_err(|(value, limit)| AdapterError::BadReading {
                adapter: self.to_string(),
                object: "an object under control".into(),
                value,
                limit,
            })?;
            items.push(item);
        }
        for item in &items {
            state.nodes.entry(item.job.id.clone()).or_default().extend(survey.nodes_of(item));
        }
        state.seen = items.iter().map(|item| (item.job.id.clone(), item.place.clone())).collect();
        if state.seen.len() < items.len() {
            return Err(AdapterError::BadReading {
                adapter: self.to_string(),
                object: "annotation `eca/job`".into(),
                value: "the same id".into(),
                limit: "which two objects have; give each job its own".into(),
            });
        }
        Ok((items, survey))
    }

    fn place(&self, state: &mut State, id: &JobId) -> AdapterResult<Place> {
        if !state.seen.contains_key(id) {
            self.look(state)?;
        }
        state.seen.get(id).cloned().ok_or_else(|| self.unknown(state, id))
    }

    fn unknown(&self, state: &State, id: &JobId) -> AdapterError {
        let known: Vec<&str> = state.seen.keys().map(JobId::as_str).collect();
        let (kind, id, known) = ("job".into(), id.to_string(), known.join(", "));
        AdapterError::Unknown { adapter: self.to_string(), kind, id, known }
    }

    /// Reads, decides and writes once; none where somebody else wrote in between.
    fn attempt(
        &self,
        state: &mut State,
        id: &JobId,
        action: &Action,
        options: &ApplyOptions,
        until: Instant,
    ) -> AdapterResult<Option<Answer>> {
        let place = self.place(state, id)?;
        let been = state.nodes.get(id).cloned().unwrap_or_default();
        let link = self.link(state)?;
        let failed = |fault| self.error(fault, &format!("job `{id}`"));
        let Some(object) = link.object(&place).map_err(failed)? else {
            state.seen.remove(id);
            return Err(self.unknown(state, id));
        };
        let item = Item::read(place.kind, object).map_err(|(value, limit)| self.refused(id, value + ", " + &limit))?;
        let mut memory = item.memory.clone();
        memory.nodes.extend(been);
        match memory.inbox.accept(action, options.now) {
            Verdict::Apply => {}
            Verdict::Duplicate => {
                self.proved(link, &item, action, until)?;
                return Ok(Some(Answer::AlreadyDone));
            }
            verdict => return Ok(Some(verdict.into())),
        }
        let survey = link.survey().map_err(failed)?;
        let mut change = item
            .change(&action.command, memory, &self.region, &survey, options.now)
            .map_err(|message| self.refused(id, message))?;
        if action.command == Command::Pause && !options.dry_run && item.wants_checkpoint() {
            match self.checkpoint(link, &item, &mut change, options, until)? {
                Some(()) => {}
                None => return Ok(None),
            }
        }
        change.command = Some((action.id.clone(), action.expires));
        match link.change(&item, &change, options.dry_run) {
            Ok(_) if options.dry_run => Ok(Some(Answer::WouldDo)),
            Ok(object) => {
                let item =
                    Item::read(place.kind, object).map_err(|(value, limit)| self.refused(id, value + ", " + &limit))?;
                self.proved(link, &item, action, until)?;
                if item.memory.nodes.is_empty() {
                    state.nodes.remove(id);
                }
                Ok(Some(Answer::Done))
            }
            Err(Fault::Conflict) => Ok(None),
            Err(fault) => Err(failed(fault)),
        }
    }

    /// Waits until relief is proved: pods gone from nodes that answer, power caps confirmed.
    fn proved(&self, link: &Link, item: &Item, action: &Action, until: Instant) -> AdapterResult<()> {
        if !matches!(action.command, Command::Pause | Command::SetPower { .. }) {
            return Ok(());
        }
        loop {
            let survey = link.survey().map_err(|fault| self.error(fault, "pods and nodes"))?;
            let Some(why) = item.unproved(&survey) else { return Ok(()) };
            if !link.wait(&survey, until) {
                return Err(self.not_yet(&item.job.id, why));
            }
        }
    }

    /// Asks for a checkpoint and waits for it. None where somebody else wrote in between.
    fn checkpoint(
        &self,
        link: &Link,
        item: &Item,
        change: &mut Change,
        options: &ApplyOptions,
        until: Instant,
    ) -> AdapterResult<Option<()>> {
        let id = &item.job.id;
        let asked = match &item.memory.asked {
            Some(asked) => asked.clone(),
            None => {
                let asked = checkpoint::Asked::new(id, options.now);
                return match link.change(item, &item.ask(&asked), false) {
                    // What was read is out of date now: begin again with what was written.
                    Ok(_) | Err(Fault::Conflict) => Ok(None),
                    Err(fault) => Err(self.error(fault, &format!("job `{id}`"))),
                };
            }
        };
        loop {
            let survey = link.survey().map_err(|fault| self.error(fault, "pods and nodes"))?;
            match survey.checkpoint(item, &asked, options.now) {
                Ok(proof) => {
                    change.memory.asked = None;
                    change.memory.checkpoint_at = Some(proof.at);
                    change.memory.done = proof.done.unwrap_or_else(|| item.done(&survey, proof.at));
                    return Ok(Some(()));
                }
                Err(why) if options.now.seconds_since(asked.at) > i64::from(options.grace_s) => {
                    // The next command asks anew.
                    match link.change(item, &item.give_up(), false) {
                        Ok(_) | Err(Fault::Conflict) => {}
                        Err(fault) => return Err(self.error(fault, &format!("job `{id}`"))),
                    }
                    let grace_s = options.grace_s;
                    return Err(self.refused(id, format!("no checkpoint in {grace_s} s ({why}); it goes on")));
                }
                Err(why) if !link.wait(&survey, until) => return Err(self.not_yet(id, why)),
                Err(_) => {}
            }
        }
    }

    fn reading(&self, item: Item, survey: &Survey, now: Timestamp) -> Option<WorkloadReading> {
        if item.is_finished() {
            return None;
        }
        let mut reading = WorkloadReading::new(now, item.job.clone());
        reading.job.state = item.state(survey, &self.region, now);
        reading.checkpoint_at = item.memory.checkpoint_at;
        if reading.job.state.as_ref().is_none_or(|state| state.point.is_none()) {
            reading.power_mw = Some(0.0);
        }
        Some(reading)
    }
}

impl fmt::Display for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kubernetes cluster `{}`", self.region)
    }
}

impl Workloads for Kubernetes {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (items, survey) = self.look(&mut state)?;
        Ok(items.into_iter().filter_map(|item| self.reading(item, &survey, options.now)).collect())
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let Target::Job { id, copy: 0 } = &action.target else {
            let object = format!("{:?}", action.target);
            let message = "it has only whole jobs, each once; give every object a job of its own".into();
            return Err(AdapterError::Refused { adapter: self.to_string(), object, message });
        };
        let until = Instant::now() + Duration::from_secs(self.settings.wait_s.min(options.grace_s).into());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.attempt(&mut state, id, action, options, until)? {
                return Ok(answer);
            }
        }
        Err(self.not_yet(id, format!("somebody else changed it {ATTEMPTS} times while it was being changed")))
    }
}
