//! Manifests that are none: each has a sentence with its place, at once and in bounded memory.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        process::ExitStatusExt as _,
    },
    process::{Command, Stdio},
};

use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::{Pid, Signal, kill_process},
};

use crate::program::{Program, outcome};

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n";

#[test]
fn texts_that_are_no_manifests() {
    let program = Program::new();
    let write = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(program.home().join("bad")).unwrap();
        fs::write(program.home().join("bad").join(name), bytes).unwrap();
    };
    let utf16: Vec<u8> = CONF.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    write("a-latin1.yaml", b"a: caf\xe9\n");
    write("b-utf16.yaml", &utf16);
    write("c-nul.yaml", b"a: b\nc: \0\n");
    let mut told = program.call("render -f bad").shown("render -f bad");

    fs::remove_dir_all(program.home().join("bad")).unwrap();
    write("a-deep.yaml", format!("a: {}", "[".repeat(10_000)).as_bytes());
    write("b-deep.json", format!("{{\"a\":{}", "[".repeat(10_000)).as_bytes());
    write("c-bomb.yaml", bomb.as_bytes());
    write("d-template.yaml", b"a: {{ .Values.a }}\n");
    write("e-list.yaml", b"- a\n- b\n");
    write("f-no-kind.yaml", b"apiVersion: v1\nmetadata: {name: a}\n");
    write("g-broken.json", b"{\"a\": 1 \"b\": 2}\n");
    write("h-text.yaml", b"hello\n");
    told += "\n";
    told += &program.call("render -f bad").shown("render -f bad");
    snapshot!(told, @r#"
    $ workloadctl render -f bad
    exit code 2
    --- stderr
    error: bad/a-latin1.yaml is not a text: line 1 has bytes that are not UTF-8
    hint: `iconv -f ENCODING -t UTF-8 bad/a-latin1.yaml` decodes it, by the encoding that it has: WINDOWS-1252, ISO-8859-1
    error: bad/b-utf16.yaml is not a text: line 1 has a NUL byte
    hint: iconv -f UTF-16 -t UTF-8 bad/b-utf16.yaml
    error: bad/c-nul.yaml is not a text: line 2 has a NUL byte

    $ workloadctl render -f bad
    exit code 2
    --- stderr
    error: bad/a-deep.yaml:1:515: nested deeper than 512 levels
    error: bad/b-deep.json:1:517: nested deeper than 512 levels
    error: bad/c-bomb.yaml:2:22: aliases repeat too much: the document would grow out of all proportion
    error: bad/d-template.yaml:1:4: unfilled template `{{ .Values.a }}`
    hint: `helm template … | workloadctl deploy NAME -f -` fills in a chart
    error: bad/e-list.yaml:1:1: an object must be a mapping, this is a list
    error: bad/f-no-kind.yaml:1:1: an object without kind
    error: bad/g-broken.json:1:9: '"' stands where `,` or `}` should
    error: bad/h-text.yaml:1:1: an object must be a mapping, this is a text
    "#);
}

