//! Read-only tables that are built once and looked up in place.
//!
//! The built-in rules hold some ten thousand names. Decoding them into maps would cost more than
//! scanning a small file, so the tables are byte strings that are searched where they lie in the
//! binary. This file does not know what the names mean.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// Entries that are decoded together: few, for a file asks for a handful here and there.
const BLOCK: usize = 8;

/// A list of which little is ever asked for. In the binary it lies encoded, block by block, and a
/// block is decoded when one of its entries is asked for, so that starting costs the same however
/// many there are.
#[derive(Clone, Debug)]
pub(crate) enum Entries<'a, T> {
    /// Of rules that were read from files.
    Held(Vec<T>),
    /// Of the built-in rules.
    Encoded {
        /// All blocks, one after the other.
        bytes: &'a [u8],
        /// Where each block ends in the bytes.
        ends: Numbers<'a>,
        /// The blocks that were asked for.
        decoded: Vec<OnceLock<Vec<T>>>,
    },
}

impl<T> Entries<'_, T> {
    /// Whether the entry is one of these, and not just like one.
    pub(crate) fn holds(&self, entry: &T) -> bool {
        let is_it = |other: &T| std::ptr::eq(entry, other);
        match self {
            Self::Held(entries) => entries.iter().any(is_it),
            Self::Encoded { decoded, .. } => {
                let blocks = decoded.iter().filter_map(OnceLock::get);
                blocks.flatten().any(is_it)
            }
        }
    }
}

impl<'a, T: Deserialize<'a>> Entries<'a, T> {
    /// The entry at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (bytes, ends, decoded) = match self {
            Self::Held(entries) => return entries.get(index),
            Self::Encoded {
                bytes,
                ends,
                decoded,
                ..
            } => (*bytes, ends, decoded),
        };
        let number = index / BLOCK;
        let block = decoded.get(number)?.get_or_init(|| {
            let start = match number.checked_sub(1) {
                Some(before) => ends.get(before),
                None => Some(0),
            };
            let range = start.zip(ends.get(number));
            let block = range.and_then(|(start, end)| bytes.get(start as usize..end as usize));
            match postcard::from_bytes(block.unwrap_or_default()) {
                Ok(entries) => entries,
                // The bytes were encoded from this very type by the build of this very binary.
                Err(error) => unreachable!("the embedded rules cannot be decoded: {error}"),
            }
        });
        block.get(index % BLOCK)
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self::Held(Vec::new())
    }
}

impl<T: Serialize> Serialize for Entries<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Held(entries) = self else {
            return Err(serde::ser::Error::custom(
                "these entries are encoded already",
            ));
        };
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for block in entries.chunks(BLOCK) {
            bytes.extend(postcard::to_stdvec(block).map_err(serde::ser::Error::custom)?);
            ends.push(number(bytes.len()));
        }
        let ends: Numbers<'_> = ends.into_iter().collect();
        (Cow::<[u8]>::Owned(bytes), ends).serialize(serializer)
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (bytes, ends) = <(&'de [u8], Numbers<'de>)>::deserialize(deserializer)?;
        let mut decoded = Vec::new();
        decoded.resize_with(ends.len(), OnceLock::new);
        Ok(Self::Encoded {
            bytes,
            ends,
            decoded,
        })
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
    fn entries_are_decoded_where_they_are_asked_for() {
        let words: Vec<String> = (0..20).map(|n| format!("word {n}")).collect();
        let bytes = postcard::to_stdvec(&Entries::Held(words.clone())).unwrap();
        let entries: Entries<'_, String> = postcard::from_bytes(&bytes).unwrap();
        let last = entries.get(19).unwrap();
        assert_eq!(*last, words[19]);
        assert!(entries.holds(last) && !entries.holds(&words[19]));
        let Entries::Encoded { decoded, .. } = &entries else {
            panic!("{entries:?}");
        };
        let blocks: Vec<bool> = decoded.iter().map(|block| block.get().is_some()).collect();
        assert_eq!(blocks, [false, false, true]);
        for (index, word) in words.iter().enumerate() {
            assert_eq!(entries.get(index), Some(word));
        }
        assert_eq!(entries.get(20), None);
    }

    #[test]
    fn an_empty_table_holds_nothing() {
        assert_eq!(Table::new(&BTreeMap::new()).get(b"a"), None);
        assert_eq!(Table::default().get(b"a"), None);
    }
}
