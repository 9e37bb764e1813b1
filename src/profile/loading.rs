//! What has a program load or run other code than its own, where a key is for certain programs alone and that is one of them.
//!
//! What a project may not set for it ([`variables`](super::variables)) is a list of names, and each interpreter has more than any
//! list: so here whole families count as such, and beside them all that tools take for commands or code. Of both is let through
//! what is known to only say how or where something works, and what by its name is an API key. Where that is too strict the key's owner lets one through; where a list is too short nobody sees it.

use std::{ffi::OsStr, path::Path};

use super::variables::{COMMANDS, LOADS_CODE, Patterns, SHELLS_OWN, is_among, patterns};

/// Beside what a project may not set for it.
#[rustfmt::skip]
const FAMILIES: Patterns = patterns![
    // Interpreters, what runs bytecode, and their package managers; what a shim picks one by.
    "PERL*", "RUBY*", "DLN_LIBRARY_PATH", "BUNDLE_*", "GEM_*", "NODE_*", "YARN_*", "DENO_*", "BUN_*", "ELECTRON_*", "COREPACK_*", "TCL*", "LUA_*", "LUAROCKS_*",
    "R_*", "JAVA_*", "JDK_*", "MAVEN_*", "GRADLE_*", "GROOVY_*", "CATALINA_*", "DOTNET_*", "MONO_*", "COMPLUS_*", "MIX_*", "ELIXIR_*", "PIP_*", "UV_*",
    "COMPOSER*", "CONDARC", "PYENV_*", "RBENV_*", "ASDF_*", "MISE_*",
    // Compilers and build tools.
    "CARGO_*", "RUSTC*", "RUSTDOC*", "RUSTUP_*", "GOROOT", "GOPATH", "GOENV", "GOTOOLCHAIN", "GOCACHEPROG", "GOAUTH", "CGO_*", "*FLAGS", "MAKE", "MAKEFILES",
    "CC", "CXX", "LD", "CONFIG_SHELL", "CONFIG_SITE", "GCC_EXEC_PREFIX", "COMPILER_PATH", "CMAKE_TOOLCHAIN_FILE", "ESBUILD_BINARY_PATH",
    // Shells, and what stands in the way of a relative path.
    "FPATH", "CDPATH", "GLOBIGNORE", "EXECIGNORE", "MODULE_PATH", "FISH_*", "__FISH_*", "NU_LIB_DIRS", "NU_PLUGIN_DIRS", "NULLCMD", "READNULLCMD",
    // What starts others for its work, and where it is told which.
    "GIT_*", "HGRCPATH", "HGEDITOR", "LESS", "LESSKEY*", "MANOPT", "BROWSER", "VIM", "VIMRUNTIME", "VIMINIT", "EXINIT", "EMACSLOADPATH", "RSYNC_CONNECT_PROG",
    "CURL_HOME", "WGETRC", "CLOUDSDK_PYTHON*", "TF_CLI_*", "HELM_PLUGINS", "ANSIBLE_CONFIG", "ANSIBLE_LIBRARY", "ANSIBLE_*_PLUGINS",
    "*_OPTIONS", "*_OPTS", "*PAGER", "*_EDITOR", "*_RSH", "*_SSH", "*_SSH_COMMAND", "*_ASKPASS", "*_PASSWORD_COMMAND", "*_WRAPPER", "*_PRELOAD",
    // Modules of libraries.
    "*_MODULES", "*_MODULE_PATH", "*_MODULE_DIR", "*_PLUGINS", "*_PLUGIN_PATH", "*_PLUGIN_DIR", "*_DRIVERS_PATH", "*_TYPELIB_PATH",
    // Subcommands of others' making, and the settings that name programs.
    "*_EXTENSION_DIR", "*_EXTENSIONS_DIR", "*_ENABLE_EXTENSIONS", "*_EXTERNAL_DIFF", "DOCKER_CONFIG", "DOCKER_CLI_*", "GH_CONFIG_DIR",
    "GNUPGHOME", "IRBRC", "PRYRC", "IPYTHON*", "JUPYTER_*", "PSMODULEPATH", "NIX_PATH", "VALGRIND_LIB",
];

