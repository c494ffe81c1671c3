//! A byte range of another source, such as a stored zip member.

use std::{io, sync::Arc};

use super::Source;

/// The bytes `start .. start + length` of an inner source.
#[derive(Clone)]
pub struct Part {
    inner: Arc<dyn Source>,
    start: u64,
    length: u64,
}

impl Part {
    /// Cuts a range; what lies beyond the end of `inner` is left out.
    pub fn new(inner: Arc<dyn Source>, start: u64, length: u64) -> Self {
        let start = start.min(inner.len());
        let length = length.min(inner.len() - start);
        Self {
            inner,
            start,
            length,
        }
    }
}

impl Source for Part {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.length.saturating_sub(offset);
        let wanted = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        match buffer.get_mut(..wanted) {
            Some([]) | None => Ok(0),
            Some(buffer) => self
                .inner
                .read_at(self.start.saturating_add(offset), buffer),
        }
    }

    fn contents(&self) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.length).ok()?)?;
        self.inner.contents()?.get(start..end)
    }
}
