//! Whatever is done in whatever order, states and money are those of a slow model of the rules, and no
//! unit is made, burnt or left behind.

mod model;

use std::collections::BTreeSet;

use polkadot_sdk::{frame_support::weights::Weight, sp_io::hashing::blake2_256};
use salus_primitives::training::{
    Backend, Departure, End, Equivocation, MessageHeader, ModelAccess, Partition, Said, Standing,
};

use crate::{
    mock::*, Agenda, Blobs, DataSets, Invitations, Models, PastTrainings, Places, Trainings,
};
use model::{At, Game, Player, World};

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
}

const MEMBERS: core::ops::RangeInclusive<AccountId> = 11..=16;

fn data_set(who: AccountId, together: bool) -> salus_primitives::training::DataSetId {
    salus_primitives::training::data_set_id(&who, &digest(u8::from(together)))
}

/// One operation on the chain and in the model; refusals are part of the game.
fn operate(dice: &mut Dice, world: &mut World) {
    let who = match dice.chance(20) {
        true => ANALYST,
        false => 11 + dice.below(6),
    };
    // Mostly one of the last few.
    let next = world.games.len() as u64;
    let g = match dice.chance(10) {
        true => dice.below(next + 1),
        false => next.saturating_sub(1 + dice.below(3)),
    } as usize;
    let id = g as u64;
    let live = world.is_live(g);
    let in_time = live && world.now <= world.games[g].until;
    let at_work = live && matches!(world.games[g].at, At::Stage { .. } | At::Vote);
    let (done, expected) = match dice.below(24) {
        0 | 1 => {
            let together = dice.chance(50);
            let mut wanted = terms(match together {
                true => Backend::Batch,
                false => Backend::PackedNewton,
            });
            let initiator = [ANALYST, 11][dice.below(2) as usize];
            let mut asked: Vec<_> = MEMBERS.collect();
            asked.retain(|who| dice.chance(70) && (together || *who != initiator));
            if together && dice.chance(30) && initiator == ANALYST {
                asked.push(ANALYST);
            }
            if asked.len() < 2 {
                return;
            }
            wanted.min_participants = match together {
                true => asked.len() as u32,
                false => 1 + dice.below(asked.len() as u64) as u32,
            };
            wanted.stages = 1 + dice.below(3) as u32;
            wanted.reward = u128::from(dice.below(1_000_000));
            if dice.chance(60) {
                wanted.access = ModelAccess::Everyone;
            }
            let expected = world.places(initiator) < MaxTrainings::get() as usize;
            let done = PalletTraining::open(
                signed(initiator),
                wanted.clone(),
                asked.clone().try_into().unwrap(),
            )
            .is_ok();
            if expected {
                let player = |who, standing| Player {
                    who,
                    standing,
                    keys: false,
                    said: None,
                    part: false,
                };
                let mut players = Vec::new();
                if !together {
                    players.push(player(initiator, Standing::Joined));
                }
                players.extend(asked.into_iter().map(|who| player(who, Standing::Invited)));
                world.games.push(Game {
                    together,
                    initiator,
                    reward: wanted.reward,
                    stages: wanted.stages,
                    min: wanted.min_participants as usize,
                    everyone: wanted.access == ModelAccess::Everyone,
                    players,
                    at: At::Joining,
                    until: world.now + JOIN,
                    epoch: 0,
                    retries: 0,
                    agreed: 0,
                    over: None,
                    begun: false,
                });
            }
            (done, expected)
        }
        // Each of those asked joins and has keys, or not.
        2..=4 => {
            let asked: Vec<AccountId> = match world.games.get(g) {
                Some(game) => game.players.iter().map(|player| player.who).collect(),
                None => vec![who],
            };
            for who in asked {
                if dice.chance(15) {
                    continue;
                }
                let together = live && world.games[g].together;
                let done = PalletTraining::join(signed(who), id, data_set(who, together)).is_ok();
                let joining = world.is_live(g) && world.games[g].at == At::Joining;
                let place = joining
                    .then(|| {
                        world.games[g].players.iter().position(|player| {
                            player.who == who && player.standing == Standing::Invited
                        })
                    })
                    .flatten();
                let expected = place.is_some()
                    && in_time
                    && !world.revoked.contains(&who)
                    && (world.places(who) < MaxTrainings::get() as usize
                        || world.games[g].initiator == who);
                assert_eq!(done, expected, "{who} joins {id}");
                if expected {
                    world.games[g].players[place.unwrap()].standing = Standing::Joined;
                }

                if dice.chance(10) {
                    continue;
                }
                let done = PalletTraining::commit_keys(signed(who + 100), id, keys(who)).is_ok();
                let place = joining.then(|| world.games[g].place_of(who)).flatten();
                let place = place.filter(|p| in_time && !world.games[g].players[*p].keys);
                assert_eq!(done, place.is_some(), "{who} commits to keys in {id}");
                if let Some(p) = place {
                    world.games[g].players[p].keys = true;
                    world.start_if_ready(g);
                }
            }
            return;
        }
        5 if dice.chance(40) => {
            let done = PalletTraining::leave(signed(who), id).is_ok();
            if live && world.games[g].at == At::Joining {
                let game = &mut world.games[g];
                let place = (0..game.players.len()).find(|p| {
                    game.players[*p].who == who
                        && !matches!(game.players[*p].standing, Standing::Out(_))
                        && (game.together || *p > 0)
                });
                if let Some(p) = place {
                    world.gone(g, p, Departure::NotReady);
                    let game = &world.games[g];
                    let left = game
                        .players
                        .iter()
                        .skip(usize::from(!game.together))
                        .filter(|player| !matches!(player.standing, Standing::Out(_)));
                    if left.count() < game.min {
                        world.finish(g, End::NotStarted);
                    } else {
                        world.start_if_ready(g);
                    }
                }
                (done, place.is_some())
            } else {
                let place = at_work.then(|| world.games[g].place_of(who)).flatten();
                let place = place.filter(|p| {
                    world.revoked.contains(&who) && (world.games[g].together || *p > 0)
                });
                if let Some(p) = place {
                    world.without(g, vec![p], Departure::ConsentEnded);
                }
                (done, place.is_some())
            }
        }
        6 if dice.chance(15) => {
            let done = PalletTraining::cancel(signed(ANALYST), id).is_ok();
            let expected =
                live && world.games[g].at == At::Joining && world.games[g].initiator == ANALYST;
            if expected {
                world.finish(g, End::Cancelled);
            }
            (done, expected)
        }
        7..=16 if live => {
            // A round of posts: mostly all, mostly alike.
            let game = world.games[g].clone();
            let last = game.agreed + 1 >= game.stages || dice.chance(10);
            let quiet = dice.chance(30);
            // Now and then all name the same.
            let victim = dice
                .chance(14)
                .then(|| 1u16 << dice.below(game.players.len() as u64));
            let garbles = dice.chance(25);
            // Or each its neighbour.
            let quarrel = dice.chance(if game.retries > 0 { 40 } else { 6 });
            // Or one cannot go on.
            let broken = dice
                .chance(5)
                .then(|| dice.below(game.players.len() as u64) as usize);
            let split = game.at == At::Vote && dice.chance(50);
            for (p, player) in game.players.iter().enumerate() {
                let who = player.who;
                if world.asleep == Some(who) || quiet && dice.chance(40) {
                    continue;
                }
                let differs = if split { p % 2 == 1 } else { dice.chance(6) };
                let seed = if differs { 2 } else { 1 };
                let count = game.players.len();
                let said = match dice.below(100) {
                    _ if broken == Some(p) => Said::Failed,
                    _ if quarrel && !split => Said::Blocked {
                        missing: 1 << ((p + 1) % count),
                        invalid: 0,
                    },
                    _ if victim.is_some_and(|victim| victim != 1 << p) && !split => {
                        let victim = victim.unwrap_or_default();
                        match garbles {
                            true => Said::Blocked {
                                missing: 0,
                                invalid: victim,
                            },
                            false => Said::Blocked {
                                missing: victim,
                                invalid: 0,
                            },
                        }
                    }
                    0..=9 => {
                        let pick = |dice: &mut Dice| 1u16 << dice.below(game.players.len() as u64);
                        match dice.chance(50) {
                            true => Said::Blocked {
                                missing: pick(dice),
                                invalid: 0,
                            },
                            false => Said::Blocked {
                                missing: 0,
                                invalid: 1,
                            },
                        }
                    }
                    _ if last => last_root(seed, 50),
                    _ => root(seed),
                };
                post_both(world, g, who, said);
            }
            return;
        }
        17 if dice.chance(20) => {
            let from = dice.below(4) as u16;
            let expected = at_work && world.games[g].all().contains(&usize::from(from));
            let done = expected && {
                let signer = world.games[g].players[usize::from(from)].who;
                let header = MessageHeader {
                    session: Default::default(),
                    round: 0,
                    from,
                    to: 9,
                    sequence: 0,
                    taken: 0,
                };
                let evidence = Equivocation {
                    first: message(id, signer, header, 1),
                    second: message(id, signer, header, 2),
                };
                PalletTraining::report_equivocation(signed(who), id, evidence).is_ok()
            };
            if expected {
                world.without(g, vec![usize::from(from)], Departure::Equivocated);
            }
            (done, expected)
        }
        18 | 19 => {
            let parts: Vec<AccountId> = match world.games.get(g) {
                Some(game) => game.players.iter().map(|player| player.who).collect(),
                None => vec![who],
            };
            let some = dice.chance(40);
            for who in parts {
                if world.asleep == Some(who) || some && dice.chance(50) {
                    continue;
                }
                let done =
                    PalletTraining::deliver(signed(who), id, part(dice.below(30) as u8)).is_ok();
                let delivering = world.is_live(g) && in_time && world.games[g].at == At::Parts;
                let missing = match delivering {
                    true => world.games[g].missing_parts(),
                    false => Vec::new(),
                };
                let place = missing
                    .into_iter()
                    .find(|p| world.games[g].players[*p].who == who);
                assert_eq!(done, place.is_some());
                if let Some(p) = place {
                    world.games[g].players[p].part = true;
                    if world.games[g].missing_parts().is_empty() {
                        world.finish(g, End::Completed { model: digest(50) });
                    }
                }
            }
            return;
        }
        21 if dice.chance(15) => {
            world.asleep = dice.chance(30).then_some(who);
            return;
        }
        20 if dice.chance(40) => {
            let member = 11 + dice.below(6);
            let record = make_record(PATIENT, member, PURPOSE, member as u32);
            if dice.chance(35) {
                revoke(member, record);
                world.revoked.insert(member);
            } else {
                world.revoked.remove(&member);
            }
            return;
        }
        _ => return world.run(1 + dice.below(3) as u32),
    };
    assert_eq!(done, expected);
}

