//! Imports: where their names come from, and what is kept of them.

use super::{
    Machine,
    heap::Import,
    trace::{Fault, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::{AnomalyKind, Symbol},
    pickle::{Instruction, Operand, Span, text},
};

/// Below this protocol CPython maps Python 2 names to Python 3 names.
const PYTHON_3_NAMES: u8 = 3;

impl Machine<'_, '_> {
    pub(super) fn import_lines(&mut self, at: &Instruction) -> Result<Value, Halt> {
        let Operand::Spans(module, name) = at.operand else {
            return Ok(Value::UNKNOWN);
        };
        let fetch = |span: Span| self.lookup.bytes(span, self.limits.name);
        let symbol = fetch(module).zip(fetch(name));
        let symbol = symbol.map(|(module, name)| Symbol { module, name });
        self.import(at, symbol, false)
    }

    pub(super) fn import_stack(&mut self, at: &Instruction) -> Result<(), Halt> {
        let [module, name] = *self.stack.last(2)? else {
            return Ok(());
        };
        self.stack.discard(2);
        for operand in [module, name] {
            if !operand.is_text() && operand.tag() != Tag::Unknown && operand.tag() != Tag::Object {
                self.anomaly(AnomalyKind::NonTextName, at.offset);
                return Err(Halt::Fault(Fault::NameNotText));
            }
        }
        let most = self.limits.name;
        let symbol = self.text(module, most).zip(self.text(name, most));
        // Loaders raise at the text itself; it is looked at here, where it is fetched anyway.
        if let Some((module, name)) = &symbol
            && !(text::is_text(module) && text::is_text(name))
        {
            self.anomaly(AnomalyKind::NonTextName, at.offset);
            return Err(Halt::Fault(Fault::BadText));
        }
        let symbol = symbol.map(|(module, name)| Symbol { module, name });
        let import = self.import(at, symbol, false)?;
        self.push(import)
    }

    /// Records an import; a missing symbol is one whose name is not known.
    pub(super) fn import(
        &mut self,
        at: &Instruction,
        symbol: Option<Symbol>,
        resolved: bool,
    ) -> Result<Value, Halt> {
        if self.heap.imports.len() - self.trace.first_import >= self.limits.events {
            return Err(Halt::Limit("events"));
        }
        let symbol = symbol.filter(|symbol| self.is_short(symbol));
        self.limits
            .deadline
            .spend(symbol.as_ref().map_or(0, cost_of));
        if symbol.is_none() {
            self.anomaly(AnomalyKind::UnresolvedName, at.offset);
        }
        let python3 = symbol
            .as_ref()
            .filter(|_| self.protocol < PYTHON_3_NAMES && !resolved)
            .and_then(|symbol| self.heap.python3_name(symbol));
        let spelled = python3.as_ref().and(symbol.clone());
        let symbol = python3.or(symbol).map(|symbol| self.heap.intern(symbol));
        let spelled = spelled.map(|symbol| self.heap.intern(symbol));
        Ok(self.heap.new_import(Import {
            offset: at.offset,
            opcode: at.opcode,
            symbol,
            spelled,
            resolved,
            of_instance: false,
        }))
    }

    /// Whether a name is one that could exist. Attributes of attributes of … would otherwise make
    /// names whose total length is quadratic in that of the stream.
    pub(super) fn is_short(&self, symbol: &Symbol) -> bool {
        symbol.module.len().max(symbol.name.len()) <= self.limits.name
    }
}

/// Units of work for a name: its bytes are kept, and rules look at it segment by segment, each of
/// which may be a module that leads to the next.
pub(super) fn cost_of(symbol: &Symbol) -> usize {
    const USUAL: usize = 8;
    let dots = |name: &[u8]| name.iter().filter(|&&byte| byte == b'.').count();
    let deep = (dots(&symbol.module) + dots(&symbol.name)).saturating_sub(USUAL);
    let length = symbol.module.len() + symbol.name.len();
    length * super::describe::KEPT + deep * deep * 64
}
