//! The Merkle tree of RFC 6962: hashes, root, inclusion and consistency proofs.

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a record: SHA-256 of `00` and its bytes.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

/// The hash of a node: SHA-256 of `01` and its two children. The other prefix keeps a node from passing for a record.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A growing tree. It keeps the hash of every complete subtree, so that any root or proof of the past can be given.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// `levels[k][i]`: the hash of the leaves from `i * 2^k` up to `(i + 1) * 2^k`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
        }
    }

    /// The hashes of the complete subtrees of 2^`level` leaves.
    #[must_use]
    pub fn level(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// The root of the first `size` leaves, or `None` if there are fewer.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(Sha256::digest([]).into()),
            _ if size > self.size() => None,
            _ => Some(self.range(0, size)),
        }
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves, from the leaf upwards.
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut low, mut high, mut path) = (0, size, Vec::new());
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                path.push(self.range(middle, high));
                high = middle;
            } else {
                path.push(self.range(low, middle));
                low = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The proof that the tree of the first `old` leaves is the beginning of the tree of the first `new` ones.
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old == 0 || old > new || new > self.size() {
            return None;
        }
        let (mut low, mut high, mut path) = (0, new, Vec::new());
        while old != high {
            let middle = low + split(high - low);
            if old <= middle {
                path.push(self.range(middle, high));
                high = middle;
            } else {
                path.push(self.range(low, middle));
                low = middle;
            }
        }
        if low != 0 {
            path.push(self.range(low, high));
        }
        path.reverse();
        Some(path)
    }

    /// A tree of the first `size` leaves that knows no more of them than its root and its proofs of what follows need:
    /// the hashes of the complete subtrees it ends in. `None` if there are fewer leaves.
    #[must_use]
    pub fn frontier(&self, size: u64) -> Option<Frontier> {
        let mut rest = size;
        let mut peaks = Vec::new();
        while rest > 0 {
            let level = 63 - rest.leading_zeros();
            let first = (size - rest) >> level;
            let hash = usize::try_from(first).ok().and_then(|first| self.level(level as usize).get(first))?;
            peaks.push((1 << level, *hash));
            rest -= 1 << level;
        }
        Some(Frontier { peaks })
    }

    /// The hash of the leaves from `low` up to `high`; callers keep `low < high <= size`, `low` a multiple of the span.
    fn range(&self, low: u64, high: u64) -> Hash {
        let span = high - low;
        if span.is_power_of_two() {
            let level = span.trailing_zeros();
            return self.levels[level as usize][(low >> level) as usize];
        }
        let middle = low + split(span);
        node_hash(&self.range(low, middle), &self.range(middle, high))
    }
}

/// A tree by the roots of the complete subtrees it consists of: grows and gives its root, and forgets the leaves.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    /// Number of leaves and hash of each, from the left: the numbers fall, and are powers of two.
    peaks: Vec<(u64, Hash)>,
}

impl Frontier {
    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.peaks.push((1, leaf));
        while let [.., (left_size, left), (size, right)] = self.peaks.as_slice()
            && left_size == size
        {
            let joined = (2 * size, node_hash(left, right));
            self.peaks.truncate(self.peaks.len() - 2);
            self.peaks.push(joined);
        }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self.peaks.iter().rev().map(|(_, hash)| *hash).reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(|| Sha256::digest([]).into())
    }
}

/// The largest power of two below `span`, which is 2 or more.
fn split(span: u64) -> u64 {
    1 << (63 - (span - 1).leading_zeros())
}

/// Whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 9162, 2.1.4.2).
#[must_use]
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 || old > new {
        return false;
    }
    // A complete old tree is its own first node, and is left out of the proof.
    let first = if old.is_power_of_two() { Some(old_root) } else { None };
    let mut nodes = first.into_iter().chain(proof);
    let Some(start) = nodes.next() else { return false };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in nodes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}
