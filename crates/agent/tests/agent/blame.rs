//! Who is named for what, and what a party that lies can make of the others.

use codec::Encode;
use salus_primitives::training::{Backend, ModelAccess, Said};
use salus_training::{
    stage::{Control, Signed},
    PartyId,
};

use crate::{
    consortium::Consortium,
    training::{begin_without, bring, homogeneous_plan, lies, Liar},
};

fn consortium(backend: Backend) -> Consortium {
    let (plan, _) = homogeneous_plan(backend, ModelAccess::Everyone, 1);
    Consortium::new(plan)
}

/// Garbage to one receiver only: that one names the sender and waits, the others wait for it. Nobody names
/// anybody else for it, and who is waited for says that it waits: so nobody who is honest is held to have
/// withheld anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_liar_says_so() {
    let mut consortium = consortium(Backend::SecureSvm);
    consortium.start_all();
    begin_without(&mut consortium, 2).await;
    lies(&consortium, 2, &[0], 250).await;
    let proven = consortium
        .until("the analyst's word", |all| {
            if !all.chain.reports().is_empty() {
                return Some(true);
            }
            let posts = all.chain.posts();
            let analyst = |at: u16| at == 0;
            posts.iter().any(|(at, _)| analyst(*at)).then_some(false)
        })
        .await;
    if proven {
        return;
    }
    consortium
        .until("the others' words", |all| {
            all.chain.hurry(8);
            let posts = all.chain.posts();
            let said = |at: u16| posts.iter().any(|(by, _)| *by == at);
            (said(1) && said(3)).then_some(())
        })
        .await;
    for (by, post) in consortium.chain.posts() {
        let Said::Blocked { missing, invalid } = post.said else {
            panic!("{by} said {:?}", post.said);
        };
        assert_eq!(invalid & !0b100, 0, "{by} names an honest party");
        assert!(by != 0 || invalid == 0b100);
        assert!(by == 0 || missing & !0b101 == 0, "{by} misses {missing:b}");
    }
}

/// What a party signed is proof against it also after the one that has it was started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_does_not_forget_what_was_signed() {
    let mut consortium = consortium(Backend::Masked);
    consortium.start_all();
    begin_without(&mut consortium, 2).await;
    lies(&consortium, 2, &[1], 250).await;
    consortium
        .until("the first word", |all| {
            let named = all.chain.posts().iter().any(|(by, _)| *by == 1);
            (named || !all.chain.reports().is_empty()).then_some(())
        })
        .await;
    if !consortium.chain.reports().is_empty() {
        // It had used the number before.
        return;
    }
    consortium.crash(1).await;
    consortium.start(1);
    consortium
        .until("its return", |all| {
            let back = |status: salus_agent::TrainingStatus| status.state != "starting";
            all.status(1).is_some_and(back).then_some(())
        })
        .await;
    lies(&consortium, 2, &[1], 251).await;
    consortium
        .until("the report", |all| {
            matches!(all.chain.reports()[..], [(1, 2)]).then_some(())
        })
        .await;
}

/// A party that is not reached and asks ten thousand times for what it missed makes nobody hold more
/// than one answer for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn packets_to_who_is_not_reached_do_not_pile_up() {
    let mut consortium = consortium(Backend::Masked);
    consortium.start_all();
    begin_without(&mut consortium, 0).await;
    let session = consortium.chain.training().session.0;
    let liar = Liar::new(&consortium, 0);
    let ask = || Signed::new(session, PartyId(0), PartyId(1), Control::Taken(0), &liar);
    let items: Vec<(u8, Signed)> = (0..250).map(|_| (1, ask())).collect();
    let items = items.encode();
    for _ in 0..40 {
        bring(&consortium, 0, 1, items.clone()).await;
    }
    consortium.net.carried.lock().clear();
    consortium.start(0);
    consortium
        .until("the end", |all| all.chain.is_over().then_some(()))
        .await;
    let carried = consortium.net.carried.lock();
    let to_analyst = carried.iter().filter(|(to, _)| to.ends_with("-1"));
    let bytes: usize = to_analyst.map(|(_, packet)| packet.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}
