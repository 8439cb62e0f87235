//! One call of the program: what the global flags and the environment decided, checked once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    commands::global::GlobalArgs,
    env::Env,
    output::{
        ci::Reports,
        format::{Format, Progress},
        operation::{Answers, Verb},
        printer::{Printer, TalkOptions},
    },
    workload::{
        error::{Code, Error, ErrorKind, Result},
        name::{LABEL_LIMIT, check_label},
    },
};

/// What a command hands back when everything was told: the exit code 0, or another one that is
/// no news any more.
pub(crate) type Done = Result<Option<ErrorKind>, Failures>;

/// What a command could not do and has not told yet; at least one error.
#[derive(Debug)]
pub(crate) struct Failures(pub Vec<Error>);

impl From<Error> for Failures {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl From<Vec<Error>> for Failures {
    fn from(errors: Vec<Error>) -> Self {
        Self(errors)
    }
}

/// One call of the program.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The surroundings.
    pub env: Env,
    /// The time at which the call began; ages count from it.
    pub now: Timestamp,
    /// What is shown and how.
    pub printer: Printer,
    /// How progress looks.
    pub progress: Progress,
    /// `--runtime`, where it was given once.
    pub runtime: Option<String>,
    /// `--runtime`, as often as it was given.
    pub runtimes: Vec<String>,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// How long one request may take, if the user says.
    pub request_timeout: Option<Duration>,
    /// `--yes`.
    pub yes: bool,
    /// What is left for others to read.
    pub reports: Arc<Reports>,
    db: Option<PathBuf>,
}

impl Invocation {
    /// Checks the global flags.
    ///
    /// # Errors
    /// Code 2 when a flag says nothing that makes sense.
    pub(crate) fn new(
        global: GlobalArgs,
        env: Env,
        now: Timestamp,
        printer: Printer,
    ) -> Result<Self> {
        let GlobalArgs {
            runtime: runtimes,
            namespace,
            kubeconfig,
            db,
            output: _,
            quiet: _,
            verbose: _,
            color: _,
            progress,
            request_timeout,
            yes,
        } = global;
        // Elsewhere 0 means no limit. A request without one could outlast its holder
        // (docs/design.md, One at a time).
        if request_timeout == Some(Duration::ZERO) {
            return Err(Error::usage(
                Code::InvalidFlag,
                "--request-timeout 0 would let no request through",
            ));
        }
        let given = runtimes.iter().map(|runtime| ("--runtime", runtime));
        for (flag, value) in
            given.chain(namespace.iter().map(|namespace| ("--namespace", namespace)))
        {
            // `--namespace "$NS"` with an unset variable: going on without it would deploy
            // somewhere else.
            if value.is_empty() {
                return Err(Error::usage(Code::InvalidFlag, format!("{flag} is empty")));
            }
        }
        if let Some(namespace) = &namespace {
            check_label("namespace", namespace, LABEL_LIMIT)?;
        }
        let reports = Arc::new(Reports::new(checkout(&env)));
        Ok(Self {
            env,
            now,
            printer,
            progress,
            runtime: if let [runtime] = &*runtimes { Some(runtime.clone()) } else { None },
            runtimes,
            namespace,
            kubeconfig,
            request_timeout,
            yes,
            reports,
            db,
        })
    }

    /// Gives the same call with further reports.
    pub(crate) fn reporting(&self, reports: Reports) -> Self {
        Self { reports: Arc::new(reports), ..self.clone() }
    }

    /// Begins the answer of a command; `list` where the user named several instances, or all.
    pub(crate) fn answers(&self, verb: Verb, list: bool) -> Answers {
        Answers::new(self.printer, verb, list, Arc::clone(&self.reports))
    }

    /// Gives the database's file: `--db`, else `WORKLOADCTL_DB`, else the one in the user's
    /// configuration folder.
    ///
    /// # Errors
    /// Code 2 when there is no such folder, or none for the file that was named: it is mistyped.
    pub(crate) fn db(&self) -> Result<PathBuf> {
        if let Some(path) = self.named_db() {
            return require_folder(path).map(|()| path.to_owned());
        }
        match &self.env.config_dir {
            Some(folder) => Ok(folder.join("workloadctl/workloadctl.db")),
            None => Err(Error::usage(Code::NoDatabase, "there is no folder for the database")
                .hint("set WORKLOADCTL_DB or HOME")),
        }
    }

    /// Refuses several runtimes where one is meant.
    ///
    /// # Errors
    /// Code 2.
    pub(crate) fn refuse_several_runtimes(&self) -> Result<()> {
        if self.runtimes.len() > 1 {
            let message = "--runtime may be given several times for `deploy` and `plan` of one definition alone";
            return Err(Error::usage(Code::InvalidFlag, message));
        }
        Ok(())
    }

    /// Gives the database's file where the user named it.
    pub(crate) fn named_db(&self) -> Option<&Path> {
        self.db.as_deref().or_else(|| self.env.path("WORKLOADCTL_DB"))
    }

    /// Refuses a form of answer that this command does not have.
    ///
    /// # Errors
    /// Code 2, naming those that it has.
    pub(crate) fn only(&self, command: &str, formats: &[Format]) -> Result<()> {
        match self.printer.chosen_format() {
            Some(chosen) if !formats.contains(&chosen) => {
                let words: Vec<String> = formats.iter().map(|format| format.word()).collect();
                Err(Error::usage(
                    Code::InvalidFlag,
                    format!("`{command}` has no -o {}, only {}", chosen.word(), words.join(", ")),
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses a file for which there is no folder.
fn require_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let is_folder = match fs::metadata(folder) {
        Ok(metadata) => metadata.is_dir(),
        // Whoever may not look finds out when the file is opened.
        Err(error) => {
            !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        }
    };
    if is_folder {
        return Ok(());
    }
    let (file, folder) = (path.display(), folder.display());
    let message = format!("there is no folder {folder} for the database {file}");
    Err(Error::usage(Code::CannotOpenDatabase, message).hint("`--db FILE` names another database"))
}

/// Gives the way from the repository's folder to the current one where a GitHub job runs the program:
/// its log takes errors as annotations.
fn checkout(env: &Env) -> Option<PathBuf> {
    env.variable("GITHUB_ACTIONS").filter(|value| *value == "true")?;
    let root = env.path("GITHUB_WORKSPACE");
    let folder = root.and_then(|root| env.current_dir.strip_prefix(root).ok());
    Some(folder.map(Path::to_owned).unwrap_or_default())
}

/// Reads the manner of talking off the global flags and the environment.
pub(crate) fn talk_options(global: &GlobalArgs, env: &Env) -> TalkOptions {
    TalkOptions {
        format: global.output,
        quiet: global.quiet,
        verbosity: global.verbose,
        color: global.color,
        // Bars need a cursor that moves; where TERM is not set nobody knows.
        dumb: env.variable("TERM").is_none_or(|terminal| terminal == "dumb"),
        // What no window can be made narrower of, and the terminals of old.
        reflows: env.variable("TERM").is_none_or(|it| it != "linux" && !it.starts_with("vt")),
        json_talk: global.progress == Progress::Json,
    }
}
