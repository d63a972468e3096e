//! Each page under rules/ with only its rule on: `bad` blocks are reported (a snapshot), `fixed` blocks are what the fix
//! loop makes of them, `good` blocks are silent. Also writes what is generated from the rules: `UPDATE=1 cargo test`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use unladen::context::BuildContext;
use unladen::diagnostic::{Applicability, Diagnostic};
use unladen::fix::{self, FixWish, Outcome};
use unladen::lint;
use unladen::rules::{Category, FixAvailability, RULES, Rule};
use unladen::settings::{LabelKind, LockedImage, Settings};
use unladen::text::SourceFile;

const ANYTHING: FixWish = FixWish { applicability: Applicability::Unsafe, rewrites: true };
const FACTS: &str = "<!-- facts: written by `UPDATE=1 cargo test` -->";
const BEGIN: &str = "// Written by `UPDATE=1 cargo test`; do not edit by hand.\n";
const END: &str = "// End of what is written.\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

// Pages.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bad,
    Fixed,
    Good,
}

/// One example, with the settings and files of the section that it stands in.
struct Example {
    kind: Kind,
    line: usize,
    text: String,
    settings: String,
    files: Vec<(String, String)>,
}

/// The examples of a page. Settings and files count until the next heading.
fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let (mut settings, mut files) = (String::new(), Vec::new());
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.starts_with('#') {
            (settings, files) = (String::new(), Vec::new());
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut text = String::new();
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            text.push_str(line);
            text.push('\n');
        }
        let (language, name) = info.split_once(' ').unwrap_or((info, ""));
        let kind = match (language, name) {
            ("dockerfile", "bad") => Kind::Bad,
            ("dockerfile", "fixed") => Kind::Fixed,
            ("dockerfile", "good") => Kind::Good,
            ("yaml", "settings") => {
                settings = text;
                continue;
            }
            (_, "") => continue,
            _ => {
                files.push((name.to_string(), text));
                continue;
            }
        };
        found.push(Example { kind, line: number + 1, text, settings: settings.clone(), files: files.clone() });
    }
    found
}

impl Example {
    fn settings(&self, rule: &Rule) -> Settings {
        Settings { select: Some(vec![rule.slug]), ..settings_of(&self.settings) }
    }

    fn context(&self) -> Option<BuildContext> {
        let files: Vec<(&str, &str)> = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        (!files.is_empty()).then(|| BuildContext::in_memory(&files))
    }

    fn source(&self) -> SourceFile {
        SourceFile::new("Dockerfile", self.text.as_str())
    }
}

/// The little of the settings that examples need: `target: name`, `build-args: {NAME: value}`.
pub fn settings_of(yaml: &str) -> Settings {
    let mut settings = Settings::default();
    if yaml.trim().is_empty() {
        return settings;
    }
    let value: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
    for (key, value) in value.as_mapping().unwrap() {
        match key.as_str().unwrap() {
            "target" => settings.model.target = Some(value.as_str().unwrap().to_string()),
            "build-args" => {
                settings.model.build_args = value
                    .as_mapping()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| (name.as_str().unwrap().to_string(), value.as_str().unwrap().to_string()))
                    .collect();
            }
            "trusted-registries" => {
                let list = value.as_sequence().unwrap().iter();
                settings.options.trusted_registries = list.map(|name| name.as_str().unwrap().to_string()).collect();
            }
            "label-schema" => {
                let kind = |kind: &str| match kind {
                    "text" => LabelKind::Text,
                    "url" => LabelKind::Url,
                    "rfc3339" => LabelKind::Rfc3339,
                    "semver" => LabelKind::Semver,
                    "spdx" => LabelKind::Spdx,
                    "hash" => LabelKind::GitHash,
                    "email" => LabelKind::Email,
                    other => panic!("no kind of label: {other}"),
                };
                let pairs = value.as_mapping().unwrap().iter();
                settings.options.label_schema =
                    pairs.map(|(key, value)| (key.as_str().unwrap().into(), kind(value.as_str().unwrap()))).collect();
            }
            "strict-labels" => settings.options.strict_labels = value.as_bool().unwrap(),
            // What a lock file would tell.
            "platforms" => {
                let images = value.as_mapping().unwrap().iter().map(|(name, platforms)| {
                    let platforms = platforms.as_sequence().unwrap().iter();
                    let platforms = platforms.map(|platform| platform.as_str().unwrap().to_string()).collect();
                    let image = LockedImage { platforms, date: "2026-11-21".to_string(), ..LockedImage::default() };
                    (name.as_str().unwrap().to_string(), image)
                });
                settings.size.locked = std::sync::Arc::new(images.collect());
            }
            // The example is wrong for BuildKit too.
            "broken" => {}
            other => panic!("an example cannot set `{other}`"),
        }
    }
    settings
}

