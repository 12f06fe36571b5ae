use super::*;

/// Every message is taken by a participant that was just started again from its checkpoint.
#[test]
fn a_participant_resumes_at_every_step() {
    let cohort = cohort(3, 15, 2, 2, 40);
    let mut parameters = Parameters::new(SESSION, 3, svm(3, 5));
    parameters.prove_every = 2;
    let expected = Network::of(&cohort, &parameters, 1).train();
    let mut network = Network::of(&cohort, &parameters, 2);
    network.start(&mut |_| {});
    while let Some(sent) = network.draw() {
        let stored = network.participants[usize::from(sent.to)].checkpoint();
        let mut again = cohort.participant(&parameters, sent.to);
        again.resume(&stored).unwrap();
        assert_eq!(again.checkpoint(), stored);
        network.participants[usize::from(sent.to)] = again;
        let step = network.deliver(&sent).unwrap();
        network.post(sent.to, step, &mut |_| {});
    }
    let parts: Vec<Part> = network.parts.into_iter().map(Option::unwrap).collect();
    assert_eq!(parts, expected);
}

#[test]
fn checkpoints_of_others_are_refused() {
    let cohort = cohort(2, 12, 0, 1, 41);
    let parameters = Parameters::new(SESSION, 2, svm(1, 3));
    let mut party = cohort.participant(&parameters, 0);
    party.start().unwrap();
    let stored = party.checkpoint();
    assert!(cohort.participant(&parameters, 1).resume(&stored).is_err());
    for cut in 0..stored.len() {
        assert!(cohort_resumes(&cohort, &parameters, &stored[..cut]).is_err());
    }
    let other = Parameters {
        session: [1; 32],
        ..parameters.clone()
    };
    assert!(cohort_resumes(&cohort, &other, &stored).is_err());
    assert!(cohort_resumes(&cohort, &parameters, &stored).is_ok());
}

fn cohort_resumes(cohort: &Cohort, parameters: &Parameters, stored: &[u8]) -> Result<(), Error> {
    thread_local! {
        static KEPT: std::cell::RefCell<Option<(Parameters, Participant)>> = const { std::cell::RefCell::new(None) };
    }
    KEPT.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(of, _)| of != parameters) {
            *kept = Some((parameters.clone(), cohort.participant(parameters, 0)));
        }
        kept.as_mut().unwrap().1.resume(stored)
    })
}

/// A participant that says no more stops the training, the others know who it is, and go on once it
/// is back.
#[test]
fn silence_pauses_and_names() {
    let cohort = cohort(3, 15, 2, 1, 42);
    let parameters = Parameters::new(SESSION, 3, svm(1, 4));
    for kind in 0..8 {
        let mut network = Network::of(&cohort, &parameters, 5);
        network.start(&mut |_| {});
        let matches_kind = |message: &Message| {
            let number = match message {
                Message::Raised { .. } => 0,
                Message::Common(_) => 1,
                Message::Classes(_) => 2,
                Message::Commitment(_) => 3,
                Message::Link(_) => 4,
                Message::Contribution(_) => 5,
                Message::Masked(_) => 6,
                Message::Share { .. } => 7,
                _ => 8,
            };
            number == kind
        };
        // Participant 0 falls silent at its first message of this kind, once.
        let mut held: Option<Vec<Sent>> = None;
        while let Some(sent) = network.draw() {
            if sent.from == 0 && (matches_kind(&sent.message) || held.is_some()) {
                held.get_or_insert_default().push(sent);
                continue;
            }
            let step = network.deliver(&sent).unwrap();
            network.post(sent.to, step, &mut |_| {});
        }
        assert!(network.parts.iter().all(Option::is_none), "kind {kind}");
        let waited: Vec<PartyId> = network.participants[1].waits_for();
        assert!(
            waited.contains(&PartyId(0)) || kind < 2,
            "kind {kind}: {waited:?}"
        );
        if kind >= 2 {
            assert_eq!(waited, [PartyId(0)], "kind {kind}");
        }
        let stored: Vec<Vec<u8>> = network.participants.iter().map(Party::checkpoint).collect();
        // It comes back, and all go on.
        for sent in held.unwrap() {
            let step = network.deliver(&sent).unwrap();
            network.post(sent.to, step, &mut |_| {});
        }
        network.run(&mut |_| {}).unwrap();
        assert!(network.parts.iter().all(Option::is_some), "kind {kind}");
        // Or the chain says that it is gone, which ends the training.
        let mut left = cohort.participant(&parameters, 1);
        left.resume(&stored[1]).unwrap();
        assert_eq!(left.absent(PartyId(0)), Err(Error::Absent(PartyId(0))));
        let late = left.receive(PartyId(0), 0, &Message::Link([0; 32]).encode());
        assert_eq!(late.unwrap_err(), Refused::Error(Error::Absent(PartyId(0))));
    }
}

#[test]
fn progress_counts_rounds() {
    let cohort = cohort(2, 12, 0, 1, 43);
    let parameters = Parameters::new(SESSION, 2, svm(1, 3));
    let mut network = Network::of(&cohort, &parameters, 1);
    assert_eq!(
        network.participants[0].progress(),
        crate::Progress { round: 0, of: 3 }
    );
    network.train();
    assert_eq!(
        network.participants[0].progress(),
        crate::Progress { round: 3, of: 3 }
    );
    assert!(network.participants[0].waits_for().is_empty());
}
