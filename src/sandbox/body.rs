//! The body of an answer: bytes, or the lines of a watch or a log for as long as it lasts.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{server::ApiServer, stream::StreamSource};

/// The connection broke: a fault that a test asked for, or a body that could not be read.
#[derive(Debug)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl Broken {
    pub(super) fn reset() -> Self {
        Self("connection reset by peer".to_owned())
    }
}

#[derive(Debug)]
pub struct Body(Payload);

enum Payload {
    Whole(Option<Bytes>),
    Stream(Box<BodyStream>),
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Stream(_) => "Stream",
        })
    }
}

impl Body {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self(Payload::Whole(Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty())))
    }

    /// A body that begins with these lines; `drops` breaks it off once it has said something.
    pub(super) fn stream(
        server: Arc<ApiServer>,
        source: StreamSource,
        lines: String,
        drops: bool,
    ) -> Self {
        let wait = Box::pin(sleep_until(Instant::now()));
        let stream = BodyStream { server, source, lines, wait, drops, said: false };
        Self(Payload::Stream(Box::new(stream)))
    }
}

struct BodyStream {
    server: Arc<ApiServer>,
    source: StreamSource,
    lines: String,
    wait: Pin<Box<Sleep>>,
    /// Breaks once it has said something.
    drops: bool,
    said: bool,
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.0 {
            Payload::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Payload::Stream(stream) => stream.poll(context),
        }
    }
}

impl BodyStream {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if !self.lines.is_empty() {
                let lines = std::mem::take(&mut self.lines);
                self.said = true;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(lines)))));
            }
            if self.drops && self.said {
                self.drops = false;
                self.source.end();
                return Poll::Ready(Some(Err(Broken::reset())));
            }
            if self.server.is_over(&self.source) {
                return Poll::Ready(None);
            }
            // Another process may write at any time, and no file tells: so it is looked.
            ready!(self.wait.as_mut().poll(context));
            let (lines, millis) = self.server.look(&mut self.source);
            self.lines = lines;
            self.wait = Box::pin(sleep_until(Instant::now() + Duration::from_millis(millis)));
        }
    }
}
