//! Projects as interpreters report them, and chains that grow by what the provider answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use certus_engine::{
    Chain, ChainId, Decision, Digest, Fact, Place, Question, QuestionState, QuestionStatus, Reply, StackSummary,
    Uncertainty, View,
};

use crate::{ProviderError, Request, Tier};

/// Key, value, path, line, quote.
pub(crate) type Row = (&'static str, &'static str, &'static str, u32, &'static str);

/// A shop: Express, sessions in MongoDB, tests.
pub(crate) const SHOP: &[Row] = &[
    ("stack", "node with express 4.18.2, mongoose 7.6.3, express-session 1.17.3", "", 0, ""),
    ("entry-point", "app.js (start)", "package.json", 7, "\"start\": \"node app.js\","),
    ("entry-point", "app.js listens", "app.js", 61, "app.listen(process.env.PORT || 3000)"),
    ("auth.session", "express-session, store MongoStore", "app.js", 22, "app.use(session({"),
    ("session.store", "MongoStore.create({ mongoUrl })", "app.js", 24, "store: MongoStore.create({ mongoUrl }),"),
    ("session.cookie", "{ maxAge: 1000 * 60 * 60 * 24 }", "app.js", 27, "cookie: { maxAge: 1000 * 60 * 60 * 24 },"),
    ("session.use", "req.session.cart", "routes/cart.js", 9, "const cart = req.session.cart || [];"),
    (
        "auth.password-hash",
        "bcryptjs.compare",
        "routes/auth.js",
        19,
        "const ok = await bcrypt.compare(password, user.passwordHash);",
    ),
    ("auth.guard", "requireLogin", "middleware/auth.js", 3, "function requireLogin(req, res, next) {"),
    (
        "auth.middleware",
        "requireLogin on 6 routes",
        "routes/orders.js",
        8,
        "router.get('/', requireLogin, listOrders);",
    ),
    ("database", "mongoose.connect to process.env.MONGO_URL", "app.js", 14, "mongoose.connect(process.env.MONGO_URL);"),
    ("middleware.helmet", "helmet", "app.js", 18, "app.use(helmet());"),
    ("middleware.body-parser", "express.json", "app.js", 19, "app.use(express.json());"),
    (
        "error-handler",
        "errorHandler",
        "middleware/errors.js",
        5,
        "module.exports = function errorHandler(err, req, res, next) {",
    ),
    ("logging", "morgan", "app.js", 17, "app.use(morgan('combined'));"),
    ("config.env", "MONGO_URL", "app.js", 14, "mongoose.connect(process.env.MONGO_URL);"),
    ("config.env", "SESSION_SECRET", "app.js", 23, "secret: process.env.SESSION_SECRET,"),
    ("test.framework", "mocha ^10.2.0", "package.json", 31, "\"mocha\": \"^10.2.0\","),
    ("test.file", "4 tests: auth routes", "test/auth.test.js", 6, "describe('auth routes', () => {"),
    ("test.file", "5 tests: orders", "test/orders.test.js", 5, "describe('orders', () => {"),
    ("script.test", "mocha --exit", "package.json", 8, "\"test\": \"mocha --exit\","),
    ("dependency.express", "^4.18.2", "package.json", 18, "\"express\": \"^4.18.2\","),
    ("dependency.mongoose", "^7.6.3", "package.json", 22, "\"mongoose\": \"^7.6.3\","),
    ("model.user", "User (email, passwordHash, name)", "models/user.js", 3, "const userSchema = new Schema({"),
    ("model.product", "Product (title, price, stock)", "models/product.js", 3, "const productSchema = new Schema({"),
    (
        "model.order",
        "Order (user, items.product, items.quantity, total, status)",
        "models/order.js",
        3,
        "const orderSchema = new Schema({",
    ),
    ("route.post", "POST /api/login → login", "routes/auth.js", 12, "router.post('/login', login);"),
    ("route.post", "POST /api/logout → logout", "routes/auth.js", 30, "router.post('/logout', logout);"),
    ("route.post", "POST /api/register → register", "routes/auth.js", 36, "router.post('/register', register);"),
    ("route.get", "GET /api/products → listProducts", "routes/products.js", 7, "router.get('/', listProducts);"),
    ("route.get", "GET /api/products/:id → showProduct", "routes/products.js", 15, "router.get('/:id', showProduct);"),
    ("route.get", "GET /api/cart → showCart", "routes/cart.js", 8, "router.get('/', showCart);"),
    ("route.post", "POST /api/cart → addToCart", "routes/cart.js", 14, "router.post('/', addToCart);"),
    ("route.get", "GET /api/orders → listOrders", "routes/orders.js", 8, "router.get('/', requireLogin, listOrders);"),
    (
        "route.post",
        "POST /api/orders → createOrder",
        "routes/orders.js",
        15,
        "router.post('/', requireLogin, createOrder);",
    ),
    (
        "route.get",
        "GET /api/orders/:id → showOrder",
        "routes/orders.js",
        40,
        "router.get('/:id', requireLogin, showOrder);",
    ),
    (
        "route.post",
        "POST /api/checkout → checkout",
        "routes/checkout.js",
        11,
        "router.post('/', requireLogin, checkout);",
    ),
];

/// An API of two routes, without sessions, without tests.
pub(crate) const SMALL: &[Row] = &[
    ("stack", "node with express 4.19.2", "", 0, ""),
    ("entry-point", "index.js listens", "index.js", 20, "app.listen(3000);"),
    ("route.get", "GET /notes → inline", "index.js", 6, "app.get('/notes', (req, res) => {"),
    ("route.post", "POST /notes → inline", "index.js", 11, "app.post('/notes', (req, res) => {"),
    ("dependency.express", "^4.19.2", "package.json", 9, "\"express\": \"^4.19.2\""),
    (
        "script.test",
        "echo \"Error: no test specified\" && exit 1",
        "package.json",
        6,
        "\"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"",
    ),
];

