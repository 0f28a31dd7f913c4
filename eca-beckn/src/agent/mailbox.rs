//! What every agent does with the post: sign what goes out, check what comes in, match answers with questions, and
//! answer a repetition without doing anything again.

use super::book::ContractStore;
use super::{Answer, Incoming, Outgoing};
use crate::message::{Content, ErrorReply, Header, Party, Reply};
use crate::node::{Node, Signed};
use crate::replay::Seen;
use crate::{Action, Dialect, Envelope, Error, Message, Result, Verb};
use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The post of one participant.
#[derive(Debug)]
pub struct Mailbox {
    me: Party,
    network: String,
    dialect: Dialect,
    node: Node,
    /// Seconds in which a message of ours may be acted on.
    ttl_s: i64,
    /// How long we wait for a callback, seconds.
    patience_s: i64,
    seed: [u8; 32],
    made: u64,
    awaiting: BTreeMap<String, Question>,
    store: Option<Arc<dyn ContractStore>>,
}

/// Name under which questions are kept.
const QUESTIONS: &str = "questions";

/// A question of ours whose answer is to come.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Question {
    action: Action,
    /// Who was asked: nobody else may answer. Empty in what older versions kept.
    #[serde(default)]
    to: String,
    transaction_id: String,
    authorization: String,
    until_s: i64,
    answered: bool,
}

impl Question {
    fn may_come_from(&self, id: &str) -> bool {
        self.to.is_empty() || self.to == id
    }
}

/// What a message that arrived is.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// To be acted on.
    New(Box<Incoming>),
    /// Answered already: refused, or seen before.
    Done(Answer),
}

impl Mailbox {
    /// The post of `me`. Ids of messages are made from `seed`, which must be another one at every start.
    #[must_use]
    pub fn new(me: Party, network: &str, dialect: Dialect, node: Node, seed: [u8; 32]) -> Self {
        let (ttl_s, patience_s) = (30, 60);
        let (network, awaiting) = (network.into(), BTreeMap::new());
        Self { me, network, dialect, node, ttl_s, patience_s, seed, made: 0, awaiting, store: None }
    }

    /// Waits for the answers that an earlier run waited for, and keeps what is asked from now on.
    pub(super) fn open(&mut self, store: &Arc<dyn ContractStore>) -> Result<()> {
        if let Some(text) = store.kept()?.get(QUESTIONS) {
            self.awaiting = serde_json::from_str(text).map_err(|error| Error::json(QUESTIONS, error.to_string()))?;
        }
        self.store = Some(store.clone());
        Ok(())
    }

    fn keep_questions(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let text = serde_json::to_string(&self.awaiting).map_err(|error| Error::json(QUESTIONS, error.to_string()))?;
        store.keep(QUESTIONS, &text)
    }

    /// Who this is.
    #[must_use]
    pub fn me(&self) -> &Party {
        &self.me
    }

    /// The same with another time to live of messages, and another time to wait for answers, in seconds. A simulation
    /// whose clock runs fast needs more of both.
    #[must_use]
    pub fn with_times(mut self, ttl_s: i64, patience_s: i64) -> Self {
        (self.ttl_s, self.patience_s) = (ttl_s, patience_s);
        self
    }

