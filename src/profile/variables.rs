//! Variables that change what runs, what it loads or whom it trusts, and therefore are not for a repository to set.
//!
//! The list begins with sudo's `env_delete` and adds what later tools made of the environment: interpreters' options,
//! package managers' settings, certificates, proxies, and the addresses that keys are sent to (CVE-2026-21852 was one
//! `ANTHROPIC_BASE_URL` in a project's settings). It is data, compared without regard to case on every system: a project
//! file travels, and on Windows `Path` is `PATH`.
//!
//! To refuse one too many costs a project a yes (`allow --variable`), to refuse one too few may cost a key: so what is refused
//! goes by families, here and in [`steering`]. It is another matter with the variables that a key limited to programs is kept
//! from ([`LOADS_CODE`]): those are the user's own, and one too many breaks a program. Hence two lists, of which one is within
//! the other.
//!
//! Of the refused ones a few are API keys by themselves: they may take a key of the store, never a text of the
//! project's own. And a small set is refused to everybody, because no key belongs there and what starts would break.

use memchr::arch::all::memchr::Two;

use crate::name::VariableName;

pub(super) mod patterns;
mod steering;

pub(super) use patterns::{Patterns, patterns};
pub(super) use steering::COMMANDS;
use steering::{CLIENTS, READ_BY_KEYCTL};

/// What has a program load or run other code than its own: by the dynamic linker and the C library, by shells, by interpreters,
/// and where a program starts others for its work. A project file may not set it either. `*` stands for any characters, also none.
#[rustfmt::skip]
pub(super) const LOADS_CODE: Patterns = patterns![
    "LD_*", "DYLD_*", "_RLD*", "LIBPATH", "SHLIB_PATH", "GCONV_PATH", "GLIBC_TUNABLES",
    "ENV", "BASH_ENV", "BASH_FUNC_*", "BASH_LOADABLES_PATH", "SHELLOPTS", "BASHOPTS", "PS0", "PS4", "PROMPT_COMMAND", "ZDOTDIR",
    "FISH_FUNCTION_PATH", "FISH_COMPLETE_PATH",
    "PERL5*", "PERLLIB", "PERLIO_DEBUG", "PERL_USE_UNSAFE_INC", "PYTHON*", "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH",
    "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "DOTNET_STARTUP_HOOKS", "CORECLR_*",
    "COR_*", "PHPRC", "PHP_INI_SCAN_DIR", "LUA_INIT*", "LUA_PATH*", "LUA_CPATH*", "ERL_FLAGS", "ERL_*FLAGS",
    "R_PROFILE*", "JULIA_*", "GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE", "NPM_CONFIG_*",
    "ERL_LIBS", "GUILE_LOAD_*", "R_LIBS*", "R_ENVIRON*", "TCLLIBPATH", "BUN_OPTIONS", "BUN_INSPECT*",
    "TCL_LIBRARY", "TK_LIBRARY", "BUNDLER_*", "RUBYSHELL", "RUBYPATH", "AWKPATH", "AWKLIBPATH", "M4PATH", "OCAMLPATH", "CAML_LD_LIBRARY_PATH",
    "OCTAVE_*", "GHC_PACKAGE_PATH", "PLTCOLLECTS", "PLTADDONDIR", "MONO_PATH", "MONO_ENV_OPTIONS", "ELECTRON_RUN_AS_NODE",
    "TAR_OPTIONS", "ZIPOPT", "GNUMAKEFLAGS", "MFLAGS", "SSH_ASKPASS*", "SVN_SSH", "CVS_RSH", "RSYNC_RSH", "PSQLRC", "RIPGREP_CONFIG_PATH",
    "GIO_MODULE_DIR", "GTK_PATH", "GDK_PIXBUF_MODULE*", "GST_PLUGIN*", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QML*_IMPORT_PATH",
    "SASL_PATH", "SASL_CONF_PATH", "KRB5_CONFIG", "LIBMYSQL_PLUGIN*", "LIBGL_DRIVERS_PATH", "LIBVA_DRIVERS_PATH", "VK_LAYER_PATH", "VK_ICD_FILENAMES",
    "ALSA_CONFIG_PATH", "SOFTHSM2_CONF",
    "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES",
    // No code, and as bad: what a program sends is written down so that others can read it.
    "SSLKEYLOGFILE",
    "GIT_EXEC_PATH", "GIT_CONFIG*", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR", "GIT_PROXY_COMMAND", "LESSOPEN", "LESSCLOSE", "PAGER", "EDITOR", "VISUAL",
];

