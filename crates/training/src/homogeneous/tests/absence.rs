//! Participants that drop out, and participants that start again.

use super::*;

fn rows() -> Rows {
    cloud(200, 3, 2)
}

/// Kills a provider after each number of deliveries, up to the end of the training: the others end at
/// a model, which is that of the rows in the sums.
#[test]
fn training_goes_on_without_a_provider_at_any_moment() {
    let rows = rows();
    for backend in BACKENDS {
        let mut terms = terms(backend, Loss::SquaredHinge, 3, 4);
        terms.key_bits = legacy_or_least();
        let mut ended = [0, 0];
        let wide = if backend == Backend::Masked { 1 } else { 3 };
        for (victim, step) in [(2, 5 * wide), (4, 7 * wide)] {
            for deliveries in (1..).step_by(step) {
                let mut net = net(&terms, &rows, deliveries as u64);
                net.start();
                let mut over = true;
                for _ in 0..deliveries {
                    let Some((from, to, round, body)) = net.pick() else {
                        break;
                    };
                    net.deliver(from, to, round, &body).unwrap();
                    over = false;
                }
                if over || !net.outcomes.is_empty() {
                    break;
                }
                net.kill(PartyId(victim));
                // Others go on as far as they can before the chain says anything.
                net.run().unwrap();
                if net.outcomes.is_empty() {
                    net.judge(PartyId(victim)).unwrap();
                    net.run().unwrap();
                }
                assert!(
                    net.outcomes.len() >= 4,
                    "{backend}: {deliveries} deliveries, {} ended",
                    net.outcomes.len()
                );
                let mut models = net.outcomes.values();
                let first = models.next().unwrap();
                assert!(
                    models.all(|outcome| outcome == first),
                    "{backend}: {deliveries} deliveries"
                );
                ended[0] += 1;
                // Who is left before anything was summed is all that counts.
                if deliveries < 8 {
                    let mut parts = parts(&terms, &rows);
                    parts.remove(&PartyId(victim));
                    let views: Vec<_> = parts.values().map(|part| part.values.view()).collect();
                    let left = Rows {
                        values: ndarray::concatenate(ndarray::Axis(0), &views).unwrap(),
                        positive: parts
                            .values()
                            .flat_map(|part| part.positive.clone())
                            .collect(),
                    };
                    assert_eq!(
                        *first,
                        pooled(&terms, &left).unwrap(),
                        "{backend}: {deliveries} deliveries"
                    );
                    ended[1] += 1;
                }
            }
        }
        assert!(ended[0] > 20 && ended[1] > 1, "{backend}: {ended:?}");
    }
}

/// Whose numbers came before it fell silent is in the sum: its own mask is opened, not its pairs'.
#[test]
fn one_secret_of_two_is_ever_opened() {
    use super::super::{masks::Which, wire::Report};
    use codec::DecodeAll;
    let rows = rows();
    let terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 4);
    let mut pairs = 0;
    for order in 0..120 {
        let mut net = net(&terms, &rows, order);
        net.start();
        for _ in 0..(20 + 2 * order) {
            let Some((from, to, round, body)) = net.pick() else {
                break;
            };
            net.deliver(from, to, round, &body).unwrap();
        }
        if !net.outcomes.is_empty() {
            continue;
        }
        net.kill(PartyId(3));
        net.run().unwrap();
        if net.outcomes.is_empty() {
            net.judge(PartyId(3)).unwrap();
            net.run().unwrap();
        }
        // Whose secrets became known, and which of the two.
        let mut deals = BTreeMap::new();
        let mut members = BTreeMap::new();
        let mut opened: BTreeMap<_, Vec<Which>> = BTreeMap::new();
        for (from, to, _, body) in &net.log {
            if *from == PartyId(0) || *to != PartyId(0) {
                continue;
            }
            match Report::decode_all(&mut &body[..]).unwrap() {
                Report::Deal { epoch, deal } => {
                    members.insert(epoch, deal.members.clone());
                    deals.insert((*from, epoch), deal);
                }
                Report::Shares {
                    epoch,
                    slot,
                    shares,
                } => {
                    for (owner, share) in members[&epoch].iter().zip(&shares) {
                        let deal = &deals[&(*owner, epoch)];
                        let which = [Which::Own, Which::Pairs];
                        let which = which
                            .into_iter()
                            .find(|which| deal.is_share(*from, slot, *which, share));
                        opened
                            .entry((*owner, epoch, slot))
                            .or_default()
                            .push(which.unwrap());
                    }
                }
                _ => {}
            }
        }
        assert!(!opened.is_empty());
        for (of, kinds) in &opened {
            assert!(
                kinds.iter().all(|kind| *kind == kinds[0]),
                "{of:?}: {kinds:?}"
            );
            pairs += usize::from(kinds[0] == Which::Pairs);
        }
    }
    assert!(
        pairs > 0,
        "no drop-out was after the counts and before the sums"
    );
}

