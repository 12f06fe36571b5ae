//! A validator whose clock is wrong.

use std::{fs, path::PathBuf, time::Instant};

use super::{
    skip,
    witness::{all_stand_well, authors_after, one_history},
};
use crate::faults::net::{play, until, Net};

const ALL: [&str; 4] = ["alice", "bob", "charlie", "dave"];
/// Blocks that show that it goes on.
const ON: u32 = 6;
/// Ten slots.
const SKEW: &str = "20";

/// A clock that is wrong by what a file says (libfaketime).
struct Clock(PathBuf);

impl Clock {
    /// Of a node that does not run.
    fn of(net: &mut Net, name: &str) -> Result<Self, String> {
        let library = fs::read_dir("/usr/lib")
            .into_iter()
            .flatten()
            .flatten()
            .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .ok_or("libfaketime is not installed (scripts/setup test)")?;
        let clock = Self(net.file("clock"));
        clock.set("+0");
        let words = [
            "env".to_owned(),
            format!("LD_PRELOAD={}", library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", clock.0.display()),
            "FAKETIME_CACHE_DURATION=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        ];
        net.wrapper(name, words.into());
        Ok(clock)
    }

    /// From the next second on. Seconds, with their sign.
    fn set(&self, wrong_by: &str) {
        let draft = self.0.with_extension("new");
        fs::write(&draft, wrong_by).unwrap();
        fs::rename(draft, &self.0).unwrap();
    }
}

/// A node's log from here on.
struct Log {
    path: PathBuf,
    from: usize,
}

impl Log {
    fn of(net: &Net, name: &str) -> Self {
        let path = net.log(name);
        let from = fs::read(&path).unwrap().len();
        Self { path, from }
    }

    /// Waits until it says something.
    async fn says(&self, words: &str) {
        until(&format!("{words:?} in {}", self.path.display()), || async {
            let log = fs::read(&self.path).unwrap();
            let log = String::from_utf8_lossy(&log[self.from..]);
            log.contains(words).then_some(())
        })
        .await;
    }
}

#[test]
fn blocks_of_a_wrong_clock_are_refused_until_it_is_right() {
    play(async {
        let mut net = Net::create(4, false);
        let clock = match Clock::of(&mut net, "dave") {
            Ok(clock) => clock,
            Err(why) => return skip("a wrong clock", &why),
        };
        net.start().await;
        let chain = net.chain("alice").await;
        authors_after(&net, &chain, "alice", "dave", 0).await;

        // Ahead: the others refuse what it makes, and go on.
        let log = Log::of(&net, "alice");
        clock.set(&format!("+{SKEW}"));
        log.says("too far in the future").await;
        let (_, finalized) = net.heights("alice").await;
        net.finalizes("alice", finalized + ON).await;
        clock.set("+0");
        let began = Instant::now();
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "dave", height).await;
        println!("takes part {:?} after its clock was ahead", began.elapsed());

        // Behind: it refuses what the others make.
        let log = Log::of(&net, "dave");
        clock.set(&format!("-{SKEW}"));
        log.says("too far in the future").await;
        let (_, finalized) = net.heights("alice").await;
        net.finalizes("alice", finalized + ON).await;
        clock.set("+0");
        let began = Instant::now();
        let (height, _) = net.heights("alice").await;
        authors_after(&net, &chain, "alice", "dave", height).await;
        println!(
            "takes part {:?} after its clock was behind",
            began.elapsed()
        );

        one_history(&net, &ALL).await;
        all_stand_well(&net, &chain).await;
    });
}
