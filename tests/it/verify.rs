//! `unladen verify` with a real engine: what is the same is called the same, every way to be wrong is seen, and nothing
//! is left behind. Without an engine these tests say so and pass; what needs none is tested always.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What we started: the names of all that `verify` makes hold its process id.
static STARTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn unladen(directory: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unladen"));
    command.args(args).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    // Only now: another test may ask what is left while this one is at work.
    STARTED.lock().unwrap().push(id);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

fn place(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// A small base that the engine has, and the way to a docker that answers. It must have a shell.
struct Engine {
    base: String,
}

impl Engine {
    fn docker(&self, args: &[&str]) -> String {
        let output = Command::new("docker").args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Names of all that these processes made and did not remove.
    fn left(&self, processes: &[u32]) -> Vec<String> {
        let label = ["--filter", "label=unladen.verify", "--format"];
        let containers = self.docker(&[&["ps", "--all"], &label[..], &["{{.Names}}"]].concat());
        let images = self.docker(&[&["images"], &label[..], &["{{.Repository}}"]].concat());
        let ours = |name: &&str| processes.iter().any(|id| name.starts_with(&format!("unladen-verify-{id:x}-")));
        containers.lines().chain(images.lines()).filter(ours).map(str::to_string).collect()
    }
}

/// None where these tests cannot run; says why.
fn engine() -> Option<Engine> {
    let ran = |args: &[&str]| {
        let status = Command::new("docker").args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !ran(&["version"]) {
        eprintln!("skipped: no Docker engine answers (set DOCKER_HOST)");
        return None;
    }
    let bases = ["alpine:latest", "alpine:3.20", "busybox:latest", "debian:bookworm-slim"];
    let Some(base) = bases.into_iter().find(|base| ran(&["image", "inspect", base])) else {
        eprintln!("skipped: the engine has none of {}", bases.join(", "));
        return None;
    };
    // A client without BuildKit cannot build, and then there is nothing to compare.
    let dir = place(&[("Dockerfile", format!("FROM {base}\nCMD [\"true\"]\n").as_bytes())]);
    let said = unladen(dir.path(), &["verify", "Dockerfile", "Dockerfile"]);
    if said.code == 2 && said.err.contains("no container engine answers") {
        eprintln!("skipped: {}", said.err.trim());
        return None;
    }
    Some(Engine { base: base.to_string() })
}

/// Compares two Dockerfiles, `BASE` standing for the base, and gives the answer as JSON.
fn compared(
    engine: &Engine,
    before: &str,
    after: &str,
    files: &[(&str, &[u8])],
    more: &[&str],
) -> (i32, serde_json::Value) {
    let dir = place(files);
    for (name, text) in [("before", before), ("after", after)] {
        fs::write(dir.path().join(name), text.replace("BASE", &engine.base)).unwrap();
    }
    // Engines for tests may have no network of their own.
    let mut args =
        vec!["verify", "before", "after", "--format", "json", "--observe", "2", "--build-option", "--network host"];
    args.extend(more);
    let said = unladen(dir.path(), &args);
    assert!(said.code != 2, "{}", said.err);
    (said.code, serde_json::from_str(&said.out).unwrap())
}

/// What is not the same, as `verdict what`.
fn differences(value: &serde_json::Value) -> Vec<String> {
    let runs = value["runs"].as_array().unwrap().iter().flat_map(|run| run["items"].as_array().unwrap());
    let items = value["config"].as_array().unwrap().iter().chain(value["files"].as_array().unwrap()).chain(runs);
    let differs = items.filter(|item| item["verdict"] == "different");
    differs.map(|item| item["what"].as_str().unwrap().to_string()).collect()
}

#[test]
fn without_an_engine_it_says_so_and_ends_with_2() {
    let dir = place(&[("Dockerfile", b"FROM scratch\n")]);
    for (args, want) in [
        (&["--engine", "/nowhere/docker"][..], "--engine /nowhere/docker: does not answer"),
        (&["--engine", "nerdctl"], "none of docker, podman and buildah"),
        (&["--run", "'x"], "--run: a quote is not closed"),
        (&["--mask", "("], "--mask: "),
        (&["--context", "nowhere"], "--context: `nowhere` is not a directory"),
    ] {
        let said = unladen(dir.path(), &[&["verify", "Dockerfile", "Dockerfile"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(said.err.contains(want), "{args:?}: {}", said.err);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_unladen"))
        .args(["verify", "Dockerfile", "Dockerfile"])
        .current_dir(dir.path())
        .env("PATH", dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(err, "error: no container engine answers (neither docker, podman nor buildah is on PATH)\n");
}

/// One after the other in one test: what is left behind is counted.
#[test]
fn real_images_are_told_apart_and_nothing_is_left() {
    let Some(engine) = engine() else { return };
    let script: &[u8] =
        b"#!/bin/sh\necho started at $(date +%s) as $$\necho ready\ncat /app/page 2>/dev/null || exit 3\n";
    let files: [(&str, &[u8]); 2] = [("app/start", script), ("app/page", b"a page\n")];
    let run = "RUN chmod 755 /app/start\n";
    let good = format!("FROM BASE\nWORKDIR /app\nCOPY app/ .\n{run}CMD [\"./start\"]\n");

    let shell = good.replace("CMD [\"./start\"]", "CMD ./start");
    let (code, value) = compared(&engine, &shell, &good, &files, &["--run", "echo 'a  b'"]);
    assert_eq!((code, value["outcome"].as_str(), differences(&value)), (0, Some("same"), Vec::new()), "{value:#}");
    let command = value["config"].as_array().unwrap().iter().find(|item| item["what"] == "Cmd").unwrap();
    assert_eq!(command["verdict"], "expected");
    assert!(value["before"]["size"].as_u64().unwrap() > 0);

    let wrong = |after: &str, want: &[&str]| {
        let (code, value) = compared(&engine, &good, after, &files, &[]);
        assert_eq!((code, value["outcome"].as_str()), (1, Some("different")), "{after}");
        assert!(differences(&value).iter().zip(want).all(|(is, want)| is == want), "{after}\n{value:#}");
        assert!(differences(&value).len() >= want.len(), "{after}\n{value:#}");
    };
    wrong(&good.replace("CMD [\"./start\"]", "CMD [\"./lost\"]"), &["Cmd", "program", "start"]);
    wrong(&good.replace("COPY app/ .", "COPY app/start ."), &["exit", "stdout"]);
    // runc starts the first program of a container all the same.
    wrong(&good.replace("755", "700").replace("CMD", "USER 1000\nCMD"), &["User", "program"]);
    wrong("FROM scratch\nWORKDIR /app\nCOPY app/ .\nCMD [\"./start\"]\n", &["program", "start"]);
    wrong(&format!("{good}ENV MODE=x\nEXPOSE 80\n"), &["Env MODE", "ExposedPorts"]);

    let (_, value) =
        compared(&engine, "FROM BASE\nCMD [\"sleep\", \"60\"]\n", "FROM BASE\nCMD [\"sleep\", \"61\"]\n", &files, &[]);
    assert_eq!(differences(&value), ["Cmd"]);

    // What does not build or start is no measure.
    let dir = place(&files);
    fs::write(dir.path().join("broken"), format!("FROM {}\nRUN exit 7\n", engine.base)).unwrap();
    fs::write(dir.path().join("dead"), format!("FROM {}\nCMD [\"/nowhere\"]\n", engine.base)).unwrap();
    let said = unladen(dir.path(), &["verify", "broken", "broken", "--build-option", "--network host"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("broken: does not build"), "{}", said.err);
    let said = unladen(dir.path(), &["verify", "dead", "dead"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.out.contains("not compared: BEFORE cannot be started"), "{}", said.out);

    // What is in the middle of something is told to stop, as by Ctrl-C.
    fs::write(dir.path().join("long"), format!("FROM {}\nCMD [\"sleep\", \"600\"]\n", engine.base)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_unladen"))
        .args(["verify", "long", "long", "--observe", "300"])
        .current_dir(dir.path())
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let container = |name: &String| name.ends_with("-1");
    while !engine.left(&[child.id()]).iter().any(container) && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(200));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(engine.left(&[child.id()]), [""; 0]);
    assert_eq!(engine.left(&STARTED.lock().unwrap()), [""; 0]);
}

#[test]
fn a_rewrite_that_is_verified_is_written_and_another_is_not() {
    let Some(engine) = engine() else { return };
    if engine.docker(&["images", "-q", "golang:1.27"]).is_empty() {
        eprintln!("skipped: the engine has no golang:1.27");
        return;
    }
    let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/articles/hello");
    let read = |name: &str| fs::read(hello.join(name)).unwrap();
    let dir = place(&[("Dockerfile", &read("Dockerfile")), ("main.go", &read("main.go")), ("go.mod", &read("go.mod"))]);
    let base = "gcr.io/distroless/static-debian13";
    if engine.docker(&["images", "-q", base]).is_empty() {
        eprintln!("skipped: the engine has no {base}");
        return;
    }
    let said = unladen(dir.path(), &["rewrite", "--verify", "--write", "--build-option", "--network host"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("same: what was compared is equal"), "{}", said.out);
    assert!(fs::read_to_string(dir.path().join("Dockerfile")).unwrap().contains(base));

    // A base that cannot be had: nothing is written.
    fs::write(dir.path().join("Dockerfile"), read("Dockerfile")).unwrap();
    let said = unladen(dir.path(), &["rewrite", "--verify", "--write", "--base-prefix", "localhost:1/"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert_eq!(fs::read(dir.path().join("Dockerfile")).unwrap(), read("Dockerfile"));
}
