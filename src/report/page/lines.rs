//! The keys' lives: when each was kept and replaced, and what is to come.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Html, Made, day};
use crate::{
    date::Moment,
    report::{
        lives::{Axis, Course, Life, What},
        tally::Change,
    },
    rotation::{Outlook, State},
};

/// The shapes that stand at moments, once for all lines. No two differ in colour alone.
pub(super) const SHAPES: &str = "<svg class=\"shapes\" width=\"0\" height=\"0\" aria-hidden=\"true\" focusable=\"false\"><defs>\
    <g id=\"m-set\"><circle class=\"hollow\" r=\"4\"/></g>\
    <g id=\"m-rotated\"><path class=\"full\" d=\"M0-5.5 5.5 0 0 5.5-5.5 0Z\"/></g>\
    <g id=\"m-restored\"><path class=\"hollow\" d=\"M0-5.5 5.5 0 0 5.5-5.5 0Z\"/></g>\
    <g id=\"m-due\"><path class=\"hollow\" d=\"M-5-4.5H5L0 4.5Z\"/></g>\
    <g id=\"m-expires\"><path class=\"stroke\" d=\"M0-8V8M-4-8H4M-4 8H4\"/></g>\
    <g id=\"m-revoked\"><path class=\"stroke\" d=\"M-4.5-4.5 4.5 4.5M-4.5 4.5 4.5-4.5\"/></g>\
    <g id=\"m-removed\"><path class=\"stroke\" d=\"M0-6V6\"/></g>\
    </defs></svg>\n";

/// How many keys are seen at once; the rest unfolds.
const SEEN: usize = 30;

/// All shapes, in the order in which they are explained.
const EXPLAINED: [What; 7] = [
    What::Done(Change::Set),
    What::Done(Change::Rotated),
    What::Done(Change::Restored),
    What::Due,
    What::Expires,
    What::Done(Change::Revoked),
    What::Done(Change::Removed),
];

/// Writes the part.
pub(super) fn write(made: &Made, html: &mut Html) {
    html.raw("<section aria-labelledby=\"lives\">\n<h2 id=\"lives\">Keys and their dates</h2>\n");
    let changes = |life: &Life| made.tally.changes.get(&life.name).map(Vec::as_slice).unwrap_or_default();
    let courses: BTreeMap<&str, Course> = made
        .lives
        .iter()
        .filter_map(|life| Some((life.name.as_str(), Course::of(life, changes(life), made.now)?)))
        .collect();
    if made.lives.is_empty() {
        html.raw("<p>No key is kept.</p>\n</section>\n");
        return;
    }
    let axis = Axis::of(&courses, made.tally.since, made.now);
    legend(&courses, html);
    let mut lives: Vec<&Life> = made.lives.iter().collect();
    lives.sort_by_key(|life| urgency(life));
    let (seen, rest) = lives.split_at(lives.len().min(SEEN));
    table(seen, &courses, axis, made, html);
    if !rest.is_empty() {
        html.raw("<details>\n<summary>").number(rest.len() as u64).raw(" more keys</summary>\n");
        table(rest, &courses, axis, made, html);
        html.raw("</details>\n");
    }
    html.raw("</section>\n");
}

/// What has most to be done comes first, as `due` has it; what is no longer kept comes last.
fn urgency(life: &Life) -> impl Ord + '_ {
    let outlook = life.outlook.as_ref();
    let without_plan = outlook.is_none_or(Outlook::is_without_plan);
    (Reverse(outlook.map(|outlook| outlook.state)), without_plan, next(life).map(|(at, _)| at), &life.name)
}

fn table(lives: &[&Life], courses: &BTreeMap<&str, Course>, axis: Axis, made: &Made, html: &mut Html) {
    html.raw("<table class=\"lives\" role=\"table\">\n<caption class=\"unseen\">Each key’s state and dates</caption>\n<thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\" class=\"key\">Key</th><th role=\"columnheader\" scope=\"col\" class=\"state\">State</th><th role=\"columnheader\" scope=\"col\" class=\"line\"><span class=\"unseen\">Time line</span>");
    ticks(axis, made, html);
    html.raw("</th><th role=\"columnheader\" scope=\"col\" class=\"date\">Secret since</th><th role=\"columnheader\" scope=\"col\" class=\"next\">Next</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
    for life in lives {
        row(life, courses.get(life.name.as_str()), axis, made, html);
    }
    html.raw("</tbody>\n</table>\n");
}

fn legend(courses: &BTreeMap<&str, Course>, html: &mut Html) {
    let shown = |what: What| courses.values().any(|course| course.marks.iter().any(|mark| mark.what == what));
    html.raw("<p class=\"legend\">");
    for what in EXPLAINED.into_iter().filter(|what| shown(*what)) {
        html.raw("<span><svg class=\"mark ")
            .raw(class(what))
            .raw("\" width=\"18\" height=\"18\" aria-hidden=\"true\"><use href=\"#");
        html.raw(shape(what)).raw("\" x=\"9\" y=\"9\"/></svg>").raw(what.word(false)).raw("</span> ");
    }
    html.raw("</p>\n");
}

fn shape(what: What) -> &'static str {
    match what {
        What::Done(Change::Set) => "m-set",
        What::Done(Change::Rotated) => "m-rotated",
        What::Done(Change::Restored) => "m-restored",
        What::Done(Change::Revoked) => "m-revoked",
        What::Done(Change::Removed) => "m-removed",
        What::Expires => "m-expires",
        What::Due => "m-due",
    }
}

