//! `--validate`, and `definition validate`: what is wrong with objects, before anything is stored or
//! sent.

use clap::Args;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Failures, Invocation},
        manifests::{FileArgs, load_each},
        session::{self, OperationMode},
    },
    ops::{
        options::{Given, Validation},
        strictness,
    },
    output::{definitions, format::words},
    workload::{
        definition::SourceFile,
        error::{Error, ErrorKind, Result},
        manifest::combine,
        object::Object,
        packed::{PackedContent, PackedObject},
        rendering::{located, wrong_annotations},
        validate::{Judge, Report},
    },
};

words!(impl Validation { Strict = "strict", Warn = "warn", Ignore = "ignore" });

/// `--validate`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ValidationArgs {
    /// What to do about mistakes in the objects: refuse, warn, or do not look
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Validation::Strict)]
    pub validate: Validation,
}

impl ValidationArgs {
    /// Tells of a report what is to be heeded, or refuses.
    ///
    /// # Errors
    /// Code 2 with every mistake, where they are refused.
    pub(crate) fn tell(&self, call: &Invocation, report: impl FnOnce() -> Report) -> Result<()> {
        if self.validate == Validation::Ignore {
            return Ok(());
        }
        for warning in strictness::decide(report(), self.validate)? {
            call.printer.warn(&warning);
        }
        Ok(())
    }
}

/// Reads as [`load_each`] does, and judges each object when it is read. Gives beside that which
/// annotations say nothing.
///
/// # Errors
/// Those of [`load_each`].
pub(crate) fn load_and_judge(
    read: Vec<SourceFile>,
    call: &Invocation,
    take: &mut dyn FnMut(Object),
) -> Result<(Report, Vec<Error>), Failures> {
    let (mut judge, mut wrong) = (Judge::new(), Vec::new());
    let loaded = load_each(read, call, &mut |object| {
        judge.look_at(&object);
        wrong.extend(wrong_annotations(&object));
        take(object);
    })?;
    let files = loaded.content.files;
    Ok((judge.finish(&files), located(wrong, &files)))
}

/// Reads as [`load_and_judge`] does, and keeps the objects packed: what is refused is never unpacked.
/// Gives beside that what should be heeded in the manifests.
///
/// # Errors
/// Those of [`load_each`].
pub(crate) fn load_given(
    read: Vec<SourceFile>,
    call: &Invocation,
    source: String,
) -> Result<(Given, Vec<String>), Failures> {
    let (mut judge, mut objects) = (Judge::new(), Vec::new());
    let loaded = load_each(read, call, &mut |object| {
        judge.look_at(&object);
        objects.push(PackedObject::of(&object));
    })?;
    let files = loaded.content.files;
    let report = judge.finish(&files);
    let content = PackedContent { objects, files }.into();
    Ok((Given { content, report, source }, loaded.warnings))
}

/// Say what is wrong with manifests; store nothing, and contact no cluster unless one is named
#[derive(Debug, Args)]
#[command(after_long_help = "\
Objects of built-in kinds are checked by the schemas and rules of Kubernetes 1.36, custom resources \
by a CustomResourceDefinition among the manifests. What a server decides by its own state, such as \
quotas and webhooks, shows with --against.

Examples:
  workloadctl definition validate k8s/
  helm template . | workloadctl definition validate -
  workloadctl definition validate k8s/ --against kind-dev
  workloadctl definition validate k8s/ -o json

Exit codes:
  0  nothing is wrong
  2  wrong command or input
  7  the runtime cannot be used")]
pub(crate) struct ValidateArgs {
    /// Files, folders or `-` (standard input)
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Ask the server of this runtime too, by dry runs that store nothing
    #[arg(long, value_name = "RUNTIME")]
    against: Option<String>,
}

/// Validates.
pub(super) fn run(args: ValidateArgs, call: &Invocation) -> Done {
    let ValidateArgs { paths, against } = args;
    let files = FileArgs::of(paths);
    let read = files.read(call, None)?;
    let (mut count, mut objects) = (0, Vec::new());
    let (mut report, wrong) = load_and_judge(read, call, &mut |object| {
        count += 1;
        // The server is asked about all of them.
        if against.is_some() {
            objects.push(object);
        }
    })?;
    let mut unjudged = 0;
    if let Some(runtime) = against {
        let mode = OperationMode {
            command: "workloadctl definition validate".into(),
            stdin_is_source: files.reads_stdin(),
            database: DatabaseUse::Looked,
            ..OperationMode::default()
        };
        let asked = session::run(call, mode, async |around| {
            strictness::ask_server(around.session, &runtime, &objects, &mut report).await
        })?;
        match asked {
            Ok(count) => unjudged = count,
            // What is wrong is said all the same.
            Err(error)
                if error.kind == ErrorKind::Runtime
                    && !(report.mistakes.is_empty() && wrong.is_empty()) =>
            {
                call.printer.warn(&error.in_short());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let Report { mistakes, warnings } = report;
    warnings.iter().for_each(|warning| call.printer.warn(warning));
    let of_objects = (!mistakes.is_empty()).then(|| Error::invalid(mistakes));
    let of_annotations = (!wrong.is_empty()).then(|| combine(wrong));
    let errors: Vec<Error> = of_objects.into_iter().chain(of_annotations).collect();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    definitions::validated(&call.printer, count, unjudged, &warnings)?;
    Ok(None)
}
