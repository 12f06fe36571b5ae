//! `PUT /blobs/{digest}`.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{header, HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    Json,
};
use futures::StreamExt;
use salus_primitives::{AccountId, Digest};
use tokio::time::{timeout, timeout_at, Instant};

use super::{token, Gateway};
use crate::{
    auth::{self, now_ms, TokenError},
    chain::{ChainError, Quota},
    ledger::{charge, Note},
    store::parse_digest,
    StoreError, Writer,
};

/// Why an upload was refused: a code for programs, words for people.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let (status, code) = match error {
            TokenError::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
            _ => (StatusCode::UNAUTHORIZED, "token"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<ChainError> for Refusal {
    fn from(error: ChainError) -> Self {
        log::warn!(target: "salus::blobs", "an upload was refused: {error}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "chain",
            "the chain does not answer",
        )
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::DigestMismatch { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "digest", message)
            }
            StoreError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "size", message)
            }
            StoreError::Input(_) => Self::new(StatusCode::BAD_REQUEST, "body", message),
            StoreError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", message),
            _ => {
                log::error!(target: "salus::blobs", "an upload failed: {message}");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "store",
                    "the store failed",
                )
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// Room promised to an upload; given back when it ends, whichever way.
struct Reservation {
    gateway: Gateway,
    member: AccountId,
    size: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.gateway
            .inner
            .ledger
            .lock()
            .release(&self.member, self.size);
    }
}