pub(crate) fn facts(rows: &[Row]) -> Vec<Fact> {
    rows.iter()
        .enumerate()
        .map(|(index, (key, value, path, line, quote))| Fact {
            id: format!("F{}", index + 1),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            source: (*line > 0).then(|| Place { path: (*path).to_owned(), line: *line, quote: (*quote).to_owned() }),
            cited: *line > 0,
        })
        .collect()
}

/// A new chain over a project.
pub(crate) fn view(goal: &str, rows: &[Row]) -> View {
    let mut view = Chain::default().view(ChainId(1));
    view.goal = goal.to_owned();
    view.facts = facts(rows).into();
    if !rows.is_empty() {
        let stack =
            StackSummary { name: "node".into(), plugin: "stack-node".into(), frameworks: vec!["express".into()] };
        view.project.stacks = vec![stack];
    }
    view
}

/// Ask the provider.
pub(crate) fn ask(view: &View, prompt: &str, arguments: &[(&str, &str)]) -> Result<Reply, ProviderError> {
    ask_with_reason(view, prompt, arguments).map(|(reply, _)| reply)
}

pub(crate) fn ask_with_reason(
    view: &View,
    prompt: &str,
    arguments: &[(&str, &str)],
) -> Result<(Reply, String), ProviderError> {
    let arguments: BTreeMap<String, String> =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    crate::offline::answer(&Request {
        prompt: prompt.to_owned(),
        stable: "".into(),
        steady: std::sync::Arc::default(),
        variable: "".into(),
        digest: Digest::of(prompt),
        sample: 0,
        attempt: 1,
        tier: Tier::Default,
        arguments,
        view: Arc::new(view.clone()),
        max_output_tokens: 1000,
        schema: None,
        tokens: None,
        turn: None,
    })
}

/// Fold a reply in as a chain does.
pub(crate) fn learn(view: &mut View, reply: &Reply) {
    for found in &reply.discovered {
        let known = view.facts.iter().any(|fact| fact.key == found.key && fact.value == found.value);
        if !known {
            let id = format!("F{}", view.facts.len() + 1);
            view.facts.push(Fact {
                id,
                key: found.key.clone(),
                value: found.value.clone(),
                source: found.evidence.clone(),
                cited: found.evidence.is_some(),
            });
        }
    }
    for new in &reply.uncertainties {
        view.uncertainties.retain(|known| known.area != new.area);
        view.uncertainties.push(Uncertainty {
            area: new.area.clone(),
            claim: new.claim.clone(),
            confidence: new.confidence,
            blocking: new.blocking,
            resolution: new.resolution.clone(),
            claimed: None,
        });
    }
    for raised in &reply.questions {
        if view.questions.iter().any(|status| status.question.id == raised.id) {
            continue;
        }
        view.questions.push(QuestionStatus {
            question: Question {
                id: raised.id.clone(),
                text: raised.text.clone(),
                why: raised.why.clone(),
                options: raised.options.clone(),
                recommended: raised.recommended.clone(),
                area: raised.area.clone(),
            },
            state: QuestionState::Raised,
            answer: None,
            cite: None,
        });
    }
    for new in &reply.decisions {
        view.decisions.retain(|known: &Decision| known.key != new.key);
        view.decisions.push(new.clone());
    }
    view.scores.extend(reply.confidence.clone());
}

/// A person answers a question that was raised.
pub(crate) fn answer(view: &mut View, id: &str, text: &str) {
    let cites = view.questions.iter().filter(|status| status.cite.is_some()).count();
    if let Some(status) = view.questions.iter_mut().find(|status| status.question.id == id) {
        status.state = QuestionState::Answered;
        status.answer = Some(text.to_owned());
        status.cite.get_or_insert(format!("A{}", cites + 1));
    }
}

/// Take the recommended answer to whatever waits; an answer of its own where there is none.
pub(crate) fn answer_all(view: &mut View) -> usize {
    let waiting: Vec<(String, String)> = view
        .questions
        .iter()
        .filter(|status| status.answer.is_none())
        .map(|status| {
            (
                status.question.id.clone(),
                status.question.recommended.clone().unwrap_or("Add login for customers".into()),
            )
        })
        .collect();
    for (id, text) in &waiting {
        answer(view, id, text);
    }
    waiting.len()
}

/// The questions of a goal, as a person would read them.
pub(crate) fn shown(goal: &str, rows: &[Row]) -> String {
    let reply = ask(&view(goal, rows), "requirement_disambiguator", &[]).expect("rules can do this");
    let lines: Vec<String> = reply
        .questions
        .iter()
        .map(|question| {
            let options: Vec<String> = question
                .options
                .iter()
                .map(|option| {
                    if question.recommended.as_ref() == Some(option) {
                        format!("  * {option}")
                    } else {
                        format!("  - {option}")
                    }
                })
                .collect();
            format!("{}: {}\n{}", question.id, question.text, options.join("\n")).trim_end().to_owned()
        })
        .collect();
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

/// The ids of the questions of a goal.
pub(crate) fn asked(goal: &str, rows: &[Row]) -> Vec<String> {
    let reply = ask(&view(goal, rows), "requirement_disambiguator", &[]).expect("rules can do this");
    reply.questions.into_iter().map(|question| question.id).collect()
}
