//! Witnesses (C2SP tlog-cosignature, read 2026-11-23): a counterparty that saw every head grow from the last one, and
//! says so with the time. Whoever trusts it knows that nobody was shown another log.

use super::head::{LogHead, LogKey, hex};
use super::store::HeadStore;
use super::tree::{Hash, verify_consistency};
use crate::{Error, PublicKey, Result, purpose};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eca_core::adapter::Signer;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// Algorithm byte of timestamped Ed25519 cosignatures in verifier keys.
const COSIGNATURE: u8 = 4;

/// The key that verifies cosignatures, in the form `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// Name of the witness: a URL without scheme.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl WitnessKey {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not of the form, no key for cosignatures, or the hash is not that of name and key.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::key(text, reason);
        let parts: Vec<&str> = text.splitn(3, '+').collect();
        let [name, hash, key] = parts.as_slice() else { return Err(wrong("a verifier key is name+hash+base64")) };
        let bytes = STANDARD.decode(key).map_err(|_| wrong("the key is not base64"))?;
        let Some((&COSIGNATURE, raw)) = bytes.split_first() else {
            return Err(wrong("the key is not one for Ed25519 cosignatures (04 in front)"));
        };
        let read = Self { name: (*name).into(), key: PublicKey::from_bytes(raw)? };
        if hex(&read.hash()) == *hash { Ok(read) } else { Err(wrong("the hash is not that of name and key")) }
    }

    fn hash(&self) -> [u8; 4] {
        let named = Sha256::new().chain_update(&self.name).chain_update([b'\n', COSIGNATURE]);
        let whole: Hash = named.chain_update(self.key.as_bytes()).finalize().into();
        [whole[0], whole[1], whole[2], whole[3]]
    }

    /// When this witness cosigned the head `note`, Unix seconds; `None` if it did not. Of several times the last counts.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if a line in its name and of its key is not its signature, or it is no note.
    pub fn cosigned(&self, place: &str, note: &str) -> Result<Option<u64>> {
        let head = LogHead::read(place, note)?;
        let (_, lines) = note.split_once("\n\n").unwrap_or_default();
        let mut last = None;
        for line in lines.lines() {
            let parsed = line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' '));
            let Some((_, signature)) = parsed.filter(|(name, _)| *name == self.name) else { continue };
            let bytes = STANDARD.decode(signature).unwrap_or_default();
            let Some(bytes) = bytes.strip_prefix(&self.hash()) else { continue };
            let signed = bytes.split_first_chunk::<8>().map(|(time, rest)| (u64::from_be_bytes(*time), rest));
            match signed.filter(|(time, rest)| self.key.verifies(text(&head, *time).as_bytes(), rest)) {
                Some((time, _)) => last = last.max(Some(time)),
                None => {
                    let reason = format!("the cosignature of `{}` is not one of this head", self.name);
                    return Err(Error::not_verified(place, reason));
                }
            }
        }
        Ok(last)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = std::iter::once(COSIGNATURE).chain(*self.key.as_bytes()).collect();
        write!(f, "{}+{}+{}", self.name, hex(&self.hash()), STANDARD.encode(bytes))
    }
}

/// What a witness signs for a head at a time.
fn text(head: &LogHead, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{}", head.text())
}

/// A witness of one log: remembers the last head it signed, and signs only what continues it.
#[derive(Debug)]
pub struct Witness {
    log: LogKey,
    key: WitnessKey,
    signer: Arc<dyn Signer>,
    seen: Arc<dyn HeadStore>,
}

impl Witness {
    /// A witness of the log `log`. `key` is the public half of `signer` with the name of the witness; `seen` keeps the last
    /// head, and is never restored from a backup.
    #[must_use]
    pub fn new(log: LogKey, key: WitnessKey, signer: Arc<dyn Signer>, seen: Arc<dyn HeadStore>) -> Self {
        Self { log, key, signer, seen }
    }

    /// Size of the last head it signed: a log sends the proof from there.
    ///
    /// # Errors
    /// [`Error::Store`] if that cannot be read.
    pub fn size(&self) -> Result<u64> {
        let last = self.seen.last()?;
        last.map_or(Ok(0), |note| LogHead::read("last head seen", &note).map(|head| head.size))
    }

    /// Cosigns a head that continues the last one by `proof` ([`super::tree::Tree::consistency`]; empty from nothing, and
    /// for the same size). Gives the signature line for the note.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if the log did not sign the head, or it does not continue the last one: then there are two
    /// histories, both signed, and the last one seen is the evidence.
    pub fn cosign(&self, note: &str, proof: &[Hash], time_s: u64) -> Result<String> {
        let head = LogHead::verify("head to be cosigned", note, &self.log)?;
        let last = self.seen.last()?;
        if let Some(seen) = &last {
            let old = LogHead::read("last head seen", seen)?;
            let grown = match old.size {
                0 => proof.is_empty(),
                size => verify_consistency(size, &old.root, head.size, &head.root, proof),
            };
            if !grown {
                let reason = format!(
                    "of {} records does not continue the head of {} records that was signed before",
                    head.size, old.size
                );
                return Err(Error::not_verified("head to be cosigned", reason));
            }
        }
        // Remembered before it is signed: a head that nobody got is no harm, one that was forgotten is.
        self.seen.swap(last.as_deref(), note)?;
        let mut signature = self.key.hash().to_vec();
        signature.extend(time_s.to_be_bytes());
        signature.extend(self.signer.sign(purpose::WITNESS, text(&head, time_s).as_bytes())?);
        Ok(format!("\u{2014} {} {}\n", self.key.name, STANDARD.encode(signature)))
    }
}
