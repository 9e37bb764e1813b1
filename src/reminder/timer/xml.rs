//! As much XML as the files of launchd and the Task Scheduler need.

/// A text as the content of an element.
pub(super) fn escaped(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => content.push_str("&amp;"),
            '<' => content.push_str("&lt;"),
            '>' => content.push_str("&gt;"),
            other => content.push(other),
        }
    }
    content
}

/// The content of the first such element after a place in the text, which keyctl itself wrote.
pub(super) fn content(text: &str, after: &str, element: &str) -> Option<String> {
    let rest = text.split_once(after)?.1;
    let rest = rest.split_once(&format!("<{element}>"))?.1;
    let content = rest.split_once(&format!("</{element}>"))?.0;
    Some(content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
