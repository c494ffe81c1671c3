//! Names in JSON and YAML that make the reader of the file import and call something.
//!
//! Keras builds the objects of a configuration from a module and a name, Hydra from a `_target_`,
//! jsonpickle and skops from keys of their own, and YAML from the tags of PyYAML. What stands
//! there is judged like an import. The keys of these formats are all that is known of them here.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use memchr::memmem::Finder;

use super::{Head, Opening, ProblemKind, bits::find, note::Named};
use crate::{
    facts::Symbol,
    source::{bytes_at, read_range},
};

/// Bytes that are read at once.
const STRIDE: usize = 1 << 20;

/// Longest key or value that is kept, in bytes.
const LONGEST: usize = 1024;

/// Deepest nesting that is followed: Python's reader gives up long before.
const DEEPEST: usize = 100_000;

/// What a key says of the string behind it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Role {
    /// A module; the name stands beside it.
    Module,
    /// A class or function of it. Where the class is said to be `function`, another key names that.
    Name,
    /// Module and name in one.
    Whole,
    /// An expression behind a module and a slash.
    Expression,
}

/// The keys that name something, by their formats.
const KEYS: &[(&[u8], Role)] = &[
    (b"module", Role::Module),
    (b"class_name", Role::Name),
    (b"config", Role::Name),
    (b"registered_name", Role::Name),
    (b"__module__", Role::Module),
    (b"__class__", Role::Name),
    (b"_target_", Role::Whole),
    (b"py/object", Role::Whole),
    (b"py/type", Role::Whole),
    (b"py/function", Role::Whole),
    (b"py/class", Role::Whole),
    (b"py/repr", Role::Expression),
];

/// What one object has said so far.
#[derive(Debug, Default)]
struct Object {
    module: Option<(Vec<u8>, u64)>,
    names: Vec<Vec<u8>>,
}

/// Names of one object that are kept.
const MOST_NAMES: usize = 4;

#[derive(Debug)]
enum Frame {
    Object(Box<Object>),
    Array,
}

/// Follows JSON byte by byte, as far as keys and strings go.
#[derive(Default)]
struct Reader {
    frames: Vec<Frame>,
    /// The string being read, without its escapes, and where it began.
    string: Option<(Vec<u8>, u64)>,
    escape: Option<Escape>,
    /// The last string that ended, until it is known to be a key or a value.
    last: Option<(Vec<u8>, u64)>,
    role: Option<Role>,
    found: Vec<Named>,
}

/// Where in an escape the reader is.
#[derive(Copy, Clone, Debug)]
enum Escape {
    Begun,
    /// Digits still to come, and the number so far.
    Digits(u8, u32),
}

/// Emits every name in the first `end` bytes of a JSON text, and what readers of YAML find in it,
/// which take most JSON and more than that.
pub(super) fn json(opening: &mut Opening<'_>, end: u64) -> io::Result<()> {
    let mut known = Vec::new();
    let source = Arc::clone(opening.source);
    let mut reader = Reader::default();
    let mut position = 0;
    let mut telling = false;
    let mut before: Vec<u8> = Vec::new();
    while position < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(());
        }
        let chunk = bytes_at(source.as_ref(), position, STRIDE)?;
        if chunk.is_empty() {
            break;
        }
        // Most JSON has none of these keys, and it need not be followed to know that.
        if !telling {
            before.extend_from_slice(&chunk);
            telling = is_telling(&before);
            let kept = before.len().saturating_sub(16);
            before.drain(..kept);
            if telling && position > 0 {
                position = 0;
                continue;
            }
        }
        if telling {
            opening.limits().deadline.spend(chunk.len());
            for (byte, at) in chunk.iter().zip(position..) {
                reader.push(*byte, at);
            }
            for named in reader.found.drain(..) {
                if known.len() < MOST_KNOWN {
                    known.push(named.clone());
                }
                opening.named(named);
            }
        }
        position += chunk.len() as u64;
    }
    yaml(opening, end, &known)
}

