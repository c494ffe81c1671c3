//! `str.format`, `str.format_map` and `%`.

use super::{
    datum::{Datum, Kind, Run},
    repr,
};

/// Widest field that is filled, in characters.
const WIDEST: usize = 1 << 16;

/// A text that grows up to a limit.
struct Out {
    units: Vec<u32>,
    room: usize,
}

impl Out {
    fn extend(&mut self, units: &[u32]) -> Option<()> {
        self.units.extend_from_slice(units);
        (self.units.len() <= self.room).then_some(())
    }
}

/// `text.format(*arguments)`, or `text.format_map(mapping)`.
pub(super) fn format(
    template: &Run,
    arguments: &[Datum],
    mapping: Option<&Datum>,
    room: usize,
) -> Option<Run> {
    let mut out = Out {
        units: Vec::new(),
        room,
    };
    let mut automatic = 0;
    let mut rest = template.units.as_slice();
    let brace = |unit: u32| unit == u32::from(b'{') || unit == u32::from(b'}');
    while let Some(place) = rest.iter().position(|&unit| brace(unit)) {
        let (literal, behind) = rest.split_at_checked(place)?;
        out.extend(literal)?;
        let (&first, behind) = behind.split_first()?;
        if behind.first() == Some(&first) {
            out.extend(&[first])?;
            rest = behind.get(1..)?;
            continue;
        }
        let end = behind.iter().position(|&unit| brace(unit))?;
        let (field, behind) = behind.split_at_checked(end)?;
        if first != u32::from(b'{') || behind.first() != Some(&u32::from(b'}')) {
            // A lone `}`, or a field inside a field, whose format is computed.
            return None;
        }
        rest = behind.get(1..)?;
        let field = template.with(field.to_vec()).string()?;
        let value = self::field(&field, arguments, mapping, &mut automatic)?;
        out.extend(&value.units)?;
    }
    out.extend(rest)?;
    template.is_text().then_some(Run {
        kind: Kind::Text,
        units: out.units,
    })
}

/// `name!conversion:format`. Attributes and items in a name reach objects: not followed.
fn field(
    field: &str,
    arguments: &[Datum],
    mapping: Option<&Datum>,
    automatic: &mut usize,
) -> Option<Run> {
    let (name, spec) = field.split_once(':').unwrap_or((field, ""));
    let (name, conversion) = match name.split_once('!') {
        Some((name, conversion)) => (name, Some(conversion)),
        None => (name, None),
    };
    if name.contains(['.', '[', '!']) || spec.contains('!') && conversion.is_none() {
        return None;
    }
    let value = match mapping {
        Some(mapping) => mapping.lookup(&Datum::text(name))?,
        None if name.is_empty() => {
            *automatic += 1;
            arguments.get(*automatic - 1)?
        }
        None if *automatic > 0 => return None,
        None => arguments.get(digits(name)?)?,
    };
    match conversion {
        None => formatted(value, spec),
        Some("s") => formatted(&Datum::Run(repr::str(value)?), spec),
        Some("r") => formatted(&Datum::Run(repr::repr(value)?), spec),
        Some("a") => formatted(&Datum::Run(repr::ascii(value)?), spec),
        Some(_) => None,
    }
}

fn digits(text: &str) -> Option<usize> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

/// `format(value, spec)`.
fn formatted(value: &Datum, spec: &str) -> Option<Run> {
    if spec.is_empty() {
        return repr::str(value);
    }
    let spec = Spec::parse(spec)?;
    match value {
        Datum::Run(run) if run.is_text() => {
            let plain = !spec.alternate && spec.sign.is_none();
            let shows_text = matches!(spec.kind, None | Some('s'));
            if !plain || !shows_text || spec.align == Some('=') {
                return None;
            }
            let shown = run.units.iter().take(spec.precision.unwrap_or(usize::MAX));
            let shown: Vec<u32> = shown.copied().collect();
            Some(run.with(spec.fill(&shown, '<')))
        }
        Datum::Int(int) => spec.integer(*int),
        Datum::Bool(boolean) if spec.kind.is_some() => spec.integer(i64::from(*boolean)),
        _ => None,
    }
}

