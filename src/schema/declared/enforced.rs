//! What the API server asks of single fields, by the Go type that has them: fields that have to be
//! there, values beyond the published enums, forms of text. Every row was seen to be refused by a
//! real server; what the published schemas declare and nobody enforces is not here.

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A name such as `my-config.example`.
    Subdomain,
    /// A name without dots, of 63 characters.
    Label,
    /// A map of labels.
    Labels,
    /// The name of a port.
    PortName,
    /// The name or the number of a port.
    Port,
    /// The number of a port.
    PortNumber,
    /// A number or a share such as `25%`.
    Share,
    /// The name of an environment variable.
    Variable,
    Address,
    AddressRange,
    /// A key of labels, taints and conditions: `example.com/name`.
    Key,
    /// A path that stays below where it begins.
    InnerPath,
    AbsolutePath,
    /// The permissions of a file.
    Mode,
    /// The number of a user or a group.
    Id,
    /// A share of what is preferred.
    Weight,
    /// A number above 0.
    Positive,
    /// A number from 0.
    Count,
    /// For how long a client stays with a pod.
    Affinity,
}

/// The fields that a type has to have.
pub(super) fn required(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "CSIVolumeSource" => &["driver"],
        "ConfigMapEnvSource" | "SecretEnvSource" | "ConfigMapVolumeSource" => &["name"],
        "ConfigMapProjection" | "SecretProjection" | "MetricIdentifier" => &["name"],
        "CustomResourceColumnDefinition" => &["name", "type", "jsonPath"],
        "DownwardAPIVolumeFile" | "HostPathVolumeSource" => &["path"],
        "HTTPIngressRuleValue" => &["paths"],
        "IPBlock" => &["cidr"],
        "IngressServiceBackend" | "ResourceMetricSource" => &["name"],
        "KeyToPath" => &["key", "path"],
        "MetricSpec" | "MetricTarget" => &["type"],
        "NFSVolumeSource" => &["server", "path"],
        "ObjectFieldSelector" => &["fieldPath"],
        "NodeSelector" => &["nodeSelectorTerms"],
        "PersistentVolumeClaimVolumeSource" => &["claimName"],
        "PodAffinityTerm" => &["topologyKey"],
        "PolicyRule" => &["verbs"],
        "ResourceFieldSelector" => &["resource"],
        "SecretVolumeSource" => &["secretName"],
        "Subject" => &["name"],
        "TopologySpreadConstraint" => &["topologyKey", "whenUnsatisfiable"],
        _ => &[],
    }
}

/// Tells of a field whose declared values a server does not look at: it drops the field unread while
/// a feature of its is off.
pub(super) fn is_open(type_name: &str, field: &str) -> bool {
    (type_name, field) == ("Lifecycle", "stopSignal")
}

/// The only values of a field whose schema declares none.
pub(super) fn values(type_name: &str, field: &str) -> &'static [&'static str] {
    match (type_name, field) {
        ("StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted" | "whenScaled") => {
            &["Retain", "Delete"]
        }
        ("MetricSpec", "type") => &["ContainerResource", "External", "Object", "Pods", "Resource"],
        ("MetricTarget", "type") => &["AverageValue", "Utilization", "Value"],
        ("LabelSelectorRequirement", "operator") => &["DoesNotExist", "Exists", "In", "NotIn"],
        ("Container", "restartPolicy") => &["Always", "Never", "OnFailure"],
        ("ContainerResizePolicy", "restartPolicy") => &["NotRequired", "RestartContainer"],
        ("HPAScalingPolicy", "type") => &["Percent", "Pods"],
        ("PodOS", "name") => &["linux", "windows"],
        _ => &[],
    }
}

/// The form that a field wants.
pub(super) fn form(type_name: &str, field: &str) -> Option<Form> {
    Some(match (type_name, field) {
        ("PodSpec", "serviceAccountName" | "runtimeClassName") => Form::Subdomain,
        ("PodSpec", "priorityClassName" | "nodeName") => Form::Subdomain,
        ("PodSpec", "hostname" | "subdomain") => Form::Label,
        ("IngressSpec", "ingressClassName") => Form::Subdomain,
        ("ConfigMapEnvSource" | "SecretEnvSource" | "SecretKeySelector", "name") => Form::Subdomain,
        ("PodSpec", "nodeSelector") | ("LabelSelector", "matchLabels") => Form::Labels,
        ("ContainerPort", "name") => Form::PortName,
        ("ContainerPort", "hostPort") | ("ServiceBackendPort", "number") => Form::PortNumber,
        ("ServicePort", "targetPort") | ("NetworkPolicyPort", "port") => Form::Port,
        ("HTTPGetAction" | "TCPSocketAction", "port") => Form::Port,
        ("RollingUpdateDeployment" | "RollingUpdateDaemonSet", "maxSurge" | "maxUnavailable") => {
            Form::Share
        }
        ("PodDisruptionBudgetSpec", "minAvailable" | "maxUnavailable") => Form::Share,
        ("EnvVar", "name") | ("EnvFromSource", "prefix") => Form::Variable,
        ("HostAlias", "ip") => Form::Address,
        ("Toleration", "key") | ("PodReadinessGate", "conditionType") => Form::Key,
        ("PodSchedulingGate", "name") => Form::Key,
        ("KeyToPath" | "DownwardAPIVolumeFile", "path") | ("VolumeMount", "subPath") => {
            Form::InnerPath
        }
        ("NFSVolumeSource", "path") => Form::AbsolutePath,
        ("KeyToPath" | "DownwardAPIVolumeFile", "mode") => Form::Mode,
        ("ConfigMapVolumeSource" | "SecretVolumeSource", "defaultMode") => Form::Mode,
        ("ProjectedVolumeSource" | "DownwardAPIVolumeSource", "defaultMode") => Form::Mode,
        ("SecurityContext" | "PodSecurityContext", "runAsUser" | "runAsGroup") => Form::Id,
        ("PodSecurityContext", "fsGroup") => Form::Id,
        ("WeightedPodAffinityTerm" | "PreferredSchedulingTerm", "weight") => Form::Weight,
        ("TopologySpreadConstraint", "maxSkew") => Form::Positive,
        ("StatefulSetOrdinals", "start") => Form::Count,
        ("RollingUpdateStatefulSetStrategy", "partition") => Form::Count,
        ("GRPCAction", "port") => Form::PortNumber,
        ("ClientIPConfig", "timeoutSeconds") => Form::Affinity,
        ("IPBlock", "cidr") => Form::AddressRange,
        _ => return None,
    })
}
