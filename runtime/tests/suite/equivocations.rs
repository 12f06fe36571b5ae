//! Whoever signs twice is reported, whatever becomes of its keys; offences of a session count together.

use codec::{Decode, Encode};
use pallet_delegation::{Candidates, Chill, Slashes};
use polkadot_sdk::{
    frame_support::{assert_ok, dispatch::DispatchResultWithPostInfo},
    pallet_babe, pallet_grandpa,
    pallet_offences::{ConcurrentReportsIndex, Reports},
    sp_consensus_babe::{
        self,
        digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest},
        runtime_decl_for_babe_api::BabeApi,
    },
    sp_consensus_grandpa::{self, runtime_decl_for_grandpa_api::GrandpaApi},
    sp_core::{crypto::Pair, ed25519, sr25519},
    sp_runtime::{
        traits::Header as _,
        transaction_validity::{TransactionSource, TransactionValidity},
        Digest, DigestItem, Perbill,
    },
    sp_session::MembershipProof,
};
use salus_runtime::{
    key_owners::Owners, AccountId, Babe, Block, BlockNumber, Grandpa, Hash, Header, Runtime,
    RuntimeOrigin, Session, System,
};

use crate::{
    chain::{account, Author},
    stake::{local, run_to_session, set_keys, signed, SLOTS},
};

/// Two signatures where there must be one.
#[derive(Clone)]
pub enum Offence {
    /// Two blocks of a slot.
    Babe(sp_consensus_babe::EquivocationProof<Header>),
    /// Two votes of a round.
    Grandpa(sp_consensus_grandpa::EquivocationProof<Hash, BlockNumber>),
}

impl Offence {
    /// With the key that the account has in the presets.
    pub fn in_babe(uri: &str, slot: u64) -> Self {
        let pair = sr25519::Pair::from_string(uri, None).unwrap();
        let header = |number: u8| {
            let claim = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
                authority_index: 0,
                slot: slot.into(),
            });
            let mut header = Header::new(
                System::block_number(),
                Hash::repeat_byte(number),
                Hash::repeat_byte(number),
                Hash::repeat_byte(number),
                Digest {
                    logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(claim)],
                },
            );
            let seal = pair.sign(header.hash().as_ref()).into();
            header
                .digest_mut()
                .push(<DigestItem as CompatibleDigestItem>::babe_seal(seal));
            header
        };
        Self::Babe(sp_consensus_babe::EquivocationProof {
            offender: pair.public().into(),
            slot: slot.into(),
            first_header: header(1),
            second_header: header(2),
        })
    }

    pub fn in_grandpa(uri: &str, set: u64, round: u64) -> Self {
        let pair = ed25519::Pair::from_string(uri, None).unwrap();
        let vote = |number: u8| {
            let prevote = (Hash::repeat_byte(number), BlockNumber::from(number));
            // A prevote is the first kind of message.
            let payload = sp_consensus_grandpa::localized_payload(round, set, &(0u8, prevote));
            (prevote, pair.sign(&payload))
        };
        let encoded = (set, 0u8, round, pair.public(), vote(1), vote(2)).encode();
        Self::Grandpa(Decode::decode(&mut &encoded[..]).unwrap())
    }

    /// As a node asks for it.
    pub fn prove(&self) -> Option<MembershipProof> {
        match self {
            Self::Babe(proof) => {
                let id = proof.offender.clone();
                <Runtime as BabeApi<Block>>::generate_key_ownership_proof(proof.slot, id)?.decode()
            }
            Self::Grandpa(proof) => {
                let (set, id) = (proof.set_id(), proof.offender().clone());
                <Runtime as GrandpaApi<Block>>::generate_key_ownership_proof(set, id)?.decode()
            }
        }
    }

    /// What the pool of a node says.
    pub fn validate(&self, owner: &MembershipProof) -> TransactionValidity {
        let source = TransactionSource::Local;
        match self.clone() {
            Self::Babe(proof) => {
                let call = pallet_babe::Call::report_equivocation_unsigned {
                    equivocation_proof: Box::new(proof),
                    key_owner_proof: owner.clone(),
                };
                Babe::validate_unsigned(source, &call)
            }
            Self::Grandpa(proof) => {
                let call = pallet_grandpa::Call::report_equivocation_unsigned {
                    equivocation_proof: Box::new(proof),
                    key_owner_proof: owner.clone(),
                };
                Grandpa::validate_unsigned(source, &call)
            }
        }
    }

    pub fn report(&self, owner: &MembershipProof) -> DispatchResultWithPostInfo {
        let (none, owner) = (RuntimeOrigin::none(), owner.clone());
        match self.clone() {
            Self::Babe(proof) => Babe::report_equivocation_unsigned(none, Box::new(proof), owner),
            Self::Grandpa(proof) => {
                Grandpa::report_equivocation_unsigned(none, Box::new(proof), owner)
            }
        }
    }

    /// Through the pool into a block.
    fn submit(&self, owner: &MembershipProof) {
        assert_ok!(self.validate(owner));
        assert_ok!(self.report(owner));
        assert!(self.validate(owner).is_err(), "once");
        assert!(self.report(owner).is_err(), "once");
    }
}

