//! The flags that say what a release should be, shared by `deploy` and `plan`: which instances,
//! of which manifests, with which overrides, and what may be done for it.

mod instances;

use clap::Args;

use crate::{
    commands::{
        invocation::{Failures, Invocation},
        manifests::FileArgs,
        names::Numbered,
        overriding::OverrideArgs,
        pace::PaceArgs,
        parallel::ParallelArgs,
        validation::{ValidationArgs, load_given},
        workload_file::NamedWorkload,
    },
    ops::options::{
        Conflicts, DeployOptions, Earlier, Limits, OnMissing, Permissions, PruneWhen, Watching,
    },
    output::format::words,
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        mask,
        name::DefinitionName,
        placement::parse_namespace_label,
        shell,
    },
};

words!(impl PruneWhen { After = "after", Before = "before", Never = "never" });
words!(impl Conflicts { Force = "force", Yield = "yield", Fail = "fail" });
words!(impl OnMissing { Warn = "warn", Refuse = "error" });

/// What a release should be.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The instances, each made where it does not exist yet
    #[arg(value_name = "INSTANCE")]
    pub(super) names: Vec<String>,
    /// All instances, or those of --definition and on --runtime
    #[arg(long, conflicts_with_all = ["names", "file"])]
    pub(super) all: bool,
    /// Its manifests, in place of the stored definition.
    #[command(flatten)]
    pub(super) files: FileArgs,
    /// The definition, or NAME@N for its revision N [default: the instance's own, or one of the
    /// instance's name]
    #[arg(long, value_name = "NAME")]
    pub(super) definition: Option<String>,
    /// The number of the definition's revision [default: the newest]
    #[arg(long, value_name = "N", conflicts_with = "file")]
    revision: Option<u64>,
    /// The revision that another instance runs: that of its last release that went well
    #[arg(long, value_name = "INSTANCE", conflicts_with_all = ["file", "revision", "definition"])]
    like: Option<String>,
    /// With --like: its overrides too, in place of the instance's own
    #[arg(long, requires = "like",
          conflicts_with_all = ["image", "replicas", "patch", "set", "restart"])]
    with_overrides: bool,
    /// What to override.
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Restart the pods, and run the Jobs again
    #[arg(long, help_heading = "Overrides")]
    restart: bool,
    /// Restart just the pods that run with an old ConfigMap or Secret, which they read at their start
    #[arg(long, help_heading = "Overrides", conflicts_with_all = ["restart", "with_overrides"])]
    restart_stale: bool,
    /// When to remove what left the definition
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = PruneWhen::After)]
    prune: PruneWhen,
    /// Take over objects that exist and are not ours, with what other tools left in them
    #[arg(long)]
    adopt: bool,
    /// Delete an object and create it again where a change of it is not possible
    #[arg(long, value_name = "OBJECT")]
    replace: Vec<String>,
    /// What to do about fields that another manager holds [default: take those of persons, leave
    /// those of autoscalers, refuse all others]
    #[arg(long, value_enum, value_name = "HOW")]
    conflicts: Option<Conflicts>,
    /// What to do about references to objects that are neither in the set nor on the cluster
    #[arg(long, value_enum, value_name = "HOW", default_value_t = OnMissing::Warn)]
    references: OnMissing,
    /// How strictly the objects are looked at.
    #[command(flatten)]
    validation: ValidationArgs,
    /// How many at once.
    #[command(flatten)]
    pub(super) parallel: ParallelArgs,
    /// Go on although the runtime is another cluster than before
    #[arg(long)]
    new_cluster: bool,
    /// Label a namespace that is made, such as pod-security.kubernetes.io/enforce=baseline
    #[arg(long, value_name = "KEY=VALUE")]
    namespace_label: Vec<String>,
    /// Whether a release that does not go well is followed by one that returns: a flag of `deploy`
    /// alone, for a plan writes nothing.
    #[arg(skip)]
    pub(super) rollback_on_failure: bool,
    /// Whether images are loaded onto the nodes: a flag of `deploy` alone.
    #[arg(skip)]
    pub(super) load_images: bool,
    /// How it is waited for; flags of `deploy` alone.
    #[arg(skip)]
    pub(super) watching: Watching,
    /// The object whose place is explained: a flag of `plan` alone.
    #[arg(skip)]
    pub(super) why: Option<String>,
    /// Whether the plan is kept, to be done as it is.
    #[arg(skip)]
    pub(super) keeps_plan: bool,
    /// The flag of the command that needs exactly one instance, if it was given.
    #[arg(skip)]
    pub(super) single: Option<&'static str>,
    /// How it goes on over many instances; flags of `deploy` alone.
    #[arg(skip)]
    pub(super) pace: PaceArgs,
}

