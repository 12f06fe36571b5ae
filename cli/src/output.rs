//! What is printed: results on standard output, as tables or JSON; progress on standard error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use salus_primitives::{Balance, MED};
use serde::{Serialize, Serializer};
use serde_json::{json, Value};

use crate::{
    error::{self, usage, Failure},
    job::Unfinished,
};

/// In what form results are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Words,
    Json,
    /// One field of the JSON.
    Field(String),
}

/// How to print.
#[derive(Clone, Debug)]
pub struct Output {
    form: Form,
    quiet: bool,
}

impl Output {
    /// JSON or words; `quiet` leaves out progress.
    pub fn new(json: bool, quiet: bool) -> Self {
        let form = match json {
            true => Form::Json,
            false => Form::Words,
        };
        Output { form, quiet }
    }

    /// One field of the JSON only, as [`field`] finds it.
    pub fn of_field(name: String, quiet: bool) -> Self {
        let form = Form::Field(name);
        Output { form, quiet }
    }

    /// Whether results are printed as JSON, or as a field of it.
    pub fn is_json(&self) -> bool {
        self.form != Form::Words
    }

    /// Prints a result: the value as JSON, or what `human` makes of it.
    pub fn result<T: Serialize>(
        &self,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        let text = match &self.form {
            Form::Words => human(value),
            Form::Json => serde_json::to_string_pretty(value)?,
            Form::Field(name) => field(&serde_json::to_value(value)?, name)?,
        };
        self.print(&text)
    }

    /// Prints a value as one line of JSON, for results that grow.
    pub fn json_line(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        match &self.form {
            Form::Field(name) => self.print(&field(value, name)?),
            _ => self.print(&value.to_string()),
        }
    }

    /// Prints a line of words, where results are not JSON.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.is_json() {
            // A closed pipe is the reader's wish, not a failure.
            let _ = self.print(line.as_ref());
        }
    }

    /// Prints a hint on standard error, unless quiet.
    pub fn note(&self, line: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{}", line.as_ref());
        }
    }

    fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Prints why the command failed: words on standard error, with `--json` an object on standard
    /// output as well.
    pub fn failure(&self, error: &anyhow::Error) {
        let words = words(error);
        eprintln!("Error: {words}");
        if self.form == Form::Json {
            self.failure_object(error);
        }
    }

    /// Prints why the command failed as JSON on standard output.
    pub fn failure_object(&self, error: &anyhow::Error) {
        let name = match error::failure(error) {
            Some(Failure::Refused { name, .. }) => Some(name),
            _ => None,
        };
        let mut object =
            json!({ "error": words(error), "code": error::exit_code(error), "name": name });
        if let Some(Unfinished(job)) = error.downcast_ref() {
            object["job"] = json!(job);
        }
        let _ = self.json_line(&object);
    }

    fn draws(&self) -> bool {
        !self.quiet && !self.is_json() && io::stderr().is_terminal()
    }

    /// A bar for the bytes of a transfer on standard error; hidden where that is no terminal.
    pub fn bytes_bar(&self, message: impl Into<String>) -> ProgressBar {
        self.styled(
            ProgressBar::new(0),
            "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}",
            message.into(),
        )
    }

    /// A bar for `length` steps on standard error; hidden where that is no terminal.
    pub fn bar(&self, length: u64, message: impl Into<String>) -> ProgressBar {
        self.styled(
            ProgressBar::new(length),
            "{msg} [{bar:30}] {pos}/{len} {eta}",
            message.into(),
        )
    }

    /// A spinner on standard error; hidden where that is no terminal.
    pub fn spinner(&self, message: impl Into<String>) -> ProgressBar {
        let spinner = self.styled(
            ProgressBar::new_spinner(),
            "{spinner} {msg} ({elapsed})",
            message.into(),
        );
        if self.draws() {
            spinner.enable_steady_tick(Duration::from_millis(120));
        }
        spinner
    }

    fn styled(&self, bar: ProgressBar, template: &str, message: String) -> ProgressBar {
        bar.set_draw_target(match self.draws() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        });
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(message);
        bar
    }
}

