//! `join`, `commit_keys`, and how a training starts.

use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok, dispatch::Pays},
    sp_runtime::TokenError,
};
use salus_primitives::{
    membership::Role,
    training::{Backend, Departure, End, Partition, PartyKeys, Phase, Standing},
};

use crate::{mock::*, DataSets, Error, Event, HoldReason, Invitations, Places, Trainings};

#[test]
fn all_join_and_it_starts() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12]);
        let data_set = join(id, 11);
        assert_eq!(
            last_event(),
            Event::Joined {
                training: id,
                position: 1,
                who: 11,
                data_set
            }
        );
        assert_eq!(held_for(HoldReason::Party, 11), DEPOSIT);
        assert_eq!(DataSets::<Test>::get(data_set).unwrap().uses, 1);
        assert_eq!(Places::<Test>::get(11)[..], [id]);
        assert!(!Invitations::<Test>::contains_key(11, id));
        join(id, 12);
        commit_keys(id, 11);
        assert_eq!(
            last_event(),
            Event::KeysCommitted {
                training: id,
                position: 1
            }
        );
        commit_keys(id, ANALYST);
        run(3);
        let paid = PalletTraining::commit_keys(signed(112), id, keys(12)).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        let begun = training(id);
        assert_eq!(
            last_event(),
            Event::Started {
                training: id,
                session: begun.session,
                parties: 3,
                until: 4 + STAGE
            }
        );
        assert_eq!(
            begun.phase,
            Phase::Running {
                stage: 0,
                since: 4,
                until: 4 + STAGE
            }
        );
        assert_eq!(begun.parties[2].keys, Some(keys(12)));
    });
}

#[test]
fn joining_is_refused() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12, 13]);
        let other = declare(14, spec(Partition::Homogeneous, 1));
        assert_noop!(
            PalletTraining::join(signed(11), 7, other),
            Error::<Test>::TrainingNotFound
        );
        assert_noop!(
            PalletTraining::join(signed(14), id, other),
            Error::<Test>::NotInvited
        );
        // Not by the operator key: it costs a deposit and opens data.
        let own = declare(11, spec(Partition::Homogeneous, 1));
        assert_noop!(
            PalletTraining::join(signed(111), id, own),
            Error::<Test>::NotInvited
        );
        assert_noop!(
            PalletTraining::join(signed(11), id, digest(0)),
            Error::<Test>::DataSetNotFound
        );
        assert_noop!(
            PalletTraining::join(signed(11), id, other),
            Error::<Test>::NotAuthorized
        );
        KEYLESS.with_borrow_mut(|set| set.insert(11));
        assert_noop!(
            PalletTraining::join(signed(11), id, own),
            Error::<Test>::NotAdmitted
        );
        KEYLESS.with_borrow_mut(|set| set.clear());
        set_role(11, None);
        assert_noop!(
            PalletTraining::join(signed(11), id, own),
            Error::<Test>::NotAdmitted
        );
        set_role(11, Some(Role::Institution));
        assert_ok!(PalletTraining::join(signed(11), id, own));
        assert_noop!(
            PalletTraining::join(signed(11), id, own),
            Error::<Test>::NotInvited
        );
        // The last block of the window.
        run_to(1 + JOIN);
        join(id, 12);
        System::set_block_number(2 + JOIN);
        let late = declare(13, spec(Partition::Homogeneous, 1));
        assert_noop!(
            PalletTraining::join(signed(13), id, late),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn the_data_set_has_to_fit() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12]);
        let mut attributes = spec(Partition::Homogeneous, 1);
        attributes.attributes = digest(2);
        let mut purpose = spec(Partition::Homogeneous, 2);
        purpose.purpose += 1;
        for wrong in [attributes, purpose, spec(Partition::Heterogeneous, 3)] {
            let data_set = declare(11, wrong);
            assert_noop!(
                PalletTraining::join(signed(11), id, data_set),
                Error::<Test>::DataSetMismatch
            );
        }
        // Columns of different holders differ.
        let together = open(terms(Backend::Batch), &[12, 13, 14]);
        for who in [12, 13, 14] {
            let mut own = spec(Partition::Heterogeneous, 1);
            own.attributes = digest(who as u8);
            let data_set = declare(who, own);
            assert_ok!(PalletTraining::join(signed(who), together, data_set));
        }
    });
}

#[test]
fn the_consents_have_to_hold_still() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12]);
        let record = make_record(PATIENT, 11, PURPOSE, 1);
        let mut own = spec(Partition::Homogeneous, 1);
        own.consents = vec![record].try_into().unwrap();
        let data_set = declare(11, own);
        revoke(11, record);
        assert_noop!(
            PalletTraining::join(signed(11), id, data_set),
            Error::<Test>::NoConsent
        );
    });
}

