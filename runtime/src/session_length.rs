//! How many slots an epoch of BABE has, and so a session; in the parachain flavour, how many blocks.
//!
//! Genesis says it, so that a demo and a consortium run the same blob. It never changes after that:
//! BABE counts epochs from the first slot with it, and the nodes took it over from the first block.
//! So there is no call, no origin and no parameter for it.

/// Storage and genesis of the length.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
    use crate::{DAYS, MINUTES};
    use core::marker::PhantomData;
    use polkadot_sdk::frame_support::pallet_prelude::*;

    /// What a genesis that says nothing means: 10 minutes. A short session makes every rotation of
    /// keys and every election cheap to grind, a long one keeps a dead validator for long.
    const DEFAULT_SLOTS: u64 = 10 * MINUTES as u64;
    /// One minute: shorter ones would often pass without a block on a slow machine, and BABE and
    /// GRANDPA change their sets in every session.
    const MIN_SLOTS: u64 = MINUTES as u64;
    /// A day.
    const MAX_SLOTS: u64 = DAYS as u64;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: polkadot_sdk::frame_system::Config {}

    #[pallet::type_value]
    pub fn DefaultSlots() -> u64 {
        DEFAULT_SLOTS
    }

    /// Slots of a session. Written at genesis only.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type Slots<T: Config> = StorageValue<_, u64, ValueQuery, DefaultSlots>;

    /// `slots`: slots of a session, a minute's to a day's.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        pub slots: u64,
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                slots: DEFAULT_SLOTS,
                _config: PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(
                (MIN_SLOTS..=MAX_SLOTS).contains(&self.slots),
                "a session lasts from {MIN_SLOTS} to {MAX_SLOTS} slots"
            );
            Slots::<T>::put(self.slots);
        }
    }

    /// The length as BABE asks for it.
    pub struct EpochDuration<T>(PhantomData<T>);
    impl<T: Config> Get<u64> for EpochDuration<T> {
        fn get() -> u64 {
            Slots::<T>::get()
        }
    }
}

pub use pallet::*;
