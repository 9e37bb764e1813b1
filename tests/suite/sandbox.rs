//! A home of its own for each test, the real binary, and exact words.
//!
//! Every test states standard output, standard error and exit code in full; what is not stated must be empty. And in
//! every test none of the secrets it kept may lie in any file below its home, nor come out on standard error.

use std::{
    ffi::{OsStr, OsString},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Mutex,
};

use tempfile::TempDir;

use crate::schemas;

/// The binary under test.
pub const KEYCTL: &str = env!("CARGO_BIN_EXE_keyctl");

/// What a store on a machine without a keychain says once.
pub const NO_KEYCHAIN: &str = "keyctl: no keychain here (there is no session bus): the store's identity is kept in `identity.txt`, readable by you alone; whoever copies keyctl's whole folder can open the store\nkeyctl: hint: where there is a keychain: `keyctl store keeper --to keychain`\n";

/// A home, a project and the secrets that were kept.
pub struct Sandbox {
    folder: TempDir,
    secrets: Mutex<Vec<Vec<u8>>>,
    /// Variables that each call gets.
    pub variables: Vec<(OsString, OsString)>,
    may_lie_in: Mutex<Vec<PathBuf>>,
}

impl Sandbox {
    /// An empty home without a keychain and a project folder in it.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("keyctl-test-").tempdir().expect("folder");
        std::fs::create_dir_all(folder.path().join("home/project")).expect("make");
        Self { folder, secrets: Mutex::default(), variables: Vec::new(), may_lie_in: Mutex::default() }
    }

    /// A home with these keys.
    pub fn with(keys: &[(&str, &str)]) -> Self {
        let sandbox = Self::new();
        for (at, (name, secret)) in keys.iter().enumerate() {
            let first = if at == 0 { NO_KEYCHAIN } else { "" };
            sandbox.set(name, secret).says("", &format!("{first}keyctl: kept `{name}`\n"), 0);
        }
        sandbox
    }

    /// The folder above the home, for files that are not the user's.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn project(&self) -> PathBuf {
        self.home().join("project")
    }

    /// A file of keyctl's own.
    pub fn data(&self, name: &str) -> PathBuf {
        self.home().join(".local/share/keyctl").join(name)
    }

    /// Writes a file in the project.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
        std::fs::write(&path, text).expect("write");
        path
    }

    /// Writes the user's `config.toml`.
    pub fn configure(&self, text: &str) {
        let folder = self.home().join(".config/keyctl");
        std::fs::create_dir_all(&folder).expect("make");
        std::fs::write(folder.join("config.toml"), text).expect("write");
    }

    /// Remembers a secret that must show up nowhere.
    pub fn secret(&self, secret: impl AsRef<[u8]>) {
        self.secrets.lock().expect("lock").push(secret.as_ref().to_vec());
    }

    /// A file that the test itself put a secret into.
    pub fn may_lie_in(&self, path: &Path) {
        self.may_lie_in.lock().expect("lock").push(path.to_owned());
    }

    /// A call in the project, not started yet.
    pub fn call<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Call<'_> {
        let mut command = Command::new(KEYCTL);
        command.args(arguments).current_dir(self.project());
        self.environment(&mut command);
        Call { sandbox: self, command, input: None }
    }

    /// Gives a command the sandbox's environment.
    pub fn environment(&self, command: &mut Command) {
        command.env_clear();
        command.env("HOME", self.home()).env("PATH", path()).env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// `keyctl set NAME` with the secret on standard input.
    pub fn set(&self, name: &str, secret: &str) -> Ran<'_> {
        self.secret(secret);
        self.call(&["set", name]).input(secret).run()
    }

    /// Allows the project as it is, by its hash.
    pub fn allow(&self) {
        let shown = self.call(&["allow", "--show-hash"]).run();
        let hash = String::from_utf8(shown.output.stdout.clone()).expect("text");
        let ran = self.call(&["allow", "--hash", hash.trim()]).run();
        assert_eq!(ran.output.status.code(), Some(0), "{}", ran.stderr());
    }

    /// No kept secret is in what was said.
    #[track_caller]
    pub fn no_secret_in(&self, said: &[u8]) {
        let secrets = self.secrets.lock().expect("lock");
        for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
            assert!(!contains(said, secret), "a secret came out where it should not");
        }
    }

    /// Every file below the sandbox.
    pub fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => walk(&path, found),
                    Ok(kind) if kind.is_file() => found.push(path),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found
    }

    /// No kept secret lies in a file.
    pub fn no_secret_lies_in_a_file(&self) {
        let secrets = self.secrets.lock().expect("lock");
        let allowed = self.may_lie_in.lock().expect("lock");
        for file in self.files().into_iter().filter(|file| !allowed.contains(file)) {
            let content = std::fs::read(&file).unwrap_or_default();
            for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
                assert!(!contains(&content, secret), "a secret lies in {}", file.display());
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.no_secret_lies_in_a_file();
        }
    }
}

