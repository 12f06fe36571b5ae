//! Records and posts against a running chain and its gateway: what goes wrong, and what then is to be
//! done.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use salus_cli::{
    chain::{
        account_of,
        api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
        text::Until,
        Chain,
    },
    error::{self, Failure},
    keys::KeySource,
    network::{Network, Options},
    record::{self, BadCapsule, Mismatch, NotServed, Terms, Wallet},
    registry,
};
use salus_envelope::{content, encrypt, seal_identity, Identity};
use salus_primitives::{
    blobs::BlobPointer,
    membership::{Role, ThirdPartyKind},
    records::Rights,
    Digest, MED,
};
use serde_json::{json, Value};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

use crate::program::{salus, Run};

const CONTENT: &[u8] = b"x,y\n1,2\n";
const RESEARCH: u16 = 5;
const DAY: u64 = 24 * 60 * 60 * 1000;

pub struct Person {
    pub key: Keypair,
    pub identity: Identity,
}

impl Person {
    pub fn named(name: &str) -> Self {
        let source: KeySource = name.parse().unwrap();
        Self {
            key: source.account().unwrap(),
            identity: source.identity().unwrap(),
        }
    }

    pub fn account(&self) -> AccountId32 {
        account_of(&self.key)
    }

    pub fn identities(&self) -> &[Identity] {
        std::slice::from_ref(&self.identity)
    }
}

struct Scene {
    chain: Chain,
    gateway: String,
    wallet: Wallet,
    hospital: Person,
    patient: Person,
    research: Person,
}

impl Scene {
    /// A hospital, a patient without tokens whom it pays for, and a research team.
    async fn set(url: &str, gateway: String, folder: &Path) -> Self {
        let scene = Self {
            chain: Chain::connect(url).await.unwrap(),
            gateway,
            wallet: Wallet::open(folder.join("wallet")).unwrap(),
            hospital: Person::named("//Alice"),
            patient: Person::named("//Patient"),
            research: Person::named("//Eve"),
        };
        let Self {
            chain,
            hospital,
            patient,
            research,
            ..
        } = &scene;
        assert!(chain.is_current().await.unwrap(), "run scripts/metadata");
        let credential = registry::commit_credential(None).unwrap();
        registry::sponsor(chain, &hospital.key, patient.account(), 20 * MED, 5 * MED)
            .await
            .unwrap();
        let recipient = patient.identity.recipient();
        let sponsor = Some(hospital.account());
        registry::register_patient(chain, &patient.key, recipient, credential, sponsor)
            .await
            .unwrap();
        let role = Role::ThirdParty(ThirdPartyKind::ResearchTeam);
        let recipient = research.identity.recipient();
        registry::apply(chain, &research.key, role, recipient, credential)
            .await
            .unwrap();
        let council = std::slice::from_ref(&hospital.key);
        let admitted = registry::admit(chain, council, research.account(), 30 * DAY)
            .await
            .unwrap();
        assert!(admitted.done);
        scene
    }

    /// Releases whatever bytes as the ciphertext of a commitment.
    async fn release_raw(&self, ciphertext: Vec<u8>, commitment: Digest) -> Digest {
        let blob: BlobPointer =
            record::upload(&self.chain, &self.hospital.key, &self.gateway, ciphertext)
                .await
                .unwrap();
        let call = api::tx()
            .records()
            .release(self.patient.account(), commitment, 2, blob.into());
        let receipt = self.chain.submit(&self.hospital.key, &call).await.unwrap();
        let released: api::records::events::Released = receipt.event().unwrap();
        released.record
    }

    async fn store(&self, id: Digest) -> anyhow::Result<record::Stored> {
        let (patient, wallet) = (&self.patient, &self.wallet);
        let identities = patient.identities();
        record::store(
            &self.chain,
            &patient.key,
            identities,
            wallet,
            id,
            &self.gateway,
        )
        .await
    }

    async fn read(&self, id: Digest) -> anyhow::Result<record::Content> {
        let research = &self.research;
        record::read(&self.chain, &research.key, research.identities(), None, id).await
    }

