//! What a deploy of an instance would send, offline: overrides, namespaces and labels, without
//! asking a cluster or changing the database.

use std::collections::BTreeMap;

use super::{options::Validation, strictness::unknown_kinds};
use crate::{
    store::Store,
    workload::{
        definition::Content,
        error::{Code, Error, Result},
        instance::Instance,
        kinds::Kinds,
        manifest::combine,
        name::{DefinitionName, InstanceName},
        overrides::Overrides,
        placement::{Destination, Placement},
        rendering::render_offline,
        validate::{self, Report},
    },
};

/// An instance as it would be sent, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub placement: Placement,
    pub report: Report,
}

/// Renders an instance: of the content given and with the overrides that a workload file declares,
/// else of the newest revision of its definition and with the stored ones. An
/// instance that is not stored is rendered as a new one would be. Kinds that are neither built in
/// nor brought by the content are taken to be namespaced.
///
/// # Errors
/// Code 1: neither an instance nor a definition of that name; code 2: everything that is wrong
/// with the objects.
pub(crate) fn instance(
    store: &Store,
    name: &InstanceName,
    given: Option<Content>,
    declared: Option<&Overrides>,
    namespace: Option<&str>,
    how: Validation,
) -> Result<Rendered> {
    let stored = store.instance(name)?;
    let before = stored.as_ref().map(|stored| stored.overrides.clone()).unwrap_or_default();
    // As a deploy with `-f` does (docs/cli.md, Overrides).
    let overrides = match declared {
        Some(declared) => declared.clone().restarted_as(&before),
        None if given.is_some() => before.restart_alone(),
        None => before,
    };
    let mut content = match given {
        Some(content) => content,
        None => content(store, name, stored.as_ref())?,
    };
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&content.objects);
    let unknown = kinds.check(&content.objects).errors;
    let destination = Destination {
        instance: name,
        namespace,
        stored: stored
            .as_ref()
            .and_then(|stored| Some((stored.namespace_mode?, stored.namespace.as_deref()?))),
        namespace_labels: &BTreeMap::new(),
    };
    // What nothing overrides is not looked at again, and may be large.
    let objects = match overrides.is_empty() {
        true => std::mem::take(&mut content.objects),
        false => content.objects.clone(),
    };
    let placement = match render_offline(objects, &overrides, &destination) {
        Err(_) if !unknown.is_empty() => return Err(combine(unknown)),
        rendered => rendered?,
    };
    let report = validate::rendered(&placement.objects, &content, &overrides, &kinds, &unknown);
    if !unknown.is_empty() {
        return Err(unknown_kinds(unknown, report, how));
    }
    Ok(Rendered { placement, report })
}

/// Reads what a deploy without `-f` would bring.
fn content(store: &Store, name: &InstanceName, stored: Option<&Instance>) -> Result<Content> {
    let definition: DefinitionName = match stored {
        Some(stored) => stored.definition.clone(),
        None => name.as_str().parse()?,
    };
    match (store.newest_revision(&definition, Some(name))?, stored) {
        (Some(revision), _) => store.content(&revision),
        (None, None) => Err(store.no_such_instance(name.as_str())),
        (None, Some(_)) => Err(Error::failed(
            Code::NoSuchRevision,
            format!("definition `{definition}` has no revision here"),
        )
        .hint(format!("workloadctl render {name} -f PATH"))),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;
    use crate::workload::{definition::SourceFile, instance::NamespaceMode, manifest::load};

    const WEB: &str = "\
        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
          selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    \
          spec: {containers: [{name: web, image: 'nginx:1'}]}\n";

    fn content(text: &str) -> Content {
        let file = SourceFile { name: "web.yaml".into(), text: text.into() };
        load(vec![file]).unwrap().content
    }

    fn name() -> InstanceName {
        "web".parse().unwrap()
    }

    /// A database with definition `web` and an instance of it with another image in `shop`.
    fn store() -> Store {
        let mut store = Store::in_memory().unwrap();
        let definition: DefinitionName = "web".parse().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        store.apply_definition(&definition, &content(WEB), "web.yaml", None, now).unwrap();
        let mut overrides = Overrides::default();
        overrides.images.insert("web".into(), "nginx:2".into());
        let instance = Instance {
            name: name(),
            definition,
            runtime: "kind-dev".into(),
            namespace: Some("shop".into()),
            namespace_mode: Some(NamespaceMode::Given),
            cluster_uid: None,
            overrides,
            created_at: now,
            observed: None,
        };
        store.create_instance(&instance).unwrap();
        store
    }

    fn seen(rendered: &Placement) -> Vec<(&str, Option<&str>, Option<&str>)> {
        rendered
            .objects
            .iter()
            .map(|placed| {
                let at = |path: &str| placed.body.pointer(path).and_then(Value::as_str);
                (
                    at("/kind").unwrap(),
                    at("/metadata/namespace"),
                    at("/spec/template/spec/containers/0/image"),
                )
            })
            .collect()
    }

    #[test]
    fn an_instance_is_rendered_with_overrides_and_in_its_namespace() {
        let rendered =
            instance(&store(), &name(), None, None, None, Validation::Strict).unwrap().placement;
        let [(kind, namespace, image)] = seen(&rendered)[..] else { panic!("{rendered:?}") };
        assert_eq!((kind, namespace, image), ("Deployment", Some("shop"), Some("nginx:2")));
        let labels = rendered.objects[0].body.pointer("/metadata/labels").unwrap();
        assert_eq!(labels["workloadctl/instance"], "web");
    }

    #[test]
    fn with_manifests_only_what_is_said_counts() {
        let given = content(&WEB.replace("nginx:1", "nginx:3"));
        let rendered = instance(&store(), &name(), Some(given), None, None, Validation::Strict)
            .unwrap()
            .placement;
        assert_eq!(seen(&rendered), [("Deployment", Some("shop"), Some("nginx:3"))]);
    }

    #[test]
    fn a_new_instance_gets_its_own_namespace() {
        let store = Store::in_memory().unwrap();
        let rendered =
            instance(&store, &name(), Some(content(WEB)), None, None, Validation::Strict)
                .unwrap()
                .placement;
        assert_eq!(
            seen(&rendered),
            [("Namespace", None, None), ("Deployment", Some("web"), Some("nginx:1"))]
        );
        assert_eq!(
            instance(&store, &name(), None, None, None, Validation::Strict).unwrap_err().code,
            Code::NoSuchInstance
        );
    }
}
