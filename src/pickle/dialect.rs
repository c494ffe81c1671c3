//! Readers that consume the bytes of a pickle differently.
//!
//! CPython's C unpickler reads from its host in pieces, and drops what is left of a piece when an
//! instruction reaches over its end. Frames decide where pieces end, and the file says where
//! frames end: a stream with a cut frame is one sequence of opcodes for `pickle.loads`, another
//! for `pickle.load` of a `BytesIO`, and can be a third for a real file. [`consumed`] follows a
//! reader and says which bytes it takes, in order; the machine then reads just those.
//!
//! The source is `Modules/_pickle.c`: `_Unpickler_ReadImpl`, `_Unpickler_ReadInto`,
//! `_Unpickler_ReadFromFile`, `_Unpickler_Readline` and `load_frame`; for files also
//! `_bufferedreader_read_generic` of `Modules/_io/bufferedio.c`. The pure-Python unpickler stops
//! where a frame is cut, so it never does more than the linear reading.

use super::{Opcode, OperandKind, Span};
use crate::source::{Source, Window};

/// What the C unpickler asks `peek` for, and from which size on it does not.
const PREFETCH: u64 = 128 << 10;

/// Longest line that is looked for.
const LONGEST_LINE: usize = 16 << 20;

/// A C unpickler and how its host hands bytes to it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reader {
    /// Size of the blocks in which a file is read; nothing for an object without `peek`, such as
    /// `BytesIO`: torch's zip records, shelves, many servers.
    block: Option<u64>,
    /// Whether payloads of bytes are read past the unpickler's buffer: `_Unpickler_ReadInto`, new
    /// in CPython 3.8.
    direct: bool,
}

/// Every reader that may differ from the linear reading of `pickle.loads`.
///
/// `open` reads a file in the blocks that its file system prefers, mostly 4 KiB; where there is
/// none, and under `gzip` and its kin, in 8 KiB, or 128 KiB from CPython 3.14 on.
pub const READERS: [(Reader, &str); 6] = [
    (
        Reader::stream(),
        "pickle.load of a stream without peek (BytesIO: torch zip, shelve)",
    ),
    (Reader::file(4 << 10), "pickle.load of a file"),
    (
        Reader::file(8 << 10),
        "pickle.load of a file read in blocks of 8 KiB",
    ),
    (
        Reader::file(128 << 10),
        "pickle.load of a file (CPython 3.14)",
    ),
    (
        Reader::stream().before_3_8(),
        "pickle.load of a stream without peek (CPython 3.7)",
    ),
    (
        Reader::file(4 << 10).before_3_8(),
        "pickle.load of a file (CPython 3.7)",
    ),
];

impl Reader {
    /// `pickle.load` of an object without `peek`.
    pub const fn stream() -> Self {
        Self {
            block: None,
            direct: true,
        }
    }

    /// `pickle.load` of a file that is read in blocks of so many bytes.
    pub const fn file(block: u64) -> Self {
        Self {
            block: Some(block),
            direct: true,
        }
    }

    const fn before_3_8(self) -> Self {
        Self {
            direct: false,
            ..self
        }
    }
}

/// Which bytes a reader took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// Ranges in the order in which they were taken, up to STOP or to where the reader fails.
    /// Ranges that touch are joined, so an undisturbed stream is one range.
    pub ranges: Vec<Span>,
    /// Where the host's file stands behind STOP, and so where its next `load` starts; nothing
    /// where the reader fails.
    pub next: Option<u64>,
}

/// Follows a reader through the stream at `offset`; gives up after `most` ranges.
pub fn consumed(source: &dyn Source, offset: u64, reader: Reader, most: usize) -> Consumed {
    Follower::new(source, offset, reader).stream(most)
}

/// One unpickler that reads stream after stream: what its buffer holds at STOP, the next stream
/// begins with.
pub struct Follower<'s>(Unpickler<'s>);

impl<'s> Follower<'s> {
    /// Prepares for the streams from `offset` on. Nothing is read yet.
    pub fn new(source: &'s dyn Source, offset: u64, reader: Reader) -> Self {
        Self(Unpickler::new(source, offset, reader))
    }

    /// Follows the next stream; gives up after `most` ranges.
    pub fn stream(&mut self, most: usize) -> Consumed {
        let unpickler = &mut self.0;
        let mut next = None;
        while unpickler.ranges.len() < most {
            match unpickler.instruction() {
                Some(true) => {
                    unpickler.skip_peeked();
                    next = Some(unpickler.position);
                    break;
                }
                Some(false) => {}
                None => break,
            }
        }
        Consumed {
            ranges: std::mem::take(&mut unpickler.ranges),
            next,
        }
    }
}

