//! What the instructions would do: an abstract machine over values that never runs anything.
//!
//! [`Machine::run`] follows one stream and returns its [`Facts`]. The machine knows no name of a
//! Python function: what callables do it looks up in a [`Knowledge`] (see [`model`]). It does not
//! know rules either: nothing here is good or bad.

mod apply;
mod call;
mod code;
mod containers;
mod describe;
mod fetch;
mod heap;
mod held;
mod import;
mod inline;
mod memo;
pub mod model;
mod namespace;
mod readings;
mod stack;
mod step;
mod text_ops;
mod trace;
mod value;
mod watch;

use std::collections::{HashMap, HashSet};

use crate::{
    facts::{Anomaly, AnomalyKind, Facts, PayloadKind},
    limits::Limits,
    pickle::{
        Arm, DecodeErrorKind, Decoder, Instruction, Opcode, Operand, OperandKind, decode_operand,
        dispatch, number,
    },
    source::Source,
};
pub use readings::{Reading, Readings};
pub use watch::Watch;

use fetch::{Lookup, Strings};
use heap::Heap;
use inline::Raw;
use memo::Memo;
use model::Knowledge;
use stack::Stack;
use trace::{Event, EventKind, Halt, Trace};
use value::{Tag, Value};

/// Containers and objects beyond which the heap is not carried from one stream to the next.
const CARRIED_NODES: usize = 1 << 20;

/// Bytes of instructions followed between two looks at the clock.
const PACE: usize = 128 << 10;

/// Anomalies of one kind that are kept of one stream, counted.
const ANOMALIES_OF_A_KIND: usize = 16;

/// Follows the streams of one member, one after another.
pub struct Machine<'s, 'k> {
    knowledge: &'k dyn Knowledge,
    limits: &'s Limits,
    decoder: Decoder<'s>,
    lookup: Lookup<'s>,
    heap: Heap<'k>,
    stack: Stack,
    memo: Memo,
    /// Whether the memo goes on from stream to stream, as that of one unpickler does.
    keeps_memo: bool,
    /// Whether this stream read its memo.
    read_memo: bool,
    /// How the host decodes strings of Python 2.
    strings: Strings,
    /// Whether such a string that is not ASCII spells a name in this stream.
    met_strings: bool,
    protocol: u8,
    protocols_declared: u32,
    /// Whether frames are looked at; a reading that has taken them apart does not.
    heeds_frames: bool,
    /// Whether raw array data behind a wrapper is skipped, as the wrapper's own reader does.
    follows_inline_arrays: bool,
    /// Where the current frame ends.
    frame_end: u64,
    /// Where in the source begins what [`Machine::follow_held`] looks at.
    held_start: u64,
    /// Where the frame or the data ends, whichever comes first, as long as it does.
    held_reach: u64,
    /// Why it stopped before the end of that, if it did. Kept here and not in the loop, which would
    /// carry it along from one instruction to the next.
    held_stop: Option<Result<(), Halt>>,
    model_steps: usize,
    /// Bytes of text that text operations have looked at or made.
    text_work: usize,
    /// Lists, dicts, sets and bytearrays that calls of unknown effect were handed.
    exposed: HashSet<Value>,
    /// What stands raw behind a wrapper: its place, until a loader reads it, and then its bytes.
    raw: HashMap<Value, Raw>,
    /// Pickles inside inline arrays that are being followed.
    inline_depth: usize,
    /// Names registered by this member under extension codes.
    registered: Vec<(i64, Value)>,
    trace: Trace,
    /// Which text and bytes are noted, and how long they are at least.
    watch: Watch,
    /// Units that may still be spent on describing the current event: shared containers unfold.
    describable: usize,
    /// What was handed to loaders and interpreters, and has been described in this stream.
    described_payloads: HashSet<(PayloadKind, Value)>,
}

/// No place in a window: the loop over it ends.
const NOWHERE: usize = usize::MAX;

/// Decodes and applies one instruction of the window. Gives where in the window the next one stands,
/// or [`NOWHERE`], having [`Machine::stopped`]: a plain number costs the loop less than an option.
struct HeldInstruction<'m, 'b, 's, 'k> {
    machine: &'m mut Machine<'s, 'k>,
    /// What the window holds.
    held: &'b [u8],
    /// Where in it the instruction stands.
    position: usize,
}

