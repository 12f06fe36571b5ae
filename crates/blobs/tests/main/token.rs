//! What a token is bound to.

use polkadot_sdk::sp_core::{sr25519, Pair};
use salus_blobs::auth::{
    FnSigner, Method, Request, Signer, StartId, Token, TokenError, MAX_LIFETIME_MS,
};
use salus_primitives::{Digest, Hash};

use crate::mock::*;

const DIGEST: Digest = Digest::repeat_byte(7);
const BASE: &str = "https://gateway.example/salus";
const START: StartId = [5; 16];

fn request(who: &sr25519::Pair, method: Method, digest: Digest) -> Request {
    let base = BASE.parse().unwrap();
    Request::new(GENESIS, &base, START, method, digest, who.account())
}

fn token(who: &sr25519::Pair, method: Method, digest: Digest) -> Token {
    request(who, method, digest).sign(who).unwrap()
}

fn verify(token: &Token, now: u64) -> Result<(), TokenError> {
    let bases = ["https://another.example".to_owned(), BASE.to_owned()];
    token.verify(GENESIS, &bases, START, Method::Get, DIGEST, now)
}

#[test]
fn each_field_is_bound() {
    let (alice, bob) = (somebody("Alice"), somebody("Bob"));
    let good = token(&alice, Method::Get, DIGEST);
    let now = now_ms();
    assert_eq!(verify(&good, now), Ok(()));

    // Signed for something else.
    let for_other = |change: fn(&mut Request)| {
        let mut request = request(&alice, Method::Get, DIGEST);
        change(&mut request);
        verify(&request.sign(&alice).unwrap(), now)
    };
    assert_eq!(
        for_other(|r| r.genesis = Hash::zero()),
        Err(TokenError::WrongGenesis)
    );
    assert_eq!(
        for_other(|r| r.gateway = "other".into()),
        Err(TokenError::WrongGateway)
    );
    assert_eq!(
        for_other(|r| r.start = [6; 16]),
        Err(TokenError::WrongStart)
    );
    assert_eq!(
        for_other(|r| r.method = Method::Put),
        Err(TokenError::WrongMethod)
    );
    assert_eq!(
        for_other(|r| r.method = Method::Head),
        Err(TokenError::WrongMethod)
    );
    assert_eq!(
        for_other(|r| r.digest = Digest::zero()),
        Err(TokenError::WrongDigest)
    );

    // Changed after signing.
    let changed = |change: fn(&mut Token)| {
        let mut token = good.clone();
        change(&mut token);
        verify(&token, now)
    };
    let bad = Err(TokenError::BadSignature);
    let another = |t: &mut Token| t.request.gateway = "https://another.example".into();
    assert_eq!(changed(another), bad);
    assert_eq!(changed(|t| t.request.nonce[0] ^= 1), bad);
    assert_eq!(changed(|t| t.request.expires += 1), bad);
    assert_eq!(changed(|t| t.signature[5] ^= 1), bad);
    let mut of_bob = good.clone();
    of_bob.request.account = bob.account();
    assert_eq!(verify(&of_bob, now), bad);
    // Signed without the context.
    let request = request(&alice, Method::Get, DIGEST);
    let raw = codec::Encode::encode(&request);
    let signature = Pair::sign(&alice, &raw).0;
    assert_eq!(verify(&Token { request, signature }, now), bad);
}

#[test]
fn a_token_ends_within_a_minute() {
    let good = token(&somebody("Alice"), Method::Get, DIGEST);
    let expires = good.request.expires;
    assert_eq!(verify(&good, expires - 1), Ok(()));
    assert_eq!(verify(&good, expires), Err(TokenError::Expired));
    assert_eq!(verify(&good, expires - MAX_LIFETIME_MS), Ok(()));
    assert_eq!(
        verify(&good, expires - MAX_LIFETIME_MS - 1),
        Err(TokenError::TooLong)
    );
}

#[test]
fn headers_round_trip_and_nothing_else_parses() {
    // Also with the longest address that the chain keeps.
    let mut request = request(&somebody("Alice"), Method::Get, DIGEST);
    request.gateway = "x".repeat(512);
    let longest = request.sign(&somebody("Alice")).unwrap();
    assert_eq!(Token::from_header(&longest.to_header()), Ok(longest));
    let good = token(&somebody("Alice"), Method::Get, DIGEST);
    let header = good.to_header();
    assert_eq!(Token::from_header(&header), Ok(good));
    let long = format!("{header}{}", "A".repeat(2000));
    for bad in [
        "",
        "Salus ",
        "Bearer abc",
        &header[..header.len() - 4],
        &format!("{header}AAAA"),
        &format!("{header}="),
        &header.replacen("Salus", "salus", 1),
        &long,
    ] {
        assert_eq!(Token::from_header(bad), Err(TokenError::Malformed), "{bad}");
    }
}

#[test]
fn a_function_can_sign() {
    let alice = somebody("Alice");
    let pair = alice.clone();
    let signer = FnSigner::new(alice.account(), move |message: &[u8]| {
        Ok(Pair::sign(&pair, message).0)
    });
    let signed = request(&alice, Method::Get, DIGEST).sign(&signer).unwrap();
    assert_eq!(verify(&signed, now_ms()), Ok(()));
    let locked = FnSigner::new(alice.account(), |_: &[u8]| Err("no key".to_owned()));
    let error = request(&alice, Method::Get, DIGEST).sign(&locked);
    assert!(error.unwrap_err().to_string().contains("no key"));
}

/// The gateway applies all of it, and a used token is refused.
#[tokio::test]
async fn the_gateway_refuses_tokens_for_something_else() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let digest = running.stored(b"ciphertext", &alice).await.digest;
    let other = running.stored(b"another", &alice).await.digest;
    let get = |change: fn(&mut Request)| {
        let mut request = running.request(&alice, Method::Get, digest);
        change(&mut request);
        let token = request.sign(&alice).unwrap();
        let running = &running;
        async move { running.get(digest, &token).await.status().as_u16() }
    };
    assert_eq!(get(|_| ()).await, 200);
    assert_eq!(get(|r| r.genesis = Hash::zero()).await, 404);
    assert_eq!(get(|r| r.gateway = "other".into()).await, 404);
    assert_eq!(get(|r| r.start[0] ^= 1).await, 404);
    assert_eq!(get(|r| r.method = Method::Put).await, 404);
    assert_eq!(get(|r| r.method = Method::Head).await, 404);
    assert_eq!(get(|r| r.expires = 1).await, 404);
    assert_eq!(get(|r| r.expires -= 40_000).await, 404);
    assert_eq!(get(|r| r.expires += 40_000).await, 404);
    let of_other = running.token(&alice, Method::Get, other);
    assert_eq!(running.get(digest, &of_other).await.status(), 404);
    assert_eq!(running.get(other, &of_other).await.status(), 200);
    // The second time it is a replay.
    assert_eq!(running.get(other, &of_other).await.status(), 404);
}
