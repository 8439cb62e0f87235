//! The last lines of a container's log.

use std::time::Duration;

use crate::{
    cluster::{
        api::Api,
        request::{Request, encode_query},
    },
    workload::diagnosis::LogSource,
};

/// How many lines are read.
const LINES: usize = 10;
/// How long the log may take: it only makes a message better.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads the last lines; none where they may not or cannot be read.
pub(super) async fn read(api: &Api, source: &LogSource) -> Vec<String> {
    let LogSource { namespace, pod, container, previous } = source;
    let container = encode_query(container);
    let path = format!(
        "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&previous={previous}&tailLines={LINES}"
    );
    let request = Request::get(path).once();
    match tokio::time::timeout(PATIENCE, api.send_raw(&request)).await {
        Ok(Ok(bytes)) => String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect(),
        // The failure that it would explain is told all the same.
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}
