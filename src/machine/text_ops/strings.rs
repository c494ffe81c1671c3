//! The methods of text and bytes.

use super::datum::{Datum, Kind, Run};

/// Longest needle that is searched for, in units; it bounds the work of a search.
const LONGEST_NEEDLE: usize = 256;

/// Longest text in which a longer needle is searched for, in units.
const SHORT: usize = 1 << 14;

/// Parts that a text is split into, at most.
const MOST_PARTS: usize = 1 << 16;

pub(super) fn concat(a: &Run, b: &Run) -> Option<Run> {
    same_type(a, b).then(|| a.with(a.units.iter().chain(&b.units).copied().collect()))
}

/// Text goes with text; bytes and bytearrays go with each other.
fn same_type(a: &Run, b: &Run) -> bool {
    a.is_text() == b.is_text()
}

pub(super) fn join(separator: &Run, parts: &Datum, room: usize) -> Option<Run> {
    let mut units: Vec<u32> = Vec::new();
    for (index, part) in parts.items()?.iter().enumerate() {
        let part = part.run().filter(|part| same_type(separator, part))?;
        if index > 0 {
            units.extend_from_slice(&separator.units);
        }
        units.extend_from_slice(&part.units);
        if units.len() > room {
            return None;
        }
    }
    Some(separator.with(units))
}

pub(super) fn repeat(run: &Run, count: i64, room: usize) -> Option<Run> {
    let count = usize::try_from(count.max(0)).ok()?;
    let length = run.units.len().checked_mul(count)?;
    (length <= room).then(|| run.with(run.units.repeat(count)))
}

/// Where the needle is first found at or behind `from`. Empty needles are not searched for here.
fn find(hay: &[u32], needle: &[u32], from: usize) -> Option<usize> {
    let rest = hay.get(from..)?;
    let found = rest
        .windows(needle.len().max(1))
        .position(|window| window == needle);
    found.map(|place| from + place)
}

/// Where the needle is last found.
fn rfind(hay: &[u32], needle: &[u32]) -> Option<usize> {
    hay.windows(needle.len().max(1))
        .rposition(|window| window == needle)
}

fn searchable(hay: &Run, needle: &Run) -> bool {
    same_type(hay, needle) && (needle.units.len() <= LONGEST_NEEDLE || hay.units.len() <= SHORT)
}

pub(super) fn replace(run: &Run, old: &Run, new: &Run, most: i64, room: usize) -> Option<Run> {
    if !searchable(run, old) || !same_type(run, new) {
        return None;
    }
    let mut left = usize::try_from(most).unwrap_or(usize::MAX);
    let mut units = Vec::new();
    if old.units.is_empty() {
        for &unit in &run.units {
            if left > 0 {
                units.extend_from_slice(&new.units);
                left -= 1;
            }
            units.push(unit);
            if units.len() > room {
                return None;
            }
        }
        // In an empty text, CPython before 3.9 replaced nothing where a count was given.
        if run.units.is_empty() && most >= 0 {
            return None;
        }
        if left > 0 {
            units.extend_from_slice(&new.units);
        }
        return Some(run.with(units));
    }
    let mut position = 0;
    while left > 0
        && let Some(place) = find(&run.units, &old.units, position)
    {
        units.extend_from_slice(run.units.get(position..place)?);
        units.extend_from_slice(&new.units);
        position = place + old.units.len();
        left -= 1;
        if units.len() > room {
            return None;
        }
    }
    units.extend_from_slice(run.units.get(position..)?);
    Some(run.with(units))
}

/// Which ends are stripped.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Both,
    Left,
    Right,
}

pub(super) fn strip(run: &Run, characters: Option<&Run>, ends: Ends) -> Option<Run> {
    if let Some(characters) = characters {
        let small = characters.units.len() <= LONGEST_NEEDLE;
        if !small || !same_type(run, characters) {
            return None;
        }
    }
    let goes = |unit: &u32| match characters {
        Some(characters) => characters.units.contains(unit),
        None => is_space(run.kind, *unit),
    };
    let mut units = run.units.as_slice();
    if ends != Ends::Right {
        let start = units.iter().position(|unit| !goes(unit));
        units = units.get(start.unwrap_or(units.len())..)?;
    }
    if ends != Ends::Left {
        let last = units.iter().rposition(|unit| !goes(unit));
        units = units.get(..last.map_or(0, |last| last + 1))?;
    }
    Some(run.with(units.to_vec()))
}

