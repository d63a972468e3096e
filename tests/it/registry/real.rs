//! Debian's docker-registry on loopback: a tiny image is pushed by plain HTTP and asked for.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{place, run};

struct Registry {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// `None` where the program is missing. `http` and `auth` are parts of its configuration.
    fn start(http: &str, auth: &str, files: &[(&str, &str)]) -> Option<Registry> {
        let program = ["/usr/bin/docker-registry", "/usr/local/bin/docker-registry", "/usr/bin/registry"];
        let Some(program) = program.iter().find(|path| Path::new(path).exists()) else {
            eprintln!("skipped: no docker-registry here (apt-get install docker-registry)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for (name, text) in files {
            std::fs::write(at(name), text).unwrap();
        }
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http:\n  addr: 127.0.0.1:{port}\n  secret: x\n{http}\n{auth}\n",
            at("data")
        );
        std::fs::write(at("config.yml"), config.replace("FOLDER", &folder.path().display().to_string())).unwrap();
        let child = Command::new(program)
            .args(["serve", &at("config.yml")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Registry { child, port, _folder: folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "docker-registry does not come up");
            std::thread::sleep(Duration::from_millis(30));
        }
        Some(registry)
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

/// The other side of the distribution API, as `docker push` speaks it.
struct Push {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Push {
    fn to(base: String, user: Option<&str>) -> Push {
        let authorization = user.map_or(String::new(), |user| format!("Basic {}", STANDARD.encode(user)));
        // The certificate of the test is nobody's.
        let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
        let agent = ureq::Agent::config_builder().tls_config(tls).proxy(None).build().new_agent();
        Push { agent, base, authorization }
    }

    fn blob(&self, repository: &str, bytes: &[u8]) -> serde_json::Value {
        let start = format!("{}/v2/{repository}/blobs/uploads/", self.base);
        let begun = self.agent.post(&start).header("authorization", &self.authorization).send_empty().unwrap();
        let location = begun.headers()["location"].to_str().unwrap().to_string();
        let location = if location.starts_with('/') { format!("{}{location}", self.base) } else { location };
        let digest = digest(bytes);
        let join = if location.contains('?') { '&' } else { '?' };
        let put = self.agent.put(format!("{location}{join}digest={digest}"));
        let put = put.header("authorization", &self.authorization).header("content-type", "application/octet-stream");
        assert_eq!(put.send(bytes).unwrap().status(), 201);
        json!({"digest": digest, "size": bytes.len()})
    }

    fn manifest(
        &self,
        repository: &str,
        version: &str,
        media_type: &str,
        mut value: serde_json::Value,
    ) -> serde_json::Value {
        value["schemaVersion"] = json!(2);
        value["mediaType"] = json!(media_type);
        let text = value.to_string();
        let digest = digest(text.as_bytes());
        let version = if version.is_empty() { &digest } else { version };
        let put = self.agent.put(format!("{}/v2/{repository}/manifests/{version}", self.base));
        let put = put.header("authorization", &self.authorization).header("content-type", media_type);
        assert_eq!(put.send(text.as_str()).unwrap().status(), 201);
        json!({"digest": digest, "size": text.len(), "mediaType": media_type})
    }

    /// An index of two platforms, `team/app:1`, and a manifest alone, `team/app:old`, in Docker's types; the bytes of the
    /// layer, packed and not.
    fn image(&self, oci: bool) -> (usize, usize) {
        let (manifest_type, index_type, layer_type) = match oci {
            true => (
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.index.v1+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
            ),
            false => (
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.distribution.manifest.list.v2+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            ),
        };
        let config_type = if oci {
            "application/vnd.oci.image.config.v1+json"
        } else {
            "application/vnd.docker.container.image.v1+json"
        };
        let mut tar = tar::Builder::new(Vec::new());
        let text: String = (0..40_000).map(|n| format!("line {n}\n")).collect();
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, "big.txt", text.as_bytes()).unwrap();
        let tar = tar.into_inner().unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&tar).unwrap();
        let packed = gzip.finish().unwrap();
        let typed = |mut value: serde_json::Value, media_type: &str| {
            value["mediaType"] = json!(media_type);
            value
        };
        let layer = typed(self.blob("team/app", &packed), layer_type);
        let mut entries = Vec::new();
        for architecture in ["amd64", "arm64"] {
            let config = json!({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": [digest(&tar)]}});
            let config = typed(self.blob("team/app", config.to_string().as_bytes()), config_type);
            let version = if architecture == "arm64" { "old" } else { "" };
            let mut entry =
                self.manifest("team/app", version, manifest_type, json!({"config": config, "layers": [layer]}));
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entries.push(entry);
        }
        self.manifest("team/app", "1", index_type, json!({"manifests": entries}));
        (packed.len(), tar.len())
    }
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn lock(dir: &Path, host: &str, image: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(dir.join(".unladen.lock.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["images"][format!("{host}/{image}")].clone()
}

#[test]
fn a_real_registry_tells_sizes_and_platforms() {
    for oci in [true, false] {
        let Some(registry) = Registry::start("", "", &[]) else { return };
        let host = registry.host();
        let (packed, unpacked) = Push::to(format!("http://{host}"), None).image(oci);
        let dir = place(&format!("FROM {host}/team/app:1\n"));
        let (code, said, error) = run(dir.path(), &["size", "--registry", "--save"], &[]);
        assert_eq!(code, 0, "{said}{error}");
        assert!(said.contains("0.1 MB compressed (measured, registry, 20"), "{said}");
        let image = lock(dir.path(), &host, "team/app:1");
        assert_eq!(image["platforms"], json!(["linux/amd64", "linux/arm64"]));
        assert_eq!(image["sizes"]["linux/amd64"]["compressed"], packed);
        assert_eq!(image["sizes"]["linux/amd64"]["unpacked"], unpacked, "the end of the gzip file tells it");

        let dir = place(&format!("FROM --platform=linux/arm64 {host}/team/app:old\n"));
        let (code, said, error) = run(dir.path(), &["size", "--registry", "--save"], &[]);
        assert_eq!(code, 0, "{said}{error}");
        assert_eq!(lock(dir.path(), &host, "team/app:old")["platforms"], json!(["linux/arm64"]));

        let dir = place(&format!("FROM {host}/team/app:2\nFROM {host}/team/none:1\n"));
        let (code, _, error) = run(dir.path(), &["size", "--registry"], &[]);
        assert_eq!(code, 2);
        assert!(
            error.contains("team/none:1: ") && error.contains("has no such image: it answers 404 Not Found"),
            "{error}"
        );
    }
}

/// `me:secret`, as htpasswd -B writes it.
const HTPASSWD: &str = "me:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

#[test]
fn a_real_registry_wants_the_docker_credentials() {
    let auth = "auth: {htpasswd: {realm: x, path: FOLDER/htpasswd}}";
    let Some(registry) = Registry::start("", auth, &[("htpasswd", HTPASSWD)]) else { return };
    let host = registry.host();
    Push::to(format!("http://{host}"), Some("me:secret")).image(true);
    let dir = place(&format!("FROM {host}/team/app:1\n"));
    let (code, _, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert_eq!(code, 2);
    assert!(
        error.contains(&format!("answers 401 Unauthorized (authentication required); `docker login {host}`")),
        "{error}"
    );
    let write = |user: &str| {
        std::fs::create_dir_all(dir.path().join("docker")).unwrap();
        let config = json!({"auths": {host.as_str(): {"auth": STANDARD.encode(user)}}});
        std::fs::write(dir.path().join("docker/config.json"), config.to_string()).unwrap();
    };
    write("me:wrong");
    assert_eq!(run(dir.path(), &["size", "--registry"], &[]).0, 2);
    write("me:secret");
    let (code, said, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert!(code == 0 && said.contains("MB compressed (measured, registry, 20"), "{said}{error}");
}

#[test]
fn an_encrypted_registry_is_believed_with_the_certificates_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no openssl here");
        return;
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (cert, key) = (read("cert.pem"), read("key.pem"));
    let http = "  tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem}";
    let Some(registry) = Registry::start(http, "", &[("cert.pem", &cert), ("key.pem", &key)]) else { return };
    let host = registry.host();
    Push::to(format!("https://{host}"), None).image(true);
    let dir = place(&format!("FROM {host}/team/app:1\n"));
    let (code, _, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert_eq!(code, 2, "a certificate that nobody vouches for: {error}");
    let trusted = folder.path().join("cert.pem").display().to_string();
    let (code, said, error) = run(dir.path(), &["size", "--registry"], &[("SSL_CERT_FILE", &trusted)]);
    assert!(code == 0 && said.contains("MB compressed (measured, registry, 20"), "{said}{error}");
}
