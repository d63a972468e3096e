//! Text -> commands: which text an instruction runs, in which language, and the walk over its tree.

use super::command::Raw;
use super::front::{self, option_name, shell_dialect};
use super::walk::{Around, MAX_TEXT, Output, Walker, parse};
use super::words::Inner;
use super::{Dialect, Script, ShellWord};
use crate::syntax::{Command, Heredoc, Instruction, Word, shell_text};
use crate::text::{MappedText, SourceFile, Span};

/// The script of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD: shell form, exec form (one command) and heredocs.
/// `dialect` is that of the shell in force; a heredoc with its own interpreter or shebang overrides it.
pub fn parse_command(source: &SourceFile, instruction: &Instruction, command: &Command, dialect: Dialect) -> Script {
    if let Command::Exec { words, .. } = command {
        return exec(source, instruction, words, dialect);
    }
    let Some(CommandText { text, shebang }) = command_text(source, instruction, command) else {
        return parse_text(&MappedText::default(), dialect);
    };
    let Some(shebang) = shebang else { return parse_text(&text, dialect) };
    let (dialect, options) = interpreter(&shebang);
    let mut script = parse_text(&text, dialect);
    script.options.splice(0..0, options);
    script
}

/// What a shell gets to run.
#[derive(Clone, Debug)]
pub struct CommandText {
    pub text: MappedText,
    /// The words behind `#!`, where the text is a file with an interpreter of its own.
    pub shebang: Option<Vec<String>>,
}

/// The text that the shell gets, heredocs included; `None` for the exec form.
pub fn command_text(source: &SourceFile, instruction: &Instruction, command: &Command) -> Option<CommandText> {
    let Command::Shell(span) = command else { return None };
    let mut text = shell_text(source, instruction, *span);
    let mut shebang = None;
    match instruction.heredocs.as_slice() {
        [] => {}
        [heredoc] if text.text.trim() == source.slice(heredoc.marker) => {
            // BuildKit hands the body itself to the shell, or runs it as a file when it begins with `#!`.
            text = body(source, heredoc);
            let words = |line: &str| line.split_ascii_whitespace().map(str::to_string).collect();
            shebang = text.text.strip_prefix("#!").map(|rest| words(rest.lines().next().unwrap_or("")));
        }
        heredocs => {
            // Otherwise the shell gets the line with the bodies below it and reads the heredocs itself.
            let mut at = heredocs.first().map_or(0, |first| first.body.start);
            text.push_replaced("\n", Span::new(at.saturating_sub(1), at));
            for heredoc in heredocs {
                let end = heredoc.end.end.max(heredoc.body.end).max(at);
                if heredoc.body.start > at {
                    text.push(source, Span::new(at, heredoc.body.start));
                }
                text.push(source, Span::new(heredoc.body.start.min(end), end));
                at = end;
            }
        }
    }
    Some(CommandText { text, shebang })
}

/// Any shell text, such as a script of the build context; spans lead to where `text` came from.
pub fn parse_text(text: &MappedText, dialect: Dialect) -> Script {
    let mut script = Script {
        commands: Vec::new(),
        substitutions: Vec::new(),
        dialect: foreign(&text.text).unwrap_or(dialect),
        opaque: None,
        options: Vec::new(),
        functions: Vec::new(),
    };
    let what = match script.dialect {
        Dialect::Posix | Dialect::Bash => None,
        Dialect::PowerShell => Some("PowerShell is not read"),
        Dialect::Cmd => Some("batch commands are not read"),
        Dialect::Other => Some("another language than shell is not read"),
    };
    if let Some(what) = what {
        script.opaque = Some(what.to_string());
        return script;
    }
    if text.text.len() > MAX_TEXT {
        script.opaque = Some(format!("the script is longer than {} KB", MAX_TEXT >> 10));
        return script;
    }
    let (file, reason) = parse(&text.text);
    let mut out = Output::default();
    let mut walker = Walker::new(text, script.dialect, &mut out);
    walker.seq(&file.body, &Around::top());
    if let ([_], Some((options, dialect))) = (file.body.as_slice(), walker.inner_shell.take()) {
        // `RUN bash -ec '…'`: the script is that shell's.
        script.options = options;
        script.dialect = dialect;
    }
    finish(script, out, reason)
}

