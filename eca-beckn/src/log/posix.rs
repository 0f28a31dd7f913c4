//! A log in a directory: which files it has, and in what order they reach the disk.

use super::files::{FileSystem, Lock, Posix};
use super::store::{HeadStore, LogStore};
use super::tile::CHECKPOINT;
use crate::{Error, Result};
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log in a directory.
#[derive(Debug)]
pub struct FileStore {
    files: Arc<dyn FileSystem>,
    root: PathBuf,
    /// Held while the log is open for writing.
    _lock: Option<Box<dyn Lock>>,
}

/// Name of the lock file; it is always empty.
pub(crate) const LOCK: &str = "lock";

impl FileStore {
    /// Opens a directory for writing, makes it where there is none, and keeps other writers out.
    ///
    /// # Errors
    /// [`Error::Log`] if another process writes to it, [`Error::Store`] if it cannot be made.
    pub fn writer(root: impl Into<PathBuf>) -> Result<Self> {
        Self::writer_on(Arc::new(Posix), root)
    }

    /// [`FileStore::writer`] on another file system.
    ///
    /// # Errors
    /// As there.
    pub fn writer_on(files: Arc<dyn FileSystem>, root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        make(&*files, &root)?;
        let lock = files.lock(&root.join(LOCK)).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => {
                Error::log(format!("another process writes to `{}`; stop it first", root.display()))
            }
            _ => at(&root.join(LOCK))(error),
        })?;
        Ok(Self { files, root, _lock: Some(lock) })
    }

    /// Opens a directory for reading.
    ///
    /// # Errors
    /// [`Error::Store`] if there is no such directory.
    pub fn reader(root: impl Into<PathBuf>) -> Result<Self> {
        let store = Self { files: Arc::new(Posix), root: root.into(), _lock: None };
        store.files.entries(&store.root).map_err(at(&store.root))?;
        Ok(store)
    }

    /// The shards in a directory, in directories of their own, by name. None if the directory is a log itself.
    ///
    /// # Errors
    /// [`Error::Store`] if a directory cannot be read.
    pub fn shards(root: impl AsRef<Path>) -> Result<Vec<(String, Self)>> {
        let (files, root) = (Posix, root.as_ref());
        let is_log = |folder: &Path| files.exists(&folder.join(CHECKPOINT)) || files.exists(&folder.join("tile"));
        if is_log(root) {
            return Ok(Vec::new());
        }
        let mut names = files.entries(root).map_err(at(root))?;
        names.retain(|(name, is_folder)| *is_folder && is_log(&root.join(name)));
        names.sort();
        names.into_iter().map(|(name, _)| Self::reader(root.join(&name)).map(|store| (name, store))).collect()
    }

    fn walk(
        &self,
        folder: &Path,
        on_folder: &mut impl FnMut(&Path) -> Result<()>,
        on_file: &mut impl FnMut(&Path),
    ) -> Result<()> {
        on_folder(folder)?;
        for (name, is_folder) in self.files.entries(folder).map_err(at(folder))? {
            let path = folder.join(name);
            if is_folder {
                self.walk(&path, on_folder, on_file)?;
            } else {
                on_file(&path);
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
        read(&*self.files, &self.root.join(path))
    }

    fn list(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.walk(&self.root, &mut |_| Ok(()), &mut |path| {
            let inside = path.strip_prefix(&self.root).unwrap_or(path);
            let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            found.push(parts.join("/"));
        })?;
        // The lock holds nothing; a process that was killed between write and rename leaves a `.new` file of no meaning.
        found.retain(|name| name != LOCK && !name.ends_with(".new"));
        found.sort();
        Ok(found)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        replace(&*self.files, &self.root.join(path), bytes)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(path);
        let begins = !self.files.exists(&path);
        let mut file = self.files.append(&path).map_err(at(&path))?;
        file.write_all(bytes).and_then(|()| file.sync()).map_err(at(&path))?;
        if begins { sync_folder(&*self.files, &self.root) } else { Ok(()) }
    }

    fn recover(&self) -> Result<()> {
        // A file has its name only after its content was synced, so that folders are all there is to do.
        sync_above(&*self.files, &self.root)?;
        self.walk(&self.root, &mut |folder| sync_folder(&*self.files, folder), &mut |_| {})
    }
}

/// The last head in a file of its own, outside the directory of the log.
#[derive(Debug)]
pub struct FileHead {
    files: Arc<dyn FileSystem>,
    path: PathBuf,
}

impl FileHead {
    /// Keeps the head in `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(Posix), path)
    }

    /// [`FileHead::new`] on another file system.
    #[must_use]
    pub fn on(files: Arc<dyn FileSystem>, path: impl Into<PathBuf>) -> Self {
        Self { files, path: path.into() }
    }
}

impl Display for FileHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "last head in {}", self.path.display())
    }
}

impl HeadStore for FileHead {
    fn last(&self) -> Result<Option<String>> {
        let Some(bytes) = read(&*self.files, &self.path)? else { return Ok(None) };
        let wrong = |_| Error::not_verified(self.path.display().to_string(), "is not UTF-8");
        String::from_utf8(bytes).map(Some).map_err(wrong)
    }

    fn swap(&self, expected: Option<&str>, next: &str) -> Result<()> {
        // The lock of the log's directory keeps a second writer out between the two steps.
        if self.last()?.as_deref() != expected {
            return Err(Error::log("another writer has signed a head meanwhile; open the log again"));
        }
        replace(&*self.files, &self.path, next.as_bytes())?;
        // The folder itself may be one that a process made which died before its name was on disk.
        if expected.is_none() { sync_above(&*self.files, &self.path) } else { Ok(()) }
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let place = path.display().to_string();
    move |source| Error::Store { place: place.clone(), source }
}

fn read(files: &dyn FileSystem, path: &Path) -> Result<Option<Vec<u8>>> {
    match files.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// New bytes under the old name: a reader sees the old file or the new one, also after a loss of power.
fn replace(files: &dyn FileSystem, path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(files, folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = files.create(&new).map_err(at(&new))?;
    file.write_all(bytes).and_then(|()| file.sync()).map_err(at(&new))?;
    files.rename(&new, path).map_err(at(path))?;
    sync_folder(files, folder)
}

/// Makes a folder and those above it, each on disk before this returns.
fn make(files: &dyn FileSystem, folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() || files.exists(folder) {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("."));
    make(files, above)?;
    match files.make_folder(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(folder)(error)),
        _ => sync_folder(files, above),
    }
}

/// Brings the names of all folders above to disk, as far up as this process may look.
fn sync_above(files: &dyn FileSystem, path: &Path) -> Result<()> {
    for folder in path.ancestors().skip(1) {
        match sync_folder(files, folder) {
            Err(Error::Store { source, .. }) if source.kind() == ErrorKind::PermissionDenied => break,
            done => done?,
        }
    }
    Ok(())
}

fn sync_folder(files: &dyn FileSystem, folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    files.sync_folder(folder).map_err(at(folder))
}
