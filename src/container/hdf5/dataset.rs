//! The values of a dataset as one row of bytes, whatever chunks they are stored in.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    file::{Fail, Fields, File, Outcome},
    filters::{Filter, undone},
    index::{Chunk, Chunks, Grid, Index},
};
use crate::{
    container::{Budget, budget::Inflatable},
    limits::Deadline,
    source::{Source, read_range},
};

/// Dimensions of a dataset, which the format caps at this many.
const MOST_DIMENSIONS: usize = 32;

/// How many elements there are along each dimension, and at most ever.
pub(super) struct Extent {
    pub(super) dimensions: Vec<u64>,
    most: Vec<u64>,
}

impl Extent {
    /// Reads a dataspace message.
    pub(super) fn read(file: &File, data: &[u8]) -> Outcome<Self> {
        let mut fields = Fields::new(data);
        let version = fields.number(1)?;
        let rank = fields.size(1)?;
        let flags = fields.number(1)?;
        fields.skip(if version == 1 { 5 } else { 1 })?;
        if rank > MOST_DIMENSIONS {
            return Err(Fail::Damaged);
        }
        let mut list = || -> Outcome<Vec<u64>> {
            let numbers = (0..rank).map(|_| fields.number(file.length_width));
            numbers.collect()
        };
        let dimensions = list()?;
        let most = if flags & 1 == 0 {
            dimensions.clone()
        } else {
            list()?
        };
        Ok(Self { dimensions, most })
    }

    /// Elements in all.
    pub(super) fn elements(&self) -> u64 {
        let counts = self.dimensions.iter();
        counts.fold(1, |all: u64, count| all.saturating_mul(*count))
    }
}

/// Where the values of a dataset are.
pub(super) enum Layout {
    /// In the header: this many bytes into the message.
    Compact(usize, u64),
    /// In one piece, at an address.
    Contiguous(u64, u64),
    /// In chunks.
    Chunked(Grid, Index, Partial),
    /// In other files or datasets.
    Elsewhere,
}

/// What becomes of chunks that reach beyond the end of the dataset.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Partial {
    /// They are filtered like the others.
    Filtered,
    /// They are not filtered.
    Plain,
}

impl Layout {
    /// Reads a layout message of a dataset with this extent and elements of `size` bytes.
    pub(super) fn read(file: &File, data: &[u8], extent: &Extent, size: usize) -> Outcome<Self> {
        let mut fields = Fields::new(data);
        let version = fields.number(1)?;
        let all = extent.elements().saturating_mul(size as u64);
        if version < 3 {
            return Self::old(file, fields, (extent, all));
        }
        if version > 5 {
            return Err(Fail::Unsupported(format!("layout version {version}")));
        }
        match (fields.number(1)?, version) {
            (0, _) => {
                let length = fields.number(2)?;
                Ok(Self::Compact(fields.at, length))
            }
            (1, _) => {
                let address = fields.number(file.address_width)?;
                Ok(Self::Contiguous(
                    address,
                    fields.number(file.length_width)?.min(all),
                ))
            }
            (2, 3) => {
                let rank = fields.size(1)?;
                let root = fields.number(file.address_width)?;
                let grid = grid(&mut fields, (rank, 4), extent)?;
                Ok(Self::Chunked(grid, Index::Tree(root), Partial::Filtered))
            }
            (2, _) => Self::indexed(file, fields, extent),
            _ => Ok(Self::Elsewhere),
        }
    }

    fn old(file: &File, mut fields: Fields<'_>, (extent, all): (&Extent, u64)) -> Outcome<Self> {
        let rank = fields.size(1)?;
        let class = fields.number(1)?;
        fields.skip(5)?;
        let address = match class {
            0 => 0,
            _ => fields.number(file.address_width)?,
        };
        match class {
            0 => {
                fields.skip(rank.saturating_mul(4))?;
                let length = fields.number(4)?;
                Ok(Self::Compact(fields.at, length))
            }
            1 => Ok(Self::Contiguous(address, all)),
            2 => {
                let grid = grid(&mut fields, (rank, 4), extent)?;
                Ok(Self::Chunked(grid, Index::Tree(address), Partial::Filtered))
            }
            _ => Err(Fail::Damaged),
        }
    }