/// Alice's offences of now, one of each kind.
fn of_alice(author: &Author) -> [Offence; 2] {
    let slot = author.slot() - 1;
    [
        Offence::in_babe("//Alice", slot),
        Offence::in_grandpa("//Alice", Grandpa::current_set_id(), 3),
    ]
}

/// One of so many: (3 / n)² of the stake.
fn assert_slashed(who: &AccountId, session: u32, of: u32) {
    let slash = Slashes::<Runtime>::get(who, session).expect("the slash of the session");
    assert_eq!(slash.fraction, Perbill::from_rational(9u32, of * of));
    let candidate = Candidates::<Runtime>::get(who).unwrap();
    assert_eq!(candidate.chilled, Some(Chill::Offence));
}

/// For offences of each kind: on a new chain in session 2 somebody changes keys by `change`; Alice's
/// keys of the presets equivocate so many sessions later, which is reported so many sessions after it.
fn played(change: impl Fn(), until_offence: u32, until_report: u32) {
    for kind in 0..2 {
        local().execute_with(|| {
            let mut author = Author::new(1_000);
            author.build(1);
            run_to_session(&mut author, 2);
            author.build(5);
            change();
            run_to_session(&mut author, 2 + until_offence);
            author.build(5);
            let offence = of_alice(&author)[kind].clone();
            let owner = offence
                .prove()
                .expect("a proof at the block of the offence");
            run_to_session(&mut author, 2 + until_offence + until_report);
            // From the state of now it is the same.
            assert_eq!(offence.prove().as_ref(), Some(&owner));
            offence.submit(&owner);
            assert_slashed(
                &account("//Alice"),
                2 + until_offence,
                owner.validator_count,
            );
        });
    }
}

#[test]
fn new_keys_do_not_hide_what_the_old_ones_sign() {
    let change = || set_keys(&account("//Alice"));
    for (until_offence, until_report) in [(0, 0), (1, 0), (0, 1), (1, 1), (1, 3)] {
        played(change, until_offence, until_report);
    }
}

#[test]
fn nor_do_purged_keys() {
    let change = || {
        assert_ok!(Session::purge_keys(signed(&account("//Alice"))));
    };
    for (until_offence, until_report) in [(0, 0), (1, 0), (1, 1)] {
        played(change, until_offence, until_report);
    }
}

#[test]
fn nor_do_the_new_keys_of_others() {
    let change = || {
        set_keys(&account("//Bob"));
        assert_ok!(Session::purge_keys(signed(&account("//Dave"))));
    };
    for (until_offence, until_report) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
        played(change, until_offence, until_report);
    }
}

#[test]
fn a_key_that_somebody_took_over_is_its_old_owners_while_it_signs_for_it() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        let (alice, bob) = (account("//Alice"), account("//Bob"));
        let taken = pallet_session::NextKeys::<Runtime>::get(&alice).unwrap();
        set_keys(&alice);
        // Bob has the key from session 4 on: as if its owner had given it away.
        pallet_session::NextKeys::<Runtime>::insert(&bob, taken);
        for (session, owner) in [(3, &alice), (4, &bob)] {
            run_to_session(&mut author, session);
            author.build(2);
            for offence in of_alice(&author) {
                offence.submit(&offence.prove().unwrap());
            }
            assert!(Slashes::<Runtime>::contains_key(owner, session));
        }
        assert_eq!(Slashes::<Runtime>::iter().count(), 2);
    });
}

#[test]
fn keys_that_are_not_in_office_prove_nothing() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        set_keys(&account("//Alice"));
        let before = of_alice(&author).map(|offence| offence.prove().unwrap());
        run_to_session(&mut author, 4);
        author.build(2);
        for (offence, before) in of_alice(&author).iter().zip(before) {
            assert_eq!(offence.prove(), None);
            // Nor with the proof of a session in which they were.
            assert!(offence.report(&before).is_err());
        }
        assert_eq!(Slashes::<Runtime>::iter().count(), 0);
    });
}

#[test]
fn the_first_slot_of_a_session_is_its_own() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        set_keys(&account("//Alice"));
        let first = *Babe::current_epoch_start() + SLOTS;
        while author.slot() < first {
            author.build(1);
        }
        // The state that a node asks, and its pool, have the block before it.
        assert_eq!(Session::current_index(), 2);
        let offence = Offence::in_babe("//Alice", first);
        let owner = offence.prove().unwrap();
        assert_eq!(owner.session, 3);
        assert_ok!(offence.validate(&owner));
        author.build(1);
        assert_eq!(Session::current_index(), 3);
        assert_eq!(offence.prove().as_ref(), Some(&owner));
        offence.submit(&owner);
        assert_slashed(&account("//Alice"), 3, 4);
    });
}

