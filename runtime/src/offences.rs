//! Equivocations: which session one belongs to, how they count together, and how long that is kept.
//!
//! `pallet-offences` counts offenders by time slot: of BABE a slot, of GRANDPA a round. Here all of a
//! session count together, so that a third of the set loses everything also where each of it picks
//! another slot, and a node that runs twice is reported once a session, not in every slot.

use alloc::vec::Vec;
use codec::Encode;
use core::marker::PhantomData;
use polkadot_sdk::{
    frame_support::{traits::Get, weights::Weight},
    frame_system, pallet_babe, pallet_grandpa,
    pallet_offences::{ConcurrentReportsIndex, Reports},
    pallet_session::SessionManager,
    sp_consensus_babe::Slot,
    sp_consensus_grandpa::SetId,
    sp_runtime::{Perbill, SaturatedConversion},
    sp_staking::{
        offence::{Kind, Offence, OffenceError, ReportOffence},
        SessionIndex,
    },
};

use crate::{
    configs::{EpochDuration, MaxAuthorities, REPORT_SESSIONS},
    AccountId, KeyOwners, Offences, Runtime, Session,
};

/// Who is reported, as `historical` names validators.
type Offender = (AccountId, ());
type InBabe = pallet_babe::EquivocationOffence<Offender>;
type InGrandpa = pallet_grandpa::EquivocationOffence<Offender>;

/// The session of a slot. The slots after the current epoch are the next session's, whatever epochs
/// are left out before it.
pub fn session_of_slot(slot: Slot) -> SessionIndex {
    let genesis = pallet_babe::GenesisSlot::<Runtime>::get();
    let now = Session::current_index();
    if *genesis == 0 {
        // Before the first block.
        return now;
    }
    let epoch = slot
        .saturating_sub(*genesis)
        .checked_div(EpochDuration::get())
        .unwrap_or(0);
    if epoch > pallet_babe::EpochIndex::<Runtime>::get() {
        return now.saturating_add(1);
    }
    // Epochs and sessions count alike since the last epochs that were left out.
    pallet_babe::SkippedEpochs::<Runtime>::get()
        .iter()
        .rev()
        .find(|(since, _)| *since <= epoch)
        .map_or(epoch, |(since, session)| {
            epoch
                .saturating_sub(*since)
                .saturating_add(u64::from(*session))
        })
        .saturated_into()
}

/// The first session of a set of voters, whose keys they vote with.
pub fn session_of_set(set: SetId) -> Option<SessionIndex> {
    let last = pallet_grandpa::SetIdSession::<Runtime>::get(set)?;
    let Some(before) = set.checked_sub(1) else {
        return Some(0);
    };
    let first = pallet_grandpa::SetIdSession::<Runtime>::get(before)?.saturating_add(1);
    Some(first.min(last))
}

/// An offence that counts with all of its kind in its session.
struct InSession<O>(O);
impl<O: Offence<Offender>> Offence<Offender> for InSession<O> {
    const ID: Kind = O::ID;
    type Slot = SessionIndex;

    fn offenders(&self) -> Vec<Offender> {
        self.0.offenders()
    }

    fn session_index(&self) -> SessionIndex {
        self.0.session_index()
    }

    fn validator_set_count(&self) -> u32 {
        self.0.validator_set_count()
    }

    fn slot(&self) -> SessionIndex {
        self.0.session_index()
    }

    fn slash_fraction(&self, offenders: u32) -> Perbill {
        self.0.slash_fraction(offenders)
    }
}

fn is_known<O: Offence<Offender>>(offenders: &[Offender], session: SessionIndex) -> bool {
    <Offences as ReportOffence<_, _, InSession<O>>>::is_known_offence(offenders, &session)
}

/// Takes the reports of BABE and GRANDPA.
pub struct OfSessions;
impl ReportOffence<AccountId, Offender, InBabe> for OfSessions {
    fn report_offence(reporters: Vec<AccountId>, offence: InBabe) -> Result<(), OffenceError> {
        Offences::report_offence(reporters, InSession(offence))
    }

    fn is_known_offence(offenders: &[Offender], slot: &Slot) -> bool {
        is_known::<InBabe>(offenders, session_of_slot(*slot))
    }
}

impl ReportOffence<AccountId, Offender, InGrandpa> for OfSessions {
    fn report_offence(reporters: Vec<AccountId>, offence: InGrandpa) -> Result<(), OffenceError> {
        // A set may be in office for several sessions: who reports does not choose among them.
        if session_of_set(offence.time_slot.set_id) != Some(offence.session_index) {
            return Err(OffenceError::Other(0));
        }
        Offences::report_offence(reporters, InSession(offence))
    }

    /// What is of no known set is not reported either.
    fn is_known_offence(offenders: &[Offender], time: &pallet_grandpa::TimeSlot) -> bool {
        session_of_set(time.set_id).is_none_or(|session| is_known::<InGrandpa>(offenders, session))
    }
}

/// A session manager with the keys of each session noted for as long as its offences are reported.
pub struct NoteOwners<I>(PhantomData<I>);
impl<I: SessionManager<AccountId>> SessionManager<AccountId> for NoteOwners<I> {
    fn new_session(index: SessionIndex) -> Option<Vec<AccountId>> {
        I::new_session(index)
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<AccountId>> {
        I::new_session_genesis(index)
    }

    fn start_session(index: SessionIndex) {
        KeyOwners::note(index);
        I::start_session(index);
    }

    fn end_session(index: SessionIndex) {
        I::end_session(index);
        if let Some(past) = index.checked_sub(REPORT_SESSIONS) {
            forget(past);
        }
    }
}

/// Drops what reports of a session's offences need.
fn forget(session: SessionIndex) {
    KeyOwners::forget(session);
    for kind in [
        <InBabe as Offence<Offender>>::ID,
        <InGrandpa as Offence<Offender>>::ID,
    ] {
        for report in ConcurrentReportsIndex::<Runtime>::take(kind, session.encode()) {
            Reports::<Runtime>::remove(report);
        }
    }
}

/// What a report costs: the SDK's checks, and each offender of the session being handed on.
pub struct ReportWeight;
impl ReportWeight {
    fn handed_on(validators: u32) -> Weight {
        use pallet_delegation::WeightInfo;
        type Delegated = <Runtime as pallet_delegation::Config>::WeightInfo;
        Delegated::report_offence()
            .saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads(1))
            .saturating_mul(validators.min(MaxAuthorities::get()).into())
    }
}

impl pallet_babe::WeightInfo for ReportWeight {
    fn plan_config_change() -> Weight {
        <() as pallet_babe::WeightInfo>::plan_config_change()
    }

    fn report_equivocation(validators: u32, nominators: u32) -> Weight {
        let checks = <() as pallet_babe::WeightInfo>::report_equivocation(
            validators.min(MaxAuthorities::get()),
            nominators,
        );
        checks.saturating_add(Self::handed_on(validators))
    }
}

impl pallet_grandpa::WeightInfo for ReportWeight {
    fn report_equivocation(validators: u32, nominators: u32) -> Weight {
        let checks = <() as pallet_grandpa::WeightInfo>::report_equivocation(
            validators.min(MaxAuthorities::get()),
            nominators,
        );
        checks.saturating_add(Self::handed_on(validators))
    }

    fn note_stalled() -> Weight {
        <() as pallet_grandpa::WeightInfo>::note_stalled()
    }
}