/// Of those, what only a shell heeds: to others it says in which surroundings they run.
pub(super) const SHELLS_OWN: &str = "ENV";

/// What a shell heeds that stands at its prompt, and what hooks at the prompt heed: they expand it, show it, or call what it
/// names. A key of the store is as wrong here as a text: a prompt would show it. A project file may not set it either.
#[rustfmt::skip]
const AT_THE_PROMPT: Patterns = patterns![
    // What this program's own hooks remember.
    "__KEYCTL_*",
    // Prompts, and texts that a shell expands or shows as it does them.
    "PS1", "PS2", "PS3", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4", "PROMPT_EOL_MARK", "PROMPT_INDICATOR*", "PROMPT_COMMAND_*",
    "PROMPT_MULTILINE_INDICATOR", "TRANSIENT_PROMPT_*", "RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SPROMPT", "POSTEDIT", "PSVAR",
    "MAILPATH", "HISTTIMEFORMAT", "TIMEFORMAT", "TIMEFMT", "WATCHFMT", "FISH_GREETING", "FISH_TRACE",
    // What they call, load and run, and where they find it.
    "PRECMD_FUNCTIONS", "PREEXEC_FUNCTIONS", "CHPWD_FUNCTIONS", "PERIODIC_FUNCTIONS", "ZSHADDHISTORY_FUNCTIONS", "ZSHEXIT_FUNCTIONS",
    "ZSH_DIRECTORY_NAME_FUNCTIONS", "FPATH", "MODULE_PATH", "NULLCMD", "READNULLCMD", "STTY", "FCEDIT", "FISH_USER_PATHS",
    "FISH_KEY_BINDINGS", "__FISH_*", "NU_LIB_DIRS", "NU_PLUGIN_DIRS", "ZSH", "ZSH_CUSTOM",
    // How they read a line and what they keep of it, when they end, where they write.
    "IFS", "CDPATH", "GLOBIGNORE", "EXECIGNORE", "INPUTRC", "HISTFILE", "FISH_HISTORY", "FISH_DEBUG*", "TMOUT", "TMPPREFIX",
    "POSIXLY_CORRECT", "BASH_XTRACEFD", "BASH_COMPAT", "TEXTDOMAINDIR",
    "PSEXECUTIONPOLICYPREFERENCE", "PSMODULEANALYSISCACHEPATH", "__PSLOCKDOWNPOLICY",
    // Hooks of others that run what these say, or set what these hold.
    "STARSHIP_CONFIG", "POSH_THEME", "POWERLEVEL9K_*", "POWERLINE_*", "FZF_*", "_ZO_*", "DIRENV_*", "__MISE_*", "CONDA_EXE", "MAMBA_EXE",
];

/// What else a project file may not set.
const REFUSED: Patterns = patterns![
    // The allocator, and where languages are.
    "MALLOC_*",
    "LOCPATH",
    "NLSPATH",
    // The session: where programs, files and helpers are found.
    "PATH",
    "HOME",
    "SHELL",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_*",
    "TERM",
    "TERMINFO*",
    "TZ",
    "*_PAGER",
    "BROWSER",
    "MANPAGER",
    // The same on Windows.
    "PATHEXT",
    "COMSPEC",
    "SYSTEMROOT",
    "WINDIR",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
    "TMP",
    "PSMODULEPATH",
    // Package managers.
    "PIP_*",
    "UV_*",
    "GEM_*",
    "BUNDLE_*",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "YARN_*",
    "BUN_*",
    "DENO_*",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    // Compilers and build tools.
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_*",
    "CARGO_*",
    "GOFLAGS",
    "GOPROXY",
    "GONOSUMDB",
    "GOSUMDB",
    "GOINSECURE",
    "GOENV",
    "GOTOOLCHAIN",
    "CC",
    "CXX",
    "LD",
    "MAKEFLAGS",
    "MAKEFILES",
    // Git, remote shells, signing, privilege.
    "GIT_*",
    "SSH_ASKPASS",
    "SSH_AUTH_SOCK",
    "SUDO_*",
    "GNUPGHOME",
    // Certificates, proxies, and where requests go.
    "OPENSSL_*",
    "SSL_CERT_*",
    "REQUESTS_CA_BUNDLE",
    "CURL_*",
    "*_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "FTP_PROXY",
    "*_BASE_URL",
    "*_API_BASE",
    "*_ENDPOINT*",
    "*_API_URL",
    "VAULT_*",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AZURE_AUTHORITY_HOST",
    "KUBECONFIG",
    "DOCKER_*",
    "DBUS_SESSION_BUS_ADDRESS",
    // This program.
    "KEYCTL_*",
];

