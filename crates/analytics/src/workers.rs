//! Independent tasks on a given number of threads.

use std::{num::NonZeroUsize, sync::Mutex, thread};

/// Results of `task` over `items`, in the order of the items whatever thread computed which.
///
/// Each thread makes one scratch value and reuses it. With one thread, or one item, everything
/// runs on the caller's.
pub fn map<I, S, T>(
    threads: NonZeroUsize,
    items: Vec<I>,
    scratch: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, I) -> T + Sync,
) -> Vec<T>
where
    I: Send,
    T: Send,
{
    let threads = threads.get().min(items.len());
    if threads <= 1 {
        let mut own = scratch();
        return items.into_iter().map(|item| task(&mut own, item)).collect();
    }

    let mut results: Vec<Option<T>> = items.iter().map(|_| None).collect();
    let queue = Mutex::new(items.into_iter().zip(results.iter_mut()));
    let work = || {
        let mut own = scratch();
        loop {
            // A poisoned lock means that another thread panics already: the scope passes it on.
            let next = match queue.lock() {
                Ok(mut queue) => queue.next(),
                Err(_) => None,
            };
            let Some((item, slot)) = next else { break };
            *slot = Some(task(&mut own, item));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    drop(queue);
    results
        .into_iter()
        .map(|result| result.expect("the queue is drained before the scope ends"))
        .collect()
}

/// The given number of threads, or as many as the machine has.
pub fn count(threads: Option<NonZeroUsize>) -> NonZeroUsize {
    threads
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}
