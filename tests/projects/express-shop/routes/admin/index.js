const express = require('express');
const Order = require('../../models/order');
const wrap = require('../../middleware/async-handler');
const { mayChange } = require('../../lib/order-status');

const admin = express.Router();

admin.use('/products', require('./products'));

admin.patch('/orders/:id/status', wrap(async (req, res) => {
  const order = await Order.findById(req.params.id);
  if (!order) return res.status(404).json({ error: 'no such order' });
  if (!mayChange(order.status, req.body.status)) {
    return res.status(409).json({ error: `cannot go from ${order.status} to ${req.body.status}` });
  }
  order.status = req.body.status;
  await order.save();
  res.json(order);
}));

module.exports = admin;
