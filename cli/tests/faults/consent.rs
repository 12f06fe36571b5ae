//! What a gateway serves while finality stalls, and after it was killed.

use std::time::{Duration, Instant};

use salus_cli::{
    chain::{account_of, text::Until, Chain},
    record::{self, NotServed, Terms, Wallet},
    registry,
};
use salus_primitives::{records::Rights, Digest};
use subxt_signer::sr25519::Keypair;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    front::Front,
    net::{play, until, Net},
    work::{native, person},
};
use crate::chain::Person;

const CONTENT: &[u8] = b"x,y\n1,2\n";
/// Plain text.
const FORMAT: u16 = 2;
const DAY: u64 = 24 * 60 * 60 * 1000;
const TERMS: Terms = Terms {
    rights: Rights {
        read: true,
        analyse: false,
    },
    purpose: 5,
    until: Until::In(DAY),
    request: None,
};
/// How long a request's token is good: `salus_blobs::auth::LIFETIME_MS`.
const TOKEN: Duration = Duration::from_millis(salus_blobs::auth::LIFETIME_MS);
/// Restarts that may be slower than that.
const ATTEMPTS: u32 = 3;

/// A record at Alice's gateway.
pub struct Scene {
    chain: Chain,
    wallet: Wallet,
    patient: Person,
    id: Digest,
    /// Digest of its ciphertext.
    blob: Digest,
}

impl Scene {
    pub async fn set(net: &Net, gateway: &str) -> Self {
        let (hospital, patient) = (person("alice"), Person::named("//Ferdie"));
        let chain = net.chain("alice").await;
        let wallet = Wallet::open(net.file("wallet")).unwrap();
        let credential = registry::commit_credential(None).unwrap();
        let recipient = patient.identity.recipient();
        registry::register_patient(&chain, &patient.key, recipient, credential, None)
            .await
            .unwrap();
        let to = patient.account();
        let released = record::release(&chain, &hospital.key, to, CONTENT, FORMAT, gateway).await;
        let id = released.unwrap().id;
        let identities = patient.identities();
        let stored = record::store(&chain, &patient.key, identities, &wallet, id, gateway).await;
        let blob = stored.unwrap().blob;
        let blob = Digest::from_slice(&hex::decode(blob.trim_start_matches("0x")).unwrap());
        Self {
            chain,
            wallet,
            patient,
            id,
            blob,
        }
    }

    pub async fn share(&self, to: &Person) {
        let (patient, wallet) = (&self.patient.key, &self.wallet);
        record::share(
            &self.chain,
            patient,
            wallet,
            &[self.id],
            to.account(),
            TERMS,
        )
        .await
        .unwrap();
    }

    /// Whether the gateway serves the record's ciphertext. An answer that is neither yes nor no
    /// fails the test.
    async fn serves(&self, key: &Keypair) -> bool {
        match record::fetch_only(&self.chain, key, self.id).await {
            Ok(_) => true,
            Err(error) if error.downcast_ref::<NotServed>().is_some() => false,
            Err(error) => panic!("{error:#}"),
        }
    }

    /// Waits until the gateway serves somebody.
    pub async fn opens(&self, key: &Keypair) {
        until("that the gateway serves", || async {
            match record::fetch_only(&self.chain, key, self.id).await {
                Ok(_) => Some(()),
                Err(_) => None,
            }
        })
        .await;
    }

    /// What the chain says at Alice's best block, or at a given one.
    async fn may_fetch(&self, net: &Net, key: &Keypair, at: Option<&str>) -> bool {
        let arguments = (native(account_of(key)), self.blob);
        net.ask("alice", "BlobsApi_may_fetch", arguments, at).await
    }
}

/// With two of four validators away BABE makes blocks and GRANDPA finalizes none. What is revoked
/// then is closed at once, what is shared then opens only when it is final.
#[test]
fn a_stall_of_finality_opens_nothing_and_closes_at_once() {
    play(async {
        // Dave stays away from the beginning, Charlie goes in the middle.
        let mut net = Net::create(3, false);
        net.start().await;
        let gateway = net.node("alice").gateway();
        let scene = Scene::set(&net, &gateway).await;
        let (bob, charlie) = (person("bob"), person("charlie"));
        scene.share(&bob).await;
        scene.opens(&bob.key).await;
        assert!(!scene.serves(&charlie.key).await);

        net.freeze("charlie");
        let stalled = until("the stall", || async {
            let (best, finalized) = net.heights("alice").await;
            (best >= finalized + 5).then_some(finalized)
        })
        .await;
        let ids = [scene.id];
        let revoked = record::revoke(&scene.chain, &scene.patient.key, &ids, bob.account());
        let shared = scene.share(&charlie);
        let meanwhile = async {
            until("both in the best block", || async {
                let closed = !scene.may_fetch(&net, &bob.key, None).await;
                let open = scene.may_fetch(&net, &charlie.key, None).await;
                (closed && open).then_some(())
            })
            .await;
            let finalized = net.finalized("alice").await;
            assert!(scene.may_fetch(&net, &bob.key, Some(&finalized)).await);
            assert!(!scene.may_fetch(&net, &charlie.key, Some(&finalized)).await);

            // The same blob at the same gateway, which serves its owner before and after.
            let patient = &scene.patient.key;
            assert!(scene.serves(patient).await);
            assert!(!scene.serves(&bob.key).await, "revoked, and served");
            assert!(!scene.serves(&charlie.key).await, "not final, and served");
            assert!(scene.serves(patient).await);
            assert_eq!(net.heights("alice").await.1, stalled, "finality went on");
            net.thaw("charlie");
        };
        let (revoked, (), ()) = tokio::join!(revoked, shared, meanwhile);
        revoked.unwrap();

        scene.opens(&charlie.key).await;
        assert!(!scene.serves(&bob.key).await);
    });
}

/// Somebody who saw a request on its way sends it again, byte for byte, before and after the
/// gateway's node was killed.
#[test]
fn a_request_is_good_once_whatever_becomes_of_the_gateway() {
    play(async {
        let mut net = Net::create(1, false);
        let front = Front::before(net.node("alice").gateway_port).await;
        net.arguments("alice", ["--gateway-url", front.url()]);
        net.start().await;
        let mut scene = Scene::set(&net, front.url()).await;

        for _ in 0..ATTEMPTS {
            let began = Instant::now();
            scene.opens(&scene.patient.key).await;
            let request = front.last();
            assert_eq!(status(&net, &request).await, 404, "replayed");

            net.kill("alice").await;
            net.restart("alice").await;
            scene.chain = net.chain("alice").await;
            // Its gateway serves, and so refuses for the request's own sake.
            scene.opens(&scene.patient.key).await;
            let answer = status(&net, &request).await;
            assert_eq!(answer, 404, "replayed after a restart");
            // Else it may have been refused for its age.
            if began.elapsed() < TOKEN {
                return;
            }
        }
        panic!("no restart was faster than a token's life");
    });
}

/// Sends bytes to Alice's gateway; the status of its answer.
async fn status(net: &Net, request: &[u8]) -> u16 {
    let port = net.node("alice").gateway_port;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.unwrap();
    let line = std::str::from_utf8(&line).unwrap();
    let status = line.strip_prefix("HTTP/1.1 ").expect("an HTTP answer");
    status.parse().unwrap()
}
