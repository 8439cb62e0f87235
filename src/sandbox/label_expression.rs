//! The text form of label selectors, parsed as the API server does
//! (`k8s.io/apimachinery/pkg/labels`): `app=web, tier in (front, back), !legacy`.

use crate::schema::label_selector::Requirement;

/// What may stand between a label and its value.
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

/// Characters that are no part of a name.
const SPECIAL: &str = "=!(),<>";

/// Parses a selector; the error says what a server answers.
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { tokens: tokens(text), at: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            "" => return Ok(requirements),
            token if token == "!" || is_name(token) => {}
            token => {
                return Err(format!(
                    "found '{token}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        let requirement = parser.requirement();
        requirements
            .push(requirement.map_err(|why| format!("unable to parse requirement: {why}"))?);
        match parser.next() {
            "" => return Ok(requirements),
            "," => match parser.peek() {
                token if token == "!" || is_name(token) => {}
                token => return Err(format!("found '{token}', expected: identifier after ','")),
            },
            token => return Err(format!("found '{token}', expected: ',' or 'end of string'")),
        }
    }
}

fn is_name(token: &str) -> bool {
    !token.is_empty() && !token.starts_with(|c| SPECIAL.contains(c))
}

/// Cuts a text into names and operators.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("==") || rest.starts_with("!=") {
            2
        } else if SPECIAL.contains(first) {
            1
        } else {
            rest.find(|c| SPECIAL.contains(c) || is_blank(c)).unwrap_or(rest.len())
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind.trim_start_matches(is_blank);
    }
    tokens
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

struct Parser<'t> {
    tokens: Vec<&'t str>,
    at: usize,
}

impl<'t> Parser<'t> {
    /// Gives the next token; an empty one at the end.
    fn peek(&self) -> &'t str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }

    fn next(&mut self) -> &'t str {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_absent = self.peek() == "!";
        self.at += usize::from(is_absent);
        let key = match self.next() {
            token if is_name(token) => token.to_owned(),
            token => return Err(format!("found '{token}', expected: identifier")),
        };
        if is_absent {
            return Ok(Requirement::Absent(key));
        }
        if matches!(self.peek(), "" | ",") {
            return Ok(Requirement::Exists(key));
        }
        match self.next() {
            "in" => self.values().map(|values| Requirement::In(key, values)),
            "notin" => self.values().map(|values| Requirement::NotIn(key, values)),
            "=" | "==" => self.value().map(|value| Requirement::In(key, vec![value])),
            "!=" => self.value().map(|value| Requirement::NotIn(key, vec![value])),
            token @ (">" | "<") => {
                let value = self.value()?;
                let bound = value.parse().map_err(|_| {
                    format!(
                        "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, \
                         the value must be an integer"
                    )
                })?;
                Ok(match token {
                    ">" => Requirement::Above(key, bound),
                    _ => Requirement::Below(key, bound),
                })
            }
            token => Err(format!("found '{token}', expected: {OPERATORS}")),
        }
    }

    /// Reads what is behind `=`: nothing is the empty text.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            token if is_name(token) => Ok(self.next().to_owned()),
            token => Err(format!("found '{token}', expected: identifier")),
        }
    }

    /// Reads what is behind `in`: `(a, b)`; nothing between commas is the empty text.
    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            "(" => {}
            token => return Err(format!("found '{token}' expected: '('")),
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                "," | ")" => values.push(String::new()),
                token if is_name(token) => values.push(self.next().to_owned()),
                token if values.is_empty() => {
                    return Err(format!("found '{token}', expected: ',', ')' or identifier"));
                }
                token => return Err(format!("found '{token}', expected: ',', or identifier")),
            }
            match self.next() {
                "," => {}
                ")" => return Ok(values),
                token => return Err(format!("found '{token}', expected: ',' or ')'")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_refuses_is_refused_in_its_words() {
        for (text, message) in [
            ("team in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("team=a=b", "found '=', expected: ',' or 'end of string'"),
            (
                "team notin (",
                "unable to parse requirement: found '', expected: ',', ')' or identifier",
            ),
            (",", "found ',', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("a,,b", "found ',', expected: identifier after ','"),
            (
                "a b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a in (b) c", "found 'c', expected: ',' or 'end of string'"),
            ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("a=(", "unable to parse requirement: found '(', expected: identifier"),
            (
                "a>b",
                "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' \
                 operators, the value must be an integer",
            ),
        ] {
            assert_eq!(parse(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn blanks_and_empty_values_are_read_as_a_server_reads_them() {
        let (key, none) = ("a".to_owned(), String::new());
        for (text, expected) in [
            (" a ", Requirement::Exists(key.clone())),
            ("! a", Requirement::Absent(key.clone())),
            ("a=", Requirement::In(key.clone(), vec![none.clone()])),
            ("a in ()", Requirement::In(key.clone(), vec![none.clone()])),
            ("a in (,)", Requirement::In(key.clone(), vec![none.clone(), none.clone()])),
            ("a notin(b,)", Requirement::NotIn(key.clone(), vec!["b".to_owned(), none])),
            ("a > 3", Requirement::Above(key.clone(), 3)),
            ("a<3", Requirement::Below(key, 3)),
        ] {
            assert_eq!(parse(text), Ok(vec![expected]), "{text}");
        }
    }
}
