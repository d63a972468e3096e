//! What must hold for every file of the corpus.

use std::collections::{BTreeMap, HashMap};

use unladen::diagnostic::Applicability;
use unladen::fix::{self, FixWish, Outcome};
use unladen::model::{self, Base, ModelOptions, Source};
use unladen::settings::Settings;
use unladen::shell::Dialect;
use unladen::syntax::{self, Keyword};
use unladen::text::SourceFile;

use crate::parse::{corpus_files, shared};

#[test]
fn every_corpus_file_has_a_model() {
    let Some(files) = corpus_files() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for (id, text) in &files {
        let source = SourceFile::from_bytes(id.as_str(), text.clone());
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        let mut count = |what| *counts.entry(what).or_default() += 1;

        let instructions = file.instructions().count();
        let froms = file.instructions().filter(|(_, inst)| inst.keyword == Keyword::From).count();
        let steps: usize = model.stages.iter().map(|stage| stage.steps.len()).sum();
        let args = file.instructions().take_while(|(_, inst)| inst.keyword != Keyword::From);
        let args = args.filter(|(_, inst)| matches!(inst.body, syntax::Body::Arg(_))).count();
        assert_eq!(model.stages.len(), froms, "{id}");
        assert_eq!(steps + froms + args + model.stray.len(), instructions, "{id}: every instruction has its place");
        assert_eq!(model.target.is_some(), froms > 0, "{id}");
        assert!(froms == 0 || model.stages.iter().any(|stage| stage.ships), "{id}: nothing ships");

        for stage in &model.stages {
            count("stages");
            match &stage.base {
                Base::Scratch => count("scratch"),
                Base::Stage(parent) => {
                    count("from a stage");
                    let parent = model.stage(*parent).unwrap();
                    assert!(parent.id < stage.id && parent.children.contains(&stage.id), "{id}");
                    assert_eq!(parent.facts, stage.facts, "{id}");
                }
                Base::Image { reference } => {
                    count("images");
                    match &stage.facts {
                        Some(facts) => {
                            count("images with facts");
                            if facts.libc_version.is_some() || facts.libc == model::Libc::None {
                                count("images with facts, libc release known");
                            }
                        }
                        None if stage.windows => count("images without facts: Windows"),
                        None => *missing.entry(reference.text.to_string()).or_default() += 1,
                    }
                }
                Base::Unresolved(_) => count("unresolved"),
            }
            for source in &stage.uses {
                assert!(model.stage(*source).unwrap().used_by.contains(&stage.id), "{id}");
            }
            for step in &stage.steps {
                let known = step.workdir.as_deref().is_none_or(|path| path.starts_with('/'));
                assert!(known, "{id}: {:?}", step.workdir);
                if let Some(copied) = &step.copied {
                    count("copies");
                    assert!(copied.dest.as_deref().is_none_or(|path| path.starts_with('/')), "{id}: {copied:?}");
                    if copied.dest.is_none() {
                        count("copies without a known destination");
                    }
                    if matches!(copied.from, Source::Unresolved(_)) {
                        count("copies from an unresolved source");
                    }
                }
                if step.workdir.is_none() {
                    count("steps without a known working directory");
                }
                count("steps");
            }
        }
    }
    for (what, count) in &counts {
        eprintln!("{count:7} {what}");
    }
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    eprintln!("{:7} images without facts, the most frequent:", missing.iter().map(|(_, count)| count).sum::<usize>());
    for (name, count) in missing.iter().take(60) {
        eprintln!("{count:7}   {name}");
    }
}

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
        // The table was made before these were numbered anew; differential.rs asks BuildKit itself about them.
        if ("04847"..="04951").contains(&id.as_str()) {
            continue;
        }
        let Some((ok, list)) = verdicts.get(id.as_str()) else { continue };
        let source = SourceFile::from_bytes("Dockerfile", text.clone());
        let file = syntax::parse(&source);
        let names: Vec<String> = file.instructions().map(|(_, inst)| inst.name.text.as_str().to_uppercase()).collect();
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

