//! Which language builds here: commands that compile, base images that bring a toolchain, packages that only a build
//! needs. Of every language, whether a rewrite exists for it or not; nothing here decides, it only names.

use crate::shell::ShellCommand;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    Go,
    Rust,
    /// Java, Kotlin, Scala, Clojure, Groovy.
    Jvm,
    /// C, C++, Fortran, and whatever make and its kin drive.
    C,
    JavaScript,
    DotNet,
    Elixir,
    Erlang,
    Haskell,
    Swift,
    Python,
    Ruby,
    Php,
    /// Zig, Nim, D, Crystal, OCaml, Dart, …
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Installs libraries, for which it may have to compile: a sign only where compilers or headers are installed too.
    Dependencies,
    /// Makes a program or assets from sources.
    Compiles,
    /// Compiles and runs in one: `go run`, `cargo run`, `mvn spring-boot:run`.
    RunsSources,
}

/// What the command builds; `None` when it builds nothing (`go version`, `mvn dependency:resolve`).
pub fn command(cmd: &ShellCommand) -> Option<(Language, Work)> {
    let words: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
    of_words(&cmd.name.text, &words)
}

/// As `command`, for the argv of an exec form.
pub fn of_words(program: &str, words: &[&str]) -> Option<(Language, Work)> {
    use Language::*;
    use Work::*;
    let program = program.rsplit('/').next().unwrap_or(program);
    if let Some((program, words)) = inner(program, words) {
        return of_words(program, &words);
    }
    let program = without_version(program);
    let plain: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with(['-', '+'])).collect();
    let first = plain.first().copied().unwrap_or("");
    let any = |names: &[&str]| plain.iter().any(|word| names.contains(word));
    let asks = words
        .iter()
        .any(|word| matches!(*word, "--version" | "-version" | "-V" | "--help" | "-dumpversion" | "-dumpmachine"));
    if asks && plain.len() < 2 {
        return None;
    }
    let found = match program {
        // `go -C dir build`
        "go" => match if words.first() == Some(&"-C") { plain.get(1).copied().unwrap_or("") } else { first } {
            "build" | "install" => (Go, Compiles),
            "get" if !words.contains(&"-d") => (Go, Compiles),
            "run" => (Go, RunsSources),
            _ => return None,
        },
        "go-wrapper" if first == "install" => (Go, Compiles),
        "gox" | "mage" | "goreleaser" => (Go, Compiles),
        "cargo" => match plain.iter().find(|word| !word.starts_with('+')).copied().unwrap_or("") {
            "build" | "b" | "install" | "rustc" | "zigbuild" => (Rust, Compiles),
            "run" | "watch" => (Rust, RunsSources),
            _ => return None,
        },
        "rustc" | "wasm-pack" | "trunk" if !plain.is_empty() => (Rust, Compiles),
        "javac" | "kotlinc" | "scalac" | "groovyc" | "native-image" if !plain.is_empty() => (Jvm, Compiles),
        "mvn" | "mvnw" | "mvnd" => {
            if plain.iter().any(|word| word.ends_with(":run") || *word == "exec:java" || *word == "quarkus:dev") {
                (Jvm, RunsSources)
            } else if any(&["package", "install", "compile", "verify", "assembly:single", "deploy"]) {
                (Jvm, Compiles)
            } else {
                return None;
            }
        }
        "gradle" | "gradlew" => gradle(&plain)?,
        "ant" => (Jvm, Compiles),
        "sbt" | "activator" | "mill" | "amm" => match plain.contains(&"run") {
            true => (Jvm, RunsSources),
            false if any(&["update", "test", "reload", "about", "exit"]) || plain.is_empty() => return None,
            false => (Jvm, Compiles),
        },
        "lein" | "boot" | "clojure" | "clj" => match first {
            "run" | "ring" | "trampoline" => (Jvm, RunsSources),
            "uberjar" | "jar" | "compile" | "build" => (Jvm, Compiles),
            _ if words.iter().any(|word| word.starts_with("-T:build") || word.contains("uberjar")) => (Jvm, Compiles),
            _ => return None,
        },
        "bazel" | "bazelisk" | "buck" | "pants" if matches!(first, "build" | "package") => (Other, Compiles),
        "gcc" | "g++" | "cc" | "c++" | "clang" | "clang++" | "gfortran" | "tcc" | "nvcc" | "musl-gcc" | "emcc"
        | "nasm"
            if !plain.is_empty() =>
        {
            (C, Compiles)
        }
        "make" | "gmake" | "bmake" => {
            if !plain.is_empty()
                && plain.iter().all(|word| {
                    word.contains("test") || matches!(*word, "check" | "lint" | "clean" | "help" | "distclean")
                })
            {
                return None;
            }
            (C, Compiles)
        }
        "cmake" | "ninja" | "meson" | "scons" | "qmake" | "autoreconf" | "configure" | "waf" | "bjam" | "b2"
        | "colcon" | "catkin_make" | "xmake" | "premake5" => (C, Compiles),
        "npm" | "yarn" | "pnpm" | "bun" | "npx" | "bunx" | "lerna" | "nx" | "turbo" | "rush" | "corepack" => {
            javascript(program, &plain)?
        }
        "tsc" | "ng" | "next" | "nuxt" | "nuxi" | "vite" | "webpack" | "rollup" | "gulp" | "grunt" | "parcel"
        | "react-scripts" | "nest" | "esbuild" | "gatsby" | "ember" | "vue-cli-service" | "browserify" | "babel"
        | "svelte-kit" | "brunch" | "astro" | "node-gyp" | "quasar" | "ionic" | "meteor" | "vuepress" => {
            bundler(program, &plain)?
        }
        "dotnet" => match first {
            "build" | "publish" | "msbuild" | "pack" => (DotNet, Compiles),
            "run" | "watch" => (DotNet, RunsSources),
            _ => return None,
        },
        "msbuild" | "xbuild" | "mcs" | "csc" | "fsharpc" if !plain.is_empty() => (DotNet, Compiles),
        "mix" => match () {
            () if any(&["phx.server", "phoenix.server", "run"]) => (Elixir, RunsSources),
            () if any(&["compile", "release", "phx.digest", "escript.build", "distillery.release", "deps.compile"]) => {
                (Elixir, Compiles)
            }
            () => return None,
        },
        "rebar3" | "rebar" if any(&["compile", "release", "escriptize", "tar"]) => (Erlang, Compiles),
        "erlc" if !plain.is_empty() => (Erlang, Compiles),
        "stack" if matches!(first, "build" | "install" | "ghc") => (Haskell, Compiles),
        "cabal" if matches!(first.trim_start_matches("v2-").trim_start_matches("new-"), "build" | "install") => {
            (Haskell, Compiles)
        }
        "ghc" if !plain.is_empty() => (Haskell, Compiles),
        "swift" => match first {
            "build" => (Swift, Compiles),
            "run" => (Swift, RunsSources),
            _ => return None,
        },
        "swiftc" if !plain.is_empty() => (Swift, Compiles),
        "zig" if first.starts_with("build") || matches!(first, "cc" | "c++") => (Other, Compiles),
        "nim" if matches!(first, "c" | "cpp" | "compile" | "js" | "r") => (Other, Compiles),
        "nimble" | "dub" if matches!(first, "build" | "install" | "fetch" | "c") && first != "fetch" => {
            (Other, Compiles)
        }
        "crystal" | "shards" if first == "build" => (Other, Compiles),
        "dune" | "jbuilder" if first == "build" => (Other, Compiles),
        "ocamlfind" | "ocamlopt" | "ocamlc" | "ocamlbuild" | "dmd" | "ldc2" | "gdc" | "fpc" | "lazbuild"
        | "gnatmake" | "gprbuild" | "valac" | "chpl" | "csc5" | "haxe" | "pony" | "ponyc" | "idris" | "mlton"
        | "ldc"
            if !plain.is_empty() =>
        {
            (Other, Compiles)
        }
        "hugo" if !matches!(first, "server" | "serve" | "new" | "version" | "mod" | "env" | "config" | "list") => {
            (Other, Compiles)
        }
        "jekyll" | "mkdocs" | "zola" | "gitbook" | "mdbook" if first == "build" => (Other, Compiles),
        "hexo" if matches!(first, "generate" | "g") => (Other, Compiles),
        "sphinx-build" | "pelican" if !plain.is_empty() => (Other, Compiles),
        "pyinstaller" | "nuitka" | "nuitka3" if !plain.is_empty() => (Python, Compiles),
        "deno" if first == "compile" => (Other, Compiles),
        "elm" if first == "make" => (Other, Compiles),
        "dart" if matches!(first, "compile" | "run" | "build_runner") => {
            (Other, if first == "run" { RunsSources } else { Compiles })
        }
        "dart2native" if !plain.is_empty() => (Other, Compiles),
        "flutter" if first == "build" => (Other, Compiles),
        "raco" if matches!(first, "exe" | "make") => (Other, Compiles),
        "pip" | "pip2" | "pip3" | "poetry" | "pipenv" | "uv" | "pdm" | "easy_install" | "micropipenv" => {
            python(program, &plain)?
        }
        "python" | "python2" | "python3" => match plain.as_slice() {
            ["pip", rest @ ..] => python("pip", rest)?,
            ["PyInstaller" | "nuitka", _, ..] => (Python, Compiles),
            [script, what, ..]
                if script.ends_with("setup.py")
                    && matches!(*what, "install" | "build" | "build_ext" | "develop" | "bdist_wheel") =>
            {
                (Python, Dependencies)
            }
            _ => return None,
        },
        "gem" if first == "install" => (Ruby, Dependencies),
        "bundle" | "bundler" if matches!(first, "install" | "") => (Ruby, Dependencies),
        "pecl" if first == "install" => (Php, Dependencies),
        "docker-php-ext-install" | "docker-php-ext-configure" | "phpize" | "install-php-extensions" => {
            (Php, Dependencies)
        }
        "luarocks" if first == "install" => (Other, Dependencies),
        "cpan" | "cpanm" | "cpm" | "carton" => (Other, Dependencies),
        "R" | "Rscript" | "install2.r" | "installr" => (Other, Dependencies),
        "opam" if first == "install" => (Other, Dependencies),
        _ => return None,
    };
    Some(found)
}

