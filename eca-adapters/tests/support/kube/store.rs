//! Objects with versions, as an API server keeps them.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Resource, namespace (empty for the cluster's own) and name.
pub type Key = (String, String, String);

/// An answer that is no: HTTP code, reason, message.
#[derive(Debug, Clone, PartialEq)]
pub struct No(pub u16, pub &'static str, pub String);

#[derive(Debug, Clone)]
pub struct Event {
    pub version: u64,
    pub key: Key,
    pub kind: &'static str,
    pub object: Value,
}

#[derive(Debug, Default)]
pub struct Store {
    pub version: u64,
    /// Versions up to here are forgotten.
    pub floor: u64,
    pub objects: BTreeMap<Key, Value>,
    pub events: Vec<Event>,
}

/// RFC 7386.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

impl Store {
    fn note(&mut self, key: &Key, kind: &'static str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.events.push(Event { version: self.version, key: key.clone(), kind, object: object.clone() });
        object
    }

    pub fn create(&mut self, key: &Key, mut object: Value) -> Result<Value, No> {
        if self.objects.contains_key(key) {
            return Err(No(409, "AlreadyExists", format!("{} \"{}\" already exists", key.0, key.2)));
        }
        let meta = &mut object["metadata"];
        meta["name"] = json!(key.2);
        if !key.1.is_empty() {
            meta["namespace"] = json!(key.1);
        }
        meta["uid"] = json!(format!("00000000-0000-0000-0000-{:012}", self.version + 1));
        meta["creationTimestamp"] = json!("2026-03-02T00:00:00Z");
        let object = self.note(key, "ADDED", object);
        self.objects.insert(key.clone(), object.clone());
        Ok(object)
    }

    pub fn get(&self, key: &Key) -> Result<Value, No> {
        let missing = || No(404, "NotFound", format!("{} \"{}\" not found", key.0, key.2));
        self.objects.get(key).cloned().ok_or_else(missing)
    }

    /// Replaces an object; with a version only the one that has it.
    pub fn put(&mut self, key: &Key, object: Value) -> Result<Value, No> {
        let old = self.get(key)?;
        let (given, is) = (&object["metadata"]["resourceVersion"], &old["metadata"]["resourceVersion"]);
        if !given.is_null() && given != is {
            let text = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(No(
                409,
                "Conflict",
                format!("Operation cannot be fulfilled on {} \"{}\": {text}", key.0, key.2),
            ));
        }
        let same = |a: &Value| {
            let mut a = a.clone();
            a["metadata"]["resourceVersion"] = Value::Null;
            a
        };
        if same(&object) == same(&old) {
            return Ok(old);
        }
        let object = self.note(key, "MODIFIED", object);
        self.objects.insert(key.clone(), object.clone());
        Ok(object)
    }

    pub fn patch(&mut self, key: &Key, patch: &Value, dry_run: bool) -> Result<Value, No> {
        let mut object = self.get(key)?;
        merge(&mut object, patch);
        if dry_run {
            return Ok(object);
        }
        self.put(key, object)
    }

    pub fn delete(&mut self, key: &Key) -> Result<Value, No> {
        let old = self.get(key)?;
        self.objects.remove(key);
        Ok(self.note(key, "DELETED", old))
    }

    pub fn list(&self, resource: &str, namespace: &str) -> Vec<Value> {
        let here = |key: &Key| key.0 == resource && (namespace.is_empty() || key.1 == namespace);
        self.objects.iter().filter(|(key, _)| here(key)).map(|(_, object)| object.clone()).collect()
    }

    /// Forgets what was before: watches and lists that go on from there are gone.
    pub fn compact(&mut self) {
        self.floor = self.version;
        self.events.clear();
    }
}
