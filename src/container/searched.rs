//! Files of records that are searched for pickles: their records are stored as they are, and
//! nothing of their structure is needed to find what is in them.

use std::{borrow::Cow, io, sync::Arc};

use super::{
    Format, Head, Member, Opening, ProblemKind,
    bits::{chunk, u64_le},
    carve::{self, Shortage, Text, carve},
    magic, packed,
    sniff::{HEAD, UNKNOWN, is_read_from_end},
};
use crate::{
    limits::Deadline,
    source::{Buffered, MemorySource, Source, bytes_at, read_range},
};

/// TensorFlow's records.
pub(super) const RECORDS: Format = Format {
    name: "tfrecord",
    matches: |head| begins_record(head).unwrap_or(false),
    opener: |opening| {
        ends_whole(opening)?;
        open(opening)
    },
};

/// Objects as Java writes them, behind a length or not: Spark keeps batches of pickles so.
pub(super) const JAVA: Format = Format {
    name: "java-objects",
    matches: |head| {
        let begins = |at: usize| {
            head.bytes
                .get(at..)
                .is_some_and(|rest| rest.starts_with(OBJECTS))
        };
        begins(0) || begins(4)
    },
    opener: open,
};

/// The magic number of Java's objects and the version of the protocol.
const OBJECTS: &[u8] = b"\xac\xed\0\x05";

/// A file of a kind without pickles, such as an image, or of no known kind, with a pickle among its
/// first or last bytes. It is not in the table of formats: [`hides_pickle`] is asked only where a
/// file is nothing else.
pub(super) static HIDING: Format = Format {
    name: "data with a pickle in it",
    matches: |_| false,
    opener: |opening| {
        let head = bytes_at(opening.source.as_ref(), 0, HEAD)?;
        if magic::recognise(&head, opening.source.len()).is_none() {
            let message = "what stands around the pickles in it is of no known kind";
            opening.problem(ProblemKind::Unsupported, message);
        }
        let end = opening.source.len().min(opening.limits().searched);
        match packed::emit(opening, (0, end))? {
            true => open(opening),
            false => Ok(()),
        }
    },
};

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let end = opening.searched(opening.source.len());
    carve(opening, (0, end), Text::Anywhere).map(|_| ())
}

/// Says so where the last record is cut short.
fn ends_whole(opening: &mut Opening<'_>) -> io::Result<()> {
    const PREFIX: usize = 12;
    let source = Buffered::new(Arc::clone(opening.source));
    let mut at: u64 = 0;
    while at < source.len() {
        opening.limits().deadline.spend(PREFIX);
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to follow its records");
            return Ok(());
        }
        let head = read_range(&source, at, PREFIX)?;
        let next = u64_le(&head, 0).and_then(|length| at.checked_add(length)?.checked_add(16));
        match next {
            Some(next) if head.len() == PREFIX && next <= source.len() => at = next,
            _ => {
                let message = format!("the record at byte {at} is not whole");
                opening.problem(ProblemKind::Truncated, message);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Whether a file begins with the length of a record and its masked checksum.
fn begins_record(head: &Head<'_>) -> Option<bool> {
    let length = u64_le(head.bytes, 0)?;
    let recorded = u32::from_le_bytes(chunk(head.bytes, 8)?);
    if length > head.length.checked_sub(16)? {
        return Some(false);
    }
    let checksum = castagnoli(head.bytes.get(..8)?);
    let masked = checksum.rotate_right(15).wrapping_add(0xa282_ead8);
    Some(masked == recorded)
}

/// CRC-32C.
fn castagnoli(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let carry = if sum & 1 == 0 { 0 } else { 0x82f6_3b78 };
            sum >> 1 ^ carry
        })
    })
}

/// Bytes that are searched at the end of data.
const END: u64 = 64 << 10;

/// Bytes that are searched at the beginning of data of no known kind.
const BEGINNING: u64 = 512 << 10;

/// The same of text.
pub(super) const TEXT_BEGINNING: u64 = 2 << 20;

/// The same of longer data whose end was not worth reading.
const SHORT_BEGINNING: u64 = 4 << 10;

/// What is searched of data that begins at `start`: its last bytes, and of its first ones so many at
/// most.
pub(super) fn ends(
    source: &dyn Source,
    start: u64,
    (with_end, most): (bool, u64),
) -> [(u64, u64); 2] {
    let end = source.len();
    let last = match with_end {
        true => end.saturating_sub(END).max(start),
        false => end,
    };
    let most = match with_end {
        false if end.saturating_sub(start) > END => SHORT_BEGINNING,
        _ => most,
    };
    let first = start.saturating_add(most).min(last);
    [(start, first), (last, end)]
}

/// What was not searched of a member that holds no pickle, because it is `what`: the middle of data of
/// no known kind, and of text, if it is long.
#[must_use]
pub fn unsearched(member: &Member, source: &dyn Source, what: &str) -> Option<(u64, u64)> {
    let most = match what {
        UNKNOWN => BEGINNING,
        magic::TEXT => TEXT_BEGINNING,
        _ => return None,
    };
    let [(_, first), (last, _)] = ends(source, member.start, (true, most));
    (is_read_from_end(member, source) && first < last).then_some((first, last))
}

/// Where a pickle that uses an import is looked for in data that is opened by nobody and begins at
/// `start`: in the last bytes of a file of a known kind, in the first and last ones of data of no
/// known kind. Text says what it likes, and compiled Python code holds pickles as what it says, not
/// to be loaded.
pub(super) fn hiding_places(
    source: &dyn Source,
    start: u64,
    with_end: bool,
) -> io::Result<[(u64, u64); 2]> {
    const NOWHERE: [(u64, u64); 2] = [(0, 0); 2];
    let length = source.len().saturating_sub(start);
    let head = bytes_at(source, start, HEAD)?;
    let kind = magic::recognise(&head, length);
    let is_text = || magic::text(&head, head.len() as u64 >= length).is_some() || is_latin(&head);
    if kind == Some(magic::COMPILED_PYTHON) || kind.is_none() && is_text() {
        return Ok(NOWHERE);
    }
    let [first, last] = ends(source, start, (with_end, BEGINNING));
    match kind {
        Some(_) => Ok([(start, start), last]),
        None => Ok([first, last]),
    }
}

/// Whether bytes are text of one byte a character: of control characters it has none but white space.
fn is_latin(bytes: &[u8]) -> bool {
    let in_text =
        |byte: &u8| *byte >= 0xa0 || (0x20..0x7f).contains(byte) || byte.is_ascii_whitespace();
    bytes.iter().all(in_text)
}

/// Whether such a pickle is there.
pub(super) fn hides_pickle(source: &dyn Source, start: u64, with_end: bool) -> io::Result<bool> {
    let mut found = false;
    for (start, end) in hiding_places(source, start, with_end)? {
        // Read once for both searches.
        let length = usize::try_from(end - start).unwrap_or(usize::MAX);
        let bytes = bytes_at(source, start, length)?;
        found |= packed::is_in(source, start, &bytes)?;
        let visit = &mut |_, _| {
            found = true;
            false
        };
        let (ends, deadline) = (Shortage::Ends, Deadline::default());
        match bytes {
            Cow::Borrowed(_) => carve::each(source, (start, end), ends, &deadline, visit)?,
            Cow::Owned(bytes) => {
                let read = MemorySource::new(bytes);
                carve::each(&read, (0, read.len()), ends, &deadline, visit)?
            }
        };
        if found {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_tensorflow() {
        assert_eq!(castagnoli(b"123456789"), 0xe306_9283);
    }
}
