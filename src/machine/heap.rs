//! What values point to: containers, objects, imports, symbols and computed text.
//!
//! Containers keep their elements in a ring of fixed size. An element that has been overwritten is
//! forgotten, so memory stays small on files of millions of dicts; but whatever may be called is
//! also linked to its container for good, so a callable hidden in a long list is not lost.

use std::collections::HashMap;

use super::{
    model::{Knowledge, Model},
    value::{Tag, Value},
};
use crate::{facts::Symbol, pickle::Opcode};

/// Elements in the ring, counted: one MiB.
const RING: usize = 1 << 17;

/// Elements kept of one container, counted. A command spelled character by character fits.
const KEPT: u16 = 4096;

/// A list, tuple, dict, set or frozenset.
#[derive(Copy, Clone, Debug, Default)]
struct Node {
    /// Position of the first element in the ring, counted since the beginning.
    start: u64,
    kept: u16,
    room: u16,
    /// Elements that went in, saturating.
    count: u32,
    /// Head of the list of links; 0 where nothing that may be called went in.
    links: u32,
}

/// One value that may be called, and the next in its container.
#[derive(Copy, Clone, Debug)]
struct Link {
    value: Value,
    next: u32,
}

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
    nodes: Vec<Node>,
    ring: Vec<Value>,
    written: u64,
    links: Vec<Link>,
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
            nodes: Vec::new(),
            ring: Vec::new(),
            written: 0,
            links: vec![Link {
                value: Value::UNKNOWN,
                next: 0,
            }],
            objects: Vec::new(),
            imports: Vec::new(),
            symbols: Vec::new(),
            called: Vec::new(),
            numbers: HashMap::new(),
            texts: Vec::new(),
        }
    }

    /// Containers and objects so far, counted.
    pub(crate) fn size(&self) -> usize {
        self.nodes.len() + self.objects.len() + self.links.len()
    }

    // ---- containers ----

    /// Makes an empty container.
    #[inline]
    pub(crate) fn new_node(&mut self, tag: Tag) -> Value {
        self.nodes.push(Node::default());
        Value::new(tag, self.nodes.len() as u64 - 1)
    }

    /// Makes a container of these elements.
    #[inline]
    pub(crate) fn node_of(&mut self, tag: Tag, elements: &[Value]) -> Value {
        let node = self.new_node(tag);
        self.extend(node, elements);
        node
    }

    /// Adds elements to a container.
    pub(crate) fn extend(&mut self, container: Value, elements: &[Value]) {
        for &element in elements {
            if !element.is_inert() && self.carries(element) {
                self.link(container, element);
            }
        }
        let index = container.index();
        let Some(mut node) = self.nodes.get(index).copied() else {
            return;
        };
        node.count = node
            .count
            .saturating_add(u32::try_from(elements.len()).unwrap_or(u32::MAX));
        let wanted = usize::from(KEPT - node.kept).min(elements.len());
        if usize::from(node.room - node.kept) < wanted {
            self.make_room(&mut node, wanted);
        }
        if let Some(elements) = elements.get(..wanted) {
            self.write(&mut node, elements);
        }
        if let Some(slot) = self.nodes.get_mut(index) {
            *slot = node;
        }
    }

    /// Moves a container to the end of the ring with room for `wanted` more. Doubling keeps the
    /// cost of many single appends linear.
    fn make_room(&mut self, node: &mut Node, wanted: usize) {
        let kept = self.kept_elements(node).to_vec();
        let needed = kept.len() + wanted;
        let room = if node.room == 0 {
            needed
        } else {
            needed.next_power_of_two()
        };
        let room = u16::try_from(room).unwrap_or(KEPT).min(KEPT);
        // A chunk never wraps around the end of the ring, so it can be copied as a whole.
        let left = RING - slot_of(self.written);
        if usize::from(room) > left {
            self.written += left as u64;
        }
        node.start = self.written;
        node.kept = 0;
        node.room = room;
        self.written += u64::from(room);
        self.write(node, &kept);
    }

    /// Writes elements behind those that a container keeps; room has been made.
    fn write(&mut self, node: &mut Node, elements: &[Value]) {
        if !self.is_kept(node) {
            return;
        }
        let start = slot_of(node.start) + usize::from(node.kept);
        let end = start + elements.len();
        if end > self.ring.len() {
            // The ring grows to its size only on inputs that fill it.
            let size = end.next_power_of_two().clamp(64, RING);
            self.ring.resize(size, Value::UNKNOWN);
        }
        if let Some(slots) = self.ring.get_mut(start..end) {
            slots.copy_from_slice(elements);
            node.kept += u16::try_from(elements.len()).unwrap_or(0);
        }
    }

    /// Whether the elements of a container have not been overwritten yet.
    fn is_kept(&self, node: &Node) -> bool {
        node.start.saturating_add(RING as u64) > self.written
    }

    fn kept_elements(&self, node: &Node) -> &[Value] {
        let start = slot_of(node.start);
        let kept = self.ring.get(start..start + usize::from(node.kept));
        kept.filter(|_| self.is_kept(node)).unwrap_or_default()
    }

    /// The elements of a container, or nothing where some were forgotten.
    pub(crate) fn elements(&self, container: Value) -> Option<Vec<Value>> {
        let node = self
            .nodes
            .get(container.index())
            .filter(|_| container.is_node())?;
        let kept = self.kept_elements(node);
        (kept.len() as u64 == u64::from(node.count)).then(|| kept.to_vec())
    }

    /// The first elements of a container, and whether these are all.
    pub(crate) fn first_elements(&self, container: Value, most: usize) -> (Vec<Value>, bool) {
        let Some(node) = self.nodes.get(container.index()) else {
            return (Vec::new(), false);
        };
        let kept = self.kept_elements(node);
        let whole = kept.len() as u64 == u64::from(node.count) && kept.len() <= most;
        (kept.iter().take(most).copied().collect(), whole)
    }

    /// How many elements went into a container.
    pub(crate) fn count(&self, container: Value) -> usize {
        self.nodes
            .get(container.index())
            .map_or(0, |node| node.count as usize)
    }

    /// Whether something that may be called is in the value, at any depth.
    #[inline]
    pub(crate) fn carries(&self, value: Value) -> bool {
        match value.tag() {
            Tag::Unknown => true,
            Tag::Import => self.symbol_of(value).is_none_or(|entry| !entry.plain),
            Tag::Object => self.object(value).is_some_and(|object| object.carries),
            Tag::List | Tag::Tuple | Tag::Dict | Tag::Set | Tag::FrozenSet => self
                .nodes
                .get(value.index())
                .is_some_and(|node| node.links != 0),
            _ => false,
        }
    }

    /// What may be called among the elements of a container, latest first.
    pub(crate) fn linked(&self, container: Value) -> impl Iterator<Item = Value> {
        let mut next = match container.is_node() {
            true => self
                .nodes
                .get(container.index())
                .map_or(0, |node| node.links),
            false => 0,
        };
        std::iter::from_fn(move || {
            let link = self.links.get(next as usize).filter(|_| next != 0)?;
            next = link.next;
            Some(link.value)
        })
    }

    fn link(&mut self, container: Value, value: Value) {
        let number = u32::try_from(self.links.len()).unwrap_or(0);
        let Some(node) = self.nodes.get_mut(container.index()) else {
            return;
        };
        self.links.push(Link {
            value,
            next: node.links,
        });
        node.links = number;
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

/// Where in the ring the element of that position is.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is below the ring's length"
)]
fn slot_of(position: u64) -> usize {
    (position % RING as u64) as usize
}
