//! Whether anybody still reads the answer: what goes on until it is stopped ends with its reader.

use std::{future::pending, io, thread};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use tokio::sync::oneshot;

/// Waits until the reader of stdout has gone away: the program behind a pipe, or a terminal that was
/// closed. For ever where stdout is a file, or cannot be watched.
pub(crate) async fn gone() {
    let (sender, receiver) = oneshot::channel();
    // Nothing but the reader ends this wait, so that it must not be one that the runtime waits for.
    let watching = thread::Builder::new().name("reader of stdout".to_owned()).spawn(move || {
        if await_hangup().is_ok() {
            // Whoever waited may have ended for another reason.
            let _ = sender.send(());
        }
    });
    if watching.is_err() || receiver.await.is_err() {
        pending::<()>().await;
    }
}

/// Waits for the end of stdout.
fn await_hangup() -> rustix::io::Result<()> {
    let stdout = io::stdout();
    loop {
        // No event is asked for: that it is over is told of always.
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let told = watched[0].revents();
        if told.intersects(PollFlags::ERR | PollFlags::HUP) {
            return Ok(());
        }
        if told.contains(PollFlags::NVAL) {
            return Err(Errno::BADF);
        }
    }
}
