//! Attributes and items: how one object leads to another.

use super::{
    Machine,
    heap::{Import, ObjectKind},
    import::cost_of,
    model::{Model, TextOp},
    trace::Halt,
    value::{Tag, Value},
};
use crate::{facts::Symbol, pickle::Instruction};

/// Longest name or key that is fetched, in bytes.
const LONGEST_NAME: usize = 4096;

impl Machine<'_, '_> {
    /// `getattr(object, name)`, which is an import in all but name.
    pub(super) fn attribute(
        &mut self,
        at: &Instruction,
        object: Value,
        name: Value,
        dotted: bool,
    ) -> Result<Value, Halt> {
        let Some(name) = self.text(name, LONGEST_NAME) else {
            return self.import(at, None, true);
        };
        let mut current = object;
        let mut rest = name.as_slice();
        while dotted && let Some(dot) = rest.iter().position(|&byte| byte == b'.') {
            let (segment, behind) = rest.split_at(dot);
            current = self.attribute_of(at, current, segment)?;
            rest = behind.get(1..).unwrap_or_default();
        }
        self.attribute_of(at, current, rest)
    }

    fn attribute_of(
        &mut self,
        at: &Instruction,
        object: Value,
        name: &[u8],
    ) -> Result<Value, Halt> {
        match object.tag() {
            Tag::Import => {
                let symbol = self
                    .heap
                    .symbol_of(object)
                    .map(|entry| entry.symbol.clone());
                self.import(at, symbol.map(|symbol| member(symbol, name)), true)
            }
            Tag::Object => self.attribute_of_object(at, object, name),
            Tag::Unknown => self.import(at, None, true),
            _ => {
                let (module, class) = self.knowledge.builtin_type(python_type(object.tag()));
                let function = member(
                    Symbol {
                        module,
                        name: class,
                    },
                    name,
                );
                self.bind(at, function, object)
            }
        }
    }

    fn attribute_of_object(
        &mut self,
        at: &Instruction,
        value: Value,
        name: &[u8],
    ) -> Result<Value, Halt> {
        let Some(&object) = self.heap.object(value) else {
            return self.import(at, None, true);
        };
        if object.kind == ObjectKind::Namespace {
            let (module, class) = self.knowledge.builtin_type(python_type(Tag::Dict));
            return self.bind(
                at,
                member(
                    Symbol {
                        module,
                        name: class,
                    },
                    name,
                ),
                value,
            );
        }
        match self.class_of(value) {
            Some(class) => self.bind(at, member(class, name), value),
            None => self.import(at, None, true),
        }
    }

    /// The class of an object, as far as what was called to make it tells.
    pub(super) fn class_of(&self, value: Value) -> Option<Symbol> {
        let mut current = value;
        // An object made by calling an object made by … leads to an import or nowhere.
        for _ in 0..8 {
            match current.tag() {
                Tag::Import => {
                    return self
                        .heap
                        .symbol_of(current)
                        .map(|entry| entry.symbol.clone());
                }
                Tag::Object => {
                    let object = self.heap.object(current)?;
                    current = match object.kind {
                        // PyTorch's ids name what they stand for: `('module', class, …)` and
                        // `('storage', class, …)`.
                        ObjectKind::Persistent => {
                            self.heap.elements(object.arguments)?.get(1).copied()?
                        }
                        _ => object.callee,
                    };
                }
                _ => return None,
            }
        }
        None
    }

    /// A method bound to an object.
    fn bind(&mut self, at: &Instruction, function: Symbol, object: Value) -> Result<Value, Halt> {
        if !self.is_short(&function) {
            return self.import(at, None, true);
        }
        self.limits.deadline.spend(cost_of(&function));
        let symbol = self.heap.intern(function);
        let function = self.heap.new_import(Import {
            offset: at.offset,
            opcode: at.opcode,
            symbol: Some(symbol),
            spelled: None,
            resolved: true,
            of_instance: true,
        });
        Ok(self.heap.new_object(ObjectKind::Bound, function, object))
    }

