//! What went by the proxy: which key to which host, how often, and how often it was refused. There where there is any.

use super::{Html, Made, day};

/// So many rows are shown; hosts are what a command asked for, and there may be any number.
const MOST: usize = 100;

/// Writes the part.
pub(super) fn write(made: &Made, html: &mut Html) {
    let all = &made.tally.requests;
    if all.is_empty() {
        return;
    }
    html.raw("<section aria-labelledby=\"requests\">\n<h2 id=\"requests\">By the proxy</h2>\n");
    html.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Requests by the proxy\"><table class=\"notes\">\n<caption>Requests by the proxy</caption>\n<thead><tr><th scope=\"col\">Key</th><th scope=\"col\">Host</th><th scope=\"col\" class=\"count\">Requests</th><th scope=\"col\" class=\"count\">Failed</th><th scope=\"col\" class=\"count\">Refused</th><th scope=\"col\" class=\"date\">Last</th></tr></thead>\n<tbody>\n");
    let mut rows: Vec<_> = all.iter().collect();
    rows.sort_by_key(|(_, requests)| std::cmp::Reverse(requests.sent + requests.refused));
    for ((key, host), requests) in rows.iter().take(MOST) {
        html.raw("<tr><td>").name(if key.is_empty() { "none" } else { key }).raw("</td><td>").name(host);
        for number in [requests.sent, requests.failed, requests.refused] {
            html.raw("</td><td class=\"count\">").number(number);
        }
        html.raw("</td><td class=\"date\">").text(&day(requests.last, made.tally)).raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table></div>\n");
    if rows.len() > MOST {
        html.raw("<p class=\"aside\">").number((rows.len() - MOST) as u64).raw(" more are not shown.</p>\n");
    }
    html.raw("</section>\n");
}
