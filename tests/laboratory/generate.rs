//! Streams that are well-formed most of the time: every opcode, protocols 0 to 5.
//!
//! The generator keeps the kinds of what would lie on the stack, so that an instruction mostly finds
//! operands that fit, and now and then ignores them on purpose.

use crate::support::Random;

/// Modules and names come from small sets, so that streams collide in them.
const MODULES: [&str; 14] = [
    "os",
    "m",
    "a.b",
    "collections",
    "__builtin__",
    "copy_reg",
    "builtins",
    "n",
    "urllib2",
    "x y",
    "é",
    "",
    "exceptions",
    "M",
];
const NAMES: [&str; 14] = [
    "f",
    "g",
    "system",
    "A.b",
    "set",
    "reduce",
    "_reconstructor",
    "C",
    "é",
    "",
    "f\r",
    "urlopen",
    "a.<locals>.b",
    "StandardError",
];

/// Numbers written as text, on which readers agree or not.
pub(super) const NUMBERS: [&[u8]; 28] = [
    b"0",
    b"1",
    b"2",
    b"7",
    b"00",
    b"01",
    b"010",
    b"0x1",
    b"0o1",
    b"0b1",
    b"1_0",
    b"+1",
    b" 1",
    b"1 ",
    b"1\0",
    b"\0",
    b"-1",
    b"",
    b"1L",
    b"0x1L",
    b"\x0b1",
    b"99999999999999999999",
    b"18446744073709551616",
    b"1__0",
    b"0_1",
    b"1l",
    b"1e3",
    b"08",
];
const FLOATS: [&[u8]; 10] = [
    b"1.5", b"nan", b"-inf", b"1e400", b" 1.5", b"1_0.5", b"1.5\0", b"", b"x", b"0x1p3",
];

/// What lies on the stack, as far as the choice of the next instruction goes.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    Mark,
    Text,
    Plain,
    List,
    Dict,
    Set,
    Tuple,
    Callable,
    Object,
    ByteArray,
}

/// A stream that is being written.
pub(super) struct Generator<'r> {
    random: &'r mut Random,
    /// Whole instructions, so that frames can be put around some of them.
    pub(super) instructions: Vec<Vec<u8>>,
    stack: Vec<Kind>,
    memo: Vec<(u64, Kind)>,
    memoized: u64,
    /// How deep payloads may hold streams themselves.
    depth: usize,
}

impl<'r> Generator<'r> {
    pub(super) fn new(random: &'r mut Random, depth: usize) -> Self {
        Self {
            random,
            instructions: Vec::new(),
            stack: Vec::new(),
            memo: Vec::new(),
            memoized: 0,
            depth,
        }
    }

    /// Writes a stream of some instructions, with PROTO mostly and STOP mostly.
    pub(super) fn stream(&mut self, most: usize) {
        if self.random.below(4) > 0 {
            self.proto();
        }
        let count = 1 + self.random.below(most);
        for _ in 0..count {
            self.instruction();
        }
        if self.random.below(4) > 0 {
            self.wind_up();
        }
        if self.random.below(12) > 0 {
            self.put(b'.', &[]);
        }
    }

    /// Leaves one value, as honest streams do.
    fn wind_up(&mut self) {
        while self.stack.contains(&Kind::Mark) {
            self.close_mark();
        }
        if self.stack.is_empty() {
            self.put(b'N', &[]);
        }
    }

    fn put(&mut self, opcode: u8, operand: &[u8]) {
        self.instructions.push([&[opcode], operand].concat());
    }

    fn push(&mut self, kind: Kind, opcode: u8, operand: &[u8]) {
        self.put(opcode, operand);
        self.stack.push(kind);
    }

    fn proto(&mut self) {
        let protocol = *self.random.pick(&[2, 4, 4, 4, 5, 3, 1, 0, 2, 2]);
        let protocol = if self.random.below(60) == 0 {
            6 + self.random.below(250) as u8
        } else {
            protocol
        };
        self.put(0x80, &[protocol]);
    }