/// `[[fill]align][sign][#][0][width][.precision][type]`. Groups of digits are not formed here.
#[derive(Debug, Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        let mut spec = Self::default();
        let mut rest = text;
        let is_align = |c: char| matches!(c, '<' | '>' | '=' | '^');
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(fill), Some(align)) if is_align(align) => {
                spec.fill = Some(fill);
                spec.align = Some(align);
                rest = characters.as_str();
            }
            (Some(align), _) if is_align(align) => {
                spec.align = Some(align);
                rest = text.get(1..)?;
            }
            _ => {}
        }
        if let Some(sign) = rest.chars().next().filter(|c| matches!(c, '+' | '-' | ' ')) {
            spec.sign = Some(sign);
            rest = rest.get(1..)?;
        }
        if let Some(behind) = rest.strip_prefix('#') {
            spec.alternate = true;
            rest = behind;
        }
        if let Some(behind) = rest.strip_prefix('0') {
            spec.zero = true;
            rest = behind;
        }
        let (width, behind) = leading_digits(rest);
        spec.width = digits(width).or(width.is_empty().then_some(0))?;
        rest = behind;
        if let Some(behind) = rest.strip_prefix('.') {
            let (precision, behind) = leading_digits(behind);
            spec.precision = Some(digits(precision)?);
            rest = behind;
        }
        let mut characters = rest.chars();
        spec.kind = characters.next();
        (characters.next().is_none() && spec.width <= WIDEST).then_some(spec)
    }

    fn integer(&self, int: i64) -> Option<Run> {
        if self.precision.is_some() {
            return None;
        }
        let (prefix, digits) = match self.kind {
            None | Some('d') => ("", int.unsigned_abs().to_string()),
            Some('x') => ("0x", format!("{:x}", int.unsigned_abs())),
            Some('X') => ("0X", format!("{:X}", int.unsigned_abs())),
            Some('o') => ("0o", format!("{:o}", int.unsigned_abs())),
            Some('b') => ("0b", format!("{:b}", int.unsigned_abs())),
            Some('c') if self.sign.is_none() && !self.alternate && !self.zero => {
                let code = u32::try_from(int).ok().filter(|&code| code < 0x11_0000)?;
                return Some(Run {
                    kind: Kind::Text,
                    units: self.fill(&[code], '<'),
                });
            }
            _ => return None,
        };
        let sign = match (int < 0, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let prefix = if self.alternate { prefix } else { "" };
        let zero_padded = self.zero && self.align.is_none() && self.fill.is_none();
        let head = format!("{sign}{prefix}");
        if zero_padded || self.align == Some('=') {
            let fill = if zero_padded || (self.zero && self.fill.is_none()) {
                '0'
            } else {
                self.fill.unwrap_or(' ')
            };
            let missing = self.width.saturating_sub(head.len() + digits.len());
            let filling: String = std::iter::repeat_n(fill, missing).collect();
            return Some(Run::text(&format!("{head}{filling}{digits}")));
        }
        let shown = Run::text(&format!("{head}{digits}"));
        Some(shown.with(self.fill(&shown.units, '>')))
    }

    /// Filled up to the width.
    fn fill(&self, units: &[u32], default: char) -> Vec<u32> {
        let missing = self.width.saturating_sub(units.len());
        let left = match self.align.unwrap_or(default) {
            '>' => missing,
            '^' => missing / 2,
            _ => 0,
        };
        let zero = if self.zero { '0' } else { ' ' };
        let fill = u32::from(self.fill.unwrap_or(zero));
        let before = std::iter::repeat_n(fill, left);
        let behind = std::iter::repeat_n(fill, missing - left);
        before.chain(units.iter().copied()).chain(behind).collect()
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

/// Where the values of `%` come from.
struct Values<'v> {
    all: &'v [Datum],
    used: usize,
    mapping: Option<&'v Datum>,
}

impl<'v> Values<'v> {
    fn next(&mut self) -> Option<&'v Datum> {
        self.used += 1;
        self.all.get(self.used - 1)
    }
}

/// `template % values`, for text and for bytes.
pub(super) fn percent(template: &Run, values: &Datum, room: usize) -> Option<Run> {
    let mut out = Out {
        units: Vec::new(),
        room,
    };
    let mapping = Some(values).filter(|values| matches!(values, Datum::Dict(_)));
    let mut values = Values {
        all: match values {
            Datum::Tuple(values) => values,
            other => std::slice::from_ref(other),
        },
        used: 0,
        mapping,
    };
    let mut rest = template.units.as_slice();
    while let Some(place) = rest.iter().position(|&unit| unit == u32::from(b'%')) {
        let (literal, behind) = rest.split_at_checked(place)?;
        out.extend(literal)?;
        rest = directive(template, behind.get(1..)?, &mut values, &mut out)?;
    }
    out.extend(rest)?;
    // Values that nothing asks for make CPython raise, except those of a mapping.
    let all_used = values.used >= values.all.len() || values.mapping.is_some();
    all_used.then_some(Run {
        kind: template.kind,
        units: out.units,
    })
}

