//! What is known of Go: where a build puts its binary, whether it needs cgo, and what the program reads at run time.
//!
//! Pure functions on text, on shell commands and on an `ImageTree`, the part of the build stage's file system that came
//! from the build context. Nothing here decides on a tier; the rewriter does.
//!
//! The way through: `Walk::new`, then for each step `walk.tree.copy` (COPY, ADD) or `walk.run` (RUN); `walk.at(path)` is
//! then the program that CMD names, and `program::analyse(&walk.tree, package_dir, &tags, roots)` what it needs.

pub mod build;
mod c_code;
mod calls;
pub mod constraint;
mod data;
mod files;
mod foreign;
mod generate;
pub mod gomod;
pub mod makefile;
mod modcache;
pub mod modules;
mod needs;
mod output;
pub mod packages;
pub mod program;
mod reach;
pub mod source;
mod started;
mod tokens;
mod trace;
pub mod walk;
mod wants;

use crate::text::{Span, Text};

/// A value of the environment as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Unset,
    To(String),
    /// Set to something that cannot be told, such as `$(go env GOPATH)` or an ARG without a default.
    Unknown,
}

/// What the `go` command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoKind {
    Build,
    Install,
    /// `go get`; before modules, and with `GO111MODULE=off`, it installs commands.
    Get,
    Run,
    Test,
    /// `go mod download`, `tidy`, `vendor`, `init`, …
    Mod,
    Generate,
    /// `go env -w`.
    EnvWrite,
    /// `go version`, `go vet`, `go list`, …: makes no files that an image needs.
    Other,
}

/// One `go` command and what comes out of it.
#[derive(Clone, Debug)]
pub struct GoBuild {
    pub kind: GoKind,
    /// The whole command.
    pub span: Span,
    /// Where `CGO_ENABLED=0 ` would be inserted: right before the program's name, behind assignments and wrappers.
    /// `None` where no place is surely right (`time go build`).
    pub insert_at: Option<u32>,
    /// Package arguments as written; empty stands for the package of the working directory.
    pub packages: Vec<String>,
    /// The directory the command works in, absolute, after `-C`; `None` when it is not known.
    pub dir: Option<String>,
    pub outputs: Outputs,
    pub cgo: Cgo,
    /// The link is forced to be static: `-extldflags -static`, or `-tags netgo,osusergo` without C code.
    pub static_forced: StaticForced,
    /// The flag that needs cgo or makes no plain program: `-race`, `-buildmode=c-shared`, …
    pub needs_cgo_flag: Option<String>,
    /// Why cgo is wanted, although the program may need none: `-linkmode external`, the FIPS module of BoringCrypto.
    pub wants_cgo: Option<String>,
    /// A C compiler for another C library than that of the image: `CC=musl-gcc`.
    pub other_compiler: Option<String>,
    /// `-buildmode=pie`: keeps a dynamic loader also with cgo off.
    pub pie: bool,
    pub trimpath: bool,
    /// The `-ldflags` in force (the last one), with its place; `None` when there is none.
    pub ldflags: Option<Ldflags>,
    pub tags: Vec<String>,
    /// Why there may be other tags than these: an ARG gives them, or their text is computed.
    pub open_tags: Option<String>,
    /// The ARG that says which package is built.
    pub chosen: Option<Chosen>,
    /// GOOS and GOARCH where one of them is set; a name that is not set stands as "",
    /// one that is not known as "?", and the argument that the engine fills in as `$TARGETARCH`.
    pub cross: Option<(String, String)>,
    /// `go mod init name`.
    pub mod_init: Option<String>,
    /// `go env -w NAME=value`.
    pub env_writes: Vec<(String, String)>,
    /// The file of the build context that the command stands in (a Makefile, a script): no edit can reach it, and
    /// `span` is that of the command which runs it.
    pub within: Option<String>,
    /// `CGO_ENABLED=0` in front of the make or the script that it stands in reaches it: nothing in there sets it anew.
    pub takes_cgo_off: bool,
    /// It stands in a RUN in exec form, whose words are no shell text: nothing may be put in.
    pub in_json: bool,
    /// The command runs only perhaps, or more than once, or was not fully understood.
    pub unsure: Option<String>,
}

