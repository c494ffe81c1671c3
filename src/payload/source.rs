//! Python source: what it imports, calls and names.

use std::collections::HashMap;

use super::{
    Reading,
    tokens::{Token, tokens},
};
use crate::facts::PayloadKind;

/// Calls that are another spelling of the import statement: the module is their first argument.
pub(super) const IMPORTERS: &[&str] = &["__import__", "import_module"];

/// The call that is another spelling of a dot.
const ATTRIBUTE: &str = "getattr";

/// What names stand for, as far as import statements and plain assignments say.
#[derive(Default)]
pub(super) struct Scope {
    names: HashMap<String, String>,
}

impl Scope {
    pub(super) fn bind(&mut self, name: &str, meaning: &str) {
        if self.names.len() < super::MOST_ENTRIES {
            self.names.insert(name.to_owned(), meaning.to_owned());
        }
    }

    /// What a name stands for.
    pub(super) fn meaning(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }
}

/// Reads source.
pub(super) fn read(reading: &mut Reading, source: &str) {
    read_tokens(reading, Scope::default(), &tokens(source));
}

/// Reads source that is one function, whose parameters hide builtins of their names.
pub(super) fn read_function(reading: &mut Reading, source: &str) {
    let tokens = tokens(source);
    let mut scope = Scope::default();
    let is_def = |three: &[Token]| matches!(three, [Token::Name(word), Token::Name(_), Token::Mark('(')] if word == "def");
    let begin = tokens.windows(3).position(is_def);
    let parameters = begin.and_then(|begin| tokens.get(begin + 2..));
    let parameters = parameters.unwrap_or_default().windows(2);
    // Defaults and annotations stand behind `=` and `:`.
    for pair in parameters.take_while(|pair| !matches!(pair, [Token::Mark(')'), ..])) {
        if let [Token::Mark('(' | ',' | '*'), Token::Name(name)] = pair {
            scope.bind(name, name);
        }
    }
    read_tokens(reading, scope, &tokens);
}

fn read_tokens(reading: &mut Reading, mut scope: Scope, tokens: &[Token]) {
    let mut rest = tokens;
    while let Some((token, behind)) = rest.split_first() {
        rest = match token {
            Token::Name(word) if word == "import" => imports(reading, &mut scope, behind),
            Token::Name(word) if word == "from" => from_import(reading, &mut scope, behind),
            Token::Name(word) if is_keyword(word) => behind,
            Token::Name(word) => expression(reading, &mut scope, word, behind),
            Token::Text(text, formatted) => {
                reading.constant(text);
                if *formatted {
                    formatted_parts(reading, text);
                }
                behind
            }
            // An attribute of what could not be followed belongs to no name.
            Token::Mark('.') => match behind {
                [Token::Name(_), behind @ ..] => behind,
                _ => behind,
            },
            Token::Mark('(' | '[') => {
                spelled_by_numbers(reading, behind);
                behind
            }
            Token::Number(_) | Token::Mark(_) | Token::End => behind,
        };
    }
}

/// Text that stands in the source as the numbers of its characters, which something joins.
fn spelled_by_numbers(reading: &mut Reading, tokens: &[Token]) {
    const FEWEST: usize = 8;
    let mut text = String::new();
    let mut rest = tokens;
    while let [Token::Number(Some(number)), behind @ ..] = rest {
        let Some(character) =
            char::from_u32(*number).filter(|c| !c.is_control() || "\t\n\r".contains(*c))
        else {
            return;
        };
        text.push(character);
        rest = match behind {
            [Token::Mark(','), behind @ ..] => behind,
            _ => behind,
        };
    }
    if text.chars().count() >= FEWEST && text.chars().any(char::is_alphabetic) {
        reading.note("decodes more code");
        reading.inner(PayloadKind::Source, text.as_bytes());
    }
}

fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "global", "if", "in",
        "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with",
        "yield",
    ];
    KEYWORDS.binary_search(&word).is_ok()
}

/// `a.b.c`, and what follows it.
fn dotted(tokens: &[Token]) -> (String, &[Token]) {
    let mut name = String::new();
    let mut rest = tokens;
    loop {
        rest = match rest {
            [Token::Name(word), behind @ ..] if name.is_empty() || name.ends_with('.') => {
                name.push_str(word);
                behind
            }
            [Token::Mark('.'), behind @ ..] => {
                name.push('.');
                behind
            }
            _ => return (name, rest),
        };
    }
}

/// `import a.b as c, d`.
fn imports<'t>(reading: &mut Reading, scope: &mut Scope, tokens: &'t [Token]) -> &'t [Token] {
    let mut rest = tokens;
    loop {
        let (module, behind) = dotted(rest);
        if module.is_empty() {
            return behind;
        }
        reading.import(&module);
        rest = match behind {
            [Token::Name(word), Token::Name(alias), behind @ ..] if word == "as" => {
                scope.bind(alias, &module);
                behind
            }
            _ => {
                let top = module.split('.').next().unwrap_or_default();
                scope.bind(top, top);
                behind
            }
        };
        match rest {
            [Token::Mark(','), behind @ ..] => rest = behind,
            _ => return rest,
        }
    }
}

