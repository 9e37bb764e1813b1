# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  unset -v "__keyctl_was_$1"
  if [[ -n ${!1+x} ]]; then printf -v "__keyctl_was_$1" %s "$2${!1}"; fi
  unset -v "$1"
}
__keyctl_back() { # NAME: makes a variable what it was
  local __keyctl_was=__keyctl_was_$1
  unset -v "$1"
  case ${!__keyctl_was-} in
    x*) export "$1=${!__keyctl_was#x}" ;;
    -*) printf -v "$1" %s "${!__keyctl_was#-}" ;;
  esac
  unset -v "$__keyctl_was"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers, unseen by `set -x`
  local __keyctl_answer
  [[ -x KEYCTL ]] || return 0
  __keyctl_answer=$(KEYCTL hook-env bash "$@" </dev/null) || return 0
  eval "$__keyctl_answer"
}
__keyctl_hook() {
  local __keyctl_status=$? __keyctl_flags=$-
  { set +xv; } 2>/dev/null
  __keyctl_ask
  [[ $__keyctl_flags != *v* ]] || set -v
  [[ $__keyctl_flags != *x* ]] || set -x
  # Where a failure ends the shell, this must be none.
  [[ $__keyctl_flags == *e* ]] || return "$__keyctl_status"
}
#= on
if [[ ${PROMPT_COMMAND[*]-} != *__keyctl_hook* ]]; then
  case $(declare -p PROMPT_COMMAND 2>/dev/null) in
    'declare -a'*) PROMPT_COMMAND=(__keyctl_hook ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"}) ;;
    *) PROMPT_COMMAND=__keyctl_hook${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND} ;;
  esac
fi
#= off
__keyctl_ask --off
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  'declare -a'*) PROMPT_COMMAND=("${PROMPT_COMMAND[@]/#__keyctl_hook/:}") ;;
  *) PROMPT_COMMAND=${PROMPT_COMMAND-} PROMPT_COMMAND=${PROMPT_COMMAND#__keyctl_hook} ;;
esac
unset -f __keyctl_keep __keyctl_back __keyctl_ask __keyctl_hook
