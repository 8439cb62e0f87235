//! How tables lie: widths, windows, what gives way, and that long ones lie as short ones do.

use super::*;

fn example() -> Rows {
    let mut rows = Rows::new(&["NAME", "STATUS", "REASON"]);
    rows.push(vec![
        "web".into(),
        Cell::toned("Healthy", Tone::Good),
        "everything\nis \u{1b}[31mready and works as it should".into(),
    ]);
    rows.push(vec!["a-longer-name".into(), or_dash(None::<u64>), or_dash(Some(""))]);
    rows
}

#[test]
fn a_row_is_a_line_where_nobody_looks() {
    assert_eq!(
        example().render(Stream::PLAIN, None),
        "NAME           STATUS   REASON\n\
         web            Healthy  everything is \\u{1b}[31mready and works as it should\n\
         a-longer-name  -        -\n"
    );
}

#[test]
fn the_last_column_is_cut_to_a_window() {
    let terminal = Stream { terminal: true, colour: false };
    let mut rows = example();
    rows.push(vec!["漢字e\u{301}".into(), "x".into(), "漢字漢字漢字漢字漢字漢字漢字".into()]);
    let told: String = [140, 60, 49, 20]
        .map(|width| format!("{width}\n{}", rows.render(terminal, Some(width))))
        .concat();
    insta::assert_snapshot!(told, @r"
    140
    NAME           STATUS   REASON
    web            Healthy  everything is \u{1b}[31mready and works as it should
    a-longer-name  -        -
    漢字é          x        漢字漢字漢字漢字漢字漢字漢字
    60
    NAME           STATUS   REASON
    web            Healthy  everything is \u{1b}[31mready and…
    a-longer-name  -        -
    漢字é          x        漢字漢字漢字漢字漢字漢字漢字
    49
    NAME           STATUS   REASON
    web            Healthy  everything is \u{1b}[31…
    a-longer-name  -        -
    漢字é          x        漢字漢字漢字漢字漢字漢…
    20
    NAME           STATUS   REASON
    web            Healthy  everything…
    a-longer-name  -        -
    漢字é          x        漢字漢字漢…
    ");
    for line in rows.render(terminal, Some(60)).lines() {
        assert!(columns(line) < 60, "{line}");
    }
}

#[test]
fn columns_give_way_to_a_narrow_window_in_their_order() {
    let terminal = Stream { terminal: true, colour: false };
    let mut rows = Rows::new(&["NAME", "DEFINITION", "AGE", "STATUS", "REASON"])
        .giving_way(&["DEFINITION", "AGE"]);
    let reason = "Deployment/web: none of its pods is ready";
    rows.push(["web", "frontend", "3 h", "Unhealthy", reason].map(Cell::from).to_vec());
    rows.push(["db", "database", "20 min", "Healthy", "-"].map(Cell::from).to_vec());
    let told: String = [80, 50, 40, 30]
        .map(|width| format!("{width}\n{}", rows.render(terminal, Some(width))))
        .concat();
    insta::assert_snapshot!(told, @"
    80
    NAME  DEFINITION  AGE     STATUS     REASON
    web   frontend    3 h     Unhealthy  Deployment/web: none of its pods is ready
    db    database    20 min  Healthy    -
    50
    NAME  DEFINITION  AGE     STATUS     REASON
    web   frontend    3 h     Unhealthy  Deployment/…
    db    database    20 min  Healthy    -
    40
    NAME  AGE     STATUS     REASON
    web   3 h     Unhealthy  Deployment/we…
    db    20 min  Healthy    -
    30
    NAME  STATUS     REASON
    web   Unhealthy  Deployment/…
    db    Healthy    -
    ");
    let whole = rows.render(Stream::PLAIN, None);
    assert!(whole.starts_with("NAME  DEFINITION  AGE     STATUS     REASON\n"), "{whole}");
    // The last column is what is left; it does not give way, however it is called.
    let mut short = Rows::new(&["NAME", "STATUS", "AGE"]).giving_way(&["AGE"]);
    short.push(["web", "Healthy", "3 h"].map(Cell::from).to_vec());
    assert_eq!(short.render(terminal, Some(10)), "NAME  STATUS   AGE\nweb   Healthy  3 h\n");
}

#[test]
fn a_long_text_is_a_line_too() {
    let mut rows = Rows::new(&["NAME", "REASON"]);
    rows.push(vec!["web".into(), "long ".repeat(20_000).into()]);
    assert_eq!(rows.render(Stream::PLAIN, None).lines().count(), 2);
    assert_eq!(rows.render(Stream::PLAIN, Some(80)).lines().count(), 2);
}

#[test]
fn many_rows_are_written_as_few_are_laid_out() {
    let mut rows = example().giving_way(&["STATUS"]);
    rows.push(["漢字e\u{301}", "", "x"].map(Cell::from).to_vec());
    rows.push(vec![" ".into(), Cell::toned("w".repeat(100), Tone::Warn), "".into()]);
    rows.push(["-", "two  words", "漢字漢字漢字漢字漢字漢字漢字"].map(Cell::from).to_vec());
    let mut short = Rows::new(&["NAME"]);
    short.push(vec!["web".into()]);
    let mut dropped = example();
    dropped.drop_empty(&["NAME", "STATUS", "REASON"]);
    for rows in [&rows, &short, &dropped, &Rows::new(&["A", "B"])] {
        for window in [None, Some(140), Some(60), Some(20)] {
            for stream in [Stream::PLAIN, Stream { terminal: true, colour: true }] {
                let [few, many] = [false, true].map(|it| rows.render_as(it, stream, window));
                assert_eq!(few, many, "{window:?} {stream:?}");
            }
        }
    }
    let mut many = Rows::new(&["NAME", "AGE"]);
    (0..LAID_OUT).for_each(|_| many.push(vec!["web".into(), "3 h".into()]));
    assert!(many.render(Stream::PLAIN, None).ends_with("\nweb   3 h\n"));
}

#[test]
fn colours_do_not_shift_columns() {
    let text = example().render(Stream { terminal: true, colour: true }, None);
    assert!(text.contains("\u{1b}[32mHealthy\u{1b}[0m  everything"), "{text:?}");
}
