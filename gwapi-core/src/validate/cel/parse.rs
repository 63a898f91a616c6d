//! Tokens into expressions.

use alloc::{
    borrow::ToOwned,
    boxed::Box,
    format,
    string::{String, ToString},
    vec::{IntoIter, Vec},
};
use core::iter::Peekable;

use super::{
    Expr, Function, Macro, Operator, ParseError, Program,
    lex::{Token, tokens},
};

/// Reads a rule.
pub(in super::super) fn parse(source: &str) -> Result<Program, ParseError> {
    let tokens = tokens(source)?;
    let uses_old_self = tokens.iter().any(|token| matches!(token, Token::Name(name) if name == "oldSelf"));
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), patterns: Vec::new(), depth: 0 };
    let expression = parser.expression()?;
    match parser.tokens.next() {
        None => Ok(Program { expression, uses_old_self, patterns: parser.patterns }),
        Some(token) => Err(format!("{token:?} behind the expression")),
    }
}

/// How deep expressions may nest.
const DEEPEST: usize = 60;

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    patterns: Vec<Box<str>>,
    depth: usize,
}

impl Parser {
    fn expression(&mut self) -> Result<Expr, ParseError> {
        self.deeper(|parser| {
            let condition = parser.or()?;
            if !parser.takes("?") {
                return Ok(condition);
            }
            let then = parser.or()?;
            parser.expect(":")?;
            Ok(Expr::If(condition.into(), then.into(), parser.expression()?.into()))
        })
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expr, ParseError>) -> Result<Expr, ParseError> {
        self.depth += 1;
        let parsed = if self.depth > DEEPEST { Err("nested too deeply".into()) } else { parse(self) };
        self.depth -= 1;
        parsed
    }

