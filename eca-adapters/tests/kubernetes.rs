//! The Kubernetes adapter against a double of an API server with nodes, processes and a meter below it; the double against
//! `kubectl`; and the adapter against a real cluster where `ECA_TEST_KUBERNETES` names a job in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

#[path = "support/kube/mod.rs"]
mod support;

use eca_adapters::kubernetes::{Kubernetes, Settings};
use eca_core::Timestamp;
use eca_core::action::{Action, Command, Target};
use eca_core::adapter::conformance::{self, Stage};
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, ReadingOptions, WorkloadReading, Workloads};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::Double;
use support::world::{START, key};

/// A job of 2 points, 100 kW and 60 kW, as the annotation of an object.
fn job_text(id: &str) -> String {
    json!({"id": id, "gpu_hours": 5000.0, "preemptible": true, "points": [
        {"power_mw": 0.1, "gpu_hours_per_h": 100.0}, {"power_mw": 0.06, "gpu_hours_per_h": 70.0}]})
    .to_string()
}

fn fixture<T: serde::de::DeserializeOwned + serde::Serialize>(text: Value) -> Value {
    // Through the types of the API: a field that it does not have is lost, and the test with it.
    let typed: T = serde_json::from_value(text).unwrap();
    serde_json::to_value(typed).unwrap()
}

fn batch_job(id: &str) -> Value {
    let template = json!({"spec": {"containers": [{"name": "main", "image": "train:1"}], "restartPolicy": "Never"}});
    fixture::<Job>(json!({
        "metadata": {"name": id, "labels": {"eca/control": "yes"}, "annotations": {"eca/job": job_text(id)}},
        "spec": {"suspend": true, "template": template}}))
}

