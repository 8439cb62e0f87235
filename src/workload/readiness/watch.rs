//! What has to be watched to judge an object: nothing, itself, or itself and its neighbours.

/// What [`judge`](super::judge) looks at for an object. With nothing set it is ready once applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WatchNeeds {
    /// The object itself.
    pub object: bool,
    /// The replica sets that it controls.
    pub replica_sets: bool,
    /// The pods below it.
    pub pods: bool,
    /// The events about it, its replica sets and its pods.
    pub events: bool,
    /// The nodes. Without them, nodes that are not ready are waited for.
    pub nodes: bool,
    /// The storage classes. Without them, events tell how a class binds.
    pub storage_classes: bool,
    /// The CRD of its kind: it says whether a status can be expected, and may say when objects
    /// are ready. Without it, a status is expected.
    pub definition: bool,
}

impl WatchNeeds {
    /// The object itself.
    pub(super) const OBJECT: Self = Self {
        object: true,
        replica_sets: false,
        pods: false,
        events: false,
        nodes: false,
        storage_classes: false,
        definition: false,
    };
    pub(super) const EVENTS: Self = Self { events: true, ..Self::OBJECT };
    pub(super) const VOLUME: Self = Self { storage_classes: true, ..Self::EVENTS };
    pub(super) const PODS: Self = Self { pods: true, ..Self::EVENTS };
    pub(super) const PODS_ON_NODES: Self = Self { nodes: true, ..Self::PODS };
    pub(super) const ROLLOUT: Self = Self { replica_sets: true, ..Self::PODS };

    /// Gives group and kind of what is looked at beside the object and its CRD (all of version
    /// `v1`), and whether it lives in the object's namespace.
    pub(crate) fn around(self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let Self { object: _, replica_sets, pods, events, nodes, storage_classes, definition: _ } =
            self;
        [
            (replica_sets, ("apps", "ReplicaSet", true)),
            (pods, ("", "Pod", true)),
            (events, ("", "Event", true)),
            (nodes, ("", "Node", false)),
            (storage_classes, ("storage.k8s.io", "StorageClass", false)),
        ]
        .into_iter()
        .filter_map(|(is_watched, kind)| is_watched.then_some(kind))
    }
}

/// Tells whether a group is one of Kubernetes' own. Groups that merely end in `k8s.io`, such as
/// `gateway.networking.k8s.io`, are brought by CRDs.
pub(crate) fn is_built_in(group: &str) -> bool {
    !group.contains('.') || GROUPS.contains(&group)
}

const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
