//! The receiver's side: which of the actions that arrive are to be carried out.

use super::{Action, Target};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a receiver does with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Carry it out now.
    Apply,
    /// It was carried out before.
    Duplicate,
    /// It may not be carried out yet: keep it, and ask again when its time has come.
    Early,
    /// Its time is over.
    Expired,
    /// A later action for the same target was carried out before.
    Overtaken,
}

/// Remembers which actions were carried out. It forgets those that have expired: they are refused anyway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Inbox {
    /// Actions carried out, until they expire.
    done: BTreeMap<String, Timestamp>,
    /// Period, generation and key of the last action carried out, by target.
    #[serde(with = "pairs")]
    last: BTreeMap<Target, (Timestamp, u64, String)>,
}

impl Inbox {
    /// Nothing has been carried out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an action that was carried out is the last one for its target: repeating it may wind up a timer.
    #[must_use]
    pub fn is_last(&self, action: &Action) -> bool {
        self.last.get(&action.target).is_some_and(|(_, _, id)| *id == action.id)
    }

    /// Decides about one action. After [`Verdict::Apply`] it counts as carried out.
    pub fn accept(&mut self, action: &Action, now: Timestamp) -> Verdict {
        self.done.retain(|_, expires| *expires > now);
        if now >= action.expires {
            return Verdict::Expired;
        }
        let later = self
            .last
            .get(&action.target)
            .is_none_or(|(from, generation, _)| (*from, *generation) < (action.not_before, action.generation));
        // A command that a later plan took back, and one still later gives again, is a new one.
        if self.done.contains_key(&action.id) && (!later || self.is_last(action)) {
            if let Some((_, generation, _)) = self.last.get_mut(&action.target).filter(|_| later) {
                *generation = action.generation;
            }
            return Verdict::Duplicate;
        }
        if now < action.not_before {
            return Verdict::Early;
        }
        if !later {
            return Verdict::Overtaken;
        }
        self.last.insert(action.target.clone(), (action.not_before, action.generation, action.id.clone()));
        self.done.insert(action.id.clone(), action.expires);
        Verdict::Apply
    }
}

/// JSON has only text as keys: a map is written as a list of pairs.
mod pairs {
    use super::{BTreeMap, Target, Timestamp};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Last = BTreeMap<Target, (Timestamp, u64, String)>;

    pub(super) fn serialize<S: Serializer>(last: &Last, serializer: S) -> Result<S::Ok, S::Error> {
        last.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Last, D::Error> {
        Ok(Vec::<(Target, (Timestamp, u64, String))>::deserialize(deserializer)?.into_iter().collect())
    }
}
