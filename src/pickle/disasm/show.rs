//! Operands and values as a listing shows them: short, and with nothing in them that a terminal
//! would obey.

use std::fmt::Write as _;

use super::track::{Item, Track};
use crate::pickle::assembly::decode_long;
use crate::pickle::number::{self, Number, Reading};
use crate::pickle::text::{
    self, TextError, count_hidden, shorten, show_bytes, show_name, show_text,
};
use crate::pickle::{Instruction, Opcode, Operand, OperandKind, Span};
use crate::source::{Source, Window};

/// Bytes of an operand that are shown.
const OPERAND_BYTES: usize = 60;

/// Bytes of a value that are shown in a remark.
const REMARK_BYTES: usize = 30;

/// Longest text number that is read, in bytes: more digits than any CPython converts.
const LONGEST_NUMBER: usize = 5_000;

/// Longest line whose escapes are decoded, in bytes.
const LONGEST_ESCAPED: usize = 4_000;

/// Fetches what operands say. One window follows the listing, the other one looks back at values
/// from the memo, so that looking back costs no second pass.
pub(super) struct Shower<'s> {
    near: Window<'s>,
    far: Window<'s>,
}

impl<'s> Shower<'s> {
    pub(super) fn new(source: &'s dyn Source) -> Self {
        Self {
            near: Window::new(source),
            far: Window::new(source),
        }
    }

    /// A few bytes from `offset` on; nothing where they cannot be read.
    pub(super) fn near(&mut self, offset: u64) -> &[u8] {
        self.near.at(offset, 16).unwrap_or_default()
    }

    /// The raw column: the opcode, and the first bytes of what follows it.
    pub(super) fn raw(&mut self, start: u64, end: u64, most: usize) -> String {
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut out = String::new();
        for (index, byte) in self
            .near(start)
            .iter()
            .take(length.min(1 + most))
            .enumerate()
        {
            let gap = if index == 1 { " " } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(out, "{gap}{byte:02x}");
        }
        if length > 1 + most {
            out.push('…');
        }
        out
    }

