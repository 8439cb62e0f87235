//! Killed anywhere, one ordinary command converges at once, and nothing is left behind.
//!
//! A victim is killed after its k-th line of talk (with `-v` every request is one) and a seeded
//! random moment more, for twenty k spread over an undisturbed run.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::harness::{Place, side_by_side};

/// How many points of each command.
const POINTS: usize = 20;
/// How many instances live side by side.
const WIDTH: usize = 10;

/// A set with something of everything whose order matters.
fn first(name: &str) -> String {
    format!(
        "{common}---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{version: '1'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: leaves}}
---
apiVersion: v1
kind: Secret
metadata: {{name: leaves}}
stringData: {{key: value}}
---
apiVersion: example.test/v1
kind: {kind}
metadata: {{name: leaves}}
spec: {{size: 1}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}-leaves}}
rules: []
",
        common = common(name, "app:1"),
        kind = kind_of(name),
    )
}

/// The same after an upgrade: an image, a ConfigMap and a custom resource change, five objects go.
fn second(name: &str) -> String {
    format!(
        "{common}---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{version: '2', more: 'yes'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: comes}}
",
        common = common(name, "app:2"),
    )
}

fn kind_of(name: &str) -> String {
    format!("Gadget{}", name.replace('-', ""))
}

fn common(name: &str, image: &str) -> String {
    let kind = kind_of(name);
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: login}}
stringData: {{password: secret}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: app}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app}}
spec:
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      serviceAccountName: app
      terminationGracePeriodSeconds: 0
      containers:
        - name: app
          image: {image}
          envFrom: [{{configMapRef: {{name: settings}}}}, {{secretRef: {{name: login}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: app}}
spec:
  selector: {{app: app}}
  ports: [{{port: 80}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: app}}
rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: app}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}}
subjects: [{{kind: ServiceAccount, name: app}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [''], resources: [nodes], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{kind: ServiceAccount, name: app, namespace: default}}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gadgets-{name}.example.test}}
spec:
  group: example.test
  scope: Namespaced
  names: {{kind: {kind}, plural: gadgets-{name}, singular: gadget-{name}}}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {{spec: {{type: object, properties: {{size: {{type: integer}}}}}}}}
---
apiVersion: example.test/v1
kind: {kind}
metadata: {{name: stays}}
spec: {{size: {size}}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: once}}
spec:
  template:
    spec: {{restartPolicy: Never, containers: [{{name: job, image: job:1}}]}}
",
        size = image.len() + usize::from(image.ends_with('2')),
    )
}

/// Names what is live after the first set or the second.
fn expected(name: &str, set: usize) -> Vec<String> {
    let mut names = vec![
        format!("clusterroles/{name}"),
        format!("clusterrolebindings/{name}-{name}"),
        "configmaps/settings".into(),
        format!("customresourcedefinitions/gadgets-{name}.example.test"),
        "deployments/app".into(),
        "jobs/once".into(),
        format!("namespaces/{name}"),
        "roles/app".into(),
        "rolebindings/app".into(),
        "secrets/login".into(),
        format!("secrets/workloadctl.{name}"),
        "services/app".into(),
        "serviceaccounts/app".into(),
        format!("gadgets-{name}/stays"),
    ];
    names.extend(match set {
        1 => vec![
            format!("clusterroles/{name}-leaves"),
            "configmaps/leaves".into(),
            "secrets/leaves".into(),
            format!("gadgets-{name}/leaves"),
        ],
        _ => vec!["configmaps/comes".into()],
    });
    names.sort();
    names
}

/// An instance that is killed again and again.
pub(crate) struct Life {
    pub(crate) place: Place,
    pub(crate) name: String,
}

impl Life {
    pub(crate) fn new(place: Place) -> Self {
        let name = place.instance("x");
        place.write("1.yaml", &first(&name));
        place.write("2.yaml", &second(&name));
        Self { place, name }
    }

    pub(crate) fn deploy(&self, set: usize) -> String {
        format!("deploy {} -f {set}.yaml", self.name)
    }

    pub(crate) fn delete(&self) -> String {
        format!("delete {} --yes", self.name)
    }

    /// Runs a command to its end and counts the lines of its talk up to the one that is `last`.
    pub(crate) fn measure(&self, line: &str, last: impl Fn(&str) -> bool) -> usize {
        let mut running = self.place.follow(line);
        let mut count = 0;
        running.until(|said| {
            count += 1;
            last(said)
        });
        running.end().expect(0);
        count
    }

    /// Starts a command and kills it after some lines, counted from the one that is `first`, and
    /// some time; `false`: it ended before.
    fn kill(&self, line: &str, first: fn(&str) -> bool, after: usize, then: Duration) -> bool {
        let mut running = self.place.follow(line);
        let mut seen = 0;
        let reached = running.until(|said| {
            seen += usize::from(seen > 0 || first(said));
            seen >= after
        });
        thread::park_timeout(then);
        running.kill();
        reached
    }

    /// One ordinary deploy converges; the next finds nothing to do; exactly the set is live.
    #[track_caller]
    pub(crate) fn converges(&self, set: usize, flags: &str) {
        let line = self.deploy(set);
        self.place.run(&format!("{line} {flags}")).expect(0);
        self.is_unchanged(&line);
        self.is_live(set);
    }

    #[track_caller]
    pub(crate) fn is_unchanged(&self, line: &str) {
        let again = self.place.run(&format!("{line} -o json")).expect(0).json();
        assert_eq!(again["outcome"], "unchanged", "{again}");
    }

