//! Array data that stands raw between two opcodes.
//!
//! One honest writer does this: after the BUILD of a wrapper object, the array's bytes follow
//! outside of any opcode. Which class that is, is data of the rules ([`Model::InlineArray`]).
//! The layout is `NumpyArrayWrapper.read_array` of joblib's `numpy_pickle.py`.

use super::{
    Machine,
    model::Model,
    stack::Stack,
    trace::Halt,
    value::{Tag, Value},
};
use crate::{
    facts::ChangeKind,
    pickle::{Instruction, Span},
};

/// What follows a wrapper.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Inline {
    /// A pickle of its own.
    Pickle,
    /// So many bytes, after padding where the wrapper says so.
    Raw { bytes: u64, aligned: bool },
}

/// Array data that was passed over.
#[derive(Copy, Clone, Debug)]
pub(super) enum Raw {
    /// Where it stands.
    At(Span),
    /// What it is.
    Held(Value),
}

/// What an array's items are.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Item {
    /// Objects, which are pickled.
    Object,
    /// So many bytes.
    Bytes(u64),
}

impl Machine<'_, '_> {
    /// Skips the data behind a wrapper's BUILD, where the target is one.
    pub(super) fn skip_inline_array(
        &mut self,
        at: &Instruction,
        target: Value,
        state: Value,
    ) -> Result<(), Halt> {
        let class = self.heap.object(target).map(|object| object.callee);
        let model = class
            .and_then(|class| self.heap.symbol_of(class))
            .and_then(|entry| entry.model);
        let Some(Model::InlineArray {
            dtypes,
            object_dtypes,
        }) = model
        else {
            return Ok(());
        };
        if !self.follows_inline_arrays {
            return Ok(());
        }
        self.trace.inline_arrays = true;
        match self.inline_data(state, dtypes, object_dtypes) {
            Some(Inline::Pickle) => self.follow_inline_pickle(),
            Some(Inline::Raw { bytes, aligned }) => {
                let mut behind = at.next;
                if aligned {
                    // One byte says how much padding follows it.
                    self.decoder.jump(behind);
                    let padding = self.decoder.peek_byte().map_err(Halt::Decode)?.unwrap_or(0);
                    behind = behind.saturating_add(1 + u64::from(padding));
                }
                // Data that says it is longer than the member ends with it.
                let end = behind.saturating_add(bytes).min(self.decoder.length());
                self.trace.between.push((at.next, end));
                let span = Span {
                    start: behind,
                    length: end.saturating_sub(behind),
                };
                self.raw.insert(target, Raw::At(span));
                self.decoder.jump(end);
                Ok(())
            }
            // Not what the writer writes: the loader will fail or read elsewhere. It is followed
            // as if nothing stood between, and reported as a change that nothing explains.
            None => self.change(at, ChangeKind::SetState, Value::UNKNOWN, state),
        }
    }

    /// The bytes of the array that a wrapper stands for, where they followed it raw and are not too
    /// many to be looked at.
    pub(super) fn raw_bytes(&mut self, wrapper: Value) -> Option<Value> {
        let span = match *self.raw.get(&wrapper)? {
            Raw::Held(bytes) => return Some(bytes),
            Raw::At(span) => span,
        };
        let bytes = self.lookup.bytes(span, self.limits.payload)?;
        self.limits.deadline.spend(bytes.len());
        let bytes = self.heap.own(Tag::OwnedBytes, bytes);
        self.raw.insert(wrapper, Raw::Held(bytes));
        Some(bytes)
    }

    /// The nested pickle is read by an unpickler of its own, which shares nothing but the file.
    fn follow_inline_pickle(&mut self) -> Result<(), Halt> {
        let memo = std::mem::take(&mut self.memo);
        let stack = std::mem::replace(&mut self.stack, Stack::new(self.limits.stack));
        let protocol = std::mem::take(&mut self.protocol);
        let declared = std::mem::take(&mut self.protocols_declared);
        let depth = self.inline_depth;
        self.inline_depth += 1;
        let halt = match depth {
            0..16 => self.follow(),
            _ => Halt::Limit("inline-depth"),
        };
        self.inline_depth = depth;
        self.memo = memo;
        self.stack = stack;
        self.protocol = protocol;
        self.protocols_declared = declared;
        if halt == Halt::Stop {
            Ok(())
        } else {
            Err(halt)
        }
    }

