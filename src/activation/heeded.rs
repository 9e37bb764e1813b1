//! Variables that a shell itself heeds: what it expands, shows, runs, loads from or computes with while it stands at its prompt.
//!
//! A project's variables are for the programs that a shell starts. A program gets them once and in its environment, but what a
//! shell heeds works at once, in the user's own shell, and on all that is typed there. So these lists are the whole of what
//! the manual of each shell names, and of what it sets itself, whether anything bad is known of a name or not. What the language
//! is (`LANG`, `LC_*`) is left out: it is of every program, and projects set it. A name that begins with `_` is one of the
//! functions that a shell or its user has loaded: completions run some of those.

use super::Shell;

/// Bash's manual, "Shell Variables", and what it heeds for what it has in common with others. All that begins with `BASH` or `_`
/// beside them.
const OF_BASH: &str = "\
    CDPATH HOME IFS MAIL MAILPATH OPTARG OPTIND PATH PS1 PS2 \
    _* BASH* CHILD_MAX COLUMNS COMP_CWORD COMP_KEY COMP_LINE COMP_POINT COMP_TYPE COMP_WORDBREAKS \
    COMP_WORDS COMPREPLY COPROC DIRSTACK EMACS ENV EPOCHREALTIME EPOCHSECONDS EUID EXECIGNORE \
    FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE GLOBSORT GROUPS histchars HISTCMD HISTCONTROL \
    HISTFILE HISTFILESIZE HISTIGNORE HISTSIZE HISTTIMEFORMAT HOSTFILE HOSTNAME HOSTTYPE IGNOREEOF \
    INPUTRC INSIDE_EMACS LINENO LINES MACHTYPE MAILCHECK MAPFILE OLDPWD OPTERR OSTYPE \
    PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS3 PS4 PWD RANDOM \
    READLINE_ARGUMENT READLINE_LINE READLINE_MARK READLINE_POINT REPLY SECONDS SHELL SHELLOPTS SHLVL \
    SRANDOM TIMEFORMAT TMOUT TMPDIR UID auto_resume ignoreeof nolinks glob_dot_filenames \
    allow_null_glob_expansion noclobber TEXTDOMAIN TEXTDOMAINDIR \
    EDITOR VISUAL TERM TERMCAP TERMINFO TERMINFO_DIRS LS_COLORS";

/// zsh's manual, "Parameters Set By The Shell" and "Parameters Used By The Shell", its hooks, and the parameters of its
/// modules but for those of its line editor and its completion: what these have while they work hides what there is outside.
/// All that begins with `ZSH_`, `zle_` or `_` beside them.
const OF_ZSH: &str = "\
    ARGC argv status pipestatus _* CPUTYPE EGID EUID ERRNO FUNCNEST GID HISTCMD HOST \
    LINENO LOGNAME MACHTYPE OLDPWD OPTARG OPTIND OSTYPE PPID PWD RANDOM SECONDS SHLVL \
    signals TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT TTY TTYIDLE UID USERNAME VENDOR zsh_* ZSH ZSH_* \
    ARGV0 BAUD cdpath CDPATH COLUMNS CORRECT_IGNORE CORRECT_IGNORE_FILE DIRSTACKSIZE ENV FCEDIT \
    fignore FIGNORE fpath FPATH histchars HISTCHARS HISTFILE HISTORY_IGNORE HISTSIZE HOME IFS \
    KEYBOARD_HACK KEYTIMEOUT LINES LISTMAX LOGCHECK MAIL MAILCHECK mailpath MAILPATH manpath \
    MANPATH match MATCH mbegin MBEGIN mend MEND module_path MODULE_PATH NULLCMD path PATH \
    PERIOD POSTEDIT prompt PROMPT PROMPT2 PROMPT3 PROMPT4 PROMPT_EOL_MARK PS1 PS2 PS3 PS4 \
    psvar PSVAR READNULLCMD REPORTMEMORY REPORTTIME REPLY reply RPROMPT RPS1 RPROMPT2 RPS2 \
    SAVEHIST SHELL SPROMPT STTY TERM TERMCAP TERMINFO TERMINFO_DIRS TIMEFMT TMOUT TMPPREFIX \
    TMPSUFFIX watch WATCH WATCHFMT WORDCHARS ZBEEP ZDOTDIR zle_* ZLE_* COLORTERM EDITOR VISUAL \
    chpwd_functions periodic_functions precmd_functions preexec_functions zshaddhistory_functions zshexit_functions \
    aliases builtins commands dirstack dis_* \
    EPOCHREALTIME EPOCHSECONDS epochtime errnos funcfiletrace funcsourcetrace funcstack functions \
    functions_source functrace galiases history historywords jobdirs jobstates jobtexts keymaps \
    langinfo mapfile modules nameddirs options parameters patchars prompt_* reswords saliases \
    SRANDOM sysparams termcap terminfo userdirs usergroups widgets ZFTP_* ZCALC_* zcalc_* vcs_info*";

/// fish's manual, "Special variables" and those of its prompts and its own functions.
const OF_FISH: &str = "\
    fish_* _* FISH_DEBUG FISH_DEBUG_OUTPUT FISH_VERSION version argv argv_path status \
    status_generation pipestatus history hostname last_pid umask dirprev dirnext \
    CMD_DURATION COLUMNS LINES EUID HOME IFS PATH CDPATH MANPATH PWD OLDPWD SHELL SHLVL \
    USER BROWSER EDITOR VISUAL PAGER TERM TERMINFO TERMINFO_DIRS COLORTERM INSIDE_EMACS \
    XDG_* TMPDIR LS_COLORS LOCPATH";

