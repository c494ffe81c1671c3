//! Marshalled code objects of every CPython since 2.7, read tolerantly.
//!
//! The layout of a code object changed three times, and marshal data does not say which it has:
//! each layout is tried, and the one that fits to the end is right. See `Python/marshal.c`.

use super::parts::{CodeParts, Constant};

/// Objects that are read, counted.
const MOST_OBJECTS: usize = 200_000;

/// How deep objects may nest. CPython stops at 2000.
const DEPTH: usize = 2000;

/// The fields of a code object, in order.
struct Layout {
    /// Integers of four bytes at the beginning.
    counts: usize,
    /// Objects before the number of the first line.
    before: usize,
    /// Objects behind it.
    behind: usize,
    /// Positions of the file's name and the function's name among the objects.
    filename: usize,
    name: usize,
}

/// The latest first: most files are new.
const LAYOUTS: &[Layout] = &[
    // 3.11 and later.
    Layout {
        counts: 5,
        before: 8,
        behind: 2,
        filename: 5,
        name: 6,
    },
    // 3.8 to 3.10.
    Layout {
        counts: 6,
        before: 8,
        behind: 1,
        filename: 6,
        name: 7,
    },
    // 3.0 to 3.7.
    Layout {
        counts: 5,
        before: 8,
        behind: 1,
        filename: 6,
        name: 7,
    },
    // 2.7.
    Layout {
        counts: 4,
        before: 8,
        behind: 1,
        filename: 6,
        name: 7,
    },
];

const CODE: u8 = b'c';
const FLAG_REF: u8 = 0x80;

/// Whether bytes begin as a marshalled code object does, with or without the header of a `.pyc`.
pub(super) fn is_code(data: &[u8]) -> bool {
    starts(data).any(|start| {
        start.get(1..5).is_some_and(|count| {
            // The number of arguments is small.
            matches!(count, [_, 0 | 1, 0, 0])
        })
    })
}

/// Where the code object may begin. A `.pyc` has a header of 16 bytes since 3.7, of 12 since 3.3
/// and of 8 before; its third and fourth bytes are a line end.
fn starts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_header = data.get(2..4) == Some(b"\r\n");
    let headers: &[usize] = if has_header { &[16, 12, 8] } else { &[0] };
    let starts = headers.iter().filter_map(|&length| data.get(length..));
    starts.filter(|start| start.first().is_some_and(|&byte| byte & !FLAG_REF == CODE))
}

/// Every code object in the data, the outermost first; nothing where no layout fits.
pub(super) fn read(data: &[u8]) -> Option<Vec<CodeParts>> {
    let start = starts(data).next()?;
    LAYOUTS.iter().find_map(|layout| {
        let mut reader = Reader {
            rest: start,
            layout,
            objects: Vec::new(),
            references: Vec::new(),
            interned: Vec::new(),
        };
        let root = reader.read()?;
        let parts = reader.parts(root);
        parts.filter(|parts| parts.first().is_some_and(|code| !code.code.is_empty()))
    })
}

/// One object; others are named by their number.
enum Object {
    Bytes(Vec<u8>),
    Text(String),
    Items(Vec<usize>),
    Code(Vec<usize>),
    Other,
}

/// A container whose elements are being read.
struct Open {
    object: usize,
    items: Vec<usize>,
    left: Left,
}

/// What is still to be read of a container.
enum Left {
    Items(usize),
    /// Keys and values up to a null.
    Pairs,
    /// The objects of a code object; the line number comes in between.
    Code(usize),
}

/// What one type byte begins.
enum Begun {
    Done(usize),
    Open(Open),
    /// The null that ends a dict.
    Null,
}

struct Reader<'d> {
    rest: &'d [u8],
    layout: &'d Layout,
    objects: Vec<Object>,
    references: Vec<usize>,
    /// Interned strings of Python 2, which count on their own.
    interned: Vec<usize>,
}