/// Names that are not said twice.
const MOST_KNOWN: usize = 1000;

/// Whether one of the keys, or an escape in which one may hide, stands in a text.
fn is_telling(text: &[u8]) -> bool {
    static NEEDLES: LazyLock<[Finder<'static>; 5]> =
        LazyLock::new(|| ["module", "_target_", "py/", "__class__", "\\u"].map(Finder::new));
    NEEDLES.iter().any(|needle| needle.find(text).is_some())
}

impl Reader {
    fn push(&mut self, byte: u8, at: u64) {
        if self.string.is_some() {
            return self.in_string(byte);
        }
        match byte {
            b'"' => self.string = Some((Vec::new(), at)),
            b':' => {
                let key = self.last.take().unwrap_or_default().0;
                self.role = role_of(&key);
            }
            b'{' | b'[' => {
                self.last = None;
                self.role = None;
                if self.frames.len() < DEEPEST {
                    self.frames.push(match byte {
                        b'{' => Frame::Object(Box::default()),
                        _ => Frame::Array,
                    });
                }
            }
            b',' => self.end_value(),
            b'}' | b']' => {
                self.end_value();
                if let Some(Frame::Object(object)) = self.frames.pop() {
                    self.end_object(*object);
                }
            }
            _ => {}
        }
    }

    fn in_string(&mut self, byte: u8) {
        let Some((string, _)) = &mut self.string else {
            return;
        };
        let decoded = match (self.escape.take(), byte) {
            (None, b'"') => {
                self.last = self.string.take();
                return;
            }
            (None, b'\\') => {
                self.escape = Some(Escape::Begun);
                return;
            }
            (None, byte) => u32::from(byte),
            (Some(Escape::Begun), b'u') => {
                self.escape = Some(Escape::Digits(4, 0));
                return;
            }
            (Some(Escape::Begun), byte) => u32::from(byte),
            (Some(Escape::Digits(left, number)), byte) => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                let number = number << 4 | digit;
                if left > 1 {
                    self.escape = Some(Escape::Digits(left - 1, number));
                    return;
                }
                number
            }
        };
        if string.len() < LONGEST {
            // Names that can be imported and keys are ASCII; of the rest any byte will do.
            string.push(u8::try_from(decoded).unwrap_or(b'?'));
        }
    }

    /// Takes up a value whose key has a role.
    fn end_value(&mut self) {
        let (Some(role), Some((value, at))) = (self.role.take(), self.last.take()) else {
            self.last = None;
            return;
        };
        match role {
            Role::Whole => self.found.extend(Named::whole(&value, at)),
            Role::Expression => {
                let expression = value.splitn(2, |&byte| byte == b'/').last();
                self.found
                    .push(Named::expression(expression.unwrap_or_default(), at));
            }
            Role::Module | Role::Name => {
                if let Some(Frame::Object(object)) = self.frames.last_mut() {
                    if role == Role::Module {
                        object.module = Some((value, at));
                    } else if object.names.len() < MOST_NAMES {
                        object.names.push(value);
                    }
                }
            }
        }
    }

    fn end_object(&mut self, object: Object) {
        let Some((module, at)) = object.module else {
            return;
        };
        for name in object.names {
            // `registered_name` has the package before it.
            let name = name.rsplit(|&byte| byte == b'>').next().unwrap_or_default();
            let symbol = Symbol {
                module: module.clone(),
                name: name.to_vec(),
            };
            self.found.push(Named::symbols(vec![symbol], at));
        }
    }
}

fn role_of(key: &[u8]) -> Option<Role> {
    let known = KEYS.iter().find(|(known, _)| *known == key);
    known.map(|(_, role)| *role)
}

impl Named {
    fn says_the_same(&self, other: &Self) -> bool {
        self.symbols == other.symbols && self.expression == other.expression
    }

