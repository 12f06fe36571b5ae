//! What nodes, commands and gateways ask.

use salus_primitives::{
    blobs::BlobAccess,
    training::{Backend, Involvement, ModelAccess, Partition},
};

use crate::mock::*;

#[test]
fn trainings_of_a_member_are_paged() {
    build_and_execute(|| {
        let own = homogeneous();
        let invited = open(terms(Backend::Masked), &[14, 11]);
        let both = open(terms(Backend::Batch), &[ANALYST, 14, 15]);
        let all = PalletTraining::trainings_of(11, None, 64);
        let (takes_part, asked) = (Involvement::TakesPart, Involvement::Invited);
        assert_eq!(all, [(own, takes_part), (invited, asked)]);
        assert_eq!(PalletTraining::trainings_of(11, None, 1), all[..1]);
        assert_eq!(PalletTraining::trainings_of(11, Some(own), 64), all[1..]);
        assert!(PalletTraining::trainings_of(11, Some(invited), 64).is_empty());
        assert_eq!(
            PalletTraining::trainings_of(ANALYST, None, 64),
            [(own, takes_part), (invited, takes_part), (both, takes_part)]
        );
        assert!(PalletTraining::trainings_of(STRANGER, None, 64).is_empty());
        assert!(PalletTraining::live_training(both).is_some());
        assert!(PalletTraining::past_training(both).is_none());
    });
}

#[test]
fn data_sets_of_a_holder_are_paged() {
    build_and_execute(|| {
        let ids: Vec<_> = (1..=3)
            .map(|seed| declare(11, spec(Partition::Homogeneous, seed)))
            .collect();
        assert_eq!(PalletTraining::data_sets_of(11, 0, 64), ids);
        assert_eq!(PalletTraining::data_sets_of(11, 1, 1), ids[1..2]);
        assert!(PalletTraining::data_sets_of(11, 3, 64).is_empty());
        let known = PalletTraining::data_set(ids[0]).unwrap();
        assert_eq!(known.spec, spec(Partition::Homogeneous, 1));
    });
}

#[test]
fn the_entitled_are_the_initiator_and_those_left() {
    build_and_execute(|| {
        let key = |who: AccountId| (who, [who as u8; 32]);
        let mut shared = terms(Backend::Masked);
        shared.access = ModelAccess::Everyone;
        let id = running(shared, &[11, 12, 13]);
        assert_eq!(
            PalletTraining::entitled(id),
            [key(ANALYST), key(11), key(12), key(13)]
        );
        post_all(id, &[ANALYST, 11, 13], root(1));
        run(STAGE + 1);
        let left = [key(ANALYST), key(11), key(13)];
        assert_eq!(PalletTraining::entitled(id), left);
        post_all(id, &[ANALYST, 11, 13], last_root(1, 2));
        PalletTraining::deliver(signed(ANALYST), id, part(40)).unwrap();
        assert_eq!(PalletTraining::entitled(id), left);
        assert!(PalletTraining::model(id, 12).is_empty());
        assert!(!PalletTraining::may_fetch(&12, &digest(40)));
        assert!(PalletTraining::may_fetch(&13, &digest(40)));

        let alone = running(terms(Backend::Batch), &[14, 15, 16]);
        assert_eq!(PalletTraining::entitled(alone), [key(ANALYST)]);
        run(STAGE + GraceWindow::get() + 2);
        assert!(PalletTraining::past_training(alone).is_some());
        assert!(
            PalletTraining::entitled(alone).is_empty(),
            "there is no model"
        );
        assert!(PalletTraining::entitled(99).is_empty());
    });
}

#[test]
fn parts_open_when_all_are_there() {
    build_and_execute(|| {
        let mut shared = terms(Backend::Batch);
        shared.access = ModelAccess::Everyone;
        let id = running(shared, &[11, 12, 13]);
        post_all(id, &[11, 12, 13], last_root(1, 2));
        PalletTraining::deliver(signed(11), id, part(41)).unwrap();
        PalletTraining::deliver(signed(12), id, part(42)).unwrap();
        assert!(PalletTraining::is_referenced(&digest(41)));
        assert!(PalletTraining::may_fetch(&11, &digest(41)));
        for who in [ANALYST, 12, 13, STRANGER] {
            assert!(!PalletTraining::may_fetch(&who, &digest(41)));
        }
        PalletTraining::deliver(signed(13), id, part(43)).unwrap();
        for blob in [41, 42, 43] {
            for who in [ANALYST, 11, 12, 13] {
                assert!(PalletTraining::may_fetch(&who, &digest(blob)));
            }
            assert!(!PalletTraining::may_fetch(&STRANGER, &digest(blob)));
        }
        assert!(!PalletTraining::is_referenced(&digest(44)));
        assert!(!PalletTraining::may_fetch(&11, &digest(44)));
    });
}
