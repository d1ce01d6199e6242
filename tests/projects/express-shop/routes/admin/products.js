var express = require("express");
var Product = require("../../models/product");
var validators = require("../../lib/validators");
var wrap = require("../../middleware/async-handler");

var products = (module.exports = express.Router());

function check(req, res, next) {
  var problems = validators.validateProduct(req.body);
  if (problems.length > 0) {
    res.status(422).json({ problems: problems });
  } else {
    next();
  }
}

products
  .route("/")
  .get(wrap(async (req, res) => res.json(await Product.find())))
  .post(check, wrap(async (req, res) => res.status(201).json(await Product.create(req.body))));

products.route("/:id")
  .put(check, wrap(async (req, res) => {
    res.json(await Product.findByIdAndUpdate(req.params.id, req.body, { new: true, runValidators: true }));
  }))
  .delete(wrap(async (req, res) => {
    // Orders keep a copy of title and price, so a product may go.
    await Product.deleteOne({ _id: req.params.id });
    res.status(204).end();
  }));
