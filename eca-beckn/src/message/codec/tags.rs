//! Objects with `@type` as the tag groups of version 1.1, which has no other place for them: one entry for each value.
//!
//! `{"@type": "GridSignal", "zone": {"gspGroup": "_C"}}` becomes a group `GRID_SIGNAL` with the entry `zone.gspGroup`; a
//! list becomes entries `regions.0`, `regions.1`; a series becomes one entry for each column and interval, such as
//! `PRICE@2026-02-19T17:00:00Z/PT30M`, and what is known of the column in `PRICE#units` and the like.

use serde_json::{Map, Value, json};

/// Types and their contexts, so that an object comes back as it was.
const TYPES: [(&str, &str); 8] = [
    ("GridSignal", "urn:eca:deg:1"),
    ("DerReport", "urn:eca:deg:1"),
    ("ComputeSlot", "urn:eca:deg:1"),
    ("FlexTerms", "urn:eca:deg:1"),
    ("Contract", "urn:eca:deg:1"),
    ("DemandFlexNeed", "https://schema.nfh.global/DemandFlexNeed/v2.0/context.jsonld"),
    ("TimeSeries", "https://schema.nfh.global/BecknTimeSeries/v1.0/context.jsonld"),
    ("DemandFlexPerformance", "https://schema.nfh.global/DemandFlexPerformance/v2.0/context.jsonld"),
];
/// What is kept of a column besides its values.
const ABOUT: [&str; 4] = ["objectType", "units", "insertedBy", "readingType"];

/// The tag group of an object.
pub(super) fn group(object: &Value) -> Value {
    let mut list = Vec::new();
    entries("", object, &mut list);
    let kind = object["@type"].as_str().unwrap_or_default();
    json!({"descriptor": {"code": screaming(kind)}, "list": list})
}

/// The objects in tag groups whose codes are those of known types.
pub(super) fn objects(groups: &Value) -> Vec<Value> {
    groups.as_array().into_iter().flatten().filter_map(object).collect()
}

fn screaming(name: &str) -> String {
    let mut code = String::new();
    for (i, letter) in name.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            code.push('_');
        }
        code.push(letter.to_ascii_uppercase());
    }
    code
}

fn entry(code: String, value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    json!({"descriptor": {"code": code}, "value": text})
}

fn entries(path: &str, value: &Value, list: &mut Vec<Value>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            let series = fields.contains_key("intervalPeriod") && fields.contains_key("intervals");
            for (name, value) in fields {
                match name.as_str() {
                    "@context" => {}
                    "@type" if path.is_empty() => {}
                    "intervalPeriod" | "payloadDescriptors" | "intervals" if series => {}
                    name => entries(&below(name), value, list),
                }
            }
            if series {
                columns(&below(""), value, list);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| entries(&below(&i.to_string()), item, list));
        }
        Value::Null => {}
        value => list.push(entry(path.into(), value)),
    }
}

fn columns(path: &str, series: &Value, list: &mut Vec<Value>) {
    for descriptor in series["payloadDescriptors"].as_array().into_iter().flatten() {
        let payload = descriptor["payloadType"].as_str().unwrap_or_default();
        let known = ABOUT.iter().filter_map(|name| Some((name, descriptor.get(*name)?)));
        list.extend(known.map(|(name, value)| entry(format!("{path}{payload}#{name}"), value)));
    }
    let start = series["intervalPeriod"]["start"].as_str().and_then(|text| eca_core::Timestamp::parse(text).ok());
    let length = series["intervalPeriod"]["duration"].as_str().unwrap_or_default();
    let step_s = crate::message::duration::seconds(length).unwrap_or_default();
    let mut at_s = start.map_or(0, eca_core::Timestamp::unix_s);
    for interval in series["intervals"].as_array().into_iter().flatten() {
        let Ok(at) = eca_core::Timestamp::from_unix_s(at_s) else { return };
        for payload in interval["payloads"].as_array().into_iter().flatten() {
            let name = payload["type"].as_str().unwrap_or_default();
            list.push(entry(format!("{path}{name}@{at}/{length}"), &payload["values"]));
        }
        at_s = at_s.saturating_add(step_s);
    }
}

