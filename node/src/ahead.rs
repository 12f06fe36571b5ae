//! Signatures of blocks that wait to be imported, verified on another processor beforehand. Import then
//! finds them verified (`signatures`) and only executes: a node that catches up is faster by what
//! the signatures cost.

use std::{
    sync::{mpsc, Arc, Condvar, Mutex, PoisonError},
    thread,
};

use codec::{Decode, Encode};
use polkadot_sdk::{
    sc_consensus::{
        import_queue::{ImportQueueService, Link, RuntimeOrigin},
        ImportQueue, IncomingBlock,
    },
    sp_blockchain::HeaderBackend,
    sp_consensus::BlockOrigin,
    sp_core::sr25519,
    sp_crypto_hashing::blake2_256,
    sp_runtime::{
        generic::Preamble, Justifications, MultiAddress, MultiSignature, OpaqueExtrinsic,
    },
};
use salus_primitives::{BlockNumber, Hash, OpaqueBlock as Block};
use salus_runtime::{UncheckedExtrinsic, VERSION};

use crate::signatures;

/// Blocks ahead of the import; their signatures have to be remembered until then.
const AHEAD: BlockNumber = 8;
/// Blocks that are kept for it; import does without where there are more.
const WAITING: usize = 1_024;

/// An import queue whose blocks' signatures are verified ahead of it while it catches up.
pub struct Ahead<Q> {
    inner: Q,
    service: Service,
}

/// Its handle.
struct Service {
    inner: Box<dyn ImportQueueService<Block>>,
    blocks: mpsc::SyncSender<Waiting>,
}

/// A block that waits for import.
struct Waiting {
    number: BlockNumber,
    body: Vec<OpaqueExtrinsic>,
}

/// How far import is.
#[derive(Clone, Default)]
pub struct Progress(Arc<(Mutex<BlockNumber>, Condvar)>);

impl Progress {
    /// A block of this height is about to be executed.
    pub fn reached(&self, number: BlockNumber) {
        let (at, changed) = &*self.0;
        *at.lock().unwrap_or_else(PoisonError::into_inner) = number;
        changed.notify_all();
    }

    /// Waits until `number` is near. `false`: it was passed already.
    fn near(&self, number: BlockNumber) -> bool {
        let (at, changed) = &*self.0;
        let at = at.lock().unwrap_or_else(PoisonError::into_inner);
        let at = changed
            .wait_while(at, |at| number > at.saturating_add(AHEAD))
            .unwrap_or_else(PoisonError::into_inner);
        number > *at
    }
}

impl<Q: ImportQueue<Block>> Ahead<Q> {
    /// Starts the thread that verifies; it ends with the queue's handles.
    pub fn new<C>(inner: Q, client: Arc<C>, progress: Progress) -> std::io::Result<Self>
    where
        C: HeaderBackend<Block> + Send + Sync + 'static,
    {
        let (blocks, waiting) = mpsc::sync_channel::<Waiting>(WAITING);
        thread::Builder::new()
            .name("signatures".into())
            .spawn(move || {
                let genesis = client.info().genesis_hash;
                progress.reached(client.info().best_number);
                for Waiting { number, body } in waiting {
                    if progress.near(number) {
                        let born = |at| client.hash(at).ok().flatten();
                        verify(number, &body, genesis, born);
                    }
                }
            })?;
        Ok(Self {
            service: Service {
                inner: inner.service(),
                blocks,
            },
            inner,
        })
    }
}

/// Verifies what it can: what is not of this runtime's format is left to the import.
fn verify(
    number: BlockNumber,
    body: &[OpaqueExtrinsic],
    genesis: Hash,
    born: impl Fn(BlockNumber) -> Option<Hash>,
) {
    for extrinsic in body {
        if let Some((signature, payload, public)) = signed(number, extrinsic, genesis, &born) {
            signatures::verify(&signature, &payload, &public);
        }
    }
}

/// What the runtime will verify for an extrinsic of block `number`.
fn signed(
    number: BlockNumber,
    extrinsic: &OpaqueExtrinsic,
    genesis: Hash,
    born: &impl Fn(BlockNumber) -> Option<Hash>,
) -> Option<(sr25519::Signature, Vec<u8>, sr25519::Public)> {
    let extrinsic = UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).ok()?;
    let Preamble::Signed(MultiAddress::Id(who), MultiSignature::Sr25519(signature), extension) =
        extrinsic.preamble
    else {
        return None;
    };
    let era = extension.5 .0;
    let birth = match era.birth(number.saturating_sub(1).into()) {
        0 => genesis,
        birth => born(birth.try_into().ok()?)?,
    };
    // Without the metadata's hash: `Disabled` is one byte, 0.
    if extension.9.encode() != [0] {
        return None;
    }
    let no_metadata: Option<[u8; 32]> = None;
    let implicit = (
        VERSION.spec_version,
        VERSION.transaction_version,
        genesis,
        birth,
        no_metadata,
    );
    let payload = (&extrinsic.function, &extension, implicit).encode();
    let payload = match payload.len() {
        ..=256 => payload,
        _ => blake2_256(&payload).to_vec(),
    };
    Some((signature, payload, sr25519::Public::from_raw(who.into())))
}

