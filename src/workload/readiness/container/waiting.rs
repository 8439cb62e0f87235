//! What keeps a container from being created or started: an image, a reference, its runtime.

use serde_json::Value;

use super::{
    super::{
        exit::{either, never_starts},
        field::{created, shorten, text, uid},
        pull,
        related::{Related, happened},
        trouble::{GRACE_SECONDS, Trouble, TroubleKind},
        window::Window,
    },
    Container,
};

/// How long the kubelet waits at most before it tries again, in seconds.
const LONGEST_BACK_OFF: i64 = 300;

impl Container<'_> {
    pub(super) fn waiting(&self, around: &Related, window: &Window) -> Trouble {
        let reason = text(self.status, "/state/waiting/reason");
        let message = text(self.status, "/state/waiting/message");
        match reason {
            "" | "ContainerCreating" => self.starting("ContainerCreating", "is being created"),
            "PodInitializing" => self.starting(reason, "waits for the init containers"),
            "CrashLoopBackOff" => self.crash(around, window),
            // The kubelet's reasons around images (pkg/kubelet/images/types.go); the last two are a
            // container runtime's, handed on.
            "ErrImagePull"
            | "ImagePullBackOff"
            | "ErrImageNeverPull"
            | "InvalidImageName"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => self.image(reason, message, around, window),
            "CreateContainerConfigError" => self.configuration(reason, message, around, window),
            "CreateContainerError" | "RunContainerError" => {
                let hopeless = never_starts(message);
                self.with(
                    TroubleKind::Start,
                    reason,
                    &format!("cannot be started: {}", shorten(message)),
                )
                .hopeless(hopeless)
            }
            _ => self.with(
                TroubleKind::Start,
                reason,
                &format!("waits: {}", either(message, reason)),
            ),
        }
    }

    fn image(&self, reason: &str, message: &str, around: &Related, window: &Window) -> Trouble {
        let image = text(self.spec, "/image");
        // After the first failure the status says `ErrImagePull` and `ImagePullBackOff` by turns,
        // and older kubelets give the error with the first only.
        let message = if pull::explains(message) {
            message.to_owned()
        } else {
            self.pull_event(around, window).unwrap_or_else(|| message.to_owned())
        };
        let (what, last) = match reason {
            "ErrImageNeverPull" => ("may not pull image", true),
            "InvalidImageName" => ("cannot parse the image name", true),
            "SignatureValidationFailed" => ("cannot verify image", true),
            _ => ("cannot pull image", pull::is_final(image, &message)),
        };
        let why = match reason {
            "ErrImageNeverPull" => "it is not on the node, and imagePullPolicy is Never".to_owned(),
            _ => either(&pull::explain(image, &message), reason),
        };
        self.with(TroubleKind::Image, reason, &format!("{what} {image:?}: {why}"))
            .hopeless(last && self.is_tried_anew(around, window))
    }

    /// Finds the kubelet's own account of a pull that failed: older ones say in the status only
    /// that they wait before they try again.
    fn pull_event(&self, around: &Related, window: &Window) -> Option<String> {
        let begins = format!("Failed to pull image {:?}: ", text(self.spec, "/image"));
        self.events(around, window)
            .filter_map(|event| {
                let detail = text(event, "/message").strip_prefix(&begins)?;
                Some((happened(event), detail))
            })
            .max()
            .map(|(_, detail)| detail.to_owned())
    }

    fn configuration(
        &self,
        reason: &str,
        message: &str,
        around: &Related,
        window: &Window,
    ) -> Trouble {
        let lower = message.to_lowercase();
        // "failed to sync configmap cache: timed out waiting for the condition" is said by a
        // kubelet that has just started, of objects that are there.
        let passes = lower.contains("failed to sync") || lower.contains("timed out");
        // What is absent may be made by a controller, or by this deploy, a moment later.
        let absent = lower.contains("not found");
        let late = window.elapsed(created(self.pod)).as_secs() >= GRACE_SECONDS;
        let hopeless = !passes && (!absent || late) && self.is_tried_anew(around, window);
        self.with(
            TroubleKind::Configuration,
            reason,
            &format!("cannot be created: {}", either(message, reason)),
        )
        .hopeless(hopeless)
    }

    /// Tells whether the kubelet had a try since this deploy began: what this deploy mends it
    /// finds out only when it tries again.
    fn is_tried_anew(&self, around: &Related, window: &Window) -> bool {
        window.covers(created(self.pod))
            || self.events(around, window).next().is_some()
            || window.elapsed(None).as_secs() >= LONGEST_BACK_OFF
    }

    /// Gives the kubelet's accounts of failures of this container during this deploy.
    fn events<'b>(&self, around: &'b Related, window: &Window) -> impl Iterator<Item = &'b Value> {
        // The kubelet names the container in fieldPath: `spec.containers{web}`,
        // `spec.initContainers{web}`.
        let field = format!("{{{}}}", self.name());
        around
            .events_of(uid(self.pod))
            .filter(|event| text(event, "/reason") == "Failed")
            .filter(|event| window.covers(happened(event)))
            .filter(move |event| text(event, "/involvedObject/fieldPath").ends_with(&field))
    }
}
