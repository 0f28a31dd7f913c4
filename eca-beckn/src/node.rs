//! One participant of a network: signs what it sends, and believes what it receives only after every check.

use crate::message::Envelope;
use crate::replay::{MessageKey, ReplayStore, Seen};
use crate::sign::{DigestLabel, Stamp, digest, sign};
use crate::trust::KeyLookup;
use crate::verify::SignatureHeader;
use crate::{Error, Result};
use eca_core::adapter::Signer;
use std::sync::Arc;

/// How long signatures hold, and what is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeSettings {
    /// Validity of own signatures, seconds (300).
    pub sign_for_s: i64,
    /// How far a peer's clock may be ahead, seconds (5).
    pub ahead_s: i64,
    /// Longest trust in a peer's signature, whatever it says itself, seconds (3600).
    pub max_age_s: i64,
    /// The label of the digest in what is signed; both are read.
    pub label: DigestLabel,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self { sign_for_s: 300, ahead_s: 5, max_age_s: 3600, label: DigestLabel::default() }
    }
}

/// A participant of a network.
#[derive(Debug, Clone)]
pub struct Node {
    signer: Arc<dyn Signer>,
    keys: Arc<dyn KeyLookup>,
    replay: Arc<dyn ReplayStore>,
    settings: NodeSettings,
}

/// A message with the header that signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The exact bytes.
    pub body: Vec<u8>,
    /// Value of the `Authorization` header.
    pub authorization: String,
}

/// A message that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The message.
    pub envelope: Envelope,
    /// Its signature.
    pub header: SignatureHeader,
    /// Under what it is remembered.
    pub key: MessageKey,
    /// Whether to act on it. Never [`Seen::Conflict`].
    pub seen: Seen,
}

impl Node {
    /// A participant that signs with `signer` and believes `keys`.
    #[must_use]
    pub fn new(
        signer: Arc<dyn Signer>,
        keys: Arc<dyn KeyLookup>,
        replay: Arc<dyn ReplayStore>,
        settings: NodeSettings,
    ) -> Self {
        Self { signer, keys, replay, settings }
    }

    /// Signs a message; a solicited callback `answers` the signature of its request.
    ///
    /// # Errors
    /// When the signer refuses.
    pub fn send(&self, body: Vec<u8>, now_s: i64, answers: Option<&SignatureHeader>) -> Result<Signed> {
        let stamp = Stamp {
            created_s: now_s,
            expires_s: now_s.saturating_add(self.settings.sign_for_s),
            request_signature: answers.map(|header| header.signature.as_str()),
        };
        let authorization = sign(&*self.signer, &body, &stamp, self.settings.label)?;
        Ok(Signed { body, authorization })
    }

    /// Checks a message: signature over the exact bytes, freshness, sender, endpoint, time to live, repetition.
    ///
    /// `endpoint` is the action that the address stands for; `request` is the authorization of the request that a
    /// callback claims to answer.
    ///
    /// # Errors
    /// [`Error::Message`] or [`Error::Json`]; to the peer goes [`Error::code`] only.
    pub fn receive(&self, signed: &Signed, endpoint: &str, now_s: i64, request: Option<&str>) -> Result<Received> {
        let Signed { body, authorization } = signed;
        let header = SignatureHeader::parse(authorization)?;
        self.fresh(&header, now_s)?;
        let key = self.keys.key(&header.key, header.created_s)?;
        let cited = request.map(SignatureHeader::parse).transpose()?;
        // Some peers put the whole header of the request into the fourth line instead of its signature.
        let cited: Vec<&str> = cited.iter().map(|header| header.signature.as_str()).chain(request).collect();
        header.verify(&key, body, &cited)?;
        let envelope = Envelope::parse(body)?;
        let sender = envelope.sender().unwrap_or_default();
        if sender != header.key.subscriber_id {
            let reason = format!("signed by `{}` but sent by `{sender}`", header.key.subscriber_id);
            return Err(Error::message("AUT_UNAUTHORIZED_ACTION", reason));
        }
        if envelope.action != endpoint {
            let reason = format!("`{}` came to the address of `{endpoint}`", envelope.action);
            return Err(Error::message("CTX_ACTION_MISMATCH", reason));
        }
        let key = MessageKey {
            sender: sender.into(),
            action: envelope.action.clone(),
            message_id: envelope.message_id.clone(),
        };
        envelope.check_ttl(now_s)?;
        // As long as any signature of that age could be believed, however soon this one ends, so that an id which is signed
        // again is known; ten seconds more, so that clocks which differ leave no gap.
        let until_s = header.created_s.saturating_add(self.settings.max_age_s).saturating_add(10);
        let seen = self.replay.insert(&key, &digest(body), now_s, until_s)?;
        if seen == Seen::Conflict {
            let reason = format!("message id `{}` was used with another body", envelope.message_id);
            return Err(Error::message("CTX_MESSAGE_ID_DUPLICATE", reason));
        }
        Ok(Received { envelope, header, key, seen })
    }

    /// Checks the signature of the answer to a message of ours: by the node it was sent to, over this answer, bound to
    /// the signature of the message.
    ///
    /// # Errors
    /// [`Error::Message`] names what does not hold.
    pub fn verify_reply(&self, sent: &Signed, body: &[u8], header: &str, now_s: i64) -> Result<()> {
        let header = SignatureHeader::parse(header)?;
        self.fresh(&header, now_s)?;
        let key = self.keys.key(&header.key, header.created_s)?;
        let request = SignatureHeader::parse(&sent.authorization)?;
        header.verify(&key, body, &[&request.signature])?;
        let asked = Envelope::parse(&sent.body)?;
        let receiver = if asked.is_callback() { &asked.bap_id } else { &asked.bpp_id };
        if !header.answers_request || receiver.as_ref().is_some_and(|id| *id != header.key.subscriber_id) {
            let reason = format!("the answer is signed by `{}`, not by the receiver", header.key.subscriber_id);
            return Err(Error::message("AUT_UNAUTHORIZED_ACTION", reason));
        }
        Ok(())
    }

    /// Keeps what a message was answered with, for its repetition.
    ///
    /// # Errors
    /// Those of [`ReplayStore::answered`].
    pub fn answered(&self, key: &MessageKey, answer: &[u8]) -> Result<()> {
        self.replay.answered(key, answer)
    }

    /// Whether the signature holds now.
    fn fresh(&self, header: &SignatureHeader, now_s: i64) -> Result<()> {
        let until_s = header.expires_s.min(header.created_s.saturating_add(self.settings.max_age_s));
        if header.created_s > now_s.saturating_add(self.settings.ahead_s) {
            let ahead = header.created_s - now_s;
            return Err(Error::message(
                "AUT_SIGNATURE_INVALID",
                format!("the signature is from {ahead} s in the future"),
            ));
        }
        if now_s > until_s {
            let late = now_s - until_s;
            return Err(Error::message("AUT_SIGNATURE_INVALID", format!("the signature ended {late} s ago")));
        }
        Ok(())
    }
}
