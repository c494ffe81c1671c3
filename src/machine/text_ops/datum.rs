//! Values as Python's text methods see them: owned, and free of places in the stream.

use crate::pickle::text;

/// What kind of string a [`Run`] is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bytes,
    ByteArray,
}

/// Text as its code points, lone surrogates among them, or bytes one by one: what Python counts,
/// slices and compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) units: Vec<u32>,
}

/// A value whose contents are wholly known. Nesting is bounded by those who build it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Run(Run),
    List(Vec<Datum>),
    Tuple(Vec<Datum>),
    Set(Vec<Datum>),
    FrozenSet(Vec<Datum>),
    /// Pairs in the order in which they were written; a later one of the same key wins.
    Dict(Vec<(Datum, Datum)>),
    /// `slice(start, stop, step)`.
    Slice([Option<i64>; 3]),
}

impl Run {
    pub(super) fn text(text: &str) -> Self {
        let units = text.chars().map(u32::from).collect();
        Self {
            kind: Kind::Text,
            units,
        }
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::of_bytes(Kind::Bytes, bytes)
    }

    pub(super) fn of_bytes(kind: Kind, bytes: &[u8]) -> Self {
        let units = bytes.iter().copied().map(u32::from).collect();
        Self { kind, units }
    }

    /// From UTF-8 in which surrogates are allowed; nothing where it is none.
    pub(super) fn from_wtf8(bytes: &[u8]) -> Option<Self> {
        let mut units = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            let (unit, behind) = match std::str::from_utf8(rest) {
                Ok(text) => {
                    units.extend(text.chars().map(u32::from));
                    break;
                }
                Err(error) => {
                    let (valid, behind) = rest.split_at_checked(error.valid_up_to())?;
                    units.extend(std::str::from_utf8(valid).ok()?.chars().map(u32::from));
                    surrogate(behind)?
                }
            };
            units.push(unit);
            rest = behind;
        }
        Some(Self {
            kind: Kind::Text,
            units,
        })
    }

    /// The same kind with other contents.
    pub(super) fn with(&self, units: Vec<u32>) -> Self {
        Self {
            kind: self.kind,
            units,
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// How the machine keeps it: bytes as they are, text as UTF-8 with surrogates.
    pub(super) fn stored(&self) -> Vec<u8> {
        if self.is_text() {
            let mut out = Vec::with_capacity(self.units.len());
            for &unit in &self.units {
                text::push_code_point(unit, &mut out);
            }
            out
        } else {
            self.narrow().unwrap_or_default()
        }
    }

    /// One byte for each unit; nothing where a code point does not fit.
    pub(super) fn narrow(&self) -> Option<Vec<u8>> {
        let bytes = self.units.iter().map(|&unit| u8::try_from(unit).ok());
        bytes.collect()
    }

    /// Bytes, or text of ASCII only: what the functions of `binascii` take.
    pub(super) fn ascii_or_bytes(&self) -> Option<Vec<u8>> {
        let limit = if self.is_text() { 0x80 } else { 0x100 };
        let fits = self.units.iter().all(|&unit| unit < limit);
        fits.then(|| self.narrow()).flatten()
    }

    /// The text as a Rust string; nothing where it has surrogates or is no text.
    pub(super) fn string(&self) -> Option<String> {
        let characters = self.units.iter().map(|&unit| char::from_u32(unit));
        self.is_text().then(|| characters.collect()).flatten()
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.units.iter().all(|&unit| unit < 0x80)
    }
}

/// A surrogate in three bytes, and what follows it.
fn surrogate(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [0xed, middle @ 0xa0..=0xbf, last @ 0x80..=0xbf, rest @ ..] => {
            let low = (u32::from(*middle) & 0x3f) << 6 | u32::from(*last) & 0x3f;
            Some((0xd000 | low, rest))
        }
        _ => None,
    }
}

impl Datum {
    pub(super) fn text(text: &str) -> Self {
        Self::Run(Run::text(text))
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Run(Run::bytes(bytes))
    }

    pub(super) fn run(&self) -> Option<&Run> {
        match self {
            Self::Run(run) => Some(run),
            _ => None,
        }
    }

    /// Where Python takes an index: integers and booleans.
    pub(super) fn integer(&self) -> Option<i64> {
        match *self {
            Self::Int(int) => Some(int),
            Self::Bool(boolean) => Some(i64::from(boolean)),
            _ => None,
        }
    }

    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::None => Some(false),
            Self::Run(run) => Some(!run.units.is_empty()),
            other => other.integer().map(|int| int != 0),
        }
    }

    /// What iterating over the value gives, in order; nothing where the order is not known, as
    /// that of a set is not.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items.clone()),
            Self::Set(items) | Self::FrozenSet(items) => (items.len() < 2).then(|| items.clone()),
            Self::Dict(pairs) => keys(pairs),
            Self::Run(run) if run.is_text() => {
                let characters = run.units.iter();
                Some(
                    characters
                        .map(|&unit| Self::Run(run.with(vec![unit])))
                        .collect(),
                )
            }
            Self::Run(run) => {
                let bytes = run.units.iter();
                Some(bytes.map(|&unit| Self::Int(i64::from(unit))).collect())
            }
            _ => None,
        }
    }

    /// The value of a key in a dict.
    pub(super) fn lookup(&self, key: &Self) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        let mut found = pairs.iter().rev().filter(|(candidate, _)| candidate == key);
        found.next().map(|(_, value)| value)
    }
}

/// The distinct keys in the order in which they were first written. Few pairs, or all different
/// texts: the comparison of each with each is bounded.
fn keys(pairs: &[(Datum, Datum)]) -> Option<Vec<Datum>> {
    let mut keys: Vec<Datum> = Vec::new();
    for (key, _) in pairs {
        // `1`, `1.0` and `True` are one key.
        if key.run().is_none() || keys.len() > 1024 {
            return None;
        }
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    Some(keys)
}
