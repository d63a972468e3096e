//! One `go` command: its flags and its environment. `output` says which programs it writes.

use super::output::outputs;
use super::{Cgo, Chosen, GoBuild, GoKind, Ldflags, Outputs, Setting, StaticForced};
use crate::context::tree::{ImageTree, join};
use crate::model::Env;
use crate::shell::{ShellCommand, ShellWord};
use crate::text::Span;

/// What is in force where a command runs.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The step's working directory; the command's own `dir` is joined to it.
    pub workdir: Option<&'a str>,
    pub env: &'a Env,
    /// `go env -w` of earlier commands.
    pub go_env: &'a [(String, String)],
    /// What is known of the files; `None` without a build context.
    pub tree: Option<&'a ImageTree<'a>>,
    /// Of the builder, such as `(1, 22)`; `None` when its tag does not tell: then a current one is taken.
    pub go_version: Option<(u32, u32)>,
}

/// Flags whose value may stand in the next word.
const WITH_VALUE: &[&str] = &[
    "C",
    "asmflags",
    "buildmode",
    "compiler",
    "covermode",
    "coverpkg",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "mod",
    "modfile",
    "o",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "tags",
    "toolexec",
];
/// The further ones of `go test` and `go run`.
const WITH_VALUE_TEST: &[&str] = &[
    "bench",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "count",
    "coverprofile",
    "cpu",
    "cpuprofile",
    "exec",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "list",
    "memprofile",
    "memprofilerate",
    "mutexprofile",
    "mutexprofilefraction",
    "outputdir",
    "parallel",
    "run",
    "shuffle",
    "skip",
    "timeout",
    "trace",
    "vet",
];
const BOOLEAN: &[&str] = &[
    "a",
    "asan",
    "buildvcs",
    "cover",
    "d",
    "fix",
    "insecure",
    "json",
    "linkshared",
    "modcacherw",
    "msan",
    "n",
    "race",
    "t",
    "tool",
    "trimpath",
    "u",
    "v",
    "work",
    "x",
];

/// What the command does; `None` when it is not `go`.
pub fn read(command: &ShellCommand, scene: &Scene<'_>) -> Option<GoBuild> {
    if command.name.text != "go" {
        return None;
    }
    let mut args = Args { list: &command.args, at: 0, command, scene, unsure: None };
    let mut flags = Flags::default();
    // Go takes `-C dir` in front of the verb as well.
    if args.list.first().is_some_and(|arg| arg.text == "-C") {
        flags.chdir = Some(args.list.get(1)?.clone());
        args.at = 2;
    }
    let verb = args.list.get(args.at)?.text.clone();
    args.at += 1;
    let kind = match verb.as_str() {
        "build" => GoKind::Build,
        "install" => GoKind::Install,
        "get" => GoKind::Get,
        "run" => GoKind::Run,
        "test" => GoKind::Test,
        "mod" => GoKind::Mod,
        "generate" => GoKind::Generate,
        "env" => GoKind::EnvWrite,
        _ => GoKind::Other,
    };
    let mut build = empty(kind, command.span, insert_at(command));
    match kind {
        GoKind::Mod => build.mod_init = mod_init(&mut args),
        GoKind::EnvWrite => build.env_writes = env_writes(&mut args, &mut build.kind),
        GoKind::Other => return Some(build),
        _ => {
            goflags(command, scene, &mut flags);
            flags.words(&mut args, kind);
            fill(&mut build, flags, &args);
        }
    }
    if build.dir.is_none() {
        build.dir = directory(command, scene);
    }
    if build.unsure.is_none() {
        build.unsure = args.unsure;
    }
    if command.conditional {
        build.unsure.get_or_insert("it runs only perhaps, or more than once".into());
    }
    if command.opaque {
        build.unsure.get_or_insert("the command is not fully understood".into());
    }
    Some(build)
}

/// A build of which nothing is known yet.
pub(super) fn empty(kind: GoKind, span: Span, insert_at: Option<u32>) -> GoBuild {
    GoBuild {
        kind,
        span,
        insert_at,
        packages: Vec::new(),
        dir: None,
        outputs: Outputs::Nothing,
        cgo: Cgo::Default,
        static_forced: StaticForced::No,
        needs_cgo_flag: None,
        wants_cgo: None,
        other_compiler: None,
        pie: false,
        trimpath: false,
        ldflags: None,
        tags: Vec::new(),
        open_tags: None,
        chosen: None,
        cross: None,
        mod_init: None,
        env_writes: Vec::new(),
        within: None,
        takes_cgo_off: false,
        in_json: false,
        unsure: None,
    }
}

