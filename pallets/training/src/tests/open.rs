//! `open` and `cancel`.

use codec::MaxEncodedLen;
use polkadot_sdk::{
    frame_support::{assert_noop, assert_ok},
    sp_runtime::{traits::Hash as _, TokenError},
};
use salus_primitives::{
    membership::Role,
    training::{session_digest, Backend, End, ModelAccess, Phase, Standing},
};

use crate::{mock::*, Error, Event, HoldReason, Invitations, Places, TermsOf, Trainings};

fn try_open(
    terms: TermsOf<Test>,
    participants: &[AccountId],
) -> polkadot_sdk::sp_runtime::DispatchResult {
    let participants = participants.to_vec().try_into().unwrap();
    PalletTraining::open(signed(ANALYST), terms, participants)
}

#[test]
fn an_analyst_opens_a_homogeneous_training() {
    build_and_execute(|| {
        let wanted = terms(Backend::SecureSvm);
        let id = open(wanted.clone(), &[11, 12, 13]);
        assert_eq!(
            last_event(),
            Event::Opened {
                training: id,
                initiator: ANALYST,
                backend: Backend::SecureSvm,
                join_by: 1 + JOIN
            }
        );
        let opened = training(id);
        assert_eq!(
            opened.phase,
            Phase::Joining {
                since: 1,
                until: 1 + JOIN
            }
        );
        let parties: Vec<_> = opened
            .parties
            .iter()
            .map(|party| (party.account, party.standing))
            .collect();
        assert_eq!(
            parties,
            [
                (ANALYST, Standing::Joined),
                (11, Standing::Invited),
                (12, Standing::Invited),
                (13, Standing::Invited)
            ]
        );
        assert_eq!(held_for(HoldReason::Reward, ANALYST), REWARD);
        assert_eq!(held_for(HoldReason::Party, ANALYST), DEPOSIT);
        assert_eq!(
            held_for(HoldReason::TrainingDeposit, ANALYST),
            opened.deposit
        );
        assert_eq!(Places::<Test>::get(ANALYST)[..], [id]);
        assert!(Invitations::<Test>::contains_key(13, id));
        let genesis = System::block_hash(0);
        assert_ne!(
            genesis,
            polkadot_sdk::sp_runtime::traits::BlakeTwo256::hash(&[])
        );
        assert_eq!(
            opened.session,
            session_digest(&genesis, id, &ANALYST, &[11, 12, 13], &wanted)
        );
        // Another training of the same has another name.
        let again = open(wanted, &[11, 12, 13]);
        assert_ne!(training(again).session, opened.session);
    });
}

#[test]
fn the_initiator_of_a_heterogeneous_training_need_not_take_part() {
    build_and_execute(|| {
        let id = open(terms(Backend::Batch), &[11, 12, 13]);
        assert_eq!(training(id).parties.len(), 3);
        assert_eq!(held_for(HoldReason::Party, ANALYST), 0);
        assert_eq!(Places::<Test>::get(ANALYST)[..], [id]);

        let own = open(terms(Backend::Batch), &[11, ANALYST, 13]);
        join(own, ANALYST);
        assert_eq!(training(own).parties[1].standing, Standing::Joined);
        assert_eq!(held_for(HoldReason::Party, ANALYST), DEPOSIT);
        assert_eq!(Places::<Test>::get(ANALYST)[..], [id, own]);
    });
}

#[test]
fn only_admitted_members_with_a_key_open() {
    build_and_execute(|| {
        KEYLESS.with_borrow_mut(|set| set.insert(ANALYST));
        assert_noop!(
            try_open(terms(Backend::Masked), &[11, 12]),
            Error::<Test>::NotAdmitted
        );
        KEYLESS.with_borrow_mut(|set| set.clear());
        set_role(ANALYST, Some(Role::Patient));
        assert_noop!(
            try_open(terms(Backend::Masked), &[11, 12]),
            Error::<Test>::NotAdmitted
        );
    });
}

#[test]
fn participants_are_checked() {
    build_and_execute(|| {
        for (backend, asked) in [
            (Backend::Masked, &[][..]),
            (Backend::Masked, &[11, 11]),
            (Backend::Masked, &[11, ANALYST]),
            (Backend::Batch, &[11]),
            (Backend::Batch, &[11, 12, 12]),
        ] {
            let mut wanted = terms(backend);
            wanted.min_participants = asked.len() as u32;
            assert_noop!(try_open(wanted, asked), Error::<Test>::InvalidParticipants);
        }
        let mut one = terms(Backend::Masked);
        one.min_participants = 1;
        assert_ok!(try_open(one, &[11]));
        let mut most = terms(Backend::Masked);
        most.min_participants = 10;
        assert_ok!(try_open(most, &(11..=20).collect::<Vec<_>>()));
    });
}

#[test]
fn the_minimum_is_checked() {
    build_and_execute(|| {
        for (backend, minimum) in [
            (Backend::Masked, 0),
            (Backend::Masked, 4),
            (Backend::Batch, 2),
            (Backend::Batch, 4),
        ] {
            let mut wanted = terms(backend);
            wanted.min_participants = minimum;
            assert_noop!(
                try_open(wanted, &[11, 12, 13]),
                Error::<Test>::InvalidMinimum
            );
        }
    });
}

