//! Random histories: whatever people do, the state stays sound and can be freed.

use polkadot_sdk::{frame_support::BoundedVec, sp_runtime::DispatchResult};
use salus_primitives::records::RecordId;

use crate::{mock::*, *};

/// xorshift64*: small, seeded, good enough to choose what happens next.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    fn pick<X: Copy>(&mut self, all: &[X]) -> X {
        all[self.roll(all.len() as u64) as usize]
    }
}

const PATIENTS: [AccountId; 2] = [PATIENT, OTHER_PATIENT];
const OWNERS: [AccountId; 3] = [PATIENT, OTHER_PATIENT, HOSPITAL];
const PEOPLE: [AccountId; 8] = [
    HOSPITAL,
    CLINIC,
    PATIENT,
    OTHER_PATIENT,
    RESEARCHER,
    INSURER,
    OPERATOR,
    RECOVERY,
];

/// Somebody does something, sensible or not, about a few records and blobs.
fn act(dice: &mut Dice) -> DispatchResult {
    let ids: Vec<RecordId> = OWNERS
        .into_iter()
        .flat_map(|patient| {
            (0..3).map(move |n| RecordsPallet::record_id(&HOSPITAL, &patient, &digest(n)))
        })
        .collect();
    let id = dice.pick(&ids);
    // Mostly who may.
    let owner = Records::<Test>::get(id).map_or(PATIENT, |record| record.patient);
    let who = if dice.roll(4) == 0 {
        dice.pick(&PEOPLE)
    } else {
        owner
    };
    let other = dice.pick(&PEOPLE);
    let seed = dice.roll(12);
    let expires = Now::get() + dice.roll(3_000);
    let purpose = dice.roll(2) as u16;
    match dice.roll(17) {
        16 => RecordsPallet::store_own(
            signed(dice.pick(&[HOSPITAL, OPERATOR, PATIENT])),
            digest(dice.roll(3)),
            1,
            blob(seed),
            key(seed),
        ),
        0 | 1 => RecordsPallet::release(
            signed(dice.pick(&[HOSPITAL, OPERATOR])),
            dice.pick(&PATIENTS),
            digest(dice.roll(3)),
            1,
            blob(seed),
        ),
        2 | 3 => RecordsPallet::store(signed(who), id, blob(seed), key(seed)),
        4 => {
            let mut capsules = BoundedVec::new();
            if dice.roll(2) == 0 {
                capsules.force_push((other, capsule(seed as usize * 20)));
            }
            RecordsPallet::move_blob(signed(who), id, blob(seed), key(seed), capsules)
                .map(|_| ())
                .map_err(|failed| failed.error)
        }
        5 => match dice.roll(3) {
            0 => RecordsPallet::dispute(signed(who), id, digest(seed)),
            _ => RecordsPallet::withdraw_release(signed(dice.pick(&[HOSPITAL, OPERATOR])), id),
        },
        6 => RecordsPallet::request_access(
            signed(other),
            dice.pick(&OWNERS),
            batch(if dice.roll(2) == 0 { vec![] } else { vec![id] }),
            purpose,
            expires,
        ),
        7 => RecordsPallet::withdraw_request(
            signed(other),
            dice.roll(NextRequestId::<Test>::get() + 1),
        ),
        8 => {
            RecordsPallet::decline_request(signed(who), dice.roll(NextRequestId::<Test>::get() + 1))
        }
        9..=11 => {
            let rights = dice.pick(&[READ, ANALYSE, BOTH]);
            let sealed = rights.read.then(|| capsule(1 + seed as usize * 20));
            let request = (dice.roll(3) == 0)
                .then(|| NextRequestId::<Test>::get().saturating_sub(1 + dice.roll(3)));
            RecordsPallet::share(
                signed(who),
                other,
                batch(vec![(id, sealed)]),
                rights,
                purpose,
                expires,
                request,
            )
        }
        12 => RecordsPallet::reject_share(signed(other), id),
        13 => RecordsPallet::revoke(signed(who), other, batch(vec![id])),
        14 => RecordsPallet::clear_share(signed(other), id, dice.pick(&PEOPLE)),
        _ => match dice.roll(12) {
            0 => RecordsPallet::terminate(signed(who), id, None),
            1 => RecordsPallet::supersede(signed(who), id, dice.pick(&ids)),
            2 => RecordsPallet::terminate(signed(RECOVERY), id, None),
            3 => RecordsPallet::supersede(signed(RECOVERY), id, dice.pick(&ids)),
            4 => RecordsPallet::cancel_end(signed(other), id),
            _ => {
                Now::set(Now::get() + 100);
                Ok(())
            }
        },
    }
}

/// Frees all that can be freed.
fn free_everything() {
    for (id, record) in Records::<Test>::iter().collect::<Vec<_>>() {
        let (owner, helper) = (record.patient, RECOVERY);
        if !matches!(record.state, State::Terminated { .. }) {
            // A confirmation, a proposal, or alone: the second may come too late.
            let _ = RecordsPallet::terminate(signed(owner), id, None);
            let _ = RecordsPallet::terminate(signed(helper), id, None);
        }
    }
    for (id, grantee) in Shares::<Test>::iter_keys().collect::<Vec<_>>() {
        RecordsPallet::clear_share(signed(STRANGER), id, grantee).unwrap();
    }
    // Successors proposed for tombstones.
    for (id, proposals) in PendingEnds::<Test>::iter().collect::<Vec<_>>() {
        for proposal in proposals {
            RecordsPallet::cancel_end(signed(proposal.by), id).unwrap();
        }
    }
    for (id, request) in Requests::<Test>::iter().collect::<Vec<_>>() {
        RecordsPallet::withdraw_request(signed(request.requester), id).unwrap();
    }
}

#[test]
fn random_histories_stay_sound() {
    let mut done = 0;
    for seed in 1..=20 {
        build_and_execute(|| {
            Members::change(OTHER_PATIENT, |m| m.recovery = Some(RECOVERY));
            Sponsors::set(PATIENT, CLINIC, 4 * BASE);
            let mut dice = Dice(seed * 0x9E37_79B9);
            for _ in 0..400 {
                let before = polkadot_sdk::sp_io::storage::root(Default::default());
                match act(&mut dice) {
                    Ok(()) => done += 1,
                    Err(_) => {
                        let after = polkadot_sdk::sp_io::storage::root(Default::default());
                        assert_eq!(before, after, "a refused call changes nothing");
                    }
                }
                check_state();
            }
            free_everything();
            assert!(BlobOwner::<Test>::iter_values().all(|(role, _)| role == BlobRole::Retired));
            // Tombstones and retired digests stay, and nothing else is paid for.
            let tombstones = Records::<Test>::iter().count() as u64;
            let retired = BlobOwner::<Test>::iter().count() as u64;
            let all: Balance = PEOPLE.into_iter().map(held).sum();
            assert_eq!(all, tombstones * BASE + retired * RETIRED_PRICE);
            assert_eq!(PendingEnds::<Test>::iter().count(), 0);
            // The sponsor has of its quota what it does not go on paying for.
            assert_eq!(Sponsors::quota(PATIENT) + held(CLINIC), 4 * BASE);
            for who in [RESEARCHER, INSURER, OPERATOR, RECOVERY] {
                assert_eq!(held(who), 0);
            }
        });
    }
    assert!(done > 1_000, "only {done} calls were accepted");
}
