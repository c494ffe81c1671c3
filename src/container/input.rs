//! A source read from front to back, the way decompressors want it.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::source::Source;

/// Bytes fetched at once.
const CHUNK: usize = 64 << 10;

/// How many bytes of a source were consumed, seen from outside the decompressor that owns it.
#[derive(Clone, Debug, Default)]
pub(super) struct Consumed(Arc<AtomicU64>);

impl Consumed {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads a source sequentially.
pub(super) struct Input {
    source: Arc<dyn Source>,
    buffer: Vec<u8>,
    taken: usize,
    /// Offset of the first byte behind the buffer.
    next: u64,
    consumed: Consumed,
}

impl Input {
    pub(super) fn new(source: Arc<dyn Source>) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            taken: 0,
            next: 0,
            consumed: Consumed::default(),
        }
    }

    pub(super) fn consumed(&self) -> Consumed {
        self.consumed.clone()
    }

    /// Takes back the last `count` consumed bytes, which a decompressor read ahead.
    pub(super) fn unread(&mut self, count: usize) {
        let position = self.consumed.get().saturating_sub(count as u64);
        self.consumed.0.store(position, Ordering::Relaxed);
        self.buffer.clear();
        self.taken = 0;
        self.next = position;
    }

    /// The next bytes without consuming them; fewer than `length` only at the end.
    pub(super) fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        let held = self.buffer.len().saturating_sub(self.taken);
        if held < length {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let more = crate::source::read_range(self.source.as_ref(), self.next, length - held)?;
            self.next += more.len() as u64;
            self.buffer.extend_from_slice(&more);
        }
        let held = self.buffer.get(self.taken..).unwrap_or_default();
        Ok(held.get(..length).unwrap_or(held))
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken >= self.buffer.len() {
            self.buffer.resize(CHUNK, 0);
            self.taken = 0;
            let read = loop {
                // Not every decompressor goes on after an interruption.
                match self.source.read_at(self.next, &mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.buffer.truncate(*read.as_ref().unwrap_or(&0));
            self.next += read? as u64;
        }
        Ok(self.buffer.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let held = self.buffer.len().saturating_sub(self.taken);
        let amount = amount.min(held);
        self.taken += amount;
        self.consumed.0.fetch_add(amount as u64, Ordering::Relaxed);
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut held = self.fill_buf()?;
        let count = held.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, distance) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(distance) => (self.source.len(), distance),
            SeekFrom::Current(distance) => (self.consumed.get(), distance),
        };
        let position = base
            .checked_add_signed(distance)
            .ok_or(io::ErrorKind::InvalidInput)?;
        self.consumed.0.store(position, Ordering::Relaxed);
        self.buffer.clear();
        self.taken = 0;
        self.next = position;
        Ok(position)
    }
}