#[test]
fn the_other_terms_are_checked() {
    build_and_execute(|| {
        type Change = fn(&mut TermsOf<Test>);
        let refused: [(Backend, Change, Error<Test>); 12] = [
            (Backend::Masked, |t| t.stages = 0, Error::InvalidStages),
            (Backend::Masked, |t| t.stages = 11, Error::InvalidStages),
            (
                Backend::Masked,
                |t| t.algorithm = Default::default(),
                Error::InvalidStages,
            ),
            (
                Backend::Masked,
                |t| t.attributes = None,
                Error::InvalidAttributes,
            ),
            (
                Backend::Batch,
                |t| t.attributes = Some(digest(1)),
                Error::InvalidAttributes,
            ),
            (
                Backend::Masked,
                |t| t.key_bits = 2048,
                Error::InvalidKeyBits,
            ),
            (
                Backend::SecureSvm,
                |t| t.key_bits = 1024,
                Error::InvalidKeyBits,
            ),
            (Backend::Faithful, |t| t.key_bits = 0, Error::InvalidKeyBits),
            (Backend::Masked, |t| t.join_window = 1, Error::InvalidWindow),
            (
                Backend::Masked,
                |t| t.stage_window = 1,
                Error::InvalidWindow,
            ),
            (
                Backend::Masked,
                |t| t.stage_window = MaxWindow::get() + 1,
                Error::InvalidWindow,
            ),
            (
                Backend::Masked,
                |t| t.deposit = MinDeposit::get() - 1,
                Error::DepositTooSmall,
            ),
        ];
        for (backend, change, error) in refused {
            let mut wanted = terms(backend);
            change(&mut wanted);
            assert_noop!(try_open(wanted, &[11, 12, 13]), error);
        }
        let mut largest = terms(Backend::Faithful);
        largest.stages = 10;
        largest.key_bits = 3072;
        largest.join_window = MaxWindow::get();
        assert_ok!(try_open(largest, &[11, 12, 13]));
    });
}

#[test]
fn live_trainings_of_a_member_are_bounded() {
    build_and_execute(|| {
        for _ in 0..MaxTrainings::get() {
            open(terms(Backend::Masked), &[11, 12]);
        }
        assert_noop!(
            try_open(terms(Backend::Masked), &[11, 12]),
            Error::<Test>::TooManyTrainings
        );
        assert_ok!(PalletTraining::cancel(signed(ANALYST), 0));
        assert_ok!(try_open(terms(Backend::Masked), &[11, 12]));
    });
}

#[test]
fn rewards_and_deposits_are_needed() {
    build_and_execute(|| {
        for change in [(|t| t.reward = START) as fn(&mut TermsOf<Test>), |t| {
            t.deposit = START
        }] {
            let mut wanted = terms(Backend::Masked);
            change(&mut wanted);
            assert_noop!(try_open(wanted, &[11, 12]), TokenError::FundsUnavailable);
        }
    });
}

#[test]
fn the_initiator_pays_for_what_others_deliver() {
    build_and_execute(|| {
        let deposit = |access, backend| {
            let mut wanted = terms(backend);
            wanted.access = access;
            let deposit = training(open(wanted, &[11, 12, 13])).deposit;
            PalletTraining::cancel(signed(ANALYST), crate::NextTrainingId::<Test>::get() - 1)
                .unwrap();
            deposit
        };
        let alone = deposit(ModelAccess::Initiator, Backend::Masked);
        let shared = deposit(ModelAccess::Everyone, Backend::Masked);
        assert_eq!(shared - alone, 4096 + 128);
        let parts = deposit(ModelAccess::Initiator, Backend::Batch);
        // Without the digest of the attributes.
        assert_eq!(parts + 32 - alone, 3 * (4096 + 128));
    });
}

#[test]
fn the_initiator_cancels_before_the_start() {
    build_and_execute(|| {
        let id = open(terms(Backend::Masked), &[11, 12, 13]);
        let data_set = join(id, 11);
        commit_keys(id, 11);
        assert_noop!(
            PalletTraining::cancel(signed(11), id),
            Error::<Test>::NotAuthorized
        );
        assert_ok!(PalletTraining::cancel(signed(ANALYST), id));
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Cancelled,
                share: 0
            }
        );
        assert_eq!((held(ANALYST), free(ANALYST)), (0, START));
        assert_eq!(held_for(HoldReason::Party, 11), 0);
        assert_eq!(crate::DataSets::<Test>::get(data_set).unwrap().uses, 0);
        assert_eq!(Trainings::<Test>::iter().count(), 0);
        assert_eq!(Invitations::<Test>::iter().count(), 0);
        assert_eq!(Places::<Test>::iter().count(), 0);
        assert_eq!(crate::PastTrainings::<Test>::iter().count(), 0);
        assert_noop!(
            PalletTraining::cancel(signed(ANALYST), id),
            Error::<Test>::TrainingNotFound
        );

        let begun = running(terms(Backend::Masked), &[12, 13]);
        assert_noop!(
            PalletTraining::cancel(signed(ANALYST), begun),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn a_training_is_one_small_value() {
    // Twelve accounts here have 8 bytes, on the chain 32.
    let accounts = 12 * 24;
    assert!(crate::TrainingOf::<Test>::max_encoded_len() + accounts <= 5_900);
    assert!(crate::PastTrainingOf::<Test>::max_encoded_len() + accounts <= 2_700);
}
