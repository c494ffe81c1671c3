//! What the caller wants to know of text and bytes as they go by, so that it need not decode the
//! stream again.

use super::Machine;
use crate::pickle::{Instruction, Opcode, Operand};

/// Which text and bytes are telling.
#[derive(Copy, Clone, Debug)]
pub struct Watch {
    /// Fewest bytes of an operand that is looked at.
    pub shortest: u64,
    /// Bytes at its beginning that are shown, fewer where it is shorter.
    pub head: usize,
    /// Whether an operand that begins so is telling.
    pub is_telling: fn(Opcode, &[u8]) -> bool,
}

impl Watch {
    /// No text is looked at.
    pub(super) const NOTHING: Self = Self {
        shortest: u64::MAX,
        head: 0,
        is_telling: |_, _| false,
    };
}

/// Places that are noted of one stream, counted: half a MiB.
const MOST: usize = 1 << 16;

impl Machine<'_, '_> {
    /// Notes an instruction if its text or bytes are telling. Those that are not in memory are: who
    /// asked has to read them.
    #[inline(never)]
    pub(super) fn note(&mut self, at: Instruction) {
        let Operand::Span(span) = at.operand else {
            return;
        };
        if span.length < self.watch.shortest || self.trace.telling_cut {
            return;
        }
        let length = usize::try_from(span.length).unwrap_or(usize::MAX);
        let head = self.decoder.beginning(span, length.min(self.watch.head));
        if head.is_some_and(|head| !(self.watch.is_telling)(at.opcode, head)) {
            return;
        }
        match self.trace.telling.len() < MOST {
            true => self.trace.telling.push(at.offset),
            false => self.trace.telling_cut = true,
        }
    }
}
