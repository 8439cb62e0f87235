//! Under every fault of a server, its network and its proxies a command ends as it should: what
//! passes by itself is not noticed; what stays is told once, with its exit code, and the next
//! ordinary command converges with nothing orphaned.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use workloadctl::testing::{Effect, Fault, Matches, When};

use crate::{
    harness::{Place, side_by_side},
    kill::Life,
};

/// How many points of each command each passing fault hits.
const POINTS: u64 = 4;
/// How many instances live side by side.
const WIDTH: usize = 10;

fn any(when: When, effect: Effect) -> Arc<Fault> {
    Arc::new(Fault::new(Matches::default(), when, effect))
}

fn watches(when: When, effect: Effect) -> Arc<Fault> {
    let matches = Matches { watch: Some(true), ..Matches::default() };
    Arc::new(Fault::new(matches, when, effect))
}

fn on(method: &'static str, path: &str, when: When, effect: Effect) -> Arc<Fault> {
    let matches = Matches {
        method: Some(method),
        path: Some(path.to_owned()),
        // Those are told before anything is written.
        dry_run: Some(false),
        ..Matches::default()
    };
    Arc::new(Fault::new(matches, when, effect))
}

/// What passes when the same call is made again.
fn passing() -> Vec<Effect> {
    vec![
        Effect::TooManyRequests(1),
        Effect::Internal,
        Effect::Unavailable,
        Effect::ResetBefore,
        Effect::ResetAfter,
    ]
}

/// Counts the calls of a deploy, an upgrade and a delete that nothing disturbs.
fn lengths(place: &Place) -> [u64; 3] {
    let life = Life::new(place.behind_proxy());
    [life.deploy(1), life.deploy(2), life.delete()].map(|line| {
        let counter = any(When::Nth(0), Effect::Internal);
        life.place.faults(&[Arc::clone(&counter)]);
        life.place.run(&line).expect(0);
        counter.seen()
    })
}

/// A whole life during which each of three commands meets faults; none of them is noticed.
fn undisturbed(place: &Place, faults: impl Fn(usize) -> Vec<Arc<Fault>>) {
    let life = Life::new(place.behind_proxy());
    for (command, line) in [life.deploy(1), life.deploy(2), life.delete()].iter().enumerate() {
        life.place.faults(&faults(command));
        life.place.run(line).expect(0);
        life.place.faults(&[]);
        if command < 2 {
            life.is_unchanged(line);
            life.is_live(command + 1);
        }
    }
    life.is_gone();
}

