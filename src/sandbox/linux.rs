//! Core dumps off, and the file system and the network by Landlock.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// The newest version whose every right was looked at for this program. Older kernels enforce what
/// they know of it.
const NEWEST: ABI = ABI::V7;

/// A crash must not write what is scanned to disk. The limit alone does not stop a core handler
/// that is a program (`core_pattern` with a pipe), so the process is also made undumpable, which
/// keeps other processes of the same user from attaching to it as well.
pub(super) fn no_core_dumps() -> Result<String, String> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map(|()| "no core dumps".to_owned())
        .map_err(|error| error.to_string())
}

/// Leaves reading files at and below `grounds`; refuses every other access to files, all TCP, and
/// signals and abstract sockets to processes outside.
///
/// What cannot be opened is left out: scanning it fails in the same way and is reported there.
pub(super) fn restrict_files(grounds: &[PathBuf]) -> Result<String, String> {
    let status = restrict(grounds).map_err(|error| error.to_string())?;
    let version = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u8,
        LandlockStatus::NotEnabled => return Err("not enabled in this kernel".to_owned()),
        LandlockStatus::NotImplemented => {
            return Err("not known to this kernel, or hidden by the container".to_owned());
        }
    };
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok(format!("files and network (Landlock ABI {version})")),
        RulesetStatus::PartiallyEnforced => Ok(format!(
            "files, as far as this kernel can (Landlock ABI {version})"
        )),
        RulesetStatus::NotEnforced => Err("refused by the kernel".to_owned()),
    }
}

fn restrict(grounds: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let opened = grounds.iter().filter_map(|path| PathFd::new(path).ok());
    let rules =
        opened.map(|path| Ok::<_, RulesetError>(PathBeneath::new(path, AccessFs::ReadFile)));
    ruleset.add_rules(rules)?.restrict_self()
}