/// The command within one that only sets the scene: `bundle exec jekyll build`, `scl enable devtoolset-7 'make all'`.
fn inner<'a>(program: &'a str, words: &[&'a str]) -> Option<(&'a str, Vec<&'a str>)> {
    let skipped = match (program, words) {
        ("bundle" | "bundler" | "rbenv" | "nodenv" | "pyenv" | "mise" | "opam", ["exec", ..])
        | ("poetry" | "pipenv" | "uv" | "pdm", ["run", ..]) => 1,
        ("conda" | "mamba" | "micromamba", ["run", flag, _, ..])
            if matches!(*flag, "-n" | "-p" | "--name" | "--prefix") =>
        {
            3
        }
        ("conda" | "mamba" | "micromamba", ["run", ..]) => 1,
        ("scl", ["enable", .., command]) if command.contains(' ') => {
            let mut words = command.split_whitespace();
            return Some((words.next()?, words.collect()));
        }
        ("scl", ["enable", ..]) => words.iter().position(|word| *word == "--")? + 1,
        ("godep", _) => 0,
        _ => return None,
    };
    let rest = words.get(skipped..)?;
    let at = rest.iter().position(|word| !word.starts_with('-'))?;
    Some((rest.get(at)?, rest.get(at + 1..)?.to_vec()))
}

