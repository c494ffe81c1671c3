//! Work on many items by several threads, results in the order of the items.

use rayon::{ThreadPool, prelude::*};

/// Items that a thread takes at once where there are many: so few that no thread is left alone
/// with all the large ones, so many that taking them costs nothing.
const TAKEN: usize = 8;

/// Threads that stay for several rounds of work.
pub(crate) struct Workers(Option<ThreadPool>);

impl Workers {
    /// So many threads; 0 for one a processor. None where there are fewer than two items at once.
    pub(crate) fn new(jobs: usize, items: usize) -> Self {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs);
        let wanted = jobs != 1 && items > 1;
        // A system that grants no threads still gets its answer.
        Self(wanted.then(|| threads.build().ok()).flatten())
    }

    /// Applies `work` to every item.
    ///
    /// Results come in the order of the items, whichever finishes first, so that what is written does
    /// not depend on the number of threads.
    pub(crate) fn in_order<T, R>(&self, items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R>
    where
        T: Sync,
        R: Send,
    {
        let Some(pool) = &self.0 else {
            return items.iter().map(work).collect();
        };
        let many = items.len() > pool.current_num_threads() * TAKEN * TAKEN;
        let taken = if many { TAKEN } else { 1 };
        let items = items.par_iter().with_max_len(taken);
        pool.install(|| items.map(work).collect())
    }
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
                let workers = Workers::new(jobs, count);
                assert_eq!(workers.in_order(&items, |item| item * 2), doubled);
            }
        }
    }
}
