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
mod requests;
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
    requests::write(made, &mut html);
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
        Verdict::Unaccepted { .. } | Verdict::NotProvable { .. } => {
            "<p class=\"verdict warn\"><span aria-hidden=\"true\">?</span> "
        }
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
    let to_do = |life: &&Life| {
        life.outlook.is_some_and(|outlook| matches!(outlook.state, State::Due | State::Leaked | State::Expired))
    };
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
    remarks(made, html);
}

/// What the calendar leaves out.
fn remarks(made: &Made, html: &mut Html) {
    let tally = made.tally;
    let today = made.now.there(&tally.zone).date();
    let later: u64 = tally.days.range(today..).filter(|(day, _)| **day > today).map(|(_, uses)| *uses).sum();
    for (number, why) in [
        (tally.undated, "without a date, and so on no day"),
        (later, "dated after this page was made, and so on no day"),
        (tally.cut, "of more keys than an entry names, and counted for those it names"),
    ] {
        if number > 0 {
            html.raw("<p class=\"aside\">").text(&format!("{} {why}.", counted(number, "use"))).raw("</p>\n");
        }
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

/// How many of them cannot be shown one by one.
fn left_out(notes: &Notes) -> u64 {
    notes.count - notes.latest.len() as u64
}

/// `1 entry`, `2,000 entries`.
fn counted_entries(number: u64) -> String {
    format!("{} {}", super::grouped(number), if number == 1 { "entry" } else { "entries" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        history::{Action, Event},
        report::lives::Term,
    };

    const NOW: fn() -> Moment = || "2026-11-25T10:00:00Z".parse().expect("good");

    fn intact() -> Verdict {
        Verdict::Intact { entries: 1, anchored_at: None, lost: 0, lost_at_least: false, pruned: None, went_back: 0 }
    }

    fn page(tally: &Tally, lives: &[Life], verdict: &Verdict) -> String {
        write(&Made { now: NOW(), tally, lives, verdict, unread: None, home: Some("/home/ada") })
    }

    fn tally(events: &[Event]) -> Tally {
        let mut tally = Tally::new(jiff::tz::TimeZone::UTC, None);
        events.iter().zip(1..).for_each(|(event, number)| tally.add(number, event));
        tally
    }

    /// Every tag is closed in its turn, and every attribute is quoted: what HTML forgives is not asked to be forgiven.
    fn is_well_formed(page: &str) -> Result<(), String> {
        let mut open = Vec::new();
        let mut rest = page;
        while let Some(at) = rest.find('<') {
            let end = at + rest[at..].find('>').ok_or("a tag without an end")?;
            let tag = &rest[at + 1..end];
            rest = &rest[end + 1..];
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if tag.matches('"').count() % 2 == 1 {
                return Err(format!("a quote too many: {tag}"));
            }
            if tag.starts_with('/') {
                let opened = open.pop();
                if opened != Some(name) {
                    return Err(format!("{opened:?} is closed by {name}"));
                }
            } else if !tag.ends_with('/') && !["!doctype", "meta", "col"].contains(&name) {
                open.push(name);
            }
            if name == "style" && !tag.starts_with('/') {
                rest = &rest[rest.find("</style>").ok_or("style without an end")?..];
            }
        }
        if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
    }

    #[test]
    fn the_policy_allows_the_pages_own_style_and_nothing_else() {
        let page = page(&tally(&[]), &[], &intact());
        let (_, rest) = page.split_once("<style>").expect("style");
        let (style, _) = rest.split_once("</style>").expect("style");
        let hash = STANDARD.encode(Sha256::digest(style));
        let policy = format!(
            "content=\"default-src &#39;none&#39;; style-src &#39;sha256-{hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\""
        );
        assert!(page.contains(&policy));
        assert!(page.matches("<style").count() == 1 && !page.contains(" style="));
        for address in ["http:", "https:", "url(", "@import", "src=", "<script", "<link"] {
            assert!(!page.contains(address), "{address}");
        }
    }

    #[test]
    fn each_verdict_is_said_with_a_sign_of_its_own() {
        for (verdict, said) in [
            (
                intact(),
                "<p class=\"verdict good\"><span aria-hidden=\"true\">✓</span> The history is intact (1 entry, end proven).</p>",
            ),
            (
                Verdict::Tampered { at: 3, why: "<b>".into() },
                "<p class=\"verdict bad\"><span aria-hidden=\"true\">✕</span> The history is tampered at #3: &lt;b&gt;.</p>",
            ),
            (
                Verdict::NotProvable { why: "no end".into() },
                "<p class=\"verdict warn\"><span aria-hidden=\"true\">?</span> The history is not provable: no end.</p>",
            ),
        ] {
            let page = page(&tally(&[]), &[], &verdict);
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn a_folder_in_the_users_home_begins_with_a_tilde() {
        for (path, shown) in [
            ("/home/ada/code", "~/code"),
            ("/home/ada", "~"),
            ("/home/adam", "/home/adam"),
            ("/srv/home/ada", "/srv/home/ada"),
        ] {
            assert_eq!(folder(path, Some("/home/ada")), shown);
        }
        assert_eq!(folder("/a", Some("/")), "/a");
    }

    proptest! {
        #[test]
        fn the_page_is_well_formed_whatever_the_names(names in prop::collection::vec("[<>&\"'a-z/ \\PC]{0,20}", 1..6), seconds in any::<i64>(), word in 0_usize..7) {
            let words = ["run", "get", "failed", "alert", "scan", "gap", "set"];
            let moments = [Moment::from_seconds(seconds), NOW()];
            let event = |at| Event {
                program: names.first().cloned(),
                folder: names.last().cloned(),
                names: names.clone(),
                note: names.first().cloned(),
                ..Event::new(Action::from(words[word]), at)
            };
            let tally = tally(&moments.map(event));
            let term = |at| Term { since: at, expires: Some(NOW()), revoked: Some(at) };
            let life = |name: &String| Life { name: name.clone(), words: Some("fresh"), outlook: None, terms: moments.map(term).to_vec() };
            let lives: Vec<Life> = names.iter().map(life).collect();
            let page = page(&tally, &lives, &intact());
            prop_assert_eq!(is_well_formed(&page), Ok(()));
        }
    }

    #[test]
    fn what_is_not_well_formed_would_be_found() {
        for bad in ["<p>", "<p></b>", "<a x=\"></a>", "<p", "</p>"] {
            assert!(is_well_formed(bad).is_err(), "{bad}");
        }
    }
}
