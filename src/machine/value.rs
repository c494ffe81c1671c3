//! Values: eight bytes each, so that DUP, PUT and GET copy a word.
//!
//! A literal is not copied out of the input: its value is the *place of the instruction* that
//! pushed it, and it is decoded again when something asks. That keeps memory bounded by what must
//! be remembered, and gives every literal its provenance for free.

/// A value of the abstract machine. MARK is not a value; it lives beside the stack.
///
/// [`Value::UNKNOWN`] is the explicit top of the lattice: the machine cannot say what it is. It is
/// never a guess and never a sentinel inside another variant; whoever meets it must decide what
/// not knowing means there.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Value(u64);

// Turns each row into a variant of `Tag` and into the table that decodes it, so that no number is
// written twice.
macro_rules! tags {
    ($($(#[$doc:meta])* $variant:ident,)*) => {
        /// What kind of value it is, and so what its payload means.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum Tag { $($(#[$doc])* $variant,)* }

        const TAGS: &[Tag] = &[$(Tag::$variant,)*];
    };
}

tags! {
    /// `None`.
    None,
    /// `False`.
    False,
    /// `True`.
    True,
    /// An integer that fits the payload.
    Int,
    /// An integer, by the place of its instruction.
    IntAt,
    /// A float, by the place of its instruction.
    FloatAt,
    /// Text, by the place of its instruction.
    TextAt,
    /// A Python 2 string, by the place of its instruction: text or bytes, as the loader chooses.
    StringAt,
    /// Bytes, by the place of their instruction.
    BytesAt,
    /// A bytearray, by the place of its instruction.
    ByteArrayAt,
    /// Text computed by a modelled call, by number.
    OwnedText,
    /// Bytes computed by a modelled call, by number.
    OwnedBytes,
    /// A bytearray computed by a modelled call, by number.
    OwnedByteArray,
    /// An out-of-band buffer.
    Buffer,
    /// A list, by number of its node.
    List,
    /// A tuple, by number of its node.
    Tuple,
    /// A dict, by number of its node; elements are keys and values in turn.
    Dict,
    /// A set, by number of its node.
    Set,
    /// A frozenset, by number of its node.
    FrozenSet,
    /// Something imported, by number of its import.
    Import,
    /// Something that a call made, by number.
    Object,
    /// Not known.
    Unknown,
}

const PAYLOAD_BITS: u32 = 56;
const PAYLOAD_MASK: u64 = (1 << PAYLOAD_BITS) - 1;

impl Value {
    /// The top of the lattice.
    pub(crate) const UNKNOWN: Self = Self::new(Tag::Unknown, 0);
    /// `None`.
    pub(crate) const NONE: Self = Self::new(Tag::None, 0);

    /// A value of that kind. Payloads beyond 56 bits cannot occur: no input is that long.
    #[inline]
    pub(crate) const fn new(tag: Tag, payload: u64) -> Self {
        Self(((tag as u64) << PAYLOAD_BITS) | (payload & PAYLOAD_MASK))
    }

    /// A boolean.
    #[inline]
    pub(crate) const fn bool(value: bool) -> Self {
        Self::new(if value { Tag::True } else { Tag::False }, 0)
    }

    /// An integer of at most 56 bits.
    #[inline]
    pub(crate) const fn int(value: i64) -> Self {
        Self::new(Tag::Int, value.cast_unsigned())
    }

    /// What kind it is.
    #[inline]
    pub(crate) fn tag(self) -> Tag {
        TAGS.get((self.0 >> PAYLOAD_BITS) as usize)
            .copied()
            .unwrap_or(Tag::Unknown)
    }

    /// Whether it is of that kind, which is no more than a comparison. For kinds with a tag of their
    /// own, which `Unknown` is not.
    #[inline(always)]
    pub(crate) fn is(self, tag: Tag) -> bool {
        self.0 >> PAYLOAD_BITS == tag as u64
    }

    /// The payload, unsigned: a place or a number.
    #[inline]
    pub(crate) fn payload(self) -> u64 {
        self.0 & PAYLOAD_MASK
    }

    /// The payload as an index into one of the heap's tables.
    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.payload()).unwrap_or(usize::MAX)
    }

    /// The payload of an [`Tag::Int`], sign restored.
    pub(crate) fn small_int(self) -> i64 {
        (self.0 << (64 - PAYLOAD_BITS)).cast_signed() >> (64 - PAYLOAD_BITS)
    }

    /// Whether it is a list, tuple, dict, set or frozenset.
    #[inline]
    pub(crate) fn is_node(self) -> bool {
        const FIRST: u64 = Tag::List as u64;
        const LAST: u64 = Tag::FrozenSet as u64;
        (FIRST..=LAST).contains(&(self.0 >> PAYLOAD_BITS))
    }

    /// Whether it is a literal or a buffer: nothing can be hidden in it.
    #[inline]
    pub(crate) fn is_inert(self) -> bool {
        self.0 < Self::new(Tag::List, 0).0
    }

    /// Whether all of them are inert. No tag reaches the highest bit, so it is set in a difference
    /// only where one borrowed; that can be asked of several values at once.
    #[inline(always)]
    pub(crate) fn are_inert(values: &[Self]) -> bool {
        const LIST: u64 = Value::new(Tag::List, 0).0;
        let mut all = u64::MAX;
        for value in values {
            all &= value.0.wrapping_sub(LIST);
        }
        all >> 63 == 1
    }

    /// Whether an opcode made it, so that it is surely of a type of Python's own that cannot be
    /// called. A buffer is whatever the host hands out.
    pub(crate) fn is_data(self) -> bool {
        !matches!(
            self.tag(),
            Tag::Import | Tag::Object | Tag::Unknown | Tag::Buffer
        )
    }

    /// Whether it is text or bytes, as they stand in the stream or computed.
    pub(crate) fn has_bytes(self) -> bool {
        use Tag::{ByteArrayAt, BytesAt, OwnedByteArray, OwnedBytes};
        self.is_text()
            || matches!(
                self.tag(),
                BytesAt | ByteArrayAt | OwnedBytes | OwnedByteArray
            )
    }

    /// Whether it is text or may be read as text.
    pub(crate) fn is_text(self) -> bool {
        matches!(self.tag(), Tag::TextAt | Tag::StringAt | Tag::OwnedText)
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({:#x})", self.tag(), self.payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word() {
        assert_eq!(size_of::<Value>(), 8);
    }

    #[test]
    fn small_integers_keep_their_sign() {
        for number in [0, 1, -1, i64::from(i32::MIN), i64::from(i32::MAX), 65_535] {
            assert_eq!(Value::int(number).small_int(), number);
        }
    }

    #[test]
    fn every_tag_survives_packing() {
        for &tag in TAGS {
            assert_eq!(Value::new(tag, 77).tag(), tag);
            assert_eq!(Value::new(tag, 77).payload(), 77);
        }
    }
}
