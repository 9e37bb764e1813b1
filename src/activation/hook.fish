# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
function __keyctl_keep # NAME FLAG: remembers what a variable was; x: it was exported
    set -e -g __keyctl_was_$argv[1]
    if set -q -g $argv[1]
        set -g __keyctl_was_$argv[1] $argv[2] $$argv[1]
    end
    set -e -g $argv[1]
end
function __keyctl_back # NAME: makes a variable what it was
    set -l __keyctl_was __keyctl_was_$argv[1]
    set -l __keyctl_all $$__keyctl_was
    set -e -g $argv[1]
    switch "$__keyctl_all[1]"
        case x
            set -gx $argv[1] $__keyctl_all[2..-1]
        case -
            set -g $argv[1] $__keyctl_all[2..-1]
    end
    set -e -g $__keyctl_was
end
function __keyctl_ask # OPTIONS: asks keyctl and does what it answers, unseen by `fish_trace`
    set -l fish_trace
    test -x KEYCTL; or return 0
    set -l __keyctl_answer (KEYCTL hook-env fish $argv </dev/null | string collect)
    # Whoever is stopped half-way has not said all of it.
    string match -q '*#' -- $__keyctl_answer; and eval $__keyctl_answer
    return 0
end
function __keyctl_hook --on-event fish_prompt --on-variable PWD
    set -l __keyctl_status $status
    status is-command-substitution; or __keyctl_ask
    return $__keyctl_status
end
#= on
#= off
__keyctl_ask --off
functions -e __keyctl_keep __keyctl_back __keyctl_ask __keyctl_hook
