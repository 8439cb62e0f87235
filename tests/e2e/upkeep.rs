//! The database filled from a cluster, and freed of what is old.

const CONF: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: 'VALUE'}\n";

on_both! {
    fn a_lost_database_comes_back_from_the_records(place) {
        let (one, two) = (&place.instance("one"), &place.instance("two"));
        for value in ["1", "2", "3"] {
            place.write("conf.yaml", &CONF.replace("VALUE", value));
            place.run(&format!("deploy {one} -f conf.yaml")).expect(0);
        }
        place.run(&format!("deploy {two} -f conf.yaml --set ConfigMap/conf:data.b=x")).expect(0);
        let before = place.run(&format!("instance show {two} -o json")).expect(0).json();
        place.lose_database();
        // The namespace tells these records from those of other tests.
        snapshot!(place.told(&format!("db rebuild --namespace {one}")), @r"
        $ workloadctl db rebuild --namespace NAMEone
        exit code 0
        --- stdout
        NAME  NAMESPACE  RELEASE  RESULT  REASON
        NAMEone  NAMEone  3  added  -
        ");
        snapshot!(place.told(&format!("db rebuild --namespace {two} -o json")), @r#"
        $ workloadctl db rebuild --namespace NAMEtwo -o json
        exit code 0
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "DatabaseRebuild",
          "runtime": "RUNTIME",
          "instances": [
            {
              "name": "NAMEtwo",
              "namespace": "NAMEtwo",
              "outcome": "added",
              "release": 1
            }
          ]
        }
        "#);
        let after = place.run(&format!("instance show {two} -o json")).expect(0).json();
        for member in ["definition", "release", "runtime", "namespace", "overrides"] {
            assert_eq!(before[member], after[member], "{member}");
        }
        let plan = place.run(&format!("plan {two} -o json")).expect(0).json();
        assert_eq!(plan["outcome"], "planned", "{plan}");
        place.run(&format!("deploy {two} -o json")).expect(0);
        let again = place.run(&format!("plan {two} --exit-code")).expect(0);
        assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
        // A record holds the last release; from a machine elsewhere it goes on.
        let elsewhere = place.elsewhere();
        elsewhere.write("conf.yaml", &CONF.replace("VALUE", "4"));
        elsewhere.run(&format!("deploy {one} -f conf.yaml --yes")).expect(0);
        snapshot!(place.told(&format!("db rebuild --namespace {one}")), @r"
        $ workloadctl db rebuild --namespace NAMEone
        exit code 0
        --- stdout
        NAME  NAMESPACE  RELEASE  RESULT  REASON
        NAMEone  NAMEone  4  updated  -
        ");
        // What the database has of another instance of that name stays.
        let other = place.elsewhere();
        other.write("conf.yaml", &CONF.replace("VALUE", "5"));
        other.run(&format!("definition apply {one} -f conf.yaml")).expect(0);
        other.run(&format!("instance create {one} --namespace other")).expect(0);
        snapshot!(place.shown(&other.run(&format!("db rebuild --namespace {one}"))), @r"
        $ workloadctl db rebuild --namespace NAMEone
        exit code 0
        --- stdout
        NAME  NAMESPACE  RELEASE  RESULT  REASON
        NAMEone  NAMEone  4  left  the database has another `NAMEone`: on runtime RUNTIME, in namespace other
        ");
    }

    fn old_releases_go_and_a_rollback_still_works(place) {
        let name = &place.instance("");
        for value in ["1", "2", "3", "4", "5"] {
            place.write("conf.yaml", &CONF.replace("VALUE", value));
            place.run(&format!("deploy {name} -f conf.yaml")).expect(0);
        }
        snapshot!(place.told("db prune --keep 1"), @r"
        $ workloadctl db prune --keep 1
        exit code 2
        --- stderr
        error: removing 3 releases and 3 revisions needs `--yes` where nobody can be asked
        hint: workloadctl db prune --keep 1 --yes
        ");
        let pruned = place.run("db prune --keep 1 --yes -o json").expect(0).json();
        assert_eq!((&pruned["releases"], &pruned["revisions"]), (&3.into(), &3.into()), "{pruned}");
        let history = place.run(&format!("history {name} -o name")).expect(0).stdout;
        assert_eq!(history, "5\n4\n");
        let again = place.run(&format!("deploy {name} -o json")).expect(0).json();
        assert_eq!((&again["outcome"], &again["revision"]), (&"unchanged".into(), &5.into()));
        let back = place.run(&format!("rollback {name} -o json")).expect(0).json();
        assert_eq!((&back["release"], &back["revision"]), (&6.into(), &4.into()), "{back}");
    }
}
