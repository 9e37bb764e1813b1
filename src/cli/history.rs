//! `keyctl history` and its commands.

use std::path::PathBuf;

use clap::{
    Args, Subcommand, ValueEnum, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{Report, path_parser};
use crate::{
    date::Period,
    exchange::events::{self, Form},
    history::{ACTIONS, Action},
    name::{KeyPath, StoreName},
};

/// `keyctl history`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "DATE is a day (2026-11-24: all of it), a moment (2026-11-24T12:00:00Z), a period back\nfrom now (7d, 12h, 3mo), `today` or `yesterday`.\nA key that is named like one of these commands: keyctl history -- NAME\n`(time went back)` and `went_back` mark an entry that is dated more than 5 minutes\nbefore the one before it. The last COUNT of all entries are read from the end alone;\nwhat lies before them is then not looked at. Fields of --json: see `keyctl history export --help`.\nExit code 5: the history is damaged or not all there; what could be read is shown."
)]
pub struct History {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<HistoryVerb>,
    /// Of this store; by default the personal one
    #[arg(long, value_name = "STORE", global = true)]
    pub store: Option<StoreName>,
    /// Show only what was done with this key, under whatever name it had
    #[arg(value_name = "KEY")]
    pub name: Option<KeyPath>,
    /// Which entries
    #[command(flatten)]
    pub filter: HistoryFilter,
    /// Show only the last COUNT entries; without it a table has 1000
    #[arg(short = 'n', value_name = "COUNT", allow_negative_numbers = true)]
    pub last: Option<usize>,
    /// Report as JSON, one entry a line
    #[arg(long)]
    pub json: bool,
    /// Show the last 10 entries or COUNT, and each new one as it comes
    #[arg(long, short = 'f', conflicts_with = "from")]
    pub follow: bool,
    /// Draw uses by day, and by week for each key
    #[arg(long, conflicts_with_all = ["json", "last", "follow"])]
    pub graph: bool,
    /// Where it lies
    #[command(flatten)]
    pub aside: SetAside,
}

/// Which history is asked.
#[derive(Args, Default)]
pub struct SetAside {
    /// Read the history that `repair` set aside in this folder
    #[arg(long, value_name = "FOLDER", value_parser = path_parser(), value_hint = ValueHint::DirPath)]
    pub from: Option<PathBuf>,
}

/// Which entries a question is about.
#[derive(Args, Default)]
pub struct HistoryFilter {
    /// Only entries from this date on
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only entries up to this date
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// Only in this folder and below, written as `.` or `./app`; or in folders so named
    #[arg(long, value_name = "DIR|NAME", value_hint = ValueHint::DirPath)]
    pub project: Option<String>,
    /// Only by the program of this name
    #[arg(long, value_name = "NAME", value_hint = ValueHint::CommandName)]
    pub program: Option<String>,
    /// Only this was done, such as `run`, `get` or `rotate`; several with commas
    #[arg(long, value_name = "ACTION", value_delimiter = ',', value_parser = action_parser(), hide_possible_values = true)]
    pub action: Vec<Action>,
    /// Only with this word in the outcome, such as `refused`; `failed` is all that failed
    #[arg(long, value_name = "WORD")]
    pub outcome: Option<String>,
    /// Only what a coding agent asked for, or one so named; it is told by a guess
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub agent: Option<String>,
}

/// What `keyctl history` does beside listing.
#[derive(Subcommand)]
pub enum HistoryVerb {
    /// Prove that no entry was changed, added or cut off
    #[command(after_help = "Exit codes: 0 intact, 1 tampered with, 4 not provable.")]
    Verify(HistoryVerify),
    /// Count the uses of each key, program or project, and show what is unused
    Usage(HistoryUsage),
    /// Show which programs use a key where: what breaks when it is replaced
    Who(HistoryWho),
    /// Write the entries for other programs, in a form that stays as it is
    Export(HistoryExport),
    /// Print a line to keep elsewhere, which proves the history up to now
    Anchor(Report),
    /// Remove old parts of the history; an entry says so for ever
    #[command(
        after_help = "A history is kept in segments of 4 MiB, each some ten thousand entries; only\nwhole ones are removed, and the last one stays."
    )]
    Prune(HistoryPrune),
    /// Go on after damage: seal the end anew, or set the history aside
    #[command(
        after_help = "What is missing stays a doubt, which `verify` tells of, until you say yes to it with\n--accept; that is an entry too. What was set aside: `keyctl history --from FOLDER`."
    )]
    Repair {
        /// Say yes to what is missing, so that the rest counts as intact
        #[arg(long)]
        accept: bool,
        /// Do not ask
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Write a page for the browser: uses by day, the keys' dates, alerts
    #[command(
        after_help = "Exit codes: 0 written, 1 written of a history that was tampered with, 4 of one that is not provable."
    )]
    Report(HistoryReport),
    /// Refused: entries are only ever made
    #[command(hide = true)]
    Import {
        /// Whatever was to be imported
        #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
        refused: Vec<std::ffi::OsString>,
    },
}

