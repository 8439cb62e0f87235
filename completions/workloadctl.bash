# Completes workloadctl in bash: eval "$(workloadctl completions bash)"
_workloadctl() {
    local line=${COMP_LINE:0:COMP_POINT} words=() word i
    COMPREPLY=()
    # Bash breaks words at = and : too; what no blank parts is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && word=$2
        if ((i > 0)) && [[ -n ${COMP_WORDS[i]} && $line != [[:blank:]]* ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        line=${line#"${line%%[![:blank:]]*}"}
        line=${line#"${COMP_WORDS[i]}"}
    done
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(WORKLOADCTL_COMPLETE=bash WORKLOADCTL_COMPLETE_TYPE=$COMP_TYPE \
        WORKLOADCTL_COMPLETE_BREAKS=$COMP_WORDBREAKS \
        workloadctl -- "${words[@]}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/@] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o default -o nosort -F _workloadctl workloadctl 2>/dev/null ||
    complete -o bashdefault -o default -F _workloadctl workloadctl