/// An assignment may stand right before the name, or behind `env` and `sudo`; `exec`, `nice` and their like would
/// take it for a program, so there it goes to the front. `time` is a word of bash and a program elsewhere.
fn insert_at(command: &ShellCommand) -> Option<u32> {
    // The word of bash stands in front of the command, and other shells take what follows it for a program.
    if command.wrappers.iter().any(|word| word.text.rsplit('/').next() == Some("time")) {
        return None;
    }
    let inside = command.wrappers.iter().filter(|word| command.span.contains(word.span));
    let mut place = Some(command.name.span.start);
    for word in inside {
        match word.text.rsplit('/').next().unwrap_or("") {
            "env" | "sudo" => place = Some(command.name.span.start),
            text if text.starts_with('-') => return None,
            _ => place = Some(command.span.start),
        }
    }
    place
}

fn directory(command: &ShellCommand, scene: &Scene<'_>) -> Option<String> {
    match command.dir.as_deref()? {
        dir if dir.starts_with('/') => Some(join("/", dir)),
        dir => Some(join(scene.workdir?, dir)),
    }
}

/// A variable as the command sees it.
pub fn setting(name: &str, command: &ShellCommand, scene: &Scene<'_>) -> Setting {
    let own = command.assignments.iter().rev().chain(command.env.iter().rev()).find(|found| found.name == name);
    if let Some(found) = own {
        return expand(&found.value, command, scene).map_or(Setting::Unknown, Setting::To);
    }
    if let Some(found) = scene.env.get(name) {
        return found.value.clone().map_or(Setting::Unknown, Setting::To);
    }
    match scene.go_env.iter().rev().find(|(written, _)| written == name) {
        Some((_, value)) => Setting::To(value.clone()),
        None => Setting::Unset,
    }
}

/// The variable is set to an argument that the engine fills in for the platform that is built: `GOARCH=$TARGETARCH`.
fn is_argument(name: &str, argument: &str, command: &ShellCommand, scene: &Scene<'_>) -> bool {
    let declared = scene.env.get(argument).is_some_and(|found| found.value.is_none());
    let mut own = command.assignments.iter().rev().chain(command.env.iter().rev());
    let Some(set) = own.find(|found| found.name == name).filter(|_| declared) else { return false };
    let text = set.value.text.trim_matches('"');
    [format!("${argument}"), format!("${{{argument}}}")].contains(&text.to_string())
}

/// The first ARG that the word is made of and that `--build-arg` may set anew.
pub fn argument_in(word: &ShellWord, command: &ShellCommand, scene: &Scene<'_>) -> Option<String> {
    argument_of(word, command, scene, 0)
}

fn argument_of(word: &ShellWord, command: &ShellCommand, scene: &Scene<'_>, depth: u32) -> Option<String> {
    if word.literal || depth > 5 {
        return None;
    }
    crate::model::variables(&word.text.replace(['\'', '"'], ""), '\\').into_iter().find_map(|name| {
        match command.env.iter().rev().find(|found| found.name == name) {
            // `TAGS="$TAGS"` speaks of what stood before it.
            Some(found) if found.value.text.contains(&name) => scene.env.is_changeable(&name).then_some(name),
            Some(found) => argument_of(&found.value, command, scene, depth + 1),
            None => scene.env.is_changeable(&name).then_some(name),
        }
    })
}

/// The ARG that a variable of the command's environment depends on.
fn argument_behind(name: &str, command: &ShellCommand, scene: &Scene<'_>) -> Option<String> {
    let own = command.assignments.iter().rev().chain(command.env.iter().rev()).find(|found| found.name == name);
    match own {
        Some(found) => argument_in(&found.value, command, scene),
        None => scene.env.is_changeable(name).then(|| name.to_string()),
    }
}

