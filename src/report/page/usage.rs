//! By what keys are used: keys, programs, projects, hours of the day.

use std::borrow::Cow;

use super::{Html, Made, day, folder};
use crate::report::{
    counted,
    levels::{YEAR, monday, weekly, weeks_on},
    tally::{By, Usage},
};

/// How many rows of a table are seen at once; the rest unfolds.
const SEEN: usize = 12;
/// How many names stand below another.
const OTHERS: usize = 3;

/// One row: what it is called, whether that is a name that others have chosen, and its numbers.
struct Row<'a> {
    label: Cow<'a, str>,
    is_name: bool,
    usage: &'a Usage,
}

/// What one table is about.
struct Kind {
    caption: &'static str,
    /// The head of its first column.
    of: &'static str,
    /// What it has further ones of, in the plural.
    rest: &'static str,
    /// Whether each row has its weeks drawn, instead of a bar.
    has_weeks: bool,
}

/// Writes the part.
pub(super) fn write(made: &Made, html: &mut Html) {
    html.raw("<section aria-labelledby=\"who\">\n<h2 id=\"who\">Used by</h2>\n");
    let tally = made.tally;
    if tally.uses == 0 {
        html.raw("<p>No use was recorded.</p>\n</section>\n");
        return;
    }
    html.raw("<div class=\"columns\">\n");
    let keys = tally.keys.iter().map(|(name, usage)| Row { label: name.into(), is_name: true, usage });
    let kind = Kind { caption: "Uses by key", of: "Key", rest: "more keys", has_weeks: true };
    table(&kind, keys.collect(), made, html);
    let programs = tally.programs.iter().map(|(by, usage)| {
        let (label, is_name) = called(by);
        Row { label: label.into(), is_name, usage }
    });
    let kind = Kind { caption: "Uses by program", of: "Program", rest: "more programs", has_weeks: false };
    table(&kind, programs.collect(), made, html);
    let projects = tally.projects.iter().map(|(path, usage)| match path {
        Some(path) => Row { label: folder(path, made.home), is_name: true, usage },
        None => Row { label: "in no folder".into(), is_name: false, usage },
    });
    let kind = Kind { caption: "Uses by project folder", of: "Folder", rest: "more folders", has_weeks: false };
    table(&kind, projects.collect(), made, html);
    hours(made, html);
    html.raw("</div>\n</section>\n");
}

/// What a program is called, and whether it chose that itself.
fn called(by: &By) -> (&str, bool) {
    match by {
        By::Program(name) => (name, true),
        By::Printed => ("printed by get", false),
        By::Copied => ("copied to the clipboard", false),
        By::Exported => ("printed by env", false),
        By::Rendered => ("written by render", false),
        By::Unknown => ("not known", false),
    }
}

fn table(kind: &Kind, mut rows: Vec<Row>, made: &Made, html: &mut Html) {
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|one, other| other.usage.uses.cmp(&one.usage.uses).then(one.label.cmp(&other.label)));
    let most = rows[0].usage.uses;
    html.raw("<div class=\"by\">\n");
    let (seen, rest) = rows.split_at(rows.len().min(SEEN));
    part(kind, seen, most, made, html);
    if !rest.is_empty() {
        html.raw("<details>\n<summary>").number(rest.len() as u64).raw(" ").raw(kind.rest).raw("</summary>\n");
        part(kind, rest, most, made, html);
        html.raw("</details>\n");
    }
    html.raw("</div>\n");
}