/// `from a.b import c as d, e`.
fn from_import<'t>(reading: &mut Reading, scope: &mut Scope, tokens: &'t [Token]) -> &'t [Token] {
    let (module, behind) = dotted(tokens);
    let mut rest = match behind {
        [Token::Name(word), behind @ ..] if word == "import" => behind,
        // `raise x from y` and `yield from`.
        _ => return tokens,
    };
    reading.import(&module);
    if let [Token::Mark('('), behind @ ..] = rest {
        rest = behind;
    }
    loop {
        rest = match rest {
            [
                Token::Name(name),
                Token::Name(word),
                Token::Name(alias),
                behind @ ..,
            ] if word == "as" => {
                member(reading, scope, &module, name, alias);
                behind
            }
            [Token::Name(name), behind @ ..] => {
                member(reading, scope, &module, name, name);
                behind
            }
            [Token::Mark(','), behind @ ..] => behind,
            _ => return rest,
        };
    }
}

fn member(reading: &mut Reading, scope: &mut Scope, module: &str, name: &str, alias: &str) {
    let symbol = format!("{module}.{name}");
    reading.name(&symbol);
    scope.bind(alias, &symbol);
}

/// A name with its attributes and calls; an assignment where that is what it is.
fn expression<'t>(
    reading: &mut Reading,
    scope: &mut Scope,
    word: &str,
    tokens: &'t [Token],
) -> &'t [Token] {
    // `name = other.name` makes the one stand for the other.
    if let [Token::Mark('='), Token::Name(other), behind @ ..] = tokens
        && !is_keyword(other)
    {
        let (symbol, rest) = chain(reading, scope, other, behind);
        if let Some(symbol) = symbol
            && matches!(rest.first(), None | Some(Token::End))
        {
            scope.bind(word, &symbol);
        }
        return rest;
    }
    // The name of a keyword argument is none of the program's.
    if let [Token::Mark('='), behind @ ..] = tokens
        && !matches!(behind, [Token::Mark('='), ..])
    {
        return behind;
    }
    chain(reading, scope, word, tokens).1
}

/// Follows `name.attribute`, `__import__("module").attribute` and `getattr(name, "attribute")`.
/// Returns what it ends in, where that is a name, and what follows.
fn chain<'t>(
    reading: &mut Reading,
    scope: &Scope,
    word: &str,
    tokens: &'t [Token],
) -> (Option<String>, &'t [Token]) {
    let mut rest = tokens;
    let mut symbol = match scope.meaning(word) {
        Some(meaning) => meaning.to_owned(),
        None => word.to_owned(),
    };
    let mut bare = scope.meaning(word).is_none();
    loop {
        rest = match rest {
            [Token::Mark('.'), Token::Name(attribute), behind @ ..] => {
                symbol.push('.');
                symbol.push_str(attribute);
                bare = false;
                behind
            }
            [Token::Mark('('), behind @ ..] => {
                if let Some((meaning, behind)) = called(reading, scope, &symbol, behind) {
                    symbol = meaning;
                    bare = false;
                    rest = behind;
                    continue;
                }
                reading.call(&qualified(&symbol, bare));
                return (None, behind);
            }
            _ => {
                reading.name(&qualified(&symbol, bare));
                return (Some(symbol), rest);
            }
        };
    }
}

/// A name that nothing in the source binds is a builtin, or of the surroundings.
fn qualified(symbol: &str, bare: bool) -> String {
    if bare {
        format!("builtins.{symbol}")
    } else {
        symbol.to_owned()
    }
}

/// What a call with plain arguments stands for.
fn called<'t>(
    reading: &mut Reading,
    scope: &Scope,
    callee: &str,
    arguments: &'t [Token],
) -> Option<(String, &'t [Token])> {
    let last = callee.rsplit('.').next().unwrap_or_default();
    match arguments {
        [Token::Text(module, _), Token::Mark(')'), behind @ ..] if IMPORTERS.contains(&last) => {
            reading.import(module);
            Some((module.clone(), behind))
        }
        [Token::Name(object), behind @ ..] if last == ATTRIBUTE => {
            let (object, behind) = owner(reading, scope, object, behind);
            match behind {
                [
                    Token::Mark(','),
                    Token::Text(attribute, _),
                    Token::Mark(')'),
                    behind @ ..,
                ] => Some((format!("{object}.{attribute}"), behind)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The first argument of `getattr`: a dotted name, or an import by call.
fn owner<'t>(
    reading: &mut Reading,
    scope: &Scope,
    word: &str,
    tokens: &'t [Token],
) -> (String, &'t [Token]) {
    if let [
        Token::Mark('('),
        Token::Text(module, _),
        Token::Mark(')'),
        behind @ ..,
    ] = tokens
        && IMPORTERS.contains(&word)
    {
        reading.import(module);
        return (module.clone(), behind);
    }
    let mut symbol = scope.meaning(word).unwrap_or(word).to_owned();
    let mut rest = tokens;
    while let [Token::Mark('.'), Token::Name(attribute), behind @ ..] = rest {
        symbol = format!("{symbol}.{attribute}");
        rest = behind;
    }
    (symbol, rest)
}

/// The expressions inside an f-string.
fn formatted_parts(reading: &mut Reading, text: &str) {
    for part in text.split('{').skip(1) {
        let end = part.find('}').unwrap_or(part.len());
        let part = part.get(..end).unwrap_or_default();
        if !part.is_empty() {
            reading.inner(PayloadKind::Source, part.as_bytes());
        }
    }
}