    /// The index of a GET or PUT of any width.
    pub(super) fn memo_index(&mut self, instruction: Instruction) -> Option<i64> {
        match (instruction.opcode, instruction.operand) {
            (_, Operand::Int(index)) => Some(index),
            (Opcode::Get | Opcode::Put, Operand::Span(span)) => {
                match self.number(Opcode::Get, span)?.value()? {
                    Number::Int(index) => Some(index),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The operand; empty where there is none.
    pub(super) fn operand(&mut self, instruction: Instruction) -> String {
        let opcode = instruction.opcode;
        match instruction.operand {
            Operand::None => String::new(),
            Operand::Int(value) => value.to_string(),
            Operand::Size(value) => value.to_string(),
            Operand::Float(value) => float(value),
            Operand::Span(span) => written(&mut self.near, opcode, span, OPERAND_BYTES),
            Operand::Spans(module, name) => {
                let module = written(&mut self.near, opcode, module, OPERAND_BYTES);
                format!(
                    "{module} {}",
                    written(&mut self.near, opcode, name, OPERAND_BYTES)
                )
            }
        }
    }

    /// What is wrong with a text operand, or on what readers disagree.
    pub(super) fn complaint(&mut self, instruction: Instruction) -> Option<String> {
        let Operand::Span(span) = instruction.operand else {
            return None;
        };
        let opcode = instruction.opcode;
        match opcode.operand() {
            OperandKind::DecimalLine | OperandKind::LongLine | OperandKind::FloatLine => {
                let reading = self.number(opcode, span)?;
                if reading.value().is_none() {
                    return Some("no number: loaders raise here".into());
                }
                reading.disagrees().then(|| readings(reading))
            }
            OperandKind::StringLine | OperandKind::UnicodeLine => {
                let line = whole(&mut self.near, span, LONGEST_ESCAPED)?;
                let decoded = match opcode {
                    Opcode::String => text::string(&line),
                    _ => text::unicode(&line),
                };
                decoded
                    .is_err()
                    .then(|| "no valid text: loaders raise here".into())
            }
            _ => None,
        }
    }

    fn number(&mut self, opcode: Opcode, span: Span) -> Option<Reading> {
        let line = whole(&mut self.near, span, LONGEST_NUMBER)?;
        Some(match opcode {
            Opcode::Int => number::int(&line),
            Opcode::Long => number::long(&line),
            Opcode::Float => number::float(&line),
            _ => number::index(&line),
        })
    }

    /// A value in a remark.
    pub(super) fn item(&mut self, item: Item, track: &Track) -> String {
        match item {
            Item::Int(value) => value.to_string(),
            Item::Float(value) => float(value),
            Item::Written(opcode, span) => written(&mut self.far, opcode, span, REMARK_BYTES),
            Item::Import(import) => self.import(import, track),
            Item::Result(import) => format!("{}(…)", self.import(import, track)),
            Item::Made(opcode) => made(opcode).into(),
            Item::Unknown => "an object".into(),
        }
    }

    fn import(&mut self, import: u32, track: &Track) -> String {
        let Some(names) = track.names(import) else {
            return "an import".into();
        };
        format!("{}.{}", self.name(names.module), self.name(names.name))
    }

    /// A part of an import: what STACK_GLOBAL finds on the stack need not be text.
    fn name(&mut self, item: Item) -> String {
        let decoded = match item {
            Item::Written(Opcode::String, span) => whole(&mut self.far, span, LONGEST_ESCAPED)
                .and_then(|line| text::string(&line).ok()),
            Item::Written(Opcode::Unicode, span) => whole(&mut self.far, span, LONGEST_ESCAPED)
                .and_then(|line| text::unicode(&line).ok()),
            Item::Written(opcode, span) if is_name(opcode) => {
                return show_part(&mut self.far, span, OPERAND_BYTES, show_name);
            }
            _ => None,
        };
        decoded.map_or("<computed>".into(), |name| show_name(&name, OPERAND_BYTES))
    }
}

/// Opcodes whose operand is a name byte for byte.
fn is_name(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Global
            | Opcode::ShortBinunicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::ShortBinstring
            | Opcode::Binstring
    )
}

/// A payload or a line, decoded where that is how it is read.
fn written(window: &mut Window<'_>, opcode: Opcode, span: Span, most: usize) -> String {
    match opcode {
        Opcode::Global
        | Opcode::Inst
        | Opcode::Int
        | Opcode::Long
        | Opcode::Float
        | Opcode::Get
        | Opcode::Put => show_part(window, span, most, show_name),
        Opcode::String => escaped(window, span, most, (text::string, show_bytes)),
        Opcode::Unicode => escaped(window, span, most, (text::unicode, show_text)),
        Opcode::Persid | Opcode::ShortBinunicode | Opcode::Binunicode | Opcode::Binunicode8 => {
            show_part(window, span, most, show_text)
        }
        Opcode::Long1 | Opcode::Long4 => whole(window, span, 16)
            .and_then(|bytes| decode_long(&bytes))
            .map_or_else(
                || format!("of {} bytes", span.length),
                |value| value.to_string(),
            ),
        _ => show_part(window, span, most, show_bytes),
    }
}

/// How a text line is decoded and then shown.
type Escapes = (
    fn(&[u8]) -> Result<Vec<u8>, TextError>,
    fn(&[u8], usize) -> String,
);

/// A line with escapes; as it is written where it is too long or not valid.
fn escaped(window: &mut Window<'_>, span: Span, most: usize, (decode, show): Escapes) -> String {
    let decoded = whole(window, span, LONGEST_ESCAPED).and_then(|line| decode(&line).ok());
    match decoded {
        Some(decoded) => show(&decoded, most),
        None => show_part(window, span, most, show_name),
    }
}

/// The beginning of a span, and how much of it is not shown.
fn show_part(
    window: &mut Window<'_>,
    span: Span,
    most: usize,
    show: fn(&[u8], usize) -> String,
) -> String {
    let fetched = fetch(window, span, most + 4);
    let shown = shorten(fetched, most);
    let mut out = show(shown, most);
    count_hidden(span.length.saturating_sub(shown.len() as u64), &mut out);
    out
}

/// All bytes of a span, unless it is longer than `most`.
fn whole(window: &mut Window<'_>, span: Span, most: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(span.length)
        .ok()
        .filter(|&length| length <= most)?;
    let bytes = fetch(window, span, most);
    (bytes.len() == length).then(|| bytes.to_vec())
}

fn fetch<'w>(window: &'w mut Window<'_>, span: Span, most: usize) -> &'w [u8] {
    let wanted = usize::try_from(span.length).map_or(most, |length| length.min(most));
    let held = window.at(span.start, wanted).unwrap_or_default();
    held.get(..wanted).unwrap_or(held)
}

fn readings(reading: Reading) -> String {
    let shown = |number: Option<Number>| match number {
        None => "raises".into(),
        Some(Number::Bool(value)) => format!("reads {}", if value { "True" } else { "False" }),
        Some(Number::Int(value)) => format!("reads {value}"),
        Some(Number::Float(value)) => format!("reads {}", float(value)),
        Some(Number::Big) => String::from("reads a large integer"),
    };
    if reading.overlong {
        return "readers disagree: too many digits for newer ones".into();
    }
    let mut out = format!("readers disagree: C {}", shown(reading.c));
    let _ = write!(out, ", Python {}", shown(reading.python));
    if (reading.c_314, reading.python_314) != (reading.c, reading.python) {
        let _ = write!(out, "; from 3.14 C {}", shown(reading.c_314));
        let _ = write!(out, ", Python {}", shown(reading.python_314));
    }
    out
}

/// A float as Python writes it.
fn float(value: f64) -> String {
    if value.is_nan() {
        "nan".into()
    } else {
        format!("{value:?}")
    }
}

/// What an opcode without a shown operand makes.
fn made(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::None => "None",
        Opcode::Newtrue => "True",
        Opcode::Newfalse => "False",
        Opcode::EmptyTuple => "()",
        Opcode::Tuple | Opcode::Tuple1 | Opcode::Tuple2 | Opcode::Tuple3 => "a tuple",
        Opcode::EmptyList | Opcode::List => "a list",
        Opcode::EmptyDict | Opcode::Dict => "a dict",
        Opcode::EmptySet => "a set",
        Opcode::Frozenset => "a frozenset",
        Opcode::Binpersid => "a persistent object",
        Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4 => "an extension",
        Opcode::NextBuffer => "a buffer",
        _ => "an object",
    }
}
