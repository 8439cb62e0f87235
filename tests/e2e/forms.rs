//! The forms of answers: every command that lists or shows has all of `-o table|wide|json|yaml|name`,
//! and whether a document is a list follows from what was asked for, not from how much there is.

use std::fmt::Write as _;

use regex::Regex;
use serde_json::Value;

use crate::harness::Place;

/// Shows what a command answers in each form: the kind of the document with its lists, the heads of
/// the tables, the names.
fn forms(place: &Place, line: &str) -> String {
    let run = |form: &str| place.run(&format!("{line} -o {form}")).expect(0);
    let json = run("json").json();
    let kind = json["kind"].as_str().unwrap_or("-").to_owned();
    let lists = |value: &Value| {
        let fields = value.as_object().unwrap().iter();
        fields.filter(|(_, value)| value.is_array()).map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let mut shown = format!("{line}: {kind} {:?}\n", lists(&json));
    let yaml = run("yaml").stdout;
    if json["apiVersion"] == "workloadctl/v1alpha1" {
        assert!(yaml.starts_with("apiVersion: workloadctl/v1alpha1\n"), "{line}: {yaml}");
        assert!(yaml.contains(&format!("\nkind: {kind}\n")), "{line}: {yaml}");
        for key in json.as_object().unwrap().keys() {
            assert!(yaml.lines().any(|line| line.starts_with(&format!("{key}:"))), "{key}: {yaml}");
        }
    }
    // A folder's random name has digits too.
    let number = Regex::new(r"\b[0-9]+\b").unwrap();
    for form in ["table", "wide"] {
        let text = place.named(&run(form).stdout);
        let first = number.replace_all(text.lines().next().unwrap_or_default(), "N");
        writeln!(shown, "  {form}  {}", first.split_whitespace().collect::<Vec<_>>().join(" "))
            .unwrap();
    }
    // A cluster's kubeconfig has the sandbox beside it.
    let is_meant = |name: &&str| line != "runtime list" || *name == place.runtime;
    let names = run("name").stdout;
    let names: Vec<&str> = names.lines().filter(is_meant).collect();
    writeln!(shown, "  name   {}", names.join(", ")).unwrap();
    shown
}

/// Shows the kind of a document, and how many the list in it has.
fn kind(place: &Place, line: &str, code: i32) -> String {
    let document = place.run(&format!("{line} -o json")).expect(code).json();
    let lists = ["instances", "deploys", "definitions", "runtimes"];
    let found = lists.iter().find_map(|list| Some((*list, document[*list].as_array()?.len())));
    let list = found.map(|(list, count)| format!(" ({list}: {count})")).unwrap_or_default();
    format!("{line}: {}{list}\n", document["kind"].as_str().unwrap())
}

on_both! {
    fn every_list_and_show_has_every_form(place) {
        let (name, second) = (place.instance(""), place.instance("-2"));
        place.example("web");
        place.run(&format!("deploy {name} -f web")).expect(0);
        place.run(&format!("deploy {second} --definition {name} --replicas Deployment/web=1")).expect(0);
        let runtime = &place.runtime;
        let lines = [
            "list".to_owned(),
            "instance list".to_owned(),
            format!("instance show {name}"),
            "status".to_owned(),
            format!("status {name}"),
            format!("status {name} {second}"),
            format!("history {name}"),
            "definition list".to_owned(),
            format!("definition show {name}"),
            format!("definition history {name}"),
            "runtime list".to_owned(),
            "runtime check".to_owned(),
            format!("runtime check {runtime}"),
            format!("diff {name} {second}"),
            "db check".to_owned(),
        ];
        let shown: String = lines.iter().map(|line| forms(place, line)).collect();
        snapshot!(place.named(&shown), @r#"
        list: InstanceList ["instances"]
          table  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE
          wide  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE SEEN OUTCOME DEPLOYED BY REASON
          name  NAME, NAME-2
        instance list: InstanceList ["instances"]
          table  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE
          wide  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE SEEN OUTCOME DEPLOYED BY REASON
          name  NAME, NAME-2
        instance show NAME: Instance []
          table  name NAME
          wide  name NAME
          name  NAME
        status: InstanceList ["instances"]
          table  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE REASON
          wide  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE OUTCOME DEPLOYED BY REASON
          name  NAME, NAME-2
        status NAME: Instance ["objects"]
          table  NAME: Healthy, all N objects are ready
          wide  NAME: Healthy, all N objects are ready
          name  NAME
        status NAME NAME-2: InstanceList ["instances"]
          table  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE REASON
          wide  NAME DEFINITION REVISION RELEASE RUNTIME NAMESPACE STATUS AGE OUTCOME DEPLOYED BY REASON
          name  NAME, NAME-2
        history NAME: ReleaseList ["releases"]
          table  RELEASE AGE OUTCOME REVISION TOOK BY CHANGED IMAGES REASON
          wide  RELEASE AGE OUTCOME REVISION TOOK BY CHANGED COMMIT JOB DIGEST IMAGES REASON
          name  1
        definition list: DefinitionList ["definitions"]
          table  NAME REVISION OBJECTS INSTANCES AGE SOURCE
          wide  NAME REVISION OBJECTS INSTANCES AGE DIGEST CREATED SOURCE
          name  NAME
        definition show NAME: Definition ["objects", "revisions", "usedBy"]
          table  name NAME
          wide  name NAME
          name  NAME
        definition history NAME: RevisionList ["revisions"]
          table  REVISION AGE OBJECTS DIGEST SOURCE RUN BY RELEASES
          wide  REVISION AGE OBJECTS DIGEST SOURCE RUN BY RELEASES
          name  1
        runtime list: RuntimeList ["runtimes"]
          table  NAME DEFAULT CURRENT INSTANCES SERVER
          wide  NAME DEFAULT CURRENT INSTANCES SERVER KIND-LIKE
          name  RUNTIME
        runtime check: Runtime []
          table  NAME DEFAULT CURRENT INSTANCES REACHABLE VERSION USER ERROR
          wide  NAME DEFAULT CURRENT INSTANCES REACHABLE VERSION USER SERVER KIND-LIKE ERROR
          name  RUNTIME
        runtime check RUNTIME: Runtime []
          table  NAME DEFAULT CURRENT INSTANCES REACHABLE VERSION USER ERROR
          wide  NAME DEFAULT CURRENT INSTANCES REACHABLE VERSION USER SERVER KIND-LIKE ERROR
          name  RUNTIME
        diff NAME NAME-2: Diff ["objects"]
          table  --- NAME release N (NAME revision N)
          wide  --- NAME release N (NAME revision N)
          name  Deployment/web
        db check: Database []
          table  ~/db/workloadctl.db is whole (version N): N KiB, N definition, N revision, N instances, N releases
          wide  ~/db/workloadctl.db is whole (version N): N KiB, N definition, N revision, N instances, N releases
          name  ~/db/workloadctl.db
        "#);
    }

    fn the_form_of_a_document_follows_from_what_was_asked_for(place) {
        let (name, second) = (place.instance(""), place.instance("-2"));
        place.write("set.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n");
        let file = |file: &str, names: &[&str]| {
            let instances: String = names.iter().map(|name| format!("  - name: {name}\n")).collect();
            let head = "apiVersion: workloadctl/v1alpha1\nkind: Workload\nmetadata";
            let spec = format!("spec:\n  manifests: [set.yaml]\n  instances:\n{instances}");
            place.write(file, &format!("{head}: {{name: {name}}}\n{spec}"));
        };
        file("one.yaml", &[&name]);
        file("two.yaml", &[&name, &second]);
        let mut shown = String::new();
        let mut say = |line: &str| shown += &kind(place, line, 0);
        say("definition apply -f one.yaml");
        say(&format!("definition apply {name} -f one.yaml"));
        say("instance create -f one.yaml");
        say(&format!("instance create -f two.yaml {second}"));
        say("list");
        for command in ["plan", "deploy", "status"] {
            say(&format!("{command} {name}"));
            say(&format!("{command} {name} {second}"));
            say(&format!("{command} -f one.yaml"));
            say(&format!("{command} -f two.yaml"));
            say(&format!("{command} -f two.yaml {name}"));
        }
        say(&format!("delete -f two.yaml {second} --yes"));
        // One is left, and a list stays one.
        say("list");
        say("status");
        say(&format!("deploy --all --definition {name}"));
        say("delete -f one.yaml --yes");
        say("list");
        say("status");
        say("definition list");
        // On failure too.
        shown += &kind(place, &format!("status {name}"), 1);
        shown += &kind(place, &format!("status {name} {second}"), 1);
        snapshot!(place.named(&shown), @"
        definition apply -f one.yaml: DefinitionList (definitions: 1)
        definition apply NAME -f one.yaml: Definition
        instance create -f one.yaml: InstanceList (instances: 1)
        instance create -f two.yaml NAME-2: Instance
        list: InstanceList (instances: 2)
        plan NAME: Plan
        plan NAME NAME-2: DeployList (deploys: 2)
        plan -f one.yaml: DeployList (deploys: 1)
        plan -f two.yaml: DeployList (deploys: 2)
        plan -f two.yaml NAME: Plan
        deploy NAME: Deploy
        deploy NAME NAME-2: DeployList (deploys: 2)
        deploy -f one.yaml: DeployList (deploys: 1)
        deploy -f two.yaml: DeployList (deploys: 2)
        deploy -f two.yaml NAME: Deploy
        status NAME: Instance
        status NAME NAME-2: InstanceList (instances: 2)
        status -f one.yaml: InstanceList (instances: 1)
        status -f two.yaml: InstanceList (instances: 2)
        status -f two.yaml NAME: Instance
        delete -f two.yaml NAME-2 --yes: Delete
        list: InstanceList (instances: 1)
        status: InstanceList (instances: 1)
        deploy --all --definition NAME: DeployList (deploys: 1)
        delete -f one.yaml --yes: DeployList (deploys: 1)
        list: InstanceList (instances: 0)
        status: InstanceList (instances: 0)
        definition list: DefinitionList (definitions: 0)
        status NAME: Instance
        status NAME NAME-2: InstanceList (instances: 2)
        ");
    }
}
