//! Certificates in the log: signed by their issuer, divided from what was metered, and never two for one Wh.
//!
//! This shares no code with the book that the writer keeps: it compares every range with every other one of its half hour.

use super::AuditReport;
use super::part::Part;
use crate::certificate::{Delivery, Slot, Verified, WhRange, key_of_did, verify};
use crate::log::{hex, tile};
use crate::rotation::{KeyName, KeyRing};
use crate::{Error, Record, Result, kind, purpose};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the log says so far.
struct Register<'a> {
    part: &'a Part<'a>,
    keys: Option<&'a KeyRing>,
    /// Position among all records of the one that is looked at.
    position: u64,
    deliveries: BTreeMap<Slot, (u64, Delivery)>,
    certificates: BTreeMap<String, Certificate>,
}

struct Certificate {
    credential: Verified,
    owner: String,
    /// Whether its energy is its own: not split, not revoked.
    holds: bool,
    /// Whether its owner may still use it.
    live: bool,
}

/// Follows every record of energy and certificates.
pub(super) fn check(part: &Part<'_>, keys: Option<&KeyRing>, report: &mut AuditReport) -> Result<()> {
    let (deliveries, certificates) = (BTreeMap::new(), BTreeMap::new());
    let mut register = Register { part, keys, position: 0, deliveries, certificates };
    for (record, position) in part.records.iter().zip(&part.positions) {
        register.position = *position;
        match register.follow(record) {
            Ok(()) => {}
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => report.fault(format!("record {}", record.seq), error.to_string()),
        }
    }
    if !register.deliveries.is_empty() || !register.certificates.is_empty() {
        register.sum_up(report);
    }
    Ok(())
}

