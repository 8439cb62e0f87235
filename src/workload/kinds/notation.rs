//! OBJECT as people type it: `KIND[.GROUP]/NAME`, `NAMESPACE/KIND/NAME` where that is ambiguous.
//!
//! KIND may be in any case, plural, or a short name; `GROUP` may be `core` for the core group,
//! and may have a version before it as kubectl allows (`deployments.v1.apps`).

use super::{KindInfo, Kinds};
use crate::workload::{
    error::{Code, Error, Result},
    name::nearest,
    object::{GroupKind, ObjectId},
};

/// A parsed OBJECT.
struct Pattern<'a> {
    namespace: Option<&'a str>,
    kind: KindPattern<'a>,
    name: &'a str,
}

/// OBJECT as it was typed: nobody has looked whether it is there.
#[derive(Debug)]
pub(crate) struct Typed<'a> {
    pub namespace: Option<&'a str>,
    /// KIND as it was typed, with its group.
    pub kind: &'a str,
    pub name: &'a str,
}

/// A parsed `KIND[.GROUP]`.
struct KindPattern<'a> {
    kind: &'a str,
    /// The group; none where it was left out.
    group: Option<&'a str>,
}

impl Kinds {
    /// Finds the known kinds that `KIND[.GROUP]` may mean. Exact names come before short names:
    /// where a kind is called so, a short name of another does not count.
    pub(crate) fn resolve(&self, text: &str) -> Vec<GroupKind> {
        let pattern = KindPattern::parse(text);
        let mut by_name = Vec::new();
        let mut by_short_name = Vec::new();
        for (group, kind, info) in self.iter().filter(|(group, ..)| pattern.has_group(group)) {
            if pattern.names(kind, Some(info)) {
                by_name.push(GroupKind::new(group, kind));
            } else if pattern.abbreviates(info) {
                by_short_name.push(GroupKind::new(group, kind));
            }
        }
        if by_name.is_empty() { by_short_name } else { by_name }
    }
}

impl<'a> Typed<'a> {
    /// Takes OBJECT apart.
    ///
    /// # Errors
    /// Code 2 (`invalid-object`) where it is not of the form.
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        Self::split(text).ok_or_else(|| malformed(text, &[]))
    }

    fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/');
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
        let (namespace, kind, name) = match third {
            None => (None, first, second),
            Some(name) => (Some(first), second, name),
        };
        let complete = !kind.is_empty() && !name.is_empty() && namespace != Some("");
        (complete && parts.next().is_none()).then_some(Self { namespace, kind, name })
    }
}

impl<'a> Pattern<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let Typed { namespace, kind, name } = Typed::split(text)?;
        Some(Self { namespace, kind: KindPattern::parse(kind), name })
    }

    fn matches(&self, id: &ObjectId, kinds: &Kinds) -> bool {
        id.name == self.name
            && self.namespace.is_none_or(|namespace| id.namespace.as_deref() == Some(namespace))
            && self.kind.has_group(&id.group)
            && self.kind.means(&id.kind, kinds.of(id))
    }
}

impl<'a> KindPattern<'a> {
    fn parse(text: &'a str) -> Self {
        match text.split_once('.') {
            Some((kind, "core")) => Self { kind, group: Some("") },
            Some((kind, group)) => Self { kind, group: Some(group) },
            None => Self { kind: text, group: None },
        }
    }

    /// Tells whether the group is the one that was typed, if one was.
    fn has_group(&self, group: &str) -> bool {
        let Some(wanted) = self.group else { return true };
        // kubectl's `deployments.v1.apps`, and `pods.v1.` for the core group.
        let without_version = match wanted.split_once('.') {
            Some((first, rest)) if is_version(first) => rest,
            None if is_version(wanted) => "",
            _ => wanted,
        };
        wanted.eq_ignore_ascii_case(group) || without_version.eq_ignore_ascii_case(group)
    }

    fn means(&self, kind: &str, info: Option<&KindInfo>) -> bool {
        self.names(kind, info) || info.is_some_and(|info| self.abbreviates(info))
    }

    /// Tells whether the typed text is the kind's name, singular or plural. The plural of a kind
    /// that is not known is guessed.
    fn names(&self, kind: &str, info: Option<&KindInfo>) -> bool {
        let typed = |name: &str| self.kind.eq_ignore_ascii_case(name);
        typed(kind)
            || match info {
                Some(info) => typed(&info.plural) || typed(&info.singular),
                // Much like the API machinery's guess (UnsafeGuessKindToResource).
                None => typed(&guess_plural(kind)),
            }
    }

    fn abbreviates(&self, info: &KindInfo) -> bool {
        info.short_names.iter().any(|name| self.kind.eq_ignore_ascii_case(name))
    }
}

/// Tells whether a text is a version such as `v1` or `v1beta1`, and not a part of a group.
fn is_version(text: &str) -> bool {
    super::version_rank(text).0 < 3
}

