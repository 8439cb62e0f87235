//! Workload files: what a user wants to run where, in one file. Ours and Threeport's become the
//! same plain value; nothing is opened here.
//!
//! Keys are strict, everything that is wrong is told at once, each with its place.

mod json_schema;
mod native;
mod order;
mod overlay;
mod shape;
mod threeport;
mod write;

use std::{str::FromStr, sync::Arc};

pub(crate) use json_schema::json_schema;
pub(crate) use write::{Draft, DraftInstance, write};

use super::{
    definition::SourceFile,
    error::{Code, Error, Result},
    manifest::{Foreign, foreign},
    name::{DefinitionName, InstanceName, check_label},
    object::Origin,
    overrides::{FilePlace, Overrides},
    yaml::{self, Problem, YamlNode},
};

/// What a workload file says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkloadFile {
    /// The file as the user named it.
    pub name: String,
    /// The definitions, in the order of the file.
    pub definitions: Vec<FileDefinition>,
    /// The instances, in the order of the file.
    pub instances: Vec<FileInstance>,
    /// Whether it lists all instances of its definitions: Threeport's files have one each.
    pub is_complete: bool,
}

/// A definition of a workload file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileDefinition {
    pub name: DefinitionName,
    /// The sources as the file names them, relative to it, each with the place where.
    pub manifests: Vec<(String, Origin)>,
    pub origin: Origin,
}

/// An instance of a workload file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileInstance {
    pub name: InstanceName,
    pub definition: DefinitionName,
    /// Where it goes, and where that is said; none: the default runtime.
    pub runtime: Option<(String, Origin)>,
    /// Its namespace, and where that is said; none: one of its own.
    pub namespace: Option<(String, Origin)>,
    pub overrides: Overrides,
    /// The instances that have to be healthy first, with the places where they are named.
    pub depends_on: Vec<(InstanceName, Origin)>,
    pub origin: Origin,
}

/// Tells whether a text is a workload file: one of its documents is none for a cluster but for
/// this program or Threeport.
pub(crate) fn is_workload_file(source: &SourceFile) -> bool {
    // Reading a thousand manifests twice would cost as much as deploying them again.
    let may_be = source.text.contains("workloadctl/v") || source.text.contains("Workload");
    may_be && yaml::read(&source.text).documents.iter().any(|document| is_ours(&document.value))
}

fn is_ours(document: &serde_json::Value) -> bool {
    match foreign(document) {
        Some(Foreign::WorkloadFile | Foreign::Threeport(_)) => true,
        Some(Foreign::Kustomization) | None => false,
    }
}