#[test]
fn a_deposit_is_needed() {
    build_and_execute(|| {
        // The initiator takes no part and needs none.
        let mut dear = terms(Backend::Batch);
        dear.deposit = START;
        let id = open(dear, &[11, 12, 13]);
        let data_set = declare(11, spec(Partition::Heterogeneous, 1));
        assert_noop!(
            PalletTraining::join(signed(11), id, data_set),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn live_trainings_of_a_participant_are_bounded() {
    build_and_execute(|| {
        let data_set = declare(11, spec(Partition::Homogeneous, 1));
        for other in 0..=MaxTrainings::get() {
            let asked = vec![11, 20].try_into().unwrap();
            let initiator = signed(12 + u64::from(other));
            PalletTraining::open(initiator, terms(Backend::Masked), asked).unwrap();
            let join = PalletTraining::join(signed(11), other.into(), data_set);
            if other < MaxTrainings::get() {
                assert_ok!(join);
            } else {
                assert_eq!(
                    join.unwrap_err().error,
                    Error::<Test>::TooManyTrainings.into()
                );
            }
        }
        assert_eq!(
            DataSets::<Test>::get(data_set).unwrap().uses,
            MaxTrainings::get()
        );
    });
}

#[test]
fn keys_are_committed_to_once_and_in_time() {
    build_and_execute(|| {
        let id = open(terms(Backend::SecureSvm), &[11, 12, 13]);
        assert_noop!(
            PalletTraining::commit_keys(signed(11), 7, keys(11)),
            Error::<Test>::TrainingNotFound
        );
        assert_noop!(
            PalletTraining::commit_keys(signed(11), id, keys(11)),
            Error::<Test>::NotParty
        );
        let without = PartyKeys {
            paillier: None,
            ..keys(ANALYST)
        };
        assert_noop!(
            PalletTraining::commit_keys(signed(ANALYST), id, without.clone()),
            Error::<Test>::KeyMissing
        );
        commit_keys(id, ANALYST);
        assert_noop!(
            PalletTraining::commit_keys(signed(ANALYST), id, keys(ANALYST)),
            Error::<Test>::AlreadyCommitted
        );
        // A provider has no Paillier key.
        join(id, 11);
        assert_ok!(PalletTraining::commit_keys(signed(11), id, without));
        System::set_block_number(2 + JOIN);
        assert_noop!(
            PalletTraining::commit_keys(signed(11), id, keys(11)),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn a_homogeneous_training_starts_without_who_is_late() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12, 13, 14]);
        for who in [11, 13, 14] {
            join(id, who);
        }
        // 12 has not joined, 14 has no keys.
        for who in [11, 13, ANALYST] {
            commit_keys(id, who);
        }
        run_to(1 + JOIN);
        assert!(matches!(training(id).phase, Phase::Joining { .. }));
        run(1);
        let begun = training(id);
        assert_eq!(begun.phase.stage(), Some(0));
        let standings: Vec<_> = begun.parties.iter().map(|party| party.standing).collect();
        let late = Standing::Out(Departure::NotReady);
        let joined = Standing::Joined;
        assert_eq!(standings, [joined, joined, late, joined, late]);
        assert_eq!(held_for(HoldReason::Party, 14), 0);
        assert!(Places::<Test>::get(14).is_empty());
        assert!(!Invitations::<Test>::contains_key(12, id));
        assert!(events().contains(&Event::Departed {
            training: id,
            position: 4,
            who: 14,
            departure: Departure::NotReady,
            lost: 0
        }));
    });
}

#[test]
fn too_few_do_not_start() {
    build_and_execute(|| {
        let ended = |id| {
            assert_eq!(
                last_event(),
                Event::Ended {
                    training: id,
                    end: End::NotStarted,
                    share: 0
                }
            );
            assert!(!Trainings::<Test>::contains_key(id));
            assert!(!crate::PastTrainings::<Test>::contains_key(id));
            assert_eq!((held(ANALYST), free(ANALYST)), (0, START));
        };
        // One of the two that are needed.
        let id = open(terms(Backend::Masked), &[11, 12, 13]);
        join(id, 11);
        commit_keys(id, 11);
        commit_keys(id, ANALYST);
        run(JOIN + 1);
        ended(id);
        // The analyst's keys are missing.
        let id = open(terms(Backend::Masked), &[11, 12]);
        for who in [11, 12] {
            join(id, who);
            commit_keys(id, who);
        }
        run(JOIN + 1);
        ended(id);
        // One of three that hold different columns.
        let id = open(terms(Backend::Faithful), &[11, 12, 13]);
        for who in [11, 12] {
            join(id, who);
            commit_keys(id, who);
        }
        run(JOIN + 1);
        ended(id);
        assert_eq!(held_for(HoldReason::Party, 11), 0);
    });
}