/// What a plain setting of a project may not be either: where a program sends what it has, and what it starts or loads.
/// As the name of a key they stay possible (`SNYK_API` may be a key to somebody). Every setting is shown before the yes;
/// this list only spares the reader the ones that are known.
#[rustfmt::skip]
const ADDRESSES_AND_PROGRAMS: Patterns = patterns![
    "*_PROXY", "*_API_HOST", "GH_HOST", "GITLAB_HOST", "HEROKU_HOST", "*_ADDR", "*_SERVER", "*_SERVER_URL", "*_HOST_URL", "*_REPOSITORY_URL", "*_INDEX_URL", "*_REGISTRY",
    "*_BACKEND_URL", "*_API_DOMAIN", "*_EDITOR", "*_RSH", "*_SSH", "*_OPTS", "*_CONFIG_DIR", "*_PLUGIN_PATH", "*_PASSWORD_COMMAND",
    "SENTRY_URL", "SNYK_API", "DD_URL", "DD_SITE", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "WGETRC", "NETRC",
    "RSYNC_CONNECT_PROG", "HGRCPATH", "HGEDITOR", "GOCACHEPROG", "GOAUTH", "GOROOT", "GOPATH", "CGO_*", "ESBUILD_BINARY_PATH",
    "CLOUDSDK_*", "CONFIG_SHELL", "CONFIG_SITE", "MAKE", "RUSTDOC", "NODE_REPL_*", "JAVA_HOME", "MAVEN_ARGS", "MAVEN_HOME",
    "GRADLE_USER_HOME", "DOTNET_ROOT", "DOTNET_ADDITIONAL_DEPS", "COMPLUS_*", "GTK_MODULES", "GIO_EXTRA_MODULES", "ANSIBLE_CONFIG",
    "TF_CLI_*", "HELM_PLUGINS", "VIMINIT", "EXINIT", "ELIXIR_ERL_OPTIONS", "EMACSLOADPATH",
    "GCC_EXEC_PREFIX", "COMPILER_PATH", "CMAKE_TOOLCHAIN_FILE", "NIX_*", "CODEX_HOME", "BOTO_CONFIG", "PGSYSCONFDIR",
    "PGSERVICEFILE", "NVM_DIR", "PYENV_ROOT", "RBENV_ROOT", "SDKMAN_DIR", "ASDF_*", "MISE_*",
];

/// Of those, what is an API key: a project file may name a key for it, but not write its text.
const KEYS: Patterns = patterns![
    "VAULT_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "CARGO_REGISTRIES_*_TOKEN",
    "UV_PUBLISH_TOKEN",
    "UV_PUBLISH_PASSWORD",
    "DOCKER_PASSWORD",
    "DOCKER_TOKEN",
    "DOCKER_AUTH_CONFIG",
    "GIT_TOKEN",
    "GEM_HOST_API_KEY",
    "YARN_NPM_AUTH_TOKEN",
    "DENO_DEPLOY_TOKEN",
    "FNOX_AGE_KEY",
];

/// What nobody may set, the user neither: no key belongs there.
const NEVER: Patterns =
    patterns!["PATH", "LD_*", "DYLD_*", "IFS", "BASH_ENV", "ENV", "BASH_FUNC_*", "SHELLOPTS", "KEYCTL_*", "__KEYCTL_*"];

/// Whether a project file may not put a key of the store into this variable.
#[must_use]
pub fn refused_for_key(variable: &VariableName) -> bool {
    refused(variable) && !listed(KEYS, variable)
}

/// Whether a project file may not put a text of its own into this variable.
#[must_use]
pub fn refused_for_value(variable: &VariableName) -> bool {
    refused(variable) || [ADDRESSES_AND_PROGRAMS, COMMANDS, CLIENTS].into_iter().any(|list| listed(list, variable))
}

/// Whether not even the user may put a key into this variable, by `-k`, by configuration or by an exception.
#[must_use]
pub fn never(variable: &VariableName) -> bool {
    listed(NEVER, variable)
}

