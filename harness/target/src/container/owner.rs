//! Who owns a container, and whether they still need it.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::engine::Labels;
use super::{OWNER, UNTIL};

/// Who owns what this process starts: the machine, its start, the process, and its start.
pub(super) fn own() -> String {
    let pid = std::process::id();
    format!("{} {} {pid} {}", host(), boot(), start_of(pid).unwrap_or_default())
}

/// Whether nobody needs a container any more.
pub(super) fn is_abandoned(labels: &Labels) -> bool {
    let until = labels.get(UNTIL).and_then(|until| until.parse::<u64>().ok());
    let is_over = until.is_some_and(|until| now() > until);
    let fields: Vec<&str> = labels.get(OWNER).map_or("", String::as_str).split(' ').collect();
    let [of_host, of_boot, pid, start] = fields[..] else { return is_over };
    // Elsewhere than on Linux nobody tells who runs.
    let is_here = cfg!(target_os = "linux") && of_host == host();
    let runs = || pid.parse().ok().and_then(start_of).is_some_and(|now| now == start);
    is_over || (is_here && (of_boot != boot() || !runs()))
}

/// Now, in seconds since 1970.
pub(super) fn now() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "leases are kept in the time of the world")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The machine, as far as its processes have numbers that mean something here.
fn host() -> String {
    let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{}/{}", first_word("/proc/sys/kernel/hostname"), processes.display())
}

fn boot() -> String {
    first_word("/proc/sys/kernel/random/boot_id")
}

fn first_word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// When a process started, in ticks since the machine did; none if there is no such process, or it has ended and nobody
/// took note.
fn start_of(pid: u32) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    // After the name, which may have anything in it, the state is the first field and the start the twentieth.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let runs = !matches!(*fields.first()?, "Z" | "X");
    fields.get(19).filter(|_| runs).map(|&start| start.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn labels(owner: &str, until: u64) -> Labels {
        Labels::from([(OWNER.to_owned(), owner.to_owned()), (UNTIL.to_owned(), until.to_string())])
    }

    #[test]
    fn only_what_nobody_needs_is_abandoned() {
        let (own, later) = (own(), now() + 1000);
        let pid = std::process::id().to_string();
        assert!(!is_abandoned(&labels(&own, later)));
        assert!(is_abandoned(&labels(&own, 1)), "its time is over");
        assert!(is_abandoned(&labels(&own.replace(&boot(), "earlier"), later)), "the machine was restarted");
        let reused = format!("{} {} {pid} 1", host(), boot());
        assert!(is_abandoned(&labels(&reused, later)), "another process has that number now");
        assert!(is_abandoned(&labels(&format!("{} {} 4294967294 1", host(), boot()), later)));
        assert!(!is_abandoned(&labels("elsewhere boot 4294967294 1", later)), "another machine's");
        assert!(!is_abandoned(&labels("?", later)));
    }
}
