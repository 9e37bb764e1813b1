//! macOS: `osascript` with a script that is always the same and reads the text from its standard input.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use super::unreachable;
use crate::{failure::Result, subprocess::Program};

/// JavaScript for Automation: unlike the older language it can read standard input, so the text is in no argument.
pub const SCRIPT: &str = "ObjC.import('Foundation');
const input = $.NSFileHandle.fileHandleWithStandardInput.readDataToEndOfFile;
const text = ObjC.unwrap($.NSString.alloc.initWithDataEncoding(input, $.NSUTF8StringEncoding));
const [title, body] = JSON.parse(text);
const app = Application.currentApplication();
app.includeStandardAdditions = true;
app.displayNotification(body, { withTitle: title });
";

/// Where macOS has it; no `PATH` is asked.
pub const OSASCRIPT: &str = "/usr/bin/osascript";

/// Shows a notification.
///
/// # Errors
/// `Remote` when it cannot be shown, or not in time.
pub fn show(title: &str, body: &str, deadline: Duration) -> Result<()> {
    let arguments = ["-l", "JavaScript", "-e", SCRIPT].map(OsStr::new);
    let program = Program::of_system(Path::new(OSASCRIPT), &arguments);
    let text = serde_json::json!([title, body]).to_string().into_bytes();
    match program.succeed(text.into(), Stdio::null(), deadline) {
        Ok(_) => Ok(()),
        Err(failure) => Err(unreachable(format!("cannot show a notification: {}", failure.message))),
    }
}
