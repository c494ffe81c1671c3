//! Pickles one behind the other, each behind its length in four bytes, the highest first: what
//! `logging.handlers.SocketHandler` and `multiprocessing` send, and what queues keep in files.

use std::{io, sync::Arc};

use super::{
    Format, Head, Opening, ProblemKind,
    bits::{u32_be, u64_le},
    trial::declares_pickle,
};
use crate::source::read_range;

pub(super) const FORMAT: Format = Format {
    name: "length-prefixed",
    matches,
    opener: open,
};

/// Bytes of a length.
const PREFIX: u64 = 4;

fn matches(head: &Head<'_>) -> bool {
    begins_framed(head) || leads_to_pickle(head)
}

/// Frames that are followed to one that is a pickle.
const MOST: usize = 8;

/// Whether lengths lead from frame to frame, and to a whole pickle that declares its protocol.
fn leads_to_pickle(head: &Head<'_>) -> bool {
    let mut at = 0;
    for _ in 0..MOST {
        let held = head.from(at);
        let length = u32_be(held, 0).and_then(|length| usize::try_from(length).ok());
        let Some(end) = length.and_then(|length| length.checked_add(4)) else {
            return false;
        };
        let Some(frame) = held.get(4..end).filter(|frame| frame.len() > 1) else {
            return false;
        };
        if declares_pickle(frame) && frame.get(3..).is_some_and(|rest| rest.ends_with(b".")) {
            return true;
        }
        at += end;
    }
    false
}

/// Whether the first frame is a pickle.
fn begins_framed(head: &Head<'_>) -> bool {
    let length = u64::from(u32_be(head.bytes, 0).unwrap_or(0));
    let begins = matches!(
        head.bytes.get(4..),
        Some([0x80, 0..=5, ..] | [b'(' | b'}' | b']' | b'c', ..])
    );
    if length < 2 || !begins || length > head.length.saturating_sub(PREFIX) {
        return false;
    }
    // A pickle that declares its protocol there is one, damaged or not.
    if head.bytes.get(4..).is_some_and(declares_pickle) {
        return true;
    }
    // Four bytes of any file may be a length. It has to lead to the end of a pickle, or of all.
    let last = usize::try_from(PREFIX + length - 1).unwrap_or(usize::MAX);
    let framed = head.bytes.get(6) == Some(&0x95) && u64_le(head.bytes, 7) == Some(length - 11);
    match head.bytes.get(last) {
        Some(last) => *last == b'.',
        None => framed || length + PREFIX == head.length,
    }
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let (mut at, mut last) = (0, 0);
    while at < source.len() {
        let head = read_range(source.as_ref(), at, 4)?;
        let length = u64::from(u32_be(&head, 0).unwrap_or(0));
        let start = at + PREFIX;
        if length == 0 || length > source.len().saturating_sub(start) {
            let rest = read_range(source.as_ref(), at, 64)?;
            // Where lengths stand behind their pickles, as in stacks, the last one leads nowhere.
            let is_stack = rest.len() == 4 && length == last;
            if !is_stack && rest.iter().any(|&byte| byte != 0) {
                let message = format!("at byte {at} no further length fits");
                opening.problem(ProblemKind::Truncated, message);
            }
            break;
        }
        let name = format!("@{start}");
        let member = opening.member.part(&source, name, (start, length));
        if !opening.member(member) {
            break;
        }
        at = start + length;
        last = length;
    }
    Ok(())
}
