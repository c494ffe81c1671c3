//! Read-only tables that are built once and looked up in place.
//!
//! The built-in rules hold some ten thousand names. Decoding them into maps would cost more than
//! scanning a small file, so the tables are byte strings that are searched where they lie in the
//! binary. This file does not know what the names mean.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A list of 32-bit numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Numbers<'a> {
    /// Little-endian, four bytes each.
    #[serde(borrow)]
    bytes: Cow<'a, [u8]>,
}

impl Numbers<'_> {
    /// The number at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<u32> {
        let start = index.checked_mul(4)?;
        let bytes = self.bytes.get(start..start.checked_add(4)?)?;
        Some(u32::from_le_bytes(*bytes.first_chunk()?))
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / 4
    }
}

impl FromIterator<u32> for Numbers<'static> {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let bytes = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        Self {
            bytes: Cow::Owned(bytes),
        }
    }
}

/// A list of strings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Strings<'a> {
    /// All strings, one after the other.
    #[serde(borrow)]
    text: Cow<'a, [u8]>,
    /// Where each string ends in the text.
    #[serde(borrow)]
    ends: Numbers<'a>,
}

impl Strings<'_> {
    /// The string at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before)?,
            None => 0,
        };
        let end = self.ends.get(index)?;
        self.text.get(start as usize..end as usize)
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl<S: AsRef<str>> FromIterator<S> for Strings<'static> {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut text = Vec::new();
        let mut ends = Vec::new();
        for string in strings {
            text.extend_from_slice(string.as_ref().as_bytes());
            ends.push(number(text.len()));
        }
        Self {
            text: Cow::Owned(text),
            ends: ends.into_iter().collect(),
        }
    }
}

/// A map from strings to numbers: an open-addressing hash table with linear probing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table<'a> {
    #[serde(borrow)]
    keys: Strings<'a>,
    #[serde(borrow)]
    values: Numbers<'a>,
    /// Index of a key plus one, or 0 where the slot is free. A power of two of slots, at least
    /// half of them free.
    #[serde(borrow)]
    slots: Numbers<'a>,
}

impl Table<'_> {
    /// The number of `key`.
    pub(crate) fn get(&self, key: &[u8]) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(key) & mask;
        loop {
            let index = (self.slots.get(slot)? as usize).checked_sub(1)?;
            if self.keys.get(index)? == key {
                return self.values.get(index);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

impl Table<'static> {
    /// A table of the pairs.
    pub(crate) fn new(pairs: &BTreeMap<String, u32>) -> Self {
        let mut slots = vec![0_u32; (pairs.len() * 2).next_power_of_two()];
        for (index, key) in pairs.keys().enumerate() {
            let start = hash(key.as_bytes()) & (slots.len() - 1);
            let (before, from) = slots.split_at_mut(start);
            let free = from.iter_mut().chain(before).find(|slot| **slot == 0);
            if let Some(slot) = free {
                *slot = number(index + 1);
            }
        }
        Self {
            keys: pairs.keys().collect(),
            values: pairs.values().copied().collect(),
            slots: slots.into_iter().collect(),
        }
    }
}

/// FNV-1a: short keys, no attacker (the keys come from the rules, not from the scanned file), and
/// the same value on every platform.
fn hash(key: &[u8]) -> usize {
    let hash = key.iter().fold(0x811c_9dc5_u32, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 15)) as usize
}

/// An index as it is stored; rules with four billion names would not be loadable in the first place.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_key_and_no_other() {
        let pairs: BTreeMap<String, u32> = (0..1000).map(|n| (format!("a.b{n}"), n)).collect();
        let table = Table::new(&pairs);
        for (key, value) in &pairs {
            assert_eq!(table.get(key.as_bytes()), Some(*value));
        }
        assert_eq!(table.get(b"a.b1000"), None);
        assert_eq!(table.get(b""), None);
        assert_eq!(table.len(), 1000);
    }

    #[test]
    fn an_empty_table_holds_nothing() {
        assert_eq!(Table::new(&BTreeMap::new()).get(b"a"), None);
        assert_eq!(Table::default().get(b"a"), None);
    }
}
