//! From the machine's values to facts: owned, printable, and short.

use std::collections::HashMap;

use super::{
    Machine,
    heap::ObjectKind,
    trace::{Event, EventKind, Fault, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::{
        Argument, CallFact, ChangeFact, End, Facts, ImportFact, PayloadFact, PayloadKind, Place,
        Symbol, Target,
    },
    payload,
    pickle::{number::Number, text},
};

/// How deep an argument is described.
const DEPTH: usize = 4;

/// Elements of a container that are described, counted.
const ELEMENTS: usize = 64;

/// What describing one event may cost: a unit for each byte of text, and [`ELEMENT`] for each value.
/// A tuple that holds one tuple many times, which holds another, unfolds without end.
const DESCRIBED: usize = 1 << 18;

/// What a value costs, its text aside.
const ELEMENT: usize = 64;

/// Units of work for a byte that is copied and kept until a stream is judged: so the memory that an
/// input takes is bounded with its work.
pub(super) const KEPT: usize = 8;

/// Longest text that is described, in bytes. Longer text is known to be text, not what it says.
const TEXT: usize = 4096;

/// Imports of one name that are kept of a stream, counted; nothing is learned from more.
const SAME_IMPORTS: usize = 1_000;

/// Imports listed as carried by one call, counted.
const CARRIED: usize = 64;

/// Characters of a call's arguments that are shown.
const SHOWN: usize = 300;

impl Machine<'_, '_> {
    /// Turns the trace into facts and forgets it.
    pub(super) fn describe(&mut self, offset: u64, stop: u64, halt: Halt) -> Facts {
        let trace = std::mem::take(&mut self.trace);
        self.described_payloads.clear();
        let end = match halt {
            Halt::Stop => End::Stop,
            Halt::Limit(_) => End::Limit,
            _ if halt.is_truncation() => End::Truncated,
            Halt::Decode(_) | Halt::Fault(_) => End::Error,
        };
        let mut facts = Facts {
            offset,
            length: stop.saturating_sub(offset),
            protocol: trace.protocol,
            reader: None,
            inline_arrays: trace.inline_arrays,
            between: trace.between,
            telling: trace.telling,
            telling_cut: trace.telling_cut,
            memo_missing: matches!(halt, Halt::Fault(Fault::MemoMissing(_))),
            end,
            end_reason: (halt != Halt::Stop).then(|| halt.to_string()),
            imports: self.import_facts(trace.first_import),
            calls: Vec::new(),
            changes: Vec::new(),
            persistent: Vec::new(),
            extensions: Vec::new(),
            buffers: Vec::new(),
            payloads: Vec::new(),
            anomalies: trace.anomalies,
            container: Vec::new(),
        };
        for event in trace.events {
            self.describe_event(&mut facts, event);
        }
        self.count_further_calls(&mut facts);
        if let Some(stop) = self.limits.deadline.passed()
            && facts.end == End::Stop
        {
            facts.end = End::Limit;
            facts.end_reason = Some(Halt::Limit(stop.limit()).to_string());
        }
        facts
    }

    /// Says at the last call that was kept of each callable how many more there were.
    fn count_further_calls(&mut self, facts: &mut Facts) {
        let mut further = HashMap::new();
        for number in self.heap.called.drain(..) {
            if let Some(entry) = self.heap.symbols.get_mut(number as usize) {
                entry.kept_calls = 0;
                let count = std::mem::take(&mut entry.further_calls);
                if count > 0 {
                    further.insert(entry.symbol.clone(), count);
                }
            }
        }
        for call in facts.calls.iter_mut().rev() {
            if further.is_empty() {
                break;
            }
            let count = call
                .callee
                .symbol()
                .and_then(|symbol| further.remove(symbol));
            call.repeated = count.unwrap_or(0);
        }
    }

    fn import_facts(&self, first: usize) -> Vec<ImportFact> {
        let symbol = |number: Option<u32>| {
            let entry = self.heap.symbols.get(number? as usize)?;
            Some(entry.symbol.clone())
        };
        let imports = self.heap.imports.get(first..).unwrap_or_default();
        // How many there are of each, and where the last stands that is kept.
        let mut counted: HashMap<_, (usize, usize)> = HashMap::new();
        let mut facts: Vec<ImportFact> = Vec::new();
        for import in imports {
            let same = (
                import.symbol,
                import.spelled,
                import.resolved,
                import.of_instance,
            );
            let (count, last) = counted.entry(same).or_default();
            *count += 1;
            if *count > SAME_IMPORTS {
                if let Some(last) = facts.get_mut(*last) {
                    last.repeated += 1;
                }
                continue;
            }
            *last = facts.len();
            facts.push(ImportFact {
                place: Place {
                    offset: import.offset,
                    opcode: import.opcode.name(),
                },
                symbol: symbol(import.symbol),
                spelled: symbol(import.spelled),
                resolved: import.resolved,
                of_instance: import.of_instance,
                repeated: 0,
            });
        }
        facts
    }

    fn describe_event(&mut self, facts: &mut Facts, event: Event) {
        // Where there is no time left, what happened is said, and not with what.
        self.describable = match self.limits.deadline.has_passed() {
            true => 0,
            false => DESCRIBED,
        };
        let affordable = self.describable;
        self.facts_of(facts, event);
        let spent = affordable - self.describable;
        self.limits.deadline.spend((spent + ELEMENT) * KEPT);
    }

    /// Spends units of what describing the event may cost; `false` where they are not there, and
    /// then nothing more is.
    fn afford(&mut self, units: usize) -> bool {
        let left = self.describable.checked_sub(units);
        self.describable = left.unwrap_or(0);
        left.is_some()
    }

    fn facts_of(&mut self, facts: &mut Facts, event: Event) {
        let place = Place {
            offset: event.offset,
            opcode: event.opcode.name(),
        };
        match event.kind {
            EventKind::Call { callee, arguments } => {
                // Where there are more arguments than are described, one that is not known stands
                // for the others.
                let known = arguments.tag() == Tag::Tuple;
                let known = known && self.heap.elements(arguments).is_some();
                let described = known.then(|| self.element_facts(arguments, DEPTH + 1));
                facts.calls.push(CallFact {
                    place,
                    callee: self.target(callee),
                    shown: self.show_arguments(described.as_deref()),
                    arguments: described,
                    carried: self.carried(arguments),
                    chain: self.chain(facts, callee),
                    repeated: 0,
                });
            }
            EventKind::Change {
                kind,
                target,
                value,
            } => {
                let described = self.argument_fact(value, DEPTH);
                facts.changes.push(ChangeFact {
                    place,
                    kind,
                    target: self.target(target),
                    shown: shorten(described.to_string()),
                    value: described,
                    carried: self.carried(value),
                });
            }
            EventKind::Persistent { id } => {
                let id = self.argument_fact(id, DEPTH);
                facts.persistent.push((place, id));
            }
            EventKind::Extension { code } => facts.extensions.push((place, code)),
            EventKind::Buffer => facts.buffers.push(place),
            EventKind::Payload { kind, data } => {
                facts.payloads.extend(self.payload_fact(place, kind, data));
            }
        }
    }

    /// What a call would run. The same value handed to many calls is looked at once.
    fn payload_fact(
        &mut self,
        place: Place,
        kind: PayloadKind,
        data: Value,
    ) -> Option<PayloadFact> {
        let deadline = &self.limits.deadline;
        if deadline.has_passed() || !self.described_payloads.insert((kind, data)) {
            return None;
        }
        if kind == PayloadKind::CodeObject && data.tag() == Tag::Tuple {
            let parts = self.code_parts(data)?;
            return Some(PayloadFact {
                place,
                kind,
                summary: payload::summarize_parts(&parts),
                data: parts.code,
            });
        }
        let data = match kind {
            PayloadKind::Generated => self.generated(data),
            PayloadKind::Unread => Vec::new(),
            _ => self.payload_bytes(data)?,
        };
        self.limits.deadline.spend(data.len().saturating_mul(KEPT));
        let is_code = kind == PayloadKind::Source && payload::is_code(&data);
        let kind = if is_code {
            PayloadKind::CodeObject
        } else {
            kind
        };
        Some(PayloadFact {
            place,
            kind,
            summary: payload::summarize(kind, &data),
            data,
        })
    }

    /// The parts of a generated text, each from a line of its own on. A part that is no text is left
    /// out, so that the rules do not find in the rest what the library writes.
    fn generated(&mut self, parts: Value) -> Vec<u8> {
        let parts = self.heap.elements(parts).unwrap_or_default();
        let most = self.limits.payload;
        let texts = parts.into_iter();
        let texts: Vec<Vec<u8>> = texts.filter_map(|part| self.contents(part, most)).collect();
        texts.join(&b'\n')
    }

    /// The bytes that a call would run or load; a command may be an argument vector.
    fn payload_bytes(&mut self, data: Value) -> Option<Vec<u8>> {
        if let Some(bytes) = self.contents(data, self.limits.payload) {
            return Some(bytes);
        }
        let words = self.heap.elements(data)?;
        let words: Option<Vec<Vec<u8>>> = words
            .into_iter()
            .map(|word| self.contents(word, TEXT))
            .collect();
        Some(words?.join(&b' '))
    }

    /// How a callee was obtained: the calls at the place of its import.
    fn chain(&self, facts: &Facts, callee: Value) -> Vec<String> {
        let import = match self.heap.object(callee) {
            Some(object) => self.heap.import(object.callee),
            None => self.heap.import(callee),
        };
        let Some(import) = import.filter(|import| import.resolved) else {
            return Vec::new();
        };
        let earlier = facts.calls.iter().rev().take(256);
        let mut chain: Vec<String> = earlier
            .filter(|call| call.place.offset == import.offset)
            .filter_map(|call| {
                let symbol = call.callee.symbol()?;
                let name = text::show_name(&symbol.dotted(), SHOWN);
                Some(format!("{name}{} at {:#x}", call.shown, call.place.offset))
            })
            .collect();
        chain.reverse();
        chain
    }

    /// What a value is, as something that is called or changed.
    pub(super) fn target(&self, value: Value) -> Target {
        match value.tag() {
            Tag::Import => match self.heap.symbol_of(value) {
                Some(entry) if entry.symbol.name.is_empty() => {
                    Target::Module(entry.symbol.module.clone())
                }
                Some(entry) => Target::Import(entry.symbol.clone()),
                None => Target::Unknown,
            },
            Tag::Object => self.object_target(value),
            Tag::Unknown => Target::Unknown,
            _ => Target::Data,
        }
    }

    fn object_target(&self, value: Value) -> Target {
        let Some(object) = self.heap.object(value) else {
            return Target::Unknown;
        };
        match object.kind {
            ObjectKind::Persistent => Target::Persistent,
            ObjectKind::Extension => Target::Extension(object.arguments.small_int()),
            ObjectKind::Bound => self.target(object.callee),
            ObjectKind::Instance => Target::Instance(self.class_of(object.callee)),
            ObjectKind::Result => match self.class_of(object.callee) {
                None if self.is_extension(object.callee) => self.target(object.callee),
                symbol => Target::Result(symbol),
            },
            _ => Target::Result(self.class_of(object.callee)),
        }
    }

    fn is_extension(&self, value: Value) -> bool {
        self.heap
            .object(value)
            .is_some_and(|object| object.kind == ObjectKind::Extension)
    }

    fn argument_fact(&mut self, value: Value, depth: usize) -> Argument {
        if !self.afford(ELEMENT) {
            return Argument::Unknown;
        }
        let described = self.affordable_fact(value, depth);
        if let Argument::Text(Some(text)) | Argument::Bytes(Some(text)) = &described {
            self.afford(text.len());
        }
        described
    }

    fn affordable_fact(&mut self, value: Value, depth: usize) -> Argument {
        match value.tag() {
            Tag::Unknown => Argument::Unknown,
            Tag::None => Argument::None,
            Tag::False => Argument::Bool(false),
            Tag::True => Argument::Bool(true),
            Tag::Int => Argument::Int(Some(value.small_int())),
            Tag::IntAt | Tag::FloatAt => match self.number(value) {
                Some(Number::Int(number)) => Argument::Int(Some(number)),
                Some(Number::Bool(boolean)) => Argument::Bool(boolean),
                Some(Number::Float(float)) => Argument::Float(float),
                Some(Number::Big) => Argument::Int(None),
                None => Argument::Unknown,
            },
            Tag::TextAt | Tag::StringAt | Tag::OwnedText => {
                Argument::Text(self.contents(value, TEXT))
            }
            Tag::BytesAt | Tag::ByteArrayAt | Tag::OwnedBytes | Tag::OwnedByteArray => {
                Argument::Bytes(self.contents(value, TEXT))
            }
            Tag::Import | Tag::Object => Argument::Object(self.target(value)),
            Tag::Buffer => Argument::Buffer,
            Tag::List => Argument::List(self.element_facts(value, depth)),
            Tag::Tuple => Argument::Tuple(self.element_facts(value, depth)),
            Tag::Set | Tag::FrozenSet => Argument::Set(self.element_facts(value, depth)),
            Tag::Dict => {
                let mut elements = self.element_facts(value, depth).into_iter();
                let mut pairs = Vec::new();
                // Where the dict was cut short, a last key that is not known says so.
                while let Some(key) = elements.next() {
                    let value = elements.next().unwrap_or(Argument::Unknown);
                    pairs.push((key, value));
                }
                Argument::Dict(pairs)
            }
        }
    }

    fn element_facts(&mut self, container: Value, depth: usize) -> Vec<Argument> {
        let Some(depth) = depth.checked_sub(1) else {
            return vec![Argument::Unknown];
        };
        let (elements, whole) = self.heap.first_elements(container, ELEMENTS);
        let mut described: Vec<Argument> = elements
            .into_iter()
            .map(|element| self.argument_fact(element, depth))
            .collect();
        if !whole {
            described.push(Argument::Unknown);
        }
        described
    }

    /// Imports that went into a value at any depth. Iterative: nesting is the input's.
    fn carried(&mut self, value: Value) -> Vec<Symbol> {
        let mut found: Vec<Symbol> = Vec::new();
        let mut pending = vec![value];
        while let Some(value) = pending.pop().filter(|_| found.len() < CARRIED) {
            if !self.afford(ELEMENT) {
                break;
            }
            if !self.heap.carries(value) {
                continue;
            }
            match value.tag() {
                Tag::Import => {
                    let symbol = self.heap.symbol_of(value).map(|entry| entry.symbol.clone());
                    if let Some(symbol) = symbol.filter(|symbol| !found.contains(symbol)) {
                        found.push(symbol);
                    }
                }
                Tag::Object => {
                    if let Some(object) = self.heap.object(value) {
                        pending.push(object.arguments);
                        let callable = matches!(
                            object.kind,
                            ObjectKind::Bound | ObjectKind::Partial | ObjectKind::Namespace
                        );
                        pending.extend(callable.then_some(object.callee));
                    }
                }
                _ => pending.extend(self.heap.linked(value).take(CARRIED)),
            }
        }
        found
    }

    fn show_arguments(&self, arguments: Option<&[Argument]>) -> String {
        let Some(arguments) = arguments else {
            return "(?)".to_owned();
        };
        shorten(Argument::Tuple(arguments.to_vec()).to_string())
    }
}

fn shorten(mut shown: String) -> String {
    if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
