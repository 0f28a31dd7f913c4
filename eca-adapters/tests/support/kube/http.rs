//! The API over HTTP: discovery, lists with pages, watches, merge patches, the scale of a deployment.

use super::Double;
use super::store::{Event, Key, No};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Group and version, resource, kind, whether it lives in namespaces.
const RESOURCES: [(&str, &str, &str, bool); 6] = [
    ("v1", "pods", "Pod", true),
    ("v1", "nodes", "Node", false),
    ("batch/v1", "jobs", "Job", true),
    ("apps/v1", "deployments", "Deployment", true),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", true),
    ("kueue.x-k8s.io/v1beta1", "workloads", "Workload", true),
];

fn reply(code: u16, body: &Value) -> Response {
    let response = Response::builder().status(StatusCode::from_u16(code).unwrap());
    response.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

fn status(no: &No) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": no.2, "reason": no.1,
           "code": no.0})
}

fn discovery(path: &str) -> Option<Value> {
    let verbs = json!(["create", "delete", "get", "list", "patch", "update", "watch"]);
    if path == "/version" {
        return Some(json!({"major": "1", "minor": "33", "gitVersion": "v1.33.0"}));
    }
    if path == "/api" {
        return Some(json!({"kind": "APIVersions", "versions": ["v1"]}));
    }
    if path == "/apis" {
        let groups: Vec<Value> = RESOURCES
            .iter()
            .filter(|r| r.0 != "v1")
            .map(|(version, ..)| {
                let (name, v) = version.split_once('/').unwrap();
                json!({"name": name, "versions": [{"groupVersion": version, "version": v}],
                   "preferredVersion": {"groupVersion": version, "version": v}})
            })
            .collect();
        return Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}));
    }
    let version = path.strip_prefix("/api/").or_else(|| path.strip_prefix("/apis/"))?;
    let mut resources: Vec<Value> = RESOURCES.iter().filter(|r| r.0 == version).map(|(_, name, kind, namespaced)| {
        json!({"name": name, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind, "verbs": verbs})
    }).collect();
    if version == "apps/v1" {
        resources.push(json!({"name": "deployments/scale", "singularName": "", "namespaced": true, "kind": "Scale",
            "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"]}));
    }
    let found = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources});
    (!resources.is_empty()).then_some(found)
}

/// Where a request goes.
struct Route {
    version: &'static str,
    kind: &'static str,
    key: Key,
    sub: String,
}

fn route(path: &str) -> Option<Route> {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let version = match parts.remove(0) {
        "api" => parts.remove(0).to_owned(),
        "apis" if parts.len() >= 2 => format!("{}/{}", parts.remove(0), parts.remove(0)),
        _ => return None,
    };
    let mut namespace = "";
    if parts.first() == Some(&"namespaces") && parts.len() >= 3 {
        namespace = parts[1];
        parts.drain(..2);
    }
    let at = |i: usize| parts.get(i).copied().unwrap_or_default().to_owned();
    let found = RESOURCES.iter().find(|r| r.0 == version && r.1 == at(0))?;
    Some(Route { version: found.0, kind: found.2, key: (at(0), namespace.to_owned(), at(1)), sub: at(2) })
}