/// A field of a JSON value: names and positions from 0, with dots between them. A string is given
/// without its quotes.
pub fn field(value: &Value, name: &str) -> anyhow::Result<String> {
    let mut inner = value;
    for part in name.split('.') {
        let found = match inner {
            Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)),
            other => other.get(part),
        };
        inner = found.ok_or_else(|| {
            let there = match inner {
                Value::Object(fields) => fields.keys().cloned().collect::<Vec<_>>().join(", "),
                Value::Array(items) => format!("a list of {}", items.len()),
                _ => "no fields".to_owned(),
            };
            usage(format!("no field {part:?} in the result; there is {there}"))
        })?;
    }
    Ok(match inner {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// An error with its causes, each said once.
fn words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let words = cause.to_string();
        // Many errors repeat their cause's words in their own.
        if !text.contains(&words) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&words);
        }
    }
    text
}

/// A table in columns. A column whose cells all look like numbers is aligned to the right.
pub fn table<H: AsRef<str>>(headers: &[H], rows: &[Vec<String>]) -> String {
    let columns = headers.len();
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let mut widths: Vec<usize> = headers.iter().map(|h| h.as_ref().chars().count()).collect();
    let mut numeric = vec![!rows.is_empty(); columns];
    for row in rows {
        for column in 0..columns {
            let text = cell(row, column);
            widths[column] = widths[column].max(text.chars().count());
            numeric[column] &= looks_numeric(&text);
        }
    }
    let mut out = String::new();
    let mut line = |cells: Vec<String>| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let width = widths[column];
            let _ = match numeric[column] {
                true => write!(text, "{cell:>width$}  "),
                false => write!(text, "{cell:<width$}  "),
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(headers.iter().map(|h| h.as_ref().to_owned()).collect());
    line(widths.iter().map(|width| "-".repeat(*width)).collect());
    for row in rows {
        line((0..columns).map(|column| cell(row, column)).collect());
    }
    out
}

fn looks_numeric(text: &str) -> bool {
    let mut digits = false;
    let number = text.chars().all(|c| {
        digits |= c.is_ascii_digit();
        c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | 'e' | '%' | ' ')
    });
    number && digits
}

/// Names and values below each other.
pub fn fields(fields: &[(&str, String)]) -> String {
    let width = fields
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    fields.iter().fold(String::new(), |mut out, (name, value)| {
        let _ = writeln!(out, "{name:<width$}  {value}");
        out
    })
}

/// So many of something, as `1 seat` and `3 seats`.
pub fn count(number: impl Into<u64>, one: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    }
}

/// Serializes an amount as a string of units of 10^-12 MED: readers of JSON keep whole numbers up to
/// 2^53 only, nine thousand MED. For `serialize_with`.
pub fn amount<S: Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// An amount in MED, without trailing zeros: `12.5 MED`.
pub fn med(amount: Balance) -> String {
    let (whole, rest) = (amount / MED, amount % MED);
    match rest {
        0 => format!("{whole} MED"),
        rest => {
            let digits = format!("{rest:012}");
            format!("{whole}.{} MED", digits.trim_end_matches('0'))
        }
    }
}

/// Reads an amount such as `12.5`, `12.5 MED` or `12.5MED`: at most 12 decimals.
pub fn parse_med(text: &str) -> Result<Balance, String> {
    let number = text.trim();
    let number = number.strip_suffix("MED").unwrap_or(number).trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !digits(whole) || !digits(decimals) {
        return Err(format!("{text:?} is not an amount of MED such as 12.5"));
    }
    if decimals.len() > 12 {
        return Err(format!("{text:?} has more than 12 decimals"));
    }
    let too_large = || format!("{text:?} is too large");
    let whole: Balance = match whole {
        "" => 0,
        whole => whole.parse().map_err(|_| too_large())?,
    };
    let rest: Balance = format!("{decimals:0<12}")
        .parse()
        .map_err(|_| too_large())?;
    whole
        .checked_mul(MED)
        .and_then(|whole| whole.checked_add(rest))
        .ok_or_else(too_large)
}