impl Arm for HeldInstruction<'_, '_, '_, '_> {
    type Output = usize;

    // Without optimisation every arm would take room on the stack for itself.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run(self, opcode: Opcode, operand: OperandKind) -> Self::Output {
        let Self {
            machine,
            held,
            position,
        } = self;
        let offset = machine.held_start + position as u64;
        let behind = held.get(position + 1..).unwrap_or_default();
        if let Some((number, length)) = short_number(operand, behind) {
            let next = position + 1 + length;
            let at = Instruction {
                offset,
                next: machine.held_start + next as u64,
                opcode,
                operand: Operand::None,
            };
            return match machine.step_number(&at, number) {
                Ok(()) => next,
                Err(halt) => machine.stopped(at.next, Err(halt)),
            };
        }
        if let Some(length) = plain_float(operand, behind)
            && machine.push(Value::new(Tag::FloatAt, offset)).is_ok()
        {
            return position + 1 + length;
        }
        // What might need a closer look is left to the usual way.
        let Ok(at) = decode_operand(opcode, operand, behind, offset) else {
            return machine.stopped(offset, Ok(()));
        };
        let is_payload = matches!(
            operand,
            OperandKind::Bytes1
                | OperandKind::Bytes4
                | OperandKind::SignedBytes4
                | OperandKind::Bytes8
        );
        // All else ends in what is held, and so in the frame and in the data.
        if is_payload && at.next > machine.held_reach {
            return machine.stopped(offset, Ok(()));
        }
        // Raw array data can follow BUILD, and FRAME says anew how far one may read.
        let may_move = matches!(opcode, Opcode::Build | Opcode::Frame);
        if may_move {
            machine.decoder.jump(at.next);
        }
        if let Err(halt) = machine.step(&at) {
            let place = match may_move {
                true => machine.decoder.position(),
                false => at.next,
            };
            return machine.stopped(place, Err(halt));
        }
        if may_move && (opcode == Opcode::Frame || machine.decoder.position() != at.next) {
            return machine.stopped(machine.decoder.position(), Ok(()));
        }
        let Some(length) = operand.width() else {
            let next = usize::try_from(at.next - machine.held_start).unwrap_or(usize::MAX);
            if next > held.len() {
                // A payload reaches beyond what is held.
                return machine.stopped(at.next, Ok(()));
            }
            return next;
        };
        let next = position + 1 + length;
        let is_number = matches!(
            opcode,
            Opcode::Binint1 | Opcode::Binint2 | Opcode::Binint | Opcode::Binfloat
        );
        // Two numbers in a row are common, and no run that is worth a loop of its own.
        if is_number && held.get(next + 2 * (1 + length)) == Some(&opcode.byte()) {
            let rest = held.get(next..).unwrap_or_default();
            return next + machine.follow_alike((opcode, operand), rest, at.next);
        }
        next
    }
}

/// A short number in decimal digits, which every reader takes alike, and how many bytes its line has.
#[inline(always)]
fn short_number(operand: OperandKind, line: &[u8]) -> Option<(i64, usize)> {
    match operand {
        OperandKind::DecimalLine => number::short_line(line),
        _ => None,
    }
}

/// The length of the line of a float that every reader takes alike, with its newline.
#[inline(always)]
fn plain_float(operand: OperandKind, line: &[u8]) -> Option<usize> {
    match operand {
        OperandKind::FloatLine => number::short_float_line(line).or_else(|| {
            number::plain_float(line)
                .filter(|&length| line.get(length) == Some(&b'\n'))
                .map(|length| length + 1)
        }),
        _ => None,
    }
}

