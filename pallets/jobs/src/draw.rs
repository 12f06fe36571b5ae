//! The draw of a panel.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{traits::Get, weights::Weight, BoundedVec},
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{One, Saturating},
};
use salus_primitives::{jobs::JobId, membership::Membership, records::RecordAccess, Digest};

use crate::{
    posting::{panel_keys, records_of},
    AccountIdOf, Config, DrawnFor, Due, EndReason, Error, Event, JobOf, Jobs, Pallet, Panels, Pool,
    RememberedPanel, State, WeightInfo, Workers,
};

/// What a draw found.
struct Choice<AccountId> {
    /// Seats first, then reserves.
    chosen: Vec<AccountId>,
    /// How many of them come from an earlier draw.
    remembered: u32,
    /// How many workers were looked at.
    examined: u32,
}

impl<T: Config> Pallet<T> {
    /// Draws the panel of a job, or puts the draw off where too few outputs were taken in.
    pub(crate) fn draw(id: JobId, mut job: JobOf<T>, retries: u32) -> Weight {
        match Self::gathered(job.posted_at) {
            Some(gathered) => Self::draw_from(id, job, gathered),
            None if retries >= T::MaxDrawRetries::get() => {
                Self::end_with_refund(id, job, EndReason::NoRandomness);
                T::WeightInfo::draw(0, 0)
            }
            None => {
                let next = Self::now().saturating_add(One::one());
                job.state = State::Requested {
                    retries: retries.saturating_add(1),
                };
                Self::reschedule(id, &mut job, next);
                Jobs::<T>::insert(id, job);
                T::WeightInfo::agenda_slot()
            }
        }
    }

