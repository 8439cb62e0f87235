//! What an operation leaves for others to read: files for a CI system, and annotations in its log.
//!
//! One door: [`Reports`] sees the events while they come and the answers at the end. It never stops an
//! operation; what could not be written is told when everything else was.

mod annotations;
mod junit;
mod markdown;
mod quality;
#[cfg(test)]
mod tests;
mod timeline;

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use jiff::Timestamp;

use self::{annotations::Annotations, timeline::Timeline};
use super::{printer::write_stderr, progress::json::JsonLines};
use crate::{
    ops::{events::Event, view::Operation},
    workload::error::{Code, Error, ErrorKind, Result},
};

/// The files that were asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReportFiles {
    /// The events as lines of JSON.
    pub events: Option<PathBuf>,
    /// A test suite for each instance, a case for each object.
    pub junit: Option<PathBuf>,
    /// Markdown, appended to what is there.
    pub summary: Option<PathBuf>,
    /// GitLab's Code Quality report: what is wrong, at file and line.
    pub code_quality: Option<PathBuf>,
}

impl ReportFiles {
    /// Refuses one file for two reports, of which the last would be left, or both mixed.
    fn check_apart(&self) -> Result<()> {
        let Self { events, junit, summary, code_quality } = self;
        let files = [
            ("--events", events),
            ("--junit", junit),
            ("--summary", summary),
            ("--code-quality", code_quality),
        ];
        let mut seen: BTreeMap<&Path, &str> = BTreeMap::new();
        for (flag, path) in files {
            // What is no file, such as a pipe or a terminal, may be read by one who tells them apart.
            let Some(path) = path.as_deref().filter(|path| !is_no_file(path)) else { continue };
            if let Some(other) = seen.insert(path, flag) {
                let message = format!("{other} and {flag} both name {}", path.display());
                return Err(Error::usage(Code::UnwritableReport, message)
                    .hint("each report takes a file of its own"));
            }
        }
        Ok(())
    }
}

/// Writes what was asked for.
#[derive(Debug)]
pub(crate) struct Reports {
    files: ReportFiles,
    annotations: Option<Annotations>,
    timeline: Mutex<Timeline>,
    events: Mutex<Option<Events>>,
}

/// The file of the events.
#[derive(Debug)]
struct Events {
    file: File,
    lines: JsonLines,
    /// The first failure to write; what comes after it would have a gap before it.
    failed: Option<io::Error>,
}

/// What the files are made of.
struct Told<'a> {
    verb: &'a str,
    operations: &'a [Operation],
    timeline: &'a Timeline,
    now: Timestamp,
}

impl Reports {
    /// Writes no file. `checkout`: errors are annotated for GitHub, and this is the way from the
    /// repository's folder to the current one.
    pub(crate) fn new(checkout: Option<PathBuf>) -> Self {
        Self {
            files: ReportFiles::default(),
            annotations: checkout.map(Annotations::from),
            timeline: Mutex::default(),
            events: Mutex::default(),
        }
    }