pub(super) async fn upload(
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut body = body.into_data_stream();
    let answer = match gateway.take(&name, &headers, &mut body).await {
        Ok((digest, size)) => {
            let digest = hex::encode(digest.as_bytes());
            let body = serde_json::json!({ "digest": digest, "size": size });
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(refusal) => {
            // Closing with bytes unread would reset the connection before the client has seen the
            // answer.
            let rest = async { while let Some(Ok(_)) = body.next().await {} };
            let _ = timeout(gateway.inner.config.drain_timeout, rest).await;
            refusal.into_response()
        }
    };
    gateway.inner.answers.count(&Method::PUT, answer.status());
    answer
}

impl Gateway {
    async fn take(
        &self,
        name: &str,
        headers: &HeaderMap,
        body: &mut axum::body::BodyDataStream,
    ) -> Result<(Digest, u64), Refusal> {
        let now = now_ms();
        let config = &self.inner.config;
        let digest = parse_digest(name).ok_or_else(|| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "name",
                "a blob is named by 64 lower-case hex digits",
            )
        })?;
        let token = token(headers)?;
        token.verify(
            self.inner.chain.genesis(),
            &self.inner.bases,
            self.inner.start,
            auth::Method::Put,
            digest,
            now,
        )?;
        let size: u64 = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .ok_or_else(|| {
                Refusal::new(
                    StatusCode::LENGTH_REQUIRED,
                    "length",
                    "an upload has to announce its length",
                )
            })?;
        if size > config.max_blob {
            return Err(StoreError::TooLarge {
                max: config.max_blob,
            }
            .into());
        }
        let who = token.request.account.clone();
        let _place = self.place(&who).await.ok_or(TokenError::Busy)?;
        let (quota, referenced) = self.quota(&who, digest).await?;
        self.inner.nonces.lock().consume(&token.request, now)?;
        let charge = if referenced { 0 } else { charge(size) };
        let reservation = self.reserve(&quota, digest, charge).await?;

        let mut writer = self.inner.store.writer(digest, size).await?;
        if let Err(refusal) = self.receive(body, &mut writer).await {
            writer.abort().await;
            return Err(refusal);
        }
        let written = writer.size();
        self.commit(writer, digest, &quota.member, referenced)
            .await?;
        drop(reservation);
        Ok((digest, written))
    }

    /// The quota of the account's member, and whether something refers to the blob already. Both
    /// blocks have to grant the quota to the same member, either may refer.
    async fn quota(&self, who: &AccountId, digest: Digest) -> Result<(Quota, bool), Refusal> {
        let asked = who.clone();
        let (age, quota, referenced) = self
            .ask_for(who, move |chain| {
                let view = chain.view()?;
                let at_best = chain.upload_quota(view.best, &asked)?;
                let at_finalized = chain.upload_quota(view.finalized, &asked)?;
                let quota = at_best
                    .zip(at_finalized)
                    .filter(|(best, finalized)| best.member == finalized.member)
                    .map(|(best, finalized)| Quota {
                        bytes: best.bytes.min(finalized.bytes),
                        ..best
                    });
                let referenced = chain.is_referenced(view.best, &digest)?
                    || chain.is_referenced(view.finalized, &digest)?;
                Ok((view.best_age_ms, quota, referenced))
            })
            .await?;
        if !self.is_fresh(age) {
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "stale",
                "the gateway's best block is too old",
            ));
        }
        let quota = quota.ok_or_else(|| {
            Refusal::new(
                StatusCode::FORBIDDEN,
                "member",
                "the account may not upload: it is not an active member's",
            )
        })?;
        self.inner.known.add(who);
        Ok((quota, referenced))
    }

    async fn reserve(
        &self,
        quota: &Quota,
        digest: Digest,
        size: u64,
    ) -> Result<Reservation, Refusal> {
        let Quota { member, bytes } = quota;
        let reserve = || {
            let mut ledger = self.inner.ledger.lock();
            ledger.reserve(member, &digest, size, *bytes)
        };
        if reserve().is_err() {
            // Some of what counts may have been referred to since.
            self.settle(member).await?;
            reserve().map_err(|charged| {
                Refusal::new(
                    StatusCode::FORBIDDEN,
                    "quota",
                    format!(
                        "quota exceeded: {charged} bytes of the member are stored or on their way \
                         without a reference on chain, {size} more exceed {bytes}"
                    ),
                )
            })?;
        }
        Ok(Reservation {
            gateway: self.clone(),
            member: member.clone(),
            size,
        })
    }

    /// Notes which of the member's uploads something on chain refers to by now.
    async fn settle(&self, member: &AccountId) -> Result<(), Refusal> {
        let open: Vec<Digest> = {
            let ledger = self.inner.ledger.lock();
            ledger.unreferenced_of(member).map(|(d, _)| d).collect()
        };
        let referenced = self
            .ask(move |chain| {
                let at = chain.view()?.finalized;
                let mut referenced = Vec::new();
                for digest in open {
                    if chain.is_referenced(at, &digest)? {
                        referenced.push(digest);
                    }
                }
                Ok(referenced)
            })
            .await?;
        for digest in referenced {
            self.mark(digest, None).await?;
        }
        Ok(())
    }

    /// Receives the body. A client that is silent or slow is cut off.
    async fn receive(
        &self,
        body: &mut axum::body::BodyDataStream,
        writer: &mut Writer,
    ) -> Result<(), Refusal> {
        let config = &self.inner.config;
        let end = Instant::now() + config.upload_timeout;
        let slow = |_| {
            Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "the upload took too long",
            )
        };
        loop {
            let pause = Instant::now() + config.idle_timeout.max(Duration::from_millis(1));
            match timeout_at(pause.min(end), body.next())
                .await
                .map_err(slow)?
            {
                None => return Ok(writer.check()?),
                Some(Ok(chunk)) => timeout_at(end, writer.write(chunk)).await.map_err(slow)??,
                Some(Err(error)) => return Err(StoreError::Input(error.to_string()).into()),
            }
        }
    }

    /// Notes who pays for the blob, then makes it visible: a crash in between counts too much
    /// rather than too little.
    async fn commit(
        &self,
        writer: Writer,
        digest: Digest,
        member: &AccountId,
        referenced: bool,
    ) -> Result<(), Refusal> {
        let _commit = self.inner.commit.lock().await;
        let before = self.inner.ledger.lock().notes.get(&digest).cloned();
        let now = now_ms();
        let note = Note {
            uploader: Some(member.clone()),
            size: writer.size(),
            uploaded: now,
            unreferenced_since: (!referenced).then_some(now),
        };
        let json = note.to_json()?;
        if let Err(error) = self.inner.store.put_note(&digest, json).await {
            writer.abort().await;
            return Err(error.into());
        }
        match writer.finish().await {
            Ok(_) => {
                self.inner.ledger.lock().notes.insert(digest, note);
                Ok(())
            }
            Err(error) => {
                let undone = match before {
                    Some(note) => self.inner.store.put_note(&digest, note.to_json()?).await,
                    None => self.inner.store.delete_note(&digest).await,
                };
                if let Err(error) = undone {
                    log::warn!(target: "salus::blobs", "note of blob {digest:x}: {error}");
                }
                Err(error.into())
            }
        }
    }
}
