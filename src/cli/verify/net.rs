//! Looking at a container from inside its network: who listens, and what answers. As root through the container's
//! process, else through a second container that shares the network.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::{self, Limits};
use super::session::Session;

/// The hidden command that `talk` starts in the network of a container.
pub(super) const EXCHANGE: &str = "__exchange";
/// An answer is read up to here.
const MAX_ANSWER: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

/// A TCP port that is listened on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listen {
    pub port: u16,
    /// Empty for all addresses.
    pub on: &'static str,
}

/// A container whose network can be looked at.
pub(super) struct Inside<'s> {
    pub session: &'s Session,
    pub container: &'s str,
    pub id: String,
    pub pid: u64,
    /// The image that has a shell, for the second way.
    pub helper: &'s str,
}

impl Inside<'_> {
    /// The number is the container's on this machine: an engine may well be on another one.
    fn is_here(&self) -> bool {
        let cgroups = std::fs::read_to_string(format!("/proc/{}/cgroup", self.pid)).unwrap_or_default();
        self.pid != 0 && self.id.len() >= 12 && cgroups.contains(&self.id)
    }

    /// None where it cannot be found out.
    pub(super) fn listens(&self) -> Option<BTreeSet<Listen>> {
        if self.is_here() {
            let table = |name: &str| std::fs::read_to_string(format!("/proc/{}/net/{name}", self.pid));
            if let Ok(tcp) = table("tcp") {
                return Some(listening(&(tcp + &table("tcp6").unwrap_or_default())));
            }
        }
        let script = "cat /proc/net/tcp && { cat /proc/net/tcp6 2>/dev/null || :; }";
        let said = self.session.beside(self.container, self.helper, script, b"")?;
        said.ok().then(|| listening(&said.out()))
    }

    /// Asking in the second way starts a container, which takes its time.
    pub(super) fn is_slow(&self) -> bool {
        !self.is_here()
    }

    /// Sends bytes to a port and gives the answer; None where there is no way to.
    pub(super) fn talk(&self, port: u16, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.is_here() && is_root() {
            let limits = Limits { time: PATIENCE * 3, to_the_end: false };
            let mut command = Command::new("nsenter");
            command
                .arg(format!("--net=/proc/{}/ns/net", self.pid))
                .arg(own_program()?)
                .args([EXCHANGE, &port.to_string()]);
            match process::run(&mut command, Some(bytes), &limits, &mut |_| {}) {
                Ok(said) if said.ok() => return Some(said.out),
                _ => {}
            }
        }
        // bash leaves the connection open while it waits for the answer; nc may not.
        let script = format!(
            "if command -v bash >/dev/null; then \
               exec timeout 8 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && cat >&3 && cat <&3'; \
             elif command -v nc >/dev/null; then exec nc -w 5 127.0.0.1 {port}; \
             else exit 97; fi"
        );
        let said = self.session.beside(self.container, self.helper, &script, bytes)?;
        // A connection that is not closed ends with the time.
        (said.ok() || !said.out.is_empty()).then_some(said.out)
    }
}

fn own_program() -> Option<std::path::PathBuf> {
    std::env::current_exe().ok()
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0") && Path::new("/proc/self/ns/net").exists()
}

/// What `unladen __exchange PORT` does: the standard input goes to the port, the answer to the standard output.
pub(super) fn exchange(port: u16, out: &mut dyn Write) -> Result<(), String> {
    let mut request = Vec::new();
    std::io::stdin().lock().read_to_end(&mut request).map_err(|error| error.to_string())?;
    let addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))];
    let connected = addresses.iter().find_map(|address| TcpStream::connect_timeout(address, PATIENCE).ok());
    let mut stream = connected.ok_or("nobody listens")?;
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    stream.write_all(&request).map_err(|error| error.to_string())?;
    let start = Instant::now();
    let (mut answer, mut buffer) = (Vec::new(), [0; 16 << 10]);
    // What was said before an error or the end of our patience counts.
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if answer.len() > MAX_ANSWER || start.elapsed() > PATIENCE {
            break;
        }
    }
    out.write_all(&answer).map_err(|error| error.to_string())
}