impl<'s, 'k> Machine<'s, 'k> {
    /// Prepares a machine for a member. Nothing is read yet.
    pub fn new(source: &'s dyn Source, knowledge: &'k dyn Knowledge, limits: &'s Limits) -> Self {
        Self {
            knowledge,
            limits,
            decoder: Decoder::new(source, 0),
            lookup: Lookup::new(source),
            heap: Heap::new(knowledge),
            stack: Stack::new(limits.stack),
            memo: Memo::default(),
            keeps_memo: false,
            read_memo: false,
            strings: Strings::Utf8,
            met_strings: false,
            protocol: 0,
            protocols_declared: 0,
            heeds_frames: true,
            follows_inline_arrays: true,
            frame_end: u64::MAX,
            held_start: 0,
            held_reach: 0,
            held_stop: None,
            model_steps: 0,
            text_work: 0,
            exposed: HashSet::new(),
            raw: HashMap::new(),
            inline_depth: 0,
            registered: Vec::new(),
            trace: Trace::default(),
            watch: Watch::NOTHING,
            describable: 0,
            described_payloads: HashSet::new(),
        }
    }

    /// Follows the stream that starts at `offset` and says what it would do. Where it ended
    /// early, the facts hold everything that happened before.
    pub fn run(&mut self, offset: u64) -> Facts {
        self.begin(offset);
        let halt = self.follow();
        // Array data that a cut file lacks may have been skipped.
        let stop = self.decoder.position().min(self.decoder.length());
        let facts = self.describe(offset, stop, halt);
        if halt != Halt::Stop || (self.heap.size() > CARRIED_NODES && !self.keeps_memo) {
            self.heap = Heap::new(self.knowledge);
            self.memo = Memo::default();
            self.registered.clear();
            self.exposed.clear();
            self.raw.clear();
        }
        facts
    }

    fn begin(&mut self, offset: u64) {
        self.decoder.jump(offset);
        if !self.keeps_memo {
            self.memo = Memo::roomy();
        }
        self.read_memo = false;
        self.met_strings = false;
        self.stack = Stack::new(self.limits.stack);
        self.protocol = 0;
        self.protocols_declared = 0;
        self.frame_end = u64::MAX;
        self.trace = Trace {
            first_import: self.heap.imports.len(),
            ..Trace::default()
        };
    }

    fn follow(&mut self) -> Halt {
        loop {
            if let Some(stop) = self.limits.deadline.passed() {
                return Halt::Limit(stop.limit());
            }
            let start = self.decoder.position();
            let outcome = self.follow_held();
            let followed = self.decoder.position().abs_diff(start);
            let followed = usize::try_from(followed).map_or(PACE, |bytes| bytes.min(PACE));
            self.limits.deadline.spend(followed + 1);
            if let Err(halt) = outcome {
                return halt;
            }
            // An instruction at the edge of the window, or one that cannot be decoded.
            let outcome = match self.decoder.advance() {
                Ok(instruction) => self.follow_one(&instruction),
                Err(error) => {
                    // To some readers an operand that crosses the end of a frame is another one.
                    let has_operand = !matches!(error.kind, DecodeErrorKind::UnknownOpcode(_));
                    if has_operand && self.frame_end != u64::MAX && error.offset < self.frame_end {
                        self.anomaly(AnomalyKind::FrameMismatch, error.offset);
                    }
                    return Halt::Decode(error);
                }
            };
            if let Err(halt) = outcome {
                return halt;
            }
        }
    }

    #[inline(always)]
    fn follow_one(&mut self, instruction: &Instruction) -> Result<(), Halt> {
        if instruction.next > self.frame_end {
            self.leave_frame(instruction);
        }
        self.step(instruction)
    }

    /// Follows the instructions that the window holds, up to the first that it does not. What might
    /// need a closer look is left to the usual way: the end of the frame and that of the data.
    fn follow_held(&mut self) -> Result<(), Halt> {
        let chunk = self.decoder.held_chunk();
        let start = self.decoder.position();
        let end = self.frame_end.min(self.decoder.length());
        let most = usize::try_from(end.saturating_sub(start)).map_or(PACE, |most| most.min(PACE));
        let held = chunk.bytes();
        let held = held.get(..most).unwrap_or(held);
        self.held_start = start;
        self.held_reach = end;
        self.held_stop = None;
        let mut position = 0;
        while let Some(&byte) = held.get(position) {
            let arm = HeldInstruction {
                machine: self,
                held,
                position,
            };
            position = match dispatch(byte, arm) {
                Some(next) => next,
                None => self.stopped(start + position as u64, Ok(())),
            };
        }
        if let Some(stopped) = self.held_stop.take() {
            return stopped;
        }
        self.decoder.jump(start + position as u64);
        Ok(())
    }