    /// Whether a subscript gives an import its parameters, as in `List[int]`, and leads to no other
    /// name. What a call gave may be text that names something.
    fn is_parametrized(&self, object: Value, key: Value) -> bool {
        let model = self.heap.symbol_of(object).and_then(|entry| entry.model);
        matches!(model, Some(Model::Generic))
            || key.tag() == Tag::Import
            || (key.is_data() && !key.is_text())
    }

    /// `object[key]`.
    pub(super) fn item(
        &mut self,
        at: &Instruction,
        object: Value,
        key: Value,
    ) -> Result<Value, Halt> {
        match object.tag() {
            Tag::Dict => Ok(self.dict_item(object, key)),
            Tag::Import if self.is_parametrized(object, key) => {
                let key = self.heap.node_of(Tag::Tuple, &[key]);
                Ok(self.heap.new_object(ObjectKind::Result, object, key))
            }
            Tag::Import => self.attribute(at, object, key, false),
            Tag::Object => match self.heap.object(object).copied() {
                Some(made) if made.kind == ObjectKind::Namespace => {
                    self.attribute(at, made.callee, key, false)
                }
                _ => Ok(Value::UNKNOWN),
            },
            _ => {
                let pair = self.heap.node_of(Tag::Tuple, &[object, key]);
                let item = self.compute(TextOp::GetChar, None, pair);
                Ok(item.unwrap_or(Value::UNKNOWN))
            }
        }
    }

    /// The value of the last pair whose key is that literal.
    fn dict_item(&mut self, dict: Value, key: Value) -> Value {
        let Some(elements) = self.heap.elements(dict) else {
            return Value::UNKNOWN;
        };
        if !self.may_look_through(elements.len()) {
            return Value::UNKNOWN;
        }
        let wanted = self.contents(key, LONGEST_NAME);
        for pair in elements.rchunks_exact(2) {
            let &[candidate, value] = pair else { continue };
            let same = candidate == key
                || (wanted.is_some() && self.contents(candidate, LONGEST_NAME) == wanted);
            if same {
                return value;
            }
        }
        Value::UNKNOWN
    }

    /// Takes the cost of comparing so many keys from what may be computed: one look-up of a few
    /// bytes can go through thousands of them.
    fn may_look_through(&mut self, elements: usize) -> bool {
        self.text_work = self.text_work.saturating_add(elements);
        self.limits.deadline.spend(elements);
        self.text_work <= self.limits.computed
    }

    /// Looks a string key up in a dict literal.
    pub(super) fn dict_entry(&mut self, dict: Value, key: &[u8]) -> Option<Value> {
        let elements = self
            .heap
            .elements(dict)
            .filter(|_| dict.tag() == Tag::Dict)?;
        if !self.may_look_through(elements.len()) {
            return None;
        }
        for pair in elements.rchunks_exact(2) {
            if let &[candidate, value] = pair
                && self.contents(candidate, LONGEST_NAME).as_deref() == Some(key)
            {
                return Some(value);
            }
        }
        None
    }
}

/// The symbol of a member.
fn member(owner: Symbol, name: &[u8]) -> Symbol {
    let mut qualname = owner.name;
    if !qualname.is_empty() {
        qualname.push(b'.');
    }
    qualname.extend_from_slice(name);
    Symbol {
        module: owner.module,
        name: qualname,
    }
}

/// What Python's `type` calls the values that opcodes make.
fn python_type(tag: Tag) -> &'static str {
    match tag {
        Tag::TextAt | Tag::OwnedText | Tag::StringAt => "str",
        Tag::BytesAt | Tag::OwnedBytes => "bytes",
        Tag::ByteArrayAt | Tag::OwnedByteArray => "bytearray",
        Tag::List => "list",
        Tag::Tuple => "tuple",
        Tag::Dict => "dict",
        Tag::Set => "set",
        Tag::FrozenSet => "frozenset",
        Tag::Int | Tag::IntAt => "int",
        Tag::FloatAt => "float",
        Tag::True | Tag::False => "bool",
        Tag::None => "NoneType",
        _ => "object",
    }
}
