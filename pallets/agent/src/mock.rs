//! A runtime with a duty that exists only here: `work` owes an answer of four bytes.

use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        self, derive_impl,
        traits::{ConstU32, Hooks},
        weights::Weight,
    },
    frame_system::{
        self,
        offchain::{AppCrypto, CreateSignedTransaction, CreateTransactionBase, SigningTypes},
        CheckNonce,
    },
    sp_core::offchain::{
        testing::{PoolState, TestOffchainExt, TestTransactionPoolExt},
        OffchainDbExt, OffchainWorkerExt, StorageKind, TransactionPoolExt,
    },
    sp_io,
    sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt},
    sp_runtime::{
        generic,
        traits::{Applyable, BlakeTwo256, Checkable, Dispatchable, IdentityLookup},
        AccountId32, BuildStorage, DispatchError, MultiSignature, MultiSigner, TransactionOutcome,
    },
};
use salus_primitives::{
    duties::{Duties, Duty, DutyKind},
    membership::{KeyVersion, Membership, Recipient, Role},
    Digest,
};
use std::sync::Arc;

use crate::crypto::OPERATOR;

pub type AccountId = AccountId32;
pub type Extrinsic =
    generic::UncheckedExtrinsic<AccountId, RuntimeCall, MultiSignature, CheckNonce<Test>>;
type Block = generic::Block<generic::Header<u32, BlakeTwo256>, Extrinsic>;

/// The answer that `work` accepts.
pub const GOOD: [u8; 4] = *b"good";
/// An answer that is refused after it changed state.
pub const WRONG: [u8; 4] = *b"lie!";
/// Weight that a call of `work` declares, and what it uses.
pub const DECLARED: Weight = Weight::from_parts(1_000_000, 100);
pub const USED: Weight = Weight::from_parts(400_000, 40);

/// The pallet that owes the duties, in the place of jobs.
#[frame_support::pallet(dev_mode)]
pub mod work {
    use super::*;
    use frame_support::{dispatch::PostDispatchInfo, pallet_prelude::*};
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<AccountId = AccountId> {}

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::error]
    pub enum Error<T> {
        NotOwed,
        Wrong,
    }

    /// Inputs of what is owed, by subject.
    #[pallet::storage]
    pub type Owed<T: Config> = StorageMap<_, Twox64Concat, u64, (AccountId, Digest)>;

    /// Answers that were accepted.
    #[pallet::storage]
    pub type Done<T: Config> = StorageMap<_, Twox64Concat, u64, [u8; 4]>;

    /// Operator key to member.
    #[pallet::storage]
    pub type Operators<T: Config> = StorageMap<_, Twox64Concat, AccountId, AccountId>;

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        #[pallet::weight(DECLARED)]
        pub fn answer(
            origin: OriginFor<T>,
            subject: u64,
            answer: [u8; 4],
        ) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin)?;
            let (member, _) = Owed::<T>::take(subject).ok_or(Error::<T>::NotOwed)?;
            ensure!(
                Operators::<T>::get(operator) == Some(member),
                Error::<T>::NotOwed
            );
            Done::<T>::insert(subject, answer);
            ensure!(answer == GOOD, Error::<T>::Wrong);
            Ok(PostDispatchInfo {
                actual_weight: Some(USED),
                pays_fee: Pays::Yes,
            })
        }
    }
}

impl Duties<AccountId, RuntimeCall> for work::Pallet<Test> {
    fn owed(member: &AccountId, limit: u32) -> Vec<Duty<AccountId>> {
        let mut owed: Vec<_> = work::Owed::<Test>::iter()
            .filter(|(_, (who, _))| who == member)
            .map(|(subject, (member, input))| Duty {
                kind: DutyKind::JobCommit,
                subject,
                member,
                input,
                since: 0,
                deadline: 100,
            })
            .collect();
        owed.sort_by_key(|duty| duty.subject);
        owed.truncate(limit as usize);
        owed
    }

    fn call(duty: &Duty<AccountId>, answer: &[u8]) -> Option<RuntimeCall> {
        let answer = answer.try_into().ok()?;
        (duty.kind == DutyKind::JobCommit).then_some({
            RuntimeCall::Work(work::Call::answer {
                subject: duty.subject,
                answer,
            })
        })
    }
}

pub struct Members;
impl Membership<AccountId> for Members {
    fn role(_: &AccountId) -> Option<Role> {
        Some(Role::Institution)
    }
    fn recipient(_: &AccountId) -> Option<(KeyVersion, Recipient)> {
        None
    }
    fn recovery(_: &AccountId) -> Option<AccountId> {
        None
    }
    fn member_of(operator: &AccountId) -> Option<AccountId> {
        work::Operators::<Test>::get(operator)
    }
    fn is_attested(_: &AccountId) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(_: &AccountId, _: Role) {}
}

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Work: work = 1,
        Agent: crate = 2,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type Nonce = u32;
}

impl work::Config for Test {}

