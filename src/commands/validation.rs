//! `--validate`, and `definition validate`: what is wrong with objects, before anything is stored or
//! sent.

use clap::Args;

use crate::{
    commands::{
        database::DatabaseUse,
        invocation::{Done, Failures, Invocation},
        manifests::{FileArgs, load_each},
        session::{self, OperationMode},
        workload_file::NamedWorkload,
    },
    ops::{
        options::{Given, Validation},
        render::{self, Rendered, Wanted},
        strictness,
    },
    output::{definitions, format::words},
    workload::{
        definition::SourceFile,
        error::{Code, Error, ErrorKind, Result},
        manifest::combine,
        object::Object,
        overrides::Overrides,
        packed::{PackedContent, PackedObject},
        rendering::{located, wrong_annotations},
        shell::quoted,
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
quotas and webhooks, shows with --against. Of a workload file the objects of its instances are checked, \
with what is overridden; its server is asked by `plan -f`.

Examples:
  workloadctl definition validate k8s/
  helm template . | workloadctl definition validate -
  workloadctl definition validate k8s/ --against kind-dev
  workloadctl definition validate k8s/ -o json
  workloadctl definition validate workload.yaml

Exit codes:
  0  nothing is wrong
  2  wrong command or input
  7  the runtime cannot be used")]
pub(crate) struct ValidateArgs {
    /// Files, folders, charts, URLs or `-` (standard input); or a workload file
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Ask the server of this runtime too, by dry runs that store nothing
    #[arg(long, value_name = "RUNTIME")]
    against: Option<String>,
}

/// Validates.
pub(super) fn run(args: ValidateArgs, call: &Invocation) -> Done {
    let ValidateArgs { paths, against } = args;
    if let Some(runtime) = call.runtimes.first() {
        let message = "--runtime: `definition validate` contacts no cluster by itself";
        let hint = format!("`--against {}` asks its server, too", quoted(runtime));
        return Err(Error::usage(Code::InvalidFlag, message).hint(hint).into());
    }
    let files = FileArgs::of(paths);
    let read = files.read(call, None)?;
    if let Some(source) = files.workload(&read) {
        return file(&NamedWorkload::read(source, &[])?, against.is_some(), call);
    }
    let (mut count, mut objects) = (0, Vec::new());
    let (mut report, wrong) = load_and_judge(read, call, &mut |mut object| {
        count += 1;
        // The server is asked about all of them.
        if against.is_some() {
            object.body.rest();
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
    let others = if wrong.is_empty() { Vec::new() } else { vec![combine(wrong)] };
    answer(report, others, (count, unjudged), call)
}

/// Validates what a workload file's manifests become for each of its instances; those of a definition
/// without one as its first would be.
fn file(named: &NamedWorkload, asks: bool, call: &Invocation) -> Done {
    if asks {
        let message = "--against is for manifests, and a workload file names its runtimes itself";
        let hint = format!("`workloadctl plan -f {}` asks them", quoted(&named.file.name));
        return Err(Error::usage(Code::InvalidFlag, message).hint(hint).into());
    }
    let store = call.open_for_reading()?;
    let (mut count, mut all, mut failures) = (0, Report::default(), Vec::new());
    for definition in &named.file.definitions {
        let packed = match named.load_packed(call, &definition.name) {
            Ok(packed) => packed.unwrap_or_default(),
            Err(Failures(wrong)) => {
                failures.extend(wrong);
                continue;
            }
        };
        count += packed.objects.len();
        let own = named.file.instances.iter().filter(|it| it.definition == definition.name);
        let mut instances: Vec<_> =
            own.map(|it| (it.name.clone(), it.overrides.clone(), it.namespace.as_ref())).collect();
        if instances.is_empty() {
            instances.push((definition.name.as_str().parse()?, Overrides::default(), None));
        }
        for (name, overrides, namespace) in &instances {
            let namespace = namespace.map(|(namespace, _)| namespace.as_str());
            let wanted = Wanted {
                name,
                given: Some(packed.clone()),
                declared: Some(overrides),
                namespace: call.namespace.as_deref().or(namespace),
                validation: Validation::Strict,
            };
            match render::instance(&store, wanted, &mut |_| {}) {
                Ok(Rendered { report, .. }) => all.add(report),
                Err(error) => failures.push(error),
            }
        }
    }
    failures.dedup();
    answer(all, failures, (count, 0), call)
}

/// Answers with what is wrong with objects and with `others`, or that nothing is; `counts` are the objects, and those of them that a
/// server could not judge.
fn answer(report: Report, others: Vec<Error>, counts: (usize, usize), call: &Invocation) -> Done {
    let (count, unjudged) = counts;
    let Report { mistakes, warnings } = report;
    warnings.iter().for_each(|warning| call.printer.warn(warning));
    let of_objects = (!mistakes.is_empty()).then(|| Error::invalid(mistakes));
    let errors: Vec<Error> = of_objects.into_iter().chain(others).collect();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    definitions::validated(&call.printer, count, unjudged, &warnings)?;
    Ok(None)
}
