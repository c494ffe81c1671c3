//! What is wrong with rules although they can be loaded: mistakes that would make a rule useless,
//! misleading or dead. CI runs this over the built-in rules, `pickscan rules lint` over anyone's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::condition::Condition;
use super::load::{self, Document, Parsed, Problem};
use super::pattern::Pattern;
use super::ruleset::Ruleset;
use super::schema::{ArgumentCondition, ModelFile, Modelled, PackagesFile, Rule, TrustFile};

/// The placeholders that a message may have.
const PLACEHOLDERS: &[&str] = &["symbol", "arguments", "call", "chain", "target", "detail"];

/// Reads the rules at a path, a file or a folder, and says what is wrong with them, in the order
/// of their files.
pub fn lint(path: &Path) -> Vec<Problem> {
    let documents = match load::read(path) {
        Ok(documents) => documents,
        Err(problems) => return problems,
    };
    let mut linter = Linter::default();
    for document in &documents {
        linter.document(document);
    }
    match Ruleset::only(&documents) {
        Ok(rules) => linter.trust_against(&rules),
        Err(error) => linter.problems.extend(error.problems),
    }
    let mut problems = linter.problems;
    problems.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
    problems.dedup();
    problems
}

/// Where a name is written.
type Written<'d> = (&'d Document, String);

/// Problems found so far, and the names met so far.
#[derive(Default)]
struct Linter<'d> {
    problems: Vec<Problem>,
    /// Symbols and patterns with a model.
    modelled: BTreeSet<&'d str>,
    /// Prefixes of aliases.
    aliases: BTreeMap<&'d str, &'d str>,
    /// Packages, and where they are listed.
    packages: BTreeMap<&'d str, &'d Document>,
    /// Trusted symbols.
    trusted: BTreeMap<String, Written<'d>>,
}

impl<'d> Linter<'d> {
    fn document(&mut self, document: &'d Document) {
        match &document.parsed {
            Parsed::Models(file) => self.models(document, file),
            Parsed::Trust(file) => self.trust(document, file),
            Parsed::Detect(rule) => self.detect(document, rule),
            Parsed::Packages(file) => self.packages(document, file),
            Parsed::Python2(_) | Parsed::WeightsOnly(_) => {}
        }
    }

    fn problem(&mut self, document: &Document, word: &str, message: impl Into<String>) {
        self.problems.push(document.problem(word, message.into()));
    }

    fn models(&mut self, document: &'d Document, file: &'d ModelFile) {
        for alias in &file.aliases {
            let (from, to) = (alias.from.as_str(), alias.to.as_str());
            if !(alias.from.is_exact() && alias.to.is_exact()) {
                self.problem(
                    document,
                    from,
                    "an alias is a prefix of whole segments, not a pattern",
                );
            }
            if from == to {
                self.problem(document, from, format!("`{from}` is an alias of itself"));
            }
            if let Some(before) = self.aliases.insert(from, to)
                && before != to
            {
                let message = format!("`{from}` is an alias of `{before}` already");
                self.problem(document, from, message);
            }
        }
        for modelled in &file.entries {
            self.entry(document, modelled);
        }
    }

    fn entry(&mut self, document: &'d Document, modelled: &'d Modelled) {
        let first = modelled.symbols.first().map_or("symbols", Pattern::as_str);
        if modelled.symbols.is_empty() {
            self.problem(document, "symbols", "an entry names no symbol");
        }
        if modelled.effects.is_empty() {
            self.problem(
                document,
                first,
                format!("`{first}` has no effect: say `inert`"),
            );
        }
        self.references(document, &modelled.references);
        for symbol in &modelled.symbols {
            self.pattern(document, symbol);
            if !self.modelled.insert(symbol.as_str()) {
                let message = format!("`{symbol}` has a model already; write it once");
                self.problem(document, symbol.as_str(), message);
            }
        }
    }

    fn packages(&mut self, document: &'d Document, file: &'d PackagesFile) {
        for names in file.listed_packages.values() {
            for (before, name) in names.iter().zip(names.iter().skip(1)) {
                if before >= name {
                    let message = format!("`{name}` does not belong behind `{before}`: sort them");
                    self.problem(document, name, message);
                }
            }
            for name in names {
                if name.contains(['.', '*']) {
                    let message = format!("`{name}` is no top-level package");
                    self.problem(document, name, message);
                }
                if let Some(place) = self.packages.insert(name, document) {
                    let place = place.path.display();
                    let message = format!("`{name}` is known already, in {place}");
                    self.problem(document, name, message);
                }
            }
        }
    }

