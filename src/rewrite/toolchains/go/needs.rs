//! From the calls of a Go file to what the program needs at run time.

mod paths;
mod strings;
mod viper;

use std::sync::Arc;

use super::calls::Effect::{self, *};
use super::calls::{FUNCTIONS, METHODS, SILENT, of_function};
use super::source::{Arg, GoFile, Use};
use super::trace::Value;
use super::{Argument, Need, NeedKind, Place, Usage, started};
pub(super) use paths::of_value;
use strings::strings;
pub(super) use viper::viper;

/// The need of a call that writes to a computed path.
pub(super) fn writes_somewhere(need: &Need) -> bool {
    let call = need.why.split('(').next().unwrap_or("");
    let (package, name) = call.rsplit_once('.').unwrap_or(("", call));
    let method = || METHODS.iter().any(|(method, effect)| *method == call && matches!(effect, Writes(_)));
    matches!(need.kind, NeedKind::Unknown(_))
        && (method()
            || FUNCTIONS.iter().any(|(owner, function, effect)| {
                *function == name && owner.rsplit('/').next() == Some(package) && matches!(effect, Writes(_))
            }))
}

/// What is said of a database whose kind is computed; it counts only where one that is a file is linked in.
pub(super) const DATABASE: &str = "which file a database is opened from";

/// The needs that one file shows. `constant` gives the text of a name, `shown` is its path for messages.
pub fn of_file(file: &GoFile, shown: &str, constant: &dyn Fn(&str) -> Option<String>) -> Vec<Need> {
    let mut out = of_functions(file, shown, constant);
    directories(file, shown, constant, &mut out);
    for found in file.uses.iter().filter(|found| found.package.is_none()) {
        Call { found, shown, constant, out: &mut out }.method(file);
    }
    strings(file, shown, &mut out);
    if file.imports("time/tzdata") {
        out.retain(|need| need.kind != NeedKind::TimeZones);
    }
    out
}

/// `cmd.Dir = "repo"`: a program that is started there needs the directory.
fn directories(file: &GoFile, shown: &str, constant: &dyn Fn(&str) -> Option<String>, out: &mut Vec<Need>) {
    for (dir, line) in file.dirs_set.iter().filter(|_| file.imports("os/exec")) {
        let text = match dir {
            Arg::Text(text) => Some(text.to_string()),
            Arg::Name(name) => constant(name),
            _ => None,
        };
        let given = |text: &str| ["/dev", "/proc", "/sys", "/tmp"].iter().any(|top| text.starts_with(top));
        let (kind, why) = match text {
            Some(text) if matches!(text.as_str(), "" | "." | "/") || given(&text) => continue,
            Some(text) => (NeedKind::DataFile(text.clone()), format!("Dir = {text:?}")),
            None => (NeedKind::Unknown("the directory of a command".into()), "Dir =".to_string()),
        };
        let (literal, is_path) = (matches!(kind, NeedKind::DataFile(_)), matches!(kind, NeedKind::Unknown(_)));
        out.push(Need {
            kind,
            place: Some(Place { file: shown.to_string(), line: *line }),
            why,
            literal,
            is_path,
            argument: None,
        });
    }
}

/// What the functions of packages show that a file calls or names.
pub(super) fn of_functions(file: &GoFile, shown: &str, constant: &dyn Fn(&str) -> Option<String>) -> Vec<Need> {
    let mut out = Vec::new();
    // A file calls few packages many times.
    let mut judged: Vec<(&Arc<str>, bool)> = Vec::new();
    let mut silent = |package| match judged.iter().find(|(known, _)| Arc::ptr_eq(known, package)) {
        Some((_, silent)) => *silent,
        None => {
            let silent = SILENT.binary_search(&&**package).is_ok();
            judged.push((package, silent));
            silent
        }
    };
    for found in &file.uses {
        if let Some(package) = &found.package
            && !silent(package)
        {
            Call { found, shown, constant, out: &mut out }.function(package);
        }
    }
    if let (Some(line), true) = (file.paths_set.first(), file.imports("os/exec")) {
        let kind = NeedKind::MayStart("the `Path` of a command may be set to another program".into());
        let place = Some(Place { file: shown.to_string(), line: *line });
        out.push(Need { kind, place, why: "Path =".into(), literal: false, is_path: false, argument: None });
    }
    out
}