    fn instruction(&mut self) {
        match self.random.below(100) {
            0..12 => self.literal(),
            12..24 => self.text(),
            24..36 => self.import(),
            36..44 => self.container(),
            44..60 => self.call(),
            60..68 => self.mutate(),
            68..82 => self.memo(),
            82..86 => self.push(Kind::Mark, b'(', &[]),
            86..90 => self.close_mark(),
            90..93 => self.stack_games(),
            93..96 => self.outside(),
            96 if self.random.below(3) == 0 => self.reckless(),
            97 => self.proto(),
            98 if self.random.below(3) == 0 => {
                let size = self.random.below(40) as u64;
                self.put(0x95, &size.to_le_bytes());
            }
            _ => self.call(),
        }
    }

    // ---- literals ----

    fn literal(&mut self) {
        let random = &mut *self.random;
        let number = if random.below(3) > 0 {
            &NUMBERS[random.below(4)]
        } else {
            random.pick(&NUMBERS)
        };
        let line = [number, b"\n".as_slice()].concat();
        let float = [
            if random.below(3) > 0 {
                FLOATS[0]
            } else {
                random.pick(&FLOATS)
            },
            b"\n".as_slice(),
        ]
        .concat();
        let small = random.below(5) as u8;
        match random.below(12) {
            0 => self.push(Kind::Plain, b'I', &line),
            1 => self.push(Kind::Plain, b'L', &line),
            2 => self.push(Kind::Plain, b'F', &float),
            3 => self.push(Kind::Plain, b'N', &[]),
            4 => self.push(
                Kind::Plain,
                *[0x88u8, 0x89].get(usize::from(small) % 2).unwrap(),
                &[],
            ),
            5 => self.push(Kind::Plain, b'J', &[small, 0, 0, 0]),
            6 => self.push(Kind::Plain, b'K', &[small]),
            7 => self.push(Kind::Plain, b'M', &[small, 1]),
            8 => self.push(Kind::Plain, b'G', &[0; 8]),
            9 => self.push(
                Kind::Plain,
                0x8a,
                &[&[small], &[0x80; 5][..usize::from(small)]].concat(),
            ),
            10 => self.push(
                Kind::Plain,
                0x8b,
                &[&[small, 0, 0, 0], &[1; 5][..usize::from(small)]].concat(),
            ),
            _ => self.bytes(),
        }
    }

    fn bytes(&mut self) {
        let payload = self.payload();
        let opcode = *self
            .random
            .pick(&[(b'C', 1), (b'B', 4), (0x8e, 8), (0x96, 8)]);
        self.sized(opcode, &payload);
    }

    /// Bytes in which another stream may start.
    fn payload(&mut self) -> Vec<u8> {
        if self.depth == 0 || self.random.below(3) == 0 {
            let length = self.random.below(6);
            return self.random.bytes(length);
        }
        let zeros = self.random.below(9);
        let mut inner = Generator::new(self.random, self.depth - 1);
        inner.stream(4);
        let mut payload = vec![0; zeros];
        payload.extend(inner.instructions.concat());
        payload
    }

    fn sized(&mut self, (opcode, width): (u8, usize), payload: &[u8]) {
        let width = if payload.len() > 255 && width == 1 {
            return self.sized((b'B', 4), payload);
        } else {
            width
        };
        let length = payload.len() as u64;
        let operand = [&length.to_le_bytes()[..width], payload].concat();
        let kind = match opcode {
            b'C' | b'B' | 0x8e => Kind::Plain,
            0x96 => Kind::ByteArray,
            _ => Kind::Text,
        };
        self.push(kind, opcode, &operand);
    }

    fn text(&mut self) {
        let names = if self.random.below(2) == 0 {
            &MODULES
        } else {
            &NAMES
        };
        let text = *self.random.pick(names);
        self.text_of(text);
    }

