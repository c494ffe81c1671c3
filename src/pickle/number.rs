//! Numbers written as text: INT, LONG, FLOAT, and the memo indices of GET and PUT.
//!
//! Loaders read them differently, and nothing stops a writer from choosing a spelling on which
//! they disagree: `I010` is 8 in C, refused in Python, and 10 from CPython 3.14 on. Each function
//! takes the line of an operand without its newline and says what every reader makes of it.
//!
//! Sources: `load_int`, `load_long`, `load_float`, `load_get` and `load_put` in CPython's
//! `Modules/_pickle.c` and `Lib/pickle.py`; `PyLong_FromString` in `Objects/longobject.c`;
//! `PyOS_string_to_double` in `Python/pystrtod.c`; gh-126992 for the change of base in 3.14.

/// A number as a reader understands it.
#[derive(Copy, Clone, Debug)]
pub enum Number {
    /// A boolean, which INT writes as `00` or `01`.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// An integer that does not fit 64 bits.
    Big,
    /// A float.
    Float(f64),
}

/// Floats are equal when their bits are: a NaN that two readers agree on is no disagreement.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Big, Self::Big) => true,
            (Self::Float(left), Self::Float(right)) => left.to_bits() == right.to_bits(),
            _ => false,
        }
    }
}

impl Eq for Number {}

/// What each family of readers makes of one operand; nothing where it raises.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `_pickle` of CPython 3.8 to 3.13.
    pub c: Option<Number>,
    /// `pickle._Unpickler` of CPython 3.8 to 3.13.
    pub python: Option<Number>,
    /// `_pickle` from CPython 3.14 on.
    pub c_314: Option<Number>,
    /// `pickle._Unpickler` from CPython 3.14 on.
    pub python_314: Option<Number>,
    /// The number has more decimal digits than CPython converts since CVE-2020-10735 (fixed in
    /// 3.8.14, 3.9.14, 3.10.7 and 3.11.0); older versions read it.
    pub overlong: bool,
}

impl Reading {
    fn agreed(number: Number) -> Self {
        let value = Some(number);
        Self {
            c: value,
            python: value,
            c_314: value,
            python_314: value,
            overlong: false,
        }
    }

    /// The readings in a fixed order: C and Python to 3.13, C and Python from 3.14.
    pub fn all(self) -> [Option<Number>; 4] {
        [self.c, self.python, self.c_314, self.python_314]
    }

    /// The value of the first reader that accepts the text, C before Python, old before new.
    /// Nothing where every reader raises.
    pub fn value(self) -> Option<Number> {
        self.all().into_iter().flatten().next()
    }

    /// Whether one reader accepts what another refuses, or takes for another number.
    pub fn disagrees(self) -> bool {
        self.overlong || self.all().into_iter().any(|reading| reading != self.c)
    }
}

/// Most decimal digits that `int()` converts by default: `sys.int_info.default_max_str_digits`.
const MOST_DIGITS: usize = 4300;

/// The line of an INT.
pub fn int(line: &[u8]) -> Reading {
    if let Some(value) = plain(line) {
        return Reading::agreed(Number::Int(value));
    }
    let (c, long_c) = split(c_int(line, Base::Literal));
    let (python, long_python) = split(python_int(line, Base::Literal));
    let (c_314, _) = split(c_int(line, Base::Ten));
    let (python_314, long_314) = split(python_int(line, Base::Ten));
    Reading {
        c,
        python,
        c_314,
        python_314,
        overlong: long_c || long_python || long_314,
    }
}

/// The line of a LONG, with or without its `L`.
pub fn long(line: &[u8]) -> Reading {
    let digits = line.strip_suffix(b"L").unwrap_or(line);
    if let Some(value) = plain(digits) {
        return Reading::agreed(Number::Int(value));
    }
    both_bases(line, digits)
}

/// The line of a GET or PUT. Negative indices are returned as they are; all readers refuse them.
pub fn index(line: &[u8]) -> Reading {
    if let Some(value) = plain(line) {
        return Reading::agreed(Number::Int(value));
    }
    let (c, overlong) = split(from_string(until_nul(line), Base::Ten));
    let python = c.filter(|_| !line.contains(&0));
    Reading {
        c,
        python,
        c_314: c,
        python_314: python,
        overlong,
    }
}

/// The line of a FLOAT. No version changed how it is read.
pub fn float(line: &[u8]) -> Reading {
    let c = c_float(line).map(Number::Float);
    let python = python_float(line).map(Number::Float);
    Reading {
        c,
        python,
        c_314: c,
        python_314: python,
        overlong: false,
    }
}

