//! The rule `single-stage-build` against labels made by hand (tests/labels): precision and recall.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use unladen::lint;
use unladen::rules;
use unladen::settings::Settings;
use unladen::text::SourceFile;

struct Label {
    id: String,
    label: String,
    reason: String,
    sample: String,
}

fn labels() -> Vec<Label> {
    let text = include_str!("../labels/single_stage.tsv");
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 4, "four columns: {line}");
            Label { id: cells[0].into(), label: cells[1].into(), reason: cells[2].into(), sample: cells[3].into() }
        })
        .collect()
}

/// The texts of the corpus by id, or `None` on a machine without it.
fn corpus() -> Option<BTreeMap<String, String>> {
    let shared = std::env::var_os("UNLADEN_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let packed = std::fs::read(shared.join("corpus/dockerfiles.jsonl.gz")).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        files.insert(row["id"].as_str().unwrap().to_owned(), row["text"].as_str().unwrap().to_owned());
    }
    Some(files)
}

#[test]
fn labels_are_well_formed() {
    let labels = labels();
    assert_eq!(labels.len(), 230);
    for label in &labels {
        assert!(["yes", "no", "unsure"].contains(&label.label.as_str()), "{}: {}", label.id, label.label);
        assert!(["random", "build-words"].contains(&label.sample.as_str()), "{}: {}", label.id, label.sample);
        assert!(!label.reason.is_empty(), "{}", label.id);
    }
    assert!(labels.is_sorted_by(|a, b| a.id < b.id), "sorted by id, each once");
}

#[test]
fn single_stage_build_agrees_with_the_labels() {
    let Some(files) = corpus() else {
        eprintln!("skipped: no corpus at ../shared (set UNLADEN_SHARED)");
        return;
    };
    let rule = rules::find("single-stage-build").expect("the rule is in the table");
    let settings = Settings { select: Some(vec![rule.slug]), disable_ignores: true, ..Settings::default() };
    let (mut right, mut false_alarms, mut missed) = (0, Vec::new(), Vec::new());
    for label in labels().iter().filter(|label| label.label != "unsure") {
        let text = files.get(&label.id).expect("every labelled file is in the corpus");
        let checked = lint::check(SourceFile::new("Dockerfile", text.clone()), None, &settings);
        let fires = !checked.diagnostics.is_empty();
        match (fires, label.label == "yes") {
            (true, true) => right += 1,
            (true, false) => false_alarms.push(format!("{} ({}; {})", label.id, label.reason, label.sample)),
            (false, true) => missed.push(format!("{} ({}; {})", label.id, label.reason, label.sample)),
            (false, false) => {}
        }
    }
    let share = |wrong: usize| f64::from(right) / (f64::from(right) + wrong as f64);
    let (precision, recall) = (share(false_alarms.len()), share(missed.len()));
    eprintln!("single-stage-build: precision {precision:.3}, recall {recall:.3}, {right} right");
    eprintln!("  false alarms: {false_alarms:#?}\n  missed: {missed:#?}");
    assert!(precision >= 0.9, "precision {precision:.3}");
    assert!(recall >= 0.9, "recall {recall:.3}");
}
