//! Records of the log: canonical JSON of strings and integers, with units in the names.

use crate::log::{Log, sha256_hex};
use crate::node::{Received, Signed};
use crate::verify::SignatureHeader;
use crate::{Error, Result, json};
use eca_core::{SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a record is about. The fields that each has are in docs/format/log.md.
pub mod kind {
    /// A signed message, sent or received.
    pub const MESSAGE: &str = "message";
    /// What was seen of the grid: prices, carbon, congestion.
    pub const SIGNAL: &str = "signal";
    /// Flexibility offered.
    pub const OFFER: &str = "offer";
    /// A decision: what it rested on, what it is, how good it is.
    pub const PLAN: &str = "plan";
    /// A contract, or what became of it.
    pub const ORDER: &str = "order";
    /// What a device was told.
    pub const COMMAND: &str = "command";
    /// What a device or a peer answered.
    pub const ACK: &str = "ack";
    /// The root over readings of one meter.
    pub const TELEMETRY_ROOT: &str = "telemetry_root";
    /// Metered energy of one meter and half hour.
    pub const DELIVERY: &str = "delivery";
    /// A settled event.
    pub const SETTLEMENT: &str = "settlement";
    /// A certificate was issued.
    pub const CERTIFICATE: &str = "certificate";
    /// A certificate was split into two.
    pub const SPLIT: &str = "split";
    /// A certificate has another owner.
    pub const TRANSFER: &str = "transfer";
    /// A certificate was used up for a beneficiary.
    pub const RETIRE: &str = "retire";
    /// A certificate holds no more.
    pub const REVOKE: &str = "revoke";
    /// A key was added, replaced or revoked.
    pub const KEY: &str = "key";
    /// A settlement of the Social Tariff Fund.
    pub const FUND: &str = "fund";
    /// What an earlier record should have said.
    pub const CORRECTION: &str = "correction";
    /// The end of the log that this one continues.
    pub const SHARD: &str = "shard";
}

/// Kinds of records that version 1 knows.
pub const KINDS: [&str; 19] = [
    kind::MESSAGE,
    kind::SIGNAL,
    kind::OFFER,
    kind::PLAN,
    kind::ORDER,
    kind::COMMAND,
    kind::ACK,
    kind::TELEMETRY_ROOT,
    kind::DELIVERY,
    kind::SETTLEMENT,
    kind::CERTIFICATE,
    kind::SPLIT,
    kind::TRANSFER,
    kind::RETIRE,
    kind::REVOKE,
    kind::KEY,
    kind::FUND,
    kind::CORRECTION,
    kind::SHARD,
];

/// Something kept beside the log, named by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// What it is for the record, such as `body`.
    pub name: String,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
    /// Number of bytes.
    pub size: u64,
}

impl Reference {
    /// A reference to these bytes.
    #[must_use]
    pub fn to(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.into(), sha256: sha256_hex(bytes), size: bytes.len() as u64 }
    }
}

/// One record of the log. What is empty is left out of the bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of the form: 1.
    pub v: u32,
    /// One of [`KINDS`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Index in the log.
    pub seq: u64,
    /// When it was written: UTC, microseconds since 1970.
    pub time_us: i64,
    /// How far the clock may be off, microseconds.
    pub clock_error_us: i64,
    /// London day of `time_us`.
    pub settlement_date: String,
    /// Half hour of that day, 1 to 50.
    pub settlement_period: u8,
    /// Who caused it: the participant, and `|` and its key if it signed.
    pub actor: String,
    /// Transaction id of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
    /// Message id of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// Opaque reference of a balancing platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obp: Option<String>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// What the kind says.
    pub body: Map<String, Value>,
}

impl Record {
    /// A record of a kind that is to stand at `seq`.
    ///
    /// # Errors
    /// [`Error::Json`] for an unknown kind, [`Error::Core`] for a time outside the settlement clock.
    pub fn new(kind: &str, seq: u64, time_us: i64, actor: &str) -> Result<Self> {
        let mut record = Self {
            v: 1,
            kind: kind.into(),
            seq,
            time_us,
            clock_error_us: 0,
            settlement_date: String::new(),
            settlement_period: 0,
            actor: actor.into(),
            txn: None,
            msg: None,
            obp: None,
            refs: Vec::new(),
            body: Map::new(),
        };
        let mut hours = HalfHours::default();
        let (date, period) = hours.of(time_us)?.clone();
        (record.settlement_date, record.settlement_period) = (date, period);
        record.check(&mut hours)?;
        Ok(record)
    }

