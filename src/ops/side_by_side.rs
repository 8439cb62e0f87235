//! Several things at once, each after those that it needs: the loop over the instances of a
//! workload file.
//!
//! Of several each has a thread of its own, so that a question or a slow answer holds up nobody else.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc::channel,
    thread,
};

use tokio::task::block_in_place;

/// What is to be done, by number.
pub(crate) struct Steps<'a> {
    /// For each step those that have to be done before it; they go in no circle.
    pub needs: &'a [Vec<usize>],
    /// How many are under way at most.
    pub width: usize,
}

impl Steps<'_> {
    /// Does all steps. `work` does one, given those that it needs; `told` takes the answers in the
    /// order of the numbers, each as soon as those before it are there.
    ///
    /// # Panics
    /// Where `work` does.
    pub(crate) fn run<T: Send + Sync + Clone>(
        &self,
        work: impl Fn(usize, &[T]) -> T + Sync,
        mut told: impl FnMut(&T),
    ) {
        // The only one stays on this thread: another one would begin a heap of its own, beside what
        // reading the manifests has left free in this one's.
        if let [_] = self.needs {
            return told(&block_in_place(|| work(0, &[])));
        }
        let mut answers: Vec<Option<T>> = vec![None; self.needs.len()];
        let mut begun = vec![false; answers.len()];
        let (mut under_way, mut next) = (0, 0);
        let (sender, receiver) = channel();
        thread::scope(|scope| {
            while next < answers.len() {
                for (step, needs) in self.needs.iter().enumerate() {
                    if under_way == self.width {
                        break;
                    }
                    let needed = (!begun[step])
                        .then(|| needs.iter().map(|need| answers[*need].clone()).collect());
                    let Some(Some(needed)): Option<Option<Vec<T>>> = needed else { continue };
                    begun[step] = true;
                    under_way += 1;
                    let (sender, work) = (sender.clone(), &work);
                    scope.spawn(move || {
                        let answer = catch_unwind(AssertUnwindSafe(|| work(step, &needed)));
                        // Whoever receives is there until all have sent.
                        let _ = sender.send((step, answer));
                    });
                }
                let (step, answer) = receiver.recv().expect("this end keeps a sender");
                under_way -= 1;
                answers[step] = Some(answer.unwrap_or_else(|panic| resume_unwind(panic)));
                while let Some(Some(answer)) = answers.get(next) {
                    told(answer);
                    next += 1;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn each_comes_after_those_it_needs_and_is_told_in_order() {
        let begun = Mutex::new(Vec::new());
        let mut told = Vec::new();
        let needs = [vec![], vec![0], vec![0], vec![1, 2]];
        // The two in the middle meet: they are under way at once.
        let middle = Barrier::new(2);
        Steps { needs: &needs, width: 8 }.run(
            |step, needed: &[usize]| {
                begun.lock().unwrap().push(step);
                if step == 1 || step == 2 {
                    middle.wait();
                }
                needed.iter().sum::<usize>() + 1
            },
            |answer| told.push(*answer),
        );
        assert_eq!(told, [1, 2, 2, 5]);
        let begun = begun.into_inner().unwrap();
        assert_eq!((begun[0], begun[3]), (0, 3));
    }

    #[test]
    fn no_more_are_under_way_than_is_said() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Steps { needs: &vec![Vec::new(); 20], width: 3 }.run(
            |_, _: &[()]| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            },
            |()| {},
        );
        assert!(most.into_inner() <= 3);
    }
}
