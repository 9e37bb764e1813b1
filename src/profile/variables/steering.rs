//! Variables by which a project would steer: this program, what others take for commands or code, and where a tool that is
//! known for it sends a password. More of what [`super`] says, by families.

use super::{Patterns, patterns};

/// What this program reads itself, or what a library of it does, and what a runner of GitHub's reads beside it. A key of the
/// store is as wrong there as a text: it would come out in a message, as a path. A test holds the list against the source.
#[rustfmt::skip]
pub(super) const READ_BY_KEYCTL: Patterns = patterns![
    // Whose clipboard and windows, and whose bus.
    "DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XAUTHORITY", "DBUS_*",
    // Where an identity comes from, and where other programs' keys are that `import` reads.
    "CREDENTIALS_DIRECTORY", "PASSWORD_STORE_*", "PASSAGE_*", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_*", "FNOX_*",
    // Who asks. An agent that says so by a variable is one no more where that is empty, and another one where another is set.
    "AI_AGENT", "AGENT", "CLAUDECODE", "CURSOR_AGENT", "GEMINI_CLI", "CODEX_SANDBOX*", "CODEX_THREAD_ID", "GOOSE_TERMINAL",
    "CLINE_ACTIVE", "AUGMENT_AGENT", "ANTIGRAVITY_AGENT", "OPENCODE",
    // Where agents have their settings.
    "CLAUDE_CONFIG_DIR", "CODEX_HOME",
    // Which commits a hook before a push looks at, as the frameworks of hooks say.
    "PRE_COMMIT*", "FROM_REF", "TO_REF", "LOCAL_BRANCH", "REMOTE_BRANCH", "REMOTE_NAME", "REMOTE_URL",
    // Whether a log is GitHub's, which is told each secret, and the files that its runner reads.
    "GITHUB_ACTION*", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE",
    "GITHUB_EVENT_*", "RUNNER_*", "ACTIONS_*",
    // Where a source's credentials come from, if its table says so.
    "BAO_*", "AWS_CONTAINER_*", "IDENTITY_ENDPOINT", "IDENTITY_HEADER",
    // Who the user is, and what is completed.
    "USERNAME", "_CLAP_*",
];

