//! `unladen rewrite`: the plan, what it rests on, and the file.

use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use super::args::{ColorWhen, PlanFormat, Rewrite, RuleArgs, YesNo};
use super::builder::{self, Files};
use super::{Exit, Stop, check, diff, finder, modcache, overrides, read, term, verify, walk, write};
use crate::lint;
use crate::report::plan::{self, Outcome};
use crate::rewrite;
use crate::settings::RewriteOptions;

pub(super) fn run(command: &Rewrite, color: ColorWhen, out: &mut dyn Write) -> Result<Exit, Stop> {
    let style = term::style(color, false);
    if let (Some(builder), Some(script)) = (&command.builder, &command.script) {
        let (ship, builder, script) = (command.file.clone(), builder.clone(), script.clone());
        return builder::run(command, &builder::read_pair(Files { ship, builder, script })?, style, out);
    }
    let stdin = command.file.as_os_str() == "-";
    let found = if stdin { None } else { builder::find(&command.file) };
    if let Some(files) = found {
        // A Dockerfile that only happens to have such neighbours is looked at by itself.
        let alone = command.file == files.ship;
        let pair = builder::read_pair(files)?;
        if pair.merged.is_ok() || !alone {
            return builder::run(command, &pair, style, out);
        }
    }
    let file = match command.file.is_dir() {
        true => walk::dockerfile_in(&command.file)
            .ok_or_else(|| Stop::Usage(format!("{}: is a directory without a Dockerfile", command.file.display())))?,
        false => command.file.clone(),
    };
    let path = file.as_path();
    let named = |message: String| Stop::Usage(format!("{}: {message}", path.display()));
    let overrides = overrides(&RuleArgs::default(), &command.build, None)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut finder = finder(&command.config);
    let found = finder.find(directory).and_then(|config| Ok((config, finder.lock(directory)?)));
    let (config, locked) = found.map_err(|error| Stop::Usage(error.problem().to_string()))?;
    let mut settings = config.settings(&overrides, path);
    settings.lock(locked);
    state_facts(command, &mut settings.rewrite);
    let contexts =
        check::contexts(command.build.context.as_deref())?.with_modules(module_cache(command, &settings.rewrite)?);
    // The program ends with the command, and the system takes the memory back faster than piece by piece.
    let contexts = ManuallyDrop::new(contexts);

    if !stdin && let Err(error) = std::fs::metadata(path) {
        return Err(named(walk::missing(path, &error)));
    }
    let source = read::source(path, None).map_err(named)?;
    let context = contexts.of(path, &source).map_err(named)?;
    let mut checked = lint::check(source.clone(), context.as_deref(), &settings);
    let plan = match checked.plan.take() {
        Some(plan) => plan,
        None => rewrite::plan(&source, &checked.dockerfile, &checked.model, context.as_deref(), &settings.rewrite),
    };
    let levers = command.explain.then(|| {
        let (file, model) = (&checked.dockerfile, &checked.model);
        rewrite::explain::levers(&source, file, model, context.as_deref(), &settings.rewrite, &plan)
    });
    let after = match &plan {
        Ok(plan) => Some(source.apply(&plan.edits).ok_or_else(|| named("internal error: the edits overlap".into()))?),
        Err(_) => None,
    };
    let result = match (&plan, &after) {
        (Ok(plan), Some(after)) => Ok((plan, after)),
        (Err(refusal), _) => Err(refusal),
        (Ok(_), None) => return Err(named("internal error: no text".into())),
    };
    let mut verified = Exit::Clean;
    if let (true, Some(after)) = (command.verify, &after) {
        if stdin || command.build.target.is_some() {
            return Err(Stop::Usage("--verify: takes a file, and builds its last stage".into()));
        }
        // A patch or JSON on the standard output stays one.
        let apart = command.diff || command.format == PlanFormat::Json;
        let stderr: &mut dyn Write = &mut std::io::stderr();
        let (place, style) = if apart { (stderr, style.plain()) } else { (&mut *out, style) };
        let build = &command.build;
        let bytes = after.all_bytes();
        verified = verify::rewritten(
            path,
            &bytes,
            build.context.as_deref(),
            &build.build_arg,
            &command.verify_options,
            style,
            place,
        )?;
        if verified != Exit::Clean && command.write {
            return Ok(verified);
        }
        if !apart {
            writeln!(out)?;
        }
    }
    if let (true, false, Some(after)) = (command.write, stdin, &after) {
        write::replace(path, &source.all_bytes(), &after.all_bytes()).map_err(named)?;
    }
    let outcome = Outcome {
        source: &source,
        checked: &checked,
        plan: result,
        levers: levers.as_deref(),
        written: command.write && !stdin && after.is_some(),
    };
    match (&after, command.format) {
        (_, PlanFormat::Json) => plan::write_json(&outcome, out)?,
        (Some(after), _) if command.write && stdin => out.write_all(&after.all_bytes())?,
        (Some(after), _) if command.diff => diff::write(&source, after, out)?,
        // The refusal must not end up in a file that is to be a Dockerfile or a patch.
        (None, _) if command.diff || (command.write && stdin) => {
            out.flush()?;
            plan::write(&outcome, style.plain(), &mut std::io::stderr().lock())?;
        }
        (Some(after), _) => {
            plan::write(&outcome, style, out)?;
            if !outcome.written {
                diff::show(&source, after, style, out)?;
            }
            plan::write_next(&outcome, style, out)?;
        }
        (None, _) => plan::write(&outcome, style, out)?,
    }
    Ok(if plan.is_ok() { verified } else { Exit::Findings })
}

/// Where the sources of modules may be read; nowhere unless somebody asks for it, since the result would depend on the
/// machine.
fn module_cache(command: &Rewrite, options: &RewriteOptions) -> Result<Option<PathBuf>, Stop> {
    match &command.module_cache {
        Some(Some(dir)) if !dir.is_dir() => {
            Err(Stop::Usage(format!("--module-cache: `{}` is not a directory", dir.display())))
        }
        Some(Some(dir)) => Ok(Some(dir.clone())),
        None if !options.module_cache => Ok(None),
        _ => Ok(modcache::directory()),
    }
}

/// What the command line states wins over the configuration.
fn state_facts(command: &Rewrite, options: &mut RewriteOptions) {
    options.strip = !command.no_strip;
    options.debug_stage = command.debug_stage;
    let stated = &mut options.stated;
    match command.runtime_file.as_slice() {
        [] => {}
        [none] if none == "none" => stated.runtime_files = Some(Vec::new()),
        files => stated.runtime_files = Some(files.to_vec()),
    }
    let yes = |answer: YesNo| answer == YesNo::Yes;
    stated.needs_shell = command.needs_shell.map(yes).or(stated.needs_shell);
    stated.cgo = command.cgo.map(yes).or(stated.cgo);
    stated.packages.extend(command.package.iter().cloned());
    stated.base_prefix = command.base_prefix.clone().or(stated.base_prefix.take());
}
