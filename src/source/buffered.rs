//! A source read in large pieces, for readers that ask for many small ones near each other.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Source, read_range};

/// Bytes of one piece.
const PIECE: usize = 256 << 10;

/// Keeps the piece of a source that was read last.
pub struct Buffered {
    inner: Arc<dyn Source>,
    /// Where the piece starts, and its bytes.
    piece: Mutex<(u64, Vec<u8>)>,
}

impl Buffered {
    /// Wraps a source; nothing is read yet.
    pub fn new(inner: Arc<dyn Source>) -> Self {
        Self {
            inner,
            piece: Mutex::default(),
        }
    }
}

impl Source for Buffered {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.len() >= PIECE {
            return self.inner.read_at(offset, buffer);
        }
        // A panic elsewhere leaves the piece whole, so the lock's poison means nothing here.
        let mut piece = self.piece.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = offset
            .checked_sub(piece.0)
            .and_then(|inside| usize::try_from(inside).ok());
        if inside.is_none_or(|inside| inside >= piece.1.len()) {
            let start = offset - offset % PIECE as u64;
            *piece = (start, read_range(self.inner.as_ref(), start, PIECE)?);
        }
        let inside = usize::try_from(offset - piece.0).unwrap_or(usize::MAX);
        piece.1.get(inside..).unwrap_or_default().read(buffer)
    }

    fn contents(&self) -> Option<&[u8]> {
        self.inner.contents()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    #[test]
    fn reads_across_pieces_are_whole() {
        let bytes: Vec<u8> = (0..PIECE + 500).map(|n| n.to_le_bytes()[0]).collect();
        let source = Buffered::new(Arc::new(MemorySource::new(bytes.clone())));
        for at in [0, PIECE - 10, 3, PIECE + 490, PIECE + 500] {
            let expected = &bytes[at..(at + 20).min(bytes.len())];
            assert_eq!(read_range(&source, at as u64, 20).unwrap(), expected);
        }
    }
}
