//! How a rollout over many instances goes on: in waves, and no further than failures allow.

use std::str::FromStr;

use crate::workload::error::{Code, Error, Result};

/// How many instances are reached at the end of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Count(usize),
    Percent(usize),
}

/// The waves that a rollout goes in; what none of them reaches is the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waves(Vec<Reach>);

impl FromStr for Waves {
    type Err = Error;

    /// Reads how many instances, or which share of them, each wave reaches: `1,25%,100%`.
    ///
    /// # Errors
    /// Code 2 for what is neither a number from 1 on nor a percentage up to 100.
    fn from_str(text: &str) -> Result<Self> {
        let reach = |part: &str| match part.trim().strip_suffix('%') {
            Some(share) => {
                share.parse().ok().filter(|it| (1..=100).contains(it)).map(Reach::Percent)
            }
            None => part.trim().parse().ok().filter(|it| *it > 0).map(Reach::Count),
        };
        let wrong = |part: &str| {
            let what = "is neither a number of instances nor a percentage";
            Error::usage(Code::InvalidFlag, format!("--waves {text}: {part:?} {what}"))
                .hint("such as `--waves 1,25%,100%`")
        };
        text.split(',')
            .map(|part| reach(part).ok_or_else(|| wrong(part)))
            .collect::<Result<_>>()
            .map(Self)
    }
}

/// How a rollout goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Its waves; none: all at once.
    pub waves: Waves,
    /// How many instances may fail before no further one is begun; none: any number.
    pub max_failures: Option<usize>,
}

impl Pace {
    /// Gives for each wave over so many instances where it ends; the last one ends with them.
    pub(crate) fn ends(&self, total: usize) -> Vec<usize> {
        let mut ends: Vec<usize> = Vec::new();
        let last = Reach::Percent(100);
        for reach in self.waves.0.iter().chain([&last]) {
            let end = match reach {
                Reach::Count(count) => (*count).min(total),
                // One of three is more than a quarter of them, and less would be nobody.
                Reach::Percent(share) => (total * share).div_ceil(100),
            };
            if end > ends.last().copied().unwrap_or(0) {
                ends.push(end);
            }
        }
        ends
    }

    /// Tells whether a further instance may be begun after so many failures.
    pub(crate) fn goes_on(&self, failures: usize) -> bool {
        self.max_failures.is_none_or(|allowed| failures <= allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(waves: &str, total: usize) -> Vec<usize> {
        Pace { waves: waves.parse().unwrap(), max_failures: None }.ends(total)
    }

    #[test]
    fn each_wave_reaches_further_than_the_one_before() {
        for (waves, total, expected) in [
            ("1,25%,100%", 40, vec![1, 10, 40]),
            ("1,25%,100%", 3, vec![1, 3]),
            ("1,25%", 8, vec![1, 2, 8]),
            ("5,2,50%", 10, vec![5, 10]),
            ("7", 3, vec![3]),
            ("10%", 1, vec![1]),
            ("1", 0, vec![]),
        ] {
            assert_eq!(ends(waves, total), expected, "{waves} of {total}");
        }
        assert_eq!(Pace::default().ends(3), [3]);
    }

    #[test]
    fn what_is_no_wave_is_refused() {
        for wrong in ["", "0", "1,,2", "x", "0%", "101%", "-1", "1;2"] {
            assert_eq!(wrong.parse::<Waves>().unwrap_err().kind.exit_code(), 2, "{wrong}");
        }
    }

    #[test]
    fn more_failures_than_allowed_end_it() {
        let pace = |max_failures| Pace { max_failures, ..Pace::default() };
        assert!(pace(None).goes_on(9));
        assert!(pace(Some(0)).goes_on(0) && !pace(Some(0)).goes_on(1));
        assert!(pace(Some(2)).goes_on(2) && !pace(Some(2)).goes_on(3));
    }
}
