//! Berkeley DB (`dbm.ndbm` on Debian, `bsddb`): pages of keys and values, as hash or as tree.
//!
//! The layout is that of versions 3 to 18. Files of version 1 have another one; they are searched
//! for pickles instead.

use std::{io, sync::Arc};

use super::{
    super::{Format, Opening, ProblemKind, bits::chunk, carve},
    Ranges, joined, key, offer,
};
use crate::source::read_range;

pub(in super::super) const FORMAT: Format = Format {
    name: "berkeley-db",
    matches: |head| order(head.bytes).is_some(),
    opener: |opening| super::open(opening, open),
};

/// Magic numbers of hash and tree.
const MAGICS: [u32; 2] = [0x0006_1561, 0x0005_3162];

/// Where the magic stands: behind eight bytes of log position and a page number, or first of all
/// in version 1.
const PLACES: [usize; 2] = [12, 0];

/// Bytes before the index of a page.
const HEADER: usize = 26;

/// In which order bytes are written, and where the magic is.
fn order(head: &[u8]) -> Option<(Order, usize)> {
    PLACES.into_iter().find_map(|place| {
        let orders = [Order::Little, Order::Big];
        let known = |order: &Order| {
            order
                .u32(head, place)
                .is_some_and(|magic| MAGICS.contains(&magic))
        };
        orders.into_iter().find(known).map(|order| (order, place))
    })
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<usize> {
        let bytes = chunk(bytes, at)?;
        Some(usize::from(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }))
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = chunk(bytes, at)?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let head = read_range(source.as_ref(), 0, 64)?;
    let Some((order, place)) = order(&head) else {
        return Ok(());
    };
    let page_size = order.u32(&head, place + 8).unwrap_or(0);
    if place == 0 || !(512..=64 << 10).contains(&page_size) || !page_size.is_power_of_two() {
        if place != 0 {
            opening.problem(
                ProblemKind::Damaged,
                format!("a page size of {page_size} bytes"),
            );
        }
        carve::carve(opening, (0, source.len()), carve::Text::Anywhere)?;
        return Ok(());
    }
    let page_size = u64::from(page_size);
    let pages = source.len().div_ceil(page_size);
    let mut file = File {
        order,
        page_size,
        overflows: pages,
    };
    for page in 0..pages {
        if !file.page(opening, page)? {
            break;
        }
    }
    Ok(())
}

struct File {
    order: Order,
    page_size: u64,
    /// Overflow pages that may still be visited: each belongs to one value.
    overflows: u64,
}

/// Types of pages, from byte 25.
const HASH_UNSORTED: u8 = 2;
const TREE_LEAF: u8 = 5;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;

impl File {
    /// Offers the values of one page. `false` means: stop.
    fn page(&mut self, opening: &mut Opening<'_>, number: u64) -> io::Result<bool> {
        let source = Arc::clone(opening.source);
        let at = number * self.page_size;
        let length = usize::try_from(self.page_size).unwrap_or(0);
        let page = read_range(source.as_ref(), at, length)?;
        if page.len() < length {
            opening.problem(ProblemKind::Truncated, format!("page {number} is cut off"));
        }
        let kind = page.get(25).copied().unwrap_or(0);
        if !matches!(kind, HASH | HASH_UNSORTED | TREE_LEAF) {
            return Ok(true);
        }
        let count = self.order.u16(&page, 20).unwrap_or(0);
        let mut end = page.len();
        let mut items = Vec::new();
        for index in 0..count {
            let Some(start) = self
                .order
                .u16(&page, HEADER + 2 * index)
                .filter(|start| *start < page.len())
            else {
                opening.problem(
                    ProblemKind::Damaged,
                    format!("page {number} has no entry {index}"),
                );
                carve::carve(opening, (at, at + self.page_size), carve::Text::Anywhere)?;
                return Ok(true);
            };
            let item = match kind {
                TREE_LEAF => self.tree_item(opening, &page, at, start)?,
                _ => self.hash_item(opening, &page, at, (start, end))?,
            };
            // Items of a hash stand one before the other, so each ends where the last one starts.
            end = start;
            items.push(item);
        }
        for pair in items.chunks(2) {
            let [name, value] = pair else { continue };
            let Some(value) = value else { continue };
            let name = name.as_deref().unwrap_or_default();
            let name = key(joined(&source, name).as_ref())?;
            if !value.is_empty() && !offer(opening, &name, value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A length of two bytes, a type, the data; or the place of an overflow.
    fn tree_item(
        &mut self,
        opening: &mut Opening<'_>,
        page: &[u8],
        at: u64,
        start: usize,
    ) -> io::Result<Option<Ranges>> {
        // The highest bit of the type marks what was deleted and is still there.
        match page.get(start + 2).map(|kind| kind & 0x7f) {
            Some(3) => self.overflow(opening, page, start),
            // The values under one key, in pages of their own.
            Some(2) | None => Ok(None),
            // Readers take every other type for data.
            Some(_) => {
                let length = self.order.u16(page, start).unwrap_or(0) as u64;
                Ok(Some(vec![(at + start as u64 + 3, length)]))
            }
        }
    }

    /// A type, the data up to the item before; or the place of an overflow.
    fn hash_item(
        &mut self,
        opening: &mut Opening<'_>,
        page: &[u8],
        at: u64,
        (start, end): (usize, usize),
    ) -> io::Result<Option<Ranges>> {
        match page.get(start) {
            Some(3) => self.overflow(opening, page, start),
            // The values under one key, in pages of their own.
            Some(4) | None => Ok(None),
            // Key or value, and several values under one key, each between its length twice. Readers
            // take types that there are not for data, too.
            Some(_) => {
                let length = end.saturating_sub(start + 1) as u64;
                Ok(Some(vec![(at + start as u64 + 1, length)]))
            }
        }
    }

    /// The pages that hold a value too long for one.
    fn overflow(
        &mut self,
        opening: &mut Opening<'_>,
        page: &[u8],
        start: usize,
    ) -> io::Result<Option<Ranges>> {
        let fields = (
            self.order.u32(page, start + 4),
            self.order.u32(page, start + 8),
        );
        let (Some(mut next), Some(length)) = fields else {
            return Ok(None);
        };
        let mut left = u64::from(length);
        let mut ranges = Vec::new();
        while left > 0 {
            let at = u64::from(next) * self.page_size;
            let header = read_range(opening.source.as_ref(), at, HEADER)?;
            let held = self.order.u16(&header, 22).unwrap_or(0) as u64;
            let visits = self.overflows.checked_sub(1);
            self.overflows = visits.unwrap_or(0);
            if header.get(25) != Some(&OVERFLOW) || held == 0 || visits.is_none() {
                opening.problem(
                    ProblemKind::Damaged,
                    format!("a value lacks its last {left} bytes"),
                );
                break;
            }
            let held = held.min(left);
            ranges.push((at + HEADER as u64, held));
            left -= held;
            next = self.order.u32(&header, 16).unwrap_or(0);
        }
        Ok(Some(ranges))
    }
}
