//! One error of several, so that everything that failed is told once.

use crate::workload::{
    error::{Code, Error, ErrorKind},
    plan::Desired,
};

/// How many objects of a list are named.
const SHOWN: usize = 10;

/// Names an object with its place in the sources: `Deployment/web (k8s/web.yaml:12)`.
pub(crate) fn named(desired: &Desired) -> String {
    match &desired.origin {
        Some(origin) => format!("{} ({origin})", desired.id),
        None => desired.id.to_string(),
    }
}

/// Cuts a long list, and says how much more there is.
pub(crate) fn shown(mut list: Vec<String>) -> Vec<String> {
    // One more takes as much room as saying that there is one.
    if list.len() > SHOWN + 1 {
        let more = list.len() - SHOWN;
        list.truncate(SHOWN);
        list.push(format!("and {more} more"));
    }
    list
}

/// Makes one error of what befell several objects; `what` ends the sentence `3 objects …`.
///
/// # Panics
/// Where there is none.
pub(crate) fn merge(errors: &[&Error], what: &str) -> Error {
    let first = errors.first().expect("there is an error");
    if errors.len() == 1 {
        return (*first).clone();
    }
    // One exit code has to stand for all of them: the first in the order of the exit codes
    // (docs/cli.md, Exit codes).
    let kind = errors.iter().map(|error| error.kind).min_by_key(|kind| kind.rank());
    let kind = kind.unwrap_or(ErrorKind::Failed);
    let code =
        errors.iter().find(|error| error.kind == kind).map_or(first.code, |error| error.code);
    let all = Error::new(kind, code, format!("{} objects {what}", errors.len()));
    let all = all.causes(together(errors));
    // Each helps with its own object.
    let mut hints: Vec<&str> = Vec::new();
    for hint in errors.iter().filter_map(|error| error.hint.as_deref()) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    if hints.is_empty() { all } else { all.hint(hints.join("\n")) }
}

/// Says of each error what and why; what failed for one reason, such as a server that is gone,
/// stands together.
fn together(errors: &[&Error]) -> Vec<String> {
    let mut groups: Vec<(&[String], Vec<&str>)> = Vec::new();
    for error in errors {
        let causes = error.causes.as_slice();
        let same = groups.iter_mut().find(|(known, _)| *known == causes && !causes.is_empty());
        // A server that is gone fails every request alike and is told once. Rejections that look
        // alike are told apart: each is about an object of its own.
        match same
            .filter(|_| matches!(error.kind, ErrorKind::Runtime) || error.code == Code::ServerError)
        {
            Some((_, messages)) => messages.push(&error.message),
            None => groups.push((causes, vec![&error.message])),
        }
    }
    groups.into_iter().map(|(causes, messages)| describe(causes, &messages)).collect()
}

fn describe(causes: &[String], messages: &[&str]) -> String {
    let first = messages[0];
    // What is done to all of them is said of the first: `cannot apply Deployment/web, Service/web`.
    let verb: String = first.split_inclusive(' ').take(2).collect();
    let others = messages.iter().skip(1).take(SHOWN - 1);
    let others = others.map(|message| message.strip_prefix(verb.as_str()).unwrap_or(message));
    let mut what = std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ");
    if messages.len() > SHOWN {
        // A server that goes in the middle of a large set fails hundreds of objects for one reason.
        what = format!("{what} and {} more", messages.len() - SHOWN);
    }
    match (causes, messages.len()) {
        // The reasons of a rejection, field by field, each on a line of its own.
        ([_, _, ..], 1) => format!("{what}:\n{}", causes.join("\n")),
        _ => std::iter::once(what).chain(causes.iter().cloned()).collect::<Vec<_>>().join(": "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_for_one_reason_stands_together() {
        let gone = |id: &str| {
            Error::runtime(Code::Unavailable, "the server is not available (503)")
                .cause("no backend")
                .while_doing(format!("cannot apply {id}"))
        };
        let rejected = |id: &str| {
            Error::failed(Code::Rejected, format!("cannot apply {id}: rejected")).cause("no")
        };
        let errors = [gone("A"), rejected("B"), gone("C"), rejected("D").cause("never")];
        let all = merge(&errors.iter().collect::<Vec<_>>(), "were not applied");
        assert_eq!((all.code.word(), all.kind.exit_code()), ("rejected", 1));
        assert_eq!(all.message, "4 objects were not applied");
        assert_eq!(
            all.causes,
            [
                "cannot apply A, C: the server is not available (503): no backend",
                "cannot apply B: rejected: no",
                "cannot apply D: rejected:\nno\nnever",
            ]
        );
        assert_eq!(all.hint, None);
        let hinted = [rejected("A").hint("a"), rejected("B").hint("b"), rejected("C").hint("a")];
        let all = merge(&hinted.iter().collect::<Vec<_>>(), "were not applied");
        assert_eq!(all.hint.as_deref(), Some("a\nb"));
        let many: Vec<Error> = (0..12).map(|number| gone(&number.to_string())).collect();
        assert_eq!(
            merge(&many.iter().collect::<Vec<_>>(), "were not applied").causes,
            ["cannot apply 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more: the server is not available \
              (503): no backend"]
        );
        assert_eq!(merge(&[&errors[1]], "were not applied"), errors[1]);
    }

    #[test]
    fn a_list_that_is_cut_says_so() {
        let list = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(shown(list(11)), list(11));
        let cut = shown(list(12));
        assert_eq!((cut.len(), cut[10].as_str()), (11, "and 2 more"));
    }
}
