//! What a shell is told when somebody asks it to complete a word, and what the shells make of it.

use std::{fs, net::TcpListener, path::Path, process::Command};

use crate::{
    program::{Program, outcome},
    screen::Screen,
};

/// A set with two containers, one of which is an init container.
const SET: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: migrate, image: 'db:1'}]
      containers: [{name: web, image: 'web:1'}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
";

/// A home with two instances, one of which runs, and two contexts.
fn home(server: &str) -> Program {
    let program = Program::new();
    program.write("web.yaml", SET);
    program.write(
        ".kube/config",
        &format!(
            "current-context: kind-dev\n\
             contexts:\n\
             - {{name: kind-dev, context: {{cluster: k}}}}\n\
             - {{name: 'arn:aws:eks:1', context: {{cluster: k}}}}\n\
             clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\n"
        ),
    );
    assert_eq!(program.call("deploy web -f web.yaml --runtime sandbox").code, 0);
    program.write("web.yaml", &SET.replace("conf", "other"));
    assert_eq!(program.call("deploy web -f web.yaml").code, 0);
    let create = "instance create web-prod --definition web --runtime kind-dev -n shop";
    assert_eq!(program.call(create).code, 0);
    program
}

/// Asks for the words that fit at the end of a line, as a shell does.
fn asked(program: &Program, shell: &str, line: &str) -> Command {
    let mut words = vec!["--", "workloadctl"];
    words.extend(line.split(' '));
    let mut command = program.command(&words);
    command.env("WORKLOADCTL_COMPLETE", shell);
    command
}

#[test]
fn names_fit_where_they_are_taken() {
    let program = home("http://127.0.0.1:1");
    let mut told = String::new();
    for line in [
        "hist",
        "deploy ",
        "deploy web ",
        "delete web-p",
        "deploy web --image ",
        "deploy web --replicas ",
        "deploy web --set C",
        "deploy web --replace ",
        "deploy web -o ",
        "render --output=",
        "list -o ",
        "logs web ",
        "sandbox fail ",
        "sandbox fail -o ",
        "sandbox serve -o ",
        "history web -o j",
        "rollback web --to ",
        "render web --release ",
        "deploy web --revision ",
        "render --definition web --revision ",
        "diff web@",
        "diff --definition web@",
        "deploy x --definition w",
        "instance create ",
        "definition show ",
        "runtime use ",
        "list --context k",
        "deploy -n ",
        "deploy -f w",
        "deploy web --no-such-flag ",
    ] {
        let answer = outcome(asked(&program, "fish", line).output().unwrap());
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{line}");
        told += &format!("$ {line}\n{}\n", answer.stdout);
    }
    snapshot!(told, @"
    $ hist
    history	List the releases of an instance, the newest first, contacting no cluster

    $ deploy 
    web	Healthy, revision 2, sandbox
    web-prod	NotDeployed, kind-dev

    $ deploy web 
    web-prod	NotDeployed, kind-dev

    $ delete web-p
    web-prod	NotDeployed, kind-dev

    $ deploy web --image 
    migrate=	db:1, Deployment/web
    web=	web:1, Deployment/web

    $ deploy web --replicas 
    Deployment/web=	web

    $ deploy web --set C
    ConfigMap/other:	web

    $ deploy web --replace 
    ConfigMap/other	web
    Deployment/web	web

    $ deploy web -o 
    table
    json

    $ render --output=
    --output=yaml
    --output=json
    --output=name

    $ list -o 
    table
    wide
    json
    yaml
    name

    $ logs web 
    Deployment/web	web
    migrate	db:1, Deployment/web
    web	web:1, Deployment/web

    $ sandbox fail 
    Deployment/web	web

    $ sandbox fail -o 
    table
    json
    yaml

    $ sandbox serve -o 
    table
    json

    $ history web -o j
    json

    $ rollback web --to 
    2	ready, web revision 2, by tester@HOST
    1	ready, web revision 1, by tester@HOST

    $ render web --release 
    2	ready, web revision 2, by tester@HOST
    1	ready, web revision 1, by tester@HOST

    $ deploy web --revision 
    2	2 objects, web.yaml
    1	2 objects, web.yaml

    $ render --definition web --revision 
    2	2 objects, web.yaml
    1	2 objects, web.yaml

    $ diff web@
    web@2	ready, web revision 2, by tester@HOST
    web@1	ready, web revision 1, by tester@HOST

    $ diff --definition web@
    web@2	2 objects, web.yaml
    web@1	2 objects, web.yaml

    $ deploy x --definition w
    web	revision 2, 2 instances

    $ instance create 
    --file	Create the instances of a workload file, and store its definitions
    --definition	The definition [default: the one of the instance's name]
    --help	Print help (see more with '--help')
    --version	Print version
    --image	Set the image of a container, or of an image repository; NAME- drops the override
    --replicas	Set the replicas of an object; OBJECT- drops the override
    --patch	Merge partial objects of a file into those that they name; OBJECT- drops the override
    --set	Set one value of an object, in YAML; OBJECT:PATH- drops the override
    --runtime	The runtime: a context of the kubeconfig, or `sandbox`
    --namespace	The namespace
    --kubeconfig	The kubeconfig, instead of KUBECONFIG or ~/.kube/config
    --db	The database, instead of WORKLOADCTL_DB or the one in the configuration folder
    --output	The form of the answer
    --quiet	Say nothing but the answer and errors
    --verbose	Show requests with status and time; -vv shows bodies too, Secret values masked
    --color	When to use colours
    --progress	How to show progress on stderr
    --request-timeout	How long one request may take [default: 30s, status: 5s]
    --yes	Answer every question with yes

    $ definition show 
    web	revision 2, 2 instances

    $ runtime use 
    kind-dev	1 instance, current, http://127.0.0.1:1
    arn:aws:eks:1	0 instances, http://127.0.0.1:1
    sandbox	1 instance

    $ list --context k
    kind-dev	1 instance, current, http://127.0.0.1:1

    $ deploy -n 
    shop	web-prod
    web	web

    $ deploy -f w
    web.yaml

    $ deploy web --no-such-flag 
    web-prod	NotDeployed, kind-dev
    ");
}

#[test]
fn a_dash_asks_for_flags() {
    let program = Program::new();
    let flags = outcome(asked(&program, "fish", "history --a").output().unwrap());
    snapshot!(flags.stdout, @"--at	Only the release that was the newest at a time, in RFC 3339");
    let none = outcome(asked(&program, "fish", "history ").output().unwrap());
    assert!(none.stdout.contains("--at\t"), "{}", none.stdout);
}

#[test]
fn each_shell_is_told_in_its_own_way() {
    let program = home("http://127.0.0.1:1");
    let mut told = String::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = asked(&program, shell, "runtime use ").output().unwrap();
        told += &format!("{shell}\n{}\n", outcome(answer).stdout);
    }
    // What bash breaks in two it replaces from there; what it lists may say more.
    for (line, kind) in [("runtime use arn:aw", "9"), ("deploy ", "63"), ("deploy web-", "63")] {
        let mut command = asked(&program, "bash", line);
        command.env("WORKLOADCTL_COMPLETE_BREAKS", "=:").env("WORKLOADCTL_COMPLETE_TYPE", kind);
        told += &format!("bash, {kind}: {line}\n{}\n", outcome(command.output().unwrap()).stdout);
    }
    snapshot!(told, @r"
    bash
    kind-dev
    arn:aws:eks:1
    sandbox

    zsh
    kind-dev:1 instance, current, http://127.0.0.1:1
    arn\:aws\:eks\:1:0 instances, http://127.0.0.1:1
    sandbox:1 instance

    fish
    kind-dev	1 instance, current, http://127.0.0.1:1
    arn:aws:eks:1	0 instances, http://127.0.0.1:1
    sandbox	1 instance

    elvish
    kind-dev
    arn:aws:eks:1
    sandbox

    powershell
    kind-dev	1 instance, current, http://127.0.0.1:1
    arn:aws:eks:1	0 instances, http://127.0.0.1:1
    sandbox	1 instance

    bash, 9: runtime use arn:aw
    aws:eks:1

    bash, 63: deploy 
    web       (Healthy, revision 2, sandbox)
    web-prod  (NotDeployed, kind-dev)

    bash, 63: deploy web-
    web-prod
    ");
}

#[test]
fn nothing_is_made_and_no_cluster_is_asked() {
    let empty = Program::new();
    for line in ["deploy ", "runtime use ", "deploy -n ", "rollback web --to ", ""] {
        let answer = outcome(asked(&empty, "fish", line).output().unwrap());
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{line}");
    }
    assert_eq!(fs::read_dir(empty.home()).unwrap().count(), 0);

    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let program = home(&format!("http://{}", server.local_addr().unwrap()));
    for line in ["deploy ", "logs web-prod ", "runtime use ", "deploy web-prod --image "] {
        assert!(outcome(asked(&program, "fish", line).output().unwrap()).stdout.contains('\t'));
    }
    server.set_nonblocking(true).unwrap();
    assert_eq!(server.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_variable_alone_changes_nothing() {
    let program = Program::new();
    for shell in ["bash", "nonsense", ""] {
        let mut command = program.command(&["list"]);
        let answer = command.env("WORKLOADCTL_COMPLETE", shell).output().unwrap();
        assert_eq!(outcome(answer), program.call("list"), "{shell}");
    }
}

/// Starts a shell that finds the program and has read its completions.
fn shell(program: &Program, name: &str, arguments: &[&str]) -> Screen {
    let bin = program.home().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let link = bin.join("workloadctl");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_workloadctl"), link).unwrap();
    }
    // A shell that a person types into has a terminal of its own.
    let mut command = Command::new("setsid");
    command.args(["--ctty", name]);
    let path = format!("{}:/usr/bin:/bin", bin.display());
    command.args(arguments).env_clear().env("PATH", path).env("HOME", program.home());
    command.env("TERM", "xterm");
    command.env("XDG_CONFIG_HOME", program.home().join(".config")).current_dir(program.home());
    assert!(
        ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(name).exists()),
        "install {name}: `.ci/run test` does"
    );
    Screen::of(command, (40, 120))
}

/// Types a line as far as it goes, has it completed, and gives what the screen shows then.
fn completed(screen: &mut Screen, typed: &str, wanted: &str) -> String {
    screen.enter(typed);
    let shown = screen.until(wanted, |text| text.contains(wanted));
    // Ctrl-U: the next line begins anew.
    screen.enter("\u{15}");
    shown
}

#[test]
fn bash_completes() {
    let program = home("http://127.0.0.1:1");
    let mut bash = shell(&program, "bash", &["--norc", "--noprofile", "-i"]);
    bash.enter("PS1='ready> '; eval \"$(workloadctl completions bash)\"; clear\n");
    bash.until("a prompt", |text| text.lines().next() == Some("ready>"));
    completed(&mut bash, "workloadctl hist\t", "ready> workloadctl history");
    completed(&mut bash, "workloadctl delete web-\t", "ready> workloadctl delete web-prod");
    completed(&mut bash, "workloadctl runtime use a\t", "runtime use arn:aws:eks:1");
    completed(&mut bash, "workloadctl runtime use arn:aws:\t", "runtime use arn:aws:eks:1");
    completed(&mut bash, "workloadctl list --runtime=k\t", "list --runtime=kind-dev");
    completed(&mut bash, "workloadctl deploy web --image w\tweb:2\t", "--image web=web:2");
    let list =
        completed(&mut bash, "workloadctl deploy \t\t\t", "web-prod  (NotDeployed, kind-dev)");
    assert!(list.contains("web       (Healthy, revision 2, sandbox)"), "{list}");
    bash.enter("exit\n");
    assert_eq!(bash.end().0, 0);
}

#[test]
fn zsh_completes() {
    let program = home("http://127.0.0.1:1");
    let mut zsh = shell(&program, "zsh", &["-f", "-i"]);
    zsh.enter(
        "PS1='ready> '; autoload -U compinit; compinit -u; \
         source <(workloadctl completions zsh); clear\n",
    );
    zsh.until("a prompt", |text| text.lines().next() == Some("ready>"));
    completed(&mut zsh, "workloadctl hist\t", "ready> workloadctl history");
    completed(&mut zsh, "workloadctl delete web-\t", "ready> workloadctl delete web-prod");
    completed(&mut zsh, "workloadctl runtime use a\t", "runtime use arn:aws:eks:1");
    completed(&mut zsh, "workloadctl list --runtime=k\t", "list --runtime=kind-dev");
    completed(&mut zsh, "workloadctl deploy web --image w\tweb:2", "--image web=web:2");
    let list = completed(&mut zsh, "workloadctl deploy \t\t", "-- NotDeployed, kind-dev");
    assert!(list.contains("-- Healthy, revision 2, sandbox"), "{list}");
    zsh.enter("exit\n");
    assert_eq!(zsh.end().0, 0);
}

#[test]
fn fish_completes() {
    let program = home("http://127.0.0.1:1");
    let mut fish = shell(&program, "fish", &["--no-config", "-i"]);
    fish.enter(
        "function fish_prompt; echo -n 'ready> '; end; workloadctl completions fish | source; clear\n",
    );
    fish.until("a prompt", |text| text.lines().next() == Some("ready>"));
    completed(&mut fish, "workloadctl hist\t", "workloadctl history");
    completed(&mut fish, "workloadctl delete web-\t", "workloadctl delete web-prod");
    completed(&mut fish, "workloadctl runtime use a\t", "runtime use arn:aws:eks:1");
    completed(&mut fish, "workloadctl list --runtime=k\t", "list --runtime=kind-dev");
    completed(&mut fish, "workloadctl deploy web --image w\tweb:2", "--image web=web:2");
    let list = completed(&mut fish, "workloadctl deploy \t", "(NotDeployed, kind-dev)");
    assert!(list.contains("(Healthy, revision 2, sandbox)"), "{list}");
    fish.enter("exit\n");
    assert_eq!(fish.end().0, 0);
}

#[test]
fn the_files_are_what_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in
        [("bash", "workloadctl.bash"), ("zsh", "_workloadctl"), ("fish", "workloadctl.fish")]
    {
        let outcome = Program::new().call(&format!("completions {shell}"));
        let stored = fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            outcome.stdout == stored,
            "out of date: cargo run -- completions {shell} > completions/{file}"
        );
    }
}

#[test]
fn completions_open_nothing() {
    let program = Program::new();
    let outcome = program.call("completions bash --db /nonexistent/x --kubeconfig /nonexistent/y");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_dir(program.home()).unwrap().count(), 0);
}
