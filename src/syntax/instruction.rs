//! Logical line -> instruction: the keyword, its flags and the arguments in the form that the keyword asks for.

use super::lines::View;
use super::words::{self, Json, Range};
use super::{Body, Command, Instruction, KeyValue, Keyword, Pairs, SyntaxError, Transfer, Word};
use super::{checks, heredoc, image_ref};
use crate::text::Span;

pub(super) mod keyword {
    use super::Keyword;

    const ALL: [(&str, Keyword); 18] = [
        ("ADD", Keyword::Add),
        ("ARG", Keyword::Arg),
        ("CMD", Keyword::Cmd),
        ("COPY", Keyword::Copy),
        ("ENTRYPOINT", Keyword::Entrypoint),
        ("ENV", Keyword::Env),
        ("EXPOSE", Keyword::Expose),
        ("FROM", Keyword::From),
        ("HEALTHCHECK", Keyword::Healthcheck),
        ("LABEL", Keyword::Label),
        ("MAINTAINER", Keyword::Maintainer),
        ("ONBUILD", Keyword::Onbuild),
        ("RUN", Keyword::Run),
        ("SHELL", Keyword::Shell),
        ("STOPSIGNAL", Keyword::StopSignal),
        ("USER", Keyword::User),
        ("VOLUME", Keyword::Volume),
        ("WORKDIR", Keyword::Workdir),
    ];

    pub fn find(text: &str) -> Keyword {
        let first = text.as_bytes().first().map(u8::to_ascii_uppercase);
        ALL.iter()
            .find(|(name, _)| name.as_bytes().first().copied() == first && name.eq_ignore_ascii_case(text))
            .map_or(Keyword::Unknown, |(_, keyword)| *keyword)
    }

    /// In capitals; empty for `Unknown`.
    pub fn name(keyword: Keyword) -> &'static str {
        ALL.iter().find(|(_, known)| *known == keyword).map_or("", |(name, _)| name)
    }

    /// The known name that a mistyped one is near to.
    pub fn nearest(text: &str) -> Option<&'static str> {
        if !(2..=13).contains(&text.len()) {
            return None;
        }
        let upper = text.to_ascii_uppercase();
        ALL.iter()
            .map(|(name, _)| (strsim::osa_distance(name, &upper), *name))
            .min()
            .filter(|(distance, name)| *distance <= 2 && *distance * 2 < name.len())
            .map(|(_, name)| name)
    }
}

pub(super) struct Reader<'a, 'e> {
    pub view: View<'a>,
    pub escape: char,
    pub errors: &'e mut Vec<SyntaxError>,
    /// A buffer for the words of one instruction.
    pub words: &'e mut Vec<Range>,
    /// The instruction stands behind ONBUILD: BuildKit checks its arguments only when it is triggered.
    pub trigger: bool,
}

impl Reader<'_, '_> {
    /// The instruction in that range of the logical text. `span`, heredocs, comments and pieces come later.
    pub fn read(&mut self, range: Range) -> Box<Instruction> {
        let view = self.view;
        let text = view.text;
        let (start, end) = words::trim(text, range);
        let bytes = text.as_bytes().get(start..end).unwrap_or_default();
        let name_end = bytes.iter().position(|byte| words::is_blank(*byte)).map_or(end, |length| start + length);
        let name = view.word(start, name_end);
        let keyword = keyword::find(&name.text);
        let (raw_flags, rest) = words::flags(text, (name_end, end), self.escape);
        let args = words::trim(text, (rest, end));
        let flags = raw_flags.iter().map(|flag| flag.build(&view)).collect();
        let mut instruction = Box::new(Instruction {
            span: Span::default(),
            content: view.span(start, end),
            name,
            keyword,
            flags,
            args: view.span(args.0, args.1),
            body: Body::Invalid,
            heredocs: Vec::new(),
            comments: Vec::new(),
            pieces: Vec::new(),
        });
        instruction.body = self.body(&instruction, args);
        if !matches!(instruction.body, Body::HealthcheckNone(_)) && !self.trigger {
            checks::flags(keyword, &instruction.flags, self.errors);
        }
        instruction
    }

