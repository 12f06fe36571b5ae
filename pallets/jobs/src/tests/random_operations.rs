//! Whatever is done in whatever order, no unit is made, burnt or left behind.

use polkadot_sdk::sp_io::hashing::blake2_256;
use salus_primitives::{
    jobs::{commitment, Ciphertext, Failure, InputSpec, JobId, Outcome},
    membership::Role,
    records::RecordId,
};

use crate::{
    mock::*, Agenda, Answers, Blobs, FinishedJobs, Gatherings, Inputs, Jobs, Panels, RecordBlobs,
    Results, SealedKeys, Seats, State, Workers,
};

/// A stream of pseudo-random numbers.
struct Dice {
    seed: u64,
    step: u64,
}

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.step += 1;
        let mut bytes = self.seed.to_le_bytes().to_vec();
        bytes.extend(self.step.to_le_bytes());
        let hash = blake2_256(&bytes);
        u64::from_le_bytes(hash[..8].try_into().unwrap()) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn outcome(&mut self) -> Outcome {
        match self.below(10) {
            0 => bad(),
            1 => failed(Failure::CannotOpen),
            2 => failed(Failure::Unavailable),
            _ => good(),
        }
    }
}

/// One operation; refusals are part of the game, and change nothing.
fn operate(dice: &mut Dice, records: &[RecordId], said: &mut Vec<(JobId, AccountId, Outcome)>) {
    let worker = 11 + dice.below(8);
    let client = 1 + dice.below(2);
    // Mostly one of the last few jobs.
    let next = crate::NextJobId::<Test>::get();
    let id = match dice.chance(10) {
        true => dice.below(next + 1),
        false => next.saturating_sub(1 + dice.below(4)),
    };
    match dice.below(20) {
        0 | 1 => {
            let mut wanted = spec();
            wanted.panel = 1 + dice.below(4) as u32;
            wanted.quorum = wanted.panel / 2 + 1;
            wanted.reserves = dice.below(3) as u32;
            wanted.reward += u128::from(dice.below(1_000));
            wanted.commit_window = 4 + dice.below(6) as u32;
            let record = records[dice.below(records.len() as u64) as usize];
            wanted.inputs = match dice.below(3) {
                0 => vec![InputSpec::Record { record }],
                1 => vec![own(dice.below(3) as u8), InputSpec::Record { record }],
                _ => vec![own(dice.below(3) as u8)],
            }
            .try_into()
            .unwrap();
            let _ = PalletJobs::post(signed(client), wanted);
        }
        2 if dice.chance(20) => {
            let _ = PalletJobs::cancel(signed(client), id);
        }
        3..=6 => {
            let Some(job) = Jobs::<Test>::get(id) else {
                return;
            };
            for (index, input) in (0u32..).zip(job.spec.inputs.clone()) {
                let _ = match input {
                    InputSpec::Own { .. } => {
                        let ciphertext = if dice.chance(50) {
                            inline(1)
                        } else {
                            // Half of the blobs are shared among jobs, some of them between clients.
                            Ciphertext::Blob(blob(10 + dice.below(4) as u8))
                        };
                        let items = vec![(index, ciphertext)].try_into().unwrap();
                        PalletJobs::provide(signed(job.client), id, [8; 32], items, capsules(id))
                    }
                    InputSpec::Record { .. } => {
                        PalletJobs::seal_record(signed(PATIENT), id, index, capsules(id))
                            .map(|_| ())
                            .map_err(|refused| refused.error)
                    }
                };
            }
        }
        7..=11 => {
            // Mostly one of the panel, once in a while anybody.
            let panel = Jobs::<Test>::get(id)
                .map(|job| [job.seats.to_vec(), job.reserves.to_vec()].concat())
                .unwrap_or_default();
            let worker = match panel.len() {
                0 => worker,
                _ if dice.chance(10) => worker,
                n => panel[dice.below(n as u64) as usize],
            };
            let outcome = dice.outcome();
            let commitment = commitment(id, &worker, &outcome, &salt(worker));
            if PalletJobs::commit(signed(worker + 100), id, commitment).is_ok() {
                said.push((id, worker, outcome));
            }
        }
        12..=16 if !said.is_empty() => {
            let recent = dice.below(said.len().min(12) as u64) as usize;
            let (id, who, outcome) = said[said.len() - 1 - recent];
            let _ = PalletJobs::reveal(signed(who), id, reveal_of(who, outcome));
        }
        17 => {
            let _ = match dice.below(3) {
                0 => PalletJobs::accept_result(signed(client), id),
                1 => PalletJobs::report_unavailable(signed(client), id),
                _ => PalletJobs::forget(signed(client), id),
            };
        }
        18 if dice.chance(30) => {
            let _ = match dice.below(5) {
                0 => PalletJobs::register_worker(signed(worker), BOND),
                1 => PalletJobs::leave(signed(worker)),
                2 => PalletJobs::withdraw_bond(signed(worker)),
                3 => PalletJobs::resume(signed(worker)),
                _ => PalletJobs::add_bond(signed(worker), 7),
            };
        }
        19 if dice.chance(10) => {
            let record = records[dice.below(records.len() as u64) as usize];
            revoke(CLIENT, record);
            set_role(worker, dice.chance(70).then_some(Role::Institution));
        }
        _ if dice.chance(50) => run(1),
        _ => {}
    }
}

