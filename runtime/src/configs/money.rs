//! The medical token and what transactions cost.

use polkadot_sdk::{
    frame_support::{
        parameter_types,
        traits::{ConstU32, ConstU8, VariantCountOf},
        weights::{
            ConstantMultiplier, WeightToFeeCoefficient, WeightToFeeCoefficients,
            WeightToFeePolynomial,
        },
        PalletId,
    },
    pallet_balances,
    pallet_transaction_payment::{self, FungibleAdapter, Multiplier, TargetedFeeAdjustment},
    sp_runtime::{traits::AccountIdConversion, FixedPointNumber, Perbill, Perquintill},
};

use crate::{
    AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason,
    System,
};
use salus_primitives::{MICRO_MED, MILLI_MED};

parameter_types! {
    pub const ExistentialDeposit: Balance = MILLI_MED;
    /// Where fees, fines and what nobody earned go.
    pub Treasury: AccountId = PalletId(*b"salus/tr").into_account_truncating();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ToTreasury;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<16>;
    type MaxReserves = ConstU32<16>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

/// Fees and dust are kept by the consortium; nothing is burnt.
pub type ToTreasury =
    polkadot_sdk::frame_support::traits::tokens::imbalance::ResolveTo<Treasury, Balances>;

parameter_types! {
    /// 10 micro-MED a byte: 10 kB of extrinsic cost a tenth of a MED.
    pub const TransactionByteFee: Balance = 10 * MICRO_MED;
    pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
    pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(1, 100_000);
    pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10);
    pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(100);
}

/// A base extrinsic (about 0.1 ms) costs one milli-MED.
pub struct WeightToFee;
impl WeightToFeePolynomial for WeightToFee {
    type Balance = Balance;

    fn polynomial() -> WeightToFeeCoefficients<Balance> {
        let base =
            polkadot_sdk::frame_support::weights::constants::ExtrinsicBaseWeight::get().ref_time();
        core::iter::once(WeightToFeeCoefficient {
            degree: 1,
            negative: false,
            coeff_frac: Perbill::from_rational(
                MILLI_MED % Balance::from(base),
                Balance::from(base),
            ),
            coeff_integer: MILLI_MED / Balance::from(base),
        })
        .collect()
    }
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction =
        pallet_registry::SponsoredFees<Runtime, FungibleAdapter<Balances, ToTreasury>>;
    type WeightToFee = WeightToFee;
    type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
    type FeeMultiplierUpdate = TargetedFeeAdjustment<
        Self,
        TargetBlockFullness,
        AdjustmentVariable,
        MinimumMultiplier,
        MaximumMultiplier,
    >;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
