//! SQLite (`dbm.sqlite3`, and whatever else keeps pickles in a column).
//!
//! Pages are visited in the order of the file: those of tables, those of indexes, and those that
//! were freed and still hold what they held. The log that is written ahead (`-wal`) is a sequence
//! of such pages.

mod record;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use self::record::{Column, columns, varint};
use super::{
    super::{
        Format, Opening, ProblemKind,
        bits::{u16_be, u32_be},
        carve,
    },
    LONGEST_KEY, Ranges, joined, offer,
};
use crate::source::{Source, read_range};

pub(in super::super) const FORMAT: Format = Format {
    name: "sqlite",
    matches: |head| head.bytes.starts_with(b"SQLite format 3\0"),
    opener: |opening| super::open(opening, open_database),
};

pub(in super::super) const LOG: Format = Format {
    name: "sqlite-wal",
    matches: |head| matches!(head.bytes, [0x37, 0x7f, 0x06, 0x82 | 0x83, ..]),
    opener: |opening| super::open(opening, open_log),
};

/// Bytes before the header of the tree on the first page.
const FILE_HEADER: usize = 100;

/// Bytes before the first page of a log, and before each page in it.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

fn open_database(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let header = read_range(source.as_ref(), 0, FILE_HEADER)?;
    let size = match u16_be(&header, 16) {
        Some(1) => 64 << 10,
        size => u64::from(size.unwrap_or(0)),
    };
    let reserved = header.get(20).copied().unwrap_or(0);
    let Some(usable) = usable(opening, size, reserved)? else {
        return Ok(());
    };
    let count = source.len().div_ceil(size);
    let places = |page: u64| (page * size, page);
    let pages = Pages {
        size,
        usable,
        latest: None,
        free: free_pages(source.as_ref(), &header, size)?,
        overflows: count,
    };
    pages.open(opening, (0..count).map(places))
}

fn open_log(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let header = read_range(source.as_ref(), 0, 32)?;
    let size = u64::from(u32_be(&header, 8).unwrap_or(0));
    // How much of a page is reserved stands in the database; it is nothing unless asked for.
    let Some(usable) = usable(opening, size, 0)? else {
        return Ok(());
    };
    let frame = size + FRAME_HEADER;
    let count = source.len().saturating_sub(LOG_HEADER) / frame;
    let mut latest = BTreeMap::new();
    let mut places = Vec::new();
    for number in 0..count {
        let at = LOG_HEADER + number * frame;
        let header = read_range(source.as_ref(), at, 4)?;
        let page = u64::from(u32_be(&header, 0).unwrap_or(1)).saturating_sub(1);
        latest.insert(page, at + FRAME_HEADER);
        places.push((at + FRAME_HEADER, page));
    }
    let pages = Pages {
        size,
        usable,
        latest: Some(latest),
        free: BTreeSet::new(),
        overflows: count.saturating_mul(4),
    };
    pages.open(opening, places.into_iter())
}

/// Bytes of a page that are used. Where the size of pages is none, the file is searched instead.
fn usable(opening: &mut Opening<'_>, size: u64, reserved: u8) -> io::Result<Option<u64>> {
    if (512..=64 << 10).contains(&size) && size.is_power_of_two() {
        return Ok(size
            .checked_sub(u64::from(reserved))
            .filter(|usable| *usable >= 256));
    }
    opening.problem(ProblemKind::Damaged, format!("a page size of {size} bytes"));
    let length = opening.source.len();
    carve::carve(opening, (0, length), carve::Text::Anywhere)?;
    Ok(None)
}

/// The pages that the header lists as free, counted from 0.
fn free_pages(source: &dyn Source, header: &[u8], size: u64) -> io::Result<BTreeSet<u64>> {
    let mut free = BTreeSet::new();
    let mut next = u64::from(u32_be(header, 32).unwrap_or(0));
    while let Some(trunk) = next
        .checked_sub(1)
        .filter(|page| page * size < source.len())
    {
        if !free.insert(trunk) {
            break;
        }
        let bytes = read_range(source, trunk * size, usize::try_from(size).unwrap_or(0))?;
        let count = u32_be(&bytes, 4).unwrap_or(0) as usize;
        let leaves = bytes
            .get(8..)
            .unwrap_or_default()
            .chunks_exact(4)
            .take(count);
        free.extend(leaves.filter_map(|leaf| u64::from(u32_be(leaf, 0)?).checked_sub(1)));
        next = u64::from(u32_be(&bytes, 0).unwrap_or(0));
    }
    Ok(free)
}

