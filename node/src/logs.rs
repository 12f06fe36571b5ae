//! Log lines as JSON objects, for programs that collect them.

use std::fmt;

use polkadot_sdk::sc_cli::{self, CliConfiguration, SubstrateCli};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    field::{Field, Visit},
    Event, Subscriber,
};
use tracing_log::{InterestCacheConfig, LogTracer, NormalizeEvent};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
        FmtContext, FormatEvent, FormatFields,
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    EnvFilter, Layer,
};

use crate::cli::{Cli, LogFormat};

/// What the SDK's own logger keeps quiet, before what the operator asks for.
const DEFAULTS: &str = "info,ws=off,yamux=off,regalloc=off,cranelift_codegen=off,\
    cranelift_wasm=warn,hyper=warn,trust_dns_proto=off,hickory_proto=off,\
    libp2p_mdns::behaviour::iface=off,rustls::common_state=off,rustls::conn=off";
/// Open files below which the SDK warns: the database and each peer need some.
const FEW_FILES: u64 = 10_000;

/// The runner of a node, which logs as its command line says.
pub fn create_runner(cli: &Cli) -> sc_cli::Result<sc_cli::Runner<Cli>> {
    let run = cli.run();
    if cli.log.log_format == LogFormat::Text {
        return cli.create_runner(&run);
    }
    // As `SubstrateCli::create_runner` does, whose logger writes text only.
    let tokio = sc_cli::build_runtime()?;
    let signals = tokio.block_on(async { sc_cli::Signals::capture() })?;
    let config = cli.create_configuration(&run, tokio.handle().clone())?;
    polkadot_sdk::sp_panic_handler::set(&Cli::support_url(), &Cli::impl_version());
    init(&run)?;
    match fdlimit::raise_fd_limit() {
        Ok(fdlimit::Outcome::LimitRaised { to, .. }) if to < FEW_FILES => {
            log::warn!("{to} open files are allowed; a node wants {FEW_FILES}")
        }
        Ok(_) => {}
        Err(error) => log::warn!("the limit of open files was not raised: {error}"),
    }
    sc_cli::Runner::new(config, tokio, signals)
}

fn init(run: &sc_cli::RunCmd) -> sc_cli::Result<()> {
    let shared = run.shared_params();
    for (given, option) in [
        (shared.enable_log_reloading(), "--enable-log-reloading"),
        (shared.tracing_targets.is_some(), "--tracing-targets"),
    ] {
        if given {
            return Err(sc_cli::Error::Input(format!(
                "{option} works with --log-format text only"
            )));
        }
    }
    let filter = filter(
        &std::env::var("RUST_LOG").unwrap_or_default(),
        &run.log_filters()?,
    )?;
    // The SDK colours words of its messages where it finds a terminal.
    console::set_colors_enabled(false);
    console::set_colors_enabled_stderr(false);
    let failed = |error: &dyn fmt::Display| sc_cli::Error::Input(format!("logger: {error}"));
    LogTracer::builder()
        .with_interest_cache(InterestCacheConfig::default())
        .with_max_level(max_level(&filter))
        .init()
        .map_err(|error| failed(&error))?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Lines)
        .with_writer(std::io::stderr);
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    tracing::subscriber::set_global_default(subscriber).map_err(|error| failed(&error))
}

/// The directives of the SDK, of the environment and of the command line, the last one counting.
fn filter(environment: &str, command_line: &str) -> sc_cli::Result<EnvFilter> {
    let mut filter = EnvFilter::default();
    for directives in [DEFAULTS, environment, command_line] {
        for directive in directives.split(',').filter(|one| !one.is_empty()) {
            let parsed = directive.parse().map_err(|error| {
                sc_cli::Error::Input(format!("log filter {directive:?}: {error}"))
            })?;
            filter = filter.add_directive(parsed);
        }
    }
    Ok(filter)
}

/// What the `log` crate has to let through.
fn max_level(filter: &EnvFilter) -> log::LevelFilter {
    match <EnvFilter as Layer<tracing_subscriber::Registry>>::max_level_hint(filter) {
        Some(LevelFilter::OFF) => log::LevelFilter::Off,
        Some(LevelFilter::ERROR) => log::LevelFilter::Error,
        Some(LevelFilter::WARN) => log::LevelFilter::Warn,
        Some(LevelFilter::DEBUG) => log::LevelFilter::Debug,
        Some(LevelFilter::TRACE) => log::LevelFilter::Trace,
        _ => log::LevelFilter::Info,
    }
}

/// One object a line, of the shape that `tracing-subscriber` writes. Its own formatter is behind a
/// feature that every crate of the SDK would be compiled with.
struct Lines;

#[derive(Serialize)]
struct Line<'a> {
    /// UTC, RFC 3339.
    timestamp: String,
    level: &'a str,
    target: &'a str,
    /// `message`, and what the event says beside it.
    fields: Map<String, Value>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Events of the `log` crate have their origin among their fields.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = Line {
            timestamp,
            level: metadata.level().as_str(),
            target: metadata.target(),
            fields: fields.0,
        };
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        if !field.name().starts_with("log.") {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }
}
