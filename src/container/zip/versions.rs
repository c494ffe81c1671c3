//! The versions of one member that different readers see.

use super::{
    super::{AnomalyKind, member::Recorded},
    locals::Found,
    record::{Claims, ENCRYPTED},
};

/// One way of reading a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) name: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) recorded: Recorded,
}

/// Every version: as each directory entry describes the member, and as its own header does.
pub(super) fn of(found: &Found, data: u64) -> Vec<Version> {
    let own = &found.local.claims;
    let mut versions: Vec<Version> = Vec::new();
    for claims in found.listed.iter().chain([own]) {
        let deferred = claims.deferred();
        if deferred && !found.listed.is_empty() {
            continue;
        }
        let reach = found.end.saturating_sub(data);
        // A length of nothing where there is data is no length: readers that inflate do not
        // need it.
        let told = if deferred || claims.packed == 0 {
            reach
        } else {
            claims.packed
        };
        let lengths = match claims.method {
            // Readers of stored members go by either length.
            0 if claims.unpacked != 0 && claims.unpacked != told => vec![told, claims.unpacked],
            _ => vec![told],
        };
        for length in lengths {
            let recorded = if deferred {
                Recorded::default()
            } else {
                Recorded {
                    size: Some(claims.unpacked),
                    crc: Some(claims.crc),
                }
            };
            let (name, method, flags) = (claims.name.clone(), claims.method, claims.flags);
            let version = Version {
                name,
                method,
                flags,
                start: data,
                length,
                recorded,
            };
            let same = |other: &Version| (other.method, other.length) == (version.method, length);
            if !versions.iter().any(same) {
                versions.push(version);
            }
        }
    }
    versions
}

/// What the directory and the member's own header do not agree on.
pub(super) fn disagreements(found: &Found) -> Vec<(AnomalyKind, String)> {
    let own = &found.local.claims;
    let mut list = Vec::new();
    for listed in &found.listed {
        disagree(own, listed, &mut list);
    }
    list
}

fn disagree(own: &Claims, listed: &Claims, list: &mut Vec<(AnomalyKind, String)>) {
    let shown = String::from_utf8_lossy(&listed.name);
    if own.name != listed.name {
        let other = String::from_utf8_lossy(&own.name);
        list.push((
            AnomalyKind::NameMismatch,
            format!("listed as {shown:?}, named {other:?}"),
        ));
    }
    if own.method != listed.method {
        let message = format!(
            "{shown:?}: listed method {}, own {}",
            listed.method, own.method
        );
        list.push((AnomalyKind::MethodMismatch, message));
    }
    if (own.flags ^ listed.flags) & ENCRYPTED != 0 {
        let message = format!(
            "{shown:?}: listed flags {:#06x}, own {:#06x}",
            listed.flags, own.flags
        );
        list.push((AnomalyKind::FlagsMismatch, message));
    }
    if own.deferred() {
        return;
    }
    let sizes = |claims: &Claims| (claims.packed, claims.unpacked);
    if sizes(own) != sizes(listed) {
        let message = format!(
            "{shown:?}: listed {:?}, own {:?}",
            sizes(listed),
            sizes(own)
        );
        list.push((AnomalyKind::SizeMismatch, message));
    }
    if own.crc != listed.crc && own.crc != 0 {
        let message = format!(
            "{shown:?}: listed CRC-32 {:08x}, own {:08x}",
            listed.crc, own.crc
        );
        list.push((AnomalyKind::ChecksumMismatch, message));
    }
}
