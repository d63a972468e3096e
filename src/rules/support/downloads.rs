//! Downloads that a language's package manager keeps in the home directory: one check, driven by a description each.

use super::caches::may_hold;
use super::calls::{all_runs, resolved, unknown};
use super::{Run, can_append, chained, layers_ship};
use crate::model::{Action, Call, Manager, MountKind};
use crate::rules::Context;
use crate::settings::Profile;
use crate::shell::ShellCommand;
use crate::text::Edit;

pub struct Downloads {
    pub manager: Manager,
    /// How the paths of the cache end: `/.cache/pip`.
    pub folders: &'static [&'static str],
    /// Flags and variables that put the cache elsewhere.
    pub folder_flags: &'static [&'static str],
    pub folder_variables: &'static [&'static str],
}

/// An install that leaves its downloads in a layer that ships.
pub struct Kept<'a> {
    pub run: Run<'a>,
    pub cmd: &'a ShellCommand,
}

/// `PIP_NO_CACHE_DIR=off` reads as if the cache were on, and hadolint reports it; pip switches the cache off all the same.
fn looks_on(run: &Run<'_>, cmd: &ShellCommand, call: &Call) -> bool {
    let no = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "off" | "no");
    let set = |name: &str| match cmd.variable(name) {
        Some(value) => no(&value.text),
        None => run.step.env.value(name).is_some_and(no),
    };
    !call.has(cmd, call.facts.no_cache) && call.facts.no_cache_env.iter().any(|name| set(name))
}

impl Downloads {
    pub fn kept<'a>(&self, cx: &'a Context<'_>) -> Vec<Kept<'a>> {
        let mut found = Vec::new();
        for run in all_runs(cx).filter(|run| layers_ship(cx.model, run.stage)) {
            for (index, cmd) in run.script.commands.iter().enumerate() {
                let full = resolved(&run, cmd);
                let Some(call) = crate::model::call(&full).filter(|call| self.fills(call)) else { continue };
                let off = call.keeps_no_cache(&full) || self.switched_off(&run, &full, &call);
                let off = off && !(cx.settings.profile == Profile::Hadolint && looks_on(&run, &full, &call));
                if off || self.mounted(&run, &full) || self.emptied(&run, index) {
                    continue;
                }
                found.push(Kept { run, cmd });
            }
        }
        found
    }

    fn fills(&self, call: &Call) -> bool {
        call.facts.manager == self.manager && call.action == Action::Install
    }

    /// ENV or ARG switches the cache off, or may do so.
    fn switched_off(&self, run: &Run<'_>, cmd: &ShellCommand, call: &Call) -> bool {
        call.facts.no_cache_env.iter().any(|name| {
            let off = |value: &str| crate::model::switches_cache_off(name, value);
            cmd.variable(name).is_none()
                && run.step.env.get(name).is_some_and(|found| found.value.as_deref().is_none_or(off))
        })
    }

    fn mounted(&self, run: &Run<'_>, cmd: &ShellCommand) -> bool {
        let chosen = self.folder_flags.iter().find_map(|flag| cmd.flag_value(flag)).or_else(|| {
            self.folder_variables.iter().find_map(|name| match cmd.variable(name) {
                Some(value) => Some(value.text.clone()),
                None => run.step.env.value(name).map(String::from),
            })
        });
        if chosen.as_deref().is_some_and(|folder| unknown(folder) || run.mounted(folder) || folder == "/dev/null") {
            return true;
        }
        let kinds = [MountKind::Cache, MountKind::Tmpfs, MountKind::Bind];
        run.step.mounts.iter().filter(|mount| kinds.contains(&mount.kind)).any(|mount| {
            // Of a target that is not known the best is assumed.
            mount.target.as_deref().is_none_or(|target| {
                !from_home(target)
                    && (target == "/root"
                        || target.ends_with("/.cache")
                        || self.folders.iter().any(|end| target.contains(end)))
            })
        })
    }

    /// A later command of the RUN deletes the downloads.
    fn emptied(&self, run: &Run<'_>, index: usize) -> bool {
        run.script.commands.iter().skip(index + 1).any(|later| {
            // `npm cache verify` throws away what is broken, and keeps the rest.
            let verifies = later.args.iter().any(|arg| arg.text == "verify");
            let cleans = !verifies
                && crate::model::call(later)
                    .is_some_and(|call| call.facts.manager == self.manager && call.action == Action::Clean);
            let named = |text: &str| {
                let some = text.starts_with("/root/.") && text.contains(['*', '?', '[', '{']);
                let wide = text.contains(".cache") || some || text == "/root/*";
                wide || (unknown(text) && may_hold(text, self.folders))
                    || self.folders.iter().any(|end| holds(text, end.trim_start_matches('/')))
            };
            let deletes = matches!(later.name.text.as_str(), "rm" | "find");
            cleans || (deletes && later.args.iter().any(|arg| named(&arg.text)))
        })
    }
}

/// The folder or its content: not `.npmrc` for `.npm`, nor the logs in it.
fn holds(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(at, _)| {
        let rest = text.get(at + folder.len()..).unwrap_or("");
        !rest.starts_with(|next: char| next.is_ascii_alphanumeric()) && !rest.starts_with("/_logs")
    })
}

/// BuildKit does not know `~`: the mount lies in a directory of that name in the working directory.
fn from_home(target: &str) -> bool {
    target.split('/').any(|part| part == "~")
}

impl Kept<'_> {
    /// What is wrong with a mount that was meant to hold the downloads.
    pub fn mounted_beside(&self) -> bool {
        self.run.step.mounts.iter().any(|mount| mount.target.as_deref().is_some_and(from_home))
    }

    /// The edit that runs `command` right behind the install, with sudo where the install has it.
    pub fn clean_behind(&self, cx: &Context<'_>, command: &str) -> Option<Edit> {
        let (run, cmd) = (&self.run, self.cmd);
        let at = run.script.commands.iter().position(|other| other.span == cmd.span)?;
        let sudo = !cmd.wrappers.is_empty();
        if cmd.wrappers.iter().any(|wrapper| wrapper.text != "sudo") || !can_append(cx, run, at) {
            return None;
        }
        let command = if sudo { format!("sudo {command}") } else { command.to_string() };
        Some(Edit::insert(cmd.span.end, chained(cx, run.instruction, cmd.span.end, &command)))
    }
}
