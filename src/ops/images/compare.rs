//! When an image of this machine is another one than that of a node: pure.

use jiff::Timestamp;

/// An image of this machine, as its engine describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalImage {
    pub id: String,
    /// Whether the id is that of the configuration, as nodes have it; some stores give the
    /// manifest's, which nodes do not know.
    pub is_comparable: bool,
    pub created: Option<Timestamp>,
    /// The digests of the layers, unpacked.
    pub layers: Vec<String>,
    pub in_registry: bool,
}

/// An image of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NodeImage {
    pub id: String,
    pub created: Option<Timestamp>,
    /// Empty where the node does not tell.
    pub layers: Vec<String>,
}

/// How an image of this machine differs from what nodes have by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// A node has none by that name.
    OnlyHere,
    /// A node has an older one.
    Newer,
}

/// Compares an image with that of each node; `None` where none of them lacks it.
pub(super) fn difference(here: &LocalImage, nodes: &[Option<&NodeImage>]) -> Option<Difference> {
    if nodes.iter().any(Option::is_none) {
        return Some(Difference::OnlyHere);
    }
    nodes.iter().flatten().any(|there| is_newer(here, there)).then_some(Difference::Newer)
}

fn is_newer(here: &LocalImage, there: &NodeImage) -> bool {
    let known = !here.layers.is_empty() && !there.layers.is_empty();
    if bare(&here.id) == bare(&there.id) || (!known && !here.is_comparable) {
        return false;
    }
    if known && here.layers == there.layers && here.created == there.created {
        return false;
    }
    match (here.created, there.created) {
        // A build that can be repeated has one time for ever.
        (Some(here), Some(there)) => here >= there,
        _ => true,
    }
}

/// Gives an id without the name of its algorithm, which some programs leave out.
pub(super) fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// Gives the whole name by which nodes know an image: with registry and tag.
pub(super) fn whole_name(name: &str) -> String {
    let is_registry = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let with_registry = match name.split_once('/') {
        Some((first, _)) if is_registry(first) => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    };
    match with_registry.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => with_registry,
        _ => format!("{with_registry}:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(id: &str, created: &str, layers: &[&str]) -> LocalImage {
        let NodeImage { id, created, layers } = there(id, created, layers);
        LocalImage { id, is_comparable: true, created, layers, in_registry: false }
    }

    fn there(id: &str, created: &str, layers: &[&str]) -> NodeImage {
        let layers = layers.iter().map(|layer| (*layer).to_owned()).collect();
        NodeImage { id: id.to_owned(), created: created.parse().ok(), layers }
    }

    #[test]
    fn only_what_a_node_lacks_or_has_older_is_a_difference() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let mine = here("sha256:a", new, &["1", "2"]);
        let same = there("a", "", &[]);
        let older = there("b", old, &["1"]);
        let foreign = LocalImage { is_comparable: false, ..mine.clone() };
        for (mine, nodes, expected) in [
            (&mine, vec![Some(&same)], None),
            (&mine, vec![Some(&same), None], Some(Difference::OnlyHere)),
            (&mine, vec![Some(&older), Some(&same)], Some(Difference::Newer)),
            // Loaded under another id.
            (&mine, vec![Some(&there("c", new, &["1", "2"]))], None),
            (&here("a", old, &["1"]), vec![Some(&there("b", new, &["2"]))], None),
            // A build with a fixed time.
            (
                &here("a", old, &["1"]),
                vec![Some(&there("b", old, &["2"]))],
                Some(Difference::Newer),
            ),
            (&mine, vec![Some(&there("b", "", &[]))], Some(Difference::Newer)),
            // Its id says nothing, and the node tells no layers.
            (&foreign, vec![Some(&there("b", "", &[]))], None),
            (&foreign, vec![Some(&older)], Some(Difference::Newer)),
            (&foreign, vec![Some(&there("b", new, &["1", "2"]))], None),
        ] {
            assert_eq!(difference(mine, &nodes), expected, "{mine:?} {nodes:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_nodes() {
        for (name, expected) in [
            ("web", "docker.io/library/web:latest"),
            ("web:dev", "docker.io/library/web:dev"),
            ("team/web:1", "docker.io/team/web:1"),
            ("localhost/web:dev", "localhost/web:dev"),
            ("localhost:5000/web", "localhost:5000/web:latest"),
            ("ghcr.io/team/web:1", "ghcr.io/team/web:1"),
        ] {
            assert_eq!(whole_name(name), expected);
        }
    }
}
