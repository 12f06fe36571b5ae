//! Messages to trainings at other nodes.

use reqwest::StatusCode;
use serde::Deserialize;

use super::{small_body, words, Client, Limits};
use crate::Base;

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The address is none of a gateway, or none that messages are brought to.
    #[error("bad address: {0}")]
    BadAddress(String),
    /// The other node does not take it and never will.
    #[error("{0}")]
    Refused(String),
    /// Not reached, or not ready: again later.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Client {
    /// Brings a message to a training at the gateway that its party named, once.
    pub async fn post(
        &self,
        gateway: &str,
        training: u64,
        message: Vec<u8>,
        limits: &Limits,
    ) -> Result<(), PostError> {
        let bad = |reason: &dyn std::fmt::Display| PostError::BadAddress(reason.to_string());
        let base: Base = gateway.parse().map_err(|error| bad(&error))?;
        let route = self.foreign_route(&base).map_err(|error| bad(&error))?;
        let request = route
            .http
            .post(route.dial.training(training))
            .timeout(limits.deadline)
            .body(message);
        let answer = request.send().await;
        let response = answer.map_err(|error| PostError::Unavailable(words(error)))?;
        let status = response.status();
        if status == StatusCode::ACCEPTED {
            return Ok(());
        }
        let body = small_body(response, limits).await.unwrap_or_default();
        let words = serde_json::from_slice::<Refusal>(&body)
            .map_or_else(|_| status.to_string(), |refusal| refusal.message);
        match status {
            StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE => Err(PostError::Refused(words)),
            _ => Err(PostError::Unavailable(words)),
        }
    }
}