/// Length of the float at the beginning, if it is spelled as honest writers do, which every reader
/// takes for the same number: digits, perhaps a point and more digits, perhaps a small exponent.
#[inline]
pub fn plain_float(bytes: &[u8]) -> Option<usize> {
    /// No number of so many digits is infinite.
    const LONGEST: usize = 64;
    let behind_digits = |mut place: usize| {
        while let Some(word) = bytes.get(place..).and_then(<[u8]>::first_chunk) {
            let digits = digits_in(u64::from_le_bytes(*word));
            place += digits;
            if digits < 8 {
                return place;
            }
        }
        while bytes.get(place).is_some_and(u8::is_ascii_digit) {
            place += 1;
        }
        place
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = behind_digits(start);
    if end == start {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = behind_digits(end + 1);
    }
    if bytes.get(end) == Some(&b'e') {
        let is_signed = matches!(bytes.get(end + 1), Some(b'-' | b'+'));
        let exponent = end + 1 + usize::from(is_signed);
        end = behind_digits(exponent);
        if !(1..=2).contains(&(end - exponent)) {
            return None;
        }
    }
    (end - start <= LONGEST).then_some(end)
}

/// Length of the line that begins here, with its newline, where it is a plain float of up to eight
/// digits, a point, and up to eight more.
#[inline(always)]
pub fn short_float_line(bytes: &[u8]) -> Option<usize> {
    let whole = digits_in(u64::from_le_bytes(*bytes.first_chunk()?));
    let (point, rest) = bytes.get(whole..)?.split_first()?;
    let fraction = digits_in(u64::from_le_bytes(*rest.first_chunk()?));
    let is_plain = *point == b'.' && whole > 0 && rest.get(fraction) == Some(&b'\n');
    is_plain.then_some(whole + 1 + fraction + 1)
}

/// Longest number, in digits, of [`short`].
const SHORT: usize = 9;

/// The number of a short line of decimal digits that every reader takes alike. A leading zero makes
/// a boolean or an octal number of it.
pub fn short(line: &[u8]) -> Option<i64> {
    let has_zero = line.len() > 1 && line.first() == Some(&b'0');
    if line.is_empty() || line.len() > SHORT || has_zero {
        return None;
    }
    line.iter().try_fold(0, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        Some(value * 10 + i64::from(digit))
    })
}

/// As [`short`] of the line that begins here, and the length of that line with its newline. All of its
/// digits are looked at together, so nothing is said of numbers of more than seven.
#[inline(always)]
pub fn short_line(bytes: &[u8]) -> Option<(i64, usize)> {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    // Most indices of a memo that are read again and again are as short as that.
    if let &[digit @ b'0'..=b'9', b'\n', ..] = bytes {
        return Some((i64::from(digit - b'0'), 2));
    }
    let word = u64::from_le_bytes(*bytes.first_chunk()?);
    let digits = digits_in(word);
    let has_zero = bytes.first() == Some(&b'0');
    if has_zero || bytes.get(digits) != Some(&b'\n') || !(1..8).contains(&digits) {
        return None;
    }
    // The last digit goes to the highest byte; below the first one stand zeros.
    let word = (word ^ every(b'0')) << (64 - 8 * digits);
    // Pairs of digits, then pairs of pairs, then the whole.
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let high = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    let value = (high.wrapping_add(low) >> 32).cast_signed();
    Some((value, digits + 1))
}

/// The highest bit of each byte of a word.
const HIGH: u64 = every(0x80);

/// A word of eight such bytes.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Which of the eight bytes of a little-endian word is the first newline.
#[inline(always)]
pub(super) fn newline_in(word: u64) -> Option<u32> {
    const NEWLINES: u64 = every(b'\n');
    const ONES: u64 = every(1);
    // A byte of the word is zero where there is one, and subtracting one from it borrows.
    let word = word ^ NEWLINES;
    let zeros = word.wrapping_sub(ONES) & !word & HIGH;
    (zeros != 0).then(|| zeros.trailing_zeros() / 8)
}

/// How many of the eight bytes of a little-endian word are decimal digits before the first that is
/// none.
#[inline(always)]
fn digits_in(word: u64) -> usize {
    let word = word ^ every(b'0');
    // Nothing is carried from one byte to the next.
    let beyond_nine = ((word & !HIGH) + every(0x7f - 9)) | word;
    ((beyond_nine & HIGH).trailing_zeros() / 8) as usize
}

/// Decimal digits as honest writers spell them, on which all readers agree: no leading zero, no
/// plus, no blank, and so short that it fits.
fn plain(line: &[u8]) -> Option<i64> {
    let (sign, digits) = match line.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, line),
    };
    match digits {
        [b'0'] if sign == 1 => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 18 => {}
        _ => return None,
    }
    let mut value = 0;
    for &digit in digits {
        value = value * 10 + i64::from(char::from(digit).to_digit(10)?);
    }
    Some(sign * value)
}