impl Register<'_> {
    fn follow(&mut self, record: &Record) -> Result<()> {
        let text = |name: &str| record.body.get(name).and_then(Value::as_str).ok_or_else(|| lacks(name));
        let number = |name: &str| record.body.get(name).and_then(Value::as_i64).ok_or_else(|| lacks(name));
        match record.kind.as_str() {
            kind::DELIVERY => {
                let slot =
                    (text("meter_id")?.into(), text("settlement_date")?.into(), small(number("settlement_period")?));
                let optional = |name: &str| record.body.get(name).map_or(Ok(0), |_| number(name));
                let delivery = Delivery {
                    slot: slot.clone(),
                    energy_wh: number("energy_wh")?,
                    inferences: optional("inferences")?,
                    carbon_mg: optional("carbon_mg")?,
                    cost_ugbp: optional("cost_ugbp")?,
                    actor: record.actor.clone(),
                };
                if delivery.energy_wh < 0 {
                    return Err(wrong("delivered less than nothing"));
                }
                if let Some((seq, _)) = self.deliveries.insert(slot, (record.seq, delivery)) {
                    return Err(wrong(format!(
                        "record {seq} says already what this meter delivered in this half hour"
                    )));
                }
                Ok(())
            }
            kind::CERTIFICATE => self.issued(record, text("certificate_id")?, text("owner")?),
            kind::SPLIT => self.split(record, text("certificate_id")?),
            kind::TRANSFER => {
                let (from, to) = (text("from")?, text("to")?.to_owned());
                self.of(text("certificate_id")?, Some(from))?.owner = to;
                Ok(())
            }
            kind::RETIRE => {
                if text("beneficiary")?.is_empty() || text("reporting_period")?.is_empty() {
                    return Err(wrong("names no beneficiary or no reporting period"));
                }
                self.of(text("certificate_id")?, Some(text("owner")?))?.live = false;
                Ok(())
            }
            kind::REVOKE => {
                let certificate = self.of(text("certificate_id")?, None)?;
                (certificate.live, certificate.holds) = (false, false);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A live certificate, of this owner if one is named.
    fn of(&mut self, id: &str, owner: Option<&str>) -> Result<&mut Certificate> {
        let found = self.certificates.get_mut(id).filter(|certificate| certificate.live);
        let found = found.ok_or_else(|| wrong(format!("certificate `{id}` is not a live one")))?;
        match owner {
            Some(owner) if owner != found.owner => Err(wrong(format!("`{}` owns `{id}`, not `{owner}`", found.owner))),
            _ => Ok(found),
        }
    }

    /// The credential that a record cites, verified.
    fn credential(&self, record: &Record, name: &str) -> Result<Verified> {
        let cited = record.refs.iter().find(|reference| reference.name == name);
        let bytes = cited.map(|reference| self.part.store.read(&tile::blob(&reference.sha256))).transpose()?.flatten();
        let bytes = bytes.ok_or_else(|| wrong(format!("the credential `{name}` is not there to be verified")))?;
        verify(&bytes, &|method, at_s| match self.keys {
            Some(keys) => {
                let owner = method.split_once('#').map_or(method, |(did, _)| did);
                keys.find(KeyName { purpose: purpose::CERTIFICATE, owner, key_id: method }, at_s, self.position)
            }
            None => key_of_did(method),
        })
    }

    fn issued(&mut self, record: &Record, id: &str, owner: &str) -> Result<()> {
        let credential = self.credential(record, "credential")?;
        let subject = &credential.subject;
        let body = |name: &str| record.body.get(name).cloned().unwrap_or_default();
        for (name, says) in [
            ("certificate_id", Value::from(credential.id.as_str())),
            ("meter_id", subject.meter_id.as_str().into()),
            ("settlement_date", subject.settlement_date.as_str().into()),
            ("settlement_period", subject.settlement_period.into()),
            ("wh_start", subject.wh_range.start.into()),
            ("wh_end", subject.wh_range.end.into()),
            ("delivery", subject.evidence.delivery.into()),
        ] {
            if body(name) != says {
                return Err(wrong(format!("`{name}` is {}, but {says} in the credential", body(name))));
            }
        }
        let (seq, delivery) = self.delivery(&credential)?;
        let leaf = usize::try_from(seq).ok().and_then(|seq| self.part.tree.leaves().get(seq)).map(|leaf| hex(leaf));
        let evidence = &subject.evidence;
        if evidence.log != self.part.head.origin
            || evidence.delivery != seq
            || leaf.as_ref() != Some(&evidence.delivery_leaf)
        {
            return Err(wrong(format!("the evidence of `{id}` is not record {seq}, which has its delivery")));
        }
        let part = delivery.part(subject.wh_range);
        if part != (subject.inferences, subject.carbon_mg_location, subject.cost_ugbp) {
            let (inferences, carbon, cost) = part;
            let reason = format!("its range is {inferences} inferences, {carbon} mg and {cost} ugbp of the delivery");
            return Err(wrong(reason));
        }
        self.add(credential, owner)
    }

    fn delivery(&self, credential: &Verified) -> Result<(u64, &Delivery)> {
        let found = self.deliveries.get(&slot(credential));
        found.map(|(seq, delivery)| (*seq, delivery)).ok_or_else(|| {
            let (meter, date, period) = slot(credential);
            wrong(format!("nothing that meter `{meter}` delivered in {date} {period} is in the log before it"))
        })
    }

    /// Takes a certificate in, if its energy was metered and is nobody else's.
    fn add(&mut self, credential: Verified, owner: &str) -> Result<()> {
        let (range, slot_of) = (credential.subject.wh_range, slot(&credential));
        let metered = self.delivery(&credential)?.1.energy_wh;
        if range.end > metered {
            return Err(wrong(format!("claims Wh {} to {} of {metered} Wh metered", range.start, range.end)));
        }
        let overlaps = |other: WhRange| other.start < range.end && range.start < other.end;
        let others = self.certificates.values().filter(|other| other.holds && slot(&other.credential) == slot_of);
        if let Some(other) = others.map(|other| &other.credential).find(|other| overlaps(other.subject.wh_range)) {
            let WhRange { start, end } = other.subject.wh_range;
            let reason =
                format!("claims Wh {} to {}, of which `{}` has {start} to {end}", range.start, range.end, other.id);
            return Err(wrong(format!("issued twice: {reason}")));
        }
        let id = credential.id.clone();
        let certificate = Certificate { credential, owner: owner.into(), holds: true, live: true };
        match self.certificates.insert(id.clone(), certificate) {
            None => Ok(()),
            Some(_) => Err(wrong(format!("certificate `{id}` was issued before"))),
        }
    }

    fn split(&mut self, record: &Record, id: &str) -> Result<()> {
        let (first, second) = (self.credential(record, "first")?, self.credential(record, "second")?);
        let whole = self.of(id, None)?;
        let number = record.body.get("at_wh").and_then(Value::as_i64).ok_or_else(|| lacks("at_wh"))?;
        let parts = whole.credential.subject.split(number)?;
        if (&first.subject, &second.subject) != (&parts.0, &parts.1) {
            return Err(wrong(format!("the two parts are not `{id}` divided at {number} Wh")));
        }
        for (name, part) in [("first_id", &first), ("second_id", &second)] {
            if record.body.get(name).and_then(Value::as_str) != Some(part.id.as_str()) {
                return Err(wrong(format!("`{name}` is not that of the credential")));
            }
        }
        (whole.live, whole.holds) = (false, false);
        let owner = whole.owner.clone();
        self.add(first, &owner)?;
        self.add(second, &owner)
    }

    /// Live and retired energy of each half hour against what was metered.
    fn sum_up(&self, report: &mut AuditReport) {
        let mut held: BTreeMap<Slot, i64> = BTreeMap::new();
        for certificate in self.certificates.values().filter(|certificate| certificate.holds) {
            *held.entry(slot(&certificate.credential)).or_default() += certificate.credential.subject.energy_wh;
        }
        for (slot, energy_wh) in &held {
            let metered = self.deliveries.get(slot).map_or(0, |(_, delivery)| delivery.energy_wh);
            if *energy_wh > metered {
                let (meter, date, period) = slot;
                report.fault(
                    format!("meter `{meter}`, {date} {period}"),
                    format!("{energy_wh} Wh are certified, {metered} Wh were metered"),
                );
            }
        }
        let metered: i64 = self.deliveries.values().map(|(_, delivery)| delivery.energy_wh).sum();
        report.checked.push(format!(
            "{} certificates: {} Wh live or retired of {metered} Wh metered, no Wh twice",
            self.certificates.len(),
            held.values().sum::<i64>()
        ));
    }
}

fn slot(credential: &Verified) -> Slot {
    let subject = &credential.subject;
    (subject.meter_id.clone(), subject.settlement_date.clone(), subject.settlement_period)
}

fn small(period: i64) -> u8 {
    u8::try_from(period).unwrap_or_default()
}

fn lacks(name: &str) -> Error {
    wrong(format!("has no `{name}`"))
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::not_verified("certificate", reason)
}
