//! SIGKILL at every stage of a worker's job.

use super::{
    front::Front,
    net::{play, until, Net},
    work::{operator, Refused, Task, Work},
};

const COMMIT: &str = "job-commit";
const REVEAL: &str = "job-reveal";
/// Analyses that were started since the node's start.
const COMPUTATIONS: &str = "salus_agent_computations_total";

/// Bob's node dies while it fetches, while it computes, while it publishes and after it revealed.
/// Three of three have to agree, so that nobody can do without it.
#[test]
fn a_worker_killed_at_every_stage_answers_once() {
    play(async {
        let mut net = Net::create(4, true);
        let front = Front::before(net.node("dave").gateway_port).await;
        net.arguments("dave", ["--gateway-url", front.url()]);
        net.start().await;
        let chain = net.chain("dave").await;
        // About six seconds of one core.
        let task = Task::new(2_000, 120_000);
        let bobs = Refused::new(&net, "bob", &task.digest);
        // The job stays open for what happens after Bob's reveal.
        let charlies = Refused::new(&net, "charlie", &task.digest);
        front.hold(operator("bob"));
        let work = Work::post(&net, &chain, task, front.url()).await;
        let job = work.job;

        until("Bob's download", || async { front.holds().then_some(()) }).await;
        net.stage("bob", job, COMMIT, "fetching").await;
        net.kill("bob").await;
        front.release();
        net.restart("bob").await;

        computes(&net, job).await;
        net.kill("bob").await;
        assert!(!work.committed(&net, "dave", "bob").await);
        net.restart("bob").await;
        computes(&net, job).await;

        net.stage("bob", job, REVEAL, "publishing").await;
        net.kill("bob").await;
        bobs.lift();
        net.restart("bob").await;
        until("Bob's reveal", || async {
            work.revealed(&chain, "bob").await.then_some(())
        })
        .await;
        // What it had worked out before was on its disk.
        assert_eq!(net.metric("bob", COMPUTATIONS).await, 0.0);

        net.kill("bob").await;
        let (height, _) = net.heights("dave").await;
        net.restart("bob").await;
        net.finalizes("bob", height).await;
        until("that Bob owes nothing", || async {
            let duty = net.duty("bob", job).await.ok()?;
            duty.is_none().then_some(())
        })
        .await;
        net.stage("charlie", job, REVEAL, "publishing").await;
        charlies.lift();
        work.ends_well(&chain).await;
        assert_eq!(net.metric("bob", COMPUTATIONS).await, 0.0);
    });
}

/// Waits until Bob's analysis is under way.
async fn computes(net: &Net, job: u64) {
    until("Bob's analysis", || async {
        let (kind, stage, part) = net.duty("bob", job).await.ok()??;
        (kind == COMMIT && stage == "computing" && part > 0.0).then_some(())
    })
    .await;
}