pub(super) fn remove_prefix(run: &Run, prefix: &Run) -> Option<Run> {
    let rest = run.units.strip_prefix(prefix.units.as_slice());
    same_type(run, prefix).then(|| run.with(rest.unwrap_or(&run.units).to_vec()))
}

pub(super) fn remove_suffix(run: &Run, suffix: &Run) -> Option<Run> {
    let rest = run.units.strip_suffix(suffix.units.as_slice());
    same_type(run, suffix).then(|| run.with(rest.unwrap_or(&run.units).to_vec()))
}

/// From which end a text is split where not every separator counts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    Left,
    Right,
}

pub(super) fn split(run: &Run, separator: Option<&Run>, most: i64, from: From) -> Option<Datum> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    // From the right is from the left in a mirror.
    let mirrored = from == From::Right;
    let units = mirror(&run.units, mirrored);
    let mut parts = match separator {
        None => split_at_space(run.kind, &units, most),
        Some(separator) if separator.units.is_empty() || !searchable(run, separator) => {
            return None;
        }
        Some(separator) => split_at(&units, &mirror(&separator.units, mirrored), most),
    };
    if parts.len() > MOST_PARTS {
        return None;
    }
    if mirrored {
        parts.reverse();
    }
    let parts = parts.iter().map(|part| mirror(part, mirrored));
    Some(Datum::List(
        parts.map(|part| Datum::Run(run.with(part))).collect(),
    ))
}

fn mirror(units: &[u32], mirrored: bool) -> Vec<u32> {
    let mut units = units.to_vec();
    if mirrored {
        units.reverse();
    }
    units
}

fn split_at<'u>(units: &'u [u32], separator: &[u32], most: usize) -> Vec<&'u [u32]> {
    let mut parts = Vec::new();
    let mut position = 0;
    while parts.len() < most.min(MOST_PARTS)
        && let Some(place) = find(units, separator, position)
    {
        parts.extend(units.get(position..place));
        position = place + separator.len();
    }
    parts.extend(units.get(position..));
    parts
}

fn split_at_space(kind: Kind, units: &[u32], most: usize) -> Vec<&[u32]> {
    let mut parts = Vec::new();
    let mut rest = units;
    loop {
        let start = rest.iter().position(|&unit| !is_space(kind, unit));
        rest = rest.get(start.unwrap_or(rest.len())..).unwrap_or_default();
        if rest.is_empty() {
            return parts;
        }
        let end = rest.iter().position(|&unit| is_space(kind, unit));
        if parts.len() >= most.min(MOST_PARTS) {
            parts.push(rest);
            return parts;
        }
        let (part, behind) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, &[]));
        parts.push(part);
        rest = behind;
    }
}

pub(super) fn partition(run: &Run, separator: &Run, from: From) -> Option<Datum> {
    if separator.units.is_empty() || !searchable(run, separator) {
        return None;
    }
    let place = match from {
        From::Left => find(&run.units, &separator.units, 0),
        From::Right => rfind(&run.units, &separator.units),
    };
    let none: &[u32] = &[];
    let parts: [&[u32]; 3] = match place {
        Some(place) => [
            run.units.get(..place)?,
            separator.units.as_slice(),
            run.units.get(place + separator.units.len()..)?,
        ],
        None if from == From::Left => [run.units.as_slice(), none, none],
        None => [none, none, run.units.as_slice()],
    };
    let parts = parts.map(|part| Datum::Run(run.with(part.to_vec())));
    Some(Datum::Tuple(parts.to_vec()))
}

pub(super) fn split_lines(run: &Run, keep_ends: bool) -> Option<Datum> {
    let mut lines = Vec::new();
    let mut rest = run.units.as_slice();
    while !rest.is_empty() {
        let end = rest.iter().position(|&unit| is_line_end(run.kind, unit));
        let content = end.unwrap_or(rest.len());
        let behind = match rest.get(content..)? {
            [0x0d, 0x0a, ..] => content + 2,
            [] => content,
            _ => content + 1,
        };
        let line = rest.get(..if keep_ends { behind } else { content })?;
        lines.push(Datum::Run(run.with(line.to_vec())));
        rest = rest.get(behind..)?;
        if lines.len() > MOST_PARTS {
            return None;
        }
    }
    Some(Datum::List(lines))
}

