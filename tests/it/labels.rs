//! Labels made by hand (tests/labels), which rules are measured against.

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