/// The chain's word is needed: an analyst alone cannot have somebody's pairs opened.
#[test]
fn masks_are_opened_when_the_chain_has_judged() {
    use super::super::wire::{Order, Report};
    use codec::{DecodeAll, Encode};
    let terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 4);
    let mut net = net(&terms, &rows(), 5);
    net.start();
    let mut tried = 0;
    while let Some((from, to, round, body)) = net.pick() {
        let order = Order::decode_all(&mut &body[..]);
        if let (
            PartyId(0),
            Ok(Order::Open {
                epoch,
                slot,
                mut included,
            }),
        ) = (from, order)
        {
            // As if nothing had come from another provider.
            included.retain(|party| *party != PartyId(if to.0 == 1 { 2 } else { 1 }));
            let forged = Order::Open {
                epoch,
                slot,
                included,
            }
            .encode();
            let step = net
                .parties
                .get_mut(&to)
                .unwrap()
                .receive(from, round, &forged)
                .unwrap();
            assert_eq!(step, Step::default(), "it waits for the chain");
            // Once it is judged, it is opened, once.
            let step = net
                .parties
                .get_mut(&to)
                .unwrap()
                .absent(PartyId(if to.0 == 1 { 2 } else { 1 }))
                .unwrap();
            assert!(matches!(
                Report::decode_all(&mut &step.send[0].body[..]),
                Ok(Report::Shares { .. })
            ));
            let again = net
                .parties
                .get_mut(&to)
                .unwrap()
                .receive(from, round, &body);
            assert!(matches!(
                again,
                Err(Refused::Fault(Fault {
                    party: PartyId(0),
                    ..
                }))
            ));
            tried += 1;
            if tried == 3 {
                return;
            }
            continue;
        }
        let _ = net.deliver(from, to, round, &body);
    }
    panic!("nothing was opened");
}

/// Every party dies and starts again from its checkpoint, at every moment.
#[test]
fn parties_resume_at_any_moment() {
    let rows = rows();
    for backend in BACKENDS {
        for loss in [Loss::Hinge, Loss::SquaredHinge] {
            if backend == Backend::PackedNewton && loss == Loss::Hinge {
                continue;
            }
            let mut terms = terms(backend, loss, 3, 3);
            terms.svm.iterations = 5;
            let parts = parts(&terms, &rows);
            let mut net = net(&terms, &rows, 3);
            net.start();
            let mut restarts = BTreeMap::new();
            while let Some((from, to, round, body)) = net.pick() {
                net.deliver(from, to, round, &body).unwrap();
                if net.outcomes.contains_key(&to) {
                    continue;
                }
                let progress = net.parties[&to].progress();
                let last = restarts.insert(to, progress.round);
                // A key takes a while: the analyst restarts once a round.
                if to == PartyId(0) && last == Some(progress.round) && backend != Backend::Masked {
                    continue;
                }
                let checkpoint = net.parties[&to].checkpoint();
                let mut again = party(&terms, to, &parts);
                again.resume(&checkpoint).unwrap();
                assert_eq!(again.checkpoint(), checkpoint);
                assert_eq!(again.progress(), progress);
                net.parties.insert(to, again);
            }
            let expected = pooled(&terms, &rows).unwrap();
            assert_eq!(net.outcomes.len(), 4, "{backend} {loss:?}");
            assert!(
                net.outcomes.values().all(|outcome| *outcome == expected),
                "{backend} {loss:?}"
            );
        }
    }
}

