//! A source read in large pieces, for readers that ask for many small ones near each other.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Source, read_range};

/// Bytes of the largest piece.
const LARGEST: usize = 256 << 10;

/// Bytes of a piece that does not follow the one before: a database that is read here and there
/// must not cost a large piece for each of its values.
const SMALLEST: usize = 4 << 10;

/// Keeps the piece of a source that was read last. Pieces grow while each follows the last.
pub struct Buffered {
    inner: Arc<dyn Source>,
    piece: Mutex<Piece>,
}

#[derive(Default)]
struct Piece {
    start: u64,
    bytes: Vec<u8>,
}

impl Piece {
    /// The bytes from `offset` on, where any are held.
    fn from(&self, offset: u64) -> Option<&[u8]> {
        let inside = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(inside..).filter(|held| !held.is_empty())
    }

    /// Reads the piece that holds `offset`.
    fn fetch(&mut self, inner: &dyn Source, offset: u64) -> io::Result<()> {
        let behind = self.start + self.bytes.len() as u64;
        let start = offset - offset % SMALLEST as u64;
        let length = if start == behind {
            (self.bytes.len() * 2).clamp(SMALLEST, LARGEST)
        } else {
            SMALLEST
        };
        let bytes = read_range(inner, start, length)?;
        *self = Self { start, bytes };
        Ok(())
    }
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
        if buffer.len() >= LARGEST {
            return self.inner.read_at(offset, buffer);
        }
        // A panic elsewhere leaves the piece whole, so the lock's poison means nothing here.
        let mut piece = self.piece.lock().unwrap_or_else(PoisonError::into_inner);
        if piece.from(offset).is_none() {
            piece.fetch(self.inner.as_ref(), offset)?;
        }
        piece.from(offset).unwrap_or_default().read(buffer)
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
        let bytes: Vec<u8> = (0..LARGEST + 500).map(|n| n.to_le_bytes()[0]).collect();
        let source = Buffered::new(Arc::new(MemorySource::new(bytes.clone())));
        let odd = [
            0,
            LARGEST - 10,
            3,
            SMALLEST - 1,
            LARGEST + 490,
            LARGEST + 500,
        ];
        for at in (0..LARGEST).step_by(1 << 10).chain(odd) {
            let expected = &bytes[at..(at + 20).min(bytes.len())];
            assert_eq!(read_range(&source, at as u64, 20).unwrap(), expected);
        }
    }
}