/// What a project file may set neither a key nor a text of its own to.
const ALL_REFUSED: [Patterns; 4] = [LOADS_CODE, AT_THE_PROMPT, REFUSED, READ_BY_KEYCTL];
/// The letters that these begin with, in their order. `run` holds each variable of a project against all of them, and most differ
/// in the first letter: so side by side these are looked at, and not each pattern for its own.
static FIRST_LETTERS: [u8; count(ALL_REFUSED)] = first_letters(ALL_REFUSED);

fn refused(variable: &VariableName) -> bool {
    let name = variable.as_str().to_ascii_uppercase();
    let first = name.as_bytes().first().copied().unwrap_or_default();
    Two::new(first, b'*').iter(&FIRST_LETTERS).any(|at| fits(one_of_all(at), &name))
}

/// The pattern whose first letter stands at this place.
fn one_of_all(mut at: usize) -> &'static str {
    for patterns in ALL_REFUSED {
        if at < patterns.count() {
            return patterns.at(at);
        }
        at -= patterns.count();
    }
    unreachable!("as many letters as patterns")
}

const fn count(lists: [Patterns; 4]) -> usize {
    lists[0].count() + lists[1].count() + lists[2].count() + lists[3].count()
}

const fn first_letters<const COUNT: usize>(lists: [Patterns; 4]) -> [u8; COUNT] {
    let (mut letters, mut list, mut behind) = ([0; COUNT], 0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].count() {
            letters[behind + at] = lists[list].first_byte(at);
            at += 1;
        }
        behind += at;
        list += 1;
    }
    letters
}

fn listed(patterns: Patterns, variable: &VariableName) -> bool {
    is_among(patterns, variable.as_str())
}

pub(super) fn is_among(patterns: Patterns, name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let first = name.as_bytes().first();
    for pattern in patterns.iter() {
        let begins = pattern.as_bytes().first();
        if (begins == first || begins == Some(&b'*')) && fits(pattern, &name) {
            return true;
        }
    }
    false
}

