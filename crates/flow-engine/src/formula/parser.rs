//! Parses the supported part of Spark SQL's expression grammar.

use super::function::Function;
use super::lexer::{Token, tokens};

/// The maximum depth of an expression. Deeper ones could overflow the stack.
const MAX_DEPTH: usize = 48;
/// The maximum number of nodes in an expression. `between`, `nullif` and `case x when` copy their
/// operands, so that a short formula could become a huge tree.
const MAX_PARTS: usize = 10_000;

/// An expression before type checking.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    pub(super) node: Node,
    depth: usize,
    parts: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Decimal(i128, u32),
    Text(String),
    Column(String),
    Cast(Box<Expression>, CastType),
    Negate(Box<Expression>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    IsNull(Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    /// Conditions with their values, and the value of `else`.
    Case(Vec<(Expression, Expression)>, Option<Box<Expression>>),
    Call(Function, Vec<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CastType {
    Boolean,
    Int,
    Long,
    Double,
    Text,
    Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntegerDivide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    NullSafeEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl CastType {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "boolean" => Self::Boolean,
            "int" | "integer" => Self::Int,
            "bigint" | "long" => Self::Long,
            "double" => Self::Double,
            "string" => Self::Text,
            "date" => Self::Date,
            _ => return None,
        })
    }

    /// Returns the type whose name is also a function, such as `double(x)`.
    fn function(name: &str) -> Option<Self> {
        let not_functions = ["integer", "long"];
        Self::named(name).filter(|_| !not_functions.contains(&name.to_ascii_lowercase().as_str()))
    }
}

/// Parses a formula.
pub(super) fn parse(formula: &str) -> Result<Expression, String> {
    let tokens = tokens(formula)?;
    if tokens.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut parser = Parser { tokens, position: 0, nesting: 0 };
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected {}", shown(token))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    nesting: usize,
}

impl Expression {
    fn new(node: Node) -> Result<Self, String> {
        let depth = 1 + node.children().map(|child| child.depth).max().unwrap_or(0);
        let parts = 1 + node.children().map(|child| child.parts).sum::<usize>();
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        if parts > MAX_PARTS {
            return Err(format!("has more than {MAX_PARTS} parts; split it into several formulas"));
        }
        Ok(Self { node, depth, parts })
    }
}

fn too_deep() -> String {
    format!("is nested more than {MAX_DEPTH} levels deep; split it into several formulas")
}

impl Node {
    fn children(&self) -> Box<dyn Iterator<Item = &Expression> + '_> {
        match self {
            Self::Cast(of, _) | Self::Negate(of) | Self::Not(of) | Self::IsNull(of) => {
                Box::new(std::iter::once(&**of))
            }
            Self::And(left, right)
            | Self::Or(left, right)
            | Self::Arithmetic(_, left, right)
            | Self::Compare(_, left, right) => Box::new([&**left, &**right].into_iter()),
            Self::In(of, list) => Box::new(std::iter::once(&**of).chain(list)),
            Self::Case(branches, otherwise) => {
                let branches = branches.iter().flat_map(|(when, then)| [when, then]);
                Box::new(branches.chain(otherwise.iter().map(|otherwise| &**otherwise)))
            }
            Self::Call(_, arguments) => Box::new(arguments.iter()),
            _ => Box::new(std::iter::empty()),
        }
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or("unexpected end of the formula")?;
        self.position += 1;
        Ok(token)
    }

    fn symbol(&mut self, symbol: &'static str) -> bool {
        let found = self.peek() == Some(&Token::Symbol(symbol));
        self.position += usize::from(found);
        found
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(keyword));
        self.position += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &'static str) -> Result<(), String> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.missing(symbol)) }
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), String> {
        if self.keyword(keyword) { Ok(()) } else { Err(self.missing(keyword)) }
    }

    fn missing(&self, expected: &str) -> String {
        match self.peek() {
            None => format!("expected `{expected}`, found the end of the formula"),
            Some(token) => format!("expected `{expected}`, found {}", shown(token)),
        }
    }

    fn expression(&mut self) -> Result<Expression, String> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(too_deep());
        }
        let mut left = self.conjunction()?;
        while self.keyword("or") {
            left = Expression::new(Node::Or(left.into(), self.conjunction()?.into()))?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expression, String> {
        let mut left = self.negation()?;
        while self.keyword("and") {
            left = Expression::new(Node::And(left.into(), self.negation()?.into()))?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, String> {
        let mut times = 0;
        while self.keyword("not") || self.symbol("!") {
            times += 1;
        }
        let mut expression = self.predicate()?;
        for _ in 0..times {
            expression = Expression::new(Node::Not(expression.into()))?;
        }
        Ok(expression)
    }

    fn predicate(&mut self) -> Result<Expression, String> {
        let value = self.comparison()?;
        if self.keyword("is") {
            let negated = self.keyword("not");
            self.expect_keyword("null")?;
            let is_null = Expression::new(Node::IsNull(value.into()))?;
            return negate_if(negated, is_null);
        }
        let negated = self.keyword("not");
        if self.keyword("between") {
            let low = self.comparison()?;
            self.expect_keyword("and")?;
            let high = self.comparison()?;
            let from = compare(Comparison::GreaterOrEqual, value.clone(), low)?;
            let to = compare(Comparison::LessOrEqual, value, high)?;
            return negate_if(negated, Expression::new(Node::And(from.into(), to.into()))?);
        }
        if self.keyword("in") {
            self.expect_symbol("(")?;
            let list = self.arguments()?;
            if list.is_empty() {
                return Err("has an empty list after `in`".to_owned());
            }
            return negate_if(negated, Expression::new(Node::In(value.into(), list))?);
        }
        if negated {
            return Err(self.missing("between` or `in"));
        }
        Ok(value)
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let mut left = self.sum()?;
        loop {
            let comparison = match self.peek() {
                Some(Token::Symbol("=" | "==")) => Comparison::Equal,
                Some(Token::Symbol("<>" | "!=")) => Comparison::NotEqual,
                Some(Token::Symbol("<=>")) => Comparison::NullSafeEqual,
                Some(Token::Symbol("<")) => Comparison::Less,
                Some(Token::Symbol("<=")) => Comparison::LessOrEqual,
                Some(Token::Symbol(">")) => Comparison::Greater,
                Some(Token::Symbol(">=")) => Comparison::GreaterOrEqual,
                _ => return Ok(left),
            };
            self.position += 1;
            left = compare(comparison, left, self.sum()?)?;
        }
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut left = self.product()?;
        loop {
            left = if self.symbol("+") {
                arithmetic(Arithmetic::Add, left, self.product()?)?
            } else if self.symbol("-") {
                arithmetic(Arithmetic::Subtract, left, self.product()?)?
            } else if self.symbol("||") {
                Expression::new(Node::Call(Function::Concat, vec![left, self.product()?]))?
            } else {
                return Ok(left);
            };
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.unary()?;
        loop {
            left = if self.symbol("*") {
                arithmetic(Arithmetic::Multiply, left, self.unary()?)?
            } else if self.symbol("/") {
                arithmetic(Arithmetic::Divide, left, self.unary()?)?
            } else if self.symbol("%") {
                arithmetic(Arithmetic::Remainder, left, self.unary()?)?
            } else if self.keyword("div") {
                arithmetic(Arithmetic::IntegerDivide, left, self.unary()?)?
            } else {
                return Ok(left);
            };
        }
    }

    fn unary(&mut self) -> Result<Expression, String> {
        let mut negative = Vec::new();
        loop {
            if self.symbol("-") {
                negative.push(());
            } else if !self.symbol("+") {
                break;
            }
        }
        let mut expression = self.primary()?;
        for () in negative {
            expression = Expression::new(match expression.node {
                // As in Spark, a minus before a number literal is part of the literal.
                Node::Int(value) => Node::Int(value.wrapping_neg()),
                Node::Long(2_147_483_648) => Node::Int(i32::MIN),
                Node::Long(value) => Node::Long(value.wrapping_neg()),
                Node::Double(value) => Node::Double(-value),
                Node::Decimal(digits, scale) => Node::Decimal(-digits, scale),
                _ => Node::Negate(expression.into()),
            })?;
        }
        Ok(expression)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        let node = match self.next()? {
            Token::Int(value) => Node::Int(value),
            Token::Long(value) => Node::Long(value),
            Token::Double(value) => Node::Double(value),
            Token::Decimal(digits, scale) => Node::Decimal(digits, scale),
            Token::Text(text) => Node::Text(text),
            Token::Quoted(name) => Node::Column(name),
            Token::Word(word) => return self.word(word),
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.expect_symbol(")")?;
                return Ok(inner);
            }
            token @ Token::Symbol(_) => return Err(format!("unexpected {}", shown(&token))),
        };
        if self.peek() == Some(&Token::Symbol(".")) {
            return Err("fields of structures (`a.b`) are not supported".to_owned());
        }
        Expression::new(node)
    }

    fn word(&mut self, word: String) -> Result<Expression, String> {
        let lower = word.to_ascii_lowercase();
        if self.symbol("(") {
            return self.call(&lower);
        }
        match lower.as_str() {
            "null" => Expression::new(Node::Null),
            "true" => Expression::new(Node::Boolean(true)),
            "false" => Expression::new(Node::Boolean(false)),
            "case" => self.case(),
            "and" | "or" | "not" | "in" | "between" | "is" | "when" | "then" | "else" | "end" => {
                Err(format!("unexpected `{word}`"))
            }
            "interval" | "date" | "timestamp" if matches!(self.peek(), Some(Token::Text(_))) => {
                Err(format!("{lower} literals are not supported"))
            }
            "current_timestamp" | "current_date" | "current_user" => {
                Err(format!("the function `{lower}` is not supported"))
            }
            _ if self.peek() == Some(&Token::Symbol(".")) => {
                Err("fields of structures (`a.b`) are not supported".to_owned())
            }
            _ => Expression::new(Node::Column(word)),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        if name == "cast" {
            let value = self.expression()?;
            self.expect_keyword("as")?;
            let token = self.next()?;
            let kind = match &token {
                Token::Word(word) => CastType::named(word),
                _ => None,
            };
            let kind =
                kind.ok_or_else(|| format!("a cast to {} is not supported", shown(&token)))?;
            self.expect_symbol(")")?;
            return Expression::new(Node::Cast(value.into(), kind));
        }
        let mut arguments = self.arguments()?;
        if let (Some(kind), [_]) = (CastType::function(name), arguments.as_slice()) {
            let value = arguments.remove(0);
            return Expression::new(Node::Cast(value.into(), kind));
        }
        let function = Function::named(name)
            .ok_or_else(|| format!("the function `{name}` is not supported"))?;
        function.check(arguments.len()).map_err(|expected| {
            format!("the function `{name}` has {} arguments; expected {expected}", arguments.len())
        })?;
        Expression::new(match (function, arguments.as_slice()) {
            (Function::IsNull, [of]) => Node::IsNull(of.clone().into()),
            (Function::IsNotNull, [of]) => {
                Node::Not(Expression::new(Node::IsNull(of.clone().into()))?.into())
            }
            (Function::If, [when, then, otherwise]) => {
                Node::Case(vec![(when.clone(), then.clone())], Some(otherwise.clone().into()))
            }
            (Function::NullIf, [left, right]) => {
                let equal = compare(Comparison::Equal, left.clone(), right.clone())?;
                Node::Case(vec![(equal, Expression::new(Node::Null)?)], Some(left.clone().into()))
            }
            (Function::Nvl2, [of, some, none]) => {
                let is_null = Expression::new(Node::IsNull(of.clone().into()))?;
                Node::Case(vec![(is_null, none.clone())], Some(some.clone().into()))
            }
            (Function::Mod, [left, right]) => {
                Node::Arithmetic(Arithmetic::Remainder, left.clone().into(), right.clone().into())
            }
            _ => Node::Call(function, arguments),
        })
    }

    /// Parses arguments after the opening parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expression>, String> {
        let mut arguments = Vec::new();
        if self.symbol(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.symbol(")") {
                return Ok(arguments);
            }
            self.expect_symbol(",")?;
        }
    }

    fn case(&mut self) -> Result<Expression, String> {
        let of = if self.keyword("when") {
            None
        } else {
            let of = self.expression()?;
            self.expect_keyword("when")?;
            Some(of)
        };
        let mut branches = Vec::new();
        loop {
            let mut when = self.expression()?;
            if let Some(of) = &of {
                when = compare(Comparison::Equal, of.clone(), when)?;
            }
            self.expect_keyword("then")?;
            branches.push((when, self.expression()?));
            if !self.keyword("when") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { Some(self.expression()?.into()) } else { None };
        self.expect_keyword("end")?;
        Expression::new(Node::Case(branches, otherwise))
    }
}

fn compare(with: Comparison, left: Expression, right: Expression) -> Result<Expression, String> {
    Expression::new(Node::Compare(with, left.into(), right.into()))
}

fn arithmetic(with: Arithmetic, left: Expression, right: Expression) -> Result<Expression, String> {
    Expression::new(Node::Arithmetic(with, left.into(), right.into()))
}

fn negate_if(negated: bool, expression: Expression) -> Result<Expression, String> {
    if negated { Expression::new(Node::Not(expression.into())) } else { Ok(expression) }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Quoted(name) => format!("column `{name}`"),
        Token::Text(text) => format!("string '{text}'"),
        Token::Int(number) => format!("`{number}`"),
        Token::Long(number) => format!("`{number}`"),
        Token::Double(number) => format!("`{number}`"),
        Token::Decimal(..) => "decimal number".to_owned(),
        Token::Symbol(symbol) => format!("`{symbol}`"),
    }
}
