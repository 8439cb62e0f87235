//! Random sequences of deploys and deletions whose processes are killed or frozen at random points,
//! behind a proxy that holds writes and breaks connections: one ordinary deploy converges, nothing
//! is made that nobody knows, nothing of others is lost, and a deletion leaves nothing.
//!
//! `WORKLOADCTL_TEST_SEQUENCES=200` runs so many of them, also with disks that are lost after a
//! kill, which waits for the holder's expiry; `WORKLOADCTL_TEST_SEED` begins with another seed.

use std::{
    fmt::Write as _,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use workloadctl::testing::Request;

use crate::{
    harness::{Place, side_by_side, variable},
    kill::random,
    storm::{LONGEST, Storm},
};

/// How many there are of each backend in the suite.
const SEQUENCES: usize = 12;
/// How many are under way.
const WIDTH: usize = 12;
/// Longer than anything is held.
const FLAGS: &str = "--request-timeout 5s --timeout 4m";
/// How long a garbage collector may take.
const GARBAGE: Duration = Duration::from_secs(20);

/// The objects that a set may have, and where they are found.
const POOL: [(&str, &str); 9] = [
    (
        "configmaps/a",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {version: 'VERSION'}",
    ),
    (
        "configmaps/b",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {version: 'VERSION'}",
    ),
    (
        "secrets/c",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData: {version: 'VERSION'}",
    ),
    ("serviceaccounts/d", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: d}"),
    (
        "services/e",
        "apiVersion: v1\nkind: Service\nmetadata: {name: e}\nspec: {selector: {app: f}, ports: [{port: 800VERSION}]}",
    ),
    (
        "deployments/f",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: f}\nspec: {selector: {matchLabels: {app: f}}, template: {metadata: {labels: {app: f}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: f, image: 'f:VERSION'}]}}}",
    ),
    (
        "clusterroles/NAME-g",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME-g}\nrules: [{apiGroups: [''], resources: [nodes], resourceNames: ['VERSION'], verbs: [get]}]",
    ),
    (
        "clusterroles/NAME-h",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME-h}\nrules: [{apiGroups: [''], resources: [nodes], resourceNames: ['VERSION'], verbs: [get]}]",
    ),
    (
        "clusterrolebindings/NAME-i",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: NAME-i}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME-g}\nsubjects: [{kind: User, name: 'user-VERSION'}]",
    ),
];

/// What happened in all sequences.
#[derive(Default)]
struct Figures {
    killed: AtomicUsize,
    frozen: AtomicUsize,
    held: AtomicUsize,
    broken: AtomicUsize,
    /// What was found afterwards that nothing names, and what of others was not.
    orphans: Mutex<Vec<String>>,
    lost: Mutex<Vec<String>>,
}

/// One sequence under way.
struct Sequence<'a> {
    place: Place,
    name: String,
    /// The namespace that was there before, where the instance is deployed into one.
    home: Option<String>,
    seed: usize,
    drawn: usize,
    /// Whether a disk may be lost after a kill, which costs 90 s.
    patient: bool,
    /// Which of the pool the newest set has.
    set: usize,
    /// What is not ours, by path and uid.
    bystanders: Vec<Value>,
    figures: &'a Figures,
}

impl<'a> Sequence<'a> {
    fn new(place: &Place, seed: usize, patient: bool, figures: &'a Figures) -> Self {
        let place = place.behind_proxy();
        // No name is the beginning of another one.
        let name = place.instance("z");
        let mut sequence = Self {
            place,
            name,
            home: None,
            seed,
            drawn: 0,
            patient,
            set: 0,
            bystanders: vec![],
            figures,
        };
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"});
        let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
        let other = bystander(&sequence.place, roles, &format!("{}-other", sequence.name), role);
        sequence.bystanders.push(other);
        if sequence.draw(2) == 0 {
            let home = format!("{}-home", sequence.name);
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
            let place = &sequence.place;
            place.call(Request::json(http::Method::POST, "/api/v1/namespaces", &body)).unwrap();
            let inside = format!("/api/v1/namespaces/{home}/configmaps");
            let conf = json!({"apiVersion": "v1", "kind": "ConfigMap"});
            sequence.bystanders.push(bystander(place, &inside, "other", conf));
            sequence.home = Some(home);
        }
        sequence
    }

