//! What values point to: containers, objects, imports, symbols and computed text.

use std::collections::HashMap;

use super::{
    containers::Containers,
    model::{Knowledge, Model},
    value::{Tag, Value},
};
use crate::{facts::Symbol, pickle::Opcode};

/// What a call made.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    /// The result of a call that is not modelled.
    Result,
    /// An instance, made without calling the class.
    Instance,
    /// A method bound to an object: callee is the function, arguments the object.
    Bound,
    /// A callable with bound arguments.
    Partial,
    /// A callable that reads attributes.
    AttributeGetter,
    /// A callable that reads items.
    ItemGetter,
    /// A callable that calls a method.
    MethodCaller,
    /// The namespace of the callee, as a dict.
    Namespace,
    /// What the host's `persistent_load` returns for the arguments.
    Persistent,
    /// What is registered under the extension code in the arguments.
    Extension,
}

/// Something that a call made.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: ObjectKind,
    /// Whether something that may be called went in.
    pub(crate) carries: bool,
    /// What was called.
    pub(crate) callee: Value,
    /// With what: a tuple, or one value, as the kind says.
    pub(crate) arguments: Value,
    /// What BUILD gave it last; `None` before.
    pub(crate) state: Value,
}

/// One import, in the order of the stream.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Import {
    pub(crate) offset: u64,
    pub(crate) opcode: Opcode,
    /// Number of the symbol, or nothing where the name is not known.
    pub(crate) symbol: Option<u32>,
    /// Number of the symbol as it is spelled, where that is a Python 2 name.
    pub(crate) spelled: Option<u32>,
    pub(crate) resolved: bool,
    pub(crate) of_instance: bool,
}

/// A symbol and what the rules know of it.
pub(crate) struct SymbolEntry<'k> {
    pub(crate) symbol: Symbol,
    pub(crate) model: Option<&'k Model>,
    pub(crate) plain: bool,
    /// Whether each call is kept, because the rules have conditions on it.
    pub(crate) conditional: bool,
    /// Calls kept as events.
    pub(crate) kept_calls: u32,
    /// Calls counted but not kept.
    pub(crate) further_calls: u64,
}

/// The tables that values point into.
pub(crate) struct Heap<'k> {
    knowledge: &'k dyn Knowledge,
    containers: Containers,
    objects: Vec<Object>,
    pub(crate) imports: Vec<Import>,
    pub(crate) symbols: Vec<SymbolEntry<'k>>,
    /// Numbers of the symbols of which this stream has kept calls.
    pub(crate) called: Vec<u32>,
    numbers: HashMap<Symbol, u32>,
    texts: Vec<Box<[u8]>>,
}

impl<'k> Heap<'k> {
    pub(crate) fn new(knowledge: &'k dyn Knowledge) -> Self {
        Self {
            knowledge,
            containers: Containers::default(),
            objects: Vec::new(),
            imports: Vec::new(),
            symbols: Vec::new(),
            called: Vec::new(),
            numbers: HashMap::new(),
            texts: Vec::new(),
        }
    }

