//! Comments that switch findings off, each for what it speaks for.

use unladen::diagnostic::Severity;
use unladen::lint;
use unladen::settings::{Profile, Settings};
use unladen::text::SourceFile;

/// `line rule` of what is left.
fn left(text: &str, settings: &Settings) -> Vec<String> {
    let checked = lint::check(SourceFile::new("Dockerfile", text), None, settings);
    let line = |at: u32| checked.source.line_col(at).line;
    checked.diagnostics.iter().map(|found| format!("{} {}", line(found.span.start), found.rule)).collect()
}

#[test]
fn a_comment_speaks_for_its_instruction_stage_or_file() {
    let settings = Settings { select: Some(vec!["cd-in-run", "stage-name-casing"]), ..Settings::default() };
    let cases: &[(&str, &[&str])] = &[
        ("# hadolint ignore=DL3003\nRUN cd a\nRUN cd b\n", &["4 cd-in-run"]),
        ("RUN a && \\\n # hadolint ignore=DL3003\n cd b\n", &[]),
        ("# trivy:ignore:DS013\nRUN cd a\nRUN cd b\n", &["4 cd-in-run"]),
        ("# checkov:skip=CKV_DOCKER_1:no\nRUN cd a\n", &["3 cd-in-run"]),
        ("RUN cd a\n# tally global ignore=hadolint/DL3003;reason=x\nRUN cd b\n", &[]),
        ("RUN cd a\n# hadolint global ignore=DL3003\nRUN cd b\n", &[]),
        ("# dockerfile-utils: ignore\nRUN cd a\n", &[]),
        // BuildKit's word for all of its checks is not for the others.
        ("# check=skip=all\nRUN cd a\n", &["3 cd-in-run"]),
        ("# hadolint stage ignore=DL3003\nFROM a\nRUN cd a\nFROM b\nRUN cd b\n", &["6 cd-in-run"]),
        ("# check=skip=StageNameCasing // why\nFROM a AS B\nFROM a AS C\n", &["4 stage-name-casing"]),
    ];
    for (text, expected) in cases {
        assert_eq!(left(&format!("FROM x\n{text}"), &settings), *expected, "{text}");
    }
    assert_eq!(left("# check=skip=all\nFROM a AS B\nRUN cd a\n", &settings), ["3 cd-in-run"]);
}

#[test]
fn error_true_makes_errors_of_buildkits_checks() {
    let severities = |text: &str, settings: &Settings| {
        let checked = lint::check(SourceFile::new("Dockerfile", text), None, settings);
        checked.diagnostics.iter().map(|found| (found.rule, found.severity)).collect::<Vec<_>>()
    };
    let select = Some(vec!["cd-in-run", "stage-name-casing"]);
    let settings = Settings { select, profile: Profile::Default, ..Settings::default() };
    let text = "# check=error=true\nFROM a AS B\nRUN cd a\n";
    let found = [("stage-name-casing", Severity::Error), ("cd-in-run", Severity::Warning)];
    assert_eq!(severities(text, &settings), found);
    // What the user says of the severity wins.
    let given = Settings { severities: [("stage-name-casing", Severity::Info)].into(), ..settings.clone() };
    assert_eq!(severities(text, &given)[0].1, Severity::Info);
    let mut settings = settings;
    settings.model.build_args = vec![("BUILDKIT_DOCKERFILE_CHECK".into(), "skip=StageNameCasing;error=true".into())];
    assert_eq!(severities("FROM a AS B\nRUN cd a\n", &settings), [("cd-in-run", Severity::Warning)]);
}