/// Whether a text is what the pattern says: its pieces between the stars, in order, the first and the last at the ends.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut rest = rest;
    while let Some((piece, after)) = rest.split_once('*') {
        let Some(at) = text.find(piece) else {
            return false;
        };
        text = &text[at + piece.len()..];
        rest = after;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> VariableName {
        text.parse().unwrap()
    }

    /// The names that fit one of these, as a schema has it: without a word for case, which not every reader of one knows.
    fn pattern(lists: &[Patterns]) -> String {
        let letter = |c: char| match c {
            '*' => ".*".to_owned(),
            c if c.is_ascii_uppercase() => format!("[{c}{}]", c.to_ascii_lowercase()),
            c => c.to_string(),
        };
        let names = lists.iter().flat_map(|list| list.iter()).map(|name| name.chars().map(letter).collect::<String>());
        format!("^(?:{})$", names.collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn the_schemas_refuse_what_the_lists_refuse() {
        let schema = |name| crate::schema::of(name).unwrap();
        let (project, config) = (schema("project"), schema("config"));
        assert_eq!(project["$defs"]["refused"]["pattern"], pattern(&ALL_REFUSED));
        assert_eq!(project["$defs"]["own_keys"]["pattern"], pattern(&[KEYS]));
        let keys_alone = project["$defs"]["env"]["patternProperties"].as_object().unwrap();
        let mut lists = [pattern(&[KEYS]), pattern(&[ADDRESSES_AND_PROGRAMS, COMMANDS, CLIENTS])];
        lists.sort();
        assert_eq!(keys_alone.keys().cloned().collect::<Vec<_>>(), lists);
        assert_eq!(config["$defs"]["never"]["pattern"], pattern(&[NEVER]));
    }

    #[test]
    fn each_pattern_is_told_apart_by_its_own_first_letter() {
        let patterns: Vec<&str> = ALL_REFUSED.into_iter().flat_map(Patterns::iter).collect();
        assert!(patterns.iter().map(|pattern| pattern.as_bytes()[0]).eq(FIRST_LETTERS));
        for pattern in patterns {
            assert!(refused(&name(&pattern.replace('*', "X"))), "{pattern}");
        }
    }

    #[test]
    fn what_changes_what_runs_is_refused_in_any_case() {
        for variable in [
            "PATH",
            "Path",
            "LD_PRELOAD",
            "ld_preload",
            "DYLD_INSERT_LIBRARIES",
            "BASH_ENV",
            "NODE_OPTIONS",
            "https_proxy",
            "npm_config_registry",
            "ANTHROPIC_BASE_URL",
            "OPENAI_API_BASE",
            "AWS_ENDPOINT_URL",
            "AZURE_OPENAI_ENDPOINT",
            "GITHUB_API_URL",
            "VAULT_ADDR",
            "GIT_SSH_COMMAND",
            "PYTHONPATH",
            "LUA_INIT_5_4",
            "PSModulePath",
            "KEYCTL_HOME",
            "CARGO_REGISTRIES_CRATES_INDEX",
            "AWS_CA_BUNDLE",
            "GIT_PAGER",
            "PIP_INDEX_URL",
        ] {
            assert!(refused_for_value(&name(variable)), "{variable}");
            assert!(refused_for_key(&name(variable)), "{variable}");
        }
    }

    #[test]
    fn what_a_prompt_expands_shows_or_calls_takes_neither_a_text_nor_a_key() {
        for variable in [
            "__keyctl_status",
            "__keyctl_was_VIMINIT",
            "PS0",
            "PS2",
            "PS3",
            "PROMPT",
            "RPROMPT",
            "RPS2",
            "SPROMPT",
            "MODULE_PATH",
            "READNULLCMD",
            "STTY",
            "precmd_functions",
            "MAILPATH",
            "TMOUT",
            "fish_function_path",
            "fish_user_paths",
            "fish_complete_path",
            "fish_key_bindings",
            "fish_greeting",
            "__fish_config_dir",
            "PROMPT_INDICATOR",
            "PSExecutionPolicyPreference",
            "STARSHIP_CONFIG",
            "FZF_DEFAULT_COMMAND",
            "DIRENV_DIFF",
        ] {
            assert!(refused_for_value(&name(variable)) && refused_for_key(&name(variable)), "{variable}");
        }
    }

    #[test]
    fn what_is_an_api_key_may_take_a_key_and_no_text() {
        for variable in ["VAULT_TOKEN", "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_MINE_TOKEN", "GIT_TOKEN"] {
            assert!(!refused_for_key(&name(variable)), "{variable}");
            assert!(refused_for_value(&name(variable)), "{variable}");
        }
    }

    #[test]
    fn usual_keys_and_settings_are_free() {
        for variable in [
            "OPENAI_API_KEY",
            "STRIPE_API_KEY",
            "GITHUB_TOKEN",
            "NPM_TOKEN",
            "DATABASE_URL",
            "LOG_LEVEL",
            "RUST_LOG",
            "NODE_ENV",
            "AWS_PROFILE",
            "AWS_REGION",
            "PGUSER",
            "PGDATABASE",
            "DB_HOST",
            "COMPOSE_PROJECT_NAME",
            "GITHUB_CLIENT_ID",
            "FEATURE_FLAGS",
            "LDAP_URL",
            "PATHS",
            "MY_PATH",
            "ENVIRONMENT",
            "FISH_API_KEY",
            "AZURE_FUNCTIONS",
            "PROMPT_VERSION",
            "PS5_KEY",
            "LANG",
        ] {
            assert!(!refused_for_value(&name(variable)), "{variable}");
        }
    }

    #[test]
    fn the_hard_set_is_within_the_refused_one() {
        for variable in
            ["PATH", "LD_PRELOAD", "IFS", "ENV", "BASH_FUNC_x", "SHELLOPTS", "KEYCTL_PROFILE", "__keyctl_was_A"]
        {
            assert!(never(&name(variable)) && refused_for_key(&name(variable)), "{variable}");
        }
        assert!(!never(&name("NODE_OPTIONS")));
        for pattern in NEVER.iter() {
            let is_refused =
                [LOADS_CODE, AT_THE_PROMPT, REFUSED].into_iter().any(|list| list.iter().any(|one| one == pattern));
            assert!(is_refused, "{pattern}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, is) in [
            ("A*B", "AB", true),
            ("A*B", "AxB", true),
            ("A*A", "A", false),
            ("*_X*", "A_XB", true),
            ("*_X*", "_X", true),
            ("*_X*", "AX", false),
            ("A*", "A", true),
            ("A", "AB", false),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }
}
