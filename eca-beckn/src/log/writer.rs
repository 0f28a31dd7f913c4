//! Writing a log: acknowledged means on disk, and never two histories under one key.

use super::head::{LogHead, LogKey};
use super::store::{HeadStore, LogStore};
use super::tile::{self, CHECKPOINT, PENDING};
use super::tree::{Hash, Tree, leaf_hash};
use super::{pending, read_records};
use crate::{Error, Record, Result};
use eca_core::adapter::Signer;
use std::sync::Arc;

/// A log that is open for writing.
#[derive(Debug)]
pub struct Log {
    store: Arc<dyn LogStore>,
    heads: Arc<dyn HeadStore>,
    signer: Arc<dyn Signer>,
    key: LogKey,
    tree: Tree,
    /// Records from `bundled` on, where `bundled` is a multiple of the width: those a bundle may still grow by.
    tail: Vec<Vec<u8>>,
    bundled: u64,
    /// Size and root of the last head.
    signed: u64,
    signed_root: Option<Hash>,
    /// Set when the store failed: what is on disk is not known any more.
    broken: bool,
    /// Whether the last record closed the shard.
    closed: bool,
}

impl Log {
    /// Opens a log, or begins it where there is none. `key` is the public half of `signer` with the name of the log.
    ///
    /// Everything is read and hashed again, compared with the last head in `heads`, and records that a crash left
    /// between acknowledgement and head are taken up.
    ///
    /// # Errors
    /// [`Error::NotVerified`] names what is damaged; [`Error::Log`] if the log is behind or beside the last head that
    /// was signed, as after a restore from a backup. Nothing is changed then.
    pub fn open(
        store: Arc<dyn LogStore>,
        heads: Arc<dyn HeadStore>,
        signer: Arc<dyn Signer>,
        key: LogKey,
    ) -> Result<Self> {
        let mut log = Self {
            store,
            heads,
            signer,
            key,
            tree: Tree::default(),
            tail: Vec::new(),
            bundled: 0,
            signed: 0,
            signed_root: None,
            broken: false,
            closed: false,
        };
        log.load()?;
        Ok(log)
    }

    fn load(&mut self) -> Result<()> {
        self.store.recover()?;
        let last = self.heads.last()?.map(|note| LogHead::read("last head", &note)).transpose()?;
        if let Some(note) = self.store.read(CHECKPOINT)? {
            let note = String::from_utf8(note).map_err(|_| Error::not_verified(CHECKPOINT, "is not UTF-8"))?;
            let head = LogHead::verify(CHECKPOINT, &note, &self.key)?;
            for record in read_records(&*self.store, head.size)? {
                self.take(record);
            }
            if self.tree.root(head.size) != Some(head.root) {
                return Err(Error::not_verified(CHECKPOINT, "the root is not that of the records"));
            }
            (self.signed, self.signed_root) = (head.size, Some(head.root));
        }
        let waiting = self.store.read(PENDING)?.unwrap_or_default();
        let (frames, whole) = pending::read(PENDING, &waiting)?;
        for (index, record) in frames {
            if index < self.tree.size() {
                // A crash after the head and before the file was emptied: the record must be the one in the tiles.
                if self.tree.level(0).get(index as usize) != Some(&leaf_hash(&record)) {
                    return Err(Error::not_verified(PENDING, format!("record {index} is not the one in the log")));
                }
            } else if index == self.tree.size() {
                self.take(record);
            } else {
                return Err(Error::not_verified(
                    PENDING,
                    format!("record {} is missing before {index}", self.tree.size()),
                ));
            }
        }
        if let Some(last) = last {
            if self.tree.root(last.size) != Some(last.root) || last.origin != self.key.name {
                return Err(Error::log(format!(
                    "the log has {} records that do not lead to the head of {} records signed last; it was rolled \
                     back or changed, and going on would sign a second history: bring back the newest copy",
                    self.tree.size(),
                    last.size
                )));
            }
        } else if self.signed > 0 {
            return Err(Error::log(format!(
                "the log has a head of {} records but the store of the last head is empty; it must never be lost or \
                 restored: begin a new log that cites this one",
                self.signed
            )));
        }
        self.closed = self.tail.last().is_some_and(|record| Record::closes_shard(record));
        if !waiting.is_empty() {
            // What was read may be in the memory of the system only, after a failed sync even for good. From here on it
            // counts as acknowledged, so it goes to disk in a new file, without what was never whole.
            self.store.write(PENDING, &waiting[..whole])?;
        }
        Ok(())
    }

