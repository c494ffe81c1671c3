//! One task an input, results in the order of the inputs.

use rayon::prelude::*;

/// Applies `work` to every item with so many threads; 0 for one a processor.
///
/// Results come in the order of the items, whichever finishes first, so that what is written does
/// not depend on the number of threads.
pub(super) fn in_order<T, R>(
    items: Vec<T>,
    jobs: usize,
    work: impl Fn(T) -> R + Send + Sync,
) -> Vec<R>
where
    T: Send,
    R: Send,
{
    if jobs == 1 || items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool.install(|| items.into_par_iter().with_max_len(1).map(work).collect()),
        // A system that grants no threads still gets its answer.
        Err(_) => items.into_iter().map(work).collect(),
    }
}
