//! Runtimes as answers.

use super::{
    document::{Document, Items},
    format::Format,
    printer::Printer,
    sanitize::one_line,
    stream::Tone,
    table::{Cell, Rows, or_dash},
};
use crate::{ops::view::RuntimeView, workload::error::Result};

/// Tells which runtimes there are; `checked` where each was asked.
pub(crate) fn list(printer: &Printer, runtimes: &[RuntimeView], checked: bool) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => {
            printer.document(&Document::new("RuntimeList", Items("runtimes", runtimes)))
        }
        Format::Name => {
            let names = runtimes.iter().map(|runtime| format!("{}\n", one_line(&runtime.name)));
            printer.answer(&names.collect::<String>())
        }
        Format::Table | Format::Wide if runtimes.is_empty() => {
            printer.talk("no runtimes: the kubeconfig has no contexts");
            Ok(())
        }
        Format::Table | Format::Wide => printer.answer(&table(printer, runtimes, checked)),
    }
}

/// Tells one runtime that was asked.
pub(crate) fn show(printer: &Printer, runtime: &RuntimeView) -> Result<()> {
    match printer.format() {
        Format::Json | Format::Yaml => printer.document(&Document::new("Runtime", runtime)),
        Format::Table | Format::Wide | Format::Name => {
            list(printer, std::slice::from_ref(runtime), true)
        }
    }
}

/// Tells which runtime is the default now; none where it was cleared.
pub(crate) fn chosen(printer: &Printer, name: Option<&str>) -> Result<()> {
    #[derive(serde::Serialize)]
    struct DefaultRuntime<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
    }
    match (printer.format(), name) {
        (Format::Json | Format::Yaml, name) => {
            printer.document(&Document::new("DefaultRuntime", DefaultRuntime { name }))
        }
        (Format::Name, name) => {
            let lines = name.map(|name| format!("{}\n", one_line(name)));
            printer.answer(&lines.unwrap_or_default())
        }
        (Format::Table | Format::Wide, Some(name)) => {
            printer.answer(&format!("new instances go to {}\n", one_line(name)))
        }
        (Format::Table | Format::Wide, None) => {
            printer.answer("new instances go to the kubeconfig's current context\n")
        }
    }
}

fn table(printer: &Printer, runtimes: &[RuntimeView], checked: bool) -> String {
    let wide = printer.format() == Format::Wide;
    let mut header = vec!["NAME", "DEFAULT", "CURRENT", "INSTANCES"];
    if checked {
        header.extend(["REACHABLE", "VERSION", "USER"]);
    }
    if wide || !checked {
        header.push("SERVER");
    }
    if wide {
        header.push("KIND-LIKE");
    }
    if checked {
        header.push("ERROR");
    }
    let mut rows = Rows::new(&header);
    for runtime in runtimes {
        let mut row = vec![
            runtime.name.as_str().into(),
            mark(runtime.default),
            mark(runtime.current),
            runtime.instances.to_string().into(),
        ];
        if checked {
            row.extend([
                reachable(runtime.reachable),
                or_dash(runtime.version.as_deref()),
                or_dash(runtime.user.as_deref()),
            ]);
        }
        if wide || !checked {
            row.push(or_dash(runtime.server.as_deref()));
        }
        if wide {
            row.push(mark(runtime.kind_like));
        }
        if checked {
            row.push(or_dash(runtime.error.as_deref()));
        }
        rows.push(row);
    }
    rows.show(printer)
}

fn mark(is: bool) -> Cell {
    if is { "yes".into() } else { "-".into() }
}

fn reachable(reachable: Option<bool>) -> Cell {
    match reachable {
        Some(true) => Cell::toned("yes", Tone::Good),
        Some(false) => Cell::toned("no", Tone::Bad),
        None => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_a_table() {
        let runtimes = [
            RuntimeView {
                name: "kind-dev".into(),
                server: Some("https://127.0.0.1:6443".into()),
                current: true,
                kind_like: true,
                instances: 2,
                ..RuntimeView::default()
            },
            RuntimeView {
                name: "arn:aws:eks:eu-west-1:1:cluster/prod".into(),
                default: true,
                reachable: Some(false),
                error: Some("no answer".into()),
                ..RuntimeView::default()
            },
        ];
        assert_eq!(
            table(&Printer::plain(Format::Table), &runtimes, false),
            "NAME                                  DEFAULT  CURRENT  INSTANCES  SERVER\n\
             kind-dev                              -        yes      2          \
             https://127.0.0.1:6443\n\
             arn:aws:eks:eu-west-1:1:cluster/prod  yes      -        0          -\n"
        );
        let checked = table(&Printer::plain(Format::Table), &runtimes, true);
        assert!(checked.ends_with("0          no         -        -     no answer\n"), "{checked}");
    }
}