impl Program {
    /// Another program that may stand in its place: what either needs.
    pub fn join(&mut self, other: Program) {
        for package in other.packages {
            if !self.packages.contains(&package) {
                self.packages.push(package);
            }
        }
        self.cgo.extend(other.cgo);
        self.needs.extend(other.needs);
        self.libc = self.libc.take().or(other.libc);
        self.foreign.extend(other.foreign);
        // A file that is in the binary of one only is no less read by the other.
        self.embeds.retain(|embed| other.embeds.iter().any(|same| same.path == embed.path));
        self.unread.extend(other.unread);
        self.unknown.extend(other.unknown);
        self.cached.extend(other.cached);
        self.data_left.extend(other.data_left);
        self.gaps.extend(other.gaps);
        self.writes_somewhere |= other.writes_somewhere;
        self.own_symbols |= other.own_symbols;
        self.c_resolver = self.c_resolver.take().or(other.c_resolver);
        self.c_code.extend(other.c_code);
        self.reads_computed |= other.reads_computed;
        self.paths.extend(other.paths);
        self.variables.extend(other.variables);
        for list in [
            &mut self.unread,
            &mut self.unknown,
            &mut self.cached,
            &mut self.data_left,
            &mut self.gaps,
            &mut self.variables,
        ] {
            list.sort();
            list.dedup();
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    Files(Vec<GoOutput>),
    /// Succeeds and writes no program: `go build ./...` over several packages.
    Nothing,
    /// The command would fail as it stands, and why.
    Fails(String),
    Unknown(String),
}

/// A program that the command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoOutput {
    /// Absolute path in the build stage.
    pub path: String,
    /// The main package: its directory in the build stage where it is known.
    pub package_dir: Option<String>,
    /// The package as the command names it (`./cmd/server`, `example.com/x/cmd/y@v1.2`, `.`).
    pub package: String,
    /// Path and package follow from text that was read; otherwise it is the likely one, and `why` says what is assumed.
    pub proved: bool,
    /// The command itself names the file, by `-o` or by a Go file: a command of the image that starts the same path
    /// says that the build makes it.
    pub named: bool,
    pub why: String,
}

/// The tags of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    pub names: Vec<String>,
    /// There may be others, or not even these: what is read then is what any tags would build.
    pub open: bool,
    /// `go build main.go`: the files of the main package that are compiled, and no others.
    pub files: Option<Vec<String>>,
}

impl Tags {
    pub fn of(build: &GoBuild) -> Tags {
        let name = |word: &String| {
            let plain = word.ends_with(".go") && !word.contains(['*', '?', '[', '$', '`', '{']);
            plain.then(|| word.rsplit('/').next().unwrap_or(word).to_string())
        };
        let files = build.packages.iter().map(name).collect::<Option<Vec<String>>>().filter(|files| !files.is_empty());
        Tags { names: build.tags.clone(), open: build.open_tags.is_some(), files }
    }

    pub fn may_have(&self, tag: &str) -> bool {
        self.open || self.names.iter().any(|own| own == tag)
    }
}

/// Another `--build-arg` builds another program from the same line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The ARG.
    pub by: String,
    /// The directory in which every package that it can name lies; `None` where that cannot be told.
    pub below: Option<String>,
}

