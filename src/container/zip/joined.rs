//! Whole archives one behind the other, as distributed checkpoints of torch keep their tensors.
//!
//! A reader that is told where one of them stands reads that one; `zipfile` reads the last one.

use std::{collections::BTreeSet, io};

use super::record::{self, CENTRAL, END, END_LENGTH, END64_LENGTH, End, LOCAL, LOCATOR_LENGTH};
use crate::source::{Source, read_range};

/// Start and length of each archive, the first one first. Nothing where the source is one archive,
/// or holds anything besides archives: then its readers differ on more than which one they pick.
pub(super) fn parts(source: &dyn Source, most: usize) -> io::Result<Vec<(u64, u64)>> {
    let mut parts = Vec::new();
    let (mut directories, mut told) = (BTreeSet::new(), Vec::new());
    let mut reach = source.len();
    while reach > 0 {
        let Some((start, directory, offset)) = last(source, reach)? else {
            return Ok(Vec::new());
        };
        parts.push((start, reach - start));
        directories.insert(directory);
        told.push(offset);
        if parts.len() > most {
            return Ok(Vec::new());
        }
        reach = start;
    }
    if is_strange(source, &directories, told)? {
        return Ok(Vec::new());
    }
    parts.reverse();
    Ok(if parts.len() > 1 { parts } else { Vec::new() })
}

/// The same of whole archives that something else carries, which its caller has seen: a pickle of
/// several models. Nothing where anything of an archive stands between them, for then it is not
/// certain whose it is.
pub(super) fn carried(source: &dyn Source, most: usize) -> io::Result<Vec<(u64, u64)>> {
    let mut parts = Vec::new();
    let (mut directories, mut told) = (BTreeSet::new(), Vec::new());
    let mut reach = source.len();
    while let Some((at, signature)) = last_signature(source, reach)? {
        let end = at.saturating_add(END_LENGTH as u64);
        if signature != *END || end > reach || parts.len() > most {
            return Ok(Vec::new());
        }
        let Some((start, directory, offset)) = last(source, end)? else {
            return Ok(Vec::new());
        };
        parts.push((start, end - start));
        directories.insert(directory);
        told.push(offset);
        reach = start;
    }
    if is_strange(source, &directories, told)? {
        return Ok(Vec::new());
    }
    parts.reverse();
    Ok(if parts.len() > 1 { parts } else { Vec::new() })
}

/// Bytes that are searched at once.
const STRIDE: u64 = 1 << 20;

/// The last signature of a record before `reach`, and where it stands.
fn last_signature(source: &dyn Source, reach: u64) -> io::Result<Option<(u64, [u8; 4])>> {
    let mut end = reach;
    while end > 0 {
        let start = end.saturating_sub(STRIDE);
        // A signature may lie across two pieces.
        let length = (end - start).saturating_add(3).min(reach - start);
        let bytes = read_range(source, start, usize::try_from(length).unwrap_or(0))?;
        let found = memchr::memmem::rfind_iter(&bytes, b"PK").find_map(|inside| {
            let signature = *bytes.get(inside..)?.first_chunk::<4>()?;
            let is_known = [LOCAL, CENTRAL, END].contains(&&signature);
            is_known.then_some((start + inside as u64, signature))
        });
        if found.is_some() {
            return Ok(found);
        }
        end = start;
    }
    Ok(None)
}

/// Whether a reader that does not look for the start of an archive would take its directory from
/// where the record tells: in another archive, or where no directory should be.
fn is_strange(
    source: &dyn Source,
    directories: &BTreeSet<u64>,
    told: Vec<u64>,
) -> io::Result<bool> {
    for offset in told {
        let strange = read_range(source, offset, CENTRAL.len())?.starts_with(CENTRAL);
        if strange && !directories.contains(&offset) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Start, directory and told directory of the archive that ends at `reach`, without a comment.
fn last(source: &dyn Source, reach: u64) -> io::Result<Option<(u64, u64, u64)>> {
    let Some(at) = reach.checked_sub(END_LENGTH as u64) else {
        return Ok(None);
    };
    let bytes = read_range(source, at, END_LENGTH)?;
    let Some(short) = record::end(&bytes).filter(|end| end.comment == 0) else {
        return Ok(None);
    };
    let (place, end) = wide(source, at)?.unwrap_or((at, short));
    let directory = place.checked_sub(end.size);
    let Some(directory) = directory.filter(|_| end.entries > 0) else {
        return Ok(None);
    };
    let Some(start) = directory.checked_sub(end.offset) else {
        return Ok(None);
    };
    let starts = |at, signature: &[u8]| -> io::Result<bool> {
        Ok(read_range(source, at, signature.len())?.starts_with(signature))
    };
    let sound = starts(directory, CENTRAL)? && starts(start, LOCAL)?;
    Ok(sound.then_some((start, directory, end.offset)))
}

/// The 64-bit record right before the short one at `at`.
fn wide(source: &dyn Source, at: u64) -> io::Result<Option<(u64, End)>> {
    let Some(place) = at.checked_sub(LOCATOR_LENGTH + END64_LENGTH) else {
        return Ok(None);
    };
    let bytes = read_range(source, place, 76)?;
    let located = bytes.get(56..).and_then(record::locator).is_some();
    let end = record::end64(&bytes).filter(|_| located);
    Ok(end.map(|end| (place, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    /// An archive of one empty member.
    fn archive() -> Vec<u8> {
        let local = [&b"PK\x03\x04"[..], &[0; 22], b"\x01\0\0\0a"].concat();
        let central = [&b"PK\x01\x02"[..], &[0; 24], b"\x01\0", &[0; 16], b"a"].concat();
        let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x1f\0\0\0\0\0".to_vec();
        [local, central, end].concat()
    }

    fn found(pieces: &[&[u8]]) -> Vec<(u64, u64)> {
        carried(&MemorySource::new(pieces.concat()), 10).unwrap()
    }

    #[test]
    fn archives_are_told_apart_only_if_nothing_of_one_stands_between_them() {
        let whole = archive();
        let length = whole.len() as u64;
        assert_eq!(found(&[b"\x80\x04B", &whole, b"0.", b"B"]), []);
        let several = found(&[b"\x80\x04B", &whole, b"B", &whole, b"e."]);
        assert_eq!(several, [(3, length), (4 + length, length)]);
        let far = vec![0; 2 << 20];
        let several = found(&[b"\x80\x04B", &whole, &far, &whole, &far]);
        assert_eq!(several.len(), 2);
        for odd in [&whole[..31], &whole[31..78], &whole[78..]] {
            assert_eq!(found(&[b"\x80\x04", &whole, odd, &whole]), []);
            assert_eq!(found(&[b"\x80\x04", &whole, &whole, odd]), []);
            assert_eq!(found(&[b"\x80\x04", odd, &whole, &whole]), []);
        }
    }
}
