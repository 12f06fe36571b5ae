//! Whatever is done in whatever order, states and money are those of a slow model of the rules, and no
//! unit is made, burnt or left behind.

use std::collections::{BTreeMap, BTreeSet};

use polkadot_sdk::{frame_support::weights::Weight, sp_io::hashing::blake2_256};
use salus_primitives::training::{
    Backend, Departure, End, Equivocation, MessageHeader, ModelAccess, Partition, Phase, Said,
    Standing,
};

use crate::{
    mock::*, Agenda, Blobs, DataSets, HoldReason, Invitations, Models, PastTrainings, Places,
    Trainings,
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
}

/// The model: one who plays.
#[derive(Clone, Debug)]
struct Player {
    who: AccountId,
    standing: Standing,
    keys: bool,
    said: Option<Said>,
    part: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum At {
    Joining,
    Stage { again: bool },
    Vote,
    Parts,
}

/// The model: one training.
#[derive(Clone, Debug)]
struct Game {
    together: bool,
    initiator: AccountId,
    reward: u128,
    stages: u32,
    min: usize,
    everyone: bool,
    players: Vec<Player>,
    at: At,
    until: u32,
    epoch: u32,
    retries: u32,
    agreed: u32,
    over: Option<End>,
    begun: bool,
}

/// The model: all trainings, and what everybody has, held or not.
#[derive(Default)]
struct World {
    now: u32,
    games: Vec<Game>,
    wealth: BTreeMap<AccountId, u128>,
    revoked: BTreeSet<AccountId>,
    /// Trainings whose entries were not paid for yet.
    unpaid: Vec<usize>,
    seen: BTreeSet<String>,
    /// Whose node is away.
    asleep: Option<AccountId>,
}

impl Game {
    /// Places of who takes part.
    fn all(&self) -> Vec<usize> {
        (0..self.players.len())
            .filter(|p| self.players[*p].standing == Standing::Joined)
            .collect()
    }

    /// And brings data.
    fn holders(&self) -> Vec<usize> {
        let mut all = self.all();
        all.retain(|p| self.together || *p > 0);
        all
    }

    fn missing_parts(&self) -> Vec<usize> {
        let mut all = self.all();
        all.retain(|p| {
            !self.players[*p].part
                && if self.together {
                    self.everyone || self.players[*p].who != self.initiator
                } else {
                    self.everyone && *p == 0
                }
        });
        all
    }

    fn place_of(&self, who: AccountId) -> Option<usize> {
        self.all().into_iter().find(|p| self.players[*p].who == who)
    }

    /// How it ends, if it cannot go on.
    fn verdict(&self) -> Option<End> {
        for (p, player) in self.players.iter().enumerate() {
            if let Standing::Out(departure) = player.standing {
                if departure != Departure::NotReady && (self.together || p == 0) {
                    let position = p as u16;
                    return Some(End::Lost {
                        position,
                        departure,
                    });
                }
            }
        }
        (self.holders().len() < self.min).then_some(End::TooFew)
    }

    /// Whom most of the others, and two, name.
    fn named(&self, pick: fn(u16, u16) -> u16) -> Vec<usize> {
        let all = self.all();
        let mut named = all.clone();
        named.retain(|accused| {
            let mut votes = 0;
            for p in &all {
                if let Some(Said::Blocked { missing, invalid }) = self.players[*p].said {
                    if p != accused && pick(missing, invalid) >> accused & 1 == 1 {
                        votes += 1;
                    }
                }
            }
            votes >= 2 && 2 * votes > all.len() - 1
        });
        named
    }
}

impl World {
    fn pay(&mut self, from: AccountId, to: AccountId, amount: u128) {
        *self.wealth.get_mut(&from).unwrap() -= amount;
        *self.wealth.get_mut(&to).unwrap() += amount;
    }

    fn places(&self, who: AccountId) -> usize {
        self.games
            .iter()
            .filter(|game| game.over.is_none())
            .filter(|game| game.initiator == who || game.place_of(who).is_some())
            .count()
    }

    fn gone(&mut self, g: usize, p: usize, departure: Departure) {
        let player = &mut self.games[g].players[p];
        let was_in = player.standing == Standing::Joined;
        player.standing = Standing::Out(departure);
        player.said = None;
        let who = player.who;
        if was_in && departure.costs() {
            self.pay(who, TREASURY, DEPOSIT / 2);
        }
        self.seen.insert(format!("{departure:?}"));
    }