/// `keyctl history usage`
#[derive(Args)]
#[command(
    after_help = "A key that was never used counts from the day on which it was kept.\nDATE and PERIOD: see `keyctl history --help`; a PERIOD is such as 90d, 12w, 6mo or 1y."
)]
pub struct HistoryUsage {
    /// Show only keys that nobody used for this long: candidates for removal
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["by", "since"])]
    pub unused_for: Option<Period>,
    /// Count by `key`, `program` or `project`
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value = "key",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub by: UsageBy,
    /// Count only uses from this date on
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Where it lies
    #[command(flatten)]
    pub aside: SetAside,
}

/// What uses are counted by.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UsageBy {
    /// The key that was used
    Key,
    /// The program that got it
    Program,
    /// The project's folder
    Project,
}

/// `keyctl history who`
#[derive(Args)]
pub struct HistoryWho {
    /// The key's name
    #[arg(value_name = "KEY")]
    pub name: KeyPath,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Where it lies
    #[command(flatten)]
    pub aside: SetAside,
}

/// `keyctl history export`
#[derive(Args)]
#[command(after_help = about_exports())]
pub struct HistoryExport {
    /// Write in this form: `jsonl`, `csv`, `syslog`, `cef` or `otel`
    #[arg(long, value_name = "FORMAT", value_parser = form_parser(), hide_possible_values = true)]
    pub format: Form,
    /// Write to this new file, readable by you alone, and not to standard output
    #[arg(long, short = 'o', value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Which entries
    #[command(flatten)]
    pub filter: HistoryFilter,
    /// Where it lies
    #[command(flatten)]
    pub aside: SetAside,
}

/// The forms and the fields, as the code that writes them has them.
fn about_exports() -> String {
    let forms = "One entry a line, in one of these forms:\n  jsonl   as `keyctl history --json`\n  csv     RFC 4180, with a head; a cell that begins with = + - @ gets a ' before it\n  syslog  RFC 5424, facility 13\n  cef     CEF:0\n  otel    OpenTelemetry log records, each line one LogsData in the JSON of OTLP\n";
    let rest = "Control characters stand as \\u{1b}, in JSON as \\u001b. More fields may come behind\nthese. What cannot be read is said with exit code 5; a file is then not left.\nDATE: see `keyctl history --help`. Whether the entries are all there and unchanged\nis what `keyctl history verify` says.";
    format!("{forms}{}{rest}", events::described())
}

fn form_parser() -> impl TypedValueParser<Value = Form> {
    let word = |word: String| Form::ALL.into_iter().find(|(name, _)| *name == word).expect("one of the words").1;
    PossibleValuesParser::new(Form::ALL.map(|(name, _)| name)).map(word)
}

fn action_parser() -> impl TypedValueParser<Value = Action> {
    PossibleValuesParser::new(ACTIONS.iter().map(Action::as_str)).map(|word| Action::from(word.as_str()))
}

/// `keyctl history verify`
#[derive(Args)]
pub struct HistoryVerify {
    /// Compare with what `history anchor` printed once: the line, a file, or `-`
    #[arg(long, value_name = "MARK|FILE", allow_hyphen_values = true)]
    pub against: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    /// Where it lies
    #[command(flatten)]
    pub aside: SetAside,
}

/// `keyctl history prune`
#[derive(Args)]
pub struct HistoryPrune {
    /// Remove segments that end before a date, or so long ago: `90d`
    #[arg(long, value_name = "DATE", required_unless_present = "keep_segments", conflicts_with = "keep_segments")]
    pub before: Option<String>,
    /// Remove all closed segments but the newest COUNT
    #[arg(long, value_name = "COUNT")]
    pub keep_segments: Option<usize>,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `keyctl history report`
#[derive(Args)]
pub struct HistoryReport {
    /// Write it to this file, readable by you alone; `-` is standard output
    #[arg(long, value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub html: PathBuf,
    /// Count from here on: a date such as `2026-01-31`, or `90d` for the last 90 days
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Write over a file that is there
    #[arg(long, short)]
    pub force: bool,
}
