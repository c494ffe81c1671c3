//! Calls, new instances, state and changes: everything that reaches code outside the pickle.

use super::{
    Machine,
    heap::{Object, ObjectKind},
    model::{Model, TextOp},
    trace::{EventKind, Fault, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::{AnomalyKind, ChangeKind},
    pickle::Instruction,
};

/// Units of work for an element that a call copies: it may be linked for good.
const ELEMENT: usize = 16;

/// How deep modelled calls may nest: a partial of a partial of a getter …
const CALL_DEPTH: usize = 32;

/// Place of the keywords in the state of a partial.
const PARTIAL_KEYWORDS: usize = 2;

/// Calls of one trusted callable that are kept; the others are counted.
const PLAIN_CALLS: u32 = 32;

/// Calls of one callable without a model that are kept, where nothing that may be called goes in.
const SIMPLE_CALLS: u32 = 1_000;

/// Calls of one callable that are kept whatever goes in.
const KEPT_CALLS: u32 = 100_000;

impl Machine<'_, '_> {
    /// Calls a value and returns what the call gives.
    pub(super) fn call(
        &mut self,
        at: &Instruction,
        callee: Value,
        arguments: Value,
        keywords: Option<Value>,
    ) -> Result<Value, Halt> {
        self.call_at_depth(
            at,
            callee,
            Arguments {
                positional: arguments,
                keywords,
            },
            0,
        )
    }

    /// As [`Machine::call`], for calls that a modelled callable makes.
    pub(super) fn call_at_depth(
        &mut self,
        at: &Instruction,
        callee: Value,
        arguments: Arguments,
        depth: usize,
    ) -> Result<Value, Halt> {
        self.check_heap()?;
        self.model_steps += usize::from(depth > 0);
        if self.model_steps
            > self
                .limits
                .model_steps
                .saturating_add(self.heap.imports.len())
        {
            return Err(Halt::Limit("model-steps"));
        }
        if depth >= CALL_DEPTH {
            return Err(Halt::Limit("call-depth"));
        }
        match callee.tag() {
            Tag::Import => self.call_import(at, callee, arguments, depth),
            Tag::Object => self.call_object(at, callee, arguments, depth),
            Tag::Unknown => {
                self.record_call(at, callee, arguments)?;
                Ok(Value::UNKNOWN)
            }
            _ => {
                self.anomaly(AnomalyKind::NotCallable, at.offset);
                self.record_call(at, callee, arguments)?;
                // What a modelled callable would call instead is not known so well.
                if depth == 0 && callee.is_data() {
                    return Err(Halt::Fault(Fault::NotCallable));
                }
                Ok(Value::UNKNOWN)
            }
        }
    }

    fn call_import(
        &mut self,
        at: &Instruction,
        callee: Value,
        arguments: Arguments,
        depth: usize,
    ) -> Result<Value, Halt> {
        self.record_call(at, callee, arguments)?;
        match self.heap.symbol_of(callee).and_then(|entry| entry.model) {
            Some(model) => self.apply(at, model, callee, arguments, depth + 1),
            None => {
                if self.heap.symbol_of(callee).is_none_or(|entry| !entry.plain) {
                    self.expose(arguments.positional);
                }
                let arguments = arguments.positional;
                Ok(self.heap.new_object(ObjectKind::Result, callee, arguments))
            }
        }
    }

    fn call_object(
        &mut self,
        at: &Instruction,
        callee: Value,
        arguments: Arguments,
        depth: usize,
    ) -> Result<Value, Halt> {
        let Some(&object) = self.heap.object(callee) else {
            return Ok(Value::UNKNOWN);
        };
        let positional = arguments.positional;
        match object.kind {
            ObjectKind::Bound => {
                let arguments = Arguments {
                    positional: self.prepend(&[object.arguments], positional),
                    ..arguments
                };
                self.call_at_depth(at, object.callee, arguments, depth + 1)
            }
            ObjectKind::Partial => {
                let bound = self.bound_arguments(object);
                let arguments = Arguments {
                    positional: self.prepend(&bound, positional),
                    keywords: self.joined_keywords(object, arguments),
                };
                self.call_at_depth(at, object.callee, arguments, depth + 1)
            }
            ObjectKind::AttributeGetter => {
                let subject = self.argument(positional, 0);
                let names = self.bound_arguments(object);
                self.get_each(names, |machine, name| {
                    machine.attribute(at, subject, name, true)
                })
            }
            ObjectKind::ItemGetter => {
                let subject = self.argument(positional, 0);
                let keys = self.bound_arguments(object);
                self.get_each(keys, |machine, key| machine.item(at, subject, key))
            }
            ObjectKind::MethodCaller => {
                let subject = self.argument(positional, 0);
                let bound = self.bound_arguments(object);
                let (name, rest) = bound.split_first().unwrap_or((&Value::UNKNOWN, &[]));
                let method = self.attribute(at, subject, *name, false)?;
                let rest = self.heap.node_of(Tag::Tuple, rest);
                self.call_at_depth(at, method, Arguments::positional(rest), depth + 1)
            }
            ObjectKind::Result
            | ObjectKind::Instance
            | ObjectKind::Namespace
            | ObjectKind::Persistent
            | ObjectKind::Extension => {
                self.record_call(at, callee, arguments)?;
                self.note_code(at, object.callee, positional)?;
                Ok(self.heap.new_object(ObjectKind::Result, callee, positional))
            }
        }
    }

    /// What an object of a modelled callable was made with.
    fn bound_arguments(&self, object: Object) -> Vec<Value> {
        let arguments = self.heap.elements(object.arguments);
        arguments.unwrap_or(vec![Value::UNKNOWN])
    }

    /// The keywords that a partial is called with: those it was made with, and those of the call.
    fn joined_keywords(&mut self, partial: Object, call: Arguments) -> Option<Value> {
        let given = self.named(call);
        let bound = match partial.state.tag() {
            Tag::None => None,
            _ => Some(self.argument(partial.state, PARTIAL_KEYWORDS)),
        };
        let bound = bound.filter(|&bound| bound.tag() != Tag::None && !self.heap.is_empty(bound));
        let (Some(bound), Some(given)) = (bound, given) else {
            return bound.or(given);
        };
        let [first, second] = [bound, given].map(|dict| self.heap.elements(dict));
        let Some((first, second)) = first.zip(second) else {
            return Some(Value::UNKNOWN);
        };
        let all = [first, second].concat();
        self.limits.deadline.spend(all.len() * ELEMENT);
        Some(self.heap.node_of(Tag::Dict, &all))
    }

    /// What a getter of attributes or items returns: one value, or a tuple of several.
    fn get_each(
        &mut self,
        keys: Vec<Value>,
        get: impl Fn(&mut Self, Value) -> Result<Value, Halt>,
    ) -> Result<Value, Halt> {
        let results: Result<Vec<Value>, Halt> =
            keys.into_iter().map(|key| get(self, key)).collect();
        Ok(self.one_or_tuple(&results?))
    }

    /// NEWOBJ and NEWOBJ_EX: `cls.__new__(cls, *args, **kwargs)`.
    pub(super) fn instantiate(
        &mut self,
        at: &Instruction,
        class: Value,
        arguments: Value,
        keywords: Option<Value>,
    ) -> Result<Value, Halt> {
        let pair = Arguments {
            positional: arguments,
            keywords,
        };
        let model = self.heap.symbol_of(class).and_then(|entry| entry.model);
        match model {
            // What a class with a model does when it is called, its `__new__` does too: partial.
            Some(
                Model::Partial { .. }
                | Model::MakeClass { .. }
                | Model::AttributeGetter
                | Model::ItemGetter
                | Model::MethodCaller
                | Model::Call { .. }
                | Model::BuildText {
                    op: TextOp::Str | TextOp::Bytes,
                    ..
                },
            ) => self.call_at_depth(at, class, pair, 0),
            _ => {
                self.record_call(at, class, pair)?;
                if class.is_data() {
                    self.anomaly(AnomalyKind::NotCallable, at.offset);
                    return Err(Halt::Fault(Fault::NotCallable));
                }
                if class.tag() == Tag::Unknown {
                    return Ok(Value::UNKNOWN);
                }
                Ok(self.heap.new_object(ObjectKind::Instance, class, arguments))
            }
        }
    }

    /// BUILD: `__setstate__`, or attributes written one by one.
    pub(super) fn set_state(
        &mut self,
        at: &Instruction,
        target: Value,
        state: Value,
    ) -> Result<(), Halt> {
        if let Some(&object) = self.heap.object(target) {
            if object.kind == ObjectKind::Partial {
                self.rebind_partial(target, state);
            }
            let carries = self.heap.carries(state);
            if let Some(object) = self.heap.object_mut(target) {
                object.carries |= carries;
                object.state = state;
            }
            let class = self.heap.symbol_of(object.callee);
            if class.is_some_and(|class| class.plain) && !carries {
                return Ok(());
            }
        }
        self.change(at, ChangeKind::SetState, target, state)?;
        self.skip_inline_array(at, target, state)
    }

    /// The state of a partial is `(callee, arguments, keywords, attributes)` and replaces what the
    /// partial was made with.
    fn rebind_partial(&mut self, target: Value, state: Value) {
        let elements = self.heap.elements(state).unwrap_or_default();
        let (callee, bound) = match elements[..] {
            [callee, bound, ..] => (callee, bound),
            _ => (Value::UNKNOWN, Value::UNKNOWN),
        };
        if let Some(object) = self.heap.object_mut(target) {
            object.callee = callee;
            object.arguments = bound;
        }
    }

    /// Records a change of something that is not a fresh container.
    pub(super) fn change(
        &mut self,
        at: &Instruction,
        kind: ChangeKind,
        target: Value,
        value: Value,
    ) -> Result<(), Halt> {
        match target.tag() {
            Tag::Import | Tag::Unknown => {}
            Tag::Object => {
                let class = self
                    .heap
                    .object(target)
                    .map_or(Value::UNKNOWN, |made| made.callee);
                if !self.keep(class, self.heap.carries(value)) {
                    return Ok(());
                }
            }
            _ => {
                self.expose_one(target);
                self.anomaly(AnomalyKind::MutatesData, at.offset);
            }
        }
        self.event(
            at,
            EventKind::Change {
                kind,
                target,
                value,
            },
        )
    }

    fn record_call(
        &mut self,
        at: &Instruction,
        callee: Value,
        arguments: Arguments,
    ) -> Result<(), Halt> {
        let mut all = arguments.positional;
        if let Some(keywords) = arguments
            .keywords
            .filter(|&keywords| !self.heap.is_empty(keywords))
        {
            all = self.prepend_keywords(all, keywords);
        }
        if self.keep(callee, self.heap.carries(all)) {
            self.event(
                at,
                EventKind::Call {
                    callee,
                    arguments: all,
                },
            )?;
        }
        Ok(())
    }

    /// Whether a call or change is kept as an event, or only counted.
    fn keep(&mut self, callee: Value, carrying: bool) -> bool {
        let Some(number) = self.heap.symbol_number(callee) else {
            return true;
        };
        let Some(entry) = self.heap.symbols.get_mut(number as usize) else {
            return true;
        };
        let most = match (entry.plain, entry.model) {
            // Each of these calls is held against the conditions under which it is trusted.
            _ if entry.conditional => return true,
            (true, _) => PLAIN_CALLS,
            (false, None) if !carrying => SIMPLE_CALLS,
            _ => KEPT_CALLS,
        };
        if entry.kept_calls >= most {
            entry.further_calls += 1;
            return false;
        }
        if entry.kept_calls == 0 {
            self.heap.called.push(number);
        }
        entry.kept_calls += 1;
        true
    }

    // ---- arguments ----

    /// One positional argument; unknown where the arguments are not known, or too few.
    pub(super) fn argument(&self, arguments: Value, position: usize) -> Value {
        self.known_argument(arguments, position)
            .unwrap_or(Value::UNKNOWN)
    }

    /// One positional argument, where there is one.
    pub(super) fn known_argument(&self, arguments: Value, position: usize) -> Option<Value> {
        if !arguments.is_node() {
            return None;
        }
        let (first, _) = self.heap.first_elements(arguments, position + 1);
        first.get(position).copied()
    }

    /// A tuple of some values and then those of another tuple.
    pub(super) fn prepend(&mut self, first: &[Value], rest: Value) -> Value {
        let Some(rest) = self.heap.elements(rest) else {
            return Value::UNKNOWN;
        };
        let all: Vec<Value> = first.iter().chain(&rest).copied().collect();
        self.limits.deadline.spend(all.len() * ELEMENT);
        self.heap.node_of(Tag::Tuple, &all)
    }

    fn prepend_keywords(&mut self, positional: Value, keywords: Value) -> Value {
        let Some(mut all) = self.heap.elements(positional) else {
            return Value::UNKNOWN;
        };
        all.push(keywords);
        self.limits.deadline.spend(all.len() * ELEMENT);
        self.heap.node_of(Tag::Tuple, &all)
    }

    fn one_or_tuple(&mut self, results: &[Value]) -> Value {
        match *results {
            [only] => only,
            _ => self.heap.node_of(Tag::Tuple, results),
        }
    }
}

/// What a callable is called with.
#[derive(Copy, Clone, Debug)]
pub(super) struct Arguments {
    /// A tuple; unknown where the arguments are not known.
    pub(super) positional: Value,
    /// A dict, where keywords were given.
    pub(super) keywords: Option<Value>,
}

impl Arguments {
    /// Without keywords.
    pub(super) fn positional(positional: Value) -> Self {
        Self {
            positional,
            keywords: None,
        }
    }
}