    fn finish(&mut self, g: usize, end: End) {
        let game = self.games[g].clone();
        let receivers: Vec<AccountId> = game
            .holders()
            .into_iter()
            .map(|p| game.players[p].who)
            .filter(|who| *who != game.initiator)
            .collect();
        let stages = match end {
            End::Completed { .. } => None,
            End::Lost { departure, .. } if !game.together => {
                let fact = [Departure::Silent, Departure::Equivocated, Departure::Failed]
                    .contains(&departure);
                Some(game.agreed + u32::from(fact))
            }
            End::Disputed | End::Stalled if !game.together => Some(game.agreed),
            _ => Some(0),
        };
        let amount = stages.map_or(game.reward, |stages| {
            game.reward / u128::from(game.stages) * u128::from(stages)
        });
        for who in &receivers {
            let share = amount / receivers.len() as u128;
            self.pay(game.initiator, *who, share);
        }
        self.games[g].over = Some(end);
        if game.begun {
            self.unpaid.push(g);
        }
        let name = format!("{end:?}");
        self.seen
            .insert(name.split(' ').next().unwrap().to_string());
    }

    fn anew(&mut self, g: usize, at: At, blocks: u32) {
        let now = self.now;
        let game = &mut self.games[g];
        game.at = at;
        game.until = now + blocks;
        game.epoch += 1;
        for player in &mut game.players {
            player.said = None;
        }
    }

    fn again(&mut self, g: usize) {
        self.anew(g, At::Stage { again: false }, STAGE);
    }

    fn without(&mut self, g: usize, out: Vec<usize>, departure: Departure) {
        for p in out {
            self.gone(g, p, departure);
        }
        match self.games[g].verdict() {
            Some(end) => self.finish(g, end),
            None => self.again(g),
        }
    }

    fn start_if_ready(&mut self, g: usize) {
        let game = &mut self.games[g];
        let left = || {
            game.players
                .iter()
                .filter(|player| !matches!(player.standing, Standing::Out(_)))
        };
        if left().all(|player| player.standing == Standing::Joined && player.keys) {
            game.begun = true;
            self.again(g);
        }
    }

    /// All that are in have said a root.
    fn settle(&mut self, g: usize) {
        let game = self.games[g].clone();
        let all = game.all();
        let said = |p: &usize| game.players[*p].said.unwrap();
        let votes = |p: &usize| all.iter().filter(|q| said(q) == said(p)).count();
        let Some(won) = all.iter().find(|p| votes(p) * 2 > all.len()).map(said) else {
            return match game.at {
                At::Vote => self.finish(g, End::Disputed),
                _ => self.anew(g, At::Vote, DisputeWindow::get()),
            };
        };
        let losers: Vec<usize> = all.iter().copied().filter(|p| said(p) != won).collect();
        if !losers.is_empty() {
            if game.at != At::Vote {
                return self.anew(g, At::Vote, DisputeWindow::get());
            }
            if game.together {
                return self.finish(g, End::Disputed);
            }
            for p in losers {
                self.gone(g, p, Departure::Outvoted);
            }
            if let Some(end) = self.games[g].verdict() {
                return self.finish(g, end);
            }
        }
        self.games[g].agreed += 1;
        let Said::Root { model, .. } = won else {
            panic!("all have a root");
        };
        match model {
            None => self.again(g),
            Some(model) if self.games[g].missing_parts().is_empty() => {
                self.finish(g, End::Completed { model })
            }
            Some(_) => self.anew(g, At::Parts, DeliveryWindow::get()),
        }
    }

    fn all_roots(&self, g: usize) -> bool {
        let game = &self.games[g];
        game.all()
            .iter()
            .all(|p| matches!(game.players[*p].said, Some(Said::Root { .. })))
    }

    /// A deadline passed in the block before this one.
    fn judge(&mut self, g: usize) {
        let game = self.games[g].clone();
        match game.at {
            At::Joining => {
                let ready = |p: &usize| game.players[*p].keys;
                let holders = game.holders().iter().filter(|p| ready(p)).count();
                if holders < game.min || (!game.together && !game.players[0].keys) {
                    return self.finish(g, End::NotStarted);
                }
                for p in 0..game.players.len() {
                    let out = matches!(game.players[p].standing, Standing::Out(_));
                    if !out && !ready(&p) {
                        self.gone(g, p, Departure::NotReady);
                    }
                }
                self.games[g].begun = true;
                self.again(g);
            }
            At::Stage { again } => self.close(g, !again),
            At::Vote => self.close(g, false),
            At::Parts => {
                let missing = game.missing_parts();
                let only_own = missing
                    .iter()
                    .all(|p| game.players[*p].who == game.initiator);
                for p in missing {
                    self.gone(g, p, Departure::Silent);
                }
                let model = digest(50);
                self.finish(
                    g,
                    match only_own {
                        true => End::Completed { model },
                        false => End::Undelivered,
                    },
                );
            }
        }
    }

