//! A code object as its parts: what it names, its constants, its bytecode.

use super::{Reading, bytecode};

/// A constant of a code object, as far as it says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Constant {
    /// Text, or bytes that are text.
    Text(String),
    /// Another constant; its place counts.
    Other,
}

/// The parts of one code object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeParts {
    /// Name of the function.
    pub(crate) name: String,
    /// File that it was compiled from.
    pub(crate) filename: String,
    /// Names of globals and attributes.
    pub(crate) names: Vec<String>,
    /// Names of local variables.
    pub(crate) locals: Vec<String>,
    /// Constants.
    pub(crate) constants: Vec<Constant>,
    /// Bytecode.
    pub(crate) code: Vec<u8>,
}

impl CodeParts {
    pub(super) fn read(&self, reading: &mut Reading) {
        for constant in &self.constants {
            if let Constant::Text(text) = constant {
                reading.constant(text);
            }
        }
        if !bytecode::read(reading, self) {
            // The version is unknown. Names stand in the order of their first use, so that an
            // attribute mostly follows its owner.
            reading.note("its bytecode is of a version that is not known");
            for name in &self.names {
                reading.name(name);
                reading.name(&format!("builtins.{name}"));
            }
            for pair in self.names.windows(2) {
                reading.name(&pair.join("."));
            }
        }
        if !self.name.is_empty() {
            reading.note(&format!("defines {} from {}", self.name, self.filename));
        }
    }
}
