//! A disk with a memory in front of it: what was not synced may be lost, in any part, when the power goes.
#![allow(dead_code)]

use super::random::Random;
use eca_beckn::log::{FileSystem, Lock, OpenFile};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What happens at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing of it is done.
    ErrorBefore,
    /// It fails, and it is done, or half of it for a write.
    ErrorAfter,
    /// The process ends before it.
    KillBefore,
    /// The process ends after it, or after half of a write.
    KillAfter,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    /// What is on disk for certain.
    synced: Vec<u8>,
    /// What a reader sees.
    seen: Vec<u8>,
    /// Bytes of which a sync failed: the system believes them written, and never tries again.
    forgotten: Vec<Range<usize>>,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    /// Names that a reader sees.
    names: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
    /// Names on disk for certain.
    synced_names: BTreeMap<PathBuf, usize>,
    synced_folders: BTreeSet<PathBuf>,
    /// What a name stood for at any time since its folder was synced.
    history: BTreeMap<PathBuf, Vec<Option<usize>>>,
    calls: usize,
    fault: Option<(usize, Fault)>,
    dead: bool,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

fn temporary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "new")
}

fn planted() -> Error {
    Error::other("planted")
}

impl Disk {
    /// Plants a fault at the call with this number, counted from now.
    pub fn plant(&self, call: usize, fault: Fault) {
        let mut state = self.0.lock().unwrap();
        state.fault = Some((state.calls + call, fault));
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    /// Whether the process has ended.
    pub fn dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }

    /// A new process on the same machine: what was written is seen, on disk or not.
    pub fn restart(&self) {
        let mut state = self.0.lock().unwrap();
        (state.fault, state.dead) = (None, false);
    }

    /// The power went and is back: of what was not synced, any part is there.
    pub fn lose_power(&self, random: &mut Random) {
        let mut state = self.0.lock().unwrap();
        let mut names = state.synced_names.clone();
        for (path, history) in std::mem::take(&mut state.history) {
            let choice = random.below(history.len() as u64 + 1) as usize;
            match history.get(choice) {
                Some(Some(inode)) => drop(names.insert(path, *inode)),
                Some(None) => drop(names.remove(&path)),
                None => {}
            }
        }
        // A rename is done or not (as file systems with a journal do it): a file never keeps both names.
        let final_names: BTreeSet<usize> =
            names.iter().filter(|(path, _)| !temporary(path)).map(|(_, inode)| *inode).collect();
        names.retain(|path, inode| !(temporary(path) && final_names.contains(inode)));
        let kept: BTreeSet<PathBuf> = state.folders.iter().filter(|_| random.below(2) == 0).cloned().collect();
        let folders: BTreeSet<PathBuf> = state.synced_folders.union(&kept).cloned().collect();
        let reachable =
            |path: &Path| path.ancestors().skip(1).all(|above| folders.contains(above) || above == Path::new(""));
        names.retain(|path, _| reachable(path));
        state.folders = folders.iter().filter(|folder| reachable(folder)).cloned().collect();
        state.synced_folders = state.folders.clone();
        for inode in &mut state.inodes {
            inode.seen = after_power(inode, random);
            inode.synced = inode.seen.clone();
            inode.forgotten.clear();
        }
        state.synced_names = names.clone();
        state.names = names;
        (state.fault, state.dead) = (None, false);
    }

    /// One call: counts it, and says how it goes wrong.
    fn call<T>(&self, act: impl FnOnce(&mut State, bool) -> Result<T>) -> Result<T> {
        let mut state = self.0.lock().unwrap();
        if state.dead {
            return Err(planted());
        }
        let now = state.calls;
        state.calls += 1;
        match state.fault.filter(|(at, _)| *at == now).map(|(_, fault)| fault) {
            None => act(&mut state, true),
            Some(fault) => {
                state.dead = matches!(fault, Fault::KillBefore | Fault::KillAfter);
                if matches!(fault, Fault::ErrorAfter | Fault::KillAfter) {
                    drop(act(&mut state, false));
                }
                Err(planted())
            }
        }
    }
}

/// Every sector that differs is old, new, zero or noise; the length is any between the two.
fn after_power(inode: &Inode, random: &mut Random) -> Vec<u8> {
    if inode.seen == inode.synced {
        return inode.seen.clone();
    }
    let (old, new) = (&inode.synced, &inode.seen);
    let (short, long) = (old.len().min(new.len()), old.len().max(new.len()));
    let length = match random.below(3) {
        0 => old.len(),
        1 => new.len(),
        _ => short + random.below((long - short + 1) as u64) as usize,
    };
    let mut bytes = vec![0; length];
    for start in (0..length).step_by(SECTOR) {
        let sector = start..(start + SECTOR).min(length);
        let of = |bytes: &[u8]| -> Vec<u8> { sector.clone().map(|at| bytes.get(at).copied().unwrap_or(0)).collect() };
        // What was synced before stays where the new bytes only follow it.
        let kept = sector.clone().take_while(|at| old.get(*at).is_some() && old.get(*at) == new.get(*at)).count();
        let mut chosen = match random.below(4) {
            0 => of(old),
            1 => of(new),
            2 => vec![0; sector.len()],
            _ => (0..sector.len()).map(|_| random.next() as u8).collect(),
        };
        chosen[..kept].copy_from_slice(&of(old)[..kept]);
        bytes[sector].copy_from_slice(&chosen);
    }
    bytes
}

