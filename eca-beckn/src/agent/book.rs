//! What an agent remembers of its contracts, behind a trait: a restart does not forget what was promised.

use crate::log::{LogStore, sha256_hex};
use crate::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::sync::Arc;

/// Keeps the contracts of an agent. The texts are for the same version of ECA to read again, and no interface.
pub trait ContractStore: Debug + Display + Send + Sync {
    /// Keeps a text under a name, in the place of the one that may be there; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Store`]; then the old text is still there.
    fn keep(&self, name: &str, text: &str) -> Result<()>;

    /// Everything that is kept, by name.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read, [`Error::NotVerified`] if it is damaged.
    fn kept(&self) -> Result<BTreeMap<String, String>>;
}

/// Keeps contracts in files of a [`LogStore`], such as a directory of the machine: one for each name.
///
/// ```
/// use eca_beckn::agent::{ContractStore, StoredContracts};
/// use eca_beckn::log::MemoryStore;
/// use std::sync::Arc;
///
/// let contracts = StoredContracts::new(Arc::new(MemoryStore::default()), "contracts");
/// contracts.keep("sales/1", "{}")?;
/// assert_eq!(contracts.kept()?["sales/1"], "{}");
/// # Ok::<(), eca_beckn::Error>(())
/// ```
#[derive(Debug)]
pub struct StoredContracts {
    store: Arc<dyn LogStore>,
    folder: String,
}

impl StoredContracts {
    /// Keeps them in `folder` of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn LogStore>, folder: &str) -> Self {
        Self { store, folder: folder.into() }
    }
}

impl Display for StoredContracts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "contracts in `{}` of {}", self.folder, self.store)
    }
}

impl ContractStore for StoredContracts {
    fn keep(&self, name: &str, text: &str) -> Result<()> {
        // Transactions are named by peers: their names are no names of files. A line with the hash shows damage.
        let path = format!("{}/{}.json", self.folder, sha256_hex(name.as_bytes()));
        let document = serde_json::json!([name, text]).to_string();
        self.store.write(&path, format!("{}\n{document}\n", sha256_hex(document.as_bytes())).as_bytes())
    }

    fn kept(&self) -> Result<BTreeMap<String, String>> {
        let folder = format!("{}/", self.folder);
        let mut found = BTreeMap::new();
        for path in self.store.list()?.into_iter().filter(|path| path.starts_with(&folder)) {
            let damaged = || Error::not_verified(&path, "is damaged; a contract in it would be forgotten");
            let text = self.store.read(&path)?.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(damaged)?;
            let (hash, document) = text.trim_end().split_once('\n').ok_or_else(damaged)?;
            if sha256_hex(document.as_bytes()) != hash {
                return Err(damaged());
            }
            let (name, text) = serde_json::from_str(document).map_err(|_| damaged())?;
            found.insert(name, text);
        }
        Ok(found)
    }
}

/// Things by their name, in memory and, where there is a store, in it first.
#[derive(Debug)]
pub(crate) struct Book<T> {
    kind: &'static str,
    known: BTreeMap<String, T>,
    store: Option<Arc<dyn ContractStore>>,
}

impl<T: Serialize + DeserializeOwned> Book<T> {
    /// An empty one in memory, of things of one `kind`.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, known: BTreeMap::new(), store: None }
    }

    /// Takes up what the store has of this kind, and keeps there what comes.
    pub(crate) fn open(&mut self, store: &Arc<dyn ContractStore>) -> Result<()> {
        for (name, text) in store.kept()? {
            if let Some(own) = name.strip_prefix(self.kind).and_then(|rest| rest.strip_prefix('/')) {
                let wrong = |error: serde_json::Error| Error::json(&name, error.to_string());
                self.known.insert(own.to_owned(), serde_json::from_str(&text).map_err(wrong)?);
            }
        }
        self.store = Some(store.clone());
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.known.get(name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.known.values()
    }

    /// Keeps one. When this fails, what was there is there still.
    pub(crate) fn insert(&mut self, name: &str, value: T) -> Result<()> {
        if let Some(store) = &self.store {
            let text = serde_json::to_string(&value).map_err(|error| Error::json(name, error.to_string()))?;
            store.keep(&format!("{}/{name}", self.kind), &text)?;
        }
        self.known.insert(name.to_owned(), value);
        Ok(())
    }
}
