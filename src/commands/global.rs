//! The flags that every command takes. Parsing only records them; [`super::invocation`] checks.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args};

use crate::{
    output::format::{ColorWhen, Format, Progress},
    workload::duration::parse_duration,
};

/// The flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The runtime: a context of the kubeconfig, or `sandbox`
    #[arg(long, alias = "context", global = true, value_name = "CONTEXT")]
    pub runtime: Vec<String>,
    /// The namespace
    #[arg(short, long, global = true, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The kubeconfig, instead of KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The database, instead of WORKLOADCTL_DB or the one in the configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The form of the answer
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Say nothing but the answer and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show requests with status and time; -vv shows bodies too, Secret values masked
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto,
          hide_short_help = true)]
    pub color: ColorWhen,
    /// How to show progress on stderr
    #[arg(long, global = true, value_enum, value_name = "HOW", default_value_t = Progress::Auto,
          hide_short_help = true)]
    pub progress: Progress,
    /// How long one request may take [default: 30s, status: 5s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration,
          hide_short_help = true)]
    pub request_timeout: Option<Duration>,
    /// Answer every question with yes
    #[arg(short, long, global = true)]
    pub yes: bool,
}
