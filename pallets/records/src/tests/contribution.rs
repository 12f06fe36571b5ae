//! Who is told what is stored. `check_state` compares it with the records after every test.

use polkadot_sdk::frame_support::{assert_ok, dispatch::GetDispatchInfo, weights::Weight};

use crate::{mock::*, weights::WeightInfo, *};

#[test]
fn a_record_earns_from_store_to_its_end() {
    build_and_execute(|| {
        let id = released(1);
        assert!(Contributed::earning().is_empty());
        assert_ok!(RecordsPallet::store(signed(PATIENT), id, blob(1), key(1)));
        assert_eq!(Contributed::earning()[&id], (PATIENT, HOSPITAL));
        // Moving it changes nothing.
        assert_ok!(RecordsPallet::move_blob(
            signed(PATIENT),
            id,
            blob(2),
            key(2),
            Default::default()
        ));
        assert_eq!(Contributed::earning()[&id], (PATIENT, HOSPITAL));
        let next = stored(3);
        assert_ok!(RecordsPallet::supersede(signed(PATIENT), id, next));
        assert_eq!(Contributed::earning()[&next], (PATIENT, HOSPITAL));
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), next, None));
        assert!(Contributed::earning().is_empty());
    });
}

#[test]
fn an_institutions_own_data_earns_nothing() {
    build_and_execute(|| {
        assert_ok!(RecordsPallet::store_own(
            signed(HOSPITAL),
            digest(5),
            1,
            blob(1),
            key(1)
        ));
        assert!(Contributed::earning().is_empty());
    });
}

#[test]
fn the_calls_weigh_what_is_told() {
    let told = |call: Call<Test>, own: Weight| {
        let whole = RuntimeCall::from(call).get_dispatch_info().call_weight;
        whole.saturating_sub(own).ref_time()
    };
    let (record, new_record) = (digest(1), digest(2));
    assert_eq!(
        told(
            Call::store {
                record,
                blob: blob(1),
                recipient: key(1)
            },
            <() as WeightInfo>::store()
        ),
        3
    );
    assert_eq!(
        told(
            Call::terminate {
                record,
                successor: None
            },
            <() as WeightInfo>::terminate()
        ),
        5
    );
    assert_eq!(
        told(
            Call::supersede { record, new_record },
            <() as WeightInfo>::supersede()
        ),
        5
    );
}