fn object(group: &Value) -> Option<Value> {
    let code = group["descriptor"]["code"].as_str()?;
    let (kind, context) = TYPES.iter().find(|(kind, _)| screaming(kind) == code)?;
    let mut root = Node::default();
    for entry in group["list"].as_array().into_iter().flatten() {
        if let (Some(code), Some(value)) = (entry["descriptor"]["code"].as_str(), entry["value"].as_str()) {
            root.put(code, value);
        }
    }
    let mut object = root.value();
    if !object.is_object() {
        object = json!({});
    }
    object["@type"] = (*kind).into();
    object["@context"] = (*context).into();
    Some(object)
}

/// What becomes an object, a list or a text.
#[derive(Default)]
struct Node {
    text: Option<String>,
    fields: Vec<(String, Node)>,
    columns: Vec<Column>,
    period: Option<(String, String)>,
}

struct Column {
    payload: String,
    about: Map<String, Value>,
    /// Start of the interval and values, in the order of the entries.
    values: Vec<(String, Vec<f64>)>,
}

impl Node {
    fn put(&mut self, code: &str, value: &str) {
        // Times hold neither `.` nor `#`, so that the last part of a code is told apart by what it holds.
        match code.split_once('.') {
            Some((name, rest)) if !name.contains('@') && !name.contains('#') => self.field(name).put(rest, value),
            _ => {
                if let Some((payload, about)) = code.split_once('#') {
                    self.column(payload).about.insert(about.into(), value.into());
                } else if let Some((payload, (at, length))) =
                    code.split_once('@').and_then(|(payload, when)| Some((payload, when.split_once('/')?)))
                {
                    let values = value.split(' ').filter_map(|text| text.parse().ok()).collect();
                    self.period.get_or_insert_with(|| (at.into(), length.into()));
                    self.column(payload).values.push((at.into(), values));
                } else {
                    self.field(code).text = Some(value.into());
                }
            }
        }
    }

    fn field(&mut self, name: &str) -> &mut Node {
        let at = self.fields.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.fields.push((name.into(), Node::default()));
            self.fields.len() - 1
        });
        &mut self.fields[at].1
    }

    fn column(&mut self, payload: &str) -> &mut Column {
        let at = self.columns.iter().position(|column| column.payload == payload).unwrap_or_else(|| {
            self.columns.push(Column { payload: payload.into(), about: Map::new(), values: Vec::new() });
            self.columns.len() - 1
        });
        &mut self.columns[at]
    }

    fn value(self) -> Value {
        if let Some(text) = self.text {
            return text.into();
        }
        let numbered =
            !self.fields.is_empty() && self.fields.iter().enumerate().all(|(i, (name, _))| *name == i.to_string());
        if numbered && self.columns.is_empty() {
            return self.fields.into_iter().map(|(_, node)| node.value()).collect();
        }
        let mut object: Map<String, Value> = self.fields.into_iter().map(|(name, node)| (name, node.value())).collect();
        if let Some((start, length)) = self.period {
            let mut descriptors = Vec::new();
            let mut starts: Vec<&String> =
                self.columns.iter().flat_map(|column| column.values.iter().map(|(at, _)| at)).collect();
            // Times of one series are written alike, so that they sort as texts.
            starts.sort();
            starts.dedup();
            let interval = |(i, at): (usize, &&String)| {
                let here = |column: &Column| {
                    let (_, values) = column.values.iter().find(|(start, _)| start == *at)?;
                    let values: Vec<Value> = values.iter().map(|value| crate::message::series::plain(*value)).collect();
                    Some(json!({"type": column.payload, "values": values}))
                };
                json!({"id": i, "payloads": self.columns.iter().filter_map(here).collect::<Vec<_>>()})
            };
            let intervals: Vec<Value> = starts.iter().enumerate().map(interval).collect();
            for column in &self.columns {
                let mut descriptor = column.about.clone();
                descriptor.insert("payloadType".into(), column.payload.as_str().into());
                descriptors.push(Value::Object(descriptor));
            }
            let first = starts.first().map_or(start, |first| (*first).clone());
            object.insert("intervalPeriod".into(), json!({"start": first, "duration": length}));
            object.insert("payloadDescriptors".into(), descriptors.into());
            object.insert("intervals".into(), intervals.into());
        }
        Value::Object(object)
    }
}