struct Pages {
    size: u64,
    usable: u64,
    /// Where each page stands, in a log; in a database they stand in order.
    latest: Option<BTreeMap<u64, u64>>,
    free: BTreeSet<u64>,
    /// Overflow pages that may still be visited: each belongs to one value.
    overflows: u64,
}

/// A page and where it stands.
struct Page {
    bytes: Vec<u8>,
    at: u64,
    number: u64,
}

/// What a page of a tree holds: of its cells, how much of a record stays on the page.
struct Kind {
    /// Bytes before the index of cells.
    header: usize,
    /// Whether a cell begins with the number of a child.
    child: bool,
    /// Whether a cell is a row of a table and has a number.
    row: bool,
}

const fn kind(byte: u8) -> Option<Kind> {
    let (header, child, row) = match byte {
        2 => (12, true, false),
        10 => (8, false, false),
        13 => (8, false, true),
        _ => return None,
    };
    Some(Kind { header, child, row })
}

impl Pages {
    fn open(
        mut self,
        opening: &mut Opening<'_>,
        pages: impl Iterator<Item = (u64, u64)>,
    ) -> io::Result<()> {
        let source = Arc::clone(opening.source);
        for (at, number) in pages {
            let length = usize::try_from(self.size).unwrap_or(0);
            let bytes = read_range(source.as_ref(), at, length)?;
            if bytes.len() < length {
                opening.problem(
                    ProblemKind::Truncated,
                    format!("page {} is cut off", number + 1),
                );
            }
            if !self.page(opening, &Page { bytes, at, number })? {
                break;
            }
        }
        Ok(())
    }

    /// Offers the values of one page. `false` means: stop.
    fn page(&mut self, opening: &mut Opening<'_>, page: &Page) -> io::Result<bool> {
        let start = if page.number == 0 { FILE_HEADER } else { 0 };
        let Some(kind) = page.bytes.get(start).and_then(|byte| kind(*byte)) else {
            return Ok(true);
        };
        let count = usize::from(u16_be(&page.bytes, start + 3).unwrap_or(0));
        for index in 0..count {
            let cell = u16_be(&page.bytes, start + kind.header + 2 * index).map(usize::from);
            let cell = cell.filter(|cell| *cell < page.bytes.len());
            let found = match cell {
                Some(cell) => self.record(opening, page, cell, &kind)?,
                None => None,
            };
            match found {
                Some((row, record)) => {
                    if !values(opening, row, &record)? {
                        return Ok(false);
                    }
                }
                // What a freed page refers to may be gone.
                None if self.free.contains(&page.number) => {}
                None => {
                    let message = format!("page {} has no cell {index}", page.number + 1);
                    opening.problem(ProblemKind::Damaged, message);
                    return carve::carve(
                        opening,
                        (page.at, page.at + self.size),
                        carve::Text::Anywhere,
                    );
                }
            }
        }
        Ok(true)
    }

