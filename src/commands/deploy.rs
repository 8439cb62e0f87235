//! `deploy`: brings instances to the newest revision of their definitions.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use crate::{
    commands::{
        again,
        diff_style::DiffStyleArgs,
        fleet::{self, FleetCommand},
        invocation::{Done, Invocation},
        limits::LimitArgs,
        pace::PaceArgs,
        release::ReleaseArgs,
        reports::ReportArgs,
        watching::WatchArgs,
    },
    ops::{
        frozen::FrozenPlan,
        options::{Limits, Watching},
    },
    output::format::Format,
    workload::error::{Code, Error},
};

const LONG: &str = "\
Deploy instances: apply what changed, wait until it is ready, remove what left the definition

`deploy NAME -f PATH` makes definition NAME and instance NAME in one go. `deploy NAME` brings a \
stored instance to the newest revision of its definition. Nothing is written where nothing changed.

Steps:
  1. read the manifests, apply the overrides, place the objects in their namespaces
  2. plan: compare with the record and the live objects; refuse before the first write
  3. record on the cluster what is about to happen
  4. apply in the order that the objects need, side by side where they need none
  5. wait until everything is ready
  6. remove what left the definition
  7. record the outcome

With --rollback-on-failure a release that fails, or does not become ready in time, is followed by \
one that returns to the last good release, with its own --timeout. The exit code stays that of the \
failure.";

const MORE: &str = "\
Examples:
  workloadctl deploy web -f k8s/                  from a folder, on the current context
  workloadctl deploy web-eu --definition web --runtime prod-eu
                                                  another instance of the same definition
  workloadctl deploy web --image web=web:v2       the same, with another image
  workloadctl deploy web --replicas Deployment/web=3
  workloadctl deploy web --set 'Ingress/web:spec.rules[0].host=pr17.example.com'
  workloadctl deploy web -f chart/ --values prod.yaml
                                                  a Helm chart, rendered with the installed helm
  workloadctl deploy web-prod --like web-dev      the revision that another instance runs
  workloadctl deploy --all --definition web       bring every instance of `web` up to date
  workloadctl deploy --definition web --runtime 'prod-*' --waves 1,25%
                                                  an instance on each context that fits: web-prod-eu, …
  workloadctl deploy web -f k8s/ --rollback-on-failure --timeout 2m
                                                  back to what ran before, where it is not ready in time
  workloadctl deploy web -f k8s/ --watch          again whenever a file changes
  workloadctl deploy -f app.yaml --image web=web:v3
                                                  what a workload file names, with another image

Exit codes:
  0  everything is ready (with --no-wait: applied)
  1  rejected, forbidden, or out of time before everything was applied
  2  wrong command or input
  3  applied, but not ready
  5  refused: an object that is not ours, a field held by another manager, another runtime,
     namespace or definition than stored, something immutable without --replace
  6  somebody else works on the instance
  7  the runtime cannot be used
  130, 143  stopped by SIGINT or SIGTERM, in good order";

/// Deploy instances: apply what changed, wait until it is ready, remove what left the definition
#[derive(Debug, Args)]
#[command(long_about = LONG, after_long_help = MORE)]
pub(crate) struct DeployArgs {
    /// What to release.
    #[command(flatten)]
    release: ReleaseArgs,
    /// How long to go on.
    #[command(flatten)]
    limits: LimitArgs,
    /// How to look at what is waited for.
    #[command(flatten)]
    watching: WatchArgs,
    /// What is left for a CI system.
    #[command(flatten)]
    reports: ReportArgs,
    /// How many instances go on.
    #[command(flatten)]
    pace: PaceArgs,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Return to the last good release where this one fails or does not become ready in time
    #[arg(long, conflicts_with_all = ["dry_run", "ask", "plan"])]
    rollback_on_failure: bool,
    /// Show what would be done, ask, and do just that
    #[arg(long, conflicts_with_all = ["dry_run", "all"])]
    ask: bool,
    /// Do what `plan --out FILE` kept, where nothing of it moved since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ask", "dry_run", "names", "all", "file",
        "definition", "revision", "like", "image", "replicas", "patch", "set", "restart", "restart_stale",
        "prune", "adopt",
        "replace", "conflicts", "references", "validate", "new_cluster", "namespace_label"])]
    plan: Option<PathBuf>,
    /// Deploy again whenever a file of the sources changes, until Ctrl-C
    #[arg(long, requires = "file", conflicts_with_all = ["ask", "dry_run"])]
    watch: bool,
    /// Load images that a local cluster (kind, k3d, minikube) lacks, or has older, onto its nodes, and
    /// restart just what runs with them
    #[arg(long, conflicts_with_all = ["ask", "plan"])]
    load_images: bool,
    /// How that is shown.
    #[command(flatten)]
    style: DiffStyleArgs,
}

