//! What is known of pods, nodes and budgets: what draws power, what works, what may end.

use super::checkpoint::{self, Asked, Proof};
use super::item::{Item, Kind};
use eca_core::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kube::core::DynamicObject;
use std::collections::{BTreeMap, BTreeSet};

/// What a pod reports.
const REPORT: &str = "eca/checkpoint";
const CONFIRMED_W: &str = "eca/power-cap-confirmed-w";

/// Which pods belong to an object.
#[derive(Debug, Clone)]
pub(super) struct Selector(LabelSelector);

impl Selector {
    pub(super) fn of(kind: Kind, object: &DynamicObject) -> Result<Self, String> {
        if kind == Kind::Deployment {
            let given = object.data["spec"]["selector"].clone();
            let parsed: LabelSelector = serde_json::from_value(given).map_err(|error| error.to_string())?;
            return Ok(Self(parsed));
        }
        let job = match kind {
            Kind::Job => object.metadata.name.clone(),
            _ => {
                let owners = object.metadata.owner_references.iter().flatten();
                owners.filter(|owner| owner.kind == "Job").map(|owner| owner.name.clone()).next()
            }
        };
        let job = job.ok_or("cannot be found: only Workloads that belong to a Job can be under control")?;
        let labels = BTreeMap::from([("job-name".to_owned(), job)]);
        Ok(Self(LabelSelector { match_labels: Some(labels), match_expressions: None }))
    }
}

/// Whether labels are selected. An empty selector selects everything.
fn selects(selector: &LabelSelector, labels: Option<&BTreeMap<String, String>>) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.get(key));
    let holds = |rule: &LabelSelectorRequirement| {
        let is_in = || value(&rule.key).is_some_and(|v| rule.values.iter().flatten().any(|one| one == v));
        match rule.operator.as_str() {
            "In" => is_in(),
            "NotIn" => !is_in(),
            "Exists" => value(&rule.key).is_some(),
            "DoesNotExist" => value(&rule.key).is_none(),
            _ => false,
        }
    };
    selector.match_labels.iter().flatten().all(|(key, wanted)| value(key) == Some(wanted))
        && selector.match_expressions.iter().flatten().all(holds)
}

/// Pods, nodes and budgets as they were read together.
#[derive(Debug)]
pub(super) struct Survey {
    pods: Vec<Pod>,
    /// Version of the list of pods: a watch goes on from here.
    pub(super) version: String,
    /// Whether each node answers.
    nodes: BTreeMap<String, bool>,
    budgets: Vec<PodDisruptionBudget>,
}

fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref())
}

fn phase_of(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown")
}

fn note<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.annotations.as_ref().and_then(|notes| notes.get(key)).map(String::as_str)
}

impl Survey {
    pub(super) fn new(pods: Vec<Pod>, version: String, nodes: Vec<Node>, budgets: Vec<PodDisruptionBudget>) -> Self {
        let answers = |node: Node| {
            let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
            let ready = conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
            (node.metadata.name.unwrap_or_default(), ready)
        };
        Self { pods, version, nodes: nodes.into_iter().map(answers).collect(), budgets }
    }

    fn answers(&self, node: &str) -> bool {
        self.nodes.get(node).copied().unwrap_or(false)
    }

    /// Pods that draw power, or may: on a node, and not ended on one that answers.
    fn alive<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Pod> {
        let selected = |pod: &&Pod| selects(&item.selector.0, pod.metadata.labels.as_ref());
        self.pods.iter().filter(selected).filter(|pod| {
            let is_over = matches!(phase_of(pod), "Succeeded" | "Failed");
            node_of(pod).is_some_and(|node| !is_over || !self.answers(node))
        })
    }

    /// What draws power or is not proved to be off, in words.
    pub(super) fn drawing(&self, item: &Item) -> Vec<String> {
        let pod = |pod: &Pod| format!("pod {}", pod.metadata.name.as_deref().unwrap_or("without a name"));
        let mut drawing: Vec<String> = self.alive(item).map(pod).collect();
        if drawing.is_empty() {
            let silent = item.memory.nodes.iter().filter(|node| !self.answers(node));
            drawing.extend(silent.map(|node| format!("node {node}, which does not answer")));
        }
        drawing
    }

    /// The nodes of pods that may draw power.
    pub(super) fn nodes_of(&self, item: &Item) -> BTreeSet<String> {
        self.alive(item).filter_map(node_of).map(ToOwned::to_owned).collect()
    }

    /// Since when all its pods work without a break; none where one of them does not, or may not.
    pub(super) fn working_since(&self, item: &Item) -> Option<Timestamp> {
        let mut last = None;
        for pod in self.alive(item) {
            let status = pod.status.as_ref()?;
            let works = phase_of(pod) == "Running"
                && pod.metadata.deletion_timestamp.is_none()
                && node_of(pod).is_some_and(|node| self.answers(node));
            let running = |c: &k8s_openapi::api::core::v1::ContainerStatus| {
                c.state.as_ref()?.running.as_ref()?.started_at.clone()
            };
            let containers = status.container_statuses.iter().flatten().filter_map(running);
            let started = containers.max().or_else(|| status.start_time.clone());
            let started = Timestamp::from_unix_s(started?.0.as_second()).ok()?;
            if !works {
                return None;
            }
            last = last.max(Some(started));
        }
        last
    }

    /// Whether every pod has confirmed a power cap, and all of them together draw at most so much, W.
    pub(super) fn is_capped(&self, item: &Item, most_w: f64) -> bool {
        let confirmed = |pod: &Pod| note(pod, CONFIRMED_W)?.parse::<f64>().ok().filter(|w| w.is_finite() && *w >= 0.0);
        let all: Option<f64> = self.alive(item).map(confirmed).sum();
        // Caps are whole watts.
        all.is_some_and(|w| w <= most_w + 0.5)
    }

    /// Whether its pods may end now.
    pub(super) fn allows_end(&self, item: &Item) -> Result<(), String> {
        for budget in &self.budgets {
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            let Some(selector) = selector else { continue };
            let hit = self.alive(item).filter(|pod| selects(selector, pod.metadata.labels.as_ref())).count();
            let allowed = budget.status.as_ref().map_or(0, |status| status.disruptions_allowed);
            if i64::try_from(hit).unwrap_or(i64::MAX) > i64::from(allowed) {
                let name = budget.metadata.name.as_deref().unwrap_or_default();
                return Err(format!("the disruption budget `{name}` allows {allowed} of its {hit} pods to end now"));
            }
        }
        Ok(())
    }

    /// The checkpoint of all its pods: the oldest counts.
    pub(super) fn checkpoint(&self, item: &Item, asked: &Asked, now: Timestamp) -> Result<Proof, String> {
        let mut oldest: Option<Proof> = None;
        for pod in self.alive(item) {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let proof = checkpoint::judge(note(pod, REPORT), asked, now).map_err(|why| format!("pod {name}: {why}"))?;
            oldest = match oldest {
                Some(old) => {
                    Some(Proof { at: old.at.min(proof.at), done: old.done.zip(proof.done).map(|(a, b)| a.min(b)) })
                }
                None => Some(proof),
            };
        }
        // Without pods nothing was done since the last one.
        Ok(oldest.unwrap_or(Proof { at: item.memory.checkpoint_at.unwrap_or(now), done: Some(item.memory.done) }))
    }
}
