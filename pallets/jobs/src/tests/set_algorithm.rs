//! `set_algorithm`.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::DispatchError,
};
use salus_primitives::jobs::Algorithm;

use crate::{mock::*, Algorithms, Error, Event};

#[test]
fn governance_keeps_the_list() {
    ExtBuilder::default().build_and_execute(|| {
        let svm: Algorithm = b"svm/1".to_vec().try_into().unwrap();
        assert_noop!(
            PalletJobs::set_algorithm(signed(CLIENT), svm.clone(), Some(1)),
            DispatchError::BadOrigin
        );
        let mut with_svm = spec();
        with_svm.algorithm = svm.clone();
        assert_ok!(PalletJobs::set_algorithm(
            RuntimeOrigin::root(),
            svm.clone(),
            Some(1)
        ));
        assert_eq!(
            last_event(),
            Event::AlgorithmSet {
                algorithm: svm.clone(),
                price: Some(1)
            }
        );
        let id = post(with_svm.clone());

        assert_ok!(PalletJobs::set_algorithm(
            RuntimeOrigin::root(),
            svm.clone(),
            None
        ));
        assert_eq!(Algorithms::<Test>::get(&svm), None);
        assert_noop!(
            PalletJobs::post(signed(CLIENT), with_svm),
            Error::<Test>::AlgorithmNotFound
        );
        run(draw_delay());
        assert!(!job(id).seats.is_empty(), "a posted job goes on");
    });
}
