//! The command that helps, or the one that finds out more. What comes from the cluster is quoted
//! for a shell: hints are copied and pasted.

use serde_json::Value;

use crate::workload::{
    object::split_api_version,
    readiness::{
        Culprit, State, Verdict,
        admission::{FAILED_CREATE, QUOTA_EXCEEDED},
        field::{list, name, text},
        pull,
        trouble::{Log, TroubleKind},
    },
    runtime::RuntimeName,
    shell::quoted,
};

/// Gives the command, if one is known.
pub(super) fn hint(
    object: &Value,
    verdict: &Verdict,
    culprit: Option<&Culprit>,
    runtime: &RuntimeName,
) -> Option<String> {
    if matches!(verdict.state, State::Ready | State::Missing) {
        return None;
    }
    match culprit {
        Some(culprit) => of_pod(culprit, runtime),
        None => of_object(object, verdict, &Kubectl::of(runtime, object)?),
    }
}

fn of_pod(culprit: &Culprit, runtime: &RuntimeName) -> Option<String> {
    let Culprit { pod, trouble, is_old } = culprit;
    let container = || {
        list(pod, "/spec/initContainers")
            .iter()
            .chain(list(pod, "/spec/containers"))
            .find(|container| Some(text(container, "/name")) == trouble.container.as_deref())
    };
    if trouble.kind == TroubleKind::Image
        && let Some(hint) =
            container().and_then(|container| load(container, &trouble.message, runtime))
    {
        return Some(hint);
    }
    let kubectl = Kubectl::of(runtime, pod)?;
    if *is_old {
        return Some(kubectl.run(&format!("delete pod {}", quoted(name(pod)))));
    }
    let describe = || kubectl.run(&format!("describe pod {}", quoted(name(pod))));
    Some(match trouble.kind {
        TroubleKind::Image if pull::is_denied(&trouble.message) => kubectl.run(
            "create secret docker-registry pull-secret --docker-server=… --docker-username=… \
             --docker-password=…",
        ),
        TroubleKind::Configuration | TroubleKind::Setup => {
            missing(&trouble.message, &kubectl).unwrap_or_else(describe)
        }
        TroubleKind::Scheduling if trouble.message.contains("PersistentVolumeClaim") => {
            kubectl.run("get pvc")
        }
        TroubleKind::Scheduling if trouble.reason == "SchedulingGated" => describe(),
        TroubleKind::Scheduling => kubectl.cluster("describe nodes"),
        TroubleKind::Crash | TroubleKind::Ended | TroubleKind::Shaky => match &trouble.container {
            Some(container) => {
                let previous = match trouble.log {
                    Log::Previous => " --previous",
                    Log::Present | Log::None => "",
                };
                kubectl.run(&format!(
                    "logs {} -c {}{previous}",
                    quoted(name(pod)),
                    quoted(container)
                ))
            }
            None => describe(),
        },
        TroubleKind::Starting | TroubleKind::Probe | TroubleKind::Start | TroubleKind::Image => {
            describe()
        }
    })
}

fn of_object(object: &Value, verdict: &Verdict, kubectl: &Kubectl) -> Option<String> {
    let (group, _) = split_api_version(text(object, "/apiVersion"));
    let kind = text(object, "/kind");
    let name = quoted(name(object));
    match (group, kind, verdict.reason.as_str()) {
        (_, _, QUOTA_EXCEEDED) => Some(kubectl.run("describe quota")),
        (_, _, FAILED_CREATE) if missing(&verdict.message, kubectl).is_some() => {
            missing(&verdict.message, kubectl)
        }
        (_, _, FAILED_CREATE) if verdict.message.contains("violates PodSecurity") => {
            let namespace = quoted(text(object, "/metadata/namespace"));
            Some(kubectl.cluster(&format!("get namespace {namespace} --show-labels")))
        }
        ("apps", "Deployment", "DeploymentPaused") => {
            Some(kubectl.run(&format!("rollout resume deployment {name}")))
        }
        ("", "PersistentVolumeClaim", "ProvisioningFailed" | "FailedBinding") => {
            Some(kubectl.cluster("get storageclass"))
        }
        (_, _, "InvalidAnnotation" | "Progressing" | "NoStatus" | "Terminating") => None,
        _ if text(object, "/metadata/namespace").is_empty() => {
            Some(kubectl.cluster(&format!("describe {} {name}", resource(group, kind))))
        }
        _ => Some(kubectl.run(&format!("describe {} {name}", resource(group, kind)))),
    }
}

/// Names a kind as kubectl takes it.
fn resource(group: &str, kind: &str) -> String {
    let kind = kind.to_lowercase();
    quoted(&if group.is_empty() { kind } else { format!("{kind}.{group}") }).into_owned()
}

/// Gives the command that brings an image of this machine to a local runtime.
fn load(container: &Value, message: &str, runtime: &RuntimeName) -> Option<String> {
    let image = text(container, "/image");
    let absent = text(container, "/imagePullPolicy") == "Never" || pull::is_final(image, message);
    let context = runtime.context().filter(|_| absent && runtime.is_kind_like())?;
    let image = quoted(image);
    let command = if let Some(cluster) = context.strip_prefix("kind-") {
        format!("kind load docker-image {image} --name {}", quoted(cluster))
    } else if let Some(cluster) = context.strip_prefix("k3d-") {
        format!("k3d image import {image} -c {}", quoted(cluster))
    } else if context == "minikube" {
        format!("minikube image load {image}")
    } else if context.starts_with("minikube") {
        format!("minikube image load {image} -p {}", quoted(context))
    } else {
        format!("docker build -t {image} .")
    };
    // The kubelet would ask the registry again although the image is on the node.
    if text(container, "/imagePullPolicy") == "Always" {
        return Some(format!("{command}, and set imagePullPolicy: IfNotPresent"));
    }
    Some(command)
}

/// Gives the command that shows what there is of what is missing.
fn missing(message: &str, kubectl: &Kubectl) -> Option<String> {
    let lower = message.to_lowercase();
    if let Some((_, of)) = message.rsplit_once("couldn't find key ") {
        let (_, place) = of.split_once(" in ")?;
        let (kind, place) = place.split_once(' ')?;
        let (_, name) = place.split_once('/')?;
        let name = name.split([' ', ',']).next()?;
        return Some(kubectl.run(&format!(
            "describe {} {}",
            quoted(&kind.to_lowercase()),
            quoted(name)
        )));
    }
    ["secret", "configmap", "persistentvolumeclaim", "serviceaccount"]
        .into_iter()
        .find(|kind| lower.contains("not found") && lower.contains(&format!("{kind} ")))
        .map(|kind| kubectl.run(&format!("get {kind}s")))
}

/// How kubectl is called for a runtime; the sandbox is out of its reach.
struct Kubectl {
    call: String,
    namespace: String,
}

impl Kubectl {
    fn of(runtime: &RuntimeName, object: &Value) -> Option<Self> {
        let call = match runtime {
            RuntimeName::Context(context) => format!("kubectl --context {}", quoted(context)),
            // In a pod kubectl finds its cluster by itself.
            RuntimeName::InCluster => "kubectl".to_owned(),
            RuntimeName::Sandbox => return None,
        };
        let namespace = match text(object, "/metadata/namespace") {
            "" => String::new(),
            namespace => format!(" -n {}", quoted(namespace)),
        };
        Some(Self { call, namespace })
    }

    fn run(&self, command: &str) -> String {
        format!("{}{} {command}", self.call, self.namespace)
    }

    fn cluster(&self, command: &str) -> String {
        format!("{} {command}", self.call)
    }
}
