//! `salus`: the command that people use.

use std::{env, process::ExitCode, time::Duration};

use salus_cli::{args::Cli, error};
use tokio::runtime::Builder;

/// How long computations that are told to stop may take to do so.
const WIND_DOWN: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().collect();
    let cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(code) => return ExitCode::from(code),
    };
    let output = cli.output();
    let result = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| {
            let done = runtime.block_on(cli.run());
            runtime.shutdown_timeout(WIND_DOWN);
            done
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error::exit_code(&error))
        }
    }
}