    fn symbols(symbols: Vec<Symbol>, offset: u64) -> Self {
        Self {
            offset,
            symbols,
            expression: None,
        }
    }

    fn expression(expression: &[u8], offset: u64) -> Self {
        Self {
            offset,
            symbols: Vec::new(),
            expression: Some(expression.to_vec()),
        }
    }

    /// Where module and name stand in one, the module may end at any dot.
    fn whole(name: &[u8], offset: u64) -> Option<Self> {
        let name = name.trim_ascii();
        let dots = memchr::memchr_iter(b'.', name).take(16);
        let symbols: Vec<Symbol> = dots
            .filter_map(|dot| {
                let (module, name) = name.split_at_checked(dot)?;
                let name = name.get(1..)?.to_vec();
                let module = module.to_vec();
                Some(Symbol { module, name })
            })
            .filter(|symbol| !symbol.module.is_empty() && !symbol.name.is_empty())
            .collect();
        (!symbols.is_empty()).then(|| Self::symbols(symbols, offset))
    }
}

/// Whether a text begins like YAML: with a marker, a tag, an item or a plain key; or with anything
/// else that a tag may follow in the same document, where one does.
pub(super) fn is_yaml(head: &Head<'_>) -> bool {
    let text = head
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head.bytes);
    let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let line = line.unwrap_or_default();
    let starts = [&b"---"[..], b"%YAML", b"%TAG", b"- ", b"!"];
    let key = line.iter().position(|byte| *byte == b':').unwrap_or(0);
    let (key, value) = line.split_at(key);
    let in_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./\"' ".contains(byte);
    let plain = !key.is_empty() && !key.starts_with(b"\"\"\"") && key.iter().all(in_key);
    let is_plain = plain && (value == b":" || value.starts_with(b": "));
    starts.iter().any(|start| line.starts_with(start))
        || is_plain
        || may_go_on(line) && (holds_names(head.bytes) || holds_names(head.tail))
}

/// Whether a tag may follow a line in the same document: behind words of prose, and behind what
/// begins Python or Markdown, it may not.
fn may_go_on(line: &[u8]) -> bool {
    let is_key = line.ends_with(b":")
        || line
            .windows(2)
            .any(|pair| matches!(pair, [b':', b' ' | b'\t']));
    match line.first() {
        Some(b'`' | b'@') => false,
        Some(b'"') => !line.starts_with(b"\"\"\"") && is_key,
        Some(b'!' | b'%' | b'&' | b'*' | b'[' | b'{' | b'|' | b'>') => true,
        _ => line.starts_with(b"? ") || line == b"-" || line == b"?" || is_key,
    }
}

/// Whether a tag, or a key that names something, stands in a text.
fn holds_names(text: &[u8]) -> bool {
    let keyed = [TARGET, JSONPICKLE]
        .iter()
        .any(|needle| find(text, needle).is_some());
    keyed
        || memchr::memchr_iter(b'!', text).any(|place| {
            let before = place
                .checked_sub(1)
                .and_then(|before| text.get(before))
                .copied();
            let line = text.get(place + 1..).unwrap_or_default();
            let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
            begins_token(before) && tagged(line).is_some()
        })
}

/// What a tag begins with. Which tags are those of PyYAML is not asked: `%TAG` gives others their
/// meaning, and escapes hide them.
const TAG: &[u8] = b"!";

/// What a callable of Hydra stands behind.
const TARGET: &[u8] = b"_target_";

/// What the keys of jsonpickle begin with, which reads YAML as well.
const JSONPICKLE: &[u8] = b"py/";

/// What the module that loads a model of MLflow stands behind, which is imported: what is harmful of
/// it, is so as a whole.
const LOADER: &[u8] = b"loader_module";
const MODULE: &[u8] = b"__init__";

/// MLflow's own modules load the files beside the description, which are inputs of their own.
const MLFLOW: &[u8] = b"mlflow.";

/// How what stands behind a needle is read: the line of it and the byte before it.
type Reading = fn(&[u8], Option<u8>, u64) -> Option<Named>;