    fn trust(&mut self, document: &'d Document, file: &'d TrustFile) {
        for (key, value) in [("reason", &file.reason), ("versions", &file.versions)] {
            if value.trim().is_empty() {
                self.problem(document, key, format!("`{key}` is empty"));
            }
        }
        for package in file
            .packages
            .iter()
            .filter(|package| package.contains(['.', '*']))
        {
            let message = format!("`{package}` is no top-level package");
            self.problem(document, package, message);
        }
        for package in &file.packages {
            let place = self.packages.entry(package).or_insert(document);
            if place.path != document.path && matches!(place.parsed, Parsed::Packages(_)) {
                let message = format!("`{package}` has a trust pack: take it out of the list");
                let problem = place.problem(package, message);
                self.problems.push(problem);
            }
        }
        for trusted in &file.entries {
            for module in &trusted.modules {
                for name in &trusted.names {
                    let symbol = format!("{module}.{name}");
                    let written = (document, name.to_string());
                    if let Some((other, _)) = self.trusted.insert(symbol.clone(), written) {
                        let other = other.path.display();
                        let message = format!("`{symbol}` is trusted already, in {other}");
                        self.problem(document, name.as_str(), message);
                    }
                }
            }
            let only = trusted.only.iter();
            for condition in
                only.flat_map(|only| only.arguments.values().chain(only.state.values()))
            {
                self.argument(document, condition);
            }
        }
    }

    /// A symbol must not be trusted and harmful, under whatever alias: the model would win, and the
    /// trust would only look as if it meant something.
    fn trust_against(&mut self, rules: &Ruleset) {
        for (symbol, (document, name)) in &self.trusted {
            let standing = rules.standing(symbol.as_bytes());
            if standing.is_harmful() {
                let model = standing.model.map_or("", |model| model.note.as_ref());
                let message = format!("`{symbol}` is trusted, but has a harmful model: {model}");
                self.problems.push(document.problem(name, message));
            }
        }
    }

    fn detect(&mut self, document: &'d Document, rule: &Rule) {
        let stem = document.path.file_stem().and_then(|stem| stem.to_str());
        if stem != Some(rule.id.as_str()) {
            let message = format!("the file is not called `{}.yml`", rule.id);
            self.problem(document, "id:", message);
        }
        if !is_kebab_case(&rule.id) {
            self.problem(document, "id:", format!("`{}` is not kebab-case", rule.id));
        }
        for (key, text) in [
            ("title", &rule.title),
            ("message", &rule.message),
            ("why", &rule.why),
            ("what-to-do", &rule.what_to_do),
        ] {
            if text.trim().is_empty() {
                self.problem(document, key, format!("`{key}` is empty"));
            }
        }
        self.placeholders(document, &rule.message);
        self.tags(document, &rule.tags);
        self.references(document, &rule.references);
        self.examples(document, rule);
        self.condition(document, &rule.when);
    }

    fn placeholders(&mut self, document: &Document, message: &str) {
        for after in message.split('{').skip(1) {
            let placeholder = after.split_once('}').map_or(after, |(name, _)| name);
            if !PLACEHOLDERS.contains(&placeholder) {
                let known = PLACEHOLDERS.join("}, {");
                let message =
                    format!("no placeholder is called {{{placeholder}}}: there are {{{known}}}");
                self.problem(document, placeholder, message);
            }
        }
    }

    fn tags(&mut self, document: &Document, tags: &[String]) {
        if !tags.iter().any(|tag| tag == "security") {
            self.problem(
                document,
                "tags",
                "the tag `security` is missing: code scanning asks for it",
            );
        }
        if !tags.iter().any(|tag| tag.starts_with("external/cwe/cwe-")) {
            self.problem(
                document,
                "tags",
                "no weakness is named: add `external/cwe/cwe-…`",
            );
        }
    }

    fn references(&mut self, document: &Document, references: &[String]) {
        for reference in references
            .iter()
            .filter(|reference| !is_reference(reference))
        {
            let message = format!("`{reference}` is neither a URL nor a CVE or GHSA id");
            self.problem(document, reference, message);
        }
    }

