//! How much work one input may cause.
//!
//! One budget is made for each input and handed along through everything nested in it, so a bomb
//! cannot multiply by nesting.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::limits::Limits;

/// What is left of the limits for one input.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    members: usize,
    /// Bytes that may still be produced by decompression. Shared with sources that have to
    /// decompress again in order to go back.
    inflated: Arc<AtomicU64>,
}

impl Budget {
    /// A full budget.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            members: limits.members,
            inflated: Arc::new(AtomicU64::new(limits.inflated)),
        }
    }

    /// The limits that the budget was made from.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes one member; `false` where none is left.
    pub(super) fn take_member(&mut self) -> bool {
        let left = self.members.checked_sub(1);
        self.members = left.unwrap_or(0);
        left.is_some()
    }

    /// A handle on what may still be inflated.
    pub(super) fn inflatable(&self) -> Inflatable {
        Inflatable(Arc::clone(&self.inflated))
    }
}

/// What may still be inflated for one input.
#[derive(Clone, Debug)]
pub(super) struct Inflatable(Arc<AtomicU64>);

impl Inflatable {
    /// Takes so many bytes; `false` where fewer are left, and then none is left.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            });
        if taken.is_err() {
            self.0.store(0, Ordering::Relaxed);
        }
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_run_out() {
        let mut budget = Budget::new(&Limits {
            members: 2,
            ..Limits::default()
        });
        assert!(budget.take_member() && budget.take_member());
        assert!(!budget.take_member());
        assert!(!budget.take_member());
    }

    #[test]
    fn inflated_bytes_run_out_for_all_holders_at_once() {
        let budget = Budget::new(&Limits {
            inflated: 10,
            ..Limits::default()
        });
        let (one, other) = (budget.inflatable(), budget.inflatable());
        assert!(one.take(10));
        assert!(!other.take(1));
        assert!(other.take(0));
    }
}
