//! What changed between releases, and which of them a rollback returns to.

use serde_json::json;

use super::*;

fn release(number: u64, digest: &str, outcome: Outcome) -> Release {
    Release {
        started_at: Timestamp::from_second(i64::try_from(number).unwrap()).unwrap(),
        digest: digest.into(),
        ..Release::sample(format!("id-{number}"), number, outcome)
    }
}

#[test]
fn a_rollback_returns_to_what_went_well_and_was_something_else() {
    use Outcome::{Applied, Failed, Ready};
    // The newest first, as (number, digest, outcome); the number asked for; the one found.
    type Case = (&'static [(u64, &'static str, Outcome)], Option<u64>, Option<u64>);
    let cases: [Case; 8] = [
        (&[(2, "b", Ready), (1, "a", Ready)], None, Some(1)),
        (&[(3, "c", Failed), (2, "b", Ready), (1, "a", Ready)], None, Some(2)),
        (&[(3, "c", Ready), (2, "b", Failed), (1, "a", Applied)], None, Some(1)),
        // A release that was made again is no other one.
        (&[(3, "b", Ready), (2, "b", Ready), (1, "a", Ready)], None, Some(1)),
        (&[(1, "a", Ready)], None, None),
        (&[], None, None),
        // Whoever names one gets it, however it went.
        (&[(2, "b", Ready), (1, "a", Failed)], Some(1), Some(1)),
        (&[(2, "b", Ready), (1, "a", Ready)], Some(7), None),
    ];
    for (releases, asked, wanted) in cases {
        let releases: Vec<Release> =
            releases.iter().map(|(number, digest, end)| release(*number, digest, *end)).collect();
        let found = to_return_to(&releases, releases.first(), asked);
        assert_eq!(found.map(|found| found.number), wanted, "{releases:?}");
    }
}

#[test]
fn a_rollback_that_did_not_come_to_its_end_is_gone_on_with() {
    let back = |outcome| Release { returns_to: Some(1), ..release(3, "a", outcome) };
    for (outcome, wanted) in [
        (Outcome::InFlight, 3),
        (Outcome::Interrupted, 3),
        (Outcome::TimedOut, 3),
        (Outcome::Failed, 3),
        // It is applied, ready or not: the next one goes to what ran before.
        (Outcome::NotReady, 2),
        (Outcome::Ready, 2),
    ] {
        let releases =
            [back(outcome), release(2, "b", Outcome::Ready), release(1, "a", Outcome::Ready)];
        let found = to_return_to(&releases, releases.first(), None).unwrap();
        assert_eq!(found.number, wanted, "{outcome:?}");
    }
}

#[test]
fn images_that_came_changed_and_went() {
    let set = |image: &str| {
        images_of_set(&[
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}).into(),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                   "spec": {"template": {"spec": {
                       "initContainers": [{"name": "init", "image": "busybox"}],
                       "containers": [{"name": "web", "image": image}, {"name": "odd"}]}}}})
            .into(),
        ])
    };
    let change = |container: &str, from: Option<&str>, to: Option<&str>| ImageChange {
        object: "Deployment/web".into(),
        container: container.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let (one, two) = (set("web:1"), set("web:2"));
    assert_eq!(image_changes(&one, &one), []);
    assert_eq!(image_changes(&one, &two), [change("web", Some("web:1"), Some("web:2"))]);
    assert_eq!(
        image_changes(&[], &one),
        [change("init", None, Some("busybox")), change("web", None, Some("web:1"))]
    );
    assert_eq!(image_changes(&one[..1], &[]), [change("init", Some("busybox"), None)]);
}

#[test]
fn the_usual_duration_is_the_median_of_what_became_ready() {
    let took = |number, outcome, seconds: Option<i64>| {
        let release = release(number, "a", outcome);
        let ended_at = seconds.map(|it| Timestamp::from_second(it).unwrap());
        let ended_at =
            ended_at.map(|it| it + release.started_at.duration_since(Timestamp::UNIX_EPOCH));
        Release { ended_at, ..release }
    };
    use Outcome::{Ready, TimedOut};
    let cases: [(Vec<Release>, Option<u64>); 5] = [
        (vec![], None),
        (vec![took(1, Ready, None)], None),
        (vec![took(1, TimedOut, Some(300))], None),
        (vec![took(2, TimedOut, Some(300)), took(1, Ready, Some(7))], Some(7)),
        // Of the newest five.
        (
            [20, 10, 30, 11, 12, 900, 900, 900]
                .iter()
                .zip((1..9).rev())
                .map(|(seconds, number)| took(number, Ready, Some(*seconds)))
                .collect(),
            Some(12),
        ),
    ];
    for (releases, expected) in cases {
        assert_eq!(usual_duration(&releases), expected.map(Duration::from_secs), "{releases:?}");
    }
}
