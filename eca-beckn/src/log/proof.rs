//! Proofs that fit into one file (C2SP tlog-proof, read 2026-11-23): that one record is in the log, without the log.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 1
//! <hashes in base64, from the sibling of the leaf upwards>
//!
//! <the signed head>
//! ```

use super::head::{LogHead, LogKey};
use super::tree::{Hash, leaf_hash, verify_inclusion};
use super::writer::Log;
use crate::{Error, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const FIRST: &str = "c2sp.org/tlog-proof@v1";
const PLACE: &str = "proof";

impl Log {
    /// The proof that record `index` is under the signed head `note`, as the text of a `.tlog-proof` file.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if `note` is no head of this log, or the record is not under it.
    pub fn proof(&self, index: u64, note: &str) -> Result<String> {
        let head = LogHead::verify(PLACE, note, self.key())?;
        if self.tree().root(head.size) != Some(head.root) {
            return Err(Error::not_verified(PLACE, "the head is not one of this log"));
        }
        let path = self.tree().inclusion(index, head.size);
        let path = path.ok_or_else(|| Error::not_verified(PLACE, format!("record {index} is not under the head")))?;
        let lines: Vec<String> = path.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
        Ok(format!("{FIRST}\nindex {index}\n{}\n{note}", lines.concat()))
    }
}

/// Verifies that `record` is in the log of `key`, from the text of a `.tlog-proof` file; gives its index and the head.
///
/// # Errors
/// [`Error::NotVerified`] names the line that is not of the form, or says that the proof is not one of this record.
pub fn verify_proof(record: &[u8], proof: &str, key: &LogKey) -> Result<(u64, LogHead)> {
    let wrong = |reason: &str| Error::not_verified(PLACE, reason);
    let (lines, note) = proof.split_once("\n\n").ok_or_else(|| wrong("has no empty line before the head"))?;
    let mut lines = lines.split('\n');
    if lines.next() != Some(FIRST) {
        return Err(wrong("does not begin as a proof of version 1"));
    }
    // Extra data is of the application, and nobody signed it: passed over.
    let mut next = lines.next();
    if next.is_some_and(|line| line.strip_prefix("extra ").is_some_and(|data| STANDARD.decode(data).is_ok())) {
        next = lines.next();
    }
    let digits = next.and_then(|line| line.strip_prefix("index ")).ok_or_else(|| wrong("has no index"))?;
    let index: u64 = digits.parse().map_err(|_| wrong("the index is not a number"))?;
    if index.to_string() != digits {
        return Err(wrong("the index is not in its only form"));
    }
    let hash = |line: &str| -> Result<Hash> {
        let bytes = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| wrong("a line is not the base64 of a hash"))
    };
    let path: Vec<Hash> = lines.map(hash).collect::<Result<_>>()?;
    let head = LogHead::verify(PLACE, note, key)?;
    if verify_inclusion(&leaf_hash(record), index, head.size, &path, &head.root) {
        Ok((index, head))
    } else {
        Err(wrong(&format!("is not one of this record at index {index}")))
    }
}
