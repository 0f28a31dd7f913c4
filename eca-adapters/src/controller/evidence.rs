//! The signed log of the controller, from its configuration, and the key that it is signed with.

use super::build::Built;
use super::config::Config;
use crate::deg_log::DegLog;
use eca_beckn::{LogKey, MemoryKey, purpose};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// The log, where the configuration has one.
pub(super) fn open(config: &Config) -> Built<Option<DegLog>> {
    let Some(log) = &config.log else { return Ok(None) };
    let seed = seed(config)?;
    let dir = config.resolve(log.dir.get_ref());
    let beside = || {
        let mut name = dir.clone().into_os_string();
        name.push(".last-head");
        name.into()
    };
    let last_head = log.last_head.as_ref().map_or_else(beside, |path| config.resolve(path));
    if last_head.starts_with(&dir) {
        let message = format!("the last head, {}, must be outside of the log", last_head.display());
        return Err(config.wrong(&log.dir, message));
    }
    let origin = log.origin.get_ref();
    let before = origin.split('/').next().unwrap_or(origin);
    let actor = log.actor.as_deref().unwrap_or(before);
    let opened = DegLog::open(&dir, &last_head, origin, &seed, actor);
    opened.map(Some).map_err(|error| config.wrong(&log.dir, error.to_string()))
}

/// The private key in its file; nothing where there is no log.
pub(super) fn seed(config: &Config) -> Built<String> {
    let Some(log) = &config.log else { return Ok(String::new()) };
    let path = config.resolve(log.key_file.get_ref());
    let wrong = |message: String| config.wrong(&log.key_file, format!("{}: {message}", path.display()));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| wrong(format!("{error}; `eca-controller new-key {} FILE` makes one", log.origin.get_ref())))?;
    let key = MemoryKey::from_base64(log.origin.get_ref(), purpose::LOG, text.trim());
    key.map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}

/// Makes a key of a log in a new file that only its owner may read; gives the trust file for its public half.
pub(super) fn new_key(origin: &str, path: &Path) -> io::Result<String> {
    if origin.is_empty() || origin.contains(|c: char| c.is_whitespace() || c == '+') {
        let message = format!("`{origin}` is no name of a log; take one such as log.example.org/eca/2026");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut seed = [0_u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let key = MemoryKey::from_seed(origin, purpose::LOG, &seed);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", key.seed_base64())?;
    file.sync_all()?;
    let public = LogKey { name: origin.into(), key: key.public() };
    Ok(format!("{{\"log\": \"{public}\", \"messages\": [], \"certificates\": []}}\n"))
}
