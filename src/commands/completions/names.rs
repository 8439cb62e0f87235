//! Which names fit at which argument: decided by what the arguments call their values, so that a
//! new command that takes an `INSTANCE` completes it.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Arc,
};

use clap::{Arg, ArgMatches, Command, ValueHint, builder::PossibleValuesParser};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::{
    env::Env,
    ops::{
        candidates::{Candidate, Known, Objects},
        runtimes,
    },
    workload::name::{DefinitionName, InstanceName},
};

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Instances,
    Definitions,
    Runtimes,
    Namespaces,
    Objects(Objects),
    /// What has pods in the sandbox.
    InSandbox,
    Containers,
    Services,
    /// Objects with pods, and containers.
    Targets,
    Releases,
    Revisions,
    /// Instances or definitions, with the number of a release or revision.
    Sides,
}

/// Gives what an argument takes, and what is typed after it.
fn wanted(command: &str, argument: &Arg) -> Option<(Wanted, &'static str)> {
    let value = argument.get_value_names()?.first()?.as_str();
    let id = argument.get_id().as_str();
    Some(match (command, value, id) {
        // A name that is not taken yet.
        ("import" | "instance create", "INSTANCE", _) => return None,
        (_, "INSTANCE", _) => (Wanted::Instances, ""),
        (_, "CONTEXT" | "RUNTIME", _) => (Wanted::Runtimes, ""),
        (_, "NAMESPACE", _) => (Wanted::Namespaces, ""),
        (_, "OBJECT", _) => (Wanted::Objects(Objects::All), ""),
        (_, "OBJECT=N", _) => (Wanted::Objects(Objects::Scaled), "="),
        (_, "OBJECT:PATH=VALUE", _) => (Wanted::Objects(Objects::All), ":"),
        ("sandbox fail", "KIND/NAME", _) => (Wanted::InSandbox, ""),
        (_, "NAME=IMAGE", _) => (Wanted::Containers, "="),
        (_, "TARGET", _) => (Wanted::Targets, ""),
        (_, "[SERVICE][:PORT]", _) => (Wanted::Services, ""),
        (_, "SIDE", _) => (Wanted::Sides, ""),
        // Helm's release is another thing.
        (_, "RELEASE", "to") | (_, "N", "release") => (Wanted::Releases, ""),
        (_, "N", "revision") => (Wanted::Revisions, ""),
        (_, "NAME", "definition") => (Wanted::Definitions, ""),
        (command, "NAME", _) if command.starts_with("definition ") => (Wanted::Definitions, ""),
        _ => return None,
    })
}

/// Gives the forms of answer that a command has, where they are not all.
fn formats(command: &str) -> Option<&'static [&'static str]> {
    match command {
        "deploy" | "plan" | "rollback" | "delete" | "sandbox reset" | "sandbox serve" => {
            Some(&["table", "json"])
        }
        "sandbox fail" => Some(&["table", "json", "yaml"]),
        "render" => Some(&["yaml", "json", "name"]),
        "logs" | "forward" | "open" => Some(&["table"]),
        _ => None,
    }
}

/// The names for a line that is being typed.
pub(super) struct Names(Arc<Typed>);

/// What was typed before the word that is completed.
#[derive(Debug)]
struct Typed {
    env: Env,
    database: Option<PathBuf>,
    kubeconfig: Option<PathBuf>,
    instances: Vec<InstanceName>,
    definition: Option<DefinitionName>,
    /// Whether names are those of definitions: `diff --definition`.
    of_definitions: bool,
}

impl Names {
    /// Reads what was typed before the last word.
    pub(super) fn new(line: &[OsString], env: Env, grammar: Command) -> Self {
        let before = &line[..line.len() - 1];
        let grammar = grammar.ignore_errors(true);
        let whole = grammar.try_get_matches_from(before).unwrap_or_default();
        let mut matches = &whole;
        while let Some((_, inner)) = matches.subcommand() {
            matches = inner;
        }
        let path = |id: &str| matches.try_get_one::<PathBuf>(id).ok().flatten().cloned();
        let database =
            path("db").or_else(|| env.path("WORKLOADCTL_DB").map(Into::into)).or_else(|| {
                env.config_dir.as_ref().map(|folder| folder.join("workloadctl/workloadctl.db"))
            });
        let instances = ["names", "name", "like"].iter().flat_map(|id| texts(matches, id));
        let instances = instances.filter_map(|text| text.parse().ok()).collect();
        let definitions = ["definition", "name"].iter().flat_map(|id| texts(matches, id));
        let names = definitions.filter_map(|text| text.split('@').next()?.parse().ok());
        let of_definitions = matches.try_get_one("definition").is_ok_and(|it| it == Some(&true));
        Self(Arc::new(Typed {
            kubeconfig: path("kubeconfig"),
            definition: names.collect::<Vec<_>>().into_iter().next(),
            env,
            database,
            instances,
            of_definitions,
        }))
    }

