//! Signed requests to a gateway.
//!
//! A token is sent as `Authorization: Salus <base64url, no padding, of SCALE(Token)>`. What is
//! signed is `salus/gateway/1` ‖ SCALE([`Request`]).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{prelude::BASE64_URL_SAFE_NO_PAD, Engine};
use codec::{Decode, DecodeAll, Encode};
use polkadot_sdk::sp_core::{crypto::Pair as _, sr25519};
use rand::{rngs::OsRng, RngCore};
use salus_primitives::{AccountId, Digest, Hash, Moment};

use crate::Base;

/// Furthest that a token's expiry may lie ahead, ms.
pub const MAX_LIFETIME_MS: u64 = 60_000;
/// Expiry of the tokens made here, ms ahead: half the maximum leaves as much for clocks that differ.
pub const LIFETIME_MS: u64 = 30_000;

const CONTEXT: &[u8] = b"salus/gateway/1";
const SCHEME: &str = "Salus ";
/// Longest header value looked at: base64 of the largest token with room to spare.
const MAX_HEADER: usize = 1024;

/// Drawn by a gateway at each start. It binds tokens to the memory in which they are used up: none
/// of an earlier start is good, whatever the clocks say.
pub type StartId = [u8; 16];

/// What is to be done with the blob. The index is part of the encoding: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Method {
    /// Fetch.
    #[codec(index = 0)]
    Get,
    /// Ask for its size.
    #[codec(index = 1)]
    Head,
    /// Upload.
    #[codec(index = 2)]
    Put,
}

/// One request, good for one gateway of one chain, once, for a minute at most.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// Genesis hash of the chain.
    pub genesis: Hash,
    /// Base address that the client asked, as [`Base`] writes it. A gateway that
    /// passes the token on has another one.
    pub gateway: String,
    /// The start of the gateway.
    pub start: StartId,
    /// What to do.
    pub method: Method,
    /// With which blob.
    pub digest: Digest,
    /// Random; accepted once.
    pub nonce: [u8; 16],
    /// When the token ends, ms since the Unix epoch.
    pub expires: Moment,
    /// Who asks: an account or an operator key (sr25519).
    pub account: AccountId,
}

/// A signed request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Token {
    /// The request.
    pub request: Request,
    /// sr25519 signature of the account.
    pub signature: [u8; 64],
}

/// Why a token was refused. A gateway tells nobody who fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No header `Authorization: Salus …`, or not a token in it.
    #[error("no valid request token")]
    Malformed,
    /// Made for another chain.
    #[error("the token is for another chain")]
    WrongGenesis,
    /// Made for another gateway's address.
    #[error("the token is for another gateway")]
    WrongGateway,
    /// Made for an earlier start of the gateway.
    #[error("the token is from before the gateway's start")]
    WrongStart,
    /// Made for another method.
    #[error("the token is for another method")]
    WrongMethod,
    /// Made for another blob.
    #[error("the token is for another blob")]
    WrongDigest,
    /// Past its end.
    #[error("the token has expired")]
    Expired,
    /// Its end is more than [`MAX_LIFETIME_MS`] ahead.
    #[error("the token is valid for too long")]
    TooLong,
    /// The signature is not the account's.
    #[error("the signature is not the account's")]
    BadSignature,
    /// Seen before.
    #[error("the token was used before")]
    Replayed,
    /// No room to remember another token; try again later.
    #[error("too many requests at the moment")]
    Busy,
}

/// Signing failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot sign the request: {0}")]
pub struct SignError(pub String);

/// Somebody who signs requests.
pub trait Signer: Send + Sync {
    /// The account (sr25519 public key).
    fn account(&self) -> AccountId;
    /// sr25519 signature of `message` in the context `substrate`, as all of Substrate signs.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

impl Signer for sr25519::Pair {
    fn account(&self) -> AccountId {
        AccountId::new(self.public().0)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(polkadot_sdk::sp_core::Pair::sign(self, message).0)
    }
}

/// A signer made of an account and a function, such as a node's keystore.
pub struct FnSigner<F> {
    account: AccountId,
    sign: F,
}

impl<F> FnSigner<F>
where
    F: Fn(&[u8]) -> Result<[u8; 64], String> + Send + Sync,
{
    /// `sign` gives the account's sr25519 signature of a message, or why it cannot.
    pub fn new(account: AccountId, sign: F) -> Self {
        Self { account, sign }
    }
}

impl<F> Signer for FnSigner<F>
where
    F: Fn(&[u8]) -> Result<[u8; 64], String> + Send + Sync,
{
    fn account(&self) -> AccountId {
        self.account.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        (self.sign)(message).map_err(SignError)
    }
}

impl Request {
    /// A request with a fresh nonce that ends [`LIFETIME_MS`] from now.
    pub fn new(
        genesis: Hash,
        gateway: &Base,
        start: StartId,
        method: Method,
        digest: Digest,
        account: AccountId,
    ) -> Self {
        let mut nonce = [0; 16];
        OsRng.fill_bytes(&mut nonce);
        Self {
            genesis,
            gateway: gateway.to_string(),
            start,
            method,
            digest,
            nonce,
            expires: now_ms() + LIFETIME_MS,
            account,
        }
    }

    /// The bytes that are signed.
    pub fn message(&self) -> Vec<u8> {
        let mut message = CONTEXT.to_vec();
        self.encode_to(&mut message);
        message
    }

    /// Signs it. The signer's account has to be the request's.
    pub fn sign(self, signer: &dyn Signer) -> Result<Token, SignError> {
        let signature = signer.sign(&self.message())?;
        Ok(Token {
            request: self,
            signature,
        })
    }
}

impl Token {
    /// Value of the `Authorization` header.
    pub fn to_header(&self) -> String {
        format!("{SCHEME}{}", BASE64_URL_SAFE_NO_PAD.encode(self.encode()))
    }

    /// Reads the value of an `Authorization` header.
    pub fn from_header(value: &str) -> Result<Self, TokenError> {
        if value.len() > MAX_HEADER {
            return Err(TokenError::Malformed);
        }
        let text = value.strip_prefix(SCHEME).ok_or(TokenError::Malformed)?;
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| TokenError::Malformed)?;
        Token::decode_all(&mut bytes.as_slice()).map_err(|_| TokenError::Malformed)
    }

    /// Checks everything but whether it was used before, for a gateway at any of `bases`.
    pub fn verify(
        &self,
        genesis: Hash,
        bases: &[String],
        start: StartId,
        method: Method,
        digest: Digest,
        now: Moment,
    ) -> Result<(), TokenError> {
        let request = &self.request;
        if request.genesis != genesis {
            return Err(TokenError::WrongGenesis);
        }
        if !bases.contains(&request.gateway) {
            return Err(TokenError::WrongGateway);
        }
        if request.start != start {
            return Err(TokenError::WrongStart);
        }
        if request.method != method {
            return Err(TokenError::WrongMethod);
        }
        if request.digest != digest {
            return Err(TokenError::WrongDigest);
        }
        if request.expires <= now {
            return Err(TokenError::Expired);
        }
        if request.expires > now.saturating_add(MAX_LIFETIME_MS) {
            return Err(TokenError::TooLong);
        }
        let account: &[u8; 32] = request.account.as_ref();
        let valid = sr25519::Pair::verify(
            &sr25519::Signature::from_raw(self.signature),
            request.message(),
            &sr25519::Public::from_raw(*account),
        );
        valid.then_some(()).ok_or(TokenError::BadSignature)
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> Moment {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