/// CGO_ENABLED as the command sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgo {
    /// `CGO_ENABLED=0` is in force.
    Off,
    /// `CGO_ENABLED=1` is in force: the author's wish, never to be overridden.
    On,
    /// Nothing sets it: on where a C compiler is found (and always before Go 1.20).
    Default,
    /// Set to something that cannot be told.
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StaticForced {
    #[default]
    No,
    /// `-linkmode external -extldflags -static`: C code is linked in statically, too.
    Linker,
    /// `-extldflags -static` alone: in force only when a package outside the standard library has C code, since Go
    /// links everything else itself and ignores the flag.
    LinkerPerhaps,
    /// `-tags netgo,osusergo`: static as long as no other package needs C.
    Tags,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ldflags {
    /// The value without its quotes.
    pub text: String,
    /// The argument in the file, quotes included: for `-ldflags="x"` from the dash on; for `-ldflags "x"` the value alone.
    /// Empty when the value comes from GOFLAGS.
    pub span: Span,
    /// No expansion is left in it.
    pub literal: bool,
    /// `-s`
    pub strip_s: bool,
    /// `-w`
    pub strip_w: bool,
}

/// What a program made by `program::analyse` needs and how it is linked.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The module's path; `None` without go.mod.
    pub module: Option<String>,
    /// Directories of the packages that were read, in the build stage.
    pub packages: Vec<String>,
    /// Why the program may need cgo; empty means that nothing in what was read does.
    pub cgo: Vec<CgoEvidence>,
    pub needs: Vec<Need>,
    /// The first import that takes the C library in when cgo is on: net, os/user, or a standard package on top of them.
    pub libc: Option<Place>,
    /// What packages of others that were read, and of which the table says nothing, need by themselves where the
    /// program can reach it: with the package.
    pub foreign: Vec<(String, Need)>,
    /// `//go:embed` patterns: these files are in the binary.
    pub embeds: Vec<Embed>,
    /// Modules and packages that are imported and whose source is not in the build context.
    pub unread: Vec<String>,
    /// Those of them with a package that the table says nothing of.
    pub unknown: Vec<String>,
    /// Packages of them that the table knows and that open files by a path which they are told, or by one of their own.
    pub takes_paths: Vec<String>,
    /// Modules that were read in the user's module cache: `path@version`.
    pub cached: Vec<String>,
    /// Files of the build stage that a program might read and that are neither embedded nor sources, notes or what only
    /// CI and Docker use. When there is none and nothing unknown made files, needs of a computed path are left out:
    /// there is nothing that they could find.
    pub data_left: Vec<String>,
    /// What stood in the way: a package without its directory, a file that could not be read, ….
    /// Not empty means that the lists above are incomplete.
    pub gaps: Vec<String>,
    /// It writes to a path that is computed: below the home directory, say.
    pub writes_somewhere: bool,
    /// It reads symbols or debug information, perhaps its own (`debug/elf`, `debug/dwarf`): nothing may be stripped.
    pub own_symbols: bool,
    /// The resolver of the C library is asked for: `netdns=cgo`.
    pub c_resolver: Option<Place>,
    /// What its C code does that reading files or starting programs may hide behind.
    pub c_code: Vec<(String, Place)>,
    /// It reads paths that are computed, or hands paths to packages that nobody has read.
    pub reads_computed: bool,
    /// String literals of its own files that look like paths.
    pub paths: Vec<(String, Place)>,
    /// Those that speak of how one logs in at other machines: `.ssh`, `id_rsa`, `.netrc`.
    pub logins: Vec<(String, Place)>,
    /// String literals that may be names of environment variables.
    pub variables: Vec<String>,
}

/// One reason why `CGO_ENABLED=0` may break or change the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgoEvidence {
    pub kind: CgoKind,
    /// The package or the module.
    pub what: String,
    pub place: Option<Place>,
    /// Debian packages that the program needs at run time, where known: `librdkafka1`.
    pub packages: Vec<String>,
    /// Libraries of `#cgo LDFLAGS`, `pkg-config`: `sqlite3`, `vips`, `stdc++`.
    pub libraries: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CgoKind {
    /// `import "C"` in a file that is part of the program.
    ImportC,
    /// A module of the table needs cgo and is imported by what was read.
    Module,
    /// go.mod names such a module as indirect: perhaps part of the program.
    IndirectModule,
    /// Another file takes its place when cgo is off (`//go:build !cgo`).
    Twin,
    /// `plugin.Open` needs cgo.
    Plugin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path in the build context.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// Something that the program uses at run time beside its own binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub kind: NeedKind,
    pub place: Option<Place>,
    /// What shows it, for messages: `http.Get`, `template.ParseGlob("templates/*.html")`.
    pub why: String,
    /// Follows from a literal; otherwise the path or name is computed and only the call is known.
    pub literal: bool,
    /// An `Unknown` that is a path of a file, not a program.
    pub is_path: bool,
    /// Which argument it is that is computed, where that can be followed.
    pub argument: Option<Argument>,
}

