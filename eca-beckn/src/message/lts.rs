//! Shapes of the contract messages of 2.0.0 LTS (tag core-v2.0.0-lts of April 2026, read 2026-11-23).
//!
//! Formats of texts (uuid, date-time, uri) are not judged: published examples break them.

use super::shape::{Form, Shape, misfit};
use Form::{Anything, List, Object, OneOf, Text};
use serde_json::Value;

/// The fields of a descriptor whose code is one of a few.
macro_rules! coded {
    ($($code:literal),*) => {
        Shape {
            fields: &[
                ("code", OneOf(&[$($code),*])),
                ("name", Text),
                ("shortDesc", Text),
                ("longDesc", Text),
                ("thumbnailImage", Text),
                ("docs", List(0, &Anything)),
                ("mediaFile", List(0, &Anything)),
            ],
            ..CLOSED
        }
    };
}

const OPEN: Shape = Shape { required: &[], one_of: &[], closed: false, fields: &[] };
const CLOSED: Shape = Shape { closed: true, ..OPEN };

static ATTRIBUTES: Shape =
    Shape { required: &["@context", "@type"], fields: &[("@context", Text), ("@type", Text)], ..OPEN };
static DESCRIPTOR: Shape = Shape {
    fields: &[
        ("code", Text),
        ("name", Text),
        ("shortDesc", Text),
        ("longDesc", Text),
        ("thumbnailImage", Text),
        ("docs", List(0, &Anything)),
        ("mediaFile", List(0, &Anything)),
    ],
    ..CLOSED
};
static PERIOD: Shape = Shape {
    one_of: &[&["startDate"], &["endDate"], &["startTime", "endTime"]],
    fields: &[("startDate", Text), ("endDate", Text), ("startTime", Text), ("endTime", Text)],
    ..CLOSED
};
static PROVIDER: Shape = Shape {
    required: &["id", "descriptor"],
    fields: &[
        ("id", Text),
        ("descriptor", Object(&DESCRIPTOR)),
        ("availableAt", List(0, &Anything)),
        ("providerAttributes", Object(&ATTRIBUTES)),
    ],
    ..CLOSED
};
static RESOURCE: Shape = Shape {
    required: &["id"],
    fields: &[("id", Text), ("descriptor", Object(&DESCRIPTOR)), ("resourceAttributes", Object(&ATTRIBUTES))],
    ..OPEN
};
static CONSIDERATION: Shape = Shape {
    required: &["id", "status"],
    fields: &[("id", Text), ("status", Object(&DESCRIPTOR)), ("considerationAttributes", Object(&ATTRIBUTES))],
    ..OPEN
};
static AVAILABLE_TO: Shape = Shape {
    required: &["type", "id"],
    fields: &[("type", OneOf(&["NETWORK", "PARTICIPANT", "ROLE"])), ("id", Text)],
    ..OPEN
};
static OFFER: Shape = Shape {
    required: &["id"],
    fields: &[
        ("id", Text),
        ("descriptor", Object(&DESCRIPTOR)),
        ("provider", Object(&PROVIDER)),
        ("resourceIds", List(0, &Text)),
        ("addOns", List(0, &Anything)),
        ("considerations", List(0, &Object(&CONSIDERATION))),
        ("validity", Object(&PERIOD)),
        ("availableTo", List(0, &Object(&AVAILABLE_TO))),
        ("offerAttributes", Object(&ATTRIBUTES)),
    ],
    ..OPEN
};
static COMMITMENT_CODE: Shape = coded!("DRAFT", "ACTIVE", "CLOSED");
static COMMITMENT_STATUS: Shape = Shape { fields: &[("descriptor", Object(&COMMITMENT_CODE))], ..OPEN };
static COMMITMENT: Shape = Shape {
    required: &["status", "resources", "offer"],
    fields: &[
        ("id", Text),
        ("status", Object(&COMMITMENT_STATUS)),
        ("resources", List(0, &Object(&RESOURCE))),
        ("offer", Object(&OFFER)),
        ("commitmentAttributes", Object(&ATTRIBUTES)),
    ],
    ..OPEN
};
static PERFORMANCE: Shape = Shape {
    fields: &[
        ("id", Text),
        ("status", Object(&DESCRIPTOR)),
        ("commitmentIds", List(0, &Text)),
        ("performanceAttributes", Object(&ATTRIBUTES)),
    ],
    ..CLOSED
};
static SETTLEMENT: Shape = Shape {
    fields: &[
        ("id", Text),
        ("considerationId", Text),
        ("status", OneOf(&["DRAFT", "COMMITTED", "COMPLETE"])),
        ("settlementAttributes", Object(&ATTRIBUTES)),
    ],
    ..OPEN
};
static PARTICIPANT: Shape = Shape {
    fields: &[("id", Text), ("descriptor", Object(&DESCRIPTOR)), ("participantAttributes", Object(&ATTRIBUTES))],
    ..OPEN
};
static CONTRACT_CODE: Shape = coded!("DRAFT", "ACTIVE", "CANCELLED", "COMPLETE");
static CONTRACT: Shape = CONTRACT_SHAPE;
const CONTRACT_SHAPE: Shape = Shape {
    required: &["commitments"],
    fields: &[
        ("id", Text),
        ("descriptor", Object(&DESCRIPTOR)),
        ("commitments", List(1, &Object(&COMMITMENT))),
        ("consideration", List(0, &Object(&CONSIDERATION))),
        ("participants", List(0, &Object(&PARTICIPANT))),
        ("performance", List(0, &Object(&PERFORMANCE))),
        ("settlements", List(0, &Object(&SETTLEMENT))),
        ("status", Object(&CONTRACT_CODE)),
        ("contractAttributes", Object(&ATTRIBUTES)),
    ],
    ..CLOSED
};
static ASKS: Shape = Shape { required: &["contract"], fields: &[("contract", Object(&CONTRACT))], ..CLOSED };
static ASKS_OPEN: Shape = Shape { required: &["contract"], fields: &[("contract", Object(&CONTRACT))], ..OPEN };
static NAMES: Shape = Shape { required: &["id", "commitments"], ..CONTRACT_SHAPE };
static NAMES_ONE: Shape = Shape { required: &["contract"], fields: &[("contract", Object(&NAMES))], ..OPEN };
static CONTEXT: Shape = Shape {
    fields: &[
        ("domain", Text),
        ("location", Object(&OPEN_OBJECT)),
        ("action", Text),
        ("version", OneOf(&["2.0.0"])),
        ("bapId", Text),
        ("bapUri", Text),
        ("bppId", Text),
        ("bppUri", Text),
        ("transactionId", Text),
        ("messageId", Text),
        ("networkId", Text),
        ("timestamp", Text),
        ("key", Text),
        ("ttl", Text),
        ("schemaContext", List(0, &Text)),
    ],
    ..OPEN
};
static OPEN_OBJECT: Shape = OPEN;

/// Where the message is not of the shape of its action; `None` for an action whose shape is not known here.
pub(super) fn judge(action: &str, whole: &Value) -> Option<Option<(String, String)>> {
    let shape = match action {
        "select" | "on_select" | "init" | "on_init" | "on_confirm" | "on_status" | "update" | "on_update"
        | "on_cancel" => &ASKS,
        "confirm" => &ASKS_OPEN,
        "status" | "cancel" => &NAMES_ONE,
        _ => return None,
    };
    let context = misfit("context", &whole["context"], &Object(&CONTEXT));
    Some(context.or_else(|| misfit("message", &whole["message"], &Object(shape))))
}
