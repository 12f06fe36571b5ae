//! `GET` and `HEAD /blobs/{digest}`.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{header, HeaderMap, Method, StatusCode},
    response::Response,
};
use bytes::Bytes;
use futures::{stream, StreamExt};
use salus_primitives::{AccountId, Digest};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    range::{wanted, Wanted},
    token, Gateway,
};
use crate::{
    auth::{self, now_ms},
    store::parse_digest,
    StoreError,
};

const MISSING: &str = "{\"error\":\"not found\"}";

/// A request that is to be served.
struct Admitted {
    digest: Digest,
    size: u64,
    place: OwnedSemaphorePermit,
}

pub(super) async fn fetch(
    State(gateway): State<Gateway>,
    method: Method,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let served = match gateway.admit(&method, &name, &headers).await {
        Some(admitted) => gateway.serve_blob(&method, &headers, admitted).await,
        None => None,
    };
    let answer = served.unwrap_or_else(|| missing(&method));
    gateway.inner.answers.count(&method, answer.status());
    answer
}

/// Any other path.
pub(super) async fn unknown(method: Method) -> Response {
    missing(&method)
}

/// The one answer to everything that is not served.
fn missing(method: &Method) -> Response {
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from(MISSING),
    };
    respond(
        StatusCode::NOT_FOUND,
        "application/json",
        MISSING.len() as u64,
        body,
    )
}

fn respond(status: StatusCode, kind: &'static str, length: u64, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    response
}

impl Gateway {
    /// Whether the request is to be served. All look-ups are made in the same order whichever of
    /// them fails, so that the time of the answer says no more than the answer. An account that has
    /// no free place is refused before any, whatever it asks for.
    async fn admit(&self, method: &Method, name: &str, headers: &HeaderMap) -> Option<Admitted> {
        let now = now_ms();
        let digest = parse_digest(name);
        let asked = digest.unwrap_or_default();
        let purpose = match *method {
            Method::HEAD => auth::Method::Head,
            _ => auth::Method::Get,
        };
        let genesis = self.inner.chain.genesis();
        let request = token(headers)
            .ok()
            .filter(|token| {
                token
                    .verify(
                        genesis,
                        &self.inner.bases,
                        self.inner.start,
                        purpose,
                        asked,
                        now,
                    )
                    .is_ok()
            })
            .map(|token| token.request);
        // Requests without a valid token share the places of an account that nobody has.
        let who = match &request {
            Some(request) => request.account.clone(),
            None => AccountId::new([0; 32]),
        };
        let place = self.place(&who).await?;
        let account = who.clone();
        let permission = self
            .ask_for(&who, move |chain| {
                let view = chain.view()?;
                let at_best = chain.may_fetch(view.best, &account, &asked)?;
                let at_finalized = chain.may_fetch(view.finalized, &account, &asked)?;
                Ok((view.best_age_ms, at_best, at_finalized))
            })
            .await;
        let size = self.inner.store.size(&asked).await;

        let permitted = match permission {
            Ok((age, at_best, at_finalized)) => self.is_fresh(age) & at_best & at_finalized,
            Err(error) => {
                log::warn!(target: "salus::blobs", "a request was refused: {error}");
                false
            }
        };
        if permitted && request.is_some() {
            self.inner.known.add(&who);
        }
        let size = match size {
            Ok(size) => size,
            Err(StoreError::NotFound) => return None,
            Err(error) => {
                log::error!(target: "salus::blobs", "blob {asked:x}: {error}");
                return None;
            }
        };
        let (digest, request) = (digest?, request?);
        if !permitted {
            return None;
        }
        // Last, so that only those who may fetch take room in the memory of tokens.
        self.inner.nonces.lock().consume(&request, now).ok()?;
        Some(Admitted {
            digest,
            size,
            place,
        })
    }

    async fn serve_blob(
        &self,
        method: &Method,
        headers: &HeaderMap,
        admitted: Admitted,
    ) -> Option<Response> {
        let Admitted {
            digest,
            size,
            place,
        } = admitted;
        let range = headers
            .get(header::RANGE)
            .and_then(|value| value.to_str().ok());
        let (status, range) = match wanted(range, size) {
            Wanted::Whole => (StatusCode::OK, 0..size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Unsatisfiable => {
                let mut response = respond(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "application/octet-stream",
                    0,
                    Body::empty(),
                );
                let value = format!("bytes */{size}").parse().ok()?;
                response.headers_mut().insert(header::CONTENT_RANGE, value);
                return Some(response);
            }
        };
        let body = match *method {
            Method::HEAD => Body::empty(),
            _ => match self.inner.store.stream(&digest, range.clone()).await {
                Ok(chunks) => self.body(chunks, place),
                Err(error) => {
                    log::error!(target: "salus::blobs", "blob {digest:x}: {error}");
                    return None;
                }
            },
        };
        let length = range.end - range.start;
        let mut response = respond(status, "application/octet-stream", length, body);
        let headers = response.headers_mut();
        headers.insert(
            header::ACCEPT_RANGES,
            header::HeaderValue::from_static("bytes"),
        );
        if status == StatusCode::PARTIAL_CONTENT {
            let value = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            headers.insert(header::CONTENT_RANGE, value.parse().ok()?);
        }
        Some(response)
    }

    /// A body that keeps the account's place until it is sent, and ends where the store hangs.
    fn body(
        &self,
        chunks: stream::BoxStream<'static, Result<Bytes, StoreError>>,
        place: OwnedSemaphorePermit,
    ) -> Body {
        let patience = self.inner.config.idle_timeout;
        let chunks = stream::try_unfold((chunks, place), move |(mut chunks, place)| async move {
            match tokio::time::timeout(patience, chunks.next()).await {
                Ok(Some(Ok(chunk))) => Ok(Some((chunk, (chunks, place)))),
                Ok(Some(Err(error))) => Err(error),
                Ok(None) => Ok(None),
                Err(_) => Err(StoreError::Backend("no answer in time".into())),
            }
        });
        Body::from_stream(chunks)
    }
}
