//! Bytes that are already in memory: standard input, decompressed members, nested pickles.

use std::{io, sync::Arc};

use super::Source;

/// A source over shared bytes.
#[derive(Clone, Debug)]
pub struct MemorySource(Arc<[u8]>);

impl MemorySource {
    /// Takes the bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }
}

impl Source for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.0.get(offset..));
        let mut rest = rest.unwrap_or_default();
        io::Read::read(&mut rest, buffer)
    }

    fn contents(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}
