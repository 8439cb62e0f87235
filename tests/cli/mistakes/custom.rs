//! Custom resources against a definition of the same set.

use crate::program::Program;

#[test]
fn every_mistake_is_told_with_its_line() {
    let program = Program::new();
    program.write("custom.yaml", include_str!("custom.yaml"));
    let line = "definition validate custom.yaml";
    snapshot!(program.call(line).shown(line), @r##"
    $ workloadctl definition validate custom.yaml
    exit code 2
    --- stderr
    error: 13 mistakes in the objects
      custom.yaml:34:25: Pump/wrong: there is no field `metadata.lables`
        34 | metadata: {name: wrong, lables: {a: b}}
           |                         ^^^^^^ did you mean `labels`?
      custom.yaml:36:9: Pump/wrong: `spec.rate` cannot be the number 0: should be greater than or equal to 1
        36 |   rate: 0
           |         ^
      custom.yaml:37:9: Pump/wrong: `spec.mode` cannot be the text "fats"
        37 |   mode: fats
           |         ^^^^ did you mean `fast`?
      custom.yaml:38:9: Pump/wrong: `spec.name` cannot be the text "UPPER": should match '^[a-z]+$'
        38 |   name: UPPER
           |         ^^^^^
      custom.yaml:39:3: Pump/wrong: `spec.tags`: must have at most 2 items
        39 |   tags: [a, 1, c]
           |   ^^^^
      custom.yaml:39:13: Pump/wrong: `spec.tags[1]`: must be of type string, not integer
        39 |   tags: [a, 1, c]
           |             ^
      custom.yaml:40:3: Pump/wrong: there is no field `spec.extra`
        40 |   extra: 1
           |   ^^^^^ expected one of mode, name, note, port, rate, rest, speed, tags
      custom.yaml:41:9: Pump/wrong: `spec.port`: must be of type integer,string, not number
        41 |   port: 1.5
           |         ^^^
      custom.yaml:48:1: Pump/missing: `spec.rate` is missing
        48 | spec: {mode: null}
           | ^^^^
      custom.yaml:48:14: Pump/missing: `spec.mode`: must be of type string, not null
        48 | spec: {mode: null}
           |              ^^^^
      custom.yaml:50:1: Pump/none: `spec` is missing
        50 | apiVersion: example.com/v1
           | ^^^^^^^^^^
      custom.yaml:58:10: Pump/right: there is no field `status.whatever`
        58 | status: {whatever: 1}
           |          ^^^^^^^^
      custom.yaml:60:13: Pump/unserved: Pump is not served as example.com/v2
        60 | apiVersion: example.com/v2
           |             ^^^^^^^^^^^^^^ did you mean `apiVersion: example.com/v1`?
    "##);
}
