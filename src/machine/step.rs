//! The effect of each opcode, one arm each and no wildcard: a new row of the table does not compile
//! until it is handled here.

use std::borrow::Cow;

use super::{
    Machine,
    heap::ObjectKind,
    stack::Popped,
    trace::{EventKind, Fault, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::{AnomalyKind, ChangeKind},
    pickle::{Instruction, Opcode, Operand, number},
};

/// The highest protocol that CPython reads.
const HIGHEST_PROTOCOL: i64 = 5;

impl Machine<'_, '_> {
    /// Applies one instruction. `Err(Halt::Stop)` is the ordinary end.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn step(&mut self, at: &Instruction) -> Result<(), Halt> {
        match at.opcode {
            Opcode::Mark => self.stack.push_mark(),
            Opcode::Stop => self.stop(at),
            Opcode::Pop => self.pop_any(at),
            Opcode::PopMark => self.pop_mark(),
            Opcode::Dup => self.stack.top().and_then(|top| self.push(top)),
            Opcode::Proto => self.declare_protocol(at),
            Opcode::Frame => self.enter_frame(at),

            Opcode::None => self.push(Value::NONE),
            Opcode::Newtrue => self.push(Value::bool(true)),
            Opcode::Newfalse => self.push(Value::bool(false)),
            Opcode::Binint | Opcode::Binint1 | Opcode::Binint2 | Opcode::Binfloat => {
                self.push(fixed_number(at))
            }
            Opcode::Long1 | Opcode::Long4 => self.push_place(Tag::IntAt, at),
            Opcode::Int | Opcode::Long | Opcode::Float => self.push_number_line(at),
            Opcode::Binunicode
            | Opcode::ShortBinunicode
            | Opcode::Binunicode8
            | Opcode::Unicode => self.push_place(Tag::TextAt, at),
            Opcode::String => self.push_string_line(at),
            Opcode::Binstring | Opcode::ShortBinstring => self.push_place(Tag::StringAt, at),
            Opcode::Binbytes | Opcode::ShortBinbytes | Opcode::Binbytes8 => {
                self.push_place(Tag::BytesAt, at)
            }
            Opcode::Bytearray8 => self.push_place(Tag::ByteArrayAt, at),
            Opcode::NextBuffer => {
                self.event(at, EventKind::Buffer)?;
                self.push(Value::new(Tag::Buffer, 0))
            }
            Opcode::ReadonlyBuffer => self.stack.top().map(|_| ()),

            Opcode::EmptyList => self.push_empty(Tag::List),
            Opcode::EmptyDict => self.push_empty(Tag::Dict),
            Opcode::EmptySet => self.push_empty(Tag::Set),
            Opcode::EmptyTuple => self.push_empty(Tag::Tuple),
            Opcode::List => self.build_from_mark(Tag::List),
            Opcode::Tuple => self.build_from_mark(Tag::Tuple),
            Opcode::Frozenset => self.build_from_mark(Tag::FrozenSet),
            Opcode::Dict => self.build_dict(),
            Opcode::Tuple1 => self.build_tuple(1),
            Opcode::Tuple2 => self.build_tuple(2),
            Opcode::Tuple3 => self.build_tuple(3),
            Opcode::Append => self.append_top(at),
            Opcode::Setitem => self.set_top_item(at),
            Opcode::Appends => self.add_from_mark(at, Tag::List),
            Opcode::Additems => self.add_from_mark(at, Tag::Set),
            Opcode::Setitems => self.add_from_mark(at, Tag::Dict),

            Opcode::Get => self.memo_line(at).and_then(|index| self.get(index)),
            Opcode::Binget | Opcode::LongBinget => self.get(int_operand(at).cast_unsigned()),
            Opcode::Put => self.memo_line(at).and_then(|index| self.put(at, index)),
            Opcode::Binput | Opcode::LongBinput => self.put(at, int_operand(at).cast_unsigned()),
            Opcode::Memoize => self.put(at, self.memo.count() as u64),

            Opcode::Global => {
                let class = self.import_lines(at)?;
                self.push(class)
            }
            Opcode::StackGlobal => self.import_stack(at),
            Opcode::Inst => self.instantiate_named(at),
            Opcode::Obj => self.instantiate_marked(at),
            Opcode::Reduce => self.reduce(at),
            Opcode::Newobj => self.new_instance(at, 0),
            Opcode::NewobjEx => self.new_instance(at, 1),
            Opcode::Build => self.build(at),
            Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4 => self.extension(at),
            Opcode::Persid => self
                .push_place(Tag::TextAt, at)
                .and_then(|()| self.persistent(at)),
            Opcode::Binpersid => self.persistent(at),
        }
    }

    /// Applies an instruction whose operand is a short number in decimal digits, which every reader
    /// takes alike.
    #[inline(always)]
    pub(super) fn step_number(&mut self, at: &Instruction, number: i64) -> Result<(), Halt> {
        match at.opcode {
            Opcode::Get => self.get(number.cast_unsigned()),
            Opcode::Put => self.put(at, number.cast_unsigned()),
            _ => self.push(Value::int(number)),
        }
    }

    fn stop(&mut self, at: &Instruction) -> Result<(), Halt> {
        self.stack.pop()?;
        if self.stack.len() > 0 {
            self.anomaly(AnomalyKind::StackLeftover, at.offset);
        }
        if self.frame_end != u64::MAX && at.next < self.frame_end {
            self.anomaly(AnomalyKind::FrameMismatch, at.offset);
        }
        Err(Halt::Stop)
    }

    fn pop_any(&mut self, at: &Instruction) -> Result<(), Halt> {
        if self.stack.pop_any()? == Popped::Mark {
            self.anomaly(AnomalyKind::PopMark, at.offset);
        }
        Ok(())
    }

    fn pop_mark(&mut self) -> Result<(), Halt> {
        self.stack.slice()?;
        self.stack.drop_to_mark();
        Ok(())
    }

    fn declare_protocol(&mut self, at: &Instruction) -> Result<(), Halt> {
        let protocol = int_operand(at);
        if protocol > HIGHEST_PROTOCOL {
            self.anomaly(AnomalyKind::ProtocolUnsupported, at.offset);
            return Err(Halt::Fault(Fault::BadProtocol(protocol)));
        }
        self.protocols_declared += 1;
        if self.protocols_declared > 1 {
            self.anomaly(AnomalyKind::ProtocolRepeated, at.offset);
        }
        self.protocol = u8::try_from(protocol).unwrap_or(u8::MAX);
        self.trace.protocol = self.trace.protocol.max(self.protocol);
        Ok(())
    }

    fn enter_frame(&mut self, at: &Instruction) -> Result<(), Halt> {
        let Operand::Size(size) = at.operand else {
            return Ok(());
        };
        if !self.heeds_frames {
            return Ok(());
        }
        if self.frame_end != u64::MAX && at.offset < self.frame_end {
            self.anomaly(AnomalyKind::FrameMismatch, at.offset);
        }
        self.frame_end = at.next.saturating_add(size);
        // A frame that is longer than the data is what a cut file looks like. Every reader either
        // stops there or reads on linearly; none continues elsewhere.
        if self.frame_end > self.decoder.source().len() {
            self.frame_end = u64::MAX;
        }
        Ok(())
    }

    // ---- literals ----

    #[inline(always)]
    fn push_place(&mut self, tag: Tag, at: &Instruction) -> Result<(), Halt> {
        if at.next - at.offset >= self.watch.shortest {
            self.note(*at);
        }
        self.push(Value::new(tag, at.offset))
    }

    fn push_number_line(&mut self, at: &Instruction) -> Result<(), Halt> {
        let bytes = self.line(at).ok_or(Halt::Fault(Fault::BadNumber))?;
        if at.opcode == Opcode::Float && number::plain_float(&bytes) == Some(bytes.len()) {
            return self.push_place(Tag::FloatAt, at);
        }
        if let Some(small) = number::short(&bytes).filter(|_| at.opcode == Opcode::Int) {
            return self.push(Value::int(small));
        }
        let (reading, tag) = match at.opcode {
            Opcode::Float => (number::float(&bytes), Tag::FloatAt),
            Opcode::Long => (number::long(&bytes), Tag::IntAt),
            _ => (number::int(&bytes), Tag::IntAt),
        };
        if reading.disagrees() {
            self.anomaly(AnomalyKind::BadNumber, at.offset);
        }
        reading.value().ok_or(Halt::Fault(Fault::BadNumber))?;
        self.push_place(tag, at)
    }

    fn push_string_line(&mut self, at: &Instruction) -> Result<(), Halt> {
        // Quotes are checked by loaders before anything else; escapes when the text is decoded.
        if let Some(bytes) = self.line(at) {
            crate::pickle::text::string(&bytes).map_err(|_| Halt::Fault(Fault::BadText))?;
        }
        self.push_place(Tag::StringAt, at)
    }

    /// The operand line, where it is short enough to be fetched.
    fn line(&self, at: &Instruction) -> Option<Cow<'_, [u8]>> {
        let Operand::Span(span) = at.operand else {
            return None;
        };
        match self.decoder.held(span) {
            Some(held) => Some(Cow::Borrowed(held)),
            None => self.lookup.bytes(span, self.limits.text).map(Cow::Owned),
        }
    }

    // ---- containers ----

    #[inline(always)]
    fn push_empty(&mut self, tag: Tag) -> Result<(), Halt> {
        self.check_heap()?;
        let node = self.heap.new_node(tag);
        self.push(node)
    }

    #[inline(always)]
    fn build_from_mark(&mut self, tag: Tag) -> Result<(), Halt> {
        if self.stack.slice()?.is_empty() {
            self.stack.drop_to_mark();
            return self.push_empty(tag);
        }
        self.check_heap()?;
        let node = self.heap.node_of(tag, self.stack.slice()?);
        self.stack.drop_to_mark();
        self.push(node)
    }

    #[inline(always)]
    fn build_dict(&mut self) -> Result<(), Halt> {
        if self.stack.slice()?.len() % 2 == 1 {
            return Err(Halt::Fault(Fault::OddPairs));
        }
        self.build_from_mark(Tag::Dict)
    }

    fn build_tuple(&mut self, count: usize) -> Result<(), Halt> {
        self.check_heap()?;
        let node = self.heap.node_of(Tag::Tuple, self.stack.last(count)?);
        self.stack.discard(count);
        self.push(node)
    }

    #[inline(always)]
    fn append_top(&mut self, at: &Instruction) -> Result<(), Halt> {
        let [target, item] = self.stack.fold()?;
        if target.is(Tag::List) && self.heap.append(target, item) {
            return Ok(());
        }
        self.add(at, Tag::List, target, &[item])
    }

    #[inline(always)]
    fn set_top_item(&mut self, at: &Instruction) -> Result<(), Halt> {
        let [target, key, item] = self.stack.fold()?;
        if target.is(Tag::Dict) && self.heap.add_few(target, [key, item]) {
            return Ok(());
        }
        self.add(at, Tag::Dict, target, &[key, item])
    }

    #[inline(always)]
    fn add_from_mark(&mut self, at: &Instruction, tag: Tag) -> Result<(), Halt> {
        let items = self.stack.slice()?;
        // Pure Python sets the pairs before it misses the value of the last key.
        let odd = tag == Tag::Dict && items.len() % 2 == 1;
        match self.stack.below_mark() {
            Some(target) if target.is(tag) && !odd => {
                self.heap.extend(target, items);
                self.stack.drop_to_mark();
                self.check_heap()
            }
            target => self.add_oddly(*at, tag, target, odd),
        }
    }

    /// Adds the items above the mark to what is no container of that kind, or pairs of which the
    /// last lacks its value.
    #[cold]
    #[inline(never)]
    fn add_oddly(
        &mut self,
        at: Instruction,
        tag: Tag,
        target: Option<Value>,
        odd: bool,
    ) -> Result<(), Halt> {
        let mut items = self.stack.slice()?.to_vec();
        items.truncate(items.len() - usize::from(odd));
        let outcome = match target {
            Some(target) => self.add(&at, tag, target, &items),
            None => Err(Halt::Fault(Fault::StackUnderflow)),
        };
        self.stack.drop_to_mark();
        if odd {
            return outcome.and(Err(Halt::Fault(Fault::OddPairs)));
        }
        outcome
    }

    /// Adds to a container that the stream made; on anything else this calls its methods.
    #[inline(always)]
    fn add(
        &mut self,
        at: &Instruction,
        tag: Tag,
        target: Value,
        items: &[Value],
    ) -> Result<(), Halt> {
        if target.is(tag) {
            self.heap.extend(target, items);
            return self.check_heap();
        }
        self.add_by_methods(*at, tag, target, items)
    }

    #[cold]
    #[inline(never)]
    fn add_by_methods(
        &mut self,
        at: Instruction,
        tag: Tag,
        target: Value,
        items: &[Value],
    ) -> Result<(), Halt> {
        let value = match items {
            [only] => *only,
            _ => self.heap.node_of(Tag::Tuple, items),
        };
        self.change(&at, ChangeKind::Mutate, target, value)?;
        // Without an item, C does not even look at the target.
        if items.is_empty() || may_take(tag, target) {
            Ok(())
        } else {
            Err(Halt::Fault(Fault::NotMutable))
        }
    }

    // ---- memo ----

    fn memo_line(&mut self, at: &Instruction) -> Result<u64, Halt> {
        let bytes = self.line(at).ok_or(Halt::Fault(Fault::BadMemoIndex))?;
        if let Some(small) = number::short(&bytes) {
            return Ok(small.cast_unsigned());
        }
        let bytes = bytes.into_owned();
        let reading = number::index(&bytes);
        if reading.disagrees() {
            self.anomaly(AnomalyKind::BadNumber, at.offset);
        }
        match reading.value() {
            Some(number::Number::Int(index)) if index >= 0 => Ok(index.cast_unsigned()),
            // The memo of pure Python is a dict, which takes any number.
            Some(number::Number::Big) if !bytes.contains(&b'-') => {
                let digits = bytes.iter().copied().filter(u8::is_ascii_digit);
                let digits = digits.skip_while(|&digit| digit == b'0').collect();
                Ok(self.memo.number_of(digits))
            }
            _ => Err(Halt::Fault(Fault::BadMemoIndex)),
        }
    }

    #[inline(always)]
    fn get(&mut self, index: u64) -> Result<(), Halt> {
        self.read_memo = true;
        match self.memo.get(index) {
            Some(value) => self.push(value),
            None => Err(Halt::Fault(Fault::MemoMissing(index))),
        }
    }

    #[inline(always)]
    fn put(&mut self, at: &Instruction, index: u64) -> Result<(), Halt> {
        if self.memo.count() >= self.limits.memo {
            return Err(Halt::Limit("memo"));
        }
        let top = self.stack.top()?;
        match self.memo.put(index, top) {
            Some(before) if before != top => self.anomaly(AnomalyKind::MemoRedefined, at.offset),
            _ => {}
        }
        Ok(())
    }

    // ---- the host ----

    fn extension(&mut self, at: &Instruction) -> Result<(), Halt> {
        let code = int_operand(at);
        if code <= 0 {
            return Err(Halt::Fault(Fault::BadExtension(code)));
        }
        self.event(at, EventKind::Extension { code })?;
        if let Some(&(_, registered)) = self
            .registered
            .iter()
            .rev()
            .find(|(known, _)| *known == code)
        {
            return self.push(registered);
        }
        let object = self
            .heap
            .new_object(ObjectKind::Extension, Value::UNKNOWN, Value::int(code));
        self.push(object)
    }

    fn persistent(&mut self, at: &Instruction) -> Result<(), Halt> {
        let id = self.stack.pop()?;
        self.event(at, EventKind::Persistent { id })?;
        let object = self
            .heap
            .new_object(ObjectKind::Persistent, Value::UNKNOWN, id);
        self.push(object)
    }

    // ---- calls ----

    fn reduce(&mut self, at: &Instruction) -> Result<(), Halt> {
        let [callee, arguments] = *self.stack.last(2)? else {
            return Ok(());
        };
        self.stack.discard(2);
        if arguments.tag() != Tag::Tuple {
            self.anomaly(AnomalyKind::ArgumentsNotTuple, at.offset);
            refuse_number(arguments)?;
        }
        let result = self.call(at, callee, arguments, None)?;
        self.push(result)
    }

    fn instantiate_named(&mut self, at: &Instruction) -> Result<(), Halt> {
        // Pure Python imports before it looks for the mark.
        let class = self.import_lines(at)?;
        let arguments = self.heap.node_of(Tag::Tuple, self.stack.slice()?);
        self.stack.drop_to_mark();
        let result = self.call(at, class, arguments, None)?;
        self.push(result)
    }

    fn instantiate_marked(&mut self, at: &Instruction) -> Result<(), Halt> {
        let Some((&class, arguments)) = self.stack.slice()?.split_first() else {
            return Err(Halt::Fault(Fault::StackUnderflow));
        };
        let arguments = self.heap.node_of(Tag::Tuple, arguments);
        self.stack.drop_to_mark();
        let result = self.call(at, class, arguments, None)?;
        self.push(result)
    }

    /// NEWOBJ, and NEWOBJ_EX where a dict of keywords lies on top of the arguments.
    fn new_instance(&mut self, at: &Instruction, keyword_dicts: usize) -> Result<(), Halt> {
        let operands = self.stack.last(2 + keyword_dicts)?;
        let [class, arguments, ref keywords @ ..] = *operands else {
            return Ok(());
        };
        let keywords = keywords.first().copied();
        self.stack.discard(2 + keyword_dicts);
        if arguments.tag() != Tag::Tuple {
            self.anomaly(AnomalyKind::ArgumentsNotTuple, at.offset);
            refuse_number(arguments)?;
        }
        let result = self.instantiate(at, class, arguments, keywords)?;
        self.push(result)
    }

    fn build(&mut self, at: &Instruction) -> Result<(), Halt> {
        let [target, state] = self.stack.fold()?;
        self.set_state(at, target, state)
    }
}

