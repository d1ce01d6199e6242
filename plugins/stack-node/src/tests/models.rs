//! Models of the usual database layers.

use super::read;

fn models(path: &str, source: &str) -> Vec<String> {
    read(&[(path, source)])
        .models
        .iter()
        .map(|it| format!("{}:{} {}", it.place.line, it.name, it.fields.join(" ")))
        .collect()
}

#[test]
fn mongoose_schemas() {
    let source = "const mongoose = require('mongoose');\nconst { Schema } = mongoose;\nconst line = new Schema({ sku: String });\n\
        const orderSchema = mongoose.Schema(\n  {\n    user: { type: Schema.Types.ObjectId, ref: 'User' },\n    address: { city: String, type: { type: String } },\n\
        lines: [line],\n    tags: [String],\n    log: [{ at: Date, by: String }],\n  },\n  { timestamps: true },\n);\norderSchema.add({ note: String });\n\
        module.exports = mongoose.model('Order', orderSchema);\nexports.Tag = mongoose.model('Tag', new Schema({ name: String }));";
    let expected = [
        "4:Order user address address.city address.type lines lines.sku tags log log.at log.by createdAt updatedAt note",
        "16:Tag name",
    ];
    assert_eq!(models("order.js", source), expected);
    let apart = "import { Schema } from 'mongoose';\nexport const userSchema = new Schema<IUser>({ email: String });";
    assert_eq!(models("user.ts", apart), ["2:User email"]);
}

#[test]
fn only_a_reference_that_is_written_refers() {
    let source = "const mongoose = require('mongoose');\nconst line = new mongoose.Schema({ product: { type: Id, ref: 'Product' } });\n\
        const orderSchema = new mongoose.Schema({\n  user: { type: Id, ref: 'User', required: true },\n  reviewers: [{ type: Id, ref: 'User' }],\n\
        tags: { type: [{ type: Id, ref: 'Tag' }] },\n  lines: [line],\n  numOfReviews: Number,\n  verificationToken: { type: String },\n  review: String,\n});\n\
        module.exports = mongoose.model('Order', orderSchema);\n";
    let found = super::values(&read(&[("order.js", source)]), "relation");
    let refers = |model: &str, field: &str| format!("Order refers to {model} by its field {field}");
    let expected = [
        refers("User", "user"),
        refers("User", "reviewers"),
        refers("Tag", "tags"),
        refers("Product", "lines.product"),
    ];
    assert_eq!(found, expected);
    let prisma = "model Post {\n  id Int @id\n  author User @relation(fields: [authorId], references: [id])\n  authorId Int\n}\n";
    let found = super::values(&read(&[("schema.prisma", prisma)]), "relation");
    assert_eq!(found, ["Post refers to User by its field author"]);
    // Each stands at the line of its own field.
    let lines = |path: &str, source: &str| -> Vec<(u32, String)> {
        let report = read(&[(path, source)]);
        let relations = report.findings.iter().filter(|finding| finding.key == "relation");
        relations.map(|finding| (finding.place.line, finding.place.quote.clone())).collect()
    };
    let quoted = |line: u32, quote: &str| (line, quote.to_owned());
    assert_eq!(
        lines("schema.prisma", prisma),
        [quoted(3, "author User @relation(fields: [authorId], references: [id])")]
    );
    assert_eq!(
        lines("order.js", source),
        [
            quoted(4, "user: { type: Id, ref: 'User', required: true },"),
            quoted(5, "reviewers: [{ type: Id, ref: 'User' }],"),
            quoted(6, "tags: { type: [{ type: Id, ref: 'Tag' }] },"),
            quoted(2, "const line = new mongoose.Schema({ product: { type: Id, ref: 'Product' } });"),
        ]
    );
}

#[test]
fn sequelize_in_its_two_forms() {
    let define = "module.exports = (sequelize, DataTypes) => {\n  const T = sequelize.define('tutorial', {\n    title: { type: DataTypes.STRING },\n    published: DataTypes.BOOLEAN,\n  });\n  return T;\n};";
    assert_eq!(models("t.js", define), ["2:tutorial title published"]);
    let init = "class User extends Model {}\nUser.init({ name: DataTypes.STRING }, { sequelize, timestamps: true });";
    assert_eq!(models("u.js", init), ["2:User name createdAt updatedAt"]);
    assert_eq!(models("v.js", "define('module', { a: 1 });\nwidget.init({ a: 1 }, { b: 2 });"), Vec::<String>::new());
}

#[test]
fn decorated_entities_tables_and_prisma() {
    let entity = "@Entity({ name: 'users' })\nexport class User {\n  @PrimaryGeneratedColumn() id: number;\n  @Column({ unique: true })\n  email: string;\n  plain: string;\n}";
    assert_eq!(models("user.ts", entity), ["2:User id email"]);
    assert_eq!(models("schema.ts", "export const users = pgTable('users', { id: serial('id') });"), ["1:users id"]);
    let prisma = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel Post {\n  id    Int @id\n  // a remark\n  title String?\n  @@index([title])\n}\n";
    assert_eq!(models("prisma/schema.prisma", prisma), ["5:Post id title"]);
    let report = read(&[("prisma/schema.prisma", prisma)]);
    assert_eq!(super::values(&report, "database"), ["prisma to postgresql"]);
}

#[test]
fn the_values_of_a_field_are_those_that_are_listed() {
    let source = "const mongoose = require('mongoose');\nconst { STATUS, roles } = require('./constants');\nconst SIZES = Object.freeze(['S', 'M']);\n\
        const COLOURS = { red: 'Red', blue: 'Blue' };\nconst line = new mongoose.Schema({ size: { type: String, enum: SIZES } });\n\
        const copySchema = new mongoose.Schema({\n  status: {\n    type: String,\n    enum: ['Available', 'Loaned'],\n  },\n  level: { type: Number, enum: { values: [1, 2], message: 'no' } },\n\
        state: { type: String, enum: [STATUS.Open, STATUS.Closed] },\n  role: { type: String, enum: roles },\n  colour: { type: String, enum: Object.values(COLOURS) },\n\
        tags: [{ type: String, enum: ['a'] }],\n  kinds: { type: [{ type: String, enum: ['k'] }] },\n  lines: [line],\n  odd: { enum: String },\n});\n\
        module.exports = mongoose.model('Copy', copySchema);\n";
    let report = read(&[("copy.js", source)]);
    let expected = [
        "Copy.status is one of Available, Loaned",
        "Copy.level is one of 1, 2",
        "Copy.state is one of STATUS.Open, STATUS.Closed",
        "Copy.role is one of the values of roles",
        "Copy.colour is one of Red, Blue",
        "Copy.tags is one of a",
        "Copy.kinds is one of k",
        "Copy.lines.size is one of S, M",
    ];
    assert_eq!(super::values(&report, "model-enum"), expected);
    let first = report.findings.iter().find(|found| found.key == "model-enum").map(|found| &found.place);
    assert_eq!(first.map(|it| (it.line, it.quote.as_str())), Some((9, "enum: ['Available', 'Loaned'],")));
}