    /// The number of a row, and where its record stands.
    fn record(
        &mut self,
        opening: &mut Opening<'_>,
        page: &Page,
        cell: usize,
        kind: &Kind,
    ) -> io::Result<Option<(Option<u64>, Ranges)>> {
        let mut bytes = page.bytes.get(cell..).unwrap_or_default();
        if kind.child {
            bytes = bytes.get(4..).unwrap_or_default();
        }
        let Some((length, mut rest)) = varint(bytes) else {
            return Ok(None);
        };
        let mut row = None;
        if kind.row {
            let Some((number, behind)) = varint(rest) else {
                return Ok(None);
            };
            (row, rest) = (Some(number), behind);
        }
        let (inside, on_page) = (
            page.bytes.len() - rest.len(),
            self.on_page(length, kind.row),
        );
        let local = page.at + inside as u64;
        if on_page > rest.len() as u64 || length > opening.source.len() {
            return Ok(None);
        }
        let mut ranges = vec![(local, on_page)];
        if on_page < length {
            let next = u32_be(rest, usize::try_from(on_page).unwrap_or(usize::MAX));
            let is_free = self.free.contains(&page.number);
            if !self.overflow(opening, (next, length - on_page, is_free), &mut ranges)? {
                return Ok(None);
            }
        }
        Ok(Some((row, ranges)))
    }

    /// How many bytes of a record are on the page itself.
    fn on_page(&self, length: u64, row: bool) -> u64 {
        let usable = self.usable;
        let most = if row {
            usable - 35
        } else {
            (usable - 12) * 64 / 255 - 23
        };
        let least = (usable - 12) * 32 / 255 - 23;
        if length <= most {
            return length;
        }
        let kept = least + (length - least) % (usable - 4);
        if kept <= most { kept } else { least }
    }

    /// Follows the pages that hold the rest of a record. `false` where some of it is missing.
    fn overflow(
        &mut self,
        opening: &mut Opening<'_>,
        (mut next, mut left, is_free): (Option<u32>, u64, bool),
        ranges: &mut Ranges,
    ) -> io::Result<bool> {
        while left > 0 {
            let Some(page) = next.and_then(|next| u64::from(next).checked_sub(1)) else {
                return Ok(false);
            };
            let visits = self.overflows.checked_sub(1);
            self.overflows = visits.unwrap_or(0);
            let at = match &self.latest {
                Some(latest) => latest.get(&page).copied(),
                None => Some(page * self.size).filter(|at| *at < opening.source.len()),
            };
            // What a freed record left behind counts as long as nothing else was written there.
            let Some(at) =
                at.filter(|_| visits.is_some() && (!is_free || self.free.contains(&page)))
            else {
                return Ok(false);
            };
            let held = left.min(self.usable - 4);
            ranges.push((at + 4, held));
            left -= held;
            next = u32_be(&read_range(opening.source.as_ref(), at, 4)?, 0);
        }
        Ok(true)
    }
}

/// Offers the texts and blobs of a record under the first other column. `false` means: stop.
fn values(opening: &mut Opening<'_>, row: Option<u64>, record: &Ranges) -> io::Result<bool> {
    let source = joined(opening.source, record);
    let columns = columns(&read_range(source.as_ref(), 0, 64 << 10)?);
    for (index, column) in columns.iter().enumerate() {
        let Column::Bytes(start, length) = *column else {
            continue;
        };
        let mut name = name(source.as_ref(), &columns, index)?;
        if name.is_empty() {
            name = row.map_or(b"row".to_vec(), |row| format!("row {row}").into_bytes());
        }
        if columns.len() > 2 {
            name.extend_from_slice(format!("/{index}").as_bytes());
        }
        if !offer(opening, &name, &within(record, (start, length)))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a value is called: the first short column beside it.
fn name(source: &dyn Source, columns: &[Column], index: usize) -> io::Result<Vec<u8>> {
    let others = columns
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index);
    for (_, column) in others {
        match *column {
            Column::Bytes(start, length @ 1..=LONGEST_KEY) => {
                let length = usize::try_from(length).unwrap_or(0);
                return read_range(source, start, length);
            }
            Column::Int(number) => return Ok(number.to_string().into_bytes()),
            _ => {}
        }
    }
    Ok(Vec::new())
}

/// The parts of ranges that hold `length` bytes from `start` on.
fn within(ranges: &Ranges, (mut start, mut length): (u64, u64)) -> Ranges {
    let mut parts = Vec::new();
    for &(at, held) in ranges {
        let skipped = start.min(held);
        start -= skipped;
        let taken = (held - skipped).min(length);
        length -= taken;
        if taken > 0 {
            parts.push((at + skipped, taken));
        }
    }
    parts
}