/// The report of a file, without sizes, which change with the tables.
pub fn render(source: &SourceFile, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for found in diagnostics {
        let at = source.line_col(found.span.start);
        let severity = found.severity.name();
        writeln!(out, "{}:{}: {severity}[{}] {}", at.line, at.column, found.rule, found.message).unwrap();
        let shown = source.slice(found.span);
        writeln!(out, "    at: {}", shown.lines().next().unwrap_or_default()).unwrap();
        for label in &found.labels {
            let at = source.line_col(label.span.start);
            writeln!(out, "    {}:{}: {}", at.line, at.column, label.text).unwrap();
        }
        if let Some(help) = &found.help {
            writeln!(out, "    help: {help}").unwrap();
        }
        if let Some(fix) = &found.fix {
            writeln!(out, "    fix ({}): {}", fix.applicability.name(), fix.title).unwrap();
        }
    }
    out
}

fn check_page(rule: &Rule) {
    let examples = examples(rule.doc);
    let mut report = String::new();
    for (index, example) in examples.iter().enumerate() {
        let place = format!("rules/{}.md:{}", rule.slug, example.line);
        let (settings, context) = (example.settings(rule), example.context());
        let checked = lint::check(example.source(), context.as_ref(), &settings);
        let broken = example.settings.contains("broken: true");
        assert_eq!(!checked.dockerfile.errors.is_empty(), broken, "{place}: {:?}", checked.dockerfile.errors);
        match example.kind {
            Kind::Good => {
                let found = render(&checked.source, &checked.diagnostics);
                assert!(found.is_empty(), "{place}: a good example is reported:\n{found}");
            }
            Kind::Bad => {
                assert!(!checked.diagnostics.is_empty(), "{place}: a bad example is not reported");
                writeln!(report, "{}\n", render(&checked.source, &checked.diagnostics)).unwrap();
                let expected = examples.get(index + 1).filter(|next| next.kind == Kind::Fixed);
                check_fix(&place, example, expected, rule, context.as_ref());
            }
            Kind::Fixed => {
                assert!(index > 0 && examples[index - 1].kind == Kind::Bad, "{place}: no bad example stands before");
            }
        }
    }
    assert!(examples.iter().any(|example| example.kind == Kind::Bad), "{}: no bad example", rule.slug);
    assert!(examples.iter().any(|example| example.kind == Kind::Good), "{}: no good example", rule.slug);
    let fixes = examples.iter().any(|example| example.kind == Kind::Fixed);
    assert_eq!(fixes, rule.fix != FixAvailability::None, "{}: `fix` and the page do not agree", rule.slug);
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/pages", omit_expression => true }, {
        insta::assert_snapshot!(rule.slug, report);
    });
}

fn check_fix(place: &str, bad: &Example, expected: Option<&Example>, rule: &Rule, context: Option<&BuildContext>) {
    let settings = bad.settings(rule);
    let fixed = fix::fix(bad.source(), context, &settings, ANYTHING);
    assert!(matches!(fixed.outcome, Outcome::Stable { .. }), "{place}: {:?}", fixed.outcome);
    assert!(fixed.dropped.is_empty(), "{place}: {:?}", fixed.dropped);
    let Some(expected) = expected else {
        assert!(
            !fixed.changed(),
            "{place}: a fix exists, so a fixed block must follow:\n{}",
            fixed.checked.source.text
        );
        return;
    };
    assert_eq!(fixed.checked.source.text, expected.text, "{place}: the fixed text differs (left: ours, right: page)");
    let left = render(&fixed.checked.source, &fixed.checked.diagnostics);
    assert!(left.is_empty(), "{place}: the fixed example is still reported:\n{left}");
    let again = fix::fix(expected.source(), context, &settings, ANYTHING);
    assert!(!again.changed(), "{place}: the fixed example is fixed again");
}

#[test]
fn every_page_is_true() {
    let only = std::env::var("PAGE").ok();
    // Every page is tried, so that one run tells all.
    let wrong: Vec<&str> = RULES
        .iter()
        .filter(|rule| only.as_deref().is_none_or(|only| only == rule.slug))
        .filter(|rule| std::panic::catch_unwind(|| check_page(rule)).is_err())
        .map(|rule| rule.slug)
        .collect();
    assert!(wrong.is_empty(), "pages that are not true: {wrong:?}");
}

#[test]
fn slugs_are_no_other_rules_names() {
    // An alias may stand for several rules, such as the one BuildKit check for what are three of hadolint's.
    let mut aliases: Vec<String> =
        RULES.iter().flat_map(|rule| rule.aliases.iter()).map(|alias| alias.to_ascii_lowercase()).collect();
    aliases.sort();
    aliases.dedup();
    let mut names: Vec<String> = RULES.iter().map(|rule| rule.slug.to_string()).chain(aliases).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

// What is generated.

fn category(category: Category) -> &'static str {
    match category {
        Category::Size => "Size",
        Category::Correctness => "Correctness",
        Category::Security => "Security",
        Category::Cache => "Cache",
        Category::Reproducibility => "Reproducibility",
        Category::Style => "Style",
    }
}

