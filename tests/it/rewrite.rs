//! fixtures/rewrite/<toolchain>-<case>: the folder is the build context, and its rewritten.Dockerfile or refusal.txt is
//! what comes of its Dockerfile. `UPDATE=1 cargo test --test it rewrite` writes the expected files.
//!
//! A file `options` may say: `no-context`, `strip`, `debug-stage`, `base=scratch`, `base=static`, `base=same-distro`,
//! and the facts that a user can state: `package=curl`, `cgo=no`, ….

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use unladen::context::BuildContext;
use unladen::model::{self, ModelOptions};
use unladen::rewrite::{self, Refusal, RewritePlan};
use unladen::settings::{BaseWish, RewriteOptions};
use unladen::syntax::{self, Item};
use unladen::text::SourceFile;

use crate::parse::{corpus_files, json_lines, shared};

/// What the test itself keeps in the folder.
const OWN: &[&str] = &["options", "plan.txt", "refusal.txt", "rewritten.Dockerfile"];

fn run(source: &SourceFile, context: Option<&BuildContext>, options: &RewriteOptions) -> Result<RewritePlan, Refusal> {
    let file = syntax::parse(source);
    let model = model::build(source, &file, &ModelOptions::default());
    rewrite::plan(source, &file, &model, context, options)
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rewrite");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

struct Case {
    name: String,
    dir: PathBuf,
    source: SourceFile,
    context: Option<BuildContext>,
    options: RewriteOptions,
}

fn load(dir: &Path) -> Case {
    let dockerfile = dir.join("Dockerfile");
    let source = SourceFile::from_bytes("Dockerfile", std::fs::read(&dockerfile).unwrap());
    let words = std::fs::read_to_string(dir.join("options")).unwrap_or_default();
    let mut options = RewriteOptions::default();
    let mut with_context = true;
    for word in words.split_whitespace() {
        if let Some((fact, value)) = word.split_once('=').filter(|(fact, _)| *fact != "base") {
            let stated = &mut options.stated;
            match fact {
                "runtime-file" => stated.runtime_files.get_or_insert_default().push(value.into()),
                "needs-shell" => stated.needs_shell = Some(value == "yes"),
                "cgo" => stated.cgo = Some(value == "yes"),
                "package" => stated.packages.push(value.into()),
                "base-prefix" => stated.base_prefix = Some(value.into()),
                other => panic!("{}: unknown fact {other}", dir.display()),
            }
            continue;
        }
        match word {
            "no-context" => with_context = false,
            "strip" => options.strip = true,
            "debug-stage" => options.debug_stage = true,
            "base=scratch" => options.base = BaseWish::Scratch,
            "base=static" => options.base = BaseWish::Static,
            "base=same-distro" => options.base = BaseWish::SameDistro,
            other => panic!("{}: unknown option {other}", dir.display()),
        }
    }
    let context = with_context.then(|| context_of(&dockerfile, dir));
    let name = dir.file_name().unwrap().to_string_lossy().into_owned();
    Case { name, dir: dir.to_path_buf(), source, context, options }
}

fn context_of(dockerfile: &Path, dir: &Path) -> BuildContext {
    let mut context = unladen::cli::context::load(dockerfile, dir).unwrap();
    context.files.retain(|path, _| !OWN.contains(&path.as_str()));
    context
}

/// The plan as text: what a reviewer of a change has to see.
fn describe(source: &SourceFile, result: &Result<RewritePlan, Refusal>) -> String {
    let mut text = String::new();
    let place = |span: Option<unladen::text::Span>, file: &Option<(String, u32)>| match (span, file) {
        (Some(span), _) => format!(" (line {})", source.line_col(span.start).line),
        (None, Some((path, line))) => format!(" ({path}:{line})"),
        _ => String::new(),
    };
    match result {
        Ok(plan) => {
            writeln!(text, "{:?}: {}", plan.tier, plan.base).unwrap();
            writeln!(text, "why: {}", plan.why_base).unwrap();
            for artifact in &plan.artifacts {
                writeln!(text, "copy: {} -> {}: {}", artifact.from, artifact.to, artifact.why).unwrap();
            }
            for known in &plan.obligations {
                let mark = if known.proved { "proved" } else { "open" };
                writeln!(text, "{mark}: {}{}", known.text, place(known.span, &known.file)).unwrap();
            }
            for ruled in &plan.ruled_out {
                writeln!(text, "at most {:?}: {}{}", ruled.most, ruled.text, place(ruled.span, &ruled.file)).unwrap();
            }
            writeln!(text, "lost: {}", plan.lost.join("; ")).unwrap();
            if after_debug(plan) {
                writeln!(text, "way in: {}", plan.way_in.as_deref().unwrap_or("none")).unwrap();
            }
        }
        Err(refusal) => {
            let line = source.line_col(refusal.span.start).line;
            writeln!(text, "{} (line {line}): {}", refusal.reason, refusal.message).unwrap();
            writeln!(text, "help: {}", refusal.help).unwrap();
        }
    }
    text
}

fn after_debug(plan: &RewritePlan) -> bool {
    plan.edits.iter().any(|edit| edit.text.contains("/busybox"))
}

#[test]
fn every_fixture_comes_out_as_its_folder_says() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for dir in cases() {
        let case = load(&dir);
        let result = run(&case.source, case.context.as_ref(), &case.options);
        let rewritten = result.as_ref().ok().map(|plan| case.source.apply(&plan.edits).unwrap().text);
        let described = describe(&case.source, &result);
        let (plan, refusal) = match &result {
            Ok(_) => (Some(described), None),
            Err(_) => (None, Some(described)),
        };
        let expected = [("rewritten.Dockerfile", rewritten), ("plan.txt", plan), ("refusal.txt", refusal)];
        for (file, want) in expected {
            let path = case.dir.join(file);
            let have = std::fs::read_to_string(&path).ok();
            if have == want {
                continue;
            }
            if update {
                match &want {
                    Some(text) => std::fs::write(&path, text).unwrap(),
                    None => std::fs::remove_file(&path).unwrap(),
                }
            } else {
                let (have, want) = (have.unwrap_or_default(), want.unwrap_or_default());
                writeln!(wrong, "=== {}/{file}\n--- expected\n{have}--- found\n{want}", case.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What has to hold for every result, however it came about.
fn check_result(name: &str, source: &SourceFile, plan: &RewritePlan) -> String {
    let after = source.apply(&plan.edits).unwrap_or_else(|| panic!("{name}: edits overlap"));
    let file = syntax::parse(&after);
    assert!(file.errors.is_empty(), "{name}: {:?}", file.errors);
    let model = model::build(&after, &file, &ModelOptions::default());
    let stages = if after.text.contains("/busybox") { 4 } else { 2 };
    assert_eq!(model.stages.len(), stages, "{name}");
    let again = rewrite::plan(&after, &file, &model, None, &RewriteOptions::default());
    assert_eq!(again.unwrap_err().reason, "already-multi-stage", "{name}");
    let before = syntax::parse(source);
    for item in &before.items {
        if let Item::Comment(span) = item {
            let comment = source.slice(*span).trim();
            let count = |text: &str| text.matches(comment).count();
            assert_eq!(count(&source.text), count(&after.text), "{name}: {comment}");
        }
    }
    for artifact in &plan.artifacts {
        assert!(artifact.from.starts_with('/') && artifact.to.starts_with('/'), "{name}: {artifact:?}");
        assert!(after.text.contains(&artifact.from), "{name}: {artifact:?}");
    }
    // What stays in the builder stands there in its old order and its old words, but for what may be inserted.
    let plain = |text: &str| {
        let inserted = ["CGO_ENABLED=0 ", " -ldflags=\"-s -w\"", "-s -w ", "-s "];
        inserted.iter().fold(text.to_string(), |text, word| text.replace(word, ""))
    };
    let whole = plain(&after.text);
    let mut at = 0;
    for id in &plan.keep {
        let old = plain(source.slice(before.get(*id).unwrap().content));
        let found = whole.get(at..).unwrap().find(&old).unwrap_or_else(|| panic!("{name}: {old:?} is gone"));
        at += found + old.len();
    }
    after.text
}

#[test]
fn every_result_keeps_its_promises() {
    let mut converted = 0;
    for dir in cases() {
        let case = load(&dir);
        let result = run(&case.source, case.context.as_ref(), &case.options);
        let again = run(&case.source, case.context.as_ref(), &case.options);
        assert_eq!(describe(&case.source, &result), describe(&case.source, &again), "{}", case.name);
        if let Ok(plan) = &result {
            converted += 1;
            check_result(&case.name, &case.source, plan);
        }
    }
    assert!(converted > 40, "only {converted} fixtures are converted");
}

#[test]
fn every_trap_has_a_fixture() {
    let list = include_str!("../../fixtures/rewrite/traps.md");
    let known: Vec<String> =
        cases().iter().map(|dir| dir.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let mut numbers = Vec::new();
    for row in list.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| trap")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        numbers.push(cells[0].parse::<u32>().unwrap());
        for fixture in cells[2].split(", ") {
            assert!(known.iter().any(|name| name == fixture), "{fixture} is not there: {row}");
        }
    }
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
}

/// What a variable of the old image may be that the new one lacks: of the golang images, or read by the go command alone.
fn may_be_gone(name: &str) -> bool {
    name.starts_with("GO") || name.starts_with("CGO_") || matches!(name, "PATH" | "CC" | "CXX" | "DEBIAN_FRONTEND")
}

/// The config of the image is the old one, but for what is listed here.
fn check_config(name: &str, source: &SourceFile, plan: &RewritePlan) {
    let after = source.apply(&plan.edits).unwrap();
    let model_of = |source: &SourceFile| model::build(source, &syntax::parse(source), &ModelOptions::default());
    let (before, after_model) = (model_of(source), model_of(&after));
    let (old, new) = (&before.stages.last().unwrap().config, &after_model.stages.last().unwrap().config);
    let argv = |command: &Option<model::ConfigCommand>| command.as_ref().map(|command| command.argv.clone());
    for (old, new) in [(&old.entrypoint, &new.entrypoint), (&old.cmd, &new.cmd)] {
        let of_base = old.as_ref().is_some_and(|command| command.inst.is_none());
        let to_exec = old.as_ref().is_some_and(|command| command.shell_form)
            && new.as_ref().is_some_and(|command| !command.shell_form)
            && plan.obligations.iter().any(|known| known.proved && known.text.contains("now in exec form"));
        assert!(argv(old) == argv(new) || of_base || to_exec, "{name}: {:?} became {:?}", argv(old), argv(new));
    }
    let root = |user: &Option<String>| match user.as_deref() {
        None | Some("" | "root" | "0") => "root".to_string(),
        Some(user) => user.to_string(),
    };
    assert_eq!(root(&old.user), root(&new.user), "{name}: USER");
    let dir = |dir: &Option<String>| dir.clone().filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/".into());
    assert_eq!(dir(&old.working_dir), dir(&new.working_dir), "{name}: WORKDIR");
    assert_eq!((&old.exposed_ports, &old.volumes), (&new.exposed_ports, &new.volumes), "{name}: EXPOSE or VOLUME");
    assert_eq!((&old.labels, &old.stop_signal), (&new.labels, &new.stop_signal), "{name}: LABEL or STOPSIGNAL");
    let check = |config: &model::ImageConfig| config.healthcheck.as_ref().map(|check| check.argv.clone());
    // The plan names the words that are left of its shell form.
    let to_exec = old.healthcheck.as_ref().is_some_and(|check| check.shell_form)
        && new.healthcheck.as_ref().is_some_and(|check| {
            let said = format!("{} needs no shell: plain words, now in exec form", check.argv.join(" "));
            !check.shell_form && plan.obligations.iter().any(|known| known.proved && known.text == said)
        });
    assert!(check(old) == check(new) || to_exec, "{name}: {:?} became {:?}", check(old), check(new));
    // What only the old base sets, and nothing names, may be gone where the plan says so.
    let said = plan.lost.iter().find_map(|lost| lost.strip_prefix("variables of the old base (")).unwrap_or_default();
    for (variable, value) in &old.env {
        let there = new.env.iter().find(|(other, _)| other == variable).map(|(_, value)| value);
        let of_base =
            !source.text.contains(variable.as_str()) && said.split([',', ')']).any(|one| one.trim() == variable);
        let may = may_be_gone(variable) || of_base && variable != "HOME";
        assert!(there == Some(value) || may, "{name}: ENV {variable}: {value:?} became {there:?}");
    }
}

/// Every path that the final stage copies is one that the builder has, and what the image starts is in the final stage.
fn check_paths(case: &Case, plan: &RewritePlan) {
    let name = &case.name;
    let after = case.source.apply(&plan.edits).unwrap();
    let file = syntax::parse(&after);
    let model = model::build(&after, &file, &ModelOptions::default());
    let (builder, last) = (&model.stages[0], model.stages.last().unwrap());
    let builder_text = &after.text[..after.text.find("\nFROM").or(after.text.find("\nfrom")).unwrap()];
    let of_base = |path: &str| {
        [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/passwd",
            "/etc/group",
            "/etc/mime.types",
            "/tmp",
            "/usr/local/go/lib/time/zoneinfo.zip",
        ]
        .contains(&path)
    };
    let workdirs: Vec<&str> = builder.steps.iter().filter_map(|step| step.workdir.as_deref()).collect();
    let last_name = |path: &str| path.rsplit('/').next().unwrap().to_string();
    for artifact in &plan.artifacts {
        let from = artifact.from.as_str();
        let by_git = matches!(from, "/root/.gitconfig" | "/etc/gitconfig") && builder_text.contains("git config --");
        let written = builder_text.contains(&last_name(from)) || workdirs.contains(&from) || by_git;
        let files = |context: &BuildContext| {
            context.files.keys().any(|path| path.split('/').any(|part| part == last_name(from)))
                || context
                    .files
                    .keys()
                    .filter_map(|path| context.read(path))
                    .any(|text| text.contains(&last_name(from)))
        };
        // A program may also be named by its module alone.
        let module = case.context.as_ref().is_some_and(files);
        assert!(of_base(from) || written || module, "{name}: nothing makes {from}");
    }
    let config = &last.config;
    let command = config.entrypoint.as_ref().or(config.cmd.as_ref()).unwrap();
    let program = command.argv[0].as_str();
    let copied = |path: &str| {
        plan.artifacts.iter().any(|artifact| path == artifact.to || path.starts_with(&format!("{}/", artifact.to)))
    };
    let workdir = config.working_dir.as_deref().unwrap_or("/");
    if command.shell_form || ["sh", "bash", "ash"].contains(&last_name(program).as_str()) {
        assert!(plan.tier <= rewrite::Tier::SameDistro, "{name}: {program} in an image without a shell");
    } else if program.contains('/') {
        let path = unladen::context::tree::join(workdir, program);
        assert!(copied(&path) || plan.tier <= rewrite::Tier::SameDistro && path.starts_with("/usr/"), "{name}: {path}");
    } else {
        let dirs = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/go/bin"];
        let own =
            after.text.lines().filter(|line| line.starts_with("ENV ")).filter_map(|line| line.split_once("PATH="));
        let mut own = own.flat_map(|(_, value)| value.trim_matches('"').split(':'));
        let found = dirs.iter().any(|dir| copied(&format!("{dir}/{program}")))
            || own.any(|dir| copied(&format!("{dir}/{program}")));
        assert!(found || plan.tier <= rewrite::Tier::SameDistro, "{name}: {program} is in no directory of PATH");
    }
}

#[test]
fn every_result_has_the_old_config_and_every_path() {
    for dir in cases() {
        let case = load(&dir);
        if let Ok(plan) = run(&case.source, case.context.as_ref(), &case.options) {
            check_config(&case.name, &case.source, &plan);
            check_paths(&case, &plan);
        }
    }
}

#[test]
fn line_endings_of_the_author_are_kept() {
    for dir in cases() {
        let case = load(&dir);
        // The shell gets the carriage returns of a heredoc, so there the two files mean different things.
        if case.source.text.contains("<<") {
            continue;
        }
        let result = run(&case.source, case.context.as_ref(), &case.options);
        let crlf = SourceFile::new("Dockerfile", case.source.text.replace('\n', "\r\n"));
        let other = run(&crlf, case.context.as_ref(), &case.options);
        match (&result, &other) {
            (Ok(plan), Ok(other)) => {
                let text = check_result(&case.name, &case.source, plan);
                let with_crlf = crlf.apply(&other.edits).unwrap().text;
                assert_eq!(text.replace('\n', "\r\n"), with_crlf, "{}", case.name);
            }
            (Err(one), Err(other)) => assert_eq!(one.reason, other.reason, "{}", case.name),
            _ => panic!("{}: {:?} but with CRLF {:?}", case.name, result.err(), other.err()),
        }
    }
}

#[test]
fn a_missing_last_line_ending_stays_missing() {
    for dir in cases() {
        let case = load(&dir);
        let cut = SourceFile::new("Dockerfile", case.source.text.trim_end_matches('\n'));
        if let Ok(plan) = run(&cut, case.context.as_ref(), &case.options) {
            let text = check_result(&case.name, &cut, &plan);
            assert!(!text.ends_with('\n'), "{}", case.name);
        }
    }
}

/// Every reason that a fixture shows is one that the docs explain, and every fixture of a refusal shows one.
#[test]
fn refusals_carry_known_reasons() {
    for dir in cases() {
        let case = load(&dir);
        if let Err(refusal) = run(&case.source, case.context.as_ref(), &case.options) {
            assert!(rewrite::REASONS.iter().any(|(code, _)| *code == refusal.reason), "{}", case.name);
            assert_ne!(refusal.reason, "not-verified", "{}: {}", case.name, refusal.message);
            assert!(!refusal.help.is_empty() && !refusal.message.is_empty(), "{}", case.name);
        }
    }
}

/// Every file of the corpus, and every file that people made multi-stage later, gets a checked plan or a refusal.
#[test]
fn the_corpus_is_rewritten_or_refused() {
    let Some(mut files) = corpus_files() else { return };
    if let Some(rows) = shared().and_then(|dir| json_lines(&dir.join("corpus/rewrites.jsonl.gz"))) {
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("").to_string();
        files.extend(rows.iter().map(|row| (format!("pair {}", text(row, "id")), text(row, "before").into_bytes())));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (id, text) in files {
        for strip in [false, true] {
            let source = SourceFile::from_bytes(id.as_str(), text.clone());
            let options = RewriteOptions { strip, ..RewriteOptions::default() };
            let what = match run(&source, None, &options) {
                Ok(plan) => {
                    check_result(&id, &source, &plan);
                    check_config(&id, &source, &plan);
                    format!("{:?}", plan.tier)
                }
                Err(refusal) => {
                    assert_ne!(refusal.reason, "not-verified", "{id}: {}", refusal.message);
                    assert!(refusal.span.end <= source.len(), "{id}");
                    refusal.reason.to_string()
                }
            };
            *counts.entry(what).or_default() += usize::from(strip);
        }
    }
    eprintln!("{counts:#?}");
}

/// Prints what comes of files: UNLADEN_TRY="a/Dockerfile b/Dockerfile" cargo test --test it rewrite::try_ -- --nocapture
#[test]
fn try_files() {
    let Ok(list) = std::env::var("UNLADEN_TRY") else { return };
    for path in list.split_whitespace() {
        let source = SourceFile::from_bytes(path, std::fs::read(path).unwrap());
        let options = RewriteOptions { strip: true, ..RewriteOptions::default() };
        let context = std::env::var("UNLADEN_CONTEXT").ok().map(|dir| {
            let dir = if dir == "." { Path::new(path).parent().unwrap().to_path_buf() } else { PathBuf::from(dir) };
            context_of(Path::new(path), &dir)
        });
        let result = run(&source, context.as_ref(), &options);
        eprintln!("=== {path}\n{}", describe(&source, &result));
        if let Ok(plan) = &result {
            eprintln!("---\n{}", check_result(path, &source, plan));
        }
    }
}
