//! Bytes that a loader reads out of something else: a file in memory, an array, a view of either.
//!
//! Which classes hold bytes, and where, is data of the rules ([`Model::HoldBytes`]).

use super::{
    Machine,
    model::{Model, TextOp},
    value::{Tag, Value},
};
use crate::facts::PayloadKind;

/// Values looked at for one call, one inside the other or beside it: bytes in a view of an array are
/// three.
const HOLDERS: usize = 16;

/// How NumPy takes text for the bytes of an array, which Python 2 wrote.
const TEXT_AS_BYTES: &str = "latin-1";

impl Machine<'_, '_> {
    /// What a loader would read out of a value, as it stands now: a later BUILD may hide it. A
    /// state does not always replace what the holder was made with, so both count. What cannot be
    /// told is said as well.
    pub(super) fn loaded(&mut self, value: Value) -> Vec<(PayloadKind, Value)> {
        let mut found = Vec::new();
        let mut is_followed = true;
        let mut waiting = vec![value];
        for _ in 0..HOLDERS {
            let Some(value) = waiting.pop() else {
                break;
            };
            match value.tag() {
                Tag::Object => match self.parts_held(value) {
                    Some(parts) => waiting.extend(parts),
                    None => match self.raw_bytes(value) {
                        Some(bytes) => waiting.push(bytes),
                        None => is_followed = false,
                    },
                },
                Tag::Unknown => is_followed = false,
                _ => found.push((PayloadKind::Pickle, value)),
            }
        }
        if !is_followed || !waiting.is_empty() {
            found.push((PayloadKind::Unread, value));
        }
        found
    }

    /// What one holder holds: texts, bytes, other objects, and what is not known. Nothing where the
    /// value is no holder.
    fn parts_held(&mut self, holder: Value) -> Option<Vec<Value>> {
        let object = *self.heap.object(holder)?;
        let entry = self.heap.symbol_of(object.callee);
        let Some(Model::HoldBytes { argument, state }) = entry.and_then(|entry| entry.model) else {
            return None;
        };
        let given = argument.map(|at| (object.arguments, at));
        let set = state.iter().map(|&at| (object.state, at));
        let places: Vec<(Value, u8)> = given.into_iter().chain(set).collect();
        let mut parts = Vec::new();
        for (all, at) in places {
            let part = self.part(all, at.into());
            parts.extend(part.and_then(|part| self.as_bytes(part)));
        }
        Some(parts)
    }

    /// One of the arguments or one place of a state; unknown where these are not known.
    fn part(&self, all: Value, at: usize) -> Option<Value> {
        match all.tag() {
            Tag::None => None,
            _ if !all.is_node() => Some(Value::UNKNOWN),
            _ => {
                let (first, is_whole) = self.heap.first_elements(all, at + 1);
                let part = first.get(at).copied();
                part.or((!is_whole).then_some(Value::UNKNOWN))
            }
        }
    }

    /// What a holder makes of a part that it is given; nothing of a size, a shape and the like.
    fn as_bytes(&mut self, part: Value) -> Option<Value> {
        match part.tag() {
            Tag::Object | Tag::Unknown => Some(part),
            // Numbers, which an array of bytes may be made of.
            Tag::List => {
                let numbers = self.heap.node_of(Tag::Tuple, &[part]);
                let bytes = self.compute(TextOp::Bytes, None, numbers);
                Some(bytes.unwrap_or(Value::UNKNOWN))
            }
            Tag::TextAt | Tag::OwnedText => {
                let text = self.heap.node_of(Tag::Tuple, &[part]);
                let bytes = self.compute(TextOp::Encode, Some(TEXT_AS_BYTES), text);
                Some(bytes.unwrap_or(part))
            }
            _ => part.has_bytes().then_some(part),
        }
    }
}