fn class(what: What) -> &'static str {
    match what {
        What::Done(Change::Revoked) | What::Expires => "ends",
        What::Due => "plan",
        What::Done(_) => "did",
    }
}

fn row(life: &Life, drawn: Option<&Course>, axis: Axis, made: &Made, html: &mut Html) {
    let state = life.outlook.map(|outlook| outlook.state);
    html.raw("<tr role=\"row\"><th role=\"rowheader\" scope=\"row\" class=\"key\">").name(&life.name);
    html.raw("</th><td role=\"cell\" class=\"state\"><span class=\"").raw(tone(state)).raw("\">");
    html.text(life.words.unwrap_or("removed")).raw("</span></td><td role=\"cell\" class=\"line\">");
    if let Some(course) = drawn {
        draw(course, axis, made, html);
    }
    let since = life.terms.last().map(|term| term.since);
    html.raw("</td><td role=\"cell\" class=\"date\">")
        .text(&day(since, made.tally))
        .raw("</td><td role=\"cell\" class=\"next\">");
    if let Some((at, word)) = next(life) {
        html.text(&day(Some(at), made.tally)).raw(" <span class=\"quiet\">").raw(word).raw(" ");
        html.text(&at.from_now(made.now)).raw("</span>");
    }
    html.raw("</td></tr>\n");
}

/// How much a state asks for.
fn tone(state: Option<State>) -> &'static str {
    match state {
        Some(State::Expired | State::Leaked | State::Revoked) => "bad",
        Some(State::Due | State::Soon) => "warn",
        Some(State::Fresh) | None => "quiet",
    }
}

/// What comes next in a key's life, or came and is still to be seen to.
fn next(life: &Life) -> Option<(Moment, &'static str)> {
    let outlook = life.outlook?;
    let revoked = life.terms.last().and_then(|term| term.revoked);
    match outlook.state {
        State::Revoked => revoked.map(|at| (at, "revoked")),
        State::Expired => outlook.expires.map(|at| (at, "expired")),
        State::Due | State::Leaked => outlook.rotate_by.map(|at| (at, "due")),
        State::Soon | State::Fresh if outlook.ends_first() || outlook.ends_soon() => {
            outlook.expires.map(|at| (at, "expires"))
        }
        State::Soon | State::Fresh => outlook.rotate_by.map(|at| (at, "due")),
    }
}

fn draw(course: &Course, axis: Axis, made: &Made, html: &mut Html) {
    let words = course.words(made.now, |at| at.there(&made.tally.zone).strftime("%-d %B %Y").to_string());
    html.raw("<svg class=\"life\" height=\"24\" role=\"img\" aria-label=\"").text(&words).raw("\">");
    let now = axis.clamped(made.now);
    html.raw("<line class=\"now\" x1=\"").place(now).raw("\" x2=\"").place(now).raw("\" y1=\"0\" y2=\"24\"/>");
    let mut stroke = |class: &'static str, from: Moment, to: Moment| {
        let [from, to] = [from, to].map(|at| axis.clamped(at));
        if to > from {
            html.raw("<line class=\"")
                .raw(class)
                .raw("\" y1=\"12\" y2=\"12\" x1=\"")
                .place(from)
                .raw("\" x2=\"")
                .place(to)
                .raw("\"/>");
        }
    };
    stroke("lived", course.lived.0, course.lived.1);
    if let Some(until) = course.outlived {
        stroke("outlived", course.lived.1, until);
    }
    if let Some(until) = course.planned {
        stroke("planned", made.now, until);
    }
    for mark in &course.marks {
        let Some(place) = axis.place(mark.at) else { continue };
        html.raw("<use class=\"").raw(class(mark.what)).raw("\" href=\"#").raw(shape(mark.what));
        html.raw("\" y=\"12\" x=\"").place(place).raw("\"><title>").text(mark.what.word(mark.at <= made.now)).raw(" ");
        html.text(&day(Some(mark.at), made.tally)).raw("</title></use>");
    }
    html.raw("</svg>");
}

/// The names of months or years above the lines.
fn ticks(axis: Axis, made: &Made, html: &mut Html) {
    let zone = &made.tally.zone;
    let (from, to) = (axis.from.there(zone).date(), axis.to.there(zone).date());
    let months = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month()) - i32::from(from.month());
    let step = [1, 2, 3, 6, 12].into_iter().find(|step| months / step <= 10).unwrap_or(12);
    html.raw("<svg class=\"axis\" height=\"24\" aria-hidden=\"true\">");
    let mut month = from.first_of_month();
    while month <= to {
        let counted = i32::from(month.month()) - 1;
        let at = Moment::midnight(month, zone);
        // What begins so near to the end has no room for its name.
        let place = axis.place(at).filter(|place| *place < 96.0 && counted % step == 0);
        if let Some(place) = place {
            let name = if counted == 0 || step == 12 { "%Y" } else { "%b" };
            html.raw("<text y=\"16\" x=\"")
                .place(place)
                .raw("\">")
                .text(&month.strftime(name).to_string())
                .raw("</text>");
        }
        match month.checked_add(jiff::Span::new().months(1)) {
            Ok(next) => month = next,
            Err(_) => break,
        }
    }
    html.raw("</svg>");
}