    async fn share_state(&self, id: Digest) -> &'static str {
        record::show(&self.chain, id).await.unwrap().shares[0].state
    }

    /// A capsule that does not open to the record's key.
    async fn bad_capsule(&self, id: Digest) {
        let other = Identity::generate();
        let capsule = seal_identity(&other, &self.research.identity.recipient()).unwrap();
        let at = self.chain.finalized().await.unwrap();
        let expires = self.chain.now(&at).await.unwrap() + DAY;
        let rights = Rights {
            read: true,
            analyse: false,
        };
        let call = api::tx().records().share(
            self.research.account(),
            BoundedVec(vec![(id, Some(BoundedVec(capsule)))]),
            rights.into(),
            RESEARCH,
            expires,
            None,
        );
        self.chain.submit(&self.patient.key, &call).await.unwrap();
        let error = self.read(id).await.unwrap_err();
        assert!(error.downcast_ref::<BadCapsule>().is_some(), "{error:#}");
        record::reject(&self.chain, &self.research.key, id)
            .await
            .unwrap();
        assert_eq!(self.share_state(id).await, "rejected");

        let terms = Terms {
            rights,
            purpose: RESEARCH,
            until: Until::In(DAY),
            request: None,
        };
        let to = self.research.account();
        record::share(
            &self.chain,
            &self.patient.key,
            &self.wallet,
            &[id],
            to,
            terms,
        )
        .await
        .unwrap();
        assert_eq!(&*self.read(id).await.unwrap().plaintext, CONTENT);
    }

    /// After a revocation neither the record nor its ciphertext can be had.
    async fn revoked(&self, id: Digest) {
        let to = self.research.account();
        record::fetch_only(&self.chain, &self.research.key, id)
            .await
            .unwrap();
        record::revoke(&self.chain, &self.patient.key, &[id], to)
            .await
            .unwrap();
        assert!(self.read(id).await.is_err());
        let error = record::fetch_only(&self.chain, &self.research.key, id)
            .await
            .unwrap_err();
        assert!(error.downcast_ref::<NotServed>().is_some(), "{error:#}");
        // The patient still has it.
        let patient = &self.patient;
        let read = record::read(&self.chain, &patient.key, &[], Some(&self.wallet), id).await;
        assert_eq!(&*read.unwrap().plaintext, CONTENT);
    }

    /// Content that is not what the institution committed to is disputed, and taken back.
    async fn wrong_content(&self) {
        let committed = content::pack(CONTENT);
        let other = content::pack(b"something else");
        let ciphertext = encrypt(&other.bytes, &[self.patient.identity.recipient()]).unwrap();
        let id = self
            .release_raw(ciphertext, committed.commitment.into())
            .await;
        let error = self.store(id).await.unwrap_err();
        assert!(error.downcast_ref::<Mismatch>().is_some(), "{error:#}");
        record::dispute(
            &self.chain,
            &self.patient.key,
            id,
            "another patient's",
            None,
        )
        .await
        .unwrap();
        assert_eq!(
            record::show(&self.chain, id).await.unwrap().state,
            "disputed"
        );
        record::withdraw(&self.chain, &self.hospital.key, id)
            .await
            .unwrap();
        assert!(record::show(&self.chain, id).await.is_err());
    }

    /// A ciphertext that was changed on the way to the gateway does not open.
    async fn tampered_ciphertext(&self) {
        let packed = content::pack(CONTENT);
        let recipient = self.patient.identity.recipient();
        let mut ciphertext = encrypt(&packed.bytes, &[recipient]).unwrap();
        *ciphertext.last_mut().unwrap() ^= 1;
        let id = self.release_raw(ciphertext, packed.commitment.into()).await;
        let error = self.store(id).await.unwrap_err();
        assert!(error.downcast_ref::<Mismatch>().is_none());
        assert!(error.to_string().contains("does not open"), "{error:#}");
    }

    /// What the chain refuses has the error's name and words.
    async fn refused(&self) {
        let patient = self.patient.account();
        let research = &self.research.key;
        let error = record::release(&self.chain, research, patient, CONTENT, 2, &self.gateway)
            .await
            .unwrap_err();
        match error::failure(&error) {
            Some(Failure::Refused { call, name, words }) => {
                assert_eq!(
                    (call.as_str(), name.as_str()),
                    ("records.release", "records.NotInstitution")
                );
                assert!(words.contains("active institution"), "{words}");
            }
            _ => panic!("{error:#}"),
        }
    }
}

impl Scene {
    /// `salus job` as the research team, with a wallet of its own.
    fn job(&self, folder: &Path, words: &[&str]) -> Run {
        let wallet = folder.join("research-wallet");
        let options = ["--node", self.chain.url(), "--key", "//Eve", "--json"];
        let wallet = ["--wallet", wallet.to_str().unwrap()];
        salus(["job"].iter().chain(words).chain(&options).chain(&wallet))
    }