/// The value of a word with plain variables filled in; `None` when anything else stands in it.
pub fn expand(word: &ShellWord, command: &ShellCommand, scene: &Scene<'_>) -> Option<String> {
    if word.literal {
        return Some(word.text.clone());
    }
    let mut out = String::new();
    let text = word.text.replace("`pwd`", "$(pwd)");
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(behind) = after.strip_prefix("(pwd)") {
            out.push_str(&directory(command, scene).filter(|dir| dir.chars().all(is_plain))?);
            rest = behind;
            continue;
        }
        let (name, behind) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at_checked(end)?
            }
        };
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, default) = match name.find(|c: char| !named(c)).and_then(|at| name.split_at_checked(at)) {
            Some((name, rest)) => (name, Some(rest)),
            None => (name, None),
        };
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        // `${NAME:-word}`
        let word = match default {
            None => None,
            Some(rest) => Some(rest.strip_prefix(":-").filter(|word| !word.contains(['$', '`', '"', '\'']))?),
        };
        let value = match (name, setting_outside(name, command, scene)) {
            (_, Setting::To(value)) if value.is_empty() && word.is_some() => word?.to_string(),
            (_, Setting::To(value)) => value,
            (_, Setting::Unset) if word.is_some() && !scene.env.is_open() => word?.to_string(),
            ("PWD", Setting::Unset) => directory(command, scene)?,
            _ => return None,
        };
        // A value with blanks would be split if the word is not quoted, which cannot be told from here.
        if value.contains(|c: char| c.is_whitespace() || "*?[$`\\".contains(c)) {
            return None;
        }
        out.push_str(&value);
        rest = behind;
    }
    out.push_str(rest);
    (!out.contains(['`', '*', '?', '['])).then_some(out)
}

/// A letter that a shell leaves as it is.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "/._-+@:,".contains(letter)
}

/// The variables that the shell expands: those of the command's own assignments do not count yet.
fn setting_outside(name: &str, command: &ShellCommand, scene: &Scene<'_>) -> Setting {
    if let Some(found) = command.env.iter().rev().find(|found| found.name == name) {
        return if found.value.literal { Setting::To(found.value.text.clone()) } else { Setting::Unknown };
    }
    match scene.env.get(name) {
        Some(found) => found.value.clone().map_or(Setting::Unknown, Setting::To),
        None => Setting::Unset,
    }
}

/// The words of a command, with a note of what was not understood.
pub(super) struct Args<'a> {
    list: &'a [ShellWord],
    at: usize,
    pub(super) command: &'a ShellCommand,
    pub(super) scene: &'a Scene<'a>,
    unsure: Option<String>,
}

impl<'a> Args<'a> {
    fn next(&mut self) -> Option<&'a ShellWord> {
        let word = self.list.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    pub(super) fn expand(&self, word: &ShellWord) -> Option<String> {
        expand(word, self.command, self.scene)
    }
}

/// The flags of a build, the last of each kind.
#[derive(Default)]
pub(super) struct Flags {
    chdir: Option<ShellWord>,
    pub(super) output: Option<ShellWord>,
    ldflags: Option<Ldflags>,
    tags: Option<ShellWord>,
    buildmode: Option<ShellWord>,
    needs_cgo: Option<String>,
    trimpath: bool,
    compile_test: bool,
    pub(super) download_only: bool,
    pub(super) packages: Vec<ShellWord>,
    unknown: Option<String>,
}

impl Flags {
    fn words(&mut self, args: &mut Args<'_>, kind: GoKind) {
        while let Some(word) = args.next() {
            let text = word.text.as_str();
            if !text.starts_with('-') || text == "-" {
                if text.starts_with(['$', '`'])
                    && args.expand(word).is_none_or(|text| text.starts_with('-') || text.is_empty())
                {
                    self.unknown = Some(format!("what `{text}` stands for"));
                }
                self.packages.push(word.clone());
                // The arguments of the program that `go run` starts are none of ours.
                while let Some(word) = args.next().filter(|_| kind != GoKind::Run) {
                    self.packages.push(word.clone());
                }
                return;
            }
            if text == "--" {
                self.packages.extend(args.list.get(args.at..).unwrap_or_default().iter().cloned());
                return;
            }
            let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
            match name.split_once('=') {
                Some((name, value)) => {
                    let value = ShellWord { text: value.to_string(), ..word.clone() };
                    self.set(name, value, false);
                }
                None if BOOLEAN.contains(&name) => self.set(name, ShellWord::default(), true),
                None if kind == GoKind::Test && name == "c" => self.compile_test = true,
                None if WITH_VALUE.contains(&name) || WITH_VALUE_TEST.contains(&name) => match args.next() {
                    Some(value) => self.set(name, value.clone(), false),
                    None => self.unknown = Some(format!("flag `{text}` has no value")),
                },
                None if kind == GoKind::Test => {}
                None => self.unknown = Some(format!("flag `{text}` is not known")),
            }
        }
    }

