# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with words, names and values, which are read as data: no text of it is run, and no command has a value in its
# text, where a trap could see it. All that works here has a name that no answer can set; `\builtin` passes by the user's
# aliases and functions.
__keyctl_is_text() { # NAME: whether a variable is no more than a text, or is none; `__keyctl_kind` says what else it is
  \builtin emulate -L zsh
  __keyctl_kind=${(Pt)1-}
  [[ $__keyctl_kind == (|scalar(|-local)(|-export)) ]]
}
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  \builtin emulate -L zsh
  \builtin unset "__keyctl_was_$1"
  if ! __keyctl_is_text $1; then
    \builtin typeset -g "__keyctl_was_$1=!"
  elif [[ -v $1 ]]; then
    \builtin typeset -g "__keyctl_was_$1=$2${(P)1}"
  fi
}
__keyctl_may() { # NAME: makes room for a value, where nobody has made more than a text of the variable
  \builtin emulate -L zsh
  if __keyctl_is_text $1; then \builtin unset "$1"; \builtin return 0; fi
  case $__keyctl_kind in
    *readonly*) __keyctl_kind='read-only' ;;
    (array|association)*) __keyctl_kind='an array' ;;
    *tied*) __keyctl_kind='tied to an array' ;;
    *) __keyctl_kind='more than a text' ;;
  esac
  \builtin print -ru2 -- "keyctl: this shell does not get \`$1\`: it is $__keyctl_kind here"
  \builtin return 1
}
__keyctl_back() { # NAME: makes a variable what it was; one that the user has made read-only stays and is noted
  \builtin emulate -L zsh
  \builtin set -- "$1" "__keyctl_was_$1"
  __keyctl_is_text $1 || \builtin true
  if [[ ${(P)2-} == '!' || $__keyctl_kind == (array|association)* || $__keyctl_kind == *tied* ]]; then
    \builtin true
  elif [[ $__keyctl_kind == *readonly* ]]; then
    \builtin print -ru2 -- "keyctl: \`$1\` stays in this shell: it is read-only here"
    __keyctl_stays+=,$1
  else
    \builtin unset "$1"
    case ${(P)2-} in
      x*) \builtin export "$1=${${(P)2}#x}" ;;
      -*) \builtin typeset -g "$1=${${(P)2}#-}" ;;
    esac
  fi
  \builtin unset "$2"
}
__keyctl_leave() { # brings back what was, where keyctl is gone; what the user has changed meanwhile nobody can tell then
  \builtin emulate -L zsh
  \builtin local __keyctl_one __keyctl_left=,${KEYCTL_INJECTED-},
  \builtin local -a __keyctl_all
  __keyctl_all=("${(@s:;:)KEYCTL_ACTIVE}")
  for __keyctl_one in ${(s:,:)__keyctl_all[5]}; do
    __keyctl_one=${__keyctl_one%%=*}
    [[ $__keyctl_one == [A-Za-z_]* && $__keyctl_one != *[^A-Za-z0-9_]* ]] || \builtin continue
    __keyctl_back $__keyctl_one
    __keyctl_left=${__keyctl_left/,$__keyctl_one,/,}
  done
  [[ -z $__keyctl_all[5] ]] || \builtin print -ru2 -- 'keyctl: `'PROGRAM'` is gone, and with it what it gave this shell'
  \builtin unset KEYCTL_ACTIVE KEYCTL_INJECTED
  __keyctl_left=${${:-$__keyctl_left${__keyctl_stays#,}}#,}
  __keyctl_left=${__keyctl_left%,}
  [[ -z $__keyctl_left ]] || \builtin export "KEYCTL_INJECTED=$__keyctl_left"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers, unseen by `set -x` and by traps
  \builtin emulate -L zsh
  \builtin setopt no_xtrace no_verbose no_aliases local_traps
  \builtin trap - DEBUG ZERR
  \builtin local __keyctl_answer __keyctl_kind __keyctl_stays= __keyctl_at IFS=$' \n'
  if [[ ! -x PROGRAM ]]; then
    [[ -z ${KEYCTL_ACTIVE-} ]] || __keyctl_leave
    \builtin return 0
  fi
  __keyctl_answer=$(PROGRAM hook-env zsh "$@" </dev/null) || \builtin return 0
  # Whoever is stopped half-way has not said all of it.
  [[ $__keyctl_answer == *'#' ]] || \builtin return 0
  \builtin local -a __keyctl_all
  __keyctl_all=(${=__keyctl_answer})
  for ((__keyctl_at = 1; __keyctl_at + 2 <= $#__keyctl_all; __keyctl_at += 3)); do
    case $__keyctl_all[__keyctl_at] in
      keep) __keyctl_keep $__keyctl_all[__keyctl_at+1] $__keyctl_all[__keyctl_at+2] ;;
      give)
        if __keyctl_may $__keyctl_all[__keyctl_at+1]; then
          __keyctl_answer=${__keyctl_all[__keyctl_at+2]#=}
          \builtin export "$__keyctl_all[__keyctl_at+1]=${(g::)__keyctl_answer}"
        fi ;;
      back) __keyctl_back $__keyctl_all[__keyctl_at+1] ;;
      remove) \builtin unset $__keyctl_all[__keyctl_at+1] ;;
    esac
  done
  [[ -z $__keyctl_stays ]] || \builtin export "KEYCTL_INJECTED=${KEYCTL_INJECTED:+$KEYCTL_INJECTED,}${__keyctl_stays#,}"
  \builtin return 0
}
__keyctl_hook() {
  \builtin set -- $?
  __keyctl_ask
  # Where a failure ends the shell, this must be none.
  [[ -o err_exit ]] || \builtin return $1
}
__keyctl_stand() { # on, or not: among what the shell calls at its prompt; the user's options may have arrays mean something else
  \builtin emulate -L zsh
  \builtin typeset -ga precmd_functions chpwd_functions
  if [[ $1 != on ]]; then
    precmd_functions=(${precmd_functions:#__keyctl_hook})
    chpwd_functions=(${chpwd_functions:#__keyctl_hook})
    \builtin return 0
  fi
  if (( ! ${precmd_functions[(I)__keyctl_hook]} )); then precmd_functions=(__keyctl_hook $precmd_functions); fi
  if (( ! ${chpwd_functions[(I)__keyctl_hook]} )); then chpwd_functions+=(__keyctl_hook); fi
}
#= on
__keyctl_stand on
#= off
__keyctl_ask --off
__keyctl_stand off
\builtin unfunction __keyctl_is_text __keyctl_keep __keyctl_may __keyctl_back __keyctl_leave __keyctl_ask __keyctl_hook
\builtin unfunction __keyctl_stand
