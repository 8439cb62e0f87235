//! What the containers of a pod write.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

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
    let began = began(status.as_ref(), request.flag("previous")).unwrap_or(world.now);
    let is_wanted = since(world, request).is_none_or(|since| began >= since);
    let stamp = match request.flag("timestamps") {
        true => format!("{} ", crate::sandbox::world::stamp(began)),
        false => String::new(),
    };
    let mut lines: Vec<String> = ["starting", "listening on port 8080", "ready"]
        .iter()
        .filter(|_| is_wanted)
        .map(|line| format!("{stamp}{line}\n"))
        .collect();
    if let Ok(count) = request.parameter("tailLines").parse::<usize>() {
        lines.drain(..lines.len().saturating_sub(count));
    }
    Ok(log_reply(&lines))
}

/// When the run began whose log is read: it writes everything at once.
fn began(status: Option<&Value>, previous: bool) -> Option<Timestamp> {
    let places = match previous {
        true => &["/lastState/terminated/startedAt"][..],
        false => &[
            "/state/running/startedAt",
            "/state/terminated/startedAt",
            "/lastState/terminated/startedAt",
        ],
    };
    places.iter().find_map(|place| text(status?, place).parse().ok())
}

/// From when on lines are asked for.
fn since(world: &World<'_>, request: &ApiRequest) -> Option<Timestamp> {
    let seconds = request.parameter("sinceSeconds").parse::<i64>().ok();
    match seconds {
        Some(seconds) => world.now.checked_sub(SignedDuration::from_secs(seconds)).ok(),
        None => request.parameter("sinceTime").parse().ok(),
    }
}
