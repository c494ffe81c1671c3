//! Some byte ranges of a source, one behind the other, as if they were contiguous.

use std::{io, ops::Deref};

use super::Source;

/// A sequence of ranges of another source, borrowed or shared.
pub struct Spliced<S> {
    inner: S,
    /// Where each range starts here, and where in `inner`; sorted by the former.
    ranges: Vec<(u64, u64)>,
    length: u64,
}

impl<S: Deref<Target: Source>> Spliced<S> {
    /// Joins ranges given as start and length.
    pub fn new(inner: S, parts: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut ranges = Vec::new();
        let mut length: u64 = 0;
        for (start, size) in parts {
            let size = size.min(inner.len().saturating_sub(start));
            ranges.push((length, start));
            length = length.saturating_add(size);
        }
        Self {
            inner,
            ranges,
            length,
        }
    }

    /// Where a byte of this source lies in the inner one.
    pub fn origin(&self, offset: u64) -> u64 {
        let index = self.ranges.partition_point(|&(start, _)| start <= offset);
        match index
            .checked_sub(1)
            .and_then(|index| self.ranges.get(index))
        {
            Some(&(start, origin)) => origin + (offset - start),
            None => offset,
        }
    }
}

impl<S: Deref<Target: Source> + Send + Sync> Source for Spliced<S> {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.length {
            return Ok(0);
        }
        let next = self.ranges.partition_point(|&(start, _)| start <= offset);
        let end = self
            .ranges
            .get(next)
            .map_or(self.length, |&(start, _)| start);
        let wanted = usize::try_from(end - offset).map_or(buffer.len(), |n| n.min(buffer.len()));
        match buffer.get_mut(..wanted) {
            Some(buffer) if !buffer.is_empty() => self.inner.read_at(self.origin(offset), buffer),
            _ => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemorySource, read_range};

    #[test]
    fn ranges_read_as_one() {
        let inner = MemorySource::new(&b"0123456789"[..]);
        let spliced = Spliced::new(&inner, [(2, 3), (8, 2), (0, 1)]);
        assert_eq!(read_range(&spliced, 0, 100).unwrap(), b"234890");
        assert_eq!(read_range(&spliced, 2, 2).unwrap(), b"48");
        assert_eq!(
            [0, 2, 3, 5].map(|offset| spliced.origin(offset)),
            [2, 4, 8, 0]
        );
    }

    #[test]
    fn ranges_beyond_the_end_are_cut() {
        let inner = MemorySource::new(&b"0123"[..]);
        let spliced = Spliced::new(&inner, [(2, 30), (1, 1)]);
        assert_eq!(read_range(&spliced, 0, 100).unwrap(), b"231");
    }
}
