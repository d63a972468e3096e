//! fixtures/builder/<case>: Dockerfile.build, build.sh and Dockerfile of a builder pattern, and the rewritten.Dockerfile
//! or refusal.txt that comes of them. `UPDATE=1 cargo test --test it builder` writes the expected files.

use std::path::Path;

use unladen::rewrite::builder_pattern::{Pattern, merge};
use unladen::syntax;
use unladen::text::SourceFile;

#[test]
fn the_files_of_a_builder_pattern_become_one_or_are_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/builder");
    let mut merged_files = 0;
    for dir in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        let load = |name: &str| SourceFile::from_bytes(name, std::fs::read(dir.join(name)).unwrap());
        let (build, script, ship) = (load("Dockerfile.build"), load("build.sh"), load("Dockerfile"));
        let (text, refusal) = match merge(&Pattern { build: &build, script: &script, ship: &ship }) {
            Ok(merged) => {
                let after = ship.apply(&merged.edits).unwrap();
                let file = syntax::parse(&after);
                assert!(file.errors.is_empty(), "{}: {:?}", dir.display(), file.errors);
                // The builder stays as it is but for its name.
                let whole = after.text.replacen(" AS build", "", 1).replacen(" as build", "", 1);
                assert!(whole.starts_with(build.text.replacen(" AS build", "", 1).trim_end()), "{}", dir.display());
                merged_files += 1;
                (Some(after.text), None)
            }
            Err(refusal) => {
                assert_eq!(refusal.reason, "builder-pattern", "{}: {}", dir.display(), refusal.message);
                (None, Some(format!("{}\n", refusal.message)))
            }
        };
        for (name, want) in [("rewritten.Dockerfile", text), ("refusal.txt", refusal)] {
            let path = dir.join(name);
            let have = std::fs::read_to_string(&path).ok();
            match (std::env::var_os("UPDATE"), &want) {
                (Some(_), Some(text)) => std::fs::write(&path, text).unwrap(),
                (Some(_), None) if have.is_some() => std::fs::remove_file(&path).unwrap(),
                (Some(_), None) => {}
                (None, _) => assert_eq!(have, want, "{}", path.display()),
            }
        }
    }
    assert!(merged_files >= 4, "only {merged_files} are merged");
}
