//! Array data that stands raw between two opcodes.
//!
//! One honest writer does this: after the BUILD of a wrapper object, the array's bytes follow
//! outside of any opcode. Which class that is, is data of the rules ([`Model::InlineArray`]).
//! The layout is `NumpyArrayWrapper.read_array` of joblib's `numpy_pickle.py`.

use super::{
    Machine,
    model::Model,
    trace::Halt,
    value::{Tag, Value},
};
use crate::{facts::ChangeKind, pickle::Instruction};

/// What follows a wrapper.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Inline {
    /// A pickle of its own.
    Pickle,
    /// So many bytes, after padding where the wrapper says so.
    Raw { bytes: u64, aligned: bool },
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
        if !matches!(model, Some(Model::InlineArray)) || !self.follows_inline_arrays {
            return Ok(());
        }
        self.trace.inline_arrays = true;
        match self.inline_data(state) {
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
                self.decoder.jump(end);
                Ok(())
            }
            // Not what the writer writes: the loader will fail or read elsewhere. It is followed
            // as if nothing stood between, and reported as a change that nothing explains.
            None => self.change(at, ChangeKind::SetState, Value::UNKNOWN, state),
        }
    }

    /// The nested pickle is read by an unpickler of its own, which shares nothing but the file.
    fn follow_inline_pickle(&mut self) -> Result<(), Halt> {
        let memo = std::mem::take(&mut self.memo);
        let stack = std::mem::take(&mut self.stack);
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

    fn inline_data(&mut self, state: Value) -> Option<Inline> {
        let shape = self.dict_entry(state, b"shape")?;
        let dtype = self.dict_entry(state, b"dtype")?;
        let aligned = self
            .dict_entry(state, b"numpy_array_alignment_bytes")
            .is_some_and(|value| value.tag() != Tag::None);
        // A dtype is made by a call with a type string, such as `f8`, and a state whose entries
        // do not change its size.
        let arguments = self.heap.object(dtype)?.arguments;
        let first = self.known_argument(arguments, 0)?;
        let code = self.contents(first, 64)?;
        let Some(item) = item_size(&code) else {
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
}

/// Bytes of one item of a dtype, from its type string; nothing for objects, which are pickled.
fn item_size(code: &[u8]) -> Option<u64> {
    let code = match code {
        [b'<' | b'>' | b'=' | b'|', rest @ ..] => rest,
        _ => code,
    };
    let (&kind, digits) = code.split_first()?;
    if kind == b'O' {
        return None;
    }
    let digits = digits
        .split(|&byte| byte == b'[')
        .next()
        .unwrap_or_default();
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse::<u64>().ok());
    let size = number.unwrap_or(u64::from(kind == b'?' || kind == b'b'));
    Some(if kind == b'U' {
        size.saturating_mul(4)
    } else {
        size
    })
}

#[cfg(test)]
mod tests {
    use super::item_size;

    #[test]
    fn item_sizes_of_type_strings() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (b"f8", Some(8)),
            (b"<i4", Some(4)),
            (b"b1", Some(1)),
            (b"U10", Some(40)),
            (b"S5", Some(5)),
            (b"V16", Some(16)),
            (b"M8[ns]", Some(8)),
            (b"O8", None),
            (b"|O", None),
        ];
        for (code, expected) in cases {
            assert_eq!(item_size(code), expected, "{code:?}");
        }
    }
}
