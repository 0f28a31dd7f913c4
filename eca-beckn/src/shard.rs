//! A log for each year: the next one cites the head of the one before, and one that is closed takes no more records.
//!
//! A shard has what was delivered in its year, with the messages, settlements and certificates of it: an audit looks at one
//! shard and finds the whole story there. So the shard of a year stays open after its end, beside the next one, until its
//! last settlement run; then it is closed, and the next one cites its last head.

use crate::log::{Log, LogHead, hex};
use crate::{Entry, Error, Result, kind};

/// Name of the log of a year.
///
/// ```
/// assert_eq!(eca_beckn::shard::origin("log.example.org/eca", 2027), "log.example.org/eca/2027");
/// ```
#[must_use]
pub fn origin(name: &str, year: i16) -> String {
    format!("{name}/{year}")
}

impl Log {
    /// Writes the first record of the shard of `year`, with the signed head `previous` of the shard before.
    ///
    /// # Errors
    /// [`Error::Log`] if the log has records already, [`Error::NotVerified`] if `previous` is no signed note, and those of
    /// [`Log::write`].
    pub fn begin_shard(&mut self, year: i16, previous: Option<&str>, actor: &str, time_us: i64) -> Result<u64> {
        if self.size() > 0 {
            return Err(Error::log(format!("`{}` has records; a shard begins with its first one", self.key().name)));
        }
        let entry = Entry::new(kind::SHARD, actor, time_us).field("action", "begin").field("year", year);
        let entry = previous.map_or(Ok(entry.clone()), |note| cite(entry, note))?;
        self.write(entry)
    }

    /// Writes a record of the signed head of another shard: from then on that one cannot be written again unseen.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is no signed note, and those of [`Log::write`].
    pub fn cite_shard(&mut self, note: &str, actor: &str, time_us: i64) -> Result<u64> {
        self.write(cite(Entry::new(kind::SHARD, actor, time_us).field("action", "cite"), note)?)
    }

    /// Writes the last record of this shard and signs its last head, which the next shard is to cite. Further records are
    /// refused, now and when the log is opened again.
    ///
    /// # Errors
    /// Those of [`Log::write`] and [`Log::publish`].
    pub fn close_shard(&mut self, actor: &str, time_us: i64) -> Result<String> {
        self.write(Entry::new(kind::SHARD, actor, time_us).field("action", "close"))?;
        self.publish()
    }
}

fn cite(entry: Entry, note: &str) -> Result<Entry> {
    let head = LogHead::read("head of another shard", note)?;
    let entry = entry.field("log", head.origin).field("size", head.size).field("root", hex(&head.root));
    Ok(entry.cite("checkpoint", note))
}
