//! The result of a comparison, printed as a table for people or as JSON.

use std::io::{self, Write};

use colored::{Color, Colorize};
use serde_json::{Value, json};

use super::report::{Case, Item, Outcome, Report, Side, Verdict};
use crate::report::{Style, megabytes};

/// More layers than that are summed up.
const MOST_LAYERS: usize = 6;

pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let show = Show { style };
    let arrow = if style.unicode { "→" } else { "->" };
    writeln!(
        out,
        "{} {arrow} {}  {}",
        plain(&report.before.name),
        plain(&report.after.name),
        show.dim(&report.engine)
    )?;
    show.sizes(report, out)?;
    show.section("Image config", &report.config, out)?;
    show.section("Inside the second image", &report.files, out)?;
    for case in &report.cases {
        show.section(&format!("Run, network off: {}", case.name), &case.items, out)?;
    }
    let missing: Vec<&String> = report.not_compared.iter().collect();
    if !missing.is_empty() {
        writeln!(out, "\n  {}", show.bold("Not compared", Color::Yellow))?;
        for line in missing {
            writeln!(out, "    - {}", plain(line))?;
        }
    }
    show.verdict(report, out)
}

struct Show {
    style: Style,
}

impl Show {
    fn bold(&self, text: &str, color: Color) -> String {
        if self.style.color { text.color(color).bold().to_string() } else { text.to_string() }
    }

    fn dim(&self, text: &str) -> String {
        if self.style.color { text.dimmed().to_string() } else { text.to_string() }
    }

    fn mark(&self, verdict: Verdict) -> String {
        let (wide, narrow, color) = match verdict {
            Verdict::Same => ("✔", "=", Color::Green),
            Verdict::Expected => ("~", "~", Color::Green),
            Verdict::Note => ("·", ".", Color::Cyan),
            Verdict::Different => ("✘", "!", Color::Red),
        };
        self.bold(if self.style.unicode { wide } else { narrow }, color)
    }

    fn sizes(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n  {}", self.bold("Size", Color::Blue))?;
        let sides: [(&str, &Side); 2] = [("before", &report.before), ("after", &report.after)];
        for (which, side) in sides {
            let size = if side.size > 0 { exact(side.size) } else { "unknown".into() };
            let built = side.build_seconds.map_or(String::new(), |seconds| format!("built in {seconds:.0} s"));
            let gain = match (which, report.before.size.checked_div(side.size)) {
                ("after", Some(times)) if times >= 2 => format!("{times} times smaller"),
                _ => String::new(),
            };
            let notes: Vec<String> = [gain, built].into_iter().filter(|note| !note.is_empty()).collect();
            writeln!(out, "    {which:<7} {size:>10}  {}", self.dim(&notes.join(", ")))?;
            for (bytes, by) in shown_layers(&side.layers) {
                let room = self.style.width.saturating_sub(26);
                let line = format!("{:>9}  {}", exact(bytes), cut(&plain(&by), room));
                writeln!(out, "            {}", self.dim(&line))?;
            }
        }
        Ok(())
    }

    fn section(&self, title: &str, items: &[Item], out: &mut dyn Write) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n  {}", self.bold(&plain(title), Color::Blue))?;
        // What is equal and needs no words goes on one line.
        let silent = |item: &&Item| item.verdict == Verdict::Same && item.text.is_empty();
        let equal: Vec<&str> = items.iter().filter(silent).map(|item| item.what.as_str()).collect();
        let width = items.iter().filter(|item| !silent(item)).map(|item| item.what.chars().count()).max().unwrap_or(0);
        if !equal.is_empty() {
            writeln!(out, "    {} the same: {}", self.mark(Verdict::Same), equal.join(", "))?;
        }
        for item in items.iter().filter(|item| !silent(item)) {
            self.item(item, width.min(28), out)?;
        }
        Ok(())
    }

    fn item(&self, item: &Item, width: usize, out: &mut dyn Write) -> io::Result<()> {
        let room = self.style.width.saturating_sub(20);
        let what = format!("{:<width$}", plain(&item.what));
        let what = if item.verdict == Verdict::Different { self.bold(&what, Color::Red) } else { what };
        let mut text = plain(&item.text);
        if item.verdict == Verdict::Expected {
            text = format!("{text} {}", self.dim("(expected of a rewrite)"));
        }
        let (Some(before), Some(after)) = (&item.before, &item.after) else {
            return writeln!(out, "    {} {}", self.mark(item.verdict), format!("{what}  {text}").trim_end());
        };
        let (before, after) = (cut(&plain(before), room), cut(&plain(after), room));
        writeln!(out, "    {} {}", self.mark(item.verdict), format!("{what}  {text}").trim_end())?;
        writeln!(out, "        {} {before}", self.dim("before"))?;
        writeln!(out, "        {} {after}", self.dim("after "))
    }

    fn verdict(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let count = report.items().filter(|item| item.verdict == Verdict::Different).count();
        let line = match report.outcome() {
            Outcome::Same => {
                let sizes = match (report.before.size, report.after.size) {
                    (0, _) | (_, 0) => String::new(),
                    (before, after) => format!(", {} instead of {}", megabytes(after), megabytes(before)),
                };
                format!("{}{sizes}", self.bold("same: what was compared is equal", Color::Green))
            }
            Outcome::Different if count == 1 => self.bold("different: 1 difference that is not expected", Color::Red),
            Outcome::Different => {
                self.bold(&format!("different: {count} differences that are not expected"), Color::Red)
            }
            Outcome::Unknown => {
                let why = report.unusable.as_deref().unwrap_or_default();
                format!("{} {}", self.bold("not compared:", Color::Yellow), plain(why))
            }
        };
        writeln!(out, "\n{line}")
    }
}

