const express = require('express');
const Order = require('../models/order');
const asyncHandler = require('../middleware/async-handler');
const { totals } = require('../lib/cart');
const { mayChange } = require('../lib/order-status');

const router = express.Router();

router.get('/', asyncHandler(async (req, res) => {
  res.json(await Order.find({ user: req.user.id }).sort('-placedAt'));
}));

router.post('/', asyncHandler(async (req, res) => {
  const cart = totals(req.session.cart || { lines: [] });
  if (!cart.lines.length) return res.status(409).json({ error: 'the cart is empty' });

  const order = await Order.create({
    ...cart,
    number: 'S' + Date.now(),
    user: req.user.id,
  });
  req.session.cart = { lines: [] };
  res.status(201).json(order);
}));

router.param('id', asyncHandler(async (req, res, next, id) => {
  req.order = await Order.findOne({ _id: id, user: req.user.id });
  if (!req.order) return res.status(404).json({ error: 'no such order' });
  next();
}));

router.get('/:id', (req, res) => res.json(req.order));

router.post('/:id/cancel', asyncHandler(async (req, res) => {
  if (!mayChange(req.order.status, 'cancelled')) {
    return res.status(409).json({ error: 'too late to cancel' });
  }
  req.order.status = 'cancelled';
  await req.order.save();
  res.json(req.order);
}));

module.exports = router;
