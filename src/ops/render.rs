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
        object::Object,
        overrides::Overrides,
        packed::PackedContent,
        placement::{Destination, Placed, Placement, Sources, place_each},
        rendering::{located, render_offline, wrong_annotations},
        validate::{self, RenderedJudge, Report},
    },
};

/// An instance that is to be rendered.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub name: &'a InstanceName,
    /// Its manifests, in place of the stored definition.
    pub given: Option<PackedContent>,
    /// The overrides that a workload file declares.
    pub declared: Option<&'a Overrides>,
    pub namespace: Option<&'a str>,
    pub validation: Validation,
}

/// What is told of an instance that was rendered.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// How it was placed; the objects were given away.
    pub placement: Placement,
    /// What is wrong with the objects.
    pub report: Report,
}

/// Renders an instance as it would be sent, and gives its objects away one by one: of the content given and with the overrides that a workload file declares,
/// else of the newest revision of its definition and with the stored ones. An
/// instance that is not stored is rendered as a new one would be. Kinds that are neither built in
/// nor brought by the content are taken to be namespaced. What was given away counts only where there is no error.
///
/// # Errors
/// Code 1: neither an instance nor a definition of that name; code 2: everything that is wrong
/// with the objects.
pub(crate) fn instance(
    store: &Store,
    wanted: Wanted<'_>,
    take: &mut dyn FnMut(&Placed),
) -> Result<Rendered> {
    let Wanted { name, given, declared, namespace, validation } = wanted;
    let stored = store.instance(name)?;
    let before = stored.as_ref().map(|stored| stored.overrides.clone()).unwrap_or_default();
    // As a deploy with `-f` does (docs/cli.md, Overrides).
    let overrides = match declared {
        Some(declared) => declared.clone().restarted_as(&before),
        None if given.is_some() => before.restart_alone(),
        None => before,
    };
    let destination = Destination {
        instance: name,
        namespace,
        stored: stored
            .as_ref()
            .and_then(|stored| Some((stored.namespace_mode?, stored.namespace.as_deref()?))),
        namespace_labels: &BTreeMap::new(),
    };
    let content = match given {
        Some(given) if overrides.is_empty() && !given.has_versioned() => {
            return one_by_one(given, &destination, validation, take);
        }
        Some(given) => given.unpack(),
        None => content(store, name, stored.as_ref())?,
    };
    let rendered = whole(content, &overrides, &destination, validation)?;
    rendered.placement.objects.iter().for_each(take);
    Ok(rendered)
}

/// Renders where objects depend on each other: overrides look for their targets, names follow contents.
fn whole(
    mut content: Content,
    overrides: &Overrides,
    to: &Destination<'_>,
    validation: Validation,
) -> Result<Rendered> {
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&content.objects);
    let unknown = kinds.check(&content.objects).errors;
    // What nothing overrides is not looked at again, and may be large.
    let objects = match overrides.is_empty() {
        true => std::mem::take(&mut content.objects),
        false => content.objects.clone(),
    };
    let placement = match render_offline(objects, &content.files, overrides, to) {
        Err(_) if !unknown.is_empty() => return Err(combine(unknown)),
        rendered => rendered?,
    };
    let report = validate::rendered(&placement.objects, &content, overrides, &kinds, &unknown);
    if !unknown.is_empty() {
        return Err(unknown_kinds(unknown, report, validation));
    }
    Ok(Rendered { placement, report })
}

