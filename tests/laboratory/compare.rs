//! Holds pickscan against the readers: what one of them does and pickscan does not know.

use pickscan::pickle::disasm;
use pickscan::source::MemorySource;

use crate::ours::Ours;
use crate::readers::{Answer, Interpreter};
use crate::support::show;

/// What readers did that is missing, one line each.
pub(crate) fn missing(ours: &Ours, answer: &Answer, interpreter: &Interpreter) -> Vec<String> {
    let imports = answer
        .imports
        .iter()
        .filter(|asked| !ours.has_import(asked));
    let imports = imports.map(|asked| {
        let name = show(&[asked.module.as_slice(), b" ", &asked.name].concat());
        let mapped = if asked.mapped { " (mapped)" } else { "" };
        (asked.runs, format!("import of {name}{mapped}"))
    });
    let events = answer.events.iter().filter(|done| !ours.has_event(done));
    let events = events.map(|done| {
        (
            done.runs,
            format!("{} of {}", done.kind, show(&done.target)),
        )
    });
    imports
        .chain(events)
        .map(|(runs, what)| {
            format!(
                "{what} by {} {}",
                interpreter.version,
                interpreter.names(runs)
            )
        })
        .collect()
}

/// Imports that no reader performed, of those that pickscan reports.
pub(crate) fn surplus(ours: &Ours, answers: &[&Answer]) -> Vec<String> {
    let asked = |symbol: &&(Vec<u8>, Vec<u8>)| {
        let mut imports = answers.iter().flat_map(|answer| &answer.imports);
        !imports.any(|asked| {
            asked.module == symbol.0 && asked.name == symbol.1 || mapped(asked) == **symbol
        })
    };
    let surplus = ours.imports.iter().filter(asked);
    surplus
        .map(|(module, name)| show(&[module.as_slice(), b" ", name].concat()))
        .collect()
}

fn mapped(asked: &crate::readers::Asked) -> (Vec<u8>, Vec<u8>) {
    use pickscan::machine::model::Knowledge as _;
    let mapped = pickscan::rules::Ruleset::builtin().python3_name(&asked.module, &asked.name);
    mapped.unwrap_or_else(|| (asked.module.clone(), asked.name.clone()))
}

/// The listing of every stream of the bytes.
pub(crate) fn listing(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    disasm::list(&MemorySource::new(bytes), 0, &mut out).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}
