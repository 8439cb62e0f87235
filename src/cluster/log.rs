//! A container's log as a stream of lines, each with its time.

use std::fmt::Write as _;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{StreamExt as _, stream::BoxStream};
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use super::{api::Api, explain::timed_out, failure::Failure, request::encode_query, stream};

/// The longest line that is given in one piece, in bytes; what is longer comes in several.
const LINE: usize = 64 << 10;

/// Which log is read, and from where on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogRequest {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    /// Whether it goes on until the container ends.
    pub follow: bool,
    /// Whether it is the log of the run before the present one.
    pub previous: bool,
    /// Only so many of the last lines.
    pub tail: Option<u64>,
    /// Only lines of so many last seconds.
    pub since_seconds: Option<u64>,
    /// Only lines since a time; the server compares whole seconds.
    pub since: Option<Timestamp>,
}

impl LogRequest {
    fn path(&self) -> String {
        let Self { namespace, pod, container, follow, previous, tail, since_seconds, since } = self;
        let container = encode_query(container);
        let mut path = format!(
            "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&follow={follow}\
             &previous={previous}&timestamps=true"
        );
        let mut add = |name: &str, value: String| {
            write!(path, "&{name}={value}").expect("writing to a string cannot fail");
        };
        tail.iter().for_each(|tail| add("tailLines", tail.to_string()));
        since_seconds.iter().for_each(|seconds| add("sinceSeconds", seconds.to_string()));
        if let Some(since) = since {
            add("sinceTime", encode_query(&since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        }
        path
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// When it was written; none for the further pieces of a line that is too long.
    pub time: Option<Timestamp>,
    pub text: String,
}

/// The lines of a log, as they come.
pub(crate) struct LogLines {
    body: BoxStream<'static, kube::Result<Bytes>>,
    buffer: BytesMut,
    /// Whether what comes next goes on with a line that is too long.
    continues: bool,
    ended: bool,
}

impl LogLines {
    /// Opens a log.
    ///
    /// # Errors
    /// What the server answered, or that it did not.
    pub(crate) async fn open(api: &Api, request: &LogRequest) -> Result<Self, Failure> {
        match stream::open(api, &request.path()).await? {
            Some(response) => Ok(Self::of(response.into_body().into_data_stream().boxed())),
            None => {
                let late = timed_out(&api.connection().server, api.request_timeout());
                Err(Failure::NoAnswer(Box::new(late)))
            }
        }
    }

    fn of(body: BoxStream<'static, kube::Result<Bytes>>) -> Self {
        Self { body, buffer: BytesMut::new(), continues: false, ended: false }
    }

    /// Gives the next line; `None` at the end.
    ///
    /// # Errors
    /// Where the stream broke.
    pub(crate) async fn next(&mut self) -> kube::Result<Option<LogLine>> {
        loop {
            let end = self.buffer.iter().take(LINE + 1).position(|byte| *byte == b'\n');
            if let Some(end) = end {
                let line = self.buffer.split_to(end);
                self.buffer.advance(1);
                return Ok(Some(self.line(&line, false)));
            }
            if self.buffer.len() > LINE {
                let piece = self.buffer.split_to(LINE);
                return Ok(Some(self.line(&piece, true)));
            }
            if self.ended {
                let rest = self.buffer.split();
                return Ok((!rest.is_empty()).then(|| self.line(&rest, false)));
            }
            match self.body.next().await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk?),
                None => self.ended = true,
            }
        }
    }

    fn line(&mut self, bytes: &[u8], goes_on: bool) -> LogLine {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches('\r');
        let continued = std::mem::replace(&mut self.continues, goes_on);
        let stamped = text.split_once(' ').or(Some((text, ""))).filter(|_| !continued);
        match stamped.and_then(|(time, rest)| Some((time.parse().ok()?, rest))) {
            Some((time, rest)) => LogLine { time: Some(time), text: rest.to_owned() },
            None => LogLine { time: None, text: text.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn read(chunks: &[&str]) -> Vec<(bool, String)> {
        let chunks: Vec<_> = chunks.iter().map(|c| Ok(Bytes::from((*c).to_owned()))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut lines = LogLines::of(stream::iter(chunks).boxed());
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push((line.time.is_some(), line.text));
            }
            all
        })
    }

    #[test]
    fn lines_are_put_together_and_long_ones_cut() {
        let stamp = "2026-01-01T12:00:00.123456789Z";
        let line = |stamped, text: &str| (stamped, text.to_owned());
        assert_eq!(
            read(&[&format!("{stamp} a\n{stamp} "), "b  c\r\n", &format!("{stamp}\n"), "no stamp"]),
            [line(true, "a"), line(true, "b  c"), line(true, ""), line(false, "no stamp")]
        );
        assert_eq!(read(&[]), []);
        let long = "x".repeat(LINE * 2);
        let read = read(&[&format!("{stamp} {long}\n{stamp} next\n")]);
        assert_eq!(
            read.iter().map(|(stamped, _)| *stamped).collect::<Vec<_>>(),
            [true, false, false, true]
        );
        assert_eq!(read[..3].iter().map(|(_, text)| text.len()).sum::<usize>(), LINE * 2);
        assert_eq!(read[3].1, "next");
    }

    #[test]
    fn what_is_asked_for_is_in_the_path() {
        let request = LogRequest {
            namespace: "a".into(),
            pod: "p".into(),
            container: "c".into(),
            follow: true,
            tail: Some(5),
            since: Some("2026-01-01T12:00:00.9Z".parse().unwrap()),
            ..LogRequest::default()
        };
        assert_eq!(
            request.path(),
            "/api/v1/namespaces/a/pods/p/log?container=c&follow=true&previous=false&timestamps=true\
             &tailLines=5&sinceTime=2026-01-01T12%3A00%3A00Z"
        );
    }
}
