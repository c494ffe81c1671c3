//! Python source as tokens, read tolerantly: whatever is no token is skipped.

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or a keyword.
    Name(String),
    /// Text or bytes, its simple escapes undone; `true` where it is an f-string.
    Text(String, bool),
    /// A number, where it is a small one in decimal digits.
    Number(Option<u32>),
    /// One character of punctuation.
    Mark(char),
    /// The end of a line outside of brackets, or a semicolon.
    End,
}

/// Tokens that are read of one source, counted.
const MOST: usize = 200_000;

/// Cuts source into tokens. Neighbouring texts, also with a plus between them, become one.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = source;
    let mut depth = 0usize;
    while let Some(first) = rest.chars().next()
        && tokens.len() < MOST
    {
        let (token, behind) = next(rest, first);
        rest = behind;
        match token {
            Some(Token::Mark(mark)) => {
                match mark {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                tokens.push(Token::Mark(mark));
            }
            Some(Token::End) if depth > 0 && first != ';' => {}
            Some(Token::Text(text, formatted)) => push_text(&mut tokens, text, formatted),
            Some(token) => tokens.push(token),
            None => {}
        }
    }
    tokens
}

fn next(text: &str, first: char) -> (Option<Token>, &str) {
    let skip = |count: usize| text.get(count..).unwrap_or_default();
    match first {
        '\n' | ';' => (Some(Token::End), skip(1)),
        '#' => {
            let end = text.find('\n').unwrap_or(text.len());
            (None, skip(end))
        }
        '\\' => (None, text.strip_prefix("\\\n").unwrap_or(skip(1))),
        _ if first.is_whitespace() => (None, skip(first.len_utf8())),
        '0'..='9' => {
            let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
            let (digits, behind) = text
                .split_at_checked(end.unwrap_or(text.len()))
                .unwrap_or((text, ""));
            (Some(Token::Number(digits.parse().ok())), behind)
        }
        '\'' | '"' => quoted(text, ""),
        _ if first.is_alphabetic() || first == '_' => {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
            let (word, behind) = text
                .split_at_checked(end.unwrap_or(text.len()))
                .unwrap_or((text, ""));
            let is_prefix = word.len() <= 2 && word.chars().all(|c| "bBrRuUfFtT".contains(c));
            if is_prefix && behind.starts_with(['\'', '"']) {
                return quoted(behind, word);
            }
            (Some(Token::Name(word.to_owned())), behind)
        }
        _ => (Some(Token::Mark(first)), skip(first.len_utf8())),
    }
}

/// A text from its quote on.
fn quoted<'t>(text: &'t str, prefix: &str) -> (Option<Token>, &'t str) {
    let raw = prefix.contains(['r', 'R']);
    let formatted = prefix.contains(['f', 'F', 't', 'T']);
    let quote = text.get(..1).unwrap_or_default();
    let triple = quote.repeat(3);
    let delimiter = if text.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let body = text.get(delimiter.len()..).unwrap_or_default();
    let mut length = 0;
    while let Some(behind) = body.get(length..)
        && let Some(character) = behind.chars().next()
    {
        if behind.starts_with(delimiter) || (character == '\n' && delimiter.len() == 1) {
            break;
        }
        let escaped = behind.get(1..).and_then(|escaped| escaped.chars().next());
        length += match (character, escaped) {
            ('\\', Some(escaped)) => 1 + escaped.len_utf8(),
            _ => character.len_utf8(),
        };
    }
    let (content, behind) = body.split_at_checked(length).unwrap_or((body, ""));
    let behind = behind.strip_prefix(delimiter).unwrap_or(behind);
    let content = if raw {
        content.to_owned()
    } else {
        unescaped(content)
    };
    (Some(Token::Text(content, formatted)), behind)
}

/// Undoes the escapes that spell characters by number, and the common ones.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let Some(letter) = behind.chars().next() else {
            return out;
        };
        let after = behind.get(letter.len_utf8()..).unwrap_or_default();
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let code = after.get(..digits).filter(|digits| !digits.is_empty());
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        rest = after;
        match (letter, code.and_then(char::from_u32)) {
            (_, Some(character)) => {
                out.push(character);
                rest = after.get(digits..).unwrap_or_default();
            }
            ('0'..='7', _) => {
                let end = behind
                    .find(|c: char| !c.is_digit(8))
                    .unwrap_or(behind.len())
                    .min(3);
                let digits = behind.get(..end).unwrap_or_default();
                out.extend(u32::from_str_radix(digits, 8).ok().and_then(char::from_u32));
                rest = behind.get(end..).unwrap_or_default();
            }
            ('n', _) => out.push('\n'),
            ('t', _) => out.push('\t'),
            ('r', _) => out.push('\r'),
            ('\n', _) => {}
            ('\\' | '\'' | '"', _) => out.push(letter),
            _ => out.extend(['\\', letter]),
        }
    }
    out.push_str(rest);
    out
}

fn push_text(tokens: &mut Vec<Token>, text: String, formatted: bool) {
    let joined = match tokens.as_slice() {
        [.., Token::Text(..), Token::Mark('+')] => {
            tokens.pop();
            true
        }
        [.., Token::Text(..)] => true,
        _ => false,
    };
    match tokens.last_mut() {
        Some(Token::Text(before, formatted_before)) if joined => {
            before.push_str(&text);
            *formatted_before |= formatted;
        }
        _ => tokens.push(Token::Text(text, formatted)),
    }
}
