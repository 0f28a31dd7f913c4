//! A log in a directory. With the traits of the adapters this is the one place that touches files.

use super::store::{HeadStore, LogStore};
use crate::{Error, Result};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// A log in a directory.
#[derive(Debug)]
pub struct FileStore {
    root: PathBuf,
    /// Held while the log is open for writing.
    _lock: Option<File>,
}

/// Name of the lock file; it is always empty.
pub(crate) const LOCK: &str = "lock";

impl FileStore {
    /// Opens a directory for writing, makes it where there is none, and keeps other writers out.
    ///
    /// # Errors
    /// [`Error::Log`] if another process writes to it, [`Error::Store`] if it cannot be made.
    pub fn writer(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        make(&root)?;
        let path = root.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::log(format!("another process writes to `{}`; stop it first", root.display())))
            }
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// Opens a directory for reading.
    ///
    /// # Errors
    /// [`Error::Store`] if there is no such directory.
    pub fn reader(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::read_dir(&root).map_err(at(&root))?;
        Ok(Self { root, _lock: None })
    }

    fn walk(&self, folder: &Path, found: &mut Vec<String>) -> Result<()> {
        for entry in fs::read_dir(folder).map_err(at(folder))? {
            let entry = entry.map_err(at(folder))?;
            let path = entry.path();
            if entry.file_type().map_err(at(&path))?.is_dir() {
                self.walk(&path, found)?;
            } else {
                let inside = path.strip_prefix(&self.root).unwrap_or(&path);
                let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
                found.push(parts.join("/"));
            }
        }
        Ok(())
    }
}

impl Display for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "log in {}", self.root.display())
    }
}

impl LogStore for FileStore {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        read(&self.root.join(path))
    }

    fn list(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.walk(&self.root, &mut found)?;
        // The lock holds nothing; a process that was killed between write and rename leaves a `.new` file of no meaning.
        found.retain(|name| name != LOCK && !name.ends_with(".new"));
        found.sort();
        Ok(found)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        replace(&self.root.join(path), bytes)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(path);
        let begins = !path.exists();
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        file.write_all(bytes).map_err(at(&path))?;
        file.sync_data().map_err(at(&path))?;
        if begins { sync_folder(&self.root) } else { Ok(()) }
    }
}

/// The last head in a file of its own, outside the directory of the log.
#[derive(Debug)]
pub struct FileHead(PathBuf);

impl FileHead {
    /// Keeps the head in `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Display for FileHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "last head in {}", self.0.display())
    }
}

impl HeadStore for FileHead {
    fn last(&self) -> Result<Option<String>> {
        let Some(bytes) = read(&self.0)? else { return Ok(None) };
        let wrong = |_| Error::not_verified(self.0.display().to_string(), "is not UTF-8");
        String::from_utf8(bytes).map(Some).map_err(wrong)
    }

    fn swap(&self, expected: Option<&str>, next: &str) -> Result<()> {
        // The lock of the log's directory keeps a second writer out between the two steps.
        if self.last()?.as_deref() != expected {
            return Err(Error::log("another writer has signed a head meanwhile; open the log again"));
        }
        replace(&self.0, next.as_bytes())
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let place = path.display().to_string();
    move |source| Error::Store { place: place.clone(), source }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// New bytes under the old name: a reader sees the old file or the new one, also after a loss of power.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = File::create(&new).map_err(at(&new))?;
    file.write_all(bytes).map_err(at(&new))?;
    file.sync_all().map_err(at(&new))?;
    fs::rename(&new, path).map_err(at(path))?;
    sync_folder(folder)
}

/// Makes a folder and those above it, each on disk before this returns.
fn make(folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("."));
    make(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(folder)(error)),
        _ => sync_folder(above),
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|file| file.sync_all()).map_err(at(folder))
}