fn is_line_end(kind: Kind, unit: u32) -> bool {
    match unit {
        0x0a | 0x0d => true,
        0x0b | 0x0c | 0x1c..=0x1e | 0x85 | 0x2028 | 0x2029 => kind == Kind::Text,
        _ => false,
    }
}

pub(super) fn is_space(kind: Kind, unit: u32) -> bool {
    match unit {
        0x09..=0x0d | 0x20 => true,
        0x1c..=0x1f | 0x85 | 0xa0 | 0x1680 | 0x2000..=0x200a => kind == Kind::Text,
        0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 => kind == Kind::Text,
        _ => false,
    }
}

/// `sequence[index]` or `sequence[slice]`, as positions in a sequence of that length.
pub(super) fn positions(index: &Datum, length: usize) -> Option<Vec<usize>> {
    let length = i64::try_from(length).ok()?;
    let Datum::Slice([start, stop, step]) = index else {
        let index = index.integer()?;
        let place = if index < 0 { index + length } else { index };
        let place = (0..length).contains(&place).then_some(place)?;
        return Some(vec![usize::try_from(place).ok()?]);
    };
    let step = step.unwrap_or(1);
    let (lowest, highest) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let bound = |given: Option<i64>, default: i64| match given {
        None => default,
        Some(given) if given < 0 => given.saturating_add(length).clamp(lowest, highest),
        Some(given) => given.min(highest),
    };
    let (first, last) = if step < 0 {
        (highest, lowest)
    } else {
        (lowest, highest)
    };
    let (mut place, stop) = (bound(*start, first), bound(*stop, last));
    if step == 0 {
        return None;
    }
    let mut places = Vec::new();
    while (step > 0 && place < stop) || (step < 0 && place > stop) {
        places.push(usize::try_from(place).ok()?);
        place = place.saturating_add(step);
    }
    Some(places)
}

pub(super) fn get(run: &Run, index: &Datum) -> Option<Datum> {
    let places = positions(index, run.units.len())?;
    let units = places.iter().map(|&place| run.units.get(place).copied());
    let units: Vec<u32> = units.collect::<Option<_>>()?;
    Some(match (index, units.as_slice()) {
        (Datum::Slice(_), _) => Datum::Run(run.with(units)),
        (_, &[unit]) if !run.is_text() => Datum::Int(i64::from(unit)),
        _ => Datum::Run(run.with(units)),
    })
}

/// `text.translate(table)` and `bytes.translate(table, delete)`.
pub(super) fn translate(
    run: &Run,
    table: &Datum,
    delete: Option<&Run>,
    room: usize,
) -> Option<Run> {
    let mut units = Vec::with_capacity(run.units.len());
    for &unit in &run.units {
        if delete.is_some_and(|delete| delete.units.contains(&unit)) {
            continue;
        }
        match table {
            Datum::None if !run.is_text() => units.push(unit),
            Datum::Dict(pairs) if run.is_text() => {
                if pairs.len() > 1024 {
                    return None;
                }
                match table.lookup(&Datum::Int(i64::from(unit))) {
                    None => units.push(unit),
                    Some(Datum::None) => {}
                    Some(Datum::Run(with)) if with.is_text() => units.extend(&with.units),
                    Some(Datum::Int(code)) => {
                        units.push(u32::try_from(*code).ok().filter(|&code| code < 0x11_0000)?);
                    }
                    Some(_) => return None,
                }
            }
            Datum::Run(table) if run.is_text() => {
                let with = table.units.get(usize::try_from(unit).ok()?);
                units.push(with.copied().unwrap_or(unit));
                // A table of bytes gives numbers, one of text gives characters: both the same.
            }
            Datum::Run(table) if !table.is_text() && table.units.len() == 256 => {
                units.push(*table.units.get(usize::try_from(unit).ok()?)?);
            }
            _ => return None,
        }
        if units.len() > room {
            return None;
        }
    }
    Some(run.with(units))
}
