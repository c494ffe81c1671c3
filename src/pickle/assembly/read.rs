//! From text to bytes.

use super::AssemblyError;
use crate::pickle::{Opcode, OperandKind};

/// Most bytes that one text may assemble to. Nested REPEATs could ask for any number.
const MOST_BYTES: usize = 256 << 20;

/// Assembles a text into the bytes it stands for; see [`super`] for its form.
///
/// # Errors
/// The first line that cannot be assembled.
pub fn assemble(text: &str) -> Result<Vec<u8>, AssemblyError> {
    let mut assembler = Assembler::default();
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        last = index + 1;
        assembler.line(line).map_err(|message| AssemblyError {
            line: last,
            message,
        })?;
    }
    assembler.finish().map_err(|message| AssemblyError {
        line: last,
        message,
    })
}

#[derive(Default)]
struct Assembler {
    out: Vec<u8>,
    /// Where the length of the FRAME stands that is still to be computed.
    frame: Option<usize>,
    /// REPEATs that are open: where their bytes start, and how often they are wanted.
    repeats: Vec<(usize, usize)>,
}

impl Assembler {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut operands = Operands {
            tokens: tokens(line)?.into_iter(),
        };
        let Some(first) = operands.tokens.next() else {
            return Ok(());
        };
        let Token::Word(name) = first else {
            return Err("a line starts with the name of an opcode, not with a string".into());
        };
        match name {
            "RAW" => {
                let bytes = operands.text()?;
                self.out.extend_from_slice(&bytes);
            }
            "REPEAT" => {
                let count = operands.integer(0, i128::from(u32::MAX))?;
                operands.word("{")?;
                let count = usize::try_from(count).map_err(|_| "too many repetitions")?;
                self.repeats.push((self.out.len(), count));
            }
            "}" => self.end_repeat()?,
            name => {
                let opcode = Opcode::from_name(name)
                    .ok_or_else(|| format!("`{name}` is neither an opcode nor a directive"))?;
                self.instruction(opcode, &mut operands)?;
            }
        }
        if self.out.len() > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes"));
        }
        match operands.tokens.next() {
            Some(extra) => Err(format!("{} is one operand too many", extra.shown())),
            None => Ok(()),
        }
    }

    fn end_repeat(&mut self) -> Result<(), String> {
        let (start, count) = self.repeats.pop().ok_or("`}` without a REPEAT")?;
        if self.frame.is_some_and(|frame| frame >= start) {
            return Err("`FRAME auto` inside a REPEAT must end inside it".into());
        }
        let block = self.out.split_off(start);
        if block.len().saturating_mul(count) > MOST_BYTES.saturating_sub(start) {
            return Err(format!("more than {MOST_BYTES} bytes"));
        }
        self.out.extend_from_slice(&block.repeat(count));
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, String> {
        if !self.repeats.is_empty() {
            return Err("a REPEAT is not closed by `}`".into());
        }
        self.end_frame();
        Ok(self.out)
    }

    /// Writes the length of the open `FRAME auto`, which ends here.
    fn end_frame(&mut self) {
        let Some(at) = self.frame.take() else { return };
        let length = self.out.len().saturating_sub(at + 8) as u64;
        if let Some(field) = self.out.get_mut(at..at + 8) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn instruction(&mut self, opcode: Opcode, operands: &mut Operands<'_>) -> Result<(), String> {
        if opcode == Opcode::Frame {
            self.end_frame();
        }
        self.out.push(opcode.byte());
        match opcode.operand() {
            OperandKind::None => {}
            OperandKind::U8 => self.integer(operands, 1, 0..=0xff)?,
            OperandKind::U16 => self.integer(operands, 2, 0..=0xffff)?,
            OperandKind::U32 => self.integer(operands, 4, 0..=i128::from(u32::MAX))?,
            OperandKind::I32 => {
                self.integer(operands, 4, i128::from(i32::MIN)..=i128::from(i32::MAX))?;
            }
            OperandKind::U64 if operands.take_word("auto") => {
                self.frame = Some(self.out.len());
                self.out.extend_from_slice(&[0; 8]);
            }
            OperandKind::U64 => self.integer(operands, 8, 0..=i128::from(u64::MAX))?,
            OperandKind::F64 => self.out.extend_from_slice(&operands.float()?.to_be_bytes()),
            OperandKind::Bytes1 => self.payload(opcode, operands, 1, 0..=0xff)?,
            OperandKind::Bytes4 => self.payload(opcode, operands, 4, 0..=i128::from(u32::MAX))?,
            OperandKind::SignedBytes4 => {
                let range = i128::from(i32::MIN)..=i128::from(i32::MAX);
                self.payload(opcode, operands, 4, range)?;
            }
            OperandKind::Bytes8 => self.payload(opcode, operands, 8, 0..=i128::from(u64::MAX))?,
            OperandKind::NameLines => {
                self.text_line(operands)?;
                self.text_line(operands)?;
            }
            OperandKind::DecimalLine
            | OperandKind::LongLine
            | OperandKind::FloatLine
            | OperandKind::StringLine
            | OperandKind::UnicodeLine
            | OperandKind::NameLine => self.text_line(operands)?,
        }
        if opcode == Opcode::Stop {
            self.end_frame();
        }
        Ok(())
    }

    fn integer(
        &mut self,
        operands: &mut Operands<'_>,
        width: usize,
        range: std::ops::RangeInclusive<i128>,
    ) -> Result<(), String> {
        let value = operands.integer(*range.start(), *range.end())?;
        self.field(value, width);
        Ok(())
    }

    fn field(&mut self, value: i128, width: usize) {
        self.out.extend(value.to_le_bytes().into_iter().take(width));
    }

    fn payload(
        &mut self,
        opcode: Opcode,
        operands: &mut Operands<'_>,
        width: usize,
        range: std::ops::RangeInclusive<i128>,
    ) -> Result<(), String> {
        let claimed = operands.claimed_length()?;
        let is_long = matches!(opcode, Opcode::Long1 | Opcode::Long4);
        let bytes = if is_long && !operands.next_is_text() {
            encode_long(operands.integer(i128::MIN, i128::MAX)?)
        } else {
            operands.text()?
        };
        let length = claimed.unwrap_or(bytes.len() as i128);
        if !range.contains(&length) {
            return Err(format!(
                "length {length} does not fit the {width} bytes of its field"
            ));
        }
        self.field(length, width);
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    fn text_line(&mut self, operands: &mut Operands<'_>) -> Result<(), String> {
        let line = operands.text()?;
        if line.contains(&b'\n') {
            return Err("a text line ends at its first newline, so it cannot hold one".into());
        }
        self.out.extend_from_slice(&line);
        self.out.push(b'\n');
        Ok(())
    }
}

/// The shortest two's complement, little-endian, as `pickle.encode_long` writes it; zero is empty.
pub(super) fn encode_long(value: i128) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    let fill = if value < 0 { 0xff } else { 0 };
    while bytes.last() == Some(&fill) {
        let below = bytes
            .len()
            .checked_sub(2)
            .and_then(|index| bytes.get(index));
        if below.is_some_and(|&below| below & 0x80 != fill & 0x80) || below.is_none() && fill != 0 {
            break;
        }
        bytes.pop();
    }
    bytes
}

/// A piece of a line.
enum Token<'t> {
    /// Anything up to a blank.
    Word(&'t str),
    /// A quoted string, decoded.
    Text(Vec<u8>),
}

impl Token<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Text(_) => "a string".into(),
        }
    }
}

