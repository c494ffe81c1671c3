//! Upper and lower case, as Unicode and CPython define them.

use super::datum::Run;
use super::strings::{self, From};

/// How the case is changed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    Title,
    Swap,
    Capital,
    Fold,
}

/// GREEK CAPITAL LETTER SIGMA, whose small letter depends on what stands around it.
const SIGMA: u32 = 0x3a3;

/// The text in another case; nothing where the tables of Unicode that Rust offers do not tell.
pub(super) fn change(run: &Run, case: Case) -> Option<Run> {
    if !run.is_text() || run.is_ascii() {
        return Some(run.with(change_ascii(&run.units, case)));
    }
    let sigma = run.units.contains(&SIGMA);
    match case {
        Case::Lower if sigma => Some(Run::text(&run.string()?.to_lowercase())),
        _ if sigma => None,
        Case::Lower => Some(run.with(run.units.iter().flat_map(|&unit| lower(unit)).collect())),
        Case::Upper => Some(run.with(run.units.iter().flat_map(|&unit| upper(unit)).collect())),
        Case::Swap => Some(run.with(run.units.iter().flat_map(|&unit| swapped(unit)).collect())),
        Case::Title | Case::Capital => titled(run, case),
        // Rust has no table of case folding.
        Case::Fold => None,
    }
}

fn change_ascii(units: &[u32], case: Case) -> Vec<u32> {
    let lower =
        |unit: u32| u8::try_from(unit).map_or(unit, |byte| byte.to_ascii_lowercase().into());
    let upper =
        |unit: u32| u8::try_from(unit).map_or(unit, |byte| byte.to_ascii_uppercase().into());
    let mut inside_word = false;
    let changed = units.iter().map(|&unit| {
        let is_letter = u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphabetic());
        let first = !std::mem::replace(&mut inside_word, is_letter || case == Case::Capital);
        match case {
            Case::Lower | Case::Fold => lower(unit),
            Case::Upper => upper(unit),
            Case::Swap if lower(unit) == unit => upper(unit),
            Case::Title | Case::Capital if first => upper(unit),
            Case::Swap | Case::Title | Case::Capital => lower(unit),
        }
    });
    changed.collect()
}

fn lower(unit: u32) -> Vec<u32> {
    match char::from_u32(unit) {
        Some(character) => character.to_lowercase().map(u32::from).collect(),
        None => vec![unit],
    }
}

fn upper(unit: u32) -> Vec<u32> {
    match char::from_u32(unit) {
        Some(character) => character.to_uppercase().map(u32::from).collect(),
        None => vec![unit],
    }
}

fn swapped(unit: u32) -> Vec<u32> {
    match char::from_u32(unit) {
        Some(character) if character.is_uppercase() => lower(unit),
        Some(character) if character.is_lowercase() => upper(unit),
        _ => vec![unit],
    }
}

fn titled(run: &Run, case: Case) -> Option<Run> {
    let mut units = Vec::with_capacity(run.units.len());
    let mut inside_word = false;
    for &unit in &run.units {
        if inside_word {
            units.extend(lower(unit));
        } else {
            units.push(title(unit)?);
        }
        let character = char::from_u32(unit);
        let cased = character.is_some_and(|c| c.is_lowercase() || c.is_uppercase());
        inside_word = cased || case == Case::Capital;
    }
    Some(run.with(units))
}

/// The letter that begins a word. It is the capital except for digraphs, for letters whose capital
/// is several characters and for Georgian; there Rust has no table.
fn title(unit: u32) -> Option<u32> {
    let digraph = matches!(unit, 0x1c4..=0x1cc | 0x1f1..=0x1f3);
    let georgian = matches!(unit, 0x10d0..=0x10ff);
    match upper(unit).as_slice() {
        &[capital] if !digraph && !georgian => Some(capital),
        _ => None,
    }
}

/// `string.capwords(text, separator)`.
pub(super) fn capital_words(run: &Run, separator: Option<&Run>, room: usize) -> Option<Run> {
    let words = strings::split(run, separator, -1, From::Left)?;
    let words = words.items()?;
    let words = words
        .iter()
        .map(|word| change(word.run()?, Case::Capital).map(super::Datum::Run));
    let words = super::Datum::List(words.collect::<Option<_>>()?);
    let space = Run::text(" ");
    strings::join(separator.unwrap_or(&space), &words, room)
}
