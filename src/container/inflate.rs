//! Decompression within a budget.
//!
//! A member is decompressed once from end to end, because only that tells its length, whether it
//! is whole and whether it is a bomb. What is small enough stays in memory; of the rest the first
//! blocks and the latest ones are kept, and going further back decompresses again.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Anomaly, AnomalyKind, Budget, Member, Opened, Problem, ProblemKind,
    budget::Inflatable,
    codec::Decompressor,
    input::{Consumed, Input},
    member::{Packed, Recorded, checksum_mismatch},
    padding::end_of_zeros,
};
use crate::{
    limits::Deadline,
    source::{MemorySource, Source},
};

/// Bytes of one block.
const BLOCK: usize = 256 << 10;

/// Results up to this size become one piece of memory, which is the fastest to read.
const CONTIGUOUS: usize = 16 << 20;

/// Blocks kept from the beginning: headers are read again and again.
const HEAD_BLOCKS: usize = 4;

/// Units of work for what was decompressed.
fn cost_of(bytes: u64) -> usize {
    usize::try_from(bytes).map_or(usize::MAX, |bytes| bytes.saturating_mul(4))
}

/// Decompresses a member, emits what is wrong with it, and gives whatever could be decompressed.
pub(super) fn inflate(
    member: &Member,
    packed: &Packed,
    recorded: Recorded,
    budget: &mut Budget,
    emit: &mut dyn FnMut(Opened),
) -> io::Result<Arc<dyn Source>> {
    let input = Input::new(Arc::clone(&packed.input));
    let consumed = input.consumed();
    let mut first_pass = FirstPass {
        blocks: Blocks::new(budget.limits().resident),
        crc: recorded.crc.map(|_| flate2::Crc::new()),
        length: 0,
        inflatable: budget.inflatable(),
    };
    let problem = match (packed.codec.begin)(input, recorded.size) {
        Ok(decompressor) => first_pass.run(decompressor, &consumed, budget),
        Err(error) => Some(problem_of(&error)),
    };
    if problem
        .as_ref()
        .is_some_and(|problem| problem.kind != ProblemKind::Limit)
    {
        first_pass.salvage(packed, recorded);
    }
    let FirstPass {
        blocks,
        crc,
        length,
        inflatable,
    } = first_pass;
    match problem {
        Some(problem) => {
            let message = format!("{}: {}", packed.codec.name, problem.message);
            emit(Opened::Problem(Problem { message, ..problem }));
        }
        None => {
            let actual = Recorded {
                size: Some(length),
                crc: crc.map(|crc| crc.sum()),
            };
            compare(recorded, actual, emit);
            leftover(member, packed, consumed.get(), budget, emit)?;
        }
    }
    if blocks.complete() && usize::try_from(length).is_ok_and(|length| length <= CONTIGUOUS) {
        return Ok(Arc::new(MemorySource::new(blocks.concatenated())));
    }
    let state = Mutex::new(State {
        blocks,
        decompressor: None,
    });
    Ok(Arc::new(Inflated {
        packed: packed.clone(),
        size: recorded.size,
        length,
        inflatable,
        deadline: budget.limits().deadline.clone(),
        state,
    }))
}

fn problem_of(error: &io::Error) -> Problem {
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof => ProblemKind::Truncated,
        io::ErrorKind::OutOfMemory => ProblemKind::Limit,
        io::ErrorKind::Unsupported => ProblemKind::Unsupported,
        _ => ProblemKind::Damaged,
    };
    Problem::new(kind, format!("decompression stopped: {error}"))
}

fn compare(recorded: Recorded, actual: Recorded, emit: &mut dyn FnMut(Opened)) {
    if let (Some(recorded), Some(actual)) = (recorded.crc, actual.crc)
        && recorded != actual
    {
        emit(Opened::Anomaly(checksum_mismatch(recorded, actual)));
    }
    if let (Some(recorded), Some(actual)) = (recorded.size, actual.size)
        && recorded != actual
    {
        let message = format!("recorded length {recorded}, actual {actual}");
        emit(Opened::Anomaly(Anomaly {
            kind: AnomalyKind::SizeMismatch,
            offset: 0,
            detail: message,
        }));
    }
}

