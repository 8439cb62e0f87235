//! The programs that are compared, each as its users call it: one command that does not wait for
//! readiness, and the same command again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::objects::documents;

/// The version of Helm that is compared.
pub(crate) const HELM: &str = "helm.sh/helm/v4/cmd/helm@v4.3.1";

/// A program that deploys.
pub(crate) struct Program {
    /// Its name in the table.
    pub name: &'static str,
    binary: PathBuf,
    version: &'static [&'static str],
    deploy: Vec<String>,
    delete: Vec<String>,
    /// What makes it tell its requests, and how a line begins or what it holds that tells one.
    verbose: Option<(&'static str, &'static str)>,
}

/// What a run of a program came to.
pub(crate) struct Run {
    /// How long it took.
    pub took: Duration,
    /// The most memory that it used, in KiB; 0 where it was not looked at.
    pub peak: u64,
    /// How many requests it told, where it was asked to.
    pub requests: Option<usize>,
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

impl Program {
    /// workloadctl, built with this bench.
    pub(crate) fn workloadctl(manifests: &Path) -> Self {
        let file = manifests.display();
        Self {
            name: "workloadctl",
            binary: env!("CARGO_BIN_EXE_workloadctl").into(),
            version: &["--version"],
            deploy: words(&format!("deploy NAMESPACE -f {file} --no-wait --yes")),
            delete: words("delete NAMESPACE --yes"),
            verbose: Some(("-v", "")),
        }
    }

    /// The same in a namespace that it does not make, as Helm's.
    pub(crate) fn workloadctl_in_namespace(manifests: &Path) -> Self {
        let file = manifests.display();
        Self {
            name: "workloadctl --namespace",
            deploy: words(&format!("deploy bench -f {file} --namespace NAMESPACE --no-wait --yes")),
            delete: words("delete bench --yes"),
            ..Self::workloadctl(manifests)
        }
    }

    /// The `kubectl` on the PATH.
    pub(crate) fn kubectl(manifests: &Path) -> Self {
        let file = manifests.display();
        Self {
            name: "kubectl apply --server-side",
            binary: "kubectl".into(),
            version: &["version", "--client"],
            deploy: words(&format!("apply --server-side -n NAMESPACE -f {file}")),
            // Object by object it waits for one after the other.
            delete: words("delete namespace NAMESPACE"),
            verbose: Some(("-v=6", "\"Response\" verb=")),
        }
    }

    /// Helm, installed if need be into a folder that outlives the bench.
    pub(crate) fn helm(chart: &Path, cache: &Path) -> Self {
        let binary = cache.join("helm");
        if !binary.exists() {
            eprintln!("installing {HELM} into {}", cache.display());
            let done = Command::new("go").args(["install", HELM]).env("GOBIN", cache).status();
            assert!(done.is_ok_and(|status| status.success()), "`go install {HELM}` failed");
        }
        Self {
            name: "helm upgrade --install",
            binary,
            version: &["version"],
            deploy: words(&format!("upgrade --install bench {} -n NAMESPACE", chart.display())),
            delete: words("uninstall bench -n NAMESPACE --wait"),
            verbose: None,
        }
    }

    /// Deletes from a namespace what was deployed into it, and waits for it.
    pub(crate) fn delete(&self, namespace: &str) -> Duration {
        self.run(&filled(&self.delete, namespace), false, None).took
    }

    /// Deploys into a namespace. `looking`: at memory and requests, which takes time.
    pub(crate) fn deploy(&self, namespace: &str, looking: bool) -> Run {
        let mut arguments = filled(&self.deploy, namespace);
        let verbose = self.verbose.filter(|_| looking);
        arguments.extend(verbose.iter().map(|(flag, _)| (*flag).to_owned()));
        self.run(&arguments, looking, verbose.map(|(_, mark)| mark))
    }

    /// Measures the start of a process that does nothing.
    pub(crate) fn start(&self) -> Duration {
        let arguments: Vec<String> = self.version.iter().map(|word| (*word).to_owned()).collect();
        self.run(&arguments, false, None).took
    }

    fn run(&self, arguments: &[String], looking: bool, mark: Option<&str>) -> Run {
        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        let started = Instant::now();
        let mut child = Command::new(&self.binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.reopen().expect("the file is there"))
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.binary.display()));
        let peak = if looking { peak_of(&mut child) } else { 0 };
        let status = child.wait().expect("the child is ours");
        let took = started.elapsed();
        let said = fs::read_to_string(log.path()).expect("the file is there");
        assert!(status.success(), "{} {arguments:?} failed: {said}", self.name);
        let requests = mark.map(|mark| {
            said.lines().filter(|line| line.contains(mark) && tells_method(line)).count()
        });
        Run { took, peak, requests }
    }
}

fn filled(words: &[String], namespace: &str) -> Vec<String> {
    words.iter().map(|word| word.replace("NAMESPACE", namespace)).collect()
}

fn tells_method(line: &str) -> bool {
    ["GET", "PATCH", "POST", "PUT", "DELETE"].iter().any(|method| line.contains(method))
}

/// Gives the processor time that a process has used, where the system shows it.
pub(crate) fn processor_time(id: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // After the name, which may have blanks, the fields from the state on.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // Linux counts a hundred a second, whatever its own clock.
    Some(Duration::from_millis(ticks * 10))
}

/// Gives the most memory that a process has used, in KiB, where the system shows it.
pub(crate) fn peak_memory(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Looks at the most memory that a process used until it ends, where the system shows it.
fn peak_of(child: &mut Child) -> u64 {
    cost_of(child, Duration::from_millis(5)).1
}

/// Looks every so often at the processor time and the most memory, in KiB, that a process used, until
/// it ends.
pub(crate) fn cost_of(child: &mut Child, every: Duration) -> (Duration, u64) {
    let (id, mut cost) = (child.id(), (Duration::ZERO, 0));
    while child.try_wait().expect("the child is ours").is_none() {
        cost = (processor_time(id).unwrap_or(cost.0), peak_memory(id).unwrap_or(cost.1));
        std::thread::sleep(every);
    }
    cost
}

/// Writes the manifests as one file and as a chart; gives both paths.
pub(crate) fn write(folder: &Path, objects: &[Value]) -> (PathBuf, PathBuf) {
    let (file, chart) = (folder.join("bench.yaml"), folder.join("chart"));
    let text = documents(objects);
    fs::create_dir_all(chart.join("templates")).expect("a folder of our own");
    let about = "apiVersion: v2\nname: bench\nversion: 0.1.0\n";
    for (path, text) in [
        (&file, &*text),
        (&chart.join("Chart.yaml"), about),
        (&chart.join("templates/objects.yaml"), &*text),
    ] {
        fs::write(path, text).expect("a folder of our own");
    }
    (file, chart)
}

/// Runs kubectl and gives what it printed.
pub(crate) fn kubectl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("kubectl").args(arguments).output().expect("kubectl is on the PATH");
    assert!(
        output.status.success(),
        "kubectl {arguments:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
