//! What the health check starts and reads, and whether it can do without a shell.

use super::artifacts::Found;
use super::entry::{self, Entry};
use super::needs::{Claim, Needs, shipped};
use super::paths::join;
use super::presence::Image;
use super::standing::reads_its_directory;
use crate::model::variables;
use crate::syntax::Body;

pub(super) fn collect(image: &Image<'_, '_>, entry: &Entry, found: &Found, needs: &mut Needs) {
    let case = image.case;
    let last = case
        .steps()
        .filter(|(_, inst)| matches!(inst.body, Body::HealthcheckCmd { .. } | Body::HealthcheckNone(_)))
        .last();
    let Some((step, inst)) = last else { return };
    let Some((names, shell)) = entry::health(case, step) else { return };
    let own_by_path = |word: &String| {
        let path = join(&case.workdir, word);
        word.contains('/') && shipped(found).any(|built| built.path == path)
    };
    let words = shell.as_ref().and_then(|_| entry::health_words(case, step));
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
        if own || entry::BUILTINS.contains(&base.as_str()) {
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