    /// What cannot be drawn or pays too little is not posted; a post clears away inputs of jobs that
    /// are gone; a cancelled job leaves none.
    async fn posts(&self, folder: &Path) {
        let table = folder.join("table.csv");
        fs::write(&table, "x,y\n1,2\n3,4\n8,9\n").unwrap();
        let table = table.to_str().unwrap();
        let post =
            |more: &[&str]| self.job(folder, &[&["post", table, "--no-wait"], more].concat());

        // The chain has one worker.
        let refused = post(&["--panel", "3"]);
        assert_eq!(refused.code, 2);
        assert!(
            refused.err.contains("1 worker can be drawn"),
            "{}",
            refused.err
        );
        let refused = post(&["--panel", "2", "--quorum", "1"]);
        assert!(
            refused.err.contains("more than half of 2 seats"),
            "{}",
            refused.err
        );
        let refused = post(&["--panel", "1", "--reward", "0.0001"]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("the least is 0.1"), "{}", refused.err);
        let refused = post(&["--panel", "1", "--window", "1"]);
        assert!(refused.err.contains("the shortest is"), "{}", refused.err);

        let wallet = Wallet::open(folder.join("research-wallet")).unwrap();
        let inputs = wallet.inputs(self.chain.genesis()).unwrap();
        assert_eq!(inputs.older_than(Duration::ZERO).unwrap(), []);
        let (old, young) = (Digest::repeat_byte(1), Digest::repeat_byte(2));
        inputs.save(&old, b"of a job that is gone").unwrap();
        inputs.save(&young, b"of a post under way").unwrap();
        let path = wallet
            .path()
            .join("jobs")
            .join(hex::encode(&self.chain.genesis().as_bytes()[..8]))
            .join(format!("{old:x}.age"));
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - 24 * Duration::from_secs(3600))
            .unwrap();

        let result = post(&["--panel", "1"]).ok().json();
        assert_eq!(
            (&result["panel"], &result["provided"]),
            (&Value::Null, &Value::Null)
        );
        let posted = &result["posted"];
        assert_eq!(posted["drawable"], 1);
        assert_eq!(
            posted["bound"],
            json!({ "rows": 3, "columns": 2, "clusters": 2, "iterations": 300 })
        );
        let reward: u128 = posted["reward"].as_str().unwrap().parse().unwrap();
        assert!(reward >= MED / 10, "{reward}");
        assert_eq!(inputs.get(&old).unwrap(), None);
        assert!(inputs.get(&young).unwrap().is_some());
        inputs.remove(&[young]).unwrap();
        assert_eq!(inputs.older_than(Duration::ZERO).unwrap().len(), 1);

        let job = posted["job"].to_string();
        let shown = salus(["job", "show", &job, "--node", self.chain.url(), "--json"])
            .ok()
            .json();
        assert_eq!(shown["reward"], posted["reward"]);
        assert_eq!(shown["outcome"], Value::Null);
        let cancelled = self.job(folder, &["cancel", &job]).ok().json();
        assert!(cancelled["fee"].is_string(), "{cancelled}");
        assert_eq!(inputs.older_than(Duration::ZERO).unwrap(), []);
    }
}

/// The launcher looks beside the running program, which is a test here: `make test` builds the node
/// beside the command.
pub fn name_the_node() {
    if std::env::var_os("SALUS_NODE").is_none() {
        let beside = Path::new(env!("CARGO_BIN_EXE_salus")).with_file_name("salus-node");
        std::env::set_var("SALUS_NODE", beside);
    }
}

#[test]
fn records_and_posts_that_go_wrong_have_an_outcome() {
    name_the_node();
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("net");
    let options = Options {
        validators: 1,
        agents: false,
        default_ports: false,
    };
    let mut network = Network::create(&base, options).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        network.start_all().unwrap();
        runtime.block_on(async {
            network
                .wait_finalized(1, Duration::from_secs(180))
                .await
                .unwrap();
            let node = &network.nodes()[0];
            let scene = Scene::set(&node.url(), node.gateway(), folder.path()).await;
            let (hospital, patient) = (&scene.hospital.key, scene.patient.account());
            let gateway = &scene.gateway;
            let released =
                record::release(&scene.chain, hospital, patient, CONTENT, 2, gateway).await;
            let id = released.unwrap().id;
            scene.store(id).await.unwrap();
            scene.bad_capsule(id).await;
            scene.revoked(id).await;
            scene.wrong_content().await;
            scene.tampered_ciphertext().await;
            scene.refused().await;
            scene.posts(folder.path()).await;
        });
    }));
    network.kill_children();
    if let Err(panic) = played {
        std::panic::resume_unwind(panic);
    }
}
