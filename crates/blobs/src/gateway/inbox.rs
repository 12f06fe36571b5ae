//! `POST /train/{id}`: messages from other parties' nodes to a training of this one. The gateway only
//! passes them on; who takes them says who is heard.

use std::sync::Arc;

use axum::{
    body::{to_bytes, Body},
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    Json,
};
use futures::future::BoxFuture;
use tokio::time::timeout;

use super::Gateway;

/// Messages that are read at the same time; further ones are to be sent again.
pub(super) const AT_ONCE: usize = 32;

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
    let _place = gateway
        .inner
        .messages
        .try_acquire()
        .map_err(|_| Refused::Busy("too many messages at the moment".into()))?;
    let read = timeout(gateway.inner.config.upload_timeout, to_bytes(body, limit)).await;
    let message = match read {
        Ok(Ok(message)) => message,
        Ok(Err(_)) => {
            return Err(Refused::TooLong(format!(
                "the message has more than {limit} bytes, or ended early"
            )))
        }
        Err(_) => return Err(Refused::Busy("the message took too long".into())),
    };
    inbox.take(id, message.to_vec()).await
}
