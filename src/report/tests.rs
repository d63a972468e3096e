use crate::diagnostic::Waste;
use proptest::prelude::*;

use super::*;
use crate::lint;
use crate::settings::Settings;
use crate::text::{SourceFile, Span};

const TEXT: &str = "FROM golang:1.24\nWORKDIR /app\nRUN apt-get update && \\\n    apt-get install -y curl\nCOPY . .\nRUN go build -o /app/main .\nCMD /app/main\n";

fn checked(path: &str, bytes: impl Into<Vec<u8>>, diagnostics: Vec<Diagnostic>) -> Checked {
    let source = SourceFile::from_bytes(path, bytes.into());
    let mut checked = lint::check(source, None, &Settings { select: Some(Vec::new()), ..Settings::default() });
    checked.diagnostics = diagnostics;
    checked
}

fn span(text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap() as u32;
    Span::new(start, start + part.len() as u32)
}

fn stamped(mut diagnostic: Diagnostic, rule: &'static str, severity: Severity, cost: Option<Cost>) -> Diagnostic {
    diagnostic.rule = rule;
    diagnostic.severity = severity;
    diagnostic.cost = cost;
    diagnostic
}

fn mb(low: u64, likely: u64, high: u64, basis: Basis) -> Option<Cost> {
    Some(Cost { size: Size { low: low * 1_000_000, likely: likely * 1_000_000, high: high * 1_000_000 }, basis })
}

fn findings() -> Vec<Diagnostic> {
    vec![
        stamped(
            Diagnostic::at(span(TEXT, "golang:1.24"), "the compiler and its sources ship with the program")
                .label(span(TEXT, "go build -o /app/main ."), "the program is built here")
                .help("build in a first stage and copy the program into a small image")
                .waste(Waste::Rewrite(Cost { size: Size::exact(900_000_000), basis: Basis::Table }))
                .rewrite(
                    Applicability::Safe,
                    "Split into a build stage and a distroless image; loses: shell, package manager",
                    vec![],
                ),
            "first-rule",
            Severity::Warning,
            mb(880, 900, 920, Basis::Table),
        ),
        stamped(
            Diagnostic::at(span(TEXT, "apt-get install"), "recommended packages are installed too")
                .label(span(TEXT, "apt-get update"), "the lists come from here")
                .help("add --no-install-recommends, and name the packages that you do need")
                .waste(Waste::Recommends { names: vec!["curl".into()] })
                .fix(Applicability::Unsafe, "Add --no-install-recommends", vec![]),
            "second-rule",
            Severity::Info,
            mb(2, 8, 30, Basis::Estimated),
        ),
        stamped(
            Diagnostic::at(span(TEXT, "CMD /app/main"), "the program does not get the signals that docker stop sends"),
            "third-rule",
            Severity::Style,
            None,
        ),
    ]
}

