//! `salus`: the command that people use.

use std::process::ExitCode;

use clap::Parser;
use salus_cli::{args::Cli, error};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = cli.output();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(cli.run()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error::exit_code(&error))
        }
    }
}