    /// An error that BuildKit's parser has.
    fn broken(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(SyntaxError { span, message: message.into() });
    }

    /// An error that BuildKit has when it reads the arguments.
    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        if !self.trigger {
            self.broken(span, message);
        }
    }

    fn span(&self, range: Range) -> Span {
        self.view.span(range.0, range.1)
    }

    fn word(&self, range: Range) -> Word {
        self.view.word(range.0, range.1)
    }

    fn slice(&self, range: Range) -> &str {
        self.view.slice(range.0, range.1)
    }

    fn body(&mut self, instruction: &Instruction, args: Range) -> Body {
        let keyword = instruction.keyword;
        let name = keyword::name(keyword);
        let at = instruction.name.span;
        match keyword {
            Keyword::Run => self.command(args).map_or(Body::Invalid, Body::Run),
            Keyword::Cmd => self.command(args).map_or(Body::Invalid, Body::Cmd),
            Keyword::Entrypoint => self.command(args).map_or(Body::Invalid, Body::Entrypoint),
            Keyword::Unknown => self.unknown(instruction),
            Keyword::Healthcheck if args.0 == args.1 => self.missing(at, "HEALTHCHECK needs CMD or NONE"),
            Keyword::Healthcheck => self.healthcheck(args),
            Keyword::From => self.from(at, args),
            Keyword::Copy => self.transfer(at, name, args).map_or(Body::Invalid, Body::Copy),
            Keyword::Add => self.transfer(at, name, args).map_or(Body::Invalid, Body::Add),
            Keyword::Shell => self.shell(at, args),
            _ if args.0 == args.1 => self.missing(at, format!("{name} needs an argument")),
            Keyword::Env => self.pairs(at, name, args).map_or(Body::Invalid, Body::Env),
            Keyword::Label => self.pairs(at, name, args).map_or(Body::Invalid, Body::Label),
            Keyword::Arg => self.arg(at, args),
            Keyword::Workdir => Body::Workdir(self.word(args)),
            Keyword::User => Body::User(self.word(args)),
            Keyword::StopSignal => Body::StopSignal(self.word(args)),
            Keyword::Maintainer => Body::Maintainer(self.word(args)),
            Keyword::Expose => Body::Expose(self.list(args)),
            Keyword::Volume => self.volume(at, args),
            Keyword::Onbuild => self.onbuild(args),
        }
    }

    fn missing(&mut self, at: Span, message: impl Into<String>) -> Body {
        self.wrong(at, message);
        Body::Invalid
    }

    fn unknown(&mut self, instruction: &Instruction) -> Body {
        let written = &instruction.name.text;
        let message = match keyword::nearest(written) {
            Some(nearest) => format!("unknown instruction: {written}, did you mean {nearest}?"),
            None if written.is_empty() => "a continued line without an instruction".to_string(),
            None => format!("unknown instruction: {}", shorten(written)),
        };
        self.missing(instruction.name.span, message)
    }

    /// Exec form where the text is a JSON array of strings, else shell form.
    fn command(&mut self, args: Range) -> Option<Command> {
        match words::json(&self.view, args) {
            Json::Strings(words) => Some(Command::Exec { span: self.span(args), words }),
            Json::No => Some(Command::Shell(self.span(args))),
            Json::NotStrings => {
                self.not_strings(args);
                None
            }
        }
    }

    fn not_strings(&mut self, args: Range) {
        self.broken(self.span(args), "the array holds something else than strings");
    }

    fn list(&mut self, args: Range) -> Vec<Word> {
        words::split_blanks(self.view.text, args, self.words);
        self.words.iter().map(|range| self.word(*range)).collect()
    }

    /// A JSON array, or words between blanks; `None` after an error.
    fn json_or_list(&mut self, args: Range) -> Option<(Vec<Word>, bool)> {
        match words::json(&self.view, args) {
            Json::Strings(words) => Some((words, true)),
            Json::No => Some((self.list(args), false)),
            Json::NotStrings => {
                self.not_strings(args);
                None
            }
        }
    }

    fn from(&mut self, at: Span, args: Range) -> Body {
        words::split_blanks(self.view.text, args, self.words);
        let ranges = &*self.words;
        let Some(&image) = ranges.first() else { return self.missing(at, "FROM needs an image") };
        let view = self.view;
        let image_ref = image_ref::read(self.slice(image), |start, end| view.span(image.0 + start, image.0 + end));
        let is_as = ranges.get(1).is_some_and(|range| self.slice(*range).eq_ignore_ascii_case("as"));
        let alias = ranges.get(2).filter(|_| is_as).map(|range| self.word(*range));
        let behind = ranges.get(1).map_or(args.1, |range| range.0);
        match (&alias, self.words.len()) {
            (None, 1) => {}
            (Some(alias), 3) => {
                if !is_stage_name(&alias.text) {
                    let text = format!("{:?} cannot be the name of a stage", alias.text);
                    self.wrong(alias.span, text + ", it has letters, digits and any of -_. behind a first letter");
                }
            }
            (None, 2) if is_as => self.wrong(self.span((behind, args.1)), "the name of the stage is missing"),
            _ => self.wrong(self.span((behind, args.1)), "FROM takes an image, or an image AS a name"),
        }
        Body::From { image: image_ref, alias }
    }

    fn transfer(&mut self, at: Span, name: &str, args: Range) -> Option<Transfer> {
        let (mut sources, json) = self.json_or_list(args)?;
        if sources.len() < 2 {
            self.wrong(at, format!("{name} needs a source and a destination"));
            return None;
        }
        let dest = sources.pop()?;
        if heredoc::is_marker(&dest.text) {
            self.wrong(dest.span, format!("the destination of {name} cannot be a heredoc"));
        }
        Some(Transfer { sources, dest, json })
    }

    fn shell(&mut self, at: Span, args: Range) -> Body {
        match words::json(&self.view, args) {
            Json::Strings(words) if !words.is_empty() => return Body::Shell(words),
            Json::NotStrings => self.not_strings(args),
            Json::No if args.0 < args.1 => self.wrong(self.span(args), "SHELL needs its arguments as a JSON array"),
            _ => self.wrong(at, "SHELL needs an argument"),
        }
        Body::Invalid
    }

    fn pairs(&mut self, at: Span, name: &str, args: Range) -> Option<Pairs> {
        let text = self.view.text;
        words::split_quoted(text, args, self.escape, self.words);
        let Some(&first) = self.words.first() else {
            self.wrong(at, format!("{name} needs an argument"));
            return None;
        };
        if !self.slice(first).contains('=') {
            let bytes = text.as_bytes().get(args.0..args.1).unwrap_or_default();
            let Some(length) = bytes.iter().position(|byte| words::is_blank(*byte)) else {
                self.broken(self.span(args), format!("{name} needs a name and a value"));
                return None;
            };
            let key_end = args.0 + length;
            let blanks = bytes.iter().skip(length).take_while(|byte| words::is_blank(**byte)).count();
            let pair = KeyValue {
                span: self.span(args),
                key: self.word((args.0, key_end)),
                value: Some(self.word((key_end + blanks, args.1))),
            };
            return Some(Pairs { pairs: vec![pair], legacy: true });
        }
        let mut pairs = Vec::with_capacity(self.words.len());
        for index in 0..self.words.len() {
            let Some(&range) = self.words.get(index) else { break };
            match memchr::memchr(b'=', self.slice(range).as_bytes()) {
                Some(0) => self.wrong(self.span(range), format!("a name of {name} is empty")),
                Some(_) => pairs.push(self.key_value(range)),
                None => self.broken(self.span(range), format!("{name} needs name=value, there is no =")),
            }
        }
        Some(Pairs { pairs, legacy: false })
    }

    fn key_value(&self, range: Range) -> KeyValue {
        let equals = memchr::memchr(b'=', self.slice(range).as_bytes()).map(|at| range.0 + at);
        KeyValue {
            span: self.span(range),
            key: self.word((range.0, equals.unwrap_or(range.1))),
            value: equals.map(|at| self.word((at + 1, range.1))),
        }
    }

    fn arg(&mut self, at: Span, args: Range) -> Body {
        words::split_quoted(self.view.text, args, self.escape, self.words);
        if self.words.is_empty() {
            return self.missing(at, "ARG needs an argument");
        }
        let mut pairs = Vec::with_capacity(self.words.len());
        for index in 0..self.words.len() {
            let Some(&range) = self.words.get(index) else { break };
            match self.slice(range).starts_with('=') {
                true => self.wrong(self.span(range), "a name of ARG is empty"),
                false => pairs.push(self.key_value(range)),
            }
        }
        Body::Arg(pairs)
    }

    fn volume(&mut self, at: Span, args: Range) -> Body {
        let Some((paths, json)) = self.json_or_list(args) else { return Body::Invalid };
        if paths.is_empty() {
            return self.missing(at, "VOLUME needs an argument");
        }
        if let Some(empty) = paths.iter().find(|path| path.text.trim().is_empty()) {
            self.wrong(empty.span, "a path of VOLUME is empty");
        }
        Body::Volume { paths, json }
    }

    fn healthcheck(&mut self, args: Range) -> Body {
        let text = self.slice(args);
        // BuildKit looks at bytes here: only ASCII white space ends the word and is skipped behind it.
        let is_space = |ch: char| words::is_blank(ch as u8) && ch.is_ascii();
        let kind_end = text.find(is_space).unwrap_or(text.len());
        let rest = text.get(kind_end..).unwrap_or("").trim_start_matches(is_space);
        let rest = (args.1 - rest.len(), args.1);
        let kind = self.word((args.0, args.0 + kind_end));
        let is_cmd = kind.text.eq_ignore_ascii_case("CMD");
        if !is_cmd && !kind.text.eq_ignore_ascii_case("NONE") {
            return self.missing(kind.span, format!("HEALTHCHECK knows CMD and NONE, not {}", shorten(&kind.text)));
        }
        let Some(command) = self.command(rest) else { return Body::Invalid };
        let empty = match &command {
            Command::Shell(span) => span.is_empty(),
            Command::Exec { words, .. } => words.is_empty(),
        };
        match (is_cmd, empty) {
            (true, true) => self.wrong(kind.span, "the command behind HEALTHCHECK CMD is missing"),
            (false, false) => self.wrong(self.span(rest), "HEALTHCHECK NONE takes no arguments"),
            _ => {}
        }
        match is_cmd {
            true => Body::HealthcheckCmd { cmd: kind, command },
            false => Body::HealthcheckNone(kind),
        }
    }

    fn onbuild(&mut self, args: Range) -> Body {
        if self.trigger {
            // ONBUILD ONBUILD is told once, by the outer one; reading on would only nest.
            return Body::Invalid;
        }
        self.trigger = true;
        let inner = self.read(args);
        self.trigger = false;
        match keyword::find(inner.name.text.trim()) {
            Keyword::Onbuild => self.wrong(inner.name.span, "ONBUILD cannot trigger ONBUILD"),
            keyword @ (Keyword::From | Keyword::Maintainer) => {
                self.wrong(inner.name.span, format!("ONBUILD cannot trigger {}", keyword::name(keyword)));
            }
            _ => {}
        }
        Body::Onbuild(inner)
    }
}

impl Instruction {
    /// RUN, COPY and ADD, also behind ONBUILD, but not in their JSON form.
    pub(super) fn may_hold_heredocs(&self) -> bool {
        match &self.body {
            Body::Onbuild(inner) => !matches!(inner.body, Body::Onbuild(_)) && inner.may_hold_heredocs(),
            Body::Run(Command::Exec { .. }) => false,
            Body::Copy(transfer) | Body::Add(transfer) => !transfer.json,
            _ => matches!(self.keyword, Keyword::Run | Keyword::Copy | Keyword::Add),
        }
    }

    /// Gives the instruction behind ONBUILD what belongs to the whole: its end, heredocs, pieces.
    pub(super) fn finish_trigger(&mut self) {
        if let Body::Onbuild(inner) = &mut self.body {
            inner.content.end = self.content.end;
            inner.span = Span::new(inner.content.start, self.span.end);
            inner.heredocs = self.heredocs.clone();
            inner.pieces = self.pieces.clone();
        }
    }
}

/// BuildKit's `^[a-z][a-z0-9-_.]*$` on the name in lower case.
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|ch: char| ch.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// For a message: the first forty characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text.to_string(),
    }
}