fn finish(mut script: Script, out: Output, reason: Option<String>) -> Script {
    script.commands = out.commands;
    script.substitutions = out.substitutions;
    script.substitutions.sort_by_key(|command| command.span.start);
    script.options.extend(out.options);
    script.functions = out.functions;
    script.opaque = reason.or(out.opaque);
    if script.opaque.is_some() {
        for command in script.commands.iter_mut().chain(&mut script.substitutions) {
            command.opaque = true;
        }
    }
    script
}

fn body(source: &SourceFile, heredoc: &Heredoc) -> MappedText {
    let mut text = MappedText::default();
    let mut at = heredoc.body.start;
    for line in source.slice(heredoc.body).split_inclusive('\n') {
        let end = at + line.len() as u32;
        let tabs = if heredoc.strip_tabs { line.len() - line.trim_start_matches('\t').len() } else { 0 };
        text.push(source, Span::new(at + tabs as u32, end));
        at = end;
    }
    text
}

/// The language of a script whose first line holds these words behind `#!`, and the options that they set.
fn interpreter(words: &[String]) -> (Dialect, Vec<String>) {
    let mut words = words.iter().map(String::as_str).skip_while(|word| is_env(word));
    let dialect = words.next().and_then(shell_dialect).unwrap_or(Dialect::Other);
    let letters = words.filter_map(|word| word.strip_prefix('-')).flat_map(str::chars);
    (dialect, letters.filter_map(option_name).map(String::from).collect())
}

/// `env` and its `-S`, which start the interpreter behind them.
fn is_env(word: &str) -> bool {
    let base = front::base_name(word);
    base == "env" || (base.starts_with('-') && base.contains('S'))
}

/// Text that is plainly for PowerShell or cmd although nothing said so.
fn foreign(text: &str) -> Option<Dialect> {
    let start = text.trim_start().trim_start_matches('@');
    let first = start.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or("");
    let base = first.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or("").to_ascii_lowercase();
    match base.as_str() {
        "powershell" | "powershell.exe" => return Some(Dialect::PowerShell),
        "cmd" | "cmd.exe" | "setx" | "setx.exe" => return Some(Dialect::Cmd),
        _ => {}
    }
    if first.starts_with('$') && text.contains("$ErrorActionPreference") {
        return Some(Dialect::PowerShell);
    }
    // `Invoke-WebRequest`, `New-Item`: a verb and a noun, both with a capital.
    const VERBS: &[&str] = &[
        "Add",
        "Clear",
        "Copy",
        "Disable",
        "Enable",
        "Expand",
        "Get",
        "Import",
        "Install",
        "Invoke",
        "Move",
        "New",
        "Out",
        "Register",
        "Remove",
        "Rename",
        "Restart",
        "Set",
        "Start",
        "Stop",
        "Test",
        "Uninstall",
        "Update",
        "Wait",
        "Write",
    ];
    let (verb, noun) = first.split_once('-')?;
    let noun = noun.starts_with(|letter: char| letter.is_ascii_uppercase());
    (noun && VERBS.contains(&verb)).then_some(Dialect::PowerShell)
}

/// Exec form: no shell, unless the words call one.
fn exec(source: &SourceFile, instruction: &Instruction, words: &[Word], dialect: Dialect) -> Script {
    let mut script = Script {
        commands: Vec::new(),
        substitutions: Vec::new(),
        dialect,
        opaque: None,
        options: Vec::new(),
        functions: Vec::new(),
    };
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return script };
    let mut raw = Raw { span: first.span.to(last.span), ..Raw::default() };
    raw.words.extend(words.iter().map(|word| ShellWord {
        span: word.span,
        text: word.text.to_string(),
        literal: true,
    }));
    if matches!(dialect, Dialect::PowerShell | Dialect::Cmd)
        && let Some(name) = raw.words.first_mut()
        && let Some(base) = name.text.rsplit('\\').next()
    {
        name.text = base.to_string();
    }
    let nowhere = MappedText::default();
    let mut out = Output::default();
    let mut walker = Walker::new(&nowhere, dialect, &mut out);
    let inner = |index: usize| words.get(index).and_then(|word| json_text(source, instruction, word));
    walker.run(raw, &|_, index| inner(index), &Around::top());
    if let Some((options, dialect)) = walker.inner_shell.take() {
        script.options = options;
        script.dialect = dialect;
    }
    finish(script, out, None)
}

