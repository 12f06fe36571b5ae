//! Waiting for something that is known to come, never for a fixed time.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::{
    error::{failure, Failure},
    record::NotServed,
};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Repeats `attempt` while a gateway or node does not serve yet, which the next block may change.
/// Any other failure is final, and so is the last one when `patience` is over.
pub async fn until_ok<T, F: Future<Output = anyhow::Result<T>>>(
    patience: Duration,
    attempt: impl Fn() -> F,
) -> anyhow::Result<T> {
    let end = Instant::now() + patience;
    loop {
        match attempt().await {
            Err(error) if may_change(&error) && Instant::now() < end => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

fn may_change(error: &anyhow::Error) -> bool {
    error.downcast_ref::<NotServed>().is_some()
        || matches!(failure(error), Some(Failure::Unreachable { .. }))
}

/// Repeats `look` until it finds something; `what` is what is waited for.
pub async fn until_some<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    patience: Duration,
    look: impl Fn() -> F,
) -> anyhow::Result<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > end {
            return None.with_context(|| format!("{what}: not within {} s", patience.as_secs()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_may_change_is_tried_again_and_what_may_not_is_not() {
        let count = Cell::new(0);
        let attempt = || async {
            count.set(count.get() + 1);
            match count.get() {
                3 => Ok(count.get()),
                _ => Err(anyhow::anyhow!(NotServed).context("blob")),
            }
        };
        assert_eq!(until_ok(Duration::from_secs(60), attempt).await.unwrap(), 3);

        let count = Cell::new(0);
        let attempt = || async {
            count.set(count.get() + 1);
            anyhow::bail!("no") as anyhow::Result<()>
        };
        assert!(until_ok(Duration::from_secs(60), attempt).await.is_err());
        assert_eq!(count.get(), 1);
    }

    #[tokio::test]
    async fn waiting_ends() {
        let never = || async { Ok(None::<()>) };
        let error = until_some("rain", Duration::ZERO, never).await.unwrap_err();
        assert!(error.to_string().contains("rain"));
    }
}
