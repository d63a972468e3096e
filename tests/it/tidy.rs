//! What the source must look like: layers, file lengths, no panics, sorted tables, the generated part of the README.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use unladen::rules::{FixAvailability, RULES};

/// Each uses only what stands before it.
const LAYERS: [&str; 14] = [
    "text",
    "syntax",
    "shell",
    "context",
    "model",
    "diagnostic",
    "settings",
    "size",
    "rewrite",
    "rules",
    "lint",
    "fix",
    "report",
    "config",
];

/// A source file with its path below the repository, and its text without tests and comments.
struct Source {
    path: String,
    layer: String,
    text: String,
    /// Lines before the tests.
    lines: usize,
    code: String,
}

fn is_test_line(line: &str) -> bool {
    line == "#[cfg(test)]" || line.starts_with("#[cfg(all(test,")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut sources = Vec::new();
    for path in files(&src, "rs") {
        // A file of tests is named so, as in `src/fix/tests.rs`.
        if path.file_stem().is_some_and(|stem| stem == "tests" || stem == "case") && is_test_module(&path) {
            continue;
        }
        let inside = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path).unwrap();
        let own: Vec<&str> = text.lines().take_while(|line| !is_test_line(line)).collect();
        let code: Vec<&str> = own.iter().copied().filter(|line| !line.trim_start().starts_with("//")).collect();
        sources.push(Source {
            layer: inside.split(['/', '.']).next().unwrap().to_string(),
            path: format!("src/{inside}"),
            lines: own.len(),
            code: code.join("\n"),
            text,
        });
    }
    assert!(sources.len() > 20);
    sources
}

/// The module is declared under `#[cfg(test)]` by the file beside it.
fn is_test_module(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let parent = std::fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
    parent.contains(&format!("#[cfg(test)]\nmod {stem};"))
}