/// Changes one byte, of a letter of base64 into another such letter: what is written stays readable and is another text.
/// Twice gives what was there before.
pub fn bend(byte: &mut u8) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    *byte = ALPHABET.iter().position(|letter| letter == byte).map_or(*byte ^ 1, |at| ALPHABET[at ^ 1]);
}

/// Whether `text` has `part` in it.
pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Puts a program somewhere to be started. Another process writes it: a file that this one has open for writing is open
/// in whatever another test starts just then too, and what is open for writing cannot be executed.
pub fn put_program(bytes: &[u8], to: &Path) {
    let mut writer = Command::new("sh");
    writer.args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"]).arg(to).stdin(Stdio::piped());
    let mut writer = writer.spawn().expect("sh");
    writer.stdin.take().expect("piped").write_all(bytes).expect("write");
    assert!(writer.wait().expect("wait").success());
}

/// A copy of a program, to be started.
pub fn copy_program(from: impl AsRef<Path>, to: &Path) {
    put_program(&std::fs::read(from).expect("read"), to);
}

/// The search path of the tests themselves.
pub fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

/// One call, on its way.
pub struct Call<'s> {
    sandbox: &'s Sandbox,
    pub command: Command,
    input: Option<Vec<u8>>,
}

impl<'s> Call<'s> {
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = Some(input.as_ref().to_vec());
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn inside(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// The same call as an argument of another program: `strace`, `setpriv`, `sh -c`.
    pub fn under<S: AsRef<OsStr>>(mut self, words: &[S]) -> Self {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(self.command.get_program()).args(self.command.get_args());
        command.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.command.get_current_dir().expect("set"));
        self.command = command;
        self
    }

    /// Runs under `strace` and gives the trace too; `calls` are those to be seen.
    pub fn traced(self, calls: &str) -> (Ran<'s>, String) {
        let trace = tempfile::NamedTempFile::new().expect("trace");
        let file = trace.path().to_str().expect("text").to_owned();
        let options = ["strace", "-f", "-v", "-y", "-qq", "-s", "100000", "-e", &format!("trace={calls}"), "-o", &file];
        let ran = self.under(&options).run();
        (ran, String::from_utf8_lossy(&std::fs::read(&file).expect("trace")).into_owned())
    }

    pub fn run(mut self) -> Ran<'s> {
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("start");
        if let Some(input) = self.input {
            // Who refuses early does not read everything.
            let _ = child.stdin.take().expect("piped").write_all(&input);
        }
        let output = child.wait_with_output().expect("wait");
        self.sandbox.no_secret_in(&output.stderr);
        // Also where another program starts it.
        let words: Vec<String> = self.command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let own = words.iter().position(|word| word == KEYCTL).map_or(0, |at| at + 1);
        if self.command.get_program() == KEYCTL || own > 0 {
            schemas::hold(&words[own..], &output.stdout);
        }
        Ran { output, sandbox: self.sandbox }
    }
}

/// A call that ended.
pub struct Ran<'s> {
    pub output: Output,
    sandbox: &'s Sandbox,
}

impl Ran<'_> {
    pub fn stdout(&self) -> String {
        self.shown(&self.output.stdout)
    }

    pub fn stderr(&self) -> String {
        self.shown(&self.output.stderr)
    }

    pub fn code(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    /// Text with the sandbox's folder as `~` for its home and `/sandbox` above it.
    fn shown(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let text = text.replace(&self.sandbox.home().display().to_string(), "~");
        text.replace(&self.sandbox.outside().display().to_string(), "/sandbox")
    }

    /// States everything that was said, and the exit code.
    #[track_caller]
    pub fn says(&self, stdout: &str, stderr: &str, code: i32) {
        let (out, err) = (self.stdout(), self.stderr());
        assert!(
            (out.as_str(), err.as_str(), self.code()) == (stdout, stderr, code),
            "expected code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}\ngot code {}\n--- stdout\n{out}--- stderr\n{err}",
            self.code()
        );
    }
}
