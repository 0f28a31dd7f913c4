//! The file-system calls that a log in a directory makes, as a trait: [`Posix`] makes them, tests let each of them fail.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::Path;

/// The calls of a file system. What is written is on disk when it was synced, and a name when its folder was.
pub trait FileSystem: Debug + Send + Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Of kind `NotFound` if there is none.
    fn read(&self, path: &Path) -> Result<Vec<u8>>;

    /// Names in a folder, and whether each is a folder.
    ///
    /// # Errors
    /// When it cannot be read.
    fn entries(&self, folder: &Path) -> Result<Vec<(String, bool)>>;

    /// Whether there is a file or folder of this name.
    fn exists(&self, path: &Path) -> bool;

    /// A file without content, in the place of one that may be there.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(&self, path: &Path) -> Result<Box<dyn OpenFile>>;

    /// A file that grows at its end; made where there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn append(&self, path: &Path) -> Result<Box<dyn OpenFile>>;

    /// Gives a file another name, in the place of one that may have it.
    ///
    /// # Errors
    /// When it cannot be renamed.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// A new folder in one that is there.
    ///
    /// # Errors
    /// Of kind `AlreadyExists` if there is one.
    fn make_folder(&self, folder: &Path) -> Result<()>;

    /// Brings the names in a folder to disk.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync_folder(&self, folder: &Path) -> Result<()>;

    /// Keeps others out until what it gives is dropped.
    ///
    /// # Errors
    /// Of kind `WouldBlock` if another has the lock.
    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>>;
}

/// A file that is open for writing.
pub trait OpenFile {
    /// Writes all bytes at the end.
    ///
    /// # Errors
    /// When only part of them may be there.
    fn write_all(&mut self, bytes: &[u8]) -> Result<()>;

    /// Brings content and length to disk.
    ///
    /// # Errors
    /// When that is not certain; calling it again proves nothing.
    fn sync(&mut self) -> Result<()>;
}

/// A lock that is held while this lives.
pub trait Lock: Debug + Send + Sync {}

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Posix;

impl FileSystem for Posix {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        fs::read(path)
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(String, bool)>> {
        let one = |entry: Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir()))
        };
        fs::read_dir(folder)?.map(one).collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn create(&self, path: &Path) -> Result<Box<dyn OpenFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn OpenFile>> {
        Ok(Box::new(OpenOptions::new().create(true).append(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to)
    }

    fn make_folder(&self, folder: &Path) -> Result<()> {
        fs::create_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        File::open(folder)?.sync_all()
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(Error::from(ErrorKind::WouldBlock)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl OpenFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        std::io::Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.sync_data()
    }
}

impl Lock for File {}
