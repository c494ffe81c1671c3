//! Positioned reads of an HDF5 file, and the superblock that says how wide its numbers are.

use std::{io, sync::Arc};

use crate::source::{Source, read_range};

/// What every HDF5 file starts with, perhaps behind a block of the user's own.
pub(super) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Largest piece of metadata that is read at once, in bytes.
const LARGEST_BLOCK: u64 = 16 << 20;

/// Why a part of the structure is not followed.
#[derive(Debug)]
pub(super) enum Fail {
    /// The source cannot be read.
    Io(io::Error),
    /// It contradicts the format.
    Damaged,
    /// It is a variant of the format that is not known here.
    Unsupported(String),
    /// A limit of the scanner was reached.
    Limit(String),
}

impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Damaged,
            io::ErrorKind::OutOfMemory => Self::Limit(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

pub(super) type Outcome<T> = Result<T, Fail>;

/// A file and the widths of its numbers.
#[derive(Clone)]
pub(super) struct File {
    pub(super) source: Arc<dyn Source>,
    /// What addresses count from.
    base: u64,
    /// Bytes of an address.
    pub(super) address_width: usize,
    /// Bytes of a length.
    pub(super) length_width: usize,
}

/// A superblock, read.
pub(super) struct Superblock {
    pub(super) file: File,
    /// Address of the header of the root group.
    pub(super) root: u64,
    /// Address behind the last byte, as the superblock has it.
    pub(super) end: u64,
}

/// Bytes in which any superblock ends.
const SUPERBLOCK: usize = 128;

impl Superblock {
    /// Reads the superblock at `at`.
    pub(super) fn read(source: &Arc<dyn Source>, at: u64) -> Outcome<Self> {
        let head = read_range(source.as_ref(), at, SUPERBLOCK)?;
        let mut fields = Fields::new(&head);
        fields.skip(SIGNATURE.len())?;
        let version = fields.number(1)?;
        if version > 3 {
            return Err(Fail::Unsupported(format!("superblock version {version}")));
        }
        let old = version < 2;
        if old {
            fields.skip(4)?;
        }
        let widths = (fields.width()?, fields.width()?);
        let behind = match version {
            0 => 9,
            1 => 13,
            _ => 1,
        };
        fields.skip(behind)?;
        let (address_width, length_width) = widths;
        fields.number(address_width)?;
        fields.number(address_width)?;
        let end = fields.number(address_width)?;
        if old {
            // The driver, then the place of a name in the entry of the root group.
            fields.number(address_width)?;
            fields.number(address_width)?;
        }
        let root = fields.number(address_width)?;
        let file = File {
            source: Arc::clone(source),
            base: at,
            address_width,
            length_width,
        };
        Ok(Self { file, root, end })
    }
}

impl File {
    /// Where an address is in the source; nothing where it is undefined.
    pub(super) fn place(&self, address: u64) -> Option<u64> {
        let undefined = u64::MAX >> (64 - 8 * self.address_width.clamp(1, 8));
        (address != undefined)
            .then(|| self.base.checked_add(address))
            .flatten()
    }

    /// Exactly `length` bytes of metadata.
    pub(super) fn block(&self, address: u64, length: u64) -> Outcome<Vec<u8>> {
        let block = self.up_to(address, length)?;
        match block.len() as u64 == length {
            true => Ok(block),
            false => Err(Fail::Damaged),
        }
    }

    /// Up to `length` bytes of metadata; fewer only where the file ends.
    pub(super) fn up_to(&self, address: u64, length: u64) -> Outcome<Vec<u8>> {
        let place = self.place(address).ok_or(Fail::Damaged)?;
        if length > LARGEST_BLOCK {
            let message = format!("a block of metadata of {length} bytes");
            return Err(Fail::Limit(message));
        }
        let length = usize::try_from(length).map_err(|_| Fail::Damaged)?;
        Ok(read_range(self.source.as_ref(), place, length)?)
    }

    /// A block that starts with a signature, cut behind it and its version.
    pub(super) fn signed(&self, address: u64, length: u64, signature: &[u8]) -> Outcome<Vec<u8>> {
        let mut block = self.up_to(address, length)?;
        if !block.starts_with(signature) {
            return Err(Fail::Damaged);
        }
        Ok(block.split_off(5.min(block.len())))
    }
}

/// Reads numbers one behind the other.
#[derive(Clone)]
pub(super) struct Fields<'b> {
    bytes: &'b [u8],
    pub(super) at: usize,
}

impl<'b> Fields<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, length: usize) -> Outcome<&'b [u8]> {
        let rest = self.bytes.get(self.at..).ok_or(Fail::Damaged)?;
        let taken = rest.get(..length).ok_or(Fail::Damaged)?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn skip(&mut self, length: usize) -> Outcome<()> {
        self.take(length).map(|_| ())
    }

    /// A little-endian number of up to eight bytes.
    pub(super) fn number(&mut self, width: usize) -> Outcome<u64> {
        let bytes = self.take(width)?;
        if width > 8 {
            return Err(Fail::Damaged);
        }
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number that counts bytes in memory.
    pub(super) fn size(&mut self, width: usize) -> Outcome<usize> {
        usize::try_from(self.number(width)?).map_err(|_| Fail::Damaged)
    }

    /// How many bytes numbers have.
    fn width(&mut self) -> Outcome<usize> {
        match self.size(1)? {
            width @ (2 | 4 | 8) => Ok(width),
            _ => Err(Fail::Damaged),
        }
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Text up to a zero byte, which is passed over.
    pub(super) fn text(&mut self) -> Outcome<&'b [u8]> {
        let length = self.rest().iter().position(|&byte| byte == 0);
        let text = self.take(length.ok_or(Fail::Damaged)?)?;
        self.skip(1)?;
        Ok(text)
    }
}
