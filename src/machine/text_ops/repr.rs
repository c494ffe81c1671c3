//! `str(value)` and `repr(value)`.

use super::datum::{Datum, Kind, Run};

/// How deep values are written.
const DEPTH: usize = 8;

/// Characters that are written, at most; a list of the same list many times would be endless.
const LONGEST: usize = 1 << 20;

/// `str(value)`.
pub(super) fn str(value: &Datum) -> Option<Run> {
    match value {
        Datum::Run(run) if run.is_text() => Some(run.clone()),
        other => repr(other),
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Datum) -> Option<Run> {
    let mut out = String::new();
    write(value, DEPTH, &mut out)?;
    Some(Run::text(&out))
}

fn write(value: &Datum, depth: usize, out: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1).filter(|_| out.len() <= LONGEST)?;
    match value {
        Datum::None => out.push_str("None"),
        Datum::Bool(true) => out.push_str("True"),
        Datum::Bool(false) => out.push_str("False"),
        Datum::Int(int) => out.push_str(&int.to_string()),
        Datum::Float(float) => out.push_str(&self::float(*float)),
        Datum::Run(run) => write_run(run, out)?,
        Datum::List(items) => write_items(items, "[", "]", depth, out)?,
        Datum::Tuple(items) if items.len() == 1 => write_items(items, "(", ",)", depth, out)?,
        Datum::Tuple(items) => write_items(items, "(", ")", depth, out)?,
        // The order of a set is not known, and duplicates are gone.
        Datum::Set(items) if items.len() == 1 => write_items(items, "{", "}", depth, out)?,
        Datum::Set(items) if items.is_empty() => out.push_str("set()"),
        Datum::FrozenSet(items) if items.is_empty() => out.push_str("frozenset()"),
        Datum::FrozenSet(items) if items.len() == 1 => {
            write_items(items, "frozenset({", "})", depth, out)?;
        }
        Datum::Dict(pairs) => write_pairs(value, pairs, depth, out)?,
        Datum::Set(_) | Datum::FrozenSet(_) | Datum::Slice(_) => return None,
    }
    Some(())
}

fn write_items(
    items: &[Datum],
    open: &str,
    close: &str,
    depth: usize,
    out: &mut String,
) -> Option<()> {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(item, depth, out)?;
    }
    out.push_str(close);
    Some(())
}

fn write_pairs(
    dict: &Datum,
    pairs: &[(Datum, Datum)],
    depth: usize,
    out: &mut String,
) -> Option<()> {
    let keys = dict.items()?;
    if pairs.len() > 1024 {
        return None;
    }
    out.push('{');
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(key, depth, out)?;
        out.push_str(": ");
        write(dict.lookup(key)?, depth, out)?;
    }
    out.push('}');
    Some(())
}

fn write_run(run: &Run, out: &mut String) -> Option<()> {
    let has = |quote: char| run.units.contains(&u32::from(quote));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    match run.kind {
        Kind::Text => {}
        Kind::Bytes => out.push('b'),
        Kind::ByteArray => out.push_str("bytearray(b"),
    }
    out.push(quote);
    for &unit in &run.units {
        match char::from_u32(unit) {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\\') => out.push_str("\\\\"),
            Some(character) if character == quote => out.extend(['\\', quote]),
            Some(character @ ' '..='~') => out.push(character),
            Some(_) if unit < 0xa0 || !run.is_text() => out.push_str(&format!("\\x{unit:02x}")),
            Some(character) if character.is_alphabetic() => out.push(character),
            None => out.push_str(&format!("\\u{unit:04x}")),
            // Whether a sign prints depends on the version of Unicode.
            Some(_) => return None,
        }
    }
    out.push(quote);
    if run.kind == Kind::ByteArray {
        out.push(')');
    }
    Some(())
}

/// `repr` of a float: the shortest digits that read back as the same number.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `ascii(value)`, from its `repr`.
pub(super) fn ascii(value: &Datum) -> Option<Run> {
    let shown = repr(value)?;
    let mut out = String::new();
    for &unit in &shown.units {
        match unit {
            0..0x80 => out.extend(char::from_u32(unit)),
            0x80..=0xff => out.push_str(&format!("\\x{unit:02x}")),
            0x100..=0xffff => out.push_str(&format!("\\u{unit:04x}")),
            _ => out.push_str(&format!("\\U{unit:08x}")),
        }
    }
    Some(Run::text(&out))
}
