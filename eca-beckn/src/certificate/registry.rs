//! Issuing certificates: credential, book and log in one step each.

use super::book::{Book, Slot};
use super::credential::{self, Terms};
use super::subject::{Evidence, Subject};
use crate::log::hex;
use crate::{Entry, Error, Log, Record, Result, kind};
use eca_core::{Timestamp, adapter::Signer};
use serde_json::Value;
use std::sync::Arc;

/// Issues certificates and keeps the book. Every step is a record before it is true.
#[derive(Debug)]
pub struct Registry {
    did: String,
    name: String,
    signer: Arc<dyn Signer>,
    book: Book,
}

impl Registry {
    /// A registry of the issuer `did`, whose key `signer` is, with the book that the records of the log so far give.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if the records do not fit together.
    pub fn new(did: &str, name: &str, signer: Arc<dyn Signer>, records: &[Record]) -> Result<Self> {
        Ok(Self { did: did.into(), name: name.into(), signer, book: Book::from_records(records)? })
    }

    /// The book.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Writes what a meter measured in a half hour; certificates divide it. `cost_ugbp` and `carbon_mg` are of all of it.
    /// Gives the index of the record.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if the half hour has a delivery already, and those of [`Log::write`].
    pub fn deliver(&mut self, log: &mut Log, delivery: &Delivery, time_us: i64) -> Result<u64> {
        let (meter, date, period) = &delivery.slot;
        let entry = Entry::new(kind::DELIVERY, &delivery.actor, time_us)
            .field("meter_id", meter.as_str())
            .field("settlement_date", date.as_str())
            .field("settlement_period", *period)
            .field("energy_wh", delivery.energy_wh)
            .field("inferences", delivery.inferences)
            .field("carbon_mg", delivery.carbon_mg)
            .field("cost_ugbp", delivery.cost_ugbp);
        self.write(log, entry)
    }

    /// Issues a certificate: `subject` without evidence and with a range that is free. Gives the credential.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if the range is not free or not metered, and those of [`credential::issue`] and
    /// [`Log::write`].
    pub fn issue(&mut self, log: &mut Log, subject: &Subject, owner: &str, time_us: i64) -> Result<Value> {
        let mut subject = subject.clone();
        let slot = Book::slot(&subject);
        let Some((delivery, _)) = self.book.metered(&slot) else {
            return Err(Error::not_verified("certificate", "no delivery of its meter and half hour is in the log"));
        };
        let leaf = usize::try_from(delivery).ok().and_then(|seq| log.tree().level(0).get(seq));
        let leaf = leaf.ok_or_else(|| Error::not_verified("certificate", "its delivery is not in this log"))?;
        subject.evidence = Evidence { log: log.key().name.clone(), delivery, delivery_leaf: hex(leaf) };
        let credential = self.credential(&subject, time_us)?;
        let entry = Entry::new(kind::CERTIFICATE, &self.did, time_us)
            .field("certificate_id", subject.certificate_id(&self.did)?)
            .field("meter_id", subject.meter_id.as_str())
            .field("settlement_date", subject.settlement_date.as_str())
            .field("settlement_period", subject.settlement_period)
            .field("wh_start", subject.wh_range.start)
            .field("wh_end", subject.wh_range.end)
            .field("delivery", delivery)
            .field("owner", owner)
            .cite("credential", bytes_of(&credential)?);
        self.write(log, entry)?;
        Ok(credential)
    }

    /// Splits a certificate at a Wh of its range into two of the same owner. Gives both credentials.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is not live, not this one, or the Wh is not inside it, and those of [`Log::write`].
    pub fn split(&mut self, log: &mut Log, whole: &Subject, at_wh: i64, time_us: i64) -> Result<(Value, Value)> {
        let (first, second) = whole.split(at_wh)?;
        let (a, b) = (self.credential(&first, time_us)?, self.credential(&second, time_us)?);
        let entry = Entry::new(kind::SPLIT, &self.did, time_us)
            .field("certificate_id", whole.certificate_id(&self.did)?)
            .field("at_wh", at_wh)
            .field("first_id", first.certificate_id(&self.did)?)
            .field("second_id", second.certificate_id(&self.did)?)
            .cite("first", bytes_of(&a)?)
            .cite("second", bytes_of(&b)?);
        self.write(log, entry)?;
        Ok((a, b))
    }

    /// Gives a certificate another owner.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is not live or `from` does not own it, and those of [`Log::write`].
    pub fn transfer(&mut self, log: &mut Log, id: &str, from: &str, to: &str, time_us: i64) -> Result<u64> {
        let entry = Entry::new(kind::TRANSFER, from, time_us);
        self.write(log, entry.field("certificate_id", id).field("from", from).field("to", to))
    }

    /// Uses a certificate up, for a beneficiary and a reporting period such as `2026`. That is final.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is not live or `owner` does not own it, and those of [`Log::write`].
    pub fn retire(
        &mut self,
        log: &mut Log,
        id: &str,
        owner: &str,
        beneficiary: [&str; 2],
        time_us: i64,
    ) -> Result<u64> {
        let [beneficiary, period] = beneficiary;
        let entry = Entry::new(kind::RETIRE, owner, time_us)
            .field("certificate_id", id)
            .field("owner", owner)
            .field("beneficiary", beneficiary)
            .field("reporting_period", period);
        self.write(log, entry)
    }

    /// Takes a certificate back; its energy is free again.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is not live, and those of [`Log::write`].
    pub fn revoke(&mut self, log: &mut Log, id: &str, reason: &str, time_us: i64) -> Result<u64> {
        let entry = Entry::new(kind::REVOKE, &self.did, time_us);
        self.write(log, entry.field("certificate_id", id).field("reason", reason))
    }

    /// The book first: what does not fit is not written. A book that went ahead of a failed write is thrown away with the
    /// log, which must be opened again then.
    fn write(&mut self, log: &mut Log, entry: Entry) -> Result<u64> {
        self.book.apply(&entry.record(log.size())?)?;
        log.write(entry)
    }

    fn credential(&self, subject: &Subject, time_us: i64) -> Result<Value> {
        let terms = Terms {
            issuer: &self.did,
            name: &self.name,
            valid_from: Timestamp::from_unix_s(time_us.div_euclid(1_000_000))?,
            valid_until: None,
        };
        credential::issue(subject, &terms, &*self.signer)
    }
}

/// Metered energy of one meter and half hour, with what was done and paid for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Meter, London day, half hour.
    pub slot: Slot,
    /// Metered, Wh, rounded down.
    pub energy_wh: i64,
    /// Inferences served.
    pub inferences: i64,
    /// Location-based, mg CO2.
    pub carbon_mg: i64,
    /// Paid, µGBP.
    pub cost_ugbp: i64,
    /// Who says so.
    pub actor: String,
}

impl Delivery {
    /// The part of this delivery that a range of it stands for: inferences and carbon and cost by energy, rounded down as
    /// [`Subject::split`] does.
    #[must_use]
    pub fn part(&self, range: super::WhRange) -> (i64, i64, i64) {
        let upto = |whole: i64, wh: i64| super::subject::share(whole, wh, self.energy_wh);
        let of = |whole: i64| upto(whole, range.end) - upto(whole, range.start);
        (of(self.inferences), of(self.carbon_mg), of(self.cost_ugbp))
    }
}

fn bytes_of(credential: &Value) -> Result<Vec<u8>> {
    crate::json::canonical("credential", credential)
}
