//! One container of a pod: what keeps it from running or from being ready.

mod waiting;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    exit::Exit,
    field::{self, count, created, flag, list, text, uid},
    probe,
    related::Related,
    trouble::{Log, Trouble, TroubleKind},
    window::Window,
};

/// How long a restarted container has to run before it counts as up, in seconds.
const STEADY_SECONDS: i64 = 5;

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Runs to its end before the next begins.
    Init,
    /// Is started with the init containers and runs on.
    Sidecar,
    /// Does the pod's work.
    Main,
}

/// A container: its part of the pod's spec and of its status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container<'a> {
    role: Role,
    pod: &'a Value,
    spec: &'a Value,
    status: &'a Value,
}

impl<'a> Container<'a> {
    /// Gives all containers of a pod, in the order in which they start.
    pub(crate) fn all(pod: &'a Value) -> impl Iterator<Item = Self> {
        let init = list(pod, "/spec/initContainers").iter().map(|spec| {
            // A native sidecar is an init container that is always restarted (KEP-753).
            let sidecar = text(spec, "/restartPolicy") == "Always";
            (
                if sidecar { Role::Sidecar } else { Role::Init },
                spec,
                "/status/initContainerStatuses",
            )
        });
        let main = list(pod, "/spec/containers")
            .iter()
            .map(|spec| (Role::Main, spec, "/status/containerStatuses"));
        init.chain(main).map(move |(role, spec, statuses)| {
            let status = list(pod, statuses)
                .iter()
                .find(|status| text(status, "/name") == text(spec, "/name"))
                .unwrap_or(&Value::Null);
            Self { role, pod, spec, status }
        })
    }

