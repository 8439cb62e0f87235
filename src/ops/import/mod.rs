//! Making a definition and an instance of what runs in a namespace. Only the database is written:
//! the next deploy takes the objects over.

mod chart;
mod cluster_scoped;
mod listing;
mod namespace;

use serde_json::Value;

use super::{
    catalogue::{self, CreateOptions},
    runtime_choice::{choose, confirm_choice},
    session::Session,
    target::Target,
    view::{ImportView, ImportedObject, InstanceView, LeftObject},
};
use crate::{
    cluster::record,
    workload::{
        definition::SourceFile,
        error::{Code, Error, Result},
        import::stripped,
        manifest::{self, YamlDocuments},
        name::{DefinitionName, InstanceName},
        object::ObjectId,
        overrides::Overrides,
        ownership::made_by,
        record::nothing_known,
        versioning::is_annotated,
    },
};

/// Which objects are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Those of a release of Helm.
    Helm(String),
    /// Those of the namespace, and those without one, whose labels fit.
    Labelled(String),
    /// All of the namespace.
    All,
}

/// What is imported as what.
#[derive(Debug, Clone)]
pub(crate) struct ImportOptions {
    pub name: InstanceName,
    /// The definition that is made.
    pub definition: DefinitionName,
    /// The namespace that it runs in.
    pub namespace: String,
    pub selection: Selection,
}

/// What was found.
#[derive(Default)]
struct Found {
    /// Live objects, each with `apiVersion` and `kind`.
    taken: Vec<Value>,
    /// Those of them that are not what Helm sent.
    changed: Vec<ObjectId>,
    left: Vec<LeftObject>,
    /// What is to be heeded beside.
    remarks: Vec<String>,
}

impl Found {
    fn leave(&mut self, object: impl ToString, reason: impl Into<String>) {
        self.left.push(LeftObject { object: object.to_string(), reason: reason.into() });
    }

    /// Tells what is taken without the annotation that would give it another name.
    fn tell_versioned(&mut self) {
        let annotated = self.taken.iter().filter(|live| is_annotated(live));
        self.remarks.extend(annotated.map(|live| {
            format!(
                "{} is taken without its annotation workloadctl/versioned: a deploy would give it \
                 another name",
                ObjectId::of(live)
            )
        }));
    }

    /// Tells what became of all of it.
    fn into_view(self, instance: InstanceView) -> ImportView {
        let Self { taken, changed, mut left, remarks } = self;
        left.sort();
        let secrets = taken.iter().filter(|live| ObjectId::of(live).is("", "Secret")).count();
        let objects = taken.iter().map(|live| {
            let id = ObjectId::of(live);
            ImportedObject { made_by: made_by(live), changed: changed.contains(&id), id }
        });
        ImportView { instance, objects: objects.collect(), left, secrets, remarks }
    }
}

/// Imports.
///
/// # Errors
/// `instance-exists` and `definition-exists` (5), also where the record of an instance of that name
/// is in the namespace; `no-objects` (1) where nothing is taken; `no-such-release` (1); code 7 for a
/// runtime that cannot be used.
pub(crate) async fn import(session: &Session<'_>, options: &ImportOptions) -> Result<ImportView> {
    let ImportOptions { name, definition, namespace, selection } = options;
    refuse_taken(session, name, definition)?;
    let choice = choose(session, None)?;
    confirm_choice(session, session.ask, &choice, "Import", name)?;
    let mut target = Target::connect(session, &choice.runtime).await?;
    target.cluster_uid = target.identify().await?;
    target.refuse_other(session)?;
    if record::read(&target.api, namespace, name, &nothing_known).await?.is_some() {
        let message = format!("instance `{name}` is deployed in namespace {namespace}");
        return Err(Error::refused(Code::InstanceExists, message)
            .hint(format!("`workloadctl status {name} --namespace {namespace}` takes it in")));
    }
    target.learn_kinds().await?;
    let mut found = match selection {
        Selection::Helm(release) => chart::look(&target, namespace, release).await?,
        Selection::Labelled(selector) => {
            namespace::look(&target, namespace, Some(selector)).await?
        }
        Selection::All => namespace::look(&target, namespace, None).await?,
    };
    found.taken.sort_by_cached_key(ObjectId::of);
    found.tell_versioned();
    let mut documents = YamlDocuments::default();
    found.taken.iter().for_each(|live| documents.add(&stripped(live)));
    let source = format!("import:{namespace}");
    let file = SourceFile { name: source.clone(), text: documents.finish().into() };
    let loaded = manifest::load(vec![file]).map_err(manifest::combine)?;
    for left in loaded.left_out {
        found.taken.retain(|live| !is_same(live, &left.id));
        found.leave(&left.id, left.reason);
    }
    if loaded.content.objects.is_empty() {
        target.require_namespace(namespace).await?;
        return Err(nothing_taken(options, &found.left));
    }
    let create = CreateOptions {
        name: name.clone(),
        definition: Some(definition.clone()),
        runtime: choice.runtime.clone(),
        namespace: Some(namespace.clone()),
        overrides: Overrides::default(),
    };
    let now = session.now();
    let instance = session.store().transaction(|store| {
        catalogue::apply_definition(store, definition, &loaded.content, &source, now)?;
        catalogue::create_instance(store, create, now)
    });
    let instance = instance.map_err(naming)?;
    target.remember(session)?;
    Ok(found.into_view(instance))
}

/// Names the object that an error is about: its line is in a text that nobody has seen.
fn naming(error: Error) -> Error {
    match &error.object {
        Some(object) if !error.message.contains(&**object) => {
            let doing = format!("cannot take {object}");
            error.while_doing(doing)
        }
        _ => error,
    }
}

/// Tells an object of the definition, which names no namespace, from the others.
fn is_same(live: &Value, id: &ObjectId) -> bool {
    let (mut live, mut id) = (ObjectId::of(live), id.clone());
    (live.namespace, id.namespace) = (None, None);
    live == id
}

fn refuse_taken(
    session: &Session<'_>,
    name: &InstanceName,
    definition: &DefinitionName,
) -> Result<()> {
    let store = session.store();
    if let Some(there) = store.instance(name)? {
        let message = format!("instance `{name}` exists on runtime `{}`", there.runtime);
        return Err(Error::refused(Code::InstanceExists, message).hint("import it as another one"));
    }
    if store.definition(definition)?.is_some() {
        let message = format!("definition `{definition}` exists");
        return Err(Error::refused(Code::DefinitionExists, message)
            .hint("`--definition NAME` makes another one"));
    }
    Ok(())
}

fn nothing_taken(options: &ImportOptions, left: &[LeftObject]) -> Error {
    const TOLD: usize = 10;
    let namespace = &options.namespace;
    let message = match &options.selection {
        Selection::Helm(release) => format!("nothing of Helm release {release} can be taken"),
        Selection::Labelled(selector) => {
            format!("nothing in namespace {namespace} with labels {selector} can be taken")
        }
        Selection::All => format!("nothing in namespace {namespace} can be taken"),
    };
    let error = Error::failed(Code::NoObjects, message);
    let told = left.iter().take(TOLD);
    told.fold(error, |error, LeftObject { object, reason }| {
        error.cause(format!("{object} was left: {reason}"))
    })
}