    fn text_of(&mut self, text: &str) {
        let mut utf8 = text.as_bytes().to_vec();
        if self.random.below(150) == 0 {
            utf8.extend(*self.random.pick(&[
                &b"\xed\xa0\x80"[..],
                b"\xff",
                b"\xc3",
                b"\xf4\x90\x80\x80",
                b"\0",
            ]));
        }
        let latin1: Vec<u8> = text
            .chars()
            .map(|character| u8::try_from(character).unwrap_or(b'?'))
            .collect();
        let narrow = if self.random.below(2) == 0 {
            &utf8
        } else {
            &latin1
        };
        match self.random.below(14) {
            0..6 => self.sized((0x8c, 1), &utf8),
            6 | 7 => self.sized((b'X', 4), &utf8),
            8 => self.sized((0x8d, 8), &utf8),
            9 => self.sized((b'U', 1), &narrow.clone()),
            10 => self.sized((b'T', 4), &narrow.clone()),
            11 => self.push(
                Kind::Text,
                b'V',
                &[&raw_unicode(text), b"\n".as_slice()].concat(),
            ),
            _ => {
                let quoted = quoted(narrow, self.random);
                self.push(Kind::Text, b'S', &quoted);
            }
        }
    }

    // ---- imports and calls ----

    fn names(&mut self) -> (&'static str, &'static str) {
        (*self.random.pick(&MODULES), *self.random.pick(&NAMES))
    }

    fn import(&mut self) {
        let (module, name) = self.names();
        let ready = matches!(self.stack[..], [.., Kind::Text, Kind::Text]);
        match self.random.below(10) {
            0..4 if ready => self.stack_global(),
            0..5 => self.push(Kind::Callable, b'c', &lines(module, name)),
            5..9 => {
                self.text_of(module);
                self.maybe_memoize();
                self.text_of(name);
                self.maybe_memoize();
                self.stack_global();
            }
            _ => {
                let code = 1 + self.random.below(3) as u8;
                match self.random.below(6) {
                    0 | 1 => self.push(Kind::Callable, 0x82, &[code]),
                    2 | 3 => self.push(Kind::Callable, 0x83, &[code, 1]),
                    4 => self.push(Kind::Callable, 0x84, &[code, 0, 0, 0]),
                    _ if self.random.below(8) == 0 => {
                        self.push(Kind::Callable, 0x84, &[0, 0, 0, 0x80])
                    }
                    _ => {}
                }
            }
        }
    }

    fn stack_global(&mut self) {
        self.pop(2);
        self.push(Kind::Callable, 0x93, &[]);
    }

    fn pop(&mut self, count: usize) {
        self.stack.truncate(self.stack.len().saturating_sub(count));
    }

    fn call(&mut self) {
        let callable = |kind: &Kind| matches!(kind, Kind::Callable | Kind::Object);
        if !self.stack.last().is_some_and(callable) && self.random.below(3) > 0 {
            self.import();
        }
        match self.random.below(10) {
            0..4 => self.with_arguments(b'R'),
            4 | 5 => self.with_arguments(0x81),
            6 => {
                self.arguments();
                self.push(Kind::Dict, b'}', &[]);
                self.pop(3);
                self.push(Kind::Object, 0x92, &[]);
            }
            7 => {
                self.state();
                self.pop(1);
                self.put(b'b', &[]);
            }
            8 => {
                let (module, name) = self.names();
                self.push(Kind::Mark, b'(', &[]);
                self.some_values();
                self.drop_mark();
                self.push(Kind::Object, b'i', &lines(module, name));
            }
            _ => {
                self.push(Kind::Mark, b'(', &[]);
                self.import();
                self.some_values();
                self.drop_mark();
                self.push(Kind::Object, b'o', &[]);
            }
        }
    }

    fn with_arguments(&mut self, opcode: u8) {
        self.arguments();
        self.pop(2);
        self.push(Kind::Object, opcode, &[]);
    }

