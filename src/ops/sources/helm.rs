//! A Helm chart (a folder, an archive, or one of a registry), rendered by the installed `helm`.

use std::{
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use super::tool;
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
    shell::quoted,
};

/// The file that makes a folder a chart.
pub(super) const CHART: &str = "Chart.yaml";

/// What a chart is rendered for, and with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ChartOptions {
    /// The name of the release, Helm's word for an instance.
    pub release: String,
    /// The namespace where it goes.
    pub namespace: String,
    /// Files of values, as the user named them; a later one counts more.
    pub values: Vec<String>,
    /// Single values, `KEY=VALUE`; they count more than the files.
    pub set: Vec<String>,
}

impl ChartOptions {
    /// The release where nothing has a name, as `helm template` has it.
    pub(crate) const UNNAMED: &str = "release-name";

    /// Makes those of a release that goes to the namespace of its name, with the chart's own values.
    pub(crate) fn of(release: &str) -> Self {
        let name = release.to_owned();
        Self { namespace: name.clone(), release: name, values: Vec::new(), set: Vec::new() }
    }
}

/// How archives of charts are called.
const ARCHIVES: [&str; 2] = [".tgz", ".tar.gz"];

/// Tells a folder with a chart.
pub(super) fn is_chart_folder(folder: &Path) -> bool {
    folder.join(CHART).is_file()
}

/// Tells a chart, as it is named by `-f`: its folder, its archive (also an `https://` one), or
/// `oci://`.
pub(super) fn is_chart(name: &str, current_dir: &Path) -> bool {
    let is_archive = ARCHIVES.iter().any(|ending| name.ends_with(ending));
    let path = current_dir.join(name);
    is_fetched_by_helm(name) || is_chart_folder(&path) || is_archive && path.is_file()
}

/// Tells what is no path of this machine.
fn is_fetched_by_helm(name: &str) -> bool {
    let is_archive = ARCHIVES.iter().any(|ending| name.ends_with(ending));
    name.starts_with("oci://") || name.starts_with("https://") && is_archive
}

/// Renders a chart into one text. Paths are relative to `current_dir`.
///
/// # Errors
/// Code 2: Helm is not installed, or fails, in its own words; values that would be read of standard
/// input.
pub(super) fn render(name: &str, options: &ChartOptions, current_dir: &Path) -> Result<SourceFile> {
    let ChartOptions { release, namespace, values, set } = options;
    // Helm takes several, with commas between them. It would read nothing of `-`, and say nothing.
    if values.iter().flat_map(|files| files.split(',')).any(|file| file.trim() == "-") {
        let message = "`--values -` would read standard input: it takes files";
        return Err(Error::usage(Code::UnsupportedSource, message));
    }
    // Behind `--`, whatever its name begins with; `helm template` would take a repository's chart for
    // a name without a slash.
    let chart = match is_fetched_by_helm(name) {
        true => name.to_owned(),
        false => current_dir.join(name).display().to_string(),
    };
    let mut command = Command::new("helm");
    command.args(["template", "--include-crds", "--namespace", namespace]);
    command.args(values.iter().flat_map(|file| ["--values", file]));
    command.args(set.iter().flat_map(|pair| ["--set", pair]));
    command.args(["--", release, &chart]).current_dir(current_dir).stdin(Stdio::null());
    match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("{name} is a Helm chart, and helm is not installed");
            Err(Error::usage(Code::NoHelm, message)
                .hint("https://helm.sh/docs/intro/install/, or name `-` behind a `helm template`"))
        }
        run => {
            let told = format!("helm template {release} {}", quoted(name));
            tool::text_of(format!("{name} (helm)"), &told, Code::HelmFailed, run).map_err(|error| {
                if is_chart_folder(Path::new(&chart)) { with_hint(error, name) } else { error }
            })
        }
    }
}

/// Helm says what is missing, and not what brings it.
fn with_hint(error: Error, name: &str) -> Error {
    let lacks_charts = error.causes.iter().any(|cause| cause.contains("missing in charts/"));
    if lacks_charts { error.hint(format!("helm dependency build {}", quoted(name))) } else { error }
}
