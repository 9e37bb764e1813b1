# keyctl: the keys of the project that this shell stands in, for as long as it stands there.
# keyctl answers with calls of these functions and values in single quotes; no value is ever evaluated.
__keyctl_keep() { # NAME FLAG: remembers what a variable was; x: it was exported
  emulate -L zsh
  unset "__keyctl_was_$1"
  if [[ -v $1 ]]; then typeset -g "__keyctl_was_$1=$2${(P)1}"; fi
  unset "$1"
}
__keyctl_back() { # NAME: makes a variable what it was
  emulate -L zsh
  local __keyctl_was=__keyctl_was_$1
  unset "$1"
  case ${(P)__keyctl_was-} in
    x*) export "$1=${${(P)__keyctl_was}#x}" ;;
    -*) typeset -g "$1=${${(P)__keyctl_was}#-}" ;;
  esac
  unset "$__keyctl_was"
}
__keyctl_ask() { # OPTIONS: asks keyctl and does what it answers, unseen by `set -x`
  emulate -L zsh
  setopt no_xtrace no_verbose no_aliases
  local __keyctl_answer
  [[ -x KEYCTL ]] || return 0
  __keyctl_answer=$(KEYCTL hook-env zsh "$@" </dev/null) || return 0
  eval "$__keyctl_answer"
}
__keyctl_hook() {
  local __keyctl_status=$?
  __keyctl_ask
  # Where a failure ends the shell, this must be none.
  [[ -o err_exit ]] || return $__keyctl_status
}
#= on
typeset -ga precmd_functions chpwd_functions
if (( ! ${precmd_functions[(I)__keyctl_hook]} )); then precmd_functions=(__keyctl_hook $precmd_functions); fi
if (( ! ${chpwd_functions[(I)__keyctl_hook]} )); then chpwd_functions+=(__keyctl_hook); fi
#= off
__keyctl_ask --off
precmd_functions=(${precmd_functions:#__keyctl_hook})
chpwd_functions=(${chpwd_functions:#__keyctl_hook})
unfunction __keyctl_keep __keyctl_back __keyctl_ask __keyctl_hook
