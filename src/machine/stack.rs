//! The stack and its marks. A mark is a height, not a value.

use super::{
    trace::{Fault, Halt},
    value::Value,
};

/// Values, and the heights at which marks stand.
pub(crate) struct Stack {
    values: Vec<Value>,
    marks: Vec<usize>,
    /// Height of the topmost mark: nothing below it can be popped as a value.
    fence: usize,
    /// How many values, and how many marks, may stand on it. What is allocated never exceeds it, so
    /// only growing has to ask.
    most: usize,
}

/// What POP discarded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Popped {
    Value,
    Mark,
}

/// Values that the stacks of most small pickles hold at most.
const USUAL: usize = 64;

impl Stack {
    /// Nothing on it, and room for what most streams put there.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            values: Vec::with_capacity(USUAL.min(most)),
            marks: Vec::with_capacity((USUAL / 8).min(most)),
            fence: 0,
            most,
        }
    }

    /// Values and marks, counted: both take memory.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.values.len() + self.marks.len()
    }

    /// Values that may still be pushed, counted.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.values.len())
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, value: Value) -> Result<(), Halt> {
        if self.values.len() == self.values.capacity() {
            grow(&mut self.values, 1, self.most)?;
        }
        self.values.push(value);
        Ok(())
    }

    /// Pushes several values, the last of which is on top.
    #[inline]
    pub(crate) fn extend(
        &mut self,
        values: impl ExactSizeIterator<Item = Value>,
    ) -> Result<(), Halt> {
        if self.values.capacity() - self.values.len() < values.len() {
            grow(&mut self.values, values.len(), self.most)?;
        }
        self.values.extend(values);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn push_mark(&mut self) -> Result<(), Halt> {
        if self.marks.len() == self.marks.capacity() {
            grow(&mut self.marks, 1, self.most)?;
        }
        self.fence = self.values.len();
        self.marks.push(self.fence);
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Result<Value, Halt> {
        if self.values.len() <= self.fence {
            return Err(Halt::Fault(Fault::StackUnderflow));
        }
        self.values.pop().ok_or(Halt::Fault(Fault::StackUnderflow))
    }

    #[inline]
    pub(crate) fn top(&self) -> Result<Value, Halt> {
        if self.values.len() <= self.fence {
            return Err(Halt::Fault(Fault::StackUnderflow));
        }
        self.values
            .last()
            .copied()
            .ok_or(Halt::Fault(Fault::StackUnderflow))
    }

    /// POP: discards the top, or the mark where nothing stands above it.
    pub(crate) fn pop_any(&mut self) -> Result<Popped, Halt> {
        if self.values.len() == self.fence && !self.marks.is_empty() {
            self.drop_mark();
            return Ok(Popped::Mark);
        }
        self.pop().map(|_| Popped::Value)
    }

    /// The values above the topmost mark, lowest first.
    #[inline]
    pub(crate) fn slice(&self) -> Result<&[Value], Halt> {
        if self.marks.is_empty() {
            return Err(Halt::Fault(Fault::NoMark));
        }
        Ok(self.values.get(self.fence..).unwrap_or_default())
    }

    /// The value just below the topmost mark, unless the next mark stands between.
    #[inline(always)]
    pub(crate) fn below_mark(&self) -> Option<Value> {
        let below = self.fence.checked_sub(1)?;
        let next_mark = self.marks.iter().rev().nth(1).copied().unwrap_or(0);
        self.values
            .get(below)
            .copied()
            .filter(|_| below >= next_mark)
    }

    /// The topmost `count` values, lowest first.
    #[inline]
    pub(crate) fn last(&self, count: usize) -> Result<&[Value], Halt> {
        let start = self
            .values
            .len()
            .checked_sub(count)
            .filter(|&start| start >= self.fence);
        start
            .and_then(|start| self.values.get(start..))
            .ok_or(Halt::Fault(Fault::StackUnderflow))
    }

    /// The topmost `N` values, lowest first, of which only the lowest stays.
    #[inline(always)]
    pub(crate) fn fold<const N: usize>(&mut self) -> Result<[Value; N], Halt> {
        let start = self.values.len().checked_sub(N);
        let start = start.filter(|&start| start >= self.fence);
        let found = start.and_then(|start| {
            let top = self.values.get(start..)?.first_chunk().copied()?;
            self.values.truncate(start + 1);
            Some(top)
        });
        found.ok_or(Halt::Fault(Fault::StackUnderflow))
    }

    /// Discards the topmost `count` values, which the caller has seen through [`Stack::last`].
    #[inline(always)]
    pub(crate) fn discard(&mut self, count: usize) {
        self.values
            .truncate(self.values.len().saturating_sub(count).max(self.fence));
    }

    /// Discards the topmost mark and everything above it.
    #[inline(always)]
    pub(crate) fn drop_to_mark(&mut self) {
        self.values.truncate(self.fence);
        self.drop_mark();
    }

    #[inline(always)]
    fn drop_mark(&mut self) {
        self.marks.pop();
        self.fence = self.marks.last().copied().unwrap_or(0);
    }
}

/// Makes room for `more`, and for as many again as there are, so that pushing costs the same each
/// time.
#[cold]
#[inline(never)]
fn grow<T>(stack: &mut Vec<T>, more: usize, most: usize) -> Result<(), Halt> {
    let room = most.saturating_sub(stack.len());
    if more > room {
        return Err(Halt::Limit("stack"));
    }
    stack.reserve_exact(stack.len().max(more).min(room));
    Ok(())
}