    pub(crate) fn name(&self) -> &'a str {
        text(self.spec, "/name")
    }

    /// Gives how often it restarted in all.
    pub(crate) fn restarts(&self) -> i64 {
        count(self.status, "/restartCount")
    }

    /// Gives the exit code of a run that ended badly, where this run or the last one did.
    pub(crate) fn bad_exit(&self) -> Option<i64> {
        self.last_run().exit_code().filter(|code| *code != 0)
    }

    /// Tells what keeps it from doing its part.
    pub(crate) fn trouble(&self, around: &Related, window: &Window) -> Option<Trouble> {
        if self.status.pointer("/state/waiting").is_some_and(Value::is_object) {
            Some(self.waiting(around, window))
        } else if self.status.pointer("/state/terminated").is_some_and(Value::is_object) {
            self.terminated(around, window)
        } else if self.status.pointer("/state/running").is_some_and(Value::is_object) {
            self.running(around, window)
        } else {
            Some(self.starting("ContainerCreating", "has not been started yet"))
        }
    }

    fn terminated(&self, around: &Related, window: &Window) -> Option<Trouble> {
        let run = self.last_run();
        let well = run.is_good();
        let policy = match (self.role, text(self.pod, "/spec/restartPolicy")) {
            (Role::Sidecar, _) => "Always",
            // An init container that ended well is not run again, whatever the pod's policy says.
            (Role::Init, "Always") => "OnFailure",
            (_, policy) => policy,
        };
        match (policy, well) {
            ("Never" | "OnFailure", true) => None,
            ("Never", false) => {
                let message = run.says(self.memory_limit());
                Some(self.with(TroubleKind::Ended, run.reason(), &message).hopeless(true))
            }
            _ => Some(self.crash(around, window)),
        }
    }

    fn running(&self, around: &Related, window: &Window) -> Option<Trouble> {
        if self.role == Role::Init {
            return Some(self.starting("PodInitializing", "is running"));
        }
        let restarts = self.restarts_since(around, window);
        let ready = flag(self.status, "/ready");
        // Without a readiness probe a container is ready as soon as it runs: between two crashes it
        // looks as good as one that stays up.
        if restarts > 0 && self.is_fresh(window) {
            if restarts > i64::from(window.tolerated_restarts) {
                return Some(self.crash(around, window));
            }
            if ready {
                let message = format!(
                    "restarted {} ({}) and has to show that it stays up",
                    times(restarts),
                    self.last_run().says(self.memory_limit())
                );
                return Some(self.with(TroubleKind::Shaky, "Restarted", &message));
            }
        }
        (!ready).then(|| self.not_ready(restarts, around, window))
    }

    fn not_ready(&self, restarts: i64, around: &Related, window: &Window) -> Trouble {
        let started = flag(self.status, "/started");
        let asked = [
            ("startup", "Startup", "/startupProbe"),
            ("readiness", "Readiness", "/readinessProbe"),
        ]
        .into_iter()
        .filter_map(|(said, word, pointer)| Some((said, word, self.spec.pointer(pointer)?)))
        // Until the startup probe has passed the kubelet asks no other.
        .find(|(said, ..)| *said != "startup" || !started);
        let restarted = match restarts {
            0 => String::new(),
            _ => format!(" (restarted {})", times(restarts)),
        };
        let message = match asked {
            Some((said, word, asked)) => {
                let answer = probe::last_failure(self.pod, self.name(), word, around, window);
                let answer = answer.map(|answer| format!(": {answer}")).unwrap_or_default();
                let asked = probe::describe(asked);
                format!("runs, but its {said} probe ({asked}) does not pass{answer}{restarted}")
            }
            None => format!("runs, but is not ready yet{restarted}"),
        };
        self.with(TroubleKind::Probe, "ContainersNotReady", &message)
    }

    fn crash(&self, around: &Related, window: &Window) -> Trouble {
        let run = self.last_run();
        let restarts = self.restarts_since(around, window);
        let hopeless = restarts > i64::from(window.tolerated_restarts) || run.never_started();
        let mut message = run.says(self.memory_limit());
        // Exit code 0 reads like success; of a container that is to go on it is none.
        if run.is_good() && self.role != Role::Init {
            message.push_str(", but is meant to keep running");
        }
        if self.restarts() > 0 {
            message.push_str(&format!(", restarted {}", times(self.restarts())));
        }
        if let Some(probe) = self.killed_by(around, window) {
            message.push_str(&format!(", {probe}"));
        }
        self.with(TroubleKind::Crash, self.crash_reason(run), &message).hopeless(hopeless)
    }

    /// Gives a reason that stays the same from one restart to the next.
    fn crash_reason(&self, run: Exit<'a>) -> &'a str {
        match run.reason() {
            // While it waits for its next run the status says CrashLoopBackOff, in between what its
            // last run ended with: of one that merely exits, only the former is told.
            reason @ ("OOMKilled" | "StartError" | "ContainerCannotRun") => reason,
            _ if self.restarts() > 0 => "CrashLoopBackOff",
            reason => reason,
        }
    }

    /// Tells which probe made the kubelet kill it, and what that probe got for an answer.
    fn killed_by(&self, around: &Related, window: &Window) -> Option<String> {
        [("liveness", "Liveness", "livenessProbe"), ("startup", "Startup", "startupProbe")]
            .into_iter()
            .find_map(|(said, word, field)| {
                let asked = probe::describe(self.spec.get(field)?);
                let answer = probe::last_failure(self.pod, self.name(), word, around, window)?;
                Some(format!("its {said} probe ({asked}) failed: {answer}"))
            })
    }

    fn memory_limit(&self) -> &'a str {
        text(self.spec, "/resources/limits/memory")
    }

    fn last_run(&self) -> Exit<'a> {
        // A run that has just ended is in `state`; once the next waits or runs, in `lastState`.
        let run = ["/state/terminated", "/lastState/terminated"]
            .into_iter()
            .filter_map(|pointer| self.status.pointer(pointer))
            .find(|run| run.is_object());
        Exit::of(run.unwrap_or(&Value::Null))
    }

    fn restarts_since(&self, around: &Related, window: &Window) -> i64 {
        // All restarts of a pod of this deploy count; of an older one those that it had before are
        // history.
        if window.covers(created(self.pod)) {
            return self.restarts();
        }
        self.restarts() - around.first_restarts(uid(self.pod), self.name())
    }

    /// Tells whether this run began a moment ago. A node's clock may differ a little; one that
    /// differs a lot says nothing.
    fn is_fresh(&self, window: &Window) -> bool {
        let started: Option<Timestamp> = field::time(self.status, "/state/running/startedAt");
        started.is_some_and(|started| {
            let age = window.now.duration_since(started).as_secs();
            (-60..STEADY_SECONDS).contains(&age)
        })
    }

    fn starting(&self, reason: &str, message: &str) -> Trouble {
        self.with(TroubleKind::Starting, reason, message)
    }

    fn with(&self, kind: TroubleKind, reason: &str, message: &str) -> Trouble {
        let noun = match self.role {
            Role::Init => "init container",
            Role::Sidecar => "sidecar",
            Role::Main => "container",
        };
        Trouble {
            container: Some(self.name().to_owned()),
            log: self.log(kind),
            ..Trouble::of_pod(kind, reason, format!("{noun} {} {message}", self.name()))
        }
    }

    fn log(&self, kind: TroubleKind) -> Log {
        let is = |state: &str| self.status.pointer(state).is_some_and(Value::is_object);
        match kind {
            // Once the next run has begun, what it crashed of is in the log of the one before.
            TroubleKind::Crash | TroubleKind::Shaky if !is("/state/terminated") => Log::Previous,
            _ if is("/state/running") || is("/state/terminated") => Log::Present,
            _ => Log::None,
        }
    }
}

fn times(restarts: i64) -> String {
    match restarts {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{restarts} times"),
    }
}