    /// Containers and objects that take memory, counted.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.containers.size() + self.objects.len()
    }

    // ---- containers ----

    /// Makes an empty container.
    #[inline(always)]
    pub(crate) fn new_node(&mut self, tag: Tag) -> Value {
        self.containers.make(tag)
    }

    /// Makes a container of these elements.
    #[inline]
    pub(crate) fn node_of(&mut self, tag: Tag, elements: &[Value]) -> Value {
        let node = self.new_node(tag);
        if !elements.is_empty() {
            self.extend(node, elements);
        }
        node
    }

    /// Adds elements to a container where that is a matter of writing them down: nothing may be called
    /// among them, and there is room. Otherwise says no.
    #[inline(always)]
    pub(crate) fn add_few<const N: usize>(
        &mut self,
        container: Value,
        elements: [Value; N],
    ) -> bool {
        Value::are_inert(&elements) && self.containers.add_few(container, elements)
    }

    /// As [`Heap::add_few`], for one element that may be a container itself.
    #[inline(always)]
    pub(crate) fn append(&mut self, container: Value, element: Value) -> bool {
        let is_plain = element.is_inert() || self.containers.is_plain(element);
        is_plain && self.containers.add_few(container, [element])
    }

    /// Adds elements to a container.
    #[inline(never)]
    pub(crate) fn extend(&mut self, container: Value, elements: &[Value]) {
        // Most elements are plain data; four are looked at together.
        let (fours, rest) = elements.as_chunks::<4>();
        for four in fours {
            if !Value::are_inert(four) {
                self.link_carriers(container, four);
            }
        }
        self.link_carriers(container, rest);
        self.containers.extend(container, elements);
    }

    #[inline(always)]
    fn link_carriers(&mut self, container: Value, elements: &[Value]) {
        for &element in elements {
            let carries = match element.is_node() {
                true => self.containers.has_links(element),
                false => !element.is_inert() && self.carries(element),
            };
            if carries {
                self.containers.link(container, element);
            }
        }
    }

    /// The elements of a container, or nothing where some were forgotten.
    pub(crate) fn elements(&self, container: Value) -> Option<Vec<Value>> {
        self.containers.elements(container)
    }

    /// The first elements of a container, and whether these are all.
    pub(crate) fn first_elements(&self, container: Value, most: usize) -> (Vec<Value>, bool) {
        self.containers.first_elements(container, most)
    }

    /// Whether a container is known to be empty.
    pub(crate) fn is_empty(&self, container: Value) -> bool {
        self.containers.is_empty(container)
    }

    /// What may be called among the elements of a container, latest first.
    pub(crate) fn linked(&self, container: Value) -> impl Iterator<Item = Value> {
        self.containers.linked(container)
    }

    /// Whether something that may be called is in the value, at any depth.
    #[inline]
    pub(crate) fn carries(&self, value: Value) -> bool {
        match value.tag() {
            Tag::Unknown => true,
            Tag::Import => self.symbol_of(value).is_none_or(|entry| !entry.plain),
            Tag::Object => self.object(value).is_some_and(|object| object.carries),
            Tag::List | Tag::Tuple | Tag::Dict | Tag::Set | Tag::FrozenSet => {
                self.containers.has_links(value)
            }
            _ => false,
        }
    }

    // ---- objects ----

    /// Makes an object.
    pub(crate) fn new_object(
        &mut self,
        kind: ObjectKind,
        callee: Value,
        arguments: Value,
    ) -> Value {
        let made = matches!(kind, ObjectKind::Result | ObjectKind::Instance);
        let callable = !made && kind != ObjectKind::Persistent;
        let carries =
            callable || self.carries(arguments) || (made && self.is_unknown_import(callee));
        self.objects.push(Object {
            kind,
            carries,
            callee,
            arguments,
            state: Value::NONE,
        });
        Value::new(Tag::Object, self.objects.len() as u64 - 1)
    }

    fn is_unknown_import(&self, callee: Value) -> bool {
        match callee.tag() {
            Tag::Import => self.symbol_of(callee).is_none(),
            tag => tag != Tag::Object,
        }
    }

    /// The object behind a value.
    #[inline]
    pub(crate) fn object(&self, value: Value) -> Option<&Object> {
        self.objects
            .get(value.index())
            .filter(|_| value.tag() == Tag::Object)
    }

    /// The object behind a value, to change it.
    pub(crate) fn object_mut(&mut self, value: Value) -> Option<&mut Object> {
        self.objects
            .get_mut(value.index())
            .filter(|_| value.tag() == Tag::Object)
    }

    // ---- imports and symbols ----

    /// The number of a symbol, which is looked up in the rules when it is met first.
    pub(crate) fn intern(&mut self, symbol: Symbol) -> u32 {
        if let Some(&number) = self.numbers.get(&symbol) {
            return number;
        }
        let number = u32::try_from(self.symbols.len()).unwrap_or(u32::MAX);
        let behaviour = self.knowledge.behaviour(&symbol.dotted());
        self.symbols.push(SymbolEntry {
            symbol: symbol.clone(),
            model: behaviour.model,
            plain: behaviour.plain,
            conditional: behaviour.conditional,
            kept_calls: 0,
            further_calls: 0,
        });
        self.numbers.insert(symbol, number);
        number
    }

    /// Python 3's spelling of a Python 2 name.
    pub(crate) fn python3_name(&self, symbol: &Symbol) -> Option<Symbol> {
        let (module, name) = self.knowledge.python3_name(&symbol.module, &symbol.name)?;
        let mapped = Symbol { module, name };
        (mapped != *symbol).then_some(mapped)
    }

    /// Remembers an import and returns its value.
    pub(crate) fn new_import(&mut self, import: Import) -> Value {
        self.imports.push(import);
        Value::new(Tag::Import, self.imports.len() as u64 - 1)
    }

    /// The import behind a value.
    pub(crate) fn import(&self, value: Value) -> Option<&Import> {
        self.imports
            .get(value.index())
            .filter(|_| value.tag() == Tag::Import)
    }

    /// The number of the symbol that a value imports.
    pub(crate) fn symbol_number(&self, value: Value) -> Option<u32> {
        self.import(value)?.symbol
    }

    /// The symbol that a value imports; nothing where its name is not known.
    #[inline]
    pub(crate) fn symbol_of(&self, value: Value) -> Option<&SymbolEntry<'k>> {
        self.symbols.get(self.symbol_number(value)? as usize)
    }

    // ---- computed text ----

    /// Keeps text or bytes that a modelled call computed.
    pub(crate) fn own(&mut self, tag: Tag, bytes: Vec<u8>) -> Value {
        self.texts.push(bytes.into_boxed_slice());
        Value::new(tag, self.texts.len() as u64 - 1)
    }

    /// Computed text or bytes.
    pub(crate) fn owned(&self, value: Value) -> Option<&[u8]> {
        let owned = matches!(
            value.tag(),
            Tag::OwnedText | Tag::OwnedBytes | Tag::OwnedByteArray
        );
        self.texts
            .get(value.index())
            .filter(|_| owned)
            .map(AsRef::as_ref)
    }
}