/// A program that a call starts whose argument was followed; nothing where its name says too little.
pub(super) fn of_program(
    program: &str,
    exact: bool,
    args: Option<&[Option<String>]>,
) -> Option<Vec<(NeedKind, String)>> {
    let plain = program.chars().all(|c| c.is_ascii_alphanumeric() || "._-+/".contains(c)) && !program.is_empty();
    let name = program.rsplit('/').next().unwrap_or(program);
    if !exact || !plain || started::SHELLS.contains(&name) || name == "bash" || program.starts_with('.') {
        return None;
    }
    let mut found = vec![(NeedKind::Program(program.to_string()), format!("exec.Command({program:?})"))];
    for kind in args.map_or_else(Vec::new, |args| started::of_arguments(program, args)) {
        let why = match &kind {
            NeedKind::Program(name) => format!("{program} starts {name}"),
            _ => format!("exec.Command({program:?})"),
        };
        found.push((kind, why));
    }
    Some(found)
}

struct Call<'a> {
    found: &'a Use,
    shown: &'a str,
    constant: &'a dyn Fn(&str) -> Option<String>,
    out: &'a mut Vec<Need>,
}

impl Call<'_> {
    fn push(&mut self, kind: NeedKind, literal: bool, argument: Option<&str>) {
        let package = self.found.package.as_deref().map(super::gomod::program_name).unwrap_or_default();
        let package = package.as_str();
        let name = &self.found.name;
        let why = match argument {
            Some(text) => format!("{package}.{name}({text:?})"),
            None => format!("{package}.{name}"),
        };
        let place = Some(Place { file: self.shown.to_string(), line: self.found.line });
        let starts = runs(package, name) && !matches!(&kind, NeedKind::Unknown(what) if !what.contains("exec."));
        let is_path = matches!(kind, NeedKind::Unknown(_)) && !starts;
        self.out.push(Need {
            kind,
            place,
            why: why.trim_start_matches('.').to_string(),
            literal,
            is_path,
            argument: None,
        });
    }

    fn function(&mut self, package: &str) {
        let name = self.found.name.as_str();
        let called = self.found.args.is_some();
        let known: Vec<Effect> = of_function(package, name).collect();
        for effect in &known {
            // `http.Client` is a type, `os.Open` as a value can be called anywhere.
            match effect {
                Certs | Mime | Users | Accounts | Services | Opaque => self.effect(*effect),
                _ if called => self.effect(*effect),
                _ => self.unknown(),
            }
        }
        self.fields(package);
        match (package, name) {
            ("os/exec", "Cmd") if !self.found.is_type => self.command_literal(),
            ("net/http/cgi", "Handler") if !self.found.is_type => {
                self.push(NeedKind::Shell, true, None);
                self.push(NeedKind::MayStart("what the CGI program is and starts is not known".into()), true, None);
            }
            ("github.com/joho/godotenv", "Load" | "Overload" | "Read") if called => match self.found.args.as_deref() {
                Some([]) => self.push(NeedKind::DataFile(".env".into()), true, None),
                _ => self.effect(ReadsAll),
            },
            ("database/sql" | "entgo.io/ent/dialect/sql" | "github.com/jinzhu/gorm", "Open")
            | ("github.com/jmoiron/sqlx", "Open" | "MustOpen" | "Connect" | "MustConnect")
            | ("xorm.io/xorm" | "github.com/go-xorm/xorm", "NewEngine")
                if called =>
            {
                self.by_driver();
            }
            (_, "Open") if called && package.ends_with("/ent") => self.by_driver(),
            (_, "New") if called && package.contains("gofiber/template") => self.path(0, false),
            (_, "Open") if package.ends_with("/sqlite") => self.database(0),
            ("net", "Listen") if self.text(0).as_deref() == Some("unix") => self.effect(Writes(1)),
            ("net", "Dial" | "DialTimeout" | "Listen" | "ListenPacket" | "ResolveTCPAddr" | "ResolveUDPAddr")
                if called =>
            {
                self.service(1);
            }
            ("net/http", "ListenAndServe") if called => self.service(0),
            ("net/http", "ListenAndServeTLS") => {
                self.path(1, false);
                self.path(2, false);
            }
            _ if called && reads_by_name(package, name) => {
                let count = self.found.args.as_ref().map_or(0, Vec::len);
                let texts: Vec<String> = (0..count).filter_map(|index| self.text(index)).collect();
                if known.is_empty() && texts.is_empty() && count > 0 {
                    self.unknown();
                    if let Some(need) = self.out.last_mut() {
                        need.argument = Some(Argument::Of(package.into()));
                    }
                }
                for text in texts.into_iter().filter(|text| known.is_empty() && started::names_a_file(text)) {
                    self.push(NeedKind::DataFile(text.clone()), false, Some(&text));
                }
            }
            ("k8s.io/client-go/tools/clientcmd", "BuildConfigFromFlags" | "LoadFromFile")
            | (
                "k8s.io/client-go/tools/clientcmd",
                "NewDefaultClientConfigLoadingRules" | "NewNonInteractiveDeferredLoadingClientConfig",
            ) => {
                let what = "a kubeconfig may name a program that logs in, such as aws".to_string();
                self.push(NeedKind::MayStart(what), true, None);
            }
            ("github.com/go-git/go-git/v5" | "gopkg.in/src-d/go-git.v4", "CloneOptions") => {
                let url = self.found.fields.iter().flatten().find(|field| field.name == "URL");
                let text = url.and_then(|field| self.text_of(&field.value));
                if let (Some(kind), Some(_)) = (started::of_clone(text.as_deref()), url) {
                    self.push(kind, text.is_some(), text.as_deref());
                }
            }
            ("flag", "String") if called => self.default_path(1),
            ("flag", "StringVar") if called => self.default_path(2),
            _ => {}
        }
    }

    fn method(&mut self, file: &GoFile) {
        let name = self.found.name.as_str();
        // echo's `c.Inline(file, name)`; telebot's puts buttons into rows.
        let imports = |module: &str| file.imports.iter().any(|import| import.path.contains(module));
        if name == "Inline" && imports("/telebot") && !imports("/echo") {
            return;
        }
        for (_, effect) in METHODS.iter().filter(|(method, _)| *method == name) {
            self.effect(*effect);
        }
        // `bundle.MustLoadMessageFile(path)`
        let loads = name.starts_with("Load") || name.starts_with("MustLoad");
        let of_file = || ["File", "Files", "Dir", "Glob", "Path"].iter().any(|end| name.ends_with(end));
        if loads && of_file() && !METHODS.iter().any(|(method, _)| *method == name) {
            let count = self.found.args.as_ref().map_or(0, Vec::len);
            if count > 0 && (0..count).all(|index| self.text(index).is_none()) {
                self.unknown();
            }
        }
        // `script.Echo("x").Exec("jq .")`; what a database runs is called the same.
        if matches!(name, "Exec" | "ExecForEach") && file.imports("github.com/bitfield/script") {
            let of_database = file.imports.iter().any(|import| import.path.contains("sql"));
            if of_database { self.may_start() } else { self.effect(RunsLine(0)) }
        }
        if name == "Command" && file.imports("github.com/codeskyblue/go-sh") {
            self.effect(Runs(0));
        }
        if matches!(name, "Static" | "StaticFile" | "StaticFS" | "SendFile" | "ServeFiles") {
            self.push(NeedKind::MimeTypes, true, None);
        }
        // `cmd.Flags().StringVarP(&root, "root", "r", "/", "…")`: the whole image is listed.
        if matches!(name, "String" | "StringP" | "StringVar" | "StringVarP") {
            let count = self.found.args.as_ref().map_or(0, Vec::len);
            if count > 2 && (1..count).any(|index| self.text(index).as_deref() == Some("/")) {
                self.push(NeedKind::DataFile("/".into()), false, Some("/"));
            }
        }
        // What is watched is read, too.
        if name == "Add" && file.imports.iter().any(|import| import.path.contains("fsnotify")) {
            self.path(0, false);
        }
        // gin's `c.File(path)`, echo's `e.File(route, path)`: the last text.
        let web = || file.imports.iter().any(|i| i.path.contains("/gin") || i.path.contains("/echo"));
        if name == "File" && web() {
            let count = self.found.args.as_ref().map_or(0, Vec::len);
            self.path(count.saturating_sub(1), false);
        }
    }

    fn text(&self, index: usize) -> Option<String> {
        self.text_of(self.found.args.as_ref()?.get(index)?)
    }

    fn text_of(&self, arg: &Arg) -> Option<String> {
        match arg {
            Arg::Text(text) => Some(text.to_string()),
            Arg::Name(name) => (self.constant)(name),
            _ => None,
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Reads(index) => self.path(index, false),
            ReadsAll => {
                let count = self.found.args.as_ref().map_or(0, Vec::len);
                (0..count).for_each(|index| self.path(index, false));
            }
            Writes(index) => self.path(index, true),
            Runs(index) if self.found.args.as_ref().and_then(|args| args.get(index)) == Some(&Arg::Own) => {}
            Runs(index) => match self.text(index) {
                Some(program) if program == "/proc/self/exe" => {}
                Some(program) => {
                    self.program(&program);
                    self.arguments(&program, index + 1);
                }
                None if super::calls::of_others(self.found.package.as_deref()) => self.may_start(),
                None => {
                    self.unknown();
                    let args = self.arguments_of(index + 1);
                    if let Some(need) = self.out.last_mut() {
                        need.argument = Some(Argument::Program { name: self.found.name.clone(), index, args });
                    }
                }
            },
            RunsLine(index) => match self.text(index) {
                Some(text) => self.line(&text),
                None => self.may_start(),
            },
            Sources(index) => match self.text(index) {
                Some(_) => self.path(index, false),
                None => {
                    let name = &self.found.name;
                    self.push(NeedKind::MayRead(format!("what `parser.{name}` reads is computed")), false, None);
                }
            },
            Accounts => {
                self.push(NeedKind::Users, true, None);
                // The root of the builder is the root of every base.
                if !matches!(self.text(0).as_deref(), Some("root" | "0")) {
                    self.push(NeedKind::Accounts, true, None);
                }
            }
            Certs => self.push(NeedKind::CaCertificates, true, None),
            Zones(index) => match self.text(index).as_deref() {
                Some("UTC" | "") => {}
                Some(zone) => {
                    let zone = zone.to_string();
                    self.push(NeedKind::TimeZones, true, Some(&zone));
                }
                None => self.push(NeedKind::TimeZones, true, None),
            },
            Temp(index) => match self.text(index) {
                Some(dir) if !dir.is_empty() && dir != "/tmp" => self.path(index, true),
                _ => self.push(NeedKind::TempDir, true, None),
            },
            Users => self.push(NeedKind::Users, true, None),
            Mime => self.push(NeedKind::MimeTypes, true, None),
            Services => self.push(NeedKind::Services, true, None),
            Opaque if matches!(self.found.name.as_str(), "Chdir" | "Chroot" | "Executable") => {
                self.push(NeedKind::Unknown(format!("where `{}` leads", self.called())), false, None);
            }
            Opaque => self.unknown(),
            Toolchain => {
                let text = "the files of the toolchain, below runtime.GOROOT, may be read";
                self.push(NeedKind::MayRead(text.into()), false, None);
            }
        }
    }

    /// `&exec.Cmd{Path: "/usr/bin/ffmpeg"}`; without a path in it one is set elsewhere.
    fn command_literal(&mut self) {
        let fields = self.found.fields.as_deref().unwrap_or_default();
        let path = fields.iter().find(|field| field.name == "Path").and_then(|field| self.text_of(&field.value));
        match path {
            Some(program) => {
                self.program(&program);
                let name = program.rsplit('/').next().unwrap_or(&program);
                self.push(NeedKind::MayStart(format!("what {name} is given is not known")), true, None);
            }
            None => self.push(NeedKind::MayStart("the program of an `exec.Cmd` is computed".into()), true, None),
        }
    }

    fn program(&mut self, program: &str) {
        let name = program.rsplit('/').next().unwrap_or(program);
        let shell = started::SHELLS.contains(&name);
        let kind = if shell { NeedKind::Shell } else { NeedKind::Program(program.to_string()) };
        self.push(kind, true, Some(program));
        // The others are in every base that has a shell.
        if matches!(name, "ksh" | "zsh") || name == "bash" {
            self.push(NeedKind::Program(name.to_string()), true, Some(program));
        }
    }

    fn may_start(&mut self) {
        let name = self.found.name.to_string();
        self.push(NeedKind::MayStart(format!("what `{name}` starts is computed")), false, None);
    }

    /// `script.Exec("git log")`: the programs that the words of one text start.
    fn line(&mut self, text: &str) {
        let args = [Some("-c".to_string()), Some(text.to_string())];
        for kind in started::of_arguments("sh", &args) {
            let literal = !matches!(kind, NeedKind::Unknown(_));
            self.push(kind, literal, Some(text));
        }
    }

    /// The arguments of a started program, from the one at `first` on; nothing where the call only looks for it.
    fn arguments_of(&self, first: usize) -> Option<Vec<Option<String>>> {
        let package = self.found.package.as_deref().unwrap_or("");
        let count = self.found.args.as_ref().map_or(0, Vec::len);
        match (package, self.found.name.as_str()) {
            (_, "LookPath") => None,
            ("os/exec" | "golang.org/x/sys/execabs" | "github.com/go-cmd/cmd" | "github.com/magefile/mage/sh", _) => {
                Some((first..count).map(|index| self.text(index)).collect())
            }
            // The arguments are a slice.
            _ => Some(vec![None]),
        }
    }

    /// What the arguments of a started program, from the one at `first` on, add.
    fn arguments(&mut self, program: &str, first: usize) {
        let Some(args) = self.arguments_of(first) else { return };
        for kind in started::of_arguments(program, &args) {
            let literal = !matches!(kind, NeedKind::Unknown(_));
            let why = match &kind {
                NeedKind::Program(name) => Some(format!("{program} starts {name}")),
                _ => None,
            };
            self.push(kind, literal, Some(program));
            if let (Some(need), Some(why)) = (self.out.last_mut(), why) {
                need.why = why;
            }
        }
    }

    /// `host:postgresql`: Go knows the numbers of a few services by itself.
    fn service(&mut self, index: usize) {
        const BUILT_IN: &[&str] = &[
            "domain",
            "ftp",
            "ftps",
            "gopher",
            "http",
            "https",
            "imap2",
            "imap3",
            "imaps",
            "pop3",
            "pop3s",
            "smtp",
            "ssh",
            "submissions",
            "telnet",
        ];
        let Some(text) = self.text(index) else { return };
        let port = text.rsplit_once(':').map_or("", |(_, port)| port);
        if port.starts_with(|c: char| c.is_ascii_alphabetic()) && !BUILT_IN.contains(&port) && !port.contains('/') {
            self.push(NeedKind::Services, true, Some(&text));
        }
    }

    /// `sql.Open(driver, source)`
    fn by_driver(&mut self) {
        match self.text(0) {
            Some(driver) if ["sqlite", "duckdb", "ramsql"].iter().any(|name| driver.contains(name)) => self.database(1),
            Some(_) => {}
            None => self.push(NeedKind::Unknown(DATABASE.into()), false, None),
        }
    }

    /// `middleware.StaticConfig{Root: dir}`: fields of other modules whose names say that they are paths.
    fn fields(&mut self, package: &str) {
        let foreign = package.split('/').next().is_some_and(|first| first.contains('.'));
        for field in self.found.fields.as_deref().unwrap_or_default().iter().filter(|_| foreign) {
            let path = matches!(field.name.as_str(), "Root" | "Directory" | "Filename")
                || ["File", "FileName", "Dir", "FilePath"].iter().any(|end| field.name.ends_with(end));
            let known = match &field.value {
                Arg::Text(_) => true,
                Arg::Name(name) => (self.constant)(name).is_some() || matches!(name.as_str(), "nil" | "true" | "false"),
                _ => field.calls,
            };
            let text = self.text_of(&field.value);
            if let Some(text) = text.filter(|text| path && (text.contains('/') || looks_like_path(text))) {
                self.push(NeedKind::DataFile(text.clone()), false, Some(&text));
            }
            if path && !known {
                let what = format!("the field {} of {}", field.name, self.found.name);
                self.push(NeedKind::Unknown(what), false, None);
            }
        }
    }

    /// A path that is read or written.
    fn path(&mut self, index: usize, writes: bool) {
        let Some(args) = &self.found.args else { return self.unknown() };
        let Some(arg) = args.get(index) else { return };
        let usage = if writes { Usage::Writes } else { Usage::Reads };
        let begins = match arg {
            Arg::Begins(text) => Some(text.as_str()),
            _ => None,
        };
        let value = match (self.text(index), begins) {
            (Some(text), _) => Value { text, exact: true },
            (None, Some(text)) => Value { text: text.to_string(), exact: false },
            (None, None) => return self.computed(index, usage, format!("what `{}` is given", self.called()), None),
        };
        // Whether something else leads out of a directory is asked when everything is read.
        match of_value(&value, usage, true) {
            Some(found) => {
                for (kind, literal, shown) in found {
                    self.push(kind, literal, Some(&shown));
                }
            }
            None => {
                let text = format!("{}…", value.text);
                if let (true, Some((dir, _))) = (writes, value.text.rsplit_once('/')) {
                    self.push(NeedKind::WritablePath(format!("{dir}/…")), false, Some(&text));
                }
                self.computed(index, usage, format!("a path that begins with `{text}`"), Some(&text));
            }
        }
    }

    fn computed(&mut self, index: usize, usage: Usage, what: String, shown: Option<&str>) {
        self.push(NeedKind::Unknown(what), false, shown);
        if let Some(need) = self.out.last_mut() {
            need.argument = Some(Argument::Path { name: self.found.name.clone(), index, usage });
        }
    }

    fn unknown(&mut self) {
        self.push(NeedKind::Unknown(format!("what `{}` is given", self.called())), false, None);
    }

    /// `os.Open`, as the sources have it.
    fn called(&self) -> String {
        let package = self.found.package.as_deref().map(super::gomod::program_name);
        package.map_or(self.found.name.to_string(), |package| format!("{package}.{}", self.found.name))
    }

    fn database(&mut self, index: usize) {
        match self.text(index) {
            Some(text) => {
                let value = Value { text, exact: true };
                for (kind, literal, shown) in of_value(&value, Usage::Database, true).into_iter().flatten() {
                    self.push(kind, literal, Some(&shown));
                }
            }
            None if self.found.args.is_some() => {
                self.computed(index, Usage::Database, format!("what `{}` is given", self.called()), None);
            }
            None => self.unknown(),
        }
    }

    /// The default of a flag: the user may give another, so it is a hint only.
    fn default_path(&mut self, index: usize) {
        let Some(text) = self.text(index) else { return };
        if text == "/" || looks_like_path(&text) {
            self.push(NeedKind::DataFile(text.clone()), false, Some(&text));
        }
    }
}