/// `g++` of `g++-12`, `clang` of `clang-14`.
fn without_version(program: &str) -> &str {
    match program.rsplit_once('-') {
        Some((name @ ("gcc" | "g++" | "clang" | "clang++" | "gfortran"), version))
            if version.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            name
        }
        _ => program,
    }
}

fn gradle(tasks: &[&str]) -> Option<(Language, Work)> {
    let task = |word: &&str| word.rsplit(':').next().unwrap_or("").to_string();
    let tasks: Vec<String> = tasks.iter().map(task).collect();
    if tasks.iter().any(|task| matches!(task.as_str(), "run" | "bootRun" | "runServer" | "jettyRun" | "appRun")) {
        return Some((Language::Jvm, Work::RunsSources));
    }
    let idle = [
        "",
        "dependencies",
        "wrapper",
        "tasks",
        "test",
        "check",
        "clean",
        "help",
        "resolveDependencies",
        "downloadDependencies",
        "--version",
    ];
    tasks.iter().any(|task| !idle.contains(&task.as_str())).then_some((Language::Jvm, Work::Compiles))
}

fn javascript(program: &str, plain: &[&str]) -> Option<(Language, Work)> {
    let compiles = Some((Language::JavaScript, Work::Compiles));
    let words: Vec<&str> = match plain {
        ["workspace" | "--cwd" | "--filter" | "-C", _, rest @ ..] => rest.to_vec(),
        rest => rest.to_vec(),
    };
    match words.as_slice() {
        ["run" | "run-script" | "exec", script, rest @ ..] => {
            if is_build_script(script) {
                compiles
            } else {
                bundler(script, rest)
            }
        }
        [] | ["install" | "i" | "ci" | "add"] if matches!(program, "npm" | "yarn" | "pnpm" | "bun") => {
            Some((Language::JavaScript, Work::Dependencies))
        }
        ["install" | "i" | "ci" | "add", ..] if matches!(program, "npm" | "yarn" | "pnpm" | "bun") => {
            Some((Language::JavaScript, Work::Dependencies))
        }
        [script, ..] if program != "npm" && is_build_script(script) => compiles,
        [tool, rest @ ..] => bundler(tool, rest),
        [] => None,
    }
}

