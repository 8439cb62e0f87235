//! A place to test in: a home of its own, a backend, names that nobody else has, and the end of
//! everything that was deployed, whatever happens.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;
use workloadctl::{
    env::Env,
    testing::{
        Answer, Api, ConnectOptions, Connection, Failure, Fault, Kubeconfig, Request, RuntimeName,
        connect,
    },
};

use crate::{
    proxy::{Backend, Proxy},
    snapshot,
    storm::Storm,
};

/// Runs each test on both backends.
macro_rules! on_both {
    ($($(#[$doc:meta])* fn $name:ident($place:ident) $body:block)*) => {
        $(
            fn $name($place: &crate::harness::Place) $body
        )*
        mod sandbox {
            $(#[test] fn $name() { super::$name(&crate::harness::Place::sandbox(stringify!($name))) })*
        }
        mod control_plane {
            $(#[test] fn $name() { super::$name(&crate::harness::Place::control_plane(stringify!($name))) })*
        }
    };
}

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) line: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(line: &str, output: Output) -> Self {
        Self {
            line: line.to_owned(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// A backend with a home.
pub(crate) struct Place {
    home: TempDir,
    pub(crate) runtime: String,
    kubeconfig: Option<PathBuf>,
    test: String,
    name: String,
    instances: Mutex<Vec<String>>,
    /// What the program talks to in place of the backend.
    proxy: Option<Proxy>,
}

static COUNTER: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::disallowed_methods, reason = "the tester's environment, not the program's")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Place {
    /// A sandbox of the test's own.
    pub(crate) fn sandbox(test: &str) -> Self {
        Self::new(test, "sandbox".to_owned(), None)
    }

    /// The control plane that `tests/control-plane/run` started, or the tester's own context.
    pub(crate) fn control_plane(test: &str) -> Self {
        let kubeconfig = variable("KUBECONFIG").filter(|_| variable("WORKLOADCTL_E2E").is_some());
        let Some(kubeconfig) = kubeconfig else {
            panic!(
                "no cluster: run `tests/control-plane/run -- cargo test --test e2e`, or only the \
                 sandbox half: `cargo test --test e2e -- sandbox::`"
            );
        };
        let context =
            variable("WORKLOADCTL_TEST_CONTEXT").unwrap_or_else(|| "control-plane".to_owned());
        Self::new(test, context, Some(kubeconfig.into()))
    }

    fn new(test: &str, runtime: String, kubeconfig: Option<PathBuf>) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let short: String = test.replace('_', "-").chars().take(24).collect();
        let name = format!("{}-{:x}{number:x}", short.trim_end_matches('-'), std::process::id());
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join("db")).unwrap();
        let test = test.to_owned();
        Self { home, runtime, kubeconfig, test, name, instances: Mutex::default(), proxy: None }
    }

    /// Gives a place like this one with nothing in it; a sandbox is another one, a cluster is not.
    pub(crate) fn aside(&self) -> Self {
        Self::new(&self.test, self.runtime.clone(), self.kubeconfig.clone())
    }

    /// Gives a place like this one whose program reaches the backend through a faulty proxy, as
    /// context `faulty`. What the test itself asks goes past it.
    pub(crate) fn behind_proxy(&self) -> Self {
        let mut place = self.aside();
        place.proxy = Some(Proxy::start(async || {
            if self.runtime == "sandbox" {
                Backend::Sandbox(place.database().with_extension("sandbox.db"))
            } else {
                Backend::Server(Box::new(place.connection().await))
            }
        }));
        place.log_in("{}");
        place
    }

    /// Sets how the program logs in at the proxy: the kubeconfig's user.
    pub(crate) fn log_in(&self, user: &str) {
        let address = self.proxy.as_ref().unwrap().address;
        let text = format!(
            "current-context: faulty\n\
             contexts: [{{name: faulty, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\n\
             users: [{{name: u, user: {user}}}]\n"
        );
        self.write("faulty.kubeconfig", &text);
    }

    /// Names the backend, which is reached through the proxy, by several contexts, and a server that
    /// is not there by another one: many runtimes.
    pub(crate) fn contexts(&self, names: &[&str], gone: Option<&str>) {
        let address = self.proxy.as_ref().unwrap().address;
        let mut contexts = String::new();
        let there = names.iter().map(|name| (name, "there"));
        for (name, cluster) in there.chain(gone.iter().map(|name| (name, "gone"))) {
            writeln!(contexts, "- {{name: {name}, context: {{cluster: {cluster}, user: u}}}}")
                .unwrap();
        }
        let text = format!(
            "contexts:\n{contexts}clusters:\n\
             - {{name: there, cluster: {{server: 'http://{address}'}}}}\n\
             - {{name: gone, cluster: {{server: 'http://127.0.0.1:1'}}}}\n\
             users: [{{name: u, user: {{}}}}]\n"
        );
        self.write("faulty.kubeconfig", &text);
    }

    /// Makes these faults from now on; none: heals.
    pub(crate) fn faults(&self, faults: &[Arc<Fault>]) {
        self.proxy.as_ref().unwrap().set(faults.to_vec());
    }

    /// Lets every answer that the proxy passes on warn of something.
    pub(crate) fn warning(&self, text: &str) {
        self.proxy.as_ref().unwrap().warn(text);
    }

    /// Lets a storm blow before the backend; none: it is over.
    pub(crate) fn storm(&self, storm: Option<&Arc<Storm>>) {
        self.proxy.as_ref().unwrap().blow(storm.cloned());
    }

    /// Tells how many writes the proxy has that are not delivered.
    pub(crate) fn held_writes(&self) -> usize {
        self.proxy.as_ref().unwrap().writes()
    }

    /// Breaks every connection that the program has.
    pub(crate) fn cut(&self) {
        self.proxy.as_ref().unwrap().cut();
    }

    /// Gives another home on the same cluster: somebody else's database.
    pub(crate) fn elsewhere(&self) -> Self {
        let other = self.aside();
        if self.runtime == "sandbox" {
            let database = |place: &Self| place.database().with_extension("sandbox.db");
            std::os::unix::fs::symlink(database(self), database(&other)).unwrap();
        }
        other
    }

    /// Gives another home on a cluster under a context of a kubeconfig: somebody else's account,
    /// or another name of the same cluster.
    pub(crate) fn through(&self, kubeconfig: &Path, context: &str) -> Self {
        Self::new(&self.test, context.to_owned(), Some(kubeconfig.to_owned()))
    }

    /// Gives the kubeconfig of the control plane's users (tests/control-plane/README.md).
    pub(crate) fn users() -> PathBuf {
        variable("WORKLOADCTL_TEST_USERS").expect("the control plane's users").into()
    }

    /// Gives a name for an instance, which is deleted at the end.
    pub(crate) fn instance(&self, suffix: &str) -> String {
        let name = format!("{}{suffix}", self.name);
        self.instances.lock().unwrap().push(name.clone());
        name
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("db/workloadctl.db")
    }

    /// Writes a file into the home.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Copies an example of the repository into the home.
    pub(crate) fn example(&self, name: &str) -> PathBuf {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        let to = self.path(name);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        to
    }

    /// Loses the database and its locks, and nothing else: the sandbox beside it stays.
    pub(crate) fn lose_database(&self) {
        let _ = std::fs::remove_dir_all(format!("{}.locks", self.database().display()));
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.database().display()));
        }
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloadctl"));
        command
            .args(line.split_whitespace())
            .env_clear()
            .env("HOME", self.home.path())
            .env("USER", "tester")
            .env("WORKLOADCTL_DB", self.database())
            .env("WORKLOADCTL_RUNTIME", &self.runtime)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        if self.proxy.is_some() {
            command.env("KUBECONFIG", self.path("faulty.kubeconfig"));
            command.env("WORKLOADCTL_RUNTIME", "faulty");
        } else if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        command
    }

    pub(crate) fn run(&self, line: &str) -> Outcome {
        Outcome::of(line, self.command(line).output().unwrap())
    }

    /// Calls the program, and shows all that it answered.
    pub(crate) fn told(&self, line: &str) -> String {
        self.shown(&self.run(line))
    }

    /// Shows a whole answer for a snapshot, in words that are the same for every run and backend:
    /// names begin with NAME, and the backend is RUNTIME.
    pub(crate) fn shown(&self, outcome: &Outcome) -> String {
        let Outcome { line, code, stdout, stderr } = outcome;
        self.named(&snapshot::shown(line, *code, stdout, stderr))
    }

    /// Puts NAME and RUNTIME in place of what only this place is called, and narrows the gaps of
    /// tables.
    pub(crate) fn named(&self, text: &str) -> String {
        let text = text.replace(&self.name, "NAME");
        // A table's columns are as wide as its names.
        let text = Regex::new(r"(\S) {3,}").unwrap().replace_all(&text, "$1  ").into_owned();
        let backend = Regex::new(r"\b(sandbox|control-plane)\b").unwrap();
        let is_backend = backend.is_match(&self.runtime);
        if is_backend { text.replace(&self.runtime, "RUNTIME") } else { text }
    }

    /// Starts a call that somebody else ends.
    pub(crate) fn start(&self, line: &str) -> Child {
        let mut command = self.command(line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a call whose talk is followed line by line; every request is one.
    pub(crate) fn follow(&self, line: &str) -> Running {
        let mut child = self.start(&format!("{line} -v"));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { child, stderr, said: String::new() }
    }

    pub(crate) fn finish(&self, child: Child) -> Outcome {
        Outcome::of("", child.wait_with_output().unwrap())
    }

    /// Makes one request to the API server, as nobody in particular.
    pub(crate) fn call(&self, call: Request) -> Result<Answer, Failure> {
        self.with_api(async |api| api.send(call).await)
    }

    fn with_api<T>(&self, work: impl AsyncFnOnce(Api) -> T) -> T {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            work(Api::new(self.connection().await, Duration::from_secs(30))).await
        })
    }

    async fn connection(&self) -> Connection {
        let mut variables = vec![];
        let path = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        if let Some(path) = &path {
            variables.push(("KUBECONFIG", path.as_str()));
        }
        let env = Env::for_test(&variables, self.home.path());
        let kubeconfig = Kubeconfig::load(&env, None).unwrap();
        let runtime = RuntimeName::stored(&self.runtime).unwrap();
        let options = ConnectOptions {
            sandbox: Some(self.database().with_extension("sandbox.db")),
            ..ConnectOptions::default()
        };
        connect(&kubeconfig, &runtime, &options).await.unwrap()
    }

    /// Reads an object; `None` where it is not there.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        match self.call(Request::get(path)) {
            Ok(answer) => Some(answer.body),
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => panic!("{path}: {}", failure.message()),
        }
    }

    /// Lists what there is of an instance, of the kinds that tests deploy and of further
    /// collections: what carries its label, cluster-scoped objects of ours that have its name in
    /// theirs, its record, and the namespace of its name.
    pub(crate) fn live(&self, instance: &str, further: &[String]) -> Vec<String> {
        let labelled = [
            "/api/v1/namespaces",
            "/api/v1/configmaps",
            "/api/v1/secrets",
            "/api/v1/services",
            "/api/v1/serviceaccounts",
            "/api/v1/persistentvolumeclaims",
            "/api/v1/pods",
            "/apis/apps/v1/deployments",
            "/apis/apps/v1/daemonsets",
            "/apis/apps/v1/statefulsets",
            "/apis/batch/v1/jobs",
            "/apis/rbac.authorization.k8s.io/v1/roles",
            "/apis/rbac.authorization.k8s.io/v1/rolebindings",
        ];
        let shared = [
            "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ];
        let label = format!("workloadctl%2Finstance%3D{instance}");
        let mut queries: Vec<(String, &str, String)> = labelled
            .iter()
            .copied()
            .chain(further.iter().map(String::as_str))
            .map(|collection| (label.clone(), collection, String::new()))
            .collect();
        for collection in shared {
            queries.push(("workloadctl%2Fmanaged%3Dtrue".into(), collection, instance.into()));
        }
        let record = format!("workloadctl%2Frecord%3D{instance}");
        queries.push((record, "/api/v1/secrets", String::new()));
        let name = format!("kubernetes.io%2Fmetadata.name%3D{instance}");
        queries.push((name, "/api/v1/namespaces", String::new()));
        self.with_api(async |api| {
            let mut names = Vec::new();
            for (label, collection, part) in &queries {
                let path = format!("{collection}?labelSelector={label}");
                let list = match api.send(Request::get(path)).await {
                    Ok(answer) => answer.body,
                    Err(failure) if failure.is_not_found() => continue,
                    Err(failure) => panic!("{collection}: {}", failure.message()),
                };
                let kind = collection.rsplit('/').next().unwrap();
                names.extend(
                    list["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter_map(|item| item["metadata"]["name"].as_str())
                        .filter(|name| name.contains(part.as_str()))
                        .map(|name| format!("{kind}/{name}")),
                );
            }
            names.sort();
            names.dedup();
            names
        })
    }

    /// Lists what is left of an instance that is deleted.
    pub(crate) fn leftovers(&self, instance: &str) -> Vec<String> {
        self.live(instance, &[])
    }

    /// Waits until something is true.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, limit: Duration, mut is_true: impl FnMut() -> bool) {
        let end = Instant::now() + limit;
        while !is_true() {
            assert!(Instant::now() < end, "not within {limit:?}: {what}");
            thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(proxy) = &self.proxy {
            proxy.set(Vec::new());
            proxy.blow(None);
        }
        for instance in self.instances.lock().unwrap().iter().rev() {
            let outcome = self.run(&format!(
                "delete {instance} --yes --ignore-not-found --timeout 60s --lock-wait 100s"
            ));
            if outcome.code != 0 && thread::panicking() {
                let mut told = String::new();
                writeln!(told, "left behind: {instance}: {}", outcome.stderr).unwrap();
                std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
            }
        }
    }
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    /// Reads on until a line of its talk that is wanted; `false` where it ended before.
    pub(crate) fn until(&mut self, mut wanted: impl FnMut(&str) -> bool) -> bool {
        loop {
            let mut line = String::new();
            if self.stderr.read_line(&mut line).unwrap() == 0 {
                return false;
            }
            self.said.push_str(&line);
            if wanted(line.trim_end()) {
                return true;
            }
        }
    }

    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    /// Ends it as the kernel does when memory is short.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Outcome {
        let mut stdout = self.child.stdout.take().unwrap();
        let answer = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        self.stderr.read_to_string(&mut self.said).unwrap();
        let status = self.child.wait().unwrap();
        Outcome {
            line: String::new(),
            code: status.code().unwrap_or(-1),
            stdout: answer.join().unwrap(),
            stderr: self.said,
        }
    }
}

/// Runs cases side by side, `width` at a time, and fails at the end if any failed.
pub(crate) fn side_by_side<T: Send>(cases: Vec<T>, width: usize, run: impl Fn(T) + Sync) {
    let cases = Mutex::new(cases.into_iter());
    let failed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..width {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().next() else { return };
                    if catch_unwind(AssertUnwindSafe(|| run(case))).is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    assert_eq!(failed, 0, "{failed} cases failed, see above");
}
