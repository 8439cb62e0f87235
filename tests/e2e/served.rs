//! `sandbox serve`: the sandbox on a port, for programs that know only a kubeconfig.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Child,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::harness::Place;

/// A sandbox that is served, until the value ends.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) kubeconfig: PathBuf,
}

impl Server {
    /// Serves the sandbox of a place on a free port.
    pub(crate) fn start(place: &Place) -> Self {
        let mut child = place.start("sandbox serve -o json");
        let mut answer = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        // The document ends with the brace that begins a line.
        while !text.ends_with("\n}\n") {
            assert!(answer.read_line(&mut text).unwrap() > 0, "no document: {text}");
        }
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["kind"], "SandboxServed");
        let text = |key: &str| document[key].as_str().unwrap().to_owned();
        Self { child, url: text("server"), kubeconfig: text("kubeconfig").into() }
    }

    /// A place whose program knows the server as a context of its kubeconfig.
    fn client(&self, place: &Place) -> Place {
        place.through(&self.kubeconfig, "served-sandbox")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

mod sandbox {
    use super::*;

    /// The program itself as a client over TLS, while the same file is used as runtime `sandbox`.
    #[test]
    fn both_ways_lead_to_the_same_objects() {
        let place = &Place::sandbox("served_both_ways");
        let server = Server::start(place);
        let mode = fs::metadata(&server.kubeconfig).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the token is the user's alone");
        let client = &server.client(place);
        let (within, without) = (place.instance("-a"), client.instance("-b"));
        place.example("web");
        client.example("web");
        // At once, each on its own way.
        let (one, two) = (
            place.start(&format!("deploy {within} -f web")),
            client.start(&format!("deploy {without} -f web")),
        );
        place.finish(one).expect(0);
        client.finish(two).expect(0);
        for (place, name) in [(client, &within), (place, &without)] {
            let path = format!("/apis/apps/v1/namespaces/{name}/deployments/web");
            let web = place.get(&path).unwrap();
            assert_eq!(web["status"]["readyReplicas"], web["spec"]["replicas"], "{name}");
        }
    }

    #[test]
    fn nobody_comes_in_without_the_token() {
        let place = &Place::sandbox("served_token");
        let server = Server::start(place);
        let text = fs::read_to_string(&server.kubeconfig).unwrap();
        let token = text.lines().find_map(|line| line.trim().strip_prefix("token: ")).unwrap();
        let path = place.write("other.kubeconfig", &text.replace(token, "wrong"));
        let stranger = place.through(&path, "served-sandbox");
        let failure = stranger.call(Request::get("/api/v1/namespaces")).unwrap_err();
        assert_eq!(failure.message(), "Unauthorized");
        let without = place.write("none.kubeconfig", &text.replace("token:", "username:"));
        let nobody = place.through(&without, "served-sandbox");
        assert_eq!(nobody.call(Request::get("/version")).unwrap_err().message(), "Unauthorized");
        server.client(place).call(Request::get("/version")).unwrap();
        // Plain HTTP gets nothing, and a connection that says nothing holds up nobody.
        let address = server.url.strip_prefix("https://").unwrap();
        let silent = TcpStream::connect(address).unwrap();
        let mut plain = TcpStream::connect(address).unwrap();
        plain.write_all(b"GET /version HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
        server.client(place).call(Request::get("/version")).unwrap();
        drop(silent);
    }

    #[test]
    fn it_ends_in_good_order() {
        let place = &Place::sandbox("served_end");
        for signal in [Signal::INT, Signal::TERM] {
            let mut server = Server::start(place);
            let client = server.client(place);
            let name = place.instance("-a");
            place.example("web");
            place.run(&format!("deploy {name} -f web")).expect(0);
            // With an answer that would go on for as long as the pods live.
            let mut follower = client.follow(&format!("logs {name} --follow"));
            assert!(follower.until(|line| line.contains("follow=true")), "a log is followed");
            server.signal(signal);
            let mut said = String::new();
            server.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(server.child.wait().unwrap().code(), Some(0), "{said}");
            assert!(!server.kubeconfig.exists(), "its kubeconfig goes with it");
            follower.kill();
        }
    }

    #[test]
    fn failures_are_made_on_demand() {
        let place = &Place::sandbox("served_fail");
        let name = place.instance("");
        place.example("web");
        place.run(&format!("sandbox fail deploy/web image-pull -n {name}")).expect(0);
        let deploy = format!("deploy {name} -f web --timeout 20s");
        let failed = place.run(&deploy).expect(3).stderr;
        assert!(failed.contains("cannot pull image"), "{failed}");
        let listed = place.run("sandbox fail -o json").expect(0).json();
        assert_eq!(
            listed["failures"],
            json!([{"namespace": name, "object": "Deployment/web", "failure": "image-pull"}])
        );
        // Another failure in its place, for the pods that come next.
        place.run(&format!("sandbox fail Deployment/web crash -n {name}")).expect(0);
        let restart = format!("deploy {name} --restart --timeout 20s");
        let failed = place.run(&restart).expect(3).stderr;
        assert!(failed.contains("ended with exit code 1"), "{failed}");
        let none = place.run(&format!("sandbox fail Deployment/web --clear -n {name}")).expect(0);
        assert_eq!(none.stdout, "NAMESPACE  OBJECT  FAILURE\n");
        place.run(&restart).expect(0);
        for (line, expected) in [
            ("sandbox fail Deployment/web", "how the pods of the object are to fail is missing"),
            ("sandbox fail web crash", "\"web\" does not name an object"),
            ("sandbox fail Service/web crash", "`Service` is no kind that makes pods"),
        ] {
            let told = place.run(line).expect(2).stderr;
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn an_object_that_is_to_fail_is_looked_for() {
        let place = &Place::sandbox("looked_for");
        let (one, two) = (place.instance("-a"), place.instance("-b"));
        place.example("web");
        let mut told = place.told("sandbox fail Deployment/web crash");
        place.run(&format!("deploy {one} -f web")).expect(0);
        // The only one of that name, in whatever namespace.
        told += &place.told("sandbox fail deployments.apps/web never-ready");
        place.run(&format!("deploy {one} --restart --timeout 3s")).expect(3);
        told += &place.told("sandbox fail Deployment/wbe crash");
        place.run(&format!("deploy {two} -f web")).expect(0);
        for line in [
            "fail Deployment/web crash".to_owned(),
            format!("fail {two}/Deployment/web crash"),
            format!("fail {two}/Deployment/web crash -n {one}"),
            // What is yet to be made, where its namespace is said.
            "fail Job/later oom -n nowhere".to_owned(),
            "fail Deployment/web --clear".to_owned(),
            format!("fail {two}/Deployment/web --clear"),
            "fail Deployment/web --clear".to_owned(),
            "fail Job/latre --clear".to_owned(),
            "fail Job/later --clear -n elsewhere".to_owned(),
            // All namespaces would go, not one.
            format!("reset --yes -n {one}"),
        ] {
            told += &place.told(&format!("sandbox {line}"));
        }
        snapshot!(told, @"
        $ workloadctl RUNTIME fail Deployment/web crash
        exit code 2
        --- stderr
        error: there is no object Deployment/web
          the RUNTIME has none of that name; -n NAMESPACE names one that is yet to be made
        $ workloadctl RUNTIME fail deployments.apps/web never-ready
        exit code 0
        --- stdout
        NAMESPACE  OBJECT  FAILURE
        NAME-a  Deployment/web  never-ready
        $ workloadctl RUNTIME fail Deployment/wbe crash
        exit code 2
        --- stderr
        error: there is no object Deployment/wbe
          the RUNTIME has none of that name; -n NAMESPACE names one that is yet to be made
        hint: write `Deployment/web`
        $ workloadctl RUNTIME fail Deployment/web crash
        exit code 2
        --- stderr
        error: Deployment/web may mean 2 objects
          NAME-a/Deployment/web
          NAME-b/Deployment/web
        hint: write `NAME-a/Deployment/web`
        $ workloadctl RUNTIME fail NAME-b/Deployment/web crash
        exit code 0
        --- stdout
        NAMESPACE  OBJECT  FAILURE
        NAME-a  Deployment/web  never-ready
        NAME-b  Deployment/web  crash
        $ workloadctl RUNTIME fail NAME-b/Deployment/web crash -n NAME-a
        exit code 2
        --- stderr
        error: NAME-b/Deployment/web is not in the namespace NAME-a of --namespace
        $ workloadctl RUNTIME fail Job/later oom -n nowhere
        exit code 0
        --- stdout
        NAMESPACE  OBJECT  FAILURE
        NAME-a  Deployment/web  never-ready
        NAME-b  Deployment/web  crash
        nowhere  Job/later  oom
        --- stderr
        there is no Job/later in namespace nowhere yet; its pods will fail
        $ workloadctl RUNTIME fail Deployment/web --clear
        exit code 2
        --- stderr
        error: Deployment/web may mean 2 objects
          NAME-a/Deployment/web
          NAME-b/Deployment/web
        hint: write `NAME-a/Deployment/web`
        $ workloadctl RUNTIME fail NAME-b/Deployment/web --clear
        exit code 0
        --- stdout
        NAMESPACE  OBJECT  FAILURE
        NAME-a  Deployment/web  never-ready
        nowhere  Job/later  oom
        $ workloadctl RUNTIME fail Deployment/web --clear
        exit code 0
        --- stdout
        NAMESPACE  OBJECT  FAILURE
        nowhere  Job/later  oom
        $ workloadctl RUNTIME fail Job/latre --clear
        exit code 2
        --- stderr
        error: no pods of Job/latre are asked to fail
        hint: write `Job/later`
        $ workloadctl RUNTIME fail Job/later --clear -n elsewhere
        exit code 2
        --- stderr
        error: no pods of Job/later are asked to fail
        hint: `workloadctl RUNTIME fail` lists those that are
        $ workloadctl RUNTIME reset --yes -n NAME-a
        exit code 2
        --- stderr
        error: --namespace: `RUNTIME reset` empties all namespaces
        hint: `workloadctl delete INSTANCE --runtime RUNTIME` deletes one instance
        ");
        place.run(&format!("deploy {one} --restart")).expect(0);
    }

    #[test]
    fn what_is_in_the_way_is_said() {
        let place = &Place::sandbox("served_taken");
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let told = place.run(&format!("sandbox serve --port {port}")).expect(1).stderr;
        snapshot!(told.replace(&port.to_string(), "PORT"), @"
        error: cannot listen on port PORT of 127.0.0.1
          another process listens on it
        hint: `--port` names another one; without it a free one is taken
        ");
        let kubeconfig = place.database().with_extension("sandbox.kubeconfig");
        assert!(!kubeconfig.exists());
        let server = Server::start(place);
        let home = place.path("").display().to_string();
        for command in ["sandbox serve", "sandbox reset --yes"] {
            let told = place.run(command).expect(1).stderr.replace(&home, "HOME/");
            snapshot!(told, @"
            error: the sandbox is being served already
              HOME/db/workloadctl.sandbox.kubeconfig is its kubeconfig
            ");
        }
        drop(server);
        // Whoever was killed has left a kubeconfig that means nothing.
        assert!(kubeconfig.exists());
        place.run("sandbox reset --yes").expect(0);
        assert!(!kubeconfig.exists());
    }
}
