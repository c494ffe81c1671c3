//! Raw numbers behind and between the pickles of `torch.save` before 1.6.
//!
//! The file of versions 0.2 to 1.5 holds five pickles (magic number, protocol, system, object,
//! storage keys) and then one block for each key: eight bytes of element count, the elements. The
//! tar of version 0.1 has a pickle before every such block. Only the pickles say how large an
//! element is, so whoever ran them passes that on.

use std::{cmp::Ordering, collections::BTreeMap, io};

use super::{Host, bits::u64_le};
use crate::{
    pickle::Span,
    source::{Source, read_range},
};

/// Streams of the legacy file; storages follow.
pub const STREAMS: usize = 5;

/// Bytes of the element count before the elements of a storage.
pub const COUNT: u64 = 8;

/// Bytes of one element of a storage class, by its name in module `torch` or `torch.cuda`.
pub fn element_size(class: &[u8]) -> Option<u64> {
    Some(match class.strip_suffix(b"Storage")? {
        b"ComplexDouble" => 16,
        b"Double" | b"Long" | b"ComplexFloat" => 8,
        b"Float" | b"Int" | b"QInt32" => 4,
        b"Half" | b"BFloat16" | b"Short" => 2,
        b"Byte" | b"Char" | b"Bool" | b"QInt8" | b"QUInt8" | b"QUInt4x2" | b"QUInt2x4"
        | b"Untyped" => 1,
        _ => return None,
    })
}

/// The elements of a storage, without their count.
pub fn elements(storage: &Span) -> Span {
    Span {
        start: storage.start.saturating_add(COUNT),
        length: storage.length.saturating_sub(COUNT),
    }
}

/// Explains the storages behind the fifth pickle of a legacy file.
///
/// `storages` are element count and element size of the persistent ids in the fourth pickle, each
/// storage once, in any order: the file may hold them in another. Gives one span for every block
/// from `offset` on, as long as each is one of the storages; all of the file is explained where the
/// last one ends at its end. Where storages have the same count, the sizes that lead to the end of
/// the file are the right ones.
///
/// # Errors
/// As [`Source::read_at`].
pub fn storages(
    source: &dyn Source,
    offset: u64,
    storages: &[(u64, u64)],
) -> io::Result<Vec<Span>> {
    let mut left: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    for storage in storages {
        *left.entry(*storage).or_default() += 1;
    }
    let mut taken: Vec<((u64, u64), Span)> = Vec::new();
    let mut best = Vec::new();
    let mut above = None;
    for _ in 0..storages.len().saturating_add(ATTEMPTS) {
        let position = taken.last().map_or(offset, |(_, span)| span.end());
        if taken.len() > best.len() {
            best = taken.iter().map(|(_, span)| *span).collect();
        }
        if position >= source.len() || taken.len() == storages.len() {
            break;
        }
        let last = taken.len() + 1 == storages.len();
        let block = next_block(source, position, (above.take(), last), &left)?;
        if let Some((storage, span)) = block {
            take(&mut left, storage);
            taken.push((storage, span));
        } else if let Some((storage, _)) = taken.pop() {
            *left.entry(storage).or_default() += 1;
            above = Some(storage);
        } else {
            break;
        }
    }
    Ok(best)
}

/// Blocks that may be tried in vain.
const ATTEMPTS: usize = 4096;