fn guess_plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if kind.ends_with(['s', 'x']) || kind.ends_with("ch") => format!("{kind}es"),
        _ => format!("{kind}s"),
    }
}

/// Gives the form of an identity that no other object shares: `NAMESPACE/KIND.GROUP/NAME`.
pub(crate) fn full_form(id: &ObjectId) -> String {
    let group = if id.group.is_empty() { "core" } else { &id.group };
    match &id.namespace {
        Some(namespace) => format!("{namespace}/{}.{group}/{}", id.kind, id.name),
        None => format!("{}.{group}/{}", id.kind, id.name),
    }
}

/// Finds the one object that OBJECT means.
///
/// # Errors
/// Code 2: not of the form (`invalid-object`), nothing found (`unknown-object`, hint: the nearest
/// one), or several found (`ambiguous-object`, naming the forms that tell them apart).
pub(crate) fn find<'a>(
    text: &str,
    ids: impl IntoIterator<Item = &'a ObjectId>,
    kinds: &Kinds,
) -> Result<&'a ObjectId> {
    let ids: Vec<&ObjectId> = ids.into_iter().collect();
    let Some(pattern) = Pattern::parse(text) else {
        return Err(malformed(text, &ids));
    };
    let mut found: Vec<&ObjectId> =
        ids.iter().copied().filter(|id| pattern.matches(id, kinds)).collect();
    found.sort();
    found.dedup();
    // A kind of that name comes before one that merely has it for a short name, as in resolve.
    if found.iter().any(|id| pattern.kind.names(&id.kind, kinds.of(id))) {
        found.retain(|id| pattern.kind.names(&id.kind, kinds.of(id)));
    }
    match *found {
        [id] => Ok(id),
        [] => Err(not_found(text, &pattern, &ids, kinds)),
        _ => Err(ambiguous(text, &found)),
    }
}

fn malformed(text: &str, ids: &[&ObjectId]) -> Error {
    let error = Error::usage(Code::InvalidObject, format!("{text:?} does not name an object"))
        .cause("the form is KIND/NAME, such as Deployment/web, or NAMESPACE/KIND/NAME");
    match ids.iter().find(|id| id.name == text) {
        Some(id) => error.hint(format!("write `{}`", form_among(id, ids))),
        None => error,
    }
}

fn not_found(text: &str, pattern: &Pattern<'_>, ids: &[&ObjectId], kinds: &Kinds) -> Error {
    let error = Error::usage(Code::UnknownObject, format!("there is no object {text}"));
    if let Some(id) = ids.iter().find(|id| same_but_namespace(pattern, id)) {
        return error.hint(format!("write `{}`", full_form(id)));
    }
    // A short name is not spelled like the kind that it means.
    let meant = ids.iter().find(|id| pattern.kind.means(&id.kind, kinds.of(id)));
    let kind = meant.map_or(pattern.kind.kind, |id| &id.kind);
    let wanted = format!("{kind}/{}", pattern.name).to_lowercase();
    let known: Vec<String> = ids.iter().map(|id| id.short().to_lowercase()).collect();
    let near = nearest(&wanted, known.iter().map(String::as_str));
    let same_name = || ids.iter().position(|id| id.name == pattern.name);
    let position = near.and_then(|near| known.iter().position(|form| form == near));
    match position.or_else(same_name) {
        Some(position) => error.hint(format!("write `{}`", form_among(ids[position], ids))),
        None => error,
    }
}

fn same_but_namespace(pattern: &Pattern<'_>, id: &ObjectId) -> bool {
    pattern.namespace.is_some()
        && id.name == pattern.name
        && pattern.kind.kind.eq_ignore_ascii_case(&id.kind)
}

fn ambiguous(text: &str, found: &[&ObjectId]) -> Error {
    let message = format!("{text} may mean {} objects", found.len());
    let forms = found.iter().take(10).map(|id| shortest_form(id, found));
    let mut forms: Vec<String> = forms.collect();
    if found.len() > forms.len() {
        forms.push(format!("{} more", found.len() - forms.len()));
    }
    let hint = format!("write `{}`", forms[0]);
    Error::usage(Code::AmbiguousObject, message).causes(forms).hint(hint)
}

/// Gives the shortest form that means `id` and none of the others: `KIND/NAME`, if it may be.
fn form_among(id: &ObjectId, ids: &[&ObjectId]) -> String {
    let is_same = |other: &&&ObjectId| other.kind == id.kind && other.name == id.name;
    let same: Vec<&ObjectId> = ids.iter().filter(is_same).copied().collect();
    match same.iter().all(|other| *other == id) {
        true => id.short(),
        false => shortest_form(id, &same),
    }
}

/// Gives the shortest form that tells `id` from the others.
fn shortest_form(id: &ObjectId, others: &[&ObjectId]) -> String {
    let same_group = others.iter().all(|other| other.group == id.group && other.kind == id.kind);
    match (&id.namespace, same_group) {
        (Some(namespace), true) => format!("{namespace}/{}", id.short()),
        _ => full_form(id),
    }
}
