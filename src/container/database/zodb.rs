//! ZODB's file storage: transactions one behind the other, and in each the records of objects. A
//! record is two pickles by one pickler: what class the object is of, and its state.

use std::{io, sync::Arc};

use super::super::{
    Format, Host, Member, MemberKind, Opening, ProblemKind,
    bits::{u16_be, u64_be},
    carve::{Text, carve},
    wrapper::zlib,
};
use crate::source::{Part, read_range};

pub(in super::super) const FORMAT: Format = Format {
    name: "zodb",
    matches: |head| matches!(head.bytes, [b'F', b'S', b'2' | b'3', b'0' | b'1', ..]),
    opener: |opening| super::open(opening, open),
};

/// Bytes of the header of a transaction, and of a record.
const TRANSACTION: usize = 23;
const RECORD: usize = 42;

/// What stands before a record that `zc.zlibstorage` packed.
const PACKED: &[u8] = b".z";

/// A record that was packed.
fn packed(opening: &Opening<'_>, name: String, (start, length): (u64, u64)) -> Member {
    let part = Part::new(Arc::clone(opening.source), start, length);
    let member = opening.member.packed(Arc::new(part), name, &zlib::CODEC);
    member.held((start, length))
}

/// What ends the walk: a place that does not read like a transaction or a record.
struct Odd(u64);

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let length = opening.source.len();
    let mut at = 4;
    while at < length {
        match transaction(opening, at)? {
            Ok(Some(next)) => at = next,
            Ok(None) => return Ok(()),
            Err(Odd(place)) => {
                let message = format!("the record at byte {place} is not whole");
                opening.problem(ProblemKind::Truncated, message);
                let end = opening.searched(length);
                return carve(opening, (at, end), Text::Anywhere).map(|_| ());
            }
        }
    }
    Ok(())
}

/// Emits the records of the transaction at `at`. Gives where the next one starts; nothing where
/// the input has had its share of members or time.
fn transaction(opening: &mut Opening<'_>, at: u64) -> io::Result<Result<Option<u64>, Odd>> {
    let source = opening.source.clone();
    let head = read_range(source.as_ref(), at, TRANSACTION)?;
    let number = |place| u16_be(&head, place).map(u64::from);
    let texts = number(17).zip(number(19)).zip(number(21));
    let (Some(length), Some(((user, words), more))) = (u64_be(&head, 8), texts) else {
        return Ok(Err(Odd(at)));
    };
    let mut record = at + TRANSACTION as u64 + user + words + more;
    // The length stands behind the transaction once more.
    let end = at.saturating_add(length);
    if end > source.len().saturating_sub(8) || end < record {
        return Ok(Err(Odd(at)));
    }
    while record < end {
        opening.limits().deadline.spend(RECORD);
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to follow its records");
            return Ok(Ok(None));
        }
        let head = read_range(source.as_ref(), record, RECORD)?;
        // The name of a version, and a place, as ZODB wrote them before 3.9.
        let version = match u16_be(&head, 32) {
            Some(length @ 1..) => 8 + u64::from(length),
            _ => 0,
        };
        let start = record + RECORD as u64 + version;
        let Some(length) = u64_be(&head, 34) else {
            return Ok(Err(Odd(record)));
        };
        // A record without a pickle says where an older one stands.
        let behind = start.saturating_add(if length == 0 { 8 } else { length });
        if behind > end {
            return Ok(Err(Odd(record)));
        }
        if length > 0 {
            let object = u64_be(&head, 0).unwrap_or(0);
            let name = format!("object {object}@{start}");
            let member = match read_range(source.as_ref(), start, PACKED.len())? == PACKED {
                true => packed(opening, name, (start + 2, length.saturating_sub(2))),
                false => opening.member.part(&source, name, (start, length)),
            };
            if !opening.member(member.with_kind(MemberKind::Pickle(Host::Plain))) {
                return Ok(Ok(None));
            }
        }
        record = behind;
    }
    Ok(Ok(Some(end + 8)))
}