fn deployment(id: &str) -> Value {
    let template =
        json!({"metadata": {"labels": {"app": id}}, "spec": {"containers": [{"name": "main", "image": "embed:1"}]}});
    fixture::<Deployment>(json!({
        "metadata": {"name": id, "labels": {"eca/control": "yes"}, "annotations":
            {"eca/job": job_text(id), "eca/replicas": "4,2", "eca/checkpoint-mode": "stateless"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": id}}, "template": template}}))
}

fn cluster(double: &Double, wait_s: u32) -> Kubernetes {
    Kubernetes::new("london", Settings::default().kubeconfig(double.kubeconfig()).kueue(true).wait_s(wait_s))
}

fn with(objects: &[(&str, Value)]) -> Double {
    let double = Double::start();
    for (resource, object) in objects {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        double.world().store.create(&key(resource, &name), object.clone()).unwrap();
    }
    double
}

/// Time in the double is what the test says.
struct Time<'a>(&'a Double);

impl Stage for Time<'_> {
    fn now(&self) -> Timestamp {
        at(self.0.world().now)
    }
    fn wait_s(&self, seconds: i64) {
        let mut world = self.0.world();
        let to = world.now + seconds;
        world.advance(to);
    }
}

fn at(unix_s: i64) -> Timestamp {
    Timestamp::from_unix_s(unix_s).unwrap()
}

fn action(generation: u64, id: &str, command: Command, now: i64, minutes: i64) -> Action {
    let target = Target::Job { id: id.into(), copy: 0 };
    Action::new(generation, target, command, at(now), at(now).plus_min(minutes))
}

fn run() -> Command {
    Command::Run { region: "london".into(), point: 0, power_mw: 0.1 }
}

fn reading(cluster: &Kubernetes, id: &str, now: i64) -> WorkloadReading {
    let all = cluster.observe(&ReadingOptions::new(at(now))).unwrap();
    all.into_iter().find(|reading| reading.job.id.as_str() == id).unwrap()
}

/// Resources and verbs that examples/kubernetes/rbac.yaml grants.
fn granted() -> BTreeSet<(String, String)> {
    let text = include_str!("../../examples/kubernetes/rbac.yaml");
    let mut granted = BTreeSet::new();
    for rule in text.lines().filter(|line| line.starts_with("- {apiGroups:")) {
        let list = |name: &str| -> Vec<String> {
            let (_, rest) = rule.split_once(&format!("{name}: [")).unwrap();
            rest.split_once(']').unwrap().0.split(',').map(|word| word.trim().trim_matches('"').to_owned()).collect()
        };
        for resource in list("resources") {
            granted.extend(list("verbs").into_iter().map(|verb| (resource.clone(), verb)));
        }
    }
    granted
}

#[test]
fn jobs_workloads_and_deployments_conform() {
    let mut queued = batch_job("queued");
    queued["metadata"]["labels"] = json!({"kueue.x-k8s.io/queue-name": "main"});
    let workload = json!({
        "metadata": {"name": "w", "labels": {"eca/control": "yes"}, "annotations": {"eca/job": job_text("w")},
                     "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "queued", "uid": "1"}]},
        "spec": {"active": false}});
    let mut used = BTreeSet::new();
    let mut other = batch_job("other");
    other["metadata"]["labels"] = json!({});
    for (id, objects) in [
        ("train", vec![("jobs", batch_job("train")), ("jobs", other)]),
        ("embed", vec![("deployments", deployment("embed"))]),
        ("w", vec![("jobs", queued), ("workloads", workload)]),
    ] {
        let double = with(&objects);
        assert_eq!(conformance::workloads(&cluster(&double, 5), id, "london", &Time(&double)), [], "{id}");
        let writes = double.world().writes.clone();
        assert!(writes.iter().all(|write| write.ends_with(&format!("/{id}"))), "{writes:?}");
        used.extend(double.world().used.clone());
    }
    used.extend(waits_for_a_checkpoint());
    assert_eq!(used, granted(), "examples/kubernetes/rbac.yaml and the calls of the adapter");
    let double = with(&[("jobs", batch_job("train"))]);
    let faulty = Faulty::new(cluster(&double, 5), Fault::Ignores);
    assert_ne!(conformance::workloads(&faulty, "train", "london", &Time(&double)), []);
}

/// A checkpoint that comes while the command waits for it; what was asked of the API.
fn waits_for_a_checkpoint() -> BTreeSet<(String, String)> {
    let double = with(&[("jobs", batch_job("train"))]);
    let cluster = cluster(&double, 60);
    cluster.apply(&action(1, "train", run(), START, 30), &ApplyOptions::new(at(START))).unwrap();
    double.world().advance(START + 60);
    double.world().faults.hook = support::world::Hook::Late(60);
    let later = double.clone();
    let thread = std::thread::spawn(move || {
        while !later.world().used.contains(&("pods".into(), "watch".into())) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        later.world().advance(START + 120);
    });
    let pause = action(2, "train", Command::Pause, START + 60, 30);
    assert_eq!(cluster.apply(&pause, &ApplyOptions::new(at(START + 100))), Ok(Answer::Done));
    thread.join().unwrap();
    double.world().used.clone()
}

#[test]
fn who_writes_between_is_seen_and_lost_answers_are_not_done_twice() {
    let double = with(&[("jobs", batch_job("train"))]);
    let cluster = cluster(&double, 2);
    double.world().faults.rivals = 3;
    let start = action(1, "train", run(), START, 30);
    assert_eq!(cluster.apply(&start, &ApplyOptions::new(at(START))), Ok(Answer::Done));
    assert_eq!(
        double.world().store.get(&key("jobs", "train")).unwrap()["metadata"]["annotations"]["somebody/else"],
        "0"
    );
    // Another controller with the same command, and this one after a restart: it was done.
    let again = Kubernetes::new("london", Settings::default().kubeconfig(double.kubeconfig()));
    assert_eq!(again.apply(&start, &ApplyOptions::new(at(START))), Ok(Answer::AlreadyDone));
    let notes = double.world().store.get(&key("jobs", "train")).unwrap()["metadata"]["annotations"].clone();
    assert_eq!((&notes["eca/command"], &notes["eca/expires"]), (&json!(start.id), &json!(start.expires.to_string())));
    double.world().advance(START + 60);
    double.world().faults.lost_answers = 2;
    let pause = action(2, "train", Command::Pause, START + 60, 30);
    let error = cluster.apply(&pause, &ApplyOptions::new(at(START + 60))).unwrap_err();
    assert!(error.is_passing(), "{error}");
    double.world().advance(START + 120);
    assert_eq!(cluster.apply(&pause, &ApplyOptions::new(at(START + 120))), Ok(Answer::AlreadyDone));
    assert_eq!(double.world().processes(), 0);
    // So many rivals that it gives up, and says so.
    double.world().faults.lost_answers = 0;
    double.world().faults.rivals = 100;
    let resume = Command::Resume { region: "london".into(), point: 0, power_mw: 0.1 };
    let resume = action(3, "train", resume, START + 180, 30);
    let error = cluster.apply(&resume, &ApplyOptions::new(at(START + 180))).unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("8 times"), "{error}");
    assert_eq!(double.world().processes(), 0);
}

#[test]
fn a_dry_run_a_budget_and_what_cannot_be_change_nothing() {
    let budget = fixture::<PodDisruptionBudget>(json!({
        "metadata": {"name": "keep"}, "spec": {"selector": {"matchLabels": {"app": "train"}}, "minAvailable": 1},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}}));
    let double = with(&[("jobs", batch_job("train")), ("poddisruptionbudgets", budget)]);
    let cluster = cluster(&double, 1);
    let apply =
        |command: Command, options: &ApplyOptions| cluster.apply(&action(1, "train", command, START, 30), options);
    let options = ApplyOptions::new(at(START));
    assert_eq!(apply(run(), &options.clone().dry_run(true)), Ok(Answer::WouldDo));
    assert_eq!(double.world().processes(), 0);
    let elsewhere = Command::Run { region: "paris".into(), point: 0, power_mw: 0.1 };
    assert!(matches!(apply(elsewhere, &options), Err(AdapterError::Refused { .. })));
    assert_eq!(apply(run(), &options), Ok(Answer::Done));
    double.world().advance(START + 60);
    let options = ApplyOptions::new(at(START + 60));
    let pause = action(2, "train", Command::Pause, START + 60, 30);
    let error = cluster.apply(&pause, &options).unwrap_err();
    assert!(
        matches!(error, AdapterError::Refused { .. }) && error.to_string().contains("budget `keep` allows 0"),
        "{error}"
    );
    assert_eq!(double.world().processes(), 1);
    let mut second = batch_job("again");
    second["metadata"]["annotations"]["eca/job"] = json!(job_text("train"));
    double.world().store.create(&key("jobs", "again"), second).unwrap();
    let error = cluster.observe(&ReadingOptions::new(at(START + 60))).unwrap_err();
    assert!(error.to_string().contains("which two objects have"), "{error}");
}

#[test]
fn a_power_cap_counts_when_it_is_confirmed() {
    for obeyed in [true, false] {
        let double = with(&[("jobs", batch_job("train"))]);
        double.world().faults.caps = obeyed;
        let cluster = cluster(&double, 0);
        cluster.apply(&action(1, "train", run(), START, 30), &ApplyOptions::new(at(START))).unwrap();
        double.world().advance(START + 60);
        let less = action(2, "train", Command::SetPower { point: 1, power_mw: 0.06 }, START + 60, 30);
        let answer = cluster.apply(&less, &ApplyOptions::new(at(START + 60)));
        double.world().advance(START + 120);
        let seen = reading(&cluster, "train", START + 120).job.state.unwrap().point;
        if obeyed {
            assert_eq!((answer, seen), (Ok(Answer::Done), Some(1)));
        } else {
            assert!(answer.unwrap_err().is_passing());
            assert_eq!(seen, Some(0));
        }
    }
    let double = with(&[("deployments", deployment("embed"))]);
    let cluster = cluster(&double, 5);
    let replicas = || double.world().store.get(&key("deployments", "embed")).unwrap()["spec"]["replicas"].clone();
    assert_eq!(cluster.apply(&action(1, "embed", run(), START, 30), &ApplyOptions::new(at(START))), Ok(Answer::Done));
    assert_eq!(replicas(), 4);
    double.world().advance(START + 60);
    let less = action(2, "embed", Command::SetPower { point: 1, power_mw: 0.06 }, START + 60, 30);
    assert_eq!(cluster.apply(&less, &ApplyOptions::new(at(START + 60))), Ok(Answer::Done));
    assert_eq!((replicas(), double.world().processes()), (json!(2), 2));
    assert_eq!(reading(&cluster, "embed", START + 60).job.state.unwrap().point, Some(1));
}

#[test]
fn lists_come_in_pages_and_begin_again_where_one_has_expired() {
    let objects: Vec<_> = (0..5).map(|i| ("jobs", batch_job(&format!("job-{i}")))).collect();
    let double = with(&objects);
    double.world().most_in_a_page = 2;
    double.world().compact_between_pages = true;
    let found = cluster(&double, 0).observe(&ReadingOptions::new(at(START))).unwrap();
    assert_eq!(found.len(), 5);
    assert!(!double.world().compact_between_pages, "no page had expired");
}

#[path = "support/kube/claims.rs"]
mod claims;
#[path = "support/kube/kubectl.rs"]
mod kubectl;
#[path = "support/kube/real.rs"]
mod real;
