# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
# `builtin` passes by functions that the user has put in the place of a command.
function __keyctl_keep # NAME FLAG: remembers what a variable was; x: it was exported
    builtin set -e -g __keyctl_was_$argv[1]
    if builtin set -q -g $argv[1]
        builtin set -g __keyctl_was_$argv[1] $argv[2] $$argv[1]
    end
    builtin set -e -g $argv[1]
end
function __keyctl_back # NAME: makes a variable what it was
    builtin set -l __keyctl_was __keyctl_was_$argv[1]
    builtin set -l __keyctl_all $$__keyctl_was
    builtin set -e -g $argv[1]
    switch "$__keyctl_all[1]"
        case x
            builtin set -gx $argv[1] $__keyctl_all[2..-1]
        case -
            builtin set -g $argv[1] $__keyctl_all[2..-1]
    end
    builtin set -e -g $__keyctl_was
end
function __keyctl_ask # OPTIONS: asks keyctl and does what it answers, unseen by `fish_trace`
    builtin set -l fish_trace
    builtin test -x KEYCTL; or return 0
    builtin set -l __keyctl_answer (KEYCTL hook-env fish $argv </dev/null | builtin string collect)
    # Whoever is stopped half-way has not said all of it.
    builtin string match -q '*#' -- $__keyctl_answer; and builtin eval $__keyctl_answer
    return 0
end
function __keyctl_hook --on-event fish_prompt --on-variable PWD
    builtin set -l __keyctl_status $status
    builtin status is-command-substitution; or __keyctl_ask
    return $__keyctl_status
end
#= on
#= off
__keyctl_ask --off
builtin functions -e __keyctl_keep __keyctl_back __keyctl_ask __keyctl_hook
