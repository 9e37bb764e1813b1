# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
# What they work with is positional, which no answer can set; `\builtin` passes by the user's aliases and functions.
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  \builtin unset -v "__keyctl_was_$1"
  if [[ -n ${!1+x} ]]; then
    \builtin printf -v "__keyctl_was_$1" %s "$2${!1}"
    # Under `set -a` it would be passed on.
    \builtin export -n "__keyctl_was_$1"
  fi
}
__keyctl_may() { # NAME: makes room for a value, where nobody has made the variable read-only
  if \builtin unset -v "$1" 2>/dev/null; then \builtin return 0; fi
  \builtin printf 'keyctl: this shell does not get `%s`: it is read-only here\n' "$1" >&2
  \builtin return 1
}
__keyctl_back() { # NAME: makes a variable what it was
  \builtin set -- "$1" "__keyctl_was_$1"
  if \builtin unset -v "$1" 2>/dev/null; then
    case ${!2-} in
      x*) \builtin export "$1=${!2#x}" ;;
      -*) \builtin printf -v "$1" %s "${!2#-}"; \builtin export -n "$1" ;;
    esac
  fi
  \builtin unset -v "$2"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers, unseen by `set -x`
  \builtin local __keyctl_answer
  [[ -x KEYCTL ]] || \builtin return 0
  __keyctl_answer=$(KEYCTL hook-env bash "$@" </dev/null) || \builtin return 0
  \builtin eval "$__keyctl_answer" || \builtin return 0
}
__keyctl_hook() {
  \builtin set -- "$?" "$-"
  { \builtin set +xv; } 2>/dev/null
  __keyctl_ask
  [[ $2 != *v* ]] || \builtin set -v
  [[ $2 != *x* ]] || \builtin set -x
  # Where a failure ends the shell, this must be none.
  [[ $2 == *e* ]] || \builtin return "$1"
}
#= on
if [[ ${PROMPT_COMMAND[*]-} != *__keyctl_hook* ]]; then
  case $(\builtin declare -p PROMPT_COMMAND 2>/dev/null) in
    'declare -a'*) PROMPT_COMMAND=(__keyctl_hook ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"}) ;;
    *) PROMPT_COMMAND=__keyctl_hook${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND} ;;
  esac
fi
#= off
__keyctl_ask --off
case $(\builtin declare -p PROMPT_COMMAND 2>/dev/null) in
  'declare -a'*) PROMPT_COMMAND=("${PROMPT_COMMAND[@]/#__keyctl_hook/:}") ;;
  *) PROMPT_COMMAND=${PROMPT_COMMAND-} PROMPT_COMMAND=${PROMPT_COMMAND#__keyctl_hook} ;;
esac
\builtin unset -f __keyctl_keep __keyctl_may __keyctl_back __keyctl_ask __keyctl_hook
