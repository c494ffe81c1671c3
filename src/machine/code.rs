//! Code objects that a call makes of their parts.

use super::{
    Machine,
    model::Model,
    trace::{EventKind, Halt},
    value::{Tag, Value},
};
use crate::{
    facts::PayloadKind,
    payload::{CodeParts, Constant},
    pickle::Instruction,
};

/// Longest bytecode, name or constant that is looked at, in bytes.
const LONGEST: usize = 1 << 20;

/// Names or constants of one code object that are looked at, counted.
const MOST_ITEMS: usize = 4096;

impl Machine<'_, '_> {
    /// Notes the code object where a maker of code, or what one returned, is called with parts.
    /// A maker may return the type itself, which is then called: cloudpickle asks for it by name.
    pub(super) fn note_code(
        &mut self,
        at: &Instruction,
        maker: Value,
        arguments: Value,
    ) -> Result<(), Halt> {
        let model = self.heap.symbol_of(maker).and_then(|entry| entry.model);
        if matches!(model, Some(Model::MakeCode)) && self.begin_of_parts(arguments).is_some() {
            let kind = PayloadKind::CodeObject;
            self.event(
                at,
                EventKind::Payload {
                    kind,
                    data: arguments,
                },
            )?;
        }
        Ok(())
    }

    /// Where the parts begin. The order is the same in every version: bytecode, constants, names,
    /// local names, file name, function name; what stands before and behind differs.
    fn begin_of_parts(&self, arguments: Value) -> Option<Vec<Value>> {
        let all = self.heap.elements(arguments)?;
        let is_string = |value: &Value| {
            let bytes = matches!(value.tag(), Tag::BytesAt | Tag::OwnedBytes | Tag::Object);
            value.is_text() || bytes
        };
        let parts = all.windows(6).find(|parts| match parts {
            [code, constants, names, locals, filename, name] => {
                let tuples = [constants, names, locals];
                let strings = [code, filename, name];
                tuples.iter().all(|value| value.tag() == Tag::Tuple)
                    && strings.iter().all(|value| is_string(value))
            }
            _ => false,
        });
        parts.map(<[Value]>::to_vec)
    }

    /// The parts of a code object among the arguments of a call.
    pub(super) fn code_parts(&mut self, arguments: Value) -> Option<CodeParts> {
        let [code, constants, names, locals, filename, name] =
            self.begin_of_parts(arguments)?.try_into().ok()?;
        let (constants, _) = self.heap.first_elements(constants, MOST_ITEMS);
        let constants = constants.into_iter().map(|value| match self.string(value) {
            Some(text) => Constant::Text(text),
            None => Constant::Other,
        });
        Some(CodeParts {
            constants: constants.collect(),
            names: self.strings(names),
            locals: self.strings(locals),
            filename: self.string(filename).unwrap_or_default(),
            name: self.string(name).unwrap_or_default(),
            code: self.contents(code, LONGEST).unwrap_or_default(),
        })
    }

    fn strings(&mut self, values: Value) -> Vec<String> {
        let (values, _) = self.heap.first_elements(values, MOST_ITEMS);
        let strings = values.into_iter();
        strings
            .map(|value| self.string(value).unwrap_or_default())
            .collect()
    }

    fn string(&mut self, value: Value) -> Option<String> {
        String::from_utf8(self.contents(value, LONGEST)?).ok()
    }
}