fn fix_word(rule: &Rule) -> &'static str {
    match rule.fix {
        FixAvailability::None => "none",
        FixAvailability::Sometimes => "sometimes",
        FixAvailability::Always => "always",
    }
}

/// `hadolint DL3006`, `BuildKit JSONArgsRecommended`.
fn alias(name: &str) -> String {
    let hadolint = name.starts_with("DL") && name.len() == 6;
    format!("{} {name}", if hadolint { "hadolint" } else { "BuildKit" })
}

fn facts(rule: &Rule) -> String {
    let mut facts = vec![
        category(rule.category).to_string(),
        rule.severity.name().to_string(),
        format!("fix: {}", fix_word(rule)),
        format!("since {}", rule.since),
    ];
    if !rule.default {
        facts.push("off by default".to_string());
    }
    facts.extend(rule.aliases.iter().map(|name| alias(name)));
    facts.join(" · ")
}

fn page_with_facts(rule: &Rule, page: &str) -> String {
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        if line == FACTS {
            // The old line, and the blank one that sets it apart from the text.
            lines.next_if(|line| !line.is_empty());
            lines.next_if(|line| line.is_empty());
            writeln!(out, "{}\n", facts(rule)).unwrap();
        }
    }
    out
}

fn index() -> String {
    let mut out = String::from(
        "# Rules\n\n<!-- Written by `UPDATE=1 cargo test`; do not edit by hand. -->\n\n\
         | rule | what is wrong | kind | severity | fix | also known as |\n|---|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let aliases: Vec<String> = rule.aliases.iter().map(|name| alias(name)).collect();
        writeln!(
            out,
            "| [{slug}]({slug}.md) | {} | {} | {} | {} | {} |",
            rule.summary,
            category(rule.category),
            rule.severity.name(),
            fix_word(rule),
            aliases.join(", "),
            slug = rule.slug,
        )
        .unwrap();
    }
    let codes = unladen::rules::shellcheck::CODES;
    let on: Vec<&str> = codes.iter().filter(|rule| rule.default).map(|rule| rule.slug).collect();
    writeln!(out, "\nAnd {} [codes of ShellCheck](shellcheck.md), of which these run by default:", codes.len())
        .unwrap();
    for line in on.chunks(12) {
        writeln!(out, "{}", line.join(", ") + if line.last() == on.last() { "." } else { "," }).unwrap();
    }
    out
}

/// The files under src/rules that hold a rule, by module name.
fn rule_modules() -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(root().join("src/rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| std::fs::read_to_string(path).unwrap().contains("\npub static RULE: Rule"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_string())
        .collect();
    found.sort();
    found
}

fn table(current: &str) -> String {
    let start = current.find(BEGIN).expect("src/rules/mod.rs has the opening marker") + BEGIN.len();
    let end = current.find(END).expect("src/rules/mod.rs has the closing marker");
    let modules = rule_modules();
    let mut out = current[..start].to_string();
    for module in &modules {
        writeln!(out, "mod {module};").unwrap();
    }
    out.push_str("\n/// All rules by slug.\npub static RULES: &[&Rule] = &[\n");
    for module in &modules {
        writeln!(out, "    &{module}::RULE,").unwrap();
    }
    out.push_str("];\n");
    out.push_str(&current[end..]);
    out
}

/// Compares a generated file with what is there, or writes it.
fn fresh(path: &Path, expected: &str) {
    let current = std::fs::read_to_string(path).unwrap_or_default();
    if current == expected {
        return;
    }
    let shown = path.strip_prefix(root()).unwrap_or(path).display();
    assert!(std::env::var_os("UPDATE").is_some(), "{shown} is stale: run `UPDATE=1 cargo test` twice");
    std::fs::write(path, expected).unwrap();
}

#[test]
fn generated_files_are_fresh() {
    let path = root().join("src/rules/mod.rs");
    fresh(&path, &table(&std::fs::read_to_string(&path).unwrap()));
    fresh(&root().join("rules/README.md"), &index());
    for rule in RULES {
        let path = root().join(format!("rules/{}.md", rule.slug));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("rules/{}.md is missing", rule.slug));
        assert!(page.starts_with(&format!("# {}\n", rule.slug)), "rules/{}.md begins with its slug", rule.slug);
        assert!(page.contains(FACTS), "rules/{}.md has no line `{FACTS}`", rule.slug);
        fresh(&path, &page_with_facts(rule, &page));
    }
    let mut slugs: Vec<&str> = RULES.iter().map(|rule| rule.slug).collect();
    slugs.sort_unstable();
    let written: Vec<&str> = RULES.iter().map(|rule| rule.slug).collect();
    assert_eq!(written, slugs, "modules are named after their slugs, so the table is in order");
}
