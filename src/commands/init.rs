//! `init`: writes a first workload file, from a folder of manifests or from what is stored.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path, PathBuf},
};

use clap::Args;

use crate::{
    commands::{
        invocation::{Done, Invocation},
        names::instance_names,
    },
    env::Env,
    ops::sources::{self, ChartOptions},
    store::Store,
    workload::{
        error::{Code, Error, Result},
        file::{self, Draft, DraftInstance},
        instance::{Instance, NamespaceMode},
        manifest::{self, YamlDocuments},
        name::{DefinitionName, InstanceName},
        overrides::Overrides,
        shell::quoted,
    },
};

const MORE: &str = "\
A workload file says what runs where: definitions with their manifests, instances with their \
runtimes and overrides. No file is overwritten. With --from the manifests of a definition are \
written beside the file where they are not where they were read; values of Secrets among them, \
and in the overrides, stand in the files as they are, which nobody else may read.

Examples:
  workloadctl init k8s/                           one instance of the manifests in k8s/
  workloadctl init --from web-dev,web-prod        what is stored, with its overrides
  workloadctl deploy -f workload.yaml

Exit codes:
  0  written
  1  no such instance
  2  wrong command or input
  5  refused: the file exists";

/// Write a first workload file
#[derive(Debug, Args)]
#[command(after_long_help = MORE)]
pub(crate) struct InitArgs {
    /// The folder of manifests [default: the current one]
    #[arg(value_name = "FOLDER")]
    folder: Option<String>,
    /// Stored instances to write down, with their overrides
    #[arg(long, value_name = "INSTANCE", value_delimiter = ',', conflicts_with = "folder")]
    from: Vec<String>,
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "workload.yaml")]
    file: String,
}

/// Writes a file.
pub(super) fn run(args: InitArgs, call: &Invocation) -> Done {
    let InitArgs { folder, from, file } = args;
    let secret = !from.is_empty();
    let target = Target { name: &file, env: &call.env, secret };
    if target.path().exists() && file != "-" {
        return Err(exists(&file).into());
    }
    let drafts = match &*from {
        [] => vec![target.of_folder(folder.as_deref().unwrap_or("."))?],
        names => target.of_instances(&call.open_for_reading()?, &instance_names(names)?)?,
    };
    let text = file::write(&drafts);
    if file == "-" {
        call.printer.answer(&text)?;
        return Ok(None);
    }
    target.create(&target.path(), &text)?;
    call.printer.answer(&format!("{file} written\n"))?;
    call.printer.hint(&format!("workloadctl deploy -f {}", quoted(&file)));
    Ok(None)
}

/// Where the file goes.
struct Target<'a> {
    name: &'a str,
    env: &'a Env,
    /// Whether others may not read it.
    secret: bool,
}