/// What is computed on the line of a need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A path, in the calls of a function or method.
    Path { name: Text, index: usize, usage: Usage },
    /// A program, in the calls of a function, and its own arguments where they are looked at.
    Program { name: Text, index: usize, args: Option<Vec<Option<String>>> },
    /// Whatever a function of this package is given whose name says that it reads a file.
    Of(Text),
}

/// What a call does with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    Reads,
    Writes,
    /// A database that is a file.
    Database,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedKind {
    CaCertificates,
    TimeZones,
    TempDir,
    /// /etc/passwd and /etc/group.
    Users,
    /// Other accounts than the one that it runs as are looked up.
    Accounts,
    MimeTypes,
    Services,
    /// A file, directory or glob that is read: as written, relative to the working directory of the process.
    DataFile(String),
    /// A path that is written or created.
    WritablePath(String),
    /// A program that is started: its name, or its path as written.
    Program(String),
    Shell,
    /// A path or a program that is computed: what, for messages.
    Unknown(String),
    /// Why more may be read than the other needs say: a whole sentence.
    MayRead(String),
    /// Why more may be started than the other needs say: a whole sentence.
    MayStart(String),
    /// A started program that may read what lies in the directory it is started in: its name.
    Here(String),
    /// A program that is started only in some cases: its name, and which they are.
    Perhaps(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    pub pattern: String,
    /// Path of the pattern in the build stage, joined to its package's directory.
    pub path: String,
    pub place: Place,
}

#[cfg(test)]
pub(crate) mod testing {
    //! Commands for tests, made without the shell parser.

    use crate::model::{Env, Origin, Variable};
    use crate::shell::{Assignment, ShellCommand, ShellWord};
    use crate::text::Span;

    /// Words apart by blanks, quotes kept together; `NAME=x` in front assigns.
    pub fn command(text: &str) -> ShellCommand {
        let mut words: Vec<ShellWord> = Vec::new();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if c.is_whitespace() {
                continue;
            }
            let mut word = String::new();
            let mut literal = true;
            let mut quote = None;
            let mut end = start;
            let mut next = Some((start, c));
            while let Some((at, c)) = next {
                match (quote, c) {
                    (None, '\'' | '"') => quote = Some(c),
                    (Some(open), c) if open == c => quote = None,
                    (open, c) => {
                        literal &= open == Some('\'') || !(c == '$' || open.is_none() && "*?[".contains(c));
                        word.push(c);
                    }
                }
                end = at + c.len_utf8();
                next = chars.next_if(|(_, c)| quote.is_some() || !c.is_whitespace());
            }
            words.push(ShellWord { span: Span::new(start as u32, end as u32), text: word, literal });
        }
        let mut found =
            ShellCommand { span: Span::new(0, text.len() as u32), dir: Some(String::new()), ..ShellCommand::default() };
        let mut rest = words.into_iter().peekable();
        while let Some(word) = rest.next_if(|word| {
            word.text.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        }) {
            let (name, value) = word.text.split_once('=').unwrap();
            let value = ShellWord { text: value.into(), ..word.clone() };
            found.assignments.push(Assignment { span: word.span, name: name.into(), value });
        }
        found.name = rest.next().unwrap_or_default();
        found.args = rest.collect();
        found
    }

    pub fn env(vars: &[(&str, &str)]) -> Env {
        let mut env = Env::default();
        for (name, value) in [("GOPATH", "/go")].iter().chain(vars) {
            env.set(*name, Variable { value: Some(value.to_string()), origin: Origin::Base, changeable: false });
        }
        env
    }
}
