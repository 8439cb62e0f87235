//! The manifests that a workload file names: read for its definitions.

use std::io;

use super::{
    invocation::{Failures, Invocation},
    manifests::load_packed,
    validation::load_given,
    workload_file::NamedWorkload,
};
use crate::{
    ops::{
        options::Given,
        sources::{self, ChartOptions},
    },
    workload::{
        definition::SourceFile,
        error::{Code, Error},
        file::{FileDefinition, FileInstance},
        manifest,
        name::DefinitionName,
        packed::PackedContent,
    },
};

const ASIDE: &str = "move it out of that folder, or name the manifests one by one";

/// A definition of a workload file with its content.
#[derive(Debug, Clone)]
pub(crate) struct LoadedDefinition {
    pub name: DefinitionName,
    pub given: Given,
    /// What should be heeded in the manifests.
    pub warnings: Vec<String>,
}

impl NamedWorkload {
    /// Gives the first namespace that the manifests of an instance bring, where they can be read:
    /// its record lies there.
    pub(crate) fn first_namespace(
        &self,
        instance: &FileInstance,
        call: &Invocation,
    ) -> Option<String> {
        let definition = self.file.definition(&instance.definition)?;
        let (_, files) = self.texts(definition, call).ok()?;
        let mut brought = None;
        manifest::read_each(files, &mut |object| {
            let id = object.id();
            if brought.is_none() && id.is("", "Namespace") {
                brought = Some(id.name.clone());
            }
        })
        .ok()?;
        brought
    }

    /// Reads the manifests of the definitions that are `wanted`; everything that is wrong is told.
    ///
    /// # Errors
    /// Everything that is wrong with the manifests.
    pub(crate) fn load(
        &self,
        call: &Invocation,
        wanted: impl Fn(&FileDefinition) -> bool,
    ) -> Result<Vec<LoadedDefinition>, Failures> {
        let (mut loaded, mut errors) = (Vec::new(), Vec::new());
        for definition in self.file.definitions.iter().filter(|it| wanted(it)) {
            match self.load_one(definition, call) {
                Ok(one) => loaded.push(one),
                Err(Failures(failures)) => errors.extend(failures),
            }
        }
        if errors.is_empty() { Ok(loaded) } else { Err(errors.into()) }
    }

    /// Reads the texts that a definition is made of; gives them with the paths.
    fn texts(
        &self,
        definition: &FileDefinition,
        call: &Invocation,
    ) -> Result<(Vec<String>, Vec<SourceFile>), Vec<Error>> {
        let file = &self.file.name;
        let chart = ChartOptions::of(definition.name.as_str());
        let (mut paths, mut files, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (source, origin) in &definition.manifests {
            let path = sources::beside(file, source).map_err(|error| vec![error]);
            let read = path.and_then(|path| {
                paths.push(path.clone());
                sources::read(&[path], &chart, &call.env, io::empty())
            });
            match read {
                Ok(texts) => files.extend(texts),
                Err(all) => errors.extend(all.into_iter().map(|error| {
                    let error = error.cause(format!("{origin} names it")).at(origin);
                    match error.code {
                        Code::NoSuchSource => {
                            error.hint(format!("sources are relative to the folder of {file}"))
                        }
                        _ => error,
                    }
                })),
            }
        }
        if errors.is_empty() { Ok((paths, files)) } else { Err(errors) }
    }

    fn load_one(
        &self,
        definition: &FileDefinition,
        call: &Invocation,
    ) -> Result<LoadedDefinition, Failures> {
        let name = definition.name.clone();
        let (paths, files) = self.texts(definition, call)?;
        let (given, warnings) = load_given(files, call, paths.join(" ")).map_err(aside)?;
        Ok(LoadedDefinition { name, given, warnings })
    }

    /// Reads the manifests of one definition, and keeps the objects packed; none where the file does
    /// not have it.
    ///
    /// # Errors
    /// Everything that is wrong with the manifests.
    pub(crate) fn load_packed(
        &self,
        call: &Invocation,
        name: &DefinitionName,
    ) -> Result<Option<PackedContent>, Failures> {
        let Some(definition) = self.file.definition(name) else { return Ok(None) };
        let (_, files) = self.texts(definition, call)?;
        load_packed(files, call).map(Some).map_err(aside)
    }
}

/// Says of a workload file among the manifests how to keep it aside.
fn aside(Failures(errors): Failures) -> Failures {
    // By itself it is what is being read already.
    let aside = |error: Error| match error.code {
        Code::WorkloadFile => error.hint(ASIDE),
        _ => error,
    };
    Failures(errors.into_iter().map(aside).collect())
}
