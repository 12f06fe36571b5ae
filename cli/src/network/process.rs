//! Processes that this program, or an earlier run of it, started.

use std::fs;

use rustix::{
    io::Errno,
    process::{kill_process, test_kill_process, Pid, Signal},
};
use serde::{Deserialize, Serialize};

/// A process, told from a later one with the same number by when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it began, in the kernel's ticks since boot; `None` where the system does not say.
    began: Option<u64>,
}

impl Process {
    /// The running process with this number.
    pub fn of(pid: u32) -> Self {
        Process {
            pid,
            began: stat(pid).map(|stat| stat.began),
        }
    }

    /// Whether it runs. One that ended and waits to be reaped does not.
    pub fn is_running(&self) -> bool {
        match (stat(self.pid), self.began) {
            (Some(stat), Some(began)) => stat.began == began && !stat.ended,
            (None, Some(_)) => false,
            (_, None) => self.id().is_some_and(|pid| test_kill_process(pid).is_ok()),
        }
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let Some(pid) = self.id().filter(|_| self.is_running()) else {
            return Ok(());
        };
        match kill_process(pid, signal) {
            // It ended in between.
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn id(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.pid).ok()?)
    }
}

struct Stat {
    ended: bool,
    began: u64,
}

/// State and start time of `/proc/PID/stat`.
fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(line: &str) -> Option<Stat> {
    // The program's name, in parentheses, may itself hold spaces and parentheses.
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // The first thread may have ended and others not: they still hold files and locks.
    let threads: u32 = fields.get(17)?.parse().ok()?;
    Some(Stat {
        ended: matches!(*fields.first()?, "Z" | "X") && threads <= 1,
        // Field 22 of the line; the state is field 3, the number of threads field 20.
        began: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_killed_process_does_not_run_and_a_later_one_is_another() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id());
        assert!(process.is_running());
        process.kill().unwrap();
        child.wait().unwrap();
        assert!(!process.is_running());
        process.kill().unwrap();

        let own = Process::of(std::process::id());
        let earlier = Process {
            pid: own.pid,
            began: own.began.map(|began| began + 1),
        };
        assert!(own.is_running());
        assert!(!earlier.is_running());
    }
    #[test]
    fn a_process_has_ended_when_all_its_threads_have() {
        let line = |state: &str, threads: u32| {
            format!("77 (a) b) {state} 1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711 0")
        };
        let ended = |line: &str| parse(line).unwrap().ended;
        assert!(!ended(&line("S", 9)));
        assert!(!ended(&line("Z", 2)));
        assert!(ended(&line("Z", 1)));
        assert_eq!(parse(&line("Z", 1)).unwrap().began, 4711);
    }
}