    fn arguments(&mut self) {
        match self.random.below(12) {
            0..6 => self.push(Kind::Tuple, b')', &[]),
            6 | 7 => {
                self.text();
                self.pop(1);
                self.push(Kind::Tuple, 0x85, &[]);
            }
            8 if self.random.below(4) == 0 => self.push(Kind::List, b']', &[]),
            9 => {
                self.push(Kind::Mark, b'(', &[]);
                self.some_values();
                self.drop_mark();
                self.push(Kind::Tuple, b't', &[]);
            }
            10 if self.random.below(4) == 0 => self.import(),
            11 if self.random.below(4) == 0 => self.literal(),
            _ => self.push(Kind::Tuple, b')', &[]),
        }
    }

    fn state(&mut self) {
        match self.random.below(4) {
            0 => self.push(Kind::Plain, b'N', &[]),
            1 => self.push(Kind::Tuple, b')', &[]),
            _ => self.push(Kind::Dict, b'}', &[]),
        }
    }

    fn some_values(&mut self) {
        for _ in 0..self.random.below(3) {
            self.value();
        }
    }

    fn value(&mut self) {
        match self.random.below(4) {
            0 => self.literal(),
            1 => self.import(),
            _ => self.text(),
        }
    }

    // ---- containers ----

    fn container(&mut self) {
        match self.random.below(8) {
            0 => self.push(Kind::List, b']', &[]),
            1 => self.push(Kind::Dict, b'}', &[]),
            2 => self.push(Kind::Set, 0x8f, &[]),
            3 => self.push(Kind::Tuple, b')', &[]),
            4..7 => {
                let available = self
                    .stack
                    .iter()
                    .rev()
                    .take_while(|kind| **kind != Kind::Mark)
                    .count()
                    .min(3);
                let count = self.random.below(available + 1);
                if count > 0 {
                    self.pop(count);
                    self.push(Kind::Tuple, 0x84 + count as u8, &[]);
                }
            }
            _ => self.close_mark(),
        }
    }

    fn drop_mark(&mut self) {
        while self.stack.pop().is_some_and(|kind| kind != Kind::Mark) {}
    }

    fn close_mark(&mut self) {
        if !self.stack.contains(&Kind::Mark) && self.random.below(10) > 0 {
            return;
        }
        self.drop_mark();
        match (self.random.below(8), self.stack.last()) {
            (0 | 1, Some(Kind::List | Kind::Callable | Kind::Object | Kind::ByteArray)) => {
                self.put(b'e', &[])
            }
            (0 | 1, Some(Kind::Dict)) => self.put(b'u', &[]),
            (0 | 1, Some(Kind::Set)) => self.put(0x90, &[]),
            (2, Some(_)) => {
                let opcode = *self.random.pick(&[b'e', b'u', 0x90]);
                self.put(opcode, &[]);
            }
            (3, _) => self.push(Kind::List, b'l', &[]),
            (4, _) => self.push(Kind::Dict, b'd', &[]),
            (5, _) => self.push(Kind::Plain, 0x91, &[]),
            (6, _) => self.put(b'1', &[]),
            _ => self.push(Kind::Tuple, b't', &[]),
        }
    }

    fn mutate(&mut self) {
        let fits = |kind: &Kind| {
            matches!(
                kind,
                Kind::List
                    | Kind::Dict
                    | Kind::Set
                    | Kind::Callable
                    | Kind::Object
                    | Kind::ByteArray
            )
        };
        if !self.stack.last().is_some_and(fits) {
            return self.container();
        }
        match self.random.below(5) {
            0 => {
                self.value();
                self.pop(1);
                self.put(b'a', &[]);
            }
            1 => {
                self.value();
                self.value();
                self.pop(2);
                self.put(b's', &[]);
            }
            choice => {
                self.push(Kind::Mark, b'(', &[]);
                self.some_values();
                self.drop_mark();
                self.put([b'e', b'u', 0x90][choice - 2], &[]);
            }
        }
    }

    // ---- memo, stack, host ----

    fn maybe_memoize(&mut self) {
        if self.random.below(3) == 0 {
            self.remember();
        }
    }