/// The input side of the C unpickler. Buffers are ranges of the source.
struct Unpickler<'s> {
    window: Window<'s>,
    length: u64,
    reader: Reader,
    /// The unread part of the unpickler's buffer.
    next: u64,
    end: u64,
    /// Where the unread part of the buffer that was only peeked at starts; nothing where the
    /// buffer was read.
    peeked: Option<u64>,
    /// Position of the host's file, and the end of what its own buffer holds.
    position: u64,
    buffered: u64,
    ranges: Vec<Span>,
}

impl<'s> Unpickler<'s> {
    fn new(source: &'s dyn Source, offset: u64, reader: Reader) -> Self {
        Self {
            window: Window::new(source),
            length: source.len(),
            reader,
            next: offset,
            end: offset,
            peeked: None,
            position: offset,
            // A host that has read up to here filled its buffer in whole blocks from 0 on.
            buffered: match reader.block {
                None => offset,
                Some(block) => offset.next_multiple_of(block).min(source.len()),
            },
            ranges: Vec::new(),
        }
    }

    /// Reads one instruction; says whether it was STOP, or nothing where the reader fails.
    fn instruction(&mut self) -> Option<bool> {
        let opcode = self.read(1)?;
        let opcode = Opcode::from_byte(self.byte(opcode)?)?;
        self.operand(opcode)?;
        Some(opcode == Opcode::Stop)
    }

    fn operand(&mut self, opcode: Opcode) -> Option<()> {
        match opcode.operand() {
            OperandKind::None => {}
            OperandKind::U8 => drop(self.read(1)?),
            OperandKind::U16 => drop(self.read(2)?),
            OperandKind::U32 | OperandKind::I32 => drop(self.read(4)?),
            OperandKind::F64 => drop(self.read(8)?),
            OperandKind::U64 => {
                let size = self.number(8)?;
                if opcode == Opcode::Frame {
                    self.frame(size)?;
                }
            }
            OperandKind::Bytes1 => self.payload(opcode, 1)?,
            OperandKind::Bytes4 | OperandKind::SignedBytes4 => self.payload(opcode, 4)?,
            OperandKind::Bytes8 => self.payload(opcode, 8)?,
            OperandKind::NameLines => {
                self.line()?;
                self.line()?;
            }
            _ => self.line()?,
        }
        Some(())
    }

    fn payload(&mut self, opcode: Opcode, width: u64) -> Option<()> {
        let size = self.number(width)?;
        let direct = matches!(
            opcode,
            Opcode::Binbytes | Opcode::ShortBinbytes | Opcode::Binbytes8 | Opcode::Bytearray8
        );
        if direct && self.reader.direct {
            self.read_into(size)
        } else {
            self.read(size).map(drop)
        }
    }