    fn take(&mut self, record: Vec<u8>) {
        self.tree.push(leaf_hash(&record));
        self.tail.push(record);
    }

    /// Number of acknowledged records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The key that its heads are signed with.
    #[must_use]
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// The tree, for proofs.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Adds a record; when this returns its index, it is on disk.
    ///
    /// # Errors
    /// [`Error::Log`] for an empty record or one above 65,535 bytes; [`Error::Store`] if it is not certain that it is on
    /// disk. After that the log must be opened again.
    pub fn append(&mut self, record: &[u8]) -> Result<u64> {
        self.append_all(&[record])
    }

    /// Adds records with one wait for the disk; gives the index of the first.
    ///
    /// # Errors
    /// As [`Log::append`]; then none of them is acknowledged.
    pub fn append_all(&mut self, records: &[&[u8]]) -> Result<u64> {
        self.usable()?;
        if self.closed {
            return Err(Error::log(format!("shard `{}` is closed; write to the next one", self.key.name)));
        }
        let first = self.tree.size();
        let frame = pending::frame(first, records)?;
        if !records.is_empty() {
            self.guarded(|log| log.store.append(PENDING, &frame))?;
        }
        records.iter().for_each(|record| self.take(record.to_vec()));
        self.closed = records.last().is_some_and(|record| Record::closes_shard(record));
        Ok(first)
    }

    /// Keeps bytes that a record will cite; gives their SHA-256. They are on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Store`] if that failed.
    pub fn keep(&mut self, bytes: &[u8]) -> Result<String> {
        self.usable()?;
        let name = super::sha256_hex(bytes);
        if self.store.read(&tile::blob(&name))?.as_deref() != Some(bytes) {
            self.guarded(|log| log.store.write(&tile::blob(&name), bytes))?;
        }
        Ok(name)
    }

    /// Writes tiles, reads them back, and signs a head of all records. Gives the signed note.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if what was read back is not what was written; [`Error::Log`] if another writer signed
    /// meanwhile; [`Error::Store`]. Nothing is signed then, or the head that is signed is the only one of its size.
    pub fn publish(&mut self) -> Result<String> {
        self.usable()?;
        self.guarded(Self::publish_now)
    }

    /// Adds cosignatures to the published head, each a line of [`super::Witness::cosign`]. Gives the note with them.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if the head with the lines is no signed head of this log; [`Error::Store`].
    pub fn cosigned(&mut self, lines: &[String]) -> Result<String> {
        self.usable()?;
        let note = self.store.read(CHECKPOINT)?.ok_or_else(|| Error::log("there is no head to be cosigned"))?;
        let note = String::from_utf8_lossy(&note).into_owned() + &lines.concat();
        let head = LogHead::verify(CHECKPOINT, &note, &self.key)?;
        if self.tree.root(head.size) != Some(head.root) {
            return Err(Error::not_verified(CHECKPOINT, "is not a head of this log"));
        }
        self.guarded(|log| log.store.write(CHECKPOINT, note.as_bytes()))?;
        Ok(note)
    }