impl ReleaseArgs {
    /// Tells whether manifests come from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.files.reads_stdin()
    }

    /// Gives the files that patches are read from.
    pub(crate) fn patches(&self) -> Vec<String> {
        self.overrides.patch.clone()
    }

    /// Checks the flags and the manifests, which were read; gives beside the options what should be
    /// heeded in the manifests.
    ///
    /// # Errors
    /// Everything that is wrong with flags or manifests.
    pub(crate) fn check(
        self,
        read: Vec<SourceFile>,
        call: &Invocation,
        limits: Limits,
    ) -> Result<(DeployOptions, Vec<String>), Failures> {
        let source = self.files.named();
        let mut options = self.options(call, limits)?;
        if read.is_empty() {
            return Ok((options, Vec::new()));
        }
        let (given, warnings) = load_given(read, call, source)?;
        options.given = Some(given);
        Ok((options, warnings))
    }

    /// Checks the flags.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn options(
        self,
        call: &Invocation,
        limits: Limits,
    ) -> Result<DeployOptions, Failures> {
        let typed = self.typed();
        let (definition, earlier) = self.revision()?;
        let edits = self.overrides.edits(call)?;
        let labels = self.namespace_label.iter().map(|text| parse_namespace_label(text));
        let namespace_labels = labels.collect::<Result<_>>()?;
        Ok(DeployOptions {
            given: None,
            earlier,
            definition,
            declared: None,
            edits,
            is_one_of_several: false,
            restart: self.restart,
            restart_stale: self.restart_stale,
            load_images: self.load_images,
            limits,
            may: Permissions {
                prune: self.prune,
                adopt: self.adopt,
                replace: self.replace,
                conflicts: self.conflicts.unwrap_or_default(),
                references: self.references,
                validation: self.validation.validate,
                new_cluster: self.new_cluster,
                namespace_labels,
            },
            rollback_on_failure: self.rollback_on_failure,
            keeps_plan: self.keeps_plan,
            frozen: None,
            typed,
            watching: self.watching,
            why: self.why,
        })
    }

    /// Finds out which definition is named, and which revision in place of the newest.
    ///
    /// # Errors
    /// Code 2 for what is no name or number, and for two things that are said about one.
    fn revision(&self) -> Result<(Option<DefinitionName>, Option<Earlier>)> {
        if let Some(instance) = &self.like {
            let instance = instance.parse()?;
            let like = Earlier::Like { instance, with_overrides: self.with_overrides };
            return Ok((None, Some(like)));
        }
        let numbered = self.definition.as_deref().map(Numbered::parse).transpose()?;
        let behind = numbered.as_ref().and_then(|numbered| numbered.number);
        let other = match (behind, self.revision.is_some(), self.files.file.is_empty()) {
            (Some(_), true, _) => Some("--revision"),
            (Some(_), false, false) => Some("-f"),
            _ => None,
        };
        if let (Some(number), Some(other)) = (behind, other) {
            let message = format!("{other} cannot be used with a revision, `@{number}`");
            return Err(Error::usage(Code::InvalidCommand, message));
        }
        let definition = numbered.map(|numbered| numbered.name.parse()).transpose()?;
        Ok((definition, behind.or(self.revision).map(Earlier::Revision)))
    }

    /// Gives the flags that say what is deployed as they can be typed again; `None` where they cannot
    /// be, or must not be shown.
    fn typed(&self) -> Option<String> {
        let OverrideArgs { image, replicas, patch, set } = &self.overrides;
        if set.iter().any(|text| mask::is_secret(text)) {
            return None;
        }
        let files = self.files.typed()?;
        let definition = self.definition.iter().map(|name| ("--definition", name));
        let revision = self.revision.map(|number| number.to_string());
        let all = definition
            .chain(revision.iter().map(|number| ("--revision", number)))
            .chain(self.like.iter().map(|name| ("--like", name)))
            .chain(image.iter().map(|text| ("--image", text)))
            .chain(replicas.iter().map(|text| ("--replicas", text)))
            .chain(patch.iter().map(|text| ("--patch", text)))
            .chain(set.iter().map(|text| ("--set", text)));
        let with = if self.with_overrides { " --with-overrides" } else { "" };
        Some(format!("{files}{}{with}", shell::flags(all)))
    }

    /// Checks that the flags fit a workload file and the instances of it that are meant.
    ///
    /// # Errors
    /// Code 2 for what the file says itself, and where several instances are meant for what can only
    /// be said of one.
    pub(crate) fn check_for_file(&self, named: &NamedWorkload, call: &Invocation) -> Result<()> {
        if self.definition.is_some() {
            let message = format!("--definition: {} names its definitions itself", named.file.name);
            return Err(Error::usage(Code::InvalidFlag, message));
        }
        named.refuse_for_several(&[
            ("--replicas", !self.overrides.replicas.is_empty()),
            ("--patch", !self.overrides.patch.is_empty()),
            ("--set", !self.overrides.set.is_empty()),
            ("--replace", !self.replace.is_empty()),
            ("--runtime", !call.runtimes.is_empty()),
            ("--namespace", call.namespace.is_some()),
            (self.single.unwrap_or_default(), self.single.is_some()),
        ])
    }
}
