//! Text that a pickle computes at load time is computed here too, within limits, so that a name
//! spelled in pieces is still a name.

use super::{
    Machine,
    model::TextOp,
    trace::Halt,
    value::{Tag, Value},
};

/// Longest operand that is computed with, in bytes.
const LONGEST_OPERAND: usize = 1 << 20;

impl Machine<'_, '_> {
    /// Applies a text operation; nothing where its operands or its result are not known.
    pub(super) fn compute(&mut self, op: TextOp, arguments: Value) -> Result<Option<Value>, Halt> {
        let Some(arguments) = self.heap.elements(arguments) else {
            return Ok(None);
        };
        let Some((tag, bytes)) = self.computed(op, &arguments) else {
            return Ok(None);
        };
        if self.heap.text_bytes().saturating_add(bytes.len()) > self.limits.computed {
            return Err(Halt::Limit("computed"));
        }
        Ok(Some(self.heap.own(tag, bytes)))
    }

    fn computed(&mut self, op: TextOp, arguments: &[Value]) -> Option<(Tag, Vec<u8>)> {
        let &subject = arguments.first()?;
        let tag = owned_tag(subject);
        let bytes = self.contents(subject, LONGEST_OPERAND);
        match op {
            TextOp::Join => {
                let separator = bytes?;
                let mut joined = Vec::new();
                for (index, part) in self
                    .heap
                    .elements(*arguments.get(1)?)?
                    .into_iter()
                    .enumerate()
                {
                    if index > 0 {
                        joined.extend_from_slice(&separator);
                    }
                    joined.extend(self.contents(part, LONGEST_OPERAND)?);
                }
                Some((tag, joined))
            }
            TextOp::Concat => {
                let mut joined = bytes?;
                joined.extend(self.contents(*arguments.get(1)?, LONGEST_OPERAND)?);
                Some((tag, joined))
            }
            TextOp::Lower => Some((tag, bytes?.to_ascii_lowercase())),
            TextOp::Upper => Some((tag, bytes?.to_ascii_uppercase())),
            TextOp::Reverse => Some((tag, bytes?.into_iter().rev().collect())),
            TextOp::Str => Some((Tag::OwnedText, bytes?)),
            _ => None,
        }
    }
}

fn owned_tag(subject: Value) -> Tag {
    if subject.is_text() {
        Tag::OwnedText
    } else {
        Tag::OwnedBytes
    }
}