    /// A fresh id in the form of a random UUID (version 4).
    pub fn id(&mut self) -> String {
        self.made += 1;
        let hash = Sha256::new().chain_update(self.seed).chain_update(self.made.to_be_bytes()).finalize();
        let mut hex = crate::log::hex(&hash[..16]);
        hex.replace_range(12..13, "4");
        hex.replace_range(16..17, "8");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// A question to a provider; its answer is awaited.
    ///
    /// # Errors
    /// Those of [`Message::to_bytes`] and of the signer.
    pub fn ask(
        &mut self,
        verb: Verb,
        to: &Party,
        transaction: &str,
        content: Content,
        now: Timestamp,
    ) -> Result<Outgoing> {
        let action = Action::ask(verb);
        let message_id = self.id();
        let header = Header {
            bap: Some(self.me.clone()),
            bpp: Some(to.clone()),
            ..self.header(action, transaction, &message_id, now)
        };
        let outgoing = self.sign(header, content, to, None, now)?;
        self.awaiting.insert(
            message_id,
            Question {
                action,
                to: to.id.clone(),
                transaction_id: transaction.into(),
                authorization: outgoing.signed.authorization.clone(),
                until_s: now.unix_s().saturating_add(self.patience_s),
                answered: false,
            },
        );
        self.keep_questions()?;
        Ok(outgoing)
    }

    /// The answer to a question: its message id again, bound to its signature.
    ///
    /// # Errors
    /// Those of [`Message::to_bytes`] and of the signer; [`Error::Message`] if the question names no asker.
    pub fn answer(&mut self, question: &Incoming, content: Content, now: Timestamp) -> Result<Outgoing> {
        let asked = &question.message.header;
        let to = asked.bap.clone().ok_or_else(|| Error::message("CTX_MISSING_FIELD", "nobody asks"))?;
        let action = Action::on(asked.action.verb);
        let header = self.header(action, &asked.transaction_id, &asked.message_id, now);
        let header = Header { bap: Some(to.clone()), bpp: Some(self.me.clone()), ..header };
        self.sign(header, content, &to, Some(question), now)
    }

    /// News that nobody asked for, with a message id of its own.
    ///
    /// # Errors
    /// Those of [`Message::to_bytes`] and of the signer.
    pub fn tell(
        &mut self,
        verb: Verb,
        to: &Party,
        transaction: &str,
        content: Content,
        now: Timestamp,
    ) -> Result<Outgoing> {
        let message_id = self.id();
        let header = self.header(Action::on(verb), transaction, &message_id, now);
        let header = Header { bap: Some(to.clone()), bpp: Some(self.me.clone()), ..header };
        self.sign(header, content, to, None, now)
    }

    fn header(&self, action: Action, transaction: &str, message_id: &str, now: Timestamp) -> Header {
        Header {
            action,
            network: self.network.clone(),
            transaction_id: transaction.into(),
            message_id: message_id.into(),
            timestamp: now,
            ttl_s: Some(self.ttl_s),
            bap: None,
            bpp: None,
        }
    }

    fn sign(
        &self,
        header: Header,
        content: Content,
        to: &Party,
        question: Option<&Incoming>,
        now: Timestamp,
    ) -> Result<Outgoing> {
        // An answer speaks the dialect of its question.
        let dialect = question.map_or(self.dialect, |question| question.dialect);
        let action = header.action.name(dialect).unwrap_or_default();
        let body = Message { header, content }.to_bytes(dialect)?;
        let signed = self.node.send(body, now.unix_s(), question.map(|question| &question.header))?;
        let uri = format!("{}/{action}", to.uri.trim_end_matches('/'));
        Ok(Outgoing { uri, action, signed, request: question.map(|question| question.signed.authorization.clone()) })
    }

    /// Signs a body that was made elsewhere, such as a message that ECA has no type for.
    ///
    /// # Errors
    /// When the signer refuses.
    pub fn sign_bytes(&self, body: Vec<u8>, now: Timestamp) -> Result<Signed> {
        self.node.send(body, now.unix_s(), None)
    }

    /// Checks what came to the address of `endpoint`.
    pub(crate) fn receive(&mut self, endpoint: &str, signed: Signed, now: Timestamp) -> Arrival {
        match self.check(endpoint, signed.clone(), now) {
            Ok(arrival) => arrival,
            Err(error) => Arrival::Done(self.refuse(&signed, &error, now)),
        }
    }

    fn check(&mut self, endpoint: &str, signed: Signed, now: Timestamp) -> Result<Arrival> {
        // Before anything is verified, only to find the question that it may answer.
        let question = Envelope::parse(&signed.body).ok().and_then(|envelope| self.question(&envelope));
        let request = question.as_ref().map(|(_, question)| question.authorization.clone());
        let received = self.node.receive(&signed, endpoint, now.unix_s(), request.as_deref())?;
        match &received.seen {
            Seen::Same(Some(stored)) => return Ok(Arrival::Done(self.again(stored, &received.header, now)?)),
            // It was taken in, but what came of it is not known: doing it again might be a second effect.
            Seen::Same(None) => return Err(Error::message("NET_INTERNAL_ERROR", "it was interrupted before")),
            _ => {}
        }
        let message = Message::read(&received.envelope)?;
        self.is_for_me(&message)?;
        let header = &message.header;
        if header.action.callback {
            match question {
                // Before it counts as answered: a stranger must not keep the true answer out.
                Some((_, question)) if header.bpp.as_ref().is_none_or(|bpp| !question.may_come_from(&bpp.id)) => {
                    return Err(Error::message("AUT_UNAUTHORIZED_ACTION", "another node was asked"));
                }
                Some((_, question)) if question.answered => {
                    let reason = format!("`{}` of `{}` was answered before", question.action, header.transaction_id);
                    return Err(Error::message("CTX_MESSAGE_ID_DUPLICATE", reason));
                }
                Some((id, question)) if now.unix_s() > question.until_s => {
                    self.awaiting.remove(&id);
                    return Err(Error::message(
                        "CTX_TTL_EXPIRED",
                        format!("the answer to `{}` is too late", question.action),
                    ));
                }
                Some((id, _)) => {
                    if let Some(question) = self.awaiting.get_mut(&id) {
                        question.answered = true;
                    }
                    self.keep_questions()?;
                }
                None if matches!(header.action.verb, Verb::Status | Verb::Update | Verb::Cancel) => {}
                None => return Err(Error::message("CTX_TRANSACTION_ID_UNKNOWN", "nobody asked for this answer")),
            }
        }
        let request = if received.header.answers_request { request } else { None };
        Ok(Arrival::New(Box::new(Incoming {
            dialect: received.envelope.dialect,
            message,
            header: received.header,
            key: received.key,
            signed,
            request,
        })))
    }

    /// The question that an answer belongs to: by message id, else by transaction and action, as some nodes give
    /// their answers ids of their own.
    fn question(&self, answer: &Envelope) -> Option<(String, Question)> {
        let action = Action::parse(&answer.action).filter(|action| action.callback)?;
        let asked = Action::ask(action.verb);
        let direct = self.awaiting.get_key_value(&answer.message_id);
        let by_transaction = || {
            self.awaiting
                .iter()
                .find(|(_, q)| !q.answered && q.action == asked && q.transaction_id == answer.transaction_id)
        };
        let (id, question) = direct.filter(|(_, q)| q.action == asked).or_else(by_transaction)?;
        Some((id.clone(), question.clone()))
    }

    /// The signature covers neither host nor path: that a message is meant for this node stands in its context only.
    fn is_for_me(&self, message: &Message) -> Result<()> {
        let header = &message.header;
        let receiver = if header.action.callback { &header.bap } else { &header.bpp };
        match receiver {
            Some(party) if party.id != self.me.id && header.action != Action::ask(Verb::Publish) => Err(
                Error::message("CTX_INVALID_FIELD", format!("it is for `{}`, and this is `{}`", party.id, self.me.id)),
            ),
            _ => Ok(()),
        }
    }

    /// Takes a message that an agent has acted on: acknowledged and remembered.
    pub(crate) fn accept(&self, incoming: &Incoming, now: Timestamp) -> Answer {
        let reply = Reply::ack(&incoming.message.header.message_id);
        self.seal(&reply, incoming, now)
    }

    /// Refuses a message that an agent will not act on.
    pub(crate) fn decline(&self, incoming: &Incoming, error: &Error, now: Timestamp) -> Answer {
        let reply = Reply::nack(Some(&incoming.message.header.message_id), error);
        self.seal(&reply, incoming, now)
    }

    fn seal(&self, reply: &Reply, incoming: &Incoming, now: Timestamp) -> Answer {
        let body = reply.to_body(incoming.dialect);
        let stored = format!("{}\n{body}", reply.status);
        // When the answer cannot be kept, a repetition is told that it was interrupted: never a second effect.
        let kept = self.node.answered(&incoming.key, stored.as_bytes());
        let signed = self.node.send(body.into_bytes(), now.unix_s(), Some(&incoming.header));
        match (kept, signed) {
            (Ok(()), Ok(signed)) => Answer {
                status: reply.status,
                body: signed.body,
                signature: Some(signed.authorization),
                error: reply.error.clone(),
            },
            (Err(error), _) | (_, Err(error)) => self.refuse(&incoming.signed, &error, now),
        }
    }

    fn again(&self, stored: &[u8], header: &crate::verify::SignatureHeader, now: Timestamp) -> Result<Answer> {
        let text = String::from_utf8_lossy(stored);
        let (status, body) = text.split_once('\n').unwrap_or(("200", ""));
        let signed = self.node.send(body.as_bytes().to_vec(), now.unix_s(), Some(header))?;
        let status = status.parse().unwrap_or(200);
        Ok(Answer { status, body: signed.body, signature: Some(signed.authorization), error: None })
    }

    /// The answer to what is not taken. What cannot be trusted to come from anybody gets no signature.
    fn refuse(&self, signed: &Signed, error: &Error, _now: Timestamp) -> Answer {
        let envelope = Envelope::parse(&signed.body).ok();
        let dialect = envelope.as_ref().map_or(self.dialect, |envelope| envelope.dialect);
        let reply = Reply::nack(envelope.as_ref().map(|envelope| envelope.message_id.as_str()), error);
        let error = Some(ErrorReply { message: error.to_string(), ..reply.error.clone().unwrap_or_default() });
        Answer { status: reply.status, body: reply.to_body(dialect).into_bytes(), signature: None, error }
    }

    /// Whether the answer to a message of ours is signed by whom it was sent to. An answer without a good signature is
    /// no proof of receipt, but no reason to stop either.
    ///
    /// # Errors
    /// [`Error::Message`] if the signature is missing, not fresh, or not one of this answer to this message.
    pub fn verify_reply(&self, sent: &Outgoing, body: &[u8], header: &str, now: Timestamp) -> Result<()> {
        self.node.verify_reply(&sent.signed, body, header, now.unix_s())
    }

    /// Questions whose answers did not come in time: action and transaction. They are not waited for any more.
    pub(crate) fn overdue(&mut self, now: Timestamp) -> Vec<(Action, String)> {
        let now_s = now.unix_s();
        let late = self.awaiting.values().filter(|question| !question.answered && question.until_s < now_s);
        let late = late.map(|question| (question.action, question.transaction_id.clone())).collect();
        // Answered ones are kept as long as their answers could be repeated.
        let patience_s = self.patience_s;
        self.awaiting.retain(|_, q| if q.answered { q.until_s + patience_s >= now_s } else { q.until_s >= now_s });
        late
    }
}