fn post_both(world: &mut World, g: usize, who: AccountId, what: Said) {
    let id = g as u64;
    let place = world
        .is_live(g)
        .then(|| world.games[g].place_of(who))
        .flatten();
    let expected = place.filter(|p| {
        let game = &world.games[g];
        let at_work = matches!(game.at, At::Stage { .. } | At::Vote);
        let fits = match what {
            Said::Root { model, .. } => model.is_some() || game.agreed + 1 < game.stages,
            Said::Blocked { missing, invalid } => {
                let named = missing | invalid;
                game.at != At::Vote
                    && (0..16)
                        .filter(|q| named >> q & 1 == 1)
                        .all(|q| q != *p && game.all().contains(&q))
            }
            Said::Failed => true,
        };
        let before = game.players[*p].said;
        let again = match before {
            None => true,
            Some(Said::Blocked { .. }) => !matches!(what, Said::Blocked { .. }),
            Some(Said::Root { .. } | Said::Failed) => false,
        };
        at_work && world.now <= game.until && fits && again
    });
    let done = Trainings::<Test>::contains_key(id)
        && PalletTraining::post(signed(who + 100), id, said(id, what)).is_ok();
    assert_eq!(done, expected.is_some(), "{who} posts {what:?} in {id}");
    let Some(p) = expected else {
        return;
    };
    if world.revoked.contains(&who) && (world.games[g].together || p > 0) {
        return world.without(g, vec![p], Departure::ConsentEnded);
    }
    world.games[g].players[p].said = Some(what);
    let accused = world.games[g].named(|_, invalid| invalid);
    if !accused.is_empty() {
        world.without(g, accused, Departure::Accused);
    } else if world.is_settled(g) {
        world.close(g, false);
    }
}

