//! What the containers of a pod write.

use super::{names, statuses};
use crate::sandbox::{
    controllers::{log_reply, number, parameter_container, text},
    request::{ApiRequest, Reply},
    status::{StatusError, StatusResult},
    storage::ObjectKey,
    world::World,
};

/// What a container wrote.
pub(in crate::sandbox) fn logs(
    world: &World<'_>,
    request: &ApiRequest,
    key: &ObjectKey,
) -> StatusResult<Reply> {
    let Some(pod) = world.get(key)? else {
        return Err(StatusError::not_found("", "pods", &key.name));
    };
    let wanted = parameter_container(request, &pod);
    let lists = ["containerStatuses", "initContainerStatuses"];
    let known = ["containers", "initContainers"]
        .into_iter()
        .any(|list| names(&pod, list).contains(&wanted));
    if !known {
        let message = format!("container {wanted} is not valid for pod {}", key.name);
        return Err(StatusError::bad_request(message));
    }
    let status = lists
        .into_iter()
        .flat_map(|list| statuses(&pod, list))
        .find(|status| status["name"] == wanted);
    let waiting =
        status.as_ref().map_or("ContainerCreating", |status| text(status, "/state/waiting/reason"));
    let restarted = status.as_ref().is_some_and(|status| number(status, "/restartCount") > 0);
    // What has run once has a log, even while it waits to be restarted.
    if !waiting.is_empty() && !restarted && waiting != "CrashLoopBackOff" {
        let message = format!(
            "container \"{wanted}\" in pod \"{}\" is waiting to start: {waiting}",
            key.name
        );
        return Err(StatusError::bad_request(message));
    }
    if request.flag("previous") && !restarted {
        let message =
            format!("previous terminated container \"{wanted}\" in pod \"{}\" not found", key.name);
        return Err(StatusError::bad_request(message));
    }
    let stamp =
        if request.flag("timestamps") { format!("{} ", world.stamp()) } else { String::new() };
    let mut lines: Vec<String> = ["starting", "listening on port 8080", "ready"]
        .iter()
        .map(|line| format!("{stamp}{line}\n"))
        .collect();
    if let Ok(count) = request.parameter("tailLines").parse::<usize>() {
        lines.drain(..lines.len().saturating_sub(count));
    }
    Ok(log_reply(&lines))
}