/// Of all, what only says how something works: containers, CI and users set it for everybody.
#[rustfmt::skip]
const HARMLESS: Patterns = patterns![
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONHASHSEED", "PYTHONFAULTHANDLER", "JULIA_NUM_THREADS",
    "NODE_ENV", "NODE_VERSION", "NODE_NO_WARNINGS", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "YARN_VERSION", "JAVA_VERSION", "RUBY_VERSION",
    "RUBY_GC_*", "RUBY_DOWNLOAD_*", "R_VERSION", "LUA_VERSION", "PERL_UNICODE", "PERL_BADLANG", "MIX_ENV", "CARGO_TERM_*", "CARGO_INCREMENTAL", "DOTNET_CLI_*",
    "DOTNET_NOLOGO", "DOTNET_VERSION", "DOTNET_RUNNING_IN_CONTAINER", "GIT_AUTHOR_*", "GIT_COMMITTER_*", "GIT_TERMINAL_PROMPT", "GIT_OPTIONAL_LOCKS",
    // Whom a program trusts, behind a company's proxy.
    "*_CAINFO", "*_CAPATH", "*_CAFILE", "*_CA_FILE", "*_CA_FILE_PATH", "*_CA_CERT", "*_CA_CERTS", "*_CACERT", "*_SSL_CERT_FILE", "*_SSL_CERT_DIR", "PIP_CERT", "DENO_CERT", "DENO_TLS_CA_STORE",
    // Where it works, and what it asks a person by.
    "XDG_*", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "KRB5CCNAME", "TNS_ADMIN", "HELM_NAMESPACE", "HELM_KUBECONTEXT", "PULUMI_STACK", "PULUMI_BACKEND_URL", "GPG_TTY", "GPG_AGENT_INFO", "SSH_AGENT_PID",
    "TMUX", "TMUX_PANE", "GTK_THEME", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "XMODIFIERS", "HGPLAIN", "PHP_VERSION", "GO111MODULE", "GOPRIVATE", "GONOPROXY",
    "GIT_BRANCH", "GIT_LOCAL_BRANCH", "GIT_COMMIT", "GIT_PREVIOUS_*", "GIT_URL", "PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_ROOT_USER_ACTION",
];

/// Of a family, what is an API key or goes with one.
const LIKE_KEYS: Patterns =
    patterns!["*_TOKEN", "*_KEY", "*_KEY_ID", "*_SECRET", "*_PASSWORD", "*_PASSPHRASE", "*_USERNAME"];

/// Whether this has a program, by its path without links, load or run other code than its own.
#[must_use]
pub fn loads_code(variable: &OsStr, program: &Path) -> bool {
    let name = variable.to_string_lossy();
    if name.eq_ignore_ascii_case(SHELLS_OWN) {
        return is_shell(program);
    }
    let is_of_one = || is_among(FAMILIES, &name) || is_among(COMMANDS, &name);
    let is_one = is_among(LOADS_CODE, &name) || (is_of_one() && !is_among(LIKE_KEYS, &name));
    is_one && !is_among(HARMLESS, &name)
}

fn is_shell(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    // Such as `bash.exe`, `ksh93` and `zsh-5.9`.
    let name = name.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    name.ends_with("sh") || name == "busybox"
}

#[cfg(test)]
mod tests {
    use super::{super::variables::refused_for_value, *};

