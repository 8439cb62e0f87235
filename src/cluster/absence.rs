//! The proof that something is not on the cluster. That it was not seen is none: a filter, a
//! router and a server that is no Kubernetes answer 404 to everything.

use serde_json::Value;

/// The proof that an object, or its kind, is not on the cluster. Only this file makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence(());

impl Absence {
    /// The server's own word: a `Status` of this code and reason.
    pub(super) fn told_by(kind: &str, code: u16, reason: &str) -> Option<Self> {
        (kind == "Status" && code == 404 && reason == "NotFound").then_some(Self(()))
    }
}

/// What a 404 that is no `Status` turned out to be.
pub(super) enum Looked {
    /// The kind is not served.
    Absent(Absence),
    /// It is served: another answer should come.
    Served,
    /// Its group is named, and what a version of it has is not told: it comes, or it goes.
    Changing,
    /// Nobody can tell.
    Unknown,
}

/// A resource as a path names it.
pub(super) struct Resource<'a> {
    group: &'a str,
    version: &'a str,
    plural: &'a str,
}

impl<'a> Resource<'a> {
    /// Reads a path; `None` for the core group, which is always served, and for what is none.
    pub(super) fn of_path(path: &'a str) -> Option<Self> {
        let rest = path.split('?').next()?.strip_prefix("/apis/")?;
        let parts: Vec<&str> = rest.split('/').collect();
        let [group, version, place @ ..] = &*parts else { return None };
        let plural = match place {
            ["namespaces", _, plural, ..] | [plural, ..] => plural,
            [] => return None,
        };
        Some(Self { group, version, plural })
    }

    /// Gives the versions of the group, off the whole list of the groups; none where it is not
    /// served, and `None` where the list cannot be read.
    pub(super) fn versions(&self, groups: &Value) -> Option<Vec<String>> {
        let group = groups["groups"].as_array()?.iter().find(|group| group["name"] == *self.group);
        let versions =
            group.map(|group| group["versions"].as_array().ok_or(())).transpose().ok()?;
        let name = |version: &Value| version["groupVersion"].as_str().map(str::to_owned);
        versions.into_iter().flatten().map(name).collect()
    }

    /// Looks into the whole lists of what each version of the group has. In another version the
    /// same objects are there: that the one asked for is not served does not make them absent.
    pub(super) fn look_into(&self, versions: &[(String, Value)]) -> Looked {
        let wanted = format!("{}/{}", self.group, self.version);
        let mut is_served = false;
        for (version, list) in versions {
            let Some(resources) = list["resources"].as_array() else { return Looked::Unknown };
            if resources.iter().any(|resource| resource["name"] == *self.plural) {
                if *version == wanted {
                    return Looked::Served;
                }
                is_served = true;
            }
        }
        if is_served { Looked::Unknown } else { Looked::Absent(Absence(())) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_whole_status_and_whole_lists_prove_absence() {
        assert!(Absence::told_by("Status", 404, "NotFound").is_some());
        for (kind, code, reason) in
            [("", 404, "NotFound"), ("Status", 404, ""), ("Status", 403, "NotFound")]
        {
            assert_eq!(Absence::told_by(kind, code, reason), None);
        }
        assert!(Resource::of_path("/api/v1/namespaces/n/secrets/x").is_none());
        let asked = Resource::of_path("/apis/a.b/v1/namespaces/n/gadgets/x?a=b").unwrap();
        let groups = |name: &str| json!({"groups": [{"name": name, "versions": [{"groupVersion": "a.b/v1"}, {"groupVersion": "a.b/v2"}]}]});
        assert_eq!(asked.versions(&groups("c.d")), Some(vec![]));
        assert_eq!(asked.versions(&groups("a.b")), Some(vec!["a.b/v1".into(), "a.b/v2".into()]));
        assert_eq!(asked.versions(&json!({})), None);
        let list = |names: &[&str]| {
            let resources: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"resources": resources})
        };
        let look = |v1: Value, v2: Value| match asked
            .look_into(&[("a.b/v1".to_owned(), v1), ("a.b/v2".to_owned(), v2)])
        {
            Looked::Absent(_) => "absent",
            Looked::Served => "served",
            Looked::Changing | Looked::Unknown => "unknown",
        };
        assert_eq!(look(list(&["x"]), list(&[])), "absent");
        assert_eq!(look(list(&["gadgets"]), list(&[])), "served");
        assert_eq!(look(list(&[]), list(&["gadgets"])), "unknown", "it is there all the same");
        assert_eq!(look(list(&[]), json!({})), "unknown");
    }
}
