//! Signals that end the command, and work that ends with them.

use std::{
    future::Future,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

use anyhow::Context;
use tokio::signal::unix::{signal, SignalKind};

use crate::error::{failure, Failure};

/// Does something until it is done, or an interrupt at the terminal (SIGINT) or a request to end
/// (SIGTERM) comes: then what is under way is dropped, and the error is [`Failure::Interrupted`].
pub async fn unless_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
    let (mut interrupted, mut terminated) = (signal(interrupt)?, signal(terminate)?);
    let kind = tokio::select! {
        // Work that hears of a signal itself, and adds to the error, comes first.
        biased;
        done = work => return done,
        _ = interrupted.recv() => interrupt,
        _ = terminated.recv() => terminate,
    };
    Err(Failure::Interrupted {
        signal: u8::try_from(kind.as_raw_value())?,
    }
    .into())
}

/// Whether a signal ended it.
pub fn is_interrupted(error: &anyhow::Error) -> bool {
    matches!(failure(error), Some(Failure::Interrupted { .. }))
}

/// Computes on a thread of its own, so that signals are heard meanwhile. The work is told to stop
/// where the future is dropped.
pub async fn compute<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> anyhow::Result<T> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let guard = StopOnDrop(Arc::default());
    let stop = guard.0.clone();
    tokio::task::spawn_blocking(move || work(&stop))
        .await
        .context("the computation broke off")
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_told_to_stop() {
        let (told, heard) = mpsc::channel();
        let work = compute(move |stop| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
            told.send(()).unwrap();
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), work)
            .await
            .is_err());
        heard.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