#[test]
fn the_first_block_of_the_chain_and_slots_that_were_left_out() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        let offence = Offence::in_babe("//Alice", 1_000);
        assert_eq!(offence.prove().map(|owner| owner.session), Some(0));
        author.build(1);
        // Nobody authors for some epochs: the next session is that of the first block after them.
        author.build_every(4 * SLOTS, 1);
        let slot = author.slot();
        let offence = Offence::in_babe("//Alice", slot);
        assert_eq!(offence.prove().map(|owner| owner.session), Some(1));
        author.build(10);
        assert_eq!(Session::current_index(), 1);
        assert!(Babe::current_epoch().epoch_index > 1);
        let owner = offence.prove().unwrap();
        run_to_session(&mut author, 2);
        offence.submit(&owner);
        assert_slashed(&account("//Alice"), 1, 4);
    });
}

#[test]
fn a_report_is_taken_for_six_sessions_and_then_forgotten() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        run_to_session(&mut author, 2);
        author.build(3);
        let offences = of_alice(&author);
        let owners = offences.clone().map(|offence| offence.prove().unwrap());
        let late = [
            Offence::in_babe("//Bob", author.slot() - 1),
            Offence::in_grandpa("//Bob", Grandpa::current_set_id(), 4),
        ];
        let late_owners = late.clone().map(|offence| offence.prove().unwrap());
        run_to_session(&mut author, 8);
        for (offence, owner) in offences.iter().zip(&owners) {
            offence.submit(owner);
        }
        assert_slashed(&account("//Alice"), 2, 4);
        assert_eq!(Reports::<Runtime>::iter().count(), 2);
        run_to_session(&mut author, 9);
        for (offence, owner) in late.iter().zip(&late_owners) {
            assert!(offence.validate(owner).is_err());
            assert!(offence.report(owner).is_err());
        }
        assert!(!Slashes::<Runtime>::contains_key(account("//Bob"), 2));
        assert_eq!(Reports::<Runtime>::iter().count(), 0);
        assert_eq!(ConcurrentReportsIndex::<Runtime>::iter().count(), 0);
        let mut kept: Vec<_> = Owners::<Runtime>::iter_keys().collect();
        kept.sort_unstable();
        assert_eq!(kept, (3..=9).collect::<Vec<_>>());
    });
}

#[test]
fn offenders_of_a_session_count_together_whatever_slots_they_pick() {
    for kind in 0..2 {
        local().execute_with(|| {
            let mut author = Author::new(1_000);
            author.build(1);
            run_to_session(&mut author, 2);
            author.build(10);
            let slot = author.slot();
            let of = |uri: &str, n: u64| match kind {
                0 => Offence::in_babe(uri, slot - n),
                _ => Offence::in_grandpa(uri, Grandpa::current_set_id(), n),
            };
            let first = of("//Alice", 1);
            first.submit(&first.prove().unwrap());
            assert_slashed(&account("//Alice"), 2, 4);
            // Once a session, however often it signs twice.
            let again = of("//Alice", 2);
            assert!(again.validate(&again.prove().unwrap()).is_err());
            // Two of four lose everything, the first of them too.
            let second = of("//Bob", 3);
            second.submit(&second.prove().unwrap());
            for uri in ["//Alice", "//Bob"] {
                let slash = Slashes::<Runtime>::get(account(uri), 2).unwrap();
                assert_eq!(slash.fraction, Perbill::one());
            }
        });
    }
}

#[test]
fn a_set_of_two_sessions_is_of_the_first() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(1);
        // The voters of genesis stay for the second session.
        run_to_session(&mut author, 1);
        author.build(3);
        assert_eq!(Grandpa::current_set_id(), 0);
        let offence = Offence::in_grandpa("//Alice", 0, 1);
        let owner = offence.prove().unwrap();
        assert_eq!(owner.session, 0);
        let chosen = MembershipProof {
            session: 1,
            ..owner.clone()
        };
        assert!(offence.report(&chosen).is_err());
        offence.submit(&owner);
        assert_slashed(&account("//Alice"), 0, 4);
    });
}

#[test]
fn a_proof_says_nothing_else() {
    local().execute_with(|| {
        let mut author = Author::new(1_000);
        author.build(5);
        for offence in of_alice(&author) {
            let owner = offence.prove().unwrap();
            assert_eq!(owner.validator_count, 4);
            for wrong in [
                MembershipProof {
                    validator_count: 100,
                    ..owner.clone()
                },
                MembershipProof {
                    trie_nodes: vec![vec![1]],
                    ..owner.clone()
                },
                MembershipProof {
                    session: 2,
                    ..owner.clone()
                },
            ] {
                assert!(offence.validate(&wrong).is_err());
                assert!(offence.report(&wrong).is_err());
            }
            assert_ok!(offence.validate(&owner));
        }
    });
}