impl crate::Config for Test {
    type AuthorityId = crate::crypto::Operator;
    type Duties = work::Pallet<Test>;
    type Membership = Members;
    type MaxAnswers = ConstU32<3>;
    type MaxAnswerBytes = ConstU32<64>;
    type ResendAfter = ConstU32<5>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Self;
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Test {
    fn operator() -> (AccountId, AccountId) {
        let (operator, member) = (AccountId::new([7; 32]), AccountId::new([8; 32]));
        work::Operators::<Test>::insert(&operator, &member);
        (operator, member)
    }
}

impl SigningTypes for Test {
    type Public = MultiSigner;
    type Signature = MultiSignature;
}

impl<C> CreateTransactionBase<C> for Test
where
    RuntimeCall: From<C>,
{
    type Extrinsic = Extrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<C> CreateSignedTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    fn create_signed_transaction<S: AppCrypto<MultiSigner, MultiSignature>>(
        call: RuntimeCall,
        public: MultiSigner,
        account: AccountId,
        nonce: u32,
    ) -> Option<Extrinsic> {
        let extension = CheckNonce::<Test>::from(nonce);
        let payload = generic::SignedPayload::new(call, extension).ok()?;
        let signature = payload.using_encoded(|bytes| S::sign(bytes, public))?;
        let (call, extension, _) = payload.deconstruct();
        Some(Extrinsic::new_signed(call, account, signature, extension))
    }
}

pub fn member(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

/// State of an empty chain.
pub fn new_test_ext() -> sp_io::TestExternalities {
    frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .expect("the default genesis builds")
        .into()
}

/// A node: the chain's state, its offchain storage, keystore and pool.
pub struct Node {
    ext: sp_io::TestExternalities,
    keystore: Arc<MemoryKeystore>,
    pool: Arc<parking_lot::RwLock<PoolState>>,
}

impl Node {
    /// A node at block 1 without keys, at which nothing is owed.
    pub fn new() -> Self {
        let mut ext = new_test_ext();
        let (offchain, _) = TestOffchainExt::new();
        let (pool_ext, pool) = TestTransactionPoolExt::new();
        let keystore = Arc::new(MemoryKeystore::new());
        ext.register_extension(OffchainDbExt::new(offchain.clone()));
        ext.register_extension(OffchainWorkerExt::new(offchain));
        ext.register_extension(TransactionPoolExt::new(pool_ext));
        ext.register_extension(KeystoreExt(keystore.clone()));
        ext.execute_with(|| System::set_block_number(1));
        Self {
            ext,
            keystore,
            pool,
        }
    }

    /// Puts an operator key into the keystore and names it for `member`.
    pub fn with_operator(mut self, seed: &str, member: AccountId) -> Self {
        let operator = self.add_key(seed);
        self.run(|| {
            System::inc_providers(&operator);
            work::Operators::<Test>::insert(&operator, member);
        });
        self
    }

    /// Puts an operator key into the keystore; nobody's yet.
    pub fn add_key(&mut self, seed: &str) -> AccountId {
        self.keystore
            .sr25519_generate_new(OPERATOR, Some(seed))
            .expect("the seed is valid")
            .into()
    }

    pub fn run<R>(&mut self, act: impl FnOnce() -> R) -> R {
        self.ext.execute_with(act)
    }

    /// State owes an answer to `input`.
    pub fn owe(&mut self, subject: u64, member: &AccountId, input: u8) -> Duty<AccountId> {
        let input = Digest::repeat_byte(input);
        self.run(|| work::Owed::<Test>::insert(subject, (member.clone(), input)));
        Duty {
            kind: DutyKind::JobCommit,
            subject,
            member: member.clone(),
            input,
            since: 0,
            deadline: 100,
        }
    }

    /// The native agent leaves an answer.
    pub fn leave_answer(&mut self, duty: &Duty<AccountId>, answer: &[u8]) {
        let key = duty.answer_key();
        self.run(|| sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, &key, answer));
    }

    /// Runs the hook at `block` and returns what came into the pool, which forgets it.
    pub fn hook_at(&mut self, block: u32) -> Vec<Extrinsic> {
        self.run(|| {
            System::set_block_number(block);
            // What a hook does to state is thrown away.
            frame_support::storage::with_transaction(|| {
                <Agent as Hooks<u32>>::offchain_worker(block);
                TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
            })
            .expect("the hook does not fail");
        });
        let sent = std::mem::take(&mut self.pool.write().transactions);
        sent.iter()
            .map(|bytes| codec::Decode::decode(&mut &bytes[..]).expect("the hook sends extrinsics"))
            .collect()
    }

    /// Includes a transaction in the current block, with its signature and nonce checked.
    pub fn include(&mut self, extrinsic: Extrinsic) {
        self.run(|| {
            let length = extrinsic.encoded_size();
            let checked = extrinsic
                .check(&frame_system::ChainContext::<Test>::default())
                .expect("the signature is good");
            let info = frame_support::dispatch::GetDispatchInfo::get_dispatch_info(&checked);
            checked
                .apply::<Test>(&info, length)
                .expect("the transaction is valid")
                .expect("the call succeeds");
        })
    }
}

/// Answers in a transaction of the hook, as subject and bytes.
pub fn answers_of(extrinsic: &Extrinsic) -> Vec<(u64, Vec<u8>)> {
    let RuntimeCall::Agent(crate::Call::submit { answers }) = &extrinsic.function else {
        panic!("the hook sends nothing but `submit`");
    };
    answers
        .iter()
        .map(|(duty, answer)| (duty.subject, answer.to_vec()))
        .collect()
}

/// What the pallet reported in this block, oldest first.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Agent(event) => Some(event),
            _ => None,
        })
        .collect()
}

/// Dispatches `submit` as `operator`.
pub fn submit(
    operator: &AccountId,
    answers: Vec<(Duty<AccountId>, Vec<u8>)>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let answers: Vec<_> = answers
        .into_iter()
        .map(|(duty, answer)| (duty, answer.try_into().expect("the answer is short")))
        .collect();
    RuntimeCall::Agent(crate::Call::submit {
        answers: answers.try_into().expect("there are few answers"),
    })
    .dispatch(RuntimeOrigin::signed(operator.clone()))
}