/// Emits what tags, the targets of Hydra and the keys of jsonpickle name in the first `end` bytes,
/// whatever the structure around them is, but for what is `known` already.
pub(super) fn yaml(opening: &mut Opening<'_>, end: u64, known: &[Named]) -> io::Result<()> {
    let readings: [(&[u8], Reading); 4] = [
        (TAG, |line, before, at| {
            let name = begins_token(before).then(|| tagged(line)).flatten()?;
            Named::whole(&name, at)
        }),
        (TARGET, |line, _, at| Named::whole(&value_of(line)?, at)),
        (JSONPICKLE, |line, _, at| keyed(line, at)),
        (LOADER, |line, _, at| {
            let (module, name) = (value_of(line)?, MODULE.to_vec());
            let is_own = module.starts_with(MLFLOW);
            (!is_own).then(|| Named::symbols(vec![Symbol { module, name }], at))
        }),
    ];
    let source = Arc::clone(opening.source);
    let mut position = 0;
    let mut before = None;
    while position < end {
        if opening.limits().deadline.has_passed() {
            opening.problem(ProblemKind::Limit, "it took too long to search it");
            return Ok(());
        }
        let chunk = read_range(source.as_ref(), position, STRIDE + LONGEST)?;
        opening.limits().deadline.spend(chunk.len());
        let own = chunk.len().min(STRIDE);
        for (needle, read) in readings {
            let places = memchr::memmem::find_iter(&chunk, needle);
            for place in places.take_while(|place| *place < own) {
                let behind = chunk.get(place + needle.len()..).unwrap_or_default();
                let behind = behind.get(..LONGEST).unwrap_or(behind);
                let line = behind.split(|&byte| byte == b'\n').next();
                let last = match place.checked_sub(1) {
                    Some(last) => chunk.get(last).copied(),
                    None => before,
                };
                let at = position + place as u64;
                let named = read(line.unwrap_or_default(), last, at);
                let is_new = |named: &Named| !known.iter().any(|known| known.says_the_same(named));
                if let Some(named) = named.filter(is_new) {
                    opening.named(named);
                }
            }
        }
        if own == 0 {
            break;
        }
        before = chunk.get(own - 1).copied();
        position += own as u64;
    }
    Ok(())
}

/// Whether a tag may begin behind a byte.
fn begins_token(before: Option<u8>) -> bool {
    before.is_none_or(|byte| byte.is_ascii_whitespace() || b"[{,:\xbf".contains(&byte))
}

/// What a key of jsonpickle names, which stands behind the `py/` of it.
fn keyed(line: &[u8], at: u64) -> Option<Named> {
    let end = line.iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let (word, rest) = line.split_at_checked(end)?;
    let value = value_of(rest)?;
    match role_of(&[JSONPICKLE, word].concat())? {
        Role::Whole => Named::whole(&value, at),
        Role::Expression => {
            let quote = |byte: &u8| matches!(byte, b'"' | b'\'');
            let start = rest.iter().skip(2).position(quote)? + 3;
            let expression = rest.get(start..)?.splitn(2, |&byte| byte == b'/').last()?;
            let end = expression
                .iter()
                .rposition(quote)
                .unwrap_or(expression.len());
            Some(Named::expression(expression.get(..end)?, at))
        }
        Role::Module | Role::Name => None,
    }
}

/// The name behind the last colon of a tag: `!!python/object/apply:os.system`, or the same as a
/// whole URI in angle brackets.
fn tagged(line: &[u8]) -> Option<Vec<u8>> {
    let ends: &[u8] = match line.first() {
        Some(b'<') => b" >",
        _ => b" \t\r,]}\"'",
    };
    let end = line.iter().position(|byte| ends.contains(byte));
    let tag = end.and_then(|end| line.get(..end)).unwrap_or(line);
    let colon = memchr::memrchr(b':', tag)?;
    tag.get(colon + 1..).map(unescaped)
}

