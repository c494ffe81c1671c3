//! How many values stand on the stack of an unpickler, and no more of it.

use crate::pickle::Opcode;

/// Values above each mark; the first entry counts those below all marks.
#[derive(Clone, Debug)]
pub(super) struct Depths(Vec<usize>);

impl Default for Depths {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Depths {
    /// Whether a mark stands on the stack.
    pub(super) fn has_mark(&self) -> bool {
        self.0.len() > 1
    }

    /// Applies the effect of an instruction; nothing where values or a mark are missing.
    pub(super) fn apply(&mut self, opcode: Opcode) -> Option<()> {
        let effect = opcode.effect();
        if opcode == Opcode::Pop && self.0.last() == Some(&0) {
            // POP on a mark discards the mark.
            self.0.pop();
            return (!self.0.is_empty()).then_some(());
        }
        if effect.to_mark {
            if !self.has_mark() {
                return None;
            }
            self.0.pop();
        }
        if effect.sets_mark {
            self.0.push(0);
        }
        let needs_top = matches!(opcode, Opcode::Put | Opcode::Binput | Opcode::LongBinput);
        let level = self.0.last_mut()?;
        if needs_top && *level == 0 {
            return None;
        }
        *level = level.checked_sub(usize::from(effect.pops))? + usize::from(effect.pushes);
        Some(())
    }
}