/// Pure Python calls with any sequence; a number is none to any reader.
fn refuse_number(arguments: Value) -> Result<(), Halt> {
    match arguments.tag() {
        Tag::Int | Tag::IntAt | Tag::FloatAt | Tag::True | Tag::False => {
            Err(Halt::Fault(Fault::NotIterable))
        }
        _ => Ok(()),
    }
}

/// Whether a value of another kind than `tag` has the methods of that kind.
fn may_take(tag: Tag, target: Value) -> bool {
    match target.tag() {
        Tag::ByteArrayAt => tag != Tag::Set,
        // `list[0] = value`.
        Tag::List => tag == Tag::Dict,
        // What was computed may be of a type that this machine does not tell apart.
        Tag::OwnedText | Tag::OwnedBytes => true,
        _ => !target.is_data(),
    }
}

/// What an instruction pushes whose operand is a number of fixed width.
#[inline(always)]
fn fixed_number(at: &Instruction) -> Value {
    match at.operand {
        Operand::Int(value) => Value::int(value),
        _ => Value::new(Tag::FloatAt, at.offset),
    }
}

/// The operand of an opcode that has an integer.
#[inline]
fn int_operand(at: &Instruction) -> i64 {
    match at.operand {
        Operand::Int(value) => value,
        _ => 0,
    }
}