    fn check(&self, hours: &mut HalfHours) -> Result<()> {
        let wrong = |reason: String| Err(Error::json(&format!("record {}", self.seq), reason));
        if self.v != 1 {
            return wrong(format!("version {} is not 1", self.v));
        }
        if !KINDS.contains(&self.kind.as_str()) {
            return wrong(format!("type `{}` is not one of {}", self.kind, KINDS.join(", ")));
        }
        if self.clock_error_us < 0 || self.actor.is_empty() {
            return wrong("clock_error_us is negative or actor is empty".into());
        }
        let (date, period) = hours.of(self.time_us)?;
        if self.settlement_date != *date || self.settlement_period != *period {
            return wrong(format!(
                "settlement period {} {} is not that of time_us, {date} {period}",
                self.settlement_date, self.settlement_period
            ));
        }
        Ok(())
    }

    /// The bytes that go into the log.
    ///
    /// # Errors
    /// [`Error::Json`] if the body holds anything but strings and integers.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let object = format!("record {}", self.seq);
        let value = serde_json::to_value(self).map_err(|error| Error::json(&object, error.to_string()))?;
        json::canonical_record(&object, &value)
    }

    /// Whether some bytes are the record that closes a shard.
    pub(crate) fn closes_shard(bytes: &[u8]) -> bool {
        let record: Option<Self> = serde_json::from_slice(bytes).ok();
        record.is_some_and(|record| record.kind == kind::SHARD && record.body.get("action") == Some(&"close".into()))
    }

    /// Reads the bytes of record `seq`, which must be in their only form.
    ///
    /// # Errors
    /// [`Error::Json`] names what is not.
    pub fn parse(seq: u64, bytes: &[u8]) -> Result<Self> {
        Self::parse_with(seq, bytes, &mut HalfHours::default())
    }

    /// [`Record::parse`] of one of many records of about the same time.
    pub(crate) fn parse_with(seq: u64, bytes: &[u8], hours: &mut HalfHours) -> Result<Self> {
        let wrong = |reason: String| Error::json(&format!("record {seq}"), reason);
        if !json::plainly_canonical(bytes) {
            let object = format!("record {seq}");
            if json::canonical_record(&object, &json::parse(&object, bytes)?)? != bytes {
                return Err(wrong("the bytes are not canonical (RFC 8785)".into()));
            }
        }
        let record: Self = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if record.seq != seq {
            return Err(wrong(format!("calls itself record {}", record.seq)));
        }
        record.check(hours)?;
        Ok(record)
    }
}

/// The settlement period of a time. It remembers the last one: finding one is dearer than reading a record.
#[derive(Debug, Default)]
pub(crate) struct HalfHours {
    /// Half hours since 1970, which settlement periods never divide, and what they are called.
    last: Option<(i64, (String, u8))>,
}

impl HalfHours {
    fn of(&mut self, time_us: i64) -> Result<&(String, u8)> {
        let number = time_us.div_euclid(1_800_000_000);
        let known = self.last.take().filter(|(known, _)| *known == number);
        let known = match known {
            Some(known) => known,
            None => {
                let period = SettlementPeriod::containing(Timestamp::from_unix_s(time_us.div_euclid(1_000_000))?);
                (number, (period.settlement_date().to_string(), period.settlement_period()))
            }
        };
        Ok(&self.last.insert(known).1)
    }
}

impl Log {
    /// Keeps a message that passed every check, or that was sent, with its signature, and a record that cites both.
    /// Gives the index of the record.
    ///
    /// `request` is the authorization of the request that a callback answers by its signature.
    ///
    /// # Errors
    /// Those of [`Log::append`] and [`Log::keep`].
    pub fn record_message(&mut self, signed: &Signed, request: Option<&str>, time_us: i64) -> Result<u64> {
        let envelope = crate::Envelope::parse(&signed.body)?;
        let header = SignatureHeader::parse(&signed.authorization)?;
        let actor = format!("{}|{}", header.key.subscriber_id, header.key.key_id);
        let mut record = Record::new("message", self.size(), time_us, &actor)?;
        record.txn = Some(envelope.transaction_id);
        record.msg = Some(envelope.message_id);
        record.body.insert("action".into(), envelope.action.into());
        record.body.insert("dialect".into(), envelope.dialect.to_string().into());
        let cited = [("body", signed.body.as_slice()), ("authorization", signed.authorization.as_bytes())];
        for (name, bytes) in cited.into_iter().chain(request.map(|header| ("request_authorization", header.as_bytes())))
        {
            self.keep(bytes)?;
            record.refs.push(Reference::to(name, bytes));
        }
        self.append(&record.to_bytes()?)
    }
}

impl Received {
    /// What is told to the peer: an acknowledgement with its own message id, in the order of keys that peers send.
    #[must_use]
    pub fn ack(&self) -> String {
        let id = Value::from(self.envelope.message_id.as_str());
        match self.envelope.dialect {
            crate::Dialect::V1 => r#"{"message":{"ack":{"status":"ACK"}}}"#.into(),
            _ => format!(r#"{{"message":{{"status":"ACK","messageId":{id}}}}}"#),
        }
    }
}
