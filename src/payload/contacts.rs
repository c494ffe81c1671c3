//! Addresses and paths in text.

use std::sync::LazyLock;

use regex::Regex;

/// A pattern of ours; one that does not compile is found by the test below.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static ADDRESSES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        // URLs.
        r#"(?i)\b(?:https?|ftps?|wss?|tcp|udp|ssh|smb|ldaps?|rmi|git)://[^\s'"<>\\)\]},;|`]+"#,
        // Bash opens connections through these.
        r"|/dev/(?:tcp|udp)/[^/\s]+/[0-9]+",
        // IPv4, with a port where one follows, also as Python writes a pair.
        r#"|\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b(?:["']\s*,\s*[0-9]{2,5}\b|:[0-9]{2,5}\b)?"#,
        // A host and a port.
        r#"|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:["']\s*,\s*|:)[0-9]{2,5}\b"#,
    ))
});

static PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:~|\$HOME)/[\w./-]+",
        r"|/(?:etc|home|root|tmp|usr|var|bin|sbin|dev|proc|sys|opt|mnt|srv|Users|Library)/[\w./-]+",
        r"|\b[A-Za-z]:\\[\w.\\ -]+",
        r"|%(?:APPDATA|TEMP|USERPROFILE)%[\w.\\-]*",
    ))
});

/// Finds addresses and paths. An address is not reported as a path again.
pub(super) fn find(text: &str, contacts: &mut Vec<String>, paths: &mut Vec<String>) {
    let (Some(addresses), Some(files)) = (&*ADDRESSES, &*PATHS) else {
        return;
    };
    let mut spans = Vec::new();
    for found in addresses.find_iter(text).take(super::MOST_ENTRIES) {
        let address: String = found
            .as_str()
            .trim_end_matches(['.', '?', '!'])
            .replace(['"', '\'', ' '], "")
            .replace(',', ":");
        if is_address(&address) {
            spans.push(found.range());
            super::add(contacts, &address);
        }
    }
    for found in files.find_iter(text).take(super::MOST_ENTRIES) {
        if !spans.iter().any(|span| span.contains(&found.start())) {
            super::add(paths, found.as_str());
        }
    }
}

/// Four numbers with points between are an address only where each fits a byte.
fn is_address(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or_default();
    let digits_only = host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    !digits_only || host.split('.').all(|part| part.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<String>, Vec<String>) {
        let (mut contacts, mut paths) = (Vec::new(), Vec::new());
        find(text, &mut contacts, &mut paths);
        (contacts, paths)
    }

    #[test]
    fn addresses_and_paths_are_found() {
        let cases: [(&str, &[&str], &[&str]); 7] = [
            (
                "get('http://x.example/a?b=1')",
                &["http://x.example/a?b=1"],
                &[],
            ),
            (
                "bash >& /dev/tcp/10.0.0.1/4444",
                &["/dev/tcp/10.0.0.1/4444"],
                &[],
            ),
            (r#"s.connect(("10.0.0.1", 4444))"#, &["10.0.0.1:4444"], &[]),
            ("s.connect(('evil.example', 80))", &["evil.example:80"], &[]),
            ("version 300.1.2.3 or 1.2.3", &[], &[]),
            ("open('/etc/passwd')", &[], &["/etc/passwd"]),
            (
                r"C:\Windows\x.exe ~/.ssh/id_rsa",
                &[],
                &[r"C:\Windows\x.exe ", "~/.ssh/id_rsa"],
            ),
        ];
        for (text, contacts, paths) in cases {
            assert_eq!(found(text).0, contacts, "{text}");
            assert_eq!(found(text).1, paths, "{text}");
        }
    }
}
