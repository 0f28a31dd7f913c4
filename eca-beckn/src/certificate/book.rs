//! The book of certificates: who owns which Wh, in order of the log. What does not fit is refused before it is written.

use super::subject::{Subject, WhRange};
use crate::{Error, Record, Result, kind};
use std::collections::BTreeMap;

/// Meter, London day, half hour.
pub type Slot = (String, String, u8);

/// What became of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its owner may use it.
    Live,
    /// Two others have its energy.
    Split,
    /// It was used for a beneficiary.
    Retired,
    /// It holds no more, and its energy is free again.
    Revoked,
}

/// A certificate in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Meter and half hour.
    pub slot: Slot,
    /// Its energy.
    pub range: WhRange,
    /// Who owns it.
    pub owner: String,
    /// What became of it.
    pub state: State,
}

/// What was metered, and who owns it.
#[derive(Debug, Clone, Default)]
pub struct Book {
    metered: BTreeMap<Slot, (u64, i64)>,
    holdings: BTreeMap<String, Holding>,
    /// Live and retired ranges: where they start, where they end.
    taken: BTreeMap<Slot, BTreeMap<i64, i64>>,
}

fn refused(id: &str, reason: impl Into<String>) -> Error {
    Error::not_verified(format!("certificate `{id}`"), reason)
}

impl Book {
    /// The book after these records.
    ///
    /// # Errors
    /// [`Error::NotVerified`] for the first that does not fit.
    pub fn from_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Self> {
        let mut book = Self::default();
        records.into_iter().try_for_each(|record| book.apply(record))?;
        Ok(book)
    }

    /// Takes a record of the log; those of other kinds change nothing.
    ///
    /// # Errors
    /// [`Error::NotVerified`] names what does not fit; then nothing has changed.
    pub fn apply(&mut self, record: &Record) -> Result<()> {
        let text = |name: &str| {
            let value = record.body.get(name).and_then(|value| value.as_str()).unwrap_or_default();
            if value.is_empty() {
                return Err(Error::not_verified(format!("record {}", record.seq), format!("has no text `{name}`")));
            }
            Ok(value)
        };
        let number = |name: &str| {
            let value = record.body.get(name).and_then(serde_json::Value::as_i64);
            value
                .ok_or_else(|| Error::not_verified(format!("record {}", record.seq), format!("has no number `{name}`")))
        };
        let slot = || -> Result<Slot> {
            let period = u8::try_from(number("settlement_period")?).unwrap_or_default();
            Ok((text("meter_id")?.into(), text("settlement_date")?.into(), period))
        };
        let range = || -> Result<WhRange> { Ok(WhRange { start: number("wh_start")?, end: number("wh_end")? }) };
        match record.kind.as_str() {
            kind::DELIVERY => self.deliver(slot()?, record.seq, number("energy_wh")?),
            kind::CERTIFICATE => self.issue(text("certificate_id")?, slot()?, range()?, text("owner")?),
            kind::SPLIT => self.split(text("certificate_id")?, number("at_wh")?, text("first_id")?, text("second_id")?),
            kind::TRANSFER => self.transfer(text("certificate_id")?, text("from")?, text("to")?),
            kind::RETIRE => self.retire(text("certificate_id")?, text("owner")?),
            kind::REVOKE => self.revoke(text("certificate_id")?),
            _ => Ok(()),
        }
    }

    /// The metered energy of a half hour, once.
    pub(crate) fn deliver(&mut self, slot: Slot, seq: u64, energy_wh: i64) -> Result<()> {
        if self.metered.contains_key(&slot) || energy_wh < 0 {
            let (meter, date, period) = &slot;
            let reason = format!("meter `{meter}` has a delivery for {date} {period} already, or this one is negative");
            return Err(Error::not_verified(format!("delivery {seq}"), reason));
        }
        self.metered.insert(slot, (seq, energy_wh));
        Ok(())
    }

    /// The index of the delivery record of a half hour and its energy, Wh.
    #[must_use]
    pub fn metered(&self, slot: &Slot) -> Option<(u64, i64)> {
        self.metered.get(slot).copied()
    }

    /// A certificate by its name.
    #[must_use]
    pub fn holding(&self, id: &str) -> Option<&Holding> {
        self.holdings.get(id)
    }

    /// All certificates, by name.
    pub fn holdings(&self) -> impl Iterator<Item = (&str, &Holding)> {
        self.holdings.iter().map(|(id, holding)| (id.as_str(), holding))
    }

