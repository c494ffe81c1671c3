//! The rules as a person reads them: `pickscan rules list` and `pickscan rules show ID`.

use std::fmt::Write as _;

use super::ruleset::Ruleset;
use super::schema::Rule;

/// Columns of running text.
const WIDTH: usize = 80;

/// How much the rules know.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Detect rules.
    pub rules: usize,
    /// Names that are trusted.
    pub trusted: usize,
    /// Libraries that they belong to.
    pub libraries: usize,
    /// Names with a model.
    pub modelled: usize,
    /// Patterns of names with a model.
    pub patterns: usize,
    /// Prefixes that stand for others.
    pub aliases: usize,
}

impl Ruleset {
    /// How much the rules know.
    pub fn counts(&self) -> Counts {
        let sum = |count: fn(&super::pack::Pack<'_>) -> usize| self.packs.iter().map(count).sum();
        Counts {
            rules: self.rules.len(),
            trusted: sum(|pack| pack.trusted.len()),
            libraries: sum(|pack| pack.libraries.len()),
            modelled: sum(|pack| pack.modelled.len()),
            patterns: sum(|pack| pack.patterns.len()),
            aliases: sum(|pack| pack.aliases.len()),
        }
    }

    /// A line for each detect rule, the worst first, and a line of counts.
    pub fn list(&self) -> String {
        let mut rules: Vec<&Rule> = self.rules.iter().map(AsRef::as_ref).collect();
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), &rule.id));
        let widest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        let mut text = String::new();
        for rule in rules {
            let severity = rule.severity.name();
            let _ = writeln!(text, "{:<widest$}  {severity:<8}  {}", rule.id, rule.title);
        }
        let counts = self.counts();
        let _ = write!(
            text,
            "\n{} rules; {} trusted names of {} libraries; {} modelled names, {} patterns, {} aliases\n",
            counts.rules,
            counts.trusted,
            counts.libraries,
            counts.modelled,
            counts.patterns,
            counts.aliases,
        );
        let _ = writeln!(text, "rule pack {}", self.digest());
        text
    }

    /// Everything about one detect rule, or about one name.
    pub fn show(&self, id: &str) -> Option<String> {
        match self.rule(id) {
            Some(rule) => Some(shown(rule)),
            None => self.show_symbol(id),
        }
    }

    /// What the rules know of a name; nothing where they know nothing.
    fn show_symbol(&self, symbol: &str) -> Option<String> {
        let standing = self.standing(symbol.as_bytes());
        if standing.model.is_none() && standing.trust.is_none() {
            return None;
        }
        let mut text = format!("{symbol}\n");
        for spelling in self.spellings(symbol.as_bytes()).iter().skip(1) {
            let _ = writeln!(
                text,
                "\nIs another name of {}.",
                String::from_utf8_lossy(spelling)
            );
        }
        if let Some(model) = standing.model {
            let effects: Vec<&str> = model.effects.iter().map(|effect| effect.name()).collect();
            let when = if standing.is_harmful() {
                "named"
            } else {
                "called"
            };
            let _ = writeln!(
                text,
                "\nEffects: {}; judged when it is {when}.",
                effects.join(", ")
            );
            paragraph(&mut text, "", &model.note);
            for reference in model.references.lines() {
                let _ = writeln!(text, "  {reference}");
            }
        }
        if let Some(trust) = standing.trust {
            self.show_trust(&mut text, trust);
        }
        Some(text)
    }

    fn show_trust(&self, text: &mut String, trust: &super::pack::TrustEntry<'static>) {
        let libraries = self.packs.iter().map(|pack| &pack.libraries);
        // The entry is one of the first pack that knows the name; a library has one name only.
        let library = libraries
            .zip(&self.packs)
            .find(|(_, pack)| pack.trust.holds(trust))
            .and_then(|(libraries, _)| libraries.get(trust.library as usize));
        let Some(library) = library else {
            return;
        };
        let how = match (trust.usage, trust.only.is_some()) {
            (super::schema::Usage::Data, _) => "Trusted as a value, not to be called",
            (_, true) => "Trusted where its calls satisfy conditions",
            (_, false) => "Trusted",
        };
        let _ = writeln!(text, "\n{how}, with {} {}.", library.name, library.versions);
        let own = trust.reason.as_ref();
        let reason = if own.is_empty() {
            library.reason.as_ref()
        } else {
            own
        };
        paragraph(text, "", reason);
    }
}

/// A detect rule in full.
fn shown(rule: &Rule) -> String {
    let mut text = format!("{}\n{}\n\n", rule.id, rule.title);
    let _ = writeln!(text, "Severity:   {}", rule.severity.name());
    let _ = writeln!(text, "Confidence: {}", rule.confidence.name());
    let _ = writeln!(text, "Tags:       {}", rule.tags.join(", "));
    paragraph(&mut text, "Says", &rule.message);
    paragraph(&mut text, "Why", &rule.why);
    paragraph(&mut text, "What to do", &rule.what_to_do);
    for (title, lines) in [
        ("References", &rule.references),
        ("Matches, for example", &rule.examples.matching),
        ("Does not match, for example", &rule.examples.no_match),
    ] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{title}\n  {}", lines.join("\n  "));
        }
    }
    text
}

/// A titled paragraph, broken between words.
fn paragraph(text: &mut String, title: &str, words: &str) {
    if words.is_empty() {
        return;
    }
    text.push('\n');
    if !title.is_empty() {
        let _ = writeln!(text, "{title}");
    }
    let mut column = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        }
        text.push_str(if column == 0 { "  " } else { " " });
        text.push_str(word);
        column += length + if column == 0 { 2 } else { 1 };
    }
    text.push('\n');
}
