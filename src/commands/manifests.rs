//! `-f`: reads the manifests that the user named, and tells what was left out of them.

use std::io;

use clap::Args;

use crate::{
    commands::invocation::{Failures, Invocation},
    ops::sources::{self, ChartOptions},
    output::printer::Printer,
    workload::{
        definition::SourceFile,
        error::{Error, Result},
        manifest::{self, LeftOut, Loaded},
        name::InstanceName,
        object::Object,
        packed::{PackedContent, PackedObject},
        shell,
    },
};

/// `-f`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FileArgs {
    /// Read manifests from a file, a folder (of manifests or a kustomization), a Helm chart (folder,
    /// .tgz or oci://), an https URL or `-` (standard input), several form one definition; or read a
    /// workload file, which names definitions and instances
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<String>,
    /// Render Helm charts with the values of a file; of several the last counts most
    #[arg(long, value_name = "FILE", requires = "file")]
    values: Vec<String>,
    /// Render Helm charts with a value, as `helm --set` does
    #[arg(long, value_name = "KEY=VALUE", requires = "file")]
    helm_set: Vec<String>,
}

impl FileArgs {
    /// Names sources that are not given as flags.
    pub(crate) fn of(file: Vec<String>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Tells whether the manifests, or some of them, come from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.file.iter().any(|file| file == "-")
    }

    /// Gives the flags as they can be typed again; `None` where standard input is read, or values are
    /// given to charts: they may be secret.
    pub(crate) fn typed(&self) -> Option<String> {
        (!self.reads_stdin() && self.helm_set.is_empty()).then(|| self.flags())
    }

    /// Gives the flags with paths for a shell, each with a blank before it.
    pub(crate) fn flags(&self) -> String {
        let Self { file, values, helm_set: _ } = self;
        let files = file.iter().map(|path| ("-f", path));
        shell::flags(files.chain(values.iter().map(|path| ("--values", path))))
    }

    /// Gives the files of values for charts.
    pub(crate) fn values(&self) -> &[String] {
        &self.values
    }

    /// Gives the sources as the user named them.
    pub(crate) fn named(&self) -> String {
        self.file.join(" ")
    }

    /// Reads the texts. Helm charts are rendered as the release of that name.
    ///
    /// # Errors
    /// What cannot be read, all of it.
    pub(crate) fn read(
        &self,
        call: &Invocation,
        release: Option<&str>,
    ) -> Result<Vec<SourceFile>, Vec<Error>> {
        let release = release.unwrap_or(ChartOptions::UNNAMED);
        let mut chart = ChartOptions::of(release);
        // The database is nobody's business where there is no chart.
        if sources::have_chart(&self.file, &call.env) {
            chart.namespace = namespace_of(call, release);
        }
        chart.values.clone_from(&self.values);
        chart.set.clone_from(&self.helm_set);
        sources::read(&self.file, &chart, &call.env, io::stdin().lock())
    }
}

/// Gives the objects of texts; there is at least one. What was left out and what should be heeded is
/// told.
///
/// # Errors
/// Everything that is wrong with the manifests.
pub(crate) fn load(files: Vec<SourceFile>, call: &Invocation) -> Result<Loaded, Failures> {
    let loaded = manifest::load(files)?.require_objects()?;
    tell(&call.printer, &loaded);
    Ok(loaded)
}

/// Reads as [`load`] does, and gives the objects away one by one; they count only where there is no
/// error.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_each(
    files: Vec<SourceFile>,
    call: &Invocation,
    take: &mut dyn FnMut(Object),
) -> Result<Loaded, Failures> {
    let mut found = false;
    let mut loaded = manifest::read_each(files, &mut |object| {
        found = true;
        take(object);
    })?;
    if !found {
        loaded = loaded.require_objects()?;
    }
    tell(&call.printer, &loaded);
    Ok(loaded)
}

/// Reads as [`load`] does, and keeps the objects packed.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_packed(
    files: Vec<SourceFile>,
    call: &Invocation,
) -> Result<PackedContent, Failures> {
    let mut objects = Vec::new();
    let loaded = load_each(files, call, &mut |object| objects.push(PackedObject::of(&object)))?;
    Ok(PackedContent { objects, files: loaded.content.files })
}

/// Gives the namespace that a chart may speak of: `--namespace`, else the one of the instance as the
/// database knows it, else the one that an instance of that name gets.
fn namespace_of(call: &Invocation, release: &str) -> String {
    let stored = || -> Option<String> {
        let name: InstanceName = release.parse().ok()?;
        // Without a database nothing is known: what is deployed is told by its cluster later.
        call.db().ok().filter(|path| path.exists())?;
        call.open_for_reading().ok()?.instance(&name).ok()??.namespace
    };
    call.namespace.clone().or_else(stored).unwrap_or_else(|| release.to_owned())
}

fn tell(printer: &Printer, loaded: &Loaded) {
    for LeftOut { id, origin, reason } in &loaded.left_out {
        printer.talk(&format!("left out {id} ({origin}): {reason}"));
    }
    for warning in &loaded.warnings {
        printer.warn(warning);
    }
}
