//! Windows: a toast, through the PowerShell that every Windows has, with a script that is always the same and reads the
//! text from its standard input.

use std::{ffi::OsStr, path::PathBuf, process::Stdio, time::Duration};

use super::unreachable;
use crate::{failure::Result, subprocess::Program};

/// Windows shows toasts of registered applications only; PowerShell is one, and this is its id (`Get-StartApps`). The
/// script has no double quotes, so that the command line it stands in needs none either.
pub const SCRIPT: &str = "$ErrorActionPreference = 'Stop'
$reader = New-Object IO.StreamReader([Console]::OpenStandardInput(), [Text.Encoding]::UTF8)
$text = ConvertFrom-Json $reader.ReadToEnd()
$null = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$kind = [Windows.UI.Notifications.ToastTemplateType]::ToastText02
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent($kind)
$lines = $toast.GetElementsByTagName('text')
$null = $lines.Item(0).AppendChild($toast.CreateTextNode($text.title))
$null = $lines.Item(1).AppendChild($toast.CreateTextNode($text.body))
$sender = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$notifier = [Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($sender)
$notifier.Show([Windows.UI.Notifications.ToastNotification]::new($toast))
";

/// PowerShell where Windows has it; no `PATH` is asked.
#[must_use]
pub fn powershell() -> PathBuf {
    let system = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
    PathBuf::from(system).join("System32\\WindowsPowerShell\\v1.0\\powershell.exe")
}

/// Shows a notification.
///
/// # Errors
/// `Remote` when it cannot be shown, or not in time.
pub fn show(title: &str, body: &str, deadline: Duration) -> Result<()> {
    let arguments = ["-NoProfile", "-NonInteractive", "-Command", SCRIPT].map(OsStr::new);
    let program = Program::of_system(&powershell(), &arguments);
    let text = serde_json::json!({ "title": title, "body": body }).to_string().into_bytes();
    match program.succeed(text.into(), Stdio::null(), deadline) {
        Ok(_) => Ok(()),
        Err(failure) => Err(unreachable(format!("cannot show a notification: {}", failure.message))),
    }
}
