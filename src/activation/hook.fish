# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
# `builtin` passes by functions that the user has put in the place of a command.
function __keyctl_keep # NAME FLAG: remembers what a variable was; x: it was exported
    builtin set -e -g __keyctl_was_$argv[1]
    if builtin set -q -g $argv[1]
        builtin set -l __keyctl_all $$argv[1]
        builtin set -l __keyctl_joined (builtin string join : -- $__keyctl_all | builtin string collect)
        # In quotes the parts of a path stand so, and those of a list with blanks between them.
        builtin set -q __keyctl_all[2]; and builtin test "$$argv[1]" = "$__keyctl_joined"
        and builtin set argv[2] $argv[2]p
        builtin set -g __keyctl_was_$argv[1] $argv[2] $__keyctl_all
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
        case xp
            builtin set -gx --path $argv[1] $__keyctl_all[2..-1]
        case -p
            builtin set -g --path $argv[1] $__keyctl_all[2..-1]
    end
    builtin set -e -g $__keyctl_was
end
function __keyctl_leave # brings back what was, where keyctl is gone; what the user has changed meanwhile nobody can tell then
    builtin set -l __keyctl_names
    for __keyctl_one in (builtin string split ',' -- (builtin string split ';' -- "$KEYCTL_ACTIVE")[5])
        builtin set -l __keyctl_one (builtin string split -m 1 '=' -- $__keyctl_one)[1]
        builtin string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $__keyctl_one; or continue
        builtin set -a __keyctl_names $__keyctl_one
        __keyctl_back $__keyctl_one
    end
    builtin set -l __keyctl_left
    for __keyctl_one in (builtin string split ',' -- "$KEYCTL_INJECTED")
        builtin contains -- $__keyctl_one $__keyctl_names; or builtin set -a __keyctl_left $__keyctl_one
    end
    builtin set -q __keyctl_names[1]
    and builtin echo 'keyctl: `'PROGRAM'` is gone, and with it what it gave this shell' >&2
    builtin set -e -g KEYCTL_ACTIVE
    builtin set -e -g KEYCTL_INJECTED
    builtin test -z "$__keyctl_left"; or builtin set -gx KEYCTL_INJECTED (builtin string join , -- $__keyctl_left)
end
function __keyctl_ask # OPTIONS: asks keyctl and does what it answers, unseen by `fish_trace`
    builtin set -l fish_trace
    if not builtin test -x PROGRAM
        builtin test -z "$KEYCTL_ACTIVE"; or __keyctl_leave
        return 0
    end
    builtin set -l __keyctl_answer (PROGRAM hook-env fish $argv </dev/null | builtin string collect)
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
builtin functions -e __keyctl_keep __keyctl_back __keyctl_leave __keyctl_ask __keyctl_hook
