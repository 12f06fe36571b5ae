//! Why the pallet refuses a call. Imported into the pallet's module.

use polkadot_sdk::frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// The record earns nothing: it never counted, was revoked, or everything is paid.
        #[codec(index = 0)]
        UnitNotFound,
        /// The period in which the record was stored is not over.
        #[codec(index = 1)]
        PeriodNotOver,
        /// The record's tokens are minted and wait for the end of the dispute window.
        #[codec(index = 2)]
        Vesting,
        /// Only an admitted member in office offers something, and only its offers can be redeemed.
        #[codec(index = 3)]
        NotAdmitted,
        /// There is no such offer.
        #[codec(index = 4)]
        OfferNotFound,
        /// The offer is another member's, or the voucher is nothing to this account before it expires.
        #[codec(index = 5)]
        NotAuthorized,
        /// The member has as many offers as it may have: withdraw one first.
        #[codec(index = 6)]
        TooManyOffers,
        /// An offer needs a price of at least `MinPrice`, a number of vouchers, and a validity that is not
        /// too long.
        #[codec(index = 7)]
        InvalidOffer,
        /// All vouchers of the offer are taken.
        #[codec(index = 8)]
        SoldOut,
        /// The offer costs more than the buyer wanted to pay.
        #[codec(index = 9)]
        TooExpensive,
        /// Nobody takes a voucher of its own offer.
        #[codec(index = 10)]
        OwnOffer,
        /// There is no such voucher: it was used, given back, or never existed.
        #[codec(index = 11)]
        VoucherNotFound,
        /// The voucher is not honoured any more: its holder gets the price back.
        #[codec(index = 12)]
        VoucherExpired,
        /// The voucher can still be honoured; until it expires only the member gives it back.
        #[codec(index = 13)]
        VoucherValid,
        /// This is not the voucher's secret.
        #[codec(index = 14)]
        WrongSecret,
        /// The patient is not attested, or the institution not in office: it is paid when it is again.
        #[codec(index = 15)]
        NotInOffice,
    }
}
