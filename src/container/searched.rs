//! Files of records that are searched for pickles: their records are stored as they are, and
//! nothing of their structure is needed to find what is in them.

use std::{io, sync::Arc};

use super::{
    Format, Head, Opening, ProblemKind,
    bits::{chunk, u64_le},
    carve::{self, Text, carve},
    magic,
};
use crate::{
    limits::Deadline,
    source::{Buffered, MemorySource, Source, read_range},
};

/// A Hadoop SequenceFile, in which Spark keeps batches of pickles.
pub(super) const SEQUENCE: Format = Format {
    name: "sequence-file",
    matches: |head| matches!(head.bytes, [b'S', b'E', b'Q', 4..=6, ..]),
    opener: open,
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

/// A file of a kind without pickles, such as an image, with a pickle in its last bytes. It is not in
/// the table of formats: the end is looked at only where a file is nothing else.
pub(super) static APPENDED: Format = Format {
    name: "data with a pickle at its end",
    matches: |head| ends_in_pickle(head).unwrap_or(false),
    opener: open,
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

/// Whether a pickle that uses an import stands in the last bytes of a file of a known kind.
/// Compiled Python code holds pickles as what it says, not to be loaded.
fn ends_in_pickle(head: &Head<'_>) -> io::Result<bool> {
    let kind = magic::recognise(head.bytes, head.length);
    if head.tail.is_empty() || matches!(kind, None | Some(magic::COMPILED_PYTHON)) {
        return Ok(false);
    }
    let tail: Arc<dyn Source> = Arc::new(MemorySource::new(head.tail));
    let mut found = false;
    carve::each(&tail, (0, tail.len()), &Deadline::default(), &mut |_, _| {
        found = true;
        false
    })?;
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
