//! How many instances of a runtime are looked at side by side, and what becomes of those that wait
//! behind others of a runtime that does not answer.

use std::cell::{Cell, RefCell};

use futures::{StreamExt as _, future::join_all, stream};

use crate::workload::error::{Error, ErrorKind, Result};

/// Looks at each of some things, of which `runtime` tells where it is: so many of each runtime side by
/// side, and all runtimes. Gives the answers in the order of the things.
pub(super) async fn look_at_all<T, A>(
    things: &[T],
    width: usize,
    runtime: impl Fn(&T) -> Option<String>,
    look: impl AsyncFn(&T, &Silence) -> A,
) -> Vec<A> {
    let mut queues: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for (index, thing) in things.iter().enumerate() {
        let runtime = runtime(thing);
        match queues.iter_mut().find(|(known, _)| *known == runtime) {
            Some((_, queue)) => queue.push(index),
            None => queues.push((runtime, vec![index])),
        }
    }
    let look = &look;
    let looks = queues.into_iter().map(|(_, queue)| async move {
        let silence = &Silence::default();
        let looks = queue
            .into_iter()
            .map(|index| async move { (index, look(&things[index], silence).await) });
        stream::iter(looks.collect::<Vec<_>>()).buffered(width).collect::<Vec<_>>().await
    });
    let mut answers: Vec<(usize, A)> = join_all(looks).await.into_iter().flatten().collect();
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// A runtime that has not answered: who waits behind the first ones does not wait as long once more.
#[derive(Default)]
pub(super) struct Silence {
    answered: Cell<bool>,
    error: RefCell<Option<Error>>,
}

impl Silence {
    /// Gives the failure of a runtime that nobody has had an answer of.
    pub(super) fn broken(&self) -> Option<Error> {
        self.error.borrow().clone()
    }

    /// Hears how a look ended.
    pub(super) fn hear(&self, result: &Result<()>) {
        match result {
            Err(error) if error.kind == ErrorKind::Runtime && !self.answered.get() => {
                *self.error.borrow_mut() = Some(error.clone());
            }
            _ => {
                self.answered.set(true);
                *self.error.borrow_mut() = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::FutureExt as _;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::workload::error::Code;

    #[test]
    fn runtimes_hold_up_nobody_else_and_answer_in_order() {
        let things = ["a1", "b1", "a2", "b2", "a3"];
        let begun = RefCell::new(Vec::new());
        let gate = Semaphore::new(0);
        let look = async |thing: &&'static str, _: &Silence| {
            begun.borrow_mut().push(*thing);
            if thing.starts_with('a') {
                gate.acquire().await.unwrap().forget();
            }
            *thing
        };
        let mut all = Box::pin(look_at_all(&things, 2, |thing| Some(thing[..1].to_owned()), look));
        assert!((&mut all).now_or_never().is_none());
        assert_eq!(*begun.borrow(), ["a1", "a2", "b1", "b2"]);
        gate.add_permits(3);
        assert_eq!(all.now_or_never().unwrap(), things);
    }

    #[test]
    fn who_waits_behind_a_runtime_that_is_silent_is_told_at_once() {
        for (first_answers, begun) in [(false, 1), (true, 6)] {
            let looked = Cell::new(0);
            let look = async |thing: &usize, silence: &Silence| {
                if let Some(error) = silence.broken() {
                    return Err(error);
                }
                looked.set(looked.get() + 1);
                let result = match thing {
                    0 if first_answers => Ok(()),
                    _ => Err(Error::runtime(Code::Timeout, "no answer within 5 s")),
                };
                silence.hear(&result);
                result
            };
            let things: Vec<usize> = (0..6).collect();
            let all = look_at_all(&things, 2, |_| None, look).now_or_never().unwrap();
            assert_eq!(
                all.iter().filter(|one| one.is_err()).count(),
                6 - usize::from(first_answers)
            );
            assert_eq!(looked.get(), begun, "{first_answers}");
        }
    }
}
