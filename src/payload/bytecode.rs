//! Bytecode, as far as names go: which are imported, which attributes are read of them.
//!
//! Only the instructions that move names are known. Their numbers were printed by `dis` of each
//! interpreter (see `tests/payload/opcodes.py`), those of 3.14 by `xdis` 6.3; they stayed the same
//! from 3.6 to 3.12.

use super::{
    Reading,
    parts::{CodeParts, Constant},
    source::{IMPORTERS, Scope},
};

/// How one range of versions writes the instructions that move names.
struct Version {
    /// Whether every instruction is two bytes; before 3.6 some were one byte and some three.
    words: bool,
    extended: u8,
    load_name: u8,
    load_global: u8,
    load_attribute: u8,
    load_method: Option<u8>,
    import_name: u8,
    import_from: u8,
    stores: [u8; 2],
    store_local: u8,
    load_locals: [u8; 2],
    load_constant: u8,
    /// Instructions between a load and what is done with it.
    neutral: &'static [u8],
    /// The lowest bit of these operands says something else.
    shift_global: bool,
    shift_attribute: bool,
    /// The instruction that begins every function, where there is one.
    resume: Option<u8>,
}

const PYTHON_2: Version = Version {
    words: false,
    extended: 145,
    load_name: 101,
    load_global: 116,
    load_attribute: 106,
    load_method: None,
    import_name: 108,
    import_from: 109,
    stores: [90, 97],
    store_local: 125,
    load_locals: [124, 124],
    load_constant: 100,
    neutral: &[1, 2, 9],
    shift_global: false,
    shift_attribute: false,
    resume: None,
};

const PYTHON_3_6: Version = Version {
    words: true,
    extended: 144,
    load_method: Some(160),
    ..PYTHON_2
};

const PYTHON_3_11: Version = Version {
    neutral: &[0, 1, 2, 9, 99, 151, 166, 172],
    shift_global: true,
    resume: Some(151),
    ..PYTHON_3_6
};

const PYTHON_3_12: Version = Version {
    shift_attribute: true,
    load_method: None,
    ..PYTHON_3_11
};

const PYTHON_3_13: Version = Version {
    words: true,
    extended: 71,
    load_name: 92,
    load_global: 91,
    load_attribute: 82,
    load_method: None,
    import_name: 75,
    import_from: 74,
    stores: [114, 113],
    store_local: 110,
    load_locals: [85, 85],
    load_constant: 83,
    neutral: &[0, 30, 32, 34, 115, 149],
    shift_global: true,
    shift_attribute: true,
    resume: Some(149),
};

const PYTHON_3_14: Version = Version {
    extended: 69,
    load_name: 93,
    load_global: 92,
    load_attribute: 80,
    import_name: 73,
    import_from: 72,
    stores: [116, 115],
    store_local: 112,
    load_locals: [84, 86],
    load_constant: 82,
    neutral: &[0, 27, 31, 33, 117, 128],
    resume: Some(128),
    ..PYTHON_3_13
};

/// `PRECALL`, which only 3.11 has.
const PRECALL: u8 = 166;

/// Where the instruction that begins every function is looked for, in bytes: those for closures
/// and generators may stand before it.
const BEGINNING: usize = 64;

/// Reads the bytecode of a code object; `false` where its version is not known.
pub(super) fn read(reading: &mut Reading, parts: &CodeParts) -> bool {
    let resumes = |version: &Version| {
        let begin = parts.code.get(..BEGINNING).unwrap_or(&parts.code);
        begin
            .chunks(2)
            .any(|word| word.first().copied() == version.resume)
    };
    let has_precall = parts
        .code
        .chunks(2)
        .any(|word| word.first() == Some(&PRECALL));
    let version = if resumes(&PYTHON_3_11) && has_precall {
        &PYTHON_3_11
    } else if resumes(&PYTHON_3_12) {
        &PYTHON_3_12
    } else if resumes(&PYTHON_3_13) {
        &PYTHON_3_13
    } else if resumes(&PYTHON_3_14) {
        &PYTHON_3_14
    } else if ends_in_words(&parts.code) {
        &PYTHON_3_6
    } else if parts.code.last() == Some(&RETURN_VALUE) {
        &PYTHON_2
    } else {
        return false;
    };
    follow(reading, parts, version);
    true
}

/// `RETURN_VALUE` of the versions before 3.13.
const RETURN_VALUE: u8 = 83;

/// Whether code is two bytes per instruction and ends in a return, as from 3.6 to 3.10.
fn ends_in_words(code: &[u8]) -> bool {
    code.len().is_multiple_of(2) && matches!(code, [.., RETURN_VALUE, 0])
}

/// What is on top of the stack, as far as it is a name.
#[derive(Default)]
struct Top {
    /// What it stands for.
    symbol: Option<String>,
    /// Whether nothing in the code binds it.
    bare: bool,
    /// The module that a call of what was loaded would import.
    imports: Option<String>,
    /// The module that names are imported from.
    from: Option<String>,
}

fn follow(reading: &mut Reading, parts: &CodeParts, version: &Version) {
    let mut follower = Follower {
        reading,
        parts,
        version,
        scope: Scope::default(),
        top: Top::default(),
    };
    for (opcode, operand) in instructions(&parts.code, version) {
        follower.step(opcode, operand);
    }
    follower.finish();
}

/// Where a name is bound. Functions see what the module around them binds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Binding {
    Global,
    Local,
}

