//! `report_equivocation`.

use polkadot_sdk::{
    frame_support::{assert_noop, dispatch::Pays},
    sp_core::Pair,
};
use salus_primitives::training::{
    Departure, End, Equivocation, MessageHeader, Phase, SignedMessage, Standing,
};

use crate::{mock::*, Error, Event};

fn header(from: u16) -> MessageHeader {
    MessageHeader {
        session: Default::default(),
        round: 2,
        from,
        to: 3,
        sequence: 5,
        taken: 4,
    }
}

/// Two bodies under one number from 11, at position 1.
fn evidence(id: u64) -> Equivocation {
    Equivocation {
        first: message(id, 11, header(1), 1),
        second: message(id, 11, header(1), 2),
    }
}

#[test]
fn two_messages_under_one_number_are_proof() {
    build_and_execute(|| {
        let id = homogeneous();
        post(id, 12, root(1));
        let paid = PalletTraining::report_equivocation(signed(STRANGER), id, evidence(id)).unwrap();
        assert_eq!(paid.pays_fee, Pays::No);
        assert!(events().contains(&Event::Departed {
            training: id,
            position: 1,
            who: 11,
            departure: Departure::Equivocated,
            lost: DEPOSIT / 2
        }));
        let again = training(id);
        assert_eq!(
            again.parties[1].standing,
            Standing::Out(Departure::Equivocated)
        );
        assert!(again.parties[2].said.is_none(), "all begin the stage again");
        assert_noop!(
            PalletTraining::report_equivocation(signed(STRANGER), id, evidence(id)),
            Error::<Test>::NotParty
        );
    });
}

#[test]
fn a_round_can_differ_too() {
    build_and_execute(|| {
        let id = homogeneous();
        let other = MessageHeader {
            round: 3,
            taken: 9,
            ..header(1)
        };
        let evidence = Equivocation {
            first: message(id, 11, header(1), 1),
            second: message(id, 11, other, 1),
        };
        PalletTraining::report_equivocation(signed(12), id, evidence).unwrap();
        assert!(!training(id).parties[1].is_in());
    });
}

#[test]
fn what_proves_nothing_is_refused() {
    build_and_execute(|| {
        let id = homogeneous();
        let report = |evidence| {
            PalletTraining::report_equivocation(signed(12), id, evidence).map_err(|no| no.error)
        };
        let good = evidence(id);
        assert_noop!(
            PalletTraining::report_equivocation(signed(12), 7, good),
            Error::<Test>::TrainingNotFound
        );
        // Sent again, with what was taken meanwhile.
        let resent = MessageHeader {
            taken: 8,
            ..header(1)
        };
        let next = MessageHeader {
            sequence: 6,
            ..header(1)
        };
        let elsewhere = MessageHeader { to: 2, ..header(1) };
        for second in [
            message(id, 11, resent, 1),
            message(id, 11, next, 2),
            message(id, 11, elsewhere, 2),
        ] {
            assert_eq!(
                report(Equivocation { second, ..good }),
                Err(Error::<Test>::NoEquivocation.into())
            );
        }
        // Another training's messages.
        let other = running(
            terms(salus_primitives::training::Backend::Masked),
            &[14, 15],
        );
        assert_noop!(
            PalletTraining::report_equivocation(signed(12), other, good),
            Error::<Test>::NoEquivocation
        );
        // Signed by somebody else: one of them, both.
        for (one, two) in [(11, 12), (12, 11), (12, 12)] {
            let forged = Equivocation {
                first: message(id, one, header(1), 1),
                second: message(id, two, header(1), 2),
            };
            assert_eq!(report(forged), Err(Error::<Test>::InvalidSignature.into()));
        }
        let nobody = Equivocation {
            first: message(id, 11, header(9), 1),
            second: message(id, 11, header(9), 2),
        };
        assert_eq!(report(nobody), Err(Error::<Test>::NotParty.into()));
        assert!(training(id).parties.iter().all(|party| party.is_in()));
    });
}

#[test]
fn it_counts_only_while_they_train() {
    build_and_execute(|| {
        let opened = open(
            terms(salus_primitives::training::Backend::Masked),
            &[11, 12],
        );
        join(opened, 11);
        commit_keys(opened, 11);
        assert_noop!(
            PalletTraining::report_equivocation(signed(12), opened, evidence(opened)),
            Error::<Test>::WrongTime
        );
    });
}

#[test]
fn an_analyst_that_equivocates_pays_for_the_stage_under_way() {
    build_and_execute(|| {
        let id = homogeneous();
        let of_analyst = |body| message(id, ANALYST, header(0), body);
        let evidence = Equivocation {
            first: of_analyst(1),
            second: of_analyst(2),
        };
        PalletTraining::report_equivocation(signed(12), id, evidence).unwrap();
        assert_eq!(
            last_event(),
            Event::Ended {
                training: id,
                end: End::Lost {
                    position: 0,
                    departure: Departure::Equivocated
                },
                share: REWARD / 2 / 3
            }
        );
    });
}

#[test]
fn it_counts_in_a_pause_and_in_a_dispute() {
    build_and_execute(|| {
        let id = running(
            terms(salus_primitives::training::Backend::Masked),
            &[11, 12, 13],
        );
        post_all(id, &[ANALYST, 11, 12], root(1));
        post(id, 13, root(2));
        assert!(matches!(training(id).phase, Phase::Disputed { .. }));
        PalletTraining::report_equivocation(signed(12), id, evidence(id)).unwrap();
        assert!(matches!(
            training(id).phase,
            Phase::Running { stage: 0, .. }
        ));

        let together = open(
            terms(salus_primitives::training::Backend::Batch),
            &[14, 15, 16],
        );
        for who in [14, 15, 16] {
            join(together, who);
            commit_keys(together, who);
        }
        run(STAGE + 1);
        assert!(matches!(training(together).phase, Phase::Paused { .. }));
        let of = |body| message(together, 15, header(1), body);
        let evidence = Equivocation {
            first: of(1),
            second: of(2),
        };
        PalletTraining::report_equivocation(signed(12), together, evidence).unwrap();
        assert!(matches!(
            last_event(),
            Event::Ended {
                end: End::Lost { position: 1, .. },
                ..
            }
        ));
    });
}

/// The seed of the key in `benchmarking.rs`.
const BENCHMARK_SEED: [u8; 32] = [11; 32];

/// Prints what `benchmarking.rs` keeps: signatures are random, so they are made once.
#[test]
#[ignore = "makes constants"]
fn make_signatures_of_the_benchmark() {
    let pair = polkadot_sdk::sp_core::sr25519::Pair::from_seed(&BENCHMARK_SEED);
    println!("const SIGNER: [u8; 32] = {:?};", pair.public().0);
    for body in [1u8, 2] {
        let header = MessageHeader {
            session: [7; 32].into(),
            round: 2,
            from: 1,
            to: 0,
            sequence: 5,
            taken: 0,
        };
        let signed = SignedMessage {
            header,
            body: [body; 32].into(),
            signature: pair.sign(header.digest(&[body; 32].into()).as_bytes()).0,
        };
        println!("{:?},", signed.signature);
    }
}
