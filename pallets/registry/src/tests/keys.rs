//! Rotation of encryption keys.
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use salus_primitives::membership::Membership;

use crate::{mock::*, *};
type E = Error<Test>;

#[test]
fn old_versions_stay_readable() {
    build_and_execute(|| {
        register(PATIENT);
        let rotate = |who, key: u8| Registry::rotate_key(signed(who), [key; 32]);
        assert_noop!(rotate(STRANGER, 1), E::NotFound);
        assert_noop!(rotate(PATIENT, 0), E::InvalidRecipient);
        assert_noop!(rotate(PATIENT, 9), E::InvalidRecipient);
        assert_ok!(rotate(PATIENT, 1));
        assert_last_event(Event::KeyRotated {
            who: PATIENT,
            version: 1,
        });
        assert_ok!(rotate(PATIENT, 2));
        assert_eq!(Registry::recipient(&PATIENT), Some((2, [2; 32])));
        assert_eq!(Recipients::<Test>::get(PATIENT, 0), Some([9; 32]));
        assert_noop!(rotate(PATIENT, 3), E::TooManyKeys);
        apply(TEAM);
        assert_noop!(rotate(TEAM, 3), E::NotActive);
    });
}
