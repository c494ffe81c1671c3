//! A source that remembers whether reading it failed.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use crate::{limits::Limits, source::Source};

/// Units of work for one call of the operating system, its bytes aside.
pub(super) const CALL: usize = 512;

/// Passes reads on and keeps the first error.
///
/// Rooms further in may treat an unreadable byte as the end of a stream or a member. That is right
/// for them; but the input is then `incomplete`, whatever they made of it.
pub(super) struct Watched<S> {
    inner: S,
    limits: Limits,
    failure: Mutex<Option<(io::ErrorKind, String)>>,
}

impl<S: Source> Watched<S> {
    pub(super) fn new(inner: S, limits: &Limits) -> Self {
        Self {
            inner,
            limits: limits.clone(),
            failure: Mutex::new(None),
        }
    }

    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    /// The first error, where there was one.
    pub(super) fn failure(&self) -> Option<(io::ErrorKind, String)> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<S: Source> Source for Watched<S> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.limits.deadline.has_passed() {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            self.inner.read_at(offset, buffer)
        };
        let deadline = &self.limits.deadline;
        deadline.spend(read.as_ref().copied().unwrap_or(0).saturating_add(CALL));
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| (error.kind(), error.to_string()));
        }
        read
    }

    fn contents(&self) -> Option<&[u8]> {
        self.inner.contents()
    }
}
