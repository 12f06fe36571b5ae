//! The rules of trainings, slowly and plainly.

use std::collections::{BTreeMap, BTreeSet};

use salus_primitives::training::{Departure, End, Phase, Said, Standing};

use crate::{mock::*, HoldReason, PastTrainings, Trainings};

/// The model: one who plays.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) who: AccountId,
    pub(super) standing: Standing,
    pub(super) keys: bool,
    pub(super) said: Option<Said>,
    pub(super) part: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum At {
    Joining,
    Stage { again: bool },
    Vote,
    Parts,
}

/// The model: one training.
#[derive(Clone, Debug)]
pub(super) struct Game {
    pub(super) together: bool,
    pub(super) initiator: AccountId,
    pub(super) reward: u128,
    pub(super) stages: u32,
    pub(super) min: usize,
    pub(super) everyone: bool,
    pub(super) players: Vec<Player>,
    pub(super) at: At,
    pub(super) until: u32,
    pub(super) epoch: u32,
    pub(super) retries: u32,
    pub(super) agreed: u32,
    pub(super) over: Option<End>,
    pub(super) begun: bool,
}

/// The model: all trainings, and what everybody has, held or not.
#[derive(Default)]
pub(super) struct World {
    pub(super) now: u32,
    pub(super) games: Vec<Game>,
    pub(super) wealth: BTreeMap<AccountId, u128>,
    pub(super) revoked: BTreeSet<AccountId>,
    /// Trainings whose entries were not paid for yet.
    pub(super) unpaid: Vec<usize>,
    pub(super) seen: BTreeSet<String>,
    /// Whose node is away.
    pub(super) asleep: Option<AccountId>,
}

impl Game {
    /// Places of who takes part.
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.players.len())
            .filter(|p| self.players[*p].standing == Standing::Joined)
            .collect()
    }

    /// And brings data.
    pub(super) fn holders(&self) -> Vec<usize> {
        let mut all = self.all();
        all.retain(|p| self.together || *p > 0);
        all
    }

    pub(super) fn missing_parts(&self) -> Vec<usize> {
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

    pub(super) fn place_of(&self, who: AccountId) -> Option<usize> {
        self.all().into_iter().find(|p| self.players[*p].who == who)
    }

    /// How it ends, if it cannot go on.
    pub(super) fn verdict(&self) -> Option<End> {
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

    /// Whose messages most lack while it lacks none, or find wrong.
    pub(super) fn withheld(&self) -> Vec<usize> {
        let blocked = |p: &usize| matches!(self.players[*p].said, Some(Said::Blocked { .. }));
        let waiting: u16 = self.all().into_iter().filter(blocked).map(|p| 1 << p).sum();
        self.named(|missing, invalid| missing & !waiting | invalid)
    }

    /// Whom most of the others, and two, name.
    pub(super) fn named(&self, pick: impl Fn(u16, u16) -> u16) -> Vec<usize> {
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
    pub(super) fn pay(&mut self, from: AccountId, to: AccountId, amount: u128) {
        *self.wealth.get_mut(&from).unwrap() -= amount;
        *self.wealth.get_mut(&to).unwrap() += amount;
    }

    pub(super) fn places(&self, who: AccountId) -> usize {
        self.games
            .iter()
            .filter(|game| game.over.is_none())
            .filter(|game| game.initiator == who || game.place_of(who).is_some())
            .count()
    }

    pub(super) fn gone(&mut self, g: usize, p: usize, departure: Departure) {
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

    pub(super) fn finish(&mut self, g: usize, end: End) {
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
        let out = game.players.iter().enumerate().filter(|(p, player)| {
            let began = !matches!(player.standing, Standing::Out(Departure::NotReady));
            let out = matches!(player.standing, Standing::Out(_));
            began && out && (game.together || *p > 0) && player.who != game.initiator
        });
        let out = out.count() as u128;
        for who in &receivers {
            let share = amount / (receivers.len() as u128 + out);
            self.pay(game.initiator, *who, share);
        }
        if let Some(share) = amount.checked_div(receivers.len() as u128 + out) {
            let lost = share * out * u128::from(!receivers.is_empty());
            self.pay(game.initiator, TREASURY, lost);
        }
        self.games[g].over = Some(end);
        if game.begun {
            self.unpaid.push(g);
        }
        let name = format!("{end:?}");
        self.seen
            .insert(name.split(' ').next().unwrap().to_string());
    }

    pub(super) fn anew(&mut self, g: usize, at: At, blocks: u32) {
        let now = self.now;
        let game = &mut self.games[g];
        game.at = at;
        game.until = now + blocks;
        game.epoch += 1;
        for player in &mut game.players {
            player.said = None;
        }
    }

    pub(super) fn again(&mut self, g: usize) {
        self.anew(g, At::Stage { again: false }, STAGE);
    }

    pub(super) fn without(&mut self, g: usize, out: Vec<usize>, departure: Departure) {
        for p in out {
            self.gone(g, p, departure);
        }
        match self.games[g].verdict() {
            Some(end) => self.finish(g, end),
            None => self.again(g),
        }
    }

    pub(super) fn start_if_ready(&mut self, g: usize) {
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
    pub(super) fn settle(&mut self, g: usize) {
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

    pub(super) fn all_roots(&self, g: usize) -> bool {
        let game = &self.games[g];
        game.all()
            .iter()
            .all(|p| matches!(game.players[*p].said, Some(Said::Root { .. })))
    }

    /// A deadline passed in the block before this one.
    pub(super) fn judge(&mut self, g: usize) {
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
    pub(super) fn close(&mut self, g: usize, first: bool) {
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
        let withheld = self.games[g].withheld();
        if !withheld.is_empty() {
            return self.without(g, withheld, Departure::Withheld);
        }
        if game.retries == MaxRetries::get() {
            let mut stuck = game.all();
            stuck.retain(|p| !matches!(game.players[*p].said, Some(Said::Root { .. })));
            let many = 2 * stuck.len() >= game.all().len();
            if many {
                stuck = game.named(|missing, _| missing);
                stuck.retain(|p| *p > 0);
            }
            if game.together || stuck.is_empty() {
                return self.finish(g, End::Stalled);
            }
            for p in stuck {
                self.gone(g, p, Departure::Outvoted);
            }
            return match self.games[g].verdict() {
                Some(end) => self.finish(g, end),
                None if self.all_roots(g) => self.settle(g),
                None => self.again(g),
            };
        }
        self.games[g].retries += 1;
        self.again(g);
    }

    pub(super) fn is_settled(&self, g: usize) -> bool {
        let game = &self.games[g];
        let all: Vec<_> = game.all().iter().map(|p| game.players[*p].said).collect();
        let failed = all.contains(&Some(Said::Failed));
        self.all_roots(g) || (failed && !all.contains(&None))
    }

    pub(super) fn run(&mut self, blocks: u32) {
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

    pub(super) fn is_live(&self, g: usize) -> bool {
        self.games.get(g).is_some_and(|game| game.over.is_none())
    }

    /// The same on the chain and here.
    pub(super) fn compare(&mut self) {
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
