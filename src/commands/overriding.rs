//! The overrides of an instance as flags, shared by `deploy`, `plan` and `instance create`.

use clap::Args;

use crate::{
    commands::invocation::Invocation,
    ops::sources::{self, ChartOptions},
    workload::{
        error::{Code, Error, Result},
        overrides::{self, OverrideEdit},
    },
};

/// The overrides of an instance as flags.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OverrideArgs {
    /// Set the image of a container, or of an image repository; NAME- drops the override
    #[arg(long, help_heading = "Overrides", value_name = "NAME=IMAGE")]
    pub(super) image: Vec<String>,
    /// Set the replicas of an object; OBJECT- drops the override
    #[arg(long, help_heading = "Overrides", value_name = "OBJECT=N")]
    pub(super) replicas: Vec<String>,
    /// Merge partial objects of a file into those that they name; OBJECT- drops the override
    #[arg(long, help_heading = "Overrides", value_name = "FILE")]
    pub(super) patch: Vec<String>,
    /// Set one value of an object, in YAML; OBJECT:PATH- drops the override
    #[arg(long, help_heading = "Overrides", value_name = "OBJECT:PATH=VALUE")]
    pub(super) set: Vec<String>,
}

impl OverrideArgs {
    /// Reads the edits.
    ///
    /// # Errors
    /// Code 2 with everything that is no override.
    pub(crate) fn edits(&self, call: &Invocation) -> Result<Vec<OverrideEdit>, Vec<Error>> {
        let Self { image, replicas, patch, set } = self;
        let images = image.iter().map(|text| overrides::parse_image(text));
        let replicas = replicas.iter().map(|text| overrides::parse_replicas(text));
        let sets = set.iter().map(|text| overrides::parse_set(text));
        let (edits, errors): (Vec<_>, Vec<_>) =
            // All that is wrong is told at once.
            images.chain(replicas).chain(sets).partition(Result::is_ok);
        let (mut edits, mut errors) = (edits, errors);
        for patch in patch {
            match read_patch(patch, call) {
                Ok(edit) => edits.push(Ok(edit)),
                Err(wrong) => errors.extend(wrong.into_iter().map(Err)),
            }
        }
        if errors.is_empty() {
            Ok(edits.into_iter().filter_map(Result::ok).collect())
        } else {
            Err(errors.into_iter().filter_map(Result::err).collect())
        }
    }
}

/// Reads the value of `--patch`: a file of partial objects, or `OBJECT-`.
fn read_patch(text: &str, call: &Invocation) -> Result<OverrideEdit, Vec<Error>> {
    let is_path = call.env.current_dir.join(text).exists();
    if let Some(object) = text.strip_suffix('-').filter(|it| it.contains('/') && !is_path) {
        return Ok(OverrideEdit::NoPatch(object.to_owned()));
    }
    // What standard input brings belongs to one `-f`.
    if text == "-" {
        let message = "`--patch` takes a file: standard input is for manifests";
        return Err(vec![Error::usage(Code::UnsupportedSource, message)]);
    }
    let read =
        sources::read(&[text.to_owned()], &ChartOptions::of(text), &call.env, std::io::empty());
    let files = read.map_err(|errors| errors.into_iter().map(of_patch).collect::<Vec<_>>())?;
    let patches: Vec<_> = files.iter().map(overrides::read_patches).collect::<Result<_, _>>()?;
    Ok(OverrideEdit::Patches(patches.concat()))
}

/// Says what `--patch` takes, where sources are told of.
fn of_patch(error: Error) -> Error {
    match error.code {
        Code::NoSuchSource => error.hint(
            "`--patch` takes a file of partial objects, and `--patch OBJECT-` drops those of an object",
        ),
        _ => error,
    }
}
