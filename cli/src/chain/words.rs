//! Errors of the chain and of the connection in words.

use subxt::{
    error::{BackendError, DispatchError, ExtrinsicError, RpcError, TransactionEventsError},
    rpcs,
};

use crate::error::Failure;

/// What the connection said, without subxt's prefixes.
pub fn transport(error: &rpcs::Error) -> String {
    match error {
        rpcs::Error::User(error) => error.message.clone(),
        rpcs::Error::Client(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// An error of subxt while doing `what`.
pub fn failed(url: &str, spec_version: u32, what: &str, error: subxt::Error) -> anyhow::Error {
    if let subxt::Error::TransactionEventsError(TransactionEventsError::ExtrinsicFailed(refused)) =
        &error
    {
        return refusal(what, refused).into();
    }
    if let subxt::Error::ExtrinsicError(ExtrinsicError::ErrorSubmittingTransaction(
        BackendError::Rpc(RpcError::ClientError(rpcs::Error::User(refused))),
    )) = &error
    {
        return pool_refusal(what, refused).into();
    }
    let text = error.to_string();
    // Subxt keeps the causes of most of its errors to itself, so their words have to do.
    let lost = text.contains("RPC error: client error") || text.contains("subscription dropped");
    if lost {
        return Failure::Unreachable {
            url: url.to_owned(),
            reason: format!("the connection broke while trying to {what}: {text}"),
        }
        .into();
    }
    let differs = [
        "not compatible with the live chain",
        "not found in",
        "Can't find",
    ]
    .iter()
    .any(|words| text.contains(words));
    if differs {
        return Failure::Unreachable {
            url: url.to_owned(),
            reason: format!(
                "cannot {what}: the node's runtime (spec version {spec_version}) differs there \
                 from the one that this command was built for; update the command ({text})"
            ),
        }
        .into();
    }
    anyhow::Error::new(error).context(format!("cannot {what}"))
}

/// What a runtime refused, by the error's name and its documentation.
pub fn refusal(call: &str, error: &DispatchError) -> Failure {
    let (name, words) = match error {
        DispatchError::Module(error) => match error.details() {
            Ok(details) => (
                format!("{}.{}", lower(details.pallet.name()), details.variant.name),
                details.variant.docs.join(" ").trim().to_owned(),
            ),
            Err(_) => (
                "unknown".to_owned(),
                format!("an error that the node's metadata does not have: {error}"),
            ),
        },
        DispatchError::Token(error) => (format!("token.{error:?}"), error.to_string()),
        DispatchError::Arithmetic(error) => (format!("arithmetic.{error:?}"), error.to_string()),
        DispatchError::Transactional(error) => {
            (format!("transactional.{error:?}"), error.to_string())
        }
        DispatchError::BadOrigin => (
            "BadOrigin".to_owned(),
            "this call is not for this account to make".to_owned(),
        ),
        other => (format!("{other:?}"), other.to_string()),
    };
    Failure::Refused {
        call: call.to_owned(),
        name,
        words,
    }
}

/// What the transaction pool refused: it says so in a message and data.
fn pool_refusal(call: &str, error: &rpcs::UserError) -> Failure {
    let data = error
        .data
        .as_ref()
        .map(|data| data.get().trim_matches('"').to_owned())
        .unwrap_or_default();
    let words = match data.as_str() {
        "" => error.message.clone(),
        data if data.contains("Inability to pay") => {
            "the account cannot pay the fee: it needs tokens, or a sponsor".to_owned()
        }
        data => data.to_owned(),
    };
    Failure::Refused {
        call: call.to_owned(),
        name: "transaction".to_owned(),
        words,
    }
}

/// A pallet's name as it stands in error names and calls: `Records` is `records`.
pub fn lower(pallet: &str) -> String {
    let mut letters = pallet.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