/// Reads a workload file.
///
/// # Errors
/// Everything that is wrong with it, in its order, each with its place.
pub(crate) fn read(source: &SourceFile) -> Result<WorkloadFile, Vec<Error>> {
    let yaml::Reading { documents, problems } = yaml::read(&source.text);
    let mut found = Found::new(source);
    found.problems(problems);
    for (number, document) in documents.iter().enumerate() {
        found.document = number;
        let (value, node) = (&document.value, document.root());
        let (shape, reader): (_, fn(&_, YamlNode<'_>, &mut Found)) = match foreign(value) {
            Some(Foreign::WorkloadFile) => (&native::DOCUMENT, native::read),
            Some(Foreign::Threeport(_)) => (&threeport::DOCUMENT, threeport::read),
            Some(Foreign::Kustomization) | None => {
                found.problems(vec![stranger(value, node)]);
                continue;
            }
        };
        found.file.is_complete |= matches!(foreign(value), Some(Foreign::WorkloadFile));
        let problems = shape::check(shape, value, node);
        if problems.is_empty() {
            reader(value, node, &mut found);
        } else {
            found.problems(problems);
        }
    }
    found.finish()
}

fn stranger(document: &serde_json::Value, node: YamlNode<'_>) -> Problem {
    let kind = document.get("kind").and_then(serde_json::Value::as_str);
    let what = kind.map_or("a document without a kind".to_owned(), |kind| format!("a {kind}"));
    Problem::new(
        Code::WorkloadFile,
        node.position(),
        format!("{what} cannot stand in a workload file"),
    )
    .hint("put it into a file of its own, and name that under `spec.manifests`")
}

/// What was found so far in a file.
struct Found {
    label: Arc<str>,
    source: Arc<SourceFile>,
    /// The number of the document that is being read.
    document: usize,
    file: WorkloadFile,
    errors: Vec<Error>,
}

impl Found {
    fn new(source: &SourceFile) -> Self {
        let file = WorkloadFile {
            name: source.name.clone(),
            definitions: Vec::new(),
            instances: Vec::new(),
            is_complete: false,
        };
        Self {
            label: source.name.as_str().into(),
            source: Arc::new(source.clone()),
            document: 0,
            file,
            errors: Vec::new(),
        }
    }

    fn problems(&mut self, problems: Vec<Problem>) {
        self.errors.extend(problems.into_iter().map(|problem| problem.into_error(&self.label)));
    }

    fn origin(&self, node: YamlNode<'_>) -> Origin {
        let at = node.position();
        Origin { file: Arc::clone(&self.label), line: at.line, column: Some(at.column) }
    }

    /// Gives the place of what an instance overrides.
    fn file_place(&self, instance: &[&str], own: &[&str]) -> FilePlace {
        FilePlace {
            source: Arc::clone(&self.source),
            document: self.document,
            steps: instance.iter().chain(own).map(|step| (*step).to_owned()).collect(),
            of_instance: instance.len(),
            is_embedded: false,
        }
    }

    /// Notes an error of what stands at a place.
    fn fail(&mut self, error: Error, node: YamlNode<'_>) {
        let origin = self.origin(node);
        let message = format!("{origin}: {}", error.message);
        self.errors.push(Error { message, ..error }.at(&origin));
    }

    /// Reads a name, or notes what is wrong with it.
    fn name<N: FromStr<Err = Error>>(&mut self, text: &str, node: YamlNode<'_>) -> Option<N> {
        text.parse().map_err(|error| self.fail(error, node)).ok()
    }

    /// Gives what a key says of the place of an instance, checked.
    fn place(
        &mut self,
        text: Option<String>,
        of: YamlNode<'_>,
        key: &str,
    ) -> Option<(String, Origin)> {
        let text = text?;
        let node = of.field(key).unwrap_or(of);
        if key == "namespace"
            && let Err(error) = check_label("namespace", &text, super::name::LABEL_LIMIT)
        {
            self.fail(error, node);
        }
        if text.is_empty() {
            self.fail(Error::usage(Code::UnknownRuntime, format!("{key} is empty")), node);
        }
        Some((text, self.origin(node)))
    }

    fn definition(
        &mut self,
        name: DefinitionName,
        manifests: Vec<(String, Origin)>,
        node: YamlNode<'_>,
    ) {
        if let Some(first) = self.file.definition(&name) {
            let message = format!("definition `{name}` is there twice, first at {}", first.origin);
            return self.fail(Error::usage(Code::WorkloadFile, message), node);
        }
        let origin = self.origin(node);
        self.file.definitions.push(FileDefinition { name, manifests, origin });
    }

    /// Begins an instance, unless there is one of that name.
    fn instance(
        &mut self,
        name: InstanceName,
        definition: DefinitionName,
        node: YamlNode<'_>,
    ) -> Option<FileInstance> {
        if let Some(first) = self.file.instance(&name) {
            let message = format!("instance `{name}` is there twice, first at {}", first.origin);
            self.fail(Error::usage(Code::WorkloadFile, message), node);
            return None;
        }
        Some(FileInstance {
            name,
            definition,
            runtime: None,
            namespace: None,
            overrides: Overrides::default(),
            depends_on: Vec::new(),
            origin: self.origin(node),
        })
    }

    fn finish(mut self) -> Result<WorkloadFile, Vec<Error>> {
        // A name that was mistyped is told before what depends on it.
        if self.errors.is_empty() {
            self.errors = order::check(&self.file.instances);
        }
        if self.errors.is_empty() {
            return Ok(self.file);
        }
        let place = |error: &Error| error.origin.as_ref().map(|it| (it.line, it.column));
        self.errors.sort_by_key(place);
        yaml::limit(&mut self.errors);
        Err(self.errors)
    }
}

impl WorkloadFile {
    /// Finds a definition of the file.
    pub(crate) fn definition(&self, name: &DefinitionName) -> Option<&FileDefinition> {
        self.definitions.iter().find(|definition| definition.name == *name)
    }

    /// Finds an instance of the file.
    pub(crate) fn instance(&self, name: &InstanceName) -> Option<&FileInstance> {
        self.instances.iter().find(|instance| instance.name == *name)
    }

    /// Sorts the instances so that each comes after those that it depends on, otherwise as they
    /// stand in the file.
    pub(crate) fn sort(&mut self) {
        order::sort(&mut self.instances);
    }
}

#[cfg(test)]
mod tests;