fn is_build_script(script: &str) -> bool {
    let script = script.to_ascii_lowercase();
    let name = |part: &str| {
        matches!(
            part,
            "build" | "compile" | "dist" | "prod" | "production" | "bundle" | "webpack" | "tsc" | "transpile"
        )
    };
    script.split([':', '-', '_', '.']).any(name)
}

/// JavaScript compilers and bundlers, most of which also have a server for developers.
fn bundler(tool: &str, rest: &[&str]) -> Option<(Language, Work)> {
    let tool = tool.rsplit('/').next().unwrap_or(tool);
    let tool = tool.split('@').next().unwrap_or(tool);
    let builds = rest.iter().any(|word| is_build_script(word) || *word == "generate" || *word == "prod");
    let alone = matches!(
        tool,
        "tsc" | "webpack" | "rollup" | "gulp" | "grunt" | "esbuild" | "browserify" | "babel" | "node-gyp"
    );
    let known = alone
        || matches!(
            tool,
            "ng" | "next"
                | "nuxt"
                | "nuxi"
                | "vite"
                | "parcel"
                | "react-scripts"
                | "nest"
                | "gatsby"
                | "ember"
                | "vue-cli-service"
                | "svelte-kit"
                | "brunch"
                | "astro"
                | "lerna"
                | "nx"
                | "turbo"
                | "rush"
                | "tsup"
                | "quasar"
                | "ionic"
                | "meteor"
                | "vuepress"
                | "docusaurus"
                | "eleventy"
        );
    let serves =
        rest.iter().any(|word| matches!(*word, "serve" | "dev" | "start" | "watch" | "develop" | "test" | "lint"));
    (known && !serves && (alone || builds)).then_some((Language::JavaScript, Work::Compiles))
}

fn python(program: &str, plain: &[&str]) -> Option<(Language, Work)> {
    // The installers themselves are no library of an application.
    let own = |word: &&str| {
        matches!(*word, "install" | "pip" | "setuptools" | "wheel" | "virtualenv" | "pipenv" | "poetry" | "uv")
    };
    if program.starts_with("pip") && program != "pipenv" && plain.len() > 1 && plain.iter().all(own) {
        return None;
    }
    let installs = matches!(
        (program, plain),
        ("pip" | "pip2" | "pip3", ["install" | "wheel", ..])
            | ("poetry" | "pipenv" | "pdm" | "micropipenv", ["install" | "sync", ..])
            | ("uv", ["sync", ..] | ["pip", "install" | "sync", ..])
            | ("easy_install", [_, ..])
    );
    installs.then_some((Language::Python, Work::Dependencies))
}

