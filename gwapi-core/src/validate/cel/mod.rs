//! The part of the Common Expression Language that rules of the CRDs use.
//!
//! A general engine would bring types, protobuf and a cost model along. The rules use a page of it: fields, comparisons,
//! `has`, quantifiers over lists and keys, and a dozen functions. What lies outside is an error of [`parse`], so that
//! `cargo xtask crds` names it when a release of the CRDs needs more.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde_json::Value;

mod eval;
mod lex;
mod parse;
#[cfg(test)]
mod tests;
mod value;

pub(super) use eval::{CelError, Matcher};
pub(super) use parse::parse;

/// A rule, ready to run.
#[derive(Debug)]
pub(super) struct Program {
    expression: Expr,
    /// Whether it compares with the value that was there before.
    pub(super) uses_old_self: bool,
    patterns: Vec<Box<str>>,
}

impl Program {
    /// The regular expressions that the rule matches texts with.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(AsRef::as_ref)
    }

    /// What the rule says of a value. The budget is what all rules of an object may spend; it is zero once a rule has spent
    /// too much.
    pub(super) fn holds(
        &self,
        this: &Value,
        old: Option<&Value>,
        matcher: &dyn Matcher,
        budget: &mut u64,
    ) -> Result<bool, CelError> {
        eval::run(&self.expression, this, old, matcher, budget)
    }
}

/// An expression.
#[derive(Debug)]
enum Expr {
    Bool(bool),
    Int(i64),
    Text(Box<str>),
    List(Vec<Self>),
    Name(Box<str>),
    /// `of.field`
    Field(Box<Self>, Box<str>),
    /// `has(of.field)`
    Has(Box<Self>, Box<str>),
    /// `of[at]`
    Index(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Negative(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// `condition ? then : otherwise`
    If(Box<Self>, Box<Self>, Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    /// `of.all(name, body)` and its like.
    Each(Macro, Box<Self>, Box<str>, Box<Self>),
    Call(Function, Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Size,
    Matches,
    Contains,
    StartsWith,
    EndsWith,
    Substring,
    Split,
    Duration,
    IsIp,
    /// `format.dns1123Subdomain()`
    Subdomain,
    /// `format.qualifiedName()`
    QualifiedName,
    Validate,
    HasValue,
}

/// An error of a rule itself.
type ParseError = String;