    fn draw(&mut self, limit: usize) -> usize {
        self.drawn += 1;
        random(self.seed.wrapping_mul(1 << 20).wrapping_add(self.drawn), limit)
    }

    /// Writes another set.
    fn change(&mut self) {
        self.set = 1 + self.draw((1 << POOL.len()) - 1);
        let mut text = String::new();
        for (index, (_, object)) in POOL.iter().enumerate() {
            let version = self.draw(3).to_string();
            if self.set >> index & 1 == 1 {
                let object = object.replace("VERSION", &version).replace("NAME", &self.name);
                write!(text, "{object}\n---\n").unwrap();
            }
        }
        self.place.write("set.yaml", &text);
    }

    fn deploy(&self) -> String {
        let home = self.home.as_ref().map(|home| format!(" --namespace {home}"));
        format!("deploy {} -f set.yaml {FLAGS}{}", self.name, home.unwrap_or_default())
    }

    fn delete(&self) -> String {
        let home = self.home.as_ref().map(|home| format!(" --namespace {home}"));
        let name = &self.name;
        format!("delete {name} --yes --ignore-not-found {FLAGS}{}", home.unwrap_or_default())
    }

    /// Starts a command and kills it, freezes it for a while, or lets it end.
    fn disturb(&mut self, line: &str) {
        let (after, then) = (1 + self.draw(45), Duration::from_millis(self.draw(40) as u64));
        let mut running = self.place.follow(&format!("{line} --lock-wait 2m"));
        let mut seen = 0;
        let reached = running.until(|_| {
            seen += 1;
            seen >= after
        });
        if !reached {
            running.end();
            return;
        }
        thread::park_timeout(then);
        match self.draw(4) {
            0 => {
                let pid = Pid::from_child(running.child());
                kill_process(pid, Signal::STOP).unwrap();
                thread::park_timeout(Duration::from_millis(self.draw(2000) as u64));
                kill_process(pid, Signal::CONT).unwrap();
                self.figures.frozen.fetch_add(1, Ordering::Relaxed);
                running.end();
            }
            _ => {
                running.kill();
                self.figures.killed.fetch_add(1, Ordering::Relaxed);
                if self.patient && self.draw(8) == 0 {
                    self.place.lose_database();
                }
            }
        }
    }

