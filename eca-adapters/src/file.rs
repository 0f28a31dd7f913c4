//! Signals and state in files.

use eca_core::adapter::{AdapterError, AdapterResult, FetchOptions, SignalSource, StateStore};
use eca_core::signal::{ReadOptions, Signals, parse};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Signals in a CSV file (tidy, or wide with `utc_start`), read anew at each fetch: somebody else may replace it.
#[derive(Debug, Clone)]
pub struct FileSignals {
    path: PathBuf,
    options: ReadOptions,
}

impl FileSignals {
    /// A source that reads `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, options: ReadOptions) -> Self {
        Self { path: path.into(), options }
    }
}

impl fmt::Display for FileSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signal file {}", self.path.display())
    }
}

impl SignalSource for FileSignals {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        let text = fs::read_to_string(&self.path).map_err(|error| unreachable(self, &error))?;
        let mut read = self.options.clone();
        read.retrieved_at = read.retrieved_at.or(Some(options.now));
        parse::csv::read(&text, &read).map_err(|error| AdapterError::BadReading {
            adapter: self.to_string(),
            object: "the file".into(),
            value: "text".into(),
            limit: error.to_string(),
        })
    }
}

fn unreachable(adapter: &dyn fmt::Display, error: &io::Error) -> AdapterError {
    AdapterError::Unreachable { adapter: adapter.to_string(), message: error.to_string() }
}

/// State in a file that is replaced as a whole: written beside it, synced, renamed, directory synced.
#[derive(Debug, Clone)]
pub struct FileState(PathBuf);

impl FileState {
    /// State in `path`; folders that are missing are made.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let folder = self.0.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut beside = self.0.clone().into_os_string();
        beside.push(".new");
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.0)?;
        File::open(folder)?.sync_all()
    }
}

impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state file {}", self.0.display())
    }
}

impl StateStore for FileState {
    fn load(&self) -> AdapterResult<Option<String>> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreachable(self, &error)),
        }
    }

    fn save(&self, state: &str) -> AdapterResult<()> {
        self.replace(state).map_err(|error| unreachable(self, &error))
    }
}