/// The top-level modules that a text names: `crate::x` and the names of `crate::{x, y::z}`.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    let name = |text: &str| text.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect::<String>();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, char) in group.char_indices() {
            match char {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                _ if start && char.is_alphabetic() => {
                    used.push(name(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn names_of_modules_are_found_in_lines_paths_and_groups() {
    let used =
        used_modules("use crate::text::Span;\nuse crate::{model::{self, X}, rules, fix::Fixed};\ncrate::lint::check()");
    assert_eq!(used, ["text", "model", "rules", "fix", "lint"]);
}

#[test]
fn a_module_uses_only_what_stands_before_it() {
    let place = |layer: &str| LAYERS.iter().position(|other| *other == layer);
    let mut wrong = Vec::new();
    for source in sources() {
        if ["lib", "main", "cli", "lsp"].contains(&source.layer.as_str()) {
            continue;
        }
        let Some(own) = place(&source.layer) else {
            wrong.push(format!("{}: `{}` is in no layer; add it to LAYERS", source.path, source.layer));
            continue;
        };
        for used in used_modules(&source.code) {
            if place(&used).is_none_or(|used| used > own) {
                wrong.push(format!("{} ({}) uses crate::{used}", source.path, source.layer));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_outer_layers_touch_the_outer_world() {
    let outer = ["cli", "lsp", "config", "main"];
    let world =
        ["std::fs", "std::env", "std::time", "std::process", "std::net", "io::stdin", "io::stdout", "io::stderr"];
    let printing = ["miette::", "colored::", "serde_yaml::", "clap::"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !outer.contains(&source.layer.as_str())) {
        let printing = printing.iter().filter(|_| source.layer != "report");
        for name in world.iter().chain(printing).filter(|name| source.code.contains(*name)) {
            wrong.push(format!("{} uses {name}", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_subject() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines > 600)
        .map(|source| format!("{}: {} lines without tests; 600 is the stop", source.path, source.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_holds() {
    let silent: Vec<String> =
        sources().iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path.clone()).collect();
    assert!(silent.is_empty(), "no //! line at the top of {silent:?}");
}

#[test]
fn the_library_does_not_panic_on_purpose() {
    let words = [".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!("];
    let mut wrong = Vec::new();
    for source in sources() {
        for (line, number) in source.text.lines().take(source.lines).zip(1..) {
            let code = !line.trim_start().starts_with("//");
            for word in words.iter().filter(|word| code && line.contains(*word)) {
                wrong.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A year, a month or a day.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().all(digits) && parts.iter().map(|part| part.len()).eq([4, 2, 2].into_iter().take(parts.len()))
}

#[test]
fn tables_are_sorted_and_every_row_has_a_date_and_a_source() {
    let directory = root().join("rules/tables");
    let readme = std::fs::read_to_string(directory.join("README.md")).unwrap_or_default();
    let mut wrong = Vec::new();
    let tables = files(&directory, "tsv");
    assert!(!tables.is_empty());
    for path in tables {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().zip(1..);
        let header: Vec<&str> = lines.next().unwrap().0.trim_start_matches('#').split('\t').collect();
        let column = |wanted: &str| header.iter().position(|column| *column == wanted);
        let Some(date) = column("date") else {
            wrong.push(format!("{name}: no column `date`"));
            continue;
        };
        // One source for the whole table is named in the README beside it.
        let source = column("source");
        if source.is_none() && !readme.contains(&format!("`{name}`")) {
            wrong.push(format!("{name}: no column `source` and no line in rules/tables/README.md"));
        }
        let mut before = String::new();
        for (line, number) in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            if columns.len() != header.len() {
                wrong.push(format!("{name}:{number}: {} columns, the header has {}", columns.len(), header.len()));
                continue;
            }
            if columns[0] < before.as_str() {
                wrong.push(format!("{name}:{number}: `{}` stands after `{before}`", columns[0]));
            }
            if !is_date(columns[date]) {
                wrong.push(format!("{name}:{number}: `{}` is no date", columns[date]));
            }
            if source.is_some_and(|source| columns[source].trim().is_empty()) {
                wrong.push(format!("{name}:{number}: no source"));
            }
            before = columns[0].to_string();
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const BEGIN: &str = "<!-- rules: written by `UPDATE=1 cargo test` -->";
const END: &str = "<!-- end of rules -->";

fn rule_table() -> String {
    let mut table = String::from("| rule | other names | severity | fix | what it finds |\n|---|---|---|---|---|\n");
    for rule in RULES {
        let fix = match rule.fix {
            FixAvailability::None => "",
            FixAvailability::Sometimes => "sometimes",
            FixAvailability::Always => "always",
        };
        let severity =
            if rule.default { rule.severity.name().to_string() } else { format!("{}, off", rule.severity.name()) };
        let aliases = rule.aliases.join(" ");
        let slug = rule.slug;
        let summary = rule.summary.replace('|', "\\|");
        writeln!(table, "| [`{slug}`](rules/{slug}.md) | {aliases} | {severity} | {fix} | {summary} |").unwrap();
    }
    table
}

/// The part of a text between two markers, or the text with that part replaced.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> (&'t str, &'t str, &'t str) {
    let start = text.find(begin).unwrap_or_else(|| panic!("the README has no {begin}")) + begin.len();
    let stop = start + text[start..].find(end).unwrap_or_else(|| panic!("nothing ends {begin}"));
    (&text[..start], &text[start..stop], &text[stop..])
}

/// Brings a generated part of the README up to date, or fails where that is not asked for.
fn keep_up_to_date(begin: &str, end: &str, expected: &str) {
    let path = root().join("README.md");
    let _one_at_a_time = README.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, now, after) = between(&text, begin, end);
    if now == expected {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{expected}{after}")).unwrap();
        return;
    }
    panic!("README.md is stale after {begin}; run `UPDATE=1 cargo test`. It should read:\n{expected}");
}

static README: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn the_rule_table_of_the_readme_is_up_to_date() {
    keep_up_to_date(BEGIN, END, &format!("\n\n{}\n", rule_table()));
}

#[test]
fn the_examples_of_the_readme_are_what_the_program_prints() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let runs: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("<!-- run: ")?.strip_suffix(" -->")).collect();
    assert!(runs.len() >= 3, "{runs:?}");
    for run in runs {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_unladen"))
            .args(run.split(' '))
            .current_dir(root())
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let shown = format!("\n```console\n$ unladen {run}\n{}\n```\n", said.trim_end());
        keep_up_to_date(&format!("<!-- run: {run} -->"), "<!-- end of run -->", &shown);
    }
}

#[test]
fn rules_are_sorted_and_their_names_belong_to_one_of_them() {
    let slugs: Vec<&str> = RULES.iter().map(|rule| rule.slug).collect();
    assert!(slugs.is_sorted(), "{slugs:?}");
    for rule in RULES {
        let kebab = rule.slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(kebab, "{}", rule.slug);
        assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}", rule.slug);
        assert!(rule.doc.starts_with(&format!("# {}\n", rule.slug)), "the page of {} has another name", rule.slug);
        assert!(!rule.aliases.iter().any(|alias| slugs.contains(alias)), "{} takes another rule's slug", rule.slug);
    }
}