    fn set(&mut self, name: &str, value: ShellWord, bare: bool) {
        let on = bare || !matches!(value.text.as_str(), "false" | "0" | "f" | "F" | "FALSE" | "False");
        match name {
            "C" => self.chdir = Some(value),
            "o" => self.output = Some(value),
            "tags" => self.tags = Some(value),
            "buildmode" => self.buildmode = Some(value),
            "ldflags" => self.ldflags = Some(ldflags(&value)),
            "trimpath" => self.trimpath = on,
            "d" => self.download_only = on,
            "c" => self.compile_test = on,
            "race" | "msan" | "asan" | "linkshared" if on => self.needs_cgo = Some(format!("-{name}")),
            "compiler" if value.text != "gc" => self.unknown = Some("another compiler is used".into()),
            "overlay" | "modfile" | "toolexec" => self.unknown = Some(format!("`-{name}` is used")),
            _ => {}
        }
    }
}

impl Ldflags {
    /// More flags may stand in front of the value: it is no `pattern=flags`, and no variable that may be one.
    pub(crate) fn takes_more(&self) -> bool {
        let text = self.text.trim_start();
        text.is_empty() || text.starts_with('-')
    }
}

/// The word behind which a flag may be added to `go build`: the verb, or its `-C dir`, which has to come first.
pub(crate) fn before_flags(command: &ShellCommand) -> Option<&ShellWord> {
    let verb = command.args.iter().position(|arg| matches!(arg.text.as_str(), "build" | "install"))?;
    let chdir = |at: usize| command.args.get(at).is_some_and(|arg| matches!(arg.text.as_str(), "-C" | "--C"));
    if verb > 0 && chdir(verb - 1) {
        return None;
    }
    match command.args.get(verb + 1) {
        Some(_) if chdir(verb + 1) => command.args.get(verb + 2),
        Some(arg) if arg.text.starts_with("-C=") || arg.text.starts_with("--C=") => Some(arg),
        _ => command.args.get(verb),
    }
}

fn ldflags(value: &ShellWord) -> Ldflags {
    // `pattern=flags` gives them to some packages only; the program itself is linked once.
    let text = match value.text.split_once('=') {
        Some((pattern, rest)) if !pattern.starts_with('-') && !pattern.contains(char::is_whitespace) => rest,
        _ => value.text.as_str(),
    };
    let has = |flag: &str| {
        text.split_whitespace().any(|word| {
            let word = word.strip_prefix('-').map(|word| word.strip_prefix('-').unwrap_or(word));
            word == Some(flag) || word.and_then(|word| word.strip_suffix("=true")) == Some(flag)
        })
    };
    Ldflags { text: value.text.clone(), span: value.span, literal: value.literal, strip_s: has("s"), strip_w: has("w") }
}

/// The flags that GOFLAGS adds in front: `-name` and `-name=value`, apart by blanks.
fn goflags(command: &ShellCommand, scene: &Scene<'_>, flags: &mut Flags) {
    match setting("GOFLAGS", command, scene) {
        Setting::Unset => {}
        Setting::Unknown => flags.unknown = Some("GOFLAGS is not known".into()),
        Setting::To(text) => {
            for word in text.split_whitespace().map(|word| word.trim_matches(['\'', '"'])) {
                let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
                let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
                let bare = value.is_none();
                let text = value.unwrap_or("").to_string();
                flags.set(name, ShellWord { text, literal: true, ..ShellWord::default() }, bare);
            }
        }
    }
}

fn mod_init(args: &mut Args<'_>) -> Option<String> {
    if args.next()?.text != "init" {
        return None;
    }
    let name = args.next()?;
    args.expand(name)
}

/// `go env -w A=b C=d`; without `-w` it only prints.
fn env_writes(args: &mut Args<'_>, kind: &mut GoKind) -> Vec<(String, String)> {
    if args.next().is_none_or(|word| word.text != "-w") {
        *kind = GoKind::Other;
        return Vec::new();
    }
    let mut found = Vec::new();
    while let Some(word) = args.next() {
        match args.expand(word).as_deref().and_then(|text| text.split_once('=')) {
            Some((name, value)) => found.push((name.to_string(), value.to_string())),
            None => args.unsure = Some(format!("what `{}` sets", word.text)),
        }
    }
    found
}