/// A party that is started again answers the same message with the same bytes, and another message
/// with other masks.
#[test]
fn answers_are_derived() {
    use super::super::wire::Report;
    use codec::DecodeAll;
    let rows = rows();
    let terms = terms(Backend::SecureSvm, Loss::Hinge, 3, 2);
    let parts = parts(&terms, &rows);
    let mut net = net(&terms, &rows, 3);
    net.start();
    while let Some((from, to, round, body)) = net.pick() {
        let before = net.parties[&to].checkpoint();
        net.deliver(from, to, round, &body).unwrap();
        let sent = net.log.last().unwrap().clone();
        let report = Report::decode_all(&mut &sent.3[..]);
        if sent.0 == to && matches!(report, Ok(Report::Compare { .. })) {
            let mut again = party(&terms, to, &parts);
            again.resume(&before).unwrap();
            let step = again.receive(from, round, &body).unwrap();
            assert_eq!(step.send[0].body, sent.3);
            return;
        }
    }
    panic!("nothing was compared");
}

#[test]
fn checkpoints_of_others_are_refused() {
    let rows = rows();
    let terms_a = terms(Backend::Masked, Loss::Hinge, 3, 3);
    let mut terms_b = terms_a.clone();
    terms_b.min_changed = 11;
    let parts = parts(&terms_a, &rows);
    for id in [PartyId(0), PartyId(1)] {
        let checkpoint = party(&terms_a, id, &parts).checkpoint();
        assert!(matches!(
            party(&terms_b, id, &parts).resume(&checkpoint),
            Err(Error::Checkpoint(_))
        ));
        let mut cut = party(&terms_a, id, &parts);
        assert!(matches!(
            cut.resume(&checkpoint[..checkpoint.len() - 1]),
            Err(Error::Checkpoint(_))
        ));
    }
    let checkpoint = party(&terms_a, PartyId(1), &parts).checkpoint();
    assert!(party(&terms_a, PartyId(2), &parts)
        .resume(&checkpoint)
        .is_err());
}

/// Two at once are more than the shares stand for: it ends, or goes on with the two others, and
/// never says more.
#[test]
fn two_drop_outs_at_once_end_or_go_on() {
    let rows = rows();
    let terms = terms(Backend::Masked, Loss::SquaredHinge, 3, 4);
    let (mut ended, mut went_on) = (0, 0);
    for deliveries in 1..160 {
        let mut net = net(&terms, &rows, deliveries);
        net.start();
        for _ in 0..deliveries {
            let Some((from, to, round, body)) = net.pick() else {
                break;
            };
            net.deliver(from, to, round, &body).unwrap();
        }
        if !net.outcomes.is_empty() {
            break;
        }
        net.kill(PartyId(1));
        net.kill(PartyId(4));
        net.run().unwrap();
        if !net.outcomes.is_empty() {
            continue;
        }
        let judged = net.judge(PartyId(1)).and_then(|()| net.judge(PartyId(4)));
        match judged {
            Ok(()) => {
                net.run().unwrap();
                assert_eq!(net.outcomes.len(), 3);
                went_on += 1;
            }
            Err(Error::TooFew { left: 2, needed: 3 }) => ended += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(ended > 0 && went_on > 0, "{ended} {went_on}");
}
