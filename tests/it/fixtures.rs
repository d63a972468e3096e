//! The folders under fixtures/check and fixtures/fix: the folder is the test. Files beside the Dockerfile are its build
//! context. `UPDATE=1 cargo test` writes fixtures/fix/*/fixed.Dockerfile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use unladen::context::BuildContext;
use unladen::diagnostic::Applicability;
use unladen::fix::{self, FixWish, Outcome};
use unladen::lint;
use unladen::settings::Settings;
use unladen::text::SourceFile;

use crate::pages::render;

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{} holds no case", folder.display());
    found
}

fn source(case: &Path) -> SourceFile {
    SourceFile::from_bytes("Dockerfile", std::fs::read(case.join("Dockerfile")).unwrap())
}

/// What stands beside the Dockerfile; `None` when nothing does.
fn context(case: &Path) -> Option<BuildContext> {
    let mut files = BTreeMap::new();
    collect(case, case, &mut files);
    let listed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    (!listed.is_empty()).then(|| BuildContext::in_memory(&listed))
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let shown = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        if shown != "Dockerfile" && shown != "fixed.Dockerfile" {
            files.insert(shown, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
        }
    }
}

#[test]
fn check_fixtures_are_reported_as_they_were() {
    for case in cases("check") {
        let context = context(&case);
        let checked = lint::check(source(&case), context.as_ref(), &Settings::default());
        let report = render(&checked.source, &checked.diagnostics);
        let name = case.file_name().unwrap().to_str().unwrap().to_string();
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/check", omit_expression => true }, {
            insta::assert_snapshot!(name, report);
        });
    }
}

#[test]
fn fix_fixtures_become_their_fixed_text() {
    let wish = FixWish { applicability: Applicability::Unsafe, rewrites: true };
    for case in cases("fix") {
        let shown = case.display();
        let context = context(&case);
        let fixed = fix::fix(source(&case), context.as_ref(), &Settings::default(), wish);
        assert!(matches!(fixed.outcome, Outcome::Stable { .. }), "{shown}: {:?}", fixed.outcome);
        assert!(fixed.dropped.is_empty(), "{shown}: {:?}", fixed.dropped);
        let (path, ours) = (case.join("fixed.Dockerfile"), fixed.checked.source.all_bytes().into_owned());
        if std::env::var_os("UPDATE").is_some() && std::fs::read(&path).ok().as_deref() != Some(ours.as_slice()) {
            std::fs::write(&path, &ours).unwrap();
        }
        let expected = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // As text, so that a difference can be read; then as bytes, for line endings and odd bytes.
        assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&expected), "{shown} (left: ours)");
        assert_eq!(ours, expected, "{shown}");
        let again = fix::fix(fixed.checked.source, context.as_ref(), &Settings::default(), wish);
        assert!(!again.changed(), "{shown}: a second run changes it again: {:?}", again.applied);
    }
}