impl State {
    fn bind(&mut self, path: &Path, inode: Option<usize>) {
        match inode {
            Some(inode) => drop(self.names.insert(path.to_owned(), inode)),
            None => drop(self.names.remove(path)),
        }
        self.history.entry(path.to_owned()).or_default().push(inode);
    }

    fn new_file(&mut self, path: &Path) -> Result<usize> {
        if !self.folders.contains(path.parent().unwrap()) {
            return Err(Error::from(ErrorKind::NotFound));
        }
        self.inodes.push(Inode::default());
        let inode = self.inodes.len() - 1;
        self.bind(path, Some(inode));
        Ok(inode)
    }
}

struct Open {
    disk: Disk,
    inode: usize,
}

impl OpenFile for Open {
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        self.disk.call(|state, whole| {
            let length = if whole { bytes.len() } else { bytes.len() / 2 };
            state.inodes[self.inode].seen.extend(&bytes[..length]);
            Ok(())
        })
    }

    fn sync(&mut self) -> Result<()> {
        let synced = self.disk.call(|state, _| {
            let inode = &mut state.inodes[self.inode];
            inode.synced = inode.seen.clone();
            inode.forgotten.iter().for_each(|lost| inode.synced[lost.clone()].fill(0));
            Ok(())
        });
        if synced.is_err() {
            // As systems do: the error is told once, and later syncs write nothing of this.
            let mut state = self.disk.0.lock().unwrap();
            let inode = &mut state.inodes[self.inode];
            if inode.seen != inode.synced {
                inode.forgotten.push(inode.synced.len().min(inode.seen.len())..inode.seen.len());
            }
        }
        synced
    }
}

#[derive(Debug)]
struct Unlocked;
impl Lock for Unlocked {}

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.call(|state, _| {
            let inode = state.names.get(path).ok_or_else(|| Error::from(ErrorKind::NotFound))?;
            Ok(state.inodes[*inode].seen.clone())
        })
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(String, bool)>> {
        self.call(|state, _| {
            let inside = |path: &&PathBuf| path.parent() == Some(folder);
            let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            let files = state.names.keys().filter(inside).map(|path| (name(path), false));
            Ok(files.chain(state.folders.iter().filter(inside).map(|path| (name(path), true))).collect())
        })
    }

    fn exists(&self, path: &Path) -> bool {
        let state = self.0.lock().unwrap();
        state.names.contains_key(path) || state.folders.contains(path) || path == Path::new(".")
    }

    fn create(&self, path: &Path) -> Result<Box<dyn OpenFile>> {
        // Cut to nothing in place: a file that is there keeps its inode.
        let inode = self.call(|state, _| match state.names.get(path).copied() {
            Some(inode) => {
                state.inodes[inode].seen.clear();
                state.inodes[inode].forgotten.clear();
                Ok(inode)
            }
            None => state.new_file(path),
        })?;
        Ok(Box::new(Open { disk: self.clone(), inode }))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn OpenFile>> {
        let inode = self.call(|state, _| match state.names.get(path).copied() {
            Some(inode) => Ok(inode),
            None => state.new_file(path),
        })?;
        Ok(Box::new(Open { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.call(|state, _| {
            let inode = state.names.get(from).copied().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
            state.bind(to, Some(inode));
            state.bind(from, None);
            Ok(())
        })
    }

    fn make_folder(&self, folder: &Path) -> Result<()> {
        self.call(|state, _| match state.folders.insert(folder.to_owned()) {
            true => Ok(()),
            false => Err(Error::from(ErrorKind::AlreadyExists)),
        })
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        self.call(|state, _| {
            let inside: Vec<PathBuf> =
                state.history.keys().filter(|path| path.parent().unwrap_or(Path::new("")) == folder).cloned().collect();
            for path in inside {
                state.history.remove(&path);
                match state.names.get(&path).copied() {
                    Some(inode) => drop(state.synced_names.insert(path, inode)),
                    None => drop(state.synced_names.remove(&path)),
                }
            }
            let made: Vec<PathBuf> = state
                .folders
                .iter()
                .filter(|path| {
                    path.parent() == Some(folder) || (folder == Path::new(".") && path.parent() == Some(Path::new("")))
                })
                .cloned()
                .collect();
            state.synced_folders.extend(made);
            Ok(())
        })
    }

    fn lock(&self, _: &Path) -> Result<Box<dyn Lock>> {
        self.call(|_, _| Ok(Box::new(Unlocked) as Box<dyn Lock>))
    }
}
