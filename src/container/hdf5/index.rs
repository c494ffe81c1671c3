//! Which chunks a dataset has and where they stand, whatever index lists them.

use std::collections::BTreeMap;

use super::{
    file::{Fail, Fields, File, Outcome},
    tree,
};

/// One chunk as it is stored.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Its address.
    pub(super) address: u64,
    /// Bytes that are stored.
    pub(super) stored: u64,
    /// Filters that were not applied.
    pub(super) mask: u64,
}

/// How a dataset is cut into chunks.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Elements along each dimension, of the dataset, at most ever, and of a chunk.
    pub(super) dimensions: Vec<u64>,
    pub(super) most: Vec<u64>,
    pub(super) chunk: Vec<u64>,
    /// Bytes of a chunk once filters are undone.
    pub(super) bytes: u64,
}

/// Chunks by their number, counted row by row.
pub(super) type Chunks = BTreeMap<u64, Chunk>;

/// Chunks of one dataset that are remembered, counted.
const MOST_CHUNKS: usize = 8 << 20;

impl Grid {
    /// Chunks along each dimension.
    pub(super) fn counts(&self) -> Vec<u64> {
        counts(&self.dimensions, &self.chunk)
    }

    /// The number of the chunk at these places along the dimensions; nothing outside the dataset.
    fn number(&self, places: &[u64]) -> Option<u64> {
        let counts = self.counts();
        places
            .iter()
            .zip(&counts)
            .try_fold(0_u64, |all, (place, count)| {
                (place < count).then_some(())?;
                all.checked_mul(*count)?.checked_add(*place)
            })
    }
}

fn counts(dimensions: &[u64], chunk: &[u64]) -> Vec<u64> {
    let pairs = dimensions.iter().zip(chunk);
    pairs
        .map(|(all, one)| all.div_ceil((*one).max(1)))
        .collect()
}

/// How the chunks are listed.
pub(super) enum Index {
    /// A tree of version 1.
    Tree(u64),
    /// There is only this one.
    Single(Chunk),
    /// One behind the other.
    Implicit(u64),
    /// A list of fixed length.
    Fixed(u64),
    /// A list that grows.
    Extensible(u64),
    /// A tree of version 2.
    NewTree(u64),
}

impl Index {
    /// Where the list is; undefined as long as nothing was written.
    fn address(&self) -> u64 {
        match self {
            Self::Single(chunk) => chunk.address,
            Self::Tree(address)
            | Self::Implicit(address)
            | Self::Fixed(address)
            | Self::Extensible(address)
            | Self::NewTree(address) => *address,
        }
    }
}

struct Collector<'g> {
    grid: &'g Grid,
    chunks: Chunks,
}

impl Collector<'_> {
    fn add(&mut self, places: &[u64], chunk: Chunk) -> Outcome<()> {
        if self.chunks.len() >= MOST_CHUNKS {
            let message = format!("more than {MOST_CHUNKS} chunks of one dataset");
            return Err(Fail::Limit(message));
        }
        if let Some(number) = self.grid.number(places) {
            self.chunks.insert(number, chunk);
        }
        Ok(())
    }
}

/// Lists every chunk.
pub(super) fn chunks(file: &File, grid: &Grid, index: &Index) -> Outcome<Chunks> {
    let mut collector = Collector {
        grid,
        chunks: Chunks::new(),
    };
    let rank = grid.chunk.len();
    if file.place(index.address()).is_none() {
        return Ok(collector.chunks);
    }
    match *index {
        Index::Single(chunk) => collector.add(&vec![0; rank], chunk)?,
        Index::Tree(root) => old_tree(file, root, &mut collector)?,
        Index::NewTree(root) => new_tree(file, root, &mut collector)?,
        Index::Implicit(address) => {
            let all: u64 = grid
                .counts()
                .iter()
                .fold(1, |all, one| all.saturating_mul(*one));
            let fits = file.source.len() / grid.bytes.max(1) + 1;
            for number in 0..all.min(fits) {
                let chunk = Chunk {
                    address: address.saturating_add(number.saturating_mul(grid.bytes)),
                    stored: grid.bytes,
                    mask: 0,
                };
                collector.add(&places(number, &grid.counts()), chunk)?;
            }
        }
        Index::Fixed(address) => {
            let counts = counts(&grid.most, &grid.chunk);
            let list = List::fixed(file, address)?;
            list.each(file, grid, &mut |number, chunk| {
                collector.add(&places(number, &counts), chunk)
            })?;
        }
        Index::Extensible(address) => {
            let order = Growing::of(grid);
            let list = List::extensible(file, address)?;
            list.each(file, grid, &mut |number, chunk| {
                collector.add(&order.places(number), chunk)
            })?;
        }
    }
    Ok(collector.chunks)
}

