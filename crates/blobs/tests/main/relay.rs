//! A false gateway that passes on what it is sent, and addresses under which a gateway is reached.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{header, StatusCode},
    response::{IntoResponse, Response},
    Json, Router,
};
use salus_blobs::{
    auth::Signer,
    client::{FetchError, UploadError},
    digest,
    gateway::{Config, Gateway, GatewayError, Info},
    Base,
};
use tokio::net::TcpListener;

use crate::mock::*;

#[derive(Clone)]
struct Relay {
    /// The true gateway.
    to: String,
    /// The bases it states instead of the true one's.
    states: Option<String>,
    /// What the true gateway answered about blobs.
    answers: Arc<Mutex<Vec<u16>>>,
}

/// Passes everything on to the gateway at `to`. Its own base, and what it was answered.
async fn relay(to: &Running, lies: bool) -> (String, Arc<Mutex<Vec<u16>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answers = Arc::new(Mutex::new(Vec::new()));
    let relay = Relay {
        to: to.base.clone(),
        states: lies.then(|| base.clone()),
        answers: answers.clone(),
    };
    let router = Router::new().fallback(pass_on).with_state(relay);
    tokio::spawn(serve(listener, router));
    (base, answers)
}

async fn serve(listener: TcpListener, router: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn pass_on(State(relay): State<Relay>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut passed = http()
        .request(head.method, format!("{}{}", relay.to, head.uri.path()))
        .body(body);
    if let Some(token) = head.headers.get(header::AUTHORIZATION) {
        passed = passed.header(header::AUTHORIZATION, token);
    }
    let answer = passed.send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    if head.uri.path() != "/" {
        relay.answers.lock().unwrap().push(status.as_u16());
    } else if let Some(base) = relay.states {
        let mut info: Info = serde_json::from_slice(&body).unwrap();
        info.bases = vec![base];
        return (StatusCode::OK, Json(info)).into_response();
    }
    (status, Body::from(body)).into_response()
}

/// Whatever it says of itself, it gets nothing for the token that it is given.
#[tokio::test]
async fn a_token_that_is_passed_on_is_refused() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let good = running.stored(b"ciphertext", &alice).await;

    let (base, answers) = relay(&running, true).await;
    let there = pointer(&base, good.digest, good.size);
    let fetched = client(&alice).fetch(&there, &limits()).await;
    assert!(matches!(fetched, Err(FetchError::NotFound)), "{fetched:?}");
    let uploaded = client(&alice).upload(&base, "bytes").await;
    assert!(
        matches!(&uploaded, Err(UploadError::Refused { code, .. }) if code == "token"),
        "{uploaded:?}"
    );
    assert!(running.store.size(&digest(b"bytes")).await.is_err());
    // Each of them twice: the client takes a new start for a possible reason.
    assert_eq!(*answers.lock().unwrap(), [404, 404, 401, 401]);

    // The address is the only reason.
    let fetched = client(&alice).fetch(&good, &limits()).await.unwrap();
    assert_eq!(fetched, b"ciphertext");
    client(&alice).upload(&running.base, "bytes").await.unwrap();
}

/// A gateway that states another address than the one asked is given no token at all.
#[tokio::test]
async fn a_gateway_with_another_address_is_named() {
    let (running, alice) = (Running::new().await, somebody("Alice"));
    let good = running.stored(b"ciphertext", &alice).await;
    let (base, answers) = relay(&running, false).await;
    let there = pointer(&base, good.digest, good.size);
    let fetched = client(&alice).fetch(&there, &limits()).await;
    assert!(
        matches!(&fetched, Err(FetchError::WrongGateway(bases)) if *bases == running.base),
        "{fetched:?}"
    );
    let uploaded = client(&alice).upload(&base, "bytes").await;
    assert!(
        matches!(&uploaded, Err(UploadError::WrongGateway(bases)) if *bases == running.base),
        "{uploaded:?}"
    );
    assert!(answers.lock().unwrap().is_empty());
}

/// Behind a proxy it has the proxy's address, and those that are in older pointers.
#[tokio::test]
async fn a_gateway_has_the_addresses_that_are_configured() {
    let running = Running::with(|config| {
        config.bases = vec![
            "https://gateway.example/".into(),
            "https://old.example/salus".into(),
        ];
    })
    .await;
    let alice = somebody("Alice");
    running.chain.set_quota(&alice.account(), 10_000, 10_000);
    let base = |text: &str| text.parse::<Base>().unwrap();
    let client = client(&alice)
        .with_route(base("https://gateway.example"), base(&running.base))
        .with_route(base("https://old.example/salus"), base(&running.base));
    let pointer = client
        .upload("https://gateway.example", "ciphertext")
        .await
        .unwrap();
    assert_eq!(pointer.location.as_slice(), b"https://gateway.example");
    running
        .chain
        .allow_everywhere(&alice.account(), pointer.digest);
    let older = crate::mock::pointer("https://old.example/salus", pointer.digest, pointer.size);
    for pointer in [&pointer, &older] {
        let fetched = client.fetch(pointer, &limits()).await.unwrap();
        assert_eq!(fetched, b"ciphertext");
    }
    // The address that it listens on is not one of them.
    let there = crate::mock::pointer(&running.base, pointer.digest, pointer.size);
    let fetched = client.fetch(&there, &limits()).await;
    assert!(matches!(fetched, Err(FetchError::WrongGateway(_))));
}

#[tokio::test]
async fn a_gateway_without_an_address_does_not_start() {
    let running = Running::new().await;
    let start = |bases: &[&str]| {
        let mut config = Config::new("");
        config.bases = bases.iter().map(|base| base.to_string()).collect();
        Gateway::new(running.store.clone(), running.chain.clone(), config)
    };
    assert!(matches!(start(&[]).await, Err(GatewayError::NoBase)));
    for bad in ["", "gateway", "ftp://host/"] {
        let error = start(&["http://host", bad]).await.err();
        assert!(
            matches!(&error, Some(GatewayError::InvalidBase { base, .. }) if base == bad),
            "{error:?}"
        );
    }
}
