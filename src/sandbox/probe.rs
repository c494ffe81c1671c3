//! Tries from inside what the sandbox forbids: the hidden `--sandbox-self-test`.

use std::{
    fs::{self, File},
    io,
    net::{TcpStream, UdpSocket},
    path::Path,
    process::Command,
    thread,
};

use super::Enforced;

/// One thing that was tried.
#[derive(Debug)]
pub struct Probe {
    /// What.
    pub what: &'static str,
    /// What came of it: nothing where it worked.
    pub error: Option<io::Error>,
    /// Whether it should have been refused.
    pub forbidden: bool,
}

impl Probe {
    /// Whether it went as the sandbox promises.
    pub fn is_as_promised(&self) -> bool {
        let refused =
            matches!(&self.error, Some(error) if error.kind() == io::ErrorKind::PermissionDenied);
        match self.forbidden {
            true => refused,
            false => !refused,
        }
    }
}

/// Tries everything, in this thread and, where it should be the same, in a new one.
///
/// Only what is enforced is promised to be refused. `granted` is a file that may be read.
pub fn probes(enforced: &Enforced, granted: &Path) -> Vec<Probe> {
    let mut probes = in_this_thread(enforced, granted);
    let elsewhere = thread::scope(|scope| {
        let thread = scope.spawn(|| in_this_thread(enforced, granted));
        thread.join().unwrap_or_default()
    });
    probes.extend(elsewhere);
    probes
}

fn in_this_thread(enforced: &Enforced, granted: &Path) -> Vec<Probe> {
    let (files, calls) = (enforced.files, enforced.calls);
    let writes = files || calls;
    let probe = |what, forbidden, outcome: io::Result<()>| Probe {
        what,
        error: outcome.err(),
        forbidden,
    };
    let new = std::env::temp_dir().join(format!("pickscan-self-test-{}", std::process::id()));
    vec![
        probe("read what is scanned", false, fs::read(granted).map(drop)),
        probe("read /etc/passwd", files, fs::read("/etc/passwd").map(drop)),
        probe("list /", files, fs::read_dir("/").map(drop)),
        probe("create a file", writes, File::create(&new).map(drop)),
        probe(
            "write to what is scanned",
            writes,
            fs::OpenOptions::new().append(true).open(granted).map(drop),
        ),
        probe("remove a file", calls, fs::remove_file(&new)),
        probe(
            "make a folder",
            writes,
            fs::create_dir(&new).and_then(|()| fs::remove_dir(&new)),
        ),
        probe("run a program", calls, run()),
        probe(
            "connect",
            calls,
            TcpStream::connect(("127.0.0.1", 9)).map(drop),
        ),
        probe(
            "send a datagram",
            calls,
            UdpSocket::bind(("127.0.0.1", 0)).map(drop),
        ),
    ]
}

fn run() -> io::Result<()> {
    let mut child = Command::new("/bin/true").spawn()?;
    child.wait().map(drop)
}
