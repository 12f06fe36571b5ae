//! Participants that send two versions of what should be the same for all: nobody who is honest is
//! named, and nothing is released.

use codec::{DecodeAll, Encode};
use salus_analytics::svm::Model;

use super::{
    super::{
        masks::{Deal, Pairs},
        wire::{Order, Report},
    },
    *,
};

/// Three providers of the back-end `masked`.
fn three() -> (Terms, Net) {
    let mut terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 3);
    terms.min_changed = 1;
    terms.svm.iterations = 4;
    let mut net = net(&terms, &cloud(90, 3, 4), 21);
    net.start();
    (terms, net)
}

/// Runs to the end of what can be done. Participants that cannot go on say why.
fn run(
    net: &mut Net,
    mut change: impl FnMut(PartyId, PartyId, u32, &[u8]) -> Option<Vec<u8>>,
) -> BTreeMap<PartyId, Error> {
    let mut ended = BTreeMap::new();
    while let Some((from, to, round, body)) = net.pick() {
        let body = change(from, to, round, &body).unwrap_or(body);
        match net.deliver(from, to, round, &body) {
            Ok(()) => {}
            Err(Refused::Error(error)) => {
                ended.insert(to, error);
            }
            Err(Refused::Fault(fault)) => panic!("{fault}"),
        }
    }
    ended
}

#[test]
fn two_deals_name_nobody_who_took_one() {
    // The analyst has another deal than all providers, or one provider has.
    for other in [0, 3] {
        let (terms, mut net) = three();
        let (dealer, other) = (PartyId(2), PartyId(other));
        let mut pairs = Pairs::new(terms.session, dealer, &seed(1002));
        let ended = run(&mut net, |from, to, _, body| {
            if from == PartyId(0) || to != other && to != dealer {
                return None;
            }
            match Report::decode_all(&mut &body[..]).unwrap() {
                Report::Key(key) if to == dealer => {
                    pairs.agree(from, key).unwrap();
                    None
                }
                Report::Deal { epoch, .. } if from == dealer => {
                    let deal = Deal::new(&pairs, &seed(5), epoch, &terms.providers);
                    Some(Report::Deal { epoch, deal }.encode())
                }
                // It says that it dealt what the analyst has.
                Report::Ready { epoch, mut deals } if from == dealer && to == other => {
                    deals[1] = Deal::new(&pairs, &seed(5), epoch, &terms.providers).digest();
                    Some(Report::Ready { epoch, deals }.encode())
                }
                _ => None,
            }
        });
        let analyst = &ended[&PartyId(0)];
        assert!(
            ended.len() == 1
                && matches!(analyst, Error::Unattributed(why) if why.contains("deals")),
            "{ended:?}"
        );
        // Before anything was asked that would need the deals.
        let asked = net.log.iter().filter(|(from, ..)| *from == PartyId(0));
        let order = |body: &[u8]| Order::decode_all(&mut &body[..]).unwrap();
        assert!(asked
            .map(|(.., body)| order(body))
            .all(|order| matches!(order, Order::Setup { .. } | Order::Deal { .. })));
    }
}

/// A readiness that does not say the sender's own deal is its own fault, one of the wrong length too.
#[test]
fn a_readiness_is_checked() {
    let (_, mut net) = three();
    let mut seen = Vec::new();
    while let Some((from, to, round, body)) = net.pick() {
        if to == PartyId(0) {
            if let Ok(Report::Ready { epoch, deals }) = Report::decode_all(&mut &body[..]) {
                let mut own = deals.clone();
                own[usize::from(from.0) - 1][0] ^= 1;
                for deals in [own, deals[1..].to_vec()] {
                    let forged = Report::Ready { epoch, deals }.encode();
                    match net.deliver(from, to, round, &forged) {
                        Err(Refused::Fault(fault)) if fault.party == from => {
                            seen.push(fault.reason);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
        net.deliver(from, to, round, &body).unwrap();
    }
    assert_eq!(net.outcomes.len(), 4);
    assert!(seen.contains(&Reason::Proof("deal of shares")));
    assert!(seen.iter().any(|reason| matches!(
        reason,
        Reason::Count {
            what: "digests of deals",
            ..
        }
    )));
}

/// An analyst that gives one provider another model than the others has nothing of either.
#[test]
fn two_models_give_no_sums() {
    let (_, mut net) = three();
    let mut sums = 0;
    let ended = run(&mut net, |from, to, round, body| {
        if round == 0 {
            return None;
        }
        if to == PartyId(0) {
            let report = Report::decode_all(&mut &body[..]).unwrap();
            sums += usize::from(matches!(report, Report::Sums { .. }));
        }
        match (from.0, to.0) {
            (0, 2) => {
                let Order::Query { epoch, model } = Order::decode_all(&mut &body[..]).unwrap()
                else {
                    return None;
                };
                let mut model = Model::from_bytes(&model).unwrap();
                model.weights[0] += 1 << 10;
                let model = model.to_bytes();
                Some(Order::Query { epoch, model }.encode())
            }
            _ => None,
        }
    });
    assert_eq!((sums, ended.len(), net.outcomes.len()), (0, 4, 0));
    assert!(ended
        .values()
        .all(|error| matches!(error, Error::Unattributed(why) if why.contains("rows"))));
}
