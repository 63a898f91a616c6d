//! Running expressions.

use alloc::{borrow::Cow, borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use core::{cell::Cell, fmt};

use serde_json::Value;

use super::{
    super::text::{is_ip_literal, is_qualified_name, is_subdomain, parse_go_duration},
    Expr, Function, Macro, Operator,
    value::Val,
};

/// How many expressions one rule may run for one value. The server counts in a similar way and stops at the same number; what
/// keeps to the limits of the CRDs needs a tenth of it. It takes a stored object with lists beyond them to get here.
const STEPS: u64 = 1_000_000;

/// Why a rule has no answer, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct CelError(Box<str>);

impl CelError {
    pub(super) fn new(message: &str) -> Self {
        Self(message.into())
    }

    pub(super) fn no_overload() -> Self {
        Self::new("no such overload")
    }
}

impl<T: Into<Box<str>>> From<T> for CelError {
    fn from(message: T) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for CelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who has the regular expressions of the rules.
pub(in super::super) trait Matcher {
    /// Whether the pattern matches somewhere in the text.
    fn matches(&self, pattern: &str, text: &str) -> Option<bool>;
}

/// Runs an expression for a value and the one before it, and takes its steps off the budget.
pub(super) fn run(
    expression: &Expr,
    this: &Value,
    old: Option<&Value>,
    matcher: &dyn Matcher,
    budget: &mut u64,
) -> Result<bool, CelError> {
    let evaluator = Evaluator { this, old, matcher, steps: Cell::new(0), limit: STEPS.min(*budget) };
    let outcome = evaluator.eval(expression, None).and_then(|value| value.as_bool());
    let steps = evaluator.steps.get();
    *budget = if steps > evaluator.limit { 0 } else { *budget - steps };
    outcome
}

struct Evaluator<'a> {
    this: &'a Value,
    old: Option<&'a Value>,
    matcher: &'a dyn Matcher,
    steps: Cell<u64>,
    limit: u64,
}

/// Variables of the quantifiers around an expression.
#[derive(Clone, Copy)]
struct Scope<'s, 'a> {
    name: &'s str,
    value: &'s Val<'a>,
    outer: Option<&'s Self>,
}

type Outcome<'a> = Result<Val<'a>, CelError>;

impl<'a> Evaluator<'a> {
    fn eval<'s>(&self, expression: &'a Expr, scope: Option<&'s Scope<'s, 'a>>) -> Outcome<'a> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > self.limit {
            return Err(CelError::new("operation cancelled: actual cost limit exceeded"));
        }
        match expression {
            Expr::Bool(value) => Ok(Val::Bool(*value)),
            Expr::Int(number) => Ok(Val::Int(*number)),
            Expr::Text(text) => Ok(Val::text(text)),
            Expr::List(items) => items.iter().map(|item| self.eval(item, scope)).collect::<Result<_, _>>().map(Val::List),
            Expr::Name(name) => self.variable(name, scope),
            Expr::Field(of, field) => self.eval(of, scope)?.field(field),
            Expr::Has(of, field) => self.eval(of, scope)?.has(field).map(Val::Bool),
            Expr::Index(of, at) => self.eval(of, scope)?.at(&self.eval(at, scope)?),
            Expr::Not(inner) => self.truth(inner, scope).map(|value| Val::Bool(!value)),
            Expr::Negative(inner) => {
                let number = self.eval(inner, scope)?.as_int()?;
                number.checked_neg().map(Val::Int).ok_or_else(overflow)
            }
            Expr::And(one, other) => self.both(false, one, other, scope),
            Expr::Or(one, other) => self.both(true, one, other, scope),
            Expr::If(condition, then, otherwise) => {
                self.eval(if self.truth(condition, scope)? { then } else { otherwise }, scope)
            }
            Expr::Binary(operator, one, other) => binary(*operator, self.eval(one, scope)?, self.eval(other, scope)?),
            Expr::Each(each, of, name, body) => {
                let items = self.eval(of, scope)?.items()?;
                self.steps.set(self.steps.get() + items.len() as u64);
                self.each(*each, items, (name, body), scope)
            }
            Expr::Call(function, arguments) => {
                let arguments: Vec<Val<'a>> =
                    arguments.iter().map(|argument| self.eval(argument, scope)).collect::<Result<_, _>>()?;
                self.call(*function, &arguments)
            }
        }
    }

    fn variable<'s>(&self, name: &str, scope: Option<&'s Scope<'s, 'a>>) -> Outcome<'a> {
        let mut scope = scope;
        while let Some(inner) = scope {
            if inner.name == name {
                return Ok(inner.value.clone());
            }
            scope = inner.outer;
        }
        match (name, self.old) {
            ("self", _) => Val::of(self.this),
            ("oldSelf", Some(old)) => Val::of(old),
            _ => Err(format!("no such attribute(s): {name}").into()),
        }
    }

    fn truth<'s>(&self, expression: &'a Expr, scope: Option<&'s Scope<'s, 'a>>) -> Result<bool, CelError> {
        self.eval(expression, scope)?.as_bool()
    }

    /// `&&` and `||`: the side that decides does so even if the other one is an error, whichever comes first.
    fn both<'s>(&self, decides: bool, one: &'a Expr, other: &'a Expr, scope: Option<&'s Scope<'s, 'a>>) -> Outcome<'a> {
        let first = self.truth(one, scope);
        if first == Ok(decides) {
            return Ok(Val::Bool(decides));
        }
        let second = self.truth(other, scope);
        if second == Ok(decides) {
            return Ok(Val::Bool(decides));
        }
        first.and(second).map(Val::Bool)
    }

    fn each<'s>(
        &self,
        each: Macro,
        items: Vec<Val<'a>>,
        (name, body): (&'a str, &'a Expr),
        outer: Option<&'s Scope<'s, 'a>>,
    ) -> Outcome<'a> {
        let truth = |value: &Val<'a>| self.truth(body, Some(&Scope { name, value, outer }));
        match each {
            Macro::All | Macro::Exists => {
                let decides = each == Macro::Exists;
                let mut outcome = Ok(Val::Bool(!decides));
                for item in &items {
                    match truth(item) {
                        Ok(value) if value == decides => return Ok(Val::Bool(decides)),
                        Ok(_) => {}
                        // Another item may decide yet.
                        Err(error) => outcome = outcome.and(Err(error)),
                    }
                }
                outcome
            }
            Macro::ExistsOne => {
                let mut count = 0_u32;
                for item in &items {
                    count += u32::from(truth(item)?);
                }
                Ok(Val::Bool(count == 1))
            }
            Macro::Filter => {
                let mut kept = Vec::new();
                for item in items {
                    if truth(&item)? {
                        kept.push(item);
                    }
                }
                Ok(Val::List(kept))
            }
            Macro::Map => {
                let mapped = items.iter().map(|value| self.eval(body, Some(&Scope { name, value, outer })));
                mapped.collect::<Result<_, _>>().map(Val::List)
            }
        }
    }

    fn call(&self, function: Function, arguments: &[Val<'a>]) -> Outcome<'a> {
        match (function, arguments) {
            (Function::Size, [of]) => of.size().map(Val::Int),
            (Function::Matches, [of, pattern]) => {
                let (text, pattern) = (of.as_text()?, pattern.as_text()?);
                self.matcher.matches(pattern, text).map(Val::Bool).ok_or_else(CelError::no_overload)
            }
            (Function::Contains, [of, part]) => Ok(Val::Bool(of.as_text()?.contains(part.as_text()?))),
            (Function::StartsWith, [of, part]) => Ok(Val::Bool(of.as_text()?.starts_with(part.as_text()?))),
            (Function::EndsWith, [of, part]) => Ok(Val::Bool(of.as_text()?.ends_with(part.as_text()?))),
            (Function::Substring, [of, start]) => substring(of.as_text()?, start.as_int()?, of.size()?),
            (Function::Substring, [of, start, end]) => substring(of.as_text()?, start.as_int()?, end.as_int()?),
            (Function::Split, [of, separator]) => split(of.as_text()?, separator.as_text()?),
            (Function::Duration, [of]) => {
                let text = of.as_text()?;
                let nanoseconds =
                    parse_go_duration(text).ok_or_else(|| CelError::from(format!("time: invalid duration {text:?}")))?;
                Ok(Val::Duration(nanoseconds))
            }
            (Function::IsIp, [of]) => Ok(Val::Bool(is_ip_literal(of.as_text()?))),
            (Function::Subdomain | Function::QualifiedName, []) => Ok(Val::Format(function)),
            (Function::Validate, [Val::Format(Function::Subdomain), of]) => Ok(Val::Optional(!is_subdomain(of.as_text()?))),
            (Function::Validate, [Val::Format(_), of]) => Ok(Val::Optional(!is_qualified_name(of.as_text()?))),
            (Function::HasValue, [Val::Optional(has)]) => Ok(Val::Bool(*has)),
            _ => Err(CelError::no_overload()),
        }
    }
}

fn binary<'a>(operator: Operator, one: Val<'a>, other: Val<'a>) -> Outcome<'a> {
    use core::cmp::Ordering;
    let ordered = |holds: fn(Ordering) -> bool| one.compare(&other).map(|order| Val::Bool(holds(order)));
    match operator {
        Operator::Equal => Ok(Val::Bool(one.equals(&other))),
        Operator::Unequal => Ok(Val::Bool(!one.equals(&other))),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::In => Ok(Val::Bool(other.items()?.iter().any(|item| item.equals(&one)))),
        Operator::Add => arithmetic(&one, &other, i64::checked_add),
        Operator::Subtract => arithmetic(&one, &other, i64::checked_sub),
        Operator::Multiply => arithmetic(&one, &other, i64::checked_mul),
        Operator::Divide => arithmetic(&one, &other, i64::checked_div),
        Operator::Remainder => arithmetic(&one, &other, i64::checked_rem),
    }
}

fn arithmetic<'a>(one: &Val<'a>, other: &Val<'a>, compute: fn(i64, i64) -> Option<i64>) -> Outcome<'a> {
    compute(one.as_int()?, other.as_int()?).map(Val::Int).ok_or_else(overflow)
}

fn overflow() -> CelError {
    CelError::new("integer overflow")
}

/// The characters from `start` up to `end`.
fn substring<'a>(text: &str, start: i64, end: i64) -> Outcome<'a> {
    let length = text.chars().count();
    let position = |at: i64| usize::try_from(at).ok().filter(|at| *at <= length);
    let bad = |at: i64| CelError::from(format!("index out of range: {at}"));
    let (from, to) = (position(start).ok_or_else(|| bad(start))?, position(end).ok_or_else(|| bad(end))?);
    let count =
        to.checked_sub(from).ok_or_else(|| CelError::from(format!("invalid substring range. start: {start}, end: {end}")))?;
    Ok(Val::Text(Cow::Owned(text.chars().skip(from).take(count).collect::<String>())))
}

fn split<'a>(text: &str, separator: &str) -> Outcome<'a> {
    let part = |part: &str| Val::Text(Cow::Owned(part.to_owned()));
    if separator.is_empty() {
        return Ok(Val::List(text.split("").filter(|letter| !letter.is_empty()).map(part).collect()));
    }
    Ok(Val::List(text.split(separator).map(part).collect()))
}
