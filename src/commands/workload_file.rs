//! `-f` with a workload file, ours or Threeport's: which of its instances are meant, where each
//! goes, and the manifests that it names.

use super::{
    invocation::{Failures, Invocation},
    manifests::FileArgs,
    names::instance_names,
};
use crate::{
    ops::session::Session,
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        file::{self, FileInstance, WorkloadFile},
        name::{InstanceName, nearest},
        object::Origin,
        shell::quoted,
    },
};

/// A workload file that the user named, and the instances of it that are meant.
#[derive(Debug)]
pub(crate) struct NamedWorkload {
    pub file: WorkloadFile,
    /// Each comes after those that it depends on.
    pub selected: Vec<FileInstance>,
    /// Whether the user picked some.
    pub picked: bool,
}

impl FileArgs {
    /// Gives the text among those that were read that is a workload file: the only `-f`, and no
    /// file of a folder.
    pub(crate) fn workload<'s>(&self, read: &'s [SourceFile]) -> Option<&'s SourceFile> {
        match (&*self.file, read) {
            ([named], [source]) if *named == source.name && file::is_workload_file(source) => {
                Some(source)
            }
            _ => None,
        }
    }
}

impl NamedWorkload {
    /// Reads a workload file; `names` are the instances that the user picked of it, none are all.
    ///
    /// # Errors
    /// Everything that is wrong with the file, or with the names.
    pub(crate) fn read(source: &SourceFile, names: &[String]) -> Result<Self, Failures> {
        let mut file = file::read(source)?;
        let names = instance_names(names)?;
        let unknown: Vec<Error> =
            names.iter().filter_map(|name| not_in_file(&file, name)).collect();
        if !unknown.is_empty() {
            return Err(unknown.into());
        }
        file.sort();
        let is_meant =
            |instance: &&FileInstance| names.is_empty() || names.contains(&instance.name);
        let selected = file.instances.iter().filter(is_meant).cloned().collect();
        Ok(Self { file, selected, picked: !names.is_empty() })
    }

    /// Reads the workload file of that path; anything else is refused.
    ///
    /// # Errors
    /// Code 2 for what is no workload file; those of [`NamedWorkload::read`].
    pub(crate) fn at(file: &str, names: &[String], call: &Invocation) -> Result<Self, Failures> {
        let args = FileArgs::of(vec![file.to_owned()]);
        let read = args.read(call, None)?;
        match args.workload(&read) {
            Some(source) => Self::read(source, names),
            None => {
                let message = format!("{file} is no workload file");
                let hint = "this command takes a workload file; of manifests name the instance";
                Err(Error::usage(Code::WorkloadFile, message).hint(hint).into())
            }
        }
    }

    /// Refuses a file that names no instance.
    ///
    /// # Errors
    /// Code 2.
    pub(crate) fn require_instances(&self) -> Result<()> {
        if !self.selected.is_empty() {
            return Ok(());
        }
        let file = &self.file.name;
        let path = quoted(file);
        let hint = if self.file.is_complete {
            format!(
                "name one under `spec.instances`; `workloadctl definition apply -f {path}` stores the definition alone"
            )
        } else {
            format!("`workloadctl definition apply -f {path}` stores the definition")
        };
        Err(Error::usage(Code::NoInstance, format!("{file} names no instance")).hint(hint))
    }

    /// Refuses flags that were `given` although they can only be said of one instance.
    ///
    /// # Errors
    /// Code 2 where several instances are meant.
    pub(crate) fn refuse_for_several(&self, flags: &[(&str, bool)]) -> Result<()> {
        match flags.iter().find(|(_, given)| *given && self.is_list()) {
            None => Ok(()),
            Some((flag, _)) => {
                let (file, count) = (&self.file.name, self.selected.len());
                let message = format!("{flag} needs exactly one instance, and {file} has {count}");
                let first = self.selected.first().map_or("INSTANCE", |it| it.name.as_str());
                let mut hint = format!("name one: `-f {} {first}`", quoted(file));
                if *flag == "--runtime" {
                    hint += "; or choose for all that name none: `workloadctl runtime use CONTEXT`";
                }
                Err(Error::usage(Code::SeveralInstances, message).hint(hint))
            }
        }
    }

    /// Tells whether the answer is about several instances.
    pub(crate) fn is_list(&self) -> bool {
        self.selected.len() != 1
    }

    /// Tells whether the document of the answer is a list: the user picked not exactly one instance,
    /// however many the file has.
    pub(crate) fn lists(&self) -> bool {
        !self.picked || self.is_list()
    }