/// The functions whose argument is a program and not a file that is read.
fn runs(package: &str, name: &str) -> bool {
    matches!((package, name), ("exec", _) | ("syscall", "Exec") | ("os", "StartProcess"))
}

/// A function of another module whose name says that it reads a file: `LoadMessageFile`, `FromFile`, `ReadConfig`.
fn reads_by_name(package: &str, name: &str) -> bool {
    let foreign = package.split('/').next().is_some_and(|first| first.contains('.'));
    let ends = ["File", "Files", "Dir", "Directory", "Glob", "FromPath", "FromDisk"];
    // What protoc has written registers itself by the name of its source.
    let registers = name == "RegisterFile" && package.ends_with("/protobuf/proto");
    foreign && !registers && (ends.iter().any(|end| name.ends_with(end)) || matches!(name, "ReadConfig" | "LoadConfig"))
}

fn looks_like_path(text: &str) -> bool {
    if text.contains("://") || text.contains(char::is_whitespace) || text.starts_with(':') {
        return false;
    }
    let extension = text.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = ["yaml", "yml", "json", "toml", "ini", "conf", "env", "db", "html", "tmpl", "crt", "key", "pem", "txt"];
    text.starts_with("./") || text.starts_with('/') && text.len() > 1 || known.contains(&extension)
}