    /// Draws from this value of the beacon. A job that ends here has neither seats nor inputs, so its
    /// end weighs less than the seats of a panel.
    pub(crate) fn draw_from(id: JobId, mut job: JobOf<T>, gathered: [u8; 32]) -> Weight {
        let keys = panel_keys(&job.spec.inputs);
        let records = records_of(&job.spec.inputs).len() as u32;
        let Ok(earlier) = Self::earlier_draw(&job.client, &keys) else {
            Self::end_with_draw_fee(id, job, EndReason::DrawsUsedUp);
            return T::WeightInfo::draw(0, records);
        };
        let seed = (gathered, id).using_encoded(blake2_256);
        let Choice {
            mut chosen,
            remembered,
            examined,
        } = Self::choose(&job, earlier, seed);
        let weight = T::WeightInfo::draw(examined, records);
        let seats = job.spec.panel as usize;
        if chosen.len() < seats {
            Self::end_with_refund(id, job, EndReason::TooFewWorkers);
            return weight;
        }

        // A job that ends here is remembered too, or a patient could revoke a consent to have the
        // client draw again.
        Self::remember_panel(id, &job.client, keys, earlier, &chosen);
        if !Self::has_consent(&job.client, &job.spec) {
            Self::end_with_refund(id, job, EndReason::ConsentRevoked);
            return weight;
        }
        for who in &chosen {
            Self::take_seat(who, id);
        }
        let reserves = chosen.split_off(seats);
        job.seats = BoundedVec::truncate_from(chosen);
        job.reserves = BoundedVec::truncate_from(reserves);
        Self::await_sealing(id, &job);
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

    /// The oldest remembered draw in which all these inputs took part. An error where there is none
    /// and one of them can take part in no other.
    pub(crate) fn earlier_draw(
        client: &AccountIdOf<T>,
        keys: &[Digest],
    ) -> Result<Option<JobId>, Error<T>> {
        let mut common: Option<Vec<JobId>> = None;
        let mut used_up = false;
        for key in keys {
            let draws = DrawnFor::<T>::get(client, key);
            used_up |= draws.is_full();
            common = Some(match common {
                None => draws.into_inner(),
                Some(mut common) => {
                    common.retain(|draw| draws.contains(draw));
                    common
                }
            });
        }
        match common.unwrap_or_default().first() {
            None if used_up => Err(Error::<T>::TooManyDraws),
            first => Ok(first.copied()),
        }
    }

    /// Seats and reserves: first those of the earlier draw that can still be drawn, in their old
    /// order, then others in the order of blake2-256(seed ‖ account). In that order nobody's place
    /// depends on who else is in the pool, so coming and going moves no one.
    ///
    /// A member has one account and so at most one seat.
    fn choose(job: &JobOf<T>, earlier: Option<JobId>, seed: [u8; 32]) -> Choice<AccountIdOf<T>> {
        let wanted = job.spec.panel.saturating_add(job.spec.reserves) as usize;
        let patients: Vec<_> = records_of(&job.spec.inputs)
            .iter()
            .filter_map(T::Records::stored)
            .map(|record| record.patient)
            .collect();
        let mut pool = Pool::<T>::get().into_inner();
        let mut chosen = Vec::with_capacity(wanted);
        let mut examined = 0u32;
        let known = earlier.and_then(Panels::<T>::get);
        for who in known.into_iter().flat_map(|panel| panel.members) {
            if chosen.len() < wanted && pool.contains(&who) {
                examined.saturating_inc();
                if Self::can_serve(&who, job, &patients) {
                    chosen.push(who);
                }
            }
        }
        let remembered = chosen.len() as u32;
        pool.retain(|who| !chosen.contains(who));
        pool.sort_by_cached_key(|who| (seed, who).using_encoded(blake2_256));
        for who in pool {
            if chosen.len() >= wanted {
                break;
            }
            examined.saturating_inc();
            if Self::can_serve(&who, job, &patients) {
                chosen.push(who);
            }
        }
        Choice {
            chosen,
            remembered,
            examined,
        }
    }

    /// Whether a worker of the pool can sit in the job's panel: an admitted member with a key and
    /// time, neither client nor patient, under whichever of their accounts, that did not come into
    /// the pool when the seed began to show.
    fn can_serve(who: &AccountIdOf<T>, job: &JobOf<T>, patients: &[AccountIdOf<T>]) -> bool {
        *who != job.client
            && T::Membership::member_of(who).as_ref() != Some(&job.client)
            && T::Membership::member_of(&job.client).as_ref() != Some(who)
            && !patients.contains(who)
            && Workers::<T>::get(who).is_some_and(|worker| {
                worker.active < T::MaxActiveSeats::get()
                    && worker.in_pool_since <= Self::free_until(job.posted_at)
            })
            && T::Membership::is_admitted(who)
            && T::Membership::recipient(who).is_some()
    }

    /// Keeps the panel for the next post. Whoever was drawn keeps the place in the order, so that a
    /// smaller panel in between does not buy another draw.
    fn remember_panel(
        id: JobId,
        client: &AccountIdOf<T>,
        keys: Vec<Digest>,
        earlier: Option<JobId>,
        chosen: &[AccountIdOf<T>],
    ) {
        if let Some(earlier) = earlier {
            Panels::<T>::mutate_extant(earlier, |panel| {
                for who in chosen {
                    if !panel.members.contains(who) && panel.members.try_push(who.clone()).is_err()
                    {
                        break;
                    }
                }
            });
            return;
        }
        for key in &keys {
            // `earlier_draw` refused where there is no room.
            DrawnFor::<T>::mutate(client, key, |draws| draws.try_push(id)).ok();
        }
        let panel = RememberedPanel {
            client: client.clone(),
            inputs: BoundedVec::truncate_from(keys),
            members: BoundedVec::truncate_from(chosen.to_vec()),
            due: Self::schedule(
                Due::Panel(id),
                Self::now().saturating_add(T::PanelMemory::get()),
            ),
        };
        Panels::<T>::insert(id, panel);
    }

    /// The end of `remember_panel`.
    pub(crate) fn forget_panel(id: JobId) -> Weight {
        let Some(panel) = Panels::<T>::take(id) else {
            return T::WeightInfo::forget_panel(0);
        };
        for key in &panel.inputs {
            DrawnFor::<T>::mutate_exists(&panel.client, key, |draws| {
                if let Some(draws) = draws {
                    draws.retain(|draw| *draw != id);
                }
                if draws.as_ref().is_some_and(|draws| draws.is_empty()) {
                    *draws = None;
                }
            });
        }
        T::WeightInfo::forget_panel(panel.inputs.len() as u32)
    }
}