fn fill(build: &mut GoBuild, flags: Flags, args: &Args<'_>) {
    let (command, scene) = (args.command, args.scene);
    build.dir = directory(command, scene);
    if let Some(word) = &flags.chdir {
        build.dir = args.expand(word).zip(build.dir.take()).map(|(to, dir)| join(&dir, &to));
    }
    build.packages = flags.packages.iter().map(|word| word.text.clone()).collect();
    build.trimpath = flags.trimpath;
    tags(build, flags.tags.as_ref(), args);
    build.chosen = chosen(build, &flags, args);
    build.needs_cgo_flag = flags.needs_cgo.clone();
    let buildmode = flags.buildmode.as_ref().map(|word| word.text.as_str());
    match buildmode {
        None | Some("exe" | "default") => {}
        Some("pie") => build.pie = true,
        Some(other) => build.needs_cgo_flag = Some(format!("-buildmode={other}")),
    }
    let sure: &[String] = if build.open_tags.is_some() { &[] } else { &build.tags };
    build.static_forced = super::wants::static_forced(flags.ldflags.as_ref(), sure);
    build.ldflags = flags.ldflags.clone();
    build.wants_cgo = super::wants::wants_cgo(build, command, scene);
    build.other_compiler = match setting("CC", command, scene) {
        Setting::To(value) => Some(value).filter(|value| value.contains("musl") || value.contains("zig")),
        _ => None,
    };
    build.cgo = match setting("CGO_ENABLED", command, scene) {
        _ if argument_behind("CGO_ENABLED", command, scene).is_some() => Cgo::Unknown,
        Setting::Unset => Cgo::Default,
        Setting::To(value) if value == "0" => Cgo::Off,
        Setting::To(value) if value == "1" => Cgo::On,
        Setting::To(value) if value.is_empty() => Cgo::Default,
        _ => Cgo::Unknown,
    };
    let os = setting("GOOS", command, scene);
    let arch = setting("GOARCH", command, scene);
    let shown = |value: &Setting, name: &str, of_target: &str| match value {
        Setting::Unset => String::new(),
        Setting::To(value) => value.clone(),
        Setting::Unknown if is_argument(name, of_target, command, scene) => format!("${of_target}"),
        Setting::Unknown => "?".into(),
    };
    if os != Setting::Unset || arch != Setting::Unset {
        build.cross = Some((shown(&os, "GOOS", "TARGETOS"), shown(&arch, "GOARCH", "TARGETARCH")));
    }
    // A glob is looked at with the files; everything else must be known as text.
    let open = |word: &&ShellWord| {
        let versioned = word.text.split_once('@').is_some_and(|(path, _)| !path.contains(['$', '`']));
        args.expand(word).is_none() && !versioned && (word.text.contains('$') || !word.text.contains(['*', '?', '[']))
    };
    let unknown = flags.unknown.clone();
    let unknown =
        unknown.or_else(|| flags.packages.iter().find(open).map(|word| format!("what `{}` stands for", word.text)));
    build.outputs = match (unknown, build.kind) {
        (_, GoKind::Run | GoKind::Generate) => Outputs::Nothing,
        (_, GoKind::Test) if !flags.compile_test => Outputs::Nothing,
        (_, GoKind::Test) => Outputs::Unknown("it writes a test program".into()),
        (Some(reason), _) => Outputs::Unknown(reason),
        (None, _) => outputs(build, &flags, args),
    };
}

/// The tags of a build, and whether there may be others.
fn tags(build: &mut GoBuild, word: Option<&ShellWord>, args: &Args<'_>) {
    let (command, scene) = (args.command, args.scene);
    if let Some(name) = argument_behind("GOFLAGS", command, scene) {
        build.open_tags = Some(format!("the ARG {name}"));
    }
    let Some(word) = word else { return };
    let text = args.expand(word);
    match (argument_in(word, command, scene), &text) {
        (Some(name), _) => build.open_tags = Some(format!("the ARG {name}")),
        (None, None) => build.open_tags = Some(format!("what `{}` stands for", word.text)),
        (None, Some(_)) => {}
    }
    let text = text.unwrap_or_default();
    build.tags = text.split([',', ' ']).filter(|tag| !tag.is_empty()).map(String::from).collect();
}

