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

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod data;
mod errors;
mod events;
mod offers;
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
    use frame_support::{pallet_prelude::*, traits::fungible, PalletId};
    use frame_system::pallet_prelude::*;
    use salus_primitives::{
        membership::Membership, records::RecordId, stake::Institutions, Balance, Digest,
    };
    use sp_runtime::{
        traits::{BlockNumberProvider, One, Zero},
        Perbill, Perquintill,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Tokens are minted, and prices held, in this currency.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::Mutate<Self::AccountId>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who is attested, an institution, a member.
        type Membership: Membership<Self::AccountId>;
        /// How many institutions share a period's pool.
        type Institutions: Institutions;
        /// Source of the block numbers of periods and deadlines.
        type BlockNumberProvider: BlockNumberProvider<BlockNumber = BlockNumberFor<Self>>;
        /// Names the pot that holds what vests.
        #[pallet::constant]
        type PalletId: Get<PalletId>;
        /// Blocks of a period.
        #[pallet::constant]
        type PeriodLength: Get<BlockNumberFor<Self>>;
        /// Part of the supply that the units of a period share.
        #[pallet::constant]
        type PeriodInflation: Get<Perquintill>;
        /// Units of data of one patient that count in a period, u.
        #[pallet::constant]
        type MaxUnits: Get<u32>;
        /// The patient's part of a unit's tokens; the rest is for the institution that released it.
        #[pallet::constant]
        type PatientPart: Get<Perbill>;
        /// Blocks after its period in which a record can end, and its tokens with it.
        #[pallet::constant]
        type DisputeWindow: Get<BlockNumberFor<Self>>;
        /// Most offers of one member at a time.
        #[pallet::constant]
        type MaxOffers: Get<u32>;
        /// Smallest price of a voucher. It is held while the voucher is in storage, so it is not less
        /// than the deposit for one.
        #[pallet::constant]
        type MinPrice: Get<Balance>;
        /// Longest validity of a voucher, in blocks: that long its price can be held.
        #[pallet::constant]
        type MaxValidity: Get<BlockNumberFor<Self>>;
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds somebody's balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The price of a voucher.
        #[codec(index = 0)]
        Voucher,
    }

    /// Periods with units of data in storage.
    #[pallet::storage]
    pub type Periods<T: Config> = StorageMap<_, Twox64Concat, PeriodIndex, Period>;

    /// Period and institution to the units of data it released.
    #[pallet::storage]
    pub type ReleasedUnits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        PeriodIndex,
        Blake2_128Concat,
        T::AccountId,
        Released,
        ValueQuery,
    >;

    /// Period and patient to the number of its units of data in storage.
    #[pallet::storage]
    pub type PatientUnits<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        PeriodIndex,
        Blake2_128Concat,
        T::AccountId,
        u32,
        ValueQuery,
    >;

    /// Records that earn tokens and are not paid.
    #[pallet::storage]
    pub type Units<T: Config> = StorageMap<_, Blake2_128Concat, RecordId, UnitOf<T>>;

    /// The catalogue.
    #[pallet::storage]
    pub type Offers<T: Config> = StorageMap<_, Twox64Concat, OfferId, OfferOf<T>>;

    /// Number of a member's offers.
    #[pallet::storage]
    pub type OfferCounts<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Number of the next offer.
    #[pallet::storage]
    pub type NextOfferId<T: Config> = StorageValue<_, OfferId, ValueQuery>;

    /// Vouchers that were not used.
    #[pallet::storage]
    pub type Vouchers<T: Config> = StorageMap<_, Twox64Concat, VoucherId, VoucherOf<T>>;

    /// Number of the next voucher.
    #[pallet::storage]
    pub type NextVoucherId<T: Config> = StorageValue<_, VoucherId, ValueQuery>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            Pallet::<T>::endow_pot();
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                T::PeriodLength::get() >= One::one(),
                "a period must have a block"
            );
            assert!(
                T::MaxUnits::get() > 0,
                "a patient must be able to earn something"
            );
            assert!(
                T::MaxOffers::get() > 0
                    && T::MinPrice::get() > 0
                    && !T::MaxValidity::get().is_zero(),
                "a member must be able to offer something"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Mints what a record earns, when its period is over, into the pot; pays it, when the
        /// dispute window is over too, to patient and institution, whoever of them is attested and
        /// in office. By anybody. Events: `Minted`, `Vested`.
        #[pallet::call_index(0)]
        #[pallet::weight(
            T::WeightInfo::claim().saturating_add(T::WeightInfo::price(MAX_INSTITUTIONS))
        )]
        pub fn claim(origin: OriginFor<T>, record: RecordId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_claim(record)
        }

        /// Offers `vouchers` times the same, each for `price`; a voucher is honoured within
        /// `validity` blocks. By an admitted member. Event: `Offered`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::offer())]
        pub fn offer(
            origin: OriginFor<T>,
            kind: OfferKind,
            #[pallet::compact] price: Balance,
            vouchers: u32,
            validity: BlockNumberFor<T>,
            terms: Digest,
        ) -> DispatchResult {
            let member = ensure_signed(origin)?;
            Self::do_offer(Offer {
                member,
                kind,
                price,
                left: vouchers,
                validity,
                terms,
            })
        }

        /// Takes an offer out of the catalogue. By its member. Event: `OfferWithdrawn`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::withdraw_offer())]
        pub fn withdraw_offer(origin: OriginFor<T>, offer: OfferId) -> DispatchResult {
            Self::do_withdraw_offer(ensure_signed(origin)?, offer)
        }

        /// Takes a voucher for at most `price`, which is held. `commitment` is blake2-256 of 32
        /// random bytes: who shows them presents the voucher. By anybody but the offer's member,
        /// while that is in office. Event: `Redeemed`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::redeem())]
        pub fn redeem(
            origin: OriginFor<T>,
            offer: OfferId,
            #[pallet::compact] price: Balance,
            commitment: Digest,
        ) -> DispatchResult {
            Self::do_redeem(ensure_signed(origin)?, offer, price, commitment)
        }

        /// Confirms that a voucher was presented and honoured, and takes its price. By the offer's
        /// member or its operator key. Event: `Honoured`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::honour())]
        pub fn honour(origin: OriginFor<T>, voucher: VoucherId, secret: Secret) -> DispatchResult {
            Self::do_honour(ensure_signed(origin)?, voucher, secret)
        }

        /// Gives a voucher's price back to its holder. By the member at any time, by anybody when
        /// it has expired. Event: `Refunded`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::refund())]
        pub fn refund(origin: OriginFor<T>, voucher: VoucherId) -> DispatchResult {
            Self::do_refund(ensure_signed(origin)?, voucher)
        }
    }
}
