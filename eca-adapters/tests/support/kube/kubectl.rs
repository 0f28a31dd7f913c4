//! The double is a cluster: `kubectl`, which knows nothing of it, drives it.

use super::support::world::key;
use super::{Double, batch_job, deployment, with};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

fn kubectl(double: &Double, args: &[&str]) -> Command {
    let mut command = Command::new("kubectl");
    // Its cache of what a server offers belongs to one server.
    let cache = double.kubeconfig().with_extension("cache");
    command.arg("--kubeconfig").arg(double.kubeconfig()).arg("--cache-dir").arg(cache).args(args);
    command
}

fn call(double: &Double, args: &[&str], input: &Value) -> Output {
    let mut command = kubectl(double, args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn ok(double: &Double, args: &[&str]) -> String {
    let output = call(double, args, &Value::Null);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn kubectl_finds_a_cluster() {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("skipped: no kubectl in the path");
        return;
    }
    let double = with(&[("jobs", batch_job("train")), ("deployments", deployment("embed"))]);
    // Discovery, get, labels, jsonpath.
    let resources = ok(&double, &["api-resources", "-o", "name"]);
    for name in ["pods", "nodes", "jobs.batch", "deployments.apps", "workloads.kueue.x-k8s.io"] {
        assert!(resources.lines().any(|line| line == name), "{resources}");
    }
    let jobs = ok(&double, &["get", "jobs", "-l", "eca/control=yes", "-o", "json"]);
    let jobs: Value = serde_json::from_str(&jobs).unwrap();
    assert_eq!(jobs["items"][0]["metadata"]["name"], "train");
    assert_eq!(ok(&double, &["get", "jobs", "-l", "eca/control=no", "-o", "name"]), "");
    // A merge patch resumes the job; its pod runs.
    ok(&double, &["patch", "job", "train", "--type", "merge", "-p", r#"{"spec": {"suspend": false}}"#]);
    assert_eq!(ok(&double, &["get", "pods", "-l", "job-name=train", "-o", "name"]), "pod/train-1\n");
    ok(&double, &["annotate", "job", "train", "somebody/else=1"]);
    // The scale of a deployment.
    ok(&double, &["scale", "deployment", "embed", "--replicas", "3"]);
    assert_eq!(ok(&double, &["get", "pods", "-l", "app=embed", "-o", "name"]).lines().count(), 3);
    // A replacement of an old version is a conflict; without a version it is not.
    let mut old = double.world().store.get(&key("jobs", "train")).unwrap();
    old["apiVersion"] = json!("batch/v1");
    old["kind"] = json!("Job");
    ok(&double, &["annotate", "--overwrite", "job", "train", "somebody/else=2"]);
    let output = call(&double, &["replace", "--validate=false", "-f", "-"], &old);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("the object has been modified"), "{message}");
    // A new object, and one too many.
    let job = |name: &str| {
        let mut job = batch_job(name);
        job["apiVersion"] = json!("batch/v1");
        job["kind"] = json!("Job");
        job
    };
    assert!(call(&double, &["create", "--validate=false", "-f", "-"], &job("second")).status.success());
    let output = call(&double, &["create", "--validate=false", "-f", "-"], &job("second"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("already exists"), "{output:?}");
    let output = call(&double, &["get", "job", "third"], &Value::Null);
    assert!(String::from_utf8_lossy(&output.stderr).contains("NotFound"), "{output:?}");
    ok(&double, &["delete", "job", "second", "--wait=false"]);
    // A watch shows what happens; one from a version that is forgotten is told so.
    let mut watch = kubectl(&double, &["get", "job", "train", "-w", "--output-watch-events", "-o", "json"]);
    let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = |wanted: &str| lines.by_ref().map(Result::unwrap).find(|line| line.contains(wanted)).unwrap();
    next("ADDED");
    // kubectl prints what it got, and then begins to watch.
    while !double.world().used.contains(&("jobs".into(), "watch".into())) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    double
        .world()
        .store
        .patch(&key("jobs", "train"), &json!({"metadata": {"annotations": {"seen": "by-watch"}}}), false)
        .unwrap();
    assert!(next("by-watch").contains("MODIFIED"));
    child.kill().unwrap();
    child.wait().unwrap();
    double.world().store.compact();
    let old = "/apis/batch/v1/namespaces/default/jobs?watch=true&resourceVersion=1&timeoutSeconds=1";
    let gone: Value = serde_json::from_str(&ok(&double, &["get", "--raw", old])).unwrap();
    assert_eq!((&gone["type"], &gone["object"]["code"]), (&json!("ERROR"), &json!(410)));
}
