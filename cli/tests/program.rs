//! Running `salus`.

use std::{
    ffi::OsStr,
    process::{Command, Output},
};

use serde_json::Value;

/// What came of a run.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The run, which has to have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// Its output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs `salus` without what the environment may say of keys and nodes.
pub fn salus<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_salus"))
        .args(arguments)
        .env_remove("SALUS_KEY")
        .env_remove("SALUS_IDENTITY")
        .env_remove("SALUS_NODE_URL")
        .output()
        .unwrap();
    Run {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