    /// Gives the name that failures before the beginning are told under.
    pub(crate) fn subject(&self) -> &str {
        match &*self.selected {
            [one] => one.name.as_str(),
            _ => "",
        }
    }

    /// Gives for each selected instance the numbers of the selected ones that it depends on.
    pub(crate) fn needs(&self) -> Vec<Vec<usize>> {
        let number = |name: &InstanceName| self.selected.iter().position(|it| it.name == *name);
        let needs = |instance: &FileInstance| {
            instance.depends_on.iter().filter_map(|(name, _)| number(name)).collect()
        };
        self.selected.iter().map(needs).collect()
    }

    /// Gives the instances that a selected one depends on and that are not selected themselves.
    pub(crate) fn outside(&self, instance: &FileInstance) -> Vec<FileInstance> {
        let names = instance.depends_on.iter().map(|(name, _)| name);
        names
            .filter(|name| self.selected.iter().all(|it| it.name != **name))
            .filter_map(|name| self.file.instance(name).cloned())
            .collect()
    }

    /// Gives the instances that are not selected and depend on a selected one, with those that they
    /// depend on.
    pub(crate) fn dependents_outside(&self) -> Vec<(&InstanceName, Vec<&InstanceName>)> {
        let is_selected = |name: &InstanceName| self.selected.iter().any(|it| it.name == *name);
        let outside = self.file.instances.iter().filter(|it| !is_selected(&it.name));
        let needed = |dependent: &'_ FileInstance| -> Vec<&InstanceName> {
            let names = self.selected.iter().map(|it| &it.name);
            names.filter(|name| dependent.depends_on.iter().any(|(it, _)| it == *name)).collect()
        };
        outside
            .map(|dependent| (&dependent.name, needed(dependent)))
            .filter(|(_, needed)| !needed.is_empty())
            .collect()
    }
}

fn not_in_file(file: &WorkloadFile, name: &InstanceName) -> Option<Error> {
    if file.instance(name).is_some() {
        return None;
    }
    let known: Vec<&str> = file.instances.iter().map(|it| it.name.as_str()).collect();
    let error = Error::usage(Code::NoInstance, format!("`{name}` is no instance of {}", file.name));
    Some(match nearest(name.as_str(), known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error,
        None => error.hint(format!("its instances are: {}", known.join(", "))),
    })
}

/// Gives the surroundings for an instance of a file: what its flags say, else what the file says.
pub(crate) fn declared<'s>(session: &'s Session<'_>, instance: &FileInstance) -> Session<'s> {
    let said = |place: &Option<(String, Origin)>| place.as_ref().map(|(text, _)| text.clone());
    let runtime = session.runtime.clone().or_else(|| said(&instance.runtime));
    let namespace = session.namespace.clone().or_else(|| said(&instance.namespace));
    Session { is_declared: session.runtime.is_none(), ..session.at(runtime, namespace) }
}

/// Gives the surroundings for an instance of a file that is only looked for: what is stored of it
/// counts before what the file says. `brought` is the first namespace that its manifests bring.
pub(crate) fn looked_for<'s>(
    session: &'s Session<'_>,
    instance: &FileInstance,
    brought: impl FnOnce() -> Option<String>,
) -> Result<Session<'s>> {
    let stored = session.store().instance(&instance.name)?;
    if stored.is_some() {
        return Ok(session.at(session.runtime.clone(), session.namespace.clone()));
    }
    let mut declared = declared(session, instance);
    declared.namespace = declared.namespace.or_else(brought);
    Ok(declared)
}

/// Says where an unknown runtime was named, and how to go elsewhere.
pub(crate) fn with_place(error: Error, named: &NamedWorkload, instance: &FileInstance) -> Error {
    match &instance.runtime {
        Some((runtime, origin))
            if matches!(error.code, Code::UnknownContext | Code::UnknownRuntime)
                && error.message.contains(&format!("`{runtime}`")) =>
        {
            let pick = match named.file.instances.len() {
                1 => String::new(),
                _ => format!(" {}", instance.name),
            };
            let near = match &error.hint {
                Some(question) if question.ends_with('?') => format!("{question} "),
                Some(hint) => format!("{hint}; "),
                None => String::new(),
            };
            let way = format!(
                "{near}`workloadctl deploy -f {}{pick} --runtime CONTEXT` goes elsewhere",
                quoted(&named.file.name)
            );
            error.cause(format!("{origin} names it")).at(origin).hint(way)
        }
        _ if error.code == Code::NoSuchDefinition
            && named.file.definition(&instance.definition).is_none() =>
        {
            error.hint("store it first: `workloadctl definition apply -f FILE`")
        }
        _ => error,
    }
}
