//! The one reader of the process's environment: everything ambient becomes an argument here.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::workload::release::Deployer;

/// What the program takes from its surroundings.
#[derive(Debug, Clone)]
pub struct Env {
    variables: BTreeMap<String, OsString>,
    /// The command line as it was typed, with the program's name.
    pub arguments: Vec<OsString>,
    /// The user's home folder, where there is one.
    pub home: Option<PathBuf>,
    /// The user's configuration folder, where there is one.
    pub config_dir: Option<PathBuf>,
    /// The folder that relative paths are relative to.
    pub current_dir: PathBuf,
    /// The machine's name.
    pub host: String,
    /// The id of the machine's last start, where the system tells it.
    pub boot: Option<String>,
    /// The account that the process runs as, where the system knows its name.
    pub account: Option<String>,
    /// Where a pod finds its service account's token, CA and namespace.
    pub service_account: PathBuf,
}

impl Env {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value)))
                .collect(),
            arguments: std::env::args_os().collect(),
            home: dirs::home_dir(),
            config_dir: dirs::config_dir(),
            current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
                .ok()
                .map(|id| id.trim().to_owned()),
            account: account(),
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
        }
    }

    /// Makes an environment of these variables alone, with everything else below `home`.
    pub fn for_test(variables: &[(&str, &str)], home: &Path) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
                .collect(),
            arguments: Vec::new(),
            home: Some(home.to_owned()),
            config_dir: Some(home.join(".config")),
            current_dir: home.to_owned(),
            host: "test".to_owned(),
            boot: None,
            account: Some("tester".to_owned()),
            service_account: home.join("serviceaccount"),
        }
    }

    /// Gives a variable's value; an empty one counts as absent.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// Gives a variable's value as a path; an empty one counts as absent.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(Path::new)
    }

    /// Tells who deploys, as far as the environment knows.
    pub fn deployer(&self) -> Deployer {
        let first =
            |names: &[&str]| names.iter().find_map(|name| self.variable(name)).map(str::to_owned);
        Deployer {
            user: first(&["USER", "LOGNAME", "USERNAME"])
                .or_else(|| self.account.clone())
                .unwrap_or_else(|| "unknown".to_owned()),
            host: self.host.clone(),
            kubeconfig_user: None,
            commit: first(&["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILDKITE_COMMIT"]),
            job: first(&["CI_JOB_URL", "BUILD_URL", "BUILDKITE_BUILD_URL"]).or_else(|| {
                let run = self.variable("GITHUB_RUN_ID")?;
                let server = self.variable("GITHUB_SERVER_URL")?;
                Some(format!("{server}/{}/actions/runs/{run}", self.variable("GITHUB_REPOSITORY")?))
            }),
        }
    }
}

/// Reads the name of the process's account: shells set `USER`, services and containers often do
/// not.
fn account() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = |line: &str| -> Option<String> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    };
    accounts.lines().find_map(fields)
}