fn both_bases(line: &[u8], digits: &[u8]) -> Reading {
    let (c, overlong) = split(from_string(until_nul(digits), Base::Literal));
    let (c_314, overlong_314) = split(from_string(until_nul(digits), Base::Ten));
    let whole = !line.contains(&0);
    Reading {
        c,
        python: c.filter(|_| whole),
        c_314,
        python_314: c_314.filter(|_| whole),
        overlong: overlong || overlong_314,
    }
}

/// How the base of an integer is chosen.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Base {
    /// Base 0 of `int()`: from the prefix.
    Literal,
    /// Always ten.
    Ten,
}

/// An integer, and whether newer versions refuse it for its length.
type Parsed = Option<(Number, bool)>;

fn split(parsed: Parsed) -> (Option<Number>, bool) {
    (
        parsed.map(|(number, _)| number),
        parsed.is_some_and(|(_, overlong)| overlong),
    )
}

/// C strings end at the first NUL, so the C unpickler does not see what follows one.
fn until_nul(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// `load_int` of `_pickle.c`: `strtol`, and `PyLong_FromString` for what that cannot read.
fn c_int(line: &[u8], base: Base) -> Parsed {
    if line.is_empty() {
        return None;
    }
    let text = until_nul(line);
    let (value, rest) = strtol(text, base);
    match value {
        // `endptr` at a NUL is accepted even where nothing was converted: a line that starts with
        // NUL is zero. A line of two bytes that reads as 0 or 1 is a boolean, whatever its bytes.
        Some(value @ (0 | 1)) if rest.is_empty() && line.len() == 2 => {
            Some((Number::Bool(value == 1), false))
        }
        Some(value) if rest.is_empty() => Some((Number::Int(value), false)),
        _ => from_string(text, base),
    }
}

/// `load_int` of `pickle.py`.
fn python_int(line: &[u8], base: Base) -> Parsed {
    match line {
        b"00" => Some((Number::Bool(false), false)),
        b"01" => Some((Number::Bool(true), false)),
        _ if line.contains(&0) => None,
        _ => from_string(line, base),
    }
}

/// C's `strtol` of a 64-bit `long`: the value, or nothing where it does not fit, and what was not
/// converted. Base 0 reads `010` as eight, which Python has not done since version 3.0.
fn strtol(text: &[u8], base: Base) -> (Option<i64>, &[u8]) {
    let (negative, digits) = sign(skip_space(text));
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..]
            if base == Base::Literal && rest.first().is_some_and(u8::is_ascii_hexdigit) =>
        {
            (16, rest)
        }
        [b'0', ..] if base == Base::Literal => (8, digits),
        _ => (10, digits),
    };
    let mut value = Some(0i64);
    let mut rest = digits;
    while let Some((&byte, behind)) = rest.split_first() {
        let Some(digit) = char::from(byte).to_digit(radix) else {
            break;
        };
        value = value.and_then(|value| accumulate(value, radix, digit, negative));
        rest = behind;
    }
    if rest.len() == digits.len() {
        (Some(0), text)
    } else {
        (value, rest)
    }
}

/// `PyLong_FromString`, which is `int()` of bytes.
fn from_string(text: &[u8], base: Base) -> Parsed {
    let (negative, mut digits) = sign(skip_space(text));
    let mut radix = 10;
    let mut only_zero = false;
    if base == Base::Literal {
        match digits {
            [b'0', b'x' | b'X', rest @ ..] => (radix, digits) = (16, rest),
            [b'0', b'o' | b'O', rest @ ..] => (radix, digits) = (8, rest),
            [b'0', b'b' | b'B', rest @ ..] => (radix, digits) = (2, rest),
            // An octal of Python 2, which is refused unless it is zero.
            [b'0', ..] => only_zero = true,
            _ => {}
        }
        if radix != 10 {
            digits = digits.strip_prefix(b"_").unwrap_or(digits);
        }
    }
    let (number, count, rest) = digits_of(digits, radix, negative)?;
    if only_zero && number != Number::Int(0) || !skip_space(rest).is_empty() {
        return None;
    }
    Some((number, radix == 10 && count > MOST_DIGITS))
}

/// Digits with single underscores between them: the number, how many digits, and what follows.
fn digits_of(text: &[u8], radix: u32, negative: bool) -> Option<(Number, usize, &[u8])> {
    let mut value = Some(0i64);
    let mut count = 0;
    let mut previous = b'_';
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        match char::from(byte).to_digit(radix) {
            Some(digit) => {
                value = value.and_then(|value| accumulate(value, radix, digit, negative));
                count += 1;
            }
            None if byte == b'_' && previous != b'_' => {}
            None if byte == b'_' => return None,
            None => break,
        }
        previous = byte;
        rest = behind;
    }
    // Also refuses an empty number, for `previous` starts as an underscore.
    (previous != b'_').then(|| (value.map_or(Number::Big, Number::Int), count, rest))
}