/// The language whose toolchain an image of that name brings: `golang`, `rust`, `maven`, `mcr.microsoft.com/dotnet/sdk`.
pub fn base(repository: &str) -> Option<Language> {
    use Language::*;
    let name = repository.rsplit('/').next().unwrap_or(repository);
    let found = match name {
        "golang" | "go-toolset" => Go,
        "rust" | "rust-musl-builder" | "muslrust" | "rustlang" => Rust,
        "maven"
        | "gradle"
        | "sbt"
        | "scala-sbt"
        | "clojure"
        | "openjdk"
        | "eclipse-temurin"
        | "amazoncorretto"
        | "adoptopenjdk"
        | "java"
        | "zulu-openjdk"
        | "ibm-semeru-runtimes"
        | "kotlin" => Jvm,
        "gcc" | "buildpack-deps" => C,
        "node" | "bun" | "nodejs" => JavaScript,
        "sdk" if repository.contains("dotnet") => DotNet,
        "mono" => DotNet,
        "elixir" => Elixir,
        "erlang" => Erlang,
        "haskell" | "stack-build" => Haskell,
        "swift" => Swift,
        "crystal" | "nim" | "zig" | "dart" | "ocaml" | "opam" | "racket" | "julia" | "dlang" | "ponylang" => Other,
        _ => return None,
    };
    Some(found)
}