/// From the lines of /proc/net/tcp and tcp6.
fn listening(tables: &str) -> BTreeSet<Listen> {
    let mut found = BTreeSet::new();
    for line in tables.lines() {
        let mut fields = line.split_whitespace().skip(1);
        let (Some(local), Some("0A")) = (fields.next(), fields.nth(1)) else { continue };
        let Some((address, port)) = local.split_once(':') else { continue };
        let Ok(port) = u16::from_str_radix(port, 16) else { continue };
        let on = match address {
            address if address.bytes().all(|digit| digit == b'0') => "",
            // The bytes of each group of four are the other way round.
            address if address.len() == 8 && address.ends_with("7F") => "loopback",
            "00000000000000000000000001000000" => "loopback",
            _ => "one address",
        };
        found.insert(Listen { port, on });
    }
    found
}

pub(super) fn ports_text(ports: &BTreeSet<Listen>) -> String {
    if ports.is_empty() {
        return "no port".into();
    }
    let one = |listen: &Listen| match listen.on {
        "" => listen.port.to_string(),
        on => format!("{} ({on})", listen.port),
    };
    ports.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a web server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    pub content_type: String,
    pub location: String,
    pub body: Vec<u8>,
}

pub(super) fn request(path: &str) -> Vec<u8> {
    let agent = concat!("unladen/", env!("CARGO_PKG_VERSION"));
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

/// None where the answer is not HTTP.
pub(super) fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut body = bytes.get(end + 4..)?.to_vec();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let mut answer = Answer { status, ..Answer::default() };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim().to_string();
        match name.to_ascii_lowercase().as_str() {
            "content-type" => answer.content_type = value,
            "location" => answer.location = value,
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => body = unchunked(&body),
            _ => {}
        }
    }
    answer.body = body;
    Some(answer)
}

/// As much as is there and well-formed.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = memchr::memmem::find(bytes, b"\r\n") {
        let size = bytes.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let size = size.and_then(|line| usize::from_str_radix(line.split(';').next()?.trim(), 16).ok());
        let (Some(size @ 1..), Some(rest)) = (size, bytes.get(end + 2..)) else { break };
        body.extend_from_slice(rest.get(..size.min(rest.len())).unwrap_or_default());
        bytes = size.checked_add(2).and_then(|next| rest.get(next..)).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_ports_are_read_from_the_tables_of_the_kernel() {
        let tables = "  sl  local_address rem_address   st tx_queue\n\
            0: 00000000:1F90 00000000:0000 0A 00000000:00000000\n\
            1: 0100007F:0050 00000000:0000 0A 00000000:00000000\n\
            2: 0100007F:0051 0100007F:1F90 01 00000000:00000000\n\
            3: 020011AC:0052 00000000:0000 0A 00000000:00000000\n\
            0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0\n\
            1: 00000000000000000000000001000000:0053 00000000000000000000000000000000:0000 0A 0\n\
            broken line\n";
        assert_eq!(ports_text(&listening(tables)), "80 (loopback), 82 (one address), 83 (loopback), 8080");
        assert_eq!(ports_text(&listening("")), "no port");
    }

    #[test]
    fn answers_of_web_servers_are_read() {
        let plain = answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello").unwrap();
        assert_eq!(
            (plain.status, plain.content_type.as_str(), plain.body.as_slice()),
            (200, "text/plain", &b"hello"[..])
        );
        let chunked =
            answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                .unwrap();
        assert_eq!(chunked.body, b"abcde");
        for broken in [&b""[..], b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 x\r\n\r\n"] {
            assert_eq!(answer(broken), None);
        }
        let cut = answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc").unwrap();
        assert_eq!(cut.body, b"abc");
    }
}
