//! What lies below the API: nodes, processes that draw power, hooks that write checkpoints, and a meter.

use super::store::{Key, Store};
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// 2026-03-02T00:00:00Z.
pub const START: i64 = 1_772_409_600;

/// How a job answers a request for a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    Good,
    /// Good, and it says how much work is in it.
    Counted,
    Never,
    /// What is read back is something else.
    Corrupt,
    /// The disk is full.
    Empty,
    /// The report of an older request again.
    Old,
    Late(i64),
}

/// What goes wrong in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    pub hook: Hook,
    pub ignores_term: bool,
    /// The node does not answer between these instants.
    pub node_down: Option<(i64, i64)>,
    /// The objects of pods on it are removed by force at this instant.
    pub forced_at: Option<i64>,
    /// The API server does not answer between these instants.
    pub outage: Option<(i64, i64)>,
    /// Every n-th write is carried out and its answer lost.
    pub lost_answers: u32,
    /// So many writes meet somebody else's.
    pub rivals: u32,
    /// Whether power caps are obeyed and confirmed.
    pub caps: bool,
    /// The process crashes at this instant.
    pub crash_at: Option<i64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            hook: Hook::Good,
            ignores_term: false,
            node_down: None,
            forced_at: None,
            outage: None,
            lost_answers: 0,
            rivals: 0,
            caps: true,
            crash_at: None,
        }
    }
}

/// A process on a node. It lives and dies there, whatever the API server believes.
#[derive(Debug, Clone)]
struct Process {
    owner: String,
    pod: String,
    node: String,
    work: f64,
    is_capped: bool,
    /// When its end was asked for.
    ending_at: Option<i64>,
    reported: String,
    asked_at: Option<i64>,
}

#[derive(Debug)]
pub struct World {
    pub store: Store,
    pub now: i64,
    pub faults: Faults,
    /// Power of a process, W, without and with a cap; work of a second.
    pub watts: (f64, f64),
    pub rate_per_s: (f64, f64),
    pub metered_wh: f64,
    /// Work in the last checkpoint that is really there.
    pub durable: f64,
    pub writes: Vec<String>,
    /// Verbs and resources that were asked for.
    pub used: BTreeSet<(String, String)>,
    pub most_in_a_page: usize,
    pub compact_between_pages: bool,
    processes: Vec<Process>,
    written: u32,
    number: u32,
}

pub fn key(resource: &str, name: &str) -> Key {
    (resource.into(), if resource == "nodes" { "" } else { "default" }.into(), name.into())
}