    fn remember(&mut self) {
        let Some(&kind) = self.stack.last() else {
            return;
        };
        let near = self.random.below(6) as u64;
        let index = match self.random.below(30) {
            0 => 300,
            1 => 70_000,
            _ => near,
        };
        match self.random.below(8) {
            0..4 => {
                self.put(0x94, &[]);
                self.memo.push((self.memoized, kind));
            }
            4 | 5 if index < 256 => {
                self.put(b'q', &[index as u8]);
                self.memo.push((index, kind));
            }
            6 => {
                self.put(b'r', &(index as u32).to_le_bytes());
                self.memo.push((index, kind));
            }
            _ => {
                let line = self.index_line(index);
                self.put(b'p', &line);
                self.memo.push((index, kind));
            }
        }
        self.memoized += 1;
    }

    fn index_line(&mut self, index: u64) -> Vec<u8> {
        match self.random.below(8) {
            0 => [self.random.pick(&NUMBERS), b"\n".as_slice()].concat(),
            1 => format!("0{index}\n").into_bytes(),
            2 => format!(" +{index}\n").into_bytes(),
            _ => format!("{index}\n").into_bytes(),
        }
    }

    fn memo(&mut self) {
        if self.memo.is_empty() || self.random.below(2) == 0 {
            return self.remember();
        }
        let (index, kind) = *self.random.pick(&self.memo);
        match self.random.below(5) {
            0 => {
                let line = self.index_line(index);
                self.push(kind, b'g', &line);
            }
            1 => self.push(kind, b'j', &(index as u32).to_le_bytes()),
            _ if index < 256 => self.push(kind, b'h', &[index as u8]),
            _ => {}
        }
    }

    fn stack_games(&mut self) {
        match (self.random.below(3), self.stack.last().copied()) {
            (0, Some(kind)) if kind != Kind::Mark => self.push(kind, b'2', &[]),
            (_, Some(_)) => {
                self.pop(1);
                self.put(b'0', &[]);
            }
            _ => {}
        }
    }

    fn outside(&mut self) {
        match self.random.below(5) {
            0 | 1 => self.push(Kind::Object, b'P', b"id\n"),
            2 if self.stack.last().is_some_and(|kind| *kind != Kind::Mark) => {
                self.pop(1);
                self.push(Kind::Object, b'Q', &[]);
            }
            3 => self.push(Kind::ByteArray, 0x97, &[]),
            _ => self.put(0x98, &[]),
        }
    }

    /// An instruction whose operands on the stack are left to chance.
    fn reckless(&mut self) {
        let opcode = *self
            .random
            .pick(b"0125RbacdeilostuC}])\x81\x85\x86\x87\x8f\x90\x91\x92\x93\x94QN");
        let operand: &[u8] = match opcode {
            b'c' | b'i' => b"m\nf\n",
            b'C' => b"\x01x",
            _ => b"",
        };
        self.put(opcode, operand);
    }
}

fn lines(module: &str, name: &str) -> Vec<u8> {
    format!("{module}\n{name}\n").into_bytes()
}

fn raw_unicode(text: &str) -> Vec<u8> {
    let escape = |character: char| match u8::try_from(character) {
        Ok(byte) if byte != b'f' => vec![byte],
        _ => format!("\\u{:04x}", u32::from(character)).into_bytes(),
    };
    text.chars().flat_map(escape).collect()
}

fn quoted(text: &[u8], random: &mut Random) -> Vec<u8> {
    let quote = *random.pick(b"''''\"");
    let mut line = vec![quote];
    for &byte in text {
        match random.below(12) {
            0 => line.extend(format!("\\x{byte:02x}").bytes()),
            1 => line.extend(format!("\\{byte:o}").bytes()),
            _ => line.push(byte),
        }
    }
    if random.below(60) == 0 {
        line.extend(*random.pick(&[&b"\\q"[..], b"'", b"\\", b"\\x", b"\\777", b" "]));
    }
    line.extend([quote, b'\n']);
    line
}
