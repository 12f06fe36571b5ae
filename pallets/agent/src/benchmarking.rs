//! Benchmarks: what a batch costs besides the calls in it.

use alloc::vec;
use polkadot_sdk::{
    frame_benchmarking::v2::*,
    frame_support::{assert_ok, traits::Get},
    frame_system::{self, RawOrigin},
};
use salus_primitives::duties::{Duty, DutyKind};

use crate::{AnswersOf, Config, Event, Pallet};

/// Names accounts for the benchmarks.
pub trait BenchmarkHelper<AccountId> {
    /// An operator key and the member whose it is.
    fn operator() -> (AccountId, AccountId);
}

#[benchmarks]
mod benches {
    use super::*;

    /// Answers of full length that are no call: what the pallet itself does for each, and the
    /// longer event.
    #[benchmark]
    fn submit(n: Linear<1, { T::MaxAnswers::get() }>) {
        let (operator, member) = T::BenchmarkHelper::operator();
        let mut answers = AnswersOf::<T>::default();
        for subject in 0..n {
            let duty = Duty {
                kind: DutyKind::JobReveal,
                subject: subject.into(),
                member: member.clone(),
                input: Default::default(),
                since: 0,
                deadline: 0,
            };
            let answer = vec![0xff; T::MaxAnswerBytes::get() as usize];
            let answer = answer.try_into().expect("the length is the bound");
            answers
                .try_push((duty, answer))
                .expect("there are no more than the bound");
        }

        #[block]
        {
            assert_ok!(Pallet::<T>::submit(
                RawOrigin::Signed(operator).into(),
                answers
            ));
        }

        let last = Event::<T>::Refused {
            member,
            kind: DutyKind::JobReveal,
            subject: n.saturating_sub(1).into(),
            error: crate::Error::<T>::NotFound.into(),
        };
        frame_system::Pallet::<T>::assert_last_event(
            <T as frame_system::Config>::RuntimeEvent::from(last).into(),
        );
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
