//! A reader's shell: an empty home folder, the programs under test where the pages say they are.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use rustix::process::{kill_process_group, Pid, Signal};
use tempfile::TempDir;

use super::page::logged;
use crate::program::salus;

/// Longest wait for one command. The slowest starts four validators or waits for a job.
const PATIENCE: Duration = Duration::from_secs(300);

/// A bash that keeps its variables between commands.
pub struct Shell {
    bash: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    folder: TempDir,
    /// Programs that run until they are interrupted.
    running: Vec<Running>,
    started: usize,
}

struct Running {
    command: String,
    pid: String,
    log: PathBuf,
}

/// What came of a command.
pub struct Ran {
    pub code: i32,
    pub said: String,
}

impl Shell {
    /// In a new folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let (programs, work) = (home.join(".cache/salus/target/debug"), Self::work(&folder));
        for new in [&programs, &work] {
            fs::create_dir_all(new).unwrap();
        }
        let node = salus_cli::network::find_node().unwrap();
        symlink(env!("CARGO_BIN_EXE_salus"), programs.join("salus")).unwrap();
        symlink(&node, programs.join("salus-node")).unwrap();
        let mut bash = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| {
            name.starts_with("SALUS") || name.starts_with("XDG_") || name.starts_with("RUST_")
        }) {
            bash.env_remove(name);
        }
        let mut bash = bash
            .args(["--noprofile", "--norc"])
            .env("HOME", home)
            .env("SALUS_NODE", node)
            .current_dir(work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // So that what it started ends with it.
            .process_group(0)
            .spawn()
            .unwrap();
        let (send, answers) = mpsc::channel();
        let output = BufReader::new(bash.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Shell {
            input: bash.stdin.take().unwrap(),
            bash,
            answers,
            folder,
            running: Vec::new(),
            started: 0,
        }
    }

    fn work(folder: &TempDir) -> PathBuf {
        folder.path().join("work")
    }

    /// Where the commands run.
    pub fn path(&self) -> PathBuf {
        Self::work(&self.folder)
    }

    /// Runs a script; what it echoes.
    fn ask(&mut self, script: &str, said: &Path) -> String {
        self.input.write_all(script.as_bytes()).unwrap();
        self.input.flush().unwrap();
        self.answers.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!(
                "no end after {PATIENCE:?}: {script}\n{}",
                fs::read_to_string(said).unwrap_or_default()
            )
        })
    }

    /// Runs a command to its end.
    pub fn run(&mut self, command: &str) -> Ran {
        let said = self.folder.path().join("said");
        let shown = said.display();
        let script = format!("{{ {command}\n}} </dev/null >{shown} 2>&1\necho $?\n");
        let code = self.ask(&script, &said).parse().unwrap();
        Ran {
            code,
            said: fs::read_to_string(&said).unwrap(),
        }
    }

    /// Starts a command that runs until it is interrupted.
    pub fn start(&mut self, command: &str) {
        // Never the log of one before: bash empties it only once the command runs.
        self.started += 1;
        let log = self.folder.path().join(format!("log{}", self.started));
        let shown = log.display();
        let script = format!("{command} </dev/null >{shown} 2>&1 &\necho $!\n");
        let pid = self.ask(&script, &log);
        self.running.push(Running {
            command: command.to_owned(),
            pid,
            log,
        });
    }

    /// Waits until what was started last logs lines like these.
    pub fn wait_logged(&mut self, lines: &[String]) {
        let Running { command, pid, log } = self.running.last().unwrap();
        let (command, log, alive) = (command.clone(), log.clone(), format!("/proc/{pid}"));
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let Some(missing) = lines.iter().find(|line| !logged(line, &text)) else {
                return;
            };
            let ended = !Path::new(&alive).exists();
            assert!(
                !ended && began.elapsed() < PATIENCE,
                "{command}: no line like {missing:?}{}:\n{text}",
                if ended { ", and it ended" } else { "" },
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// What the programs that run have logged.
    pub fn logs(&self) -> String {
        let logged = |Running { command, log, .. }: &Running| {
            let text = fs::read_to_string(log).unwrap_or_default();
            format!("\n{command}:\n{text}")
        };
        self.running.iter().map(logged).collect()
    }

    /// Interrupts what runs, as Ctrl-C does; it has to end without a failure.
    pub fn interrupt(&mut self) {
        for Running { command, pid, log } in std::mem::take(&mut self.running) {
            let script = format!("kill -INT {pid}\nwait {pid}\necho $?\n");
            let code = self.ask(&script, &log);
            assert_eq!(
                code,
                "0",
                "{command}:\n{}",
                fs::read_to_string(&log).unwrap()
            );
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let network = self.path().join("salus-network");
        if network.exists() {
            salus([
                "network".as_ref(),
                "down".as_ref(),
                "--base".as_ref(),
                network.as_os_str(),
            ]);
        }
        if let Some(group) = i32::try_from(self.bash.id()).ok().and_then(Pid::from_raw) {
            // It may be gone.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.bash.wait();
    }
}
