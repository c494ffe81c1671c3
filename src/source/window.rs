//! A bounded view that slides over a source.

use std::{io, rc::Rc};

use super::Source;

/// Bytes fetched after a jump: what follows a long payload is often another long payload.
const SMALLEST_CHUNK: usize = 8 << 10;

/// Bytes fetched when reading straight on. Amortises the system call and still fits the cache.
const LARGEST_CHUNK: usize = 128 << 10;

/// Slides over a [`Source`]; holds at most one chunk, or nothing for a source in memory.
pub struct Window<'s> {
    source: &'s dyn Source,
    whole: Option<&'s [u8]>,
    base: u64,
    buffer: Rc<Vec<u8>>,
    /// Bytes of the buffer that were read; it keeps its length, so that nothing is zeroed twice.
    held: usize,
    chunk: usize,
    ended: bool,
}

/// Bytes lent by a window, which may slide on meanwhile.
pub struct Chunk<'s> {
    lender: Lender<'s>,
    start: usize,
    end: usize,
}

enum Lender<'s> {
    Whole(&'s [u8]),
    Buffer(Rc<Vec<u8>>),
}

impl Chunk<'_> {
    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let all = match &self.lender {
            Lender::Whole(whole) => whole,
            Lender::Buffer(buffer) => buffer.as_slice(),
        };
        all.get(self.start..self.end).unwrap_or_default()
    }
}

impl<'s> Window<'s> {
    /// Opens a window; nothing is read yet.
    pub fn new(source: &'s dyn Source) -> Self {
        let whole = source.contents();
        Self {
            source,
            whole,
            base: 0,
            buffer: Rc::default(),
            held: 0,
            chunk: SMALLEST_CHUNK,
            ended: false,
        }
    }

    /// The source below.
    pub fn source(&self) -> &'s dyn Source {
        self.source
    }

    /// What the window holds from `offset` on, without reading: possibly nothing.
    #[inline]
    pub fn peek(&self, offset: u64) -> &[u8] {
        let (base, bytes) = match self.whole {
            Some(whole) => (0, whole),
            None => (self.base, self.buffer.get(..self.held).unwrap_or_default()),
        };
        let start = offset
            .checked_sub(base)
            .and_then(|start| usize::try_from(start).ok());
        start
            .and_then(|start| bytes.get(start..))
            .unwrap_or_default()
    }

    /// As [`Window::peek`], on loan.
    pub fn chunk(&self, offset: u64) -> Chunk<'s> {
        let (base, lender, end) = match self.whole {
            Some(whole) => (0, Lender::Whole(whole), whole.len()),
            None => {
                let buffer = Lender::Buffer(Rc::clone(&self.buffer));
                (self.base, buffer, self.held)
            }
        };
        let start = offset
            .checked_sub(base)
            .and_then(|start| usize::try_from(start).ok());
        Chunk {
            lender,
            start: start.unwrap_or(usize::MAX),
            end,
        }
    }

    /// Bytes from `offset` on, at least `needed` of them unless the source ends before that.
    ///
    /// # Errors
    /// As [`Source::read_at`].
    pub fn at(&mut self, offset: u64, needed: usize) -> io::Result<&[u8]> {
        let held = self.peek(offset).len();
        let at_end = self.ended && offset >= self.base && held > 0;
        if held < needed && self.whole.is_none() && !at_end {
            self.slide(offset, needed)?;
        }
        Ok(self.peek(offset))
    }

    fn slide(&mut self, offset: u64, needed: usize) -> io::Result<()> {
        let kept = self.peek(offset).len();
        let straight_on = offset == self.base.saturating_add(self.held as u64);
        let grown = if kept > 0 || straight_on {
            self.chunk * 2
        } else {
            SMALLEST_CHUNK
        };
        self.chunk = grown.min(LARGEST_CHUNK);
        let wanted = needed.max(self.chunk);
        let buffer = Rc::make_mut(&mut self.buffer);
        buffer.copy_within(self.held - kept..self.held, 0);
        if buffer.len() < wanted {
            buffer.resize(wanted, 0);
        }
        self.base = offset;
        self.held = kept;
        self.ended = false;
        while self.held < needed {
            let read = self.fill(wanted)?;
            self.held += read;
            if read == 0 {
                self.ended = true;
                break;
            }
        }
        Ok(())
    }

    /// Reads behind what is held, up to `wanted` bytes in all.
    fn fill(&mut self, wanted: usize) -> io::Result<usize> {
        let at = self.base.saturating_add(self.held as u64);
        let buffer = Rc::make_mut(&mut self.buffer);
        let Some(room) = buffer.get_mut(self.held..wanted) else {
            return Ok(0);
        };
        loop {
            match self.source.read_at(at, room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}
