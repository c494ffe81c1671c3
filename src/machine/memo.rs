//! The memo: dense where picklers write it, sparse where attackers do.

use std::collections::HashMap;

use super::value::{Tag, Value};

/// How far beyond the number of entries an index may lie and still be stored densely.
const SLACK: usize = 1024;

/// Entries that small pickles write.
const USUAL: usize = 32;

/// No entry. Never on the stack, so never mistaken for a value.
const ABSENT: Value = Value::new(Tag::Unknown, 1);

/// Entries by index.
#[derive(Default)]
pub(crate) struct Memo {
    dense: Vec<Value>,
    sparse: HashMap<u64, Value>,
    /// Stand-ins for indices that do not fit 63 bits, by their digits.
    beyond: HashMap<Vec<u8>, u64>,
    count: usize,
}

impl Memo {
    /// No entries, and room for those that most streams write.
    pub(crate) fn roomy() -> Self {
        Self {
            dense: Vec::with_capacity(USUAL),
            ..Self::default()
        }
    }
}

/// The first stand-in: no index that fits is as large.
const FIRST_BEYOND: u64 = 1 << 63;

impl Memo {
    /// Entries written, counted. MEMOIZE writes to this index.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// A stand-in for an index that does not fit 63 bits, given by its decimal digits.
    pub(crate) fn number_of(&mut self, digits: Vec<u8>) -> u64 {
        let next = FIRST_BEYOND + self.beyond.len() as u64;
        *self.beyond.entry(digits).or_insert(next)
    }

    /// Reads an entry.
    #[inline(always)]
    pub(crate) fn get(&self, index: u64) -> Option<Value> {
        let place = usize::try_from(index)
            .ok()
            .and_then(|place| self.dense.get(place));
        match place {
            Some(&value) if value != ABSENT => Some(value),
            _ => self.get_apart(index),
        }
    }

    #[cold]
    #[inline(never)]
    fn get_apart(&self, index: u64) -> Option<Value> {
        self.sparse.get(&index).copied()
    }

    /// Writes an entry and returns what it held before.
    #[inline(always)]
    pub(crate) fn put(&mut self, index: u64, value: Value) -> Option<Value> {
        if index == self.dense.len() as u64 && self.sparse.is_empty() {
            self.dense.push(value);
            self.count += 1;
            return None;
        }
        self.put_apart(index, value)
    }

    #[cold]
    #[inline(never)]
    fn put_apart(&mut self, index: u64, value: Value) -> Option<Value> {
        let near = (self.dense.len() + SLACK) as u64;
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let before = if index < near && !self.sparse.contains_key(&index) {
            if place >= self.dense.len() {
                self.dense.resize(place + 1, ABSENT);
            }
            self.dense
                .get_mut(place)
                .map(|slot| std::mem::replace(slot, value))
        } else {
            self.sparse.insert(index, value)
        };
        let before = before.filter(|&before| before != ABSENT);
        self.count += usize::from(before.is_none());
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_entries_are_kept_apart_and_counted_together() {
        let mut memo = Memo::default();
        for index in [0, 1, 5, 1 << 40, 2000, 3000, 7] {
            assert_eq!(memo.put(index, Value::int(index.cast_signed())), None);
        }
        assert_eq!(memo.count(), 7);
        for index in [0, 1, 5, 1 << 40, 2000, 3000, 7] {
            assert_eq!(memo.get(index), Some(Value::int(index.cast_signed())));
        }
        assert_eq!(memo.get(2), None);
        assert_eq!(memo.get(1 << 41), None);
    }

    #[test]
    fn overwriting_returns_what_was_there_and_does_not_count() {
        let mut memo = Memo::default();
        assert_eq!(memo.put(9, Value::NONE), None);
        assert_eq!(memo.put(9, Value::UNKNOWN), Some(Value::NONE));
        assert_eq!(memo.get(9), Some(Value::UNKNOWN));
        assert_eq!(memo.count(), 1);
    }
}
