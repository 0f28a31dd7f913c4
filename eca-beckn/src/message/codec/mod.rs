//! One codec for each dialect, between its JSON and the neutral types. Lenient in, strict out.

mod lts;
mod tags;
mod v1;

use super::{Content, Dialect, Envelope, Header, Message, Party};
use crate::{Action, Error, Result};
use serde_json::{Map, Value};

impl Message {
    /// The message as JSON bytes of a dialect, in the form that its published schema asks for.
    ///
    /// # Errors
    /// [`Error::Message`] if the dialect has no such action or content; the release candidate is read only.
    pub fn to_bytes(&self, dialect: Dialect) -> Result<Vec<u8>> {
        let action = self.header.action.name(dialect).filter(|_| dialect != Dialect::Rc).ok_or_else(|| {
            Error::message("CTX_ACTION_MISMATCH", format!("{dialect} has no `{}` to send", self.header.action))
        })?;
        let mut whole = Map::new();
        whole.insert("context".into(), context(&self.header, &action, dialect));
        let content = match dialect {
            Dialect::Lts => lts::write(&self.content)?,
            Dialect::V1 => v1::write(self.header.action, &self.content)?,
            Dialect::Rc => return Err(Error::message("CTX_VERSION_UNSUPPORTED", format!("{dialect} is not written"))),
        };
        if let Content::Error(error) = &self.content {
            whole.insert("error".into(), error.write());
        }
        whole.insert("message".into(), content);
        Ok(Value::Object(whole).to_string().into_bytes())
    }

    /// Reads what an envelope holds.
    ///
    /// # Errors
    /// [`Error::Message`] names what a known part of it lacks.
    pub fn read(envelope: &Envelope) -> Result<Self> {
        let dialect = envelope.dialect;
        let context = &envelope.whole["context"];
        let field = |camel: &str| context[dialect.key(camel)].as_str().map(str::to_owned);
        let action = Action::parse(&envelope.action).ok_or_else(|| {
            Error::message("CTX_INVALID_FIELD", format!("`context.action` is `{}`, which is unknown", envelope.action))
        })?;
        let party =
            |id: &Option<String>, uri: &str| id.clone().map(|id| Party { id, uri: field(uri).unwrap_or_default() });
        let network = field("networkId").or_else(|| field("domain")).unwrap_or_default();
        let header = Header {
            action,
            network,
            transaction_id: envelope.transaction_id.clone(),
            message_id: envelope.message_id.clone(),
            timestamp: envelope.timestamp,
            ttl_s: envelope.ttl_s,
            bap: party(&envelope.bap_id, "bapUri"),
            bpp: party(&envelope.bpp_id, "bppUri"),
        };
        let content = match (&envelope.whole["error"], dialect) {
            (error @ Value::Object(_), _) => Content::Error(super::ErrorReply::read(error)),
            (_, Dialect::Lts) => lts::read(action, &envelope.whole["message"])?,
            (_, Dialect::V1) => v1::read(action, &envelope.whole["message"])?,
            // The release candidate is understood as far as its envelope.
            (_, Dialect::Rc) => Content::Other(envelope.whole["message"].clone()),
        };
        Ok(Self { header, content })
    }
}

fn context(header: &Header, action: &str, dialect: Dialect) -> Value {
    let mut context = Map::new();
    let mut put = |camel: &str, value: String| context.insert(dialect.key(camel), value.into());
    put(if dialect == Dialect::Lts { "networkId" } else { "domain" }, header.network.clone());
    put("action", action.into());
    put("version", if dialect == Dialect::Lts { "2.0.0" } else { "1.1.0" }.into());
    for (party, id, uri) in [(&header.bap, "bapId", "bapUri"), (&header.bpp, "bppId", "bppUri")] {
        if let Some(party) = party {
            put(id, party.id.clone());
            put(uri, party.uri.clone());
        }
    }
    put("transactionId", header.transaction_id.clone());
    put("messageId", header.message_id.clone());
    put("timestamp", header.timestamp.to_string());
    if let Some(ttl_s) = header.ttl_s {
        put("ttl", super::duration::text(ttl_s));
    }
    Value::Object(context)
}
