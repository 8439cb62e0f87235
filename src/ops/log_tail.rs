//! The last lines of a container's log.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    cluster::{
        api::Api,
        failure::Failure,
        request::{Request, encode_query},
    },
    workload::diagnosis::LogSource,
};

/// The most bytes that are read of one log.
const BYTES: usize = 1 << 20;
/// The longest line that is kept, in characters.
const LINE: usize = 500;

/// What was read of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogTail {
    /// The last lines, oldest first.
    pub lines: Vec<String>,
    /// Whether they are those of the run before the present one.
    pub previous: bool,
}

/// Reads the last `lines` until `deadline`, `patience` from its start.
///
/// # Errors
/// Why they may not or cannot be read.
pub(crate) async fn read(
    api: &Api,
    source: &LogSource,
    lines: u32,
    patience: Duration,
) -> Result<LogTail, String> {
    let deadline = Instant::now() + patience;
    let reading = async {
        match read_run(api, source, lines).await {
            // The node keeps one run before the present one, and may have removed it.
            Err(failure) if source.previous && failure.code() == 400 => {
                let present = LogSource { previous: false, ..source.clone() };
                read_run(api, &present, lines).await
            }
            read => read,
        }
    };
    match timeout_at(deadline, reading).await {
        Ok(Ok(tail)) => Ok(tail),
        Ok(Err(failure)) if failure.is_forbidden() => {
            Err(format!("logs may not be read: {}", failure.message()))
        }
        Ok(Err(failure)) => Err(format!("logs cannot be read: {}", failure.message())),
        Err(_) => Err(format!("logs cannot be read: no answer within {} s", patience.as_secs())),
    }
}

async fn read_run(api: &Api, source: &LogSource, lines: u32) -> Result<LogTail, Failure> {
    let LogSource { namespace, pod, container, previous } = source;
    let container = encode_query(container);
    let path = format!(
        "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&previous={previous}\
         &tailLines={lines}&limitBytes={BYTES}"
    );
    let bytes = api.send_raw(&Request::get(path).once()).await?;
    let lines = String::from_utf8_lossy(&bytes).lines().map(cut).collect();
    Ok(LogTail { lines, previous: *previous })
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