    fn indexed(file: &File, mut fields: Fields<'_>, extent: &Extent) -> Outcome<Self> {
        let flags = fields.number(1)?;
        let rank = fields.size(1)?;
        let width = fields.size(1)?;
        let grid = grid(&mut fields, (rank, width), extent)?;
        let kind = fields.number(1)?;
        let single = match kind {
            1 if flags & 2 != 0 => (fields.number(file.length_width)?, fields.number(4)?),
            _ => (grid.bytes, 0),
        };
        fields.skip(match kind {
            1 | 2 => 0,
            3 => 1,
            4 => 5,
            5 => 6,
            _ => return Err(Fail::Unsupported(format!("chunk index {kind}"))),
        })?;
        let address = fields.number(file.address_width)?;
        let index = match kind {
            1 => Index::Single(Chunk {
                address,
                stored: single.0,
                mask: single.1,
            }),
            2 => Index::Implicit(address),
            3 => Index::Fixed(address),
            4 => Index::Extensible(address),
            _ => Index::NewTree(address),
        };
        let partial = if flags & 1 == 0 {
            Partial::Filtered
        } else {
            Partial::Plain
        };
        Ok(Self::Chunked(grid, index, partial))
    }
}

/// Reads the size of chunks: one number for each dimension, and one for the bytes of an element.
fn grid(fields: &mut Fields<'_>, (rank, width): (usize, usize), extent: &Extent) -> Outcome<Grid> {
    if rank != extent.dimensions.len() + 1 {
        return Err(Fail::Damaged);
    }
    let mut chunk = Vec::with_capacity(rank);
    for _ in 0..rank {
        chunk.push(fields.number(width)?);
    }
    let bytes = chunk
        .iter()
        .try_fold(1_u64, |all, one| all.checked_mul(*one));
    chunk.pop();
    match bytes {
        None | Some(0) => Err(Fail::Damaged),
        Some(bytes) => Ok(Grid {
            dimensions: extent.dimensions.clone(),
            most: extent.most.clone(),
            chunk,
            bytes,
        }),
    }
}

/// Chunks that are kept, counted, and units of work for looking one up.
const MOST_KEPT: usize = 4096;
const LOOK: usize = 32;

/// Chunks that were read not long ago.
#[derive(Default)]
struct Recent {
    chunks: HashMap<u64, Arc<Vec<u8>>>,
    bytes: usize,
}

/// A dataset in chunks, read like one row of bytes. Chunks that were never written are zeros.
pub(super) struct Chunked {
    file: File,
    grid: Grid,
    chunks: Chunks,
    filters: Vec<Filter>,
    partial: Partial,
    /// Dimensions with those left out that every chunk spans, and the bytes of one element then.
    dimensions: Vec<u64>,
    chunk: Vec<u64>,
    unit: u64,
    length: u64,
    /// Chunks that were read last.
    recent: Mutex<Recent>,
    most: usize,
    failure: Mutex<Option<Fail>>,
    inflatable: Inflatable,
    deadline: Deadline,
}

impl Chunked {
    pub(super) fn new(
        file: &File,
        (grid, chunks): (Grid, Chunks),
        (filters, partial): (Vec<Filter>, Partial),
        (size, budget): (usize, &Budget),
    ) -> Outcome<Self> {
        let most = budget.limits().resident;
        if grid.bytes > most as u64 {
            let message = format!("a chunk of {} bytes", grid.bytes);
            return Err(Fail::Limit(message));
        }
        let (mut dimensions, mut chunk) = (grid.dimensions.clone(), grid.chunk.clone());
        let all = dimensions
            .iter()
            .fold(size as u64, |all, one| all.saturating_mul(*one));
        let mut unit = size as u64;
        // What spans whole dimensions is in one piece.
        while dimensions.len() > 1 && dimensions.last() == chunk.last() {
            unit = unit.saturating_mul(dimensions.pop().unwrap_or(1));
            chunk.pop();
        }
        Ok(Self {
            file: file.clone(),
            grid,
            chunks,
            filters,
            partial,
            dimensions,
            chunk,
            unit,
            length: all,
            recent: Mutex::default(),
            most: most / 4,
            failure: Mutex::default(),
            inflatable: budget.inflatable(),
            deadline: budget.limits().deadline.clone(),
        })
    }

    /// The ranges in which something was written, in whole chunks along the first dimension.
    pub(super) fn written(&self) -> Vec<(u64, u64)> {
        let counts = self.grid.counts();
        let across = counts
            .iter()
            .skip(1)
            .fold(1, |all: u64, one| all.saturating_mul(*one));
        let rest = self.dimensions.iter().skip(1);
        let row = rest.fold(self.unit, |all, one| all.saturating_mul(*one));
        let step = self.chunk.first().copied().unwrap_or(1).saturating_mul(row);
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in self.chunks.keys() {
            let start = (number / across.max(1)).saturating_mul(step);
            let end = start.saturating_add(step).min(self.length);
            match ranges.last_mut() {
                Some(last) if last.1 >= start => last.1 = last.1.max(end),
                _ => ranges.push((start, end)),
            }
        }
        ranges
    }

