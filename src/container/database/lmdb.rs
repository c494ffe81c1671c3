//! LMDB: a tree of pages of keys and values, as collections of training data are kept in.
//!
//! Every leaf is visited wherever it stands, those of older states of the database included. How
//! wide places are depends on the machine that wrote it.

use std::{io, sync::Arc};

use super::{
    super::{
        Format, Opening, ProblemKind,
        bits::{u16_le, u32_le, u64_le},
        carve,
    },
    key, offer,
};
use crate::source::{Part, Source, read_range};

pub(in super::super) const FORMAT: Format = Format {
    name: "lmdb",
    matches: |head| layout(head.bytes).is_some(),
    opener: |opening| super::open(opening, open),
};

/// Stands in the first two pages, behind their headers.
const MAGIC: u32 = 0xbeef_c0de;

/// Marks of a page: what it is.
const LEAF: u16 = 0x02;
const OVERFLOW: u16 = 0x04;
/// A leaf of keys of one length.
const FIXED: u16 = 0x20;

/// Marks of a node: its value stands in pages of its own; it is a page of values; it names a tree
/// of them.
const ELSEWHERE: u16 = 0x01;
const TREE: u16 = 0x02;
const SEVERAL: u16 = 0x04;

/// Bytes of a node before its key.
const NODE: usize = 8;

/// How a file is laid out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Layout {
    /// Bytes of a place or a number of a page.
    word: usize,
    page: usize,
}

fn layout(head: &[u8]) -> Option<Layout> {
    [8, 4].into_iter().find_map(|word| {
        let header = word + 8;
        let is_lmdb = u32_le(head, header) == Some(MAGIC);
        // Behind the magic number: a version, an address, the size of the map.
        let page = is_lmdb.then(|| u32_le(head, header + 8 + 2 * word))??;
        let page = usize::try_from(page).ok()?;
        let is_sound = page.is_power_of_two() && (256..=64 << 10).contains(&page);
        Some(Layout {
            word,
            page: if is_sound { page } else { 0 },
        })
    })
}

impl Layout {
    /// Bytes before what is in a page.
    fn header(self) -> usize {
        self.word + 8
    }

    fn place(self, bytes: &[u8], at: usize) -> Option<u64> {
        match self.word {
            8 => u64_le(bytes, at),
            _ => u32_le(bytes, at).map(u64::from),
        }
    }

    /// The number of the last page, as one of the first two pages says.
    fn last(self, page: &[u8]) -> Option<u64> {
        let databases = self.header() + 8 + 2 * self.word;
        self.place(page, databases + 2 * (8 + 5 * self.word))
    }
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let head = read_range(source.as_ref(), 0, 64)?;
    let Some(layout) = layout(&head).filter(|layout| layout.page > 0) else {
        opening.problem(ProblemKind::Damaged, "its pages have no size");
        let end = opening.searched(source.len());
        return carve::carve(opening, (0, end), carve::Text::Anywhere).map(|_| ());
    };
    let size = layout.page as u64;
    let mut last = 0;
    for number in 0..2 {
        let page = read_range(source.as_ref(), number * size, layout.page)?;
        last = last.max(layout.last(&page).unwrap_or(0));
    }
    let pages = source.len().div_ceil(size);
    if last >= source.len() / size {
        let message = format!("its page {last} is not whole");
        opening.problem(ProblemKind::Truncated, message);
    }
    for number in 2..pages {
        opening.limits().deadline.spend(layout.page);
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to visit its pages");
            break;
        }
        let at = number * size;
        let page = read_range(source.as_ref(), at, layout.page)?;
        let kind = u16_le(&page, layout.word + 2).unwrap_or(0);
        if kind & LEAF == 0 {
            continue;
        }
        if kind & FIXED != 0 {
            let range = (at, at.saturating_add(size));
            if !carve::carve(opening, range, carve::Text::Anywhere)? {
                break;
            }
            continue;
        }
        let is_own = layout.place(&page, 0) == Some(number) && kind & OVERFLOW == 0;
        if !leaf(opening, layout, (&page, at), is_own)? {
            break;
        }
    }
    Ok(())
}

/// Offers the values of a leaf, or of what only looks like one. `false` means: stop.
fn leaf(
    opening: &mut Opening<'_>,
    layout: Layout,
    (page, at): (&[u8], u64),
    is_own: bool,
) -> io::Result<bool> {
    let header = layout.header();
    let free = usize::from(u16_le(page, layout.word + 4).unwrap_or(0));
    let places = page.get(header..free).unwrap_or_default().chunks_exact(2);
    let mut lacks = false;
    for place in places {
        let place = usize::from(u16_le(place, 0).unwrap_or(0));
        let Some(node) = page.get(place..).filter(|node| node.len() >= NODE) else {
            if is_own && !lacks {
                let message = format!("the page at byte {at} lacks entries");
                opening.problem(ProblemKind::Damaged, message);
            }
            lacks = true;
            continue;
        };
        if !entry(opening, layout, (node, at + place as u64), is_own)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Offers the value of a node: what stands in it, in pages of its own, or, where several values are
/// kept in order, the keys of a page of them.
fn entry(
    opening: &mut Opening<'_>,
    layout: Layout,
    (node, at): (&[u8], u64),
    is_own: bool,
) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let length = u32_le(node, 0).unwrap_or(0);
    let marks = u16_le(node, 4).unwrap_or(0);
    let key_length = u64::from(u16_le(node, 6).unwrap_or(0));
    let (length, start) = (u64::from(length), at + NODE as u64);
    let name = key(&Part::new(Arc::clone(&source), start, key_length))?;
    let value = start + key_length;
    if marks & TREE != 0 {
        return Ok(true);
    }
    if marks & SEVERAL != 0 {
        let range = (value, value.saturating_add(length));
        return carve::carve(opening, range, carve::Text::Anywhere);
    }
    // In a tree of values, the keys are the values.
    let (value, length) = match marks & ELSEWHERE {
        0 if length == 0 => (start, key_length),
        0 => (value, length),
        _ => {
            let bytes = read_range(source.as_ref(), value, layout.word)?;
            let first = layout.place(&bytes, 0).unwrap_or(u64::MAX);
            let value = first.saturating_mul(layout.page as u64);
            (value.saturating_add(layout.header() as u64), length)
        }
    };
    if is_own && value.saturating_add(length) > source.len() {
        let message = format!("the value at byte {value} reaches beyond the end of the database");
        opening.problem(ProblemKind::Truncated, message);
    }
    if value >= source.len() {
        return Ok(true);
    }
    let length = length.min(source.len() - value);
    offer(opening, &name, &[(value, length)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_magic_number_tells_how_wide_places_are() {
        let mut wide = [0; 64];
        wide[16..20].copy_from_slice(&MAGIC.to_le_bytes());
        wide[40..44].copy_from_slice(&4096_u32.to_le_bytes());
        assert_eq!(
            layout(&wide),
            Some(Layout {
                word: 8,
                page: 4096
            })
        );
        let mut narrow = [0; 64];
        narrow[12..16].copy_from_slice(&MAGIC.to_le_bytes());
        narrow[28..32].copy_from_slice(&1000_u32.to_le_bytes());
        assert_eq!(layout(&narrow), Some(Layout { word: 4, page: 0 }));
        assert_eq!(layout(&[0; 64]), None);
    }
}
