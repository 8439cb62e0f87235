//! `-f`: reads the manifests that the user named, and tells what was left out of them.

use std::io;

use clap::Args;

use crate::{
    commands::invocation::{Failures, Invocation},
    ops::sources,
    output::printer::Printer,
    workload::{
        definition::SourceFile,
        error::{Error, Result},
        manifest::{self, LeftOut, Loaded},
        object::Object,
    },
};

/// `-f`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FileArgs {
    /// Read manifests from a file, a folder or `-` (standard input), several form one definition;
    /// or read a workload file, which names definitions and instances
    #[arg(short, long, value_name = "PATH")]
    pub file: Vec<String>,
}

impl FileArgs {
    /// Tells whether the manifests, or some of them, come from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.file.iter().any(|file| file == "-")
    }

    /// Gives the sources as the user named them.
    pub(crate) fn named(&self) -> String {
        self.file.join(" ")
    }

    /// Reads the texts.
    ///
    /// # Errors
    /// What cannot be read, all of it.
    pub(crate) fn read(&self, call: &Invocation) -> Result<Vec<SourceFile>, Vec<Error>> {
        sources::read(&self.file, &call.env.current_dir, io::stdin().lock())
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

fn tell(printer: &Printer, loaded: &Loaded) {
    for LeftOut { id, origin, reason } in &loaded.left_out {
        printer.talk(&format!("left out {id} ({origin}): {reason}"));
    }
    for warning in &loaded.warnings {
        printer.warn(warning);
    }
}