    fn examples(&mut self, document: &Document, rule: &Rule) {
        if rule.examples.matching.is_empty() {
            self.problem(document, "examples", "no sample that the rule matches");
        }
        if rule.examples.no_match.is_empty() {
            self.problem(
                document,
                "examples",
                "no sample that the rule does not match",
            );
        }
        let mut met = BTreeSet::new();
        for sample in rule.examples.matching.iter().chain(&rule.examples.no_match) {
            if !met.insert(sample) {
                self.problem(document, sample, format!("`{sample}` is listed twice"));
            }
        }
    }

    fn condition(&mut self, document: &Document, condition: &Condition) {
        let (patterns, argument): (&[Pattern], _) = match condition {
            Condition::Any(parts) | Condition::All(parts) => {
                if parts.is_empty() {
                    self.problem(document, "when", "`any` or `all` of nothing");
                }
                for part in parts {
                    self.condition(document, part);
                }
                return;
            }
            Condition::Not(part) => return self.condition(document, part),
            Condition::PersistentLoad(asked) => {
                for form in asked.except.iter().chain([&asked.form]) {
                    for argument in form.values() {
                        self.argument(document, argument);
                    }
                }
                return;
            }
            Condition::Import(import) => {
                if *import == Default::default() {
                    self.problem(document, "import", "the condition holds for every import");
                }
                (&import.symbol, None)
            }
            Condition::Call(call) => {
                if *call == Default::default() {
                    self.problem(document, "call", "the condition holds for every call");
                }
                (&call.symbol, call.argument.as_ref())
            }
            Condition::SetState(change) | Condition::Mutate(change) => {
                if *change == Default::default() {
                    let message = "the condition holds for every change";
                    self.problem(document, "when", message);
                }
                (&change.symbol, change.value.as_ref())
            }
            _ => return,
        };
        for pattern in patterns {
            self.pattern(document, pattern);
        }
        if let Some(argument) = argument {
            self.argument(document, argument);
        }
    }

    fn argument(&mut self, document: &Document, condition: &ArgumentCondition) {
        let nothing = ArgumentCondition {
            position: condition.position,
            ..Default::default()
        };
        if *condition == nothing {
            let message = "the condition on the argument holds for every value";
            self.problem(document, "argument", message);
        }
        for pattern in &condition.symbol {
            self.pattern(document, pattern);
        }
    }

    /// A pattern needs a segment that says something; `**` alone is everything.
    fn pattern(&mut self, document: &Document, pattern: &Pattern) {
        let says = |segment: &str| segment.chars().any(|c| c != '*');
        if !pattern.as_str().split('.').any(says) {
            let message = format!("`{pattern}` matches every name");
            self.problem(document, pattern.as_str(), message);
        }
        if pattern.as_str().contains("**.**") {
            let message = format!("`**.**` in `{pattern}` is better written `**`");
            self.problem(document, pattern.as_str(), message);
        }
    }
}

fn is_kebab_case(id: &str) -> bool {
    let is_word = |word: &str| {
        let mut chars = word.chars();
        !word.is_empty() && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.split('-').all(is_word)
}

/// A URL, or the identifier of an advisory.
fn is_reference(reference: &str) -> bool {
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let cve = |id: &str| {
        id.split_once('-')
            .is_some_and(|(year, number)| year.len() == 4 && digits(year) && digits(number))
    };
    let ghsa = |id: &str| {
        let parts: Vec<&str> = id.split('-').collect();
        let is_part =
            |part: &&str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphanumeric());
        parts.len() == 3 && parts.iter().all(is_part)
    };
    match reference.split_once('-') {
        Some(("CVE", rest)) => cve(rest),
        Some(("GHSA", rest)) => ghsa(rest),
        _ => {
            let address = reference.strip_prefix("https://");
            address.is_some_and(|address| address.contains('.') && !address.contains(' '))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_rules_are_clean() {
        let problems = lint(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"));
        let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n"));
    }

    #[test]
    fn ids_are_kebab_case() {
        for (id, expected) in [
            ("os-command", true),
            ("a1", true),
            ("Os", false),
            ("a--b", false),
        ] {
            assert_eq!(is_kebab_case(id), expected, "{id}");
        }
    }

    #[test]
    fn references_can_be_followed() {
        for reference in ["https://a.org/b", "CVE-2025-1716", "GHSA-q77w-mwjj-7mqx"] {
            assert!(is_reference(reference), "{reference}");
        }
        for reference in [
            "",
            "http://a.org",
            "https://a b.c",
            "CVE-25-1",
            "GHSA-1",
            "issue 5",
        ] {
            assert!(!is_reference(reference), "{reference}");
        }
    }
}
