//! Heaps: where names, values of any length, and the links and attributes of large groups stand.

use std::{collections::HashMap, rc::Rc};

use super::{
    file::{Fail, Fields, File, Outcome},
    tree,
};

/// Collections of values whose contents are remembered, counted.
const REMEMBERED: usize = 8;

/// Values of one collection: where each stands, and its length. Their numbers have 16 bits.
type Values = HashMap<u64, (u64, u64)>;

/// Values of any length, in collections all over the file.
#[derive(Default)]
pub(super) struct GlobalHeap {
    known: Vec<(u64, Rc<Values>)>,
    /// Values that were listed, counted: work that nobody has accounted for yet.
    pub(super) listed: usize,
}

impl GlobalHeap {
    /// Address and length of value `number` in the collection at `address`.
    pub(super) fn value(
        &mut self,
        file: &File,
        address: u64,
        number: u64,
    ) -> Outcome<Option<(u64, u64)>> {
        let known = self.known.iter().find(|(at, _)| *at == address);
        let values = match known {
            Some((_, values)) => Rc::clone(values),
            None => {
                let values = Rc::new(collection(file, address)?);
                self.listed += values.len() + 16;
                if self.known.len() >= REMEMBERED {
                    self.known.remove(0);
                }
                self.known.push((address, Rc::clone(&values)));
                values
            }
        };
        Ok(values.get(&number).copied())
    }
}

/// Lists a collection without reading its values.
fn collection(file: &File, address: u64) -> Outcome<Values> {
    let width = file.length_width;
    let head = file.signed(address, 8 + width as u64, b"GCOL")?;
    let mut fields = Fields::new(&head);
    fields.skip(3)?;
    let end = address.saturating_add(fields.number(width)?);
    let step = 8 + width as u64;
    let mut at = address.saturating_add(step);
    let mut values = Values::new();
    while at.saturating_add(step) <= end {
        let head = file.block(at, step)?;
        let mut fields = Fields::new(&head);
        let number = fields.number(2)?;
        fields.skip(6)?;
        let length = fields.number(width)?;
        if number == 0 {
            break;
        }
        at += step;
        values.insert(number, (at, length));
        at = at.saturating_add(length.saturating_add(7) & !7);
    }
    Ok(values)
}

/// Where the names of a group of the old kind stand.
pub(super) fn local_heap(file: &File, address: u64) -> Outcome<u64> {
    let length = 8 + 2 * file.length_width + file.address_width;
    let head = file.signed(address, length as u64, b"HEAP")?;
    let mut fields = Fields::new(&head);
    fields.skip(3 + 2 * file.length_width)?;
    fields.number(file.address_width)
}

/// A heap of links or attributes.
pub(super) struct FractalHeap {
    address_width: usize,
    /// Bytes of an offset, and of a length, in an identifier.
    offset_width: usize,
    length_width: usize,
    /// Blocks of objects: offset in the heap, address, size.
    blocks: Vec<(u64, u64, u64)>,
    /// Objects too large for the blocks: address and length.
    pub(super) huge: Vec<(u64, u64)>,
}

/// Where an object of a heap is.
pub(super) enum Object {
    /// At an address, with a length.
    At(u64, u64),
    /// In the identifier itself.
    Inside(Vec<u8>),
    /// Among [`FractalHeap::huge`].
    Huge,
}

/// Sizes of blocks: they double row by row.
struct Rows {
    width: u64,
    first: u64,
    largest: u64,
    address_width: usize,
    offset_width: usize,
}

/// Blocks of one heap that are followed, counted.
const MOST_BLOCKS: usize = 100_000;

impl FractalHeap {
    pub(super) fn read(file: &File, address: u64) -> Outcome<Self> {
        let (wide, long) = (file.address_width, file.length_width);
        let length = 32 + 3 * wide + 12 * long;
        let head = file.signed(address, length as u64, b"FRHP")?;
        let mut fields = Fields::new(&head);
        fields.skip(2)?;
        if fields.number(2)? != 0 {
            let message = "a filtered heap of links or attributes";
            return Err(Fail::Unsupported(message.to_owned()));
        }
        fields.skip(1)?;
        let largest_managed = fields.number(4)?;
        fields.skip(long)?;
        let huge_tree = fields.number(wide)?;
        fields.skip(long + wide + 8 * long)?;
        let width = fields.number(2)?;
        let (first, largest) = (fields.number(long)?, fields.number(long)?);
        let bits = fields.size(2)?;
        fields.skip(2)?;
        let root = fields.number(wide)?;
        let rows = fields.number(2)?;
        if first == 0 || width == 0 || bits > 64 || largest < first {
            return Err(Fail::Damaged);
        }
        let shape = Rows {
            width,
            first,
            largest,
            address_width: wide,
            offset_width: bits.div_ceil(8),
        };
        let in_block = usize::try_from(largest.ilog2().div_ceil(8)).unwrap_or(8);
        let managed = usize::try_from(largest_managed.max(1).ilog2() / 8 + 1).unwrap_or(8);
        Ok(Self {
            address_width: wide,
            offset_width: shape.offset_width,
            length_width: in_block.min(managed),
            blocks: shape.blocks(file, root, rows)?,
            huge: huge(file, huge_tree)?,
        })
    }

