//! Against any real cluster: `KUBECONFIG` leads to it, `ECA_TEST_KUBERNETES` is `namespace/job` of examples/kubernetes/job.yaml.

use eca_adapters::SystemClock;
use eca_adapters::kubernetes::{Kubernetes, Settings};
use eca_core::Timestamp;
use eca_core::adapter::conformance::{self, Stage};
use eca_core::adapter::{Clock, ReadingOptions, Workloads};
use std::time::Duration;

struct RealTime;

impl Stage for RealTime {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
    fn wait_s(&self, seconds: i64) {
        std::thread::sleep(Duration::from_secs(seconds.unsigned_abs()));
    }
    fn settle_s(&self) -> i64 {
        30
    }
    fn command_s(&self) -> i64 {
        300
    }
}

#[test]
fn a_real_cluster_conforms() {
    let (Ok(_), Ok(place)) = (std::env::var("KUBECONFIG"), std::env::var("ECA_TEST_KUBERNETES")) else {
        println!("skipped: KUBECONFIG and ECA_TEST_KUBERNETES=namespace/job are not set");
        return;
    };
    let (namespace, job) = place.split_once('/').expect("ECA_TEST_KUBERNETES must be namespace/job");
    let cluster = Kubernetes::new("here", Settings::default().namespace(namespace).wait_s(120));
    let seen = cluster.observe(&ReadingOptions::new(SystemClock.now())).unwrap();
    println!("{} jobs under control", seen.len());
    assert_eq!(conformance::workloads(&cluster, job, "here", &RealTime), []);
}
