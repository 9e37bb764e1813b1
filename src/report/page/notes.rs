//! What stands out: alerts and findings, what was refused, and where the history itself is not all there.

use super::{Html, Made, folder, left_out, minute};
use crate::report::tally::Notes;

/// How many are seen at once; the rest unfolds.
const SEEN: usize = 12;

/// Writes the parts.
pub(super) fn write(made: &Made, html: &mut Html) {
    let tally = made.tally;
    html.raw("<section aria-labelledby=\"alerts\">\n<h2 id=\"alerts\">Alerts and findings</h2>\n");
    if tally.alerts.count == 0 && tally.findings.count == 0 {
        html.raw("<p>There was no alert, and no secret was found in a file.</p>\n");
    }
    table("Alerts", &tally.alerts, made, html);
    table("Findings of scans", &tally.findings, made, html);
    html.raw("</section>\n<section aria-labelledby=\"refused\">\n<h2 id=\"refused\">Refused and failed</h2>\n");
    if tally.refused.count == 0 {
        html.raw("<p>Nothing was refused.</p>\n");
    }
    table("Refused and failed attempts", &tally.refused, made, html);
    html.raw("</section>\n<section aria-labelledby=\"history\">\n<h2 id=\"history\">The history itself</h2>\n<p>");
    let since = tally.since.map(|since| format!(" from {} on", minute(Some(since), tally))).unwrap_or_default();
    html.text(&format!("It has {}{since}.", super::counted_entries(tally.entries))).raw("</p>\n");
    if let Some(why) = made.unread {
        html.raw("<p class=\"verdict bad\">").text(&format!("Reading stopped there: {why}.")).raw("</p>\n");
    }
    if tally.mended.count == 0 {
        html.raw("<p>No entry is noted as missing, and it was never mended.</p>\n");
    }
    table("Gaps and repairs", &tally.mended, made, html);
    table("Entries dated before the one before them", &tally.went_back, made, html);
    html.raw("</section>\n");
}

fn table(caption: &'static str, notes: &Notes, made: &Made, html: &mut Html) {
    let total = notes.latest.len();
    if total == 0 {
        return;
    }
    part(caption, notes, 0..total.min(SEEN), made, html);
    if total > SEEN {
        html.raw("<details>\n<summary>").number((total - SEEN) as u64).raw(" earlier</summary>\n");
        part(caption, notes, SEEN..total, made, html);
        html.raw("</details>\n");
    }
    if left_out(notes) > 0 {
        let said =
            format!("{} before them are not shown; keyctl history lists all.", super::counted_entries(left_out(notes)));
        html.raw("<p class=\"aside\">").text(&said).raw("</p>\n");
    }
}

/// Some of them, the latest first.
fn part(caption: &'static str, notes: &Notes, range: std::ops::Range<usize>, made: &Made, html: &mut Html) {
    html.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"").raw(caption);
    html.raw(if range.start == 0 { "" } else { ", earlier" });
    html.raw("\"><table class=\"notes\">\n<caption>").raw(caption).raw("</caption>\n<thead><tr><th scope=\"col\" class=\"count\">#</th><th scope=\"col\" class=\"date\">When</th><th scope=\"col\" class=\"what\">What</th><th scope=\"col\">Keys</th><th scope=\"col\" class=\"program\">Program</th><th scope=\"col\">Folder</th></tr></thead>\n<tbody>\n");
    for note in notes.latest.iter().rev().skip(range.start).take(range.len()) {
        html.raw("<tr><td class=\"count\">")
            .number(note.number)
            .raw("</td><td class=\"date\">")
            .text(&minute(note.moment, made.tally));
        html.raw("</td><td>");
        if note.text.is_empty() {
            html.text(&note.action)
        } else {
            html.name(&note.text)
        };
        html.raw("</td><td>");
        for (at, name) in note.names.iter().enumerate() {
            html.raw(if at > 0 { ", " } else { "" }).name(name);
        }
        html.raw("</td><td>").name(note.program.as_deref().unwrap_or_default()).raw("</td><td>");
        html.name(&folder(note.folder.as_deref().unwrap_or_default(), made.home)).raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table></div>\n");
}
