//! NumPy's `.npy` format, versions 1 to 3 (`numpy/lib/format.py`).
//!
//! An array of Python objects, also inside the fields of a structured type, is a pickle behind the
//! header. Several arrays may follow one another; whatever else follows is read by `np.load` as a
//! pickle.

use std::{io, sync::Arc};

use super::{
    AnomalyKind, Format, Host, MemberKind, Opening, ProblemKind,
    bits::{u16_le, u32_le},
    dtype::{Dtype, from_descr, may_hold_objects, product},
    literal::{self, Literal},
};
use crate::source::read_range;

pub(super) const FORMAT: Format = Format {
    name: "npy",
    matches: |head| head.bytes.starts_with(MAGIC),
    opener: open,
};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes of a header that are read. NumPy refuses more than 10,000 unless pickles are allowed.
const LONGEST_HEADER: usize = 16 << 20;

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let mut position = 0;
    for _ in 0..opening.limits().members {
        let Some(header) = read_header(opening, position)? else {
            return Ok(());
        };
        opening.explained(position, header.payload);
        let raw = header
            .dtype
            .and_then(|dtype| raw_length(dtype, header.count?));
        let Some(raw) = raw else {
            // Where arrays go on behind a pickle, whoever runs it finds out.
            let kind = MemberKind::Pickle(Host::Numpy);
            opening.member(opening.member.starting_at(&source, header.payload, kind));
            return Ok(());
        };
        let end = header.payload.saturating_add(raw);
        opening.explained(header.payload, end.min(source.len()));
        if end > source.len() {
            opening.problem(ProblemKind::Truncated, "the array is cut off");
        }
        if end >= source.len() {
            return Ok(());
        }
        position = end;
        if !read_range(source.as_ref(), position, MAGIC.len())?.starts_with(MAGIC) {
            let rest = source.len() - position;
            let message = format!("{rest} bytes follow the last array");
            opening.anomaly(AnomalyKind::TrailingData, position, message);
            opening.member(opening.member.stray(&source, (position, rest)));
            return Ok(());
        }
    }
    Ok(())
}

/// Length of the data; nothing where the data is a pickle.
fn raw_length(dtype: Dtype, count: u64) -> Option<u64> {
    if dtype.objects {
        None
    } else {
        dtype.size.checked_mul(count)
    }
}

/// What a header says. A type or a count that is not understood is taken for a pickle.
struct Header {
    payload: u64,
    dtype: Option<Dtype>,
    count: Option<u64>,
}

/// Reads the header at `position`; nothing where no loader would go on behind it.
fn read_header(opening: &mut Opening<'_>, position: u64) -> io::Result<Option<Header>> {
    let source = opening.source.as_ref();
    let start = read_range(source, position, 12)?;
    let length = match start.get(6) {
        Some(1) => u16_le(&start, 8).map(|length| (10, usize::from(length))),
        Some(2 | 3) => u32_le(&start, 8).map(|length| (12, length as usize)),
        Some(version) => {
            opening.problem(ProblemKind::Unsupported, format!("npy version {version}"));
            return Ok(None);
        }
        None => None,
    };
    let Some((fixed, length)) = length.filter(|(_, length)| *length <= LONGEST_HEADER) else {
        opening.problem(ProblemKind::Damaged, "the npy header has no proper length");
        return Ok(None);
    };
    let text = read_range(source, position + fixed, length)?;
    if text.len() < length {
        opening.problem(ProblemKind::Truncated, "the npy header is cut off");
        return Ok(None);
    }
    let payload = position + fixed + length as u64;
    let parsed = literal::parse(&text);
    let descr = parsed.as_ref().and_then(|literal| literal.get(b"descr"));
    let dtype = descr.and_then(from_descr);
    let shape = parsed.as_ref().and_then(|literal| literal.get(b"shape"));
    let count = shape.and_then(Literal::items);
    let count = count.and_then(|shape| product(shape.iter().map(Literal::natural)));
    if dtype.is_none() || count.is_none() {
        let message = match may_hold_objects(&text) {
            true => "the npy header is not understood; its data is read as a pickle",
            false => "the npy header is not understood",
        };
        opening.problem(ProblemKind::Damaged, message);
    }
    Ok(Some(Header {
        payload,
        dtype,
        count,
    }))
}
