//! `dbm.dumb`: values in one file, where they stand in another one of text.
//!
//! The file of values has no magic. Whoever knows the folder reads the index beside it; without
//! one, a file of values reads as pickles with zero bytes between them.

use std::{collections::BTreeSet, io, sync::Arc};

use super::super::{Budget, Member, Opened, Opening, ProblemKind, literal, padding::end_of_zeros};
use crate::source::Source;

/// Boundary at which values start, in bytes.
const BLOCK: u64 = 512;

/// The name of the format in reports.
pub const NAME: &str = "dbm.dumb";

/// A key, and where its value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key as it is spelled.
    pub key: Vec<u8>,
    /// Offset in the file of values.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

/// Reads an index: lines of `'key', (position, size)`. Nothing where a line is no such line.
pub fn index(text: &[u8]) -> Option<Vec<Entry>> {
    let lines = text.split(|&byte| byte == b'\n');
    let lines = lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    lines.map(entry).collect()
}

fn entry(line: &[u8]) -> Option<Entry> {
    let pair = literal::parse(&[b"(", line, b")"].concat())?;
    let [key, place] = pair.items()? else {
        return None;
    };
    let [start, length] = place.items()? else {
        return None;
    };
    Some(Entry {
        key: key.text()?.to_vec(),
        start: start.natural()?,
        length: length.natural()?,
    })
}

/// Emits the values of a database, each under its key, and what stands in blocks that the index
/// leaves out. Returns whether it leaves out none.
///
/// # Errors
/// As [`Source::read_at`].
pub fn open(
    source: &Arc<dyn Source>,
    index: &[Entry],
    budget: &mut Budget,
    emit: &mut dyn FnMut(Opened),
) -> io::Result<bool> {
    let member = &Member::input(Arc::clone(source));
    let mut opening = Opening {
        member,
        source,
        budget,
        emit,
    };
    if index
        .iter()
        .any(|entry| entry.start.saturating_add(entry.length) > source.len())
    {
        let message = "the index lists values beyond the end";
        opening.problem(ProblemKind::Truncated, message);
    }
    let mut covered = BTreeSet::new();
    for entry in index.iter().filter(|entry| entry.start < source.len()) {
        let length = entry.length.min(source.len() - entry.start);
        let first = entry.start / BLOCK;
        covered.extend(first..(entry.start + length).div_ceil(BLOCK).max(first + 1));
        let range = (entry.start, length);
        let end = entry.start + length;
        let padding = end_of_zeros(source.as_ref(), end, end.next_multiple_of(BLOCK))?;
        opening.explained(end, padding);
        if !opening.member(member.part(source, &entry.key, range)) {
            return Ok(false);
        }
    }
    let mut whole = true;
    for block in (0..source.len().div_ceil(BLOCK)).filter(|block| !covered.contains(block)) {
        whole = false;
        let start = block * BLOCK;
        let next = covered.range(block..).next();
        let end = next.map_or(source.len(), |next| next * BLOCK);
        if !super::offer(
            &mut opening,
            format!("@{start}").as_bytes(),
            &[(start, end - start)],
        )? {
            break;
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_line_by_line() {
        let entries = index(b"'a', (0, 14)\r\n'it\\'s', (512, 3)\n").unwrap();
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_slice()).collect();
        assert_eq!(keys, [&b"a"[..], b"it's"]);
        assert_eq!((entries[1].start, entries[1].length), (512, 3));
        assert_eq!(index(b"'a', (0, 14)\nmore\n"), None);
        assert_eq!(index(b""), Some(Vec::new()));
    }
}
