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
    half: String,
}

fn labels() -> Vec<Label> {
    let text = include_str!("../labels/single_stage.tsv");
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 5, "five columns: {line}");
            Label {
                id: cells[0].into(),
                label: cells[1].into(),
                reason: cells[2].into(),
                sample: cells[3].into(),
                half: cells[4].into(),
            }
        })
        .collect()
}

/// Path and text of the files of the corpus by id, or `None` on a machine without it.
fn corpus() -> Option<BTreeMap<String, (String, String)>> {
    let shared = std::env::var_os("UNLADEN_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let packed = std::fs::read(shared.join("corpus/dockerfiles.jsonl.gz")).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let cell = |name: &str| row[name].as_str().unwrap().to_owned();
        files.insert(cell("id"), (cell("path"), cell("text")));
    }
    Some(files)
}

#[test]
fn labels_are_well_formed() {
    let labels = labels();
    assert_eq!(labels.len(), 587);
    for label in &labels {
        assert!(["yes", "no", "unsure"].contains(&label.label.as_str()), "{}: {}", label.id, label.label);
        let samples = ["random", "build-words", "random2", "build-words2", "random3", "build-words3", "build-words4"];
        assert!(samples.contains(&label.sample.as_str()), "{}: {}", label.id, label.sample);
        assert!(["odd", "even"].contains(&label.half.as_str()), "{}: {}", label.id, label.half);
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
    // By sample too, because a sample that was not looked at says more than one that was.
    let mut by_sample: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let (mut right, mut false_alarms, mut missed) = (0, Vec::new(), Vec::new());
    let labels = labels();
    for label in labels.iter().filter(|label| label.label != "unsure") {
        let (path, text) = files.get(&label.id).expect("every labelled file is in the corpus");
        let checked = lint::check(SourceFile::new(path, text.clone()), None, &settings);
        let fires = !checked.diagnostics.is_empty();
        let counts = by_sample.entry(&label.sample).or_default();
        counts[usize::from(fires) * 2 + usize::from(label.label == "yes")] += 1;
        // The rule was written on the even half.
        if label.half == "even" {
            continue;
        }
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
    for (sample, [silent, missed, false_alarms, right]) in by_sample {
        eprintln!("  {sample}: {right} right, {missed} missed, {false_alarms} false alarms, {silent} rightly silent");
    }
    eprintln!("  false alarms: {false_alarms:#?}\n  missed: {missed:#?}");
    assert!(precision >= 0.9, "precision {precision:.3}");
    assert!(recall >= 0.9, "recall {recall:.3}");
}
