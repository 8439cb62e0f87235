//! Revisions that are named: a number, what another instance runs, and the pin that either leaves.

use serde_json::Value;

use crate::harness::Place;

fn set(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: web, image: '{image}'}}]}}\n"
    )
}

const ONE: &str = "registry.k8s.io/pause:3.8";
const TWO: &str = "registry.k8s.io/pause:3.9";
const THREE: &str = "registry.k8s.io/pause:3.10";

fn image(place: &Place, namespace: &str) -> Value {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web");
    place.get(&path).unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

/// Tells what `list` says of the revision of an instance.
fn listed(place: &Place, name: &str) -> String {
    let table = place.run(&format!("list {name}")).expect(0).stdout;
    let columns = (table.find("REVISION").unwrap(), table.find("RELEASE ").unwrap());
    table.lines().nth(1).unwrap()[columns.0..columns.1].trim().to_owned()
}

on_both! {
    fn an_instance_is_brought_to_what_another_runs(place) {
        let (dev, prod) = (&place.instance("-dev"), &place.instance("-prod"));
        let on = format!("--runtime {}", place.runtime);
        place.write("set.yaml", &set(ONE));
        place.run(&format!("deploy {dev} -f set.yaml {on} --replicas Deployment/web=2")).expect(0);
        // A revision that nobody runs yet is not what the other one runs.
        place.write("set.yaml", &set(TWO));
        place.run(&format!("definition apply {dev} -f set.yaml")).expect(0);
        let told = place.run(&format!("deploy {prod} --like {dev} {on} -o json")).expect(0).json();
        assert_eq!((&told["definition"], &told["revision"]), (&dev.as_str().into(), &1.into()), "{told}");
        assert_eq!(told["pinned"], true, "{told}");
        assert_eq!(image(place, prod), ONE);
        assert!(told.get("overrides").is_none(), "{told}");
        assert_eq!(listed(place, prod), "1 (pinned, newest 2)");
        // The same again does nothing.
        let again = place.run(&format!("deploy {prod} --like {dev} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");

        place.run(&format!("deploy {dev} --image web={THREE}")).expect(0);
        let plan = place.run(&format!("plan {prod} --like {dev} --with-overrides -o json")).expect(0).json();
        assert_eq!(plan["counts"]["update"], 1, "{plan}");
        let told = place.run(&format!("deploy {prod} --like {dev} --with-overrides")).expect(0);
        assert!(told.stderr.contains(&format!("{prod}: like {dev} release 2 ({dev} revision 2)")), "{}", told.stderr);
        assert_eq!(image(place, prod), THREE);
        place.run(&format!("diff {dev} {prod} --exit-code")).expect(0);
        // Its own overrides stay without that flag.
        place.run(&format!("deploy {prod} --image web={TWO}")).expect(0);
        assert_eq!(listed(place, prod), "2");
        place.run(&format!("deploy {prod} --like {dev}")).expect(0);
        assert_eq!(image(place, prod), TWO);

        // What another one runs is what went well there, and needs no cluster to be known.
        place.write("set.yaml", &set("registry.example.com/none:1").replace("labels: {app: web}",
            "labels: {app: web}, annotations: {test.workloadctl/fail: image-pull}"));
        place.run(&format!("deploy {dev} -f set.yaml")).expect(3);
        let told = place.run(&format!("deploy {prod} --like {dev} --with-overrides -o json")).expect(0).json();
        assert_eq!((&told["revision"], image(place, prod)), (&2.into(), THREE.into()), "{told}");
    }

    fn what_cannot_be_promoted_is_refused(place) {
        let (web, other) = (&place.instance(""), &place.instance("-other"));
        let on = format!("--runtime {}", place.runtime);
        place.write("set.yaml", &set(ONE));
        place.run(&format!("deploy {web} -f set.yaml {on}")).expect(0);
        place.run(&format!("definition apply {other} -f set.yaml")).expect(0);
        place.run(&format!("instance create {other} {on}")).expect(0);
        let mistyped = format!("{}x", &web[..web.len() - 1]);
        let told = [
            place.told(&format!("deploy {web} --like {other}")),
            place.told(&format!("deploy {other} --like {web}")),
            place.told(&format!("plan {other} --like {mistyped} -o json")).replace(&mistyped, "NAME-x"),
        ];
        snapshot!(told.join("\n"), @r#"
        $ workloadctl deploy NAME --like NAME-other
        exit code 1
        --- stderr
        error: `NAME-other` was never deployed
        hint: workloadctl deploy NAME-other

        $ workloadctl deploy NAME-other --like NAME
        exit code 5
        --- stderr
        error: `NAME-other` runs definition `NAME-other`, not `NAME`
        hint: deploy `NAME` under another instance name

        $ workloadctl plan NAME-other --like NAME-x -o json
        exit code 1
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Error",
          "error": {
            "code": "no-such-instance",
            "exitCode": 1,
            "message": "there is no instance `NAME-x`",
            "hint": "did you mean `NAME`?"
          }
        }
        --- stderr
        error: there is no instance `NAME-x`
        hint: did you mean `NAME`?
        "#);
    }

    fn a_named_revision_is_held_until_none_is_named(place) {
        let name = &place.instance("");
        for image in [ONE, TWO] {
            place.write("set.yaml", &set(image));
            place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        }
        place.run(&format!("deploy {name} --definition {name}@1")).expect(0);
        assert_eq!((image(place, name), listed(place, name)), (ONE.into(), "1 (pinned, newest 2)".to_owned()));
        let on = place.run(&format!("plan {name}")).expect(0).stderr;
        assert!(on.contains(&format!("{name}: on from revision 1, which was pinned, to revision 2\n")), "{on}");
        let shown = place.run(&format!("instance show {name}")).expect(0).stdout;
        assert!(shown.contains("pinned           until a deploy without --revision\n"), "{shown}");
        // The record tells it to whoever comes from elsewhere.
        place.lose_database();
        let on = format!("--runtime {} -n {name}", place.runtime);
        place.run(&format!("status {name} {on}")).expect(0);
        assert_eq!(place.run(&format!("instance show {name} --field pinned")).expect(0).stdout, "true\n");
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        assert_eq!(listed(place, name), "2");
        // A revision that runs already can be pinned, and the pin be taken off.
        place.run(&format!("deploy {name} --revision 2")).expect(0);
        assert_eq!(listed(place, name), "2 (pinned)");
        let unchanged = place.run(&format!("deploy {name} --revision 2 -o json")).expect(0).json();
        assert_eq!(unchanged["outcome"], "unchanged", "{unchanged}");
        place.run(&format!("deploy {name}")).expect(0);
        assert_eq!(listed(place, name), "2");
        let history = place.run(&format!("definition history {name} -o json")).expect(0).json();
        assert_eq!(history["revisions"][0]["usedBy"][0]["current"], true, "{history}");
    }

    /// A content that was once is a revision anew, however the deploy came about.
    fn a_plan_counts_revisions_as_a_deploy_does(place) {
        let name = place.instance("");
        for (file, objects) in [("one.yaml", ONE), ("two.yaml", TWO)] {
            place.write(file, &set(objects));
        }
        for (number, line) in [
            ("1", "deploy NAME -f one.yaml --no-wait"),
            ("2", "deploy NAME -f two.yaml --no-wait"),
            ("3", "deploy NAME -f one.yaml --no-wait --ask --yes"),
            ("4", "deploy NAME -f two.yaml --no-wait --ask --yes"),
        ] {
            place.run(&line.replace("NAME", &name)).expect(0);
            assert_eq!(listed(place, &name), number, "{line}");
        }
        place.run(&format!("plan {name} -f one.yaml --out kept.plan")).expect(0);
        place.run("deploy --plan kept.plan --no-wait").expect(0);
        assert_eq!(listed(place, &name), "5");
        let history = place.run(&format!("definition history {name} -o json")).expect(0).json();
        assert_eq!(history["revisions"][0]["revision"], 5, "{history}");
        assert_eq!(history["revisions"][0]["usedBy"][0]["current"], true, "{history}");
    }

    fn a_deploy_counts_the_instances_that_its_revision_leaves_behind(place) {
        let names = ["-1", "-2", "-3"].map(|suffix| place.instance(suffix));
        let definition = place.instance("-def");
        place.write("one.yaml", &set(ONE));
        place.write("two.yaml", &set(TWO));
        let deploy = |name: &str, file: &str| {
            let answer = place.run(&format!("deploy {name} -f {file} --definition {definition} --no-wait -o json")).expect(0).json();
            answer["remarks"].as_array().cloned().unwrap_or_default()
        };
        for name in &names[..2] {
            assert_eq!(deploy(name, "one.yaml"), Vec::<Value>::new());
        }
        let brings = |them: &str| format!(": `workloadctl deploy --all --definition {definition}` brings {them} on");
        assert_eq!(deploy(&names[2], "two.yaml"), [format!("2 other instances stay on revision 1{}", brings("them"))]);
        // It is no new revision any more.
        assert_eq!(deploy(&names[1], "two.yaml"), Vec::<Value>::new());
        place.write("three.yaml", &set(THREE));
        assert_eq!(deploy(&names[0], "three.yaml"), [format!("2 other instances stay on revision 2{}", brings("them"))]);
        place.run(&format!("deploy {} --no-wait", names[1])).expect(0);
        assert_eq!(deploy(&names[1], "one.yaml").len(), 1);
    }
}