    fn number(&mut self, width: u64) -> Option<u64> {
        let start = self.read(width)?;
        let width = usize::try_from(width).ok()?;
        let bytes = self.window.at(start, width).ok()?.get(..width)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        )
    }

    fn byte(&mut self, offset: u64) -> Option<u8> {
        self.window.at(offset, 1).ok()?.first().copied()
    }

    /// `_Unpickler_Read`: returns where the bytes are.
    fn read(&mut self, count: u64) -> Option<u64> {
        if count > self.end - self.next {
            self.read_from_file(count)?;
        }
        let start = self.next;
        self.next += count;
        self.take(start, count);
        Some(start)
    }

    /// `_Unpickler_ReadInto`: the buffer first, then straight from the file.
    fn read_into(&mut self, count: u64) -> Option<()> {
        let held = count.min(self.end - self.next);
        self.take(self.next, held);
        self.next += held;
        let rest = count - held;
        if rest > 0 {
            self.skip_peeked();
            if rest > self.length - self.position {
                return None;
            }
            self.take(self.position, rest);
            self.advance_file_into(rest);
        }
        Some(())
    }

    /// `_Unpickler_Readline`.
    fn line(&mut self) -> Option<()> {
        if let Some(length) = self.line_length(self.next, self.end) {
            self.take(self.next, length);
            self.next += length;
            return Some(());
        }
        self.skip_peeked();
        let start = self.position;
        let length = self.line_length(start, self.length)?;
        self.advance_file(length);
        (self.next, self.end, self.peeked) = (start + length, start + length, None);
        self.take(start, length);
        Some(())
    }

    fn line_length(&mut self, start: u64, end: u64) -> Option<u64> {
        let room = usize::try_from(end - start)
            .unwrap_or(usize::MAX)
            .min(LONGEST_LINE);
        let mut wanted = room.min(256);
        loop {
            let held = self.window.at(start, wanted).ok()?;
            let held = held.get(..room.min(held.len()))?;
            if let Some(length) = held.iter().position(|&byte| byte == b'\n') {
                return Some(length as u64 + 1);
            }
            if held.len() >= room || held.len() < wanted {
                return None;
            }
            wanted = held.len().saturating_mul(2).min(room);
        }
    }

    /// `load_frame`: fetches the frame and goes back to its start.
    fn frame(&mut self, size: u64) -> Option<()> {
        if size > self.end - self.next {
            self.read_from_file(size)?;
        }
        Some(())
    }

    /// `_Unpickler_ReadFromFile`: what is left of a buffer that was read is dropped here.
    fn read_from_file(&mut self, count: u64) -> Option<()> {
        self.skip_peeked();
        if let Some(block) = self.reader.block
            && count < PREFETCH
        {
            if self.buffered <= self.position {
                self.buffered = self.position.saturating_add(block).min(self.length);
            }
            (self.next, self.end) = (self.position, self.buffered);
            self.peeked = Some(self.position);
            if count <= self.end - self.next {
                return Some(());
            }
        }
        if count > self.length - self.position {
            return None;
        }
        (self.next, self.end) = (self.position, self.position + count);
        self.peeked = None;
        self.advance_file(count);
        Some(())
    }

    /// `_Unpickler_SkipConsumed`.
    fn skip_peeked(&mut self) {
        if let Some(start) = self.peeked {
            let used = self.next - start;
            self.advance_file(used);
            self.peeked = Some(self.next);
        }
    }

    /// The host's file moves on by `read` or `readline`; its buffer is refilled in whole blocks.
    fn advance_file(&mut self, count: u64) {
        self.position += count;
        if let Some(block) = self.reader.block
            && self.position > self.buffered
        {
            let beyond = self.position - self.buffered;
            let blocks = beyond.div_ceil(block).saturating_mul(block);
            self.buffered = self.buffered.saturating_add(blocks).min(self.length);
        }
    }

    /// The host's file moves on by `readinto`, which goes past its buffer where more than a block
    /// is missing.
    fn advance_file_into(&mut self, count: u64) {
        let before = self.buffered;
        self.advance_file(count);
        if let Some(block) = self.reader.block
            && self.position > before
            && self.position - before > block
        {
            self.buffered = self.position;
        }
    }

    fn take(&mut self, start: u64, length: u64) {
        match self.ranges.last_mut() {
            Some(last) if last.end() == start => last.length += length,
            _ if length > 0 => self.ranges.push(Span { start, length }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    fn ranges(bytes: &[u8], reader: Reader) -> Vec<(u64, u64)> {
        let source = MemorySource::new(bytes);
        let taken = consumed(&source, 0, reader, 100);
        taken
            .ranges
            .into_iter()
            .map(|range| (range.start, range.length))
            .collect()
    }

    #[test]
    fn an_honest_frame_is_one_range() {
        let bytes = b"\x80\x04\x95\x05\0\0\0\0\0\0\0\x8c\x02os.";
        for (reader, _) in READERS {
            assert_eq!(ranges(bytes, reader), [(0, bytes.len() as u64)]);
        }
    }

    /// cpython#154848: a frame that ends inside the length of BINBYTES.
    #[test]
    fn a_stream_drops_what_is_left_of_a_cut_frame() {
        let bytes = b"\x80\x04\x95\x02\0\0\0\0\0\0\0B\x03\0\0\0\0N.";
        assert_eq!(ranges(bytes, Reader::stream()), [(0, 12), (13, 6)]);
        assert_eq!(ranges(bytes, Reader::file(8192)), [(0, 19)]);
    }

    #[test]
    fn a_frame_beyond_the_prefetch_cuts_files_too() {
        let size: u64 = 140_001;
        let mut bytes = b"\x80\x04\x95".to_vec();
        bytes.extend_from_slice(&size.to_le_bytes());
        bytes.extend_from_slice(b"B");
        bytes.extend_from_slice(&139_993_u32.to_le_bytes());
        bytes.extend_from_slice(&vec![0; 139_993]);
        bytes.extend_from_slice(b"0B\x09");
        let frame_end = bytes.len() as u64 - 1;
        bytes.extend_from_slice(b"\0\0\0\0N.");
        let taken = ranges(&bytes, Reader::file(8192));
        assert_eq!(taken.first(), Some(&(0, frame_end)));
        assert_eq!(taken.len(), 2, "{taken:?}");
    }
}
