//! SavedModels of TensorFlow: messages of Protocol Buffers, and in them, as JSON, what Keras makes
//! its layers from. Keras runs the code of Lambda layers when it loads such a model.
//!
//! Of the messages nothing is known here but how they are nested; every text in them that looks
//! like JSON is looked at.

use std::{io, sync::Arc};

use super::{Format, Head, Opening, ProblemKind, bits::find};
use crate::source::{Buffered, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "saved-model",
    matches: |head| is_keras(head) || is_model(head),
    opener: open,
};

/// How the classes of Keras's objects begin in the metadata that it writes beside a model.
const IDENTIFIER: &[u8] = b"_tf_keras_";

/// Whether such an object stands in the first or last bytes of what begins like a message.
fn is_keras(head: &Head<'_>) -> bool {
    let first = Field::read(head.bytes).is_some_and(|field| field.end() <= head.length);
    let has = |bytes| find(bytes, IDENTIFIER).is_some();
    first && head.text.is_none() && (has(head.bytes) || has(head.tail))
}

/// The version of the format, which is one, and a message that begins with another one.
fn is_model(head: &Head<'_>) -> bool {
    let Some(rest) = head.bytes.strip_prefix(&[0x08, 0x01]) else {
        return false;
    };
    let Some(graph) = Field::read(rest).filter(|_| rest.first() == Some(&0x12)) else {
        return false;
    };
    let inside = usize::try_from(graph.head).ok();
    let first = inside.and_then(|inside| rest.get(inside..));
    let first = first.and_then(|bytes| Some((bytes.first()?, Field::read(bytes)?)));
    first.is_some_and(|(tag, info)| *tag == 0x0a && info.end() <= graph.payload)
        && graph.what == What::Inside
        && graph.end() <= head.length - 2
}

/// What one field of a message begins with.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Field {
    /// Bytes before the payload.
    head: u64,
    /// Bytes of the payload.
    payload: u64,
    what: What,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum What {
    Number,
    /// Bytes, text or a message.
    Inside,
}

/// Bytes that show what the longest field is: its number and kind, and a length or a number.
const LONGEST: usize = 20;

impl Field {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = variable(bytes)?;
        let (number, kind) = (tag >> 3, tag & 7);
        let width = bytes.len() - rest.len();
        if number == 0 || number >= 1 << 29 {
            return None;
        }
        let (head, payload, what) = match kind {
            0 => {
                let (_, behind) = variable(rest)?;
                (width, (rest.len() - behind.len()) as u64, What::Number)
            }
            1 => (width, 8, What::Number),
            5 => (width, 4, What::Number),
            2 => {
                let (length, behind) = variable(rest)?;
                (bytes.len() - behind.len(), length, What::Inside)
            }
            _ => return None,
        };
        Some(Self {
            head: head as u64,
            payload,
            what,
        })
    }

    fn end(self) -> u64 {
        self.head.saturating_add(self.payload)
    }
}

/// A number of seven bits a byte, the lowest first, and what follows it.
fn variable(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * index).min(63);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    None
}

/// Deepest nesting that readers of Protocol Buffers follow.
const DEEPEST: usize = 100;

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source: Arc<dyn Source> = Arc::new(Buffered::new(Arc::clone(opening.source)));
    let mut work = vec![(0, source.len(), 0)];
    while let Some((start, end, depth)) = work.pop() {
        let (mut at, mut inside) = (start, Vec::new());
        while at < end {
            opening.limits().deadline.spend(LONGEST);
            if opening.limits().deadline.has_passed() {
                opening.problem(
                    ProblemKind::Limit,
                    "it took too long to follow its messages",
                );
                return Ok(());
            }
            let field = Field::read(&read_range(source.as_ref(), at, LONGEST)?);
            let Some(field) = field.filter(|field| field.end() <= end - at) else {
                break;
            };
            if field.what == What::Inside && field.payload > 1 {
                inside.push((at + field.head, field.payload));
            }
            at += field.end();
        }
        // What is no message is text or numbers.
        if at != end && depth > 0 {
            continue;
        }
        if at != end {
            let message = format!("the message at byte {at} is not whole");
            opening.problem(ProblemKind::Truncated, message);
        }
        for (start, length) in inside {
            if is_json(source.as_ref(), start, length)? {
                let name = format!("@{start}");
                let member = opening.member.part(opening.source, name, (start, length));
                if !opening.member(member) {
                    return Ok(());
                }
            } else if depth < DEEPEST {
                work.push((start, start + length, depth + 1));
            }
        }
    }
    Ok(())
}

/// Whether a field begins and ends like an object of JSON.
fn is_json(source: &dyn Source, start: u64, length: u64) -> io::Result<bool> {
    let first = read_range(source, start, 1)?;
    let last = read_range(source, start + length - 1, 1)?;
    Ok(first == b"{" && last == b"}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_say_where_the_next_one_is() {
        let field =
            |bytes: &[u8]| Field::read(bytes).map(|field| (field.head, field.payload, field.what));
        assert_eq!(field(b"\x08\x96\x01"), Some((1, 2, What::Number)));
        assert_eq!(field(b"\x12\x07testing"), Some((2, 7, What::Inside)));
        assert_eq!(field(b"\x9a\x01\x80\x02"), Some((4, 256, What::Inside)));
        assert_eq!(field(b"\x09"), Some((1, 8, What::Number)));
        assert_eq!(field(b"\x00\x01"), None);
        assert_eq!(field(b"\x0b"), None);
        assert_eq!(field(&[0xff; 20]), None);
    }

    #[test]
    fn a_model_begins_with_its_version_and_a_message_in_a_message() {
        let is_model = |bytes: &[u8]| {
            is_model(&Head {
                bytes,
                tail: &[],
                length: bytes.len() as u64,
                places: &[],
                text: None,
            })
        };
        assert!(is_model(b"\x08\x01\x12\x04\x0a\x02\x12\x00"));
        assert!(!is_model(b"\x08\x01\x12\x07pytorch"));
        assert!(!is_model(b"\x08\x01\x12\x09\x0a\x02\x12\x00"));
    }
}