/// A name in which `%6f` stands for `o`, as in a URI.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.filter(|_| byte == b'%') {
            Some(value) => {
                plain.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                plain.push(byte);
                rest = behind;
            }
        }
    }
    plain
}

/// The value of a key, without quotes.
fn value_of(line: &[u8]) -> Option<Vec<u8>> {
    let start = line.iter().position(|byte| !b"\"' :".contains(byte))?;
    let value = line.get(start..)?;
    let end = value.iter().position(|byte| b"\"' \t\r#,}".contains(byte));
    let value = end.and_then(|end| value.get(..end)).unwrap_or(value);
    memchr::memchr(b':', line.get(..start)?)?;
    Some(value.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &[u8]) -> Vec<String> {
        let mut reader = Reader::default();
        for (byte, at) in text.iter().zip(0..) {
            reader.push(*byte, at);
        }
        let symbols = reader.found.iter().flat_map(|named| &named.symbols);
        symbols
            .map(|symbol| String::from_utf8_lossy(&symbol.dotted()).into_owned())
            .collect()
    }

    #[test]
    fn a_module_and_a_name_of_one_object_belong_together() {
        let text = br#"{"a": {"module": "os", "class_name": "function", "config": "system"}}"#;
        assert_eq!(names(text), ["os.function", "os.system"]);
        let text = br#"{"module": "os", "config": {"class_name": "x"}, "registered_name": "a>b"}"#;
        assert_eq!(names(text), ["os.b"]);
        assert_eq!(
            names(br#"{"module": null, "class_name": "Dense"}"#),
            [""; 0]
        );
    }

    #[test]
    fn escapes_hide_nothing() {
        let text = br#"{"\u005ftarget_": "\u006fs.system", "x": ["_target_", "a.b"]}"#;
        assert_eq!(names(text), ["os.system"]);
        assert_eq!(names(br#"{"py/function": "a.b.c"}"#), ["a.b.c", "a.b.c"]);
    }

    #[test]
    fn tags_and_targets_of_yaml() {
        let name = |line: &[u8]| tagged(line).map(|name| String::from_utf8(name).unwrap());
        assert_eq!(
            name(b"!python/object/apply:os.system [id]").unwrap(),
            "os.system"
        );
        assert_eq!(
            name(b"<tag:yaml.org,2002:pyth%6fn/name:%6fs.system>").unwrap(),
            "os.system"
        );
        assert_eq!(name(b"!python/tuple [1]"), None);
        assert_eq!(value_of(b": 'a.b' # c").unwrap(), b"a.b");
        assert_eq!(value_of(b" a.b"), None);
    }

    #[test]
    fn yaml_is_told_from_prose_and_code() {
        for text in [
            &b"---\na: 1\n"[..],
            b"# x\n\nname: model\n",
            b"- a\n",
            b"a:\n  b: 1\n",
            b"\\a/b (c): 1\nb: !!python/name:os.system\n",
            b"&x [!<tag:yaml.org,2002:python/name:os.system> a]\n",
            b"? (a)\n: !!python/name:os.system\n",
        ] {
            assert!(is_text_yaml(text), "{}", String::from_utf8_lossy(text));
        }
        for text in [
            &b"import os\n"[..],
            b"# Title\n\nSome words.\n",
            b"class A(B):\n    x != 1\n",
            b"```yaml\na: !!python/name:os.system\n",
            b"\"\"\"Says: this.\"\"\"\na: !!python/name:os.system\n",
            b"Some words, more of them.\n\na: !!python/name:os.system\n",
        ] {
            assert!(!is_text_yaml(text), "{}", String::from_utf8_lossy(text));
        }
    }

    fn is_text_yaml(text: &[u8]) -> bool {
        is_yaml(&Head {
            bytes: text,
            tail: &[],
            length: text.len() as u64,
            places: &[],
            text: Some("text"),
        })
    }
}