impl Target<'_> {
    fn path(&self) -> PathBuf {
        self.env.current_dir.join(self.name)
    }

    /// Gives the folder that sources of the file are relative to.
    fn folder(&self) -> PathBuf {
        match self.name {
            "-" => self.env.current_dir.to_owned(),
            _ => self.path().parent().unwrap_or(&self.env.current_dir).to_owned(),
        }
    }

    fn of_folder(&self, name: &str) -> Result<Draft> {
        let path = self.env.current_dir.join(name);
        let read = sources::read(
            &[name.to_owned()],
            &ChartOptions::of(ChartOptions::UNNAMED),
            self.env,
            io::empty(),
        )
        .map_err(manifest::combine)?;
        let single: Vec<PathBuf> =
            read.iter().map(|it| self.env.current_dir.join(&it.name)).collect();
        // What is written has to be deployable: the manifests are read now.
        manifest::load(read)
            .and_then(|loaded| loaded.require_objects().map_err(|error| vec![error]))
            .map_err(manifest::combine)?;
        let is_inside = path.is_dir() && real(&self.folder()).starts_with(real(&path));
        let are_files = single.iter().all(|file| file.is_file());
        let manifests = match is_inside && are_files {
            // The file itself would be taken for one of its manifests.
            true => single.iter().map(|file| self.relative(file)).collect(),
            false => vec![self.relative(&path)],
        };
        let definition = name_of(&path)?;
        let name: InstanceName = definition.as_str().parse()?;
        let instance =
            DraftInstance { name, runtime: None, namespace: None, overrides: Overrides::default() };
        Ok(Draft { definition, manifests, instances: vec![instance] })
    }

    fn of_instances(&self, store: &Store, names: &[InstanceName]) -> Result<Vec<Draft>> {
        let mut drafts: Vec<Draft> = Vec::new();
        for name in names {
            let Some(instance) = store.instance(name)? else {
                return Err(store.no_such_instance(name.as_str()));
            };
            let Instance { definition, runtime, namespace, namespace_mode, overrides, .. } =
                instance;
            let namespace = namespace.filter(|_| namespace_mode == Some(NamespaceMode::Given));
            let runtime = Some(runtime);
            let one = DraftInstance { name: name.clone(), runtime, namespace, overrides };
            match drafts.iter_mut().find(|draft| draft.definition == definition) {
                Some(draft) => draft.instances.push(one),
                None => {
                    let manifests = self.manifests_of(store, &definition)?;
                    drafts.push(Draft { definition, manifests, instances: vec![one] });
                }
            }
        }
        Ok(drafts)
    }

    /// Gives the sources of a definition, where they still are; else writes its objects down.
    fn manifests_of(&self, store: &Store, definition: &DefinitionName) -> Result<Vec<String>> {
        let Some(newest) = store.newest_revision(definition, None)? else {
            return Err(store.no_such_definition(definition.as_str()));
        };
        let at = |source: &str| self.env.current_dir.join(source);
        // Sources are kept with blanks between them, and may have some.
        let paths: Vec<PathBuf> = match at(&newest.source).exists() {
            true => vec![at(&newest.source)],
            false => newest.source.split(' ').map(at).collect(),
        };
        if !newest.source.is_empty() && paths.iter().all(|path| path.exists()) {
            return Ok(paths.iter().map(|path| self.relative(path)).collect());
        }
        let bodies = store.content(&newest)?.objects.into_iter().map(|object| object.body);
        let name = format!("{definition}.manifests.yaml");
        let mut documents = YamlDocuments::default();
        bodies.for_each(|body| documents.add(&body));
        let text = documents.finish();
        self.create(&self.folder().join(&name), &text).map_err(|error| match error.code {
            Code::FileExists => error
                .hint(format!("move it away: what `{definition}` consists of is written there")),
            _ => error,
        })?;
        Ok(vec![name])
    }

    /// Writes a file that is not there yet.
    fn create(&self, path: &Path, text: &str) -> Result<()> {
        let shown = path.strip_prefix(&self.env.current_dir).unwrap_or(path).display().to_string();
        // What is stored may hold values of Secrets, as the database does.
        let mode = if self.secret { 0o600 } else { 0o666 };
        let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
            match error.kind() {
                ErrorKind::AlreadyExists => exists(&shown),
                _ => Error::failed(Code::System, format!("cannot write {shown}")).chain(&error),
            }
        })
    }

    /// Names a path from the file's folder.
    fn relative(&self, path: &Path) -> String {
        let (from, to) = (real(&self.folder()), real(path));
        let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
        let up = from.components().skip(shared).map(|_| Component::ParentDir);
        let way: PathBuf = up.chain(to.components().skip(shared)).collect();
        if way.as_os_str().is_empty() { ".".to_owned() } else { way.display().to_string() }
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn exists(file: &str) -> Error {
    Error::refused(Code::FileExists, format!("{file} exists; no file is overwritten"))
        .hint("`--file FILE` writes another one, `--file -` to standard output")
}

/// Makes the name of a definition of the name of a folder or file.
fn name_of(path: &Path) -> Result<DefinitionName> {
    let path = real(path);
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let stem = stem.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let mut name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    name.truncate(crate::workload::name::INSTANCE_NAME_LIMIT);
    let name = name.trim_matches('-');
    if name.is_empty() { "web".parse() } else { name.parse() }
}
