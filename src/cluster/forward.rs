//! A connection to a port of a pod, through the API server.

use std::{io, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split},
    net::TcpStream,
    sync::watch,
};

use super::{api::Api, explain::timed_out};
use crate::workload::error::{Code, Error, Result};

/// How long a pod may be silent that still answers one who has said all.
const LINGER: Duration = Duration::from_secs(10);

/// Which port of which pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodPort {
    pub namespace: String,
    pub pod: String,
    pub port: u16,
}

/// Carries a connection to a port of a pod, until one of both ends.
///
/// # Errors
/// Code 1 where the server or the pod refuses it; code 7 where the server does not answer.
pub(crate) async fn carry(api: &Api, to: &PodPort, connection: TcpStream) -> Result<()> {
    let PodPort { namespace, pod, port } = to;
    let refused = |why: String| {
        Error::failed(Code::Forward, format!("cannot reach port {port} of pod {pod}")).cause(why)
    };
    let pods: kube::Api<Pod> = kube::Api::namespaced(api.connection().client.clone(), namespace);
    let ports = [*port];
    let opening = pods.portforward(pod, &ports);
    let mut tunnel = match tokio::time::timeout(api.request_timeout(), opening).await {
        Ok(Ok(tunnel)) => tunnel,
        Ok(Err(kube::Error::Api(status))) => return Err(refused(status.message.clone())),
        Ok(Err(error)) => return Err(api.connection().explain(&error)),
        Err(_) => return Err(timed_out(&api.connection().server, api.request_timeout())),
    };
    let (stream, failure) = (tunnel.take_stream(*port), tunnel.take_error(*port));
    let (Some(stream), Some(failure)) = (stream, failure) else {
        unreachable!("the port was asked for just now")
    };
    // Both ends may go away at any time; what breaks then is no failure of the way.
    let _ = exchange(connection, stream).await;
    let said = failure.await;
    tunnel.abort();
    said.map_or(Ok(()), |why| Err(refused(why)))
}

/// Carries bytes both ways. The way to the pod cannot be closed alone: who has said all is answered
/// all the same.
async fn exchange(
    mut connection: TcpStream,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let (mut from_here, mut here) = connection.split();
    let (mut pod, mut to_pod) = split(stream);
    let (sender, mut said_all) = watch::channel(false);
    let up = async {
        copy(&mut from_here, &mut to_pod).await?;
        to_pod.flush().await?;
        sender.send_replace(true);
        // The answer is the end.
        std::future::pending::<io::Result<()>>().await
    };
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let silence = async {
                drop(said_all.wait_for(|all| *all).await);
                tokio::time::sleep(LINGER).await;
            };
            let read = tokio::select! {
                read = pod.read(&mut buffer) => read?,
                () = silence => 0,
            };
            match read {
                0 => return here.shutdown().await,
                count => here.write_all(&buffer[..count]).await?,
            }
        }
    };
    tokio::select! {
        ended = up => ended,
        ended = down => ended,
    }
}
