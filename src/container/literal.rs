//! Python literals, as far as `ast.literal_eval` accepts them in an `.npy` header or a dbm index.

/// A parsed literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    None,
    Bool(bool),
    Int(i128),
    /// Text or bytes. Escapes are resolved to bytes; characters above 255 stay as they are.
    Text(Vec<u8>),
    List(Vec<Literal>),
    Tuple(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// How deep literals may nest. NumPy's own parser gives up at about a hundred.
const DEEPEST: usize = 64;

/// Parses all of `text` as one literal; nothing where it is none, or goes on behind it.
pub(super) fn parse(text: &[u8]) -> Option<Literal> {
    let mut parser = Parser { rest: text };
    let literal = parser.value(DEEPEST)?;
    parser.space();
    parser.rest.is_empty().then_some(literal)
}

impl Literal {
    /// The value of a key of a dict.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        // The last one wins, as in Python.
        pairs
            .iter()
            .rev()
            .find(|(found, _)| found.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The bytes of a text.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of a tuple or list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// A number that is not negative.
    pub(super) fn natural(&self) -> Option<u64> {
        match self {
            Self::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }
}

struct Parser<'t> {
    rest: &'t [u8],
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Option<Literal> {
        let depth = depth.checked_sub(1)?;
        self.space();
        match self.rest.first()? {
            b'{' => self.dict(depth),
            b'[' => {
                self.skip(1);
                self.sequence(b']', depth)
                    .map(|(items, _)| Literal::List(items))
            }
            b'(' => {
                self.skip(1);
                let (mut items, comma) = self.sequence(b')', depth)?;
                // Parentheses around one value are no tuple unless there is a comma.
                if items.len() == 1 && !comma {
                    items.pop()
                } else {
                    Some(Literal::Tuple(items))
                }
            }
            b'0'..=b'9' | b'-' | b'+' => self.int(),
            _ => self.word_or_text(),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Literal> {
        self.skip(1);
        let mut pairs = Vec::new();
        loop {
            if self.take(b'}') {
                return Some(Literal::Dict(pairs));
            }
            let key = self.value(depth)?;
            if !self.take(b':') {
                return None;
            }
            pairs.push((key, self.value(depth)?));
            if !self.take(b',') && self.peek() != Some(b'}') {
                return None;
            }
        }
    }

    /// Values up to the closing byte, and whether the last one had a comma behind it.
    fn sequence(&mut self, close: u8, depth: usize) -> Option<(Vec<Literal>, bool)> {
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            if self.take(close) {
                return Some((items, comma));
            }
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.value(depth)?);
            comma = self.take(b',');
        }
    }

    fn int(&mut self) -> Option<Literal> {
        let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-_".contains(byte);
        let length = self.rest.iter().take_while(|byte| digit(byte)).count();
        let word = std::str::from_utf8(self.rest.get(..length)?).ok()?;
        self.skip(length);
        // Python 2 wrote `3L`.
        let digits = word.strip_suffix(['L', 'l']).unwrap_or(word);
        digits.replace('_', "").parse().ok().map(Literal::Int)
    }

    fn word_or_text(&mut self) -> Option<Literal> {
        let length = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (word, behind) = self.rest.split_at_checked(length)?;
        let quoted = matches!(behind.first(), Some(b'\'' | b'"'));
        self.skip(length);
        match word {
            _ if quoted && length <= 2 => {
                self.text(word.iter().any(|byte| byte.eq_ignore_ascii_case(&b'r')))
            }
            b"True" => Some(Literal::Bool(true)),
            b"False" => Some(Literal::Bool(false)),
            b"None" => Some(Literal::None),
            _ => None,
        }
    }

    fn text(&mut self, raw: bool) -> Option<Literal> {
        let (&quote, mut rest) = self.rest.split_first()?;
        let mut bytes = Vec::new();
        loop {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            match byte {
                b'\\' if !raw => rest = escape(rest, &mut bytes)?,
                b'\n' => return None,
                _ if byte == quote => {
                    self.rest = rest;
                    return Some(Literal::Text(bytes));
                }
                _ => bytes.push(byte),
            }
        }
    }

    fn space(&mut self) {
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
        let length = self.rest.iter().take_while(is_space).count();
        self.skip(length);
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.rest.first().copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.skip(usize::from(found));
        found
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

/// Resolves the escape whose backslash was just read, and gives what follows it.
pub(super) fn escape<'t>(rest: &'t [u8], bytes: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (&kind, behind) = rest.split_first()?;
    let simple = match kind {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'\\' | b'\'' | b'"' => kind,
        b'x' => {
            let (digits, behind) = behind.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            return Some(behind);
        }
        b'0'..=b'7' => {
            let length = rest
                .iter()
                .take(3)
                .take_while(|b| matches!(b, b'0'..=b'7'))
                .count();
            let (digits, behind) = rest.split_at_checked(length)?;
            let value = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?;
            bytes.push(value.to_le_bytes()[0]);
            return Some(behind);
        }
        _ => {
            // Unknown escapes stay, and so do those of characters: no reader of this module
            // looks at them.
            bytes.push(b'\\');
            kind
        }
    };
    bytes.push(simple);
    Some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Literal {
        Literal::Text(value.into())
    }

    #[test]
    fn a_numpy_header() {
        let header = b"{'descr': [('a', '<i4'), ('b', '|O', (2,))], 'fortran_order': False, 'shape': (3L, 4), }   \n";
        let literal = parse(header).unwrap();
        assert_eq!(literal.get(b"fortran_order"), Some(&Literal::Bool(false)));
        let shape = Literal::Tuple(vec![Literal::Int(3), Literal::Int(4)]);
        assert_eq!(literal.get(b"shape"), Some(&shape));
        let first = &literal.get(b"descr").unwrap().items().unwrap()[0];
        assert_eq!(first, &Literal::Tuple(vec![text("a"), text("<i4")]));
    }

    #[test]
    fn escapes_and_prefixes() {
        assert_eq!(parse(br"'a\x41\101\n\'\q'"), Some(text("aAA\n'\\q")));
        assert_eq!(parse(br"b'\xff'"), Some(Literal::Text(vec![0xff])));
        assert_eq!(parse(b"u'x'"), Some(text("x")));
        assert_eq!(parse(b"('x')"), Some(text("x")));
        assert_eq!(parse(b"('x',)"), Some(Literal::Tuple(vec![text("x")])));
    }

    #[test]
    fn what_is_no_literal() {
        for bad in [
            "", "{", "{'a' 1}", "(1 2)", "f(1)", "'a", "[1,,2]", "1 1", "{'a': x}",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse(&[b'['; 100_000]), None);
    }
}
