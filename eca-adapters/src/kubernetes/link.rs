//! The API server, through kube's client on a runtime of one thread.

use super::Settings;
use super::item::{CAP_W, Change, Item, Kind, MEMORY, Place, REQUEST};
use super::survey::Survey;
use futures_util::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{ApiResource, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::{Api, Client, Config, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The label of what is under control.
const OPTED_IN: &str = "eca/control=yes";

/// Objects in one answer.
const PAGE: u32 = 500;

/// Nodes are not watched: they are looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What goes wrong between here and the API server.
#[derive(Debug)]
pub(super) enum Fault {
    /// No answer.
    Lost(String),
    /// An answer: no.
    No(String),
    /// The object is no longer the version that was read.
    Conflict,
}

impl From<kube::Error> for Fault {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status)
                if (400..500).contains(&status.code) && !matches!(status.code, 408 | 410 | 429) =>
            {
                Self::No(format!("{} {}: {}", status.code, status.reason, status.message))
            }
            other => Self::Lost(other.to_string()),
        }
    }
}

/// A connection.
pub(super) struct Link {
    runtime: Runtime,
    client: Client,
    namespace: String,
    kueue: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection to an API server")
    }
}

fn resource(kind: Kind) -> ApiResource {
    match kind {
        Kind::Job => ApiResource::erase::<Job>(&()),
        Kind::Deployment => ApiResource::erase::<Deployment>(&()),
        Kind::Workload => ApiResource::from_gvk_with_plural(
            &GroupVersionKind::gvk("kueue.x-k8s.io", "v1beta1", "Workload"),
            "workloads",
        ),
    }
}

/// All pages of a list, and its version. A list that has grown too old in between is begun again.
async fn all<K>(api: &Api<K>, params: &ListParams) -> Result<(Vec<K>, String), Fault>
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    let mut restarts = 0;
    let (mut found, mut params) = (Vec::new(), params.clone().limit(PAGE));
    loop {
        match api.list(&params).await {
            Ok(list) => {
                found.extend(list.items);
                match list.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => params.continue_token = Some(token),
                    None => return Ok((found, list.metadata.resource_version.unwrap_or_default())),
                }
            }
            Err(kube::Error::Api(status)) if status.code == 410 && restarts < 3 => {
                restarts += 1;
                found.clear();
                params.continue_token = None;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl Link {
    pub(super) fn open(settings: &Settings) -> Result<Self, Fault> {
        let lost = |error: &dyn fmt::Display| Fault::Lost(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| lost(&e))?;
        let client = runtime.block_on(async {
            let options = KubeConfigOptions { context: settings.context.clone(), ..KubeConfigOptions::default() };
            let mut config = match (&settings.kubeconfig, &settings.context) {
                (Some(path), _) => {
                    let file = Kubeconfig::read_from(path).map_err(|e| lost(&e))?;
                    Config::from_custom_kubeconfig(file, &options).await.map_err(|e| lost(&e))?
                }
                (None, Some(_)) => Config::from_kubeconfig(&options).await.map_err(|e| lost(&e))?,
                (None, None) => Config::infer().await.map_err(|e| lost(&e))?,
            };
            // The loop repeats what failed, with the same key: nobody else has to.
            config.default_retry = false;
            config.connect_timeout = Some(Duration::from_secs(5));
            config.read_timeout = Some(Duration::from_secs(20));
            config.write_timeout = Some(Duration::from_secs(20));
            Client::try_from(config).map_err(|e| lost(&e))
        })?;
        Ok(Self { runtime, client, namespace: settings.namespace.clone(), kueue: settings.kueue })
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.runtime.block_on(work)
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource(kind))
    }

    fn here<K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Everything that opted in.
    pub(super) fn objects(&self) -> Result<Vec<(Kind, DynamicObject)>, Fault> {
        let params = ListParams::default().labels(OPTED_IN);
        let mut found = Vec::new();
        for kind in [Kind::Job, Kind::Deployment, Kind::Workload] {
            if kind != Kind::Workload || self.kueue {
                let (objects, _) = self.run(all(&self.api(kind), &params))?;
                found.extend(objects.into_iter().map(|object| (kind, object)));
            }
        }
        Ok(found)
    }

    /// One object; none where it is not there or no longer under control.
    pub(super) fn object(&self, place: &Place) -> Result<Option<DynamicObject>, Fault> {
        let api = self.api(place.kind);
        let found = self.run(async { Ok(api.get_opt(&place.name).await?) })?;
        let (key, value) = OPTED_IN.split_once('=').unwrap_or_default();
        let opted_in = |object: &DynamicObject| {
            object.metadata.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|label| label == value)
        };
        Ok(found.filter(opted_in))
    }

    /// Pods, nodes and budgets. Pods are read before nodes: what has ended on a node that answers afterwards is off.
    pub(super) fn survey(&self) -> Result<Survey, Fault> {
        let params = ListParams::default();
        self.run(async {
            let (pods, version) = all(&self.here::<Pod>(), &params).await?;
            let (nodes, _) = all(&Api::<Node>::all(self.client.clone()), &params).await?;
            let (budgets, _) = all(&self.here::<PodDisruptionBudget>(), &params).await?;
            Ok(Survey::new(pods, version, nodes, budgets))
        })
    }

    /// Changes an object, if it still is the version that was read.
    pub(super) fn change(&self, item: &Item, change: &Change, dry_run: bool) -> Result<DynamicObject, Fault> {
        let memory = serde_json::to_string(&change.memory).map_err(|error| Fault::No(error.to_string()))?;
        let mut notes = json!({ MEMORY: memory });
        if let Some((id, expires)) = &change.command {
            notes["eca/command"] = json!(id);
            notes["eca/expires"] = json!(expires.to_string());
        }
        if let Some(request) = &change.request {
            notes[REQUEST] = request.clone();
        }
        if let Some(cap_w) = &change.cap_w {
            notes[CAP_W] = json!(cap_w);
        }
        let mut patch = json!({ "metadata": { "resourceVersion": item.version(), "annotations": notes } });
        if let Some(spec) = &change.spec {
            patch["spec"] = spec.clone();
        }
        let api = self.api(item.place.kind);
        let params = PatchParams { dry_run, ..PatchParams::default() };
        self.run(async { Ok(api.patch(&item.place.name, &params, &Patch::<Value>::Merge(patch)).await?) })
    }

    /// Waits until something happens to a pod, or it is time to look again. False where the time is over.
    pub(super) fn wait(&self, since: &Survey, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let api = self.here::<Pod>();
        let watched = async {
            let params = WatchParams::default().timeout(30).disable_bookmarks();
            let Ok(stream) = api.watch(&params, &since.version).await else {
                // No watch (or one that is too old): look again, but not at once.
                tokio::time::sleep(LOOK_AGAIN / 4).await;
                return;
            };
            let mut stream = Box::pin(stream);
            while let Some(event) = stream.next().await {
                match event {
                    Ok(WatchEvent::Bookmark(_)) => {}
                    Ok(WatchEvent::Error(_)) | Err(_) => return tokio::time::sleep(LOOK_AGAIN / 8).await,
                    Ok(_) => return,
                }
            }
        };
        self.runtime.block_on(async {
            let _ = tokio::time::timeout(left.min(LOOK_AGAIN), watched).await;
        });
        true
    }
}
