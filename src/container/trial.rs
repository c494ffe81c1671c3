//! How far an unpickler would get with bytes of unknown kind.
//!
//! Protocols 0 and 1 have no magic, and the magic of another format may well be valid opcodes:
//! `GIF89a` is a float and half an instruction. So this walks the instructions in the head of a
//! file, with no more of a machine than stack depths and marks, up to the first instruction that
//! reaches code. Where every loader stops with an error before that, the file is no pickle, and
//! only then is it skipped.

use std::{borrow::Cow, io};

use super::{Head, depths::Depths};
use crate::pickle::{Instruction, Opcode, Operand, OperandKind, Refusal, Span, decode_at};

/// What a walk found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// No loader executes anything of it.
    Never,
    /// It cannot be ruled out.
    Perhaps,
    /// It stays a pickle for long, or ends like one.
    Likely,
    /// It declares a protocol and goes on like a pickle, or imports something with a proper name.
    /// Random bytes do not do that.
    Certain,
}

/// The outcome of a trial.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) verdict: Verdict,
    /// Whether it asks for persistent objects on the way, at which `pickle.load` stops.
    pub(super) persistent: bool,
}

/// So many instructions in a row are no accident: about one byte in four is an opcode.
const CONVINCING: usize = 24;

/// A run of one byte value may well be a run of one opcode, so several kinds have to occur.
const VARIED: usize = 4;

/// So many times bytes behind a long payload are fetched.
const REFILLS: usize = 8;

/// Fetches a few hundred bytes at an offset.
pub(super) type Fetch<'f> = &'f mut dyn FnMut(u64) -> io::Result<Vec<u8>>;

/// Walks the instructions at the start of the data whose beginning is `head`.
///
/// # Errors
/// Whatever `fetch` reports. It is called only where the head reads like a pickle with a long
/// payload.
pub(super) fn walk(head: &Head<'_>, fetch: Fetch<'_>) -> io::Result<Trial> {
    let mut walk = Walk {
        held: Cow::Borrowed(head.bytes),
        base: 0,
        length: head.length,
        refills: REFILLS,
        is_text: head.text.is_some(),
        depths: Depths::default(),
        seen: Vec::new(),
        memo_written: false,
        persistent: false,
        imported: false,
    };
    let verdict = match walk.run(fetch)? {
        // The import itself was executed, whatever follows.
        Verdict::Never if walk.imported => Verdict::Perhaps,
        // Where an instruction crosses the end of a frame, other readers go on elsewhere.
        Verdict::Never if walk.seen.contains(&Opcode::Frame) => walk.at_least(Verdict::Perhaps),
        // Damaged, but no other format begins so. Among thousands of tensors one may.
        Verdict::Never if declares_protocol(head.bytes) => Verdict::Likely,
        verdict => verdict,
    };
    Ok(Trial {
        verdict,
        persistent: walk.persistent,
    })
}

/// Whether data begins with a protocol that picklers write. The verdict is then at least
/// [`Verdict::Likely`].
pub(super) fn declares_protocol(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, ..])
}

/// Whether data [`declares_protocol`] and goes on with an instruction.
pub(super) fn declares_pickle(head: &[u8]) -> bool {
    let next = head.get(2).copied().and_then(Opcode::from_byte);
    declares_protocol(head) && next.is_some()
}

struct Walk<'h> {
    /// Some bytes, and their offset.
    held: Cow<'h, [u8]>,
    base: u64,
    length: u64,
    refills: usize,
    is_text: bool,
    depths: Depths,
    /// Every kind of opcode so far, in order of appearance.
    seen: Vec<Opcode>,
    memo_written: bool,
    persistent: bool,
    /// Whether something with a proper name was imported. Words in a text can look like that, so
    /// the walk goes on until it is used.
    imported: bool,
}