pub fn time(unix_s: i64) -> String {
    eca_core::Timestamp::from_unix_s(unix_s).unwrap().to_string()
}

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            store: Store::default(),
            now: START,
            faults: Faults::default(),
            watts: (100_000.0, 60_000.0),
            rate_per_s: (100.0 / 3600.0, 70.0 / 3600.0),
            metered_wh: 0.0,
            durable: 0.0,
            writes: Vec::new(),
            used: BTreeSet::new(),
            most_in_a_page: usize::MAX,
            compact_between_pages: false,
            processes: Vec::new(),
            written: 0,
            number: 0,
        };
        for node in ["n1", "n2"] {
            let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}, "spec": {}});
            world.store.create(&key("nodes", node), ready).unwrap();
        }
        world
    }

    /// Whether a request fails: `Some(false)` before anything was done, `Some(true)` after it.
    pub fn outage(&mut self, method: &Method) -> Option<bool> {
        if self.faults.outage.is_some_and(|(from, to)| (from..to).contains(&self.now)) {
            return Some(false);
        }
        if *method == Method::PATCH && self.faults.lost_answers > 0 {
            self.written += 1;
            return self.written.is_multiple_of(self.faults.lost_answers).then_some(true);
        }
        None
    }

    /// Somebody else writes into the object just now.
    pub fn rival(&mut self, key: &Key) {
        if self.faults.rivals > 0 {
            self.faults.rivals -= 1;
            let note = json!({"metadata": {"annotations": {"somebody/else": self.faults.rivals.to_string()}}});
            self.store.patch(key, &note, false).unwrap();
        }
    }

    pub fn is_node_up(&self, node: &str) -> bool {
        node != "n1" || self.faults.node_down.is_none_or(|(from, to)| !(from..to).contains(&self.now))
    }

    /// Work that is really there: in the newest process, or in the checkpoint.
    pub fn work(&self) -> f64 {
        self.processes.last().map_or(self.durable, |process| process.work.max(self.durable))
    }

    pub fn processes(&self) -> usize {
        self.processes.len()
    }

    /// Lets time pass.
    pub fn advance(&mut self, to: i64) {
        while self.now < to {
            let step = (to - self.now).min(5);
            for process in &mut self.processes {
                let (watts, rate) = if process.is_capped {
                    (self.watts.1, self.rate_per_s.1)
                } else {
                    (self.watts.0, self.rate_per_s.0)
                };
                self.metered_wh += watts * step as f64 / 3600.0;
                process.work += rate * step as f64;
            }
            self.now += step;
            self.settle();
        }
    }

    /// What controllers, kubelets and hooks do at this instant.
    pub fn settle(&mut self) {
        self.nodes();
        for resource in ["jobs", "deployments"] {
            for owner in self.store.list(resource, "default") {
                self.pods_of(resource, &owner);
            }
        }
        self.kubelets();
    }

    fn nodes(&mut self) {
        if let Some((from, to)) = self.faults.node_down {
            // The cluster notices after 50 s.
            let ready = if (from + 50..to).contains(&self.now) { "Unknown" } else { "True" };
            let patch = json!({"status": {"conditions": [{"type": "Ready", "status": ready}]}});
            self.store.patch(&key("nodes", "n1"), &patch, false).unwrap();
            // Five minutes later its pods are to go; nobody there hears it.
            if (from + 350..to).contains(&self.now) {
                for pod in self.store.list("pods", "default").iter().filter(|pod| pod["spec"]["nodeName"] == "n1") {
                    self.end(pod);
                }
            }
        }
        if self.faults.forced_at.is_some_and(|at| self.now >= at) && !self.is_node_up("n1") {
            for pod in self.store.list("pods", "default").iter().filter(|pod| pod["spec"]["nodeName"] == "n1") {
                self.store.delete(&key("pods", pod["metadata"]["name"].as_str().unwrap())).unwrap();
            }
        }
    }

    fn end(&mut self, pod: &Value) {
        if pod["metadata"]["deletionTimestamp"].is_null() {
            let patch = json!({"metadata": {"deletionTimestamp": time(self.now)}});
            self.store.patch(&key("pods", pod["metadata"]["name"].as_str().unwrap()), &patch, false).unwrap();
        }
    }

    fn pods_of(&mut self, resource: &str, owner: &Value) {
        let name = owner["metadata"]["name"].as_str().unwrap().to_owned();
        let workload = self
            .store
            .list("workloads", "default")
            .into_iter()
            .find(|w| w["metadata"]["ownerReferences"][0]["name"] == name.as_str());
        let wanted = match (resource, workload) {
            ("jobs", Some(workload)) => u64::from(workload["spec"]["active"] != false),
            ("jobs", None) if owner["spec"]["suspend"] == true => 0,
            ("jobs", None) => owner["spec"]["parallelism"].as_u64().unwrap_or(1),
            _ => owner["spec"]["replicas"].as_u64().unwrap_or(1),
        };
        let pods = self.store.list("pods", "default");
        let mine = |pod: &&Value| {
            pod["metadata"]["labels"]["job-name"] == name.as_str() && pod["metadata"]["deletionTimestamp"].is_null()
        };
        let live: Vec<Value> = pods.iter().filter(mine).cloned().collect();
        for pod in live.iter().skip(usize::try_from(wanted).unwrap()) {
            self.end(pod);
        }
        for _ in live.len()..usize::try_from(wanted).unwrap() {
            self.number += 1;
            let noticed = self.store.get(&key("nodes", "n1")).unwrap()["status"]["conditions"][0]["status"] != "True";
            let node = if noticed || !self.is_node_up("n1") { "n2" } else { "n1" };
            let pod = format!("{name}-{}", self.number);
            let started = json!({"state": {"running": {"startedAt": time(self.now)}}, "name": "main", "image": "", "imageID": "",
                "ready": true, "restartCount": 0});
            let object = json!({
                "metadata": {"labels": {"job-name": name, "app": name}},
                "spec": {"nodeName": node, "containers": [{"name": "main"}]},
                "status": {"phase": "Running", "startTime": time(self.now), "containerStatuses": [started]}});
            self.store.create(&key("pods", &pod), object).unwrap();
            let (owner, node, work) = (format!("{resource}/{name}"), node.to_owned(), self.durable);
            let process = Process {
                owner,
                pod,
                node,
                work,
                is_capped: false,
                ending_at: None,
                reported: String::new(),
                asked_at: None,
            };
            self.processes.push(process);
        }
    }

    fn kubelets(&mut self) {
        let mut processes = std::mem::take(&mut self.processes);
        processes.retain_mut(|process| {
            if !self.is_node_up(&process.node) {
                return true;
            }
            let pod = key("pods", &process.pod);
            let Ok(object) = self.store.get(&pod) else {
                // Removed by force: the kubelet ends what it finds.
                return false;
            };
            if self.faults.crash_at.is_some_and(|at| self.now >= at) {
                // It starts again in place, from what is durable.
                self.faults.crash_at = None;
                process.work = self.durable;
                let mut object = object.clone();
                object["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = json!(time(self.now));
                self.store.put(&pod, object).unwrap();
            }
            if !object["metadata"]["deletionTimestamp"].is_null() {
                let asked = *process.ending_at.get_or_insert(self.now);
                let takes_s = if self.faults.ignores_term { 30 } else { 0 };
                if self.now >= asked + takes_s {
                    self.store.delete(&pod).unwrap();
                    return false;
                }
                return true;
            }
            self.hook(process, &pod);
            true
        });
        self.processes = processes;
    }

    /// What runs beside the job in its pod: it writes checkpoints and sets power caps.
    fn hook(&mut self, process: &mut Process, pod: &Key) {
        let (resource, name) = process.owner.split_once('/').unwrap();
        let Ok(owner) = self.store.get(&key(resource, name)) else { return };
        let workload = self
            .store
            .list("workloads", "default")
            .into_iter()
            .find(|w| w["metadata"]["ownerReferences"][0]["name"] == name);
        let notes = workload.as_ref().unwrap_or(&owner)["metadata"]["annotations"].clone();
        if let Some(cap_w) = notes["eca/power-cap-w"].as_str().filter(|_| self.faults.caps) {
            let is_low = cap_w.parse::<f64>().unwrap() < self.watts.0;
            if process.is_capped != is_low {
                process.is_capped = is_low;
                let note = json!({"metadata": {"annotations": {"eca/power-cap-confirmed-w": cap_w}}});
                self.store.patch(pod, &note, false).unwrap();
            }
        }
        let Some(request) = notes["eca/checkpoint-request"].as_str() else { return };
        if process.reported == request {
            return;
        }
        let asked_at = *process.asked_at.get_or_insert(self.now);
        let (digest, other) = ("a".repeat(64), "b".repeat(64));
        let mut report = json!({"request": request, "at": time(self.now), "bytes": 4096, "written_sha256": digest, "read_sha256": digest});
        match self.faults.hook {
            Hook::Never => return,
            Hook::Late(s) if self.now < asked_at + s => return,
            Hook::Good | Hook::Late(_) => self.durable = process.work,
            Hook::Counted => {
                self.durable = process.work;
                report["done"] = json!(process.work);
            }
            Hook::Corrupt => report["read_sha256"] = json!(other),
            Hook::Empty => report["bytes"] = json!(0),
            Hook::Old => report["request"] = json!("an older one"),
        }
        process.reported = request.to_owned();
        process.asked_at = None;
        let note = json!({"metadata": {"annotations": {"eca/checkpoint": report.to_string()}}});
        self.store.patch(pod, &note, false).unwrap();
    }
}
