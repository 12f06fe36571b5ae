use polkadot_sdk::frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn own_proposal_only() {
    build_and_execute(|| {
        Members::change(PATIENT, |m| m.recovery = Some(RECOVERY));
        let id = stored(1);
        assert_ok!(RecordsPallet::terminate(signed(PATIENT), id, None));
        for who in [RECOVERY, STRANGER] {
            assert_noop!(
                RecordsPallet::cancel_end(signed(who), id),
                Error::<Test>::ProposalNotFound
            );
        }
        assert_ok!(RecordsPallet::cancel_end(signed(PATIENT), id));
        assert_eq!(PendingEnds::<Test>::iter().count(), 0);
        assert_last_event(Event::EndCancelled {
            record: id,
            by: PATIENT,
        });
        assert_noop!(
            RecordsPallet::cancel_end(signed(PATIENT), id),
            Error::<Test>::ProposalNotFound
        );
        // What was taken back cannot be confirmed.
        assert_ok!(RecordsPallet::terminate(signed(RECOVERY), id, None));
        assert!(matches!(
            Records::<Test>::get(id).unwrap().state,
            State::Stored(_)
        ));
    });
}
