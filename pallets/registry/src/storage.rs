//! What the pallet keeps. A section of the pallet in `lib.rs`.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod storage {
    /// Everybody who registered, applied or was admitted; tombstones included.
    #[pallet::storage]
    pub type Members<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, MemberOf<T>>;

    /// Encryption recipients, all versions.
    #[pallet::storage]
    pub type Recipients<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, KeyVersion, Recipient>;

    /// Active and suspended members of each role.
    #[pallet::storage]
    pub type Counters<T: Config> = StorageMap<_, Twox64Concat, Role, u32, ValueQuery>;

    /// Nodes of members, with the operator in office.
    #[pallet::storage]
    pub type Nodes<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Node<T::AccountId>>;

    /// Operator in office to its member.
    #[pallet::storage]
    pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// Member to the key it asks to be its operator.
    #[pallet::storage]
    pub type PendingOperators<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// Member to its recovery account, before any change whose time has come.
    #[pallet::storage]
    pub type Recovery<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// Announced changes of recovery accounts.
    #[pallet::storage]
    pub type PendingRecovery<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        RecoveryChange<T::AccountId, BlockNumberFor<T>>,
    >;

    /// Patient to the institution that vouches for it.
    #[pallet::storage]
    pub type Attestations<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// Keys that were operators. Their accounts stay, so that their nonces never begin again.
    #[pallet::storage]
    pub type FormerOperators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ()>;

    /// Account × institution: what the institution offers to let it use.
    #[pallet::storage]
    pub type Offers<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        QuotaOf<T>,
    >;

    /// Patient to what the sponsor it accepted lets it use.
    #[pallet::storage]
    pub type Sponsorships<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, QuotaOf<T>>;

    /// Deposits that a sponsor has out for a patient, past sponsorships included.
    #[pallet::storage]
    pub type Outstanding<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        BalanceOf<T>,
        ValueQuery,
    >;

    /// Accounts this pallet keeps in existence, with the number of reasons.
    #[pallet::storage]
    pub type Provided<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32>;
}