on_both! {
    /// Each warning of the server is told once, at the end of the talk, and is in the answer.
    fn what_the_server_warns_of_is_told_once(place) {
        let place = place.behind_proxy();
        let name = place.instance("");
        place.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
        place.warning("that is old");
        for line in [format!("plan {name} -f conf.yaml"), format!("deploy {name} -f conf.yaml"), format!("delete {name} --yes")] {
            let told = place.run(&format!("{line} -o json")).expect(0);
            assert_eq!(told.json()["warnings"], serde_json::json!(["that is old"]), "{line}");
            assert_eq!(told.stderr.matches("that is old").count(), 1, "{line}: {}", told.stderr);
            assert!(told.stderr.trim_end().ends_with("that is old"), "{line}: {}", told.stderr);
        }
    }

    fn what_passes_by_itself_is_not_noticed(place) {
        let lengths = lengths(place);
        let cases: Vec<(Effect, u64)> = passing()
            .into_iter()
            .flat_map(|effect| (0..POINTS).map(move |point| (effect.clone(), point)))
            .collect();
        side_by_side(cases, WIDTH, |(effect, point)| {
            undisturbed(place, |command| {
                // Spread over the command, another place for each effect.
                let shift = u64::from(format!("{effect:?}").bytes().map(u32::from).sum::<u32>());
                let nth = 1 + (point * lengths[command] + shift % lengths[command]) / POINTS;
                vec![any(When::Nth(nth), effect.clone())]
            });
        });
    }

    fn neither_is_a_server_that_stumbles_all_the_time(place) {
        side_by_side(vec![1, 2, 3], 3, |seed| {
            undisturbed(place, |command| {
                let mut faults: Vec<_> = passing()
                    .into_iter()
                    .zip(1..)
                    .map(|(effect, number)| {
                        let seed = seed * 100 + command as u64 * 10 + number;
                        any(When::PerMille { rate: 30, seed }, effect)
                    })
                    .collect();
                let slow = Effect::Slow(Duration::from_millis(300));
                faults.push(any(When::PerMille { rate: 100, seed }, slow));
                faults
            });
        });
    }

    fn nor_watches_that_break_or_are_too_old(place) {
        side_by_side(vec![Effect::DropWatch, Effect::Gone, Effect::Unavailable], 3, |effect| {
            // A server that never lets anybody watch is not one of them.
            let when = if matches!(effect, Effect::Unavailable) { When::First(3) } else { When::Always };
            undisturbed(place, |_| vec![watches(when, effect.clone())]);
        });
    }

    fn a_group_that_does_not_answer_concerns_only_its_own_kinds(place) {
        let life = Life::new(place.behind_proxy());
        let stale = |group: &str| any(When::Always, Effect::StaleGroup(group.to_owned()));
        life.place.faults(&[stale("metrics.k8s.io"), stale("policy")]);
        life.place.run(&life.deploy(1)).expect(0);
        life.place.faults(&[]);
        // The CRD is not in the set: only the cluster knows the kind.
        let name = life.place.instance("y");
        let kind = format!("Gadget{}", life.name.replace('-', ""));
        life.place.write("custom.yaml", &format!(
            "apiVersion: example.test/v1\nkind: {kind}\nmetadata: {{name: other}}\nspec: {{size: 1}}\n"
        ));
        let line = format!("deploy {name} -f custom.yaml");
        life.place.faults(&[stale("example.test")]);
        snapshot!(life.place.told(&line), @"
        $ workloadctl deploy NAMEy -f custom.yaml
        exit code 7
        --- stderr
        error: the server of API group example.test does not answer; Gadget.example.test is one of its kinds
        hint: `kubectl get apiservices` shows why; then repeat the command
        ");
        life.place.faults(&[]);
        life.place.run(&line).expect(0);
        life.place.run(&format!("delete {name} --yes")).expect(0);
        life.place.run(&life.delete()).expect(0);
        life.is_gone();
    }

    fn what_stays_is_told_and_the_next_command_converges(place) {
        let cases: Vec<(Effect, i32, &str)> = vec![
            (Effect::Unauthorized, 7, "unauthorized"),
            (Effect::Forbidden, 1, "forbidden"),
            (Effect::ResetBefore, 7, "unreachable"),
            (Effect::ResetAfter, 7, "unreachable"),
            (Effect::Unavailable, 7, "unavailable"),
            (Effect::Internal, 1, "server-error"),
            (Effect::TooManyRequests(0), 7, "too-many-requests"),
        ];
        let width = cases.len();
        side_by_side(cases, width, |(effect, code, word)| {
            let life = Life::new(place.behind_proxy());
            let lines = [life.deploy(1), life.deploy(2), life.delete()];
            for (command, line) in lines.iter().enumerate() {
                // The intent is written, and some objects; from then on nothing is.
                let from = |number| When::From(number);
                life.place.faults(&[
                    on("PATCH", "", from(3), effect.clone()),
                    on("DELETE", "", from(3), effect.clone()),
                    on("PUT", "/secrets/", from(if command == 0 { 1 } else { 2 }), effect.clone()),
                ]);
                let failed = life.place.run(&format!("{line} -o json")).expect(code).json();
                let error = &failed["error"];
                assert_eq!(error["code"], word, "{failed}");
                assert!(error["hint"].is_string() || word == "forbidden", "{failed}");
                said_once(error);
                life.place.faults(&[]);
                if command < 2 {
                    life.converges(command + 1, "--lock-wait 0s");
                } else {
                    life.place.run(&format!("{line} --lock-wait 0s --ignore-not-found")).expect(0);
                }
            }
            life.is_gone();
        });
    }

    fn a_server_that_goes_while_it_is_waited_for(place) {
        let always = |effect: &Effect| vec![any(When::Always, effect.clone())];
        let cases = vec![
            (Effect::Unauthorized, false, 7),
            (Effect::ResetBefore, false, 3),
            (Effect::Unavailable, false, 3),
            // It comes back in time.
            (Effect::ResetBefore, true, 0),
        ];
        let width = cases.len();
        side_by_side(cases, width, |(effect, comes_back, code)| {
            let place = place.behind_proxy();
            let name = place.instance("");
            place.write("slow.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: slow, annotations: {test.workloadctl/delay: 3s}}\n\
                spec: {terminationGracePeriodSeconds: 0, containers: [{name: slow, image: 'slow:1'}]}\n");
            let timeout = if comes_back { "1m" } else { "6s" };
            let mut running = place.follow(&format!("deploy {name} -f slow.yaml --timeout {timeout}"));
            assert!(running.until(|said| said == "waiting"));
            place.faults(&always(&effect));
            place.cut();
            if comes_back {
                assert!(running.until(|said| said.starts_with("GET ") && said.contains("no answer")));
                place.faults(&[]);
            }
            let ended = running.end().expect(code);
            let told = ended.stderr.split_once("error: ").map_or("", |(_, told)| told);
            match code {
                7 => assert!(told.starts_with(&format!("cannot wait for `{name}`\n  the login has expired")), "{told}"),
                3 => assert!(told.contains("\n  the server does not answer any more: "), "{told}"),
                _ => assert_eq!(told, ""),
            }
            place.faults(&[]);
            place.run(&format!("deploy {name} -f slow.yaml --lock-wait 0s")).expect(0);
            place.run(&format!("delete {name} --yes")).expect(0);
            assert_eq!(place.leftovers(&name), Vec::<String>::new());
        });
    }

    fn a_slow_server_is_told_of_with_its_time_limit(place) {
        let life = Life::new(place.behind_proxy());
        let slow = Effect::Slow(Duration::from_secs(5));
        life.place.faults(&[on("PATCH", "/deployments/", When::Always, slow)]);
        let line = life.deploy(1);
        let failed = life.place.run(&format!("{line} --request-timeout 1s -o json")).expect(7).json();
        snapshot!(serde_json::to_string_pretty(&failed["error"]).unwrap().replace(&life.name, "NAME"), @r#"
        {
          "causes": [
            "http://127.0.0.1:PORT did not answer within 1 s"
          ],
          "code": "timeout",
          "exitCode": 7,
          "hint": "a longer `--request-timeout` may help",
          "message": "cannot apply Deployment/app (1.yaml:10)",
          "object": "Deployment/app",
          "source": {
            "file": "1.yaml",
            "line": 10
          }
        }
        "#);
        life.place.faults(&[]);
        life.converges(1, "--lock-wait 0s");
        life.place.run(&life.delete()).expect(0);
        life.is_gone();
    }

    fn an_expired_login_is_renewed_in_the_middle(place) {
        let life = Life::new(place.behind_proxy());
        life.place.write("login", "#!/bin/sh\necho run >> \"$(dirname \"$0\")/runs\"\n\
            echo '{\"status\": {\"token\": \"t\"}}'\n");
        std::process::Command::new("chmod").arg("+x").arg(life.place.path("login")).status().unwrap();
        life.place.log_in("{exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1}}");
        let runs = || std::fs::read_to_string(life.place.path("runs")).unwrap().lines().count();
        life.place.run(&life.deploy(1)).expect(0);
        assert_eq!(runs(), 1, "once in a process, however many requests there are");
        life.place.faults(&[any(When::Nth(12), Effect::Unauthorized)]);
        life.place.run(&life.deploy(2)).expect(0);
        assert_eq!(runs(), 3, "once, and once more when it was refused");
        life.place.faults(&[]);
        life.is_live(2);
        life.place.run(&life.delete()).expect(0);
        life.is_gone();
    }
}

/// No cause repeats the message or another cause.
#[track_caller]
fn said_once(error: &Value) {
    let mut said: Vec<&str> = vec![error["message"].as_str().unwrap()];
    for cause in error["causes"].as_array().into_iter().flatten() {
        let cause = cause.as_str().unwrap();
        assert!(
            !cause.is_empty() && !said.iter().any(|earlier| earlier.contains(cause)),
            "{error}"
        );
        said.push(cause);
    }
}

/// A retried create of the record meets itself, and nobody else.
#[test]
fn a_lost_answer_to_the_intent_is_known_as_ones_own() {
    let place = Place::sandbox("own_intent").behind_proxy();
    let name = place.instance("");
    place.write("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n");
    for (method, line) in [
        ("POST", format!("deploy {name} -f conf.yaml -o json")),
        ("PUT", format!("deploy {name} --set ConfigMap/conf:data.a=b -o json")),
        ("PUT", format!("delete {name} --yes -o json")),
    ] {
        place.faults(&[on(method, "/secrets", When::First(1), Effect::ResetAfter)]);
        let answer = place.run(&line).expect(0).json();
        assert!(matches!(answer["outcome"].as_str(), Some("ready" | "deleted")), "{answer}");
    }
    assert_eq!(place.leftovers(&name), Vec::<String>::new());
    assert_eq!(place.run("list -o json").expect(0).json()["instances"], json!([]));
}