/// What a tool takes for a command, for a program to run, for code to load or for the options that may name one. The usual
/// ends of such names come first: that a project has a setting of its own with such a name is seldom, and takes a yes. Then
/// those of known tools whose names do not tell. A program that a key is limited to is kept from these too (loading.rs).
#[rustfmt::skip]
pub(in crate::profile) const COMMANDS: Patterns = patterns![
    "*_COMMAND", "*_CMD", "*_OPTIONS", "*_ADDOPTS", "*_ARGS", "*_SHELL", "*_WRAPPER", "*_LAUNCHER", "*_ASKPASS", "*_BROWSER",
    "*_PLUGINS", "*_PLUGIN_DIR", "*_PLUGINS_DIR", "*_PRELOAD", "*_LIBRARY_PATH", "*_MODULE_PATH", "*_MODULE_FILE", "*_DRIVER_PATH",
    "*_EXECUTABLE", "*_EXECUTABLES", "*_EXECUTABLE_PATH", "*_BINARY", "*_EXEC", "*_RCFILE", "*_RC", "*MAKEFLAGS", "*_RUSTFLAGS", "*_OPT",
    // A library or a part of one, by its name, its folder or its list.
    "*_LIB", "*_LIBS", "*_TOOL_LIB*", "*_TOOLS_LIB*", "*_LIBRARY", "*_LIBRARIES", "*_FILENAMES", "LIB*_PATH", "*_SYMBOLIZER*", "*_INJECTION*",
    "*_TCTI", "*_DYNAMIC_API", "*_PROVIDERS", "*_DRIVER", "*_RSH_AGENT",
    // A compiler for this or that machine, and an interpreter.
    "CC_*", "CXX_*", "AR_*", "RANLIB*", "*_CC", "*_CXX", "*_AR", "*_LD", "*_LINKER", "*_COMPILER", "*_PYTHON", "*_PERL", "*_RUBY", "*_NODE",
    "*_PHP", "*_LUA", "*_JAVA", "*_INTERPRETER",
    // Where a tool has its settings, and with them commands.
    "*_HOME", "*_CONF", "*_CONFIG", "*_CONFIG_FILE", "*_CONFIG_PATH", "*_CONFIG_FILES", "*_DATA_PATH", "*_DATA_DIR",
    // Whom it trusts, and whether it looks at all.
    "*_CERTS", "*_CACERT*", "*_CA", "*_CA_*", "*_CAFILE", "*_CAPATH", "*_SSL_*", "*_ROOTS*", "*_UNSAFE_*", "*_INSECURE*", "*_SKIP_VERIFY",
    "*_NO_VERIFY", "*_TLS_*", "*_VERIFY_HOST*", "*_VERIFY_PEER*",
    // Where it sends what it has.
    "*_API", "*_REPOSITORY", "*_REPO", "*_REPO_URL", "*_INDEX", "*_TRACKING_URI", "*_APPLIANCE_URL", "*_HTTP_ADDRESS", "*_MIRROR", "*_CONNECT_HOST",
    "*_REGISTRY_HOST",
    // What builds.
    "MFLAGS", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED", "AR", "AS", "CPP", "FC", "LEX", "YACC", "CMAKE_*", "MESON*",
    "SCONS*", "BAZEL*", "ANT_*", "SBT_*", "LEIN_*", "MVN_*", "KOTLIN_*", "PKG_CONFIG*", "ACLOCAL*", "AUTOCONF", "AUTOMAKE", "M4PATH",
    "CCACHE_*", "SCCACHE_*", "DISTCC_*", "GO111MODULE", "GOEXPERIMENT", "GOPRIVATE", "GONOPROXY", "GOVCS", "GOTMPDIR",
    "PROTOC", "TS_NODE_*", "SWC_*", "ELECTRON_*", "CHROME_BIN", "CHROMEDRIVER_*",
    "GOPACKAGESDRIVER", "VIRTUAL_ENV", "OPAM*", "CUSTOMBEFORE*", "CUSTOMAFTER*", "MSBUILD*", "POETRY_*", "HATCH_*", "TWINE_*", "HEX_*",
    // What tests.
    "HARNESS_*", "PYTEST_*", "TOX_*", "COVERAGE_PROCESS_START", "MYPYPATH", "PYLINTRC", "MOCHA_*", "BATS_*",
    // Languages whose loaders are not among those above.
    "PHP_*", "OCAMLRUNPARAM", "CAML_LD_*", "GHCRTS", "GHC_*", "PLT*", "GUILE_*", "SBCL_*", "EMACS*", "VIM", "VIMRUNTIME", "GVIMINIT",
    "NVIM_*", "AWKPATH", "AWKLIBPATH", "OCTAVE_*", "MATLABPATH", "TCL_LIBRARY", "TK_LIBRARY", "TEXINPUTS", "TEXMF*", "LUAINPUTS",
    "IRBRC", "PRYRC", "IPYTHONDIR", "MPLBACKEND", "SQLPATH", "SQLCMD*", "PERL_*", "OMP_TOOL*", "OMPI_*", "PMIX_*", "PRTE_*", "LIBGUESTFS_*",
    "RUBYSHELL", "RUBYPATH", "JRUBY_*", "TRUFFLERUBYOPT", "GDBINIT", "DEBUGINFOD_*", "COMPOSER_HOME", "HEX_MIRROR*",
    // Pagers, archivers and what else stands on every machine.
    "LESS", "LESSKEY*", "LESSEDIT", "LESSHISTFILE", "LESSMETA*", "MORE", "MOST_*", "LV", "BAT_*", "DELTA_*", "MANOPT", "MANROFFOPT",
    "GROFF_*", "SCREENRC", "SYSSCREENRC", "TMUX*", "XZ_OPT", "XZ_DEFAULTS", "GZIP", "BZIP", "BZIP2", "ZIPOPT", "UNZIP", "ZSTD_*",
    "RIPGREP_CONFIG_PATH", "ACKRC", "RSYNC_*", "SSH_SK_*", "SSH_AGENT_*", "GPG_*", "PINENTRY_*", "CVS_*", "SVN_*", "HGPLAIN*", "HGMERGE",
    "MAILRC", "MAILCAPS", "LYNX_*", "W3M_*", "WINEDLL*", "XMODIFIERS", "FONTCONFIG_*", "MAGICK_*",
    // Libraries that load parts of themselves.
    "GDK_PIXBUF_*", "GTK_*", "GTK2_*", "GTK3_*", "GIO_*", "GST_*", "QT_*", "QML*", "LIBGL_*", "VK_*", "OCL_ICD_*", "ALSA_*",
    "SDL_*", "__EGL_*", "__GLX_*", "KRB5_*", "KRB5CCNAME", "GSS_*", "SASL_*", "P11_KIT_*", "PKCS11_*", "ODBC*", "TNS_ADMIN", "LDAPCONF", "LDAPRC", "LDAPTLS_*",
    // What changes machines.
    "ANSIBLE_*", "SALT_*", "PUPPET_*", "VAGRANT_*", "PACKER_*", "TERRAGRUNT_*", "TG_*", "PULUMI_*", "KUBECTL_*", "HELM_*", "KUSTOMIZE_*",
    "COMPOSE_FILE", "COMPOSE_ENV_FILES", "BUILDX_*", "BUILDKIT_*", "CONTAINER_HOST", "CONTAINERS_*", "PODMAN_*",
];