/// A package that only a build needs: a compiler, a build tool, headers.
pub fn is_build_package(name: &str) -> bool {
    let name = name.trim_start_matches('.').trim_start_matches('@');
    let whole = [
        "ant",
        "autoconf",
        "automake",
        "autotools-dev",
        "bison",
        "build-base",
        "build-essential",
        "cargo",
        "clang",
        "cmake",
        "cpp",
        "default-jdk",
        "default-jdk-headless",
        "dpkg-dev",
        "flex",
        "g++",
        "gcc",
        "gcc-c++",
        "gfortran",
        "golang",
        "golang-go",
        "go",
        "gradle",
        "libtool",
        "linux-headers",
        "llvm",
        "m4",
        "make",
        "maven",
        "meson",
        "musl-dev",
        "nasm",
        "ninja",
        "ninja-build",
        "patch",
        "pkg-config",
        "pkgconf",
        "pkgconfig",
        "rpm-build",
        "rust",
        "rustc",
        "sbt",
        "swig",
        "yasm",
        "Development Tools",
    ];
    whole.contains(&name)
        || name.ends_with("-dev")
        || name.ends_with("-devel")
        || name.ends_with("-headers")
        || ["gcc-", "g++-", "clang-", "llvm-", "golang-", "dotnet-sdk-", "rustc-"]
            .iter()
            .any(|start| name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
        || (name.contains("jdk") && !name.contains("jre"))
}

/// Headers of a library or a language.
pub fn is_headers_package(name: &str) -> bool {
    name.ends_with("-dev") || name.ends_with("-devel")
}

/// Compilers in the narrow sense, with which a language's installer may build.
pub fn is_compiler_package(name: &str) -> bool {
    let name = name.trim_start_matches('.');
    matches!(
        name,
        "gcc"
            | "g++"
            | "gcc-c++"
            | "build-essential"
            | "build-base"
            | "clang"
            | "make"
            | "cmake"
            | "gfortran"
            | "musl-dev"
            | "linux-headers"
            | "alpine-sdk"
            | "base-devel"
            | "cargo"
            | "rust"
            | "rustc"
            | "gcc-gfortran"
            | "$PHPIZE_DEPS"
            | "${PHPIZE_DEPS}"
    ) || is_group_of_compilers(name)
        || ["gcc-", "g++-", "clang-", "clang"]
            .iter()
            .any(|start| name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

/// `dnf install "@Development Tools"`, by its name or its id.
fn is_group_of_compilers(name: &str) -> bool {
    let name = name.trim_start_matches('@').trim_matches(['"', '\'']).to_ascii_lowercase();
    matches!(name.as_str(), "development tools" | "development-tools" | "development" | "c-development")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Language, Work)>) {
        let mut words = text.split(' ');
        let program = words.next().unwrap();
        let words: Vec<&str> = words.collect();
        assert_eq!(of_words(program, &words), expected, "{text}");
    }

    #[test]
    fn commands_that_build_are_seen_in_every_language() {
        use Language::*;
        use Work::*;
        for (text, language, work) in [
            ("go build -o /app .", Go, Compiles),
            ("/usr/local/go/bin/go install ./...", Go, Compiles),
            ("go run main.go", Go, RunsSources),
            ("cargo build --release", Rust, Compiles),
            ("cargo +nightly install --path .", Rust, Compiles),
            ("javac Main.java", Jvm, Compiles),
            ("./gradlew --no-daemon :app:bootJar", Jvm, Compiles),
            ("mvn -q clean package -DskipTests", Jvm, Compiles),
            ("mvn spring-boot:run", Jvm, RunsSources),
            ("sbt assembly", Jvm, Compiles),
            ("gcc -O2 -o hello hello.c", C, Compiles),
            ("make", C, Compiles),
            ("make -j4 install", C, Compiles),
            ("./configure --prefix=/usr", C, Compiles),
            ("npm run build", JavaScript, Compiles),
            ("yarn build:prod", JavaScript, Compiles),
            ("pnpm --silent run build", JavaScript, Compiles),
            ("npx tsc -p .", JavaScript, Compiles),
            ("./node_modules/.bin/webpack", JavaScript, Compiles),
            ("npx ng build --prod", JavaScript, Compiles),
            ("npm ci", JavaScript, Dependencies),
            ("yarn", JavaScript, Dependencies),
            ("dotnet publish -c Release", DotNet, Compiles),
            ("mix release", Elixir, Compiles),
            ("mix do deps.get, compile", Elixir, Compiles),
            ("stack build", Haskell, Compiles),
            ("swift build -c release", Swift, Compiles),
            ("poetry install", Python, Dependencies),
            ("python3 -m pip install x", Python, Dependencies),
            ("bundle install", Ruby, Dependencies),
            ("docker-php-ext-install gd", Php, Dependencies),
            ("go -C ./cmd/worker build", Go, Compiles),
            ("nim c -d:release app.nim", Other, Compiles),
            ("g++-12 -o a a.cpp", C, Compiles),
            ("bundle exec jekyll build", Other, Compiles),
            ("bundle exec --keep-file-descriptors hugo", Other, Compiles),
            ("poetry run pyinstaller -F a.py", Python, Compiles),
            ("conda run -n env make all", C, Compiles),
            ("scl enable devtoolset-7 -- make all", C, Compiles),
            ("lein ring server-headless", Jvm, RunsSources),
        ] {
            check(text, Some((language, work)));
        }
    }

    #[test]
    fn commands_that_build_nothing_are_not() {
        for text in [
            "go version",
            "go mod download",
            "go -C tools mod download",
            "go test ./...",
            "go get -d ./...",
            "cargo test",
            "javac -version",
            "mvn dependency:go-offline",
            "gradle --version",
            "gradlew dependencies",
            "gcc --version",
            "make test",
            "npm test",
            "npm start",
            "yarn start",
            "npx ng serve",
            "dotnet restore",
            "dotnet --info",
            "mix deps.get",
            "swift --version",
            "python3 app.py",
            "next dev",
            "bundle exec rake",
            "poetry run pytest",
            "hugo server",
            "scl enable devtoolset-7 bash",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn build_packages_are_told_from_libraries() {
        for name in [
            "gcc",
            "g++-12",
            "libpq-dev",
            "openssl-devel",
            "build-essential",
            "openjdk-17-jdk-headless",
            "golang-1.21-go",
            "python3-dev",
        ] {
            assert!(is_build_package(name), "{name}");
        }
        for name in ["libpq5", "openjdk-17-jre", "curl", "device", "nodejs", "python3"] {
            assert!(!is_build_package(name), "{name}");
        }
        for name in ["gcc-12", "clang14", "alpine-sdk", "@Development Tools", "Development tools", "@c-development"] {
            assert!(is_compiler_package(name), "{name}");
        }
        for name in ["gcc-doc", "clang-format", "libgcc", "make-guile", "rustup"] {
            assert!(!is_compiler_package(name), "{name}");
        }
    }
}
