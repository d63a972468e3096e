//! Commands of RUN instructions as the rules about package managers and single programs see them.

use super::{Run, expanded, is_run};
use crate::diagnostic::Diagnostic;
use crate::model::Install;
use crate::rules::Context;
use crate::shell::{Joiner, Script, ShellCommand, ShellWord};
use crate::syntax::Body;

/// Every RUN of the file, also those behind ONBUILD, which are never edited: the trigger is part of the image config.
pub fn all_runs<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = Run<'a>> {
    cx.model.stages.iter().flat_map(move |stage| {
        stage.steps.iter().enumerate().filter_map(move |(index, step)| {
            let instruction = match &cx.dockerfile.get(step.inst)?.body {
                Body::Onbuild(inner) => inner,
                _ => cx.dockerfile.get(step.inst)?,
            };
            let script = step.script.as_ref()?;
            is_run(instruction).then_some(Run { stage, index, step, instruction, script })
        })
    })
}

/// Every command of the RUN, those of `$(…)` too.
pub fn commands<'a>(run: &Run<'a>) -> impl Iterator<Item = &'a ShellCommand> {
    run.script.commands.iter().chain(&run.script.substitutions)
}

/// A fix may put words into the command.
pub fn editable(run: &Run<'_>, cmd: &ShellCommand) -> bool {
    run.editable() && !cmd.opaque
}

/// The command with the variables whose value is known put in, split as the shell does; others stay, and so does a
/// word with blanks of its own, which is quoted: `"beets == $VERSION"`.
pub fn resolved(run: &Run<'_>, cmd: &ShellCommand) -> ShellCommand {
    let mut args = Vec::new();
    for arg in &cmd.args {
        match expanded(run.step, arg)
            .filter(|_| !arg.literal && arg.text.contains('$') && !arg.text.contains(char::is_whitespace))
        {
            Some(text) => args.extend(text.split_whitespace().map(|word| ShellWord {
                span: arg.span,
                text: word.to_string(),
                literal: true,
            })),
            None => args.push(arg.clone()),
        }
    }
    ShellCommand { args, ..cmd.clone() }
}

/// What a command installs that is not as it stands in the script.
pub fn install_of(run: &Run<'_>, cmd: ShellCommand) -> Option<Install> {
    let script = Script {
        commands: vec![cmd],
        substitutions: Vec::new(),
        dialect: run.script.dialect,
        opaque: None,
        options: Vec::new(),
        functions: Vec::new(),
    };
    crate::model::installs(&script).pop()
}

/// A variable or substitution without a known value stands in the text.
pub fn unknown(text: &str) -> bool {
    text.contains(['$', '`'])
}

/// Reports the first command of each RUN that is of the kind.
pub fn once_per_run(
    cx: &Context<'_>,
    out: &mut Vec<Diagnostic>,
    is: fn(&ShellCommand) -> bool,
    say: fn(&ShellCommand) -> (String, &'static str),
) {
    for run in all_runs(cx) {
        if let Some(cmd) = commands(&run).find(|cmd| is(cmd)) {
            let (message, help) = say(cmd);
            out.push(Diagnostic::at(cmd.span, message).help(help));
        }
    }
}

/// What the command prints may be read: it is piped, or goes somewhere else than to `/dev/null`.
pub fn output_is_read(run: &Run<'_>, cmd: &ShellCommand) -> bool {
    let commands = &run.script.commands;
    let at = commands.iter().position(|other| other.span == cmd.span);
    let next = at.and_then(|at| commands.get(at + 1));
    let piped = next.is_some_and(|next| next.joiner == Joiner::Pipe)
        || (cmd.depth > 0 && commands.iter().any(|other| other.joiner == Joiner::Pipe));
    let mut redirects = cmd.redirects.iter().chain(cmd.outer_redirects.iter()).filter(|to| to.operator.contains('>'));
    piped || at.is_none() || redirects.any(|to| to.target.text != "/dev/null")
}