fn print(format: Format, style: Style, files: Vec<FileReport>) -> String {
    let report = Report { files, ..Report::default() };
    let mut out = Vec::new();
    write(format, style, &report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> Vec<FileReport> {
    vec![FileReport::new(checked("app/Dockerfile", TEXT, findings()), FailOn::default())]
}

#[test]
fn findings_are_shown_with_place_reason_cost_and_fix() {
    insta::assert_snapshot!("pretty", print(Format::Pretty, Style::default(), sample()));
    let ascii = Style { unicode: false, width: 60, ..Style::default() };
    insta::assert_snapshot!("pretty_ascii", print(Format::Pretty, ascii, sample()));
}

#[test]
fn other_formats_say_the_same() {
    insta::assert_snapshot!("concise", print(Format::Concise, Style::default(), sample()));
    insta::assert_snapshot!("json", print(Format::Json, Style::default(), sample()));
    for (name, shape) in hadolint::SHAPES {
        let text = print(Format::Hadolint(*shape), Style::default(), sample());
        insta::assert_snapshot!(format!("hadolint_{name}"), text.replace('\0', "\u{2400}"));
    }
}

#[test]
fn quiet_is_the_summary_and_no_findings_are_no_noise() {
    let quiet = Style { quiet: true, ..Style::default() };
    let said = print(Format::Pretty, quiet, sample());
    assert_eq!(
        said,
        "3 findings in 1 file: 1 warning, 1 info, 1 style · about 900 MB could be saved\n\
         the image weighs at least 708 MB; all fixes save 8.0 MB, the rewrite 900 MB\n\
         1 fixable with --fix, 1 more with --fix --unsafe-fixes\n"
    );
    let clean = || vec![FileReport::new(checked("a", TEXT, Vec::new()), FailOn::default())];
    assert_eq!(print(Format::Pretty, quiet, clean()), "");
    assert_eq!(print(Format::Pretty, Style::default(), clean()), "no findings in 1 file\n");
}

#[test]
fn colours_are_there_when_asked_for() {
    let said = print(Format::Pretty, Style { color: true, ..Style::default() }, sample());
    assert!(said.contains("\u{1b}[1;33mwarning[first-rule]\u{1b}[0m"), "{said:?}");
    assert!(!print(Format::Pretty, Style::default(), sample()).contains('\u{1b}'));
}

#[test]
fn long_lines_are_cut_and_control_characters_made_visible() {
    let long = format!(
        "FROM a\nRUN echo {} && apt-get install x && echo {}\nRUN \u{1b}[31mred\u{7} \u{202e}x\0\r\n",
        "x".repeat(600),
        "y".repeat(1_000_000)
    );
    let at = |span: Span, message: &str| stamped(Diagnostic::at(span, message), "a-rule", Severity::Error, None);
    let findings = vec![
        at(span(&long, "apt-get install"), "in the middle")
            .label(span(&long, "yyy\n"), "far to the right")
            .label(span(&long, "RUN echo"), "at the start"),
        at(span(&long, "\u{1b}[31mred"), "a message with \u{1b}[31m"),
        at(Span::new(0, long.len() as u32), "all of it"),
        at(Span::at(long.len() as u32), "the end"),
    ];
    let mut file = checked("Dockerfile", long, findings);
    file.dockerfile.errors.clear();
    let said = print(Format::Pretty, Style::default(), vec![FileReport::new(file, FailOn::default())]);
    insta::assert_snapshot!("long_lines", said);
}

#[test]
fn what_was_fixed_and_what_was_taken_back_is_said() {
    let file = FileReport {
        applied: vec![Applied {
            rule: "first-rule",
            title: "Delete the lists".into(),
            applicability: Applicability::Safe,
            kind: crate::diagnostic::FixKind::Edit,
            pass: 1,
            line: 3,
        }],
        dropped: vec![Dropped { rule: "second-rule", title: "Break it".into(), why: "it loses a comment".into() }],
        outcome: Some(Outcome::Stable { passes: 1 }),
        ..FileReport::new(checked("Dockerfile", TEXT, Vec::new()), FailOn::default())
    };
    assert_eq!(
        print(Format::Pretty, Style::default(), vec![file]),
        "fixed Dockerfile:3 Delete the lists [first-rule]\n\
         taken back Dockerfile Break it [second-rule]: it loses a comment (please report this)\n\
         1 fix applied in 1 file\n\
         no findings in 1 file\n"
    );
}

#[test]
fn the_same_waste_counts_once_and_a_rewrite_counts_for_all() {
    let cost = |millions| mb(millions, millions, millions, Basis::Table);
    let at = |waste: Waste, millions| {
        stamped(Diagnostic::at(Span::new(0, 4), "x").waste(waste), "r", Severity::Info, cost(millions))
    };
    let lists = || at(Waste::Leftover("apt-lists"), 20);
    let total = |findings| {
        FileReport::new(checked("a", TEXT, findings), FailOn::default()).savings().findings.likely / 1_000_000
    };
    assert_eq!(total(vec![lists(), lists()]), 20);
    assert_eq!(total(vec![lists(), at(Waste::Leftover("go-build-cache"), 100)]), 120);
    let rewrite = || at(Waste::Rewrite(Cost { size: Size::exact(1), basis: Basis::Table }), 900);
    assert_eq!(total(vec![lists(), rewrite()]), 900);
}

#[test]
fn a_run_fails_at_the_severity_that_was_asked_for() {
    let fails = |fail_on| FileReport::new(checked("a", TEXT, findings()), fail_on).fails();
    assert!(fails(FailOn::At(Severity::Warning)) && fails(FailOn::default()));
    assert!(!fails(FailOn::At(Severity::Error)) && !fails(FailOn::Never));
    let style_only = vec![findings().pop().unwrap()];
    assert!(!FileReport::new(checked("a", TEXT, style_only), FailOn::default()).fails());
    let broken = || checked("a", "FROM a\nRUNN x\n", Vec::new());
    assert!(FileReport::new(broken(), FailOn::At(Severity::Error)).fails());
    assert!(!FileReport::new(broken(), FailOn::Never).fails());
}

proptest! {
    /// Whatever a rule marks in whatever file: nothing panics, and no line is longer than a terminal bears.
    #[test]
    fn any_span_of_any_bytes_can_be_shown(
        bytes in proptest::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\t')], 0..400),
        places in proptest::collection::vec((any::<u16>(), any::<u16>()), 1..5),
    ) {
        let source = SourceFile::from_bytes("a", bytes.clone());
        let boundary = |at: u16| {
            let mut at = usize::from(at) % (source.text.len() + 1);
            while !source.text.is_char_boundary(at) {
                at -= 1;
            }
            at as u32
        };
        let spans: Vec<Span> = places
            .iter()
            .map(|(a, b)| (boundary(*a), boundary(*b)))
            .map(|(a, b)| Span::new(a.min(b), a.max(b)))
            .collect();
        let mut finding = Diagnostic::at(spans[0], "a message");
        for span in &spans[1..] {
            finding = finding.label(*span, "a label");
        }
        let report = FileReport::new(checked("a", bytes, vec![finding]), FailOn::default());
        let said = print(Format::Pretty, Style { width: 80, ..Style::default() }, vec![report]);
        let controls = said.chars().filter(|char| char.is_control() && !matches!(char, '\n' | '\t')).count();
        prop_assert_eq!(controls, 0);
        prop_assert!(!said.contains("Failed to read"), "{}", said);
    }
}

#[test]
fn small_sizes_have_a_decimal_and_large_ones_none() {
    let shown: Vec<String> =
        [0, 900, 49_999, 50_000, 1_840_000, 9_949_999, 9_950_000, 20_400_000, 1_234_000_000].map(megabytes).to_vec();
    assert_eq!(shown, ["0 B", "900 B", "50.0 kB", "0.1 MB", "1.8 MB", "9.9 MB", "10 MB", "20 MB", "1234 MB"]);
}
