//! From an answer to the call it stands for.

use polkadot_sdk::{
    frame_support::{
        dispatch::{
            extract_actual_weight, DispatchResultWithPostInfo, GetDispatchInfo, Pays,
            PostDispatchInfo,
        },
        storage::with_storage_layer,
        weights::Weight,
    },
    frame_system::pallet_prelude::OriginFor,
    sp_runtime::{traits::Dispatchable, DispatchResult},
};
use salus_primitives::duties::Duties;

use crate::{AnswerOf, AnswersOf, Config, DutyOf, Error, Event, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Weight to declare for a batch: our own and what each answer's call declares. Saturates, and
    /// a transaction over a block's limit is refused by the block, so nothing is cut off here.
    pub(crate) fn weight_of(answers: &[(DutyOf<T>, AnswerOf<T>)]) -> Weight {
        let own = T::WeightInfo::submit(answers.len() as u32);
        answers.iter().fold(own, |sum, (duty, answer)| {
            sum.saturating_add(Self::weight_of_one(duty, answer))
        })
    }

    /// What the call of one answer declares; nothing where there is no such call.
    pub(crate) fn weight_of_one(duty: &DutyOf<T>, answer: &[u8]) -> Weight {
        T::Duties::call(duty, answer)
            .map(|call| call.get_dispatch_info().call_weight)
            .unwrap_or_default()
    }

    /// Dispatches the call of one answer in a storage layer of its own. Returns what came of it and
    /// the weight used.
    pub(crate) fn deliver(
        origin: OriginFor<T>,
        duty: &DutyOf<T>,
        answer: &[u8],
    ) -> (DispatchResult, Weight) {
        let Some(call) = T::Duties::call(duty, answer) else {
            return (Err(Error::<T>::NotFound.into()), Weight::zero());
        };
        let info = call.get_dispatch_info();
        let result: DispatchResultWithPostInfo = with_storage_layer(|| call.dispatch(origin));
        let used = extract_actual_weight(&result, &info);
        (result.map(drop).map_err(|refused| refused.error), used)
    }

    /// Delivers a batch, with an event for each answer. Free of charge where all were accepted.
    pub(crate) fn deliver_all(origin: OriginFor<T>, answers: AnswersOf<T>) -> PostDispatchInfo {
        let mut weight = T::WeightInfo::submit(answers.len() as u32);
        let mut pays_fee = Pays::No;
        for (duty, answer) in answers {
            let (result, used) = Self::deliver(origin.clone(), &duty, &answer);
            weight.saturating_accrue(used);
            let (member, kind, subject) = (duty.member, duty.kind, duty.subject);
            match result {
                Ok(()) => Self::deposit_event(Event::Performed {
                    member,
                    kind,
                    subject,
                }),
                Err(error) => {
                    pays_fee = Pays::Yes;
                    Self::deposit_event(Event::Refused {
                        member,
                        kind,
                        subject,
                        error,
                    });
                }
            }
        }
        PostDispatchInfo {
            actual_weight: Some(weight),
            pays_fee,
        }
    }
}