#[cfg(test)]
mod tests {
    use super::super::source::scan;
    use super::*;

    fn needs(imports: &str, code: &str) -> Vec<String> {
        let imports: String = imports.split_whitespace().map(|path| format!("import \"{path}\"\n")).collect();
        let file = scan(&format!("package main\n{imports}const tpl = \"views\"\nfunc f() {{\n{code}\n}}\n"));
        let constant = |name: &str| file.constants.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let mut found: Vec<String> = of_file(&file, "main.go", &constant)
            .into_iter()
            .chain(viper(&[(&file, "main.go")], &constant))
            .map(|need| format!("{:?}{}", need.kind, if need.literal { "" } else { "?" }))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn the_functions_are_sorted_for_the_search() {
        assert!(FUNCTIONS.is_sorted_by_key(|(package, name, _)| (*package, *name)));
    }

    #[test]
    fn calls_show_needs() {
        for (imports, code, want) in [
            ("html/template", r#"template.ParseGlob("templates/*.html")"#, "DataFile(\"templates/*.html\")"),
            ("archive/zip", "zip.OpenReader(name)", "Unknown(\"what `zip.OpenReader` is given\")?"),
            (
                "syscall strings",
                "syscall.Open(strings.ToLower(\"A\"), 0, 0)",
                "Unknown(\"what `syscall.Open` is given\")?",
            ),
            (
                "go/parser",
                "parser.ParseDir(fset, dir, nil, 0)",
                "MayRead(\"what `parser.ParseDir` reads is computed\")?",
            ),
            ("os/user", "user.Lookup(\"worker\")", "Accounts Users"),
            ("os/user", "user.Lookup(\"root\")", "Users"),
            (
                "os/exec",
                "c := &exec.Cmd{Path: \"/usr/bin/ffmpeg\", Args: a}",
                "MayStart(\"what ffmpeg is given is not known\") Program(\"/usr/bin/ffmpeg\")",
            ),
            (
                "os/exec",
                "var c exec.Cmd\nc.Path = name",
                "MayStart(\"the `Path` of a command may be set to another program\")? MayStart(\"the program of an `exec.Cmd` is computed\")",
            ),
            ("os/exec", "func(c *exec.Cmd) {}\nr.URL.Path = name", ""),
            ("os/exec", r#"exec.Command("sh", "-c", "date | head")"#, "Program(\"date\") Program(\"head\") Shell"),
            (
                "net/http/cgi",
                r#"h := &cgi.Handler{Path: "/src/x.sh"}"#,
                "MayStart(\"what the CGI program is and starts is not known\") Shell",
            ),
            ("database/sql", "sql.Open(driver, source)", "Unknown(\"which file a database is opened from\")?"),
            (
                "github.com/labstack/echo/v4/middleware",
                "middleware.StaticWithConfig(middleware.StaticConfig{Root: dir})",
                "Unknown(\"the field Root of StaticConfig\")?",
            ),
            (
                "html/template",
                r#"template.ParseFiles("a.html", "b.html")"#,
                "DataFile(\"a.html\") DataFile(\"b.html\")",
            ),
            ("html/template", r#"template.New("x").ParseFiles(tpl)"#, "DataFile(\"views\")"),
            ("github.com/gin-gonic/gin", r#"r.LoadHTMLGlob("t/*")"#, "DataFile(\"t/*\")"),
            ("github.com/gin-gonic/gin", r#"r.Static("/s", "./public")"#, "DataFile(\"./public\") MimeTypes"),
            ("github.com/gin-gonic/gin", r#"c.File("./a.html")"#, "DataFile(\"./a.html\")"),
            ("net/http", r#"http.Handle("/", http.FileServer(http.Dir("static")))"#, "DataFile(\"static\") MimeTypes"),
            ("net/http", r#"http.ServeFile(w, r, "a/b.html")"#, "DataFile(\"a/b.html\")"),
            ("net/http", r#"http.Get("https://example.com")"#, "CaCertificates CaCertificates?"),
            ("net/http", "var c = &http.Client{}", "CaCertificates"),
            ("net/http", r#"http.ListenAndServe(":80", nil)"#, ""),
            ("os", r#"os.ReadFile("config.json")"#, "DataFile(\"config.json\")"),
            ("os", "os.Open(name)", "Unknown(\"what `os.Open` is given\")?"),
            ("os", r#"os.Open("data/" + name)"#, "Unknown(\"a path that begins with `data/…`\")?"),
            ("os", r#"os.Open("/proc/self/stat")"#, ""),
            ("os", r#"os.MkdirAll("data", 0o755)"#, "WritablePath(\"data\")"),
            ("os", r#"os.WriteFile("/tmp/x", b, 0o600)"#, "TempDir"),
            ("os", r#"os.CreateTemp("", "x")"#, "TempDir"),
            ("os", "os.TempDir()", "TempDir"),
            ("os", "os.Executable()", "Unknown(\"where `os.Executable` leads\")?"),
            ("os/exec", r#"exec.Command("git", "log")"#, "Here(\"git\") Program(\"git\")"),
            ("github.com/bitfield/script", r#"script.Exec("date | head")"#, "Program(\"date\") Program(\"head\")"),
            ("github.com/bitfield/script", r#"p.Exec("jq .").Stdout()"#, "Program(\"jq\")"),
            ("github.com/bitfield/script database/sql", "db.Exec(q)", "MayStart(\"what `Exec` starts is computed\")?"),
            ("github.com/magefile/mage/sh", r#"sh.RunWith(env, "date", "-u")"#, "Program(\"date\")"),
            ("github.com/magefile/mage/sh", "sh.RunV(name)", "MayStart(\"what `RunV` starts is computed\")?"),
            (
                "os/exec",
                r#"exec.CommandContext(ctx, "/bin/sh", "-c", s)"#,
                "MayStart(\"what `sh -c` starts is computed\") Shell",
            ),
            ("os os/exec", "exec.Command(os.Args[0], os.Args[1:]...)", ""),
            ("os/exec", "exec.Command(name)", "Unknown(\"what `exec.Command` is given\")?"),
            ("time", r#"time.LoadLocation("Europe/Berlin")"#, "TimeZones"),
            ("time", r#"time.LoadLocation("UTC")"#, ""),
            ("time time/tzdata", r#"time.LoadLocation("Europe/Berlin")"#, ""),
            ("os/user", "user.Current()", "Users"),
            ("mime", r#"mime.TypeByExtension(".mp4")"#, "MimeTypes"),
            ("net", r#"net.LookupPort("tcp", "http")"#, "Services"),
            ("github.com/joho/godotenv", "godotenv.Load()", "DataFile(\".env\")"),
            ("github.com/joho/godotenv", r#"godotenv.Load("a.env")"#, "DataFile(\"a.env\")"),
            (
                "github.com/golang-migrate/migrate/v4",
                r#"migrate.New("file://db/migrations", u)"#,
                "DataFile(\"db/migrations\")",
            ),
            ("database/sql", r#"sql.Open("sqlite3", "file:./foo.db?cache=shared")"#, "WritablePath(\"./foo.db\")"),
            ("database/sql", r#"sql.Open("postgres", url)"#, ""),
            ("github.com/a/i18n", "i18n.LoadMessageFile(name)", "Unknown(\"what `i18n.LoadMessageFile` is given\")?"),
            ("github.com/a/i18n", r#"i18n.LoadMessageFile("en.json")"#, "DataFile(\"en.json\")?"),
            ("github.com/golang/protobuf/proto", r#"proto.RegisterFile("a.proto", d)"#, ""),
            ("github.com/labstack/echo/v4", "c.Inline(name, shown)", "Unknown(\"what `Inline` is given\")?"),
            ("gopkg.in/telebot.v3", "m.Inline(m.Row(a, b))", ""),
            ("gorm.io/driver/sqlite", r#"gorm.Open(sqlite.Open("test.db"), c)"#, "WritablePath(\"test.db\")"),
            ("flag", r#"flag.String("c", "config.yaml", "file")"#, "DataFile(\"config.yaml\")?"),
            ("flag", r#"flag.String("addr", ":8080", "address")"#, ""),
            ("path/filepath", r#"filepath.Glob("x/*.sql")"#, "DataFile(\"x/*.sql\")"),
        ] {
            assert_eq!(needs(imports, code).join(" "), want, "{code}");
        }
    }

    #[test]
    fn viper_paths_and_names_are_joined() {
        let viper = "github.com/spf13/viper";
        let code = "viper.SetConfigName(\"app\")\nviper.AddConfigPath(\"/etc/app/\")\nviper.AddConfigPath(\".\")\nviper.ReadInConfig()";
        assert_eq!(needs(viper, code), ["DataFile(\"./app.*\")", "DataFile(\"/etc/app/app.*\")"]);
        assert_eq!(needs(viper, "viper.ReadInConfig()"), ["Unknown(\"where viper looks\")?"]);
        assert_eq!(needs(viper, "viper.AutomaticEnv()"), Vec::<String>::new());
        assert_eq!(needs(viper, "v.SetConfigFile(\"a.yaml\")\nv.ReadInConfig()"), ["DataFile(\"a.yaml\")"]);
    }
}