    /// Nothing more is said of a stage.
    fn close(&mut self, g: usize, first: bool) {
        let game = self.games[g].clone();
        let mut silent = game.all();
        silent.retain(|p| game.players[*p].said.is_none());
        if game.together && first && !silent.is_empty() {
            let game = &mut self.games[g];
            game.at = At::Stage { again: true };
            game.until = self.now + GraceWindow::get();
            self.seen.insert("Paused".into());
            return;
        }
        for p in &silent {
            self.gone(g, *p, Departure::Silent);
        }
        let accused = self.games[g].named(|_, invalid| invalid);
        let mut failed = self.games[g].all();
        failed.retain(|p| self.games[g].players[*p].said == Some(Said::Failed));
        for p in &failed {
            let fault = accused.contains(p);
            let departure = [Departure::Failed, Departure::Accused][usize::from(fault)];
            self.gone(g, *p, departure);
        }
        if let Some(end) = self.games[g].verdict() {
            return self.finish(g, end);
        }
        if self.all_roots(g) {
            return self.settle(g);
        }
        if !silent.is_empty() || !failed.is_empty() {
            return self.again(g);
        }
        let withheld = self.games[g].named(|missing, invalid| missing | invalid);
        if !withheld.is_empty() {
            return self.without(g, withheld, Departure::Withheld);
        }
        if game.retries == MaxRetries::get() {
            let mut stuck = game.all();
            stuck.retain(|p| !matches!(game.players[*p].said, Some(Said::Root { .. })));
            if game.together || 2 * stuck.len() >= game.all().len() {
                return self.finish(g, End::Stalled);
            }
            for p in stuck {
                self.gone(g, p, Departure::Outvoted);
            }
            return match self.games[g].verdict() {
                Some(end) => self.finish(g, end),
                None => self.settle(g),
            };
        }
        self.games[g].retries += 1;
        self.again(g);
    }

    fn is_settled(&self, g: usize) -> bool {
        let game = &self.games[g];
        let all: Vec<_> = game.all().iter().map(|p| game.players[*p].said).collect();
        let failed = all.contains(&Some(Said::Failed));
        self.all_roots(g) || (failed && !all.contains(&None))
    }

    fn run(&mut self, blocks: u32) {
        for _ in 0..blocks {
            run(1);
            self.now += 1;
            for g in 0..self.games.len() {
                if self.games[g].over.is_none() && self.now > self.games[g].until {
                    self.judge(g);
                }
            }
        }
    }

    fn is_live(&self, g: usize) -> bool {
        self.games.get(g).is_some_and(|game| game.over.is_none())
    }

    /// The same on the chain and here.
    fn compare(&mut self) {
        for g in std::mem::take(&mut self.unpaid) {
            let initiator = self.games[g].initiator;
            let fee = entry_fee(g as u64);
            self.pay(initiator, TREASURY, fee);
        }
        let mut rewards = BTreeMap::<AccountId, u128>::new();
        let mut deposits = BTreeMap::<AccountId, u128>::new();
        for (g, game) in self.games.iter().enumerate() {
            let id = g as u64;
            if let Some(end) = game.over {
                assert!(!Trainings::<Test>::contains_key(id));
                let past = PastTrainings::<Test>::get(id);
                assert_eq!(past.is_some(), game.begun);
                if let Some(past) = past {
                    assert_eq!(past.end, end, "{game:?}");
                    for (party, player) in past.parties.iter().zip(&game.players) {
                        let out = match player.standing {
                            Standing::Out(departure) => Some(departure),
                            _ => None,
                        };
                        assert_eq!(party.departure, out);
                    }
                }
                continue;
            }
            let chain = training(id);
            let phase = match chain.phase {
                Phase::Joining { .. } => At::Joining,
                Phase::Running { .. } => At::Stage { again: false },
                Phase::Paused { .. } => At::Stage { again: true },
                Phase::Disputed { .. } => At::Vote,
                Phase::Delivering { .. } => At::Parts,
            };
            assert_eq!((phase, chain.phase.until()), (game.at, game.until), "{id}");
            assert_eq!(
                (chain.epoch, chain.retries, chain.roots.len() as u32),
                (game.epoch, game.retries, game.agreed)
            );
            for (party, player) in chain.parties.iter().zip(&game.players) {
                assert_eq!(party.account, player.who);
                assert_eq!(party.standing, player.standing);
                assert_eq!(party.keys.is_some(), player.keys);
                assert_eq!(party.said, player.said);
                assert_eq!(party.delivered, player.part);
            }
            *rewards.entry(game.initiator).or_default() += game.reward;
            for p in game.all() {
                *deposits.entry(game.players[p].who).or_default() += DEPOSIT;
            }
        }
        for (who, wealth) in &self.wealth {
            assert_eq!(free(*who) + held(*who), *wealth, "of {who}");
            let of = |sums: &BTreeMap<_, _>| sums.get(who).copied().unwrap_or_default();
            assert_eq!(held_for(HoldReason::Reward, *who), of(&rewards));
            assert_eq!(held_for(HoldReason::Party, *who), of(&deposits));
        }
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
