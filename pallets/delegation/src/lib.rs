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

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod candidates;
mod delegations;
mod election;
mod errors;
mod events;
mod math;
mod money;
mod moves;
mod rewards;
mod sessions;
mod slashing;
#[cfg(any(test, feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use polkadot_sdk::{
    frame_support::{self, pallet_macros::import_section},
    frame_system, sp_runtime,
};

#[import_section(errors::errors)]
#[import_section(events::events)]
// With imported sections clippy takes what the macro generates for ours.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, ValidatorRegistration, ValidatorSet},
        PalletId,
    };
    use frame_system::pallet_prelude::*;
    use pallet_session::SessionInterface;
    use salus_primitives::{membership::Membership, stake::SessionIndex, Balance};
    use sp_runtime::{Perbill, Perquintill};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Bonds and delegations are in this currency, rewards are minted in it.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who is an institution, and whose operator key is whose.
        type Membership: Membership<Self::AccountId>;
        /// The sessions: `pallet_session` with `historical`.
        type Session: ValidatorSet<Self::AccountId, ValidatorId = Self::AccountId>
            + ValidatorRegistration<Self::AccountId>
            + SessionInterface<ValidatorId = Self::AccountId, AccountId = Self::AccountId>;
        /// Who validates in the first two sessions: the accounts with session keys at genesis.
        type GenesisValidators: Get<Vec<Self::AccountId>>;
        /// Cancels slashes.
        type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Takes what is slashed. The account must exist.
        type Treasury: Get<Self::AccountId>;
        /// Names the pot that holds what is delegated.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Validators wanted, at most `MAX_CANDIDATES`.
        #[pallet::constant]
        type Validators: Get<u32>;
        /// Fewest that can be elected; with fewer electable the validators stay. Four survive one.
        #[pallet::constant]
        type MinValidators: Get<u32>;
        /// Smallest bond of a candidate.
        #[pallet::constant]
        type MinBond: Get<Balance>;
        /// Smallest delegation, not smaller than the existential deposit: it pays for an entry of up
        /// to 900 bytes.
        #[pallet::constant]
        type MinDelegation: Get<Balance>;
        /// Sessions between the last one that stake backs and the one in which it can be withdrawn.
        /// More than `ReportSessions` and `SlashDeferral` together.
        #[pallet::constant]
        type UnbondingSessions: Get<SessionIndex>;
        /// Sessions after an offence in which it can be reported; older historical roots are pruned.
        #[pallet::constant]
        type ReportSessions: Get<SessionIndex>;
        /// Sessions between the report and the slash, for the council to look at it. More than
        /// `ReportSessions`, so that one slash takes all that was reported of a session. A slash
        /// reads an entry for each session of both.
        #[pallet::constant]
        type SlashDeferral: Get<SessionIndex>;
        /// Most slashes taken at the start of a session, and in each block after it while some are
        /// left. With 6 sessions to report and 144 of deferral one reads and writes up to 152
        /// entries, 20 ms at RocksDB's costs.
        #[pallet::constant]
        type MaxSlashesPerBlock: Get<u32>;
        /// Part of what a slash takes of the bond, for who reported the offence.
        #[pallet::constant]
        type ReporterPart: Get<Perbill>;
        /// Sessions between the announcement of a higher commission and its first session.
        #[pallet::constant]
        type CommissionNotice: Get<SessionIndex>;
        /// Part of the supply that is minted for a session with all its blocks.
        #[pallet::constant]
        type SessionInflation: Get<Perquintill>;
        /// Blocks of a session that misses none.
        #[pallet::constant]
        type BlocksPerSession: Get<u32>;
        /// Sessions of a year, for the expected yield.
        #[pallet::constant]
        type SessionsPerYear: Get<u32>;
        /// A validator is judged when this many blocks were its part. With slots at random, one that
        /// is present misses 20 in a row with a chance of e^-20.
        #[pallet::constant]
        type JudgedBlocks: Get<u32>;
        /// Part of its blocks below which a judged validator is chilled.
        #[pallet::constant]
        type MinAttendance: Get<Perbill>;
        type WeightInfo: WeightInfo;
        /// Keys and sessions for the benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    /// What a benchmark needs of the session pallet.
    #[cfg(feature = "runtime-benchmarks")]
    pub trait BenchmarkHelper<AccountId> {
        /// Gives an account session keys.
        fn set_keys(who: &AccountId);
        /// Makes this the number of the current session.
        fn set_session(index: SessionIndex);
    }

    /// Why this pallet holds somebody's balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A candidate's bond.
        #[codec(index = 0)]
        Bond,
    }

    /// Who wants to be elected.
    #[pallet::storage]
    pub type Candidates<T: Config> =
        CountedStorageMap<_, Blake2_128Concat, T::AccountId, Candidate>;

    /// Candidate to what is delegated to it. Stays as long as shares of it may exist.
    #[pallet::storage]
    pub type Pools<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Pool, ValueQuery>;

    /// Delegator and candidate to shares and what is on its way back.
    #[pallet::storage]
    pub type Delegations<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        Delegation<T::AccountId>,
    >;

    /// Candidate and last session backed to what left.
    #[pallet::storage]
    pub type SubPools<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, SessionIndex, SubPool>;

    /// The last election, best backed first.
    #[pallet::storage]
    pub type LastElected<T: Config> =
        StorageValue<_, BoundedVec<Ranked<T::AccountId>, ConstU32<MAX_CANDIDATES>>, ValueQuery>;

    /// Blocks of this session by author.
    #[pallet::storage]
    pub type Authored<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Candidate and session of the offence to the slash.
    #[pallet::storage]
    pub type Slashes<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        SessionIndex,
        PendingSlash<T::AccountId>,
    >;

    /// Session at whose start slashes are taken to their candidates and sessions.
    #[pallet::storage]
    pub type DueSlashes<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SessionIndex,
        Blake2_128Concat,
        (T::AccountId, SessionIndex),
        (),
    >;

    /// First session whose due slashes are not all taken.
    #[pallet::storage]
    pub type NextDue<T: Config> = StorageValue<_, SessionIndex, ValueQuery>;

    /// Whether this block took as many slashes as it may when its session started.
    #[pallet::storage]
    pub type SlashedAtStart<T: Config> = StorageValue<_, bool, ValueQuery>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Candidates with their bonds, which their accounts must hold, and commissions.
        pub candidates: Vec<(T::AccountId, Balance, Perbill)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        #[allow(clippy::panic)] // A chain must not start from a bad genesis.
        fn build(&self) {
            Pallet::<T>::endow_pot();
            for (who, bond, commission) in &self.candidates {
                Pallet::<T>::add_candidate(who, *bond, *commission)
                    .unwrap_or_else(|error| panic!("genesis candidate {who:?}: {error:?}"));
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::go_on_with_slashes()
        }

        fn integrity_test() {
            Self::check_constants();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Puts up a bond and asks to be elected, for `commission` of the rewards. By an admitted
        /// institution with session keys. Event: `CandidateRegistered`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_candidate())]
        pub fn register_candidate(
            origin: OriginFor<T>,
            #[pallet::compact] bond: Balance,
            commission: Perbill,
        ) -> DispatchResult {
            Self::do_register_candidate(ensure_signed(origin)?, bond, commission)
        }

        /// Adds to the bond. By a candidate that is not leaving. Event: `BondAdded`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::add_bond())]
        pub fn add_bond(
            origin: OriginFor<T>,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            Self::do_add_bond(ensure_signed(origin)?, amount)
        }

        /// Lowers the commission at once, or announces a higher one, in the place of any announced
        /// before. By a candidate. Event: `CommissionSet`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_commission())]
        pub fn set_commission(origin: OriginFor<T>, commission: Perbill) -> DispatchResult {
            Self::do_set_commission(ensure_signed(origin)?, commission)
        }

        /// Is not elected any more; delegations stay their owners'. By a candidate. Event:
        /// `CandidateLeft`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            Self::do_leave(ensure_signed(origin)?)
        }

        /// Takes the bond back after the unbonding period. By a candidate that left. Event:
        /// `BondWithdrawn`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::withdraw_bond())]
        pub fn withdraw_bond(origin: OriginFor<T>) -> DispatchResult {
            Self::do_withdraw_bond(ensure_signed(origin)?)
        }

        /// Says that a chilled candidate validates again. By the candidate or its operator key.
        /// Event: `CameBack`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::back())]
        pub fn back(origin: OriginFor<T>) -> DispatchResult {
            Self::do_back(ensure_signed(origin)?)
        }

        /// Delegates to a candidate, or adds to a delegation. Counts from the next election on.
        /// Refused while a slash of the candidate is pending. By anybody. Event: `Delegated`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::delegate())]
        pub fn delegate(
            origin: OriginFor<T>,
            candidate: T::AccountId,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            Self::do_delegate(ensure_signed(origin)?, candidate, amount)
        }

        /// Takes `amount` out of a delegation, or all where less than the smallest delegation would
        /// stay. By its owner. Event: `Unbonding`.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::unbond())]
        pub fn unbond(
            origin: OriginFor<T>,
            candidate: T::AccountId,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            Self::do_unbond(ensure_signed(origin)?, candidate, amount)
        }

        /// Moves `amount` of a delegation, or all as for `unbond`, to another candidate, where it
        /// counts from the next election on. What it is worth there can still be slashed for the
        /// first, and does not leave before that has passed. By its owner. Event: `Redelegated`.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::redelegate())]
        pub fn redelegate(
            origin: OriginFor<T>,
            from: T::AccountId,
            to: T::AccountId,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            Self::do_redelegate(ensure_signed(origin)?, from, to, amount)
        }

        /// Pays out what is at the end of its unbonding period. By its owner. Event: `Withdrawn`.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>, candidate: T::AccountId) -> DispatchResult {
            Self::do_withdraw(ensure_signed(origin)?, candidate)
        }

        /// Takes out what the delegation is worth beyond what was paid for it; unclaimed it goes on
        /// earning. Unbonds as other stake does: a gain backed the candidate too. By its owner.
        /// Event: `Claimed`.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::unbond())]
        pub fn claim(origin: OriginFor<T>, candidate: T::AccountId) -> DispatchResult {
            Self::do_claim(ensure_signed(origin)?, candidate)
        }

        /// Takes from a delegation what it owes for a former candidate's offences, and drops what
        /// is worth nothing. Every call of its owner does so first. By anybody. Event:
        /// `MovedSlashed`.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::settle())]
        pub fn settle(
            origin: OriginFor<T>,
            delegator: T::AccountId,
            candidate: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_settle(delegator, candidate)
        }

        /// Cancels the slash for a candidate's offences of session `session`. By the council.
        /// Event: `SlashCancelled`.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::cancel_slash())]
        pub fn cancel_slash(
            origin: OriginFor<T>,
            candidate: T::AccountId,
            session: SessionIndex,
        ) -> DispatchResult {
            T::CancelOrigin::ensure_origin(origin)?;
            Self::do_cancel_slash(candidate, session)
        }
    }
}
