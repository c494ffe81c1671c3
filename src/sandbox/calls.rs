//! System calls that a scanner has no use for, refused with EPERM for all threads.
//!
//! A list of what is refused and not of what is allowed: C libraries, kernels and allocators
//! differ in what they call, and a scanner that is killed for `rseq` or `statx` helps nobody. What
//! could run a program, reach the network, change a file or another process, or widen what the
//! kernel offers is on the list.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};

/// Starting and steering processes; a thread is not one.
const PROCESSES: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
    libc::SYS_personality,
];

/// Talking to anything: network, local sockets, message queues, and rings that do so unseen.
const SOCKETS: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmget,
];

/// Changing files by name or by handle.
const FILES: &[c_long] = &[
    libc::SYS_truncate,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_memfd_create,
    libc::SYS_open_by_handle_at,
];

/// Keys, mounts and the rest of what only administrators and debuggers need.
const KERNEL: &[c_long] = &[
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Older spellings of the same, which newer architectures no longer have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_modify_ldt,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_kexec_file_load,
    libc::SYS_uselib,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Calls whose arguments lie in memory, where a filter cannot look. The C library takes "there is
/// no such call" for an answer and uses the older one, whose arguments the filter does see.
const NOT_THERE: &[c_long] = &[libc::SYS_clone3, libc::SYS_openat2];

/// Numbers of the x32 calls are those of x86-64 with this bit, under the same architecture.
#[cfg(target_arch = "x86_64")]
const X32: c_long = 0x4000_0000;

/// The calls that x32 numbers on its own, `execve` and `ptrace` among them.
#[cfg(target_arch = "x86_64")]
const X32_OWN: std::ops::RangeInclusive<c_long> = 512..=547;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refuses them from now on, in every thread.
pub(super) fn refuse() -> Result<String, String> {
    let install = |rules: Rules, error: i32| -> Result<(), String> {
        apply_filter_all_threads(&program(rules, error)?).map_err(|error| error.to_string())
    };
    // In this order: the second still has to be asked for.
    install(never_there(), libc::ENOSYS)?;
    install(forbidden().map_err(|error| error.to_string())?, libc::EPERM)?;
    Ok("system calls (seccomp)".to_owned())
}

fn program(rules: Rules, error: i32) -> Result<BpfProgram, String> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH);
    let architecture = architecture.map_err(|error| error.to_string())?;
    let refused = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture);
    let program = filter.and_then(BpfProgram::try_from);
    program.map_err(|error| error.to_string())
}

fn never_there() -> Rules {
    always(NOT_THERE.iter().copied())
}

fn always(calls: impl IntoIterator<Item = c_long>) -> Rules {
    // `c_long` is `i64` wherever seccompiler knows the architecture.
    calls.into_iter().map(|call| (call, Vec::new())).collect()
}

fn forbidden() -> Result<Rules, seccompiler::BackendError> {
    let groups = [PROCESSES, SOCKETS, FILES, KERNEL, OLDER];
    let listed = || groups.into_iter().flatten().copied();
    let mut rules = always(listed());
    #[cfg(target_arch = "x86_64")]
    {
        let by_argument = [libc::SYS_open, libc::SYS_openat, libc::SYS_clone];
        let shared = listed().chain(by_argument).chain(NOT_THERE.iter().copied());
        rules.extend(always(shared.chain(X32_OWN).map(|call| call | X32)));
        rules.insert(libc::SYS_open, opens_to_write(1)?);
    }
    rules.insert(libc::SYS_openat, opens_to_write(2)?);
    rules.insert(libc::SYS_clone, starts_a_process()?);
    rules.insert(libc::SYS_ioctl, types_into_a_terminal()?);
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        let executable = bits(2, libc::PROT_EXEC.unsigned_abs().into())?;
        rules.insert(call, vec![executable]);
    }
    Ok(rules)
}

/// Output files are open already; nothing else is ever written.
fn opens_to_write(argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let flags = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC];
    flags
        .into_iter()
        .map(|flag| bits(argument, flag.unsigned_abs().into()))
        .collect()
}

fn starts_a_process() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let thread = libc::CLONE_THREAD.unsigned_abs().into();
    let no_thread = condition(0, SeccompCmpOp::MaskedEq(thread), 0)?;
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWPID,
    ];
    let namespaces = namespaces
        .into_iter()
        .map(|flag| bits(0, flag.unsigned_abs().into()));
    std::iter::once(Ok(no_thread)).chain(namespaces).collect()
}

/// TIOCSTI puts characters into a terminal as if a person had typed them (CVE-2023-28339 in
/// OpenDoas and others); TIOCLINUX can paste. Both numbers are those of Linux's generic `ioctls.h`;
/// the C libraries disagree on their type.
fn types_into_a_terminal() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    [0x5412, 0x541c]
        .into_iter()
        .map(|request| condition(1, SeccompCmpOp::Eq, request))
        .collect()
}

fn bits(argument: u8, bits: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    condition(argument, SeccompCmpOp::MaskedEq(bits), bits)
}

fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    // All flags and requests looked at here fit the lower half; the kernel ignores the upper one.
    let compared = SeccompCmpArgLen::Dword;
    SeccompRule::new(vec![SeccompCondition::new(
        argument, compared, operator, value,
    )?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_listed_twice() {
        let mut all = [PROCESSES, SOCKETS, FILES, KERNEL, OLDER, NOT_THERE].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_filter_fits_the_kernel() {
        let length = program(forbidden().unwrap(), libc::EPERM).unwrap().len();
        assert!(length < 4096, "{length} instructions");
    }
}