/// What follows the compressed data is looked at as a member of its own.
fn leftover(
    member: &Member,
    packed: &Packed,
    consumed: u64,
    budget: &mut Budget,
    emit: &mut dyn FnMut(Opened),
) -> io::Result<()> {
    let length = packed.input.len();
    let consumed = end_of_zeros(packed.input.as_ref(), consumed, length)?;
    let rest = length.saturating_sub(consumed);
    if rest == 0 {
        return Ok(());
    }
    let message = format!("{rest} bytes behind the {} data", packed.codec.name);
    let kind = AnomalyKind::TrailingData;
    emit(Opened::Anomaly(Anomaly {
        kind,
        offset: consumed,
        detail: message,
    }));
    let (depth, members) = (budget.limits().depth, budget.limits().members);
    let limit = if member.path.len() >= depth {
        format!("nested more than {depth} deep")
    } else if budget.take_member() {
        let behind = member.stray(&packed.input, (consumed, rest));
        let outer = packed.outer.map(|outer| outer.saturating_add(consumed));
        emit(Opened::Member(behind.with_outer(outer)));
        return Ok(());
    } else {
        format!("more than {members} members")
    };
    emit(Opened::Problem(Problem::new(ProblemKind::Limit, limit)));
    Ok(())
}

struct FirstPass {
    blocks: Blocks,
    crc: Option<flate2::Crc>,
    length: u64,
    inflatable: Inflatable,
}

impl FirstPass {
    fn run(
        &mut self,
        mut decompressor: Decompressor,
        consumed: &Consumed,
        budget: &Budget,
    ) -> Option<Problem> {
        let limits = budget.limits();
        loop {
            let (block, outcome) = next_block(&mut decompressor);
            let produced = block.len() as u64;
            if let Some(crc) = &mut self.crc {
                crc.update(&block);
            }
            self.length += produced;
            if produced > 0 {
                self.blocks.push(block);
            }
            if let Err(error) = outcome {
                return Some(problem_of(&error));
            }
            if produced == 0 {
                return None;
            }
            limits.deadline.allow(produced);
            limits.deadline.spend(cost_of(produced));
            if limits.deadline.has_passed() {
                return Some(Problem::new(ProblemKind::Limit, limits.out_of_time()));
            }
            if !self.inflatable.take(produced) {
                let message = format!("more than {} bytes decompressed", limits.inflated);
                return Some(Problem::new(ProblemKind::Limit, message));
            }
            let allowed = consumed.get().max(1).saturating_mul(limits.ratio);
            if self.length > limits.ratio_floor && self.length > allowed {
                let message = format!("more than {} bytes for each compressed one", limits.ratio);
                return Some(Problem::new(ProblemKind::Limit, message));
            }
        }
    }
}

impl FirstPass {
    /// Fetches what lies between the last byte that was delivered and the damage.
    ///
    /// A decompressor that meets damage drops what it had produced in that call; a loader that
    /// asks for little at a time has executed those bytes. So this asks for one byte at a time.
    #[expect(
        clippy::unbuffered_bytes,
        reason = "one byte at a time is the point of it"
    )]
    fn salvage(&mut self, packed: &Packed, recorded: Recorded) {
        let input = Input::new(Arc::clone(&packed.input));
        let Ok(mut decompressor) = (packed.codec.begin)(input, recorded.size) else {
            return;
        };
        let mut skipped = (&mut decompressor).take(self.length);
        if !io::copy(&mut skipped, &mut io::sink()).is_ok_and(|skipped| skipped == self.length) {
            return;
        }
        let mut saved: Vec<u8> = decompressor
            .bytes()
            .map_while(Result::ok)
            .take(BLOCK)
            .collect();
        self.length += saved.len() as u64;
        // Blocks are full ones but for the last, so the last one is filled up first.
        if let Some(last) = self.blocks.last() {
            let missing = BLOCK.saturating_sub(last.len()).min(saved.len());
            last.extend(saved.drain(..missing));
        }
        if !saved.is_empty() {
            self.blocks.push(saved);
        }
    }
}

