//! The draw of a panel.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{
        traits::{Get, Randomness},
        weights::Weight,
        BoundedVec,
    },
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{One, Saturating},
};
use salus_primitives::{jobs::JobId, membership::Membership, records::RecordAccess};

use crate::{
    posting::{panel_key, records_of},
    AccountIdOf, Agenda, Config, Due, EndReason, Event, JobOf, Jobs, Pallet, Panels, Pool,
    RememberedPanel, State, WeightInfo, Workers,
};

impl<T: Config> Pallet<T> {
    /// Draws the panel of a job, or puts the draw off where all randomness at hand could have been
    /// known when the job was posted.
    pub(crate) fn draw(id: JobId, mut job: JobOf<T>, retries: u32) -> Weight {
        let (random, known_since) = T::Randomness::random(&(b"salus/panel", id).encode());
        if known_since <= job.posted_at {
            if retries >= T::MaxDrawRetries::get() {
                Self::end_with_refund(id, job, EndReason::NoRandomness);
                return T::WeightInfo::end_job();
            }
            let next = Self::now().saturating_add(One::one());
            job.state = State::Requested {
                retries: retries.saturating_add(1),
            };
            Self::reschedule(id, &mut job, next);
            Jobs::<T>::insert(id, job);
            return T::WeightInfo::agenda_slot();
        }
        Self::draw_from(id, job, random)
    }

    /// Draws with this randomness.
    pub(crate) fn draw_from(id: JobId, mut job: JobOf<T>, random: T::Hash) -> Weight {
        let pool = Pool::<T>::get().into_inner();
        let weight = T::WeightInfo::draw(pool.len() as u32);
        if !Self::has_consent(&job.client, &job.spec) {
            Self::end_with_refund(id, job, EndReason::ConsentRevoked);
            return weight.saturating_add(T::WeightInfo::end_job());
        }
        let seed = (random, id).using_encoded(blake2_256);
        let (chosen, remembered) = Self::choose(&job, pool, seed);
        let seats = job.spec.panel as usize;
        if chosen.len() < seats {
            Self::end_with_refund(id, job, EndReason::TooFewWorkers);
            return weight.saturating_add(T::WeightInfo::end_job());
        }

        for who in &chosen {
            Self::take_seat(who, id);
        }
        Self::remember_panel(&job, &chosen);
        let mut chosen = chosen;
        let reserves = chosen.split_off(seats.min(chosen.len()));
        job.seats = BoundedVec::truncate_from(chosen);
        job.reserves = BoundedVec::truncate_from(reserves);
        let provide_by = Self::now().saturating_add(T::ProvideWindow::get());
        job.state = State::Drawn { provide_by };
        Self::reschedule(id, &mut job, provide_by.saturating_add(One::one()));
        Self::deposit_event(Event::Drawn {
            job: id,
            seats: job.seats.to_vec(),
            reserves: job.reserves.to_vec(),
            remembered,
        });
        Jobs::<T>::insert(id, job);
        weight
    }

    /// Seats and reserves: first those of the remembered panel that can still be drawn, in their
    /// old order, then others by a Fisher-Yates shuffle of the pool. Also how many of the first.
    ///
    /// A member has one account and so at most one seat.
    fn choose(
        job: &JobOf<T>,
        mut pool: Vec<AccountIdOf<T>>,
        seed: [u8; 32],
    ) -> (Vec<AccountIdOf<T>>, u32) {
        let wanted = job.spec.panel.saturating_add(job.spec.reserves) as usize;
        let patients: Vec<_> = records_of(&job.spec.inputs)
            .iter()
            .filter_map(T::Records::stored)
            .map(|record| record.patient)
            .collect();
        let mut chosen = Vec::with_capacity(wanted);
        if let Some(panel) = Panels::<T>::get(&job.client, panel_key(&job.spec.inputs)) {
            for who in panel.members {
                if chosen.len() < wanted
                    && pool.contains(&who)
                    && Self::can_serve(&who, job, &patients)
                {
                    chosen.push(who);
                }
            }
        }
        let remembered = chosen.len() as u32;
        pool.retain(|who| !chosen.contains(who));
        let mut step = 0u32;
        while chosen.len() < wanted && !pool.is_empty() {
            // A last element swapped into the gap is the shuffle's exchange.
            let who = pool.swap_remove(index_below(&seed, step, pool.len()));
            step.saturating_inc();
            if Self::can_serve(&who, job, &patients) {
                chosen.push(who);
            }
        }
        (chosen, remembered)
    }

    /// Whether a worker of the pool can sit in the job's panel: an admitted member with a key and
    /// time, neither client nor patient, under whichever of their accounts.
    fn can_serve(who: &AccountIdOf<T>, job: &JobOf<T>, patients: &[AccountIdOf<T>]) -> bool {
        *who != job.client
            && T::Membership::member_of(who).as_ref() != Some(&job.client)
            && T::Membership::member_of(&job.client).as_ref() != Some(who)
            && !patients.contains(who)
            && Workers::<T>::get(who).is_some_and(|worker| worker.active < T::MaxActiveSeats::get())
            && T::Membership::is_admitted(who)
            && T::Membership::recipient(who).is_some()
    }

    /// Keeps the panel for the next post of the same inputs. Whoever was drawn once keeps the place
    /// in the order, so that a smaller panel in between does not buy another draw.
    fn remember_panel(job: &JobOf<T>, chosen: &[AccountIdOf<T>]) {
        let key = panel_key(&job.spec.inputs);
        let old = Panels::<T>::take(&job.client, key);
        let entry = Due::Panel(job.client.clone(), key);
        let mut members = BoundedVec::default();
        if let Some(old) = old {
            Agenda::<T>::remove(old.due, &entry);
            members = old.members;
        }
        for who in chosen {
            if !members.contains(who) && members.try_push(who.clone()).is_err() {
                break;
            }
        }
        let due = Self::schedule(entry, Self::now().saturating_add(T::PanelMemory::get()));
        Panels::<T>::insert(&job.client, key, RememberedPanel { members, due });
    }
}

/// The `step`th pseudo-random index below `len` (0 where `len` is 0). 128 bits reduced by a length
/// below 2^32 favour no index by more than 2^-96.
fn index_below(seed: &[u8; 32], step: u32, len: usize) -> usize {
    let hash = (seed, step).using_encoded(blake2_256);
    let mut low = [0; 16];
    for (to, from) in low.iter_mut().zip(hash) {
        *to = from;
    }
    u128::from_le_bytes(low)
        .checked_rem(len as u128)
        .unwrap_or_default() as usize
}