/// Places along the dimensions of what is number so and so, counted row by row.
fn places(number: u64, counts: &[u64]) -> Vec<u64> {
    let mut left = number;
    let mut places: Vec<u64> = { counts.iter().rev() }
        .map(|count| {
            let place = left % (*count).max(1);
            left /= (*count).max(1);
            place
        })
        .collect();
    if let Some(first) = places.last_mut() {
        // What is beyond the last row stays beyond it.
        *first = first.saturating_add(left.saturating_mul(counts.first().copied().unwrap_or(1)));
    }
    places.reverse();
    places
}

/// The one dimension that may grow without end, which such a list counts slowest.
struct Growing {
    dimension: usize,
    counts: Vec<u64>,
}

impl Growing {
    fn of(grid: &Grid) -> Self {
        let dimension = grid
            .most
            .iter()
            .position(|most| *most == u64::MAX)
            .unwrap_or(0);
        let mut counts = counts(&grid.most, &grid.chunk);
        if dimension < counts.len() {
            let own = counts.remove(dimension);
            counts.insert(0, own);
        }
        Self { dimension, counts }
    }

    fn places(&self, number: u64) -> Vec<u64> {
        let mut places = places(number, &self.counts);
        if !places.is_empty() {
            let own = places.remove(0);
            places.insert(self.dimension.min(places.len()), own);
        }
        places
    }
}

fn old_tree(file: &File, root: u64, collector: &mut Collector<'_>) -> Outcome<()> {
    let chunk = collector.grid.chunk.clone();
    let width = 8 + 8 * (chunk.len() + 1);
    tree::leaves(file, (root, 1, width), &mut |key, address| {
        let mut fields = Fields::new(key);
        let (stored, mask) = (fields.number(4)?, fields.number(4)?);
        let mut places = Vec::with_capacity(chunk.len());
        for one in &chunk {
            places.push(fields.number(8)? / (*one).max(1));
        }
        let chunk = Chunk {
            address,
            stored,
            mask,
        };
        collector.add(&places, chunk)
    })
}

fn new_tree(file: &File, root: u64, collector: &mut Collector<'_>) -> Outcome<()> {
    let (rank, bytes) = (collector.grid.chunk.len(), collector.grid.bytes);
    tree::records(file, root, &mut |kind, record| {
        let mut fields = Fields::new(record);
        let address = fields.number(file.address_width)?;
        let sizes = record.len().saturating_sub(file.address_width + 8 * rank);
        let (stored, mask) = match kind {
            10 => (bytes, 0),
            11 => (fields.number(sizes.saturating_sub(4))?, fields.number(4)?),
            _ => return Err(Fail::Damaged),
        };
        let mut places = Vec::with_capacity(rank);
        for _ in 0..rank {
            places.push(fields.number(8)?);
        }
        let chunk = Chunk {
            address,
            stored,
            mask,
        };
        collector.add(&places, chunk)
    })
}

/// Pieces of a list of chunks, in order: the number of the first entry, where it stands, and how
/// many follow.
struct List {
    /// Bytes of an entry.
    width: usize,
    pieces: Vec<(u64, u64, u64)>,
}

