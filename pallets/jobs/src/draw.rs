//! The draw of a panel.

use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{
    frame_support::{traits::Get, weights::Weight, BoundedVec},
    frame_system::pallet_prelude::BlockNumberFor,
    sp_io::hashing::blake2_256,
    sp_runtime::traits::{One, Saturating},
};
use salus_primitives::{jobs::JobId, membership::Membership, records::RecordAccess, Digest};

use crate::{
    posting::{panel_keys, records_of},
    workers::is_drawable,
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
    pub(crate) fn draw(id: JobId, mut job: JobOf<T>) -> Weight {
        match Self::gathered(job.posted_at) {
            Some(gathered) => {
                Self::leave_gathering(job.posted_at);
                Self::draw_from(id, job, gathered)
            }
            None if Self::now() >= Self::last_draw(job.posted_at) => {
                Self::leave_gathering(job.posted_at);
                Self::end_with_refund(id, job, EndReason::NoRandomness);
                T::WeightInfo::draw(0, 0)
            }
            None => {
                let next = Self::now().saturating_add(One::one());
                Self::reschedule(id, &mut job, next);
                Jobs::<T>::insert(id, job);
                T::WeightInfo::agenda_slot()
            }
        }
    }

    /// Draws from this value of the beacon. A job that ends here has neither seats nor inputs, so its
    /// end weighs less than the seats of a panel.
    pub(crate) fn draw_from(id: JobId, job: JobOf<T>, gathered: [u8; 32]) -> Weight {
        let keys = panel_keys(&job.spec.inputs);
        let records = records_of(&job.spec.inputs).len() as u32;
        let Ok(earlier) = Self::earlier_draw(&job.client, &keys) else {
            Self::end_with_draw_fee(id, job, EndReason::DrawsUsedUp);
            return T::WeightInfo::draw(0, records);
        };
        let seed = (gathered, id).using_encoded(blake2_256);
        let Choice {
            chosen,
            remembered,
            examined,
        } = Self::choose(&job, earlier, seed);
        let weight = T::WeightInfo::draw(examined, records);
        if (chosen.len() as u32) < job.spec.panel {
            Self::end_with_refund(id, job, EndReason::TooFewWorkers);
            return weight;
        }

        // A job that ends from here on is remembered too, or a patient could revoke a consent, or a
        // client fill the agendas of who was drawn, to have the client draw again.
        Self::remember_panel(id, &job.client, keys, earlier, &chosen);
        Self::seat_panel(id, job, chosen, remembered);
        weight
    }

    /// Tries again to seat a panel that was drawn when one of its seats was busy. Who cannot serve
    /// any more gives its place to the next of the drawn.
    pub(crate) fn seat_waiting(
        id: JobId,
        mut job: JobOf<T>,
        until: BlockNumberFor<T>,
        remembered: u32,
    ) -> Weight {
        // Cheap as long as nothing changes: jobs that wait must not keep others from the agenda.
        if Self::now() < until && job.seats.iter().any(Self::is_busy) {
            Self::wait(id, job, until);
            return T::WeightInfo::wait();
        }
        let drawn = job.drawn();
        let records = records_of(&job.spec.inputs).len() as u32;
        let weight = T::WeightInfo::draw(drawn.len() as u32, records);
        let patients = patients_of::<T>(&job);
        let (of_before, others) = drawn.split_at(drawn.len().min(remembered as usize));
        let able = |who: &&AccountIdOf<T>| Self::can_serve(who, &job, &patients);
        let mut chosen: Vec<_> = of_before.iter().filter(able).cloned().collect();
        let remembered = chosen.len() as u32;
        chosen.extend(others.iter().filter(able).cloned());
        job.dismiss();
        if (chosen.len() as u32) < job.spec.panel {
            Self::end_with_refund(id, job, EndReason::TooFewWorkers);
        } else {
            Self::seat_panel(id, job, chosen, remembered);
        }
        weight
    }

    /// Gives who was drawn their places. Where a seat has as many as a worker can have, the job waits
    /// for it; nobody is taken instead, so filling the agendas of others buys no other panel. A busy
    /// reserve is left out: it is needed only where a seat stays away, and waiting for reserves too
    /// would make it cheaper to keep jobs waiting.
    fn seat_panel(id: JobId, mut job: JobOf<T>, mut chosen: Vec<AccountIdOf<T>>, remembered: u32) {
        if !Self::has_consent(&job.client, &job.spec) {
            return Self::end_with_refund(id, job, EndReason::ConsentRevoked);
        }
        let now = Self::now();
        let seats = job.spec.panel as usize;
        if chosen.iter().take(seats).any(Self::is_busy) {
            let until = match job.state {
                State::Waiting { until, .. } if now >= until => {
                    return Self::end_with_draw_fee(id, job, EndReason::WorkersBusy);
                }
                State::Waiting { until, .. } => until,
                _ => {
                    let until = now.saturating_add(T::BusyWindow::get());
                    Self::deposit_event(Event::PutOff { job: id, until });
                    until
                }
            };
            let reserves = chosen.split_off(seats);
            job.seats = BoundedVec::truncate_from(chosen);
            job.reserves = BoundedVec::truncate_from(reserves);
            job.state = State::Waiting { until, remembered };
            return Self::wait(id, job, until);
        }

        let mut reserves = Vec::new();
        let mut left_out = 0u32;
        for (place, who) in (job.spec.panel..).zip(chosen.split_off(seats)) {
            if !Self::is_busy(&who) {
                reserves.push(who);
            } else if place < remembered {
                left_out.saturating_inc();
            }
        }
        for who in chosen.iter().chain(&reserves) {
            Self::take_seat(who, id);
        }
        job.seats = BoundedVec::truncate_from(chosen);
        job.reserves = BoundedVec::truncate_from(reserves);
        Self::await_sealing(id, &job);
        let provide_by = now.saturating_add(T::ProvideWindow::get());
        job.state = State::Drawn { provide_by };
        Self::reschedule(id, &mut job, provide_by.saturating_add(One::one()));
        Self::deposit_event(Event::Drawn {
            job: id,
            seats: job.seats.to_vec(),
            reserves: job.reserves.to_vec(),
            remembered: remembered.saturating_sub(left_out),
        });
        Jobs::<T>::insert(id, job);
    }

    /// Has the job looked at again.
    fn wait(id: JobId, mut job: JobOf<T>, until: BlockNumberFor<T>) {
        let next = Self::now().saturating_add(T::BusyInterval::get());
        Self::reschedule(id, &mut job, next.min(until));
        Jobs::<T>::insert(id, job);
    }

    /// Whether a worker that can be drawn has no place left.
    fn is_busy(who: &AccountIdOf<T>) -> bool {
        Workers::<T>::get(who).is_some_and(|worker| {
            is_drawable::<T>(&worker) && worker.active >= T::MaxActiveSeats::get()
        })
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
        let patients = patients_of::<T>(job);
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

    /// Whether a worker can sit in the job's panel: an admitted member with a key, neither client nor
    /// patient, under whichever of their accounts, that is in the pool and did not come into it when
    /// the seed began to show. How many places it has does not count: a client can fill them.
    fn can_serve(who: &AccountIdOf<T>, job: &JobOf<T>, patients: &[AccountIdOf<T>]) -> bool {
        *who != job.client
            && T::Membership::member_of(who).as_ref() != Some(&job.client)
            && T::Membership::member_of(&job.client).as_ref() != Some(who)
            && !patients.contains(who)
            && Workers::<T>::get(who).is_some_and(|worker| {
                is_drawable::<T>(&worker) && worker.in_pool_since <= Self::free_until(job.posted_at)
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

/// Whose the records among the job's inputs are.
fn patients_of<T: Config>(job: &JobOf<T>) -> Vec<AccountIdOf<T>> {
    records_of(&job.spec.inputs)
        .iter()
        .filter_map(T::Records::stored)
        .map(|record| record.patient)
        .collect()
}