/// Renders one object after the other, so that none has to be kept.
fn one_by_one(
    content: PackedContent,
    to: &Destination<'_>,
    validation: Validation,
    take: &mut dyn FnMut(&Placed),
) -> Result<Rendered> {
    let PackedContent { objects, files } = content;
    let definitions: Vec<Object> = objects
        .iter()
        .filter(|object| object.is_definition())
        .map(|object| object.clone().unpack())
        .collect();
    let mut kinds = Kinds::builtin();
    kinds.add_crds(&definitions);
    let (mut sources, mut unknown, mut wrong) = (Sources::default(), Vec::new(), Vec::new());
    for packed in &objects {
        let (id, origin) = (packed.id(), packed.origin());
        let fault = kinds.fault(packed.api_version(), &id.kind);
        unknown.extend(fault.map(|error| error.object(id).at(origin)));
        wrong.extend(wrong_annotations(&packed.clone().unpack()));
        sources.add(id.clone(), origin.clone(), &kinds);
    }
    if !wrong.is_empty() {
        let errors = if unknown.is_empty() { located(wrong, &files) } else { unknown };
        return Err(combine(errors));
    }
    let bodies = definitions.iter().map(|object| &*object.body);
    let mut judge = RenderedJudge::new(bodies, &unknown, None);
    let bodies = objects.into_iter().map(|object| object.unpack().body);
    let placement = place_each(sources, bodies, to, &mut |placed| {
        judge.look_at(&placed);
        take(&placed);
    });
    let report = judge.finish(&files);
    match placement {
        Err(_) if !unknown.is_empty() => Err(combine(unknown)),
        Ok(_) if !unknown.is_empty() => Err(unknown_kinds(unknown, report, validation)),
        placement => Ok(Rendered { placement: placement?, report }),
    }
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
    use crate::workload::{
        definition::SourceFile, instance::NamespaceMode, manifest::load, packed::PackedObject,
    };

    const WEB: &str = "\
        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
          selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    \
          spec: {containers: [{name: web, image: 'nginx:1'}]}\n";

    fn content(text: &str) -> Content {
        let file = SourceFile { name: "web.yaml".into(), text: text.into() };
        load(vec![file]).unwrap().content
    }

    fn packed(text: &str) -> PackedContent {
        let Content { objects, files } = content(text);
        PackedContent { objects: objects.iter().map(PackedObject::of).collect(), files }
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

    /// Kind, namespace and image of what is rendered, and its label; both ways of rendering agree.
    fn seen(store: &Store, given: Option<&str>) -> Vec<(String, String, String)> {
        let text = |body: &Value, path: &str| {
            body.pointer(path).and_then(Value::as_str).unwrap_or("-").to_owned()
        };
        let mut seen = Vec::new();
        let (name, given) = (name(), given.map(packed));
        let validation = Validation::Strict;
        let wanted = Wanted { name: &name, given, declared: None, namespace: None, validation };
        instance(store, wanted, &mut |Placed { body, .. }| {
            assert!(body["metadata"]["labels"]["workloadctl/instance"] == "web");
            let image = text(body, "/spec/template/spec/containers/0/image");
            seen.push((text(body, "/kind"), text(body, "/metadata/namespace"), image));
        })
        .unwrap();
        seen
    }

    fn of(seen: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
        seen.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect()
    }

    #[test]
    fn an_instance_is_rendered_with_overrides_and_in_its_namespace() {
        assert_eq!(of(&seen(&store(), None)), [("Deployment", "shop", "nginx:2")]);
    }

    #[test]
    fn with_manifests_only_what_is_said_counts() {
        let given = WEB.replace("nginx:1", "nginx:3");
        assert_eq!(of(&seen(&store(), Some(&given))), [("Deployment", "shop", "nginx:3")]);
    }

    #[test]
    fn a_new_instance_gets_its_own_namespace() {
        let store = Store::in_memory().unwrap();
        assert_eq!(
            of(&seen(&store, Some(WEB))),
            [("Namespace", "-", "-"), ("Deployment", "web", "nginx:1")]
        );
        let (name, validation) = (name(), Validation::Strict);
        let wanted =
            Wanted { name: &name, given: None, declared: None, namespace: None, validation };
        assert_eq!(instance(&store, wanted, &mut |_| {}).unwrap_err().code, Code::NoSuchInstance);
    }

    /// One by one and as a whole: the same objects, notes, warnings and mistakes, or the same error.
    #[test]
    fn both_ways_of_rendering_agree() {
        let web = &*format!("---\n{WEB}");
        let account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n";
        let binding = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
            metadata: {name: b}\nroleRef: {kind: ClusterRole, name: c, apiGroup: rbac.authorization.k8s.io}\n\
            subjects: [{kind: ServiceAccount, name: a, namespace: default}]\n";
        let definition = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
            metadata: {name: gears.example.com}\nspec:\n  group: example.com\n  scope: Cluster\n  \
            names: {plural: gears, singular: gear, kind: Gear}\n  versions:\n  - name: v1\n    \
            served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, \
            properties: {spec: {type: object, properties: {teeth: {type: integer}}}}}}\n";
        let gear = "---\napiVersion: example.com/v1\nkind: Gear\nmetadata: {name: g}\n\
            spec: {teeth: many}\n";
        let annotated = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  \
            annotations: {workloadctl/ready-when: nonsense}\n";
        let named = |namespace: &str| account.replace("{name: a}", namespace);
        let twice = named("{name: a, namespace: one}")
            + &named("{name: a, namespace: two, labels: {a: b}}");
        for (text, namespace) in [
            (WEB.to_owned() + account + binding, None),
            (WEB.replace("image:", "imgae:") + account, Some("shop")),
            (gear.to_owned() + definition, None),
            (gear.to_owned() + web, None),
            (account.replace("ServiceAccount", "ServiceAcount") + web, None),
            (account.replace("ServiceAccount", "ServiceAcount") + &twice, None),
            (annotated.to_owned() + web, None),
            (twice.clone(), None),
            (twice, Some("shop")),
        ] {
            let name = name();
            let to = Destination {
                instance: &name,
                namespace,
                stored: None,
                namespace_labels: &BTreeMap::new(),
            };
            let mut objects = Vec::new();
            let one_by_one = one_by_one(packed(&text), &to, Validation::Strict, &mut |placed| {
                objects.push(placed.clone());
            });
            let whole = whole(content(&text), &Overrides::default(), &to, Validation::Strict);
            match (one_by_one, whole) {
                (Ok(one), Ok(whole)) => {
                    assert_eq!(Placement { objects, ..one.placement }, whole.placement, "{text}");
                    assert_eq!(one.report, whole.report, "{text}");
                }
                (one, whole) => assert_eq!(one.unwrap_err(), whole.unwrap_err(), "{text}"),
            }
        }
    }
}