    fn inline_data(
        &mut self,
        state: Value,
        dtypes: &[String],
        object_dtypes: &[String],
    ) -> Option<Inline> {
        let shape = self.dict_entry(state, b"shape")?;
        let dtype = self.dict_entry(state, b"dtype")?;
        let aligned = self
            .dict_entry(state, b"numpy_array_alignment_bytes")
            .is_some_and(|value| value.tag() != Tag::None);
        let made = *self.heap.object(dtype)?;
        let maker = self.heap.symbol_of(made.callee)?.symbol.dotted();
        let is_one_of = |names: &[String]| names.iter().any(|name| name.as_bytes() == maker);
        if is_one_of(object_dtypes) {
            return Some(Inline::Pickle);
        }
        if !is_one_of(dtypes) {
            return None;
        }
        let first = self.known_argument(made.arguments, 0)?;
        let code = self.contents(first, 64)?;
        let Item::Bytes(item) = self.dtype_item(&code, made.state)? else {
            return Some(Inline::Pickle);
        };
        let mut count: u64 = 1;
        for dimension in self
            .heap
            .elements(shape)
            .filter(|_| shape.tag() == Tag::Tuple)?
        {
            let length = self
                .integer(dimension)
                .and_then(|length| u64::try_from(length).ok())?;
            count = count.checked_mul(length)?;
        }
        Some(Inline::Raw {
            bytes: count.checked_mul(item)?,
            aligned,
        })
    }

    /// An item of a dtype with that type string and state. NumPy believes the state: its last
    /// number says whether items are objects, and for text and records it gives their size.
    fn dtype_item(&mut self, code: &[u8], state: Value) -> Option<Item> {
        /// Places in `(version, order, subdtype, names, fields, size, alignment, flags)`.
        const SIZE: usize = 5;
        const FLAGS: usize = 7;
        let (kind, item) = item_of(code)?;
        if state.tag() == Tag::None {
            return Some(item);
        }
        let parts = self.heap.elements(state)?;
        if state.tag() != Tag::Tuple || !(8..=9).contains(&parts.len()) {
            return None;
        }
        if self.integer(*parts.get(FLAGS)?)? & 1 != 0 {
            return Some(Item::Object);
        }
        match (kind, item) {
            (b'S' | b'U' | b'V', _) => {
                let size = self.integer(*parts.get(SIZE)?)?;
                Some(Item::Bytes(u64::try_from(size).ok()?))
            }
            // NumPy makes no array of objects out of raw data.
            (_, Item::Object) => None,
            (_, item) => Some(item),
        }
    }
}

/// The kind of a dtype and an item of it, from its type string as NumPy writes it: one letter and
/// a number, for times with a unit behind.
fn item_of(code: &[u8]) -> Option<(u8, Item)> {
    let code = match code {
        [b'<' | b'>' | b'=' | b'|', rest @ ..] => rest,
        _ => code,
    };
    let (&kind, digits) = code.split_first()?;
    let digits = match kind {
        b'M' | b'm' => digits.split(|&byte| byte == b'[').next()?,
        b'b' | b'i' | b'u' | b'f' | b'c' | b'S' | b'U' | b'V' | b'O' => digits,
        _ => return None,
    };
    let size: u64 = match (kind, digits) {
        (b'O', []) => 8,
        _ => std::str::from_utf8(digits).ok()?.parse().ok()?,
    };
    let item = match kind {
        b'O' => Item::Object,
        b'U' => Item::Bytes(size.checked_mul(4)?),
        _ => Item::Bytes(size),
    };
    Some((kind, item))
}

#[cfg(test)]
mod tests {
    use super::{Item, item_of};

    #[test]
    fn items_of_type_strings() {
        let bytes = |size| Some(Item::Bytes(size));
        let cases: [(&[u8], Option<Item>); 14] = [
            (b"f8", bytes(8)),
            (b"<i4", bytes(4)),
            (b"b1", bytes(1)),
            (b"U10", bytes(40)),
            (b"S5", bytes(5)),
            (b"V16", bytes(16)),
            (b"M8[ns]", bytes(8)),
            (b"O8", Some(Item::Object)),
            (b"|O", Some(Item::Object)),
            // What NumPy reads, but never writes, is not guessed at.
            (b"d", None),
            (b"float64", None),
            (b"f4,f4", None),
            (b"f8[ns]", None),
            (b"", None),
        ];
        for (code, expected) in cases {
            assert_eq!(item_of(code).map(|(_, item)| item), expected, "{code:?}");
        }
    }
}
