//! Answers that were kept, by question: in memory, or one JSON file each in a folder.

use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

/// A clock may be set back by so much, s; an answer from later on is not known yet.
const AHEAD_S: i64 = 60;
/// Most answers in memory.
const MOST: usize = 64;

/// All pages of one answer, as they came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    pub(super) url: String,
    pub(super) retrieved_at: Timestamp,
    pub(super) pages: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
    memory: Mutex<BTreeMap<String, Answers>>,
}

impl Cache {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, memory: Mutex::default() }
    }

    /// The answer to `url`, if one was kept; a file that cannot be read is none.
    pub(super) fn get(&self, url: &str, now: Timestamp) -> Option<Answers> {
        let kept = match &self.folder {
            Some(folder) => {
                let text = fs::read_to_string(file(folder, url)).ok()?;
                serde_json::from_str::<Answers>(&text).ok()?
            }
            None => self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(url)?.clone(),
        };
        let known = kept.url == url && now.seconds_since(kept.retrieved_at) >= -AHEAD_S;
        known.then_some(kept)
    }

    pub(super) fn put(&self, answers: Answers) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.insert(answers.url.clone(), answers);
            while memory.len() > MOST {
                let oldest = memory.values().min_by_key(|kept| kept.retrieved_at).map(|kept| kept.url.clone());
                memory.remove(&oldest.unwrap_or_default());
            }
            return Ok(());
        };
        fs::create_dir_all(folder)?;
        let path = file(folder, &answers.url);
        // Two processes may keep their answers in one folder.
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        fs::write(&beside, serde_json::to_string(&answers).map_err(io::Error::other)?)?;
        fs::rename(&beside, &path)
    }
}

/// A name that people recognise, and a number that tells questions apart; the question itself stands in the file.
fn file(folder: &Path, url: &str) -> PathBuf {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = bare.chars().map(plain).take(120).collect();
    // FNV-1a.
    let number = url
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    folder.join(format!("{name}-{number:016x}.json"))
}
