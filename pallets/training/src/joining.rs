//! From the invitation to the start.

use alloc::vec::Vec;
use polkadot_sdk::{
    frame_support::{ensure, weights::Weight},
    frame_system::pallet_prelude::BlockNumberFor,
    sp_runtime::{
        traits::{SaturatedConversion, Saturating},
        DispatchError, DispatchResult,
    },
};
use salus_primitives::{
    membership::Membership,
    training::{
        DataSetId, Departure, End, Party, PartyKeys, Phase, Position, Standing, Training,
        TrainingId,
    },
};

use crate::{
    AccountIdOf, Config, DataSets, Error, Event, HoldReason, Invitations, Pallet, TrainingOf,
    Trainings, WeightInfo,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_join(
        who: AccountIdOf<T>,
        id: TrainingId,
        data_set: DataSetId,
    ) -> Result<Weight, DispatchError> {
        let mut training = Self::training(id)?;
        Self::ensure_joining(&training)?;
        let position = training
            .parties
            .iter()
            .position(|party| party.account == who && party.standing == Standing::Invited)
            .ok_or(Error::<T>::NotInvited)?;
        ensure!(
            T::Membership::is_admitted(&who) && T::Membership::recipient(&who).is_some(),
            Error::<T>::NotAdmitted
        );
        let spec = Self::data_set_of(&who, data_set)?.spec;
        ensure!(
            spec.partition == training.terms.backend.partition()
                && spec.purpose == training.terms.purpose
                && training
                    .terms
                    .attributes
                    .is_none_or(|attributes| attributes == spec.attributes),
            Error::<T>::DataSetMismatch
        );
        ensure!(Self::may_use(&who, &spec), Error::<T>::NoConsent);
        Self::take_place(&who, id)?;
        Self::hold(HoldReason::Party, &who, training.terms.deposit)?;
        Self::count_use(&data_set, true);
        Invitations::<T>::remove(&who, id);
        if let Some(party) = training.parties.get_mut(position) {
            party.standing = Standing::Joined;
            party.data_set = Some(data_set);
        }
        Trainings::<T>::insert(id, training);
        Self::deposit_event(Event::Joined {
            training: id,
            position: position.saturated_into(),
            who,
            data_set,
        });
        Ok(T::WeightInfo::join(spec.consents.len() as u32))
    }

    pub(crate) fn do_commit_keys(
        who: AccountIdOf<T>,
        id: TrainingId,
        keys: PartyKeys,
    ) -> DispatchResult {
        let mut training = Self::training(id)?;
        Self::ensure_joining(&training)?;
        let position = Self::position_behind(&who, &training)?;
        ensure!(
            keys.paillier.is_some()
                || training.brings_data(position)
                || !training.terms.backend.analyst_has_key(),
            Error::<T>::KeyMissing
        );
        let party = party_mut(&mut training, position).ok_or(Error::<T>::NotParty)?;
        ensure!(party.keys.is_none(), Error::<T>::AlreadyCommitted);
        party.keys = Some(keys);
        Self::deposit_event(Event::KeysCommitted {
            training: id,
            position,
        });
        Self::start_or_wait(id, training);
        Ok(())
    }

    pub(crate) fn do_leave(who: AccountIdOf<T>, id: TrainingId) -> Result<Weight, DispatchError> {
        let mut training = Self::training(id)?;
        if !matches!(training.phase, Phase::Joining { .. }) {
            return Self::leave_begun(who, id, training);
        }
        let position: Position = training
            .parties
            .iter()
            .position(|party| party.account == who && !matches!(party.standing, Standing::Out(_)))
            .ok_or(Error::<T>::NotParty)?
            .saturated_into();
        // The analyst cancels.
        ensure!(training.brings_data(position), Error::<T>::NotParty);
        Self::remove(id, &mut training, position, Departure::NotReady);
        let weight = T::WeightInfo::leave(0);
        if can_start(&training, |party| {
            !matches!(party.standing, Standing::Out(_))
        }) {
            Self::start_or_wait(id, training);
            return Ok(weight);
        }
        Self::end(id, training, End::NotStarted);
        Ok(weight.saturating_add(Self::weight_of_end()))
    }

    /// After the start only the end of a consent lets a participant go.
    fn leave_begun(
        who: AccountIdOf<T>,
        id: TrainingId,
        training: TrainingOf<T>,
    ) -> Result<Weight, DispatchError> {
        let position = Self::position_behind(&who, &training)?;
        ensure!(training.phase.stage().is_some(), Error::<T>::WrongTime);
        let (excused, records) = Self::is_excused(&training, position);
        ensure!(excused, Error::<T>::StillBound);
        Self::go_on_without(
            id,
            training,
            Vec::from([(position, Departure::ConsentEnded)]),
        );
        Ok(T::WeightInfo::leave(records).saturating_add(Self::weight_of_end()))
    }

    /// Whether a consent that the participant's data rests on has ended, and how many there are.
    pub(crate) fn is_excused(training: &TrainingOf<T>, position: Position) -> (bool, u32) {
        training
            .parties
            .get(position as usize)
            .and_then(|party| Some((party, DataSets::<T>::get(party.data_set?)?.spec)))
            .map_or((false, 0), |(party, spec)| {
                (
                    !Self::patients_consent(&party.account, &spec),
                    spec.consents.len() as u32,
                )
            })
    }

    fn ensure_joining(training: &TrainingOf<T>) -> DispatchResult {
        match training.phase {
            Phase::Joining { until, .. } if Self::now() <= until => Ok(()),
            _ => Err(Error::<T>::WrongTime.into()),
        }
    }

    /// The position at which `who` takes part, or the member whose operator key it is.
    pub(crate) fn position_behind(
        who: &AccountIdOf<T>,
        training: &TrainingOf<T>,
    ) -> Result<Position, Error<T>> {
        let of = |account: &AccountIdOf<T>| {
            training
                .joined()
                .find(|(_, party)| party.account == *account)
                .map(|(position, _)| position)
        };
        of(who)
            .or_else(|| of(&T::Membership::principal(who)))
            .ok_or(Error::<T>::NotParty)
    }

    /// Starts a training for which nobody is waited.
    fn start_or_wait(id: TrainingId, training: TrainingOf<T>) {
        let waits = training
            .parties
            .iter()
            .any(|party| !matches!(party.standing, Standing::Out(_)) && !is_ready(party));
        if waits || !can_start(&training, is_ready) {
            Trainings::<T>::insert(id, training);
        } else {
            Self::start(id, training);
        }
    }

    /// The window to join is over.
    pub(crate) fn judge_joining(id: TrainingId, mut training: TrainingOf<T>) {
        if !can_start(&training, is_ready) {
            return Self::end(id, training, End::NotStarted);
        }
        let late: Vec<Position> = (0..)
            .zip(training.parties.iter())
            .filter(|(_, party)| !matches!(party.standing, Standing::Out(_)) && !is_ready(party))
            .map(|(position, _)| position)
            .collect();
        for position in late {
            Self::remove(id, &mut training, position, Departure::NotReady);
        }
        Self::start(id, training);
    }

    fn start(id: TrainingId, mut training: TrainingOf<T>) {
        let until = Self::begin_stage(id, &mut training, 0);
        Self::deposit_event(Event::Started {
            training: id,
            session: training.session,
            parties: training.joined().count() as u32,
            until,
        });
        Trainings::<T>::insert(id, training);
    }

    /// Opens a stage: from now on all have to post. The caller stores the training.
    pub(crate) fn begin_stage(
        id: TrainingId,
        training: &mut TrainingOf<T>,
        stage: u32,
    ) -> BlockNumberFor<T> {
        let since = Self::now();
        let until = since.saturating_add(training.terms.stage_window);
        Self::enter(
            id,
            training,
            Phase::Running {
                stage,
                since,
                until,
            },
        );
        Self::forget_posts(training);
        until
    }

    /// What was said counts no longer; what is said from now on is for another epoch.
    pub(crate) fn forget_posts(training: &mut TrainingOf<T>) {
        training.epoch.saturating_inc();
        for party in training.parties.iter_mut() {
            party.said = None;
        }
    }

    /// Enters a phase, and in the agenda the block after its last.
    pub(crate) fn enter(
        id: TrainingId,
        training: &mut TrainingOf<T>,
        phase: Phase<BlockNumberFor<T>>,
    ) {
        training.phase = phase;
        Self::reschedule(id, training, Self::after(phase.until()));
    }
}

/// Whether the party can begin.
pub(crate) fn is_ready<AccountId>(party: &Party<AccountId>) -> bool {
    party.is_in() && party.keys.is_some()
}

/// Whether those of whom `counts` is true suffice to begin.
fn can_start<AccountId, Balance, BlockNumber>(
    training: &Training<AccountId, Balance, BlockNumber>,
    counts: impl Fn(&Party<AccountId>) -> bool,
) -> bool {
    let participants = (0..)
        .zip(training.parties.iter())
        .filter(|(position, party)| training.brings_data(*position) && counts(party));
    let analyst = !training.has_analyst() || training.parties.first().is_some_and(&counts);
    analyst && participants.count() as u32 >= training.terms.min_participants
}

pub(crate) fn party_mut<AccountId, Balance, BlockNumber>(
    training: &mut Training<AccountId, Balance, BlockNumber>,
    position: Position,
) -> Option<&mut Party<AccountId>> {
    training.parties.get_mut(position as usize)
}
