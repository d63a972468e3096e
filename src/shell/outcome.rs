//! What the failure of a command means for the script: which ones only ask, which ones end it.

use shuck_ast::{BinaryOp, BuiltinCommand, Command, CompoundCommand, Pattern, PatternPart, Stmt, WordPart};

use super::front::base_name;
use super::words::range;
use crate::text::MappedText;

/// `*` in a `case`.
pub(super) fn is_catch_all(pattern: &Pattern) -> bool {
    matches!(pattern.parts.as_slice(), [part] if matches!(part.kind, PatternPart::AnyString))
}

/// The command's name as written, when it is one.
fn simple_name<'t>(text: &'t MappedText, stmt: &Stmt) -> &'t str {
    match &stmt.command {
        Command::Simple(simple) if simple.name.parts.iter().all(|part| matches!(part.kind, WordPart::Literal(_))) => {
            text.text.get(range(simple.name.span)).unwrap_or("")
        }
        _ => "",
    }
}

/// It asks something: its failure is an answer, not an accident.
pub(super) fn is_test(text: &MappedText, stmt: &Stmt) -> bool {
    if stmt.negated {
        return true;
    }
    match &stmt.command {
        Command::Simple(_) => matches!(
            base_name(simple_name(text, stmt)),
            "[" | "test"
                | "command"
                | "which"
                | "type"
                | "hash"
                | "grep"
                | "egrep"
                | "fgrep"
                | "cmp"
                | "diff"
                | "id"
                | "getent"
                | "false"
                | "expr"
                | "pgrep"
                | "ls"
        ),
        Command::Binary(binary) => match binary.op {
            BinaryOp::Pipe | BinaryOp::PipeAll => is_test(text, &binary.right),
            BinaryOp::And | BinaryOp::Or => is_test(text, &binary.left) || is_test(text, &binary.right),
        },
        Command::Compound(compound) => match compound {
            CompoundCommand::Conditional(_) | CompoundCommand::Arithmetic(_) => true,
            CompoundCommand::Subshell(body) | CompoundCommand::BraceGroup(body) => {
                body.stmts.last().is_some_and(|last| is_test(text, last))
            }
            _ => false,
        },
        _ => false,
    }
}

/// It ends the script, and with failure: `exit 1`.
pub(super) fn ends_script(text: &MappedText, stmt: &Stmt) -> bool {
    match &stmt.command {
        Command::Builtin(builtin) => failing_exit(text, builtin),
        Command::Binary(binary) if binary.op == BinaryOp::And => {
            ends_script(text, &binary.right) && is_output(text, &binary.left)
        }
        Command::Compound(CompoundCommand::BraceGroup(body)) => {
            body.stmts.last().is_some_and(|last| ends_script(text, last))
        }
        _ => false,
    }
}

/// `echo … && exit 1`: the first half does not fail.
fn is_output(text: &MappedText, stmt: &Stmt) -> bool {
    matches!(simple_name(text, stmt), "echo" | "printf" | "cat" | ":" | "true")
}

/// What follows `||` makes good for the failure before it.
pub(super) fn catches_failure(text: &MappedText, stmt: &Stmt) -> bool {
    !never_succeeds(text, stmt) && !passes_failure_on(text, stmt)
}

/// `|| exit`, `|| exit $?`: the failure before it becomes the script's.
pub(super) fn passes_failure_on(text: &MappedText, stmt: &Stmt) -> bool {
    let code = match &stmt.command {
        Command::Builtin(BuiltinCommand::Exit(command)) => &command.code,
        Command::Builtin(BuiltinCommand::Return(command)) => &command.code,
        _ => return false,
    };
    code.as_ref().is_none_or(|code| text.text.get(range(code.span)) == Some("$?"))
}

fn never_succeeds(text: &MappedText, stmt: &Stmt) -> bool {
    if stmt.negated {
        return false;
    }
    match &stmt.command {
        Command::Simple(_) => simple_name(text, stmt) == "false",
        Command::Compound(CompoundCommand::Subshell(body) | CompoundCommand::BraceGroup(body)) => {
            body.stmts.last().is_some_and(|last| never_succeeds(text, last))
        }
        _ => ends_script(text, stmt),
    }
}

/// `exit` and `return` with a code that is surely not zero; without a code they keep the failure before them.
pub(super) fn failing_exit(text: &MappedText, builtin: &BuiltinCommand) -> bool {
    let code = match builtin {
        BuiltinCommand::Exit(command) => &command.code,
        BuiltinCommand::Return(command) => &command.code,
        _ => return false,
    };
    match code {
        None => false,
        Some(code) => {
            text.text.get(range(code.span)).and_then(|code| code.parse::<u8>().ok()).is_some_and(|code| code != 0)
        }
    }
}
