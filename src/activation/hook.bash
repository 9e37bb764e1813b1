# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with words, names and values, which are read as data: no text of it is run, and no command has a value in its
# text, where a trap could see it. All that works here has a name that no answer can set; `\builtin` passes by the user's
# aliases and functions.
__keyctl_is_text() { # NAME: whether a variable is no more than a text, or is none; `__keyctl_kind` says what else it is
  __keyctl_kind=
  \builtin declare -p "$1" >/dev/null 2>&1 || \builtin return 0
  __keyctl_kind=$(\builtin declare -p "$1")
  __keyctl_kind=${__keyctl_kind#declare -} __keyctl_kind=${__keyctl_kind%% *}
  [[ $__keyctl_kind == [x-] ]]
}
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  \builtin unset -v "__keyctl_was_$1"
  if ! __keyctl_is_text "$1"; then
    \builtin printf -v "__keyctl_was_$1" %s '!'
  elif [[ -n ${!1+x} ]]; then
    \builtin printf -v "__keyctl_was_$1" %s "$2${!1}"
  else
    \builtin return 0
  fi
  # Under `set -a` it would be passed on.
  \builtin export -n "__keyctl_was_$1"
}
__keyctl_may() { # NAME: makes room for a value, where nobody has made more than a text of the variable
  if __keyctl_is_text "$1" && \builtin unset -v "$1" 2>/dev/null; then \builtin return 0; fi
  case $__keyctl_kind in
    *r*) __keyctl_kind='read-only' ;;
    *n*) __keyctl_kind='another name for a variable' ;;
    *[aA]*) __keyctl_kind='an array' ;;
    *) __keyctl_kind='more than a text' ;;
  esac
  \builtin printf 'keyctl: this shell does not get `%s`: it is %s here\n' "$1" "$__keyctl_kind" >&2
  \builtin return 1
}
__keyctl_back() { # NAME: makes a variable what it was; one that the user has made read-only stays and is noted
  \builtin set -- "$1" "__keyctl_was_$1"
  if [[ ${!2-} == '!' ]] || { ! __keyctl_is_text "$1" && [[ $__keyctl_kind == *[aAn]* ]]; }; then
    \builtin unset -v "$2"
    \builtin return 0
  fi
  if [[ $__keyctl_kind == *r* ]] || ! \builtin unset -v "$1" 2>/dev/null; then
    \builtin printf 'keyctl: `%s` stays in this shell: it is read-only here\n' "$1" >&2
    __keyctl_stays+=,$1
  else
    case ${!2-} in
      x*) \builtin export "$1=${!2#x}" ;;
      -*) \builtin printf -v "$1" %s "${!2#-}"; \builtin export -n "$1" ;;
    esac
  fi
  \builtin unset -v "$2"
}
__keyctl_do() { # does what the lines of `__keyctl_answer` say: each has a word, a name and one thing more
  \builtin local __keyctl_at IFS=$' \n'
  __keyctl_answer=($__keyctl_answer)
  for ((__keyctl_at = 0; __keyctl_at + 2 < ${#__keyctl_answer[@]}; __keyctl_at += 3)); do
    case ${__keyctl_answer[__keyctl_at]} in
      keep) __keyctl_keep "${__keyctl_answer[__keyctl_at + 1]}" "${__keyctl_answer[__keyctl_at + 2]}" ;;
      give)
        if __keyctl_may "${__keyctl_answer[__keyctl_at + 1]}"; then
          \builtin export "${__keyctl_answer[__keyctl_at + 1]}="
          \builtin printf -v "${__keyctl_answer[__keyctl_at + 1]}" %b "${__keyctl_answer[__keyctl_at + 2]#=}"
        fi ;;
      back) __keyctl_back "${__keyctl_answer[__keyctl_at + 1]}" ;;
      remove) \builtin unset -v "${__keyctl_answer[__keyctl_at + 1]}" ;;
    esac
  done
  [[ -z $__keyctl_stays ]] || \builtin export "KEYCTL_INJECTED=${KEYCTL_INJECTED:+$KEYCTL_INJECTED,}${__keyctl_stays#,}"
}
__keyctl_leave() { # brings back what was, where keyctl is gone; what the user has changed meanwhile nobody can tell then
  \builtin local IFS=';' __keyctl_one __keyctl_left=,${KEYCTL_INJECTED-}, __keyctl_given
  __keyctl_given=(${KEYCTL_ACTIVE-}) __keyctl_given=${__keyctl_given[4]-}
  IFS=,
  for __keyctl_one in $__keyctl_given; do
    __keyctl_one=${__keyctl_one%%=*}
    [[ $__keyctl_one == [A-Za-z_]* && $__keyctl_one != *[!A-Za-z0-9_]* ]] || \builtin continue
    __keyctl_back "$__keyctl_one"
    __keyctl_left=${__keyctl_left/,$__keyctl_one,/,}
  done
  [[ -z $__keyctl_given ]] || \builtin printf 'keyctl: `%s` is gone, and with it what it gave this shell\n' PROGRAM >&2
  \builtin unset -v KEYCTL_ACTIVE KEYCTL_INJECTED
  __keyctl_left+=${__keyctl_stays#,}
  __keyctl_left=${__keyctl_left#,} __keyctl_left=${__keyctl_left%,}
  [[ -z $__keyctl_left ]] || \builtin export "KEYCTL_INJECTED=$__keyctl_left"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers
  \builtin local __keyctl_answer __keyctl_kind __keyctl_stays=
  if [[ ! -x PROGRAM ]]; then
    [[ -z ${KEYCTL_ACTIVE-} ]] || __keyctl_leave
    \builtin return 0
  fi
  __keyctl_answer=$(PROGRAM hook-env bash "$@" </dev/null) || \builtin return 0
  # Whoever is stopped half-way has not said all of it.
  [[ $__keyctl_answer != *'#' ]] || __keyctl_do
  \builtin return 0
}
__keyctl_hook() { # unseen by `set -x`, and by traps that are for functions too
  \builtin set -- "$?" "$-" ''
  ! \builtin shopt -q extdebug || \builtin set -- "$1" "$2" d
  { \builtin set +xvTE; \builtin shopt -u extdebug; } 2>/dev/null
  __keyctl_ask
  [[ -z $3 ]] || \builtin shopt -s extdebug
  [[ $2 == *T* ]] || \builtin set +T
  [[ $2 == *E* ]] || \builtin set +E
  [[ $2 != *E* ]] || \builtin set -E
  [[ $2 != *T* ]] || \builtin set -T
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
\builtin unset -f __keyctl_is_text __keyctl_keep __keyctl_may __keyctl_back __keyctl_do __keyctl_leave __keyctl_ask __keyctl_hook
