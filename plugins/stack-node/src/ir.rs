//! What is kept of a JavaScript file: a small program, just enough to run the parts that wire routers together.
//!
//! Route tables in Express are built by running code: routers are created, passed about, mounted in loops, returned from
//! functions. Matching shapes in the syntax finds the easy half, so a file is lowered to this form and the linker runs all
//! files together, abstractly and within a budget (`eval`). Bodies that cannot wire anything are pruned, which keeps a
//! summary small. Names and texts are interned.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

/// Index into [`Module::strings`].
pub type Sym = u32;

/// One file.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Module {
    /// Interned texts.
    pub strings: Vec<Rc<str>>,
    /// Functions, by index.
    pub functions: Vec<Function>,
    /// Classes, by index.
    pub classes: Vec<Class>,
    /// Top-level statements.
    pub body: Vec<Stmt>,
    /// Whether anything in it surely has to do with routers.
    pub wires: bool,
}

/// A function of any kind.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Function {
    /// Its name, if it has one.
    pub name: Option<Sym>,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Empty where nothing in it can matter.
    pub body: Vec<Stmt>,
    /// Keeps the `this` of where it was made.
    pub arrow: bool,
    /// Whether its body may create, fill or pass on a router.
    pub wires: Wires,
    /// It answers every request with 404.
    pub refuses: bool,
}

/// How much a function has to do with routers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Wires {
    /// Nothing.
    #[default]
    No,
    /// It calls what may.
    Maybe,
    /// It registers something, or hands on what goes by the name of an application or router.
    Surely,
}

/// A parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Param {
    /// What it binds.
    pub pattern: Pattern,
    /// A TypeScript parameter property, which also sets a field.
    pub field: bool,
    /// Takes all arguments that are left.
    pub rest: bool,
}

/// A class.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Class {
    /// Its name, if it has one.
    pub name: Option<Sym>,
    /// What it extends.
    pub parent: Option<Expr>,
    /// Index of the constructor's function.
    pub constructor: Option<u32>,
    /// Methods and getters.
    pub methods: Vec<Method>,
    /// Fields: name, value, static.
    pub fields: Vec<(Sym, Expr, bool)>,
}

/// A method or getter of a class.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Method {
    /// Its name.
    pub name: Sym,
    /// Index of its function.
    pub function: u32,
    /// Belongs to the class itself.
    pub fixed: bool,
    /// Runs when it is read.
    pub getter: bool,
}

/// A statement. Blocks and most branches are flattened: every path is taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Stmt {
    /// A declaration.
    Bind(Pattern, Expr),
    /// An expression for its effect.
    Expr(Expr),
    /// A returned value.
    Return(Expr),
    /// A loop over the values of something.
    Each(Pattern, Expr, Vec<Stmt>),
    /// A loop over the keys or indices of something.
    Keys(Pattern, Expr, Vec<Stmt>),
    /// An ES export.
    Export(Sym, Expr),
    /// `export * from`.
    ExportAll(Sym),
    /// A branch inside a loop or the callback of a list method, where what is asked of each element may be decided.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// The end of a decided branch: `return` or `continue`.
    Leave,
}

/// What a value is bound to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Pattern {
    /// Nothing.
    Ignore,
    /// A name.
    Name(Sym),
    /// Properties of an object.
    Object(Vec<(Sym, Pattern)>),
    /// Elements of an array.
    Array(Vec<Pattern>),
    /// A value where there is none.
    Default(Box<Pattern>, Box<Expr>),
}

/// An expression.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Expr {
    /// Not followed; its text, shortened.
    Text(Sym),
    /// A string, or a number written out.
    Str(Sym),
    /// A regular expression with its slashes.
    Regex(Sym),
    /// Parts joined to one string.
    Concat(Vec<Expr>),
    /// An array.
    Array(Vec<Expr>),
    /// The elements or properties of something.
    Spread(Box<Expr>),
    /// An object; a spread has no key of its own.
    Object(Vec<(Option<Sym>, Expr)>),
    /// A name.
    Name(Sym),
    /// `this`.
    This,
    /// `super`.
    Super,
    /// `a.b`.
    Member(Box<Expr>, Sym),
    /// `a[b]`.
    Index(Box<Expr>, Box<Expr>),
    /// A call.
    Call(Box<Call>),
    /// `new`.
    New(Box<Call>),
    /// Another module, by a specifier known here.
    Import(Sym),
    /// Another module, by a specifier computed.
    ImportOf(Box<Expr>),
    /// A function, by index.
    Function(u32),
    /// A class, by index.
    Class(u32),
    /// The first that is known: `a || b`, `c ? a : b`.
    Any(Vec<Expr>),
    /// All in turn; the last is the value.
    All(Vec<Expr>),
    /// `a = b`, where `a` is a name or a member.
    Assign(Box<Expr>, Box<Expr>),
    /// `a === b`.
    Same(Box<Expr>, Box<Expr>),
    /// `!a`.
    Not(Box<Expr>),
    /// `a ? b : c`, where `a` compares something.
    Pick(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// A call and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub callee: Expr,
    /// With what.
    pub args: Vec<Expr>,
    /// 1-based.
    pub line: u32,
    /// The trimmed line.
    pub quote: Sym,
}

impl Module {
    /// An interned text; empty for an index that is not there (a summary is data).
    pub fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym as usize).map_or("", |text| text)
    }
}