/// A member of a module. `import a.b as c` reads `b` of what it imported, and means `a.b`.
fn member_of(module: &str, member: &str) -> String {
    if module.split('.').skip(1).any(|segment| segment == member) {
        module.to_owned()
    } else {
        format!("{module}.{member}")
    }
}

/// Follows one code object from its beginning to its end, jumps or not.
struct Follower<'f> {
    reading: &'f mut Reading,
    parts: &'f CodeParts,
    version: &'f Version,
    scope: Scope,
    top: Top,
}

impl Follower<'_> {
    fn step(&mut self, opcode: u8, operand: usize) {
        let version = self.version;
        let shifted = |shift: bool| if shift { operand >> 1 } else { operand };
        if opcode == version.load_name {
            self.load(operand);
        } else if opcode == version.load_global {
            self.load(shifted(version.shift_global));
        } else if opcode == version.load_attribute {
            self.attribute(shifted(version.shift_attribute));
        } else if Some(opcode) == version.load_method {
            self.attribute(operand);
        } else if opcode == version.import_name {
            self.import(operand);
        } else if opcode == version.import_from {
            self.finish();
            if let Some((module, member)) = self.top.from.clone().zip(self.name(operand)) {
                self.top.symbol = Some(member_of(&module, &member));
            }
        } else if version.stores.contains(&opcode) {
            self.store(self.name(operand), Binding::Global);
        } else if opcode == version.store_local {
            self.store(self.parts.locals.get(operand).cloned(), Binding::Local);
        } else if version.load_locals.contains(&opcode) {
            self.finish();
            let local = self.parts.locals.get(operand);
            let meaning = local.and_then(|word| self.scope.meaning(word));
            self.top.symbol = meaning.map(str::to_owned);
        } else if opcode == version.load_constant {
            self.constant(operand);
        } else if !version.neutral.contains(&opcode) && self.top.symbol.is_some() {
            self.finish();
        }
    }

    fn name(&self, index: usize) -> Option<String> {
        self.parts.names.get(index).cloned()
    }

    fn load(&mut self, index: usize) {
        self.finish();
        if let Some(word) = self.name(index) {
            let meaning = self.scope.meaning(&word);
            let meaning = meaning.or(self.reading.globals.meaning(&word));
            self.top.bare = meaning.is_none();
            self.top.symbol = Some(meaning.unwrap_or(&word).to_owned());
        }
    }

    fn attribute(&mut self, index: usize) {
        let owner = self.top.imports.take().or(self.top.symbol.take());
        if let Some((owner, attribute)) = owner.zip(self.name(index)) {
            let symbol = if self.top.from.as_ref() == Some(&owner) {
                member_of(&owner, &attribute)
            } else {
                format!("{owner}.{attribute}")
            };
            self.top.symbol = Some(symbol);
            self.top.bare = false;
        }
    }

    fn import(&mut self, index: usize) {
        self.finish();
        if let Some(module) = self.name(index) {
            self.reading.import(&module);
            self.top.from = Some(module.clone());
            self.top.symbol = Some(module);
        }
    }

    fn store(&mut self, target: Option<String>, binding: Binding) {
        let symbol = self.top.imports.take().or(self.top.symbol.take());
        self.top.bare = false;
        if let Some((target, symbol)) = target.zip(symbol) {
            // `import a.b` binds `a`.
            let top_level = symbol.split('.').next().filter(|first| *first == target);
            self.reading.name(&symbol);
            let scope = match binding {
                Binding::Global => &mut self.reading.globals,
                Binding::Local => &mut self.scope,
            };
            scope.bind(&target, top_level.unwrap_or(&symbol));
        }
    }

    /// A constant behind the name of an importing function is what it imports.
    fn constant(&mut self, index: usize) {
        let symbol = self.top.symbol.as_deref();
        let last = symbol.and_then(|symbol| symbol.rsplit('.').next());
        let imports = last.is_some_and(|last| IMPORTERS.contains(&last));
        self.finish();
        if let Some(Constant::Text(module)) = self.parts.constants.get(index)
            && imports
        {
            self.reading.import(module);
            self.top.imports = Some(module.clone());
        }
    }

    /// The name on top is used in a way that does not lead to another name.
    fn finish(&mut self) {
        let bare = std::mem::take(&mut self.top.bare);
        if let Some(symbol) = self.top.symbol.take() {
            if bare {
                self.reading.name(&format!("builtins.{symbol}"));
            }
            self.reading.name(&symbol);
        }
    }
}

/// The instructions and their operands.
fn instructions<'c>(code: &'c [u8], version: &'c Version) -> impl Iterator<Item = (u8, usize)> {
    const HAVE_ARGUMENT: u8 = 90;
    let mut rest = code;
    let mut extended = 0usize;
    std::iter::from_fn(move || {
        loop {
            let (&opcode, behind) = rest.split_first()?;
            let width = match (version.words, opcode >= HAVE_ARGUMENT) {
                (true, _) => 1,
                (false, true) => 2,
                (false, false) => 0,
            };
            let (operand, behind) = behind.split_at_checked(width)?;
            rest = behind;
            let low = operand.iter().rev();
            let low = low.fold(0usize, |value, &byte| value << 8 | usize::from(byte));
            let value = (extended << (8 * width)) | low;
            if opcode == version.extended {
                extended = value & 0xff_ffff;
                continue;
            }
            extended = 0;
            return Some((opcode, value));
        }
    })
}
