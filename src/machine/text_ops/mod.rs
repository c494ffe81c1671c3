//! Text that a pickle computes at load time is computed here too, within limits, so that a name
//! spelled in pieces is still a name.
//!
//! A result is exactly CPython's, or it is not known: a wrong name would be judged in place of the
//! right one. Where CPython raises there is nothing to know.

mod base;
mod case;
mod codecs;
mod datum;
mod evaluate;
mod format;
mod inflate;
mod literal;
mod references;
mod repr;
mod strings;
mod utf7;

use super::{
    Machine,
    heap::ObjectKind,
    model::TextOp,
    value::{Tag, Value},
};
use datum::{Datum, Kind, Run};

/// Longest operand that is computed with, in bytes.
const LONGEST_OPERAND: usize = 1 << 20;

/// Elements of containers that are looked at by one operation, counted.
const MOST_ELEMENTS: usize = 1 << 16;

/// How deep operands may nest.
const DEPTH: usize = 16;

/// Operands and results up to this length may be names. They are still computed when longer ones
/// have used up [`crate::limits::Limits::computed`], up to the same amount again.
const SHORT: usize = 4096;

/// Units of work for one operation, its text aside.
const OPERATION: usize = 256;

/// What one operation may still look at.
struct Allowance {
    bytes: usize,
    elements: usize,
}

impl Machine<'_, '_> {
    /// Applies a text operation; nothing where its operands or its result are not known.
    ///
    /// Nothing, too, where the limit on computed text is used up: files of protocol 2 hold all
    /// their bytes as encoded text, so honest ones reach it. Whoever uses an unknown result as a
    /// name is reported for that.
    pub(super) fn compute(
        &mut self,
        op: TextOp,
        codec: Option<&str>,
        arguments: Value,
    ) -> Option<Value> {
        let values = self.heap.elements(arguments)?;
        if let Some(result) = self.of_containers(op, &values) {
            return Some(result);
        }
        let room = self.limits.computed.saturating_sub(self.text_work);
        let reserve = self
            .limits
            .computed
            .saturating_mul(2)
            .saturating_sub(self.text_work);
        let room = room.max(reserve.min(SHORT));
        let mut allowance = Allowance {
            bytes: room.min(LONGEST_OPERAND),
            elements: MOST_ELEMENTS,
        };
        let before = allowance.bytes;
        let worked_before = self.text_work;
        let operands: Option<Vec<Datum>> = values
            .into_iter()
            .map(|value| self.datum(value, DEPTH, &mut allowance))
            .collect();
        let looked_at = before - allowance.bytes + (MOST_ELEMENTS - allowance.elements);
        self.text_work = self.text_work.saturating_add(looked_at);
        let operands = operands?;
        let result = evaluate::evaluate(op, codec, &operands, room);
        if result.is_none() {
            // What does not fit, or is damaged at its end, may have cost all that was allowed.
            let lost = if op.unfolds() { room } else { looked_at };
            self.text_work = self.text_work.saturating_add(lost);
        }
        let stored = result.and_then(|result| self.stored(&result));
        let worked = self.text_work.saturating_sub(worked_before);
        self.limits.deadline.spend(worked + OPERATION);
        stored
    }

