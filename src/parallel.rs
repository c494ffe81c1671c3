//! Work on many items by several threads, results in the order of the items.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    thread,
};

/// Items that a thread takes at once where there are many: so few that no thread is left alone
/// with all the large ones, so many that taking them costs nothing.
const TAKEN: usize = 8;

/// Applies `work` to every item with so many threads; 0 for one a processor.
///
/// Results come in the order of the items, whichever finishes first, so that what is written does
/// not depend on the number of threads.
pub(crate) fn in_order<T, R>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    let jobs = match jobs {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        jobs => jobs,
    };
    if jobs == 1 || items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let mut results: Vec<Option<R>> = Vec::new();
    results.resize_with(items.len(), || None);
    let taken = if items.len() > jobs * TAKEN * TAKEN {
        TAKEN
    } else {
        1
    };
    let tasks = Mutex::new(items.chunks(taken).zip(results.chunks_mut(taken)));
    let run = || {
        // A panic of `work` ends its thread, not the others.
        let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some((items, places)) = next() {
            for (item, place) in items.iter().zip(places) {
                *place = Some(work(item));
            }
        }
    };
    thread::scope(|scope| {
        // A system that grants fewer threads still gets its answer from this one.
        for _ in 1..jobs.min(items.len()) {
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
    drop(tasks);
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 2, 5, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            for jobs in [0, 1, 2, 7] {
                assert_eq!(in_order(&items, jobs, |item| item * 2), doubled);
            }
        }
    }
}