impl Walk<'_> {
    fn run(&mut self, fetch: Fetch<'_>) -> io::Result<Verdict> {
        let mut position = 0;
        for _ in 0..CONVINCING {
            let instruction = match self.decode(position, fetch)? {
                Ok(instruction) => instruction,
                Err(verdict) => return Ok(verdict),
            };
            if instruction.next > self.length {
                return Ok(self.cut_short(instruction.opcode));
            }
            if !self.seen.contains(&instruction.opcode) {
                self.seen.push(instruction.opcode);
            }
            if let Some(verdict) = self.step(&instruction) {
                return Ok(verdict);
            }
            position = instruction.next;
        }
        let varied = self.seen.len() >= VARIED;
        Ok(if varied {
            self.at_least(Verdict::Likely)
        } else {
            Verdict::Perhaps
        })
    }

    fn decode(
        &mut self,
        position: u64,
        fetch: Fetch<'_>,
    ) -> io::Result<Result<Instruction, Verdict>> {
        loop {
            let held = self.from(position);
            match decode_at(held, position) {
                Ok(instruction) => return Ok(Ok(instruction)),
                Err(Refusal::Bad(_)) => return Ok(Err(Verdict::Never)),
                Err(Refusal::Short(_)) => {}
            }
            let end = position.saturating_add(held.len() as u64);
            if self.base == position || end >= self.length {
                return Ok(Err(self.at_the_end(position)));
            }
            if self.refills == 0 {
                return Ok(Err(self.at_least(Verdict::Perhaps)));
            }
            self.refills -= 1;
            self.held = Cow::Owned(fetch(position)?);
            self.base = position;
        }
    }

    fn from(&self, position: u64) -> &[u8] {
        let start = position
            .checked_sub(self.base)
            .and_then(|start| usize::try_from(start).ok());
        start
            .and_then(|start| self.held.get(start..))
            .unwrap_or_default()
    }

    /// What is held ends before the next instruction does, and no more is fetched.
    fn at_the_end(&mut self, position: u64) -> Verdict {
        let Some((&byte, rest)) = self.from(position).split_first() else {
            return self.at_least(Verdict::Perhaps);
        };
        let opcode = Opcode::from_byte(byte);
        let bad = opcode.is_some_and(|opcode| starts_badly(opcode, rest));
        let imported = self.import(rest, None);
        self.persistent |= opcode == Some(Opcode::Persid);
        match opcode {
            None => Verdict::Never,
            Some(Opcode::Global | Opcode::Inst) => imported,
            Some(_) if bad => Verdict::Never,
            Some(opcode) if self.depths.apply(opcode).is_none() => Verdict::Never,
            Some(opcode) => self.cut_short(opcode),
        }
    }

    /// The data ends inside an instruction. A counted payload that reaches beyond the end is not
    /// a download that broke off where it is the very first instruction or stands in text: it is
    /// a letter, or a magic, that happens to be an opcode.
    fn cut_short(&self, opcode: Opcode) -> Verdict {
        let counted = !matches!(
            opcode.operand(),
            OperandKind::None
                | OperandKind::DecimalLine
                | OperandKind::LongLine
                | OperandKind::FloatLine
                | OperandKind::StringLine
                | OperandKind::UnicodeLine
                | OperandKind::NameLine
                | OperandKind::NameLines
        );
        if counted && (self.is_text || self.seen.is_empty()) {
            Verdict::Never
        } else {
            self.at_least(Verdict::Perhaps)
        }
    }

    /// Follows one instruction; a verdict where the walk is over.
    fn step(&mut self, instruction: &Instruction) -> Option<Verdict> {
        use Opcode as Op;
        let opcode = instruction.opcode;
        match opcode {
            Op::Global | Op::Inst => {
                if opcode == Op::Inst && !self.depths.has_mark() {
                    return Some(Verdict::Never);
                }
                let Operand::Spans(module, name) = instruction.operand else {
                    return None;
                };
                let verdict = self.import(self.bytes(module), Some(self.bytes(name)));
                let verdict = self.at_least(verdict);
                let protocol = self.seen.first() == Some(&Op::Proto);
                if verdict != Verdict::Certain || opcode == Op::Inst || protocol {
                    return Some(verdict);
                }
                self.imported = true;
            }
            Op::Ext1 | Op::Ext2 | Op::Ext4 => return Some(self.at_least(Verdict::Perhaps)),
            Op::Persid | Op::Binpersid => self.persistent = true,
            Op::Put | Op::Binput | Op::LongBinput | Op::Memoize => self.memo_written = true,
            Op::Get | Op::Binget | Op::LongBinget if !self.memo_written => {
                return Some(Verdict::Never);
            }
            Op::Reduce | Op::Newobj | Op::NewobjEx | Op::Obj | Op::Build | Op::Stop
                if self.imported =>
            {
                return Some(Verdict::Certain);
            }
            // Nothing that can be called exists before the first import or persistent object.
            Op::Reduce | Op::Newobj | Op::NewobjEx | Op::Obj if !self.persistent => {
                return Some(Verdict::Never);
            }
            Op::Proto if !matches!(instruction.operand, Operand::Int(0..=5)) => {
                return Some(Verdict::Never);
            }
            _ => {}
        }
        if self.line_is_bad(instruction) || self.depths.apply(opcode).is_none() {
            return Some(Verdict::Never);
        }
        match opcode {
            Op::StackGlobal => Some(self.at_least(Verdict::Likely)),
            Op::Stop if instruction.next >= self.length => Some(self.at_least(Verdict::Likely)),
            Op::Stop => Some(self.at_least(Verdict::Perhaps)),
            _ => None,
        }
    }

    /// The verdict, raised where the data began with a protocol.
    fn at_least(&self, verdict: Verdict) -> Verdict {
        let protocol = self.seen.first() == Some(&Opcode::Proto);
        if protocol && verdict != Verdict::Never {
            Verdict::Certain
        } else {
            verdict
        }
    }

    fn line_is_bad(&self, instruction: &Instruction) -> bool {
        let Operand::Span(span) = instruction.operand else {
            return false;
        };
        starts_badly(instruction.opcode, self.bytes(span))
    }

    /// Judges the first import. `name` is nothing where the head ends before it does.
    fn import(&self, module: &[u8], name: Option<&[u8]>) -> Verdict {
        let first_line = module
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let control = first_line.iter().any(|&byte| byte < 0x20 && byte != b'\t');
        let odd = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"_.-".contains(byte));
        // An import fails on NUL and the like; and where all of the head is text, a first line
        // that is no module name is a sentence which begins with the letter c.
        if control || self.is_text && (first_line.is_empty() || first_line.iter().any(odd)) {
            return Verdict::Never;
        }
        match name {
            Some(name) if !name.is_empty() && ![module, name].concat().iter().any(odd) => {
                Verdict::Certain
            }
            _ => Verdict::Perhaps,
        }
    }

    fn bytes(&self, span: Span) -> &[u8] {
        let held = self.from(span.start);
        usize::try_from(span.length)
            .ok()
            .and_then(|length| held.get(..length))
            .unwrap_or(held)
    }
}

