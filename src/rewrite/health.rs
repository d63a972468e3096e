//! What the health check starts and reads, and whether it can do without a shell.

use super::artifacts::Found;
use super::case::Case;
use super::entry::{BUILTINS, Entry, plain_words, written};
use super::needs::{Claim, Needs, shipped};
use super::paths::join;
use super::presence::Image;
use super::standing::reads_its_directory;
use crate::model::{Step, variables};
use crate::syntax::{Body, Command};

pub(super) fn collect(image: &Image<'_, '_>, entry: &Entry, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let last = case
        .steps()
        .filter(|(_, inst)| matches!(inst.body, Body::HealthcheckCmd { .. } | Body::HealthcheckNone(_)))
        .last();
    let Some((step, inst)) = last else { return };
    let Some((names, shell)) = started(case, step) else { return };
    let own_by_path = |word: &String| {
        let path = join(&case.workdir, word);
        word.contains('/') && shipped(found).any(|built| built.path == path)
    };
    let words = shell.as_ref().and_then(|_| health_words(case, step));
    if let Some(words) = words.filter(|words| words.first().is_some_and(own_by_path)) {
        // Without a shell it becomes exec form, as CMD does.
        needs.health_exec = Some((step.inst, words));
    } else if let Some(why) = shell {
        needs.shell.get_or_insert(Claim::at(why, inst.content));
    }
    let search = case.stage.config.env.iter().find(|(name, _)| name == "PATH").and_then(|(_, value)| value.as_deref());
    let search: Vec<&str> = search.map_or(super::paths::STANDARD_PATH.to_vec(), |path| path.split(':').collect());
    for name in names {
        let in_path = search.iter().map(|dir| join(dir, &name)).find(|path| super::named::is_file_of(image, path));
        let found_there = in_path.filter(|_| !name.contains('/'));
        let name = found_there.unwrap_or(name);
        let path = join(&case.workdir, &name);
        let own = shipped(found).any(|built| built.path == path || super::paths::base_name(&built.path) == name);
        let base = super::paths::base_name(&name).to_string();
        if name.contains('/') && super::named::is_file_of(image, &path) {
            needs.data.push((path.clone(), Claim::at("the health check starts it", inst.content)));
            super::scripts::entrypoint(image, entry, found, &path, needs);
            continue;
        }
        if own || BUILTINS.contains(&base.as_str()) {
            continue;
        }
        let claim = Claim::at(format!("the health check starts {base}"), inst.content);
        if reads_its_directory(&base, None) {
            needs.around.push((case.workdir.clone(), base.clone(), claim.clone()));
        }
        needs.start(&name, claim);
    }
    let claim = |_: u32| Claim::at("the health check names it", inst.content);
    let text = case.source.slice(inst.content);
    needs.variables.extend(variables(text, case.file.escape));
    super::words::carry(image, found, text, &[&case.workdir], &claim, needs);
}

/// The words of a HEALTHCHECK in shell form that need no shell.
fn health_words(case: &Case<'_>, step: &Step) -> Option<Vec<String>> {
    let words = plain_words(case, step.script.as_ref()?, step.inst)?;
    let words = super::shells::is_plain(case, &step.shell.words).then_some(words)?;
    Some(words.into_iter().map(|(text, _)| text).collect())
}

/// HEALTHCHECK: the programs it runs, and why it needs a shell.
fn started(case: &Case<'_>, step: &Step) -> Option<(Vec<String>, Option<String>)> {
    let inst = case.file.get(step.inst)?;
    let Body::HealthcheckCmd { command, .. } = &inst.body else { return None };
    match command {
        Command::Exec { words, .. } => {
            Some((words.first().map(|word| word.text.to_string()).into_iter().collect(), None))
        }
        Command::Shell(_) => {
            let script = step.script.as_ref()?;
            let wrappers = script.commands.iter().flat_map(|cmd| &cmd.wrappers).map(|word| word.text.clone());
            let names = script.commands.iter().map(|cmd| written(case, cmd)).filter(|name| !name.is_empty());
            let names = names.chain(wrappers.filter(|word| !word.contains('=') && word != "time"));
            let inner = script.substitutions.iter().map(|cmd| written(case, cmd)).filter(|name| !name.is_empty());
            let behind = script.commands.iter().flat_map(|cmd| super::behind::behind(cmd).programs);
            let names = names.chain(inner).chain(behind).collect();
            Some((names, Some("the health check is in shell form".into())))
        }
    }
}
