//! `forward`: free local ports that lead to the Services of an instance. Each connection is carried
//! to a pod that is ready when it comes, so that pods may be replaced meanwhile.

mod service;

use futures::future::try_join_all;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use self::service::{ServicePort, ports_of};
use super::{logs, session::Session, target::Target, view::ForwardEvent};
use crate::{
    cluster::{api::Api, forward::carry, request::Request},
    workload::{
        error::{Code, Error, Result},
        name::InstanceName,
        object::ObjectId,
        record::Record,
        runtime::RuntimeName,
    },
};

/// Which Services and ports are meant; all by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub service: Option<String>,
    pub port: Option<u16>,
}

/// Forwards until the wish to stop, or until nobody hears any more.
///
/// # Errors
/// Code 1: no such instance or Service, or they may not be read; code 2: the sandbox, where nothing
/// runs; those of what is told.
pub(crate) async fn run(
    session: &Session<'_>,
    name: &InstanceName,
    wanted: &Wanted,
    mut tell: impl FnMut(ForwardEvent) -> Result<bool>,
) -> Result<()> {
    let (target, record) = logs::find(session, name).await?;
    if target.runtime == RuntimeName::Sandbox {
        let message = format!("`{name}` is in the sandbox, where nothing runs that could answer");
        return Err(Error::usage(Code::NoSandbox, message));
    }
    let ports = wanted_ports(&target, &record, wanted).await?;
    let (sender, mut failures) = mpsc::unbounded_channel();
    let mut listening = JoinSet::new();
    for port in ports {
        let cannot = |error: std::io::Error| {
            Error::failed(Code::Forward, "cannot listen on 127.0.0.1").chain(&error)
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
        let here = listener.local_addr().map_err(cannot)?;
        let address = match port.scheme {
            Some(scheme) => format!("{scheme}://{here}"),
            None => here.to_string(),
        };
        let (service, number) = (port.service.clone(), port.port);
        listening.spawn(listen(listener, port, target.api.clone(), sender.clone()));
        if !tell(ForwardEvent::Forwarding { service, port: number, address })? {
            return Ok(());
        }
    }
    let mut event = ForwardEvent::Begun;
    loop {
        if !tell(event)? {
            return Ok(());
        }
        event = tokio::select! {
            // It has no other end: the wish to stop is no failure.
            _ = session.stop.wait() => return Ok(()),
            Some(failure) = failures.recv() => ForwardEvent::Failed(failure),
        };
    }
}

/// Takes connections and carries each to a pod of its own choice.
async fn listen(
    listener: TcpListener,
    port: ServicePort,
    api: Api,
    failures: mpsc::UnboundedSender<Error>,
) {
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => {
                    carried.spawn(connect(connection, port.clone(), api.clone()));
                }
                Err(error) => {
                    let error = Error::failed(Code::Forward, "cannot accept a connection").chain(&error);
                    let _ = failures.send(error);
                    return;
                }
            },
            Some(ended) = carried.join_next() => {
                if let Ok(Err(error)) = ended {
                    let _ = failures.send(error);
                }
            }
        }
    }
}

async fn connect(connection: TcpStream, port: ServicePort, api: Api) -> Result<()> {
    let pod = port.pod(&api).await?;
    carry(&api, &pod, connection).await
}

/// Reads the Services of an instance, and gives the ports that are meant.
async fn wanted_ports(
    target: &Target,
    record: &Record,
    wanted: &Wanted,
) -> Result<Vec<ServicePort>> {
    let name = &record.instance;
    let nothing = |what: String| {
        Error::failed(Code::NotFound, what)
            .hint(format!("`workloadctl status {name}` shows what there is"))
    };
    let is_meant = |id: &ObjectId| {
        id.is("", "Service") && wanted.service.as_ref().is_none_or(|wanted| *wanted == id.name)
    };
    let entries = record.inventory.iter().filter(|entry| entry.wanted && is_meant(&entry.id));
    let paths: Vec<(ObjectId, String)> = entries
        .filter_map(|entry| Some((entry.id.clone(), target.path(&entry.id, &entry.version)?)))
        .collect();
    if let (Some(service), []) = (&wanted.service, &*paths) {
        return Err(nothing(format!("`{name}` has no Service/{service}")));
    }
    let services = try_join_all(paths.iter().map(async |(id, path)| {
        let answer = target.api.send(Request::get(path)).await;
        answer.map_err(|failure| failure.explain("get", "cannot forward: cannot read", id, None))
    }));
    let ports = services.await?.into_iter().flat_map(|answer| ports_of(&answer.body));
    let ports: Vec<ServicePort> =
        ports.filter(|port| wanted.port.is_none_or(|wanted| wanted == port.port)).collect();
    match (ports.is_empty(), wanted.port) {
        (false, _) => Ok(ports),
        (true, Some(port)) => Err(nothing(format!("no Service of `{name}` has TCP port {port}"))),
        (true, None) => Err(nothing(format!("`{name}` has no Service with pods and TCP ports"))),
    }
}
