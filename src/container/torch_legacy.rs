//! Raw numbers behind and between the pickles of `torch.save` before 1.6.
//!
//! The file of versions 0.2 to 1.5 holds five pickles (magic number, protocol, system, object,
//! storage keys) and then one block for each key: eight bytes of element count, the elements. The
//! tar of version 0.1 has a pickle before every such block. Only the pickles say how large an
//! element is, so whoever ran them passes that on.

use std::io;

use super::{Host, bits::u64_le};
use crate::{
    pickle::Span,
    source::{Source, read_range},
};

/// Streams of the legacy file; storages follow.
pub const STREAMS: usize = 5;

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

/// Explains the storages behind the fifth pickle of a legacy file.
///
/// `storages` are element count and element size of the persistent ids in the fourth pickle, each
/// storage once, in any order: the file may hold them in another. Gives one span for every block
/// from `offset` on, as long as each is one of the storages; all of the file is explained where the
/// last one ends at its end.
///
/// # Errors
/// As [`Source::read_at`].
pub fn storages(
    source: &dyn Source,
    offset: u64,
    storages: &[(u64, u64)],
) -> io::Result<Vec<Span>> {
    let mut left = storages.to_vec();
    let mut spans = Vec::new();
    let mut position = offset;
    while !left.is_empty() {
        let Some(count) = u64_le(&read_range(source, position, 8)?, 0) else {
            break;
        };
        let Some(index) = choose(source, position, count, &left)? else {
            break;
        };
        let (_, size) = left.swap_remove(index);
        let length = count.saturating_mul(size).saturating_add(8);
        spans.push(Span {
            start: position,
            length,
        });
        position = position.saturating_add(length);
    }
    Ok(spans)
}

/// The storage that a block may be: of this count, and with another block or the end behind it.
fn choose(
    source: &dyn Source,
    position: u64,
    count: u64,
    left: &[(u64, u64)],
) -> io::Result<Option<usize>> {
    for (index, &(numel, size)) in left.iter().enumerate() {
        let end = count
            .checked_mul(size)
            .and_then(|length| length.checked_add(position + 8));
        let Some(end) = end.filter(|end| numel == count && *end <= source.len()) else {
            continue;
        };
        let next = u64_le(&read_range(source, end, 8)?, 0);
        let last = left.len() == 1 || end == source.len();
        if last || next.is_some_and(|next| left.iter().any(|&(numel, _)| numel == next)) {
            return Ok(Some(index));
        }
    }
    Ok(None)
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
