//! Depth, marks and memo while listing: places of values, so that names can be shown.

use std::collections::HashMap;

use crate::pickle::{Instruction, Opcode, Operand, Span};

/// A value, as far as a listing shows it.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// Made by an opcode whose name says enough.
    Made(Opcode),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A payload or a line of this opcode.
    Written(Opcode, Span),
    /// An import, by its number.
    Import(u32),
    /// The result of calling an import.
    Result(u32),
    /// Anything else.
    Unknown,
}

/// Where module and name of an import are written, or what else stands for them.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Names {
    pub(super) module: Item,
    pub(super) name: Item,
}

/// What is worth a remark about one instruction.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Effect {
    Plain,
    Underflow,
    NoMark,
    PopsMark,
    TooLarge,
    Stored { index: i64, item: Item, again: bool },
    Fetched { index: i64, item: Option<Item> },
    BadIndex,
    Imports(Item),
    Calls(Item),
}

/// The stack, the marks and the memo of one pickle.
pub(super) struct Track {
    most: usize,
    items: Vec<Item>,
    marks: Vec<usize>,
    memo: HashMap<i64, Item>,
    imports: Vec<Names>,
}

/// What an instruction took from the stack.
struct Popped {
    /// The deepest value, which many instructions push back.
    deepest: Item,
    /// The topmost of the values that are not above a mark.
    top: Item,
    /// The first value above the mark.
    first: Option<Item>,
    /// What is wrong with it, or [`Effect::Plain`].
    effect: Effect,
}

impl Track {
    /// Follows at most so many values, marks and memo entries of each.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            items: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            imports: Vec::new(),
        }
    }

    /// Values on the stack.
    pub(super) fn depth(&self) -> usize {
        self.items.len()
    }

    /// Open marks.
    pub(super) fn marks(&self) -> usize {
        self.marks.len()
    }

    /// Names of an import.
    pub(super) fn names(&self, import: u32) -> Option<Names> {
        self.imports.get(usize::try_from(import).ok()?).copied()
    }

    /// Applies an instruction. `index` is the memo index that it writes as its operand.
    pub(super) fn follow(&mut self, instruction: Instruction, index: Option<i64>) -> Effect {
        let effect = self.apply(instruction, index);
        let largest = self.items.len().max(self.marks.len()).max(self.memo.len());
        if largest.max(self.imports.len()) > self.most {
            Effect::TooLarge
        } else {
            effect
        }
    }

    fn apply(&mut self, instruction: Instruction, index: Option<i64>) -> Effect {
        match instruction.opcode {
            Opcode::Mark => self.marks.push(self.items.len()),
            Opcode::Pop if self.marks.last() == Some(&self.items.len()) => {
                self.marks.pop();
                return Effect::PopsMark;
            }
            Opcode::Put | Opcode::Binput | Opcode::LongBinput => return self.store(index),
            // The number of entries, not the position: they differ once a PUT leaves a gap.
            Opcode::Memoize => return self.store(i64::try_from(self.memo.len()).ok()),
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => {
                let item = index.and_then(|index| self.memo.get(&index)).copied();
                self.items.push(item.unwrap_or(Item::Unknown));
                return index.map_or(Effect::BadIndex, |index| Effect::Fetched { index, item });
            }
            Opcode::Dup => match self.top() {
                Some(top) => self.items.push(top),
                None => return Effect::Underflow,
            },
            _ => return self.transform(instruction),
        }
        Effect::Plain
    }

    /// The topmost value, unless a mark lies above it.
    fn top(&self) -> Option<Item> {
        let fence = self.marks.last().copied().unwrap_or(0);
        self.items
            .last()
            .copied()
            .filter(|_| self.items.len() > fence)
    }

    fn store(&mut self, index: Option<i64>) -> Effect {
        let Some(item) = self.top() else {
            return Effect::Underflow;
        };
        let Some(index) = index.filter(|&index| index >= 0) else {
            return Effect::BadIndex;
        };
        let before = self.memo.insert(index, item);
        Effect::Stored {
            index,
            item,
            again: before.is_some(),
        }
    }

    /// Pops and pushes what the opcode table says.
    fn transform(&mut self, instruction: Instruction) -> Effect {
        let popped = self.pop(instruction.opcode);
        let mut effect = popped.effect;
        let pushed = match instruction.opcode {
            Opcode::Append
            | Opcode::Appends
            | Opcode::Setitem
            | Opcode::Setitems
            | Opcode::Additems
            | Opcode::Build
            | Opcode::ReadonlyBuffer => popped.deepest,
            Opcode::Reduce | Opcode::Newobj | Opcode::NewobjEx => {
                called(popped.deepest, &mut effect)
            }
            Opcode::Obj => called(popped.first.unwrap_or(Item::Unknown), &mut effect),
            Opcode::Global => self.import(names(instruction)),
            Opcode::Inst => {
                let import = self.import(names(instruction));
                called(import, &mut effect)
            }
            Opcode::StackGlobal => {
                let import = self.import(Names {
                    module: popped.deepest,
                    name: popped.top,
                });
                if effect == Effect::Plain {
                    effect = Effect::Imports(import);
                }
                import
            }
            opcode => match instruction.operand {
                Operand::Int(value) if opcode.operand() != crate::pickle::OperandKind::None => {
                    literal(opcode, value)
                }
                Operand::Float(value) => Item::Float(value),
                Operand::Span(span) => Item::Written(opcode, span),
                _ => Item::Made(opcode),
            },
        };
        if instruction.opcode.effect().pushes > 0 {
            self.items.push(pushed);
        }
        effect
    }

    fn pop(&mut self, opcode: Opcode) -> Popped {
        let wanted = opcode.effect();
        let mut popped = Popped {
            deepest: Item::Unknown,
            top: Item::Unknown,
            first: None,
            effect: Effect::Plain,
        };
        if wanted.to_mark {
            match self.marks.pop() {
                Some(mark) => {
                    popped.first = self.items.get(mark).copied();
                    self.items.truncate(mark);
                }
                None => popped.effect = Effect::NoMark,
            }
        }
        let fence = self.marks.last().copied().unwrap_or(0);
        for nth in 0..wanted.pops {
            if self.items.len() <= fence {
                popped.effect = Effect::Underflow;
                break;
            }
            popped.deepest = self.items.pop().unwrap_or(Item::Unknown);
            if nth == 0 {
                popped.top = popped.deepest;
            }
        }
        popped
    }

    fn import(&mut self, names: Names) -> Item {
        let number = u32::try_from(self.imports.len());
        self.imports.push(names);
        number.map_or(Item::Unknown, Item::Import)
    }
}

fn names(instruction: Instruction) -> Names {
    let written = |span| Item::Written(Opcode::Global, span);
    match instruction.operand {
        Operand::Spans(module, name) => Names {
            module: written(module),
            name: written(name),
        },
        _ => Names {
            module: Item::Unknown,
            name: Item::Unknown,
        },
    }
}

/// The result of a call, and the remark that names the callee.
fn called(callee: Item, effect: &mut Effect) -> Item {
    let Item::Import(import) = callee else {
        return Item::Unknown;
    };
    if *effect == Effect::Plain {
        *effect = Effect::Calls(callee);
    }
    Item::Result(import)
}

fn literal(opcode: Opcode, value: i64) -> Item {
    match opcode {
        Opcode::Binint | Opcode::Binint1 | Opcode::Binint2 => Item::Int(value),
        _ => Item::Made(opcode),
    }
}