/// One more digit; negative numbers are built downwards so that the smallest one fits.
fn accumulate(value: i64, radix: u32, digit: u32, negative: bool) -> Option<i64> {
    let shifted = value.checked_mul(i64::from(radix))?;
    let digit = i64::from(digit);
    if negative {
        shifted.checked_sub(digit)
    } else {
        shifted.checked_add(digit)
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Skips what `Py_ISSPACE` and `isspace` of the C locale call space.
fn skip_space(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| is_space(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `load_float` of `_pickle.c`: no blanks, no underscores, NUL ends it, overflow raises.
fn c_float(line: &[u8]) -> Option<f64> {
    let text = until_nul(line);
    let value = whole_double(text)?;
    let spelled_infinite = text.iter().any(|byte| byte.eq_ignore_ascii_case(&b'i'));
    (value.is_finite() || value.is_nan() || spelled_infinite).then_some(value)
}

/// `float()` of bytes: blanks around it, and underscores between digits.
fn python_float(line: &[u8]) -> Option<f64> {
    let text = skip_space(line);
    let end = text
        .iter()
        .rposition(|&byte| !is_space(byte))
        .map_or(0, |last| last + 1);
    let text = text.get(..end)?;
    if !text.contains(&b'_') {
        return whole_double(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut previous = 0u8;
    for &byte in text.iter().chain(b" ") {
        let misplaced = if byte == b'_' {
            !previous.is_ascii_digit()
        } else {
            previous == b'_' && !byte.is_ascii_digit()
        };
        if misplaced {
            return None;
        }
        if byte != b'_' {
            plain.push(byte);
        }
        previous = byte;
    }
    plain.pop();
    whole_double(&plain)
}

/// `PyOS_string_to_double` where it takes the whole text. Rust reads the same grammar (sign,
/// digits, point, exponent, `inf`, `infinity`, `nan`) and rounds as correctly.
fn whole_double(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_what_every_reader_takes_and_end_at_the_line() {
        for line in ["0", "7", "10", "98", "1234567", "12345678", "123456789"] {
            let number: i64 = line.parse().unwrap();
            assert_eq!(short(line.as_bytes()), Some(number));
            assert_eq!(int(line.as_bytes()).value(), Some(Number::Int(number)));
            // Eight bytes are looked at, so there must be as many, and the newline among them.
            let more = [line.as_bytes(), b"\n.\n......"].concat();
            let seen = (line.len() < 8).then_some((number, line.len() + 1));
            assert_eq!(short_line(&more), seen);
            assert_eq!(short_line(line.as_bytes()), None);
        }
        for line in [
            "",
            "00",
            "01",
            "007",
            "-1",
            "+1",
            "1_0",
            "1 ",
            "1234567890",
            "1L",
        ] {
            assert_eq!(short(line.as_bytes()), None, "{line}");
            let line = [line.as_bytes(), b"\n......."].concat();
            assert_eq!(short_line(&line), None, "{line:?}");
        }
    }

    #[test]
    fn plain_floats_are_what_every_reader_takes() {
        for line in [
            "0",
            "1.5",
            "-2.25",
            "1.",
            "1e5",
            "1e-07",
            "2.5E+1",
            "1.7976931348623157e+99",
        ] {
            let reading = float(line.as_bytes());
            let agreed = !reading.disagrees() && reading.value().is_some();
            assert!(agreed, "{line}");
            assert_eq!(
                plain_float(line.as_bytes()) == Some(line.len()),
                !line.contains('E'),
                "{line}"
            );
        }
        let others = [
            "", "-", ".5", "+1", "1_0", " 1", "1 ", "inf", "nan", "1e", "1e400", "--1", "1.5.2",
            "0x1",
        ];
        for line in others {
            assert_ne!(plain_float(line.as_bytes()), Some(line.len()), "{line}");
        }
        for (line, length) in [
            ("0.5", Some(4)),
            ("1234567.1234567", Some(16)),
            ("7.", Some(3)),
            ("12345678.12345678", Some(18)),
            ("123456789.5", None),
            ("1.123456789", None),
            ("1", None),
            (".5", None),
            ("-1.5", None),
            ("1.5e3", None),
            ("1.5.2", None),
            ("1:5", None),
        ] {
            let more = [line.as_bytes(), b"\n.\n......"].concat();
            assert_eq!(short_float_line(&more), length, "{line}");
            assert_eq!(short_float_line(line.as_bytes()), None, "{line}");
        }
        assert!(plain_float(&[b'9'; 400]).is_none());
    }
}