#[test]
fn files_that_are_no_texts() {
    let program = Program::new();
    program.write("set/k8s/a.yaml", CONF);
    symlink("..", program.home().join("set/k8s/loop")).unwrap();
    // Sparse: it takes no room.
    File::create(program.home().join("large.yaml")).unwrap().set_len(1 << 30).unwrap();
    program.write("some/a.yaml", CONF);
    symlink("nowhere", program.home().join("some/b.yaml")).unwrap();
    symlink("loop.yaml", program.home().join("some/loop.yaml")).unwrap();
    let lines = [
        "render -f set -o name",
        "render -f large.yaml",
        "render -f /dev/zero",
        "render -f some -f nothing.yaml",
    ];
    snapshot!(program.told(&lines), @"
    $ workloadctl render -f set -o name
    exit code 0
    --- stdout
    ConfigMap/conf

    $ workloadctl render -f large.yaml
    exit code 2
    --- stderr
    error: large.yaml is larger than 64 MB

    $ workloadctl render -f /dev/zero
    exit code 2
    --- stderr
    error: /dev/zero is larger than 64 MB

    $ workloadctl render -f some -f nothing.yaml
    exit code 2
    --- stderr
    error: there is no file or folder some/b.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`
    error: cannot read some/loop.yaml
      Too many levels of symbolic links (os error 40)
    error: there is no file or folder nothing.yaml
    hint: a source is a file, a folder, a Helm chart, a URL or `-`
    ");
}

/// What may not be read is told beside what else is wrong, and nothing of the folder is taken.
#[test]
fn files_that_may_not_be_read() {
    let program = Program::new();
    let bad = [
        ("some/b.yaml", CONF),
        ("some/a/c.yaml", CONF),
        ("some/d.yaml", "a: ["),
        ("some/e.yaml", CONF),
    ];
    for (name, text) in bad {
        program.write(name, text);
    }
    mknodat(CWD, program.home().join("some/pipe.yaml"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let forbid = |name: &str| {
        let path = program.home().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o0)).unwrap();
    };
    ["some/b.yaml", "some/a"].into_iter().for_each(forbid);
    let mut told = String::new();
    for line in [
        "render -f some",
        "render -f some/b.yaml",
        "deploy web -f some/b.yaml -f some/d.yaml --runtime sandbox",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        // For root all may be read, unless it gives that up.
        let mut command = Command::new("setpriv");
        if rustix::process::geteuid().is_root() {
            command.args(["--bounding-set", "-dac_override,-dac_read_search"]);
        }
        let given = program.command(&arguments);
        command.arg(given.get_program()).args(given.get_args()).env_clear();
        command.envs(given.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let output = command.current_dir(program.home()).output().unwrap();
        told += &outcome(output).shown(line);
        told += "\n";
    }
    snapshot!(told, @"
    $ workloadctl render -f some
    exit code 2
    --- stderr
    error: cannot read some/a
      Permission denied (os error 13)
    error: cannot read some/b.yaml
      Permission denied (os error 13)
    error: some/pipe.yaml is no file, and a folder gives its files
    hint: name it by itself: some/pipe.yaml

    $ workloadctl render -f some/b.yaml
    exit code 2
    --- stderr
    error: cannot read some/b.yaml
      Permission denied (os error 13)

    $ workloadctl deploy web -f some/b.yaml -f some/d.yaml --runtime sandbox
    exit code 2
    --- stderr
    error: cannot read some/b.yaml
      Permission denied (os error 13)
    ");
}

/// A pipe is waited for, as shells need it that make one of `<(…)`; a signal ends that.
#[test]
fn a_pipe_is_read_when_somebody_writes() {
    let program = Program::new();
    let path = program.home().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let start = || {
        let mut command = program.command(&["render", "-f", "pipe", "-o", "name"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let child = start();
    // Opened as soon as the program reads.
    fs::write(&path, CONF).unwrap();
    let told = outcome(child.wait_with_output().unwrap());
    assert_eq!((told.code, &*told.stdout), (0, "ConfigMap/conf\n"), "{}", told.stderr);
    let child = start();
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.signal(), ended.stdout), (Some(2), Vec::new()));
    drop(writer);
}

/// The limits of what a refused input may cost (4 times its size and 64 MB), and of what an accepted
/// one does (12 times its size): those objects alone are kept that can be judged no sooner than the
/// whole set is known.
#[test]
fn memory_is_bounded() {
    let program = Program::new();
    let many = |count: u32, text: &str| -> String {
        (0..count).map(|n| format!("{}---\n", text.replace("conf", &format!("c{n}")))).collect()
    };
    let listed: Vec<String> = (0..60_000)
        .map(|n| {
            format!(
                "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"c{n}\"}}}}"
            )
        })
        .collect();
    let list = format!("{{\"items\":[{}],\"kind\":\"List\"}}", listed.join(","));
    let wrong = many(40_000, &format!("{CONF}datum: {{text: x}}\n"));
    let custom = wrong.replace("apiVersion: v1", "apiVersion: example.com/v1");
    let nested = format!("a: {}", "[x, ".repeat(1 << 20));
    for (name, text) in [
        ("many.yaml", many(100_000, CONF)),
        ("list.json", list),
        ("wrong.yaml", wrong),
        ("gears.yaml", custom.replace("ConfigMap", "Gear") + GEARS),
        ("nested.yaml", nested),
    ] {
        program.write(name, &text);
    }
    File::create(program.home().join("large.yaml")).unwrap().set_len(1 << 30).unwrap();
    for (line, source, code) in [
        ("render web -o name -f", "many.yaml", 0),
        ("render web -o name -f", "list.json", 0),
        ("definition validate", "wrong.yaml", 2),
        ("definition validate", "gears.yaml", 2),
        ("render -f", "nested.yaml", 2),
        ("render -f", "large.yaml", 2),
        ("render -f", "/dev/zero", 2),
    ] {
        let size = fs::metadata(program.home().join(source)).unwrap().len() as usize;
        let bytes = match (source, code) {
            (_, 0) => 12 * size,
            // As much of it is read as shows that it is too large.
            ("/dev/zero", _) => (64 + 256) << 20,
            ("large.yaml", _) => 64 << 20,
            _ => (64 << 20) + 4 * size,
        };
        let script = format!(
            "ulimit -v {}; exec {} {line} {source}",
            (bytes >> 10) + (ADDRESSES << 10),
            env!("CARGO_BIN_EXE_workloadctl")
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(program.home());
        // Whoever runs the test has a database of their own.
        shell
            .env("HOME", program.home())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("WORKLOADCTL_DB");
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.chars().take(2000).collect();
        assert_eq!(output.status.code(), Some(code), "{line} {source}: {said}");
    }
}

/// What the program takes of addresses before it reads anything, in MB: its text, its stacks.
const ADDRESSES: usize = 128;

/// A definition of the kind Gear, which knows no field `datum`.
const GEARS: &str = "\
    apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata: {name: gears.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  \
    names: {plural: gears, singular: gear, kind: Gear}\n  versions:\n  - name: v1\n    served: true\n    \
    storage: true\n    schema: {openAPIV3Schema: {type: object}}\n";

#[test]
fn what_leads_nowhere_is_refused_before_anybody_is_asked() {
    let program = Program::new();
    program.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    for (line, expected) in [
        (
            "plan a -f a.yaml --runtime sandbox --out nodir/x",
            "error: cannot write nodir/x\n  No such file or directory (os error 2)\n",
        ),
        (
            "sandbox reset --yes --runtime kind-dev",
            "error: --runtime kind-dev: these commands are about the sandbox alone\n",
        ),
        ("sandbox serve -n shop", "error: --namespace: `sandbox serve` serves all namespaces\n"),
        (
            "import a -n shop --runtime sandbox --selector=",
            "error: --selector is empty\n\
             hint: `--all` takes all objects of the namespace\n",
        ),
    ] {
        let answer = program.call(line);
        assert_eq!((answer.code, &*answer.stderr), (2, expected), "{line}");
    }
}