#[test]
fn every_corpus_script_is_read_with_spans_inside_its_instruction() {
    let Some(files) = corpus_files() else { return };
    let (mut scripts, mut opaque, mut foreign, mut commands, mut installs, mut packages) = (0, 0, 0, 0, 0, 0);
    for (id, text) in &files {
        let source = SourceFile::from_bytes(id.as_str(), text.clone());
        let file = syntax::parse(&source);
        let model = model::build(&source, &file, &ModelOptions::default());
        for step in model.stages.iter().flat_map(|stage| &stage.steps) {
            let (Some(script), Some(inst)) = (&step.script, file.get(step.inst)) else { continue };
            if !matches!(script.dialect, Dialect::Posix | Dialect::Bash) {
                foreign += 1;
                // Nothing of PowerShell and batch is read, but exec form is no script of the shell.
                let exec = matches!(inst.command(), Some(syntax::Command::Exec { .. }));
                assert!(exec || script.commands.is_empty() && script.opaque.is_some(), "{id}");
                continue;
            }
            scripts += 1;
            opaque += usize::from(script.opaque.is_some());
            commands += script.commands.len();
            let mut from = 0;
            for command in &script.commands {
                let text = source.slice(command.span);
                assert!(inst.content.contains(command.span), "{id}: {text:?}");
                assert!(!text.is_empty() && text.trim() == text, "{id}: {text:?}");
                assert!(from <= command.span.start || !inst.heredocs.is_empty(), "{id}: {text:?}");
                from = command.span.start;
                let words = command.args.iter().chain([&command.name]);
                for word in words.chain(command.redirects.iter().map(|redirect| &redirect.target)) {
                    assert!(command.span.contains(word.span), "{id}: {text:?} {word:?}");
                    // A word without quotes, variables and continuations stands in the file as it is.
                    let written = source.slice(word.span);
                    let plain = !written.contains(['\'', '"', '\\', '$', '`', '/', '\n', '<', '>']);
                    if word.literal && plain && script.opaque.is_none() && !written.is_empty() {
                        assert_eq!(word.text, written, "{id}: {text:?}");
                    }
                }
            }
            for install in &step.installs {
                installs += 1;
                packages += install.packages.len();
                assert!(script.commands.get(install.command).is_some(), "{id}");
            }
        }
    }
    eprintln!(
        "{scripts} scripts of Bourne shells ({opaque} opaque), {foreign} of others; \
         {commands} commands, {installs} installs, {packages} packages"
    );
    assert!(opaque * 200 < scripts, "{opaque} of {scripts} are opaque");
    assert!(commands > 3 * scripts && installs > scripts / 10 && packages > installs);
}

/// Safe fixes alone and all fixes: each file ends stable, nothing is taken back for harm, no comment is lost, and a second
/// run has nothing to do.
#[test]
fn fixing_the_corpus_ends_stable_and_does_no_harm() {
    let Some(files) = corpus_files() else { return };
    for applicability in [Applicability::Safe, Applicability::Unsafe] {
        let wish = FixWish { applicability, rewrites: true };
        let (mut changed, mut wrong) = (0, Vec::new());
        for (id, text) in &files {
            let source = SourceFile::from_bytes(id.as_str(), text.clone());
            let before = comments(&source);
            let fixed = fix::fix(source, None, &Settings::default(), wish);
            if !matches!(fixed.outcome, Outcome::Stable { .. }) || !fixed.dropped.is_empty() {
                wrong.push(format!("{id}: {:?} {:?}", fixed.outcome, fixed.dropped));
            }
            if !fixed.changed() {
                continue;
            }
            changed += 1;
            let after = comments(&fixed.checked.source);
            if before != after {
                wrong.push(format!("{id}: the comments differ"));
            }
            if fix::fix(fixed.checked.source, None, &Settings::default(), wish).changed() {
                wrong.push(format!("{id}: a second run changes it again"));
            }
        }
        eprintln!("{} fixes change {changed} of {} files", applicability.name(), files.len());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The texts of all comment lines, sorted: a rewrite may move them.
fn comments(source: &SourceFile) -> Vec<String> {
    let file = syntax::parse(source);
    let mut found: Vec<String> = Vec::new();
    for item in &file.items {
        match item {
            syntax::Item::Comment(span) => {
                found.extend(source.slice(*span).lines().map(|line| line.trim().to_string()))
            }
            syntax::Item::Instruction(inst) => {
                found.extend(inst.comments.iter().map(|span| source.slice(*span).trim().to_string()));
            }
            _ => {}
        }
    }
    found.sort();
    found
}
