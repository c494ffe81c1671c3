//! The storages of a checkpoint of torch, by the keys that its pickles refer to them with.

use std::collections::HashMap;

/// What a checkpoint holds besides pickles.
#[derive(Debug, Default)]
pub struct Records {
    /// The longest storage of each key, in bytes. The pickles of one archive keep their storages
    /// in folders of their own, and which one a reader looks into depends on the reader.
    lengths: HashMap<Vec<u8>, u64>,
}

impl Records {
    /// Enters a member of an archive under its full name, where it is a storage.
    pub(super) fn enter(&mut self, name: &[u8], length: u64) {
        let mut parts = name.rsplit(|&byte| byte == b'/');
        let record = parts.next().unwrap_or_default();
        if parts.next().is_some_and(holds_storages) {
            let key = record.strip_suffix(b".storage").unwrap_or(record);
            let longest = self.lengths.entry(key.to_vec()).or_default();
            *longest = length.max(*longest);
        }
    }

    /// Length of the storage of this key, in bytes; nothing where there is none.
    pub fn length(&self, key: &[u8]) -> Option<u64> {
        let key = key.strip_suffix(b".storage").unwrap_or(key);
        self.lengths.get(key).copied()
    }
}

/// Whether torch keeps storages in a folder of this name.
pub(super) fn holds_storages(folder: &[u8]) -> bool {
    matches!(folder, b"data" | b".data" | b"constants" | b"weights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storages_are_found_by_their_keys() {
        let mut records = Records::default();
        records.enter(b"model/data/0", 8);
        records.enter(b".data/7.storage", 4);
        records.enter(b"model/version", 2);
        records.enter(b"3", 1);
        assert_eq!(records.length(b"0"), Some(8));
        assert_eq!(records.length(b"7.storage"), Some(4));
        assert_eq!(
            (records.length(b"version"), records.length(b"3")),
            (None, None)
        );
    }
}