/// Where a client that reads them sends a password that it reads as well, and whether it holds the other side to a certificate.
#[rustfmt::skip]
pub(super) const CLIENTS: Patterns = patterns![
    "PSQLRC", "PSQL_*", "PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSL*", "PGREQUIRE*", "PGCHANNELBINDING", "MYSQL_HOST",
    "MYSQL_HOME", "MYSQL_UNIX_PORT", "MYSQL_TEST_*", "LIBMYSQL_*", "REDISCLI_*", "CLICKHOUSE_HOST", "DATABRICKS_HOST",
    "SNOWFLAKE_HOST", "RUBYGEMS_HOST", "OP_CONNECT_*", "GL_HOST", "GITLAB_URI", "LANGFUSE_HOST", "P4*", "RCLONE_*", "MC_HOST_*", "TF_HTTP_*",
    "TF_REATTACH_*", "INFLUX_HOST", "ETCDCTL_*", "CONSUL_*", "NOMAD_*",
];

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        path::{Path, PathBuf},
    };

    use super::super::{refused_for_key, refused_for_value};

    /// What the source names and a project may set after all. The heads of tables, signals and the name of a zone stand in the
    /// same files.
    const MAY_BE_SET: &[(&str, &str)] = &[
        ("LANG", "how bars are drawn, and the language of every program"),
        ("LC_ALL", "the same"),
        ("LC_CTYPE", "the same"),
        ("NO_COLOR", "whether words are coloured"),
        ("SETTINGS", "no variable"),
        ("COMMAND", "no variable"),
        ("NAME", "no variable"),
        ("FROM", "no variable"),
        ("LIMITS", "no variable"),
        ("VARIABLE", "no variable"),
        ("ADDED", "no variable"),
        ("BY", "no variable"),
        ("RECIPIENT", "no variable"),
        ("KEY", "no variable"),
        ("UTC", "no variable"),
        ("INT", "no variable"),
        ("KILL", "no variable"),
        ("PIPE", "no variable"),
        ("ADDR", "the end of one"),
        ("CACERT", "the end of one"),
        ("NAMESPACE", "the end of one"),
        ("TOKEN", "the end of one"),
        ("BAO", "the beginning of some"),
        ("VAULT", "the beginning of some"),
        ("GET", "no variable"),
        ("POST", "no variable"),
        ("PUT", "no variable"),
        (
            "AWS_ACCESS_KEY_ID",
            "an account of the project's own, as of a test server; it counts where a source's table says so",
        ),
        ("AWS_SECRET_ACCESS_KEY", "the same"),
        ("AWS_SESSION_TOKEN", "the same"),
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() { sources(&path, found) } else { found.push(path) }
        }
    }

    /// The words in quotes that may be names of variables.
    fn names(code: &str) -> impl Iterator<Item = &str> {
        let is_name = |word: &&str| {
            let letters = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            word.len() > 1 && word.chars().all(letters) && word.starts_with(|c: char| !c.is_ascii_digit())
        };
        code.split(['"', '\n']).filter(is_name)
    }

    /// The names in all files that read the environment, each with the file. Which of them it is that a file reads cannot be
    /// told from its text alone, so all of them are meant.
    fn named_where_the_environment_is_read() -> BTreeMap<String, PathBuf> {
        let reads =
            ["env::var", "take_variable", "impl Fn(&str) -> Option<OsString>", "impl Fn(&str) -> Option<String>"];
        let (mut paths, mut found) = (Vec::new(), BTreeMap::new());
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
        let is_code = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        let is_test = |path: &&PathBuf| path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
        for path in paths.iter().filter(is_code).filter(|path| !is_test(path)) {
            let text = std::fs::read_to_string(path).expect("read");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            if reads.iter().any(|read| code.contains(read)) {
                found.extend(names(&code).map(|name| (name.to_owned(), path.clone())));
            }
        }
        found
    }

    #[test]
    fn every_variable_that_this_program_reads_is_none_of_a_projects() {
        let found = named_where_the_environment_is_read();
        for name in ["KEYCTL_HOME", "CREDENTIALS_DIRECTORY", "DISPLAY", "GITHUB_ACTIONS", "CLAUDECODE", "CODEX_HOME"] {
            assert!(found.contains_key(name), "the search does not find {name}");
        }
        let is_excepted = |name: &str| MAY_BE_SET.iter().any(|(excepted, _)| *excepted == name);
        let is_refused = |name: &str| {
            let variable = name.parse().expect("a name");
            // That one is a key.
            refused_for_value(&variable) && (refused_for_key(&variable) || name == "FNOX_AGE_KEY")
        };
        let free: Vec<_> = found.iter().filter(|(name, _)| !is_excepted(name) && !is_refused(name)).collect();
        assert!(free.is_empty(), "{free:#?}");
        let needless: Vec<_> =
            MAY_BE_SET.iter().filter(|(name, _)| !found.contains_key(*name) || is_refused(name)).collect();
        assert!(needless.is_empty(), "{needless:#?}");
    }

    #[test]
    fn what_tools_take_for_commands_or_code_is_no_text_of_a_projects_and_may_be_a_keys_name() {
        for name in [
            "GNUMAKEFLAGS",
            "MAKEFLAGS",
            "TAR_OPTIONS",
            "LESS",
            "PSQLRC",
            "PYTEST_ADDOPTS",
            "PYTEST_PLUGINS",
            "SCREENRC",
            "GDK_PIXBUF_MODULE_FILE",
            "ANSIBLE_LIBRARY",
            "COMPOSE_FILE",
            "PGHOST",
            "PGHOSTADDR",
            "MYSQL_HOST",
            "RESTIC_PASSWORD_COMMAND",
            "PUPPETEER_EXECUTABLE_PATH",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
            "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
            "HARNESS_PERL",
            "PYSPARK_PYTHON",
            "ASAN_SYMBOLIZER_PATH",
            "OMP_TOOL_LIBRARIES",
            "CUDA_INJECTION64_PATH",
            "HSA_TOOLS_LIB",
            "__EGL_VENDOR_LIBRARY_FILENAMES",
            "OPENSC_CONF",
            "LIBCLANG_PATH",
            "PRISMA_QUERY_ENGINE_LIBRARY",
            "CC_x86_64_unknown_linux_gnu",
            "TARGET_CC",
            "SWIFT_EXEC",
            "OMPI_MCA_plm_rsh_agent",
            "MIX_HOME",
            "JJ_CONFIG",
            "CustomBeforeMicrosoftCommonTargets",
            "PERL_CPANM_OPT",
            "AWS_DATA_PATH",
            "HTTPLIB2_CA_CERTS",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
            "HEX_UNSAFE_HTTPS",
            "TWINE_CERT",
            "RUBYGEMS_HOST",
            "TURBO_API",
            "MLFLOW_TRACKING_URI",
            "RESTIC_REPOSITORY",
            "RCLONE_CONFIG_X_HOST",
        ] {
            assert!(refused_for_value(&name.parse().expect("a name")), "{name}");
        }
        for name in ["PULUMI_ACCESS_TOKEN", "HELM_REPO_PASSWORD", "CONSUL_HTTP_TOKEN", "ANSIBLE_VAULT_PASSWORD"] {
            assert!(!refused_for_key(&name.parse().expect("a name")), "{name}");
        }
        for name in ["LESSON_API_KEY", "LESSON", "TARGET", "TEST_PLUGIN", "COMMAND", "GITHUB_CLIENT_ID", "GITHUB_TOKEN"]
        {
            assert!(!refused_for_value(&name.parse().expect("a name")), "{name}");
        }
        for name in [
            "DB_HOST",
            "PORT",
            "TF_VAR_region",
            "CUDA_VISIBLE_DEVICES",
            "USER_AGENT",
            "NODE_ENV",
            "API_VERSION",
            "TLS_CERT",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ] {
            assert!(!refused_for_value(&name.parse().expect("a name")), "{name}");
        }
    }
}