fn tokens(line: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next().filter(|&first| first != '#') {
        if first == '"' {
            let (text, behind) = quoted(rest.get(1..).unwrap_or_default())?;
            tokens.push(Token::Text(text));
            rest = behind;
        } else {
            let end = rest.find([' ', '\t', '"', '#']).unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            tokens.push(Token::Word(word));
            rest = behind;
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// Decodes a string behind its opening quote; returns what follows the closing one.
fn quoted(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut decoded = Vec::new();
    let mut characters = text.chars();
    loop {
        match characters.next().ok_or("a string is not closed")? {
            '"' => return Ok((decoded, characters.as_str())),
            '\\' => decoded.push(escaped(&mut characters)?),
            character @ ' '..='~' => decoded.push(u8::try_from(character).unwrap_or(b'?')),
            other => {
                return Err(format!(
                    "{other:?} in a string is written as \\xNN, byte by byte"
                ));
            }
        }
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Result<u8, String> {
    match characters.next() {
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('\\') => Ok(b'\\'),
        Some('"') => Ok(b'"'),
        Some('x') => {
            let mut digit = || characters.next().and_then(|digit| digit.to_digit(16));
            let value = digit().zip(digit()).map(|(high, low)| high << 4 | low);
            let byte = value.and_then(|value| u8::try_from(value).ok());
            byte.ok_or_else(|| "\\x takes two hexadecimal digits".into())
        }
        _ => Err("the escapes are \\n \\r \\t \\\\ \\\" and \\xNN".into()),
    }
}

/// The operands of one line, taken one after another.
struct Operands<'t> {
    tokens: std::vec::IntoIter<Token<'t>>,
}

impl Operands<'_> {
    fn next_is_text(&self) -> bool {
        matches!(self.tokens.as_slice().first(), Some(Token::Text(_)))
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.tokens.as_slice().first(), Some(Token::Word(word)) if *word == wanted);
        if found {
            self.tokens.next();
        }
        found
    }

    fn word(&mut self, wanted: &str) -> Result<(), String> {
        if self.take_word(wanted) {
            Ok(())
        } else {
            Err(format!("`{wanted}` is expected here"))
        }
    }

    /// `"…"`, or `"…" * n`.
    fn text(&mut self) -> Result<Vec<u8>, String> {
        let text = match self.tokens.next() {
            Some(Token::Text(text)) => text,
            Some(Token::Word(word)) => {
                return Err(format!(
                    "a string in double quotes is expected, not `{word}`"
                ));
            }
            None => return Err("a string in double quotes is missing".into()),
        };
        if !self.take_word("*") {
            return Ok(text);
        }
        let count = usize::try_from(self.integer(0, MOST_BYTES as i128)?).unwrap_or(usize::MAX);
        if text.len().saturating_mul(count) > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes"));
        }
        Ok(text.repeat(count))
    }

    fn integer(&mut self, least: i128, most: i128) -> Result<i128, String> {
        let Some(Token::Word(word)) = self.tokens.next() else {
            return Err("an integer is expected here".into());
        };
        let value = integer(word).ok_or_else(|| format!("`{word}` is no integer"))?;
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(format!("{value} does not fit: {least} to {most}"))
        }
    }

    fn claimed_length(&mut self) -> Result<Option<i128>, String> {
        let Some(Token::Word(word)) = self.tokens.as_slice().first() else {
            return Ok(None);
        };
        let Some(digits) = word.strip_prefix("length=") else {
            return Ok(None);
        };
        let length = integer(digits).ok_or_else(|| format!("`{digits}` is no length"))?;
        self.tokens.next();
        Ok(Some(length))
    }

    fn float(&mut self) -> Result<f64, String> {
        if self.take_word("bits") {
            let bits = self.integer(0, i128::from(u64::MAX))?;
            return Ok(f64::from_bits(u64::try_from(bits).unwrap_or_default()));
        }
        match self.tokens.next() {
            Some(Token::Word(word)) => word.parse().map_err(|_| format!("`{word}` is no number")),
            _ => Err("a number is expected here".into()),
        }
    }
}

fn integer(word: &str) -> Option<i128> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let (radix, digits) = digits
        .strip_prefix("0x")
        .map_or((10, digits), |digits| (16, digits));
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let mut value = 0i128;
    for digit in digits.chars() {
        let digit = i128::from(digit.to_digit(radix)?);
        value = value.checked_mul(i128::from(radix))?;
        value = if negative {
            value.checked_sub(digit)?
        } else {
            value.checked_add(digit)?
        };
    }
    Some(value)
}
