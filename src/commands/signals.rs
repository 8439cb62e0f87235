//! Signals: the first SIGINT or SIGTERM asks the operation to stop in good order, the second
//! ends the process at once.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
};

use crate::{
    ops::stop::{Signal, Stop},
    output::{printer::Printer, progress::Screen},
    workload::error::{Code, Error, Result},
};

/// How long the end waits for what is said of a signal.
const TELLING: Duration = Duration::from_millis(500);

/// How long an operation goes on after a signal, so that what is said of it comes before what the
/// operation says at its end. A question that holds the screen ends only afterwards.
const BEFORE: Duration = Duration::from_millis(100);

/// Runs an operation on a runtime of its own, and listens to signals while it runs.
///
/// # Errors
/// Code 1 when the system gives no threads or no signals.
pub(crate) fn run<T>(
    printer: Printer,
    screen: Option<Screen>,
    operation: impl AsyncFnOnce(Stop) -> T,
) -> Result<T> {
    let failed = |error: io::Error| Error::failed(Code::System, "cannot start").chain(&error);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    let (sender, stop) = Stop::channel();
    let told = Arc::new(Notify::new());
    let answer = runtime.block_on(async {
        let interrupts = signal(SignalKind::interrupt())?;
        let terminations = signal(SignalKind::terminate())?;
        let teller = Arc::new(Teller { printer, screen, told: Arc::clone(&told) });
        tokio::spawn(listen(interrupts, terminations, sender, teller));
        let answer = operation(stop.clone()).await;
        if stop.requested().is_some() {
            // What is said of it comes before the answer; who cannot be told holds up nothing.
            let _ = tokio::time::timeout(TELLING, told.notified()).await;
        }
        Ok(answer)
    });
    // A request that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    answer.map_err(failed)
}

/// Says that the wish to stop was heard.
struct Teller {
    printer: Printer,
    screen: Option<Screen>,
    /// Whether it is said.
    told: Arc<Notify>,
}

impl Teller {
    fn tell(&self) {
        let told = "stopping in good order; once more to leave at once";
        match &self.screen {
            // With what is drawn, the `^C` that was typed goes too.
            Some(screen) if !screen.is_suspended() => screen.suspend(|| self.printer.talk(told)),
            _ => self.printer.interject(told),
        }
        self.told.notify_one();
    }
}

/// Listens on a thread of its own, so that even an operation that blocks can be left.
async fn listen(
    mut interrupts: tokio::signal::unix::Signal,
    mut terminations: tokio::signal::unix::Signal,
    sender: watch::Sender<Option<Signal>>,
    teller: Arc<Teller>,
) {
    loop {
        let signal = tokio::select! {
            Some(()) = interrupts.recv() => Signal::Interrupt,
            Some(()) = terminations.recv() => Signal::Terminate,
            else => return,
        };
        // The second one: whoever sends it does not want to wait for good order.
        if sender.borrow().is_some() {
            teller.screen.iter().for_each(Screen::clear);
            exit_now(signal);
        }
        let telling = tokio::task::spawn_blocking({
            let teller = Arc::clone(&teller);
            move || teller.tell()
        });
        let _ = tokio::time::timeout(BEFORE, telling).await;
        sender.send_replace(Some(signal));
    }
}

#[expect(clippy::disallowed_methods, reason = "the second signal leaves at once, from anywhere")]
fn exit_now(signal: Signal) -> ! {
    std::process::exit(signal.error("").kind.exit_code().into())
}
