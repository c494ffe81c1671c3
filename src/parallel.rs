//! Work on many items by several threads, results in the order of the items.

use rayon::prelude::*;

/// Items that a thread takes at once where there are many: so few that no thread is left alone
/// with all the large ones, so many that taking them costs nothing.
const TAKEN: usize = 8;

/// Applies `work` to every item with so many threads; 0 for one a processor.
///
/// Results come in the order of the items, whichever finishes first, so that what is written does
/// not depend on the number of threads.
pub(crate) fn in_order<T, R>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Send + Sync,
) -> Vec<R>
where
    T: Sync,
    R: Send,
{
    if jobs == 1 || items.len() < 2 {
        return items.iter().map(work).collect();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => {
            let many = items.len() > pool.current_num_threads() * TAKEN * TAKEN;
            let taken = if many { TAKEN } else { 1 };
            let items = items.par_iter().with_max_len(taken);
            pool.install(|| items.map(work).collect())
        }
        // A system that grants no threads still gets its answer.
        Err(_) => items.iter().map(work).collect(),
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
                assert_eq!(in_order(&items, jobs, |item| item * 2), doubled);
            }
        }
    }
}