    /// Gives what writes files too; relative ones are relative to the current folder. Each is tried now:
    /// what cannot be written must not be learned after the deploy.
    ///
    /// # Errors
    /// Code 2 where one cannot be written.
    pub(crate) fn with(
        &self,
        files: ReportFiles,
        current_dir: &Path,
        verbosity: u8,
    ) -> Result<Self> {
        let place = |path: Option<PathBuf>| path.map(|path| current_dir.join(path));
        let ReportFiles { events, junit, summary, code_quality } = files;
        let files = ReportFiles {
            events: place(events),
            junit: place(junit),
            summary: place(summary),
            code_quality: place(code_quality),
        };
        files.check_apart()?;
        let ReportFiles { events, junit, summary, code_quality } = &files;
        let whole = [("--junit", junit), ("--code-quality", code_quality)];
        for (flag, path) in
            whole.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)))
        {
            try_whole(path).map_err(|error| unwritable(flag, path, &error))?;
        }
        if let Some(path) = summary {
            append(path, "").map_err(|error| unwritable("--summary", path, &error))?;
        }
        let begin = |path: &PathBuf| -> Result<Events> {
            let file = File::create(path).map_err(|error| unwritable("--events", path, &error))?;
            Ok(Events { file, lines: JsonLines::new(verbosity, Timestamp::now), failed: None })
        };
        let events = Mutex::new(events.as_ref().map(begin).transpose()?);
        Ok(Self {
            files,
            events,
            annotations: self.annotations.clone(),
            timeline: Mutex::default(),
        })
    }

    /// Takes an event of an instance.
    pub(crate) fn observe(&self, instance: &str, event: &Event) {
        if self.files.junit.is_some() || self.files.summary.is_some() {
            self.timeline().take(instance, event, Timestamp::now());
        }
        let mut events = self.events.lock().expect("no holder of the file panics");
        if let Some(Events { file, lines, failed }) = &mut *events
            && failed.is_none()
            && let Some(line) = lines.due(instance, event)
        {
            *failed = file.write_all(line.as_bytes()).err();
        }
    }

    /// Annotates what went wrong with an instance, for whoever looks at the sources.
    pub(crate) fn annotate(&self, operation: &Operation) {
        if let Some(annotations) = &self.annotations {
            write_stderr(&annotations.of_operation(operation));
        }
    }

    /// Annotates that an instance could not be returned after its own answer was told.
    pub(crate) fn annotate_return(&self, operation: &Operation) {
        if let Some(annotations) = &self.annotations {
            write_stderr(&annotations.of_return(operation));
        }
    }

    /// Annotates failures that are no instance's.
    pub(crate) fn annotate_errors(&self, errors: &[Error]) {
        if let Some(annotations) = &self.annotations {
            write_stderr(&annotations.of_errors(errors));
        }
    }

    /// Writes the files of a command that has ended.
    ///
    /// # Errors
    /// Code 1 with the first file that could not be written; the others are.
    pub(crate) fn write(&self, verb: &str, operations: &[Operation]) -> Result<()> {
        let timeline = self.timeline();
        let told = Told { verb, operations, timeline: &timeline, now: Timestamp::now() };
        let ReportFiles { events, junit, summary, code_quality } = &self.files;
        let mut results = Vec::new();
        let mut wrote = |flag, path: &PathBuf, result: io::Result<()>| {
            results.push(result.map_err(|error| Error {
                kind: ErrorKind::Failed,
                ..unwritable(flag, path, &error)
            }));
        };
        if let Some(path) = junit {
            wrote("--junit", path, whole(path, &junit::text(&told)));
        }
        if let Some(path) = summary {
            wrote("--summary", path, append(path, &markdown::text(&told)));
        }
        if let Some(path) = code_quality {
            wrote("--code-quality", path, whole(path, &quality::text(operations)));
        }
        let kept = self.events.lock().expect("no holder of the file panics").take();
        if let (Some(path), Some(kept)) = (events, kept) {
            wrote("--events", path, kept.end(operations));
        }
        results.into_iter().collect()
    }

    fn timeline(&self) -> std::sync::MutexGuard<'_, Timeline> {
        self.timeline.lock().expect("no holder of the timeline panics")
    }
}

impl Events {
    /// Ends the stream with what went wrong.
    fn end(mut self, operations: &[Operation]) -> io::Result<()> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        for operation in operations {
            let back = operation.rollback.as_ref().and_then(|back| back.return_error());
            for error in operation.error.iter().chain(&back) {
                let line = self.lines.error(&operation.instance.name, error);
                self.file.write_all(line.as_bytes())?;
            }
        }
        self.file.flush()
    }
}

/// Tries whether a file could be put into its place.
fn try_whole(path: &Path) -> io::Result<()> {
    if is_no_file(path) {
        return OpenOptions::new().append(true).open(path).map(drop);
    }
    let beside = beside(path);
    File::create_new(&beside)?;
    fs::remove_file(beside)
}

/// Puts a file into its place as a whole: whoever reads it reads all of it or what was there before.
fn whole(path: &Path, text: &str) -> io::Result<()> {
    if is_no_file(path) {
        return append(path, text);
    }
    let beside = beside(path);
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// Tells whether something other than a file stands there, such as a pipe: nothing takes its place.
fn is_no_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn unwritable(flag: &str, path: &Path, error: &io::Error) -> Error {
    let message = format!("{flag}: cannot write {}", path.display());
    Error::usage(Code::UnwritableReport, message).chain(error)
}