/// `./cmd/$SERVICE`, `-C $DIR`, `-o /bin/$NAME`: what is built is said by an ARG.
fn chosen(build: &GoBuild, flags: &Flags, args: &Args<'_>) -> Option<Chosen> {
    let argument = |word: &ShellWord| argument_in(word, args.command, args.scene);
    if let Some(by) = flags.chdir.iter().chain(&flags.output).find_map(argument) {
        return Some(Chosen { by, below: None });
    }
    let (word, by) = flags.packages.iter().find_map(|word| Some((word, argument(word)?)))?;
    // What stands behind the variable may narrow it further; every package there is read all the same.
    let (head, _) = word.text.split_once('$')?;
    let head = head.trim_start_matches('"');
    let value = args.expand(word).unwrap_or_default();
    let path = super::packages::is_path(&value) && !value.ends_with(".go") && flags.packages.len() == 1;
    let below = build.dir.as_deref().filter(|_| path).map(|dir| {
        let whole = head.rsplit_once('/').map_or("", |(whole, _)| whole);
        if head.starts_with('/') { join("/", whole) } else { join(dir, whole) }
    });
    Some(Chosen { by, below })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::context::BuildContext;

    fn app() -> BuildContext {
        let main = "package main\nfunc main() {}\n";
        BuildContext::in_memory(&[
            ("go.mod", "module example.com/acme/widget/v3\n"),
            ("main.go", main),
            ("aaa.go", "package main\n"),
            ("cmd/server/main.go", main),
            ("cmd/worker/main.go", main),
            ("lib/lib.go", "package lib\n"),
            ("dist/index.html", ""),
        ])
    }

    fn run(text: &str, vars: &[(&str, &str)], context: Option<&BuildContext>) -> GoBuild {
        let env = testing::env(vars);
        let tree = context.map(|context| ImageTree::at(context, "/src"));
        let scene =
            Scene { workdir: Some("/src"), env: &env, go_env: &[], tree: tree.as_ref(), go_version: Some((1, 22)) };
        let mut words = text;
        let mut dir = "";
        if let Some((to, rest)) = text.strip_prefix("cd ").and_then(|rest| rest.split_once(" && ")) {
            (dir, words) = (to, rest);
        }
        let mut command = testing::command(words);
        command.dir = Some(dir.to_string());
        read(&command, &scene).unwrap()
    }

    fn shown(outputs: &Outputs) -> String {
        match outputs {
            Outputs::Files(files) => files
                .iter()
                .map(|file| format!("{}{}", file.path, if file.proved { "" } else { "?" }))
                .collect::<Vec<_>>()
                .join(" "),
            Outputs::Nothing => "nothing".into(),
            Outputs::Fails(_) => "fails".into(),
            Outputs::Unknown(_) => "unknown".into(),
        }
    }

    #[test]
    fn programs_land_where_go_puts_them() {
        let context = app();
        for (text, want) in [
            ("go build", "/src/widget"),
            ("go build .", "/src/widget"),
            ("go build -v ./", "/src/widget"),
            ("go build ./cmd/server", "/src/server"),
            ("go build example.com/acme/widget/v3/cmd/server", "/src/server"),
            ("cd cmd/server && go build", "/src/cmd/server/server"),
            ("go build -C cmd/server", "/src/cmd/server/server"),
            ("go build -C cmd/server -o app", "/src/cmd/server/app"),
            ("go -C cmd/server build", "/src/cmd/server/server"),
            ("go build main.go", "/src/main"),
            ("go build ./cmd/server/main.go", "/src/main"),
            ("go build *.go", "/src/aaa"),
            ("go build ./...", "nothing"),
            ("go build ./cmd/...", "nothing"),
            ("go build ./lib", "nothing"),
            ("go build -o app .", "/src/app"),
            ("go build -o=app", "/src/app"),
            ("go build --o app", "/src/app"),
            ("go build --o=app .", "/src/app"),
            ("go build -o out/x/y/app .", "/src/out/x/y/app"),
            ("go build -o /app .", "/app"),
            ("go build -o bin/ ./cmd/...", "/src/bin/server /src/bin/worker"),
            ("go build -o dist ./cmd/...", "/src/dist/server /src/dist/worker"),
            ("go build -o /usr/local/bin ./cmd/server", "/usr/local/bin/server"),
            ("go build -o bin ./cmd/...", "fails"),
            ("go build -o bin ./cmd/server", "/src/bin"),
            ("go build -o dist ./cmd/server", "/src/dist/server"),
            ("go build -o /dev/null .", "nothing"),
            ("go build -o bin/ ./lib", "fails"),
            ("go build -o $OUT .", "unknown"),
            ("go build -o ${DIR}/app .", "/out/app"),
            ("go build $UNKNOWN", "unknown"),
            ("GOOS=windows go build", "/src/widget.exe"),
            ("GOOS=windows go build -o app .", "/src/app"),
            ("go install ./cmd/server", "/go/bin/server"),
            ("go install ./...", "/go/bin/widget /go/bin/server /go/bin/worker"),
            ("go install .", "/go/bin/widget"),
            ("GOBIN=/out go install .", "/out/widget"),
            ("GOARCH=arm64 go install ./cmd/server", "/go/bin/linux_arm64/server?"),
            ("GOARCH=amd64 go install ./cmd/server", "/go/bin/server?"),
            ("GOBIN=/out GOARCH=arm64 go install .", "fails"),
            ("go install example.com/x/cmd/y@v1.2", "/go/bin/y"),
            ("go install example.com/x/v2@latest", "/go/bin/x"),
            ("go install example.com/x@${VERSION}", "/go/bin/x"),
            ("GOOS=$TARGETOS go build -o app", "/src/app"),
            ("GOOS=$TARGETOS go install ./cmd/server", "/go/bin/server?"),
            ("GO111MODULE=off go build", "/src/src"),
            ("go get -v ./...", "nothing"),
            ("go run main.go -o x", "nothing"),
            ("go test ./...", "nothing"),
            ("go generate ./...", "nothing"),
            ("go vet ./...", "nothing"),
            ("go build -buildmode=c-shared -o x.so .", "unknown"),
            (
                "go build -p 4 -asmflags x -gcflags 'all=-N -l' -tags a,b -mod vendor -pgo auto -buildvcs=false .",
                "/src/widget",
            ),
            ("go build -nosuchflag .", "unknown"),
        ] {
            let build = run(text, &[("DIR", "/out")], Some(&context));
            assert_eq!(shown(&build.outputs), want, "{text}: {:?}", build.outputs);
        }
    }

    #[test]
    fn names_follow_the_module_and_not_the_directory() {
        for (module, want) in [
            ("gopkg.in/thing.v2", "/src/thing.v2"),
            ("example.com/v2", "/src/example.com"),
            ("example.com/app.git", "/src/app.git"),
            ("foo", "/src/foo"),
        ] {
            let text = format!("module {module}\n");
            let context = BuildContext::in_memory(&[("go.mod", text.as_str()), ("main.go", "package main")]);
            assert_eq!(shown(&run("go build", &[], Some(&context)).outputs), want);
            // The only package of a pattern is built as if it had been named.
            assert_eq!(shown(&run("go build ./...", &[], Some(&context)).outputs), want);
        }
    }

    #[test]
    fn what_is_missing_is_not_guessed() {
        let empty = BuildContext::in_memory(&[("main.go", "package main")]);
        assert_eq!(shown(&run("go build", &[], Some(&empty)).outputs), "fails");
        assert_eq!(shown(&run("go build main.go", &[], Some(&empty)).outputs), "/src/main");
        let taken = BuildContext::in_memory(&[("go.mod", "module x/app"), ("m.go", "package main"), ("app/a.txt", "")]);
        assert_eq!(shown(&run("go build", &[], Some(&taken)).outputs), "fails");
        for (text, want) in [
            ("go build", "unknown"),
            ("go build -o app .", "/src/app?"),
            ("go build -o /app", "/app?"),
            ("go build ./cmd/server", "/src/server?"),
            ("go build ../cmd/server", "/src/server?"),
            ("go build ..", "unknown"),
            ("go build ./cmd/v2", "unknown"),
            ("go build main.go", "/src/main?"),
            ("go build ./...", "unknown"),
            ("go install ./cmd/server", "/go/bin/server?"),
        ] {
            assert_eq!(shown(&run(text, &[], None).outputs), want, "{text} without a context");
        }
    }

    #[test]
    fn old_gopath_builds_are_named_after_their_directory() {
        let context = BuildContext::in_memory(&[("main.go", "package main")]);
        let tree = ImageTree::at(&context, "/go/src/github.com/a/app");
        let env = testing::env(&[]);
        for (version, want) in [(Some((1, 12)), "/go/bin/app"), (Some((1, 20)), "fails"), (None, "/go/bin/app?")] {
            let scene = Scene {
                workdir: Some("/go/src/github.com/a/app"),
                env: &env,
                go_env: &[],
                tree: Some(&tree),
                go_version: version,
            };
            let build = read(&testing::command("go install -v ./..."), &scene).unwrap();
            assert_eq!(shown(&build.outputs), want, "{version:?}");
        }
    }

    #[test]
    fn cgo_and_linking_are_told_from_flags_and_environment() {
        let cgo = |text: &str, vars: &[(&str, &str)]| run(text, vars, None).cgo;
        assert_eq!(cgo("go build", &[]), Cgo::Default);
        assert_eq!(cgo("CGO_ENABLED=0 go build", &[("CGO_ENABLED", "1")]), Cgo::Off);
        assert_eq!(cgo("go build", &[("CGO_ENABLED", "1")]), Cgo::On);
        assert_eq!(cgo("CGO_ENABLED=$X go build", &[]), Cgo::Unknown);
        let build = run("go build -race -trimpath -tags 'a b' -buildmode=pie", &[], None);
        assert_eq!(build.needs_cgo_flag.as_deref(), Some("-race"));
        assert!(build.trimpath && build.pie);
        assert_eq!(build.tags, ["a", "b"]);
        assert!(run("go build", &[("GOFLAGS", "-mod=vendor -buildmode=pie")], None).pie);
        assert!(run("go build -race=false", &[], None).needs_cgo_flag.is_none());
        for (text, want) in [
            ("go build -ldflags '-linkmode external -extldflags -static'", StaticForced::Linker),
            ("go build -ldflags '-s -w -extldflags \"-static\"'", StaticForced::LinkerPerhaps),
            ("go build -tags netgo,osusergo", StaticForced::Tags),
            ("go build -tags netgo", StaticForced::No),
            ("go build -ldflags '-extldflags -static-libgcc'", StaticForced::No),
        ] {
            assert_eq!(run(text, &[], None).static_forced, want, "{text}");
        }
        assert_eq!(run("GOARCH=arm64 go build", &[], None).cross, Some((String::new(), "arm64".into())));
    }

    #[test]
    fn ldflags_have_their_place() {
        let text = "go build -ldflags=\"-s -X main.v=$(git describe)\" .";
        let found = run(text, &[], None).ldflags.unwrap();
        assert_eq!(text.get(found.span.range()), Some("-ldflags=\"-s -X main.v=$(git describe)\""));
        assert!(found.strip_s && !found.strip_w && !found.literal);
        let text = "go build -ldflags '-w' -ldflags '-X a=-s'";
        let found = run(text, &[], None).ldflags.unwrap();
        assert_eq!((text.get(found.span.range()), found.strip_w), (Some("'-X a=-s'"), false));
        let found = run("go build", &[("GOFLAGS", "-ldflags=-s")], None).ldflags.unwrap();
        assert!(found.span.is_empty() && found.strip_s);
    }

    #[test]
    fn an_assignment_goes_where_it_works() {
        let mut command = testing::command("A=1 go build");
        let at = |command: &ShellCommand| {
            let env = Env::default();
            let scene = Scene { workdir: None, env: &env, go_env: &[], tree: None, go_version: None };
            read(command, &scene).unwrap().insert_at
        };
        assert_eq!(at(&command), Some(4));
        let wrapper = |text: &str| ShellWord { text: text.into(), span: Span::new(0, 3), literal: true };
        for (name, want) in [("env", Some(4)), ("exec", Some(0)), ("time", None)] {
            command.wrappers = vec![wrapper(name)];
            assert_eq!(at(&command), want, "{name}");
        }
    }

    #[test]
    fn other_commands_are_named() {
        assert_eq!(run("go mod init example.com/a", &[], None).mod_init.as_deref(), Some("example.com/a"));
        assert_eq!(run("go mod tidy", &[], None).mod_init, None);
        let writes = run("go env -w GOPROXY=direct CGO_ENABLED=0", &[], None).env_writes;
        assert_eq!(writes, [("GOPROXY".into(), "direct".into()), ("CGO_ENABLED".into(), "0".to_string())]);
        assert_eq!(run("go env GOPATH", &[], None).kind, GoKind::Other);
    }
}