impl Service {
    /// Blocks at the tip are known to the pool already.
    fn prepare(&self, origin: BlockOrigin, blocks: &[IncomingBlock<Block>]) {
        if !matches!(origin, BlockOrigin::NetworkInitialSync | BlockOrigin::File) {
            return;
        }
        for block in blocks.iter().filter(|block| !block.skip_execution) {
            if let (Some(header), Some(body)) = (&block.header, &block.body) {
                // The extrinsics are shared, not copied.
                let _ = self.blocks.try_send(Waiting {
                    number: header.number,
                    body: body.clone(),
                });
            }
        }
    }
}

impl ImportQueueService<Block> for Service {
    fn import_blocks(&mut self, origin: BlockOrigin, blocks: Vec<IncomingBlock<Block>>) {
        self.prepare(origin, &blocks);
        self.inner.import_blocks(origin, blocks);
    }

    fn import_justifications(
        &mut self,
        who: RuntimeOrigin,
        hash: Hash,
        number: BlockNumber,
        justifications: Justifications,
    ) {
        self.inner
            .import_justifications(who, hash, number, justifications);
    }
}

#[async_trait::async_trait]
impl<Q: ImportQueue<Block>> ImportQueue<Block> for Ahead<Q> {
    fn service(&self) -> Box<dyn ImportQueueService<Block>> {
        Box::new(Service {
            inner: self.inner.service(),
            blocks: self.service.blocks.clone(),
        })
    }

    fn service_ref(&mut self) -> &mut dyn ImportQueueService<Block> {
        &mut self.service
    }

    fn poll_actions(&mut self, context: &mut std::task::Context, link: &dyn Link<Block>) {
        self.inner.poll_actions(context, link);
    }

    async fn run(self, link: &dyn Link<Block>) {
        // Its handles are out; the thread ends with the last of them.
        self.inner.run(link).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polkadot_sdk::{
        frame_metadata_hash_extension::CheckMetadataHash,
        frame_system, pallet_transaction_payment,
        sp_core::Pair,
        sp_runtime::{generic::Era, traits::Verify},
    };
    use salus_runtime::{configs::flavour, RuntimeCall, SignedPayload};

    const GENESIS: Hash = Hash::repeat_byte(1);
    const BORN: Hash = Hash::repeat_byte(2);

    /// A remark as wallets send it, and whether what is verified ahead is what it signed.
    fn is_signed(remark: usize, era: Era, at: BlockNumber) -> Option<bool> {
        let pair = sr25519::Pair::from_seed(&[3; 32]);
        let call = RuntimeCall::System(frame_system::Call::remark {
            remark: vec![7; remark],
        });
        let extension = flavour::reclaiming((
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckEra::from(era),
            frame_system::CheckNonce::from(4),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::from(0),
            CheckMetadataHash::new(false),
        ));
        let (spec, tx) = (VERSION.spec_version, VERSION.transaction_version);
        let birth = if era == Era::Immortal { GENESIS } else { BORN };
        let implicit = ((), (), spec, tx, GENESIS, birth, (), (), (), None, ());
        let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
        let signature = payload.using_encoded(|bytes| pair.sign(bytes));
        let extrinsic = UncheckedExtrinsic::new_signed(
            call,
            MultiAddress::Id(pair.public().into()),
            MultiSignature::Sr25519(signature),
            extension,
        );
        let extrinsic = OpaqueExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode());
        let born = |number| (number == 64).then_some(BORN);
        let (signature, payload, public) = signed(at, &extrinsic.ok()?, GENESIS, &born)?;
        Some(signature.verify(&payload[..], &public))
    }

    #[test]
    fn what_is_verified_ahead_is_what_was_signed() {
        let mortal = Era::mortal(64, 64);
        for remark in [1, 300] {
            assert_eq!(is_signed(remark, Era::Immortal, 70), Some(true));
            assert_eq!(is_signed(remark, mortal, 70), Some(true));
        }
        // Born in a block that is not imported yet.
        assert_eq!(is_signed(1, mortal, 200), None);
    }

    #[test]
    fn it_stays_near_the_import_and_never_behind() {
        let progress = Progress::default();
        progress.reached(10);
        assert!(!progress.near(10));
        assert!(progress.near(11));
        assert!(progress.near(10 + AHEAD));
        let later = {
            let progress = progress.clone();
            thread::spawn(move || progress.near(30))
        };
        progress.reached(30 - AHEAD - 1);
        progress.reached(30 - AHEAD);
        assert!(later.join().unwrap());
    }
}