    fn publish_now(&mut self) -> Result<String> {
        let size = self.tree.size();
        let root = self.tree.root(size).ok_or_else(|| Error::log("the tree has no root"))?;
        let head = LogHead { origin: self.key.name.clone(), size, root };
        if (self.signed, self.signed_root) == (size, Some(root))
            && let Some(note) = self.store.read(CHECKPOINT)?
        {
            // Nothing is new: the head stays, with the cosignatures it has.
            return String::from_utf8(note).map_err(|_| Error::not_verified(CHECKPOINT, "is not UTF-8"));
        }
        for (index, first, width) in tile::tiles(self.signed.min(size), size) {
            let records = self.tail.iter().skip((first - self.bundled) as usize).take(width as usize);
            let bundle = tile::join_bundle(records.map(Vec::as_slice))?;
            self.write_back(&tile::path("entries", index, width), &bundle)?;
        }
        for level in 0_usize.. {
            let hashes = self.tree.level(8 * level);
            if hashes.is_empty() {
                break;
            }
            let before = self.signed >> (8 * level);
            for (index, first, width) in tile::tiles(before, hashes.len() as u64) {
                let bytes: Vec<u8> = hashes[first as usize..(first + width) as usize].concat();
                self.write_back(&tile::path(&level.to_string(), index, width), &bytes)?;
            }
        }
        let last = self.heads.last()?;
        if let Some(last) = &last {
            let last = LogHead::read("last head", last)?;
            if self.tree.root(last.size) != Some(last.root) {
                return Err(Error::log("another writer has signed another history; this one stops here"));
            }
        }
        // What goes under the signature is what is on disk, not what is in memory.
        if self.read_back(size)? != root {
            return Err(Error::not_verified("tile/entries", "read back, the records do not give the root"));
        }
        let note = head.sign(&*self.signer, &self.key)?;
        LogHead::verify("new head", &note, &self.key)?;
        self.heads.swap(last.as_deref(), &note)?;
        self.store.write(CHECKPOINT, note.as_bytes())?;
        self.store.write(PENDING, &[])?;
        (self.signed, self.signed_root) = (size, Some(root));
        let whole = size / tile::WIDTH * tile::WIDTH;
        self.tail.drain(..(whole - self.bundled) as usize);
        self.bundled = whole;
        Ok(note)
    }

    /// The root of the first `size` records: those of the last head by its root, which was verified when they were read or
    /// written, the later ones as they are on disk. So a head costs what is new under it, however long the log is.
    fn read_back(&self, size: u64) -> Result<Hash> {
        let missing = || Error::log("the tree is shorter than its last head");
        let mut tree = self.tree.frontier(self.signed).ok_or_else(missing)?;
        if self.signed_root.is_some_and(|root| root != tree.root()) {
            return Err(Error::log("the tree in memory is not that of the last head any more; open the log again"));
        }
        for (index, first, width) in tile::tiles(self.signed.min(size), size) {
            let records = super::read_bundle(&*self.store, index, width)?;
            let skipped = self.signed.saturating_sub(first) as usize;
            records.iter().skip(skipped).for_each(|record| tree.push(leaf_hash(record)));
        }
        Ok(tree.root())
    }

    fn write_back(&self, path: &str, bytes: &[u8]) -> Result<()> {
        match self.store.read(path)? {
            Some(there) if there == bytes => return Ok(()),
            Some(_) if path.ends_with(|c: char| c.is_ascii_digit()) && !path.contains(".p/") => {
                return Err(Error::not_verified(path, "a full tile is there with other bytes"));
            }
            _ => self.store.write(path, bytes)?,
        }
        if self.store.read(path)?.as_deref() != Some(bytes) {
            return Err(Error::not_verified(path, "read back, it is not what was written"));
        }
        Ok(())
    }

    fn usable(&self) -> Result<()> {
        match self.broken {
            true => Err(Error::log("a write failed before; open the log again")),
            false => Ok(()),
        }
    }

    /// A failure of the store is final for this writer: what is on disk is not known until the log is read again.
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let done = act(self);
        self.broken = done.is_err();
        done
    }
}
