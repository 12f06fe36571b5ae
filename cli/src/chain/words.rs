//! Errors of the chain and of the connection in words.

use subxt::{
    error::{
        ArithmeticError, BackendError, DispatchError, ExtrinsicError, RpcError, TokenError,
        TransactionEventsError,
    },
    rpcs,
};

use crate::error::Failure;

/// What the connection said, without subxt's prefixes.
pub fn transport(error: &rpcs::Error) -> String {
    let text = match error {
        rpcs::Error::User(error) => error.message.clone(),
        other => other.to_string(),
    };
    let prefix = "RPC error: client error: ";
    text.trim_start_matches(prefix).to_owned()
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
        DispatchError::Token(error) => (format!("token.{error:?}"), token_words(error)),
        DispatchError::Arithmetic(error) => (
            format!("arithmetic.{error:?}"),
            match error {
                // What a balance says that is asked for more than there is.
                ArithmeticError::Underflow => TOO_LITTLE.to_owned(),
                other => other.to_string(),
            },
        ),
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

/// An account that is asked for more than it can spend.
const TOO_LITTLE: &str = "the account cannot spend that much: what is held for deposits, bonds and \
                          rewards is not free, and a little has to stay; see `salus chain account`, \
                          and `salus chain transfer` to send it more";

/// What the chain's money refuses, and what to do.
fn token_words(error: &TokenError) -> String {
    match error {
        TokenError::FundsUnavailable
        | TokenError::OnlyProvider
        | TokenError::CannotCreateHold
        | TokenError::NotExpendable => TOO_LITTLE.to_owned(),
        TokenError::BelowMinimum => {
            "the amount is below the least that an account can have: send more".to_owned()
        }
        other => other.to_string(),
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

#[cfg(test)]
mod tests {
    use codec::Decode;
    use subxt::{metadata::ArcMetadata, Metadata};

    use super::*;

    fn metadata() -> ArcMetadata {
        let bytes = include_bytes!("../../metadata.scale");
        ArcMetadata::new(Metadata::decode(&mut &bytes[..]).unwrap())
    }

    /// `DispatchError::Module` of the error with this index in the pallet with this index.
    fn module_error(pallet: u8, error: u8) -> Failure {
        let bytes = vec![3, pallet, error, 0, 0, 0];
        let error = DispatchError::decode_from(bytes, metadata()).unwrap();
        refusal("records.store", &error)
    }

    #[test]
    fn an_error_of_a_pallet_has_its_name_and_its_words() {
        let refused = module_error(41, 4);
        assert_eq!(
            refused.to_string(),
            "the chain refused records.store: records.NotAuthorized: This is not for you to do: \
             another account owns the record, share or request."
        );
        assert_eq!(refused.exit_code(), 3);
    }

    #[test]
    fn every_error_of_our_pallets_has_words() {
        let metadata = metadata();
        for name in ["Registry", "Records", "Jobs", "Delegation", "Rewards"] {
            let pallet = metadata.pallet_by_name(name).unwrap();
            let errors = pallet.error_variants().unwrap();
            assert!(errors.len() > 10, "{name}");
            for error in errors {
                let docs = error.docs.join(" ");
                assert!(docs.len() > 20, "{name}.{}: {docs:?}", error.name);
            }
        }
    }

    #[test]
    fn other_errors_have_words_too() {
        for (bytes, name, what) in [
            (vec![7, 0], "token.FundsUnavailable", "cannot spend"),
            (vec![7, 2], "token.BelowMinimum", "send more"),
            (vec![8, 0], "arithmetic.Underflow", "salus chain account"),
            (vec![2], "BadOrigin", "not for this account"),
        ] {
            let error = DispatchError::decode_from(bytes, metadata()).unwrap();
            let Failure::Refused {
                name: found, words, ..
            } = refusal("x.y", &error)
            else {
                panic!("a refusal");
            };
            assert_eq!(found, name);
            assert!(words.contains(what), "{words}");
        }
    }

    #[test]
    fn pallets_begin_with_a_small_letter() {
        assert_eq!(lower("TransactionPayment"), "transactionPayment");
        assert_eq!(lower(""), "");
    }
}