fn part(kind: &Kind, rows: &[Row], most: u64, made: &Made, html: &mut Html) {
    html.raw("<table class=\"usage\">\n<caption>")
        .raw(kind.caption)
        .raw("</caption>\n<thead><tr><th scope=\"col\">")
        .raw(kind.of);
    html.raw("</th><th scope=\"col\" class=\"count\">Uses</th><th scope=\"col\" class=\"drawn\">");
    if kind.has_weeks {
        html.text(&format!("{YEAR} weeks"))
    } else {
        html.raw("<span class=\"unseen\">Share</span>")
    };
    html.raw("</th><th scope=\"col\" class=\"date\">Last used</th></tr></thead>\n<tbody>\n");
    for row in rows {
        html.raw("<tr><th scope=\"row\">");
        if row.is_name {
            html.name(&row.label)
        } else {
            html.raw("<i>").text(&row.label).raw("</i>")
        };
        others(row.usage, html);
        html.raw("</th><td class=\"count\">").number(row.usage.uses).raw("</td><td class=\"drawn\">");
        if kind.has_weeks {
            weeks(row.usage, made, html);
        } else {
            bar(row.usage.uses, most, html);
        }
        html.raw("</td><td class=\"date\">").text(&day(row.usage.last, made.tally)).raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table>\n");
}

/// With which keys, or by which programs.
fn others(usage: &Usage, html: &mut Html) {
    if usage.others.is_empty() {
        return;
    }
    html.raw("<small>");
    for (at, other) in usage.others.iter().take(OTHERS).enumerate() {
        html.raw(if at > 0 { ", " } else { "" }).name(other);
    }
    if usage.others.len() > OTHERS {
        html.raw(" and ").number((usage.others.len() - OTHERS) as u64).raw(" more");
    }
    html.raw("</small>");
}

#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn bar(uses: u64, most: u64, html: &mut Html) {
    let share = uses as f64 * 100.0 / most.max(1) as f64;
    html.raw("<svg class=\"bar\" height=\"10\" aria-hidden=\"true\"><rect height=\"10\" width=\"")
        .place(share)
        .raw("\"/></svg>");
    html.raw("<span class=\"unseen\">").number(uses * 100 / most.max(1)).raw(" % of the most</span>");
}

/// One stroke a week. Its words are the number and the day beside it.
fn weeks(usage: &Usage, made: &Made, html: &mut Html) {
    let today = made.now.there(&made.tally.zone).date();
    let first = weeks_on(monday(today), 1 - YEAR);
    let weeks = weekly(&usage.days, first, YEAR);
    let most = weeks.iter().copied().max().unwrap_or_default().max(1);
    let active = weeks.iter().filter(|uses| **uses > 0).count() as u64;
    html.raw("<svg class=\"spark\" viewBox=\"0 0 ")
        .number(weeks.len() as u64 * 3)
        .raw(" 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    html.text(&format!("used in {} of {YEAR}", counted(active, "week"))).raw("\"><path d=\"");
    for (at, uses) in weeks.into_iter().enumerate().filter(|(_, uses)| *uses > 0) {
        // Rounded up: what is there is seen.
        let height = (uses * 20).div_ceil(most);
        html.raw("M").number(at as u64 * 3 + 1).raw(" 20v-").number(height);
    }
    html.raw("\"/></svg>");
}

fn hours(made: &Made, html: &mut Html) {
    let most = made.tally.hours.iter().copied().max().unwrap_or_default().max(1);
    html.raw("<div class=\"by\">\n<h3>Uses by hour of the day</h3>\n<ol class=\"hours\">\n");
    for (hour, uses) in made.tally.hours.into_iter().enumerate() {
        // Rounded up: what is there is seen.
        let height = (uses * 60).div_ceil(most);
        html.raw("<li><svg width=\"100%\" height=\"60\" aria-hidden=\"true\"><rect width=\"100%\" y=\"")
            .number(60 - height);
        html.raw("\" height=\"").number(height).raw("\"/></svg><span class=\"unseen\">");
        html.text(&format!("{hour:02}:00 to {:02}:00: {}", hour + 1, counted(uses, "use"))).raw("</span>");
        if hour % 6 == 0 {
            html.raw("<b aria-hidden=\"true\">").number(hour as u64).raw("</b>");
        }
        html.raw("</li>\n");
    }
    html.raw("</ol>\n</div>\n");
}
