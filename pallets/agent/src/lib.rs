#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic
    )
)]

extern crate alloc;

pub mod crypto;
mod hook;
mod submit;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
#[allow(clippy::expect_used)]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

use polkadot_sdk::{frame_support, frame_system, sp_runtime};

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

// The macros of the pallet expand to `expect`.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use frame_support::{
        dispatch::{DispatchClass, DispatchInfo, PostDispatchInfo},
        pallet_prelude::*,
    };
    use frame_system::{
        offchain::{AppCrypto, CreateSignedTransaction},
        pallet_prelude::*,
    };
    use salus_primitives::{
        duties::{Duties, DutyKind},
        membership::Membership,
    };
    use sp_runtime::traits::{Dispatchable, Zero};

    use super::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config:
        polkadot_sdk::frame_system::Config<
            RuntimeEvent: From<Event<Self>>,
            RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
        > + CreateSignedTransaction<Call<Self>>
    {
        /// How operator keys sign: [`crypto::Operator`] where accounts are `MultiSigner`s.
        type AuthorityId: AppCrypto<Self::Public, Self::Signature>;

        /// Everything off-chain that members can owe.
        type Duties: Duties<Self::AccountId, RuntimeCallOf<Self>>;

        /// Whose operator key is it?
        type Membership: Membership<Self::AccountId>;

        /// Most answers of one transaction. The longest batch,
        /// `MaxAnswers` × (`MaxAnswerBytes` + an encoded duty, 81 bytes), has to fit into the
        /// normal share of a block.
        #[pallet::constant]
        type MaxAnswers: Get<u32>;

        /// Longest answer, bytes. An encoded `jobs::Reveal` with an inline result takes
        /// 33 (outcome) + 32 (salt) + 1 + 1 + 2 + 4,096 (result) = 4,165; a `jobs::SealedRecord`
        /// 4 (position) + 1 + 32 × (2 + 1,024) (capsules of 16 seats and 16 reserves) = 32,837.
        #[pallet::constant]
        type MaxAnswerBytes: Get<u32>;

        /// Blocks the hook waits before it takes a transaction of its own for lost. Shorter than
        /// the life of the transaction only costs a duplicate that the pool refuses.
        #[pallet::constant]
        type ResendAfter: Get<BlockNumberFor<Self>>;

        type WeightInfo: WeightInfo;

        /// Names a member with an operator key for the benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An answer was accepted, in the name of the member whose operator key delivered it.
        #[codec(index = 0)]
        Performed {
            member: T::AccountId,
            kind: DutyKind,
            subject: u64,
        },
        /// An answer was refused and changed nothing; the duty is owed as before.
        #[codec(index = 1)]
        Refused {
            member: T::AccountId,
            kind: DutyKind,
            subject: u64,
            error: DispatchError,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The signer is not the operator key of the member that owes the duties: name the key with
        /// the registry's call for operators, or submit each member's answers with its own key.
        #[codec(index = 0)]
        NotAuthorized,
        /// No pallet takes this kind of duty, or the answer does not decode as what that kind asks
        /// for.
        #[codec(index = 1)]
        NotFound,
        /// There is no answer in the transaction; submit at least one.
        #[codec(index = 2)]
        Empty,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            let longest = u64::from(T::MaxAnswers::get()).saturating_mul(
                u64::from(T::MaxAnswerBytes::get())
                    .saturating_add(DutyOf::<T>::max_encoded_len() as u64),
            );
            let limits = T::BlockLength::get();
            let room = *limits.max.get(DispatchClass::Normal);
            assert!(T::MaxAnswers::get() > 0, "a transaction takes an answer");
            assert!(
                T::MaxAnswerBytes::get() >= 32,
                "a commitment (32 bytes) is an answer"
            );
            assert!(
                !T::ResendAfter::get().is_zero(),
                "a sent transaction needs a block to be included"
            );
            assert!(
                longest < u64::from(room),
                "the longest batch, {longest} bytes, does not fit a block ({room} bytes)"
            );
        }

        fn offchain_worker(now: BlockNumberFor<T>) {
            Self::send_ready_answers(now);
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Delivers answers to off-chain duties; normally sent by a node's own hook.
        ///
        /// Origin: signed by the operator key of the member that owes all of them. Each answer
        /// becomes the call that its duty asks for, dispatched with the same origin, independent of
        /// the others. It costs nothing where all are accepted.
        ///
        /// Errors: `NotAuthorized`, `Empty`; a single answer's error is in its `Refused` event.
        /// Events: `Performed` or `Refused` for each answer, in their order.
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::weight_of(answers))]
        pub fn submit(origin: OriginFor<T>, answers: AnswersOf<T>) -> DispatchResultWithPostInfo {
            let operator = ensure_signed(origin.clone())?;
            let member = T::Membership::member_of(&operator).ok_or(Error::<T>::NotAuthorized)?;
            ensure!(!answers.is_empty(), Error::<T>::Empty);
            ensure!(
                answers.iter().all(|(duty, _)| duty.member == member),
                Error::<T>::NotAuthorized
            );
            Ok(Self::deliver_all(origin, answers))
        }
    }
}
