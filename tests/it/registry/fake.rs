//! A server on loopback that answers as a test tells it, and the ways in which registries misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{place, run};

#[derive(Clone, Debug)]
struct Request {
    method: String,
    /// With the query.
    path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

enum Reply {
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    Endless,
    Never,
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answer(status, Vec::new(), body.into())
}

fn redirect(to: &str) -> Reply {
    Reply::Answer(307, vec![("Location".into(), to.into())], Vec::new())
}

/// `127.0.0.1:PORT` and what was asked of it.
struct Fake {
    host: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    fn new(reply: impl Fn(&Request, usize, &str) -> Reply + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (kept, own, reply) = (seen.clone(), host.clone(), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, own, reply) = (kept.clone(), own.clone(), reply.clone());
                std::thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let times = {
                        let mut kept = kept.lock().unwrap();
                        kept.push(request.clone());
                        kept.iter().filter(|other| other.path == request.path).count()
                    };
                    write(stream, reply(&request, times, &own));
                });
            }
        });
        Fake { host, seen }
    }

    fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// `None` for a client that tries TLS first.
fn read(stream: &TcpStream) -> Option<Request> {
    let mut first = [0];
    stream.peek(&mut first).ok().filter(|count| *count == 1 && first[0] != 0x16)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_string())),
            None => break,
        }
    }
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body).ok()?;
    Some(request)
}

fn write(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
            headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\r\n"));
            let _ = stream.write_all(&body);
        }
        Reply::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        }
        Reply::Never => std::thread::sleep(Duration::from_secs(30)),
    }
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

const CONFIG: &str = r#"{"os": "linux", "architecture": "amd64"}"#;

/// A manifest of Docker's kind with layers of 30 and 12 MB.
fn manifest() -> String {
    let layer = |n: u8, size: u64| {
        let media_type = "application/vnd.docker.image.rootfs.diff.tar.zstd";
        json!({"mediaType": media_type, "digest": digest(&[n]), "size": size})
    };
    json!({"schemaVersion": 2, "config": {"digest": digest(CONFIG.as_bytes())},
        "layers": [layer(1, 30_000_000), layer(2, 12_000_000)]})
    .to_string()
}

/// Docker's kind of index, for amd64 and arm64, with an attestation beside.
fn index() -> String {
    let entry =
        |os: &str, arch: &str, digest: String| json!({"digest": digest, "platform": {"os": os, "architecture": arch}});
    json!({"schemaVersion": 2, "manifests": [
        entry("unknown", "unknown", digest(b"attestation")),
        entry("linux", "amd64", digest(manifest().as_bytes())),
        entry("linux", "arm64", digest(b"other")),
    ]})
    .to_string()
}

