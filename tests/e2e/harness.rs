//! A place to test in: a home of its own, a backend, names that nobody else has, and the end of
//! everything that was deployed, whatever happens.

use std::{
    cell::RefCell,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use workloadctl::{
    cluster::{
        api::{Answer, Api, Call, Failure},
        connect::{ConnectOptions, connect},
        kubeconfig::Kubeconfig,
    },
    env::Env,
    workload::runtime::RuntimeName,
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
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// A backend with a home.
pub struct Place {
    home: TempDir,
    pub runtime: String,
    kubeconfig: Option<PathBuf>,
    name: String,
    instances: RefCell<Vec<String>>,
}

static COUNTER: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::disallowed_methods, reason = "the tester's environment, not the program's")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Place {
    /// A sandbox of the test's own.
    pub fn sandbox(test: &str) -> Self {
        Self::new(test, "sandbox".to_owned(), None)
    }

    /// The control plane that `tests/control-plane/run` started, or the tester's own context.
    pub fn control_plane(test: &str) -> Self {
        let kubeconfig = variable("KUBECONFIG").filter(|_| variable("WORKLOADCTL_E2E").is_some());
        let Some(kubeconfig) = kubeconfig else {
            panic!("no cluster: run `tests/control-plane/run -- cargo test --test e2e`");
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
        Self { home, runtime, kubeconfig, name, instances: RefCell::default() }
    }

    /// Gives a name for an instance, which is deleted at the end.
    pub fn instance(&self, suffix: &str) -> String {
        let name = format!("{}{suffix}", self.name);
        self.instances.borrow_mut().push(name.clone());
        name
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("db/workloadctl.db")
    }

    /// Writes a file into the home.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Copies an example of the repository into the home.
    pub fn example(&self, name: &str) -> PathBuf {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        let to = self.path(name);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        to
    }

    /// Loses the database, and nothing else: the sandbox beside it stays.
    pub fn lose_database(&self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.database().display()));
        }
    }

    pub fn command(&self, line: &str) -> Command {
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
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        command
    }

    pub fn run(&self, line: &str) -> Outcome {
        Outcome::of(self.command(line).output().unwrap())
    }

    /// Starts a call that somebody else ends.
    pub fn start(&self, line: &str) -> Child {
        let mut command = self.command(line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn finish(&self, child: Child) -> Outcome {
        Outcome::of(child.wait_with_output().unwrap())
    }

    /// Makes one request to the API server, as nobody in particular.
    pub fn call(&self, call: Call) -> Result<Answer, Failure> {
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
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            let connection = connect(&kubeconfig, &runtime, &options).await.unwrap();
            Api::new(connection, Duration::from_secs(30)).call(call).await
        })
    }

    /// Reads an object; `None` where it is not there.
    pub fn get(&self, path: &str) -> Option<Value> {
        match self.call(Call::get(path)) {
            Ok(answer) => Some(answer.body),
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => panic!("{path}: {}", failure.message()),
        }
    }

    /// Lists what carries the label of an instance, of the kinds that tests deploy.
    pub fn leftovers(&self, instance: &str) -> Vec<String> {
        let collections = [
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
        ];
        let mut left = Vec::new();
        for collection in collections {
            let list = self
                .get(&format!("{collection}?labelSelector=workloadctl%2Finstance%3D{instance}"))
                .unwrap();
            for item in list["items"].as_array().unwrap() {
                left.push(format!("{collection}/{}", item["metadata"]["name"].as_str().unwrap()));
            }
        }
        if self.get(&format!("/api/v1/namespaces/{instance}")).is_some() {
            left.push(format!("namespace {instance}"));
        }
        left
    }

    /// Waits until something is true.
    #[track_caller]
    pub fn until(&self, what: &str, limit: Duration, mut is_true: impl FnMut() -> bool) {
        let end = Instant::now() + limit;
        while !is_true() {
            assert!(Instant::now() < end, "not within {limit:?}: {what}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for instance in self.instances.borrow().iter().rev() {
            let outcome = self.run(&format!(
                "delete {instance} --yes --ignore-not-found --timeout 60s --lock-wait 100s"
            ));
            if outcome.code != 0 && std::thread::panicking() {
                let mut told = String::new();
                writeln!(told, "left behind: {instance}: {}", outcome.stderr).unwrap();
                std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
            }
        }
    }
}