/// Reads until a block is full or the data ends. What was read before an error is given too.
fn next_block(decompressor: &mut Decompressor) -> (Vec<u8>, io::Result<()>) {
    let mut block = vec![0; BLOCK];
    let mut filled = 0;
    let outcome = loop {
        let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) else {
            break Ok(());
        };
        match decompressor.read(rest) {
            Ok(0) => break Ok(()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    block.truncate(filled);
    (block, outcome)
}

/// The first blocks and the latest ones.
struct Blocks {
    head: Vec<Vec<u8>>,
    recent: VecDeque<Vec<u8>>,
    /// Number of the block that comes next.
    next: usize,
    /// Most blocks in `recent`.
    most: usize,
}

impl Blocks {
    fn new(resident: usize) -> Self {
        let most = (resident / BLOCK).saturating_sub(HEAD_BLOCKS).max(1);
        Self {
            head: Vec::new(),
            recent: VecDeque::new(),
            next: 0,
            most,
        }
    }

    /// Whether every block is still there.
    fn complete(&self) -> bool {
        self.head.len() + self.recent.len() == self.next
    }

    fn push(&mut self, block: Vec<u8>) {
        if self.next < HEAD_BLOCKS {
            if self.next >= self.head.len() {
                self.head.push(block);
            }
        } else {
            if self.recent.len() >= self.most {
                self.recent.pop_front();
            }
            self.recent.push_back(block);
        }
        self.next += 1;
    }

    fn last(&mut self) -> Option<&mut Vec<u8>> {
        self.recent.back_mut().or(self.head.last_mut())
    }

    fn get(&self, number: usize) -> Option<&[u8]> {
        if let Some(block) = self.head.get(number) {
            return Some(block);
        }
        let first = self.next.checked_sub(self.recent.len())?;
        self.recent
            .get(number.checked_sub(first)?)
            .map(Vec::as_slice)
    }

    fn rewind(&mut self) {
        self.recent.clear();
        self.next = 0;
    }

    fn concatenated(self) -> Vec<u8> {
        let blocks: Vec<Vec<u8>> = self.head.into_iter().chain(self.recent).collect();
        blocks.concat()
    }
}

/// A decompressed member that is too large for memory.
struct Inflated {
    packed: Packed,
    size: Option<u64>,
    length: u64,
    inflatable: Inflatable,
    deadline: Deadline,
    state: Mutex<State>,
}

struct State {
    blocks: Blocks,
    /// Nothing until a block is asked for that is no longer kept.
    decompressor: Option<Decompressor>,
}

impl Inflated {
    fn restart(&self, state: &mut State) -> io::Result<()> {
        let input = Input::new(Arc::clone(&self.packed.input));
        state.decompressor = Some((self.packed.codec.begin)(input, self.size)?);
        state.blocks.rewind();
        Ok(())
    }

    fn produce(&self, state: &mut State) -> io::Result<()> {
        let Some(decompressor) = &mut state.decompressor else {
            return self.restart(state);
        };
        let (block, _) = next_block(decompressor);
        self.deadline.spend(cost_of(block.len() as u64));
        if block.is_empty() || !self.inflatable.take(block.len() as u64) {
            return Err(io::Error::other(
                "the limit of decompressed bytes is reached",
            ));
        }
        state.blocks.push(block);
        Ok(())
    }
}

impl Source for Inflated {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let (number, inside) = (offset / BLOCK, offset % BLOCK);
        // A panic elsewhere leaves the blocks whole, so the lock's poison means nothing here.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(block) = state.blocks.get(number) {
                let mut rest = block.get(inside..).unwrap_or_default();
                return rest.read(buffer);
            }
            if number < state.blocks.next {
                self.restart(&mut state)?;
            } else {
                self.produce(&mut state)?;
            }
        }
    }
}