    #[test]
    fn what_has_a_program_load_other_code_is_told_from_where_it_works_and_whom_it_trusts() {
        let loads = |name: &str| loads_code(OsStr::new(name), Path::new("/usr/bin/python3.11"));
        for name in [
            "LD_PRELOAD",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "PYTHONPATH",
            "NODE_OPTIONS",
            "BASH_ENV",
            "OPENSSL_CONF",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG",
            "GIT_SSH_COMMAND",
            "LESSOPEN",
            "EDITOR",
            "npm_config_node_options",
            "BUN_OPTIONS",
            "ERL_LIBS",
            "GUILE_LOAD_PATH",
            "GUILE_LOAD_COMPILED_PATH",
            "R_LIBS",
            "R_LIBS_USER",
            "TCLLIBPATH",
            "SSLKEYLOGFILE",
            "TCL_LIBRARY",
            "PERL_USE_UNSAFE_INC",
            "TAR_OPTIONS",
            "MAKEFLAGS",
            "SSH_ASKPASS",
            "BUNDLER_SETUP",
            "GIO_MODULE_DIR",
            "QT_PLUGIN_PATH",
            "SASL_PATH",
            "KRB5_CONFIG",
            "RIPGREP_CONFIG_PATH",
            "ELECTRON_RUN_AS_NODE",
            "PSQLRC",
            "FPATH",
            "CDPATH",
            "GIT_DIR",
            "SYSTEMD_PAGER",
        ] {
            assert!(loads(name) && refused_for_value(&name.parse().unwrap()), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "HTTPS_PROXY",
            "SSL_CERT_FILE",
            "PYTHONUNBUFFERED",
            "MALLOC_ARENA_MAX",
            "ENVIRONMENT",
            "ENV",
            "GIT_TOKEN",
            "GIT_AUTHOR_NAME",
            "GEM_HOST_API_KEY",
            "NODE_AUTH_TOKEN",
            "NODE_ENV",
            "RUBYGEMS_API_KEY",
        ] {
            assert!(!loads(name), "{name}");
        }
        for (shell, is_one) in [
            ("dash", true),
            ("bash", true),
            ("bash.exe", true),
            ("ksh93", true),
            ("zsh-5.9", true),
            ("busybox", true),
            ("python3.11", false),
            ("shasum", false),
            ("node", false),
        ] {
            assert_eq!(loads_code(OsStr::new("ENV"), Path::new(shell)), is_one, "{shell}");
        }
    }

    #[test]
    fn what_known_programs_take_for_code_is_left_out_and_whom_they_trust_is_not() {
        let loads = |name: &str| loads_code(OsStr::new(name), Path::new("/usr/bin/pass"));
        for name in [
            "PASSWORD_STORE_ENABLE_EXTENSIONS",
            "PASSWORD_STORE_EXTENSIONS_DIR",
            "DOCKER_CONFIG",
            "DOCKER_CLI_PLUGIN_EXTRA_DIRS",
            "PSModulePath",
            "GH_BROWSER",
            "GH_CONFIG_DIR",
            "KUBECTL_EXTERNAL_DIFF",
            "PYTEST_ADDOPTS",
            "GUNICORN_CMD_ARGS",
            "IRBRC",
            "PRYRC",
            "IPYTHONDIR",
            "JUPYTER_CONFIG_DIR",
            "SCREENRC",
            "GNUPGHOME",
            "HGMERGE",
            "TG_TF_PATH",
            "CCACHE_PREFIX",
            "GROFF_COMMAND_PREFIX",
            "ODBCSYSINI",
            "SSH_SK_PROVIDER",
            "JVM_ARGS",
            "ANT_ARGS",
            "GI_TYPELIB_PATH",
            "SBCL_HOME",
            "VALGRIND_LIB",
            "NIX_PATH",
        ] {
            assert!(loads(name), "{name}");
        }
        for name in [
            "GIT_SSL_CAINFO",
            "GIT_SSL_CAPATH",
            "PIP_CERT",
            "CARGO_HTTP_CAINFO",
            "NPM_CONFIG_CAFILE",
            "BUNDLE_SSL_CA_CERT",
            "VAULT_CACERT",
            "NODE_EXTRA_CA_CERTS",
            "NIX_SSL_CERT_FILE",
            "PGHOST",
            "PGSSLROOTCERT",
            "MYSQL_HOST",
            "PASSWORD_STORE_DIR",
            "DOCKER_HOST",
            "PULUMI_ACCESS_TOKEN",
            "HELM_REPO_PASSWORD",
            "GPG_TTY",
            "SSH_AUTH_SOCK",
        ] {
            assert!(!loads(name), "{name}");
        }
    }

    #[test]
    fn a_family_counts_for_a_program_though_a_project_may_set_one_of_it() {
        for name in [
            "R_HOME",
            "MY_TOOL_OPTIONS",
            "JAVA_OPTS",
            "NODE_V8_COVERAGE",
            "RUBY_ANYTHING",
            "CFLAGS",
            "DLN_LIBRARY_PATH",
        ] {
            assert!(loads_code(OsStr::new(name), Path::new("/usr/bin/x")), "{name}");
        }
        assert!(!refused_for_value(&"RUBY_ANYTHING".parse().unwrap()));
        // What a session has always, and what says where a program works: without that it would work elsewhere.
        for name in ["SHELL", "USER", "KUBECONFIG", "AWS_CONFIG_FILE", "AWS_PROFILE", "GOOGLE_APPLICATION_CREDENTIALS"]
        {
            assert!(!loads_code(OsStr::new(name), Path::new("/usr/bin/x")), "{name}");
        }
    }
}
