//! The few questions a launcher asks a node, as JSON-RPC over HTTP: they need no metadata.

use std::time::Duration;

use anyhow::{anyhow, Context};
use serde_json::{json, Value};

use crate::error::Failure;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A node's JSON-RPC.
#[derive(Clone, Debug)]
pub struct Rpc {
    client: reqwest::Client,
    url: String,
}

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height of the best block.
    pub best: u32,
    /// Height of the last finalized block.
    pub finalized: u32,
    /// Connected peers.
    pub peers: u32,
}

impl Rpc {
    /// Of the node that listens on this port of this machine.
    pub fn local(port: u16) -> anyhow::Result<Self> {
        Ok(Rpc {
            client: reqwest::Client::builder()
                .timeout(TIMEOUT)
                .no_proxy()
                .build()?,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Calls a method.
    pub async fn call(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer: Value = self
            .client
            .post(&self.url)
            .json(&request)
            .send()
            .await
            .map_err(|error| Failure::Unreachable {
                url: self.url.clone(),
                reason: error.without_url().to_string(),
            })?
            .json()
            .await
            .with_context(|| format!("{method} got no JSON from {}", self.url))?;
        match answer.get("error") {
            Some(error) => Err(anyhow!("{method} was refused: {error}")),
            None => Ok(answer["result"].take()),
        }
    }

    /// How far the node is.
    pub async fn head(&self) -> anyhow::Result<Head> {
        let finalized = self.call("chain_getFinalizedHead", json!([])).await?;
        let health = self.call("system_health", json!([])).await?;
        Ok(Head {
            best: number(&self.call("chain_getHeader", json!([])).await?)?,
            finalized: number(&self.call("chain_getHeader", json!([finalized])).await?)?,
            peers: health["peers"]
                .as_u64()
                .unwrap_or_default()
                .try_into()
                .unwrap_or(u32::MAX),
        })
    }
}

/// Height of a header.
fn number(header: &Value) -> anyhow::Result<u32> {
    header["number"]
        .as_str()
        .and_then(|digits| u32::from_str_radix(digits.strip_prefix("0x")?, 16).ok())
        .context("the node gave a header without a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_height_is_hexadecimal() {
        assert_eq!(number(&json!({ "number": "0x1f" })).unwrap(), 31);
        assert!(number(&json!({ "number": 31 })).is_err());
        assert!(number(&Value::Null).is_err());
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        let port = crate::network::ports::free(1).unwrap()[0];
        let error = Rpc::local(port).unwrap().head().await.unwrap_err();
        assert_eq!(crate::error::exit_code(&error), 4);
    }
}