/// Deploys.
pub(super) fn run(args: DeployArgs, call: &Invocation) -> Done {
    let DeployArgs {
        mut release,
        limits,
        watching,
        reports,
        pace,
        dry_run,
        rollback_on_failure,
        ask,
        plan,
        watch,
        load_images,
        style,
    } = args;
    if watch {
        return again::run(&release.files, release.patches(), call);
    }
    let call = &reports.heed(call)?;
    release.rollback_on_failure = rollback_on_failure;
    release.watching = watching.check();
    release.pace = pace;
    release.load_images = load_images;
    if let Some(file) = plan {
        return run_kept(&file, limits.check(call), release.watching, call);
    }
    if ask {
        return run_asking(release, limits.check(call), style, call);
    }
    // The same as `plan`, with the flags of a deploy (docs/cli.md, Deploy).
    if dry_run {
        call.only("deploy --dry-run", &[Format::Table, Format::Json])?;
        return fleet::run(
            release,
            limits.check(call),
            FleetCommand::Plan(style.style(call)),
            call,
        )
        .map(|end| end.failed);
    }
    call.only("deploy", &[Format::Table, Format::Json])?;
    fleet::run(release, limits.check(call), FleetCommand::Deploy, call).map(|end| end.failed)
}

/// Does a plan that was kept.
fn run_kept(file: &Path, limits: Limits, watching: Watching, call: &Invocation) -> Done {
    call.only("deploy", &[Format::Table, Format::Json])?;
    for (flag, given) in
        [("--runtime", !call.runtimes.is_empty()), ("--namespace", call.namespace.is_some())]
    {
        if given {
            let message = format!("{flag}: the plan says where it goes");
            return Err(Error::usage(Code::InvalidFlag, message).into());
        }
    }
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(call.env.current_dir.join(file)).map_err(|error| {
        Error::usage(Code::UnreadableSource, format!("cannot read {shown}")).chain(&error)
    })?;
    let frozen = Arc::new(FrozenPlan::read(&shown, &text)?);
    fleet::run_frozen(frozen, limits, watching, false, call).map(|end| end.failed)
}

/// Shows the plan, asks, and does it.
fn run_asking(
    mut release: ReleaseArgs,
    limits: Limits,
    style: DiffStyleArgs,
    call: &Invocation,
) -> Done {
    call.only("deploy --ask", &[Format::Table])?;
    (release.single, release.keeps_plan) = (Some("--ask"), true);
    let watching = release.watching;
    let plan = fleet::run(release, limits, FleetCommand::Plan(style.style(call)), call)?;
    if plan.failed.is_some() {
        return Ok(plan.failed);
    }
    let [frozen] = &*plan.frozen else {
        let message = "--ask needs exactly one instance";
        return Err(Error::usage(Code::SeveralInstances, message).into());
    };
    // Where nothing changes there is nothing to ask about; it is waited for all the same.
    let asks = plan.changes;
    fleet::run_frozen(Arc::clone(frozen), limits, watching, asks, call).map(|end| end.failed)
}
