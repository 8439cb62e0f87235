//! Errors as text: what is wrong, why (each cause once), and the command that helps.
//!
//! ```text
//! error: cannot deploy `web` to `kind-dev`
//!   Deployment/web (k8s/web.yaml:12) was rejected: spec.selector is immutable
//! hint: `workloadctl deploy web --replace Deployment/web` deletes and creates it again
//! ```

use super::{
    sanitize::sanitize,
    stream::{Stream, Tone},
};
use crate::workload::{
    error::{Error, ErrorKind, Excerpt, MISTAKES_SHOWN, Mistake},
    object::Origin,
};

/// Shows errors one after the other; the same hint is given once, at the end of those that
/// share it.
pub(crate) fn text(errors: &[Error], stream: Stream) -> String {
    let mut out = String::new();
    for (index, error) in errors.iter().enumerate() {
        // Three instances without a kubeconfig are one thing to mend.
        if errors[index + 1..].contains(error) {
            continue;
        }
        let Error { kind: _, code: _, message, causes, hint, object: _, origin, mistakes } = error;
        let says = |text: &String, file: &str| text.contains(file);
        // The file is named once: many messages and causes have it with the line already.
        let place = match origin {
            Some(Origin { file, .. })
                if says(message, file) || causes.iter().any(|cause| says(cause, file)) =>
            {
                String::new()
            }
            Some(origin) => format!("{origin}: "),
            None => String::new(),
        };
        block(&mut out, &stream.paint(Tone::Bad, "error:"), &format!("{place}{message}"), "  ");
        for cause in causes {
            block(&mut out, " ", cause, "    ");
        }
        told(&mut out, mistakes, stream);
        // Ten manifests with the same mistake have one way out.
        let said_next = errors.get(index + 1).is_some_and(|next| next.hint == *hint);
        if let Some(hint) = hint.as_ref().filter(|_| !said_next) {
            block(&mut out, &stream.paint(Tone::Strong, "hint:"), hint, "  ");
        }
    }
    out
}

/// Writes mistakes in objects, each with the line in which it stands. The message of an error says
/// the only one already.
fn told(out: &mut String, mistakes: &[Mistake], stream: Stream) {
    for mistake in mistakes.iter().take(MISTAKES_SHOWN) {
        if mistakes.len() > 1 {
            block(out, " ", &mistake.headline(), "    ");
        }
        excerpt(out, mistake, if mistakes.len() > 1 { "    " } else { "  " }, stream);
    }
    if mistakes.len() > MISTAKES_SHOWN {
        let rest = mistakes.len() - MISTAKES_SHOWN;
        block(out, " ", &format!("and {rest} more; `-o json` lists them all"), "    ");
    }
}

/// Writes the line of a mistake with a mark under it, and what would be right.
fn excerpt(out: &mut String, mistake: &Mistake, indent: &str, stream: Stream) {
    let note = mistake.note().unwrap_or_default();
    let Some(Excerpt { text, start, width }) = &mistake.excerpt else {
        if !note.is_empty() {
            block(out, &indent[1..], &note, "    ");
        }
        return;
    };
    let number = match &mistake.source {
        Some(source) if mistake.flag.is_none() => source.line.to_string(),
        _ => String::new(),
    };
    let margin = " ".repeat(number.len());
    let (before, rest) = split(text, *start);
    let before = sanitize(&before).replace('\t', " ");
    let rest = sanitize(&rest).replace('\t', " ");
    let mark = stream.paint(Tone::Bad, &"^".repeat(*width));
    let under = format!("{indent}{margin} | {}{mark} {note}", " ".repeat(before.chars().count()));
    out.push_str(&format!("{indent}{number} | {before}{rest}\n{}\n", under.trim_end()));
}

fn split(text: &str, at: usize) -> (String, String) {
    (text.chars().take(at).collect(), text.chars().skip(at).collect())
}

/// Writes a text after a title; further lines of it are indented.
fn block(out: &mut String, title: &str, text: &str, indent: &str) {
    let text = sanitize(text);
    for (index, line) in text.trim_end().lines().enumerate() {
        if index == 0 {
            out.push_str(title);
            out.push(' ');
        } else {
            out.push_str(indent);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Picks the exit code that stands for several failures (docs/cli.md, Exit codes).
pub(crate) fn exit_kind<'a>(errors: impl IntoIterator<Item = &'a Error>) -> Option<ErrorKind> {
    errors.into_iter().map(|error| error.kind).min_by_key(|kind| kind.rank())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::error::Code;

    #[test]
    fn causes_are_indented_and_the_hint_comes_last() {
        let error = Error::failed(Code::Rejected, "cannot deploy `web` to `kind-dev`")
            .cause("Deployment/web (k8s/web.yaml:12) was rejected: spec.selector is immutable")
            .cause("two\nlines \u{1b}[0m")
            .hint("`workloadctl deploy web --replace Deployment/web` deletes and creates it again");
        assert_eq!(
            text(&[error], Stream::PLAIN),
            "error: cannot deploy `web` to `kind-dev`\n  \
             Deployment/web (k8s/web.yaml:12) was rejected: spec.selector is immutable\n  \
             two\n    lines \\u{1b}[0m\n\
             hint: `workloadctl deploy web --replace Deployment/web` deletes and creates it again\n"
        );
    }

    #[test]
    fn the_place_is_said_once_and_shared_hints_once() {
        let at = |line| Origin::line("a.yaml", line);
        let errors = [
            Error::usage(Code::InvalidFlag, "no kind").at(&at(1)).hint("look"),
            Error::usage(Code::InvalidFlag, "a.yaml:2: no name").at(&at(2)).hint("look"),
            Error::usage(Code::InvalidFlag, "other"),
            Error::usage(Code::InvalidFlag, "2 objects").at(&at(1)).cause("Pod/x (a.yaml:1): no"),
        ];
        assert_eq!(
            text(&errors, Stream::PLAIN),
            "error: a.yaml:1: no kind\nerror: a.yaml:2: no name\nhint: look\nerror: other\n\
             error: 2 objects\n  Pod/x (a.yaml:1): no\n"
        );
    }

    #[test]
    fn the_first_of_the_ranked_codes_counts() {
        let error = |kind| Error::new(kind, Code::InvalidFlag, "x");
        let errors =
            [error(ErrorKind::NotReady), error(ErrorKind::Runtime), error(ErrorKind::Failed)];
        assert_eq!(exit_kind(&errors), Some(ErrorKind::Failed));
        assert_eq!(exit_kind(&[]), None);
    }
}