    /// Energy of a half hour that no live or retired certificate has: the first free range, if there is one.
    #[must_use]
    pub fn free(&self, slot: &Slot) -> Option<WhRange> {
        let (_, metered) = self.metered(slot)?;
        let mut start = 0;
        for (from, to) in self.taken.get(slot).into_iter().flatten() {
            if *from > start {
                return Some(WhRange { start, end: *from });
            }
            start = *to;
        }
        (start < metered).then_some(WhRange { start, end: metered })
    }

    fn issue(&mut self, id: &str, slot: Slot, range: WhRange, owner: &str) -> Result<()> {
        if self.holdings.contains_key(id) {
            return Err(refused(id, "was issued before; a range that was revoked is issued again under other bounds"));
        }
        let Some((_, metered)) = self.metered(&slot) else {
            return Err(refused(
                id,
                format!("no delivery of meter `{}` in {} {} is in the log", slot.0, slot.1, slot.2),
            ));
        };
        if range.start < 0 || range.end <= range.start || range.end > metered {
            return Err(refused(
                id,
                format!("{}..{} Wh is not inside the {metered} Wh metered", range.start, range.end),
            ));
        }
        let taken = self.taken.entry(slot.clone()).or_default();
        // The last one that starts before the end of this one must have ended at its start.
        if let Some((start, end)) = taken.range(..range.end).next_back().filter(|(_, end)| **end > range.start) {
            let reason = format!("{}..{} Wh overlaps {start}..{end} Wh of another certificate", range.start, range.end);
            return Err(refused(id, reason));
        }
        taken.insert(range.start, range.end);
        let holding = Holding { slot, range, owner: owner.into(), state: State::Live };
        self.holdings.insert(id.into(), holding);
        Ok(())
    }

    fn live(&self, id: &str) -> Result<&Holding> {
        match self.holdings.get(id) {
            None => Err(refused(id, "was never issued")),
            Some(holding) if holding.state != State::Live => {
                Err(refused(id, format!("is not live any more but {:?}", holding.state).to_lowercase()))
            }
            Some(holding) => Ok(holding),
        }
    }

    fn set(&mut self, id: &str, change: impl FnOnce(&mut Holding)) {
        if let Some(holding) = self.holdings.get_mut(id) {
            change(holding);
        }
    }

    fn split(&mut self, id: &str, at_wh: i64, first_id: &str, second_id: &str) -> Result<()> {
        let whole = self.live(id)?.clone();
        if at_wh <= whole.range.start || at_wh >= whole.range.end {
            let (start, end) = (whole.range.start, whole.range.end);
            return Err(refused(id, format!("{at_wh} Wh is not inside {start}..{end} Wh")));
        }
        if first_id == second_id || [first_id, second_id].iter().any(|new| self.holdings.contains_key(*new)) {
            return Err(refused(id, "a part has the name of another certificate"));
        }
        let first = WhRange { start: whole.range.start, end: at_wh };
        let second = WhRange { start: at_wh, end: whole.range.end };
        self.set(id, |holding| holding.state = State::Split);
        let taken = self.taken.entry(whole.slot.clone()).or_default();
        for (new, range) in [(first_id, first), (second_id, second)] {
            taken.insert(range.start, range.end);
            self.holdings.insert(new.into(), Holding { range, ..whole.clone() });
        }
        Ok(())
    }

    fn transfer(&mut self, id: &str, from: &str, to: &str) -> Result<()> {
        let owner = &self.live(id)?.owner;
        if owner != from {
            return Err(refused(id, format!("`{owner}` owns it, not `{from}`")));
        }
        self.set(id, |holding| holding.owner = to.into());
        Ok(())
    }

    fn retire(&mut self, id: &str, owner: &str) -> Result<()> {
        let owns = &self.live(id)?.owner;
        if owns != owner {
            return Err(refused(id, format!("`{owns}` owns it, not `{owner}`")));
        }
        self.set(id, |holding| holding.state = State::Retired);
        Ok(())
    }

    fn revoke(&mut self, id: &str) -> Result<()> {
        let holding = self.live(id)?;
        let (slot, start) = (holding.slot.clone(), holding.range.start);
        self.taken.get_mut(&slot).and_then(|taken| taken.remove(&start));
        self.set(id, |holding| holding.state = State::Revoked);
        Ok(())
    }

    /// The slot of a subject.
    pub(crate) fn slot(subject: &Subject) -> Slot {
        (subject.meter_id.clone(), subject.settlement_date.clone(), subject.settlement_period)
    }
}