/// The smallest storage above another that the block at `position` may be: of its count, with
/// another block or the end behind it.
fn next_block(
    source: &dyn Source,
    position: u64,
    (above, last): (Option<(u64, u64)>, bool),
    left: &BTreeMap<(u64, u64), usize>,
) -> io::Result<Option<((u64, u64), Span)>> {
    let Some(count) = u64_le(&read_range(source, position, 8)?, 0) else {
        return Ok(None);
    };
    let first = above.map_or((count, 0), |(count, size)| (count, size + 1));
    for &(numel, size) in left
        .range(first..=(count, u64::MAX))
        .map(|(storage, _)| storage)
    {
        let length = numel.saturating_mul(size).saturating_add(8);
        let span = Span {
            start: position,
            length,
        };
        let end = position.saturating_add(length);
        let next = match end.cmp(&source.len()) {
            Ordering::Greater => continue,
            Ordering::Equal => return Ok(Some(((numel, size), span))),
            Ordering::Less => u64_le(&read_range(source, end, 8)?, 0),
        };
        let fits = |next| left.range((next, 0)..=(next, u64::MAX)).next().is_some();
        if last || next.is_some_and(fits) {
            return Ok(Some(((numel, size), span)));
        }
    }
    Ok(None)
}

fn take(left: &mut BTreeMap<(u64, u64), usize>, storage: (u64, u64)) {
    if let Some(number) = left.get_mut(&storage) {
        *number -= 1;
        if *number == 0 {
            left.remove(&storage);
        }
    }
}

/// Where the next pickle starts in `storages` or `tensors` of a version 0.1 tar, given where one
/// stopped and the storage class that it imported last. Nothing where that cannot be told.
///
/// # Errors
/// As [`Source::read_at`].
pub fn next_pickle(
    host: Host,
    source: &dyn Source,
    offset: u64,
    class: &[u8],
) -> io::Result<Option<u64>> {
    let head = read_range(source, offset, 8)?;
    let length = match (host, u64_le(&head, 0)) {
        (Host::TorchStorages, Some(count)) => element_size(class)
            .and_then(|size| count.checked_mul(size))
            .map(|data| data + 8),
        // Dimensions in four bytes, four bytes of nothing, sizes, strides, offset.
        (Host::TorchTensors, Some(dimensions)) => (dimensions & 0xffff_ffff)
            .checked_mul(16)
            .map(|sizes| sizes + 16),
        _ => None,
    };
    let next = length.and_then(|length| offset.checked_add(length));
    Ok(next.filter(|next| *next <= source.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    fn block(count: u64, size: usize) -> Vec<u8> {
        let length = usize::try_from(count).unwrap() * size;
        [count.to_le_bytes().to_vec(), vec![0xaa; length]].concat()
    }

    #[test]
    fn storages_are_explained_in_whatever_order() {
        let bytes = [b"12345".to_vec(), block(3, 4), block(2, 8), block(3, 2)].concat();
        let source = MemorySource::new(bytes.clone());
        let spans = storages(&source, 5, &[(3, 2), (3, 4), (2, 8)]).unwrap();
        assert_eq!(spans.len(), 3);
        assert_eq!(spans.last().unwrap().end(), bytes.len() as u64);
    }

    #[test]
    fn sizes_are_those_that_lead_to_the_end() {
        let bytes = [block(2, 4), block(2, 1), block(2, 16), block(2, 2)].concat();
        let source = MemorySource::new(bytes.clone());
        let spans = storages(&source, 0, &[(2, 1), (2, 2), (2, 4), (2, 16)]).unwrap();
        assert_eq!(spans.last().unwrap().end(), bytes.len() as u64);
    }

    #[test]
    fn what_is_no_storage_is_not_explained() {
        let source = MemorySource::new([block(3, 4), block(9, 9)].concat());
        let spans = storages(&source, 0, &[(3, 4), (2, 8)]).unwrap();
        assert!(spans.is_empty());
        assert!(storages(&source, 0, &[(u64::MAX, 8)]).unwrap().is_empty());
    }

    #[test]
    fn pickles_between_raw_data_are_found() {
        let source = MemorySource::new(block(3, 4));
        let next = next_pickle(Host::TorchStorages, &source, 0, b"FloatStorage").unwrap();
        assert_eq!(next, Some(20));
        let tensor = [2_u64.to_le_bytes().to_vec(), vec![0; 40]].concat();
        let next = next_pickle(Host::TorchTensors, &MemorySource::new(tensor), 0, b"").unwrap();
        assert_eq!(next, Some(48));
    }
}