/// What a well-behaved registry says.
fn registry(path: &str) -> Reply {
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.contains("/manifests/single") || last == digest(manifest().as_bytes()) {
        answer(200, manifest())
    } else if path.contains("/manifests/") {
        answer(200, index())
    } else if last == digest(CONFIG.as_bytes()) {
        answer(200, CONFIG)
    } else {
        answer(404, r#"{"errors": [{"code": "BLOB_UNKNOWN", "message": "blob unknown"}]}"#)
    }
}

/// The run for `FROM HOST/IMAGE`.
fn ask(fake: &Fake, image: &str, more: &[&str]) -> (i32, String, String) {
    let dir = place(&format!("FROM {}/{image}\n", fake.host));
    let mut args = vec!["size", "--registry"];
    args.extend(more);
    run(dir.path(), &args, &[])
}

fn challenge(host: &str, kind: &str) -> Reply {
    let text = match kind {
        "basic" => "Basic realm=\"x\"".to_string(),
        _ => format!("Bearer realm=\"http://{host}/token?a=1\",service=\"the registry\""),
    };
    Reply::Answer(401, vec![("WWW-Authenticate".into(), text)], b"{}".to_vec())
}

/// Asks for a token before it tells anything.
fn guarded(request: &Request, _: usize, host: &str) -> Reply {
    if request.path.starts_with("/token") {
        return answer(200, r#"{"token": "the-token"}"#);
    }
    match request.header("authorization") {
        Some("Bearer the-token") => registry(&request.path),
        _ => challenge(host, "bearer"),
    }
}

#[test]
fn sizes_of_the_platform_are_told_and_kept() {
    let fake = Fake::new(|request, _, _| registry(&request.path));
    let dir =
        place(&format!("FROM {0}/team/app:1 AS build\nFROM --platform=linux/amd64 {0}/team/app:single\n", fake.host));
    // The first stage is not built, so nobody asks for it.
    let (code, said, error) = run(dir.path(), &["size", "--registry", "--save"], &[]);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("42.0 MB compressed (measured, registry, 20"), "{said}");
    assert!(error.starts_with("note: 1 image written to "), "{error}");
    let (code, _, error) = run(dir.path(), &["size", "--registry", "--save", "--target", "build"], &[]);
    assert_eq!(code, 0, "{error}");
    let lock = std::fs::read_to_string(dir.path().join(".unladen.lock.json")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let image = &lock["images"][format!("{}/team/app:1", fake.host)];
    assert_eq!(image["digest"], digest(index().as_bytes()));
    assert_eq!(image["platforms"], json!(["linux/amd64", "linux/arm64"]));
    assert_eq!(image["sizes"]["linux/amd64"]["compressed"], 42_000_000);
    assert_eq!(image["sizes"]["linux/amd64"]["digest"], digest(manifest().as_bytes()));
    let image = &lock["images"][format!("{}/team/app:single", fake.host)];
    assert_eq!(image["platforms"], json!(["linux/amd64"]));

    // Without a registry the file alone tells it.
    let asked = fake.seen().len();
    let (code, said, _) = run(dir.path(), &["size"], &[]);
    assert!(code == 0 && said.contains("42.0 MB compressed (measured, registry, 20"), "{said}");
    assert_eq!(fake.seen().len(), asked, "no network without the flag");
}

#[test]
fn a_token_is_fetched_as_the_challenge_says() {
    let fake = Fake::new(guarded);
    let (code, said, error) = ask(&fake, "team/app:1", &[]);
    assert!(code == 0 && said.contains("42.0 MB compressed"), "{said}{error}");
    let seen = fake.seen();
    let tokens: Vec<_> = seen.iter().filter(|request| request.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1, "one token serves the repository");
    assert_eq!(tokens[0].path, "/token?a=1&service=the%20registry&scope=repository:team/app:pull");
    assert_eq!(tokens[0].header("authorization"), None);
}

/// A place with docker credentials `me:secret` for the host.
fn with_login(host: &str, dockerfile: &str) -> tempfile::TempDir {
    let dir = place(dockerfile);
    std::fs::create_dir(dir.path().join("docker")).unwrap();
    let config = json!({"auths": {host: {"auth": STANDARD.encode("me:secret")}}});
    std::fs::write(dir.path().join("docker/config.json"), config.to_string()).unwrap();
    dir
}

#[test]
fn the_docker_credentials_go_to_their_registry_and_nowhere_else() {
    let basic = format!("Basic {}", STANDARD.encode("me:secret"));
    let other = Fake::new(|request, _, _| registry(&request.path));
    let to = other.host.clone();
    let wanted = basic.clone();
    let fake = Fake::new(move |request, _, host| match request.header("authorization") {
        Some(given) if given == wanted => redirect(&format!("http://{to}{}", request.path)),
        _ => challenge(host, "basic"),
    });
    let dir = with_login(&fake.host, &format!("FROM {}/team/app:1\n", fake.host));
    let (code, said, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert!(code == 0 && said.contains("42.0 MB compressed"), "{said}{error}");
    let first = &fake.seen()[0];
    assert_eq!(first.header("authorization"), None, "they are shown to a registry that asks for them");
    let seen = other.seen();
    assert!(!seen.is_empty() && seen.iter().all(|request| request.header("authorization").is_none()), "{seen:?}");
}

#[test]
fn a_token_server_gets_the_password_and_the_registry_the_token() {
    let fake = Fake::new(guarded);
    let dir = with_login(&fake.host, &format!("FROM {}/team/app:1\n", fake.host));
    let (code, _, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert_eq!(code, 0, "{error}");
    for request in fake.seen() {
        let basic = request.header("authorization").is_some_and(|text| text.starts_with("Basic "));
        assert_eq!(basic, request.path.starts_with("/token"), "{request:?}");
    }
}

#[cfg(unix)]
fn with_helper(fake: &Fake, script: &str) -> (tempfile::TempDir, String) {
    use std::os::unix::fs::PermissionsExt;
    let dir = place(&format!("FROM {}/team/app:1\n", fake.host));
    std::fs::create_dir(dir.path().join("docker")).unwrap();
    let config = json!({"credHelpers": {fake.host.as_str(): "unladen-test"}});
    std::fs::write(dir.path().join("docker/config.json"), config.to_string()).unwrap();
    let helper = dir.path().join("docker-credential-unladen-test");
    std::fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    (dir, path)
}

#[cfg(unix)]
#[test]
fn a_credential_helper_is_asked_and_not_waited_for() {
    let fake = Fake::new(|request, _, host| match (request.path.as_str(), request.header("authorization")) {
        ("/token?a=1", None) if request.method == "POST" && request.body.contains("refresh_token=an%2Bidentity&") => {
            answer(200, r#"{"access_token": "the-token"}"#)
        }
        (_, Some("Bearer the-token")) => registry(&request.path),
        (path, _) if path.starts_with("/token") => answer(401, r#"{"details": "incorrect username or password"}"#),
        _ => challenge(host, "bearer"),
    });
    let said = "read host; echo \"$host $1\" > asked; echo '{\"Username\": \"<token>\", \"Secret\": \"an+identity\"}'";
    let (dir, path) = with_helper(&fake, said);
    let (code, _, error) = run(dir.path(), &["size", "--registry"], &[("PATH", &path)]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(std::fs::read_to_string(dir.path().join("asked")).unwrap(), format!("{} get\n", fake.host));

    let (dir, path) = with_helper(&fake, "sleep 60");
    let start = Instant::now();
    let (code, _, error) = run(dir.path(), &["size", "--registry", "--registry-timeout", "1"], &[("PATH", &path)]);
    assert!(start.elapsed().as_secs() < 20);
    assert_eq!(code, 2);
    assert!(error.contains("without credentials: docker-credential-unladen-test took longer than 1 s"), "{error}");

    let (dir, path) = with_helper(&fake, "echo '{\"Username\": \"me\", \"Secret\": \"wrong\"}'");
    let (code, _, error) = run(dir.path(), &["size", "--registry"], &[("PATH", &path)]);
    assert_eq!(code, 2);
    assert!(error.contains("the docker credentials are refused: "), "{error}");
    assert!(error.contains("answers 401 Unauthorized (incorrect username or password)"), "{error}");
    assert!(!error.contains("wrong"), "no secret is printed: {error}");
}

#[test]
fn a_busy_registry_is_asked_again_after_a_pause() {
    let fake = Fake::new(|request, times, _| match times {
        1 => Reply::Answer(429, vec![("Retry-After".into(), "1".into())], Vec::new()),
        2 => answer(503, ""),
        _ => registry(&request.path),
    });
    let start = Instant::now();
    let (code, said, error) = ask(&fake, "team/app:single", &[]);
    assert!(code == 0 && said.contains("42.0 MB compressed"), "{said}{error}");
    assert!(start.elapsed() >= Duration::from_secs(1), "it waits as long as it is told");

    let fake = Fake::new(|_, _, _| Reply::Answer(429, vec![("Retry-After".into(), "3600".into())], Vec::new()));
    let (code, said, error) = ask(&fake, "team/app:1", &[]);
    assert_eq!((code, fake.seen().len()), (2, 1));
    assert!(error.contains("answers 429 Too Many Requests; it asks for a pause of 3600 s"), "{error}");
    assert!(said.contains("unknown"), "what is known without the registry is shown all the same: {said}");
}

#[test]
fn tries_are_bounded() {
    let fake = Fake::new(|_, _, _| answer(500, ""));
    let (code, _, error) = ask(&fake, "team/app:1", &[]);
    assert_eq!((code, fake.seen().len()), (2, 4));
    assert!(error.contains("answers 500 Internal Server Error, 4 times"), "{error}");
}

#[test]
fn what_a_registry_cannot_tell_is_said_with_its_reason() {
    let cases: Vec<(fn(&Request, usize, &str) -> Reply, &str)> = vec![
        (|_, _, _| answer(404, UNKNOWN), "has no such image: it answers 404 Not Found (manifest [31munknown)"),
        (|_, _, _| answer(403, "{}"), "`docker login "),
        (|_, _, host| challenge(host, "basic"), "answers 401 Unauthorized; `docker login "),
        (|_, _, _| Reply::Endless, "the answer is larger than 4194 kB"),
        (|_, _, _| Reply::Never, "no answer within 1 s"),
        (|_, _, _| answer(200, "<html>"), "the manifest is no JSON"),
        (|_, _, _| redirect("http://example.com/x"), "redirects to http://example.com, which is not encrypted"),
        (|_, _, _| redirect("file:///etc/passwd"), "redirects to nowhere"),
        (|request, _, _| redirect(&request.path), "redirects more than 5 times"),
        (
            |_, _, _| Reply::Answer(401, vec![("WWW-Authenticate".into(), TOKEN_IN_CLEAR.into())], Vec::new()),
            "no encrypted address",
        ),
    ];
    for (reply, expected) in cases {
        let fake = Fake::new(reply);
        let (code, _, error) = ask(&fake, "team/app:1", &["--registry-timeout", "1"]);
        assert_eq!(code, 2, "{expected}");
        assert!(error.starts_with("error: --registry: ") && error.contains(expected), "{expected}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

const UNKNOWN: &str = r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest \u001b[31munknown"}]}"#;
const TOKEN_IN_CLEAR: &str = "Bearer realm=\"http://example.com/token\"";

#[test]
fn a_platform_that_is_not_published_is_told_with_those_that_are() {
    let fake = Fake::new(|request, _, _| registry(&request.path));
    let dir = place(&format!("FROM --platform=linux/s390x {}/team/app:1\n", fake.host));
    let (code, _, error) = run(dir.path(), &["size", "--registry", "--save"], &[]);
    assert_eq!(code, 2);
    assert!(error.contains("is not published for linux/s390x, only for linux/amd64, linux/arm64"), "{error}");
    assert!(dir.path().join(".unladen.lock.json").exists(), "that it is not is worth keeping");
}

#[test]
fn an_answer_that_is_not_what_its_digest_says_is_refused() {
    let fake = Fake::new(|_, _, _| answer(200, manifest()));
    let name = format!("team/app@{}", digest(b"something else"));
    let (code, _, error) = ask(&fake, &name, &[]);
    assert_eq!(code, 2);
    assert!(error.contains("answers something else than sha256:"), "{error}");
}
