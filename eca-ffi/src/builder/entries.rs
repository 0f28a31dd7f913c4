//! Objects in the order in which they were added, found by their id.

use crate::error::{Failure, Result};
use eca_core::Error;
use std::collections::BTreeMap;

/// Objects of one kind.
#[derive(Clone)]
pub(super) struct Entries<T> {
    kind: &'static str,
    items: Vec<T>,
    index: BTreeMap<String, usize>,
}

impl<T> Entries<T> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, items: Vec::new(), index: BTreeMap::new() }
    }

    /// Adds an object. An id that is there already is refused at once, so that setters mean one object.
    pub(super) fn add(&mut self, id: &str, item: T) -> Result<()> {
        if self.index.contains_key(id) {
            return Err(Error::Duplicate { kind: self.kind, id: id.to_owned() }.into());
        }
        self.index.insert(id.to_owned(), self.items.len());
        self.items.push(item);
        Ok(())
    }

    /// The object with this id.
    pub(super) fn get(&mut self, id: &str) -> Result<&mut T> {
        let found = self.index.get(id).and_then(|&at| self.items.get_mut(at));
        found.ok_or_else(|| Failure::unknown(self.kind, id, self.index.keys().map(String::as_str)))
    }

    pub(super) fn into_items(self) -> Vec<T> {
        self.items
    }
}
