//! Package managers that ask whether to go on: nobody answers in a build. One check, driven by a description each.

use super::Run;
use super::calls::{all_runs, editable, resolved, unknown};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::model::{Call, Manager};
use crate::rules::Context;
use crate::shell::{Joiner, ShellCommand};
use crate::text::Edit;

/// Subcommands of dnf and yum that ask.
pub const RPM_VERBS: &[&str] = &[
    "install",
    "in",
    "localinstall",
    "groupinstall",
    "groupupdate",
    "groupremove",
    "reinstall",
    "downgrade",
    "update",
    "upgrade",
    "up",
    "update-minimal",
    "upgrade-minimal",
    "distro-sync",
    "remove",
    "erase",
    "rm",
    "autoremove",
    "swap",
    "builddep",
];

pub struct Questions {
    pub managers: &'static [Manager],
    /// Subcommands that ask.
    pub verbs: &'static [&'static str],
    /// Subcommands of which only the next word tells: `module install`.
    pub prefixes: &'static [&'static str],
    /// The command answers itself in a way that the manager's table does not list.
    pub answered: fn(&ShellCommand) -> bool,
    /// Text of a configuration, in lower case, that answers for the whole file.
    pub configured: &'static [&'static str],
    pub flag: &'static str,
    /// The flag goes in front of the subcommand.
    pub global: bool,
}

impl Questions {
    pub fn check(&self, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
        let lower = cx.source.text.to_ascii_lowercase();
        if self.configured.iter().any(|text| lower.contains(text)) {
            return;
        }
        for run in all_runs(cx) {
            for cmd in &run.script.commands {
                let full = resolved(&run, cmd);
                let Some(call) = crate::model::call(&full) else { continue };
                let Some(verb) = call.verb.filter(|_| self.managers.contains(&call.facts.manager)) else { continue };
                if !self.asks(&full, verb) || self.is_answered(&full, &call) {
                    continue;
                }
                let program = &cmd.name.text;
                let found = Diagnostic::at(cmd.span, format!("{program} asks whether to go on, and nobody answers"))
                    .help(format!("add {}", self.flag));
                let Some(word) = cmd.args.iter().find(|arg| full.args.get(verb).is_some_and(|v| v.span == arg.span))
                else {
                    out.push(found);
                    continue;
                };
                let front = self.global || self.prefixes.contains(&word.text.as_str());
                let at = if front { cmd.name.span.end } else { word.span.end };
                out.push(match word.literal && cmd.name.literal && editable(&run, cmd) {
                    true => {
                        let edit = Edit::insert(at, format!(" {}", self.flag));
                        let stopped = stops_the_build(&run, cmd);
                        let applicability = if stopped { Applicability::Safe } else { Applicability::Unsafe };
                        found.fix(applicability, format!("Add {}", self.flag), vec![edit])
                    }
                    false => found,
                });
            }
        }
    }

    fn asks(&self, cmd: &ShellCommand, verb: usize) -> bool {
        let word = |at: usize| cmd.args.get(at).map_or("", |arg| arg.text.as_str());
        if self.prefixes.contains(&word(verb)) {
            let next = cmd.args.iter().skip(verb + 1).find(|arg| !arg.text.starts_with('-'));
            let changes = ["install", "remove", "update", "upgrade", "enable", "reset", "disable", "switch-to"];
            return next.is_some_and(|next| changes.contains(&next.text.as_str()));
        }
        self.verbs.contains(&word(verb))
    }

    fn is_answered(&self, cmd: &ShellCommand, call: &Call) -> bool {
        // `yes | apt-get install`, `apt-get install < answers`
        let fed = cmd.joiner == Joiner::Pipe
            || cmd
                .redirects
                .iter()
                .chain(cmd.outer_redirects.iter())
                .any(|redirect| redirect.operator.starts_with('<'));
        // `$APT_FLAGS` and the like may hold the answer.
        let options = cmd.args.iter().any(|arg| {
            let upper = arg.text.to_ascii_uppercase();
            unknown(&upper) && ["OPT", "FLAG", "ARG", "YES", "PARAM"].iter().any(|part| upper.contains(part))
        });
        let dry = ["--help", "-h", "--assumeno", "--assume-no", "--dry-run"];
        fed || options || call.has(cmd, call.facts.yes) || call.has(cmd, &dry) || (self.answered)(cmd)
    }
}

/// When the command fails, so does the build: then an answer only makes a build go on that did not end before. Behind
/// `;` or `||` the build went on without the packages, and now it has them.
pub fn stops_the_build(run: &Run<'_>, cmd: &ShellCommand) -> bool {
    let errexit = run.script_has_errexit() || run.shell_has_errexit();
    let behind = run.script.commands.iter().filter(|other| other.span.start > cmd.span.start);
    !cmd.negated
        && !cmd.conditional
        && (cmd.depth == 0 || errexit)
        && behind.into_iter().all(|other| match other.joiner {
            Joiner::And | Joiner::Start => true,
            Joiner::Semi => errexit,
            _ => false,
        })
}
