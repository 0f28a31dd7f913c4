//! Messages in the log: their signatures by trusted keys, and that the record says of them what they say.

use super::AuditReport;
use super::part::Part;
use crate::log::{LogStore, tile};
use crate::rotation::{KeyName, KeyRing};
use crate::verify::SignatureHeader;
use crate::{Envelope, Error, Record, Result, kind, purpose};

/// Verifies every message record; without trusted keys only what the record says of the message.
pub(super) fn verify(part: &Part<'_>, keys: Option<&KeyRing>, report: &mut AuditReport) -> Result<()> {
    let mut good = 0;
    for (record, position) in
        part.records.iter().zip(&part.positions).filter(|(record, _)| record.kind == kind::MESSAGE)
    {
        match one(part.store, keys, record, *position) {
            Ok(()) => good += 1,
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => report.fault(format!("record {}", record.seq), error.to_string()),
        }
    }
    let how = if keys.is_some() { "signed by trusted keys" } else { "what their records say" };
    report.checked.push(format!("{good} messages are {how}"));
    Ok(())
}

fn one(store: &dyn LogStore, keys: Option<&KeyRing>, record: &Record, position: u64) -> Result<()> {
    let cited = |name: &str| -> Result<Option<Vec<u8>>> {
        match record.refs.iter().find(|reference| reference.name == name) {
            Some(reference) => store.read(&tile::blob(&reference.sha256)),
            None => Ok(None),
        }
    };
    let text = |name: &str| -> Result<Option<String>> {
        Ok(cited(name)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let missing = |name: &str| Error::not_verified(format!("`{name}`"), "the message is not there to be verified");
    let body = cited("body")?.ok_or_else(|| missing("body"))?;
    let authorization = text("authorization")?.ok_or_else(|| missing("authorization"))?;
    let header = SignatureHeader::parse(&authorization)?;
    if let Some(keys) = keys {
        let name = KeyName { purpose: purpose::MESSAGE, owner: &header.key.subscriber_id, key_id: &header.key.key_id };
        let key = keys.find(name, header.created_s, position)?;
        let request = text("request_authorization")?;
        let signature = request.as_deref().map(SignatureHeader::parse).transpose()?.map(|header| header.signature);
        let answers: Vec<&str> = [signature.as_deref(), request.as_deref()].into_iter().flatten().collect();
        header.verify(&key, &body, &answers)?;
    }
    let envelope = Envelope::parse(&body)?;
    let actor = format!("{}|{}", header.key.subscriber_id, header.key.key_id);
    let dialect = envelope.dialect.to_string();
    let said = |name: &str| record.body.get(name).and_then(|value| value.as_str());
    for (what, record_says, message_says) in [
        ("actor", Some(record.actor.as_str()), actor.as_str()),
        ("signer", envelope.sender(), header.key.subscriber_id.as_str()),
        ("txn", record.txn.as_deref(), envelope.transaction_id.as_str()),
        ("msg", record.msg.as_deref(), envelope.message_id.as_str()),
        ("action", said("action"), envelope.action.as_str()),
        ("dialect", said("dialect"), dialect.as_str()),
    ] {
        if record_says != Some(message_says) {
            let says = record_says.unwrap_or_default();
            return Err(Error::not_verified(what, format!("is `{says}`, but `{message_says}` in the signed message")));
        }
    }
    Ok(())
}
