//! What becomes of mistakes in objects (`--validate`), and what a server says of objects without
//! storing them.

use serde_json::{Value, json};

use super::{options::Validation, runtimes::known, session::Session, target::Target};
use crate::{
    cluster::{
        failure::Failure,
        request::{Apply, Request},
    },
    workload::{
        error::{Error, Mistake, Result},
        manifest::combine,
        object::Object,
        validate::Report,
    },
};

/// The manager of a dry run that belongs to no instance.
const MANAGER: &str = "workloadctl-validate";

/// Decides what becomes of a report: what is to be heeded, or a refusal.
///
/// # Errors
/// Code 2 with every mistake, where they are refused.
pub(crate) fn decide(report: Report, how: Validation) -> Result<Vec<String>> {
    let Report { mistakes, mut warnings } = report;
    match how {
        Validation::Ignore => return Ok(Vec::new()),
        Validation::Strict if !mistakes.is_empty() => {
            return Err(Error::invalid(mistakes)
                .hint("`--validate warn` leaves the decision to the server"));
        }
        Validation::Strict | Validation::Warn => {}
    }
    warnings.extend(mistakes.iter().map(Mistake::line));
    Ok(warnings)
}

/// Makes one error of kinds that do not exist (`unknown`) and of all else that is wrong with the
/// objects, where that is refused too; the kinds stand in the report.
pub(crate) fn unknown_kinds(unknown: Vec<Error>, report: Report, how: Validation) -> Error {
    match how {
        Validation::Strict if report.mistakes.len() > unknown.len() => {
            Error::invalid(report.mistakes)
        }
        Validation::Strict | Validation::Warn | Validation::Ignore => combine(unknown),
    }
}

impl Target {
    /// Leaves to a server that is newer than the embedded schemas what these may not know yet. It
    /// is asked for its version only where something depends on that.
    ///
    /// # Errors
    /// Where it does not answer.
    pub(crate) async fn relent(&self, report: &mut Report) -> Result<()> {
        if !report.mistakes.iter().any(|mistake| mistake.outdates) {
            return Ok(());
        }
        match self.api.send(Request::get("/version")).await {
            Ok(answer) => {
                minor(&answer.body).into_iter().for_each(|minor| report.for_server(minor))
            }
            Err(Failure::NoAnswer(error)) => return Err(*error),
            // Whoever may not ask gets the verdict of what is known here.
            Err(Failure::Status(_)) => {}
        }
        Ok(())
    }
}

/// Reads the minor version; providers write `36+`.
fn minor(version: &Value) -> Option<u32> {
    let text = version.get("minor")?.as_str()?;
    text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()
}

/// Asks a runtime's server about objects by dry runs; nothing is stored. Gives
/// what it would refuse, and how many objects it cannot judge: their kind comes with the set.
///
/// # Errors
/// Where the runtime cannot be used.
pub(crate) async fn ask_server(
    session: &Session<'_>,
    runtime: &str,
    objects: &[Object],
    report: &mut Report,
) -> Result<usize> {
    let runtime = known(session.kubeconfig, runtime)?;
    let mut target = Target::connect(session, &runtime).await?;
    // Who cannot be reached is told as everywhere.
    target.identify().await?;
    target.learn_kinds().await?;
    target.relent(report).await?;
    let namespace = session.namespace.as_deref().unwrap_or("default");
    let mut unjudged = 0;
    for object in objects {
        let is_told = |mistake: &Mistake| {
            mistake.object == object.id().to_string()
                && mistake.source.as_ref().is_some_and(|at| at.file == object.origin.file)
        };
        match ask(&target, object, namespace).await? {
            Verdict::Fine => {}
            Verdict::Unknown => unjudged += 1,
            // It says once more what is said with its place.
            Verdict::Refused(_) if report.mistakes.iter().any(is_told) => {}
            Verdict::Refused(message) => report.mistakes.push(Mistake {
                object: object.id().to_string(),
                path: String::new(),
                source: Some(object.origin.clone()),
                flag: None,
                key: None,
                message: format!("`{runtime}` refuses it: {message}"),
                expected: None,
                suggestion: None,
                excerpt: None,
                outdates: false,
            }),
        }
    }
    Ok(unjudged)
}

enum Verdict {
    Fine,
    /// The server does not know the kind.
    Unknown,
    Refused(String),
}

async fn ask(target: &Target, object: &Object, namespace: &str) -> Result<Verdict> {
    let (mut id, mut body) = (object.id(), object.body.clone());
    let Some(info) = target.kinds.of(&id) else { return Ok(Verdict::Unknown) };
    if info.namespaced && id.namespace.is_none() {
        id.namespace = Some(namespace.to_owned());
    }
    let version = Object { body: body.clone(), origin: object.origin.clone() };
    let version = version.api_version().rsplit('/').next().unwrap_or_default().to_owned();
    for stand_in in [false, true] {
        if stand_in {
            // Its namespace is not there yet, or is one of the set's own.
            id.namespace = Some("default".to_owned());
        }
        if let Some(namespace) = &id.namespace {
            body["metadata"]["namespace"] = json!(namespace);
        }
        let Some(path) = target.path(&id, &version) else { return Ok(Verdict::Unknown) };
        let how = Apply { manager: MANAGER, force: true, dry_run: true };
        match target.api.send(Request::apply(&path, &body, &how)).await {
            Ok(_) => return Ok(Verdict::Fine),
            Err(failure) if failure.is_not_found() && id.namespace.is_some() && !stand_in => {}
            Err(failure) if failure.is_not_found() => return Ok(Verdict::Unknown),
            Err(Failure::NoAnswer(error)) => return Err(*error),
            Err(failure) => return Ok(Verdict::Refused(failure.message())),
        }
    }
    Ok(Verdict::Unknown)
}
