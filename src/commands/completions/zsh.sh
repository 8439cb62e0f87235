#compdef workloadctl
# Completes workloadctl in zsh: source <(workloadctl completions zsh)
_workloadctl() {
    local -a found open closed
    local one
    found=("${(@f)$(WORKLOADCTL_COMPLETE=zsh \
        workloadctl -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for one in $found; do
        # What goes on has no blank after it.
        if [[ ${${one//\\:/;}%%:*} == *[=/@\;] ]]; then
            open+=("$one")
        else
            closed+=("$one")
        fi
    done
    (( $#open )) && _describe -V workloadctl open -S ''
    (( $#closed )) && _describe -V workloadctl closed
}
if [[ $funcstack[1] == _workloadctl ]]; then
    _workloadctl "$@"
else
    compdef _workloadctl workloadctl
fi