/// What `PowerShell` documents in `about_Environment_Variables` and reads of the environment beside; its own variables are in
/// another place there. Without regard to case, as on Windows.
const OF_POWERSHELL: &str = "\
    POWERSHELL_* PSMODULE* PSEXECUTIONPOLICYPREFERENCE PSDISABLEMODULEANALYSISCACHECLEANUP __PSLOCKDOWNPOLICY \
    __PSAPPLOCKER* __PSDUMPAMSILOGCONTENT __SUPPRESSANSIESCAPESEQUENCES PSVERSIONTABLE PATH PATHEXT PWD COMSPEC \
    SYSTEMROOT WINDIR HOME HOMEDRIVE HOMEPATH USERPROFILE APPDATA LOCALAPPDATA PROGRAMFILES* \
    PROGRAMDATA ALLUSERSPROFILE PUBLIC TEMP TMP TMPDIR XDG_* TERM COLUMNS LINES SHELL \
    DOTNET_* COMPLUS_* CORECLR_* COR_*";

/// What nu documents under "Special variables" and "Environment", what its prompt is, and what it computes or keeps as something else
/// than text. Without regard to case, for it finds some of them so.
const OF_NU: &str = "\
    CONFIG NU NU_* CMD_DURATION_MS CURRENT_FILE ENV_CONVERSIONS FILE_PWD LAST_EXIT_CODE PROCESS_PATH \
    PROMPT_* TRANSIENT_PROMPT_* DIRS_LIST DIRS_POSITION PATH PATHEXT PWD OLDPWD SHLVL HOME \
    USERPROFILE EDITOR VISUAL LS_COLORS TERM XDG_* SHELL INPUT_METHOD POLARS_*";

/// Whether a shell itself heeds a variable of this name.
pub(super) fn by(shell: Shell, name: &str) -> bool {
    let among = |names: &str, name: &str| names.split(' ').any(|one| fits(one, name));
    match shell {
        Shell::Bash => among(OF_BASH, name),
        Shell::Zsh => among(OF_ZSH, name),
        Shell::Fish => among(OF_FISH, name),
        Shell::Powershell => among(OF_POWERSHELL, &name.to_ascii_uppercase()),
        Shell::Nu => among(OF_NU, &name.to_ascii_uppercase()),
    }
}

fn fits(one: &str, name: &str) -> bool {
    one.strip_suffix('*').map_or_else(|| one == name, |begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_expands_shows_runs_or_loads_from_is_heeded_and_what_programs_read_is_not() {
        let heeded: [(Shell, &[&str]); 5] = [
            (Shell::Bash, &["PS0", "PS2", "PROMPT_COMMAND", "BASH_ENV", "MAILPATH", "HISTFILE", "TMOUT", "TIMEFORMAT"]),
            (
                Shell::Zsh,
                &["RPROMPT", "PROMPT", "prompt", "psvar", "MODULE_PATH", "READNULLCMD", "STTY", "precmd_functions"],
            ),
            (
                Shell::Fish,
                &["fish_function_path", "fish_user_paths", "fish_trace", "fish_key_bindings", "__fish_config_dir"],
            ),
            (Shell::Powershell, &["PSModulePath", "PSExecutionPolicyPreference", "__PSLockdownPolicy", "PATHEXT"]),
            (Shell::Nu, &["PROMPT_COMMAND_RIGHT", "NU_LIB_DIRS", "ENV_CONVERSIONS", "config", "PWD", "Path"]),
        ];
        for (shell, names) in heeded {
            for name in names.iter().chain(&["PATH", "HOME"]) {
                assert!(by(shell, name), "{shell}: {name}");
            }
            for name in [
                "OPENAI_API_KEY",
                "LANG",
                "LC_ALL",
                "RUST_LOG",
                "FISH_API_KEY",
                "DATABASE_URL",
                "A",
                "PS5_KEY",
                "PSQL_URL",
            ] {
                assert!(!by(shell, name), "{shell}: {name}");
            }
        }
    }

    /// What a shell has set itself before anybody has said anything.
    #[cfg(unix)]
    fn sets(program: &str, words: &[&str]) -> Vec<String> {
        let ran = std::process::Command::new(program).args(words).env_clear().output().expect(program);
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        text.lines().map(str::to_owned).filter(|name| name.parse::<crate::name::VariableName>().is_ok()).collect()
    }

    // These shells are those of Unix.
    #[cfg(unix)]
    #[test]
    fn whatever_a_shell_sets_itself_is_heeded() {
        for (shell, words) in [
            (Shell::Bash, &["--norc", "--noprofile", "-c", "compgen -v"][..]),
            (
                Shell::Zsh,
                &[
                    "-fc",
                    "zmodload zsh/parameter zsh/zle zsh/terminfo zsh/system zsh/datetime; print -l ${(k)parameters}",
                ],
            ),
            (Shell::Fish, &["--no-config", "-c", "set -n"]),
        ] {
            let all = sets(shell.name(), words);
            assert!(all.iter().any(|name| name == "PATH"), "{shell}: {all:?}");
            let own: Vec<String> = all.into_iter().filter(|name| !by(shell, name)).collect();
            assert!(own.iter().all(|name| name.starts_with("LC_") || name == "LANG"), "{shell}: {own:?}");
        }
    }
}
