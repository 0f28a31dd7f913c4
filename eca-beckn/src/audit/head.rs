//! The signed head of a log: whose it is, who cosigned it, and whether it continues an earlier one.

use super::AuditReport;
use super::files::Tree;
use crate::log::{LogHead, LogKey, LogStore, tile};
use crate::{Result, Trust};

/// The head of a log, signed by `key` where there is one.
pub(super) fn head(store: &dyn LogStore, key: Option<&LogKey>, report: &mut AuditReport) -> Result<Option<LogHead>> {
    let Some(note) = store.read(tile::CHECKPOINT)? else {
        report.fault(tile::CHECKPOINT, "is missing");
        return Ok(None);
    };
    let note = String::from_utf8_lossy(&note);
    let read = match key {
        Some(key) => LogHead::verify(tile::CHECKPOINT, &note, key),
        None => LogHead::read(tile::CHECKPOINT, &note),
    };
    match read {
        Ok(head) => {
            if key.is_some() {
                report.checked.push(format!("head of {} records signed by `{}`", head.size, head.origin));
            }
            Ok(Some(head))
        }
        Err(crate::Error::NotVerified { place, reason }) => {
            report.fault(place, reason);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The name of the log that a note is of.
pub(super) fn origin(note: &str) -> Option<&str> {
    note.lines().next()
}

/// Counts the witnesses that cosigned the head.
pub(super) fn witnesses(store: &dyn LogStore, trust: &Trust, report: &mut AuditReport) -> Result<()> {
    let note = store.read(tile::CHECKPOINT)?.unwrap_or_default();
    let note = String::from_utf8_lossy(&note);
    let mut cosigned = 0;
    for witness in &trust.witnesses {
        match witness.cosigned(tile::CHECKPOINT, &note) {
            Ok(time) => cosigned += usize::from(time.is_some()),
            Err(error) => report.fault(tile::CHECKPOINT, error.to_string()),
        }
    }
    let (needed, known) = (trust.witnesses_needed, trust.witnesses.len());
    if cosigned < needed {
        report
            .fault(tile::CHECKPOINT, format!("{cosigned} of {known} witnesses cosigned the head, {needed} are needed"));
    } else if known > 0 {
        report.checked.push(format!("{cosigned} of {known} witnesses cosigned the head, {needed} are needed"));
    }
    Ok(())
}

/// Whether the log under `head` is a continuation of the earlier head `note`, signed by `key` where there is one.
pub(super) fn continues(note: &str, key: Option<&LogKey>, tree: &Tree, head: &LogHead, report: &mut AuditReport) {
    let place = "earlier head";
    let read = match key {
        Some(key) => LogHead::verify(place, note, key),
        None => LogHead::read(place, note),
    };
    match read {
        Err(error) => report.fault(place, error.to_string()),
        Ok(old) if old.origin != head.origin => {
            report.fault(place, format!("is of log `{}`, not `{}`", old.origin, head.origin));
        }
        Ok(old) if old.size > head.size => {
            let reason = format!("had {} records, the log has {}: it was rolled back", old.size, head.size);
            report.fault(place, reason);
        }
        Ok(old) => match tree.root_of(old.size) {
            Some(root) if root == old.root => {
                report.checked.push(format!("continues the earlier head of {} records", old.size));
            }
            _ => report.fault(place, format!("the first {} records are not those of then: it was rewritten", old.size)),
        },
    }
}