    /// The stream ends here, or goes on elsewhere.
    #[cold]
    #[inline(never)]
    fn stopped(&mut self, place: u64, why: Result<(), Halt>) -> usize {
        self.decoder.jump(place);
        self.held_stop = Some(why);
        NOWHERE
    }

    /// Follows the instructions from `offset` on that are the same as the one before, which pushes
    /// a number of that kind. Columns of numbers are what most bytes of dense pickles are, so whole
    /// runs of them are pushed at once. Gives how many bytes they have.
    #[inline(always)]
    fn follow_alike(
        &mut self,
        (opcode, operand): (Opcode, OperandKind),
        held: &[u8],
        offset: u64,
    ) -> usize {
        let byte = opcode.byte();
        match operand {
            OperandKind::U8 => self.push_alike(byte, held, |_, [_, number]: [u8; 2]| {
                Value::int(i64::from(number))
            }),
            OperandKind::U16 => self.push_alike(byte, held, |_, [_, low, high]: [u8; 3]| {
                Value::int(i64::from(u16::from_le_bytes([low, high])))
            }),
            OperandKind::I32 => self.push_alike(byte, held, |_, [_, a, b, c, d]: [u8; 5]| {
                Value::int(i64::from(i32::from_le_bytes([a, b, c, d])))
            }),
            OperandKind::F64 => self.push_alike(byte, held, |behind, _: [u8; 9]| {
                Value::new(Tag::FloatAt, offset + behind)
            }),
            _ => 0,
        }
    }

    /// Pushes what the instructions of `N` bytes at the beginning of `held` stand for, as long as
    /// they have that opcode: `value` makes it of the offset in `held` and the bytes. Each length is
    /// a loop of its own. The limit of the stack is left to the usual way.
    #[inline(never)]
    fn push_alike<const N: usize>(
        &mut self,
        opcode: u8,
        held: &[u8],
        value: impl Fn(u64, [u8; N]) -> Value,
    ) -> usize {
        let most = self.stack.room();
        let (pieces, _) = held.as_chunks::<N>();
        let is_same = |piece: &&[u8; N]| piece.first() == Some(&opcode);
        let count = pieces.iter().take(most).take_while(is_same).count();
        let same = pieces.get(..count).unwrap_or_default();
        let values = same.iter().enumerate();
        let values = values.map(|(index, piece)| value((index * N) as u64, *piece));
        match self.stack.extend(values) {
            Ok(()) => count * N,
            // There is room for so many.
            Err(_) => 0,
        }
    }

    /// An instruction starts behind the current frame, or crosses its end.
    #[cold]
    fn leave_frame(&mut self, instruction: &Instruction) {
        if instruction.offset < self.frame_end {
            self.anomaly(AnomalyKind::FrameMismatch, instruction.offset);
        }
        self.frame_end = u64::MAX;
    }

    #[cold]
    #[inline(never)]
    fn anomaly(&mut self, kind: AnomalyKind, offset: u64) {
        let seen = self
            .trace
            .anomalies
            .iter()
            .filter(|anomaly| anomaly.kind == kind)
            .count();
        if seen < ANOMALIES_OF_A_KIND {
            self.trace.anomalies.push(Anomaly { kind, offset });
        }
    }

    fn event(&mut self, at: &Instruction, kind: EventKind) -> Result<(), Halt> {
        if self.trace.events.len() >= self.limits.events {
            return Err(Halt::Limit("events"));
        }
        self.trace.events.push(Event {
            offset: at.offset,
            opcode: at.opcode,
            kind,
        });
        Ok(())
    }

    /// Fails where the heap has outgrown its limit. Asked by every step that makes something.
    #[inline]
    fn check_heap(&self) -> Result<(), Halt> {
        if self.heap.size() > self.limits.nodes {
            Err(Halt::Limit("nodes"))
        } else {
            Ok(())
        }
    }

    #[inline(always)]
    fn push(&mut self, value: Value) -> Result<(), Halt> {
        self.stack.push(value)
    }
}