    fn run(mut self) {
        let storm = Arc::new(Storm::new(self.seed));
        self.place.storm(Some(&storm));
        self.change();
        for _ in 0..2 + self.draw(3) {
            if self.draw(4) == 0 {
                self.disturb(&self.delete());
            } else {
                self.disturb(&self.deploy());
                self.change();
            }
        }
        self.converges();
        // Half of them at once, while writes are still held.
        if self.draw(2) == 0 {
            self.is_exact();
        }
        // What is looked for afterwards is seen while it is there.
        let named = self.place.unnamed(&self.name);
        let record = format!("secrets/workloadctl.{}", self.name);
        assert!(named.contains(&record), "seed {}: {named:?}", self.seed);
        let deleted = self.place.run(&format!("{} --lock-wait 2m", self.delete()));
        assert_eq!(deleted.code, 0, "seed {}: {deleted:?}", self.seed);
        self.calm();
        self.count_orphans();
        self.count_lost();
        self.figures.held.fetch_add(storm.held.load(Ordering::Relaxed), Ordering::Relaxed);
        self.figures.broken.fetch_add(storm.broken.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Counts what is on the server and should not be, of every kind that it serves. What a
    /// garbage collector still has to do is waited for.
    fn count_orphans(&self) {
        let own = self.home.iter().map(|home| format!("namespaces/{home}")).collect::<Vec<_>>();
        let end = Instant::now() + GARBAGE;
        let left = loop {
            let mut left = self.place.unnamed(&self.name);
            left.retain(|left| !own.contains(left));
            if left.is_empty() || Instant::now() > end {
                break left;
            }
            thread::park_timeout(Duration::from_millis(200));
        };
        let mut orphans = self.figures.orphans.lock().unwrap();
        orphans.extend(left.into_iter().map(|left| format!("seed {}: {left}", self.seed)));
    }

    /// Counts what of others is not there any more; then the rest goes.
    fn count_lost(&self) {
        let remove = |path: &str| {
            self.place.call(Request::json(http::Method::DELETE, path, &json!({}))).map(drop)
        };
        for bystander in &self.bystanders {
            let path = bystander["path"].as_str().unwrap();
            let live = self.place.get(path);
            let uid = live.map(|live| live["metadata"]["uid"].clone());
            if uid.as_ref() != Some(&bystander["uid"]) || remove(path).is_err() {
                self.figures.lost.lock().unwrap().push(format!("seed {}: {path}", self.seed));
            }
        }
        if let Some(home) = &self.home {
            let path = format!("/api/v1/namespaces/{home}");
            if remove(&path).is_err() {
                self.figures.lost.lock().unwrap().push(format!("seed {}: {path}", self.seed));
            }
        }
    }

    #[track_caller]
    fn converges(&self) {
        let outcome = self.place.run(&format!("{} --lock-wait 2m", self.deploy()));
        assert_eq!(outcome.code, 0, "seed {}: {outcome:?}", self.seed);
    }

    /// Waits until nothing is held any more.
    #[track_caller]
    fn calm(&self) {
        self.place.until("all is delivered", LONGEST * 3, || self.place.held_writes() == 0);
    }

    /// Nothing is live that the record does not have: after a further deploy the set is, exactly.
    #[track_caller]
    fn is_exact(&self) {
        self.calm();
        self.converges();
        self.calm();
        let mut expected: Vec<String> = POOL
            .iter()
            .enumerate()
            .filter(|(index, _)| self.set >> index & 1 == 1)
            .map(|(_, (path, _))| path.replace("NAME", &self.name))
            .collect();
        expected.push(format!("secrets/workloadctl.{}", self.name));
        expected.extend(self.home.is_none().then(|| format!("namespaces/{}", self.name)));
        expected.push(format!("clusterroles/{}-other", self.name));
        expected.sort();
        assert_eq!(self.place.live(&self.name, &[]), expected, "seed {}", self.seed);
    }
}

/// What is not ours and has to stay, by its path and uid.
fn bystander(place: &Place, collection: &str, name: &str, body: Value) -> Value {
    let mut body = body;
    body["metadata"] = json!({"name": name, "labels": {"workloadctl/managed": "true"}});
    let made = place.call(Request::json(http::Method::POST, collection, &body)).unwrap();
    json!({"path": format!("{collection}/{name}"), "uid": made.body["metadata"]["uid"]})
}

on_both! {
    fn killed_and_frozen_behind_a_storm_nothing_is_orphaned_and_nothing_foreign_lost(place) {
        let number = |name: &str| variable(name).map(|text| text.parse::<usize>().unwrap());
        let wanted = number("WORKLOADCTL_TEST_SEQUENCES");
        let seed = number("WORKLOADCTL_TEST_SEED").unwrap_or(1);
        let count = wanted.unwrap_or(SEQUENCES);
        let figures = Figures::default();
        side_by_side((seed..seed + count).collect(), WIDTH, |seed| {
            Sequence::new(place, seed, wanted.is_some(), &figures).run();
        });
        let Figures { killed, frozen, held, broken, orphans, lost } = figures;
        let (orphans, lost) = (orphans.into_inner().unwrap(), lost.into_inner().unwrap());
        let told = format!(
            "{count} sequences from seed {seed}: {killed:?} killed, {frozen:?} frozen, {held:?} writes held, {broken:?} connections broken, {} orphans, {} foreign lost\n",
            orphans.len(), lost.len()
        );
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        assert_eq!((orphans, lost), (vec![], vec![]));
        let killed = killed.into_inner();
        assert!(killed * 2 > count, "only {killed} were killed");
        assert!(held.into_inner() > count && broken.into_inner() > count / 2);
    }
}