#[test]
fn states_and_money_are_those_of_the_model() {
    let mut seen = BTreeSet::new();
    let mut completed = 0;
    for seed in 0..24 {
        build_and_execute(|| {
            MaxDueWeight::set(Weight::MAX);
            let issued = Balances::total_issuance();
            for who in MEMBERS.chain([ANALYST]) {
                for partition in [Partition::Homogeneous, Partition::Heterogeneous] {
                    let mut own = spec(partition, u8::from(partition == Partition::Heterogeneous));
                    let record = make_record(PATIENT, who, PURPOSE, who as u32);
                    own.consents = vec![record].try_into().unwrap();
                    declare(who, own);
                }
            }
            let mut world = World {
                now: 1,
                wealth: MEMBERS
                    .chain([ANALYST, TREASURY])
                    .map(|who| (who, START))
                    .collect(),
                ..World::default()
            };
            let mut dice = Dice { seed, step: 0 };
            for step in 0..500 {
                operate(&mut dice, &mut world);
                world.compare();
                assert_eq!(Balances::total_issuance(), issued);
                if step % 5 == 0 {
                    PalletTraining::do_try_state()
                        .unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error:?}"));
                }
            }

            // Without anybody's doing every training ends.
            world.run(300);
            world.compare();
            assert!(world.games.iter().all(|game| game.over.is_some()));
            for n in [
                Trainings::<Test>::iter().count(),
                Places::<Test>::iter().count(),
                Invitations::<Test>::iter().count(),
                Agenda::<Test>::iter().count(),
            ] {
                assert_eq!(n, 0);
            }
            for (id, past) in PastTrainings::<Test>::iter() {
                completed += u32::from(matches!(past.end, End::Completed { .. }));
                if past.kept {
                    PalletTraining::forget(signed(past.initiator), id).unwrap();
                }
            }
            assert_eq!(Models::<Test>::iter().count(), 0);
            assert_eq!(Blobs::<Test>::iter().count(), 0);
            for (id, data_set) in DataSets::<Test>::iter().collect::<Vec<_>>() {
                PalletTraining::withdraw_data_set(signed(data_set.holder), id).unwrap();
            }
            for who in MEMBERS.chain([ANALYST]) {
                assert_eq!(held(who), 0);
            }
            seen.append(&mut world.seen);
        });
    }
    // The game is worth something only if it gets everywhere.
    for name in [
        "NotReady",
        "ConsentEnded",
        "Outvoted",
        "Silent",
        "Withheld",
        "Accused",
        "Equivocated",
        "Failed",
        "Paused",
        "Completed",
        "Cancelled",
        "NotStarted",
        "TooFew",
        "Lost",
        "Disputed",
        "Stalled",
        "Undelivered",
    ] {
        assert!(seen.contains(name), "{name} was not reached: {seen:?}");
    }
    assert!(completed > 9, "{completed} trainings were completed");
}
