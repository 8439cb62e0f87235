//! The reports, of a deploy in words that each form has to mask.

use std::{fs, sync::Arc};

use super::*;
use crate::{
    ops::{
        events::RETURNING,
        view::{EvidenceView, InstanceView, ObjectView, OperationOutcome},
    },
    workload::{
        error::Mistake,
        object::{ObjectId, Origin},
        readiness::{State, Verdict},
        release::Action,
    },
};

fn object(kind: &str, name: &str, action: Action, state: State) -> ObjectView {
    let source = Some(Origin { file: Arc::from("k8s/web.yaml"), line: 3, column: Some(1) });
    ObjectView {
        action: Some(action),
        state: Some(state),
        source,
        ..ObjectView::new(ObjectId::new("apps", kind, Some("web"), name), "v1")
    }
}

/// A deploy of which one object failed, in words that each form has to mask.
fn failed() -> Operation {
    let evidence = EvidenceView {
        pod: Some("web-1".into()),
        container: Some("app".into()),
        logs: vec!["``` <b>&\u{1b}[31m".into(), "]]> \"x\"".into()],
        events: vec!["Pod/web-1 BackOff: again | and again".into()],
        hint: Some("kubectl logs web-1".into()),
        ..EvidenceView::default()
    };
    let web = ObjectView {
        reason: "CrashLoopBackOff".into(),
        message: "pod web-1: container <app> ended, 100%\nsee @ops".into(),
        images: vec!["web:v2".into()],
        evidence: Some(Box::new(evidence)),
        ..object("Deployment", "web", Action::Update, State::Failed)
    };
    Operation {
        instance: InstanceView {
            name: "web".into(),
            runtime: Some("kind-dev".into()),
            namespace: Some("web".into()),
            definition: Some("web".into()),
            revision: Some(3),
            release: Some(7),
            outcome: Some(OperationOutcome::NotReady),
            ..InstanceView::default()
        },
        objects: vec![
            object("ConfigMap", "conf", Action::Unchanged, State::Ready),
            web,
            object("Service", "web", Action::Create, State::Ready),
            ObjectView { state: None, ..object("Job", "late", Action::Create, State::Waiting) },
        ],
        duration_seconds: 12.5,
        warnings: vec!["old API [v1beta1]".into()],
        error: Some(
            Error::new(ErrorKind::NotReady, Code::NotReady, "1 of 4 objects failed")
                .hint("kubectl -n web get pods"),
        ),
        ..Operation::default()
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn with_told<T>(operations: &[Operation], make: impl FnOnce(&Told<'_>) -> T) -> T {
    let mut timeline = Timeline::default();
    let done = |kind: &str| Event::Done {
        object: ObjectId::new("apps", kind, Some("web"), "web"),
        action: Action::Update,
    };
    timeline.take("web", &done("Deployment"), second(1));
    timeline.take("web", &done("Service"), second(2));
    let verdict = Verdict { state: State::Failed, reason: String::new(), message: String::new() };
    let object = ObjectId::new("apps", "Deployment", Some("web"), "web");
    timeline.take("web", &Event::Judged { object, verdict }, second(9));
    make(&Told { verb: "deploy", operations, timeline: &timeline, now: second(13) })
}

#[test]
fn junit_has_a_case_for_each_object() {
    let text = with_told(&[failed()], junit::text);
    insta::assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="workloadctl deploy" tests="4" failures="1" errors="0" skipped="1" time="12.500">
      <testsuite name="web" timestamp="2027-01-15T08:00:13Z" tests="4" failures="1" errors="0" skipped="1" time="12.500">
        <properties>
          <property name="runtime" value="kind-dev"/>
          <property name="namespace" value="web"/>
          <property name="definition" value="web"/>
          <property name="revision" value="3"/>
          <property name="release" value="7"/>
          <property name="outcome" value="notReady"/>
        </properties>
        <testcase classname="web" name="ConfigMap/conf" time="0.000" file="k8s/web.yaml" line="3"/>
        <testcase classname="web" name="Deployment/web" time="8.000" file="k8s/web.yaml" line="3">
          <failure type="CrashLoopBackOff" message="pod web-1: container &lt;app&gt; ended, 100%&#10;see @ops">Deployment/web -&gt; pod web-1 -&gt; container app: CrashLoopBackOff
      log:
        | ``` &lt;b&gt;&amp;\u{1b}[31m
        | ]]&gt; &quot;x&quot;
      events:
        Pod/web-1 BackOff: again | and again
    </failure>
        </testcase>
        <testcase classname="web" name="Service/web" time="0.000" file="k8s/web.yaml" line="3"/>
        <testcase classname="web" name="Job/late" time="0.000" file="k8s/web.yaml" line="3">
          <skipped message="not done"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn what_ends_before_any_object_is_a_case_of_its_own() {
    let error = Error::refused(Code::NotOurs, "Secret/x is not ours");
    let instance = InstanceView { name: "web".into(), ..InstanceView::default() };
    let operation = Operation { instance, error: Some(error), ..Operation::default() };
    let text = with_told(&[operation], junit::text);
    assert!(text.contains("errors=\"1\""), "{text}");
    assert!(
        text.contains("<error type=\"not-ours\" message=\"Secret/x is not ours\"></error>"),
        "{text}"
    );
}

/// A deploy that failed, and what was to return it.
fn returned(error: Option<Error>) -> Operation {
    let instance = InstanceView {
        name: "web".into(),
        definition: Some("web".into()),
        revision: Some(1),
        release: Some(8),
        outcome: error.is_none().then_some(OperationOutcome::Ready),
        ..InstanceView::default()
    };
    let back = Operation { instance, error, duration_seconds: 1.5, ..Operation::default() };
    Operation { rollback: Some(Box::new(back)), ..failed() }
}

fn lines<'t>(text: &'t str, with: &[&str]) -> String {
    let lines = text.lines().filter(|line| with.iter().any(|word| line.contains(word)));
    lines.map(str::trim).collect::<Vec<&'t str>>().join("\n")
}

#[test]
fn a_return_is_in_the_reports() {
    let error =
        Error::failed(Code::NoSuchRelease, "none went well").hint("`workloadctl delete web`");
    // What went well goes back with others that did not.
    let well = |back: Operation| {
        let instance = InstanceView { outcome: Some(OperationOutcome::Ready), ..failed().instance };
        let objects = vec![object("Service", "web", Action::Create, State::Ready)];
        Operation { instance, objects, error: None, ..back }
    };
    let both = [returned(None), returned(Some(error))];
    let all = [both.clone(), both.map(well)].concat();
    let text = with_told(&all, junit::text);
    insta::assert_snapshot!(lines(&text, &["<testsuite ", "rollback", "<error", "hint"]), @r#"
    <testsuite name="web" timestamp="2027-01-15T08:00:13Z" tests="5" failures="1" errors="0" skipped="1" time="14.000">
    <property name="rollback" value="ready"/>
    <testcase classname="web" name="rollback" time="1.500"/>
    <testsuite name="web" timestamp="2027-01-15T08:00:13Z" tests="5" failures="1" errors="1" skipped="1" time="14.000">
    <property name="rollback" value="failed"/>
    <testcase classname="web" name="rollback" time="1.500">
    <error type="no-such-release" message="none went well">hint: `workloadctl delete web`
    <testsuite name="web" timestamp="2027-01-15T08:00:13Z" tests="2" failures="0" errors="0" skipped="0" time="14.000">
    <property name="rollback" value="ready"/>
    <testcase classname="web" name="rollback" time="1.500"/>
    <testsuite name="web" timestamp="2027-01-15T08:00:13Z" tests="2" failures="0" errors="1" skipped="0" time="14.000">
    <property name="rollback" value="failed"/>
    <testcase classname="web" name="rollback" time="1.500">
    <error type="no-such-release" message="none went well">hint: `workloadctl delete web`
    "#);
    let text = with_told(&all, markdown::text);
    insta::assert_snapshot!(lines(&text, &["###", "release", "roll", "delete"]), @"
    ### web: deploy not ready, rolled back
    runtime `kind-dev` · namespace `web` · release 7 (web revision 3) · 12 s
    rolled back: release 8 (web revision 1) · ready · 1.5 s
    #### Deployment/web → pod web-1 → container app
    ### web: deploy not ready, not rolled back
    runtime `kind-dev` · namespace `web` · release 7 (web revision 3) · 12 s
    **cannot roll back: none went well**
    hint: `` `workloadctl delete web` ``
    #### Deployment/web → pod web-1 → container app
    ### web: deploy rolled back with others that failed
    runtime `kind-dev` · namespace `web` · release 7 (web revision 3) · 12 s
    rolled back: release 8 (web revision 1) · ready · 1.5 s
    ### web: deploy ready, not rolled back with others that failed
    runtime `kind-dev` · namespace `web` · release 7 (web revision 3) · 12 s
    **cannot roll back: none went well**
    hint: `` `workloadctl delete web` ``
    ");
    let home = tempfile::tempdir().unwrap();
    let files = ReportFiles { events: Some("e.jsonl".into()), ..ReportFiles::default() };
    let reports = Reports::new(None).with(files, home.path(), 0).unwrap();
    reports.write("deploy", &all).unwrap();
    let events = fs::read_to_string(home.path().join("e.jsonl")).unwrap();
    assert_eq!(events.matches("\"event\":\"error\"").count(), 4, "{events}");
    let told = Annotations::from(PathBuf::new());
    let annotations = all.iter().map(|operation| told.of_operation(operation));
    let quality: Vec<serde_json::Value> = serde_json::from_str(&quality::text(&all)).unwrap();
    let quality =
        quality.iter().map(|issue| format!("{} {}\n", issue["location"], issue["description"]));
    insta::assert_snapshot!(annotations.chain(quality).collect::<String>(), @r#"
    ::error file=k8s/web.yaml,line=3,col=1,title=Deployment/web::pod web-1: container <app> ended, 100%25 see @ops
    ::error file=k8s/web.yaml,line=3,col=1,title=no-such-release::cannot roll back `web`: none went well
    ::error file=k8s/web.yaml,line=3,col=1,title=Deployment/web::pod web-1: container <app> ended, 100%25 see @ops
    ::error file=k8s/web.yaml,line=3,col=1,title=no-such-release::cannot roll back `web`: none went well
    {"lines":{"begin":3},"path":"k8s/web.yaml"} "Deployment/web: pod web-1: container <app> ended, 100%\nsee @ops"
    {"lines":{"begin":3},"path":"k8s/web.yaml"} "no-such-release: cannot roll back `web`: none went well"
    {"lines":{"begin":3},"path":"k8s/web.yaml"} "Deployment/web: pod web-1: container <app> ended, 100%\nsee @ops"
    {"lines":{"begin":3},"path":"k8s/web.yaml"} "no-such-release: cannot roll back `web`: none went well"
    "#);
}

#[test]
fn a_return_has_no_part_in_the_times_of_what_failed() {
    let mut timeline = Timeline::default();
    let object = ObjectId::new("apps", "Deployment", Some("web"), "web");
    let done = Event::Done { object: object.clone(), action: Action::Update };
    let judged = |state| {
        let verdict = Verdict { state, reason: String::new(), message: String::new() };
        Event::Judged { object: object.clone(), verdict }
    };
    timeline.take("web", &done, second(1));
    timeline.take("web", &judged(State::Failed), second(4));
    timeline.take("web", &Event::Phase(RETURNING), second(5));
    timeline.take("other", &done, second(6));
    timeline.take("web", &done, second(6));
    timeline.take("web", &judged(State::Ready), second(7));
    let seconds = |name, waits| timeline.of(name, &object).seconds(waits, second(9));
    assert_eq!(
        [seconds("web", false), seconds("web", true), seconds("other", true)],
        [3.0, 4.0, 3.0]
    );
}

#[test]
fn the_summary_cannot_be_broken_by_what_it_tells() {
    let text = with_told(&[failed()], markdown::text);
    insta::assert_snapshot!(text, @r#"
    ### web: deploy not ready

    runtime `kind-dev` · namespace `web` · release 7 (web revision 3) · 12 s

    **1 of 4 objects failed**

    hint: `kubectl -n web get pods`

    | object | action | state | time | images |
    |---|---|---|---:|---|
    | `Deployment/web` | update | failed | 8.0 s | `web:v2` |
    | `Service/web` | create | ready | 0 ms |  |
    | `Job/late` | create |  |  |  |

    1 unchanged

    #### Deployment/web → pod web-1 → container app

    pod web-1: container &lt;app> ended, 100% see &#64;ops

    Log:

    ````text
    ``` <b>&\u{1b}[31m
    ]]> "x"
    ````

    - Pod/web-1 BackOff: again \| and again

    hint: `kubectl logs web-1`

    > old API \[v1beta1\]
    "#);
}

#[test]
fn annotations_stand_at_file_and_line() {
    let told = Annotations::from(PathBuf::from("deploy"));
    insta::assert_snapshot!(told.of_operation(&failed()), @"::error file=deploy/k8s/web.yaml,line=3,col=1,title=Deployment/web::pod web-1: container <app> ended, 100%25 see @ops");
    let mistake = |line: u32, file: &str| Mistake {
        object: "Deployment/web".into(),
        path: "spec.replica".into(),
        source: Some(Origin { file: Arc::from(file), line, column: None }),
        flag: None,
        key: None,
        message: "unknown field".into(),
        expected: None,
        suggestion: None,
        excerpt: None,
        outdates: false,
    };
    let error = Error::invalid(vec![mistake(7, "a,b:c.yaml"), mistake(9, "-")]);
    insta::assert_snapshot!(told.of_errors(&[error]), @"
    ::error file=deploy/a%2Cb%3Ac.yaml,line=7,title=Deployment/web::spec.replica: unknown field
    ::error title=Deployment/web::spec.replica: unknown field
    ");
}

#[test]
fn code_quality_names_the_lines() {
    let text = quality::text(&[failed()]);
    let issues: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        issues[0]["location"],
        serde_json::json!({"path": "k8s/web.yaml", "lines": {"begin": 3}})
    );
    assert_eq!(issues[0]["fingerprint"].as_str().unwrap().len(), 64);
}

/// A deploy that ran out of time while an object waited.
fn timed_out() -> Operation {
    let failed = failed();
    let waits = ObjectView {
        message: "0 of 1 replicas are ready".into(),
        ..object("StatefulSet", "db", Action::Create, State::Waiting)
    };
    Operation {
        objects: vec![failed.objects[0].clone(), waits],
        error: Some(Error::new(ErrorKind::NotReady, Code::Timeout, "out of time: it is not ready")),
        ..failed
    }
}

#[test]
fn what_time_ran_out_for_is_told_in_every_form() {
    let mut both = timed_out();
    both.objects.push(failed().objects[1].clone());
    let stopped = || Error::new(ErrorKind::Interrupted, Code::Interrupted, "stopped");
    let interrupted = Operation { error: Some(stopped()), ..timed_out() };
    let told = Annotations::from(PathBuf::new());
    let all = [timed_out(), both, interrupted];
    let lines: Vec<String> = all.iter().map(|it| told.of_operation(it)).collect();
    insta::assert_snapshot!(lines.join("---\n"), @"
    ::error file=k8s/web.yaml,line=3,col=1,title=StatefulSet/db::0 of 1 replicas are ready
    ---
    ::error file=k8s/web.yaml,line=3,col=1,title=Deployment/web::pod web-1: container <app> ended, 100%25 see @ops
    ::error file=k8s/web.yaml,line=3,col=1,title=StatefulSet/db::0 of 1 replicas are ready
    ---
    ::error title=interrupted::stopped
    ");
    let issues: serde_json::Value = serde_json::from_str(&quality::text(&[timed_out()])).unwrap();
    assert_eq!(issues[0]["description"], "StatefulSet/db: 0 of 1 replicas are ready");
    assert_eq!(issues[0]["location"]["path"], "k8s/web.yaml");
    let cases = with_told(&[timed_out()], junit::text);
    assert_eq!(cases.matches("<failure").count(), 1, "{cases}");
}

#[test]
fn what_cannot_be_written_is_refused_beforehand() {
    let home = tempfile::tempdir().unwrap();
    let to = |name: &str, set: fn(&mut ReportFiles, PathBuf)| {
        let mut files = ReportFiles::default();
        set(&mut files, name.into());
        Reports::new(None)
            .with(files, home.path(), 0)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    for set in [
        (|files, path| files.events = Some(path)) as fn(&mut ReportFiles, PathBuf),
        |files, path| files.junit = Some(path),
        |files, path| files.summary = Some(path),
        |files, path| files.code_quality = Some(path),
    ] {
        assert_eq!(to("here.txt", set), Ok(()));
        let refused = to("nowhere/here.txt", set).unwrap_err();
        assert!(
            refused.contains("cannot write") && refused.contains("nowhere/here.txt"),
            "{refused}"
        );
    }
    let left: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["here.txt"]);
}

#[test]
fn one_file_for_two_reports_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &Path| Some(path.to_owned());
    let with = |junit: &Path, summary: &Path| {
        let files =
            ReportFiles { junit: at(junit), summary: at(summary), ..ReportFiles::default() };
        Reports::new(None).with(files, home.path(), 0).map(drop).map_err(|error| error.to_string())
    };
    let (one, full) = (Path::new("one"), Path::new("/dev/null"));
    let message = with(one, &home.path().join("one")).unwrap_err();
    assert!(message.starts_with("--junit and --summary both name "), "{message}");
    assert_eq!(with(one, Path::new("two")), Ok(()));
    assert_eq!(with(full, full), Ok(()), "a device takes what it is given");
}

#[test]
fn a_file_is_replaced_and_a_summary_grows() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| Some(PathBuf::from(name));
    for _ in 0..2 {
        let files = ReportFiles {
            junit: at("j.xml"),
            summary: at("s.md"),
            events: at("e.jsonl"),
            ..ReportFiles::default()
        };
        let reports = Reports::new(None).with(files, home.path(), 0).unwrap();
        reports.observe("web", &Event::Phase("applying"));
        reports.write("deploy", &[failed()]).unwrap();
    }
    let read = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!(read("j.xml").matches("<testsuites").count(), 1);
    assert_eq!(read("s.md").matches("### web").count(), 2);
    let events = read("e.jsonl");
    let lines: Vec<serde_json::Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["phase", "error"]
    );
}
