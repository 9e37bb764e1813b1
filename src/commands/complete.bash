_FUNCTION() {
    local IFS=$'\013' words=() index=0 at word
    # Bash splits words at `=` and `:`; what belongs together is put together again, and what it kept is taken off.
    for at in "${!COMP_WORDS[@]}"; do
        word=${COMP_WORDS[at]}
        if [[ $at == "$COMP_CWORD" && ! $word =~ ^[=:]+$ ]]; then word=$2; fi
        if (( ${#words[@]} )) && [[ $word =~ ^[=:]+$ || ${words[${#words[@]} - 1]} =~ [=:]$ ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        if [[ $at == "$COMP_CWORD" ]]; then index=$(( ${#words[@]} - 1 )); break; fi
    done
    COMPREPLY=( $(_CLAP_IFS=$IFS _CLAP_COMPLETE_INDEX=$index VARIABLE=bash COMPLETER -- "${words[@]}" 2>/dev/null) )
    local current=${words[index]}
    COMPREPLY=( "${COMPREPLY[@]#"${current%"$2"}"}" )
    if [[ ${COMPREPLY-} =~ [=/:]$ ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o bashdefault -F _FUNCTION PROGRAM
