//! `report`: a release as a page, looked at in a browser.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::harness::{Outcome, Place, variable};

/// A Deployment that is ready with nothing, and a Secret.
fn set(value: &str, password: &str) -> String {
    let evil = "<img src=x onerror=alert(1)>";
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf}}\ndata: {{value: '{value}', evil: '{evil}'}}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData: {{password: '{password}'}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: never\n  annotations:\n    \
         workloadctl/ready-when: jsonpath={{.data.done}}={value}\ndata: {{done: one}}\n"
    )
}

/// Opens a page in a browser that has no network.
fn browse(place: &Place, arguments: &[&str], page: &Path) -> String {
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
        ])
        .args([
            "--proxy-server=127.0.0.1:1",
            "--window-size=1000,1400",
            "--virtual-time-budget=2000",
        ])
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .env_clear()
        .env("PATH", variable("PATH").unwrap())
        .env("HOME", place.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("chromium, a browser (apt-get install chromium)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A picture: its width, and its rows of red, green and blue.
struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads a PNG of eight bits a channel, as the browser writes it.
    fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(&bytes[1..4], b"PNG");
        let (width, depth) = (number(16), bytes[24]);
        let channels = match bytes[25] {
            2 => 3,
            6 => 4,
            other => panic!("colour type {other}"),
        };
        assert_eq!(depth, 8);
        let (mut at, mut packed) = (8, Vec::new());
        while at < bytes.len() {
            let length = number(at);
            if &bytes[at + 4..at + 8] == b"IDAT" {
                packed.extend_from_slice(&bytes[at + 8..at + 8 + length]);
            }
            at += length + 12;
        }
        let mut raw = Vec::new();
        flate2::read::ZlibDecoder::new(&*packed).read_to_end(&mut raw).unwrap();
        let mut before = vec![0; width * channels];
        let mut pixels = Vec::new();
        for line in raw.chunks(width * channels + 1) {
            before = unfiltered(line[0], &line[1..], &before, channels);
            pixels.extend(before.chunks(channels).map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        }
        Self { width, pixels }
    }

    fn count(&self, colour: [u8; 3]) -> usize {
        self.pixels.iter().filter(|pixel| **pixel == colour).count()
    }
}

/// Takes back what PNG does to a line so that it packs well.
fn unfiltered(filter: u8, line: &[u8], before: &[u8], channels: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(line.len());
    for (index, byte) in line.iter().enumerate() {
        let left = index.checked_sub(channels).map_or(0, |at| out[at]);
        let corner = index.checked_sub(channels).map_or(0, |at| before[at]);
        let above = before[index];
        let guess = match filter {
            0 => 0,
            1 => left,
            2 => above,
            3 => u8::try_from(usize::midpoint(left.into(), above.into())).unwrap(),
            4 => {
                let [a, b, c] = [left, above, corner].map(i16::from);
                let guess = a + b - c;
                let (to_a, to_b, to_c) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
                match (to_a <= to_b && to_a <= to_c, to_b <= to_c) {
                    (true, _) => left,
                    (false, true) => above,
                    (false, false) => corner,
                }
            }
            other => panic!("filter {other}"),
        };
        out.push(byte.wrapping_add(guess));
    }
    out
}

on_both! {
    fn a_release_is_a_page_that_a_browser_shows(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("one", "b2xkc2VjcmV0"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.write("set.yaml", &set("two", "bmV3c2VjcmV0"));
        place.run(&format!("deploy {name} -f set.yaml --timeout 3s")).expect(3);
        let told = place.run(&format!("report {name} --html page.html")).expect(0);
        assert_eq!(told.stdout, format!("report of {name} release 2 written to page.html\n"));

        let page = place.path("page.html");
        let text = fs::read_to_string(&page).unwrap();
        for secret in ["b2xkc2VjcmV0", "bmV3c2VjcmV0", "YjJ4a2MyVmpjbVYw", "Ym1WM2MyVmpjbVYw"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let dom = browse(place, &["--dump-dom"], &page);
        // As the browser has understood it: what was given is text, and no part of the page.
        assert!(dom.contains("&lt;img src=x onerror=alert(1)&gt;") && !dom.contains("<img"), "{dom}");
        for part in [
            "<span class=\"chip bad\">timed out</span>",
            "<h2>What was not ready</h2>",
            "<h2>Timeline</h2>",
            "<rect class=\"box bad\"",
            "<h2>What changed since release 1</h2>",
            "<span class=\"del\">-   value: one</span><span class=\"add\">+   value: two</span>",
            "***",
        ] {
            assert!(dom.contains(part), "{part}\n{dom}");
        }
        // The bar of what never was ready goes on to the end of the release.
        let bar = regex::Regex::new(r#"class="late" style="left:([0-9.]+)%;width:([0-9.]+)%""#).unwrap();
        let bar = bar.captures(&dom).unwrap();
        let [left, width] = [1, 2].map(|part| bar[part].parse::<f64>().unwrap());
        assert!((left + width - 100.0).abs() < 0.1 && width > 50.0, "{left} {width}");

        let shot = place.path("page.png");
        let screenshot = format!("--screenshot={}", shot.display());
        browse(place, &[&screenshot], &page);
        let light = Picture::read(&shot);
        assert_eq!(light.width, 1000);
        let (white, red, text) = ([255, 255, 255], [0xc0, 0x33, 0x2b], [0x1d, 0x23, 0x29]);
        assert!(light.count(white) > light.pixels.len() / 2, "light by default");
        // The bar and the chip; letters.
        assert!(light.count(red) > 3000, "{} red", light.count(red));
        assert!(light.count(text) > 300, "{} of text", light.count(text));
        browse(place, &[&screenshot, "--blink-settings=preferredColorScheme=0"], &page);
        let dark = Picture::read(&shot);
        assert!(dark.count([0x14, 0x18, 0x1c]) > dark.pixels.len() / 2, "dark where that is wanted");
    }

    fn an_earlier_release_is_asked_for_by_its_number(place) {
        let name = place.instance("");
        place.write("set.yaml", &set("one", "x"));
        place.run(&format!("deploy {name} -f set.yaml")).expect(0);
        place.run(&format!("deploy {name} --set ConfigMap/conf:data.value=three --no-wait")).expect(0);
        place.run(&format!("report {name} --release 1 --html one.html")).expect(0);
        let text = fs::read_to_string(place.path("one.html")).unwrap();
        assert!(text.contains("no release came before"), "{text}");
        let told = place.run(&format!("report {name} --release 1 --html one.html -o json")).expect(0).json();
        assert_eq!((&told["kind"], &told["release"]), (&"Report".into(), &1.into()));
        assert_eq!(place.run(&format!("report {name} --release 1 --html -")).expect(0).stdout, text);
        let odd = |line: &str| {
            let mut command = place.command(line);
            command.args(["--html", "a\u{1b}[31m.html"]);
            place.shown(&Outcome::of(&format!("{line} --html ODD"), command.output().unwrap()))
        };
        snapshot!(odd(&format!("report {name} --release 1")), @r"
        $ workloadctl report NAME --release 1 --html ODD
        exit code 0
        --- stdout
        report of NAME release 1 written to a\u{1b}[31m.html
        ");
        snapshot!(place.told(&format!("report {name} --release 1 --html - -o json")), @r#"
        $ workloadctl report NAME --release 1 --html - -o json
        exit code 2
        --- stdout
        {
          "apiVersion": "workloadctl/v1alpha1",
          "kind": "Error",
          "error": {
            "code": "invalid-flag",
            "exitCode": 2,
            "message": "`report --html -` has no -o json, only table"
          }
        }
        --- stderr
        error: `report --html -` has no -o json, only table
        "#);
        // Of what another database made it is said what is not known.
        place.lose_database();
        place.run(&format!("status {name}")).expect(0);
        place.run(&format!("deploy {name} --set ConfigMap/conf:data.value=four --no-wait")).expect(0);
        let last = place.run(&format!("history {name} -o json")).expect(0).json();
        let known: Vec<_> = last["releases"].as_array().unwrap().iter().map(|it| it["release"].as_u64().unwrap()).collect();
        assert_eq!(known, [3, 2], "the record tells of the newest alone");
        let page = place.run(&format!("report {name} --release 2 --html -")).expect(0).stdout;
        let told: Vec<&str> = page.lines().filter(|line| line.contains("known here")).collect();
        snapshot!(told.join("\n"), @"
        <p>What this release sent is not known here: it was deployed by tester@HOST, with another database.</p>
        <p>What waited for what is not known here.</p>
        <p>the release before is not known here</p>
        ");
        assert!(!page.contains("No object waits"), "{page}");
        snapshot!(place.told(&format!("report {name} --release 9 --html no.html")), @"
        $ workloadctl report NAME --release 9 --html no.html
        exit code 1
        --- stderr
        error: `NAME` has no release 9 here
        hint: `workloadctl history NAME` lists those there are
        ");
        snapshot!(place.told(&format!("report {name} --html no/where.html")), @"
        $ workloadctl report NAME --html no/where.html
        exit code 1
        --- stderr
        error: cannot write no/where.html
          No such file or directory (os error 2)
        ");
    }
}