    fn or(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.and()?;
        while self.takes("||") {
            left = Expr::Or(left.into(), self.and()?.into());
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.relation()?;
        while self.takes("&&") {
            left = Expr::And(left.into(), self.relation()?.into());
        }
        Ok(left)
    }

    fn relation(&mut self) -> Result<Expr, ParseError> {
        use Operator::{Equal, Greater, GreaterOrEqual, In, Less, LessOrEqual, Unequal};
        const RELATIONS: &[(&str, Operator)] =
            &[("==", Equal), ("!=", Unequal), ("<=", LessOrEqual), (">=", GreaterOrEqual), ("<", Less), (">", Greater)];
        let mut left = self.sum()?;
        loop {
            let operator = match self.operator(RELATIONS) {
                None if self.tokens.next_if_eq(&Token::Name("in".into())).is_some() => In,
                None => return Ok(left),
                Some(operator) => operator,
            };
            left = Expr::Binary(operator, left.into(), self.sum()?.into());
        }
    }

    fn sum(&mut self) -> Result<Expr, ParseError> {
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&[("+", Operator::Add), ("-", Operator::Subtract)]) {
            left = Expr::Binary(operator, left.into(), self.product()?.into());
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, ParseError> {
        const PRODUCTS: &[(&str, Operator)] = &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
        let mut left = self.unary()?;
        while let Some(operator) = self.operator(PRODUCTS) {
            left = Expr::Binary(operator, left.into(), self.unary()?.into());
        }
        Ok(left)
    }

    fn operator(&mut self, known: &[(&str, Operator)]) -> Option<Operator> {
        known.iter().find(|(sign, _)| self.takes(sign)).map(|(_, operator)| *operator)
    }

    fn unary(&mut self) -> Result<Expr, ParseError> {
        if self.takes("!") {
            self.deeper(|parser| Ok(Expr::Not(parser.unary()?.into())))
        } else if self.takes("-") {
            self.deeper(|parser| Ok(Expr::Negative(parser.unary()?.into())))
        } else {
            self.member()
        }
    }

    fn member(&mut self) -> Result<Expr, ParseError> {
        let mut of = self.primary()?;
        loop {
            if self.takes(".") {
                let name = self.name()?;
                of = if self.takes("(") { self.method(of, &name)? } else { Expr::Field(of.into(), field(&name)) };
            } else if self.takes("[") {
                of = Expr::Index(of.into(), self.expression()?.into());
                self.expect("]")?;
            } else {
                return Ok(of);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        if self.takes("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.takes("[") {
            return Ok(Expr::List(self.list("]")?));
        }
        match self.tokens.next() {
            Some(Token::Int(number)) => Ok(Expr::Int(number)),
            Some(Token::Text(text)) => Ok(Expr::Text(text.into())),
            Some(Token::Name(name)) => match name.as_str() {
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                _ if self.takes("(") => self.call(&name),
                _ => Ok(Expr::Name(name.into())),
            },
            token => Err(format!("{token:?} where a value is expected")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr, ParseError> {
        let mut arguments = self.list(")")?;
        let function = match (name, arguments.len()) {
            ("has", 1) => {
                return match arguments.pop() {
                    Some(Expr::Field(of, field)) => Ok(Expr::Has(of, field)),
                    _ => Err("`has` of something that is no field".into()),
                };
            }
            ("size", 1) => Function::Size,
            ("duration", 1) => Function::Duration,
            ("isIP", 1) => Function::IsIp,
            _ => return Err(format!("function `{name}` with {} arguments", arguments.len())),
        };
        Ok(Expr::Call(function, arguments))
    }

    fn method(&mut self, of: Expr, name: &str) -> Result<Expr, ParseError> {
        let mut arguments = self.list(")")?;
        if let Some(each) = quantifier(name) {
            return match (arguments.pop(), arguments.pop(), arguments.pop()) {
                (Some(body), Some(Expr::Name(variable)), None) => Ok(Expr::Each(each, of.into(), variable, body.into())),
                _ => Err(format!("`{name}` without a variable and an expression")),
            };
        }
        let function = match (name, arguments.len()) {
            ("size", 0) => Function::Size,
            ("matches", 1) => {
                let [Expr::Text(pattern)] = arguments.as_slice() else { return Err("a pattern that is no text".into()) };
                self.patterns.push(pattern.clone());
                Function::Matches
            }
            ("contains", 1) => Function::Contains,
            ("startsWith", 1) => Function::StartsWith,
            ("endsWith", 1) => Function::EndsWith,
            ("substring", 1 | 2) => Function::Substring,
            ("split", 1) => Function::Split,
            ("validate", 1) => Function::Validate,
            ("hasValue", 0) => Function::HasValue,
            // `format` is a namespace of functions and no value.
            ("dns1123Subdomain", 0) if is_format(&of) => return Ok(Expr::Call(Function::Subdomain, arguments)),
            ("qualifiedName", 0) if is_format(&of) => return Ok(Expr::Call(Function::QualifiedName, arguments)),
            _ => return Err(format!("method `{name}` with {} arguments", arguments.len())),
        };
        arguments.insert(0, of);
        Ok(Expr::Call(function, arguments))
    }

    fn list(&mut self, end: &'static str) -> Result<Vec<Expr>, ParseError> {
        let mut items = Vec::new();
        while !self.takes(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.expression()?);
        }
        Ok(items)
    }

    fn name(&mut self) -> Result<String, ParseError> {
        match self.tokens.next() {
            Some(Token::Name(name)) => Ok(name),
            token => Err(format!("{token:?} where a name is expected")),
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(next) if *next == sign)).is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), ParseError> {
        if self.takes(sign) { Ok(()) } else { Err(format!("no `{sign}` before {:?}", self.tokens.peek())) }
    }
}

fn quantifier(name: &str) -> Option<Macro> {
    Some(match name {
        "all" => Macro::All,
        "exists" => Macro::Exists,
        "exists_one" => Macro::ExistsOne,
        "filter" => Macro::Filter,
        "map" => Macro::Map,
        _ => return None,
    })
}

fn is_format(of: &Expr) -> bool {
    matches!(of, Expr::Name(name) if **name == *"format")
}

/// Words of the language are escaped where fields have their names: `__namespace__`.
fn field(name: &str) -> Box<str> {
    let word = name.strip_prefix("__").and_then(|name| name.strip_suffix("__"));
    let unescaped = word.map_or_else(|| name.to_owned(), ToString::to_string);
    unescaped.into()
}
