//! System calls that a scanner has no use for, refused with EPERM for all threads.
//!
//! A list of what is refused and not of what is allowed: C libraries, kernels and allocators
//! differ in what they call, and a scanner that is killed for `rseq` or `statx` helps nobody. What
//! could run a program, reach the network, change a file or another process, or widen what the
//! kernel offers is on the list.

use libc::c_long;
use seccompiler::{BpfProgram, apply_filter_all_threads};

use super::filter::{Answer, Answers, Test};

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

/// From here on the numbers are those of x32, under the same architecture. Whoever runs pickscan
/// runs x86-64.
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

/// The architecture whose numbers these are, by its own number in `linux/audit.h`.
const ARCHITECTURE: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(0xc000_003e)
} else if cfg!(target_arch = "aarch64") {
    Some(0xc000_00b7)
} else if cfg!(target_arch = "riscv64") {
    Some(0xc000_00f3)
} else {
    None
};

const NOT_PERMITTED: u32 = libc::EPERM.unsigned_abs();
const NO_SUCH_CALL: u32 = libc::ENOSYS.unsigned_abs();

/// Refuses them from now on, in every thread.
pub(super) fn refuse() -> Result<String, String> {
    let program = program().ok_or("not known for this architecture")?;
    apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    Ok("system calls (seccomp)".to_owned())
}

fn program() -> Option<BpfProgram> {
    ARCHITECTURE.map(|architecture| answers().compile(architecture))
}

fn answers() -> Answers {
    let mut answers = Answers::allow_all();
    let mut set = |call: c_long, answer| {
        // Every call of a kernel has a number of 32 bits.
        if let Ok(call) = u32::try_from(call) {
            answers.set(call, answer);
        }
    };
    for &call in [PROCESSES, SOCKETS, FILES, KERNEL, OLDER]
        .into_iter()
        .flatten()
    {
        set(call, Answer::Refuse(NOT_PERMITTED));
    }
    for &call in NOT_THERE {
        set(call, Answer::Refuse(NO_SUCH_CALL));
    }
    let where_any = |tests: &[Test]| Answer::RefuseWhere(NOT_PERMITTED, tests.to_vec());
    #[cfg(target_arch = "x86_64")]
    set(libc::SYS_open, where_any(&[opens_to_write(1)]));
    set(libc::SYS_openat, where_any(&[opens_to_write(2)]));
    set(libc::SYS_clone, where_any(&starts_a_process()));
    set(libc::SYS_ioctl, where_any(&types_into_a_terminal()));
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        let executable = Test::AnyOf(2, libc::PROT_EXEC.unsigned_abs());
        set(call, where_any(&[executable]));
    }
    #[cfg(target_arch = "x86_64")]
    answers.set_from(X32, Answer::Refuse(NOT_PERMITTED));
    answers
}

/// Output files are open already; nothing else is ever written.
fn opens_to_write(argument: u32) -> Test {
    let flags = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
    Test::AnyOf(argument, flags.unsigned_abs())
}

fn starts_a_process() -> [Test; 2] {
    let namespaces = libc::CLONE_NEWNS
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWPID;
    [
        Test::NoneOf(0, libc::CLONE_THREAD.unsigned_abs()),
        Test::AnyOf(0, namespaces.unsigned_abs()),
    ]
}

/// TIOCSTI puts characters into a terminal as if a person had typed them (CVE-2023-28339 in
/// OpenDoas and others); TIOCLINUX can paste. Both numbers are those of Linux's generic `ioctls.h`;
/// the C libraries disagree on their type.
fn types_into_a_terminal() -> [Test; 2] {
    [0x5412, 0x541c].map(|request| Test::Is(1, request))
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
    fn calls_get_the_answers_of_their_lists() {
        let answers = answers();
        let to = |call: c_long| answers.to(u32::try_from(call).unwrap()).clone();
        for &call in [PROCESSES, SOCKETS, FILES, KERNEL, OLDER]
            .into_iter()
            .flatten()
        {
            assert_eq!(to(call), Answer::Refuse(NOT_PERMITTED), "{call}");
        }
        for call in [
            libc::SYS_read,
            libc::SYS_close,
            libc::SYS_pread64,
            libc::SYS_statx,
        ] {
            assert_eq!(to(call), Answer::Allow, "{call}");
        }
        assert_eq!(to(libc::SYS_clone3), Answer::Refuse(NO_SUCH_CALL));
        assert!(matches!(to(libc::SYS_openat), Answer::RefuseWhere(..)));
        #[cfg(target_arch = "x86_64")]
        assert_eq!(
            to(libc::SYS_read | 0x4000_0000),
            Answer::Refuse(NOT_PERMITTED)
        );
    }

    #[test]
    fn the_filter_is_short() {
        let length = program().map_or(0, |program| program.len());
        assert!(length < 400, "{length} instructions");
    }
}
