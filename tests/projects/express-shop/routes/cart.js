const express = require('express')
const Product = require('../models/product')
const { add, remove, totals } = require('../lib/cart')
const wrap = require('../middleware/async-handler')
const router = express.Router()

// the cart lives in the session: nobody has to log in to fill it
function load(req, res, next) {
  req.session.cart = req.session.cart || { lines: [] }
  next()
}

router
  .route('/')
  .all(load)
  .get((req, res) => res.json(totals(req.session.cart)))
  .post(wrap(addLine))
  .delete((req, res) => {
    req.session.cart = { lines: [] }
    res.status(204).end()
  })

router.delete('/items/:sku', load, (req, res) => {
  req.session.cart = remove(req.session.cart, req.params.sku)
  res.json(totals(req.session.cart))
})

async function addLine(req, res) {
  const product = await Product.findOne({ sku: req.body.sku })
  if (!product) return res.status(404).json({ error: 'no such product' })
  req.session.cart = add(req.session.cart, product, Number(req.body.quantity) || 1)
  res.status(201).json(totals(req.session.cart))
}

module.exports = router
