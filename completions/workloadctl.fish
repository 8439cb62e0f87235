# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_workloadctl_global_optspecs
    string join \n runtime= n/namespace= kubeconfig= db= o/output= q/quiet v/verbose color= progress= request-timeout= y/yes h/help V/version
end

function __fish_workloadctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_workloadctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_workloadctl_using_subcommand
    set -l cmd (__fish_workloadctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c workloadctl -n "__fish_workloadctl_needs_command" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_needs_command" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_needs_command" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_needs_command" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_needs_command" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "deploy" -d 'Deploy instances: apply what changed, wait until it is ready, remove what left the definition'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "plan" -d 'Show what a deploy would do, object by object'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "status" -d 'Show instances as they are on their clusters, and why they are not ready'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "logs" -d 'Show what the containers of an instance write'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "list" -d 'List instances from the database, contacting no cluster'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "render" -d 'Print the objects of manifests as they are read, or those of an instance as they would be sent'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "diff" -d 'Show what differs between releases, instances, revisions, manifests and what is live'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "history" -d 'List the releases of an instance, the newest first, contacting no cluster'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "rollback" -d 'Return an instance to what an earlier release of it was'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "delete" -d 'Delete instances with all their objects; their definitions stay'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "definition" -d 'Handle workload definitions: named sets of Kubernetes resources'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "instance" -d 'Handle workload instances: running copies of definitions'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "runtime" -d 'Handle runtimes: the contexts of your kubeconfig'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "db" -d 'Look after the database: check it, copy it, rebuild it, prune it'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "sandbox" -d 'Handle the sandbox: a Kubernetes API inside the program, for trying and rehearsing'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "import" -d 'Make a definition and an instance of what runs; write nothing to the cluster'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "init" -d 'Write a first workload file'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "schema" -d 'Print the JSON Schema of workload files'
complete -c workloadctl -n "__fish_workloadctl_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s f -l file -d 'Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder, .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a workload file, which names definitions and instances' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l values -d 'Render Helm charts with the values of a file; of several the last counts most' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l helm-set -d 'Render Helm charts with a value, as `helm --set` does' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l definition -d 'The definition, or NAME@N for its revision N [default: the instance\'s own, or one of the instance\'s name]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l revision -d 'The number of the definition\'s revision [default: the newest]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l like -d 'The revision that another instance runs: that of its last release that went well' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l image -d 'Set the image of a container, or of an image repository; NAME- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l replicas -d 'Set the replicas of an object; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l patch -d 'Merge partial objects of a file into those that they name; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l set -d 'Set one value of an object, in YAML; OBJECT:PATH- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l prune -d 'When to remove what left the definition' -r -f -a "after\t''
before\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l replace -d 'Delete an object and create it again where a change of it is not possible' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l conflicts -d 'What to do about fields that another manager holds [default: take those of persons, leave those of autoscalers, refuse all others]' -r -f -a "force\t''
yield\t''
fail\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l references -d 'What to do about references to objects that are neither in the set nor on the cluster' -r -f -a "warn\t''
error\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l validate -d 'What to do about mistakes in the objects: refuse, warn, or do not look' -r -f -a "strict\t''
warn\t''
ignore\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l max-parallel -d 'How many instances to work on at once' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l namespace-label -d 'Label a namespace that is made, such as pod-security.kubernetes.io/enforce=baseline' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l timeout -d 'How long each instance may take, from lock to end; 0 is for ever' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l lock-wait -d 'How long to wait while somebody else works on an instance [default: 0 on a terminal, else 5m]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l log-lines -d 'How many lines to show of the log of what is not ready; 0 is none' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l tolerate-restarts -d 'How often a container may restart before its pod counts as failed; what is missing has 30 s to appear, and after the first failure everything else 30 s to end' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l plan -d 'Do what `plan --out FILE` kept, where nothing of it moved since' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l diff -d 'How to show what changes in each object [default: unified on a terminal, else none]' -r -f -a "unified\t''
fields\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l all -d 'All instances, or those of --definition and on --runtime'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l with-overrides -d 'With --like: its overrides too, in place of the instance\'s own'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l restart -d 'Restart the pods, and run the Jobs again'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l adopt -d 'Take over objects that exist and are not ours, with what other tools left in them'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l new-cluster -d 'Go on although the runtime is another cluster than before'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l no-wait -d 'Return as soon as everything is sent'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l dry-run -d 'Show what would be done, and do nothing'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l rollback-on-failure -d 'Return to the last good release where this one fails or does not become ready in time'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l ask -d 'Show what would be done, ask, and do just that'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -l watch -d 'Deploy again whenever a file of the sources changes, until Ctrl-C'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand deploy" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s f -l file -d 'Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder, .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a workload file, which names definitions and instances' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l values -d 'Render Helm charts with the values of a file; of several the last counts most' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l helm-set -d 'Render Helm charts with a value, as `helm --set` does' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l definition -d 'The definition, or NAME@N for its revision N [default: the instance\'s own, or one of the instance\'s name]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l revision -d 'The number of the definition\'s revision [default: the newest]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l like -d 'The revision that another instance runs: that of its last release that went well' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l image -d 'Set the image of a container, or of an image repository; NAME- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l replicas -d 'Set the replicas of an object; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l patch -d 'Merge partial objects of a file into those that they name; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l set -d 'Set one value of an object, in YAML; OBJECT:PATH- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l prune -d 'When to remove what left the definition' -r -f -a "after\t''
before\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l replace -d 'Delete an object and create it again where a change of it is not possible' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l conflicts -d 'What to do about fields that another manager holds [default: take those of persons, leave those of autoscalers, refuse all others]' -r -f -a "force\t''
yield\t''
fail\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l references -d 'What to do about references to objects that are neither in the set nor on the cluster' -r -f -a "warn\t''
error\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l validate -d 'What to do about mistakes in the objects: refuse, warn, or do not look' -r -f -a "strict\t''
warn\t''
ignore\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l max-parallel -d 'How many instances to work on at once' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l namespace-label -d 'Label a namespace that is made, such as pod-security.kubernetes.io/enforce=baseline' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l diff -d 'How to show what changes in each object [default: unified on a terminal, else none]' -r -f -a "unified\t''
fields\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l out -d 'Keep the plan in a file, for `deploy --plan`; it holds the values of Secrets' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l all -d 'All instances, or those of --definition and on --runtime'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l with-overrides -d 'With --like: its overrides too, in place of the instance\'s own'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l restart -d 'Restart the pods, and run the Jobs again'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l adopt -d 'Take over objects that exist and are not ours, with what other tools left in them'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l new-cluster -d 'Go on although the runtime is another cluster than before'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -l exit-code -d 'Exit with 4 if anything would change'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand plan" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s f -l file -d 'Show the instances of a workload file' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l timeout -d 'How long to wait; 0 is for ever' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s w -l watch -d 'Look on, until Ctrl-C: on a terminal in place, elsewhere a line for each change'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l wait -d 'Wait until everything is healthy'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l exit-code -d 'Exit with 3 unless everything is healthy and as it was deployed'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l ignore-drift -d 'Let --exit-code pass over what others changed'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -l drift -d 'Show what others changed since the last release, with values'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand status" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l since -d 'Only what was written in so much time' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l tail -d 'Only so many of the last lines of each container' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l grep -d 'Only lines in which a regular expression is found' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s f -l follow -d 'Go on with what is written, and with pods that come'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l previous -d 'What the runs before the present ones wrote'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l timestamps -d 'Begin each line with its time'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -l no-prefix -d 'Do not say who wrote a line'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand logs" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l definition -d 'Only instances of this definition' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand list" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l release -d 'The objects that this release of the instance sent' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l definition -d 'The objects of a stored definition, as they were read' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l revision -d 'The definition\'s revision [default: the newest]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s f -l file -d 'Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder, .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a workload file, which names definitions and instances' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l values -d 'Render Helm charts with the values of a file; of several the last counts most' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l helm-set -d 'Render Helm charts with a value, as `helm --set` does' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l validate -d 'What to do about mistakes in the objects: refuse, warn, or do not look' -r -f -a "strict\t''
warn\t''
ignore\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand render" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s f -l file -d 'Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder, .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a workload file, which names definitions and instances' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l values -d 'Render Helm charts with the values of a file; of several the last counts most' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l helm-set -d 'Render Helm charts with a value, as `helm --set` does' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l diff -d 'How the differences are shown' -r -f -a "unified\t''
fields\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l definition -d 'The sides are definitions: NAME or NAME@REVISION'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l newest -d 'Compare with what the next deploy of the instance would bring'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -l exit-code -d 'Exit with 4 if anything differs'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand diff" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l at -d 'Only the release that was the newest at a time, in RFC 3339' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand history" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l to -d 'The number of the release to return to' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l replace -d 'Delete an object and make it again where it cannot be changed in place' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l timeout -d 'How long each instance may take, from lock to end; 0 is for ever' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l lock-wait -d 'How long to wait while somebody else works on an instance [default: 0 on a terminal, else 5m]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l log-lines -d 'How many lines to show of the log of what is not ready; 0 is none' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l tolerate-restarts -d 'How often a container may restart before its pod counts as failed; what is missing has 30 s to appear, and after the first failure everything else 30 s to end' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l diff -d 'How to show what changes in each object [default: unified on a terminal, else none]' -r -f -a "unified\t''
fields\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l no-wait -d 'Return as soon as everything is sent'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -l dry-run -d 'Show what would be done, and do nothing'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand rollback" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s f -l file -d 'Delete the instances of a workload file, whoever depends on another first; then its definitions that no other instance runs' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l timeout -d 'How long each instance may take, from lock to end; 0 is for ever' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l lock-wait -d 'How long to wait while somebody else works on an instance [default: 0 on a terminal, else 5m]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l max-parallel -d 'How many instances to work on at once' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l no-wait -d 'Return as soon as everything is sent'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l forget -d 'Contact no cluster: only drop what is stored here, and list what may be left there'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l ignore-not-found -d 'Succeed where there is no such instance'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -l delete-crds -d 'Delete custom resource definitions although others have custom resources of them'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand delete" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "apply" -d 'Store manifests as the first or the next revision of a definition; contact no cluster'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "list" -d 'List definitions'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "show" -d 'Show a definition'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "history" -d 'List the revisions of a definition, the newest first, with the releases that brought them'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "validate" -d 'Say what is wrong with manifests; store nothing, and contact no cluster unless one is named'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and not __fish_seen_subcommand_from apply list show history validate delete" -f -a "delete" -d 'Delete definitions that have no instances'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s f -l file -d 'Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder, .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a workload file, which names definitions and instances' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l values -d 'Render Helm charts with the values of a file; of several the last counts most' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l helm-set -d 'Render Helm charts with a value, as `helm --set` does' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l validate -d 'What to do about mistakes in the objects: refuse, warn, or do not look' -r -f -a "strict\t''
warn\t''
ignore\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from apply" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l revision -d 'What it was in this revision; with -o yaml or json its objects' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l field -d 'Print one bare value of the JSON, such as revision' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from history" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l against -d 'Ask the server of this runtime too, by dry runs that store nothing' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from validate" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -l ignore-not-found -d 'Succeed where there is no such definition'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand definition; and __fish_seen_subcommand_from delete" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -f -a "create" -d 'Create an instance without deploying it; contact no cluster'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -f -a "list" -d 'List instances from the database, contacting no cluster'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -f -a "show" -d 'Show an instance from the database; contact no cluster'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and not __fish_seen_subcommand_from create list show delete" -f -a "delete" -d 'Delete instances with all their objects; their definitions stay'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s f -l file -d 'Create the instances of a workload file, and store its definitions' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l definition -d 'The definition [default: the one of the instance\'s name]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l image -d 'Set the image of a container, or of an image repository; NAME- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l replicas -d 'Set the replicas of an object; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l patch -d 'Merge partial objects of a file into those that they name; OBJECT- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l set -d 'Set one value of an object, in YAML; OBJECT:PATH- drops the override' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from create" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l definition -d 'Only instances of this definition' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l field -d 'Print one bare value of the JSON, such as namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s f -l file -d 'Delete the instances of a workload file, whoever depends on another first; then its definitions that no other instance runs' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l timeout -d 'How long each instance may take, from lock to end; 0 is for ever' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l lock-wait -d 'How long to wait while somebody else works on an instance [default: 0 on a terminal, else 5m]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l max-parallel -d 'How many instances to work on at once' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l no-wait -d 'Return as soon as everything is sent'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l forget -d 'Contact no cluster: only drop what is stored here, and list what may be left there'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l ignore-not-found -d 'Succeed where there is no such instance'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -l delete-crds -d 'Delete custom resource definitions although others have custom resources of them'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand instance; and __fish_seen_subcommand_from delete" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -f -a "list" -d 'List runtimes: the contexts of the kubeconfig; contact none'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -f -a "use" -d 'Choose the default runtime of new instances'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and not __fish_seen_subcommand_from list use check" -f -a "check" -d 'Ask runtimes for their version and for who you are there'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from use" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand runtime; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -f -a "check" -d 'Check that the database is whole and that nobody else may read it; write nothing'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -f -a "backup" -d 'Copy the database into a new file, while others may use it'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -f -a "rebuild" -d 'Fill the database from the records on a runtime'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and not __fish_seen_subcommand_from check backup rebuild prune" -f -a "prune" -d 'Remove releases and revisions that are too old to be needed'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from backup" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from rebuild" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l keep -d 'How many releases of each instance and revisions of each definition stay' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand db; and __fish_seen_subcommand_from prune" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and not __fish_seen_subcommand_from reset" -f -a "reset" -d 'Empty the sandbox: what was deployed to it is lost'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l from-helm -d 'Take the objects of a release of Helm' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s l -l selector -d 'Take the objects whose labels fit' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l definition -d 'The definition to make [default: the instance\'s name]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -l all -d 'Take all objects of the namespace'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand import" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l from -d 'Stored instances to write down, with their overrides' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s f -l file -d 'The file to write; - is standard output' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand init" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand schema" -s V -l version -d 'Print version'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l runtime -d 'The runtime: a context of the kubeconfig, or `sandbox`' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s n -l namespace -d 'The namespace' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l kubeconfig -d 'The kubeconfig, instead of KUBECONFIG or ~/.kube/config' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l db -d 'The database, instead of WORKLOADCTL_DB or the one in the configuration folder' -r -F
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s o -l output -d 'The form of the answer' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l progress -d 'How to show progress on stderr' -r -f -a "auto\t''
bars\t''
lines\t''
json\t''
none\t''"
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -l request-timeout -d 'How long one request may take [default: 30s, status: 5s]' -r
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s q -l quiet -d 'Say nothing but the answer and errors'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s v -l verbose -d 'Show requests with status and time; -vv shows bodies too, Secret values masked'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s y -l yes -d 'Answer every question with yes'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c workloadctl -n "__fish_workloadctl_using_subcommand completions" -s V -l version -d 'Print version'
