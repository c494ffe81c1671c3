//! Bytes that a loader reads out of something else: a file in memory, an array, a view of either.
//!
//! Which classes hold bytes, and where, is data of the rules ([`Model::HoldBytes`]).

use super::{
    Machine,
    model::{Model, TextOp},
    value::{Tag, Value},
};

/// Holders looked at for one call, one inside the other or beside it: a view of an array is two.
const HOLDERS: usize = 16;

impl Machine<'_, '_> {
    /// What a loader would read out of a value, as it stands now: a later BUILD may hide it. A
    /// state does not always replace what the holder was made with, so both count.
    pub(super) fn held(&mut self, value: Value) -> Vec<Value> {
        let mut found = Vec::new();
        let mut waiting = vec![value];
        for _ in 0..HOLDERS {
            let Some(holder) = waiting.pop() else {
                break;
            };
            for inner in self.parts_held(holder) {
                match inner.tag() {
                    Tag::Object => waiting.push(inner),
                    // Numbers, which an array of bytes may be made of.
                    Tag::List => {
                        let numbers = self.heap.node_of(Tag::Tuple, &[inner]);
                        found.extend(self.compute(TextOp::Bytes, None, numbers));
                    }
                    _ => found.push(inner),
                }
            }
        }
        found
    }

    /// What one holder holds: texts, bytes, lists of numbers, and other objects.
    fn parts_held(&self, holder: Value) -> Vec<Value> {
        let Some(&object) = self.heap.object(holder) else {
            return Vec::new();
        };
        let entry = self.heap.symbol_of(object.callee);
        let Some(Model::HoldBytes { argument, state }) = entry.and_then(|entry| entry.model) else {
            return Vec::new();
        };
        let given = argument.map(|at| (object.arguments, at));
        let set = state.iter().map(|&at| (object.state, at));
        let parts = given.into_iter().chain(set);
        let parts = parts.filter_map(|(all, at)| self.known_argument(all, at.into()));
        parts
            .filter(|part| part.has_bytes() || matches!(part.tag(), Tag::Object | Tag::List))
            .collect()
    }
}
