//! Posting and cancelling.

use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Encode, MaxEncodedLen};
use polkadot_sdk::{
    frame_support::{ensure, traits::Get},
    sp_io::hashing::blake2_256,
    sp_runtime::{
        traits::{SaturatedConversion, Saturating},
        DispatchResult,
    },
};
use salus_primitives::{
    blobs::{MAX_CAPSULE, MAX_LOCATION},
    jobs::{InputSpec, JobId, MAX_INLINE, MAX_PANEL},
    membership::Membership,
    records::{Purpose, RecordAccess, RecordId, Right},
    Digest,
};

use crate::{
    AccountIdOf, Algorithms, BalanceOf, Config, Due, EndReason, Error, Event, HoldReason, Job,
    JobOf, Jobs, LiveJobs, NextJobId, Pallet, SpecOf, State,
};

/// Bytes of a blob pointer beside its location: digest, size, length and variant.
const POINTER_OVERHEAD: usize = 48;

/// Bytes of a finished job's entry beside the fields of the post and the winners: key (16), client,
/// outcome, blocks, moment, holdback, deposit, lengths; about 140, and some to spare.
const ENTRY_OVERHEAD: usize = 192;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_post(client: AccountIdOf<T>, spec: SpecOf<T>) -> DispatchResult {
        ensure!(
            T::Membership::role(&client).is_some(),
            Error::<T>::NotMember
        );
        let (_, client_recipient) =
            T::Membership::recipient(&client).ok_or(Error::<T>::NotMember)?;
        Self::check_spec(&client, &spec)?;
        LiveJobs::<T>::try_mutate(&client, |jobs| {
            ensure!(*jobs < T::MaxLiveJobs::get(), Error::<T>::TooManyJobs);
            jobs.saturating_inc();
            Ok::<_, Error<T>>(())
        })?;

        let reward = spec.reward;
        let deposit = T::DepositBase::get()
            .saturating_add(Self::deposit_for(spec.encoded_size()))
            .saturating_add(Self::deposit_for(bytes_of_others(&spec)))
            .saturating_add(Self::deposit_for(bytes_of_entry::<T>(&spec)));
        Self::hold(HoldReason::Reward, &client, reward)?;
        Self::hold(HoldReason::JobDeposit, &client, deposit)?;

        let id = NextJobId::<T>::mutate(|next| {
            let id = *next;
            next.saturating_inc();
            id
        });
        let posted_at = Self::now();
        let due = Self::schedule(Due::Job(id), Self::first_draw(posted_at));
        Self::enter_gathering(posted_at);
        let missing = spec.inputs.len() as u32;
        let job = Job {
            client: client.clone(),
            client_recipient,
            spec,
            posted_at,
            state: State::Requested,
            due,
            seats: Default::default(),
            reserves: Default::default(),
            committed: Default::default(),
            revealed: 0,
            missing,
            deposit,
        };
        Jobs::<T>::insert(id, job);
        Self::deposit_event(Event::Posted {
            job: id,
            client,
            reward,
        });
        Ok(())
    }

    fn check_spec(client: &AccountIdOf<T>, spec: &SpecOf<T>) -> DispatchResult {
        ensure!(
            spec.panel <= MAX_PANEL
                && spec.reserves <= MAX_PANEL
                && spec.quorum <= spec.panel
                && spec.quorum.saturating_mul(2) > spec.panel,
            Error::<T>::InvalidPanel
        );
        let distinct: BTreeSet<_> = spec.inputs.iter().map(input_key).collect();
        ensure!(
            !distinct.is_empty() && distinct.len() == spec.inputs.len(),
            Error::<T>::InvalidInputs
        );
        let price = Algorithms::<T>::get(&spec.algorithm).ok_or(Error::<T>::AlgorithmNotFound)?;
        ensure!(
            spec.reward >= Self::min_reward(price, spec),
            Error::<T>::RewardTooSmall
        );
        ensure!(
            spec.commit_window >= Self::min_window(spec)
                && spec.commit_window <= T::MaxWindow::get(),
            Error::<T>::InvalidWindow
        );
        for record in records_of(&spec.inputs) {
            ensure!(
                T::Records::stored(&record).is_some(),
                Error::<T>::InputNotFound
            );
        }
        ensure!(Self::has_consent(client, spec), Error::<T>::NoConsent);
        // The draw asks again: jobs that are not drawn yet are not counted.
        Self::earlier_draw(client, &panel_keys(&spec.inputs))?;
        Ok(())
    }

    /// The shortest commit window: the fixed one, and twice the time that the work takes.
    fn min_window(
        spec: &SpecOf<T>,
    ) -> polkadot_sdk::frame_system::pallet_prelude::BlockNumberFor<T> {
        let blocks = spec
            .bound
            .units()
            .checked_div(T::UnitsPerBlock::get())
            .unwrap_or_default();
        T::MinWindow::get().saturating_add(blocks.saturating_mul(2).saturated_into())
    }

    /// The smallest reward: each seat's work at the algorithm's price, and the flat part of each place.
    fn min_reward(price: BalanceOf<T>, spec: &SpecOf<T>) -> BalanceOf<T> {
        price
            .saturating_mul(spec.bound.units().saturated_into())
            .saturating_mul(spec.panel.into())
            .saturating_add(Self::flat_reward(spec))
    }

    /// The part of the smallest reward that is for the places in the panel, whatever the work.
    fn flat_reward(spec: &SpecOf<T>) -> BalanceOf<T> {
        let places = spec.panel.saturating_add(spec.reserves);
        T::MinReward::get().saturating_mul(places.into())
    }

    /// What a job costs that ends without work when outputs are gathered or later: part of the reward,
    /// and no less than what is for the places, so that keeping workers busy for nothing costs by the
    /// place.
    pub(crate) fn draw_fee(spec: &SpecOf<T>) -> BalanceOf<T> {
        T::DrawFee::get()
            .mul_floor(spec.reward)
            .max(Self::flat_reward(spec))
            .min(spec.reward)
    }

    /// Whether the client may have every record among the inputs analysed at this block.
    pub(crate) fn has_consent(client: &AccountIdOf<T>, spec: &SpecOf<T>) -> bool {
        records_of(&spec.inputs)
            .iter()
            .all(|record| T::Records::may(client, record, Right::Analyse, spec.purpose))
    }

    /// As `has_consent`, once a panel works: only other patients can end the job then, or a client
    /// could end its membership or its own record before it pays.
    pub(crate) fn patients_consent(client: &AccountIdOf<T>, spec: &SpecOf<T>) -> bool {
        records_of(&spec.inputs)
            .iter()
            .all(|record| Self::patient_consents(client, record, spec.purpose))
    }

    pub(crate) fn patient_consents(
        client: &AccountIdOf<T>,
        record: &RecordId,
        purpose: Purpose,
    ) -> bool {
        T::Records::owner(record).as_ref() == Some(client)
            || T::Records::consents(client, record, Right::Analyse, purpose)
    }

    pub(crate) fn do_cancel(who: AccountIdOf<T>, id: JobId) -> DispatchResult {
        let mut job = Self::job_of_client(&who, id)?;
        match job.state {
            State::Requested => {
                Self::leave_gathering(job.posted_at);
                if Self::now() <= Self::free_until(job.posted_at) {
                    Self::end_with_refund(id, job, EndReason::Cancelled);
                } else {
                    Self::end_with_draw_fee(id, job, EndReason::CancelledLate);
                }
                Ok(())
            }
            State::Waiting { .. } => {
                job.dismiss();
                Self::end_with_draw_fee(id, job, EndReason::CancelledLate);
                Ok(())
            }
            State::Drawn { .. } => {
                Self::end_with_draw_fee(id, job, EndReason::CancelledAfterDraw);
                Ok(())
            }
            State::Working { .. } | State::Revealing { .. } => Err(Error::<T>::WrongTime.into()),
        }
    }

    pub(crate) fn job_of_client(who: &AccountIdOf<T>, id: JobId) -> Result<JobOf<T>, Error<T>> {
        let job = Jobs::<T>::get(id).ok_or(Error::<T>::JobNotFound)?;
        ensure!(job.client == *who, Error::<T>::NotAuthorized);
        Ok(job)
    }
}

