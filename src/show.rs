//! Facts as a person reads them: names escaped, literals as Python would write them, all short.

use std::fmt;

use crate::{
    facts::{Argument, Symbol, Target},
    pickle::text,
};

/// Characters of one name or literal that are shown.
const SHOWN: usize = 200;

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |symbol: &Symbol| text::show_name(&symbol.dotted(), SHOWN);
        match self {
            Self::Import(symbol) => f.write_str(&name(symbol)),
            Self::Module(module) => write!(f, "module {}", text::show_name(module, SHOWN)),
            Self::Result(Some(symbol)) => write!(f, "{}(…)", name(symbol)),
            Self::Instance(Some(symbol)) => write!(f, "<{} instance>", name(symbol)),
            Self::Result(None) | Self::Instance(None) => f.write_str("<unknown object>"),
            Self::Persistent => f.write_str("<persistent object>"),
            Self::Extension(code) => write!(f, "<extension {code}>"),
            Self::Data => f.write_str("<data>"),
            Self::Unknown => f.write_str("<unknown>"),
        }
    }
}

/// As Python would write it, as far as it is known.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("…"),
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(Some(number)) => write!(f, "{number}"),
            Self::Int(None) => f.write_str("<large int>"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(Some(text)) => f.write_str(&text::show_text(text, SHOWN)),
            Self::Text(None) => f.write_str("<long text>"),
            Self::Bytes(Some(bytes)) => f.write_str(&text::show_bytes(bytes, SHOWN)),
            Self::Bytes(None) => f.write_str("<long bytes>"),
            Self::Tuple(elements) => {
                let comma = if elements.len() == 1 { ",)" } else { ")" };
                list(f, "(", elements, comma)
            }
            Self::List(elements) => list(f, "[", elements, "]"),
            Self::Set(elements) => list(f, "{", elements, "}"),
            Self::Dict(pairs) => {
                f.write_str("{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
            Self::Object(target) => target.fmt(f),
            Self::Buffer => f.write_str("<buffer>"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, all: &[Argument], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (index, element) in all.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(f, "{comma}{element}")?;
    }
    f.write_str(close)
}
