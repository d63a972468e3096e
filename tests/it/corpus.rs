//! The tool on every file of the corpus in ../shared; skipped with a message where that is not there.

use std::collections::HashMap;

use unladen::syntax;
use unladen::text::SourceFile;

use crate::parse::{corpus_files, shared};

/// BuildKit's verdicts were made once and stand beside the corpus: this runs without Go.
#[test]
fn corpus_parses_as_the_kept_verdicts_of_buildkit_say() {
    let (Some(folder), Some(files)) = (shared(), corpus_files()) else { return };
    let Ok(table) = std::fs::read_to_string(folder.join("corpus/buildkit_verdicts.tsv")) else {
        eprintln!("skipped: corpus/buildkit_verdicts.tsv is not there");
        return;
    };
    let verdicts: HashMap<&str, (bool, &str)> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (id, verdict, list) = (fields.next()?, fields.next()?, fields.next()?);
            Some((id, (verdict == "ok", list.trim_end_matches(','))))
        })
        .collect();
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    for (id, text) in &files {
        let Some((ok, list)) = verdicts.get(id.as_str()) else { continue };
        let source = SourceFile::from_bytes("Dockerfile", text.clone());
        let file = syntax::parse(&source);
        let names: Vec<String> = file.instructions().map(|(_, inst)| inst.name.text.to_uppercase()).collect();
        if *ok {
            accepted += 1;
            if !file.errors.is_empty() || names.join(",") != *list {
                wrong.push(format!("{id}: {:?} {}", file.errors.first(), names.join(",")));
            }
        } else {
            refused += 1;
            if file.errors.is_empty() {
                wrong.push(format!("{id}: BuildKit refuses it"));
            }
        }
    }
    eprintln!("{accepted} accepted and {refused} refused by BuildKit, {} read otherwise here", wrong.len());
    assert!(accepted > 2000, "the verdicts do not fit the corpus");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