/// One directive behind its `%`; returns what follows it.
fn directive<'t>(
    template: &Run,
    text: &'t [u32],
    values: &mut Values<'_>,
    out: &mut Out,
) -> Option<&'t [u32]> {
    let mut rest = text;
    let mut keyed = None;
    if let Some(behind) = rest.strip_prefix(&[u32::from(b'(')]) {
        let end = behind.iter().position(|&unit| unit == u32::from(b')'))?;
        let (key, behind) = behind.split_at_checked(end)?;
        // Parentheses may nest in a key.
        if key.contains(&u32::from(b'(')) {
            return None;
        }
        let key = Datum::Run(template.with(key.to_vec()));
        keyed = Some(values.mapping?.lookup(&key)?);
        rest = behind.get(1..)?;
    }
    let head: String = rest
        .iter()
        .take(32)
        .map(|&unit| char::from_u32(unit).unwrap_or('\u{fffd}'))
        .collect();
    let letter = head.find(|c: char| c.is_ascii_alphabetic() || c == '%');
    let letter = letter.filter(|&place| head.get(..place).is_some_and(str::is_ascii))?;
    let mut spec = Spec::default();
    let mut flags = head.get(..letter)?;
    while let Some(flag) = flags.chars().next().filter(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => spec.align = Some('<'),
            '+' => spec.sign = Some('+'),
            ' ' if spec.sign.is_none() => spec.sign = Some(' '),
            '#' => spec.alternate = true,
            '0' => spec.zero = true,
            _ => {}
        }
        flags = flags.get(1..)?;
    }
    spec.zero &= spec.align.is_none();
    let (width, flags) = leading_digits(flags);
    spec.width = digits(width).or(width.is_empty().then_some(0))?;
    match flags.strip_prefix('.') {
        Some("") => spec.precision = Some(0),
        Some(precision) => spec.precision = Some(digits(precision)?),
        None if flags.is_empty() => {}
        // A width or precision that is itself a value.
        None => return None,
    }
    if spec.width > WIDEST {
        return None;
    }
    spec.kind = head.get(letter..)?.chars().next();
    let plain = letter == 0 && keyed.is_none();
    if spec.kind == Some('%') {
        out.extend(&[u32::from(b'%')]).filter(|()| plain)?;
    } else {
        let value = match keyed {
            Some(value) => value,
            None => values.next()?,
        };
        out.extend(&shown(template, value, &mut spec)?)?;
    }
    rest.get(letter + 1..)
}

fn shown(template: &Run, value: &Datum, spec: &mut Spec) -> Option<Vec<u32>> {
    let is_text = template.is_text();
    let text = match spec.kind? {
        's' if is_text => repr::str(value)?,
        's' | 'b' => value
            .run()
            .filter(|run| !run.is_text() && !is_text)?
            .clone(),
        'r' if is_text => repr::repr(value)?,
        'a' | 'r' => repr::ascii(value)?,
        'c' => character(value, is_text)?,
        kind @ ('d' | 'i' | 'u' | 'x' | 'X' | 'o') => {
            spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
            return number(value.integer()?, spec);
        }
        _ => return None,
    };
    let is_character = spec.kind == Some('c');
    let precision = spec.precision.filter(|_| !is_character);
    let units: Vec<u32> = text
        .units
        .iter()
        .take(precision.unwrap_or(usize::MAX))
        .copied()
        .collect();
    spec.zero = false;
    Some(spec.fill(&units, '>'))
}

fn character(value: &Datum, is_text: bool) -> Option<Run> {
    match value {
        Datum::Run(run) => {
            let single = run.units.len() == 1 && run.is_text() == is_text;
            single.then(|| run.clone())
        }
        other => {
            let limit = if is_text { 0x11_0000 } else { 0x100 };
            let code = u32::try_from(other.integer()?).ok();
            let code = code.filter(|&code| code < limit)?;
            Some(Run {
                kind: Kind::Text,
                units: vec![code],
            })
        }
    }
}

/// An integer, whose precision is its least number of digits.
fn number(int: i64, spec: &mut Spec) -> Option<Vec<u32>> {
    if let Some(precision) = spec.precision.take() {
        // Precision together with other flags has corners of its own.
        let plain = !spec.alternate && !spec.zero && spec.sign.is_none() && int >= 0;
        if !plain || precision > WIDEST {
            return None;
        }
        let width = std::mem::replace(&mut spec.width, precision);
        let align = spec.align.take();
        spec.zero = true;
        let digits = spec.integer(int)?;
        (spec.width, spec.align, spec.zero) = (width, align, false);
        return Some(spec.fill(&digits.units, '>'));
    }
    Some(spec.integer(int)?.units)
}
