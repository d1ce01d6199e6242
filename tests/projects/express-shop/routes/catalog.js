const router = require('express').Router();
const Product = require('../models/product');
const wrap = require('../middleware/async-handler');

router.get('/', wrap(async function list(req, res) {
  const filter = { hidden: { $ne: true } };
  if (req.query.tag) filter.tags = String(req.query.tag);
  res.json(await Product.find(filter).sort('title').limit(100));
}));

router.get('/:slug', wrap(async function show(req, res) {
  const product = await Product.findOne({ slug: req.params.slug });
  if (!product) return res.status(404).json({ error: 'no such product' });
  res.json(product);
}));

module.exports = router;