    #[track_caller]
    pub(crate) fn is_live(&self, set: usize) {
        let custom = format!("/apis/example.test/v1/gadgets-{}", self.name);
        assert_eq!(self.place.live(&self.name, &[custom]), expected(&self.name, set));
    }

    #[track_caller]
    pub(crate) fn is_gone(&self) {
        assert_eq!(self.place.leftovers(&self.name), Vec::<String>::new());
        let listed = self.place.run("instance list -o name").expect(0);
        assert!(!listed.stdout.contains(&self.name), "{listed:?}");
    }
}

/// splitmix64: the same moments in every run.
pub(crate) fn random(seed: usize, limit: usize) -> usize {
    let mut mixed = (seed as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
}

/// The talk of undisturbed runs: how many lines a deploy, an upgrade and a delete have.
struct Lengths([usize; 3]);

impl Lengths {
    fn measure(place: Place) -> Self {
        let life = Life::new(place);
        let deploy = life.measure(&life.deploy(1), |_| false);
        life.is_live(1);
        let upgrade = life.measure(&life.deploy(2), |_| false);
        life.is_live(2);
        // From then on it only looks on while the namespace goes.
        let delete = life.measure(&life.delete(), |said| {
            said.starts_with("DELETE /api/v1/namespaces/") && said.matches('/').count() == 4
        });
        life.is_gone();
        Self([deploy, upgrade, delete + 3])
    }

    /// Gives the line, and the time after it, at which a command is killed.
    fn point(&self, command: usize, point: usize) -> (usize, Duration) {
        let line = 1 + point * self.0[command] / POINTS;
        let delay = random(point * 3 + command, 12);
        (line, Duration::from_millis(delay as u64))
    }
}

/// Tells the line of the request that wrote the intent.
fn is_record_written(said: &str) -> bool {
    said.starts_with("POST ") && said.contains("/secrets")
        || said.starts_with("PATCH ") && said.contains("/secrets/workloadctl.")
}

on_both! {
    fn killed_anywhere_the_next_command_converges_at_once(place) {
        let lengths = Lengths::measure(place.aside());
        let killed = AtomicUsize::new(0);
        let cases: Vec<usize> = (0..POINTS).collect();
        side_by_side(cases, WIDTH, |point| {
            let life = Life::new(place.aside());
            let kill = |line: &str, command: usize| {
                let (after, then) = lengths.point(command, point);
                let reached = life.kill(line, |_| true, after, then);
                killed.fetch_add(usize::from(reached), Ordering::Relaxed);
            };
            kill(&life.deploy(1), 0);
            life.converges(1, "--lock-wait 0s");
            kill(&life.deploy(2), 1);
            life.converges(2, "--lock-wait 0s");
            kill(&life.delete(), 2);
            // It may have been through when it was killed.
            let delete = format!("{} --lock-wait 0s --ignore-not-found", life.delete());
            life.place.run(&delete).expect(0);
            life.is_gone();
        });
        let killed = killed.into_inner();
        assert!(killed > POINTS * 3 * 3 / 4, "only {killed} of {} were killed", POINTS * 3);
    }

    fn half_deleted_a_deploy_finishes_that_and_starts_anew(place) {
        // Without a file the overrides from before count, with one they begin anew (docs/cli.md, Overrides).
        side_by_side(vec![(false, 2), (true, 1)], 2, |(with_file, replicas)| {
            let life = Life::new(place.aside());
            let name = &life.name;
            life.place.run(&format!("{} --replicas Deployment/app=2", life.deploy(1))).expect(0);
            let mut running = life.place.follow(&life.delete());
            assert!(running.until(|said| said.starts_with("deleted ")));
            running.kill();
            let line = if with_file { life.deploy(1) } else { format!("deploy {name}") };
            life.place.run(&format!("{line} --lock-wait 0s")).expect(0);
            life.is_live(1);
            let path = format!("/apis/apps/v1/namespaces/{name}/deployments/app");
            assert_eq!(life.place.get(&path).unwrap()["spec"]["replicas"], replicas);
            life.place.run(&life.delete()).expect(0);
            life.is_gone();
        });
    }

    fn killed_and_the_disk_empty_it_converges_after_the_expiry(place) {
        // Each waits once for the 90 s, all of them at the same time.
        let cases: Vec<(usize, usize)> =
            (0..3).flat_map(|command| [(command, 1), (command, 12)]).collect();
        let width = cases.len();
        side_by_side(cases, width, |(command, after)| {
            let life = Life::new(place.aside());
            let moment = Duration::from_millis(random(command + after, 12) as u64);
            if command > 0 {
                life.place.run(&life.deploy(1)).expect(0);
            }
            let victim = [life.deploy(1), life.deploy(2), life.delete()][command].clone();
            let reached = life.kill(&victim, is_record_written, after, moment);
            assert!(reached, "{victim} ended before its line {after}");
            life.place.lose_database();
            if command < 2 {
                let early = life.place.run(&format!("{} --lock-wait 0s -o json", life.delete()));
                assert_eq!(early.expect(6).json()["error"]["code"], "locked");
                life.converges(command + 1, "--lock-wait 2m");
                life.place.lose_database();
            }
            life.place.run(&format!("{} --lock-wait 2m", life.delete())).expect(0);
            life.is_gone();
        });
    }
}