    /// Gives each argument of a grammar its names.
    pub(super) fn dress(&self, grammar: Command) -> Command {
        let output = grammar.get_arguments().find(|it| it.get_id() == "output").cloned();
        self.dress_command(grammar, "", output.as_ref())
    }

    fn dress_command(&self, command: Command, path: &str, output: Option<&Arg>) -> Command {
        let mut command = command.mut_args(|argument| self.dress_argument(argument, path));
        if let (Some(formats), Some(output)) = (formats(path), output) {
            command = command.arg(output.clone().value_parser(PossibleValuesParser::new(formats)));
        }
        command.mut_subcommands(|inner| {
            let path = match path {
                "" => inner.get_name().to_owned(),
                outer => format!("{outer} {}", inner.get_name()),
            };
            self.dress_command(inner, &path, output)
        })
    }

    fn dress_argument(&self, argument: Arg, command: &str) -> Arg {
        // A hidden spelling has values all the same.
        let argument = match argument.get_id().as_str() {
            "runtime" => argument.visible_alias("context"),
            _ => argument,
        };
        if let Some((wanted, suffix)) = wanted(command, &argument) {
            let typed = Arc::clone(&self.0);
            let several = argument.is_positional();
            return argument.add(ArgValueCompleter::new(move |word: &OsStr| {
                let found = typed.candidates(wanted, &word.to_string_lossy(), several);
                let found = found.into_iter().map(|Candidate { word, about }| {
                    CompletionCandidate::new(format!("{word}{suffix}")).help(Some(about.into()))
                });
                let word = word.to_string_lossy();
                found
                    .filter(|found| found.get_value().to_string_lossy().starts_with(&*word))
                    .collect()
            }));
        }
        let value = argument.get_value_names().and_then(|names| names.first());
        match value.map(|value| value.as_str()) {
            Some("FILE" | "PATH" | "FOLDER") => argument.value_hint(ValueHint::AnyPath),
            _ => argument,
        }
    }
}

fn texts<'m>(matches: &'m ArgMatches, id: &str) -> Vec<&'m String> {
    match matches.try_get_many::<String>(id) {
        Ok(Some(values)) => values.collect(),
        Ok(None) | Err(_) => Vec::new(),
    }
}

impl Typed {
    fn candidates(&self, wanted: Wanted, word: &str, several: bool) -> Vec<Candidate> {
        let known = Known::open(self.database.as_deref());
        match wanted {
            Wanted::Instances => {
                // One that was named once need not be named again.
                let is_new = |one: &Candidate| {
                    !several || !self.instances.iter().any(|typed| typed.as_str() == one.word)
                };
                known.instances().into_iter().filter(is_new).collect()
            }
            Wanted::Definitions => match word.split_once('@') {
                Some((name, _)) => numbered(name, |name| known.revisions(name)),
                None => known.definitions(),
            },
            Wanted::Sides if self.of_definitions => {
                self.candidates(Wanted::Definitions, word, several)
            }
            Wanted::Sides => match word.split_once('@') {
                Some((name, _)) => numbered(name, |name| known.releases(name)),
                None => known.instances(),
            },
            Wanted::Runtimes => {
                let kubeconfig = runtimes::kubeconfig(&self.env, self.kubeconfig.as_deref());
                kubeconfig.map(|kubeconfig| known.runtimes(&kubeconfig)).unwrap_or_default()
            }
            Wanted::Namespaces => known.namespaces(),
            Wanted::Objects(which) => known.objects(&self.instances, which),
            Wanted::InSandbox => known.objects(&known.on_sandbox(), Objects::WithPods),
            Wanted::Containers => known.containers(&self.instances),
            Wanted::Services => {
                let objects = known.objects(&self.instances, Objects::All).into_iter();
                let service = |one: Candidate| {
                    let word = one.word.strip_prefix("Service/")?.to_owned();
                    Some(Candidate { word, ..one })
                };
                objects.filter_map(service).collect()
            }
            Wanted::Targets => {
                let objects = known.objects(&self.instances, Objects::WithPods);
                objects.into_iter().chain(known.containers(&self.instances)).collect()
            }
            Wanted::Releases => match self.instances.first() {
                Some(instance) => known.releases(instance),
                None => Vec::new(),
            },
            Wanted::Revisions => {
                let of_instance = || known.definition_of(self.instances.first()?);
                match self.definition.clone().or_else(of_instance) {
                    Some(definition) => known.revisions(&definition),
                    None => Vec::new(),
                }
            }
        }
    }
}

/// Writes numbers behind the name that they are of.
fn numbered<N: std::str::FromStr>(
    name: &str,
    numbers: impl FnOnce(&N) -> Vec<Candidate>,
) -> Vec<Candidate> {
    let numbers = name.parse().map(|name| numbers(&name)).unwrap_or_default();
    let whole = |one: Candidate| Candidate { word: format!("{name}@{}", one.word), ..one };
    numbers.into_iter().map(whole).collect()
}
