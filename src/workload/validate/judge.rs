//! Judging objects one after the other, so that none has to be kept but those that the whole set has
//! more to say of.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Judged, Report, builtin,
    custom::CustomSchemas,
    deprecated,
    fault::{Fault, ShownBy},
    faults, old_version, source, unknown_kind,
};
use crate::{
    schema::{Gvk, openapi},
    workload::{
        definition::SourceFile,
        error::Error,
        kinds::{Kinds, is_definition},
        object::Object,
        overrides::{Flag, Overridden, Overriding},
        packed::PackedObject,
        placement::Placed,
    },
};

/// Judges the objects of a definition as they are read, their kinds included.
pub(crate) struct Judge {
    kinds: Kinds,
    seen: usize,
    judged: Vec<Judged>,
    /// Each with the number of its object.
    warnings: Vec<(usize, String)>,
    /// What is judged once the set is known.
    later: Vec<(usize, PackedObject)>,
}

impl Judge {
    /// Begins without an object.
    pub(crate) fn new() -> Self {
        Self {
            kinds: Kinds::builtin(),
            seen: 0,
            judged: Vec::new(),
            warnings: Vec::new(),
            later: Vec::new(),
        }
    }

    /// Looks at the next object.
    pub(crate) fn look_at(&mut self, object: &Object) {
        let number = self.seen;
        self.seen += 1;
        let gvk = Gvk::of(&object.body);
        let is_known = self.kinds.fault(object.api_version(), object.kind()).is_none();
        match openapi().of(&gvk).filter(|_| is_known && !is_definition(&object.body)) {
            Some(schema) => {
                self.note(number, object, &gvk, builtin::faults(&object.body, &gvk, schema));
            }
            None => self.later.push((number, PackedObject::of(object))),
        }
    }

    /// Gives all that is wrong; `files` are the texts of the objects.
    pub(crate) fn finish(mut self, files: &[SourceFile]) -> Report {
        let later = std::mem::take(&mut self.later);
        let (definitions, later): (Vec<_>, Vec<_>) =
            later.into_iter().partition(|(_, object)| object.is_definition());
        let definitions: Vec<(usize, Object)> =
            definitions.into_iter().map(|(number, object)| (number, object.unpack())).collect();
        let objects: Vec<Object> = definitions.iter().map(|(_, object)| object.clone()).collect();
        self.kinds.add_crds(&objects);
        let schemas = CustomSchemas::of(objects.iter().map(|object| &*object.body));
        let later = later.into_iter().map(|(number, object)| (number, object.unpack()));
        for (number, object) in definitions.into_iter().chain(later) {
            let (gvk, body) = (Gvk::of(&object.body), &object.body);
            let unknown = self.kinds.fault(object.api_version(), object.kind());
            let faults = match unknown {
                None => faults(body, &gvk, &schemas),
                Some(_) if deprecated::of(&gvk).is_some_and(|old| old.removed) => Vec::new(),
                Some(error) => vec![unknown_kind(body, &error)],
            };
            self.note(number, &object, &gvk, faults);
        }
        self.warnings.sort_by_key(|(number, _)| *number);
        let warnings = self.warnings.into_iter().map(|(_, warning)| warning).collect();
        Report { mistakes: source::located(self.judged, files), warnings }
    }

    fn note(&mut self, number: usize, object: &Object, gvk: &Gvk, faults: Vec<Fault>) {
        let (id, origin) = (object.id(), &object.origin);
        let old = old_version(gvk, &id, Some(origin)).map(|warning| (number, warning));
        self.warnings.extend(old);
        if !faults.is_empty() {
            let faults = faults.into_iter().map(|fault| (fault, None)).collect();
            self.judged.push(Judged { number, id, origin: Some(origin.clone()), faults });
        }
    }

    /// Tells how many objects wait for the set.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.later.len()
    }
}

/// Judges objects as they would be sent.
pub(crate) struct RenderedJudge<'a> {
    schemas: CustomSchemas,
    /// What [`Kinds::check`] has found, by file, line and object.
    unknown: HashMap<(String, String), &'a Error>,
    overriding: Option<Overriding<'a>>,
    seen: usize,
    judged: Vec<Judged>,
    warnings: Vec<String>,
}

impl<'a> RenderedJudge<'a> {
    /// Begins without an object. `bodies` are those among which the set's CRDs are; `unknown` is what
    /// [`Kinds::check`] has found of the objects.
    pub(crate) fn new<'b>(
        bodies: impl Iterator<Item = &'b Value>,
        unknown: &'a [Error],
        overriding: Option<Overriding<'a>>,
    ) -> Self {
        let key = |error: &'a Error| {
            Some(((error.origin.as_ref()?.to_string(), error.object.clone()?), error))
        };
        Self {
            schemas: CustomSchemas::of(bodies),
            unknown: unknown.iter().filter_map(key).collect(),
            overriding,
            seen: 0,
            judged: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Looks at the next object.
    pub(crate) fn look_at(&mut self, object: &Placed) {
        let number = self.seen;
        self.seen += 1;
        let gvk = Gvk::of(&object.body);
        let (id, origin) = (object.declared(), object.origin.as_ref());
        let unknown = origin
            .filter(|_| !self.unknown.is_empty())
            .and_then(|origin| self.unknown.get(&(origin.to_string(), id.short())));
        let faults = match unknown {
            // Whoever judges it here knows the server's own word.
            Some(error) => vec![Fault { outdates: false, ..unknown_kind(&object.body, error) }],
            None => {
                self.warnings.extend(old_version(&gvk, id, origin));
                faults(&object.body, &gvk, &self.schemas)
            }
        };
        if !faults.is_empty() {
            let faults = faults.into_iter().map(|fault| {
                let flag = self.flag(object, &fault);
                (fault, flag)
            });
            let faults = faults.collect();
            self.judged.push(Judged { number, id: id.clone(), origin: origin.cloned(), faults });
        }
    }

    /// Finds the flag that brought a fault.
    fn flag(&self, object: &Placed, fault: &Fault) -> Option<Flag> {
        let (overriding, origin) = self.overriding.as_ref().zip(object.origin.as_ref())?;
        let entry = match &fault.shown_by {
            ShownBy::Entry(text) => Some(&**text),
            ShownBy::Key | ShownBy::Value => None,
        };
        let (body, steps) = (&*object.body, &fault.at.texts());
        overriding.flag(&Overridden { origin, body, steps, entry })
    }

    /// Gives all that is wrong; `files` are the texts of the objects.
    pub(crate) fn finish(self, files: &[SourceFile]) -> Report {
        let Self { judged, warnings, .. } = self;
        Report { mistakes: source::located(judged, files), warnings }
    }
}
