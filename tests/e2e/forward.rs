//! `forward` and `open`: from a free port of this machine to a ready pod. On the control plane
//! alone: in the sandbox nothing runs.

use std::{
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    os::unix::fs::PermissionsExt as _,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Outcome, Place};

const APP: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', ports: [{name: main, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: main}, {name: admin, port: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: none}, ports: [{port: 5432}]}
";

/// The program while it forwards.
struct Forwarding {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Forwarding {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads on until the line of a port, and gives the address that leads there.
    fn address(&mut self, way: &str) -> String {
        let mut lines = self.lines.by_ref().map(|line| line.unwrap());
        lines
            .find_map(|line| Some(line.strip_prefix(way)?.strip_prefix(" → ")?.to_owned()))
            .unwrap()
    }

    /// Ends it by a signal.
    fn end(self, signal: Signal) -> Outcome {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        Outcome::of("forward", self.child.wait_with_output().unwrap())
    }
}

/// Sends a line through a port, and gives what comes back.
fn answer(address: &str) -> String {
    let address = address.strip_prefix("http://").unwrap_or(address);
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.write_all(b"hello\n").unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    let mut said = String::new();
    connection.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn connections_reach_pods_that_are_ready_when_they_come() {
    let place = &Place::control_plane("forward");
    let name = place.instance("");
    place.write("app.yaml", APP);
    place.run(&format!("deploy {name} -f app.yaml")).expect(0);
    let mut running = Forwarding::start(place.command(&format!("forward {name} web")));
    let web = running.address("Service/web 80");
    assert!(web.starts_with("http://127.0.0.1:"), "{web}");
    let admin = running.address("Service/web 9000");
    assert!(admin.starts_with("127.0.0.1:"), "{admin}");
    assert_eq!([answer(&web), answer(&admin)], ["got hello\n", "got hello\n"]);
    // Other pods, the same port.
    place.run(&format!("deploy {name} --restart")).expect(0);
    assert_eq!(answer(&web), "got hello\n");
    let ended = running.end(Signal::INT);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn what_cannot_be_carried_is_said() {
    let place = &Place::control_plane("forward_nothing");
    let name = place.instance("");
    place.write("app.yaml", APP);
    place.run(&format!("deploy {name} -f app.yaml")).expect(0);
    let mut running = Forwarding::start(place.command(&format!("forward {name} :5432")));
    let other = running.address("Service/other 5432");
    let connection = TcpStream::connect(other).unwrap();
    let talk = BufReader::new(running.child.stderr.take().unwrap());
    let mut talk = talk.lines().map(|line| line.unwrap());
    assert!(talk.any(|line| line == "warning: Service/other has no ready pod"));
    drop(connection);
    assert_eq!(running.end(Signal::TERM).code, 0);
    let mut told = place.told(&format!("forward {name} nothing"));
    told += &place.told(&format!("forward {name} web:81"));
    snapshot!(told, @"
    $ workloadctl forward NAME nothing
    exit code 1
    --- stderr
    error: `NAME` has no Service/nothing
    hint: `workloadctl status NAME` shows what there is
    $ workloadctl forward NAME web:81
    exit code 1
    --- stderr
    error: no Service of `NAME` has TCP port 81
    hint: `workloadctl status NAME` shows what there is
    ");
}

#[test]
fn open_shows_the_first_address_of_http() {
    let place = &Place::control_plane("forward_open");
    let name = place.instance("");
    place.write("app.yaml", APP);
    place.run(&format!("deploy {name} -f app.yaml")).expect(0);
    let browser = place.write("bin/xdg-open", "#!/bin/sh\necho \"$1\" >\"${0%/*}/shown\"\n");
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.command(&format!("open {name}"));
    command.env("PATH", format!("{}:/usr/bin:/bin", browser.parent().unwrap().display()));
    let mut running = Forwarding::start(command);
    let web = running.address("Service/web 80");
    let shown = place.path("bin/shown");
    place.until("the browser", Duration::from_secs(30), || {
        std::fs::read_to_string(&shown).is_ok_and(|text| text == format!("{web}\n"))
    });
    assert_eq!(running.end(Signal::INT).code, 0);
}

#[test]
fn in_the_sandbox_nothing_runs() {
    let place = &Place::sandbox("forward");
    let name = place.instance("");
    place.write("app.yaml", APP);
    place.run(&format!("deploy {name} -f app.yaml")).expect(0);
    snapshot!(place.told(&format!("forward {name}")), @"
    $ workloadctl forward NAME
    exit code 2
    --- stderr
    error: `NAME` is in the RUNTIME, where nothing runs that could answer
    ");
}
