"""The Docker engine: which client works, building, inspecting, unpacking and running images."""

import io
import itertools
import json
import os
import re
import shutil
import subprocess as sp
import tarfile
import tempfile
import time


COUNTER = itertools.count()
DIGEST = re.compile(r"(?im)^(FROM\s+(?:--platform=\S+\s+)?[^\s@]+)@sha256:[0-9a-f]{64}")


class Skip(Exception):
    """The machine lacks something; the message says what."""


def sh(args, timeout=120, **more):
    """Nothing that is started here may hang; what takes longer says so."""
    return sp.run(args, stdout=sp.PIPE, stderr=sp.PIPE, text=True, errors="replace", timeout=timeout, **more)


def container_name(what):
    """Its own, also with several cases at once."""
    return f"unladen-e2e-{os.getpid()}-{next(COUNTER)}-{what}"


class Engine:
    def __init__(self):
        os.environ["DOCKER_BUILDKIT"] = "1"
        self.docker = self._client()
        answer = sh([self.docker, "version", "--format", "{{.Server.Version}}"])
        if answer.returncode:
            raise Skip("no Docker engine answers (set DOCKER_HOST or run tests/e2e/engine)")
        self.version = answer.stdout.strip()
        self.heredocs = not re.match(r"(18|19|20)\.", self.version)

    @staticmethod
    def _client():
        """A client that can build with BuildKit: with the buildx plug-in, or an older one that has it inside."""
        seen = []
        for path in [os.environ.get("UNLADEN_DOCKER"), shutil.which("docker"), "/usr/bin/docker"]:
            if not path or path in seen or not os.path.exists(path):
                continue
            seen.append(path)
            if sh([path, "buildx", "version"]).returncode == 0:
                return path
            version = sh([path, "version", "--format", "{{.Client.Version}}"]).stdout.strip()
            if re.match(r"(19|20|21|22)\.", version):
                return path
        raise Skip("no docker client with BuildKit" + (f" (tried {', '.join(seen)})" if seen else ""))

    def has(self, image):
        return sh([self.docker, "image", "inspect", image]).returncode == 0

    def build(self, tag, dockerfile, context, build_args=None, timeout=1500, warm=False):
        """(ok, log, seconds). `dockerfile` is a path.

        What asks a registry is left out: a `# syntax=` line, and the digest of a base image. With `warm` the stages that
        do not ship stand on $UNLADEN_E2E_WARM/<base> where there is such an image: the same, with a filled Go cache.
        """
        text = open(dockerfile, newline="").read()
        text = re.sub(r"(?im)\A((?:#.*\n)*?)#\s*syntax\s*=.*\n", r"\1", text)
        text = DIGEST.sub(r"\1", text)
        if warm and os.environ.get("UNLADEN_E2E_WARM"):
            text = self._warmed(text, os.environ["UNLADEN_E2E_WARM"])
        with tempfile.TemporaryDirectory(prefix="unladen-e2e-") as folder:
            path = os.path.join(folder, "Dockerfile")
            with open(path, "w", newline="") as file:
                file.write(text)
            for ignore in (dockerfile + ".dockerignore",):
                if os.path.exists(ignore):
                    shutil.copy(ignore, path + ".dockerignore")
            args = [self.docker, "build", "--progress=plain", "--network", "host", "-t", tag, "-f", path]
            for name, value in (build_args or {}).items():
                args += ["--build-arg", f"{name}={value}"]
            start = time.time()
            try:
                done = sh(args + [context], timeout=timeout)
            except sp.TimeoutExpired:
                return False, f"error: not built after {timeout} s", time.time() - start
        return done.returncode == 0, done.stdout + done.stderr, time.time() - start

    def _warmed(self, text, prefix):
        def other(found):
            name = f"{prefix}/{found[2].removeprefix('docker.io/')}"
            return found[1] + name + found[3] if self.has(name) else found[0]

        return re.sub(r"(?im)^(FROM\s+)(\S+)(\s+AS\s+\S+\s*)$", other, text)

    def inspect(self, tag):
        found = json.loads(sh([self.docker, "image", "inspect", tag]).stdout)[0]
        return found["Size"], found["Config"]

    def files(self, tag):
        """The whole root file system as {path: TarInfo} and a function that reads one of them."""
        name = container_name("files")
        # `x` is only there for images without a command: nothing is started.
        made = sh([self.docker, "create", "--name", name, tag, "x"])
        try:
            if made.returncode:
                raise RuntimeError(made.stderr.strip())
            packed = sp.run([self.docker, "export", name], stdout=sp.PIPE, check=True, timeout=300).stdout
        finally:
            sh([self.docker, "rm", "-f", name])
        archive = tarfile.open(fileobj=io.BytesIO(packed))
        return Files(archive)


class Files:
    """A root file system held in memory."""

    def __init__(self, archive):
        self.archive = archive
        self.members = {"/" + member.name.strip("/"): member for member in archive}
        self.members.setdefault("/", None)

    def resolve(self, path, depth=0):
        """The path behind all symbolic links, or None where something is missing."""
        if depth > 40:
            return None
        at = "/"
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for i, part in enumerate(parts):
            at = os.path.normpath(os.path.join(at, part))
            member = self.members.get(at)
            if member is None:
                return None if at != "/" else None
            if member.issym():
                target = os.path.join(os.path.dirname(at), member.linkname)
                return self.resolve("/".join([target] + parts[i + 1 :]), depth + 1)
        return at

    def read(self, path):
        found = self.resolve(path)
        member = self.members.get(found) if found else None
        if member is None:
            return None
        if member.islnk():
            return self.read("/" + member.linkname)
        file = self.archive.extractfile(member) if member.isfile() else None
        return file.read() if file else None

    def mode(self, path):
        found = self.resolve(path)
        member = self.members.get(found) if found else None
        return member.mode if member else None