impl List {
    fn fixed(file: &File, address: u64) -> Outcome<Self> {
        let (wide, long) = (file.address_width, file.length_width);
        let head = file.signed(address, (8 + wide + long) as u64, b"FAHD")?;
        let mut fields = Fields::new(&head);
        fields.skip(1)?;
        let width = fields.size(1)?;
        let per_page = 1_u64.checked_shl(u32::try_from(fields.number(1)?).unwrap_or(64));
        let (all, block) = (fields.number(long)?, fields.number(wide)?);
        let mut list = Self {
            width,
            pieces: Vec::new(),
        };
        if file.place(block).is_some() {
            file.signed(block, 6, b"FADB")?;
            let start = block.saturating_add(6 + wide as u64);
            let per_page = per_page.ok_or(Fail::Damaged)?;
            list.paged(file, (0, all), (start, per_page))?;
        }
        Ok(list)
    }

    /// Entries from number `first` on in a block whose prefix ends at `start`: all in a row, or,
    /// where there are many, in pages behind a bitmap.
    fn paged(
        &mut self,
        file: &File,
        (first, all): (u64, u64),
        (start, per_page): (u64, u64),
    ) -> Outcome<()> {
        if all <= per_page {
            self.pieces.push((first, start, all));
            return Ok(());
        }
        let pages = all.div_ceil(per_page.max(1));
        self.pages(
            file,
            (first, all),
            (start + pages.div_ceil(8) + 4, per_page),
        )
    }

    /// Pages one behind the other, each with a checksum.
    fn pages(
        &mut self,
        file: &File,
        (first, all): (u64, u64),
        (start, per_page): (u64, u64),
    ) -> Outcome<()> {
        let step = per_page.saturating_mul(self.width as u64).saturating_add(4);
        let pages = all.div_ceil(per_page.max(1));
        if pages > file.source.len() / step.max(1) + 1 {
            return Err(Fail::Damaged);
        }
        for page in 0..pages {
            let number = page * per_page;
            let at = start.saturating_add(page.saturating_mul(step));
            let count = per_page.min(all - number);
            self.pieces.push((first.saturating_add(number), at, count));
        }
        Ok(())
    }

    fn extensible(file: &File, address: u64) -> Outcome<Self> {
        let shape = Extensible::read(file, address)?;
        let mut list = Self {
            width: shape.width,
            pieces: Vec::new(),
        };
        if file.place(shape.block).is_none() {
            return Ok(list);
        }
        let wide = file.address_width as u64;
        file.signed(shape.block, 6, b"EAIB")?;
        let mut at = shape.block.saturating_add(6 + wide);
        list.pieces.push((0, at, shape.inside));
        at = at.saturating_add(shape.inside.saturating_mul(shape.width as u64));
        let mut first = shape.inside;
        for row in 0..shape.rows {
            let (blocks, entries) = shape.row(row);
            let direct = row < shape.direct_rows;
            let pointers = if direct { blocks } else { 1 };
            let data = file.block(at, pointers.saturating_mul(wide))?;
            at = at.saturating_add(data.len() as u64);
            let mut fields = Fields::new(&data);
            for _ in 0..pointers {
                let child = fields.number(file.address_width)?;
                if file.place(child).is_some() {
                    let place = (first, child);
                    match direct {
                        true => list.data_block(file, &shape, place, entries)?,
                        false => list.super_block(file, &shape, place, (blocks, entries))?,
                    }
                }
                let covered = if direct {
                    entries
                } else {
                    blocks.saturating_mul(entries)
                };
                first = first.saturating_add(covered);
            }
        }
        Ok(list)
    }

    fn data_block(
        &mut self,
        file: &File,
        shape: &Extensible,
        (first, address): (u64, u64),
        entries: u64,
    ) -> Outcome<()> {
        file.signed(address, 6, b"EADB")?;
        let prefix = 6 + file.address_width as u64 + shape.offset_width;
        let start = address.saturating_add(prefix);
        if entries <= shape.per_page {
            self.pieces.push((first, start, entries));
            return Ok(());
        }
        self.pages(file, (first, entries), (start + 4, shape.per_page))
    }