/// The text of a JSON string as a script.
fn json_text(source: &SourceFile, instruction: &Instruction, word: &Word) -> Option<Inner> {
    let raw = shell_text(source, instruction, word.span);
    let end = raw.text.len().checked_sub(1)?;
    if !raw.text.starts_with('"') || !raw.text.ends_with('"') || end == 0 {
        return None;
    }
    let mut inner = Inner::default();
    let mut at = 1;
    while at < end {
        let rest = raw.text.get(at..end)?;
        let plain = rest.find('\\').unwrap_or(rest.len());
        inner.text.push_mapped(&raw, at..at + plain);
        at += plain;
        if plain < rest.len() {
            let (kept, len) = json_escape(rest.get(plain..)?)?;
            inner.text.push_replaced(kept.encode_utf8(&mut [0; 4]), raw.span(at..at + len));
            at += len;
        }
    }
    (inner.text.text == word.text).then_some(inner)
}

fn json_escape(text: &str) -> Option<(char, usize)> {
    Some(match text.as_bytes().get(1)? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'u' => (char::from_u32(u32::from_str_radix(text.get(2..6)?, 16).ok()?)?, 6),
        other => (char::from(*other), 2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Joiner, ShellCommand};
    use crate::syntax;

    fn script(text: &str, dialect: Dialect) -> (SourceFile, Script) {
        let source = SourceFile::new("Dockerfile", text);
        let tree = syntax::parse(&source);
        let (_, instruction) = tree.instructions().last().unwrap();
        let script = parse_command(&source, instruction, instruction.command().unwrap(), dialect);
        (source, script)
    }

    /// One line for each command: joiner, two blanks for each level, `~` perhaps, `!` negated, `#` opaque, wrappers in
    /// `<>`, assignments, name, arguments (`?`: not literal), redirections, `@` directory.
    fn line(command: &ShellCommand) -> String {
        let word = |word: &ShellWord| format!("{}{}", word.text, if word.literal { "" } else { "?" });
        let joiner = match command.joiner {
            Joiner::Start => "",
            Joiner::And => "&& ",
            Joiner::Or => "|| ",
            Joiner::Semi => "; ",
            Joiner::Pipe => "| ",
            Joiner::Newline => "¶ ",
            Joiner::Background => "& ",
        };
        let mut line = format!("{}{joiner}", "  ".repeat(command.depth.into()));
        for (set, mark) in [(command.conditional, "~"), (command.negated, "!"), (command.opaque, "#")] {
            line.push_str(if set { mark } else { "" });
        }
        let wrappers = command.wrappers.iter().map(|wrapper| format!("<{}>", wrapper.text));
        let assigned = command.assignments.iter().map(|entry| format!("{}={}", entry.name, word(&entry.value)));
        let name = (!command.name.text.is_empty()).then(|| word(&command.name));
        let redirect = |redirect: &super::super::Redirect| format!("{}{}", redirect.operator, word(&redirect.target));
        let own = command.redirects.iter().map(redirect);
        let outer = command.outer_redirects.iter().map(|outer| format!("({})", redirect(outer)));
        let dir = match command.dir.as_deref() {
            Some("") => None,
            Some(dir) => Some(format!("@{dir}")),
            None => Some("@?".to_string()),
        };
        let parts = wrappers.chain(assigned).chain(name).chain(command.args.iter().map(word));
        line + &parts.chain(own).chain(outer).chain(dir).collect::<Vec<_>>().join(" ")
    }

    fn check(text: &str, want: &[&str]) {
        let (_, script) = script(text, Dialect::Posix);
        assert_eq!(script.opaque, None, "{text}");
        assert_eq!(script.commands.iter().map(line).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn joiners_depth_and_what_runs_perhaps_are_told() {
        check("RUN a && b || c && d; e | f & g", &["a", "&& b", "|| ~c", "&& ~d", "; e", "| f", "& g"]);
        check("RUN a || exit 1 && b", &["a", "|| ~exit 1", "&& b"]);
        check("RUN a || { echo no; exit 1; } && b", &["a", "  || ~echo no", "  ; ~exit 1", "&& b"]);
        check("RUN [ -f x ] && b; c", &["[ -f x ]", "&& ~b", "; c"]);
        check("RUN [ -f x ] && b", &["[ -f x ]", "&& b"]);
        check("RUN <<E\na 2>&1\\\n b>/dev/null\\\n && c\\\n d\nE\n", &["a b 2>&1 >/dev/null", "&& c d"]);
        check("RUN [ -f x ] && b || true", &["[ -f x ]", "&& ~b", "|| ~true"]);
        check("RUN a && b || true", &["a", "&& b", "|| ~true"]);
        check("RUN (a; b) && { c; }", &["  a", "  ; b", "  && c"]);
        check("RUN ! a && ! [[ -f x ]]", &["!a", "&& ![[ x"]);
        check(
            "RUN if a; then b; elif c; then d; else e; fi; f",
            &["  a", "  ; ~b", "  ; ~c", "  ; ~d", "  ; ~e", "; f"],
        );
        check("RUN for i in x y; do a $i; done && b", &["  ~a $i?", "&& b"]);
        check("RUN while read l; do a; done < f", &["  ~read l (<f)", "  ; ~a (<f)"]);
        check("RUN case $x in a) b;; *) c;; esac", &["  ~b", "  ; ~c"]);
        check("RUN f() { a; }; f; b", &["    ; ~a @?", "; #f", "; b"]);
        check("RUN a || exit 0; b", &["a", "|| ~exit 0", "; ~b"]);
        check("RUN time -p a | b", &["<time> a", "| b"]);
        check("RUN (a; b) > log", &["  a (>log)", "  ; b (>log)"]);
    }

    #[test]
    fn words_are_unquoted_and_say_whether_they_are_literal() {
        check(
            r#"RUN a 'b c' "d $e" f\ g "h\"i" j"k"'l' m*n o'*' p{q,r} ~/s"#,
            &[r#"a b c d $e? f g h"i jkl m*n? o* p{q,r}? ~/s?"#],
        );
        check("RUN V=1.2 W=$V && a foo=$V ${V} \"$V-$W\" '$V' $X", &["V=1.2 W=1.2", "&& a foo=1.2 1.2 1.2-1.2 $V $X?"]);
        check("RUN P='b c' && a $P \"$P\" d$P", &["P=b c", "&& a b? c? b c d$P?"]);
        check("RUN V=1; if a; then V=2; fi; b $V", &["V=1", "  ; a", "  ; ~V=2", "; b $V?"]);
        check("RUN V=1; for i in x; do b $V; V=2; done; c $V", &["V=1", "  ; ~b $V?", "  ; ~V=2", "; c $V?"]);
        check("RUN V=1; (V=2; a $V); b $V", &["V=1", "  ; V=2", "  ; a 2", "; b 1"]);
        check("RUN V=1; . ./env; b $V", &["V=1", "; #. ./env", "; b $V?"]);
        check("RUN . ./setup.sh; b", &["#. ./setup.sh", "; b @?"]);
        check("RUN V=1; V=2 a $V", &["V=1", "; V=2 a 1"]);
        check("RUN V=a; V=${V:-b}; c $V ${W:-d}", &["V=a", "; V=a", "; c a ${W:-d}?"]);
        check("RUN V=1; V+=2; a $V", &["V=1", "; V=12", "; a 12"]);
        check("RUN V=1; read V; a $V", &["V=1", "; read V", "; a $V?"]);
        check("RUN A=\"\" && a x$A$A", &["A=", "&& a x$A$A?"]);
        check(r#"RUN V=1; a " b$V-$W\$" "\"$V.gz\$""#, &["V=1", "; a  b1-$W$? \"1.gz$"]);
        check("RUN a [ b[c]", &["a [ b[c]?"]);
        let (_, script) = script("RUN a $'b\\n\\x41\\'c' $'d'", Dialect::Bash);
        assert_eq!(line(&script.commands[0]), "a b\nA'c d");
    }

    #[test]
    fn what_stands_before_the_program_is_looked_through() {
        check("RUN sudo -E apt-get update", &["<sudo> apt-get update"]);
        check("RUN /usr/bin/env A=1 B=\"$x\" nice -n 5 /usr/bin/make all", &["<env> <nice> A=1 B=$x? make all"]);
        check("RUN $CMD install && eval x && *x", &["#$CMD? install", "&& #eval x", "&& #*x? @?"]);
        check("RUN alias ll='ls -l'; ll", &["alias ll=ls -l", "; #ll"]);
        check("RUN sudo $OPTS apt-get update", &["#<sudo> $OPTS? apt-get update"]);
        check("RUN sudo --zap=$x -Z make", &["#sudo --zap=$x? -Z make"]);
    }

    #[test]
    fn the_directory_is_followed() {
        check(
            "RUN cd /x && a && cd y && b; cd .. && c",
            &["cd /x", "&& a @/x", "&& cd y @/x", "&& b @/x/y", "; cd .. @/x/y", "&& c @/x"],
        );
        check("RUN (cd x && a) && b", &["  cd x", "  && a @x", "&& b"]);
        check("RUN cd $D && a && cd - && b", &["cd $D?", "&& a @?", "&& cd - @?", "&& b"]);
        check("RUN pushd x && a && popd && b", &["pushd x", "&& a @x", "&& popd @x", "&& b"]);
        check("RUN cd x || exit 1; a", &["cd x", "|| ~exit 1", "; a @x"]);
        check("RUN cd x || true; a", &["cd x", "|| ~true", "; a @?"]);
        check("RUN a || cd x; b", &["a", "|| ~cd x", "; b @?"]);
        check("RUN cd x | a; b", &["cd x", "| a", "; b"]);
        check("RUN for d in a b; do cd $d; c; cd ..; done", &["  ~cd $d? @?", "  ; ~c @?", "  ; ~cd .. @?"]);
        check("RUN sudo env -C /y a", &["<sudo> <env> a @/y"]);
    }

    #[test]
    fn called_shells_are_read() {
        check("RUN sh -c 'a && b' x > log && c", &["  <sh> a (>log)", "  && b (>log)", "&& c"]);
        check(
            "RUN sudo -u x bash -ec \"cd y; V=1 a \\\"b c\\\" \\$V $W\" && d",
            &["  <sudo> <bash> cd y", "  ; #V=1 a b c $V? $W? @y", "&& d"],
        );
        check("RUN sh -c \"sh -c 'a b'; c\"", &["    <sh> <sh> a b", "  ; c"]);
        check("RUN [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\", \"a \\\"b c\\\" | d\"]", &["  <bash> a b c", "  | d"]);
        check("RUN bash $X -c a; sh -c \"$Y\"; sh x.sh", &["bash $X? -c a", "  ; #<sh> $Y?", "; sh x.sh"]);
        check("RUN bash <<EOF && c\ncd x\na \\$V $W\nEOF\n", &["  <bash> cd x", "  ¶ #a $V? $W? @x", "&& c"]);
        check("RUN bash -e <<'EOF'\na $V\nEOF\n", &["  <bash> a $V?"]);
        check("RUN <<EOF\na\n# comment\nb \\\n  c\nEOF\n", &["a", "¶ b c"]);
        check("RUN <<-EOF\n\tcat <<X > f\n\ttext\n\tX\n\tb\n\tEOF\n", &["cat <<X >f", "¶ b"]);
        check(
            "RUN export A=1; sh -c 'b $A $B'; B=1; sh -c 'c $B'",
            &["export A=1", "  ; <sh> b 1 $B?", "; B=1", "  ; <sh> c $B?"],
        );
        check("RUN su - app -c 'a b' && c", &["  <su> a b @?", "&& c"]);
    }

    #[test]
    fn spans_are_those_of_the_file() {
        let text = "FROM x\nRUN set -e; \\\n# note\n   V='1 2' sudo apt-get   install \\\n\n  \"fo\\\no\" é=$V 2>/dev/null && \\\n  bash -c \"a \\\"b c\\\" d\" && \\\n  sh -c 'e \\\n f'";
        let (source, script) = script(text, Dialect::Posix);
        let slices =
            |words: &[ShellWord]| words.iter().map(|word| source.slice(word.span).to_string()).collect::<Vec<_>>();
        let install = &script.commands[1];
        assert!(
            source.slice(install.span).starts_with("V='1 2' sudo")
                && source.slice(install.span).ends_with("2>/dev/null")
        );
        assert_eq!(source.slice(install.assignments[0].value.span), "'1 2'");
        assert_eq!(source.slice(install.name.span), "apt-get");
        assert_eq!(slices(&install.wrappers), ["sudo"]);
        assert_eq!(slices(&install.args), ["install", "\"fo\\\no\"", "é=$V"]);
        assert_eq!(install.args[1].text, "foo");
        assert_eq!(source.slice(install.redirects[0].span), "2>/dev/null");
        assert_eq!(source.slice(install.redirects[0].target.span), "/dev/null");
        assert_eq!(slices(&script.commands[2].args), ["\\\"b c\\\"", "d"]);
        assert_eq!(source.slice(script.commands[2].span), "a \\\"b c\\\" d");
        assert_eq!(slices(&script.commands[3].args), ["f"]);
        assert_eq!(source.slice(script.commands[3].span), "e \\\n f");
    }

    #[test]
    fn spans_in_json_strings_and_heredocs_are_those_of_the_file() {
        let (source, exec) = script(r#"CMD ["sh", "-c", "\u0061b \"c d\" é && f\tg"]"#, Dialect::Posix);
        let slices: Vec<&str> = exec.commands.iter().map(|command| source.slice(command.span)).collect();
        assert_eq!(slices, [r#"\u0061b \"c d\" é"#, r"f\tg"]);
        let text = "RUN <<A cat > x && bash <<-'B'\nbody $V\nA\n\ta 'b c'\n\t\tB\n";
        let (source, heredoc) = script(text, Dialect::Posix);
        assert_eq!(heredoc.commands.iter().map(line).collect::<Vec<_>>(), ["cat <<A >x", "  && <bash> a b c"]);
        assert_eq!(source.slice(heredoc.commands[0].redirects[0].body.unwrap()), "body $V\n");
        assert_eq!(source.slice(heredoc.commands[1].args[0].span), "'b c'");
    }

    #[test]
    fn options_and_exports_are_told() {
        for (text, want) in [
            ("RUN set -eux; a", "errexit,nounset,xtrace"),
            ("RUN set -o pipefail && set -e && set +e", "pipefail"),
            ("RUN bash -euo pipefail -c 'set -x; a'", "xtrace,errexit,nounset,pipefail"),
            ("RUN sh -ec a; b", ""),
            ("RUN <<EOF\n#!/bin/bash -e\nset -x\nEOF\n", "errexit,xtrace"),
        ] {
            assert_eq!(script(text, Dialect::Posix).1.options.join(","), want, "{text}");
        }
        let (_, exported) = script("RUN export A=1 B && C=2 && A=3; D=4 sh -c 'x'", Dialect::Posix);
        let env = |index: usize| {
            let entries = exported.commands[index].env.iter();
            entries.map(|entry| format!("{}={}", entry.name, entry.value.text)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!([env(0), env(1), env(2), env(3)], ["", "A=1", "A=1", "A=3 D=4"]);
    }

    #[test]
    fn substitutions_stand_apart() {
        let (_, script) = script("RUN A=$(b `c`) d \"$(e | f)\" <(g)", Dialect::Bash);
        assert_eq!(script.commands.iter().map(|command| command.name.text.as_str()).collect::<Vec<_>>(), ["d"]);
        let inner: Vec<&str> = script.substitutions.iter().map(|command| command.name.text.as_str()).collect();
        assert_eq!(inner, ["b", "c", "e", "f", "g"]);
    }

    #[test]
    fn what_is_no_shell_script_is_opaque() {
        for (text, dialect, want) in [
            ("RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n", Dialect::Posix, Dialect::Other),
            ("RUN powershell -Command Get-Item x", Dialect::Posix, Dialect::PowerShell),
            ("RUN Invoke-WebRequest x", Dialect::Posix, Dialect::PowerShell),
            ("RUN $ErrorActionPreference = 'Stop'; a", Dialect::Posix, Dialect::PowerShell),
            ("RUN cmd /S /C dir", Dialect::Posix, Dialect::Cmd),
            ("RUN dir && del x", Dialect::Cmd, Dialect::Cmd),
            ("RUN a; b", Dialect::PowerShell, Dialect::PowerShell),
        ] {
            let (_, script) = script(text, dialect);
            assert_eq!((script.dialect, script.commands.len()), (want, 0), "{text}");
            assert!(script.opaque.is_some(), "{text}");
        }
        for text in ["RUN if a; then", "RUN a 'b", "RUN a && ) b"] {
            let (_, script) = script(text, Dialect::Posix);
            assert!(script.opaque.is_some(), "{text}");
            assert!(script.commands.iter().all(|command| command.opaque), "{text}");
        }
        let long = format!("RUN {}", "a;".repeat(40_000));
        assert!(script(&long, Dialect::Posix).1.opaque.is_some());
        let (_, bash) = script("RUN <<EOF\n#!/usr/bin/env bash\na\nEOF\n", Dialect::PowerShell);
        assert_eq!((bash.dialect, bash.commands.len()), (Dialect::Bash, 1));
    }

    /// Every span lies inside the instruction, and its words inside the command.
    fn sound(text: &str, dialect: Dialect) {
        let source = SourceFile::new("Dockerfile", text);
        for (_, instruction) in syntax::parse(&source).instructions() {
            let Some(command) = instruction.command() else { continue };
            let script = parse_command(&source, instruction, command, dialect);
            for command in script.commands.iter().chain(&script.substitutions) {
                assert!(instruction.span.contains(command.span), "{text:?} {command:?}");
                let words = command.args.iter().chain([&command.name]);
                for word in words.chain(command.redirects.iter().map(|redirect| &redirect.target)) {
                    assert!(command.span.contains(word.span), "{text:?} {word:?}");
                    assert!(source.text.get(word.span.range()).is_some(), "{text:?} {word:?}");
                }
            }
            // The body of `bash <<X && c` stands behind `c`, and runs before it.
            let sorted = script.commands.is_sorted_by_key(|command| command.span.start);
            assert!(sorted || instruction.heredocs.len() + text.matches("<<").count() > 1, "{text:?}");
        }
    }

    const PIECES: &[&str] = &[
        "a",
        "apt-get",
        "install",
        " ",
        " ",
        " ",
        "\t",
        "\n",
        "\\\n",
        "# c\n",
        ";",
        "&&",
        "||",
        "|",
        "&",
        "(",
        ")",
        "{ ",
        " }",
        "$(",
        "`",
        "'",
        "\"",
        "\\",
        "$V",
        "${V",
        "${V:-",
        "}",
        "$'",
        "$((",
        "))",
        "((",
        "[[ ",
        " ]]",
        "<<EOF",
        "EOF\n",
        "<<-'X'",
        "\tX\n",
        ">f",
        "2>&1",
        "<(",
        "<<<",
        "if ",
        "then ",
        "elif ",
        "else ",
        "fi",
        "for i in ",
        "do ",
        "done",
        "while ",
        "case x in ",
        "*) ",
        ";;",
        "esac",
        "f() ",
        "function f ",
        "V=",
        "export ",
        "cd ",
        "sudo ",
        "env ",
        "sh -c ",
        "bash <<EOF",
        "eval ",
        "exit ",
        "set -e",
        "é",
        "日本",
        "\u{1f40b}",
        "\0",
        "\r\n",
        "*",
        "?",
        "[a]",
        "{a,b}",
        "~",
        "!",
        "time ",
        "coproc ",
        "select x in ",
        "-c",
        "=",
        "su - x -c ",
        "[\"",
        "\",\"",
        "\"]",
        "\\u00e9",
        "\\\"",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_mix_of_shell_pieces_is_read_without_harm(picks in proptest::collection::vec(0..PIECES.len(), 0..40), bash: bool) {
            let body: String = picks.iter().map(|pick| PIECES[*pick]).collect();
            let dialect = if bash { Dialect::Bash } else { Dialect::Posix };
            sound(&format!("RUN {body}"), dialect);
            sound(&format!("RUN <<EOF\n{body}\nEOF\n"), dialect);
            sound(&format!("RUN [\"sh\", \"-c\", \"{body}\"]"), dialect);
        }

        #[test]
        fn any_text_is_read_without_harm(body in "\\PC{0,60}") {
            sound(&format!("RUN {body}"), Dialect::Posix);
            sound(&format!("RUN bash <<EOF\n{body}\nEOF\n"), Dialect::Bash);
        }
    }

    #[test]
    fn a_real_script_is_read_without_harm_wherever_it_is_cut_or_changed() {
        let whole = "RUN set -eux; V='1 é'; \\\n# c\n  if [ -f \"$V\" ]; then sudo -E sh -c \"cd x && make \\\"$(nproc)\\\" ${V%.*}\"; fi && \\\n  for i in a b; do echo $i | tee -a f; done || { cat <<X >> /f; exit 1; }\n";
        for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            sound(&whole[..at], Dialect::Bash);
            for piece in ["'", "\"", "(", "}", "\\", "`", "<<EOF\n"] {
                sound(&format!("{}{piece}{}", &whole[..at], &whole[at..]), Dialect::Bash);
            }
        }
    }

    #[test]
    fn scripts_that_once_did_harm_are_read() {
        // An unterminated heredoc's body ends behind the text; the parser slices inside of a character.
        sound("RUN 2>&1 ||{ bash <<EOF}&&sh -c ${V:-*<<-'X'$(time \"\u{1f40b}!esac<<-'X'`{ install", Dialect::Bash);
        sound(
            "RUN ${V&&do ;\"$({a,b}do \"]{a,b}`*eval ||V=\"sh -c $'sudo time do set -e日本日本 }exit =-c <(日本",
            Dialect::Bash,
        );
        // What is not ASCII is no part of a variable's name, and stays as it is.
        check("RUN V=1 && a $Vé ${V}日 é=$V <<é\n", &["V=1", "&& a 1é 1日 é=1 <<é"]);
    }

    #[test]
    fn deep_nesting_neither_hangs_nor_overflows_the_stack() {
        for (open, close) in [
            ("(", ")"),
            ("{ ", ";}"),
            ("if a; then ", "; fi"),
            ("$(", ")"),
            ("\"$(", ")\""),
            ("${a:-", "}"),
            ("((", "))"),
            ("[[ ( ", " )"),
            ("while a; do ", "; done"),
            ("for i in a; do ", "; done"),
            ("! ", ""),
            ("f() { ", ";}"),
            ("a && ", ""),
            ("a | ", ""),
            ("`", ""),
            ("sh -c '", "'"),
            ("case a in b) ", ";; esac"),
            ("<(", ")"),
            ("eval ", ""),
            ("sudo ", ""),
            ("a ", ""),
            ("A=", ""),
        ] {
            for depth in [20, 60, 400, 3000] {
                let text = format!("RUN {}x{}\n", open.repeat(depth), close.repeat(depth));
                let start = std::time::Instant::now();
                // What a thread of a thread pool has.
                let run = std::thread::Builder::new().stack_size(2 << 20).spawn(move || sound(&text, Dialect::Bash));
                run.unwrap().join().unwrap();
                assert!(start.elapsed().as_secs() < 10, "{open} {depth}: {:?}", start.elapsed());
            }
        }
    }
}