#[test]
fn nothing_is_made_burnt_or_left_behind() {
    let mut settled = 0;
    for seed in 0..14 {
        ExtBuilder::default()
            .workers(WORKERS)
            .build_and_execute(|| {
                let issued = Balances::total_issuance();
                let records: Vec<_> = (0..4)
                    .map(|n| make_record(PATIENT, CLIENT, PURPOSE, n))
                    .collect();
                let mut dice = Dice { seed, step: 0 };
                let mut said = Vec::new();
                for step in 0..500 {
                    operate(&mut dice, &records, &mut said);
                    assert_eq!(Balances::total_issuance(), issued);
                    PalletJobs::do_try_state()
                        .unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error:?}"));
                }

                // Without anybody's doing every live job ends and every holdback is paid.
                run(PanelMemory::get() + MaxWindow::get());
                assert_eq!(Jobs::<Test>::iter().count(), 0);
                for n in [
                    Inputs::<Test>::iter().count(),
                    SealedKeys::<Test>::iter().count(),
                    Answers::<Test>::iter().count(),
                    Seats::<Test>::iter().count(),
                    Panels::<Test>::iter().count(),
                    Gatherings::<Test>::iter().count(),
                    Agenda::<Test>::iter().count(),
                    RecordBlobs::<Test>::iter().count(),
                ] {
                    assert_eq!(n, 0);
                }
                for (id, job) in FinishedJobs::<Test>::iter() {
                    settled += 1;
                    assert_eq!(job.holdback, None);
                    if job.kept {
                        PalletJobs::forget(signed(job.client), id).unwrap();
                    }
                }
                assert_eq!(Results::<Test>::iter().count(), 0);
                assert_eq!(Blobs::<Test>::iter().count(), 0);
                for client in [CLIENT, OTHER_CLIENT] {
                    assert_eq!(held(client), 0);
                }
                for (who, _) in Workers::<Test>::iter() {
                    let _ = PalletJobs::leave(signed(who));
                }
                run(UnbondingPeriod::get());
                for (who, _) in Workers::<Test>::iter() {
                    PalletJobs::withdraw_bond(signed(who)).unwrap();
                    assert_eq!(held(who), 0);
                }
            });
    }
    assert!(
        settled > 24,
        "the game is about jobs that settle: {settled} did"
    );
}

#[test]
fn states_are_reached() {
    // The game above is worth something only if `operate` gets jobs to every state.
    ExtBuilder::default()
        .workers(WORKERS)
        .build_and_execute(|| {
            let records = [make_record(PATIENT, CLIENT, PURPOSE, 1)];
            let mut dice = Dice { seed: 99, step: 0 };
            let mut said = Vec::new();
            let mut seen = [false; 5];
            for _ in 0..1_000 {
                operate(&mut dice, &records, &mut said);
                for job in Jobs::<Test>::iter_values() {
                    seen[match job.state {
                        State::Requested => 0,
                        State::Drawn { .. } => 1,
                        State::Working { .. } => 2,
                        State::Revealing { .. } => 3,
                        State::Waiting { .. } => 4,
                    }] = true;
                }
            }
            assert_eq!(seen, [true; 5]);
        });
}