    /// Why some chunk could not be undone; it was read like one that was never written.
    pub(super) fn failure(&self) -> Option<Fail> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn undone(&self, number: u64) -> Outcome<Arc<Vec<u8>>> {
        self.deadline.spend(LOOK);
        // A panic elsewhere leaves the chunks whole, so the lock's poison means nothing here.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = recent.chunks.get(&number) {
            return Ok(Arc::clone(known));
        }
        let data = match self.fetched(number) {
            Ok(data) => Arc::new(data),
            Err(fail @ (Fail::Damaged | Fail::Unsupported(_))) => {
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(fail);
                Arc::new(vec![0; usize::try_from(self.grid.bytes).unwrap_or(0)])
            }
            Err(fail) => return Err(fail),
        };
        if recent.bytes.saturating_add(data.len()) > self.most || recent.chunks.len() >= MOST_KEPT {
            *recent = Recent::default();
        }
        recent.bytes += data.len();
        recent.chunks.insert(number, Arc::clone(&data));
        Ok(data)
    }

    fn fetched(&self, number: u64) -> Outcome<Vec<u8>> {
        let length = usize::try_from(self.grid.bytes).map_err(|_| Fail::Damaged)?;
        let stored = self.chunks.get(&number);
        let place = stored.and_then(|chunk| Some((chunk, self.file.place(chunk.address)?)));
        let Some((chunk, place)) = place else {
            return Ok(vec![0; length]);
        };
        let plain = self.filters.is_empty() || self.is_plain(number);
        if !plain {
            self.deadline.spend(length.saturating_mul(4));
            self.deadline.allow(self.grid.bytes);
            if !self.inflatable.take(self.grid.bytes) {
                let message = "the limit of decompressed bytes is reached";
                return Err(Fail::Limit(message.to_owned()));
            }
        }
        let wanted = if plain { self.grid.bytes } else { chunk.stored };
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let stored = read_range(self.file.source.as_ref(), place, wanted.min(self.most * 4))?;
        if stored.len() < wanted && !plain {
            return Err(Fail::Damaged);
        }
        let filters = if plain { &[][..] } else { &self.filters };
        undone(filters, chunk.mask, stored, length)
    }

    /// Whether a chunk reaches beyond the dataset and is not filtered for that reason.
    fn is_plain(&self, number: u64) -> bool {
        if self.partial == Partial::Filtered {
            return false;
        }
        let mut left = number;
        let sizes = self.grid.dimensions.iter().zip(&self.grid.chunk).rev();
        sizes
            .zip(self.grid.counts().iter().rev())
            .any(|((all, one), count)| {
                let place = left % (*count).max(1);
                left /= (*count).max(1);
                (place + 1).saturating_mul(*one) > *all
            })
    }

    /// The chunk that byte `offset` is in, where in it, and how many bytes follow there in a row.
    fn locate(&self, offset: u64) -> Option<(u64, u64, u64)> {
        let mut element = offset.checked_div(self.unit)?;
        let inside = offset % self.unit;
        let (mut number, mut place, mut step, mut chunks) = (0_u64, 0_u64, 1_u64, 1_u64);
        let mut run = None;
        for (all, one) in self.dimensions.iter().zip(&self.chunk).rev() {
            let at = element % (*all).max(1);
            element /= (*all).max(1);
            let one = (*one).max(1);
            run.get_or_insert((one - at % one).min(all - at));
            number = number.checked_add((at / one).checked_mul(chunks)?)?;
            place = place.checked_add((at % one).checked_mul(step)?)?;
            step = step.checked_mul(one)?;
            chunks = chunks.checked_mul(all.div_ceil(one))?;
        }
        let bytes = run
            .unwrap_or(1)
            .checked_mul(self.unit)?
            .checked_sub(inside)?;
        Some((
            number,
            place.checked_mul(self.unit)?.checked_add(inside)?,
            bytes,
        ))
    }
}

impl Source for Chunked {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        let (number, place, run) = self.locate(offset).ok_or_else(damaged)?;
        let chunk = self.undone(number).map_err(io_error)?;
        let place = usize::try_from(place).map_err(io::Error::other)?;
        let rest = chunk.get(place..).unwrap_or_default();
        let run = usize::try_from(run).unwrap_or(usize::MAX);
        let count = run.min(rest.len()).min(buffer.len());
        if count == 0 {
            return Err(damaged());
        }
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

/// The same for readers that know nothing of HDF5.
fn io_error(fail: Fail) -> io::Error {
    match fail {
        Fail::Io(error) => error,
        Fail::Damaged => io::Error::new(io::ErrorKind::InvalidData, "a chunk is damaged"),
        Fail::Unsupported(message) => io::Error::new(io::ErrorKind::Unsupported, message),
        Fail::Limit(message) => io::Error::new(io::ErrorKind::OutOfMemory, message),
    }
}

impl From<Fail> for io::Error {
    fn from(fail: Fail) -> Self {
        io_error(fail)
    }
}