    /// Operations on containers whose elements need not be known.
    fn of_containers(&mut self, op: TextOp, values: &[Value]) -> Option<Value> {
        let (&first, rest) = values.split_first()?;
        let sequence = matches!(first.tag(), Tag::List | Tag::Tuple);
        let &second = rest.first().filter(|_| sequence)?;
        let mut elements = self.known_elements(first)?;
        match op {
            TextOp::Concat if second.tag() == first.tag() => {
                elements.extend(self.known_elements(second)?);
                Some(self.heap.node_of(first.tag(), &elements))
            }
            TextOp::GetChar => {
                let mut allowance = Allowance {
                    bytes: 0,
                    elements: 1,
                };
                let index = self.datum(second, 1, &mut allowance)?;
                let places = strings::positions(&index, elements.len())?;
                let found = places.iter().map(|&place| elements.get(place).copied());
                let found: Vec<Value> = found.collect::<Option<_>>()?;
                match (index, found.as_slice()) {
                    (Datum::Slice(_), found) => Some(self.heap.node_of(first.tag(), found)),
                    (_, &[found]) => Some(found),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The elements of a container that nothing outside may have changed.
    fn known_elements(&self, container: Value) -> Option<Vec<Value>> {
        let elements = self.heap.elements(container)?;
        (!self.exposed.contains(&container)).then_some(elements)
    }

    /// What iterating over a value gives: its elements, its characters or its bytes.
    pub(super) fn text_items(&mut self, value: Value) -> Option<Vec<Value>> {
        if matches!(value.tag(), Tag::List | Tag::Tuple) {
            return self.known_elements(value);
        }
        let mut allowance = Allowance {
            bytes: SHORT,
            elements: MOST_ELEMENTS,
        };
        let items = self.datum(value, DEPTH, &mut allowance)?.items()?;
        items.iter().map(|item| self.stored(item)).collect()
    }

    /// Remembers that a call of unknown effect was handed these arguments: it may have changed
    /// what is mutable among them.
    pub(super) fn expose(&mut self, arguments: Value) {
        let (elements, _) = self.heap.first_elements(arguments, DEPTH);
        for element in elements {
            self.expose_one(element);
        }
    }

    /// As [`Machine::expose`], for one value.
    pub(super) fn expose_one(&mut self, value: Value) {
        if matches!(
            value.tag(),
            Tag::List | Tag::Dict | Tag::Set | Tag::ByteArrayAt | Tag::OwnedByteArray
        ) {
            self.exposed.insert(value);
        }
    }

    /// A value as text methods see it.
    fn datum(&mut self, value: Value, depth: usize, allowance: &mut Allowance) -> Option<Datum> {
        let depth = depth.checked_sub(1)?;
        allowance.elements = allowance.elements.checked_sub(1)?;
        if self.exposed.contains(&value) {
            return None;
        }
        match value.tag() {
            Tag::None => Some(Datum::None),
            Tag::False => Some(Datum::Bool(false)),
            Tag::True => Some(Datum::Bool(true)),
            Tag::Int | Tag::IntAt => self.integer_datum(value),
            Tag::FloatAt => match self.number(value)? {
                crate::pickle::number::Number::Float(float) => Some(Datum::Float(float)),
                _ => None,
            },
            Tag::TextAt | Tag::OwnedText => {
                let run = Run::from_wtf8(&self.operand(value, allowance)?)?;
                Some(Datum::Run(run))
            }
            // What text a Python 2 string is depends on the loader, except for ASCII.
            Tag::StringAt => {
                let bytes = self.operand(value, allowance)?;
                bytes
                    .is_ascii()
                    .then(|| Datum::Run(Run::of_bytes(Kind::Text, &bytes)))
            }
            Tag::BytesAt | Tag::OwnedBytes => Some(Datum::bytes(&self.operand(value, allowance)?)),
            Tag::ByteArrayAt | Tag::OwnedByteArray => {
                let bytes = self.operand(value, allowance)?;
                Some(Datum::Run(Run::of_bytes(Kind::ByteArray, &bytes)))
            }
            Tag::List => self.data(value, depth, allowance).map(Datum::List),
            Tag::Tuple => self.data(value, depth, allowance).map(Datum::Tuple),
            Tag::Set => self.data(value, depth, allowance).map(Datum::Set),
            Tag::FrozenSet => self.data(value, depth, allowance).map(Datum::FrozenSet),
            Tag::Dict => {
                let mut data = self.data(value, depth, allowance)?.into_iter();
                let mut pairs = Vec::new();
                while let Some((key, value)) = data.next().zip(data.next()) {
                    pairs.push((key, value));
                }
                Some(Datum::Dict(pairs))
            }
            Tag::Object => self.slice(value),
            Tag::Buffer | Tag::Import | Tag::Unknown => None,
        }
    }

    fn operand(&mut self, value: Value, allowance: &mut Allowance) -> Option<Vec<u8>> {
        let bytes = self.contents(value, allowance.bytes)?;
        allowance.bytes -= bytes.len();
        Some(bytes)
    }

    fn data(
        &mut self,
        container: Value,
        depth: usize,
        allowance: &mut Allowance,
    ) -> Option<Vec<Datum>> {
        let elements = self.heap.elements(container)?.into_iter();
        elements
            .map(|element| self.datum(element, depth, allowance))
            .collect()
    }

    fn integer_datum(&mut self, value: Value) -> Option<Datum> {
        use crate::pickle::number::Number;
        if value.tag() == Tag::Int {
            return Some(Datum::Int(value.small_int()));
        }
        match self.number(value)? {
            Number::Int(int) => Some(Datum::Int(int)),
            Number::Bool(boolean) => Some(Datum::Bool(boolean)),
            Number::Float(_) | Number::Big => None,
        }
    }

    /// `slice(start, stop, step)`, made by a call.
    fn slice(&mut self, value: Value) -> Option<Datum> {
        let object = *self.heap.object(value)?;
        let (module, name) = self.knowledge.builtin_type("slice");
        let class = self.heap.symbol_of(object.callee)?;
        let made = matches!(object.kind, ObjectKind::Result | ObjectKind::Instance);
        if !made || class.symbol.module != module || class.symbol.name != name {
            return None;
        }
        let bounds = self.heap.elements(object.arguments)?.into_iter();
        let bounds = bounds.map(|bound| match bound.tag() {
            Tag::None => Some(None),
            _ => self.integer(bound).map(Some),
        });
        match *bounds.collect::<Option<Vec<_>>>()?.as_slice() {
            [stop] => Some(Datum::Slice([None, stop, None])),
            [start, stop] => Some(Datum::Slice([start, stop, None])),
            [start, stop, step] => Some(Datum::Slice([start, stop, step])),
            _ => None,
        }
    }

    /// Puts a result where values point to. Floats and wide integers have no place to stand.
    fn stored(&mut self, datum: &Datum) -> Option<Value> {
        let (tag, items) = match datum {
            Datum::None => return Some(Value::NONE),
            Datum::Bool(boolean) => return Some(Value::bool(*boolean)),
            Datum::Int(int) => {
                let value = Value::int(*int);
                return (value.small_int() == *int).then_some(value);
            }
            Datum::Run(run) => {
                let bytes = run.stored();
                self.text_work = self.text_work.saturating_add(bytes.len());
                let tag = match run.kind {
                    Kind::Text => Tag::OwnedText,
                    Kind::Bytes => Tag::OwnedBytes,
                    Kind::ByteArray => Tag::OwnedByteArray,
                };
                return Some(self.heap.own(tag, bytes));
            }
            Datum::List(items) => (Tag::List, items.iter().collect()),
            Datum::Tuple(items) => (Tag::Tuple, items.iter().collect()),
            Datum::Set(items) => (Tag::Set, items.iter().collect()),
            Datum::FrozenSet(items) => (Tag::FrozenSet, items.iter().collect()),
            Datum::Dict(pairs) => {
                let items = pairs.iter().flat_map(|(key, value)| [key, value]);
                (Tag::Dict, items.collect::<Vec<_>>())
            }
            Datum::Float(_) | Datum::Slice(_) => return None,
        };
        let items = items.into_iter().map(|item| self.stored(item));
        let items: Vec<Value> = items.collect::<Option<_>>()?;
        Some(self.heap.node_of(tag, &items))
    }
}
