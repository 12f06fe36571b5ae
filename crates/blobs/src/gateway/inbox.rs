//! `POST /train/{id}`: messages from other parties' nodes to a training of this one. The gateway only
//! passes them on; who takes them says who is heard.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    Json,
};
use futures::{future::BoxFuture, StreamExt};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::Gateway;

/// Messages that are read at the same time; further ones are to be sent again.
const AT_ONCE: usize = 32;
/// Bytes of all of them, whoever sends them: who it is is known only once a message is whole.
const BYTES: usize = 128 << 20;

/// Room for messages that are read, or not taken yet.
pub(super) struct Room {
    places: Semaphore,
    bytes: Semaphore,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            places: Semaphore::new(AT_ONCE),
            bytes: Semaphore::new(BYTES),
        }
    }
}

/// Why a message is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such training here, or not yet: 404.
    Unknown(String),
    /// Not of a party, not signed, not sealed to this one: 403.
    Wrong(String),
    /// More bytes than any message of the training: 413.
    TooLong(String),
    /// Not now: 503.
    Busy(String),
}

/// Takes messages.
pub trait Inbox: Send + Sync + 'static {
    /// Longest message for this training; none is read where there is no such training.
    fn limit(&self, training: u64) -> Result<usize, Refused>;

    /// Takes a message.
    fn take(&self, training: u64, message: Vec<u8>) -> BoxFuture<'static, Result<(), Refused>>;
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::Unknown(message) => (StatusCode::NOT_FOUND, "training", message),
            Self::Wrong(message) => (StatusCode::FORBIDDEN, "message", message),
            Self::TooLong(message) => (StatusCode::PAYLOAD_TOO_LARGE, "size", message),
            Self::Busy(message) => (StatusCode::SERVICE_UNAVAILABLE, "busy", message),
        };
        let body = serde_json::json!({ "error": code, "message": message });
        (status, Json(body)).into_response()
    }
}

impl Gateway {
    /// Passes messages of trainings on from now on. The first one counts.
    pub fn pass_on(&self, inbox: Arc<dyn Inbox>) {
        let _ = self.inner.inbox.set(inbox);
    }
}

pub(super) async fn take(
    State(gateway): State<Gateway>,
    Path(id): Path<u64>,
    body: Body,
) -> Response {
    match pass_on(&gateway, id, body).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn pass_on(gateway: &Gateway, id: u64, body: Body) -> Result<(), Refused> {
    let inbox = gateway
        .inner
        .inbox
        .get()
        .ok_or_else(|| Refused::Unknown("this node takes no part in trainings".into()))?;
    let limit = inbox.limit(id)?;
    let room = &gateway.inner.messages;
    let _place = room
        .places
        .try_acquire()
        .map_err(|_| Refused::Busy("too many messages at the moment".into()))?;
    let reading = read(body, limit, &room.bytes);
    let read = timeout(gateway.inner.config.upload_timeout, reading).await;
    let (message, _bytes) =
        read.map_err(|_| Refused::Busy("the message took too long".into()))??;
    inbox.take(id, message).await
}

/// Reads a message of at most `limit` bytes, as long as there are as many permits as bytes.
async fn read(
    body: Body,
    limit: usize,
    room: &Semaphore,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Refused> {
    let mut message = Vec::new();
    let mut held: Option<SemaphorePermit<'_>> = None;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::Busy("the message ended early".into()))?;
        let too_long = || Refused::TooLong(format!("the message has more than {limit} bytes"));
        if chunk.len() > limit.saturating_sub(message.len()) {
            return Err(too_long());
        }
        let size = u32::try_from(chunk.len()).map_err(|_| too_long())?;
        let more = room
            .try_acquire_many(size)
            .map_err(|_| Refused::Busy("too many bytes of messages at the moment".into()))?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        message.extend_from_slice(&chunk);
    }
    Ok((message, held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use futures::stream;

    fn body(chunks: &[&'static [u8]]) -> Body {
        let chunks: Vec<Result<Bytes, std::io::Error>> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::from_static(chunk)))
            .collect();
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn what_all_messages_hold_is_bounded() {
        let room = Semaphore::new(10);
        let (first, held) = read(body(&[b"abcd", b"ef"]), 8, &room).await.unwrap();
        assert_eq!((&first[..], room.available_permits()), (&b"abcdef"[..], 4));
        let busy = read(body(&[b"ab", b"cd", b"e"]), 8, &room).await;
        assert!(matches!(busy, Err(Refused::Busy(_))));
        // What was read of one that is refused is room again, and so is one that was taken.
        assert_eq!(room.available_permits(), 4);
        drop(held);
        assert_eq!(room.available_permits(), 10);
    }

    #[tokio::test]
    async fn long_messages_and_broken_ones_are_refused() {
        let room = Semaphore::new(100);
        let long = read(body(&[b"abcd", b"efghi"]), 8, &room).await;
        assert!(matches!(long, Err(Refused::TooLong(_))));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err("gone")]);
        let broken = read(Body::from_stream(broken), 8, &room).await;
        assert!(matches!(broken, Err(Refused::Busy(_))));
        assert!(read(body(&[]), 8, &room).await.unwrap().0.is_empty());
        assert_eq!(room.available_permits(), 100);
    }
}