fn decode(text: &str) -> String {
    let (mut out, bytes, mut i) = (Vec::new(), text.as_bytes(), 0);
    while i < bytes.len() {
        if bytes[i] == b'%' && i + 2 < bytes.len() {
            out.push(u8::from_str_radix(&text[i + 1..i + 3], 16).unwrap());
            i += 3;
        } else {
            out.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
            i += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

/// Whether labels or the name are selected: `key=value` and `key`, separated by commas.
fn selected(object: &Value, query: &BTreeMap<String, String>) -> bool {
    let labels = query.get("labelSelector").map_or("", String::as_str);
    let fields = query.get("fieldSelector").map_or("", String::as_str);
    let label = |rule: &str| match rule.split_once('=') {
        Some((key, value)) => object["metadata"]["labels"][key] == value.trim_start_matches('='),
        None => !object["metadata"]["labels"][rule].is_null(),
    };
    let field = |rule: &str| rule.strip_prefix("metadata.name=").is_some_and(|name| object["metadata"]["name"] == name);
    labels.split(',').filter(|r| !r.is_empty()).all(label) && fields.split(',').filter(|r| !r.is_empty()).all(field)
}

fn gone() -> No {
    No(410, "Expired", "too old resource version".into())
}

pub async fn handle(
    State(double): State<Double>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query: BTreeMap<String, String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect();
    let outage = double.world().outage(&method);
    if outage == Some(false) {
        return reply(503, &status(&No(503, "ServiceUnavailable", "no".into())));
    }
    if let Some(found) = discovery(uri.path()) {
        return reply(200, &found);
    }
    let Some(route) = route(uri.path()) else {
        return reply(404, &status(&No(404, "NotFound", "the server could not find the requested resource".into())));
    };
    let is_watch = method == Method::GET && query.get("watch").is_some_and(|watch| watch == "true" || watch == "1");
    let verb = match (method.as_str(), is_watch, route.key.2.is_empty()) {
        ("GET", true, _) => "watch",
        ("GET", false, true) => "list",
        ("GET", false, false) => "get",
        ("PATCH", ..) => "patch",
        _ => "another",
    };
    double.world().used.insert((route.key.0.clone(), verb.into()));
    if is_watch {
        return watch(double, route, query);
    }
    let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let answer = answer(&double, &method, &route, &query, content, &body);
    if outage == Some(true) {
        return reply(500, &status(&No(500, "InternalError", "done, and the answer is lost".into())));
    }
    match answer {
        Ok((code, found)) => reply(code, &found),
        Err(no) => reply(no.0, &status(&no)),
    }
}

fn answer(
    double: &Double,
    method: &Method,
    route: &Route,
    query: &BTreeMap<String, String>,
    content: &str,
    body: &[u8],
) -> Result<(u16, Value), No> {
    let mut world = double.world();
    let bad = |message: String| No(400, "BadRequest", message);
    let parse = || serde_json::from_slice::<Value>(body).map_err(|error| bad(error.to_string()));
    let mut key = route.key.clone();
    let typed = |mut object: Value| {
        object["kind"] = json!(route.kind);
        object["apiVersion"] = json!(route.version);
        object
    };
    let scale = |object: &Value| {
        json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": object["spec"]["replicas"]},
               "metadata": {"name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
                            "resourceVersion": object["metadata"]["resourceVersion"]},
               "status": {"replicas": object["spec"]["replicas"]}})
    };
    let answer = match (method.as_str(), key.2.is_empty(), route.sub.as_str()) {
        ("GET", true, _) => {
            let mut items: Vec<Value> =
                world.store.list(&key.0, &key.1).into_iter().filter(|o| selected(o, query)).collect();
            let (mut version, mut from) = (world.store.version, 0);
            if let Some((then, index)) = query.get("continue").and_then(|token| token.split_once(':')) {
                (version, from) = (then.parse().unwrap(), index.parse().unwrap());
                if version < world.store.floor {
                    return Err(gone());
                }
            }
            let limit = query.get("limit").and_then(|n| n.parse().ok()).filter(|n| *n > 0).unwrap_or(usize::MAX);
            let limit = limit.min(world.most_in_a_page);
            let mut meta = json!({"resourceVersion": version.to_string()});
            items.drain(..from.min(items.len()));
            if items.len() > limit {
                items.truncate(limit);
                meta["continue"] = json!(format!("{version}:{}", from + limit));
                if world.compact_between_pages {
                    world.compact_between_pages = false;
                    world.store.version += 1;
                    world.store.compact();
                }
            }
            let items: Vec<Value> = items.into_iter().map(typed).collect();
            Ok((
                200,
                json!({"kind": format!("{}List", route.kind), "apiVersion": route.version, "metadata": meta, "items": items}),
            ))
        }
        ("GET", false, "scale") => Ok((200, scale(&world.store.get(&key)?))),
        ("GET", false, "") => Ok((200, typed(world.store.get(&key)?))),
        ("POST", true, _) => {
            let object = parse()?;
            key.2 = object["metadata"]["name"].as_str().ok_or_else(|| bad("no name".into()))?.to_owned();
            Ok((201, typed(world.store.create(&key, object)?)))
        }
        ("PUT", false, "") => Ok((200, typed(world.store.put(&key, parse()?)?))),
        ("PATCH", false, "" | "scale") => {
            if content != "application/merge-patch+json" {
                return Err(No(415, "UnsupportedMediaType", format!("{content} is not supported by this double")));
            }
            let patch = parse()?;
            world.rival(&key);
            let dry_run = query.get("dryRun").is_some_and(|value| value == "All");
            let object = world.store.patch(&key, &patch, dry_run)?;
            Ok((200, if route.sub == "scale" { scale(&object) } else { typed(object) }))
        }
        ("DELETE", false, "") => Ok((200, typed(world.store.delete(&key)?))),
        _ => Err(No(405, "MethodNotAllowed", "this double has no such method".into())),
    };
    if method != Method::GET {
        world.writes.push(format!("{method} {}/{}", route.key.0, route.key.2));
        world.settle();
    }
    answer
}

/// Sends what has happened since a version until the time is over.
fn watch(double: Double, route: Route, query: BTreeMap<String, String>) -> Response {
    let seconds = query.get("timeoutSeconds").and_then(|s| s.parse().ok()).unwrap_or(60);
    let until = Instant::now() + Duration::from_secs(seconds);
    let given: u64 = query.get("resourceVersion").and_then(|v| v.parse().ok()).unwrap_or(0);
    // Without a version, or from 0, a watch begins with what is there.
    let mut first = String::new();
    let from = if given == 0 { double.world().store.version } else { given };
    if given == 0 {
        for mut object in
            double.world().store.list(&route.key.0, &route.key.1).into_iter().filter(|o| selected(o, &query))
        {
            object["kind"] = json!(route.kind);
            object["apiVersion"] = json!(route.version);
            first += &(json!({"type": "ADDED", "object": object}).to_string() + "\n");
        }
    }
    let is_gone = from < double.world().store.floor;
    let start = (double, route, query, from, is_gone, false, first);
    let body = stream::unfold(start, move |(double, route, query, mut from, is_gone, over, first)| async move {
        if !first.is_empty() {
            return Some((Ok(first), (double, route, query, from, is_gone, over, String::new())));
        }
        if over {
            return None;
        }
        if is_gone {
            let line = json!({"type": "ERROR", "object": status(&gone())}).to_string() + "\n";
            return Some((Ok::<_, std::io::Error>(line), (double, route, query, from, is_gone, true, String::new())));
        }
        loop {
            let mut lines = String::new();
            {
                let world = double.world();
                let mine = |event: &&Event| {
                    let here = route.key.1.is_empty() || event.key.1 == route.key.1;
                    event.version > from && event.key.0 == route.key.0 && here && selected(&event.object, &query)
                };
                for event in world.store.events.iter().filter(mine) {
                    let mut object = event.object.clone();
                    object["kind"] = json!(route.kind);
                    object["apiVersion"] = json!(route.version);
                    lines += &(json!({"type": event.kind, "object": object}).to_string() + "\n");
                }
                from = world.store.version.max(from);
            }
            if !lines.is_empty() {
                return Some((Ok(lines), (double, route, query, from, is_gone, false, String::new())));
            }
            if Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let response = Response::builder().header(header::CONTENT_TYPE, "application/json");
    response.body(Body::from_stream(body)).unwrap()
}
