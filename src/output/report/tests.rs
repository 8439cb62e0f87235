//! What a page shows, and that nothing of it is more than text.

use super::*;
use crate::{
    ops::view::{DiffView, ReportNeed, SideView},
    workload::{
        difference::Difference,
        graph::Milestone,
        object::ObjectId,
        overrides::Overrides,
        release::{Action, Deployer},
    },
};

const EVIL: &str = "<script>alert(1)</script><img src=x onerror='x'>\u{202e}\u{1b}[31m\"&";

fn at(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn object(kind: &str, name: &str, times: (Option<i64>, Option<i64>)) -> ReportObject {
    ReportObject {
        id: ObjectId::new("", kind, Some("web"), name),
        action: Some(Action::Create),
        applied_at: times.0.map(at),
        ready_at: times.1.map(at),
        unready: None,
        needs: Vec::new(),
    }
}

fn report(objects: Vec<ReportObject>) -> ReportView {
    ReportView {
        name: "web".into(),
        runtime: EVIL.into(),
        namespace: Some("web".into()),
        release: ReleaseView {
            release: 7,
            id: "r7".into(),
            outcome: OperationOutcome::NotReady,
            reason: Some(EVIL.into()),
            definition: "web".into(),
            revision: 3,
            digest: "d".into(),
            overrides: Overrides::default(),
            returns_to: None,
            pinned: false,
            deployed_at: at(0),
            ended_at: Some(at(10)),
            duration_seconds: Some(10.0),
            deployed_by: EVIL.into(),
            deployer: Deployer { job: Some(EVIL.into()), ..Deployer::default() },
            counts: None,
            images_changed: None,
        },
        is_sent_here: true,
        objects,
        diff: Err("no release came before".into()),
    }
}

fn need(from: usize) -> ReportNeed {
    ReportNeed { from, until: Milestone::Ready, reason: EVIL.into() }
}

#[test]
fn a_bar_begins_with_its_turn_and_ends_when_it_is_ready() {
    let mut web = object("Deployment", "web", (Some(5), None));
    web.needs.push(need(0));
    web.unready = Some(Unready { id: web.id.clone(), message: "crashes".into(), evidence: None });
    // What did not change is noted as applied at the end.
    let mut namespace = object("Namespace", "web", (Some(10), Some(10)));
    namespace.action = Some(Action::Unchanged);
    web.needs.push(need(2));
    let page = page(&report(vec![object("Job", "setup", (Some(1), Some(4))), web, namespace]));
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("class=\"track\"")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    <tr><td class="id">Job/setup</td><td>created</td><td><div class="track"><i class="apply" style="left:0.00%;width:10.00%"></i><i class="wait" style="left:10.00%;width:30.00%"></i></div></td><td class="took">4.0 s</td></tr>
    <tr><td class="id">Deployment/web</td><td>created</td><td><div class="track"><i class="apply" style="left:40.00%;width:10.00%"></i><i class="late" style="left:50.00%;width:50.00%"></i></div></td><td class="took">6.0 s</td></tr>
    "#);
}

#[test]
fn all_text_is_shown_and_means_nothing() {
    let mut web = object("Deployment", EVIL, (Some(5), None));
    web.needs.push(need(0));
    let evidence = Evidence {
        pod: Some(EVIL.into()),
        common: Some(EVIL.into()),
        logs: vec![EVIL.into()],
        events: vec![EVIL.into()],
        unread: vec![EVIL.into()],
        hint: Some(EVIL.into()),
        ..Evidence::default()
    };
    let (id, message) = (web.id.clone(), EVIL.to_owned());
    web.unready = Some(Unready { id, message, evidence: Some(evidence) });
    let mut unknown = object(EVIL, "x", (None, None));
    unknown.action = None;
    let mut report = report(vec![object("Job", EVIL, (Some(1), Some(4))), web, unknown]);
    let old = serde_json::json!({"kind": "ConfigMap", "data": {"a": "1"}});
    let new = serde_json::json!({"kind": "ConfigMap", "data": {"a": EVIL}});
    report.diff = Ok(DiffView {
        from: SideView { release: Some(6), ..SideView::default() },
        to: SideView::default(),
        objects: vec![DifferingView {
            id: ObjectId::new("", "ConfigMap", None, EVIL),
            fate: Fate::Changed,
            difference: Difference::between(&old, &new),
        }],
    });
    let page = page(&report);
    assert!(page.matches("&lt;script&gt;").count() >= 15, "{page}");
    for bad in ["<script", "<img", "onerror='", "\u{202e}", "\u{1b}", "http://", "https://", "url("]
    {
        assert!(!page.contains(bad), "{bad}");
    }
    // Well-formed but for HTML's own void elements: nothing that is given opens or closes a tag.
    let xml = page.replace("<!DOCTYPE html>", "");
    let xml: String = xml
        .lines()
        .map(|line| match line.starts_with("<meta") {
            true => line.replacen('>', "/>", 1) + "\n",
            false => line.to_owned() + "\n",
        })
        .collect();
    roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
}

#[test]
fn values_of_secrets_are_masked() {
    let body = |value: &str| serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "data": {"a": value}});
    let mut report = report(Vec::new());
    report.diff = Ok(DiffView {
        from: SideView::default(),
        to: SideView::default(),
        objects: vec![DifferingView {
            id: ObjectId::new("", "Secret", None, "key"),
            fate: Fate::Changed,
            difference: Difference::between(&body("b2xk"), &body("bmV3")),
        }],
    });
    let page = page(&report);
    assert!(page.contains("***") && !page.contains("b2xk") && !page.contains("bmV3"), "{page}");
}
