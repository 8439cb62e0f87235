//! What progress looks like on a terminal where several instances are worked on: one table, at every
//! width, through a resize and Ctrl-C, with nothing left over.

use std::{fmt::Write as _, time::Duration};

use crate::{program::Program, screen::Screen};

/// How many are worked on at once.
const WIDTH: usize = 8;

/// Makes a home with a workload file of so many instances, which become ready or do not.
fn home(count: usize, fails: &str) -> Program {
    let program = Program::new();
    program.write(
        "web.yaml",
        &format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}{fails}}}
    spec: {{containers: [{{name: web, image: 'web:1'}}]}}
"
        ),
    );
    let mut file = String::from(
        "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata: {name: web}\nspec:\n  \
         manifests: [web.yaml]\n  instances:\n",
    );
    for number in 0..count {
        writeln!(file, "  - {{name: web-{number:03}, runtime: sandbox}}").unwrap();
    }
    program.write("app.yaml", &file);
    program
}

/// None of the instances becomes ready.
fn stuck(count: usize) -> Program {
    home(count, ", annotations: {test.workloadctl/fail: never-ready}")
}

const DEPLOY: &str = "deploy -f app.yaml --color never --timeout 100s";

/// Tells whether all that are worked on wait, as the rows or the line below them say.
fn all_wait(text: &str, count: usize) -> bool {
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("web-")).collect();
    // Its reason is too long for any window once the pod is seen.
    let is_waiting = |row: &&&str| row.contains("waiting  1/2") && row.trim_end().ends_with('…');
    let waiting = rows.iter().filter(is_waiting).count();
    let folded = text.lines().find_map(|line| line.strip_prefix("and ")?.strip_suffix(" more"));
    let folded: usize = folded.map_or(0, |folded| folded.parse().unwrap());
    rows.len() + folded == count && waiting == rows.len().min(count.min(WIDTH))
}

/// Times and the names of pods differ from run to run.
fn still(text: &str) -> String {
    let filters = [
        (r" *\b[0-9]+(\.[0-9])? (s|min)\b( [0-9]+ s)?", " N s"),
        (r"pod web-[^\n…]*", "pod web-POD"),
        (r"OBJECTS *TIME", "OBJECTS TIME"),
    ];
    let mut text = text.to_owned();
    for (pattern, shown) in filters {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, shown).into_owned();
    }
    text
}

/// Gives the rows, without what was told above the table.
fn table(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains(": runtime sandbox: "));
    lines.fold(String::new(), |told, line| told + line + "\n")
}

#[test]
fn several_instances_are_a_table_at_every_width() {
    let mut told = String::new();
    for count in [2, 12, 100] {
        let program = stuck(count);
        let mut screen = Screen::start(&program, DEPLOY, (12, 80));
        screen.until("all wait", |text| all_wait(&table(text), count));
        for columns in [60, 80, 100, 140] {
            screen.resize(12, columns);
            // The next frame is for the new window.
            screen.watch(Duration::from_millis(1500));
            let text = table(&screen.until("all wait", |text| all_wait(&table(text), count)));
            assert!(text.lines().all(|line| line.chars().count() < columns.into()), "{text}");
            assert_eq!(text.matches("INSTANCE").count(), 1, "{text}");
            let lines: Vec<&str> = text.lines().collect();
            let shown = [&lines[..2], &lines[lines.len() - 2..]].concat().join("\n");
            writeln!(told, "{count} at {columns}\n{}", still(&shown)).unwrap();
        }
        screen.interrupt();
        let (code, end) = screen.end();
        assert_eq!(code, 130, "{end}");
        assert!(!end.contains("INSTANCE") && !end.contains("  waiting  "), "{end}");
    }
    snapshot!(told, @"
    2 at 60
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 N s  Deployment/web:…
    web-000   sandbox  waiting  1/2 N s  Deployment/web:…
    web-001   sandbox  waiting  1/2 N s  Deployment/web:…
    2 at 80
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    2 at 100
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    2 at 140
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    12 at 60
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 N s  Deployment/web:…
    web-008            queued
    and 3 more
    12 at 80
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-008            queued
    and 3 more
    12 at 100
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-008            queued
    and 3 more
    12 at 140
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-008            queued
    and 3 more
    100 at 60
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 N s  Deployment/web:…
    web-008            queued
    and 91 more
    100 at 80
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-008            queued
    and 91 more
    100 at 100
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-008            queued
    and 91 more
    100 at 140
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-008            queued
    and 91 more
    ");
}

#[test]
fn a_window_that_changes_leaves_nothing_of_a_table() {
    let program = stuck(3);
    let mut screen = Screen::start(&program, DEPLOY, (24, 100));
    let mut told = table(&screen.until("all wait", |text| all_wait(&table(text), 3)));
    for size in [(24, 60), (24, 140), (6, 80), (24, 100), (3, 80)] {
        screen.resize(size.0, size.1);
        // The next frame is for the new window.
        screen.watch(Duration::from_millis(1500));
        write!(told, "{size:?}\n{}", table(&screen.text())).unwrap();
    }
    screen.interrupt();
    let (code, end) = screen.end();
    write!(told, "--- exit code {code}\n{}", end.lines().last().unwrap()).unwrap();
    snapshot!(still(&told), @"
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-002   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    (24, 60)
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 N s  Deployment/web:…
    web-001   sandbox  waiting  1/2 N s  Deployment/web:…
    web-002   sandbox  waiting  1/2 N s  Deployment/web:…
    (24, 140)
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-002   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    (6, 80)
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    web-002   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods avail…
    (24, 100)
    INSTANCE  RUNTIME  PHASE    OBJECTS TIME  REASON
    web-000   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-001   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    web-002   sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods available: pod web-POD…
    (3, 80)
    web-000  sandbox  waiting  1/2 ready N s  Deployment/web: 0 of 1 pods availab…
    and 2 more
    --- exit code 130
    app.yaml: 3 interrupted
    ");
}

#[test]
fn answers_stand_above_the_table_and_the_sum_below_them() {
    let program = home(3, "");
    let screen = Screen::start(&program, DEPLOY, (24, 100));
    let (code, end) = screen.end();
    let mut told = format!("--- exit code {code}\n{}", table(&end));
    let delete = "delete web-000 web-001 web-002 --yes --color never";
    let (code, end) = Screen::start(&program, delete, (24, 100)).end();
    write!(told, "--- exit code {code}\n{end}").unwrap();
    snapshot!(still(&told), @"
    --- exit code 0
    web-000 deployed to sandbox (release 1, web revision 1): 2 created; ready in N s
    namespace web-000
    web-001 deployed to sandbox (release 1, web revision 1): 2 created; ready in N s
    namespace web-001
    web-002 deployed to sandbox (release 1, web revision 1): 2 created; ready in N s
    namespace web-002
    app.yaml: 3 ready
    --- exit code 0
    web-000 deleted from sandbox: 2 deleted; in N s
    web-001 deleted from sandbox: 2 deleted; in N s
    web-002 deleted from sandbox: 2 deleted; in N s
    3 instances: 3 deleted
    ");
}
