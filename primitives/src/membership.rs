//! Who is who: the capability that `pallet-registry` provides.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// X25519 public key of an age recipient, without its Bech32 dress (`age1…`).
pub type Recipient = [u8; 32];

/// Which of a member's successive recipients is meant; the first is 0.
pub type KeyVersion = u32;

/// What kind of third party a member is.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum ThirdPartyKind {
    ResearchTeam,
    Insurer,
    Platform,
}

/// What a member is to the consortium.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Role {
    Patient,
    Institution,
    ThirdParty(ThirdPartyKind),
    Regulator,
}

/// Reads of the membership register.
pub trait Membership<AccountId> {
    /// Role of an *active* member: `None` for one who is unknown, applying, suspended, ended, or
    /// whose term is over.
    fn role(who: &AccountId) -> Option<Role>;

    /// Current encryption key of a member, active or not, with its version.
    fn recipient(who: &AccountId) -> Option<(KeyVersion, Recipient)>;

    /// The account that must agree when `who` ends a record.
    fn recovery(who: &AccountId) -> Option<AccountId>;

    /// The member whose nodes act with the key `operator`.
    fn member_of(operator: &AccountId) -> Option<AccountId>;

    /// Whether an active admitted institution vouches for this patient.
    fn is_attested(patient: &AccountId) -> bool;

    /// Makes `who` an active member with a recipient.
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(who: &AccountId, role: Role);

    /// Makes `patient` one that `institution` attested.
    #[cfg(feature = "runtime-benchmarks")]
    fn make_attested(_patient: &AccountId, _institution: &AccountId) {}

    /// Whether `who` is an active institution.
    fn is_institution(who: &AccountId) -> bool {
        matches!(Self::role(who), Some(Role::Institution))
    }

    /// Whether `who` is an active member that went through admission (anyone but a patient).
    fn is_admitted(who: &AccountId) -> bool {
        matches!(Self::role(who), Some(role) if role != Role::Patient)
    }

    /// The member in whose name `who` acts: itself, or the member whose operator key it is.
    fn principal(who: &AccountId) -> AccountId
    where
        AccountId: Clone,
    {
        Self::member_of(who).unwrap_or_else(|| who.clone())
    }
}

/// Nobody is a member.
impl<AccountId> Membership<AccountId> for () {
    fn role(_: &AccountId) -> Option<Role> {
        None
    }
    fn recipient(_: &AccountId) -> Option<(KeyVersion, Recipient)> {
        None
    }
    fn recovery(_: &AccountId) -> Option<AccountId> {
        None
    }
    fn member_of(_: &AccountId) -> Option<AccountId> {
        None
    }
    fn is_attested(_: &AccountId) -> bool {
        false
    }
    #[cfg(feature = "runtime-benchmarks")]
    fn make_member(_: &AccountId, _: Role) {}
}

/// Who pays the deposit for state that an account causes.
///
/// The pallet that keeps the state places and releases the hold itself, on the account named here,
/// and remembers that account beside the state.
pub trait Sponsorship<AccountId, Balance> {
    /// The account that pays a deposit of `amount` for `who`: the sponsor, whose quota for `who` is
    /// charged with it, or `who` itself where there is no sponsor or its quota does not suffice.
    fn charge(who: &AccountId, amount: Balance) -> AccountId;

    /// A deposit of `amount` that `payer` paid for `who` was given back to `payer`.
    fn refund(payer: &AccountId, who: &AccountId, amount: Balance);
}

/// Everybody pays for themselves.
impl<AccountId: Clone, Balance> Sponsorship<AccountId, Balance> for () {
    fn charge(who: &AccountId, _: Balance) -> AccountId {
        who.clone()
    }
    fn refund(_: &AccountId, _: &AccountId, _: Balance) {}
}
