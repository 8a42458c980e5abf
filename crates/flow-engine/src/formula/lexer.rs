//! The tokens of a formula.

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword, without quotes.
    Word(String),
    /// A name in backticks.
    Quoted(String),
    Text(String),
    Int(i32),
    Long(i64),
    Double(f64),
    /// A number with a decimal point: its digits and scale.
    Decimal(i128, u32),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 20] = [
    "<=>", "<=", ">=", "<>", "!=", "==", "||", "(", ")", ",", "+", "-", "*", "/", "%", "=", "<",
    ">", "!", ".",
];

/// Splits a formula into tokens.
pub(super) fn tokens(formula: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = formula.trim_start();
    while let Some(first) = rest.chars().next() {
        let number = first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()));
        let (token, left) = if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (word, left) = rest.split_at(end.unwrap_or(rest.len()));
            (Token::Word(word.to_owned()), left)
        } else if number {
            self::number(rest)?
        } else if first == '\'' || first == '"' {
            let (text, left) = self::text(rest, first)?;
            // Adjacent strings are concatenated.
            match tokens.last_mut() {
                Some(Token::Text(before)) => {
                    before.push_str(&text);
                    rest = left.trim_start();
                    continue;
                }
                _ => (Token::Text(text), left),
            }
        } else if first == '`' {
            quoted(&rest[1..])?
        } else if rest.starts_with("--") || rest.starts_with("/*") {
            return Err("comments are not supported".to_owned());
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            (Token::Symbol(symbol), &rest[symbol.len()..])
        } else {
            return Err(format!("`{first}` is not supported"));
        };
        tokens.push(token);
        rest = left.trim_start();
    }
    Ok(tokens)
}

fn number(rest: &str) -> Result<(Token, &str), String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut end = whole;
    let mut fraction = None;
    if rest[end..].starts_with('.') {
        let length = digits(&rest[end + 1..]);
        fraction = Some(length);
        end += 1 + length;
    }
    let mut exponent = false;
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let length = digits(&rest[end + 1 + sign..]);
        if length > 0 {
            exponent = true;
            end += 1 + sign + length;
        }
    }
    let (number, left) = rest.split_at(end);
    let suffix = left.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(left.len());
    let (suffix, after) = left.split_at(suffix);
    let whole_number = fraction.is_none() && !exponent;
    let wrong = || format!("the number `{number}{suffix}` is not supported");
    let token = match suffix.to_ascii_uppercase().as_str() {
        "D" => Token::Double(number.parse().map_err(|_| wrong())?),
        "" if exponent => Token::Double(number.parse().map_err(|_| wrong())?),
        "L" if whole_number => Token::Long(number.parse().map_err(|_| wrong())?),
        "" if whole_number => match number.parse::<i64>() {
            Ok(long) => i32::try_from(long).map_or(Token::Long(long), Token::Int),
            Err(_) => return Err(wrong()),
        },
        "" => {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            // Leaves room for comparisons with a 19-digit long.
            if digits.len() > 18 {
                return Err(format!("{}; write {number}D for a double", wrong()));
            }
            let scale = u32::try_from(fraction.unwrap_or(0)).map_err(|_| wrong())?;
            Token::Decimal(digits.parse().map_err(|_| wrong())?, scale)
        }
        _ => return Err(wrong()),
    };
    Ok((token, after))
}

/// Reads a string literal with Spark's escapes.
fn text(rest: &str, quote: char) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut characters = rest[1..].char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Ok((text, &rest[at + 2..]));
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next().map(|(_, escaped)| escaped) {
            Some('b') => text.push('\u{8}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('Z') => text.push('\u{1a}'),
            Some(wildcard @ ('%' | '_')) => text.extend(['\\', wildcard]),
            Some(code @ ('u' | 'U' | '0'..='9')) => {
                return Err(format!("the escape `\\{code}` is not supported; write the character"));
            }
            Some(other) => text.push(other),
            None => break,
        }
    }
    Err("a string has no closing quote".to_owned())
}

fn quoted(rest: &str) -> Result<(Token, &str), String> {
    let mut name = String::new();
    let mut rest = rest;
    while let Some((part, left)) = rest.split_once('`') {
        name.push_str(part);
        match left.strip_prefix('`') {
            None => return Ok((Token::Quoted(name), left)),
            Some(left) => {
                name.push('`');
                rest = left;
            }
        }
    }
    Err("a backtick is not closed".to_owned())
}
