//! Follows a modelled callable: what it obtains, calls, loads, runs or computes.

use super::{
    Machine,
    call::Arguments,
    heap::ObjectKind,
    model::{CallArguments, Model, TextOp},
    trace::{EventKind, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::{ChangeKind, PayloadKind, Symbol},
    pickle::Instruction,
};

/// Longest dotted name that is resolved, in bytes.
const LONGEST_NAME: usize = 4096;

impl Machine<'_, '_> {
    /// What a call of a modelled callable gives.
    pub(super) fn apply(
        &mut self,
        at: &Instruction,
        model: &Model,
        callee: Value,
        arguments: Arguments,
        depth: usize,
    ) -> Result<Value, Halt> {
        let positional = arguments.positional;
        let argument = |machine: &Self, position: u8| machine.argument(positional, position.into());
        match *model {
            Model::ImportModule { name } => {
                let name = argument(self, name);
                self.import_module(at, name)
            }
            Model::ImportFrom { module, name } => {
                let given = argument(self, module);
                let owner = match given.tag() {
                    Tag::Import | Tag::Object => given,
                    _ => self.import_module(at, given)?,
                };
                self.attribute(at, owner, argument(self, name), true)
            }
            Model::Locate { name } => {
                let given = argument(self, name);
                match given.tag() {
                    Tag::Import | Tag::Object => Ok(given),
                    _ => self.locate(at, given),
                }
            }
            Model::GetAttribute {
                object,
                name,
                dotted,
            } => self.attribute(at, argument(self, object), argument(self, name), dotted),
            Model::SetAttribute {
                object,
                name,
                value,
            }
            | Model::SetItem {
                object,
                key: name,
                value,
            } => {
                let pair = [argument(self, name), argument(self, value)];
                self.assign(at, argument(self, object), &pair)
            }
            Model::AttributeGetter => self.hold(ObjectKind::AttributeGetter, callee, positional),
            Model::ItemGetter => self.hold(ObjectKind::ItemGetter, callee, positional),
            Model::MethodCaller => self.hold(ObjectKind::MethodCaller, callee, positional),
            Model::GetItem {
                object,
                key,
                changes,
            } => {
                let object = argument(self, object);
                let item = self.item(at, object, argument(self, key))?;
                if changes {
                    self.expose_one(object);
                }
                Ok(item)
            }
            Model::Namespace { object } => {
                let object = argument(self, object);
                self.hold(ObjectKind::Namespace, object, positional)
            }
            Model::Call {
                callee: position,
                arguments: how,
            } => self.call_argument(at, callee, arguments, position, how, depth),
            Model::CallKeyword { ref keyword } => {
                let called = arguments
                    .keywords
                    .and_then(|keywords| self.dict_entry(keywords, keyword.as_bytes()));
                if let Some(called) = called {
                    self.call_passed(at, called, Value::UNKNOWN, depth)?;
                }
                self.hold(ObjectKind::Result, callee, positional)
            }
            Model::Partial { callee: position } => self.bind_partial(arguments, position),
            Model::Return { argument: position } => Ok(argument(self, position)),
            Model::LoadPickle { data } => {
                let known = positional.is_node() && self.named(arguments).is_none();
                let given = self.known_argument(positional, data.into());
                // A loader that is given nothing loads nothing.
                let given = given.or((!known).then_some(Value::UNKNOWN));
                let loaded = given.map(|given| self.loaded(given));
                for (kind, data) in loaded.unwrap_or_default() {
                    self.event(at, EventKind::Payload { kind, data })?;
                }
                self.hold(ObjectKind::Result, callee, positional)
            }
            Model::RunCode { source } => {
                let source = argument(self, source);
                self.payload(at, PayloadKind::Source, source, callee, positional)
            }
            Model::RunGenerated {
                imports,
                mapping,
                ref keys,
            } => {
                let [imports, mapping] = [imports, mapping].map(|at| argument(self, at));
                let entries = keys.iter();
                let entries = entries.filter_map(|key| self.dict_entry(mapping, key.as_bytes()));
                let parts: Vec<Value> = std::iter::once(imports).chain(entries).collect();
                let source = self.heap.node_of(Tag::Tuple, &parts);
                self.payload(at, PayloadKind::Generated, source, callee, positional)
            }
            Model::RunCommand { command } => {
                let command = argument(self, command);
                self.payload(at, PayloadKind::Shell, command, callee, positional)
            }
            // Which of them are the bytes is not looked up by name.
            Model::HoldBytes { .. } if self.named(arguments).is_some() => Ok(Value::UNKNOWN),
            Model::MakeClass { .. }
            | Model::HoldBytes { .. }
            | Model::InlineArray { .. }
            | Model::Generic => self.hold(ObjectKind::Result, callee, positional),
            Model::MakeInstance { class, state } => {
                let passed = match state {
                    Some(state) => {
                        let state = argument(self, state);
                        let given = (state.tag() != Tag::None).then_some(state);
                        self.heap.node_of(Tag::Tuple, given.as_slice())
                    }
                    None => self.arguments_behind(positional, class),
                };
                let class = argument(self, class);
                self.instantiate(at, class, passed, None)
            }
            Model::RegisterExtension { module, name, code } => {
                let parts = [module, name, code].map(|position| argument(self, position));
                self.register(at, parts)?;
                self.hold(ObjectKind::Result, callee, positional)
            }
            Model::BuildText { op, ref codec } => {
                let computed = match self.named(arguments) {
                    None => self.compute(op, codec.as_deref(), positional),
                    Some(_) => None,
                };
                match computed {
                    Some(value) => Ok(value),
                    // An item may be anything; the other operations give text or data.
                    None if op == TextOp::GetChar => Ok(Value::UNKNOWN),
                    None => self.hold(ObjectKind::Result, callee, positional),
                }
            }
            Model::MakeCode => {
                self.note_code(at, callee, positional)?;
                self.hold(ObjectKind::Result, callee, positional)
            }
        }
    }

    /// The keywords of a call, where there are some or may be.
    pub(super) fn named(&self, arguments: Arguments) -> Option<Value> {
        arguments.keywords.filter(|&all| !self.heap.is_empty(all))
    }

    fn hold(&mut self, kind: ObjectKind, callee: Value, arguments: Value) -> Result<Value, Halt> {
        Ok(self.heap.new_object(kind, callee, arguments))
    }

    fn import_module(&mut self, at: &Instruction, name: Value) -> Result<Value, Halt> {
        let module = self.text(name, LONGEST_NAME);
        self.import(
            at,
            module.map(|module| Symbol {
                module,
                name: Vec::new(),
            }),
            true,
        )
    }

    /// `a.b.c` or `a.b:c`. Which segments are modules does not matter: a symbol is judged whole.
    fn locate(&mut self, at: &Instruction, name: Value) -> Result<Value, Halt> {
        let Some(name) = self.text(name, LONGEST_NAME) else {
            return self.import(at, None, true);
        };
        let colon = name.iter().position(|&byte| byte == b':');
        let split = colon.or_else(|| name.iter().rposition(|&byte| byte == b'.'));
        let symbol = match split {
            Some(place) => Symbol {
                module: name.get(..place).unwrap_or_default().to_vec(),
                name: name.get(place + 1..).unwrap_or_default().to_vec(),
            },
            None => Symbol {
                module: name,
                name: Vec::new(),
            },
        };
        self.import(at, Some(symbol), true)
    }

    /// An attribute or item is written: in place on a container of the stream, else a change.
    fn assign(&mut self, at: &Instruction, target: Value, pair: &[Value]) -> Result<Value, Halt> {
        if target.tag() == Tag::Dict {
            self.heap.extend(target, pair);
        } else {
            let pair = self.heap.node_of(Tag::Tuple, pair);
            self.change(at, ChangeKind::Mutate, target, pair)?;
        }
        Ok(Value::NONE)
    }

    /// A partial; its state is what a pickle of it has: the callee, its arguments, its keywords.
    fn bind_partial(&mut self, arguments: Arguments, position: u8) -> Result<Value, Halt> {
        let positional = arguments.positional;
        let callee = self.argument(positional, position.into());
        let behind = self.heap.elements(positional).map(|all| {
            all.get(usize::from(position) + 1..)
                .unwrap_or_default()
                .to_vec()
        });
        let bound = match behind {
            Some(bound) => self.heap.node_of(Tag::Tuple, &bound),
            None => Value::UNKNOWN,
        };
        let partial = self.hold(ObjectKind::Partial, callee, bound)?;
        if let Some(keywords) = self.named(arguments) {
            let state = self.heap.node_of(Tag::Tuple, &[callee, bound, keywords]);
            if let Some(object) = self.heap.object_mut(partial) {
                object.state = state;
            }
        }
        Ok(partial)
    }

    fn call_argument(
        &mut self,
        at: &Instruction,
        caller: Value,
        arguments: Arguments,
        position: u8,
        how: CallArguments,
        depth: usize,
    ) -> Result<Value, Halt> {
        let positional = arguments.positional;
        // `None`, or the list that `iter` is given, is nothing to call.
        let called = self.known_argument(positional, position.into());
        let called = called.or_else(|| self.named(arguments).map(|_| Value::UNKNOWN));
        let callable =
            |value: &Value| matches!(value.tag(), Tag::Import | Tag::Object | Tag::Unknown);
        let Some(called) = called.filter(callable) else {
            return self.hold(ObjectKind::Result, caller, positional);
        };
        match how {
            CallArguments::Rest => {
                let rest = Arguments {
                    positional: self.arguments_behind(positional, position),
                    ..arguments
                };
                self.call_at_depth(at, called, rest, depth)
            }
            CallArguments::None => {
                let nothing = self.heap.new_node(Tag::Tuple);
                self.call_passed(at, called, nothing, depth)
            }
            CallArguments::Unpack(from) => {
                let from = self.argument(positional, from.into());
                let unpacked = self.heap.elements(from);
                let unpacked =
                    unpacked.map_or(Value::UNKNOWN, |all| self.heap.node_of(Tag::Tuple, &all));
                self.call_passed(at, called, unpacked, depth)
            }
            CallArguments::Each(from) => {
                let from = self.argument(positional, from.into());
                self.call_each(at, called, from, depth)?;
                self.hold(ObjectKind::Result, caller, positional)
            }
            CallArguments::Map(from) => {
                let from = self.argument(positional, from.into());
                match self.map_text(called, from) {
                    Some(results) => Ok(results),
                    None => {
                        self.call_each(at, called, from, depth)?;
                        self.hold(ObjectKind::Result, caller, positional)
                    }
                }
            }
            CallArguments::Unknown => {
                self.call_passed(at, called, Value::UNKNOWN, depth)?;
                self.hold(ObjectKind::Result, caller, positional)
            }
        }
    }

    /// The arguments behind a position; unknown where the arguments are not known.
    fn arguments_behind(&mut self, positional: Value, position: u8) -> Value {
        let Some(all) = self.heap.elements(positional) else {
            return Value::UNKNOWN;
        };
        let behind = all.get(usize::from(position) + 1..).unwrap_or_default();
        self.heap.node_of(Tag::Tuple, behind)
    }

    /// Calls what was passed to be called; `None` and plain data mean "no callable" to a caller.
    fn call_passed(
        &mut self,
        at: &Instruction,
        called: Value,
        arguments: Value,
        depth: usize,
    ) -> Result<Value, Halt> {
        match called.tag() {
            Tag::Import | Tag::Object | Tag::Unknown => {
                self.call_at_depth(at, called, Arguments::positional(arguments), depth)
            }
            _ => Ok(Value::UNKNOWN),
        }
    }

    /// A text operation for each element: a name spelled by the numbers of its characters.
    fn map_text(&mut self, called: Value, from: Value) -> Option<Value> {
        const MOST: usize = 4096;
        let Model::BuildText { op, ref codec } = *self.heap.symbol_of(called)?.model? else {
            return None;
        };
        let items = self.text_items(from).filter(|items| items.len() <= MOST)?;
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let single = self.heap.node_of(Tag::Tuple, &[item]);
            results.push(self.compute(op, codec.as_deref(), single)?);
        }
        Some(self.heap.node_of(Tag::List, &results))
    }

    /// One call for each element, for the first few: they differ in their arguments only.
    fn call_each(
        &mut self,
        at: &Instruction,
        called: Value,
        from: Value,
        depth: usize,
    ) -> Result<(), Halt> {
        const FIRST: usize = 16;
        let (elements, whole) = match from.is_node() {
            true => self.heap.first_elements(from, FIRST),
            false => (Vec::new(), false),
        };
        for element in elements {
            let single = self.heap.node_of(Tag::Tuple, &[element]);
            self.call_passed(at, called, single, depth)?;
        }
        if !whole {
            self.call_passed(at, called, Value::UNKNOWN, depth)?;
        }
        Ok(())
    }

    fn payload(
        &mut self,
        at: &Instruction,
        kind: PayloadKind,
        data: Value,
        callee: Value,
        positional: Value,
    ) -> Result<Value, Halt> {
        self.event(at, EventKind::Payload { kind, data })?;
        self.hold(ObjectKind::Result, callee, positional)
    }

    fn register(&mut self, at: &Instruction, parts: [Value; 3]) -> Result<(), Halt> {
        let [module, name, code] = parts;
        let symbol = self
            .text(module, LONGEST_NAME)
            .zip(self.text(name, LONGEST_NAME));
        let symbol = symbol.map(|(module, name)| Symbol { module, name });
        let import = self.import(at, symbol, true)?;
        if let Some(code) = self.integer(code) {
            self.registered.push((code, import));
        }
        Ok(())
    }
}
