//! What the pallet says in events. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A stored record counts as a unit of data of this period.
        #[codec(index = 0)]
        Counted {
            record: RecordId,
            period: PeriodIndex,
        },
        /// A unit of data earns nothing any more; `burnt` was minted for it.
        #[codec(index = 1)]
        Revoked { record: RecordId, burnt: Balance },
        /// Tokens of a unit of data were minted; they are paid from block `vests` on.
        #[codec(index = 2)]
        Minted {
            record: RecordId,
            patient: Balance,
            institution: Balance,
            vests: BlockNumberFor<T>,
        },
        /// Tokens of a unit of data were paid.
        #[codec(index = 3)]
        Vested {
            record: RecordId,
            patient: Balance,
            institution: Balance,
        },
        /// A member offers something against tokens.
        #[codec(index = 4)]
        Offered {
            offer: OfferId,
            member: T::AccountId,
            kind: OfferKind,
            price: Balance,
        },
        /// An offer is not made any more; its vouchers stay valid.
        #[codec(index = 5)]
        OfferWithdrawn { offer: OfferId },
        /// Somebody took a voucher; its price is held.
        #[codec(index = 6)]
        Redeemed {
            voucher: VoucherId,
            offer: OfferId,
            holder: T::AccountId,
            expires: BlockNumberFor<T>,
        },
        /// A member confirmed that it honoured a voucher, and got its price.
        #[codec(index = 7)]
        Honoured {
            voucher: VoucherId,
            member: T::AccountId,
        },
        /// A voucher's price went back to its holder.
        #[codec(index = 8)]
        Refunded {
            voucher: VoucherId,
            holder: T::AccountId,
        },
    }
}