/// Whether a text operand begins in a way that every loader refuses.
fn starts_badly(opcode: Opcode, line: &[u8]) -> bool {
    let Some(&first) = line
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && **byte != 0x0b)
    else {
        return false;
    };
    let number = first.is_ascii_digit() || b"+-".contains(&first);
    match opcode.operand() {
        OperandKind::StringLine => !b"'\"".contains(&first),
        OperandKind::DecimalLine | OperandKind::LongLine => !number,
        OperandKind::FloatLine => !number && !b".iInN".contains(&first),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::magic;

    fn head(bytes: &[u8], length: u64) -> Head<'_> {
        Head {
            bytes,
            tail: &[],
            length,
            places: &[],
            text: magic::text(bytes, bytes.len() as u64 >= length),
        }
    }

    fn trial(bytes: &[u8], length: u64) -> Trial {
        walk(&head(bytes, length), &mut |_| Ok(Vec::new())).unwrap()
    }

    fn verdict(bytes: &[u8]) -> Verdict {
        trial(bytes, bytes.len() as u64).verdict
    }

    #[test]
    fn text_is_no_pickle() {
        let texts: &[&str] = &[
            "import os\n",
            "from x import y\n",
            "class Foo(object):\n    pass\n",
            "def f():\n",
            "# Title\n\nSome words.\n",
            "Name,Age\nAda,36\n",
            "{\"a\": [1, 2]}",
            "[1, 2]",
            "The quick brown fox\njumps\n",
            "(see below)\n",
            "Sepal.Length,Sepal.Width\n5.1,3.5\n",
            "USA,1\nFrance,2\n",
            "Python is\nnice\n",
            "In the beginning\n",
            "Lorem ipsum dolor\nsit amet\n",
            "]]>\n",
            "<?xml version='1.0'?>\n",
            "\n\n\n",
        ];
        for text in texts {
            assert_eq!(verdict(text.as_bytes()), Verdict::Never, "{text:?}");
        }
    }

    #[test]
    fn pickles_without_magic_are_pickles() {
        let pickles: &[&[u8]] = &[
            b"(lp0\nI1\naI2\na.",
            b"(dp0\nS'a'\np1\nI1\ns.",
            b"N.",
            b"I01\n.",
            b"]q\0(K\x01K\x02e.",
            b"}q\0.",
            b"F1.5\n.",
            b"L12L\n.",
            b"Vtext\np0\n.",
        ];
        for pickle in pickles {
            assert_eq!(verdict(pickle), Verdict::Likely, "{pickle:?}");
        }
    }

    #[test]
    fn a_protocol_or_an_import_is_beyond_doubt() {
        let pickles: &[&[u8]] = &[
            b"cos\nsystem\n(S'id'\ntR.",
            b"(S'id'\nios\nsystem\n.",
            b"\x80\x04N.",
            b"\x80\x04\x8c\x02os\x8c\x06system\x93",
            b"GIF89a\x01\0\x01cos\nsystem\n(S'id'\ntR.",
            b"MZ0cos\nsystem\n(S'id'\ntR.",
        ];
        for pickle in pickles {
            assert_eq!(verdict(pickle), Verdict::Certain, "{pickle:?}");
        }
    }

    #[test]
    fn words_that_look_like_an_import_may_be_text() {
        assert_eq!(verdict(b"cat\ndog\nfish\n"), Verdict::Perhaps);
        assert_eq!(verdict(b"com.example.A\ncom.example.B\n"), Verdict::Perhaps);
        assert_eq!(verdict(b"cantigravity\nx\n\xff"), Verdict::Perhaps);
        assert_eq!(verdict(b"cantigravity\nx\n."), Verdict::Certain);
    }

    #[test]
    fn a_cut_frame_or_a_damaged_pickle_is_not_dismissed() {
        let cut = b"\x80\x04\x95\x02\0\0\0\0\0\0\0B\x1e\0\0\0\0N.";
        assert_eq!(verdict(cut), Verdict::Certain);
        assert_eq!(verdict(b"\x95\x01\0\0\0\0\0\0\0B\x01xx"), Verdict::Perhaps);
        assert_eq!(verdict(b"\x80\x04\xff\xff"), Verdict::Likely);
    }

    #[test]
    fn a_run_of_one_byte_is_hardly_a_pickle() {
        assert_eq!(verdict(&[b'N'; 4096]), Verdict::Perhaps);
        assert_eq!(verdict(&[b'('; 4096]), Verdict::Perhaps);
    }

    #[test]
    fn a_bitmap_that_is_one_bytes_literal_is_followed_behind_it() {
        let mut bytes = b"BM\0\0\0".to_vec();
        bytes.extend_from_slice(&[7; 0x4d]);
        bytes.extend_from_slice(b"0cos\nsystem\n(S'id'\ntR.");
        assert_eq!(verdict(&bytes), Verdict::Certain);
    }

    #[test]
    fn what_only_the_rest_of_the_file_can_tell_stays_open() {
        assert_eq!(trial(b"(dp0\nS'a'\n", 4096).verdict, Verdict::Perhaps);
        assert_eq!(
            trial(b"]\x8e\0\x10\0\0\0\0\0\0", 1 << 20).verdict,
            Verdict::Perhaps
        );
        assert_eq!(trial(b"(dp0\nS'a'\n", 10).verdict, Verdict::Perhaps);
    }

    #[test]
    fn what_follows_a_long_payload_is_fetched() {
        let bytes = b"\x80\x03B\0\x10\0\0";
        let mut asked = Vec::new();
        let mut fetch = |offset| {
            asked.push(offset);
            Ok(b"0cos\nsystem\n".to_vec())
        };
        assert_eq!(
            walk(&head(bytes, 1 << 20), &mut fetch).unwrap().verdict,
            Verdict::Certain
        );
        assert_eq!(asked, [7 + 0x1000]);
    }

    #[test]
    fn magics_that_no_unpickler_survives() {
        let magics: &[&[u8]] = &[
            b"\x7fELF\x02\x01\x01\0",
            b"\x89PNG\r\n\x1a\n\0\0",
            b"\xff\xd8\xff\xe0",
            b"%PDF-1.7\n",
            b"RIFF\x10\0\0\0WAVE",
            b"GGUF\x03\0\0\0\x10\0\0\0\0\0\0\0",
            b"\x93NUMPY\x01\0",
            b"\x1f\x8b\x08\0",
            b"SQLite format 3\0\x10\n",
            b"\x08\x07\x12\x07pytorch",
        ];
        for magic in magics {
            assert_eq!(verdict(magic), Verdict::Never, "{magic:?}");
        }
    }

    #[test]
    fn persistent_objects_are_noted() {
        let trial = trial(b"Pid\ncos\nsystem\n.", 16);
        assert_eq!((trial.verdict, trial.persistent), (Verdict::Certain, true));
    }
}