/// The largest by themselves, in their order, and the rest as one.
fn shown_layers(layers: &[(u64, String)]) -> Vec<(u64, String)> {
    if layers.len() <= MOST_LAYERS {
        return layers.to_vec();
    }
    let mut sizes: Vec<u64> = layers.iter().map(|(size, _)| *size).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let least = sizes.get(MOST_LAYERS - 2).copied().unwrap_or(0);
    let (large, small): (Vec<_>, Vec<_>) = layers.iter().cloned().partition(|(size, _)| *size >= least);
    let rest: u64 = small.iter().map(|(size, _)| size).sum();
    let mut shown = large;
    if !small.is_empty() {
        shown.push((rest, format!("({} smaller layers)", small.len())));
    }
    shown
}

/// `919.3 MB`: these are measured, so they have a decimal.
fn exact(bytes: u64) -> String {
    if bytes < 50_000 { megabytes(bytes) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

/// Without what a terminal would take for a command.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

pub(super) fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let side = |side: &Side| {
        json!({
            "name": side.name,
            "size": (side.size > 0).then_some(side.size),
            "build_seconds": side.build_seconds,
            "layers": side.layers.iter().map(|(size, by)| json!({"size": size, "created_by": by})).collect::<Vec<_>>(),
        })
    };
    let items = |items: &[Item]| -> Vec<Value> {
        let one = |item: &Item| {
            json!({
                "what": item.what, "verdict": item.verdict.name(), "text": item.text,
                "before": item.before, "after": item.after,
            })
        };
        items.iter().map(one).collect()
    };
    let case = |case: &Case| json!({"name": case.name, "items": items(&case.items)});
    let root = json!({
        "version": 1,
        "outcome": report.outcome().name(),
        "reason": report.unusable,
        "engine": report.engine,
        "before": side(&report.before),
        "after": side(&report.after),
        "config": items(&report.config),
        "files": items(&report.files),
        "runs": report.cases.iter().map(case).collect::<Vec<_>>(),
        "not_compared": report.not_compared,
    });
    serde_json::to_writer_pretty(&mut *out, &root)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let side = |name: &str, size, layers: &[(u64, &str)]| Side {
            name: name.into(),
            size,
            layers: layers.iter().map(|(size, by)| (*size, by.to_string())).collect(),
            build_seconds: Some(3.2),
        };
        Report {
            engine: "docker 26.1.5".into(),
            before: side("Dockerfile", 919_300_000, &[(823_700_000, "ADD x"), (95_600_000, "RUN go build")]),
            after: side("new", 7_700_000, &[(1_800_000, "(imported)"), (5_900_000, "COPY /a /a")]),
            config: vec![
                Item::new(Verdict::Same, "User", ""),
                Item::new(Verdict::Expected, "Cmd", "shell form").both("[\"a\"]", "[\"b\"]"),
            ],
            files: vec![Item::new(Verdict::Different, "program", "/app is not in the image")],
            cases: vec![Case {
                name: "its own command".into(),
                items: vec![Item::new(Verdict::Same, "exit", "both end with 0")],
            }],
            not_compared: vec!["the weather".into()],
            unusable: None,
        }
    }

    #[test]
    fn people_get_a_table_and_a_verdict() {
        let mut out = Vec::new();
        write(&report(), Style::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "Dockerfile → new  docker 26.1.5",
            "    before    919.3 MB  built in 3 s",
            "    after       7.7 MB  119 times smaller, built in 3 s",
            "              95.6 MB  RUN go build",
            "    ✔ the same: User",
            "    ~ Cmd  shell form (expected of a rewrite)",
            "        before [\"a\"]",
            "    ✘ program  /app is not in the image",
            "    - the weather",
            "different: 1 difference that is not expected",
        ] {
            assert!(text.lines().any(|other| other == line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn programs_get_the_same_as_json() {
        let mut out = Vec::new();
        write_json(&report(), &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["outcome"], "different");
        assert_eq!(value["before"]["size"], 919_300_000);
        assert_eq!(value["files"][0]["verdict"], "different");
    }

    #[test]
    fn many_layers_are_summed_up() {
        let layers: Vec<(u64, String)> = (1..=10).map(|size| (size, format!("layer {size}"))).collect();
        let shown = shown_layers(&layers);
        assert_eq!(shown.len(), MOST_LAYERS);
        assert_eq!(shown.last().unwrap(), &(15, "(5 smaller layers)".to_string()));
        assert_eq!(shown.iter().map(|(size, _)| size).sum::<u64>(), 55);
    }
}