impl Reader<'_> {
    /// Reads one object and what is in it, with a stack of our own.
    fn read(&mut self) -> Option<usize> {
        let mut stack: Vec<Open> = Vec::new();
        loop {
            let mut done = match self.begin()? {
                Begun::Done(object) => Some(object),
                Begun::Null => {
                    let dict = stack.pop()?;
                    matches!(dict.left, Left::Pairs).then_some(())?;
                    self.finish(dict)
                }
                Begun::Open(open) => {
                    stack.push(open);
                    if stack.len() > DEPTH {
                        return None;
                    }
                    self.close(&mut stack)?
                }
            };
            // What is complete goes into what contains it, which may be complete then.
            while let Some(object) = done {
                let Some(open) = stack.last_mut() else {
                    return Some(object);
                };
                open.items.push(object);
                match &mut open.left {
                    Left::Items(left) | Left::Code(left) => *left -= 1,
                    Left::Pairs => {}
                }
                done = self.close(&mut stack)?;
            }
        }
    }

    /// Finishes the container on top where nothing is left of it. The outer option fails.
    #[allow(
        clippy::option_option,
        reason = "not complete is another answer than not valid"
    )]
    fn close(&mut self, stack: &mut Vec<Open>) -> Option<Option<usize>> {
        let open = stack.last()?;
        if let Left::Code(left) = open.left
            && left == self.layout.behind
            && open.items.len() == self.layout.before
        {
            self.take(4)?;
        }
        match open.left {
            Left::Items(0) | Left::Code(0) => Some(self.finish(stack.pop()?)),
            _ => Some(None),
        }
    }

    fn finish(&mut self, open: Open) -> Option<usize> {
        let object = match open.left {
            Left::Code(_) => Object::Code(open.items),
            _ => Object::Items(open.items),
        };
        *self.objects.get_mut(open.object)? = object;
        Some(open.object)
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(i32::from_le_bytes(bytes)).ok()
    }

    fn short_length(&mut self) -> Option<usize> {
        self.take(1)?.first().copied().map(usize::from)
    }

    fn begin(&mut self) -> Option<Begun> {
        let byte = self.take(1)?.first().copied()?;
        let kind = byte & !FLAG_REF;
        if kind == b'0' {
            return Some(Begun::Null);
        }
        if kind == b'r' || kind == b'R' {
            let number = self.length()?;
            let numbered = if kind == b'r' {
                &self.references
            } else {
                &self.interned
            };
            return Some(Begun::Done(*numbered.get(number)?));
        }
        let object = self.objects.len();
        self.objects.push(Object::Other);
        if object >= MOST_OBJECTS {
            return None;
        }
        // A reference is numbered where its object begins, before what is in it.
        if byte & FLAG_REF != 0 {
            self.references.push(object);
        }
        if kind == b't' && byte & FLAG_REF == 0 {
            self.interned.push(object);
        }
        if let Some(left) = self.container(kind)? {
            return Some(Begun::Open(Open {
                object,
                items: Vec::new(),
                left,
            }));
        }
        let scalar = self.scalar(kind)?;
        *self.objects.get_mut(object)? = scalar;
        Some(Begun::Done(object))
    }

    #[allow(
        clippy::option_option,
        reason = "no container is another answer than not valid"
    )]
    fn container(&mut self, kind: u8) -> Option<Option<Left>> {
        Some(Some(match kind {
            b'(' | b'[' | b'<' | b'>' => Left::Items(self.length()?),
            b')' => Left::Items(self.short_length()?),
            b':' => Left::Items(3),
            b'{' => Left::Pairs,
            CODE => {
                self.take(4 * self.layout.counts)?;
                Left::Code(self.layout.before + self.layout.behind)
            }
            _ => return Some(None),
        }))
    }

    fn scalar(&mut self, kind: u8) -> Option<Object> {
        let length = match kind {
            b'N' | b'F' | b'T' | b'S' | b'.' | b'?' => 0,
            b'i' => 4,
            b'I' | b'g' => 8,
            b'y' => 16,
            b'f' => self.short_length()?,
            b'x' => {
                let real = self.short_length()?;
                self.take(real)?;
                self.short_length()?
            }
            b'l' => {
                let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
                let digits = i32::from_le_bytes(bytes).unsigned_abs();
                usize::try_from(digits).ok()?.checked_mul(2)?
            }
            b's' | b't' | b'u' | b'a' | b'A' => self.length()?,
            b'z' | b'Z' => self.short_length()?,
            _ => return None,
        };
        let bytes = self.take(length)?;
        Some(match kind {
            b's' => Object::Bytes(bytes.to_vec()),
            b't' | b'u' | b'a' | b'A' | b'z' | b'Z' => {
                Object::Text(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => Object::Other,
        })
    }

    /// Every code object, the root first.
    fn parts(&self, root: usize) -> Option<Vec<CodeParts>> {
        matches!(self.objects.get(root), Some(Object::Code(_))).then_some(())?;
        let codes = self.objects.iter().filter_map(|object| match object {
            Object::Code(fields) => self.code(fields),
            _ => None,
        });
        Some(codes.collect())
    }

    fn code(&self, fields: &[usize]) -> Option<CodeParts> {
        let field = |position: usize| self.objects.get(*fields.get(position)?);
        let Some(Object::Bytes(code)) = field(0) else {
            return None;
        };
        let items = |position: usize| match field(position) {
            Some(Object::Items(items)) => items.as_slice(),
            _ => &[],
        };
        let texts = |position: usize| {
            let texts = items(position).iter();
            texts
                .map(|&item| self.text(item).unwrap_or_default())
                .collect()
        };
        let constants = items(1).iter().map(|&item| match self.text(item) {
            Some(text) => Constant::Text(text),
            None => Constant::Other,
        });
        let text = |position: usize| {
            let object = fields.get(position);
            object
                .and_then(|&object| self.text(object))
                .unwrap_or_default()
        };
        Some(CodeParts {
            name: text(self.layout.name),
            filename: text(self.layout.filename),
            names: texts(2),
            locals: texts(3),
            constants: constants.collect(),
            code: code.clone(),
        })
    }

    /// Text, or bytes that are text, as strings of Python 2 are.
    fn text(&self, object: usize) -> Option<String> {
        match self.objects.get(object)? {
            Object::Text(text) => Some(text.clone()),
            Object::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        }
    }
}