    /// Where the object with this identifier is.
    pub(super) fn object(&self, id: &[u8]) -> Outcome<Object> {
        let mut fields = Fields::new(id);
        let flags = fields.size(1)?;
        match flags >> 4 & 3 {
            0 => {
                let offset = fields.number(self.offset_width)?;
                let length = fields.number(self.length_width)?;
                let block = self.blocks.iter().rfind(|block| block.0 <= offset);
                let (start, address, size) = *block.ok_or(Fail::Damaged)?;
                if offset - start >= size {
                    return Err(Fail::Damaged);
                }
                Ok(Object::At(address.saturating_add(offset - start), length))
            }
            1 if id.len() > 2 * self.address_width => {
                let address = fields.number(self.address_width)?;
                let length = fields.number(self.address_width)?;
                Ok(Object::At(address, length))
            }
            1 => Ok(Object::Huge),
            _ => {
                let length = (flags & 0x0f) + 1;
                Ok(Object::Inside(
                    fields.take(length.min(id.len() - 1))?.to_vec(),
                ))
            }
        }
    }
}

impl Rows {
    /// Size of the blocks in a row.
    fn size(&self, row: u64) -> u64 {
        let doubled = row.saturating_sub(1).min(63);
        self.first
            .checked_shl(u32::try_from(doubled).unwrap_or(63))
            .filter(|size| size >> doubled == self.first)
            .unwrap_or(u64::MAX)
    }

    /// Every block of objects below the root, in the order of their offsets.
    fn blocks(&self, file: &File, root: u64, rows: u64) -> Outcome<Vec<(u64, u64, u64)>> {
        let mut blocks = Vec::new();
        if file.place(root).is_none() {
            return Ok(blocks);
        }
        if rows == 0 {
            return Ok(vec![(0, root, self.first)]);
        }
        let mut left = vec![(0_u64, root, rows)];
        let mut visited = 0;
        while let Some((offset, address, rows)) = left.pop() {
            visited += 1;
            if visited > MOST_BLOCKS || blocks.len() > MOST_BLOCKS || rows > 64 {
                return Err(Fail::Damaged);
            }
            let prefix = self.address_width + self.offset_width;
            let length = 5 + prefix as u64 + rows * self.width * self.address_width as u64;
            let data = file.signed(address, length, b"FHIB")?;
            let mut fields = Fields::new(&data);
            fields.skip(prefix)?;
            let mut start = offset;
            for row in 0..rows {
                let size = self.size(row);
                for _ in 0..self.width {
                    let child = fields.number(self.address_width)?;
                    if file.place(child).is_some() {
                        match size <= self.largest {
                            true => blocks.push((start, child, size)),
                            false => left.push((start, child, self.rows_in(size))),
                        }
                    }
                    start = start.saturating_add(size);
                }
            }
        }
        blocks.sort_unstable();
        Ok(blocks)
    }

    /// Rows of an indirect block that covers so many bytes.
    fn rows_in(&self, size: u64) -> u64 {
        let rows = size / self.first.saturating_mul(self.width).max(1);
        u64::from(rows.max(1).ilog2()) + 1
    }
}

/// Objects that stand in the file by themselves.
fn huge(file: &File, address: u64) -> Outcome<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    if file.place(address).is_none() {
        return Ok(found);
    }
    tree::records(file, address, &mut |kind, record| {
        if !matches!(kind, 1 | 3) {
            let message = "a filtered heap of links or attributes";
            return Err(Fail::Unsupported(message.to_owned()));
        }
        let mut fields = Fields::new(record);
        let address = fields.number(file.address_width)?;
        found.push((address, fields.number(file.length_width)?));
        Ok(())
    })?;
    Ok(found)
}
