//! What a rule says about a stream.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Location, MemberPath, Suppression};
use crate::rules::Severity;

/// One match of one rule. Title, reasons and advice are in [`RuleInfo`], by the rule's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What would happen. May quote the input, so it is hostile text.
    pub message: String,
    /// The symbol it is about, where it is about one: `module.qualname`.
    pub symbol: Option<String>,
    /// Where.
    pub location: Location,
    /// Further places of the same, and places that led to it.
    pub related: Vec<Location>,
    /// Which of the findings with the same rule, member and symbol this is, from 0.
    pub ordinal: usize,
    /// Why it does not make a run fail, where it does not.
    pub suppression: Option<Suppression>,
}

impl Finding {
    /// A finding about an input as a whole. Formats that know only findings use it to say what is
    /// none, such as that an input could not be scanned.
    pub fn unlocated(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            severity: Severity::Info,
            message: String::new(),
            symbol: None,
            location: Location {
                member: MemberPath::default(),
                offset: 0,
                opcode: "",
                outer: None,
            },
            related: Vec::new(),
            ordinal: 0,
            suppression: None,
        }
    }

    /// An identity that survives re-training and re-packing: it depends on the rule, the path, the
    /// member, the symbol and the ordinal, not on offsets or contents. 16 hexadecimal digits.
    ///
    /// SHA-256, so that nobody can make a new finding look like a known one of a baseline.
    pub fn fingerprint(&self, path: &Path) -> String {
        let mut digest = Sha256::new();
        let ordinal = self.ordinal.to_string();
        let parts: [&[u8]; 5] = [
            self.rule.as_bytes(),
            &slashed(path),
            &self.location.member.lasting(),
            self.symbol.as_deref().unwrap_or_default().as_bytes(),
            ordinal.as_bytes(),
        ];
        for part in parts {
            // The length in front keeps "ab" + "c" apart from "a" + "bc".
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The path with `/` between its components, so that a baseline serves on every system.
fn slashed(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let separator = |byte: &u8| match *byte {
        byte if std::path::is_separator(char::from(byte)) => b'/',
        byte => byte,
    };
    bytes.iter().map(separator).collect()
}

/// What a rule says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleInfo {
    /// One line.
    pub title: String,
    /// How bad a match is, before use is looked at.
    pub severity: Option<Severity>,
    /// How sure a match is: `high`, `medium` or `low`.
    pub confidence: String,
    /// Why that is bad.
    pub why: String,
    /// What to do about it.
    pub what_to_do: String,
    /// Where to read more.
    pub references: Vec<String>,
    /// `security`, and CWE numbers as `external/cwe/cwe-502`.
    pub tags: Vec<String>,
}

/// Numbers the findings that share rule, member and symbol, so that fingerprints are unique.
pub(crate) fn number(findings: &mut [Finding]) {
    let mut seen: std::collections::HashMap<(String, Vec<u8>, Option<String>), usize> =
        std::collections::HashMap::new();
    for finding in findings {
        let key = (
            finding.rule.clone(),
            finding.location.member.lasting(),
            finding.symbol.clone(),
        );
        let count = seen.entry(key).or_default();
        finding.ordinal = *count;
        *count += 1;
    }
}

#[cfg(test)]
impl Finding {
    pub(crate) fn example(severity: Severity) -> Self {
        let member = MemberPath::new([b"archive/data.pkl".to_vec()]);
        Self {
            rule: "os-command".to_owned(),
            severity,
            message: "would run the command ('id',)".to_owned(),
            symbol: Some("os.system".to_owned()),
            location: Location {
                member,
                offset: 12,
                opcode: "GLOBAL",
                outer: Some(76),
            },
            related: Vec::new(),
            ordinal: 0,
            suppression: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_do_not_depend_on_offsets() {
        let one = Finding::example(Severity::High);
        let mut other = one.clone();
        other.location.offset = 99;
        let path = Path::new("a.pt");
        assert_eq!(one.fingerprint(path), other.fingerprint(path));
        assert_ne!(one.fingerprint(path), one.fingerprint(Path::new("b.pt")));
        assert_eq!(one.fingerprint(path).len(), 16);
    }

    #[test]
    fn fingerprints_do_not_depend_on_offsets_in_names_of_members() {
        let inside = |name: &str| {
            let mut finding = Finding::example(Severity::High);
            let names = [b"a.pkl".to_vec(), name.as_bytes().to_vec()];
            finding.location.member = MemberPath::new(names);
            finding
        };
        let print = |finding: &Finding| finding.fingerprint(Path::new("a.zip"));
        for (one, other) in [("base64@76", "base64@812"), ("@4", "@5")] {
            assert_eq!(print(&inside(one)), print(&inside(other)));
        }
        for (one, other) in [("pickle@76", "base64@76"), ("a.b@1", "a.b@2"), ("a@", "a")] {
            assert_ne!(print(&inside(one)), print(&inside(other)));
        }
        let mut both = [inside("pickle@76"), inside("pickle@812")];
        number(&mut both);
        assert_ne!(print(&both[0]), print(&both[1]));
    }

    #[test]
    fn equal_findings_are_numbered() {
        let mut findings = vec![Finding::example(Severity::High); 2];
        number(&mut findings);
        assert_eq!(findings[1].ordinal, 1);
    }
}