/// Bytes that others than the client may add to the job, for which it pays beforehand so that
/// nobody else's act can fail for want of its balance: capsules and pointers of records, results.
fn bytes_of_others<Balance, BlockNumber>(spec: &crate::JobSpec<Balance, BlockNumber>) -> usize {
    let pointer = (MAX_LOCATION as usize).saturating_add(POINTER_OVERHEAD);
    let result = (MAX_INLINE as usize).saturating_add(POINTER_OVERHEAD);
    let sealed = spec.panel.saturating_add(spec.reserves) as usize;
    let record = sealed
        .saturating_mul(MAX_CAPSULE as usize)
        .saturating_add(pointer);
    records_of(&spec.inputs)
        .len()
        .saturating_mul(record)
        .saturating_add(result.saturating_mul(spec.panel as usize))
}

/// Most bytes of the entry in `FinishedJobs` beside the fields of the post.
fn bytes_of_entry<T: Config>(spec: &SpecOf<T>) -> usize {
    AccountIdOf::<T>::max_encoded_len()
        .saturating_mul(spec.panel as usize)
        .saturating_add(ENTRY_OVERHEAD)
}

/// An input in a form that can be ordered.
fn input_key(input: &InputSpec) -> (bool, Digest) {
    match input {
        InputSpec::Own { commitment } => (false, *commitment),
        InputSpec::Record { record } => (true, *record),
    }
}

/// The records among the inputs.
pub(crate) fn records_of(inputs: &[InputSpec]) -> Vec<RecordId> {
    inputs
        .iter()
        .filter_map(|input| match input {
            InputSpec::Record { record } => Some(*record),
            InputSpec::Own { .. } => None,
        })
        .collect()
}

/// By what a panel is remembered: each record by itself, or, where there are none, the own inputs
/// together, whatever their order. So an own input added to records does not buy another panel.
pub(crate) fn panel_keys(inputs: &[InputSpec]) -> Vec<Digest> {
    let (records, own): (BTreeSet<_>, BTreeSet<_>) = inputs
        .iter()
        .map(input_key)
        .partition(|(is_record, _)| *is_record);
    let key = |named: &[(bool, Digest)]| named.using_encoded(blake2_256).into();
    if records.is_empty() {
        Vec::from([key(&own.into_iter().collect::<Vec<_>>())])
    } else {
        records.into_iter().map(|record| key(&[record])).collect()
    }
}
