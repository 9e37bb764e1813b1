//! The page: one file that asks nothing of anybody. No script, no picture, no address; its own policy forbids them too.
//!
//! What colour says, a size, a shape or a word says as well. Every chart has its numbers in words: in the cells of the
//! calendar, which are a table, and in the labels of the lines.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    counted,
    lives::Life,
    tally::{Notes, Tally},
};
use crate::{date::Moment, history::Verdict, rotation::State};

mod calendar;
mod html;
mod lines;
mod notes;
mod usage;

use html::Html;

/// How the page looks. The policy allows just these rules, by their hash.
const STYLE: &str = include_str!("page/style.css");

/// What a page is made of.
pub struct Made<'a> {
    /// When it is made.
    pub now: Moment,
    /// What the entries come to.
    pub tally: &'a Tally,
    /// The keys' dates, by name.
    pub lives: &'a [Life],
    /// Whether the history is whole.
    pub verdict: &'a Verdict,
    /// Why the last entries could not be read and are not counted.
    pub unread: Option<&'a str>,
    /// The user's home folder, which is shown as `~`.
    pub home: Option<&'a str>,
}

/// Writes the page.
#[must_use]
pub fn write(made: &Made) -> String {
    let mut html = Html::new();
    head(&mut html);
    top(made, &mut html);
    html.raw("<main>\n");
    calendar::write(made, &mut html);
    lines::write(made, &mut html);
    usage::write(made, &mut html);
    notes::write(made, &mut html);
    html.raw("</main>\n<footer>\n<p>Made by keyctl ").text(env!("CARGO_PKG_VERSION"));
    html.raw(" on this machine. It holds no secret, but who reads it learns the names of your keys, programs and folders.</p>\n</footer>\n</body>\n</html>\n");
    html.finish()
}

fn head(html: &mut Html) {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-",
    );
    html.text(&hash).raw("&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    html.raw("<title>Use of API keys</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n");
    html.raw(lines::SHAPES);
}

fn top(made: &Made, html: &mut Html) {
    html.raw("<header>\n<h1>Use of API keys</h1>\n<p class=\"when\">").text(&period(made)).raw("</p>\n");
    verdict(made, html);
    facts(made, html);
    html.raw("<nav aria-label=\"Parts of this page\">\n<a href=\"#days\">Days</a> <a href=\"#lives\">Keys</a> <a href=\"#who\">Programs and projects</a> <a href=\"#alerts\">Alerts</a> <a href=\"#refused\">Refused</a> <a href=\"#history\">The history itself</a>\n</nav>\n</header>\n");
}

/// Which days the page is about, and when it was made.
fn period(made: &Made) -> String {
    let zone = &made.tally.zone;
    let there = made.now.there(zone);
    let first = made.tally.since.or(made.tally.between.map(|(first, _)| first));
    let from = first.map(|first| format!("{} to ", first.there(zone).strftime("%-d %B %Y"))).unwrap_or_default();
    format!("{from}{}; made at {}", there.strftime("%-d %B %Y"), there.strftime("%H:%M"))
}

/// The answer of `history verify`, before all numbers that rest on it.
fn verdict(made: &Made, html: &mut Html) {
    html.raw(match made.verdict {
        Verdict::Intact { .. } => "<p class=\"verdict good\"><span aria-hidden=\"true\">✓</span> ",
        Verdict::Tampered { .. } => "<p class=\"verdict bad\"><span aria-hidden=\"true\">✕</span> ",
        Verdict::NotProvable { .. } => "<p class=\"verdict warn\"><span aria-hidden=\"true\">?</span> ",
    });
    html.text(&format!("The history is {}.", made.verdict));
    if made.unread.is_some() {
        html.raw(" <strong>What follows the damage is not counted here.</strong>");
    }
    html.raw("</p>\n");
}

fn facts(made: &Made, html: &mut Html) {
    let tally = made.tally;
    let kept = made.lives.iter().filter(|life| life.outlook.is_some()).count() as u64;
    let to_do = |life: &&Life| life.outlook.is_some_and(|outlook| matches!(outlook.state, State::Due | State::Expired));
    let due = made.lives.iter().filter(to_do).count() as u64;
    let programs = tally.programs.keys().filter(|by| matches!(by, super::By::Program(_))).count() as u64;
    let projects = tally.projects.keys().flatten().count() as u64;
    html.raw("<dl class=\"facts\">\n");
    let mut fact = |name: &'static str, number: u64| {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").number(number).raw("</dd></div>\n");
    };
    fact("Uses", tally.uses);
    fact("Keys used", tally.keys.len() as u64);
    fact("Keys kept", kept);
    fact("Due or expired", due);
    fact("Programs", programs);
    fact("Folders", projects);
    fact("Refused", tally.refused.count);
    fact("Alerts", tally.alerts.count);
    html.raw("</dl>\n");
    remarks(tally, html);
}

/// What the numbers leave out.
fn remarks(tally: &Tally, html: &mut Html) {
    if tally.undated > 0 {
        let said = format!("{} without a date: on no day of the calendar.", counted(tally.undated, "use"));
        html.raw("<p class=\"aside\">").text(&said).raw("</p>\n");
    }
    if tally.cut > 0 {
        let said =
            format!("{} had more keys than an entry names: counted for those it names.", counted(tally.cut, "use"));
        html.raw("<p class=\"aside\">").text(&said).raw("</p>\n");
    }
}

/// A folder with `~` for the user's home.
fn folder<'f>(folder: &'f str, home: Option<&str>) -> std::borrow::Cow<'f, str> {
    let inside = home.filter(|home| home.len() > 1).and_then(|home| folder.strip_prefix(home));
    match inside {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => format!("~{rest}").into(),
        _ => folder.into(),
    }
}

/// A day as a table has it.
fn day(moment: Option<Moment>, tally: &Tally) -> String {
    moment.map(|moment| moment.there(&tally.zone).date().to_string()).unwrap_or_default()
}

/// A day and a minute as a table has them.
fn minute(moment: Option<Moment>, tally: &Tally) -> String {
    moment.map(|moment| moment.there(&tally.zone).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// Whether all of them can be shown one by one.
fn left_out(notes: &Notes) -> u64 {
    notes.count - notes.latest.len() as u64
}

/// `1 entry`, `2,000 entries`.
fn counted_entries(number: u64) -> String {
    format!("{} {}", super::grouped(number), if number == 1 { "entry" } else { "entries" })
}
