# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
# What they work with is positional, which no answer can set; `\builtin` passes by the user's aliases and functions.
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  \builtin emulate -L zsh
  \builtin unset "__keyctl_was_$1"
  if [[ -v $1 ]]; then \builtin typeset -g "__keyctl_was_$1=$2${(P)1}"; fi
}
__keyctl_may() { # NAME: makes room for a value, where nobody has made the variable read-only
  \builtin emulate -L zsh
  if [[ ${(Pt)1-} != *readonly* ]]; then \builtin unset "$1"; \builtin return 0; fi
  \builtin print -ru2 -- "keyctl: this shell does not get \`$1\`: it is read-only here"
  \builtin return 1
}
__keyctl_back() { # NAME: makes a variable what it was
  \builtin emulate -L zsh
  \builtin set -- "$1" "__keyctl_was_$1"
  if [[ ${(Pt)1-} != *readonly* ]]; then
    \builtin unset "$1"
    case ${(P)2-} in
      x*) \builtin export "$1=${${(P)2}#x}" ;;
      -*) \builtin typeset -g "$1=${${(P)2}#-}" ;;
    esac
  fi
  \builtin unset "$2"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers, unseen by `set -x`
  \builtin emulate -L zsh
  \builtin setopt no_xtrace no_verbose no_aliases
  [[ -x KEYCTL ]] || \builtin return 0
  \builtin local __keyctl_answer
  __keyctl_answer=$(KEYCTL hook-env zsh "$@" </dev/null) || \builtin return 0
  \builtin eval "$__keyctl_answer" || \builtin return 0
}
__keyctl_hook() {
  \builtin set -- $?
  __keyctl_ask
  # Where a failure ends the shell, this must be none.
  [[ -o err_exit ]] || \builtin return $1
}
#= on
\builtin typeset -ga precmd_functions chpwd_functions
if (( ! ${precmd_functions[(I)__keyctl_hook]} )); then precmd_functions=(__keyctl_hook $precmd_functions); fi
if (( ! ${chpwd_functions[(I)__keyctl_hook]} )); then chpwd_functions+=(__keyctl_hook); fi
#= off
__keyctl_ask --off
precmd_functions=(${precmd_functions:#__keyctl_hook})
chpwd_functions=(${chpwd_functions:#__keyctl_hook})
\builtin unfunction __keyctl_keep __keyctl_may __keyctl_back __keyctl_ask __keyctl_hook