    fn super_block(
        &mut self,
        file: &File,
        shape: &Extensible,
        (first, address): (u64, u64),
        (blocks, entries): (u64, u64),
    ) -> Outcome<()> {
        file.signed(address, 6, b"EASB")?;
        let mut at = address.saturating_add(6 + file.address_width as u64 + shape.offset_width);
        if entries > shape.per_page {
            let pages = entries / shape.per_page.max(1);
            at = at.saturating_add(blocks.saturating_mul(pages.div_ceil(8)));
        }
        let data = file.block(at, blocks.saturating_mul(file.address_width as u64))?;
        let mut fields = Fields::new(&data);
        for block in 0..blocks {
            let child = fields.number(file.address_width)?;
            if file.place(child).is_some() {
                let first = first.saturating_add(block.saturating_mul(entries));
                self.data_block(file, shape, (first, child), entries)?;
            }
        }
        Ok(())
    }

    /// Calls `visit` with each entry that has a chunk.
    fn each(
        &self,
        file: &File,
        grid: &Grid,
        visit: &mut dyn FnMut(u64, Chunk) -> Outcome<()>,
    ) -> Outcome<()> {
        let sized = self.width > file.address_width;
        for &(first, at, count) in &self.pieces {
            // Entries that the file has no bytes for have no chunk either.
            let block = file.up_to(at, count.saturating_mul(self.width as u64))?;
            for (entry, number) in block.chunks_exact(self.width.max(1)).zip(first..) {
                let mut fields = Fields::new(entry);
                let address = fields.number(file.address_width)?;
                let (stored, mask) = match sized {
                    true => {
                        let width = self.width.saturating_sub(file.address_width + 4);
                        (fields.number(width)?, fields.number(4)?)
                    }
                    false => (grid.bytes, 0),
                };
                let chunk = Chunk {
                    address,
                    stored,
                    mask,
                };
                if file.place(address).is_some() {
                    visit(number, chunk)?;
                }
            }
        }
        Ok(())
    }
}

/// The shape of a list that grows: rows of blocks, each second row with twice as many.
struct Extensible {
    width: usize,
    /// Bytes of the offset of a block.
    offset_width: u64,
    /// Entries in the index block itself.
    inside: u64,
    /// Entries of the smallest block.
    smallest: u64,
    /// Entries of a page.
    per_page: u64,
    rows: u64,
    /// Rows whose blocks the index block refers to itself.
    direct_rows: u64,
    block: u64,
}

impl Extensible {
    fn read(file: &File, address: u64) -> Outcome<Self> {
        let (wide, long) = (file.address_width, file.length_width);
        let head = file.signed(address, (12 + 6 * long + wide) as u64, b"EAHD")?;
        let mut fields = Fields::new(&head);
        fields.skip(1)?;
        let width = fields.size(1)?;
        let bits = fields.number(1)?;
        let inside = fields.number(1)?;
        let smallest = fields.number(1)?;
        let pointers = fields.number(1)?;
        let page_bits = fields.number(1)?;
        fields.skip(6 * long)?;
        let block = fields.number(wide)?;
        if smallest == 0 || pointers == 0 || bits > 64 || page_bits > 32 {
            return Err(Fail::Damaged);
        }
        let rows = (1 + bits).saturating_sub(u64::from(smallest.ilog2()));
        Ok(Self {
            width,
            offset_width: bits.div_ceil(8),
            inside,
            smallest,
            per_page: 1 << page_bits,
            rows,
            direct_rows: rows.min(2 * u64::from(pointers.ilog2())),
            block,
        })
    }

    /// Blocks of a row, and entries of each.
    fn row(&self, row: u64) -> (u64, u64) {
        let blocks = 1_u64.checked_shl(u32::try_from(row / 2).unwrap_or(64));
        let larger = 1_u64.checked_shl(u32::try_from(row.div_ceil(2)).unwrap_or(64));
        let entries = larger.unwrap_or(u64::MAX).saturating_mul(self.smallest);
        (blocks.unwrap_or(u64::MAX), entries)
    }
}
