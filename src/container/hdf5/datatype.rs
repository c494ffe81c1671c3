//! Datatypes, as far as it matters whether their values may hold a pickle.

use super::file::{Fail, Fields, File, Outcome};

/// What of an element may hold a pickle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Datatype {
    /// Bytes of one element.
    pub(super) size: usize,
    /// Whether bytes or text stand in the elements themselves.
    pub(super) has_bytes: bool,
    /// Whether an element is a single byte, so that only many of them are something.
    pub(super) is_byte: bool,
    /// Where in an element references to values of any length stand, and the size of the unit
    /// that their length counts.
    pub(super) references: Vec<(usize, usize)>,
    /// Whether more of it refers to further values than is followed here.
    pub(super) is_deep: bool,
}

/// Types inside a type that are followed, counted.
const MOST: usize = 10_000;

/// References in one element that are followed, counted.
const MOST_REFERENCES: usize = 1024;

/// What is still to be read of a type.
enum Task {
    /// A type whose values start at `offset`, `count` times.
    Type { offset: usize, count: usize },
    /// So many members of a compound at `offset`.
    Members {
        left: usize,
        version: u64,
        size: usize,
        offset: usize,
        count: usize,
    },
    /// Names and values behind the base type of an enumeration.
    Names { count: usize, version: u64 },
    /// What is behind the base type of a sequence.
    Sequence { offset: usize, count: usize },
}

struct Reader<'f, 'b> {
    file: &'f File,
    fields: Fields<'b>,
    tasks: Vec<Task>,
    found: Datatype,
    /// Size of the type that was read last.
    last: usize,
    /// Types of sequences that are being read: their values stand elsewhere.
    elsewhere: usize,
}

/// Reads a datatype message.
pub(super) fn datatype(file: &File, data: &[u8]) -> Outcome<Datatype> {
    let mut reader = Reader {
        file,
        fields: Fields::new(data),
        tasks: vec![Task::Type {
            offset: 0,
            count: 1,
        }],
        found: Datatype::default(),
        last: 0,
        elsewhere: 0,
    };
    let mut first = None;
    for _ in 0..MOST {
        let Some(task) = reader.tasks.pop() else {
            reader.found.size = first.unwrap_or(0);
            return Ok(reader.found);
        };
        match task {
            Task::Type { offset, count } => {
                reader.read_type(offset, count)?;
                first.get_or_insert(reader.last);
            }
            Task::Members { .. } => reader.read_member(task)?,
            Task::Names { count, version } => reader.read_names(count, version)?,
            Task::Sequence { offset, count } => reader.end_sequence(offset, count),
        }
    }
    Err(Fail::Damaged)
}

impl Reader<'_, '_> {
    fn read_type(&mut self, offset: usize, count: usize) -> Outcome<()> {
        let head = self.fields.number(1)?;
        let (class, version) = (head & 0x0f, head >> 4);
        let bits = self.fields.size(3)?;
        let size = self.fields.size(4)?;
        self.last = size;
        match class {
            0 => {
                self.fields.skip(4)?;
                self.found.is_byte |= size == 1 && self.elsewhere == 0;
                self.bytes(size == 1);
            }
            1 => self.fields.skip(12)?,
            2 => self.fields.skip(2)?,
            3 => self.bytes(true),
            4 => {
                self.fields.skip(4)?;
                self.bytes(size == 1);
            }
            5 => {
                self.fields.skip(bits & 0xff)?;
                self.bytes(true);
            }
            6 => {
                // How far apart they stand is not followed.
                self.found.is_deep |= count > 1;
                self.tasks.push(Task::Members {
                    left: bits & 0xffff,
                    version,
                    size,
                    offset,
                    count,
                });
            }
            7 => {}
            8 => {
                let count = bits & 0xffff;
                self.tasks.push(Task::Names { count, version });
                self.tasks.push(Task::Type { offset, count: 1 });
            }
            9 => {
                self.tasks.push(Task::Sequence { offset, count });
                self.tasks.push(Task::Type { offset, count: 1 });
                self.elsewhere += 1;
            }
            10 => {
                let dimensions = self.fields.size(1)?;
                self.fields.skip(if version < 3 { 3 } else { 0 })?;
                let mut all = count;
                for _ in 0..dimensions {
                    all = all.saturating_mul(self.fields.size(4)?);
                }
                self.fields
                    .skip(if version < 3 { 4 * dimensions } else { 0 })?;
                // Behind the base type, the size is that of the array again.
                self.tasks.push(Task::Members {
                    left: 0,
                    version,
                    size,
                    offset,
                    count: 1,
                });
                self.tasks.push(Task::Type { offset, count: all });
            }
            _ => return Err(Fail::Unsupported(format!("datatype class {class}"))),
        }
        Ok(())
    }

    /// Bytes or text, which may hold a pickle.
    fn bytes(&mut self, holds: bool) {
        self.found.has_bytes |= holds && self.elsewhere == 0;
    }

    fn read_member(&mut self, task: Task) -> Outcome<()> {
        let Task::Members {
            left,
            version,
            size,
            offset,
            count,
        } = task
        else {
            return Ok(());
        };
        let Some(left) = left.checked_sub(1) else {
            self.last = size;
            return Ok(());
        };
        self.name(version)?;
        let width = match version {
            0..=2 => 4,
            _ => usize::try_from(size.max(1).ilog2() / 8 + 1).unwrap_or(1),
        };
        let inside = self.fields.size(width)?;
        let mut all = count;
        if version == 1 {
            let dimensions = self.fields.size(1)?.min(4);
            self.fields.skip(11)?;
            for number in 0..4 {
                let length = self.fields.size(4)?;
                all = all.saturating_mul(if number < dimensions { length } else { 1 });
            }
        }
        self.tasks.push(Task::Members {
            left,
            version,
            size,
            offset,
            count,
        });
        self.tasks.push(Task::Type {
            offset: offset.saturating_add(inside),
            count: all,
        });
        Ok(())
    }

    fn read_names(&mut self, count: usize, version: u64) -> Outcome<()> {
        for _ in 0..count {
            self.name(version)?;
        }
        self.fields.skip(count.saturating_mul(self.last))
    }

    /// A name, which ends at a multiple of eight bytes before version 3.
    fn name(&mut self, version: u64) -> Outcome<()> {
        let name = self.fields.text()?;
        let padding = if version < 3 {
            (name.len() + 1).next_multiple_of(8) - name.len() - 1
        } else {
            0
        };
        self.fields.skip(padding)
    }

    /// A sequence is a length, and where in which collection its values stand.
    fn end_sequence(&mut self, offset: usize, count: usize) {
        let unit = self.last;
        self.elsewhere = self.elsewhere.saturating_sub(1);
        let width = 8 + self.file.address_width;
        self.last = width;
        if self.elsewhere > 0 || count > MOST_REFERENCES {
            self.found.is_deep = true;
            return;
        }
        for number in 0..count {
            if self.found.references.len() >= MOST_REFERENCES {
                self.found.is_deep = true;
                return;
            }
            let at = offset.saturating_add(number.saturating_mul(width));
            self.found.references.push((at, unit));
        }
    }
}
