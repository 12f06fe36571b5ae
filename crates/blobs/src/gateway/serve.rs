//! Connections.

use std::{future::Future, io, sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{watch, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{patient::Patient, Gateway};

/// Largest request head, bytes: a token is under 500.
const MAX_HEAD: usize = 16 * 1024;

/// Serves `gateway` on `listener` and collects in the background, until `shutdown`; then lets the
/// requests under way end for `drain_timeout`.
pub async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let config = gateway.config().clone();
    let free = Arc::new(Semaphore::new(config.connections.max(1)));
    let router = gateway.router();
    let mut tasks = JoinSet::new();
    tasks.spawn(collect_regularly(gateway, stopping.clone()));
    futures::pin_mut!(shutdown);
    loop {
        let accepted = async {
            let place = free.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
            Some(_) = tasks.join_next() => continue,
        };
        let Ok(place) = place else { break };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: wait for connections to end.
                log::warn!(target: "salus::blobs", "a connection was not accepted: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(MAX_HEAD)
            .half_close(false);
        let connection = builder.serve_connection(
            TokioIo::new(Patient::new(stream, config.idle_timeout)),
            TowerToHyperService::new(router.clone()),
        );
        let mut stopping = stopping.clone();
        tasks.spawn(async move {
            let _place = place;
            futures::pin_mut!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stopped(&mut stopping) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                log::debug!(target: "salus::blobs", "a connection ended: {error}");
            }
        });
    }
    let _ = stop.send(true);
    let rest = async { while tasks.join_next().await.is_some() {} };
    if timeout(config.drain_timeout, rest).await.is_err() {
        tasks.shutdown().await;
    }
    Ok(())
}

/// Returns once the gateway stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn collect_regularly(gateway: Gateway, mut stopping: watch::Receiver<bool>) {
    let config = gateway.config().clone();
    loop {
        tokio::select! {
            () = stopped(&mut stopping) => return,
            () = sleep(config.collect_every) => {}
        }
        match gateway.collect(config.grace).await {
            Ok(done) if done.dropped > 0 => log::info!(
                target: "salus::blobs",
                "dropped {} blobs ({} bytes) that nothing on chain refers to",
                done.dropped,
                done.freed
            ),
            Ok(_) => {}
            Err(error) => {
                log::warn!(target: "salus::blobs", "collection stopped early: {error}")
            }
        }
    }
}
